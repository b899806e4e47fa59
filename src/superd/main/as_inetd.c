/* The command line of inetd: the options of the BSDs' inetds, of GNU's and of busybox's, in one set.
 *
 * Where a letter has two meanings, superd does what fits both. For -p nothing fits both: GNU's inetd accepts a file
 * only in the same word, FreeBSD's also in the next one. superd accepts the next word unless --compat=gnu is set. */
#include "superd/main/command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/scan.h"
#include "superd/process/pid1.h"

/* The system's files, whatever prefix superd was installed under. */
#define TABLE "/etc/inetd.conf"
#define FOLDER "/etc/inetd.d"
#define PID_FILE "/run/inetd.pid"

#define FIELD(member) CLI_FIELD(struct options, member)
#define LIMIT(member) FIELD(defaults.member), .scan = scan_count, .refusal = "it is too small"

/* inetd's servers run in /, because daemon(3) changes to it. In the foreground they keep the folder that inetd was
 * started in. */
static const char *set_foreground(void *context, const struct cli_option *option, const char *argument)
{
	struct options *options = context;
	char *folder = getcwd(NULL, 0);

	(void)option, (void)argument;
	options->daemon = false;
	if (!folder || !strcmp(folder, "/")) {
		free(folder);
		return NULL;
	}
	options->defaults.folder = options_path(options, "", folder);
	free(folder);
	return options->defaults.folder ? NULL : "";
}

static const char *log_to_stderr(void *context, const struct cli_option *option, const char *argument)
{
	struct options *options = context;

	(void)option, (void)argument;
	options->given.log = "stderr";
	return NULL;
}

static const char *set_debug(void *context, const struct cli_option *option, const char *argument)
{
	struct options *options = context;

	options->given.log_level = LEVEL_DEBUG;
	options->given.log = "stderr";
	if (options->pid_file_optional)
		options->given.pid_file = NULL;
	return set_foreground(options, option, argument);
}

/* -p may have its file as the next word, --pidfile may not. */
static const char *set_pid_file(void *context, const struct cli_option *option, const char *path)
{
	struct options *options = context;
	char **next = options->arguments + optind;

	(void)option;
	if (!path && strncmp(next[-1], "--", 2) && options->compat != COMPAT_GNU && next[0] && next[0][0] != '-') {
		path = next[0];
		optind++;
	}
	options->given.pid_file = path ? options_path(options, "", path) : NULL;
	options->pid_file_optional = false;
	return !path || options->given.pid_file ? NULL : "";
}

static const char *warn_of_resolve(void *options, const struct cli_option *option, const char *argument)
{
	(void)options, (void)option, (void)argument;
	fprintf(stderr, "inetd: --resolve has no effect: superd looks up no names for programs, and does not set "
			"TCPREMOTEHOST\n");
	return NULL;
}

static const struct cli_option inetd_options[] = {
	{ "debug", 'd', .set = set_debug, .help = "stay in the foreground and log everything to stderr" },
	{ NULL, 'i', .set = set_foreground, .help = "stay in the foreground" },
	{ NULL, 'f', .set = set_foreground, .help = "stay in the foreground" },
	{ NULL, 'e', .set = log_to_stderr, .help = "log to stderr" },
	{ NULL, 'l', FIELD(defaults.wrap_external),
	  .help = "check clients of programs in hosts.allow and hosts.deny, and log them" },
	{ NULL, 'w', FIELD(defaults.wrap_external), .help = "the same as -l" },
	{ NULL, 'W', FIELD(defaults.wrap_internal),
	  .help = "check clients of internal services in hosts.allow and hosts.deny" },
	{ "rate", 'R', .argument = "NUMBER", LIMIT(rate),
	  .help = "the most starts of a service per minute; 0: no limit" },
	{ NULL, 'c', .argument = "NUMBER", LIMIT(instances),
	  .help = "the most processes of a service at a time; 0: no limit" },
	{ NULL, 'C', .argument = "NUMBER", LIMIT(per_source_cpm),
	  .help = "the most connections per minute from one address; 0: no limit" },
	{ NULL, 's', .argument = "NUMBER", LIMIT(per_source),
	  .help = "the most processes of a service for one address; 0: no limit" },
	{ NULL, 'q', .argument = "LENGTH", LIMIT(backlog), .least = 1, .help = "the length of each accept queue" },
	{ NULL, 'a', .argument = "ADDRESS", FIELD(defaults.address),
	  .help = "listen on this address if a line names none" },
	{ NULL, 'E', FIELD(defaults.passes_environment), .help = "pass superd's whole environment to programs" },
	{ "environment", FIELD(defaults.tells_addresses),
	  .help = "set variables for both ends of a connection: TCPLOCALIP, TCPREMOTEIP, …" },
	{ "resolve", .set = warn_of_resolve,
	  .help = "no effect: superd does not look up host names for --environment" },
	{ "pidfile", 'p', .optional = true, .argument = "FILE", .set = set_pid_file,
	  .help = "write the process id to this file (" PID_FILE "); without FILE, to none" },
	{ "control", .argument = "PATH", .set = options_set_control,
	  .help = "the control socket, where superctl reaches superd: a path, @NAME or none" },
	{ "compat", .argument = "NAME", .set = options_set_compat,
	  .help = "read files as openbsd, freebsd, netbsd, gnu, busybox or xinetd does" },
	{ "version", 'V', FIELD(task), .value = TASK_VERSION, .help = "print the version" },
	{ "help", 'h', FIELD(task), .value = TASK_HELP, .help = "print this help" },
	{ "usage", FIELD(task), .value = TASK_HELP, .help = "print this help" },
};

static const struct cli inetd_cli = {
	.program = "inetd", .dashes = "--", .joint = "=", .width = 24, .by_letter = true,
	.options = inetd_options, .count = sizeof(inetd_options) / sizeof(*inetd_options),
};

static bool read_options(struct options *options, int argc, char **argv)
{
	enum cli_result result = cli_read(&inetd_cli, options, argc, argv, NULL);

	if (result == CLI_UNKNOWN)
		fprintf(stderr, "inetd: see inetd --help\n");
	return result == CLI_READ;
}

/* --compat decides how -p is read, so it is read first, wherever it stands. */
static bool read_compat(struct options *options, int argc, char **argv)
{
	for (int n = 1; n < argc && strcmp(argv[n], "--"); n++) {
		if (strncmp(argv[n], "--compat=", 9) == 0 &&
		    !cli_set(&inetd_cli, cli_find(&inetd_cli, "compat"), options, argv[n] + 9))
			return false;
	}
	return true;
}

static bool add_table(struct options *options, const char *path, bool is_optional)
{
	const char *source = options_path(options, "inetd:", path);

	return source && options_add(options, is_optional ? &options->optional_sources : &options->sources, source);
}

/* Adds the default table and folder. One that exists now must exist at a reload, too. A missing one may appear
 * later. */
static bool add_default_tables(struct options *options)
{
	bool has_table = access(TABLE, F_OK) == 0, has_folder = access(FOLDER, F_OK) == 0;

	return add_table(options, TABLE, !has_table && has_folder) && add_table(options, FOLDER, !has_folder);
}

static bool read_tables(struct options *options, int argc, char **argv)
{
	if (options->task != TASK_RUN)
		return true;
	if (optind == argc && geteuid() == 0)
		return add_default_tables(options);
	if (optind == argc) {
		fprintf(stderr,
			"inetd: only root runs %s: name a configuration of your own: inetd [options] FILE...\n", TABLE);
		return false;
	}
	for (int n = optind; n < argc; n++) {
		if (!add_table(options, argv[n], false))
			return false;
	}
	return true;
}

bool as_inetd_read(struct options *options, int argc, char **argv)
{
	options->keep_going = true;
	options->daemon = !pid1_is_first();     /* a container ends with its PID 1 */
	options->given.log = "syslog";
	if (geteuid() == 0) {
		options->given.pid_file = PID_FILE;
		options->pid_file_optional = true;
	}
	options->defaults = (struct inetd_defaults){
		.rate = -1,
		.instances = -1,
		.per_source_cpm = -1,
		.per_source = -1,
		.backlog = -1,
	};
	if (!read_compat(options, argc, argv) || !read_options(options, argc, argv) ||
	    !read_tables(options, argc, argv))
		return false;
	if (!options->daemon && access("/dev/log", F_OK) < 0)
		options->given.log = "stderr"; /* as in a container, where there is no syslog */
	return true;
}

void as_inetd_help(void)
{
	printf("usage: inetd [options] [FILE | DIRECTORY]...\n\n"
	       "superd, called as inetd, opens the ports of all services, and starts a service when a client "
	       "connects.\n"
	       "Without FILE, it reads " TABLE " and the files of " FOLDER ".\n\n");
	cli_help(&inetd_cli);
	printf("\nSignals: HUP reads the files again. ALRM ends the pauses of all services. TERM and INT stop all "
	       "services.\n"
	       "See superd(8).\n");
}
