/* A second listener at the address of an open one. New clients go to the second listener, while clients in the first
 * one's queue stay there. So superd can drain the first, or see that it stays empty, and refuses no client meanwhile.
 *
 * TCP: two sockets with SO_REUSEPORT (socket(7)), and a selector that always chooses the second: if superd may load
 * one, a BPF program that also moves clients (os/bpf/reuseport_bpf), else a classic one (SO_ATTACH_REUSEPORT_CBPF). A
 * unix socket with a path: a socket that is bound elsewhere and renamed over the first; both report the same name.
 * Other kinds have no second listener. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "table/service/service.h"

/* Why no second listener is possible: for this kind, with these options and superd's rights. NULL: it is. */
const char *reuseport_obstacle(const struct listen *listen);

/* Whether the first socket has to be changed before another one opens at its port, of the same address or of a wider or
 * narrower one: it does not have SO_REUSEPORT yet. Of a foreign one another process sets that (bind_restore). */
bool reuseport_is_to_be_set(int fd, const struct listen *listen);

/* Opens the second listener, as bind_listen does; or -1 and errno, with why, and then nothing has changed. fd stays
 * open and the caller's. There can be one at a time: all holders must close the first before the second can get a
 * second listener of its own. */
int reuseport_open(int fd, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Whether the kernel moves clients in the queue or in a handshake to fd, the second of the two, when the first is closed:
 * by superd's BPF program, or by tcp_migrate_req (the kernel's ip-sysctl.rst). Otherwise it resets their connections. */
bool reuseport_migrates(int fd);

/* Whether it is one of two TCP listeners at an address: then the other gets the clients if this one is shut down. Takes
 * no lock. */
bool reuseport_has_other(int fd);
