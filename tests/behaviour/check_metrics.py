#!/usr/bin/env python3
"""Reads metrics from stdin with the parsers of Prometheus' own client, and prints each sample as NAME{LABELS} VALUE with
the labels sorted. What ends as OpenMetrics does has to be that. 77: there is no prometheus_client."""
import sys

try:
    from prometheus_client.openmetrics import parser as openmetrics
    from prometheus_client import parser as text
except ImportError:
    sys.exit(77)

page = sys.stdin.read()
for family in (openmetrics if page.endswith("# EOF\n") else text).text_string_to_metric_families(page):
    for sample in family.samples:
        labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items()))
        print(f"{sample.name}{{{labels}}} {sample.value}")
