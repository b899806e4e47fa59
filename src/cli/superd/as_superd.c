/* superd's own command line: the table of its options, and the rules between them.
 *
 * A help text is one short line: --help prints it, and the completion scripts of the shells quote it
 * (print_completion.c). The words behind -- have two meanings: with -l they are the command of that service, without -l
 * they are the main command. */
#include "cli/superd/as_superd.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log/log_sink.h"
#include "base/scan.h"
#include "os/host/self_exe.h"

#define FIELD(member) CLI_FIELD(struct options, member)

static const char *set_log(void *context, const struct cli_option *option, const char *text)
{
	struct options *options = context;

	(void)option;
	options->log_destination = text;
	return log_sink_refusal(text);
}

static const char *set_level(void *context, const struct cli_option *option, const char *text)
{
	struct options *options = context;

	(void)option;
	return log_parse_level(text, &options->level);
}

/* The kernel would cut a longer name (prctl(2), PR_SET_NAME: 15 bytes), and ps would not find superd by it. */
static const char *set_process_name(void *context, const struct cli_option *option, const char *text)
{
	struct options *options = context;

	(void)option;
	options->process_name = text;
	return *text && strlen(text) <= OWN_NAME_MOST ? NULL : "it has 1 to 15 bytes";
}

static const char *set_control(void *context, const struct cli_option *option, const char *text)
{
	struct options *options = context;

	(void)option;
	options->control = text;
	return *text == '/' || (*text == '@' && text[1]) || !strcmp(text, "none")
		? NULL : "it is a path from / on, @name, or none";
}

static const char *set_fdstore(void *context, const struct cli_option *option, const char *text)
{
	struct options *options = context;

	(void)option;
	options->fdstore = text;
	return *text == '/' || !strcmp(text, "notify") || !strcmp(text, "none")
		? NULL : "it is notify, none, or the path from / on of the socket of an s6-fdholderd";
}

static const char *set_print(void *context, const struct cli_option *option, const char *what)
{
	struct options *options = context;

	options->task = (enum task)option->value;
	options->print = what ? what : "conf";
	return NULL;
}

static const struct cli_option superd_options[] = {
	{ "file", 'f', COMPLETE_FILES, .repeats = true, .argument = "[FORMAT:]FILE", FIELD(sources),
	  .help = "read this table; may be given several times" },
	{ "compat", .complete = COMPLETE_WORDS, .argument = "NAME", .set = options_set_compat,
	  .words = "openbsd freebsd netbsd gnu busybox xinetd",
	  .help = "read inetd's tables as openbsd, freebsd, netbsd, gnu, busybox or xinetd do" },
	{ "listen", 'l', .repeats = true, .argument = "ENDPOINT", FIELD(endpoints),
	  .help = "one service without a file: its command stands behind --" },
	{ "accept", 'a', FIELD(accept), .help = "with -l: an instance a connection" },
	{ "datagram", 'd', FIELD(datagram), .help = "with -l: a datagram socket, where the endpoint names no kind" },
	{ "seqpacket", FIELD(seqpacket), .help = "with -l: the same for packets in sequence" },
	{ "inetd", FIELD(inetd), .help = "with -l: pass the socket as stdin and stdout" },
	{ "bind", FIELD(bind), .help = "with -l: answer the program's own bind(2) with the socket" },
	{ "idle", .argument = "DURATION", FIELD(idle), .scan = scan_duration,
	  .help = "with -l: stop the program when nobody was connected for so long" },
	{ "now", FIELD(now), .help = "with -l: start at once, not with the first connection" },
	{ "fdname", .repeats = true, .argument = "NAME[:NAME]...", FIELD(fdnames),
	  .help = "with -l: the names of the sockets in LISTEN_FDNAMES" },
	{ "setenv", 'E', .repeats = true, .argument = "NAME[=VALUE]", FIELD(environment),
	  .help = "with -l: set a variable, or pass superd's own on" },
	{ "check", FIELD(task), .value = TASK_CHECK,
	  .help = "read and check the table, say all that is wrong, and exit" },
	{ "print", .complete = COMPLETE_WORDS, .optional = true, .argument = "WHAT", .set = set_print,
	  .value = TASK_PRINT, .words = "conf comments json mdoc bash zsh compat states",
	  .help = "the table as understood: conf, comments, json; or mdoc, bash, zsh, compat, states" },
	{ "explain", .complete = COMPLETE_OPTIONS, .argument = "OPTION", .set = set_print, .value = TASK_EXPLAIN,
	  .help = "say what an option of a table means; without OPTION list them all" },
	{ "no-preflight", FIELD(preflight), .clears = true,
	  .help = "do not look at this machine: a table for another" },
	{ "keep-going", FIELD(keep_going), .help = "leave services with errors out and run the rest" },
	{ "unsupported", .complete = COMPLETE_WORDS, .argument = "WHAT", .words = "refuse warn",
	  FIELD(warns_of_unsupported), .refusal = "it is refuse or warn",
	  .help = "what units ask for and superd lacks: refuse (default) or warn" },
	{ "daemon", FIELD(daemon), .help = "go to the background once every socket was tried" },
	{ "guard", FIELD(guard), .help = "a second process starts superd anew when it is killed; clients wait" },
	{ "no-guard", FIELD(unguarded), .help = "no such process, also as process 1 and with --daemon" },
	{ "fdstore", .complete = COMPLETE_WORDS, .argument = "WHERE", .words = "notify none", .set = set_fdstore,
	  .help = "who keeps the sockets when superd is killed: notify, none, or a path: s6-fdholderd" },
	{ "pid-file", .complete = COMPLETE_FILES, .argument = "FILE", FIELD(pid_file),
	  .help = "write superd's pid there" },
	{ "process-name", .argument = "NAME", .set = set_process_name,
	  .help = "what ps shows, and update-inetd looks for (superd)" },
	{ "log", .complete = COMPLETE_WORDS, .argument = "DEST", .words = "stderr syslog", .set = set_log,
	  .help = "stderr (default), syslog[:FACILITY] or file:PATH" },
	{ "log-format", .complete = COMPLETE_WORDS, .argument = "FORMAT", .words = "text json", FIELD(json),
	  .refusal = "the formats are text and json", .help = "text (default) or json" },
	{ "log-level", .complete = COMPLETE_WORDS, .argument = "LEVEL", .words = "error warning notice info debug",
	  .set = set_level, .help = "error, warning, notice, info (default) or debug" },
	{ "control", .complete = COMPLETE_FILES, .argument = "PATH", .set = set_control,
	  .help = "where superctl finds this superd; none: nowhere" },
	{ "control-group", .argument = "GROUP", FIELD(control_group),
	  .help = "whose members may look at it, and do nothing" },
	/* An infinite delay is refused: superd would never stop. */
	{ "max-starting", .argument = "NUMBER", FIELD(max_starting), .scan = scan_count, .most = 1000000,
	  .refusal = "it is a number up to 1000000; 0: any number",
	  .help = "how many services start at once; the others wait in line (2 x processors)" },
	{ "stop-delay", .argument = "DURATION", FIELD(stop_delay), .scan = scan_duration, .most = SCAN_INFINITY - 1,
	  .refusal = "it has to come to an end, as 5s does",
	  .help = "go on for so long when told to stop, then stop (0s)" },
	{ "stop-timeout", .argument = "DURATION", FIELD(stop_timeout), .scan = scan_duration,
	  .help = "from the order to stop to SIGKILL (8s)" },
	{ "version", FIELD(task), .value = TASK_VERSION, .help = "say which version this is" },
	{ "help", 'h', FIELD(task), .value = TASK_HELP, .help = "this text" },
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
				"--setenv go with -l; a table has options for them\n");
		return false;
	}
	if (options->bind && (options->accept || options->inetd)) {
		fprintf(stderr,
			"superd: --bind and %s exclude each other: a program that binds takes its clients itself\n",
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
			options->accept ? "datagrams make no connections" : "a socket is of one kind");
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

/* Whether --explain has no argument, which means all options. getopt_long(3) would report a missing argument. */
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
			fprintf(stderr, "superd: '%s': a main command stands behind --, a table behind -f\n",
				argv[optind]);
		else
			fprintf(stderr, "superd: '%s': tables are named by -f: -f %s\n", argv[optind], argv[optind]);
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
	       "       superd --check | --print[=WHAT] | --explain OPTION [-f FILE]...\n\n"
	       "Listens for the services of a table and starts each when somebody connects.\n"
	       "Without -f the table is %s.\n\n", SYSCONFDIR "/superd.conf");
	cli_help(&as_superd_cli);
	printf("\nSignals: HUP reads the table again; TERM and INT stop; QUIT leaves, instances run on;\n"
	       "USR1 logs the state; USR2 has the superd that is installed now take over. Called as inetd or xinetd,\n"
	       "by a link of that name, superd takes that program's options. superd(8) and superd.conf(5) tell the\n"
	       "rest.\n");
}
