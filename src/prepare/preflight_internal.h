/* Shared by the parts of the preflight. Private to prepare/preflight*. */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "base/ptr_map.h"
#include "config/table/table.h"
#include "exec/plan/plan.h"
#include "exec/sandbox/sandbox_probe.h"
#include "os/host/hosts_access.h"

/* One of superd's own programs beside it. */
struct helper_program {
	bool looked;
	const char *missing;            /* message that it is missing; NULL: it is there */
};

/* Units that ask for limits and priorities which superd may not set. */
struct clamped_units {
	struct origin at;               /* of the first option */
	const struct service *last;
	size_t count;
	uint64_t lacking;               /* capabilities, a bit each, any of which would give them some of it */
	struct buf names;               /* "a (LimitNOFILE, Nice), b (Nice", the last one open */
};

struct preflight {
	const struct table *table;
	const struct process_defaults *defaults;
	struct diags *diags;
	bool root;                      /* superd runs as root */
	bool serves;                    /* it serves already, and must not wait */
	int port_start;                 /* the lowest port without privilege */
	struct ptr_map programs;        /* program, account -> what is wrong with it, or NULL */
	struct ptr_map interfaces;      /* name -> the name when it is there, else NULL */
	struct ptr_map addresses;       /* address, interface -> the address when it is there, else NULL */
	struct ptr_map variables;       /* environment_file -> itself: its bad lines were reported */
	struct ptr_map tables;          /* file -> NULL: its owners were checked */
	struct ptr_map runtime;         /* runtime_directory -> the first service with it */
	char *mounts;                   /* for os/fs/path_trust */
	struct helper_program advise, rpc;
	const struct service *root_unit;        /* the first that would run as root without saying so; NULL: none */
	size_t root_units;              /* number of such services */
	struct clamped_units nearest;
	bool hosts_told;                /* unreadable files of hosts.allow and hosts.deny were reported */
	bool reclaim_told;              /* the lack of freeze_reclaim was reported, once for all services */
	struct hosts_access hosts_access;
	struct sandbox_support support;
	int kinds[ENDPOINT_KINDS][3];   /* by kind and family: -1 not asked yet, 0 there, else errno */
};

/* Adds "SERVICE: OPTION = VALUE: WRONG" at the option's place, in the words of its table; without OPTION where that has
 * no such word. */
void preflight_report(struct preflight *preflight, enum severity severity, const struct service *service,
		      const char *option, const char *value, const char *wrong, ...)
	__attribute__((format(printf, 6, 7)));

/* Whether superd may look at a path: always before it serves; then only if the look cannot block. */
bool preflight_may_look(const struct preflight *preflight, const char *path);

/* Summaries, after all services were checked. */
void preflight_root_units(struct preflight *preflight);
void preflight_clamped_units(struct preflight *preflight);

/* Checks a service's program, folders and files. */
void preflight_files(struct preflight *preflight, const struct service *service);

/* What is wrong with a program for an account, NULL: superd's own; root as root_directory. NULL: nothing. The text is
 * in the table's pool. */
const char *preflight_check_program(const struct preflight *preflight, const struct service *service, const char *path,
				    const char *root, const struct account *account);

/* What keeps an account from reading a file, which need not be there; account NULL: superd's own. NULL: nothing. The
 * text is in the pool. */
const char *preflight_check_readable(struct pool *pool, const char *path, const struct account *account);

/* Checks the programs of its commands. In preflight_commands.c. */
void preflight_commands(struct preflight *preflight, const struct service *service);

/* Checks the files and credentials it is handed. In preflight_passed_fds.c. */
void preflight_passed_fds(struct preflight *preflight, const struct service *service);

/* Checks its directories, its processors and its files of variables. */
void preflight_environment(struct preflight *preflight, const struct service *service);

/* Checks whether other users than root can change what it runs as root. */
void preflight_owners(struct preflight *preflight, const struct service *service);

/* Checks its sockets: kinds, ports, interfaces, owners. */
void preflight_sockets(struct preflight *preflight, const struct service *service);

/* Checks the libraries and programs of superd that it needs. */
void preflight_libraries(struct preflight *preflight, const struct service *service);

/* Checks its options of control groups, devices and scheduling. */
void preflight_resources(struct preflight *preflight, const struct service *service);

/* Checks superd's own privileges for it. */
void preflight_privileges(struct preflight *preflight, const struct service *service);

/* Checks whether this machine supports its hardening. */
void preflight_sandbox(struct preflight *preflight, const struct service *service);
