#!/usr/bin/env python3
"""Whether check-steady counts right what suites report, and takes its conditions away again."""
import importlib.machinery
import importlib.util
import os
import sys
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


if __name__ == "__main__":
    unittest.main()
