/* superd's own command line: the table of its options, and the rules between them. A help text is one short line.
 *
 * The words behind -- have two meanings: with -l they are the command of that service, without -l they are the main
 * command. */
#include "superd/main/command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "lib/log/log_sink.h"
#include "lib/scan.h"
#include "os/host/self_exe.h"

#define FIELD(member) CLI_FIELD(struct options, member)

static const char *set_log(void *context, const struct cli_option *option, const char *text)
{
	struct options *options = context;

	(void)option;
	options->given.log = text;
	return log_sink_refusal(text);
}

/* The kernel would cut a longer name (prctl(2), PR_SET_NAME: 15 bytes), and ps would not find superd by it. */
static const char *set_process_name(void *context, const struct cli_option *option, const char *text)
{
	struct options *options = context;

	(void)option;
	options->process_name = text;
	return *text && strlen(text) <= OWN_NAME_MOST ? NULL : "it has 1 to 15 bytes";
}

static const char *set_fdstore(void *context, const struct cli_option *option, const char *text)
{
	struct options *options = context;

	(void)option;
	options->given.fdstore = text;
	return global_directives[GLOBAL_FDSTORE].type->refuse(text);
}

static const char *set_print(void *context, const struct cli_option *option, const char *what)
{
	struct options *options = context;

	options->task = (enum task)option->value;
	options->print = what ? what : "conf";
	return NULL;
}

static const struct cli_option superd_options[] = {
	{ "file", 'f', .argument = "[FORMAT:]FILE", FIELD(sources),
	  .help = "read this configuration file or directory; may be repeated" },
	{ "compat", .argument = "NAME", .set = options_set_compat,
	  .help = "read inetd's files as openbsd, freebsd, netbsd, gnu, busybox or xinetd does" },
	{ "listen", 'l', .argument = "ENDPOINT", FIELD(endpoints),
	  .help = "serve this port or path by the command after --, without a file" },
	{ "accept", 'a', FIELD(accept), .help = "with -l: run one process per connection" },
	{ "datagram", 'd', FIELD(datagram), .help = "with -l: open datagram sockets" },
	{ "seqpacket", FIELD(seqpacket), .help = "with -l: open unix sockets of type SEQPACKET" },
	{ "inetd", FIELD(inetd), .help = "with -l: pass the socket as standard input and output" },
	{ "bind", FIELD(bind), .help = "with -l: the program opens its port itself, and gets superd's socket" },
	{ "idle", .argument = "DURATION", FIELD(idle), .scan = scan_duration,
	  .help = "with -l: stop the program after this time without clients, such as 10min" },
	{ "now", FIELD(now), .help = "with -l: start the program at once, not with the first client" },
	{ "fdname", .argument = "NAME[:NAME]...", FIELD(fdnames),
	  .help = "with -l: the names of the sockets in LISTEN_FDNAMES" },
	{ "setenv", 'E', .argument = "NAME[=VALUE]", FIELD(environment),
	  .help = "with -l: set this variable; without VALUE, to superd's own value" },
	{ "check", FIELD(task), .value = TASK_CHECK,
	  .help = "check the configuration and this machine, print all errors, and exit" },
	{ "print", .optional = true, .argument = "WHAT", .set = set_print, .value = TASK_PRINT,
	  .help = "print the configuration: conf, comments or json" },
	{ "explain", .argument = "OPTION", .set = set_print, .value = TASK_EXPLAIN,
	  .help = "explain an option or a key of a unit, or find options by words; all lists all" },
	{ "no-preflight", FIELD(preflight), .clears = true,
	  .help = "do not check this machine: the configuration is for another one" },
	{ "keep-going", FIELD(keep_going), .help = "run without the services that have errors" },
	{ "take-over", FIELD(takes_over),
	  .help = "end programs that a killed superd has left behind, if they hold a port of this configuration" },
	{ "unsupported", .argument = "WHAT", .words = "refuse warn", FIELD(warns_of_unsupported),
	  .refusal = "expected refuse or warn",
	  .help = "refuse (default) units that need what superd lacks, or warn and run them" },
	{ "daemon", FIELD(daemon), .help = "go into the background once every socket is open or has failed" },
	{ "guard", FIELD(guard), .value = 1,
	  .help = "run under a second process that restarts a killed superd; clients wait" },
	{ "no-guard", FIELD(guard), .value = 0,
	  .help = "no second process, also as process 1 and with --daemon" },
	{ "fdstore", .argument = "WHERE", .set = set_fdstore,
	  .help = "a store that keeps the sockets: notify (the service manager) or none" },
	{ "pid-file", .argument = "FILE", FIELD(given.pid_file),
	  .help = "write the process id to this file" },
	{ "process-name", .argument = "NAME", .set = set_process_name,
	  .help = "the name of the process in ps (superd); update-inetd wants inetd" },
	{ "log", .argument = "DEST", .set = set_log,
	  .help = "log to stderr (default), syslog[:FACILITY] or file:PATH" },
	{ "log-format", .argument = "FORMAT", .words = "text json", FIELD(given.log_format),
	  .refusal = "the formats are text and json", .help = "log as text (default) or json" },
	{ "log-level", .argument = "LEVEL", .words = "error warning notice info debug",
	  FIELD(given.log_level), .refusal = "a level is error, warning, notice, info or debug",
	  .help = "the least level to log: error, warning, notice, info (default) or debug" },
	{ "control", .argument = "PATH", .set = options_set_control,
	  .help = "the control socket, where superctl reaches superd: a path, @NAME or none" },
	{ "control-group", .argument = "GROUP", FIELD(given.control_group),
	  .help = "members of this group may use superctl to look, but not to change" },
	/* An infinite delay is refused: superd would never stop. */
	{ "max-starting", .argument = "NUMBER", FIELD(given.max_starting), .scan = scan_count, .most = 1000000,
	  .refusal = "expected a number up to 1000000; 0: no limit",
	  .help = "start at most this many services at a time (2 per processor); 0: no limit" },
	{ "stop-delay", .argument = "DURATION", FIELD(given.stop_delay), .scan = scan_duration,
	  .most = SCAN_INFINITY - 1,
	  .refusal = "expected a finite duration, as 5s",
	  .help = "continue to serve for this time after a request to stop (0s)" },
	{ "stop-timeout", .argument = "DURATION", FIELD(given.stop_timeout), .scan = scan_duration,
	  .help = "when superd stops, kill processes that still run after this time (8s)" },
	{ "version", FIELD(task), .value = TASK_VERSION, .help = "print the version" },
	{ "help", 'h', FIELD(task), .value = TASK_HELP, .help = "print this help" },
};

const struct cli as_superd_cli = {
	.program = "superd", .dashes = "--", .joint = " ", .width = 32, .ends_at_word = true,
	.options = superd_options, .count = sizeof(superd_options) / sizeof(*superd_options),
};

static bool check_conflicts(const struct options *options)
{
	if (options->endpoints.count && options->sources.count) {
		fprintf(stderr, "superd: -l and -f exclude each other: -l is one service without a file\n");
		return false;
	}
	if (options->endpoints.count && !options->command) {
		fprintf(stderr, "superd: -l needs a command: superd -l %s -- PROGRAM [ARGUMENT]...\n",
			options->endpoints.list[0]);
		return false;
	}
	if (!options->endpoints.count &&
	    (options->accept || options->inetd || options->bind || options->idle || options->now ||
	     options->fdnames.count ||
	     options->environment.count || options->datagram || options->seqpacket)) {
		fprintf(stderr,
			"superd: --accept, --datagram, --seqpacket, --inetd, --bind, --idle, --now, --fdname and "
				"--setenv go with -l; a configuration has options for them\n");
		return false;
	}
	if (options->bind && (options->accept || options->inetd)) {
		fprintf(stderr,
			"superd: --bind and %s exclude each other: a program that binds accepts its clients itself\n",
			options->accept ? "--accept" : "--inetd");
		return false;
	}
	if (options->accept && options->now) {
		fprintf(stderr, "superd: --accept and --now exclude each other: there is no connection yet\n");
		return false;
	}
	if (options->datagram && (options->accept || options->seqpacket)) {
		fprintf(stderr, "superd: --datagram and %s exclude each other: %s\n",
			options->accept ? "--accept" : "--seqpacket",
			options->accept ? "datagrams have no connections" : "a socket is of one kind");
		return false;
	}
	if (options->daemon && options->command && !options->endpoints.count) {
		fprintf(stderr, "superd: --daemon and a main command exclude each other: superd waits for it\n");
		return false;
	}
	return true;
}

/* Prints the nearest option that superd has, also for letters that other daemons use. getopt_long(3) has already
 * reported the unknown option. */
static void print_hint(const char *word)
{
	const char *usual = strncmp(word, "--", 2) == 0		? NULL
			    : optopt == 't'			? "--check"
			    : optopt == 'c'			? "-f FILE"
			    : optopt == 'v' || optopt == 'V'	? "--version"
								: NULL;

	cli_hint(&as_superd_cli, word);
	if (usual)
		fprintf(stderr, "superd: did you mean %s?\n", usual);
	fprintf(stderr, "superd: see superd --help\n");
}

/* Whether --explain has no argument, which means the options that people need first. getopt_long(3) would report that
 * as missing. */
static bool ends_with_explain(int argc, char **argv)
{
	for (int n = 1; n < argc - 1; n++) {
		if (!strcmp(argv[n], "--"))
			return false;
	}
	return argc > 1 && !strcmp(argv[argc - 1], "--explain");
}

bool as_superd_read(struct options *options, int argc, char **argv)
{
	enum cli_result result;

	if (ends_with_explain(argc, argv)) {
		options->task = TASK_EXPLAIN;
		argc--;
	}
	result = cli_read(&as_superd_cli, options, argc, argv, NULL);
	if (result == CLI_UNKNOWN)
		print_hint(argv[optind - 1]);
	if (result != CLI_READ)
		return false;
	if (optind < argc && strcmp(argv[optind - 1], "--") && !options->endpoints.count) {
		if (options->task == TASK_RUN)
			fprintf(stderr, "superd: '%s': a main command follows --, a configuration follows -f\n",
				argv[optind]);
		else
			fprintf(stderr, "superd: '%s': name a configuration with -f: -f %s\n", argv[optind],
				argv[optind]);
		return false;
	}
	if (optind < argc)
		options->command = argv + optind;
	return check_conflicts(options);
}

void as_superd_help(void)
{
	printf("usage: superd [-f [FORMAT[+COMPAT]:]FILE]... [options] [-- COMMAND...]\n"
	       "       superd -l ENDPOINT [-a] [--inetd | --bind] [options] -- COMMAND...\n"
	       "       superd --check | --print[=WHAT] | --explain [OPTION] [-f FILE]...\n\n"
	       "superd opens the ports of all configured services, and starts a service when a client "
	       "connects.\n"
	       "The default configuration is %s.\n\n", SYSCONFDIR "/superd.conf");
	cli_help(&as_superd_cli);
	printf("\nExamples:\n"
	       "  superd -l 3000 --bind --idle 10min -- node server.js   a server that sleeps while it has no clients\n"
	       "  superd -f superd.conf --check                          find mistakes before superd runs\n"
	       "\nSignals: HUP reads the configuration again. TERM and INT stop all services. QUIT ends superd "
	       "alone.\n"
	       "USR1 logs the state. USR2 replaces superd by the installed one. Through a link named inetd or xinetd,\n"
	       "superd has the command line of that program. See superd(8), superd.conf(5) and superctl(8).\n");
}
