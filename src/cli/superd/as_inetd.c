/* The command line of inetd: the options of the BSDs' inetds, of GNU's and of busybox's, in one set.
 *
 * Where a letter has two meanings, superd does what fits both. For -p nothing fits both: GNU's inetd accepts a file
 * only in the same word, FreeBSD's also in the next one. superd accepts the next word unless --compat=gnu is set. */
#include "cli/superd/as_inetd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scan.h"
#include "exec/processes/pid1.h"

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
	options->log_destination = "stderr";
	return NULL;
}

static const char *set_debug(void *context, const struct cli_option *option, const char *argument)
{
	struct options *options = context;

	options->level = LEVEL_DEBUG;
	options->log_destination = "stderr";
	if (options->pid_file_optional)
		options->pid_file = NULL;
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
	options->pid_file = path ? options_path(options, "", path) : NULL;
	options->pid_file_optional = false;
	return !path || options->pid_file ? NULL : "";
}

static const char *warn_of_resolve(void *options, const struct cli_option *option, const char *argument)
{
	(void)options, (void)option, (void)argument;
	fprintf(stderr, "inetd: --resolve: names of hosts are not looked up for programs: TCPREMOTEHOST is not set\n");
	return NULL;
}

static const struct cli_option inetd_options[] = {
	{ "debug", 'd', .set = set_debug, .help = "stay in the foreground and log all there is to stderr" },
	{ NULL, 'i', .set = set_foreground, .help = "stay in the foreground" },
	{ NULL, 'f', .set = set_foreground, .help = "stay in the foreground" },
	{ NULL, 'e', .set = log_to_stderr, .help = "log to stderr" },
	{ NULL, 'l', FIELD(defaults.wrap_external), .help = "ask hosts.allow and hosts.deny, and log connections" },
	{ NULL, 'w', FIELD(defaults.wrap_external), .help = "ask hosts.allow and hosts.deny for programs" },
	{ NULL, 'W', FIELD(defaults.wrap_internal), .help = "ask them for services that inetd answers itself" },
	{ "rate", 'R', .argument = "NUMBER", LIMIT(rate), .help = "starts of a service in a minute; 0 is any number" },
	{ NULL, 'c', .argument = "NUMBER", LIMIT(instances),
	  .help = "instances of a service at once; 0 is any number" },
	{ NULL, 'C', .argument = "NUMBER", LIMIT(per_source_cpm),
	  .help = "connections from one address in a minute; 0 is any number" },
	{ NULL, 's', .argument = "NUMBER", LIMIT(per_source),
	  .help = "instances for one address at once; 0 is any number" },
	{ NULL, 'q', .argument = "LENGTH", LIMIT(backlog), .least = 1, .help = "the length of the sockets' queues" },
	{ NULL, 'a', .argument = "ADDRESS", FIELD(defaults.address),
	  .help = "listen on this address where a line names none" },
	{ NULL, 'E', FIELD(defaults.passes_environment), .help = "pass the whole environment on" },
	{ "environment", FIELD(defaults.tells_addresses),
	  .help = "tell programs both addresses: TCPLOCALIP, TCPREMOTEIP, …" },
	{ "resolve", .set = warn_of_resolve, .help = "the names of hosts in these: not available, they are left out" },
	{ "pidfile", 'p', .optional = true, .argument = "FILE", .set = set_pid_file,
	  .help = "write the pid there (" PID_FILE "); without a file nowhere" },
	{ "compat", .argument = "NAME", .set = options_set_compat,
	  .help = "read tables as openbsd, freebsd, netbsd, gnu, busybox or xinetd do" },
	{ "version", 'V', FIELD(task), .value = TASK_VERSION, .help = "say which version this is" },
	{ "help", 'h', FIELD(task), .value = TASK_HELP, .help = "this text" },
	{ "usage", FIELD(task), .value = TASK_HELP, .help = "this text" },
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
		fprintf(stderr, "inetd: only root runs %s: name a table of your own: inetd [options] FILE...\n", TABLE);
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
	options->log_destination = "syslog";
	if (geteuid() == 0) {
		options->pid_file = PID_FILE;
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
		options->log_destination = "stderr"; /* as in a container, where there is no syslog */
	return true;
}

void as_inetd_help(void)
{
	printf("usage: inetd [options] [FILE | FOLDER]...\n\n"
	       "superd as inetd: listens for the services of inetd.conf and starts each when somebody connects.\n"
	       "Without FILE these are " TABLE " and the files of " FOLDER ".\n\n");
	cli_help(&inetd_cli);
	printf("\nSignals: HUP reads the tables again; ALRM tries sockets again that could not be had; TERM and INT "
	       "stop.\n"
	       "superd(8) tells the rest.\n");
}
