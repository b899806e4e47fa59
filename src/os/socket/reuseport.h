/* A second listener on the address of one that is open: from then on new clients come to it, while those queued at the
 * first stay there. So the first can be drained, or seen to be empty for good, and nobody is refused meanwhile.
 *
 * TCP: two sockets with SO_REUSEPORT, and a selector that always takes the second: a program that moves clients, too
 * (os/bpf/reuseport_bpf), where superd may have one, else a plain one (socket(7), SO_ATTACH_REUSEPORT_CBPF).
 * A unix socket with a path: one bound beside it and renamed over it, which tells its peers the same name. Others have
 * no second listener. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "config/service/service.h"

/* Whether a second listener can be had here at all: of this kind, on this kernel, with these rights. */
bool reuseport_is_possible(const struct listen *listen);

/* Gives the second listener, as bind_listen does, or -1 with errno and why; then all is as before. fd stays open and
 * the caller's. One at a time: the first has to be closed, by all who had it, before its second listener can have a
 * second listener. */
int reuseport_open(int fd, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Whether the kernel moves queued clients and handshakes to fd when the other of the pair is closed: by superd's
 * program, or by tcp_migrate_req (the kernel's ip-sysctl.rst). Else their connections would be reset. */
bool reuseport_migrates(int fd);

/* Shuts down `from` for all that have it, so that the kernel moves its clients to `to`, the other of the pair. false:
 * the kernel moves no clients, or this is no pair of TCP; then nothing was done. */
bool reuseport_migrate(int from, int to);

/* New clients come to `selected`, the second of its pair or the first; fd is the other one. false and errno; always so
 * for unix sockets. */
bool reuseport_select(int fd, int selected, bool is_second);
