"""Prints medians and ratios as Markdown: report.py ROUNDS, a line `name|requests per second|p50|p99` each."""

import statistics
import sys

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def millis(text):
    for unit in ("us", "ms", "s"):
        if text.endswith(unit):
            return float(text[: -len(unit)]) * UNITS[unit]
    return float("nan")


rounds = {}
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        name, rate, p50, p99 = line.strip().split("|")
        rounds.setdefault(name, []).append((float(rate), millis(p50), millis(p99)))


def ratio(name, other):
    pairs = zip(rounds[name], rounds[other])
    return statistics.median(a[0] / b[0] for a, b in pairs)


print("\n| | requests/s | of bare | blobcast / it | p50 ms | p99 ms |\n|---|---:|---:|---:|---:|---:|")
for name, runs in rounds.items():
    rate, p50, p99 = (statistics.median(run[i] for run in runs) for i in range(3))
    print(f"| {name} | {rate:,.0f} | {ratio(name, 'bare'):.2f} | {ratio('blobcast', name):.2f} | {p50:.2f} | {p99:.2f} |")
