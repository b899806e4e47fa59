/* Shared by the parts of the preflight. Private to superd/machine/preflight*. */
#pragma once

#include <stdbool.h>
#include <sys/resource.h>

#include "lib/diag.h"
#include "lib/ptr_map.h"
#include "os/host/hosts_access.h"
#include "os/proc/port_owner.h"
#include "superd/machine/helper_user.h"
#include "superd/machine/preflight.h"
#include "superd/start/plan.h"
#include "superd/start/sandbox_probe.h"
#include "table/services/table.h"

/* Units with limits and priorities that superd may not set. */
struct clamped_units {
	struct origin at;               /* origin of the first option */
	const struct service *last;     /* service of the last option */
	size_t count;                   /* number of such units */
	uint64_t lacking;               /* bit CAP_x: capabilities that would allow some of it */
	struct buf names;               /* "a (LimitNOFILE, Nice), b (Nice": the last one without its bracket */
};

/* The state of checking one table. */
struct preflight {
	const struct table *table;
	const struct process_defaults *defaults;
	struct diags *diags;
	bool root;                      /* superd runs as root */
	bool serves;                    /* superd already serves, and must not block */
	int port_start;                 /* capability_port_start */
	struct ptr_map programs;        /* program, account -> its flaw; NULL: none */
	struct ptr_map interfaces;      /* name -> the name; NULL: it does not exist */
	struct ptr_map addresses;       /* address, interface -> the address; NULL: this machine does not have it */
	struct ptr_map variables;       /* environment_file -> itself, once its ignored lines were reported */
	struct ptr_map tables;          /* file -> NULL, once its owners were checked */
	struct ptr_map root_files;      /* program or environment_file -> NULL, if only root can change it */
	struct ptr_map runtime;         /* runtime_directory -> the first service with it */
	char *mounts;                   /* path_mounts, owned */
	struct port_table ports;        /* owned; without holders before the first taken port */
	bool holders_read;
	const struct service *root_unit;        /* first unit that would run as root without naming a user; NULL: none */
	size_t root_units;              /* number of such units */
	struct clamped_units clamped;
	bool hosts_asked;               /* superd-advise was asked about hosts.allow and hosts.deny */
	bool hosts_run_commands;        /* known then: a rule starts a command (spawn, twist) */
	bool bind_reported;             /* that pass = bind takes new privileges away was reported, once for all services */
	bool bind_tried;                /* bind_error is valid */
	int bind_error;                 /* why pass = bind is impossible, an errno; 0: it is possible; -1: unknown */
	bool reclaim_reported;          /* the lack of freeze_reclaim was reported, once for all services */
	struct hosts_access hosts_access;
	struct sandbox_support support;
	int kinds[ENDPOINT_KINDS][3];   /* by kind and family: -1: not yet tried; 0: works; else errno of socket(2) */
};

/* Adds "SERVICE: OPTION = VALUE: WRONG" at the option's origin, in the words of the table's format; without OPTION if
 * that format has no word for it. value NULL: the service's, as superd.conf writes it, also if it is the default. */
void preflight_report(struct preflight *preflight, enum severity severity, const struct service *service,
		      const char *option, const char *value, const char *wrong, ...)
	__attribute__((format(printf, 6, 7)));

/* Whether superd may examine a path: always before it serves; then only if that cannot block. */
bool preflight_may_look(const struct preflight *preflight, const char *path);

/* Add summaries, after all services were checked. */
void preflight_root_units(struct preflight *preflight);
void preflight_clamped_units(struct preflight *preflight);
void preflight_descriptors(struct preflight *preflight);

/* Checks a service's programs, folders, files and credentials. */
void preflight_files(struct preflight *preflight, const struct service *service);

/* The flaw of a program of superd's own for an account; NULL: none. The text is in the table's pool. */
const char *preflight_check_own(const struct preflight *preflight, enum program which, const struct account *account);

/* Checks pass = bind. In preflight_bind.c. */
void preflight_bind(struct preflight *preflight, const struct service *service);

/* Checks its directories, CPUs and files of variables. */
void preflight_environment(struct preflight *preflight, const struct service *service);

/* Checks whether users other than root can change the programs that it runs as root. */
void preflight_owners(struct preflight *preflight, const struct service *service);

/* Checks its sockets: kinds, ports, interfaces, owners. */
void preflight_sockets(struct preflight *preflight, const struct service *service);

/* Checks whether its ports are free. In preflight_ports.c. */
void preflight_ports(struct preflight *preflight, const struct service *service);

/* Checks the libraries and helper programs that it needs. */
void preflight_libraries(struct preflight *preflight, const struct service *service);

/* Checks its options for control groups, devices, scheduling and hardening. */
void preflight_resources(struct preflight *preflight, const struct service *service);

/* Checks the privileges that superd needs for it. */
void preflight_privileges(struct preflight *preflight, const struct service *service);
