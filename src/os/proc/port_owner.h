/* Finds the processes that have ports, as ss -p does: by sock_diag(7) and /proc. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/proc/process.h"
#include "table/endpoint/endpoint.h"

struct buf;

/* The TCP listeners and the UDP sockets of this machine's network, and the processes that have them. A search for all
 * at once, for a table of many services; port_owner is for one port. */
struct port_socket {
	uint8_t protocol;               /* IPPROTO_TCP or IPPROTO_UDP */
	enum endpoint_family family;    /* ANY: of IPv6, and it takes IPv4 clients too */
	uint16_t port;
	unsigned interface;             /* index of the one that it is bound to; 0: none */
	uint8_t address[16];            /* network order; the first 4 bytes of an IPv4 socket count */
	ino_t node;
	pid_t holder;                   /* a process that has it; 0: unknown, or only root may see it */
	bool has_superd;                /* one of those that have it is this process, or a superd (port_table_find_holders) */
};

struct port_table {
	struct port_socket *list;       /* owned; by port */
	size_t count, capacity;
};

/* Lists the sockets. false: the kernel does not list them, or out of memory. */
bool port_table_read(struct port_table *ports);

/* Whether the socket is in the way of one at this address: their kinds, ports, families, interfaces and hosts meet. */
bool port_socket_blocks(const struct port_socket *socket, const struct endpoint *wanted);

/* Sets their holders. Reads the descriptors of every process, and follows none.
 * only_own: of all superds, only this process sets has_superd. */
void port_table_find_holders(struct port_table *ports, bool only_own);

/* The index of the first socket with a port of at least this number; count: none. */
size_t port_table_first(const struct port_table *ports, uint16_t port);

void port_table_free(struct port_table *ports);

void process_describe(pid_t pid, struct buf *out);      /* appends "pid 4711 (nginx)", also "(nginx, stopped until SIGCONT)" */

/* The first process that has a socket which keeps superd from this TCP or UDP address. Of TCP only listeners count. 0: it
 * is unknown, as only root sees all processes' descriptors, or such searches have taken so much time lately that the loop
 * would suffer. */
pid_t port_owner(const struct endpoint *address);

/* The TCP port of a listening socket that the process has, and superd does not. 0: none, or unknown as above. */
uint16_t process_own_port(pid_t pid);
