#!/usr/bin/env python3
"""Whether tests/run and tests/steady see what came of a test: no test of superd counts for more than what they make of it."""
import contextlib
import importlib.machinery
import importlib.util
import os
import pty
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILDDIR", os.getcwd())
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("steady", os.path.join(HERE, "steady"))
steady = importlib.util.module_from_spec(importlib.util.spec_from_loader("steady", loader))
loader.exec_module(steady)

TAP = 'for word; do case $word in --tap=*) exec 3>"${word#--tap=}" ;; esac; done\n'
PASSES, FAILS = "exit 0", "echo this is why; exit 3"
ONE, TWO = "tests/lint/one", "tests/lint/two"
SUITE = "tests/behaviour/idle"
UNSET = ("SUPERD_CORE", "FILTER", "CHECK_LOGS", "HANG_SECONDS")
HANG_SECONDS = 120


def wait_until(condition):
    until = time.monotonic() + HANG_SECONDS
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def program_in(build, test):
    """The program of a folder of tests lies beside it."""
    folder, name = os.path.split(os.path.join(build, test))
    return os.path.join(folder, "test_" + name if test.startswith(("tests/unit/", "tests/behaviour/")) else name)


class Suite(unittest.TestCase):
    """With a build folder of its own, in which each test puts the programs that it runs."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build = folder.name
        self.status = self.said = None

    def put(self, name, script):
        path = program_in(self.build, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(path, 0o755)
        return name

    def report(self, *lines, status=0, name=SUITE):
        """A program as Criterion makes them."""
        return self.put(name, TAP + "".join(f"echo {shlex.quote(line)} >&3\n" for line in lines) + f"exit {status}")

    def variables(self, **more):
        kept = {name: value for name, value in os.environ.items() if name not in UNSET}
        return {**kept, "BUILDDIR": self.build, "SRCDIR": os.path.join(HERE, ".."), **more}

    def run_tests(self, *tests, **more):
        done = subprocess.run([os.path.join(HERE, "run"), *tests], env=self.variables(**more), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.status, self.said = done.returncode, done.stdout
        return self.said.splitlines()[-1]

    def assert_failed(self, *lines):
        self.assertEqual(self.status, 1, self.said)
        for line in lines:
            self.assertIn(line, self.said.splitlines())

    def read(self, name):
        with open(os.path.join(self.build, name), encoding="utf-8") as file:
            return file.read()


class Statuses(Suite):
    def test_a_status_of_0_passes(self):
        self.assertEqual(self.run_tests(self.put(ONE, PASSES)), "1 passed, 0 failed, 0 skipped")
        self.assertEqual(self.status, 0)

    def test_any_other_fails_and_what_the_program_said_is_shown(self):
        self.assertEqual(self.run_tests(self.put(ONE, FAILS), self.put(TWO, PASSES)), "1 passed, 1 failed, 0 skipped")
        self.assert_failed(f"{ONE} failed; all that it said is in {self.build}/{ONE}.log", "  exit status 3", "    this is why",
                           f"failed: {ONE}: exit status 3: this is why")

    def test_a_signal_fails(self):
        self.assertEqual(self.run_tests(self.put(ONE, "kill -9 $$")), "0 passed, 1 failed, 0 skipped")
        self.assert_failed("  signal 9")

    def test_a_program_that_is_not_there_fails(self):
        self.assertEqual(self.run_tests(ONE), "0 passed, 1 failed, 0 skipped")
        self.assert_failed("  it cannot be run: No such file or directory")

    def test_what_cannot_be_judged_fails(self):
        self.assertEqual(self.run_tests(self.put(ONE, "rm $0.log; mkdir $0.log")), "0 passed, 1 failed, 0 skipped")
        self.assertEqual(self.status, 1)

    def test_77_skips_with_the_last_reason_and_fails_nothing(self):
        script = "echo skipped: not this; echo skipped: there is no dot; exit 77"
        tests = [self.put(f"tests/places/{name}", script) for name in "abc"]
        self.assertEqual(self.run_tests(*tests, self.put(ONE, "exit 77")), "0 passed, 0 failed, 4 skipped")
        self.assertEqual(self.status, 0)
        table = self.said[self.said.index("skipped:"):].splitlines()[1:3]
        self.assertRegex(table[0], r"^     3  there is no dot  \[tests/places/[abc] and 2 more\]$")
        self.assertEqual(table[1], f"     1  it does not say why  [{ONE}]")

    def test_a_test_that_hangs_is_killed(self):
        self.put(ONE, "while :; do sleep 1; done")
        self.assertEqual(self.run_tests(ONE, HANG_SECONDS="1"), "0 passed, 1 failed, 0 skipped")
        self.assert_failed("  it did not end within 1 seconds")

    def test_an_interrupted_run_kills_all_that_tests_have_started(self):
        self.put(ONE, "setsid sh -c 'echo $$ >$0.new; mv $0.new $0.pid; while :; do sleep 1; done' $0 & wait")
        run = subprocess.Popen([os.path.join(HERE, "run"), ONE], env=self.variables(), stdout=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(os.path.join(self.build, f"{ONE}.pid")))
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(), 128 + signal.SIGTERM)
        orphan = int(self.read(f"{ONE}.pid"))
        wait_until(lambda: steady.parents().get(orphan, (0, "Z"))[1] == "Z")


class Reports(Suite):
    """Of programs that report each of their tests."""

    def test_each_test_counts_by_its_line(self):
        self.report("TAP version 13", "1..3", "# Running 3 tests", "ok - idle::stops  (0.02s)", "not ok - idle::wakes  (1.00s)",
                    "  test.c:7: no", "ok - idle::freezes  # SKIP no control groups", status=1)
        self.assertEqual(self.run_tests(SUITE), "1 passed, 1 failed, 1 skipped")
        self.assert_failed("  idle::wakes", f"     1  no control groups  [{SUITE}]")
        self.assertNotIn("idle::stops", self.said.split("failed; ")[1])

    def test_a_crash_and_a_timeout_are_failures_by_name(self):
        self.report("1..2", "not ok - idle::stops  unexpected signal after test.c:7", "not ok - idle::wakes  timed out (600.00s)",
                    status=1)
        self.assertEqual(self.run_tests(SUITE), "0 passed, 2 failed, 0 skipped")
        self.assert_failed("  idle::stops", "  idle::wakes", f"failed: {SUITE}: idle::stops: unexpected signal after test.c:7",
                           f"failed: {SUITE}: idle::wakes: timed out")

    def test_a_failure_is_named_at_the_end_with_its_first_assertion(self):
        self.report("1..2", "not ok - idle::stops  (0.00s)", "  ---", "  failures:", "  - test.c:3: |+", "      Assertion failed: it is 3",
                    "  - test.c:4: |+", "      Assertion failed: no", "  ...", "ok - idle::wakes  (1.00s)", status=1)
        self.run_tests(SUITE)
        self.assertEqual(self.said.splitlines()[-2], f"failed: {SUITE}: idle::stops: test.c:3: it is 3")

    def test_a_program_that_dies_before_its_last_test_fails(self):
        self.report("1..3", "ok - idle::stops", status=139)
        self.assertEqual(self.run_tests(SUITE), "1 passed, 1 failed, 0 skipped")
        self.assert_failed("  it reported 1 of 3 tests; exit status 139")

    def test_a_program_that_reports_nothing_fails(self):
        self.put(SUITE, PASSES)
        self.assertEqual(self.run_tests(SUITE), "0 passed, 1 failed, 0 skipped")
        self.assert_failed("  it reported 0 of 0 tests; exit status 0")

    def test_a_report_of_before_does_not_count(self):
        self.report("1..1", "ok - idle::stops")
        os.rename(program_in(self.build, SUITE), os.path.join(self.build, "old"))
        self.put(SUITE, "exit 1")
        with open(os.path.join(self.build, f"{SUITE}.tap"), "w", encoding="utf-8") as file:
            file.write("1..1\nok - idle::stops\n")
        self.assertEqual(self.run_tests(SUITE), "0 passed, 1 failed, 0 skipped")

    def test_a_status_that_no_test_explains_fails(self):
        self.put(SUITE, TAP + "echo 1..1 >&3; echo ok - idle::stops >&3; echo Warning! It died.; exit 1")
        self.assertEqual(self.run_tests(SUITE), "1 passed, 1 failed, 0 skipped")
        self.assert_failed("  exit status 1 though no test failed",
                           f"failed: {SUITE}: exit status 1 though no test failed: Warning! It died.")

    def test_what_a_sanitizer_says_fails_a_program_that_passed(self):
        complaints = ("==7==ERROR: AddressSanitizer: heap-use-after-free", "==7==ERROR: LeakSanitizer: detected memory leaks",
                      "a.c:7:3: runtime error: signed integer overflow")
        for complaint in complaints:
            self.put(SUITE, TAP + f"echo 1..1 >&3; echo ok - idle::stops >&3; echo '{complaint}' >&2")
            self.assertEqual(self.run_tests(SUITE), "1 passed, 1 failed, 0 skipped")
            self.assert_failed("  a sanitizer complained", "    " + complaint)

    def test_a_report_of_a_program_of_superds_fails_the_run_in_which_it_came(self):
        report = os.path.join(self.build, "reports", "of.superd-bind.7.log")
        self.put(ONE, f"mkdir -p {os.path.dirname(report)}; echo ==7==ERROR: LeakSanitizer: detected memory leaks >{report}")
        self.assertEqual(self.run_tests(ONE), "1 passed, 1 failed, 0 skipped")
        self.assert_failed(f"reports/of.superd-bind.7 failed; all that it said is in {report}",
                           "    ==7==ERROR: LeakSanitizer: detected memory leaks")
        self.put(ONE, "exit 0")
        self.assertEqual(self.run_tests(ONE), "1 passed, 0 failed, 0 skipped")

    def test_the_log_has_what_was_said_and_reported(self):
        self.put(SUITE, TAP + "echo 1..1 >&3; echo ok - idle::stops >&3; echo out; echo err >&2")
        self.run_tests(SUITE)
        self.assertEqual(self.read(f"{SUITE}.log"), "out\nerr\n1..1\nok - idle::stops\n")
        self.assertFalse(os.path.exists(os.path.join(self.build, f"{SUITE}.tap")))

    def test_the_logs_go_to_another_folder(self):
        self.report("1..1", "not ok - idle::stops", status=1)
        logs = os.path.join(self.build, "logs")
        os.mkdir(logs)
        self.run_tests(SUITE, CHECK_LOGS=logs)
        self.assert_failed(f"{SUITE} failed; all that it said is in {logs}/{SUITE}.log")
        self.assertFalse(os.path.exists(os.path.join(self.build, f"{SUITE}.log")))


class Selections(Suite):
    """By SUPERD_CORE: Criterion reports a test that is not selected as one that was skipped."""

    def test_a_test_that_is_not_selected_does_not_count(self):
        self.report("1..2", "ok - idle::stops", "ok - idle::freezes  # SKIP test was skipped")
        self.assertEqual(self.run_tests(SUITE, SUPERD_CORE="core"), "1 passed, 0 failed, 0 skipped")
        self.assertEqual(self.run_tests(SUITE), "1 passed, 0 failed, 1 skipped")

    def test_a_run_of_no_test_fails(self):
        self.report("1..1", "ok - idle::stops  # SKIP test was skipped")
        self.assertEqual(self.run_tests(SUITE, SUPERD_CORE="core"), "0 passed, 0 failed, 0 skipped")
        self.assert_failed("no test ran: core selects none of them")

    def test_a_filter_is_criterions(self):
        self.put(SUITE, TAP + "echo 1..1 >&3; for word; do case $word in --filter=*) echo \"ok - $word\" >&3 ;; esac; done")
        self.assertEqual(self.run_tests(SUITE, self.put(ONE, '[ $# = 0 ]'), FILTER="idle/*"), "2 passed, 0 failed, 0 skipped")
        self.assertEqual(self.read(f"{SUITE}.log"), "1..1\nok - --filter=idle/*\n")

    def real(self, program, line):
        """How many tests of a program of this build pass, by a file with this line."""
        if not os.access(program_in(BUILD, program), os.X_OK) or "SUPERD_BIN" not in os.environ:
            self.skipTest(f"make check-programs has not made {program}")
        if os.environ.get("CONDITION") == "stopped":
            self.skipTest("Criterion's own loop cannot be stopped, and check-steady spares only that of programs of the suite")
        core = os.path.join(self.build, "core")
        with open(core, "w", encoding="utf-8") as file:
            file.write(f"# all of them\n{line}\n")
        passed, _, failed, _, skipped, _ = self.run_tests(program, BUILDDIR=BUILD, CHECK_LOGS=self.build, SUPERD_CORE=core).split()
        self.assertEqual(failed, "0", self.said)
        return int(passed) + int(skipped)

    def test_of_unit_tests_all_run_but_those_that_are_left_out(self):
        program, test = "tests/unit/table", "access::without_rules_everybody_may_come"
        every = self.real(program, "access::no_such_test  A line that selects nothing here.")
        self.assertEqual(self.real(program, f"-{test}  A reason."), every - 1)
        self.assertEqual(self.real(program, f"-{test}_either  Another test."), every)

    def test_of_behaviour_tests_those_run_that_are_named(self):
        program = "tests/behaviour/control"
        self.assertEqual(self.real(program, "cli::check_of_a_good_table_is_silent_success  A promise."), 1)


class Shown(Suite):
    def test_the_last_line_of_progress_counts_programs_and_failures(self):
        self.put(SUITE, TAP + "echo 1..2 >&3; echo ok - idle::a >&3; echo not ok - idle::b >&3\n"
                 'echo "ended idle::a" >>"$SUPERD_PROGRESS"; echo "failed idle::b" >>"$SUPERD_PROGRESS"; exit 1')
        self.run_tests(SUITE, self.put(ONE, PASSES))
        self.assertRegex(self.said, r"(?m)^2 of 2 test programs done, 1 failed, \d+ s$")

    def test_on_a_terminal_one_line_is_written_again(self):
        self.put(ONE, "until [ -e $0.seen ]; do sleep 0.05; done")
        master, slave = pty.openpty()
        run = subprocess.Popen([os.path.join(HERE, "run"), ONE], env=self.variables(), stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        said = b""
        with contextlib.suppress(OSError):         # once it has ended
            while more := os.read(master, 4096):
                said += more
                if b"\r0 of 1 test programs done" in said:
                    self.put(f"{ONE}.seen", "")
        os.close(master)
        self.assertEqual(run.wait(), 0)
        self.assertIn(b"\r1 of 1 test programs done, 0 failed", said)
        self.assertTrue(said.endswith(b"1 passed, 0 failed, 0 skipped\r\n"))


class Steadiness(Suite):
    def repeat(self, *tests):
        self.logs = os.path.join(self.build, "logs")
        with mock.patch.dict(os.environ, self.variables(), clear=True):
            return steady.run("quiet", tests, self.logs, 1)

    def test_a_failed_test_is_named_and_its_logs_are_kept(self):
        self.report("1..2", "not ok - idle::stops", "ok - idle::wakes", status=1)
        failed, said = self.repeat(SUITE, self.put(ONE, FAILS), self.put(TWO, "echo skipped: no dot; exit 77"))
        self.assertEqual(failed, [f"{SUITE}: idle::stops", f"{ONE}: exit status 3"])
        self.assertEqual(said, "1 passed, 2 failed, 1 skipped")
        self.assertIn("this is why", self.read("logs/said"))
        self.assertTrue(os.path.exists(os.path.join(self.logs, f"{SUITE}.log")))

    def test_a_run_in_which_none_failed_leaves_no_logs(self):
        self.assertEqual(self.repeat(self.put(ONE, PASSES)), ([], "1 passed, 0 failed, 0 skipped"))
        self.assertFalse(os.path.exists(self.logs))

    def test_a_run_that_fails_without_a_failed_test_is_a_failure(self):
        failed, _ = self.repeat()
        self.assertEqual(len(failed), 1)
        self.assertTrue(failed[0].startswith("tests/run ended with 1: "))

    def test_what_tests_have_started_is_stopped_but_not_what_is_stopped_already(self):
        """Below a process that stands for tests/run are a program, its test, and two processes that this has started."""
        script = "setsid sleep 1000 & sleep 1000 & kill -STOP $!; echo $! $$ $PPID; wait"
        run = subprocess.Popen(["sh", "-c", "sh -c 'sh -c \"$1\" & wait' sh \"$1\" & wait", "sh", script],
                               stdout=subprocess.PIPE, text=True)
        stopped, test, program = (int(pid) for pid in run.stdout.readline().split())
        run.stdout.close()
        started = {pid for pid, (parent, *_) in steady.parents().items() if parent == test}

        def is_below_without_the_stopped():
            os.kill(stopped, signal.SIGSTOP)         # a steady outside, which had stopped it before its parent did, continues it
            return steady.below(run.pid) == started - {stopped}

        try:
            self.assertEqual(len(started), 2)
            wait_until(is_below_without_the_stopped)
        finally:
            for pid in (run.pid, program, test, *started):       # none ends with another
                os.kill(pid, signal.SIGKILL)
            run.wait()


if __name__ == "__main__":
    unittest.main()
