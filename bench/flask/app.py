"""The service that Blobcast replaces, as such services are written: JSON files, a dict, 60 seconds."""

import json
import os
import time

from flask import Flask, jsonify

app = Flask(__name__)
FOLDER = os.environ["CONTENT"]
TTL = 60
cache = {}


def load(name):
    kept = cache.get(name)
    if kept and time.time() - kept[0] < TTL:
        return kept[1]
    with open(os.path.join(FOLDER, name + ".json"), encoding="utf-8") as file:
        content = json.load(file)
    cache[name] = (time.time(), content)
    return content


@app.get("/api/<name>")
def collection(name):
    if name not in ("events", "news", "faq"):
        return jsonify(error="not found"), 404
    return jsonify(items=load(name))


@app.get("/healthz")
def healthz():
    return jsonify(status="ok")
