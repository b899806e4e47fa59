#!/usr/bin/env python3
"""What of a document's output may be otherwise, and what may not."""
import sys
import unittest

sys.dont_write_bytecode = True

import pages

SAME = (
    ("pid 71 ended: exit status 7 after 0.0 s", "pid 4711 ended: exit status 7 after 12.5 s"),
    ("started, pid 75, for ::1", "started, pid 9, for ::ffff:127.0.0.1"),
    ("last ended with exit status 0 20 s ago", "last ended with exit status 0 1.5 s ago"),
    ("[::ffff:127.0.0.1]:8111 [::ffff:127.0.0.1]:40000", "[::1]:8111 [::1]:51234"),
    ("hello: listening on tcp:127.0.0.1:8080", "hello: listening on tcp:127.0.0.1:8080"),
    ("Fri 2026-11-20 21:03:32; 3s ago", "Sat 2027-01-02 03:04:05; 12min ago"),
    ('[20/Nov/2026 21:03:32] "GET / HTTP/1.1" 200 -', '[21/Nov/2026 01:02:03] "GET / HTTP/1.1" 200 -'),
    ("Memory: 17.5M", "Memory: 9.25M"),
    ("first\n...\nlast", "first\nbetween\nlast"),
)
OTHER = (
    ("status 3", "status 1"),
    ("it ended with exit status 7", "it ended with exit status 70"),
    ("with status 1 (exit-code)", "with status 0 (exit-code)"),
    ("HTTP/1.1 200 OK", "HTTP/1.1 404 OK"),
    ('"GET / HTTP/1.1" 200 -', '"GET / HTTP/1.1" 501 -'),
    ("listening on tcp:8199", "listening on tcp:8198"),
    ("listening on udp:7072", "listening on udp:7073"),
    ("listening on tcp:127.0.0.1:8080", "listening on tcp:127.0.0.1:8081"),
    ("at http://localhost:8001/", "at http://localhost:8002/"),
    ("ready at http://127.0.0.1:8001/", "ready at http://127.0.0.1:80/"),
    ("wrong.conf:3:5: error", "wrong.conf:3:6: error"),
    ("Configuration: own.conf:1; enabled", "Configuration: own.conf:2; enabled"),
    ("\tinstances = 60", "\tinstances = 6"),
    ("stopping pid 4: no client has been connected for 10s", "stopping pid 4: no client has been connected for 1s"),
    ("first\n...\nlast", "first\nbetween"),
    ("one line", "one line\nand another"),
)


class Comparison(unittest.TestCase):
    def test_what_varies_may_be_otherwise(self):
        for shown, printed in SAME:
            self.assertIsNone(pages.difference(shown + "\n", printed), printed)

    def test_what_is_claimed_may_not(self):
        for shown, printed in OTHER:
            self.assertIsNotNone(pages.difference(shown + "\n", printed), printed)

    def test_nothing_shown_takes_anything(self):
        self.assertIsNone(pages.difference("", "whatever"))


if __name__ == "__main__":
    unittest.main()
