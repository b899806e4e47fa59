"""A table made at random, and what makes it less. For tests/compat/differ."""
import os

from differ_run import write


class Block:
    """Some lines that make a service, or nothing: a comment, a line that changes those below. port: the number that stands for
    it, in its sockets and in the names of its files. file: "" is the table itself, other names stand in its folder."""

    def __init__(self, lines, port=None, file=""):
        self.lines, self.port, self.file = lines, port, file


class Table:
    def __init__(self, blocks):
        self.blocks = blocks

    def write(self, path):
        """Writes it to path, and what it includes to the folder path.d."""
        folder = path + ".d"
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        texts = {"": ""}
        for block in self.blocks:
            texts[block.file] = texts.get(block.file, "") + "".join(line + "\n" for line in block.lines)
        for name, text in texts.items():
            write(os.path.join(folder, name) if name else path, text.replace("{folder}", folder))

    def text(self):
        parts = []
        for name in sorted({block.file for block in self.blocks}):
            if name:
                parts.append(f"-- {name}:")
            parts += [line for block in self.blocks if block.file == name for line in block.lines]
        return "\n".join(parts)

    def block_at(self, file, line):
        """The block of that line."""
        return next((block for block in self.blocks if block.file == file and
                     self.lines_of(block)[0] <= line <= self.lines_of(block)[1]), None)

    def lines_of(self, block):
        """Its first and its last line, in its file."""
        at = 1
        for other in self.blocks:
            if other.file != block.file:
                continue
            count = len("\n".join(other.lines).split("\n")) if other.lines else 0
            if other is block:
                return at, at + count - 1
            at += count
        return 0, -1


def halves_away(items, still):
    """The least part of a list with which still() holds, found by leaving out ever smaller pieces."""
    size = len(items) // 2
    while size:
        at = 0
        while at < len(items):
            less = items[:at] + items[at + size:]
            if less != items and still(less):
                items = less
            else:
                at += size
        size //= 2
    return items


def shrink(table, holds):
    """The least table for which holds(table) is true: fewer blocks, fewer lines, fewer words."""
    blocks = halves_away(table.blocks, lambda blocks: holds(Table(blocks)))
    for position, block in enumerate(blocks):
        def with_lines(lines, position=position, block=block):
            return Table(blocks[:position] + [Block(lines, block.port, block.file)] + blocks[position + 1:])

        lines = halves_away(block.lines, lambda lines: holds(with_lines(lines)))
        for number, line in enumerate(lines):
            def with_words(words, number=number):
                return lines[:number] + ["".join(words)] + lines[number + 1:]

            words = halves_away(split_words(line), lambda words: holds(with_lines(with_words(words))))
            lines = with_words(words)
        blocks = with_lines(lines).blocks
    return Table(blocks)


def split_words(line):
    """The words with the blanks before them."""
    words, word = [], ""
    for char in line:
        if char in " \t" and word.strip():
            words.append(word)
            word = ""
        word += char
    return words + [word] if word else words


class Chance:
    """Choices by a seed."""

    def __init__(self, random):
        self.random = random

    def one(self, *choices):
        return self.random.choice(choices)

    def maybe(self, share):
        return self.random.random() < share

    def number(self, least, most):
        return self.random.randint(least, most)

    def some(self, least, most, make):
        return [make() for _ in range(self.number(least, most))]
