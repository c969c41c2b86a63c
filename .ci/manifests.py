"""Holds deploy/ to what it must be: manifests.py BLOBCAST METRICS, the program and a file with what it exports."""

import json
import os
import re
import subprocess
import sys

import kubernetes_validate
import yaml

NEWEST = 3  # minors of Kubernetes
OVERLAYS = ["local", "aks-secret", "aks-workload-identity"]
# Kinds of operators that a cluster has or has not; their schemas are with them.
FOREIGN = {"Issuer", "PodMonitor", "PrometheusRule", "Gateway", "HTTPRoute"}
# What saturation and readiness are read from: the kubelet's and kube-state-metrics'.
CLUSTER = {
    "up", "kube_deployment_status_replicas_available", "kube_deployment_spec_replicas", "kube_pod_container_resource_limits",
    "container_cpu_cfs_throttled_periods_total", "container_cpu_cfs_periods_total", "container_memory_working_set_bytes",
}
RESERVE = 5  # seconds

faults = []


def rendered(folder):
    text = subprocess.run(["kubectl", "kustomize", folder], check=True, capture_output=True, text=True).stdout
    return text, [document for document in yaml.safe_load_all(text) if document]


def minors():
    """The newest minors that the validator has schemas of."""
    latest = kubernetes_validate.latest_version()
    major, minor, *_ = latest.split(".")
    return [f"{major}.{int(minor) - back}" for back in range(NEWEST)]


def validate(where, document):
    for version in minors():
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            if document["kind"] not in FOREIGN:
                faults.append(f"{where}: {document['kind']} is not known to Kubernetes {version}")
        except kubernetes_validate.ValidationError as error:
            faults.append(f"{where}: {document['kind']} in Kubernetes {version}: {error.message}")


def seconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(ms|s|m|h)", text).groups()
    return float(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]


def grace(where, pod, program):
    """That SIGKILL comes after the slowest way out that the settings allow."""
    container = pod["containers"][0]
    own = {variable["name"]: variable["value"] for variable in container.get("env", []) if variable["name"].startswith("BLOBCAST__")}
    config = subprocess.run([program, "config"], check=True, capture_output=True, text=True, env={**os.environ, **own}).stdout
    settings = dict(re.findall(r'^(server\.\w+) = "([^"]*)"', config, re.MULTILINE))
    parts = [
        container["lifecycle"]["preStop"]["sleep"]["seconds"],
        seconds(settings["server.drain"]),
        seconds(settings["server.shutdown_timeout"]),
        RESERVE,
    ]
    given = pod["terminationGracePeriodSeconds"]
    print(f"{where}: grace {given} s, needed {' + '.join(f'{part:g}' for part in parts)} = {sum(parts):g} s")
    if given < sum(parts):
        faults.append(f"{where}: terminationGracePeriodSeconds is {given}, {sum(parts):g} is needed")


def confined(where, pod):
    """What `restricted` does not ask for and we do."""
    if pod.get("automountServiceAccountToken") is not False or pod.get("enableServiceLinks") is not False:
        faults.append(f"{where}: a token of the API server or links to services are mounted")
    for container in pod["containers"]:
        resources, security = container["resources"], container["securityContext"]
        if not security.get("readOnlyRootFilesystem"):
            faults.append(f"{where}: {container['name']} may write its root")
        if not {"memory", "cpu"} <= resources["requests"].keys() & resources["limits"].keys():
            faults.append(f"{where}: {container['name']} has no limits")


def exported(text):
    """The series of a scrape: their names, each with its labels."""
    names = {}
    for name, labels in re.findall(r"^(blobcast_\w+)\{(.*?)\} ", text, re.MULTILINE):
        names.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return names


def query(where, expression, names):
    words = set(re.findall(r"\b[a-z]\w*_\w+\b(?!\s*\()|\bup\b", re.sub(r'"[^"]*"|\$__\w+', "", expression)))
    own = {word for word in words if word in names}
    if not own:
        faults.append(f"{where}: `{expression}` names nothing that Blobcast exports")
    for word in words - own:
        faults.append(f"{where}: `{word}` is not exported")
    asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression))
    for group in re.findall(r"\bby \(([^)]*)\)", expression):
        asked |= {label.strip() for label in group.split(",")}
    known = {label for word in own for label in names[word]} | {"pod", "namespace", "job"}
    for label in asked - known:
        faults.append(f"{where}: no such label: {label}")


def main():
    program, scrape = sys.argv[1:]
    print("Kubernetes", *minors())
    for overlay in OVERLAYS:
        text, documents = rendered(f"deploy/kubernetes/overlays/{overlay}")
        with open(f"target/manifests/rendered/{overlay}.yaml", "w", encoding="utf-8") as file:
            file.write(text)
        if re.search(r"AccountKey|SharedAccessSignature|sig=", text) or any(d["kind"] == "Secret" for d in documents):
            faults.append(f"{overlay}: a secret")
        for document in documents:
            validate(overlay, document)
            pod = document.get("spec", {}).get("template", {}).get("spec")
            if pod:
                confined(f"{overlay}/{document['metadata']['name']}", pod)
            if (document["kind"], document["metadata"]["name"]) == ("Deployment", "blobcast"):
                grace(overlay, pod, program)
        print(f"{overlay}: {len(documents)} objects")
    for folder in ["deploy/kubernetes/components/gateway", "deploy/monitoring"]:
        for document in rendered(folder)[1]:
            validate(folder, document)

    with open(scrape, encoding="utf-8") as file:
        names = exported(file.read())
    with open("deploy/monitoring/dashboard.json", encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    queries = [(panel["title"], target["expr"]) for panel in panels for target in panel["targets"]]
    for title, expression in queries:
        query(f"dashboard, {title}", expression, names)
    with open("deploy/monitoring/rules.yaml", encoding="utf-8") as file:
        rules = yaml.safe_load(file)["spec"]
    with open("target/manifests/rendered/rules.promtool.yaml", "w", encoding="utf-8") as file:
        yaml.safe_dump(rules, file)
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    cluster = {name: {"pod", "namespace", "deployment", "container", "resource", "job"} for name in CLUSTER}
    with open("docs/operations.md", encoding="utf-8") as file:
        page = file.read()
    for rule in alerts:
        query(rule["alert"], rule["expr"], names | cluster)
        if f"### {rule['alert']}\n" not in page:
            faults.append(f"{rule['alert']}: docs/operations.md does not say what to do")
    print(f"{len(queries)} queries of the dashboard and {len(alerts)} alerts name what is exported")
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


main()
