#!/usr/bin/env python3
"""Whether a soak's judgement is right: what explains a lost client, what drifts, and that a seed has one sequence of orders."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import draw  # noqa: E402
import judge  # noqa: E402
import orders  # noqa: E402
import superd  # noqa: E402


def lost(kind, begun, ended, name="web"):
    return judge.Loss([name, kind, "104", str(begun), str(ended), "7"])


class Excuses(unittest.TestCase):
    def setUp(self):
        self.ledger = judge.Ledger()

    def test_an_order_explains_a_client_whose_time_overlaps(self):
        self.ledger.excuse("stop", "web", judge.CUT, 10).ended = 12
        self.assertIsNotNone(self.ledger.settle(lost("reset", 9, 10.5)))
        self.assertIsNotNone(self.ledger.settle(lost("unanswered", 11.9, 13)))
        self.assertEqual(self.ledger.unexplained, [])

    def test_no_order_explains_a_client_before_behind_elsewhere_or_in_another_way(self):
        self.ledger.excuse("stop", "web", judge.CUT, 10).ended = 12
        for one in (lost("reset", 8, 9), lost("reset", 12.5, 13), lost("reset", 10, 11, "mail"), lost("refused", 10, 11)):
            self.assertIsNone(self.ledger.settle(one))
        self.assertEqual(len(self.ledger.unexplained), 4)

    def test_a_kill_of_who_serves_one_at_a_time_explains_one_client(self):
        self.ledger.excuse("kill", "web", judge.CUT, 10, 1).ended = 12
        self.assertIsNotNone(self.ledger.settle(lost("reset", 10, 11)))
        self.assertIsNone(self.ledger.settle(lost("reset", 10, 11)))

    def test_what_is_bounded_is_kept_for_what_has_no_other_excuse(self):
        self.ledger.excuse("kill", "web", judge.CUT, 10, 1).ended = 14
        self.ledger.excuse("stop", "web", judge.CUT, 10).ended = 12
        self.ledger.settle(lost("reset", 10, 11))
        self.assertIsNotNone(self.ledger.settle(lost("reset", 12.5, 13)))


class Drifts(unittest.TestCase):
    @staticmethod
    def drift(values):
        return judge.Drift("figure", list(enumerate(values)), 0.1, 5, "KiB")

    def test_what_stays_the_same_is_flat(self):
        self.assertFalse(self.drift([100] * 40).is_too_much())

    def test_what_goes_up_and_down_is_flat(self):
        self.assertFalse(self.drift([100 + 60 * (n % 2) for n in range(40)]).is_too_much())

    def test_what_rises_is_seen_beside_what_goes_up_and_down(self):
        self.assertTrue(self.drift([100 + n + 10 * (n % 3) for n in range(40)]).is_too_much())

    def test_what_rises_by_less_than_the_bound_is_flat(self):
        self.assertFalse(self.drift([100 + n / 10 for n in range(40)]).is_too_much())

    def test_too_few_points_are_not_judged(self):
        self.assertFalse(self.drift([1, 100, 1000]).is_judged())


class Descriptors(unittest.TestCase):
    GROUP = "/sys/fs/cgroup/unified/superd-7/web.service"

    def setUp(self):
        self.first = judge.Descriptors({"socket": 40, "pipe": 40})

    def test_control_groups_that_superd_keeps_open_are_no_rise(self):
        last = judge.Descriptors({"socket": 40, "pipe": 40, self.GROUP: 16, self.GROUP + "/cgroup.events": 16})
        self.assertFalse(last.is_beyond(self.first))

    def test_more_control_groups_than_superd_may_keep_open_are_too_many(self):
        self.assertTrue(judge.Descriptors({"socket": 40, "pipe": 40, self.GROUP: 33}).is_beyond(self.first))

    def test_others_that_rise_are_too_many(self):
        self.assertFalse(judge.Descriptors({"socket": 48, "pipe": 40}).is_beyond(self.first))
        self.assertTrue(judge.Descriptors({"socket": 49, "pipe": 40}).is_beyond(self.first))


class Orders(unittest.TestCase):
    @staticmethod
    def sequence(seed, steps):
        sequence = orders.Sequence(seed, ["b", "a"], 0.3)
        return [str(order) for step in steps for order in sequence.until(step)]

    def test_a_seed_has_one_sequence_however_often_it_is_asked(self):
        self.assertEqual(self.sequence("3 1/1", [50]), self.sequence("3 1/1", [n / 7 for n in range(351)]))

    def test_another_seed_has_another(self):
        self.assertNotEqual(self.sequence("3 1/1", [50]), self.sequence("3 2/2", [50]))

    def test_what_has_an_end_is_undone(self):
        sequence = orders.Sequence("5 1/1", ["a"], 0.3)
        given = sequence.until(60) + sequence.ends()
        for kind, (verb, _) in orders.ENDS.items():
            undone = sum(order.kind == verb for order in given)
            self.assertGreaterEqual(undone, sum(order.kind == kind for order in given), kind)


class Superctls(unittest.TestCase):
    def test_one_that_prints_more_than_a_pipe_holds_comes_to_its_end(self):
        order = superd.Order(["sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; exit 3"])
        deadline = time.monotonic() + 30
        while not order.is_over() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertTrue(order.is_over())
        self.assertEqual(order.end(), (3, "x" * 300000))


class Pictures(unittest.TestCase):
    def test_a_picture_has_each_line_within_its_frame(self):
        text = draw.picture("a <title>", [("memory", {"pss": [(0, 5), (10, 7)]}), ("none", {"nothing": [(0, 0)]})], 10, [5])
        self.assertEqual(text.count("<polyline"), 2)
        self.assertIn("a &lt;title&gt;", text)


if __name__ == "__main__":
    unittest.main()
