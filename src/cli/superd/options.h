/* What the command line asks of superd, whatever name superd is called by. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cli_option.h"
#include "base/log/log.h"
#include "base/pool.h"
#include "cli/superd/nonempty_sources.h"
#include "parse/compat.h"
#include "parse/sources/sources.h"

/* Whose name superd was called by, and so whose command line it reads. */
enum invoked_as { AS_SUPERD, AS_INETD, AS_XINETD };

enum task { TASK_RUN, TASK_CHECK, TASK_PRINT, TASK_EXPLAIN, TASK_VERSION, TASK_HELP };

/* What an upgrade puts in front of all other words (cli/superd/upgrade_receive). */
struct given {
	bool asks, takes;               /* whether it could take over; that it does */
	bool looks;                     /* a superd that runs asks what is left out of the table now (engine/supervisor/left_out_check) */
	int state;                      /* the descriptor of what there is to take over, or for the answer */
};

struct options {
	enum invoked_as invoked_as;
	enum task task;
	struct cli_texts sources;       /* -f, in order */
	struct cli_texts further;       /* sources of inetd and xinetd that are read while they are there */
	struct pool *made;              /* texts that were put together; NULL: none yet */
	enum compat compat;
	struct inetd_defaults defaults; /* AS_INETD: for services that say nothing themselves */
	struct cli_texts endpoints;     /* -l */
	struct cli_texts environment;   /* -E */
	bool accept, inetd, now;        /* of -l */
	bool datagram, seqpacket;       /* the same: what an endpoint without a kind is */
	struct cli_texts fdnames;       /* --fdname, each of one or several with colons between */
	const char *print;              /* what to print, or option to explain */
	struct nonempty_sources nonempty; /* the files that held anything when the table was last read */
	bool preflight, keep_going, daemon;
	bool warns_of_unsupported;      /* what a unit asks for and superd lacks does not refuse it */
	const char *pid_file, *log_destination;
	const char *process_name;       /* NULL: that of the program */
	const char *control;            /* "none"; NULL: the usual one, but none with -l */
	const char *control_group;      /* NULL: none */
	gid_t control_gid;              /* its number since the last look-up that had an answer (cli/superd/control_setup); -1: none */
	bool pid_file_at_will;          /* nobody asked for it: it may be missing where it can't be written */
	bool stays_without_services;    /* AS_XINETD: -stayalive */
	int64_t process_limit;          /* AS_XINETD: -limit, and below; 0: none */
	int64_t ident_limit;            /* -logprocs */
	int64_t inspect_interval;       /* -cc, seconds; 0: never */
	bool json;
	enum level level;
	int64_t stop_delay, stop_timeout;       /* microseconds */
	char **command;                 /* behind --; NULL: none */
	struct given given;             /* main's to set behind command_line_read */
	char **arguments;               /* all, argv[0] in front, without what was given */
};

void options_free(struct options *options);

const char *options_name(const struct options *options);        /* "superd", "inetd", "xinetd" */

/* false: out of memory, which was said. */
bool options_add(const struct options *options, struct cli_texts *texts, const char *text);

/* A setter that several of the command lines have in their tables (base/cli_option.h). */
const char *options_set_compat(void *options, const struct cli_option *option, const char *name);

/* A text that the options own; a path is made absolute, as a daemon leaves the folder it is started in. NULL: out of
 * memory, which was said. */
const char *options_make(struct options *options, const char *prefix, const char *text);
const char *options_make_path(struct options *options, const char *prefix, const char *path);
