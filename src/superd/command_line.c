/* The command lines of superd, inetd and xinetd; the name that superd is called by decides which it reads. */
#include "superd/main.h"

#include <getopt.h>

/* The functions that the command lines of superd, inetd and xinetd share. */

const char *options_name(const struct options *options)
{
	static const char *const names[] = { [AS_SUPERD] = "superd", [AS_INETD] = "inetd", [AS_XINETD] = "xinetd" };

	return names[options->invoked_as];
}

bool options_read_standard_input(const struct options *options)
{
	for (size_t n = 0; n < options->sources.count; n++) {
		if (!strcmp(source_name_path(options->sources.list[n]), "-"))
			return true;
	}
	return false;
}

/* Adds a text to a list. false after printing that memory ran out. */
static bool options_add(const struct options *options, struct cli_texts *texts, const char *text)
{
	bool added = cli_texts_add(texts, text);

	if (!added)
		fprintf(stderr, "%s: out of memory\n", options_name(options));
	return added;
}

const char *options_join(struct options *options, const char *prefix, const char *text)
{
	const char *joined = NULL;

	if (!options->pool)
		options->pool = pool_new();
	if (options->pool)
		joined = pool_textf(options->pool, "%s%s", prefix, text);
	if (!joined)
		fprintf(stderr, "%s: out of memory\n", options_name(options));
	return joined;
}

/* The same, and makes the path absolute, because a daemon leaves the folder it was started in. */
static const char *options_path(struct options *options, const char *prefix, const char *path)
{
	char *folder = *path == '/' ? NULL : getcwd(NULL, 0);
	const char *start = prefix;

	while (!strncmp(path, "./", 2))
		path += 2 + strspn(path + 2, "/");
	if (folder) {
		start = options_join(options, prefix, folder);
		start = start ? options_join(options, start, "/") : NULL;
	}
	free(folder);
	return start ? options_join(options, start, path) : NULL;
}

/* Setters of --control and --compat, for struct cli_option (lib/cli_option.c). */
static const char *options_set_control(void *context, const struct cli_option *option, const char *text)
{
	struct options *options = context;

	(void)option;
	/* A path of a shell user, such as ./control; a word without a slash may be a misspelled none. */
	if (*text != '/' && *text != '@' && strchr(text, '/'))
		text = options_path(options, "", text);
	if (!text)
		return "its path cannot be made absolute";
	options->given.control = text;
	return global_option_defs[GLOBAL_CONTROL].type->refuse(text)
		? "expected a path with a slash, such as ./control, @name, or none"
		: NULL;
}

static const char *options_set_compat(void *context, const struct cli_option *option, const char *name)
{
	struct options *options = context;

	(void)option;
	options->compat = compat_find(name, strlen(name));
	return options->compat != COMPAT_NONE ? NULL : "expected openbsd, freebsd, netbsd, gnu, busybox or xinetd";
}

struct globals options_join_settings(const struct options *options, const struct globals *globals)
{
	struct globals joined = globals_join(&options->given, globals);

	if (!joined.control)
		joined.control = options->default_control;
	return joined;
}

void options_free(struct options *options)
{
	pool_free(options->pool);
	free(options->sources.list);
	free(options->optional_sources.list);
	free(options->endpoints.list);
	free(options->environment.list);
	free(options->fdnames.list);
}

/* The command line of inetd: the options of the BSDs' inetds, of GNU's and of busybox's, in one set.
 *
 * Where a letter has two meanings, superd does what fits both. For -p nothing fits both: GNU's inetd accepts a file
 * only in the same word, FreeBSD's also in the next one. superd accepts the next word unless --compat=gnu is set. */

/* The system's files, whatever prefix superd was installed under. */
#define INETD_TABLE "/etc/inetd.conf"
#define INETD_FOLDER "/etc/inetd.d"
#define INETD_PID_FILE "/run/inetd.pid"

#define FIELD(member) CLI_FIELD(struct options, member)
#define FLAG(bit) .field = CLI_FLAG, .offset = offsetof(struct options, flags), .value = (bit)
#define LIMIT(member) FIELD(defaults.member), .scan = scan_count, .refusal = "it is too small"

/* inetd's servers run in /, because daemon(3) changes to it. In the foreground they keep the folder that inetd was
 * started in. */
static const char *set_inetd_foreground(void *context, const struct cli_option *option, const char *argument)
{
	struct options *options = context;
	char *folder = getcwd(NULL, 0);

	(void)option, (void)argument;
	options->flags &= ~(unsigned)OPTION_DAEMON;
	if (!folder || !strcmp(folder, "/")) {
		free(folder);
		return NULL;
	}
	options->defaults.folder = options_path(options, "", folder);
	free(folder);
	return options->defaults.folder ? NULL : "";
}

static const char *set_inetd_debug(void *context, const struct cli_option *option, const char *argument)
{
	struct options *options = context;

	options->given.log_level = LEVEL_DEBUG;
	options->given.log = "stderr";
	if (options->flags & OPTION_PID_FILE_OPTIONAL)
		options->given.pid_file = NULL;
	return set_inetd_foreground(options, option, argument);
}

/* -p may have its file as the next word, --pidfile may not. */
static const char *set_inetd_pid_file(void *context, const struct cli_option *option, const char *path)
{
	struct options *options = context;
	char **next = options->arguments + optind;

	(void)option;
	if (!path && strncmp(next[-1], "--", 2) && options->compat != COMPAT_GNU && next[0] && next[0][0] != '-') {
		path = next[0];
		optind++;
	}
	options->given.pid_file = path ? options_path(options, "", path) : NULL;
	options->flags &= ~(unsigned)OPTION_PID_FILE_OPTIONAL;
	return !path || options->given.pid_file ? NULL : "";
}

static const char *warn_of_resolve(void *options, const struct cli_option *option, const char *argument)
{
	(void)options, (void)option, (void)argument;
	fprintf(stderr,
		"inetd: --resolve has no effect: superd looks up no names for programs, and does not set "
		"TCPREMOTEHOST\n");
	return NULL;
}

static const struct cli_option inetd_options[] = {
	{ "debug", 'd', .set = set_inetd_debug, .help = "stay in the foreground and log everything to stderr" },
	{ NULL, 'i', .set = set_inetd_foreground, .help = "stay in the foreground" },
	{ NULL, 'f', .set = set_inetd_foreground, .help = "stay in the foreground" },
	{ NULL, 'e', FIELD(given.log), .words = "stderr", .help = "log to stderr" },
	{ NULL, 'l', FIELD(defaults.wrap_external),
	  .help = "check clients of programs in hosts.allow and hosts.deny, and log them" },
	{ NULL, 'w', FIELD(defaults.wrap_external), .help = "the same as -l" },
	{ NULL, 'W', FIELD(defaults.wrap_internal),
	  .help = "check clients of internal services in hosts.allow and hosts.deny" },
	{ "rate", 'R', .argument = "NUMBER", LIMIT(rate),
	  .help = "the most starts of a service per minute; 0: no limit" },
	{ NULL, 'c', .argument = "NUMBER", LIMIT(instances),
	  .help = "the most processes of a service at a time; 0: no limit" },
	{ NULL, 'C', .argument = "NUMBER", LIMIT(per_source_rate),
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
	{ "pidfile", 'p', .optional = true, .argument = "FILE", .set = set_inetd_pid_file,
	  .help = "write the process id to this file (" INETD_PID_FILE "); without FILE, to none" },
	{ "control", .argument = "PATH", .set = options_set_control,
	  .help = "the control socket, where superctl reaches superd: a path, @NAME or none" },
	{ "compat", .argument = "NAME", .set = options_set_compat,
	  .help = "read files as openbsd, freebsd, netbsd, gnu, busybox or xinetd does" },
	{ "version", 'V', FIELD(task), .value = TASK_VERSION, .help = "print the version" },
	{ "help", 'h', FIELD(task), .value = TASK_HELP, .help = "print this help" },
	{ "usage", FIELD(task), .value = TASK_HELP, .help = "print this help" },
};

static const struct cli inetd_cli = {
	.program = "inetd",
	.dashes = "--",
	.joint = "=",
	.width = 24,
	.by_letter = true,
	.options = inetd_options,
	.count = sizeof(inetd_options) / sizeof(*inetd_options),
};

static bool add_table(struct options *options, const char *path, bool is_optional)
{
	const char *source = options_path(options, "inetd:", path);

	return source && options_add(options, is_optional ? &options->optional_sources : &options->sources, source);
}

/* Reads argv into options that hold superd's defaults. false after printing the mistake. */
static bool as_inetd_read(struct options *options, int argc, char **argv)
{
	bool has_table = access(INETD_TABLE, F_OK) == 0, has_folder = access(INETD_FOLDER, F_OK) == 0;
	enum cli_result result;

	options->flags =
		OPTION_KEEP_GOING | (pid1_is_first() ? 0 : OPTION_DAEMON); /* a container ends with its PID 1 */
	options->given.log = "syslog";
	if (geteuid() == 0) {
		options->given.pid_file = INETD_PID_FILE;
		options->flags |= OPTION_PID_FILE_OPTIONAL;
	}
	options->defaults = (struct inetd_defaults){
		.rate = -1,
		.instances = -1,
		.per_source_rate = -1,
		.per_source = -1,
		.backlog = -1,
	};
	/* --compat decides how -p is read, so it is read first, wherever it stands. */
	for (int n = 1; n < argc && strcmp(argv[n], "--"); n++) {
		const char *name = !strncmp(argv[n], "--compat=", 9) ? argv[n] + 9
			: !strcmp(argv[n], "--compat")		     ? argv[n + 1]
								     : NULL;

		if (name && !cli_set(&inetd_cli, cli_find(&inetd_cli, "compat"), options, name))
			return false;
	}
	result = cli_read(&inetd_cli, options, argc, argv, NULL);
	if (result == CLI_UNKNOWN)
		fprintf(stderr, "inetd: see inetd --help\n");
	if (result != CLI_READ)
		return false;
	if (options->task == TASK_RUN && optind == argc && geteuid() != 0) {
		fprintf(stderr, "inetd: only root runs %s: name a configuration of your own: inetd [options] FILE...\n",
			INETD_TABLE);
		return false;
	}
	/* The default table and folder: one that exists now must exist at a reload, too; a missing one may appear
	 * later. */
	if (options->task == TASK_RUN && optind == argc &&
	    (!add_table(options, INETD_TABLE, !has_table && has_folder) ||
	     !add_table(options, INETD_FOLDER, !has_folder)))
		return false;
	for (int n = optind; options->task == TASK_RUN && n < argc; n++) {
		if (!add_table(options, argv[n], false))
			return false;
	}
	if (!(options->flags & OPTION_DAEMON) && access("/dev/log", F_OK) < 0)
		options->given.log = "stderr"; /* as in a container, where there is no syslog */
	return true;
}

/* prints --help to stdout */
static void as_inetd_help(void)
{
	printf("usage: inetd [options] [FILE | DIRECTORY]...\n\n"
	       "superd, called as inetd, opens the ports of all services, and starts a service when a client "
	       "connects.\n"
	       "Without FILE, it reads " INETD_TABLE " and the files of " INETD_FOLDER ".\n\n");
	cli_help(&inetd_cli);
	printf("\nSignals: HUP reads the files again. ALRM ends the pauses of all services. TERM and INT stop all "
	       "services.\n"
	       "See superd(8).\n");
}

/* The command line of xinetd: long options behind one dash, each argument a word of its own.
 *
 * xinetd silently ignores an unknown option. superd ignores it, too, so that old scripts work, but prints a warning,
 * because the option may have been meant as a limit. */

/* The system's files, whatever prefix superd was installed under. */
#define XINETD_TABLE "/etc/xinetd.conf"

/* The last -f counts. */
static const char *set_table(void *context, const struct cli_option *option, const char *path)
{
	struct options *options = context;
	const char *source = options_path(options, "xinetd:", path);

	(void)option;
	options->sources.count = 0;
	return source && options_add(options, &options->sources, source) ? NULL : "";
}

/* -filelog, -syslog and -pidfile. */
static const char *set_xinetd_file(void *context, const struct cli_option *option, const char *argument)
{
	struct options *options = context;

	if (!strcmp(option->name, "pidfile")) {
		options->given.pid_file = options_path(options, "", argument);
		return options->given.pid_file ? NULL : "";
	}
	if (options->given.log) {
		fprintf(stderr, "xinetd: -filelog and -syslog exclude each other: there is one log\n");
		return "";
	}
	options->given.log = !strcmp(option->name, "filelog") ? options_path(options, "file:", argument)
							      : options_join(options, "syslog:", argument);
	return options->given.log ? NULL : "";
}

static const char *set_xinetd_foreground(void *context, const struct cli_option *option, const char *argument)
{
	struct options *options = context;

	(void)option, (void)argument;
	options->flags &= ~(unsigned)OPTION_DAEMON;
	options->flags |= OPTION_STAYS;
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
	{ "f", .argument = "FILE", .set = set_table, .help = "read this file (" XINETD_TABLE ")" },
	{ "filelog", .argument = "FILE", .set = set_xinetd_file, .help = "log to this file" },
	{ "syslog", .argument = "FACILITY", .set = set_xinetd_file,
	  .help = "log to syslog with this facility (daemon)" },
	{ "pidfile", .argument = "FILE", .set = set_xinetd_file, .help = "write the process id to this file" },
	{ "dontfork", .set = set_xinetd_foreground, .help = "stay in the foreground; implies -stayalive" },
	{ "stayalive", FLAG(OPTION_STAYS), .help = "run also without any service" },
	{ "limit", .argument = "NUMBER", FIELD(process_limit), .scan = scan_limit,
	  .help = "the most processes of all services together" },
	{ "logprocs", .argument = "NUMBER", .scan = scan_limit, .help = "no effect: superd bounds its queries itself" },
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
	.program = "xinetd",
	.dashes = "-",
	.joint = " ",
	.width = 24,
	.options = xinetd_options,
	.count = sizeof(xinetd_options) / sizeof(*xinetd_options),
};

/* Reads argv into options that hold superd's defaults. false after printing the mistake. */
static bool as_xinetd_read(struct options *options, int argc, char **argv)
{
	options->flags =
		OPTION_KEEP_GOING | (pid1_is_first() ? 0 : OPTION_DAEMON); /* a container ends with its PID 1 */
	options->given.log = NULL;
	for (int n = 1; n < argc; n++) {
		const char *word = argv[n], *argument = NULL;
		size_t dashes = strspn(word, "-");
		const struct cli_option *option =
			dashes == 1 || dashes == 2 ? cli_find(&xinetd_cli, word + dashes) : NULL;
		bool is_ignored = word[0] == '-' && word[1];

		if (!option) {
			fprintf(stderr, "xinetd: '%s' is no option of xinetd%s: see xinetd -help\n", word,
				is_ignored ? ", and has no effect" : "");
			if (!is_ignored)
				return false;
			continue;
		}
		if (option->argument && n + 1 == argc) {
			fprintf(stderr, "xinetd: -%s needs an argument: %s\n", option->name, option->argument);
			return false;
		}
		if (option->argument)
			argument = argv[++n];
		if (!cli_set(&xinetd_cli, option, options, argument))
			return false;
	}
	if (options->given.log_level == LEVEL_DEBUG) { /* only -d sets it */
		options->given.log = "stderr";
		options->given.pid_file = NULL;
		options->flags &= ~(unsigned)OPTION_DAEMON;
	} else if (!options->given.log) {
		/* A container often has no /dev/log. There stderr is the log. */
		options->given.log =
			options->flags & OPTION_DAEMON || access("/dev/log", F_OK) == 0 ? "syslog" : "stderr";
	}
	return options->sources.count || options_add(options, &options->sources, "xinetd:" XINETD_TABLE);
}

/* prints -help to stdout */
static void as_xinetd_help(void)
{
	printf("usage: xinetd [options]\n\n"
	       "superd, called as xinetd, opens the ports of all services, and starts a service when a client "
	       "connects.\n\n");
	cli_help(&xinetd_cli);
	printf("\nSignals: HUP and USR2 read the files again. TERM and INT stop all services. QUIT ends superd alone.\n"
	       "USR1 logs the state. ABRT checks it. See superd(8).\n");
}

/* superd's own command line: the table of its options, and the rules between them. A help text is one short line.
 *
 * The words behind -- have two meanings: with -l they are the command of that service, without -l they are the main
 * command. */

/* The kernel would cut a longer name (prctl(2), PR_SET_NAME: 15 bytes), and ps would not find superd by it. */
static const char *refuse_process_name(const char *text)
{
	return *text && strlen(text) <= OWN_NAME_MOST ? NULL : "it has 1 to 15 bytes";
}

static const char *set_fdstore(void *context, const struct cli_option *option, const char *text)
{
	struct options *options = context;

	(void)option;
	options->given.fdstore = text;
	return global_option_defs[GLOBAL_FDSTORE].type->refuse(text);
}

static const char *set_print(void *context, const struct cli_option *option, const char *what)
{
	struct options *options = context;

	options->task = (enum task)option->value;
	options->print = what || option->value == TASK_EXPLAIN ? what : "conf";
	if (!what && option->value == TASK_EXPLAIN && options->arguments[optind])
		options->print = options->arguments[optind++];
	return NULL;
}

static const struct cli_option superd_options[] = {
	{ "file", 'f', .argument = "[FORMAT:]FILE", FIELD(sources),
	  .help = "read this configuration file or directory; may be repeated" },
	{ "compat", .argument = "NAME", .set = options_set_compat,
	  .help = "read inetd's files as openbsd, freebsd, netbsd, gnu, busybox or xinetd does" },
	{ "listen", 'l', .argument = "ENDPOINT", FIELD(endpoints),
	  .help = "serve this port or path by the command after --, without a file" },
	{ "accept", 'a', FLAG(OPTION_ACCEPT), .help = "with -l: run one process per connection" },
	{ "datagram", 'd', FLAG(OPTION_DATAGRAM), .help = "with -l: open datagram sockets" },
	{ "seqpacket", FLAG(OPTION_SEQPACKET), .help = "with -l: open unix sockets of type SEQPACKET" },
	{ "inetd", FLAG(OPTION_INETD), .help = "with -l: pass the socket as standard input and output" },
	{ "bind", FLAG(OPTION_BIND), .help = "with -l: the program opens its port itself, and gets superd's socket" },
	{ "idle", .argument = "DURATION", FIELD(idle), .scan = scan_duration,
	  .help = "with -l: stop the program after this time without clients, such as 10min" },
	{ "now", FLAG(OPTION_NOW), .help = "with -l: start the program at once, not with the first client" },
	{ "fdname", .argument = "NAME[:NAME]...", FIELD(fdnames),
	  .help = "with -l: the names of the sockets in LISTEN_FDNAMES" },
	{ "setenv", 'E', .argument = "NAME[=VALUE]", FIELD(environment),
	  .help = "with -l: set this variable; without VALUE, to superd's own value" },
	{ "check", FIELD(task), .value = TASK_CHECK,
	  .help = "check the configuration and this machine, print all errors, and exit" },
	{ "print", .optional = true, .argument = "WHAT", .set = set_print, .value = TASK_PRINT,
	  .help = "print the configuration: conf, comments or json" },
	{ "explain", .optional = true, .argument = "OPTION", .set = set_print, .value = TASK_EXPLAIN,
	  .help = "explain an option, or find options by words; all lists all" },
	{ "no-preflight", FLAG(OPTION_NO_PREFLIGHT),
	  .help = "do not check this machine: the configuration is for another one" },
	{ "keep-going", FLAG(OPTION_KEEP_GOING), .help = "run without the services that have errors" },
	{ "unsupported", .argument = "WHAT", .words = "refuse warn", FLAG(OPTION_WARNS),
	  .refusal = "expected refuse or warn",
	  .help = "refuse (default) units that need what superd lacks, or warn and run them" },
	{ "daemon", FLAG(OPTION_DAEMON), .help = "go into the background once every socket is open or has failed" },
	{ "guard", FIELD(guard), .value = 1,
	  .help = "a second process, the default, restarts a killed superd; clients wait" },
	{ "no-guard", FIELD(guard), .value = 0, .help = "no second process, also as process 1 and with --daemon" },
	{ "fdstore", .argument = "WHERE", .set = set_fdstore,
	  .help = "a store that keeps the sockets: notify (the service manager) or none" },
	{ "pid-file", .argument = "FILE", FIELD(given.pid_file), .help = "write the process id to this file" },
	{ "process-name", .argument = "NAME", FIELD(process_name), .refuse = refuse_process_name,
	  .help = "the name of the process in ps (superd); update-inetd wants inetd" },
	{ "log", .argument = "DEST", FIELD(given.log), .refuse = log_sink_refusal,
	  .help = "log to stderr (default), syslog[:FACILITY] or file:PATH" },
	{ "log-format", .argument = "FORMAT", .words = "text json", FIELD(given.log_format),
	  .refusal = "the formats are text and json", .help = "log as text (default) or json" },
	{ "log-level", .argument = "LEVEL", .words = "error warning notice info debug", FIELD(given.log_level),
	  .refusal = "a level is error, warning, notice, info or debug",
	  .help = "the least level to log: error, warning, notice, info (default) or debug" },
	{ "control", .argument = "PATH", .set = options_set_control,
	  .help = "the control socket, where superctl reaches superd: a path, @NAME or none" },
	/* An infinite delay is refused: superd would never stop. */
	{ "max-starting", .argument = "NUMBER", FIELD(given.max_starting), .scan = scan_count, .most = 1000000,
	  .refusal = "expected a number up to 1000000; 0: no limit",
	  .help = "start at most this many services at a time (2 per processor); 0: no limit" },
	{ "stop-delay", .argument = "DURATION", FIELD(given.stop_delay), .scan = scan_duration,
	  .most = SCAN_INFINITY - 1, .refusal = "expected a finite duration, as 5s",
	  .help = "continue to serve for this time after a request to stop (0s)" },
	{ "stop-timeout", .argument = "DURATION", FIELD(given.stop_timeout), .scan = scan_duration,
	  .help = "when superd stops, kill processes that still run after this time (8s)" },
	{ "version", FIELD(task), .value = TASK_VERSION, .help = "print the version" },
	{ "help", 'h', FIELD(task), .value = TASK_HELP, .help = "print this help" },
};

const struct cli as_superd_cli = {
	.program = "superd",
	.dashes = "--",
	.joint = " ",
	.width = 32,
	.ends_at_word = true,
	.options = superd_options,
	.count = sizeof(superd_options) / sizeof(*superd_options),
};

static bool options_agree(const struct options *options)
{
	bool serves = options->endpoints.count;
	unsigned flags = options->flags;
	const char *why = serves && options->sources.count
		? "-l and -f exclude each other: -l is one service without a file"
		: !serves &&
			(flags & OPTION_OF_LISTEN || options->idle || options->fdnames.count ||
			 options->environment.count)
		? "--accept, --datagram, --seqpacket, --inetd, --bind, --idle, --now, --fdname and --setenv go with "
		  "-l; a "
		  "configuration has options for them"
		: flags & OPTION_BIND && flags & OPTION_ACCEPT
		? "--bind and --accept exclude each other: a program that binds accepts its clients itself"
		: flags & OPTION_BIND && flags & OPTION_INETD
		? "--bind and --inetd exclude each other: a program that binds accepts its clients itself"
		: flags & OPTION_ACCEPT && flags & OPTION_NOW
		? "--accept and --now exclude each other: there is no connection yet"
		: flags & OPTION_DATAGRAM && flags & OPTION_ACCEPT
		? "--datagram and --accept exclude each other: datagrams have no connections"
		: flags & OPTION_DATAGRAM && flags & OPTION_SEQPACKET
		? "--datagram and --seqpacket exclude each other: a socket is of one kind"
		: flags & OPTION_DAEMON && options->command && !serves
		? "--daemon and a main command exclude each other: superd waits for it"
		: NULL;

	if (why)
		fprintf(stderr, "superd: %s\n", why);
	else if (serves && !options->command)
		fprintf(stderr, "superd: -l needs a command: superd -l %s -- PROGRAM [ARGUMENT]...\n",
			options->endpoints.list[0]);
	return !why && (!serves || options->command);
}

/* Reads argv into options that hold superd's defaults. false after printing the mistake. */
static bool as_superd_read(struct options *options, int argc, char **argv)
{
	enum cli_result result = cli_read(&as_superd_cli, options, argc, argv, NULL);

	if (result == CLI_UNKNOWN) { /* getopt_long(3) has reported it */
		cli_hint(&as_superd_cli, argv[optind - 1]);
		fprintf(stderr, "superd: see superd --help\n");
	}
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
	return options_agree(options);
}

/* prints --help to stdout */
static void as_superd_help(void)
{
	printf("usage: superd [-f [FORMAT[+COMPAT]:]FILE]... [options] [-- COMMAND...]\n"
	       "       superd -l ENDPOINT [-a] [--inetd | --bind] [options] -- COMMAND...\n"
	       "       superd --check | --print[=WHAT] | --explain [OPTION] [-f FILE]...\n\n"
	       "superd opens the ports of all configured services, and starts a service when a client "
	       "connects.\n"
	       "The default configuration is %s.\n\n",
	       SYSCONFDIR "/superd.conf");
	cli_help(&as_superd_cli);
	printf("\nExamples:\n"
	       "  superd -l 3000 --bind --idle 10min -- node server.js   a server that sleeps while it has no clients\n"
	       "  superd -f superd.conf --check                          find mistakes before superd runs\n"
	       "\nSignals: HUP reads the configuration again. TERM and INT stop all services. QUIT ends superd "
	       "alone.\n"
	       "USR1 logs the state. USR2 replaces superd by the installed one. Through a link named inetd or xinetd,\n"
	       "superd has the command line of that program. See superd(8), superd.conf(5) and superctl(8).\n");
}

/* Finds the name that superd is called by, and reads the command line of that program. */

static const struct {
	bool (*read)(struct options *options, int argc, char **argv);
	void (*help)(void);
} personas[] = {
	[AS_SUPERD] = { as_superd_read, as_superd_help },
	[AS_INETD] = { as_inetd_read, as_inetd_help },
	[AS_XINETD] = { as_xinetd_read, as_xinetd_help },
};

/* Looks at the last component of argv[0], without a login shell's dash. Debian's inetd is also called openbsd-inetd. */
static enum invoked_as find_invoked_as(const char *name)
{
	size_t length;

	name = scan_base_name(name);
	name += *name == '-';
	length = strlen(name);
	if (!strcmp(name, "xinetd"))
		return AS_XINETD;
	if (!strcmp(name, "inetd") || (length > 6 && !strcmp(name + length - 6, "-inetd")))
		return AS_INETD;
	return AS_SUPERD;
}

/* superctl looks in the same places. A superd with -l has a name of its own, because a service that is only tried
 * out must not take the place of the machine's superd; so has one that could make no control socket below the
 * runtime folder. Root's may come later, with the file system. false: a message was printed. */
static bool set_default_control(struct options *options)
{
	const char *named = getenv("SUPERD_CONTROL"), *folder = runtime_dir(), *why;
	char number[24];

	if (options->given.control)
		return true;
	if (named && *named) {
		if (!strncmp(named, "./", 2) || !strncmp(named, "../", 3))
			named = options_path(options, "", named);
		if (!named)
			return false;
		why = global_option_defs[GLOBAL_CONTROL].type->refuse(named);
		if (why)
			fprintf(stderr, "%s: SUPERD_CONTROL=%s: %s\n", options_name(options), named, why);
		options->default_control = named;
		return !why;
	}
	if (!options->endpoints.count &&
	    (!getuid() || strcmp(folder, RUNSTATEDIR) != 0 || access(RUNSTATEDIR "/superd", W_OK) == 0 ||
	     access(folder, W_OK) == 0))
		return true;
	snprintf(number, sizeof(number), "%lu", (unsigned long)getuid());
	options->default_control = options_join(options, "@superd-", number);
	return options->default_control;
}

bool command_line_read(struct options *options, int argc, char **argv)
{
	*options = (struct options){
		.invoked_as = find_invoked_as(argc > 0 ? argv[0] : ""),
		.guard = GUARD_UNSET,
		.arguments = argv,
	};
	globals_init(&options->given);
	if (!personas[options->invoked_as].read(options, argc, argv) || !set_default_control(options))
		return false;
	options->settings = options_join_settings(options, NULL);
	return true;
}

void command_line_help(enum invoked_as invoked_as)
{
	personas[invoked_as].help();
}
