"""Servers of Sun RPC, whose clients ask rpcbind for their port."""
import contextlib
import os
import subprocess
import time

from server_case import PATIENCE, Failed, case, need, run, run_well


@contextlib.contextmanager
def rpcbind():
    with subprocess.Popen(["/usr/sbin/rpcbind", "-f"], stdin=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def wait_until(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise Failed("waited in vain for " + what)
        time.sleep(0.05)


# As update-inetd(8) writes it for the package, and by tcpd, too.
@case("rusersd/2-3\tdgram\trpc/udp\twait\tnobody\t/usr/sbin/tcpd\t/usr/sbin/rpc.rusersd\n",
      {"/usr/sbin/rpc.rusersd": "rusersd", "/usr/bin/rusers": "rusers", "/usr/sbin/rpcbind": "rpcbind",
       "/usr/sbin/tcpd": "tcpd"})
def rusersd_of_rpc(place):
    # rusers counts who is logged in, by this file.
    with open("/run/utmp", "wb"):
        os.chmod("/run/utmp", 0o644)
    with rpcbind():
        wait_until("the registration", lambda: "100002" in run("/usr/sbin/rpcinfo", "-p", "127.0.0.1")[1])
        answer = run_well("rusers", "-a", "127.0.0.1")
        need("localhost" in answer or "127.0.0.1" in answer, answer)
