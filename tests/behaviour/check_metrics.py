#!/usr/bin/env python3
"""Reads metrics from stdin with the parser of Prometheus' own client, and prints each sample as NAME{LABELS} VALUE with
the labels sorted. 77: there is no prometheus_client."""
import sys

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    sys.exit(77)

for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items()))
        print(f"{sample.name}{{{labels}}} {sample.value}")
