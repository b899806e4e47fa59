/* The command line of xinetd, for a superd that is called as xinetd: long options behind one dash, each argument a
 * word of its own.
 *
 * xinetd silently ignores an option that it does not know. superd ignores it too, so that old scripts start, but
 * prints a warning, as the option may have been meant as a limit. */
#include "cli/superd/as_xinetd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/scan.h"
#include "exec/processes/init.h"

/* The system's own, wherever superd was installed. */
#define TABLE "/etc/xinetd.conf"
#define INETD_TABLE "/etc/inetd.conf"

enum xinetd_flag {
	XINETD_DEBUG,
	XINETD_FILE,
	XINETD_FILELOG,
	XINETD_SYSLOG,
	XINETD_PIDFILE,
	XINETD_DONTFORK,
	XINETD_STAYALIVE,
	XINETD_LIMIT,
	XINETD_LOGPROCS,
	XINETD_SHUTDOWNPROCS,
	XINETD_CC,
	XINETD_INETD_COMPAT,
	XINETD_INETD_IPV6,
	XINETD_REUSE,
	XINETD_LOOP,
	XINETD_INTERVAL,
	XINETD_VERSION,
	XINETD_HELP,
	XINETD_FLAGS
};

static const struct {
	const char *name;               /* behind one dash or two */
	const char *argument;           /* NULL: takes none */
	const char *help;
} xinetd_flags[XINETD_FLAGS] = {
	[XINETD_DEBUG] = { "d", NULL, "stay in the foreground and log all there is to stderr" },
	[XINETD_FILE] = { "f", "FILE", "read this table (" TABLE ")" },
	[XINETD_FILELOG] = { "filelog", "FILE", "log to this file" },
	[XINETD_SYSLOG] = { "syslog", "FACILITY", "log to syslog as this (daemon)" },
	[XINETD_PIDFILE] = { "pidfile", "FILE", "write the pid there" },
	[XINETD_DONTFORK] = { "dontfork", NULL, "stay in the foreground; implies -stayalive" },
	[XINETD_STAYALIVE] = { "stayalive", NULL, "stay although the table has no services" },
	[XINETD_LIMIT] = { "limit", "NUMBER", "the most processes of all services at once" },
	[XINETD_LOGPROCS] = { "logprocs", "NUMBER", "the most questions for a client's user at once" },
	[XINETD_SHUTDOWNPROCS] = { "shutdownprocs", "NUMBER", "without effect, as in xinetd" },
	[XINETD_CC] = { "cc", "SECONDS", "look superd's own state over so often" },
	[XINETD_INETD_COMPAT] = { "inetd_compat", NULL, "read " INETD_TABLE ", too, where there is one" },
	[XINETD_INETD_IPV6] = { "inetd_ipv6", NULL, "without effect: its services have IPv6 anyway" },
	[XINETD_REUSE] = { "reuse", NULL, "without effect, as in xinetd" },
	[XINETD_LOOP] = { "loop", "NUMBER", "without effect: cps in the table limits starts" },
	[XINETD_INTERVAL] = { "interval", "SECONDS", "without effect, as in later xinetds" },
	[XINETD_VERSION] = { "version", NULL, "say which version this is" },
	[XINETD_HELP] = { "help", NULL, "this text" },
};

static bool set_number(const struct options *options, enum xinetd_flag flag, const char *text, int64_t *number)
{
	const char *why = scan_count(text, number);

	if (!why && *number >= 1 && *number <= UINT32_MAX)
		return true;
	return options_complain(options, xinetd_flags[flag].name, text, "it is a number above 0");
}

static bool set_limit(struct options *options, enum xinetd_flag flag, const char *text)
{
	int64_t number = 0;

	if (!set_number(options, flag, text, &number))
		return false;
	if (flag == XINETD_LIMIT)
		options->process_limit = (size_t)number;
	else if (flag == XINETD_LOGPROCS)
		options->ident_limit = (size_t)number;
	else if (flag == XINETD_CC)
		options->inspect_interval = number;
	return true;
}

static bool set_log(struct options *options, const char *destination)
{
	if (options->log_destination) {
		fprintf(stderr, "xinetd: -filelog and -syslog exclude each other: there is one log\n");
		return false;
	}
	options->log_destination = destination;
	return destination;
}

static bool set_task(struct options *options, enum task task)
{
	options->task = task;
	return true;
}

static bool apply_switch(struct options *options, enum xinetd_flag flag, bool *debug)
{
	switch (flag) {
	case XINETD_DEBUG:
		return *debug = true;
	case XINETD_DONTFORK:
		options->daemon = false;
		return options->stays_without_services = true;
	case XINETD_STAYALIVE:
		return options->stays_without_services = true;
	case XINETD_INETD_COMPAT:
		return options_add(options, &options->further, &options->further_count, "inetd:" INETD_TABLE);
	case XINETD_VERSION:
		return set_task(options, TASK_VERSION);
	case XINETD_HELP:
		return set_task(options, TASK_HELP);
	default:
		return true;            /* without effect */
	}
}

static bool apply(struct options *options, enum xinetd_flag flag, const char *argument, bool *debug)
{
	const char *source;

	switch (flag) {
	case XINETD_FILE:
		options->source_count = 0; /* the last one counts */
		source = options_make_path(options, "xinetd:", argument);
		return source && options_add(options, &options->sources, &options->source_count, source);
	case XINETD_FILELOG:
		return set_log(options, options_make_path(options, "file:", argument));
	case XINETD_SYSLOG:
		return set_log(options, options_make(options, "syslog:", argument));
	case XINETD_PIDFILE:
		options->pid_file = options_make_path(options, "", argument);
		return options->pid_file;
	case XINETD_LIMIT:
	case XINETD_LOGPROCS:
	case XINETD_SHUTDOWNPROCS:
	case XINETD_CC:
		return set_limit(options, flag, argument);
	default:
		return apply_switch(options, flag, debug);
	}
}

/* The option that a word names; XINETD_FLAGS: none. */
static enum xinetd_flag identify(const char *word)
{
	if (*word != '-')
		return XINETD_FLAGS;
	word += strncmp(word, "--", 2) == 0 ? 2 : 1;
	for (enum xinetd_flag flag = 0; flag < XINETD_FLAGS; flag++) {
		if (!strcmp(xinetd_flags[flag].name, word))
			return flag;
	}
	return XINETD_FLAGS;
}

/* Reports an unknown word. true: it looks like an option and is ignored; false: it belongs to no option, which is an
 * error. */
static bool pass_over(const char *word)
{
	bool is_option = word[0] == '-' && word[1];

	fprintf(stderr, "xinetd: '%s' is no option of xinetd%s: see xinetd -help\n", word,
		is_option ? ", and has no effect" : "");
	return is_option;
}

static bool read_flags(struct options *options, int argc, char **argv, bool *debug)
{
	for (int n = 1; n < argc; n++) {
		enum xinetd_flag flag = identify(argv[n]);
		const char *argument = NULL;

		if (flag == XINETD_FLAGS) {
			if (!pass_over(argv[n]))
				return false;
			continue;
		}
		if (xinetd_flags[flag].argument) {
			if (n + 1 == argc) {
				fprintf(stderr, "xinetd: -%s needs an argument: %s\n", xinetd_flags[flag].name,
					xinetd_flags[flag].argument);
				return false;
			}
			argument = argv[++n];
		}
		if (!apply(options, flag, argument, debug))
			return false;
	}
	return true;
}

static bool settle(struct options *options, bool debug)
{
	if (debug) {
		options->level = LEVEL_DEBUG;
		options->log_destination = "stderr";
		options->pid_file = NULL;
		options->daemon = false;
	} else if (!options->log_destination) {
		/* A container often has no /dev/log; then stderr is the only log that anybody reads. */
		options->log_destination = options->daemon || access("/dev/log", F_OK) == 0 ? "syslog" : "stderr";
	}
	return options->source_count ||
		options_add(options, &options->sources, &options->source_count, "xinetd:" TABLE);
}

bool as_xinetd_read(struct options *options, int argc, char **argv)
{
	bool debug = false;

	options->keep_going = true;
	options->daemon = !init_is_first();     /* a container ends with its PID 1 */
	options->log_destination = NULL;
	return read_flags(options, argc, argv, &debug) && settle(options, debug);
}

void as_xinetd_help(void)
{
	printf("usage: xinetd [options]\n\n"
	       "superd as xinetd: listens for the services of xinetd.conf and starts each when somebody connects.\n\n");
	for (enum xinetd_flag flag = 0; flag < XINETD_FLAGS; flag++) {
		char left[64];

		snprintf(left, sizeof(left), "-%s%s%s", xinetd_flags[flag].name, xinetd_flags[flag].argument ? " " : "",
			 xinetd_flags[flag].argument ? xinetd_flags[flag].argument : "");
		printf("  %-24s %s\n", left, xinetd_flags[flag].help);
	}
	printf("\nSignals: HUP and USR2 read the table again; TERM and INT stop; QUIT leaves, instances run on; USR1 "
	       "dumps\n"
	       "the state; ABRT looks it over. superd(8) tells the rest.\n");
}
