/* Finds the process that has a port, as ss -p does: by sock_diag(7) and /proc. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/proc/process.h"
#include "table/endpoint/endpoint.h"

struct buf;

/* Finds the sockets that keep superd from this address (TCP, UDP, unix), at most `most`, for process_holds; of UDP only
 * those without a peer. Returns their number. Changed as bind_to_device and ipv6_only demand
 * (table/rules/endpoint_conflict). */
size_t address_sockets(const struct endpoint *address, struct file_id *ids, size_t most);

void process_describe(pid_t pid, struct buf *out);      /* appends "pid 4711 (nginx)" */

/* Appends which process has a socket that keeps superd from this TCP or UDP address, such as "pid 4711 (nginx)", and
 * the number of further ones. Of TCP only listeners count. Returns how many processes have one. 0, and
 * nothing appended: it is unknown, as only root sees all processes' descriptors, or such searches have taken so much
 * time lately that the loop would suffer; a process that was found before and still has it needs no search. */
unsigned port_owner(const struct endpoint *address, struct buf *out);
unsigned socket_owner(ino_t node, uint16_t port, struct buf *out);      /* the same of this one socket alone */

/* The TCP port of a listening socket that a process of this user has opened itself, and that superd does not have. 0:
 * none, or unknown as above. */
uint16_t process_own_port(pid_t pid, uid_t user);
