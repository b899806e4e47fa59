/* The command line of xinetd: long options behind one dash, each argument a word of its own.
 *
 * xinetd silently ignores an unknown option. superd ignores it, too, so that old scripts work, but prints a warning,
 * because the option may have been meant as a limit. */
#include "superd/main/command_line.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/scan.h"
#include "superd/process/pid1.h"

/* The system's files, whatever prefix superd was installed under. */
#define TABLE "/etc/xinetd.conf"
#define INETD_TABLE "/etc/inetd.conf"

#define FIELD(member) CLI_FIELD(struct options, member)

/* The last -f counts. */
static const char *set_table(void *context, const struct cli_option *option, const char *path)
{
	struct options *options = context;
	const char *source = options_path(options, "xinetd:", path);

	(void)option;
	options->sources.count = 0;
	return source && options_add(options, &options->sources, source) ? NULL : "";
}

/* -filelog and -syslog. */
static const char *set_log(void *context, const struct cli_option *option, const char *argument)
{
	struct options *options = context;
	bool is_file = !strcmp(option->name, "filelog");

	if (options->given.log) {
		fprintf(stderr, "xinetd: -filelog and -syslog exclude each other: there is one log\n");
		return "";
	}
	options->given.log = is_file ? options_path(options, "file:", argument)
					   : options_join(options, "syslog:", argument);
	return options->given.log ? NULL : "";
}

static const char *set_pid_file(void *context, const struct cli_option *option, const char *path)
{
	struct options *options = context;

	(void)option;
	options->given.pid_file = options_path(options, "", path);
	return options->given.pid_file ? NULL : "";
}

static const char *set_foreground(void *context, const struct cli_option *option, const char *argument)
{
	struct options *options = context;

	(void)option, (void)argument;
	options->daemon = false;
	options->stays_without_services = true;
	return NULL;
}

static const char *read_inetd_conf(void *context, const struct cli_option *option, const char *argument)
{
	struct options *options = context;

	(void)option, (void)argument;
	return options_add(options, &options->optional_sources, "inetd:" INETD_TABLE) ? NULL : "";
}

static const char *scan_limit(const char *text, int64_t *number)
{
	return !scan_count(text, number) && *number >= 1 && *number <= UINT32_MAX ? NULL : "expected a number above 0";
}

static const struct cli_option xinetd_options[] = {
	{ "d", FIELD(given.log_level), .value = LEVEL_DEBUG,
	  .help = "stay in the foreground and log everything to stderr" },
	{ "f", .argument = "FILE", .set = set_table, .help = "read this file (" TABLE ")" },
	{ "filelog", .argument = "FILE", .set = set_log, .help = "log to this file" },
	{ "syslog", .argument = "FACILITY", .set = set_log, .help = "log to syslog with this facility (daemon)" },
	{ "pidfile", .argument = "FILE", .set = set_pid_file, .help = "write the process id to this file" },
	{ "dontfork", .set = set_foreground, .help = "stay in the foreground; implies -stayalive" },
	{ "stayalive", FIELD(stays_without_services), .help = "run also without any service" },
	{ "limit", .argument = "NUMBER", FIELD(process_limit), .scan = scan_limit,
	  .help = "the most processes of all services together" },
	{ "logprocs", .argument = "NUMBER", FIELD(ident_limit), .scan = scan_limit,
	  .help = "the most queries of ident servers at a time" },
	{ "shutdownprocs", .argument = "NUMBER", .scan = scan_limit, .help = "no effect, as in xinetd" },
	{ "cc", .argument = "SECONDS", .scan = scan_limit, .help = "no effect: superd has no check of its own state" },
	{ "inetd_compat", .set = read_inetd_conf, .help = "also read " INETD_TABLE ", if it exists" },
	{ "inetd_ipv6", .help = "no effect: services of inetd.conf have IPv6" },
	{ "reuse", .help = "no effect, as in xinetd" },
	{ "loop", .argument = "NUMBER", .help = "no effect: the attribute cps limits starts" },
	{ "interval", .argument = "SECONDS", .help = "no effect, as in later versions of xinetd" },
	{ "control", .argument = "PATH", .set = options_set_control,
	  .help = "the control socket, where superctl reaches superd: a path, @NAME or none" },
	{ "version", FIELD(task), .value = TASK_VERSION, .help = "print the version" },
	{ "help", FIELD(task), .value = TASK_HELP, .help = "print this help" },
};

static const struct cli xinetd_cli = {
	.program = "xinetd", .dashes = "-", .joint = " ", .width = 24,
	.options = xinetd_options, .count = sizeof(xinetd_options) / sizeof(*xinetd_options),
};

/* Reports an unknown word. true: it looks like an option, and is ignored; false: it is an error. */
static bool report_unknown(const char *word)
{
	bool is_option = word[0] == '-' && word[1];

	fprintf(stderr, "xinetd: '%s' is no option of xinetd%s: see xinetd -help\n", word,
		is_option ? ", and has no effect" : "");
	return is_option;
}

static bool read_options(struct options *options, int argc, char **argv)
{
	for (int n = 1; n < argc; n++) {
		const char *word = argv[n], *argument = NULL;
		size_t dashes = strspn(word, "-");
		const struct cli_option *option = NULL;

		if (dashes == 1 || dashes == 2)
			option = cli_find(&xinetd_cli, word + dashes);
		if (!option && !report_unknown(word))
			return false;
		if (!option)
			continue;
		if (option->argument && n + 1 == argc) {
			fprintf(stderr, "xinetd: -%s needs an argument: %s\n", option->name, option->argument);
			return false;
		}
		if (option->argument)
			argument = argv[++n];
		if (!cli_set(&xinetd_cli, option, options, argument))
			return false;
	}
	return true;
}

/* Sets what no option has set. Only -d sets the level LEVEL_DEBUG. */
static bool set_defaults(struct options *options)
{
	if (options->given.log_level == LEVEL_DEBUG) {
		options->given.log = "stderr";
		options->given.pid_file = NULL;
		options->daemon = false;
	} else if (!options->given.log) {
		/* A container often has no /dev/log. There stderr is the log. */
		options->given.log = options->daemon || access("/dev/log", F_OK) == 0 ? "syslog" : "stderr";
	}
	return options->sources.count || options_add(options, &options->sources, "xinetd:" TABLE);
}

bool as_xinetd_read(struct options *options, int argc, char **argv)
{
	options->keep_going = true;
	options->daemon = !pid1_is_first();     /* a container ends with its PID 1 */
	options->given.log = NULL;
	return read_options(options, argc, argv) && set_defaults(options);
}

void as_xinetd_help(void)
{
	printf("usage: xinetd [options]\n\n"
	       "superd, called as xinetd, opens the ports of all services, and starts a service when a client "
	       "connects.\n\n");
	cli_help(&xinetd_cli);
	printf("\nSignals: HUP and USR2 read the files again. TERM and INT stop all services. QUIT ends superd alone.\n"
	       "USR1 logs the state. ABRT checks it. See superd(8).\n");
}
