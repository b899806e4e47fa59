/* The sockets on which processes listen themselves, by sock_diag(7): TCP sockets, and unix sockets of connections. The
 * sockets of the processes are given by their inodes, sorted. For a helper process: the kernel lists the sockets of the
 * whole machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/netdiag/conn_count.h"

#define OWN_PORTS_MOST 8                /* of one backend */

/* Fills in the identities of listeners among these sockets, as conn_count_init. Returns their number. */
size_t own_ports_find(const uint32_t *nodes, size_t count, struct conn_count *own, size_t most);

/* Notes the connections of which these sockets are both ends: a backend that is connected to itself has no client. */
void own_ports_note_internal(const uint32_t *nodes, size_t count, struct cookie_set *cookies);
