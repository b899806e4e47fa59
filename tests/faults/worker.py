"""Runs cases in namespaces of its own. A line of JSON in is a case, {} the one in which nothing fails; a line out is its
result."""
import json
import os
import sys

from calls import number
from scenario import Run
from shared import Shared
from world import prepare


def main():
    settings = json.loads(sys.argv[1])
    prepare()
    usual = None
    for line in sys.stdin:
        case = json.loads(line)
        usual = case.pop("usual", usual)
        shared = Shared(f"{settings['folder']}/shared.{os.getpid()}.{settings['worker']}")
        error = number(case["error"]) if case else 0
        if case:
            shared.arm(int(case["key"], 16), case["nth"], error, case["times"])
        result = Run(settings, shared, usual if case else None).whole(error)
        if not case:
            result["sites"] = [[f"{site.key:x}", site.call, site.count, site.phase, site.frames] for site in shared.sites()]
            result["lost"] = shared.word(20)
        shared.close()
        print(json.dumps({**case, **result}), flush=True)


main()
