/* The command line of superd, parsed, whatever name superd is called by. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cli_option.h"
#include "lib/log/log.h"
#include "lib/pool.h"
#include "superd/main/nonempty_sources.h"
#include "table/option/globals.h"
#include "table/reading/compat.h"
#include "table/sources/sources.h"

/* The program that superd is called as. It decides which command line superd reads. */
enum invoked_as { AS_SUPERD, AS_INETD, AS_XINETD };

enum task { TASK_RUN, TASK_CHECK, TASK_PRINT, TASK_EXPLAIN, TASK_VERSION, TASK_HELP };

/* The argument that a running superd puts in front of the others when it executes superd
 * (superd/main/takeover.h). At most one of the three is true. */
struct internal_args {
	bool checks_upgrade;            /* reports whether this superd could take over */
	bool takes_over;                /* takes over from the superd before, in the same process */
	bool checks_left_out;           /* looks at rows that are left out (load_look_at_left_out) */
	int guard_page;                 /* this is a guard after an upgrade (os/guard/guard.h); -1: it is not */
	int fd;                         /* descriptor with the state of the running superd, or for the answer; -1: none */
};

#define GUARD_UNSET 2                   /* neither --guard nor --no-guard */

struct options {
	enum invoked_as invoked_as;
	enum task task;
	struct cli_texts sources;       /* -f, in order */
	struct cli_texts optional_sources; /* tables of inetd and xinetd that are read if they exist */
	struct pool *pool;              /* owned; holds the texts of options_join; NULL: there are none */
	enum compat compat;             /* --compat */
	struct inetd_defaults defaults; /* AS_INETD: values for services that do not set them */
	struct cli_texts endpoints;     /* -l */
	struct cli_texts environment;   /* -E */
	bool accept, inetd, bind, now;  /* with -l */
	int64_t idle;                   /* with -l: idle_timeout, microseconds; 0: none */
	bool datagram, seqpacket;       /* with -l: the socket type of an endpoint without one */
	struct cli_texts fdnames;       /* --fdname, each one or more names with colons between */
	const char *print;              /* what to print, or the option to explain; NULL: all options */
	struct nonempty_sources nonempty; /* the files that held text when the table in effect was read */
	struct nonempty_sources next_nonempty; /* the same for a table that a reload has read */
	bool preflight, keep_going, takes_over, daemon;
	bool guarded;                   /* superd runs under a guard, or has tried to; set by main */
	unsigned guard;                 /* 0: none, 1: superd runs under a guard; GUARD_UNSET: the default */
	bool warns_of_unsupported;      /* an unsupported key of a unit is a warning, not an error */
	const char *process_name;       /* NULL: the name of the program */
	gid_t control_gid;              /* of settings.control_group, by the last look-up that had an answer; -1: none */
	gid_t next_control_gid;         /* the same for a table that a reload has read */
	bool pid_file_optional;         /* given.pid_file is inetd's default: superd runs without if it cannot be written */
	bool stays_without_services;    /* AS_XINETD: -stayalive */
	int64_t process_limit;          /* AS_XINETD: -limit, processes; 0: no limit */
	int64_t ident_limit;            /* AS_XINETD: -logprocs, lookups at once; 0: no limit */
	const char *default_control;    /* the control socket where neither the command line nor the table names one; NULL: below
					 * the runtime folder */
	struct globals given;           /* the settings of superd itself that the command line sets */
	struct globals settings;        /* those in force (superd/main/settings.h) */
	struct pool *settings_pool;     /* owned; holds their texts; NULL: no table is in effect yet */
	char **command;                 /* the words behind --; NULL: none */
	struct internal_args internal;  /* set by main after command_line_read */
	char **arguments;               /* argv, without the internal argument */
};

void options_free(struct options *options);

const char *options_name(const struct options *options);        /* "superd", "inetd", "xinetd" */

/* Adds a text to a list. false after printing that memory ran out. */
bool options_add(const struct options *options, struct cli_texts *texts, const char *text);

/* Setters of --control and --compat, for struct cli_option (lib/cli_option.h). */
const char *options_set_control(void *options, const struct cli_option *option, const char *text);
const char *options_set_compat(void *options, const struct cli_option *option, const char *name);

/* Standard input is empty when it is read again, so a reload would remove every service. */
bool options_read_standard_input(const struct options *options);

/* The settings of a table, as the command line overrides them; globals NULL: of none. */
struct globals options_join_settings(const struct options *options, const struct globals *globals);

/* Joins two texts; the options own the result. options_path also makes the path absolute, because a daemon leaves the
 * folder it was started in. NULL after printing that memory ran out. */
const char *options_join(struct options *options, const char *prefix, const char *text);
const char *options_path(struct options *options, const char *prefix, const char *path);
