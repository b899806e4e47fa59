"""Runs cases in namespaces of its own. A line of JSON in is a case, with the scene alone the one in which nothing fails; a
line out is its result."""
import json
import os
import sys

from calls import number
from scenario import SCENES, Run
from shared import GUARD, LOST, Shared
from world import prepare


def main():
    settings = json.loads(sys.argv[1])
    prepare()
    usual = {}
    for line in sys.stdin:
        case = json.loads(line)
        usual = case.pop("usual", usual)
        fails = "call" in case
        shared = Shared(f"{settings['folder']}/shared.{os.getpid()}.{settings['worker']}")
        error = number(case["error"]) if fails else 0
        if fails:
            shared.arm(int(case["key"], 16), case["nth"], error, case["times"])
        result = Run(settings, shared, case["scene"], usual.get(case["scene"])).whole(error)
        if not fails:
            program = SCENES[case["scene"]](settings["tests"]).program
            result["sites"] = [{**vars(site), "key": f"{site.key:x}", "program": program} for site in shared.sites()]
            result["lost"], result["guard"] = shared.word(LOST), shared.word(GUARD)
        shared.close()
        print(json.dumps({**case, **result}), flush=True)


main()
