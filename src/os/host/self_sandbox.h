/* The sandbox of superd's own programs. Before a process reads any data from a stranger, it drops new privileges, files,
 * other programs, and every system call that its work does not need, and no other process may trace it. A program does
 * this itself, because only it knows when it has opened everything that it needs.
 *
 * Parts that the kernel lacks are left out, and superd --version names them; the helper's own user, the empty
 * bounding set and no_new_privs remain. A build with sanitizers has no sandbox, as their runtimes trace and write
 * files. Sources: landlock(7), seccomp(2), prctl(2). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SANDBOX_PORTS 8

/* The rights that a program still needs beside its open descriptors, memory and time. contrib/doc/privileges.md says who has which. */
enum self_right {
	MAY_SEND = 1 << 0,              /* messages to an address, and descriptors */
	MAY_CONTROL = 1 << 1,           /* requests to a filter of system calls that is open */
	MAY_WRITE_FILES = 1 << 2,       /* files that are open may grow */
	MAY_TAKE_CLIENTS = 1 << 3,      /* accepts connections, and waits for many at once (epoll(7)) */
	MAY_CONNECT = 1 << 4,           /* to IPv4 and IPv6 addresses */
	MAY_CONNECT_UNIX = 1 << 5,
	MAY_ANSWER_UNIX = 1 << 6,       /* sends datagrams to unix sockets, abstract ones too */
	MAY_BIND = 1 << 7,              /* TCP sockets to an address, with port 0 (the kernel's choice) */
	/* Looks up hosts: opens files for reading, loads modules of NSS (nss(5)), creates sockets of any
	 * kind. */
	MAY_FIND_NAMES = 1 << 8,
	MAY_CHANGE_USER = 1 << 9,       /* as far as its capabilities allow, and these, which the change would take away */
	MAY_READ_FILES = 1 << 10,       /* opens any file for reading that its user may open */
	MAY_QUERY = 1 << 11,            /* creates sockets, to query the kernel */
	/* Reads memory, descriptors and /proc entries of other processes. A process in a Landlock domain may not do
	 * that (landlock(7), "Ptrace restrictions"), so it has none. */
	MAY_LOOK = 1 << 12,
};

/* A zeroed struct allows nothing but open descriptors. */
struct self_sandbox {
	unsigned rights;                /* of enum self_right */
	uint16_t ports[SANDBOX_PORTS];  /* the only TCP ports that it connects to */
	size_t port_count;
};

/* To be called first in main: no process of the same user may trace this one, read its memory or copy its descriptors;
 * it gets no new privileges and leaves no core. A program that it executes is free again, except for new privileges. */
void self_sandbox_begin(void);

/* Applies the rest of the sandbox. It cannot be undone. A part that the kernel has, and cannot apply now, as for lack of
 * memory or descriptors, ends the process with EXIT_FAILURE and a message. */
void self_sandbox_enter(const struct self_sandbox *sandbox);

/* Whether this build and this kernel have the two parts of a sandbox: a filter of system calls, and Landlock. Apply
 * nothing. */
bool self_sandbox_can_filter(void);
bool self_sandbox_can_restrict(void);

/* Adds the TCP ports that a name lookup may need. */
void self_sandbox_add_name_ports(struct self_sandbox *sandbox);
