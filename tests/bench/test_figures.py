#!/usr/bin/env python3
"""What the bench makes of numbers: middles, ratios, axes, and that what failed is shown as failed."""

import sys

sys.dont_write_bytecode = True

import os
import re
import tempfile
import unittest
from types import SimpleNamespace
from unittest import mock
from xml.etree import ElementTree

import readme
from axis import Axis, find_decades, find_steps, spread_labels, write_number
from bench import LEAST_ROUNDS, Bench
from connections import Measure, _take_turn
from draw import Chart, draw_chart
from figures import find_doubt, find_spread, pair_ratios, summarise
from machine import Trouble
from page import CHARTS, give_looks, make_page
from pictures import write_pictures
from redirect import find_amount
from report import find_rows, is_bad, make_redirect_table, make_table, tell_noise
from results import Results
from scale import FILTERED

LOAD = {"total": 10, "lost": 0, "loss": ""}
CURVE = Chart("each.rate", "a curve", "", "clients at once", "connections/s", "more")
GROUPS = Chart("group.first", "groups", "", "program", "ms", "less", True, grouped=True)
COSTS = Chart("start.time", "costs", "", "services", "seconds", "less", True)
ROWS = Chart("each.time", "rows", "", None, "µs", "less")


def make_results():
    results = Results()
    results.about = {"machine": "a <machine>", "date": "today", "goal size": 1000}
    for name in ("floor", "superd", "peer"):
        results.servers.append({"name": name, "program": f"/{name}", "version": "1", "commands": {"each": "-a <b>"}})
        results.count(name, LOAD)
    for turn in range(5):
        for name, time in (("floor", 100), ("superd", 104), ("peer", 150)):
            results.add("each.time", name, 1, turn, time * (turn + 1))
            for clients in (1, 8, 32):
                results.add("each.rate", name, clients, turn, clients * 1000 / time)
    for size in (1, 1000):
        results.add("start.time", "superd", size, 0, .01 * size)
    results.fail("start.time", "peer", 1000, "it ended & said <nothing>")
    return results


def find_class(svg, name):
    return [at for at in ElementTree.fromstring(svg).iter() if name in at.get("class", "").split()]


class Statistics(unittest.TestCase):
    def test_of_nothing_there_is_no_summary(self):
        self.assertIsNone(summarise([]))

    def test_one_value_is_every_part_of_its_summary(self):
        self.assertEqual(summarise([7]), (1, 7, 7, 7, 7, 7))

    def test_quartiles_fall_between_values(self):
        self.assertEqual(summarise([4, 1, 3, 2]), (4, 1, 1.75, 2.5, 3.25, 4))

    def test_one_slow_turn_does_not_move_the_middle(self):
        self.assertEqual(summarise([10, 11, 12, 13, 9000]).middle, 12)

    def test_a_ratio_is_of_turns_that_both_took_part_in(self):
        self.assertEqual(pair_ratios({"1": 2, "2": 9, "3": 4}, {"1": 1, "3": 2}), [2, 2])

    def test_a_turn_of_nothing_has_no_ratio(self):
        self.assertEqual(pair_ratios({"1": 2}, {"1": 0}), [])

    def test_ratios_of_turns_are_not_the_ratio_of_medians(self):
        results = make_results()
        results.add("each.time", "floor", 1, 0, 104)
        self.assertAlmostEqual(results.ratio("each.time", "superd", "floor", 1), 1.04)


class Noise(unittest.TestCase):
    def test_few_turns_tell_nothing(self):
        self.assertIsNone(find_doubt([10, 11, 10, 11, 10]))

    def test_more_turns_of_the_same_spread_are_surer(self):
        few, many = [9, 10, 11, 10, 9, 11] * 2, [9, 10, 11, 10, 9, 11] * 40
        self.assertLess(find_doubt(many), find_doubt(few))
        self.assertEqual(find_spread(few), find_spread(many))

    def test_one_slow_turn_of_many_makes_nobody_doubt(self):
        self.assertEqual(find_doubt([10] * 20 + [9000]), 0)

    def test_a_machine_that_is_not_quiet_is_told(self):
        results = make_results()
        for turn in range(12):
            results.add("cold.first", "floor", 1, turn, 100 + 50 * (turn % 3))
            results.add("cold.mean", "floor", 1, turn, 100 + turn % 2)
        results.note_noise("activations", 4, "cold.first", "floor", 1, .03)
        results.note_noise("steady", 4, "cold.mean", "floor", 1, .03)
        results.note_noise("short", 1, "nothing", "floor", 1, .03)
        loud, quiet, short = tell_noise(results)
        self.assertIn("NOT QUIET", loud)
        self.assertNotIn("NOT QUIET", quiet)
        self.assertIn("too few turns", short)

    def test_what_there_was_no_time_for_is_told_once(self):
        results = make_results()
        for _ in range(2):
            results.skip("peer", "sizes", 10000)
        self.assertEqual(tell_noise(results), ["sizes: not measured, or less often, for want of time, memory or "
                                               "descriptors: peer at 10,000"])


class Pictures(unittest.TestCase):
    def test_each_chart_is_a_file_that_needs_nothing_else(self):
        with tempfile.TemporaryDirectory() as folder:
            write_pictures(make_results(), f"{folder}/here")
            self.assertEqual(sorted(os.listdir(f"{folder}/here")), ["each-rate.svg", "each-time.svg", "start-time.svg"])
            with open(f"{folder}/here/each-rate.svg") as file:
                text = file.read()
            with open(f"{folder}/here.md") as file:
                self.assertIn("](here/each-rate.svg)", file.read())
        ElementTree.fromstring(text)
        self.assertIn("a &lt;machine&gt;", text)
        self.assertIn("prefers-color-scheme: dark", text)
        self.assertNotIn("var(", text)


class Readme(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path, self.pictures = f"{folder.name}/README.md", f"{folder.name}/doc/here"
        self.write("before\n" + readme.BEGIN + "\nof a run before\n" + readme.END + "\nbehind\n")
        self.results = make_results()
        self.results.servers.append({"name": "tcpserver", "program": "/tcpserver", "version": "1", "commands": {}})
        for turn in range(5):
            self.results.add("each.rate", "tcpserver", 8, turn, 10)
        self.results.fail("each.rate", "tcpserver", 32, "not asked, as it failed with 8 at once", asked=False)

    def write(self, text):
        with open(self.path, "w") as file:
            file.write(text)

    def make(self):
        write_pictures(self.results, self.pictures)
        readme.write_readme(self.results, self.path, self.pictures)
        with open(self.path) as file:
            return file.read()

    def test_what_stands_between_the_marks_is_replaced(self):
        text = self.make()
        self.assertTrue(text.startswith("before\n" + readme.BEGIN) and text.endswith(readme.END + "\nbehind\n"))
        self.assertNotIn("of a run before", text)
        self.assertEqual(self.make(), text)

    def test_it_has_the_pictures_that_there_are(self):
        text = self.make()
        self.assertIn("](doc/here/each-rate.svg)", text)

    def test_its_rows_are_those_that_were_measured_and_say_who_failed(self):
        text = self.make()
        self.assertIn("| a process per connection, one at a time: time | 1.04 |  |", text)
        self.assertIn("| the same, 32 at a time: rate | 0.96 | failed |", text)
        self.assertNotIn("redirect", text)

    def test_it_says_on_how_few_turns_it_stands_and_whether_the_machine_was_quiet(self):
        self.assertIn("Medians of 1 turn or more. Times", " ".join(self.make().split()))
        for turn in range(3):
            for name in ("superd", "tcpserver"):
                self.results.add("start.time", name, 1000, turn, 1)
        self.results.noise = [{"part": "sizes", "doubt": .2, "is_quiet": False}, {"part": "wakings", "doubt": None, "is_quiet": False},
                              {"part": "reloads", "doubt": .01, "is_quiet": True}]
        with mock.patch("pictures.tell_noise", lambda _: []):
            self.assertIn("Medians of 3 turns or more; the machine was not quiet (sizes). Times", " ".join(self.make().split()))

    def test_a_file_without_marks_is_left_as_it_is(self):
        self.write("nothing here\n")
        with self.assertRaises(ValueError):
            self.make()


class Kept(unittest.TestCase):
    def test_the_raw_numbers_read_back_are_the_same(self):
        results = make_results()
        self.assertEqual(Results.from_json(results.to_json()).to_json(), results.to_json())
        self.assertEqual(make_page(Results.from_json(results.to_json())), make_page(results))

    def test_servers_are_in_the_order_of_all(self):
        self.assertEqual(make_results().names("each.time"), ["floor", "superd", "peer"])


class Goals(unittest.TestCase):
    def verdicts(self, results):
        return {line[0]: line for line in make_table(results)[1]}

    def test_a_goal_is_reached_or_short(self):
        results = make_results()
        self.assertEqual(self.verdicts(results)["a process per connection, one at a time: time × floor"][-1], "reached")
        self.assertEqual(self.verdicts(results)["start until all 1,000 services listen, s"][-1], "short")

    def test_a_run_of_reloads_alone_has_its_rows(self):
        results = make_results()
        results.samples, results.failures = {("reload.time", "superd", 1000): {"0": 20}}, []
        self.assertIn("reload with one added: until that one listens, ms", self.verdicts(results))

    def test_the_longest_wait_in_a_reload_is_held_against_one_without(self):
        results = make_results()
        for turn, (calm, during) in enumerate(((2, 4), (100, 200), (3, 30))):
            results.add("inetd.calm", "superd", 1000, turn, calm)
            results.add("inetd.changed.longest", "superd", 1000, turn, during)
        row, = [line for line in make_table(results)[1] if "longest answer" in line[0]]
        self.assertEqual([cell for cell in row[1:] if cell], ["2.0"])

    def test_a_start_in_a_sandbox_is_held_against_one_without(self):
        results = make_results()
        for turn in range(3):
            results.add("sandbox.time", "plain", 1, turn, 2 * (turn + 1))
            results.add("sandbox.time", "superd", 1, turn, 7 * (turn + 1))
        row, = [line for line in make_table(results)[1] if "sandbox" in line[0]]
        self.assertEqual([cell for cell in row[1:] if cell], ["3.50"])

    def test_units_with_a_filter_have_rows_of_their_own(self):
        results = make_results()
        results.add("filter.start", "superd", FILTERED, 0, .31)
        results.add("filter.check", "superd", FILTERED, 0, .3)
        lines = [line for line in make_table(results)[1] if "SystemCallFilter" in line[0] or "--check" in line[0]]
        self.assertEqual([line[-1] for line in lines], ["short", "reached"])

    def test_who_failed_after_good_turns_has_failed(self):
        results = make_results()
        results.fail("each.time", "superd", 1, "it ended")
        line = self.verdicts(results)["a process per connection, one at a time: time × floor"]
        self.assertEqual((line[3], line[-1]), ("failed", "failed"))

    def test_every_row_has_a_form_that_can_write_a_number(self):
        for row in find_rows(make_results()):
            self.assertRegex(row.form.format(1.5), r"^\+?[0-9.]+$")

    def test_redirects_are_told_against_each_peer_with_the_spread_of_none(self):
        results = make_results()
        self.assertEqual(make_redirect_table(results)[1], [])
        for name, values in (("direct", (90, 100, 110)), ("superd", (30, 30, 30)), ("xinetd", (20, 20, 20))):
            for turn, value in enumerate(values):
                results.add("redirect.upload", name, 8, turn, value)
        head, lines = make_redirect_table(results)
        self.assertEqual(lines, [["MB/s up", "8", "", "1.5", "", "", "± 5%"]])
        self.assertEqual(len(head), len(lines[0]))

    def test_the_goal_of_redirects_is_for_one_process_for_all_clients(self):
        results = make_results()
        for name, value in (("direct", 90), ("superd", 90), ("superd, accept = no", 29), ("xinetd", 20)):
            results.servers.append({"name": name, "program": "", "version": "", "commands": {}})
            for clients in (1, 8):
                results.add("redirect.requests", name, clients, 0, value)
        head, lines = make_table(results)
        row, = [line for line in lines if line[0].startswith("redirect (")]
        self.assertEqual((row[0], row[-1]), ("redirect (accept = no), 1 client: requests/s × xinetd", "short"))
        self.assertEqual({name: cell for name, cell in zip(head[2:-1], row[2:-1]) if cell}, {"superd, accept = no": "1.45"})
        results.fail("redirect.requests", "superd, accept = no", 1, "it stands still")
        row, = [line for line in make_table(results)[1] if line[0].startswith("redirect (")]
        self.assertEqual((row[head.index("superd, accept = no")], row[-1]), ("failed", "failed"))

    def test_a_peer_that_loses_makes_no_run_bad_but_superd_does(self):
        results = make_results()
        results.count("peer", {"total": 10, "lost": 3, "loss": "refused"})
        self.assertFalse(is_bad(results))
        results.count("superd", {"total": 10, "lost": 1, "loss": "reset"})
        self.assertTrue(is_bad(results))

    def test_a_figure_of_superd_that_could_not_be_had_makes_a_run_bad(self):
        results = make_results()
        results.fail("reload.time", "superd", 1, "it did not reload")
        self.assertTrue(is_bad(results))


class Parts(unittest.TestCase):
    """How the parts of a run share its time, by a clock of the test's own."""

    def setUp(self):
        self.bench = Bench.__new__(Bench)
        self.bench.results, self.bench.end, self.bench.stop_all = Results(), None, lambda: None
        self.now, self.order = 0, []
        self.bench.tell = lambda _: None
        clock = mock.patch("bench.time.monotonic", lambda: self.now)
        clock.start()
        self.addCleanup(clock.stop)

    def part(self, name, seconds, value=lambda number: 1 + number % 2):
        for number in self.bench.rounds(name, f"{name}.figure", "floor", 1):
            self.now += seconds
            self.order.append(name)
            self.bench.results.add(f"{name}.figure", "floor", 1, number, value(number))
            yield

    def test_without_time_each_part_has_one_round(self):
        self.bench.share({name: self.part(name, 10) for name in ("a", "b")})
        self.assertEqual(self.order, ["a", "b"])
        self.assertEqual(len(self.bench.results.noise), 2)

    def test_parts_have_as_many_rounds_whatever_a_round_takes(self):
        self.bench.end = 1000
        self.bench.share({"long": self.part("long", 90), "short": self.part("short", 10)})
        self.assertEqual((self.order.count("long"), self.order.count("short")), (10, 9))
        self.assertLessEqual(self.now, 1000)

    def test_a_part_that_is_sure_leaves_its_time_to_the_others(self):
        self.bench.end = 1000
        self.bench.share({"sure": self.part("sure", 10, lambda _: 1), "unsure": self.part("unsure", 10)})
        self.assertEqual((self.order.count("sure"), self.order.count("unsure")), (LEAST_ROUNDS, 99 - LEAST_ROUNDS))


class Crowds(unittest.TestCase):
    """A peer that loses clients with eight at once, and what it is asked then."""

    def setUp(self):
        self.bench = Bench.__new__(Bench)
        self.bench.results, self.asked = make_results(), []
        self.measures = [Measure(count, 300, {"crowd.rate": "rate"}) for count in (4, 8, 16)]
        self.running = [SimpleNamespace(name=name) for name in ("floor", "peer")]
        self.bench.load_whole = self.load

    def load(self, one, total, at_once, more, **bounds):
        self.asked.append((one.name, at_once, bounds))
        if one.name == "peer" and at_once >= 8:
            raise Trouble("it lost 3 of 300 connections")
        return {"rate": 1000, "seconds": .1 * at_once}

    def take_turns(self, count):
        for number in range(count):
            for measure in self.measures:
                _take_turn(self.bench, self.running, number, measure)

    def test_it_is_not_asked_again_nor_with_more(self):
        self.take_turns(3)
        self.assertEqual([count for name, count, _ in self.asked if name == "peer"], [4, 8, 4, 4])
        self.assertEqual([count for name, count, _ in self.asked if name == "floor"], [4, 8, 16] * 3)

    def test_its_cross_is_where_it_failed_and_it_has_failed_with_more_too(self):
        self.take_turns(2)
        self.assertEqual(list(self.bench.results.seen_failing("crowd.rate", "peer")), [8])
        self.assertEqual(self.bench.results.failed("crowd.rate", "peer")[16], "not asked, as it failed with 8 at once")

    def test_patience_is_by_what_the_floor_needed_for_all_alike(self):
        self.take_turns(2)
        self.assertEqual([bounds for name, count, bounds in self.asked if (name, count) == ("peer", 4)],
                         [{"limit": 1.6, "patience": 4.0}] * 2)
        self.assertEqual(self.asked[0][2], {})
        self.measures[0].taken = .001
        self.assertEqual(self.measures[0].bounds(), {"limit": .25, "patience": 2})


class Redirects(unittest.TestCase):
    def test_a_slow_redirect_is_given_less_in_later_turns_and_none_nothing(self):
        bench = SimpleNamespace(results=make_results(), amounts=SimpleNamespace(megabytes=400))
        self.assertEqual(find_amount(bench, "redirect.bytes", "peer", 1), 100)
        for name, rate in (("peer", 100), ("crawler", 1), ("superd", 5000)):
            bench.results.add("redirect.bytes", name, 4, 0, rate)
        later = [find_amount(bench, "redirect.bytes", name, 4) for name in ("peer", "crawler", "superd")]
        self.assertEqual(later, [8, 2, 100])


class Axes(unittest.TestCase):
    def test_steps_are_round_and_reach_the_most(self):
        self.assertEqual(find_steps(870), [0, 200, 400, 600, 800, 1000])
        self.assertEqual(find_steps(0), [0, 1])

    def test_decades_enclose_what_was_seen(self):
        for least, most in ((3, 7), (.004, 900), (1, 1), (10, 1000), (99, 101)):
            ticks = find_decades(least, most)
            self.assertLessEqual(ticks[0], least)
            self.assertGreaterEqual(ticks[-1], most)
            self.assertGreater(len(ticks), 1)

    def test_a_logarithmic_axis_gives_each_decade_the_same_room(self):
        axis = Axis([1, 10, 100], 0, 200, logarithmic=True)
        self.assertEqual([round(axis.place(value)) for value in (1, 10, 100)], [0, 100, 200])

    def test_what_is_beyond_the_axis_is_put_on_its_end(self):
        axis = Axis([1, 10], 0, 100, logarithmic=True)
        self.assertEqual((axis.place(0), axis.place(99)), (0, 100))

    def test_labels_do_not_overlap_and_keep_their_order(self):
        moved = spread_labels([50, 51, 52, 99], 10, 0, 100)
        self.assertEqual(moved, sorted(moved))
        self.assertTrue(all(b - a >= 10 for a, b in zip(moved, moved[1:])))
        self.assertLessEqual(moved[-1], 100)

    def test_numbers_are_short(self):
        said = [write_number(value) for value in (0, 1234.4, 100, 12.34, 2.5, .01234, 3)]
        self.assertEqual(said, ["0", "1,234", "100", "12.3", "2.5", "0.0123", "3"])


class Drawing(unittest.TestCase):
    def setUp(self):
        self.results = make_results()
        self.looks = give_looks(self.results)

    def draw(self, chart):
        return draw_chart(chart, self.results, self.looks)

    def test_every_server_has_a_curve_and_a_name(self):
        svg = self.draw(CURVE)
        self.assertEqual(len(find_class(svg, "curve")), 3)
        self.assertEqual([at.text for at in find_class(svg, "label")], ["floor", "superd", "peer"])

    def test_both_axes_are_named(self):
        said = [at.text for at in find_class(self.draw(COSTS), "name")]
        self.assertEqual(said, ["services (logarithmic)", "seconds, logarithmic"])

    def test_a_failure_is_a_cross_where_it_failed_and_no_point(self):
        self.results.add("start.time", "peer", 1000, 0, .001)
        svg = self.draw(COSTS)
        cross, = find_class(svg, "cross")
        self.assertIn("peer failed at 1,000: it ended & said <nothing>", "".join(cross.itertext()))
        self.assertFalse([at for at in find_class(svg, "mark") if "peer, 1,000" in "".join(at.itertext())])

    def test_a_failure_among_rows_is_told_in_its_row(self):
        self.results.fail("each.time", "peer", 1, "it answered nobody")
        svg = self.draw(ROWS)
        self.assertEqual(len(find_class(svg, "cross")), 1)
        self.assertIn("failed", [at.text for at in find_class(svg, "tick")])

    def test_one_slow_server_does_not_press_the_others_together(self):
        self.results.servers.append({"name": "crawler", "program": "/crawler", "version": "1", "commands": {}})
        for turn in range(5):
            self.results.add("each.time", "crawler", 1, turn, 1e6)
        svg = draw_chart(ROWS, self.results, give_looks(self.results))
        ends = [float(at.get("x2")) for at in find_class(svg, "quartiles")]
        self.assertGreater(ends[2] - ends[0], 20)
        self.assertTrue([at for at in find_class(svg, "tick") if at.text.startswith("→ 1,000,000")])

    def add_groups(self):
        for name in ("one", "two", "three"):
            self.results.servers.append({"name": name, "program": "", "version": "", "commands": {}})
        for turn in range(5):
            for name, program, value in (("one", "Python", .3), ("two", "Python", 20), ("three", "Python", .1),
                                         ("one", "sh", .3), ("two", "sh", 1), ("floor", "sh", .6)):
                self.results.add("group.first", name, program, turn, value + turn / 1000)
        self.results.fail("group.first", "one", "bash", "it can't be held")
        self.looks = give_looks(self.results)

    def test_each_program_is_a_group_of_those_that_were_measured(self):
        self.add_groups()
        svg = self.draw(GROUPS)
        self.assertEqual([at.text for at in find_class(svg, "label")], ["Python", "bash", "sh"])
        self.assertEqual(len(find_class(svg, "mark")), 6)
        self.assertEqual(len({self.looks[name] for name in ("one", "two", "three", "floor")}), 4)
        cross, = find_class(svg, "cross")
        self.assertIn("one, bash: it can't be held", "".join(cross.itertext()))

    def test_a_server_that_failed_is_crossed_once_and_not_where_it_was_not_asked(self):
        self.results.fail("each.rate", "peer", 8, "it lost 3")
        self.results.fail("each.rate", "peer", 32, "not asked", asked=False)
        self.assertEqual(len(find_class(self.draw(CURVE), "cross")), 1)

    def test_nothing_is_drawn_outside_of_the_picture(self):
        self.add_groups()
        for chart in (CURVE, COSTS, ROWS, GROUPS):
            root = ElementTree.fromstring(self.draw(chart))
            width, height = map(int, root.get("viewBox").split()[2:])
            for at in root.iter():
                for key in ("x1", "x2", "cx", "y1", "y2", "cy"):
                    most = width if "x" in key else height
                    self.assertTrue(0 <= float(at.get(key, 0)) <= most, at.attrib)


class Page(unittest.TestCase):
    def setUp(self):
        self.page = make_page(make_results())

    def test_it_needs_nothing_from_elsewhere(self):
        self.assertIsNone(re.search(r"<script|<link|<img|@import|url\(|(src|href)=", self.page))

    def test_what_was_not_measured_has_no_chart(self):
        self.assertIn("more clients at once", self.page)
        self.assertNotIn("redirect: throughput", self.page)

    def test_words_of_others_are_no_markup(self):
        self.assertIn("it ended &amp; said &lt;nothing&gt;", self.page)
        self.assertNotIn("<nothing>", self.page)
        self.assertIn("-a &lt;b&gt;", self.page)

    def test_every_number_is_on_it(self):
        self.assertIn("each.time | superd | 1 | 104 208 312 416 520", self.page)

    def test_both_looks_have_every_colour(self):
        light, dark = self.page.split("@media (prefers-color-scheme: dark)")
        names = set(re.findall(r"(--[a-z0-9]+):", light))
        self.assertEqual(names, set(re.findall(r"(--[a-z0-9]+):", dark.split("body {")[0])))

    def test_no_two_charts_are_of_one_figure(self):
        self.assertEqual(len({chart.figure for chart in CHARTS}), len(CHARTS))


if __name__ == "__main__":
    unittest.main()
