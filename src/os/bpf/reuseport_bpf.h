/* A BPF program (bpf(2)) that selects one of the TCP sockets which share an address (socket(7), SO_REUSEPORT). New
 * clients go to the selected socket. The program is of the kind BPF_SK_REUSEPORT_SELECT_OR_MIGRATE (Linux 5.14): when
 * another of these sockets is closed or shut down, the kernel also moves that socket's clients to the selected one,
 * those in its queue and those in the middle of their handshake.
 *
 * The kernel keeps the program as long as any process has one of these sockets open, so it outlives superd. */
#pragma once

#include <stdbool.h>

/* Selects the socket `fd`. When this socket is closed later, its clients move to one that is left. Takes the socket's
 * lock. 0; -1 and errno: EBUSY: it is selected already, or was until a moment ago; EPERM: superd lacks CAP_BPF; EINVAL
 * or ENOSYS: it is not a TCP socket with SO_REUSEPORT, or the kernel has no such programs. */
int reuseport_bpf_select(int fd);

/* Whether the socket is selected already, or was until a moment ago. Takes no lock. The kernel has no call that reports
 * it, but it refuses another map. */
bool reuseport_bpf_has_selected(int fd);
