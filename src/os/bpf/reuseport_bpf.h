/* A program of the kernel's own machine (bpf(2)) that selects one of the TCP sockets which share an address (socket(7),
 * SO_REUSEPORT): new clients come to it. Of the kind BPF_SK_REUSEPORT_SELECT_OR_MIGRATE (Linux 5.14) it has the kernel
 * move the clients of another of them, too, when that is closed or shut down: those in its queue, and those whose
 * handshake with it is under way.
 *
 * The kernel keeps the program as long as one of these sockets is open, whoever has it: it outlives superd. */
#pragma once

#include <stdbool.h>

/* Selects this one. Once it is closed itself, its clients come to one that is left. Takes the socket's lock. 0; -1 and
 * errno: EBUSY: it is selected already, or was until a moment ago; EPERM: superd lacks CAP_BPF; EINVAL or ENOSYS: it is
 * no such socket, or the kernel has no such programs. */
int reuseport_bpf_select(int fd);

/* Whether it is selected already, or was until a moment ago; takes no lock. */
bool reuseport_bpf_has_selected(int fd);

/* Whether the program is there, for the sockets of this descriptor's address. Nobody can ask the kernel, so it is noted
 * here, and told to the superd that follows in an upgrade. */
void reuseport_bpf_note(int fd, bool is_there);
bool reuseport_bpf_is_noted(int fd);
