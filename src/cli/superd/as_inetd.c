/* The command line of inetd, for a superd that is called as inetd: the options of the BSDs' inetds, of GNU's and
 * busybox's, as one set.
 *
 * Where a letter has two meanings, superd does what fits both. For -p nothing fits both: GNU's inetd takes only a
 * file joined to it, FreeBSD's also the next word. superd takes the next word unless --compat=gnu is given. */
#include "cli/superd/as_inetd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scan.h"
#include "exec/processes/init.h"

/* The system's own, wherever superd was installed. */
#define TABLE "/etc/inetd.conf"
#define FOLDER "/etc/inetd.d"
#define PID_FILE "/run/inetd.pid"

/* Options without a letter. */
enum { LONG_COMPAT = 256, LONG_ENVIRONMENT, LONG_PIDFILE, LONG_RESOLVE, LONG_USAGE };

static const struct {
	int id;                         /* its letter, or LONG_ */
	const char *name;               /* behind two dashes; NULL: none */
	const char *argument;           /* NULL: takes none */
	bool joined;                    /* the argument may be missing, and then belongs to the same word */
	const char *help;
} inetd_flags[] = {
	{ 'd', "debug", NULL, false, "stay in the foreground and log all there is to stderr" },
	{ 'i', NULL, NULL, false, "stay in the foreground" },
	{ 'f', NULL, NULL, false, "stay in the foreground" },
	{ 'e', NULL, NULL, false, "log to stderr" },
	{ 'l', NULL, NULL, false, "ask hosts.allow and hosts.deny, and log connections" },
	{ 'w', NULL, NULL, false, "ask hosts.allow and hosts.deny for programs" },
	{ 'W', NULL, NULL, false, "ask them for services that inetd answers itself" },
	{ 'R', "rate", "NUMBER", false, "starts of a service in a minute; 0 is any number" },
	{ 'c', NULL, "NUMBER", false, "instances of a service at once; 0 is any number" },
	{ 'C', NULL, "NUMBER", false, "connections from one address in a minute; 0 is any number" },
	{ 's', NULL, "NUMBER", false, "instances for one address at once; 0 is any number" },
	{ 'q', NULL, "LENGTH", false, "the length of the sockets' queues" },
	{ 'a', NULL, "ADDRESS", false, "listen on this address where a line names none" },
	{ 'E', NULL, NULL, false, "pass the whole environment on" },
	{ LONG_ENVIRONMENT, "environment", NULL, false, "tell programs both addresses: TCPLOCALIP, TCPREMOTEIP, …" },
	{ LONG_RESOLVE, "resolve", NULL, false, "the names of hosts in these: not available, they are left out" },
	{ 'p', "pidfile", "FILE", true, "write the pid there (" PID_FILE "); without a file nowhere" },
	{ LONG_COMPAT, "compat", "NAME", false, "read tables as openbsd, freebsd, netbsd, gnu, busybox or xinetd do" },
	{ 'V', "version", NULL, false, "say which version this is" },
	{ 'h', "help", NULL, false, "this text" },
	{ LONG_USAGE, "usage", NULL, false, "this text" },
};
#define INETD_FLAGS (sizeof(inetd_flags) / sizeof(*inetd_flags))

static bool set_number(struct options *options, int flag, int64_t least, int64_t *number)
{
	const char option[] = { '-', (char)flag, '\0' };
	const char *why = scan_count(optarg, number);

	if (!why && *number < least)
		why = "it is too small";
	return !why || options_complain(options, option, optarg, why);
}

static bool set_limit(struct options *options, int flag)
{
	switch (flag) {
	case 'R':
		return set_number(options, flag, 0, &options->defaults.rate);
	case 'c':
		return set_number(options, flag, 0, &options->defaults.instances);
	case 'C':
		return set_number(options, flag, 0, &options->defaults.per_source_cpm);
	case 's':
		return set_number(options, flag, 0, &options->defaults.per_source);
	case 'q':
		return set_number(options, flag, 1, &options->defaults.backlog);
	case LONG_COMPAT:
		return options_set_compat(options, "--compat", optarg);
	default:
		return false;           /* getopt_long has said what is wrong */
	}
}

/* Only -p, not --pidfile, may have its file as the next word. */
static bool set_pid_file(struct options *options, int flag, int argc, char **argv)
{
	if (!optarg && flag == 'p' && options->compat != COMPAT_GNU && optind < argc && argv[optind][0] != '-')
		optarg = argv[optind++];
	options->pid_file = optarg ? options_make_path(options, "", optarg) : NULL;
	options->pid_file_at_will = false;
	return !optarg || options->pid_file;
}

static bool set_service_default(struct options *options, int flag)
{
	struct inetd_defaults *defaults = &options->defaults;

	switch (flag) {
	case 'l':
	case 'w':
		return defaults->wrap_external = true;
	case 'W':
		return defaults->wrap_internal = true;
	case 'a':
		defaults->address = optarg;
		return true;
	case 'E':
		return defaults->passes_environment = true;
	case LONG_ENVIRONMENT:
		return defaults->tells_addresses = true;
	default:
		return set_limit(options, flag);
	}
}

/* inetd's servers run in / because daemon(3) changes to it. In the foreground they keep the folder that inetd was
 * started in. */
static bool stay_in_front(struct options *options)
{
	char *folder = getcwd(NULL, 0);

	options->daemon = false;
	if (!folder || !strcmp(folder, "/")) {
		free(folder);
		return true;
	}
	options->defaults.folder = options_make_path(options, "", folder);
	free(folder);
	return options->defaults.folder;
}

static bool apply(struct options *options, int flag)
{
	switch (flag) {
	case 'd':
		options->level = LEVEL_DEBUG;
		options->log_destination = "stderr";
		if (options->pid_file_at_will)
			options->pid_file = NULL;
		return stay_in_front(options);
	case 'i':
	case 'f':
		return stay_in_front(options);
	case 'e':
		options->log_destination = "stderr";
		return true;
	case 'V':
		options->task = TASK_VERSION;
		return true;
	case 'h':
	case LONG_USAGE:
		options->task = TASK_HELP;
		return true;
	case LONG_RESOLVE:
		fprintf(stderr,
			"inetd: --resolve: names of hosts are not looked up for programs: TCPREMOTEHOST is not set\n");
		return true;
	default:
		return set_service_default(options, flag);
	}
}

/* The table in getopt_long's own terms. */
static void describe(struct option longs[INETD_FLAGS + 1], char letters[3 * INETD_FLAGS + 1])
{
	size_t count = 0;

	for (size_t n = 0; n < INETD_FLAGS; n++) {
		int takes = !inetd_flags[n].argument ? no_argument
			: inetd_flags[n].joined	     ? optional_argument
						     : required_argument;

		if (inetd_flags[n].name)
			longs[count++] = (struct option){ inetd_flags[n].name, takes, NULL,
							  inetd_flags[n].joined ? LONG_PIDFILE : inetd_flags[n].id };
		if (inetd_flags[n].id >= LONG_COMPAT)
			continue;
		*letters++ = (char)inetd_flags[n].id;
		for (int colons = takes; colons; colons--)
			*letters++ = ':';
	}
	longs[count] = (struct option){ 0 };
	*letters = '\0';
}

static bool read_flags(struct options *options, int argc, char **argv)
{
	struct option longs[INETD_FLAGS + 1];
	char letters[3 * INETD_FLAGS + 1];
	bool good = true;
	int flag;

	describe(longs, letters);
	while (good && (flag = getopt_long(argc, argv, letters, longs, NULL)) >= 0) {
		good = flag == 'p' || flag == LONG_PIDFILE ? set_pid_file(options, flag, argc, argv)
							   : apply(options, flag);
		if (flag == '?')
			fprintf(stderr, "inetd: see inetd --help\n");
	}
	return good;
}

/* --compat decides how -p is read, so it is read first, wherever it stands. */
static bool read_compat(struct options *options, int argc, char **argv)
{
	for (int n = 1; n < argc && strcmp(argv[n], "--"); n++) {
		if (strncmp(argv[n], "--compat=", 9) == 0 && !options_set_compat(options, "--compat", argv[n] + 9))
			return false;
	}
	return true;
}

static bool add_table(struct options *options, const char *path, bool further)
{
	const char *source = options_make_path(options, "inetd:", path);

	if (!source)
		return false;
	return further ? options_add(options, &options->further, &options->further_count, source)
		       : options_add(options, &options->sources, &options->source_count, source);
}

/* The usual table and folder: one that exists now must exist at a reload, too; a missing one may appear later. */
static bool add_usual(struct options *options)
{
	bool has_table = access(TABLE, F_OK) == 0, has_folder = access(FOLDER, F_OK) == 0;

	return add_table(options, TABLE, !has_table && has_folder) && add_table(options, FOLDER, !has_folder);
}

static bool read_tables(struct options *options, int argc, char **argv)
{
	if (options->task != TASK_RUN)
		return true;
	if (optind == argc && geteuid() == 0)
		return add_usual(options);
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
	options->daemon = !init_is_first();     /* a container ends with its PID 1 */
	options->log_destination = "syslog";
	if (geteuid() == 0) {
		options->pid_file = PID_FILE;
		options->pid_file_at_will = true;
	}
	options->defaults = (struct inetd_defaults){
		.rate = -1,
		.instances = -1,
		.per_source_cpm = -1,
		.per_source = -1,
		.backlog = -1,
	};
	if (!read_compat(options, argc, argv) || !read_flags(options, argc, argv) || !read_tables(options, argc, argv))
		return false;
	if (!options->daemon && access("/dev/log", F_OK) < 0)
		options->log_destination = "stderr"; /* as in a container, where nobody else would hear of it */
	return true;
}

static void help_one(size_t n)
{
	const char *name = inetd_flags[n].name, *argument = inetd_flags[n].argument;
	bool has_letter = inetd_flags[n].id < LONG_COMPAT;
	char letter[] = { '-', has_letter ? (char)inetd_flags[n].id : ' ', '\0' }, left[64];

	snprintf(left, sizeof(left), "%s%s%s%s%s%s%s", has_letter ? letter : "  ",
		 !name		      ? ""
			 : has_letter ? ", --"
				      : "  --",
		 name ? name : "",
		 !argument			 ? ""
			 : inetd_flags[n].joined ? "["
						 : "",
		 !argument	? ""
			 : name ? "="
				: " ",
		 argument ? argument : "", inetd_flags[n].joined ? "]" : "");
	printf("  %-24s %s\n", left, inetd_flags[n].help);
}

void as_inetd_help(void)
{
	printf("usage: inetd [options] [FILE | FOLDER]...\n\n"
	       "superd as inetd: listens for the services of inetd.conf and starts each when somebody connects.\n"
	       "Without FILE these are " TABLE " and the files of " FOLDER ".\n\n");
	for (size_t n = 0; n < INETD_FLAGS; n++)
		help_one(n);
	printf("\nSignals: HUP reads the tables again; ALRM tries sockets again that could not be had; TERM and INT "
	       "stop.\n"
	       "superd(8) tells the rest.\n");
}
