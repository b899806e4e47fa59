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

/* What a worker process may do beside using its open descriptors, memory and time. Each kind has one of these profiles
 * (worker/record/kinds). No two differ in a right that only one kind needs and that an attacker could use. */
enum self_profile {
	PROFILE_PROGRAM,                /* no worker: what the members of struct self_sandbox allow */
	PROFILE_DESCRIPTORS,            /* nothing but requests to a terminal or a filter of system calls that is open */
	PROFILE_OUTPUT,                 /* creates threads, and writes to files that are open */
	/* Opens files of proc(5) for reading, and no others where there is Landlock; passes on descriptors. */
	PROFILE_PROC,
	/* Reads files as PROFILE_PROC; sets options and the backlog of listeners, and creates a socket for a comparison with one:
	 * neither a raw nor a netlink one, as it has the capabilities to forge packets and to change the network. */
	PROFILE_RESTORES,
	PROFILE_SOCKETS,                /* reads files as PROFILE_PROC; creates sockets, to query the kernel */
	/* Reads memory, descriptors and /proc entries of other processes. A process in a Landlock domain may not do
	 * that (landlock(7), "Ptrace restrictions"), so it has none, and opens any file for reading that its user may
	 * open. Creates sockets, to query the kernel; takes on another user for good, as far as its capabilities
	 * allow. */
	PROFILE_LOOKS,
	PROFILE_TRACES,                 /* as PROFILE_LOOKS, and is a tracer (ptrace(2)) */
};

/* The rights that the program still needs; a zeroed struct allows nothing but open descriptors. */
struct self_sandbox {
	enum self_profile profile;
	/* Looks up users or hosts: opens files for reading, loads modules of NSS (nss(5)), creates sockets of any
	 * kind. */
	bool finds_names;
	bool connects;                  /* connects to IPv4 and IPv6 addresses */
	bool connects_unix;             /* connects to unix sockets */
	bool has_clients;               /* accepts connections, and waits for many at once (epoll(7)) */
	bool acts_as_users;             /* changes its effective user (root alone may) */
	bool answers_unix;              /* sends datagrams to unix sockets, abstract ones too */
	bool binds_any;                 /* binds TCP sockets to an address, with port 0 (the kernel's choice) */
	bool reads_files;               /* opens any file for reading that its user may open */
	bool writes_files;              /* writes to files that are open */
	uint16_t ports[SANDBOX_PORTS];  /* the only TCP ports that it connects to */
	size_t port_count;
};

/* To be called first in main: no process of the same user may trace this one, read its memory or copy its descriptors;
 * it gets no new privileges and leaves no core. A program that it executes is free again, except for new privileges. */
void self_sandbox_begin(void);

/* Applies the rest of the sandbox. It cannot be undone. */
void self_sandbox_enter(const struct self_sandbox *sandbox);

/* Whether this build and this kernel have the two parts of a sandbox: a filter of system calls, and Landlock. Apply
 * nothing. */
bool self_sandbox_can_filter(void);
bool self_sandbox_can_restrict(void);

/* Adds the TCP ports that a name lookup may need. */
void self_sandbox_add_name_ports(struct self_sandbox *sandbox);
