/* The command line of xinetd: long options behind one dash, each argument a word of its own.
 *
 * xinetd silently ignores an unknown option. superd ignores it, too, so that old scripts work, but prints a warning,
 * because the option may have been meant as a limit. */
#include "cli/superd/as_xinetd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/scan.h"
#include "exec/processes/pid1.h"

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

	if (options->log_destination) {
		fprintf(stderr, "xinetd: -filelog and -syslog exclude each other: there is one log\n");
		return "";
	}
	options->log_destination = is_file ? options_path(options, "file:", argument)
					   : options_join(options, "syslog:", argument);
	return options->log_destination ? NULL : "";
}

static const char *set_pid_file(void *context, const struct cli_option *option, const char *path)
{
	struct options *options = context;

	(void)option;
	options->pid_file = options_path(options, "", path);
	return options->pid_file ? NULL : "";
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
	return !scan_count(text, number) && *number >= 1 && *number <= UINT32_MAX ? NULL : "it is a number above 0";
}

static const struct cli_option xinetd_options[] = {
	{ "d", FIELD(level), .value = LEVEL_DEBUG, .help = "stay in the foreground and log all there is to stderr" },
	{ "f", .argument = "FILE", .set = set_table, .help = "read this table (" TABLE ")" },
	{ "filelog", .argument = "FILE", .set = set_log, .help = "log to this file" },
	{ "syslog", .argument = "FACILITY", .set = set_log, .help = "log to syslog as this (daemon)" },
	{ "pidfile", .argument = "FILE", .set = set_pid_file, .help = "write the pid there" },
	{ "dontfork", .set = set_foreground, .help = "stay in the foreground; implies -stayalive" },
	{ "stayalive", FIELD(stays_without_services), .help = "stay although the table has no services" },
	{ "limit", .argument = "NUMBER", FIELD(process_limit), .scan = scan_limit,
	  .help = "the most processes of all services at once" },
	{ "logprocs", .argument = "NUMBER", FIELD(ident_limit), .scan = scan_limit,
	  .help = "the most questions for a client's user at once" },
	{ "shutdownprocs", .argument = "NUMBER", .scan = scan_limit, .help = "without effect, as in xinetd" },
	{ "cc", .argument = "SECONDS", FIELD(inspect_interval), .scan = scan_limit,
	  .help = "look superd's own state over so often" },
	{ "inetd_compat", .set = read_inetd_conf, .help = "read " INETD_TABLE ", too, where there is one" },
	{ "inetd_ipv6", .help = "without effect: its services have IPv6 anyway" },
	{ "reuse", .help = "without effect, as in xinetd" },
	{ "loop", .argument = "NUMBER", .help = "without effect: cps in the table limits starts" },
	{ "interval", .argument = "SECONDS", .help = "without effect, as in later xinetds" },
	{ "version", FIELD(task), .value = TASK_VERSION, .help = "say which version this is" },
	{ "help", FIELD(task), .value = TASK_HELP, .help = "this text" },
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
	if (options->level == LEVEL_DEBUG) {
		options->log_destination = "stderr";
		options->pid_file = NULL;
		options->daemon = false;
	} else if (!options->log_destination) {
		/* A container often has no /dev/log. There stderr is the log. */
		options->log_destination = options->daemon || access("/dev/log", F_OK) == 0 ? "syslog" : "stderr";
	}
	return options->sources.count || options_add(options, &options->sources, "xinetd:" TABLE);
}

bool as_xinetd_read(struct options *options, int argc, char **argv)
{
	options->keep_going = true;
	options->daemon = !pid1_is_first();     /* a container ends with its PID 1 */
	options->log_destination = NULL;
	return read_options(options, argc, argv) && set_defaults(options);
}

void as_xinetd_help(void)
{
	printf("usage: xinetd [options]\n\n"
	       "superd as xinetd: listens for the services of xinetd.conf and starts each when somebody connects.\n\n");
	cli_help(&xinetd_cli);
	printf("\nSignals: HUP and USR2 read the table again; TERM and INT stop; QUIT leaves, instances run on; USR1 "
	       "dumps\n"
	       "the state; ABRT looks it over. superd(8) tells the rest.\n");
}
