"""The file that injector.c shares: the sites it has seen, and the order which of them fails. Its layout is struct shared."""
import mmap
import os
import struct

HEAD = struct.Struct("=iIIIIIIIIiQiI")
SITE = struct.Struct("=QIIII8Q")
NAMES, NAME_SIZE, SITES = 160, 24, 16384
SIZE = HEAD.size + NAMES * NAME_SIZE + SITES * SITE.size
LOCK, PHASE, TURNS, LOST, LEFT, HITS, GUARD = 4, 8, 16, 20, 28, 32, 48


class Site:
    """A call, with its callers in superd (addresses in the program, the innermost first), how often it was made, when first,
    and whether a library makes it that superd called."""

    def __init__(self, key, call, count, phase, is_library, frames):
        self.key, self.call, self.count, self.phase = key, call, count, phase
        self.is_library, self.frames = bool(is_library), frames


class Shared:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            os.ftruncate(file.fileno(), SIZE)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), SIZE)

    def arm(self, key, nth, error, times):
        """Has a site fail so many times from its nth call on."""
        self.map[:HEAD.size] = HEAD.pack(0, 0, 0, 0, 0, 0, nth, times, 0, error, key, 0, 0)

    def disarm(self):
        """Ends the failing, if it has begun: what is only slow has not failed yet."""
        if self.word(HITS):
            self.set_word(LEFT, 0)

    def word(self, at):
        return struct.unpack_from("=I", self.map, at)[0]

    def set_word(self, at, value):
        struct.pack_into("=I", self.map, at, value)

    def sites(self):
        names = HEAD.size
        found = []
        for n in range(SITES):
            at = HEAD.size + NAMES * NAME_SIZE + n * SITE.size
            key, call, count, phase, is_library, *frames = SITE.unpack_from(self.map, at)
            if key:
                name = self.map[names + call * NAME_SIZE:names + (call + 1) * NAME_SIZE].rstrip(b"\0").decode()
                found.append(Site(key, name, count, phase, is_library,
                                  [frame for frame in frames if frame]))
        return found

    def close(self):
        self.map.close()
        os.unlink(self.path)
