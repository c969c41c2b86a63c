"""Puts a file into Azurite as a blob of the container content: seed.py PORT FILE [NAME], by default faq.json.

Whoever asks may read it, unless KEY names a key of the account.
"""

import base64
import hashlib
import hmac
import os
import sys
import time
import urllib.error
import urllib.request
from email.utils import formatdate

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # public: every emulator has it


def put(port, path, query, body, headers):
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06", **headers}
    canonical = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-ms-"))
    resource = f"/{ACCOUNT}/{ACCOUNT}{path}" + "".join(f"\n{name}:{value}" for name, value in query)
    length = str(len(body)) if body else ""
    signed = "\n".join(["PUT", "", "", length, "", headers.get("Content-Type", ""), *[""] * 6]) + "\n" + canonical + resource
    signature = hmac.new(base64.b64decode(os.environ.get("KEY", KEY)), signed.encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {ACCOUNT}:" + base64.b64encode(signature).decode()
    url = f"http://127.0.0.1:{port}/{ACCOUNT}{path}" + ("?" + "&".join(f"{n}={v}" for n, v in query) if query else "")
    for _ in range(40):
        try:
            return urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers, method="PUT"))
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.5)
    raise SystemExit("Azurite does not answer")


port, file, *name = sys.argv[1:]
name = name[0] if name else "faq.json"
access = {} if "KEY" in os.environ else {"x-ms-blob-public-access": "container"}
try:
    put(port, "/content", [("restype", "container")], b"", {**access, "Content-Type": "text/plain"})
except urllib.error.HTTPError as error:
    if error.code != 409:  # it is there
        raise
with open(file, "rb") as content:
    blob = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/json" if name.endswith("json") else "application/yaml"}
    put(port, f"/content/{name}", [], content.read(), blob)
