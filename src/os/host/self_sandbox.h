/* What one of superd's own programs takes away from itself, before it reads anything that a stranger sent: looking from
 * outside, new privileges, files, programs and every system call that its work does not need. It is done by the
 * program, as only that knows when it has opened what it needs.
 *
 * What a kernel does not have is left out: then the user of its own, the empty bounding set and no_new_privs remain.
 * A build with sanitizers has none of it, as their runtimes trace and write. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SANDBOX_PORTS 8

struct self_sandbox {
	bool finds_names;               /* users, hosts: opens files for reading, loads modules of NSS, makes sockets of any kind */
	bool connects;                  /* makes connections of IPv4 and IPv6 */
	bool has_clients;               /* accepts connections and has a child for each */
	bool acts_as_users;             /* changes its effective user (root alone may) */
	bool answers_unix;              /* sends datagrams to unix sockets, also abstract ones */
	bool binds_any;                 /* binds sockets of TCP to an address, the port being the kernel's choice */
	uint16_t ports[SANDBOX_PORTS];  /* of TCP, the only ones it connects to */
	size_t port_count;
};

/* The first thing in main: nobody of the same user may trace this process, read its memory or take its descriptors; it
 * gets no new privileges and leaves no core. A program that it starts is as any other again, but for privileges. */
void self_sandbox_begin(void);

/* Everything else, for good. */
void self_sandbox_enter(const struct self_sandbox *sandbox);

/* Adds the ports of TCP that a look-up of names may need. */
void self_sandbox_add_name_ports(struct self_sandbox *sandbox);
