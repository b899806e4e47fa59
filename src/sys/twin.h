/* A second listener on the address of one that is open: from then on new clients come to it, while those queued at the
 * first stay there. So the first can be drained, or seen to be empty for good, and nobody is refused meanwhile.
 *
 * TCP: two sockets with SO_REUSEPORT, and a selector (socket(7), SO_ATTACH_REUSEPORT_CBPF) that always takes the second.
 * A unix socket with a path: one bound beside it and renamed over it, which tells its peers the same name. Others have
 * no twin. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "model/service.h"

/* Whether a twin can be had here at all: of this kind, on this kernel, with these rights. */
bool twin_is_possible(const struct listen *listen);

/* Gives the twin, as bind_listen does, or -1 with errno and why; then all is as before. fd stays open and the caller's. One
 * at a time: the first has to be closed, by all who had it, before its twin can have a twin. */
int twin_open(int fd, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Those who wait at the first come to the second, or whose handshake is under way: the first is shut down, for
 * all who have it, and a kernel that was told to (ip-sysctl, tcp_migrate_req) moves them. false: it does not,
 * or this is no pair of TCP; then nothing was done. */
bool twin_hand_over(int first);

/* New clients come to the first again, or to the second; fd is either. false and errno; always so for unix sockets. */
bool twin_turn(int fd, bool to_second);
