/* The command line by getopt_long, from one table of options with their help, so that --help can't be out of step. */
#include "cmd/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"

enum {
	OPTION_INETD = 256, OPTION_FDNAME, OPTION_NOW,
	OPTION_CHECK, OPTION_PRINT, OPTION_EXPLAIN, OPTION_NO_PREFLIGHT, OPTION_KEEP_GOING,
	OPTION_DAEMON, OPTION_PID_FILE, OPTION_LOG, OPTION_LOG_FORMAT, OPTION_LOG_LEVEL,
	OPTION_CONTROL, OPTION_STOP_TIMEOUT, OPTION_VERSION, OPTION_HELP
};

static const struct {
	const char *name;
	int value;                      /* below 256: its short form */
	int takes;                      /* as in struct option */
	const char *argument, *help;
} known[] = {
	{ "file", 'f', required_argument, "[FORMAT:]FILE", "read this table; may be given several times" },
	{ "listen", 'l', required_argument, "ENDPOINT", "one service without a file: its command stands behind --" },
	{ "accept", 'a', no_argument, NULL, "with -l: an instance a connection" },
	{ "inetd", OPTION_INETD, no_argument, NULL, "with -l: pass the socket as stdin and stdout" },
	{ "now", OPTION_NOW, no_argument, NULL, "with -l: start at once, not with the first connection" },
	{ "fdname", OPTION_FDNAME, required_argument, "NAME[:NAME]", "with -l: LISTEN_FDNAMES" },
	{ "setenv", 'E', required_argument, "NAME[=VALUE]", "with -l: set a variable, or pass superd's own on" },
	{ "check", OPTION_CHECK, no_argument, NULL, "read and check the table, say all that is wrong, and exit" },
	{ "print", OPTION_PRINT, optional_argument, "WHAT",
	  "the table as understood: conf, comments, json; or mdoc, bash, zsh, compat, states" },
	{ "explain", OPTION_EXPLAIN, required_argument, "OPTION", "say what an option of a table means" },
	{ "no-preflight", OPTION_NO_PREFLIGHT, no_argument, NULL, "do not look at this machine: a table for another" },
	{ "keep-going", OPTION_KEEP_GOING, no_argument, NULL, "leave services with errors out and run the rest" },
	{ "daemon", OPTION_DAEMON, no_argument, NULL, "go to the background once every socket was tried" },
	{ "pid-file", OPTION_PID_FILE, required_argument, "FILE", "write superd's pid there" },
	{ "log", OPTION_LOG, required_argument, "DEST", "stderr (default), syslog[:FACILITY] or file:PATH" },
	{ "log-format", OPTION_LOG_FORMAT, required_argument, "FORMAT", "text (default) or json" },
	{ "log-level", OPTION_LOG_LEVEL, required_argument, "LEVEL", "error, warning, notice, info (default) or debug" },
	{ "control", OPTION_CONTROL, required_argument, "PATH", "the control socket: not yet" },
	{ "stop-timeout", OPTION_STOP_TIMEOUT, required_argument, "DURATION", "from the order to stop to SIGKILL (8s)" },
	{ "version", OPTION_VERSION, no_argument, NULL, "say which version this is" },
	{ "help", OPTION_HELP, no_argument, NULL, "this text" },
};

#define STOP_TIMEOUT 8000000            /* microseconds: below the 10 s after which Docker kills */
#define KNOWN (sizeof(known) / sizeof(*known))

static bool add(const char ***list, size_t *count, const char *text)
{
	const char **bigger = realloc(*list, (*count + 1) * sizeof(*bigger));

	if (!bigger) {
		fprintf(stderr, "superd: out of memory\n");
		return false;
	}
	bigger[(*count)++] = text;
	*list = bigger;
	return true;
}

static bool complain(const char *option, const char *value, const char *why)
{
	fprintf(stderr, "superd: %s: '%s': %s\n", option, value, why);
	return false;
}

static bool set_format(struct options *options, const char *text)
{
	options->json = !strcmp(text, "json");
	return options->json || !strcmp(text, "text") ||
		complain("--log-format", text, "the formats are text and json");
}

static bool set_level(struct options *options, const char *text)
{
	const char *why = log_parse_level(text, &options->level);

	return !why || complain("--log-level", text, why);
}

static bool set_stop_timeout(struct options *options, const char *text)
{
	const char *why = scan_duration(text, &options->stop_timeout);

	return !why || complain("--stop-timeout", text, why);
}

static bool set_task(struct options *options, enum task task, const char *argument)
{
	options->task = task;
	options->print = argument;
	return true;
}

static bool apply_log(struct options *options, int option)
{
	switch (option) {
	case OPTION_LOG:
		options->log_destination = optarg;
		return true;
	case OPTION_LOG_FORMAT:
		return set_format(options, optarg);
	case OPTION_LOG_LEVEL:
		return set_level(options, optarg);
	case OPTION_CONTROL:
		return complain("--control", optarg, "not yet: this version has no control socket");
	case OPTION_STOP_TIMEOUT:
		return set_stop_timeout(options, optarg);
	case OPTION_PID_FILE:
		options->pid_file = optarg;
		return true;
	case OPTION_DAEMON:
		return options->daemon = true;
	default:
		return false;           /* getopt_long has said what is wrong */
	}
}

static bool apply_task(struct options *options, int option)
{
	switch (option) {
	case OPTION_CHECK:
		return set_task(options, TASK_CHECK, NULL);
	case OPTION_PRINT:
		return set_task(options, TASK_PRINT, optarg ? optarg : "conf");
	case OPTION_EXPLAIN:
		return set_task(options, TASK_EXPLAIN, optarg);
	case OPTION_VERSION:
		return set_task(options, TASK_VERSION, NULL);
	case OPTION_HELP:
		return set_task(options, TASK_HELP, NULL);
	case OPTION_NO_PREFLIGHT:
		options->preflight = false;
		return true;
	case OPTION_KEEP_GOING:
		return options->keep_going = true;
	default:
		return apply_log(options, option);
	}
}

static bool apply(struct options *options, int option)
{
	switch (option) {
	case 'f':
		return add(&options->sources, &options->source_count, optarg);
	case 'l':
		return add(&options->endpoints, &options->endpoint_count, optarg);
	case 'E':
		return add(&options->environment, &options->environment_count, optarg);
	case 'a':
		return options->accept = true;
	case OPTION_INETD:
		return options->inetd = true;
	case OPTION_NOW:
		return options->now = true;
	case OPTION_FDNAME:
		options->fdname = optarg;
		return true;
	default:
		return apply_task(options, option);
	}
}

static bool check_together(const struct options *options)
{
	if (options->endpoint_count && options->source_count) {
		fprintf(stderr, "superd: -l and -f exclude each other: -l is one service without a file\n");
		return false;
	}
	if (options->endpoint_count && !options->command) {
		fprintf(stderr, "superd: -l needs a command: superd -l %s -- PROGRAM [ARGUMENT]...\n",
			options->endpoints[0]);
		return false;
	}
	if (!options->endpoint_count &&
	    (options->accept || options->inetd || options->now || options->fdname || options->environment_count)) {
		fprintf(stderr, "superd: --accept, --inetd, --now, --fdname and --setenv go with -l; "
				"a table has options for them\n");
		return false;
	}
	if (options->accept && options->now) {
		fprintf(stderr, "superd: --accept and --now exclude each other: there is no connection yet\n");
		return false;
	}
	if (options->daemon && options->command && !options->endpoint_count) {
		fprintf(stderr, "superd: --daemon and a main command exclude each other: superd waits for it\n");
		return false;
	}
	return true;
}

bool options_read(struct options *options, int argc, char **argv)
{
	struct option longs[KNOWN + 1] = { 0 };
	int option;

	*options = (struct options){
		.preflight = true, .level = LEVEL_INFO, .log_destination = "stderr", .stop_timeout = STOP_TIMEOUT,
	};
	for (size_t n = 0; n < KNOWN; n++)
		longs[n] = (struct option){ known[n].name, known[n].takes, NULL, known[n].value };
	while ((option = getopt_long(argc, argv, "+f:l:aE:", longs, NULL)) >= 0) {
		if (!apply(options, option)) {
			if (option == '?')
				fprintf(stderr, "superd: see superd --help\n");
			return false;
		}
	}
	if (optind < argc && strcmp(argv[optind - 1], "--") && !options->endpoint_count) {
		fprintf(stderr, "superd: '%s': a main command stands behind --\n", argv[optind]);
		return false;
	}
	if (optind < argc)
		options->command = argv + optind;
	return check_together(options);
}

void options_free(struct options *options)
{
	free(options->sources);
	free(options->endpoints);
	free(options->environment);
}

static void help_one(size_t n)
{
	char letter[] = { '-', (char)known[n].value, ',', ' ', '\0' }, left[64];
	bool optional = known[n].takes == optional_argument;

	snprintf(left, sizeof(left), "%s--%s%s%s%s", known[n].value < 256 ? letter : "    ", known[n].name,
		 optional ? "[=" : known[n].argument ? " " : "", known[n].argument ? known[n].argument : "",
		 optional ? "]" : "");
	printf("  %-32s %s\n", left, known[n].help);
}

void options_help(void)
{
	printf("usage: superd [-f [FORMAT:]FILE]... [options] [-- COMMAND...]\n"
	       "       superd -l ENDPOINT [-a] [--inetd] [options] -- COMMAND...\n"
	       "       superd --check | --print[=WHAT] | --explain OPTION [-f FILE]...\n\n"
	       "Listens for the services of a table and starts each when somebody connects.\n"
	       "Without -f the table is %s.\n\n", SYSCONFDIR "/superd.conf");
	for (size_t n = 0; n < KNOWN; n++)
		help_one(n);
	printf("\nSignals: HUP reads the table again; TERM and INT stop; QUIT leaves, instances run on;\n"
	       "USR1 logs the state. superd(8) and superd.conf(5) tell the rest.\n");
}
