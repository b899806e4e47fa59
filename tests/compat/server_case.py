"""What the cases of `servers` are made of: a table, the programs it needs, and what a client does."""
import os
import socket
import subprocess
import sys

PATIENCE = 120

cases = []


class Skip(Exception):
    pass


class Failed(Exception):
    pass


def case(table, needs, dialect="inetd", edit=None):
    """A server: its table, and the programs that server and client need (with the package of each). A table without a line
    end is the path of one that a package brings; edit is what has to be replaced in it."""
    def wrap(function):
        cases.append((function.__name__, table, needs, dialect, edit or {}, function))
        return function
    return wrap


def command_line(document, *known):
    """The options and the other words of the command line. --help prints the document; an unknown option ends it."""
    options, names = {}, []
    for word in sys.argv[1:]:
        name, _, value = word.partition("=")
        if name in ("-h", "--help"):
            print(document.strip())
            sys.exit()
        if not name.startswith("-"):
            names.append(word)
        elif name in known:
            options[name] = value
        else:
            print(f"{word}: there is no such option\n\n{document.strip()}", file=sys.stderr)
            sys.exit(2)
    return options, names


def need(condition, what):
    if not condition:
        raise Failed(what)


def run(*command, **options):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=PATIENCE, check=False, **options)
    return result.returncode, result.stdout.decode(errors="replace")


def run_well(*command, **options):
    status, output = run(*command, **options)
    need(status == 0, f"{' '.join(command)}: status {status}: {output}")
    return output


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def read(path):
    with open(path, "rb") as file:
        return file.read()


def open_to(port, host="127.0.0.1"):
    connection = socket.create_connection((host, port), PATIENCE)
    connection.settimeout(PATIENCE)
    return connection


def hear(connection, until=None):
    """What comes, to the end or until it has these bytes."""
    got = b""
    while until is None or until not in got:
        piece = connection.recv(4096)
        if not piece:
            break
        got += piece
    return got


def talk(port, send=b"", host="127.0.0.1", until=None, close=True):
    """What a server says to this, to the end or until it has said a word."""
    with open_to(port, host) as connection:
        connection.sendall(send)
        if close and until is None:
            connection.shutdown(socket.SHUT_WR)
        return hear(connection, until)
