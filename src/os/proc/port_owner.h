/* Finds the process that has a port, as ss -p does: by sock_diag(7) and /proc. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/proc/process.h"

struct buf;

/* The sockets of this port, for process_holds; protocol as for port_owner. Returns their number. */
size_t port_sockets(uint8_t protocol, uint16_t port, struct file_id *ids, size_t most);

/* Writes who has a socket of this port into out, as "pid 4711 (nginx)", the first found and the number of others.
 * protocol is IPPROTO_TCP, of which only listeners count, or IPPROTO_UDP. false, and nothing written: it can't be told,
 * as only root sees everybody's sockets, or so much time has gone into such questions lately that the loop would
 * suffer. */
bool port_owner(uint8_t protocol, uint16_t port, struct buf *out);

/* The TCP port of a socket that a process has opened itself and listens at: one of this user's that superd does not
 * have. 0: there is none, or it can't be told, as above. */
uint16_t process_own_port(pid_t pid, uid_t user);
