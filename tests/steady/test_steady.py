#!/usr/bin/env python3
"""Whether check-steady counts right what suites report, and takes its conditions away again."""
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import conditions  # noqa: E402

loader = importlib.machinery.SourceFileLoader("steady", os.path.join(HERE, "steady"))
steady = importlib.util.module_from_spec(importlib.util.spec_from_loader("steady", loader))
loader.exec_module(steady)

GOOD = "1..2\nok - idle::stops  (0.02s)\nok - idle::freezes  # SKIP not here\n"
BAD = "1..2\nnot ok - idle::stops  (0.02s)\n  test.c:7: no\nok - idle::freezes  (0.10s)\n"


class Runs(unittest.TestCase):
    def test_each_test_counts_by_its_line(self):
        run = steady.Run(GOOD, 0)
        self.assertEqual((run.passed, run.failed, run.skipped), (["idle::stops"], [], ["idle::freezes"]))
        self.assertEqual(steady.Run(BAD, 1).failed, ["idle::stops"])

    def test_a_suite_that_reports_less_than_it_planned_has_failed(self):
        self.assertTrue(steady.Run("1..3\nok - idle::stops\n", 139).failed)
        self.assertTrue(steady.Run("", 127).failed)

    def test_a_status_that_no_test_explains_is_a_failure(self):
        self.assertTrue(steady.Run(GOOD, 1).failed)

    def test_a_suite_that_only_skips_is_told_from_one_that_passes(self):
        self.assertTrue(steady.Run("1..1\nok - a::b # SKIP no root\n", 0).is_empty())


class Records(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def suite(self, script):
        path = f"{self.folder.name}/test_idle"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\necho run >>{self.folder.name}/count\nprintf '{script}'\n")
        os.chmod(path, 0o755)
        return steady.Suite(path)

    def rounds(self, suite, count):
        record = steady.Record(f"{self.folder.name}/runs")
        record.read([suite])
        for number in range(count):
            steady.run_round(number, conditions.Condition("umask"), [suite], f"{self.folder.name}/out", 4, record)
        with open(f"{self.folder.name}/count", encoding="utf-8") as file:
            return len(file.readlines())

    def test_what_was_interrupted_goes_on_where_it_was(self):
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(self.rounds(self.suite("1..1\\nok - a::b\\n"), 2), 2)
            with open(f"{self.folder.name}/runs", "a", encoding="utf-8") as file:
                file.write('{"condition": "um')
            again = self.suite("1..1\\nok - a::b\\n")
            self.assertEqual(self.rounds(again, 3), 3)
            self.assertEqual(self.rounds(self.suite(""), 3), 3)
        self.assertEqual(again.cell("umask"), "ok")

    def test_a_failure_is_kept(self):
        with contextlib.redirect_stdout(io.StringIO()):
            self.rounds(self.suite("1..1\\nnot ok - a::b\\n"), 1)
        again = self.suite("")
        steady.Record(f"{self.folder.name}/runs").read([again])
        self.assertEqual(steady.verdicts([again]), ["test_idle: a::b fails under umask: 1 of 1"])


class Names(unittest.TestCase):
    def test_suites_of_one_file_name_are_told_apart(self):
        everyone = ["tests/behaviour/test_idle", "tests/unit/engine/test_idle", "tests/behaviour/test_bind_life"]
        names = ["behaviour/test_idle", "unit/engine/test_idle", "test_bind_life"]
        self.assertEqual([suite.name for suite in steady.chosen_suites("", everyone)], names)
        for wanted, found in (("test_idle", names[:2]), ("unit/engine/test_idle", names[1:2]), (everyone[0], names[:1])):
            self.assertEqual([suite.name for suite in steady.chosen_suites(wanted, everyone)], found)


class Verdicts(unittest.TestCase):
    def test_sometimes_is_unsteady_and_always_is_failing(self):
        suite = steady.Suite("tests/behaviour/test_idle")
        suite.runs = {"load": [steady.Run(GOOD, 0), steady.Run(BAD, 1)], "umask": [steady.Run(BAD, 1)],
                      "nice": [steady.Run(GOOD, 0)]}
        self.assertEqual([suite.cell(name) for name in ("load", "umask", "nice", "user")], ["1/2", "1/1", "ok", "-"])
        self.assertEqual(steady.verdicts([suite]),
                         ["test_idle: idle::stops is unsteady under load: 1 of 2",
                          "test_idle: idle::stops fails under umask: 1 of 1"])


class Conditions(unittest.TestCase):
    def test_what_runs_beside_ends_with_its_condition(self):
        with conditions.Condition("load", beside=["while :; do sleep 1000; done"]) as condition:
            process = condition.running[0]
            self.assertIsNone(process.poll())
        self.assertIsNotNone(process.poll())

    def test_suites_in_pid_namespaces_have_pids_of_their_own(self):
        pidns = conditions.conditions(self.id(), ["pidns"])["pidns"]
        if pidns.lacks:
            self.skipTest(pidns.lacks)
        found = {subprocess.check_output([*pidns.before, "sh", "-c", "echo $$"]) for _ in range(3)}
        self.assertGreater(len(found), 1)
        self.assertNotIn(b"1\n", found)
        self.assertEqual(subprocess.call([*pidns.before, "sh", "-c", "exit 7"]), 7)


if __name__ == "__main__":
    unittest.main()
