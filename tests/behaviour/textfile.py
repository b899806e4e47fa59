#!/usr/bin/env python3
"""What node_exporter makes of the files *.prom of a folder.

    textfile.py NODE_EXPORTER FOLDER
"""
import subprocess
import sys
import tempfile
import time
import urllib.request

PATIENCE = 20


def address_of(log, process):
    """Where it listens: the port is the kernel's choice, and the log says which."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with open(log, encoding="utf-8") as lines:
            for line in lines:
                if "127.0.0.1:" in line:
                    return "127.0.0.1:" + line.split("127.0.0.1:", 1)[1].split()[0].strip('"')
        time.sleep(0.05)
    sys.exit(f"node_exporter does not listen: {open(log, encoding='utf-8').read()}")


with tempfile.NamedTemporaryFile() as log:
    exporter = subprocess.Popen([sys.argv[1], "--collector.disable-defaults", "--collector.textfile",
                                 f"--collector.textfile.directory={sys.argv[2]}", "--web.listen-address=127.0.0.1:0"],
                                stdout=log, stderr=log)
    try:
        with urllib.request.urlopen(f"http://{address_of(log.name, exporter)}/metrics", timeout=PATIENCE) as page:
            sys.stdout.write(page.read().decode())
    finally:
        exporter.terminate()
        exporter.wait()
