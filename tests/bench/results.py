"""All that a run has measured, as it was measured: the raw numbers, from which alone the table and the page are made.

A figure is a name, a server and an x (how many clients, services or streams); it has a value for every turn. What
could not be measured is kept beside it, with the reason, so that it can be shown where the value would have been.
"""

import json

from figures import find_doubt, find_spread, pair_ratios, summarise


class Results:
    def __init__(self):
        self.about = {}                 # the machine, the method: text by name
        self.servers = []               # {name, version, program, commands}
        self.samples = {}               # (figure, server, x): {turn: value}
        self.failures = []              # {figure, server, x, why}
        self.made, self.lost = {}, {}   # connections, by server
        self.losses = []                # {server, lost, total, why}
        self.noise = []                 # {part, server, rounds, turns, spread, doubt, is_quiet}, of what is compared with
        self.skipped = []               # {server, part, x}: there was no time

    def add(self, figure, server, x, turn, value):
        self.samples.setdefault((figure, server, x), {})[str(turn)] = value

    def fail(self, figure, server, x, why, asked=True):
        """asked: it has failed here, and not only at a smaller x, where it was not asked again."""
        self.failures.append({"figure": figure, "server": server, "x": x, "why": str(why), "asked": asked})

    def count(self, server, seen):
        """What became of the connections of a load; which server has lost some is told whatever else is measured."""
        self.made[server] = self.made.get(server, 0) + seen["total"]
        self.lost[server] = self.lost.get(server, 0) + seen["lost"]
        if seen["lost"]:
            self.losses.append({"server": server, "lost": seen["lost"], "total": seen["total"], "why": seen["loss"]})

    def note_noise(self, part, rounds, figure, server, x, most):
        """How steady the machine was in a part, seen by the server that all are compared with."""
        turns = list(self.turns(figure, server, x).values())
        doubt = find_doubt(turns)
        self.noise.append({"part": part, "server": server, "rounds": rounds, "turns": len(turns), "spread": find_spread(turns),
                           "doubt": doubt, "is_quiet": doubt is not None and doubt <= most})

    def skip(self, server, part, x):
        skipped = {"server": server, "part": part, "x": x}
        if skipped not in self.skipped:
            self.skipped.append(skipped)

    def turns(self, figure, server, x):
        return self.samples.get((figure, server, x), {})

    def summary(self, figure, server, x):
        return summarise(self.turns(figure, server, x).values())

    def middle(self, figure, server, x):
        summary = self.summary(figure, server, x)
        return None if summary is None else summary.middle

    def ratio(self, figure, server, other, x):
        """The median over the turns that both took part in."""
        summary = summarise(pair_ratios(self.turns(figure, server, x), self.turns(figure, other, x)))
        return None if summary is None else summary.middle

    def own_ratio(self, figure, other, server, x):
        """Of two figures of one server."""
        summary = summarise(pair_ratios(self.turns(figure, server, x), self.turns(other, server, x)))
        return None if summary is None else summary.middle

    def failed(self, figure, server):
        """{x: why} of what could not be measured."""
        return {at["x"]: at["why"] for at in self.failures if (at["figure"], at["server"]) == (figure, server)}

    def seen_failing(self, figure, server):
        """The same without where it was not asked, as it had failed with less."""
        return {at["x"]: at["why"] for at in self.failures
                if (at["figure"], at["server"]) == (figure, server) and at.get("asked", True)}

    def names(self, figure):
        """The servers that it was measured of, or should have been, in the order of all."""
        there = {key[1] for key in self.samples if key[0] == figure}
        there |= {at["server"] for at in self.failures if at["figure"] == figure}
        known = [server["name"] for server in self.servers]
        return [name for name in known if name in there] + sorted(there.difference(known))

    def places(self, figure):
        """Every x that it was measured at, or should have been."""
        return sorted({key[2] for key in self.samples if key[0] == figure} |
                      {at["x"] for at in self.failures if at["figure"] == figure})

    def to_json(self):
        samples = [{"figure": figure, "server": server, "x": x, "turns": turns}
                   for (figure, server, x), turns in self.samples.items()]
        return json.dumps({"about": self.about, "servers": self.servers, "samples": samples, "failures": self.failures,
                           "made": self.made, "lost": self.lost, "losses": self.losses,
                           "noise": self.noise, "skipped": self.skipped}, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text):
        got, results = json.loads(text), cls()
        for name in ("about", "servers", "failures", "made", "lost", "losses"):
            setattr(results, name, got[name])
        for name in ("noise", "skipped"):
            setattr(results, name, got.get(name, []))       # older runs have none
        for sample in got["samples"]:
            results.samples[sample["figure"], sample["server"], sample["x"]] = sample["turns"]
        return results
