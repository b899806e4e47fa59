/* What the files of superd/machine share. */
#pragma once

#include "os/proc/port_owner.h"
#include "superd/machine/machine.h"
#include "superd/start/start.h"

/* ---- access.c: address rules with the names of networks(5), and the kernel's filters for them ---- */

/* Sets the service's probes, and the rules and filters of its sockets; adds a diagnostic for rules that cannot be
 * enforced. */
void networks_resolve(struct resolver *resolver, struct service *service);

/* ---- addresses.c: names of hosts and ports, by hosts(5), DNS and services(5) ---- */

/* Sets listen->address to the endpoint with numbers instead of names; false after adding a diagnostic. */
bool addresses_resolve(struct resolver *resolver, const struct service *service, struct listen *listen);

/* Shared by the parts of the preflight. Private to superd/machine/check.c*. */

enum { BIND_UNTRIED = -2 };

/* The state of checking one table. */
struct preflight {
	const struct table *table;
	struct diags *diags;
	bool root;		   /* superd runs as root */
	bool serves;		   /* superd already serves, and must not block */
	int port_start;		   /* capability_port_start */
	struct ptr_map programs;   /* program, account -> its flaw; NULL: none */
	struct ptr_map tables;	   /* file -> NULL, once its owners were checked */
	struct ptr_map root_files; /* program or environment_file -> NULL, if only root can change it */
	struct port_table ports;   /* owned; without holders before the first taken port */
	bool holders_read;
	int bind_error; /* why pass = bind is impossible, an errno; 0: it is possible; -1: unknown; BIND_UNTRIED */
	bool has_host_rules; /* hosts.allow or hosts.deny have a rule */
	struct sandbox_support support;
};

/* Adds "SERVICE: OPTION = VALUE: WRONG" at the option's origin, in the words of the table's format; without OPTION if
 * that format has no word for it. value NULL: the service's, as superd.conf writes it, also if it is the default. */
void preflight_report(struct preflight *preflight, enum severity severity, const struct service *service,
		      const char *option, const char *value, const char *wrong, ...)
	__attribute__((format(printf, 6, 7)));

/* Checks a service's programs. */
void preflight_files(struct preflight *preflight, const struct service *service);

/* The flaw of a program of superd's own; NULL: none. The text is in the table's pool. */
const char *preflight_check_own(const struct preflight *preflight, enum program which);

/* Checks whether users other than root can change the programs that it runs as root. */
void preflight_owners(struct preflight *preflight, const struct service *service);
