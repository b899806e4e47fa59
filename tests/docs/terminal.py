"""A command in a terminal of 24 lines: what is on the screen after a while, and then it is told to quit."""
import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

CLEAR = "\x1b[H"        # each picture begins at the top
CODES = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


def read_for(terminal, seconds):
    text, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                text += os.read(terminal, 65536)
            except OSError:     # nobody is at the other end any more
                break
    return text.decode(errors="replace")


def picture(command, seconds=3):
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    text = read_for(terminal, seconds)
    try:
        os.write(terminal, b"q")
    except OSError:             # it has ended by itself
        pass
    read_for(terminal, 2)
    os.close(terminal)
    status = os.waitpid(child, 0)[1]
    last = text[max(text.rfind(CLEAR), 0):]
    return status, "".join(line.rstrip() + "\n" for line in CODES.sub("", last).replace("\r", "").split("\n")).rstrip("\n") + "\n"
