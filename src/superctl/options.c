/* superctl's command line, read by getopt_long(3).
 *
 * Options may stand before and behind the verb. So superctl collects their bits, and at the end compares them with
 * those of the verb's row in verbs[]. */
#include "superctl/superctl.h"

#include <getopt.h>

/* The table of superctl's verbs.
 *
 * A query verb without a name means every service. A verb that changes something requires a name. */

#define ACTS "no-wait timeout"

const struct verb verbs[] = {
	{ "status", NAMES_ANY, false, "", "show services in detail; without a name, list all", verb_status },
	{ "list", NAMES_ANY, false, "names failed sort", "list services with their state, ports and processes",
	  verb_list },
	{ "show", NAMES_ANY, false, "", "print the options of services, and where each is set", verb_show },
	{ "why", NAMES_ANY, false, "", "explain the state: what it waits for, what went wrong, when it will sleep",
	  verb_why },
	{ "history", NAMES_ANY, false, "since", "list the last sleeps: when, how long, and who woke the service",
	  verb_history },
	{ "log", NAMES_ANY, false, "count since follow level", "print the last log lines of services; -f follows",
	  verb_log },
	{ "events", NAMES_ANY, false, "level", "print new log lines, as log -f without earlier ones", verb_events },
	{ "health", NAMES_ANY, false, "", "print healthy, degraded or unhealthy, with the reasons", verb_health },
	{ "metrics", NAMES_ANY, false, "", "print counters for Prometheus", verb_metrics },
	{ "start", NAMES_SOME, false, ACTS, "start a service now, without a client", verb_act },
	{ "stop", NAMES_SOME, true, ACTS, "stop a service; the next client starts it again", verb_act },
	{ "restart", NAMES_SOME, true, ACTS,
	  "stop a service, also with clients, and start it again; new clients wait meanwhile", verb_act },
	{ "hold", NAMES_SOME, true, ACTS, "start nothing more; clients wait until release", verb_act },
	{ "release", NAMES_SOME, false, ACTS, "end a hold; the waiting clients are served", verb_act },
	{ "drain", NAMES_SOME, true, ACTS,
	  "stop a service once its clients have left; new clients wait, and start it again", verb_act },
	{ "freeze", NAMES_SOME, true, ACTS, "freeze the processes of a service until the next client", verb_act },
	{ "thaw", NAMES_SOME, false, ACTS, "thaw a frozen service", verb_act },
	{ "sleep", NAMES_SOME, true, ACTS, "freeze or stop a service, by its idle_action", verb_act },
	{ "wake", NAMES_SOME, false, ACTS, "thaw or start a service", verb_act },
	{ "wait", NAMES_SOME, false, "timeout asleep awake",
	  "wait until a service would serve a client, runs or sleeps", verb_act },
	{ "signal", NAMES_SIGNAL, true, "", "send a signal, such as HUP, to the main process", verb_signal },
	{ "enable", NAMES_SOME, false, ACTS, "open the ports of a service again", verb_act },
	{ "disable", NAMES_SOME, true, ACTS, "close the ports of a service until enable", verb_act },
	{ "reload", NAMES_ANY, false, ACTS,
	  "read superd's configuration again; with NAME, make that service read its own", verb_reload },
	{ "diff", NAMES_NONE, false, "timeout", "print what a reload would change", verb_diff },
	{ "reopen", NAMES_NONE, false, "", "open the log files again, after a rotation", verb_act },
	{ "upgrade", NAMES_NONE, false, "check " ACTS, "replace superd by the installed version; no client notices",
	  verb_upgrade },
	{ "shutdown", NAMES_NONE, true, ACTS, "stop all services and superd", verb_shutdown },
	{ "version", NAMES_NONE, false, "", "print the versions of superctl and superd, and whether a guard runs",
	  verb_version },
	{ "help", NAMES_VERBS, false, "", "print this help, or the options of a verb", NULL },
};

const size_t verb_count = sizeof(verbs) / sizeof(verbs[0]);

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < verb_count; i++) {
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	}
	return NULL;
}

/* Whether the option is the verb's own. */
static bool verb_takes(const struct verb *verb, const char *option)
{
	size_t length = strlen(option);

	for (const char *at = verb->options; *at; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");

		if (word == length && !memcmp(at, option, length))
			return true;
		at += word;
	}
	return false;
}

const char *verb_hint(const char *name)
{
	/* Names of the same verbs in systemctl(1), supervisorctl and others, and in an older superctl. */
	static const struct {
		const char *foreign, *here;
	} others[] = {
		{ "list-units", "list" }, { "list-sockets", "list" },
		{ "ps", "list" },	  { "ls", "list" },
		{ "kill", "signal" },	  { "daemon-reload", "reload" },
		{ "cat", "show" },	  { "is-active", "status" },
		{ "journal", "log" },	  { "logs", "log" },
		{ "tail", "log" },	  { "pause", "hold" },
		{ "resume", "release" },  { "daemon-reexec", "upgrade" },
		{ "quit", "shutdown" },	  { "exit", "shutdown" },
		{ "reread", "reload" },	  { "update", "reload" },
		{ "unfreeze", "thaw" },	  { "unhold", "release" },
		{ "run", "start" },	  { "timeline", "history" },
		{ "idle", "why" },	  { "top", "list" },
	};
	struct scan_nearest nearest = { .name = name, .most = 3 };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!strcmp(others[i].foreign, name))
			return others[i].here;
	}
	for (size_t i = 0; i < verb_count; i++) {
		bool is_like = *name == *verbs[i].name || scan_distance(verbs[i].name, name, 1) <= 1;

		if (is_like && !verbs[i].ends)
			scan_nearest_look(&nearest, verbs[i].name);
	}
	return nearest.word;
}

#define SECOND 1000000LL   /* microseconds */
#define COUNT_MOST 1000000 /* lines of log */
#define MACHINES RUNSTATEDIR "/superd/control"
#define ANSWER_LIMIT 1000 /* milliseconds for a superd with a full queue */

#define FIELD(member) CLI_FIELD(struct superctl_options, member)

static const char *refuse_path(const char *path)
{
	return *path ? NULL : "expected the path of a socket";
}

static const char *print_version(void *options, const struct cli_option *option, const char *argument)
{
	(void)options, (void)option, (void)argument;
	printf("superctl %s\n", PACKAGE_VERSION);
	return NULL;
}

static const char *show_help(void *options, const struct cli_option *option, const char *argument);

/* The options, in the order of --help. */
static const struct cli_option superctl_rows[] = {
	{ "control", .argument = "PATH", FIELD(control), .refuse = refuse_path,
	  .help = "the control socket of superd (default: $SUPERD_CONTROL, else as superd)" },
	{ "json", FIELD(json), .help = "print JSON, one object a line" },
	{ "color", .argument = "WHEN", .words = "auto always never", FIELD(colour),
	  .refusal = "expected auto, always or never", .help = "use colours: auto (default), always or never" },
	{ "no-wait", FIELD(no_wait), .help = "do not wait until the change is complete" },
	{ "timeout", .argument = "DURATION", FIELD(timeout), .scan = scan_duration,
	  .help = "wait at most this time, such as 30s" },
	{ "check", FIELD(check), .help = "upgrade: only check whether the installed version can take over" },
	{ "level", .argument = "LEVEL", FIELD(level), .words = "error warning notice info debug",
	  .refusal = "a level is error, warning, notice, info or debug",
	  .help = "events, log: the least level: error, warning, notice, info or debug" },
	{ "count", 'n', .argument = "COUNT", FIELD(count), .scan = scan_count, .least = 1, .most = COUNT_MOST,
	  .refusal = "expected a number from 1 to 1000000", .help = "log: the number of lines (10)" },
	{ "follow", 'f', FIELD(follow), .help = "log: continue with new lines" },
	{ "failed", FIELD(failed_only), .help = "list: only services with a fault" },
	{ "asleep", FIELD(asleep), .help = "wait: until they sleep, not until they would serve a client" },
	{ "awake", FIELD(awake), .help = "wait: until they run" },
	{ "sort", .argument = "KEY", .words = "memory cpu name state used", FIELD(sort),
	  .refusal = "expected memory, cpu, name, state or used",
	  .help = "list: sort by memory, cpu, name, state or used" },
	{ "since", .argument = "DURATION", FIELD(since), .scan = scan_duration, .least = SECOND, .most = 86400 * SECOND,
	  .refusal = "expected 1s to 1d", .help = "history: how far back, up to 1d (6h); log: all lines of this time" },
	{ "names", FIELD(names_only), .help = "list: print only the names" },
	{ "version", .set = print_version, .ends = true, .help = "print the version of superctl" },
	{ "help", 'h', .set = show_help, .ends = true, .help = "print this help" },
};

static const struct cli superctl_cli = {
	.program = "superctl",
	.dashes = "--",
	.joint = "=",
	.width = 24,
	.ends_at_word = true,
	.options = superctl_rows,
	.count = sizeof(superctl_rows) / sizeof(*superctl_rows),
};

static const char *const name_words[] = {
	[NAMES_NONE] = "",
	[NAMES_ANY] = " [NAME]...",
	[NAMES_SOME] = " NAME...",
	[NAMES_SIGNAL] = " NAME... SIGNAL",
	[NAMES_VERBS] = " [VERB]...",
};

static void print_help(void)
{
	printf("usage: superctl [OPTION]... VERB [NAME]...\n\nNAME is a service, or a pattern such as 'web-*'.\n\n");
	for (size_t i = 0; i < verb_count; i++) {
		int room = 25 - printf("  %s%s", verbs[i].name, name_words[verbs[i].names]);

		printf("%*s%s\n", room > 0 ? room : 1, "", verbs[i].help);
	}
	putchar('\n');
	cli_help(&superctl_cli);
	printf("\nExit status: 0 done, 1 failed, 2 wrong usage, 3 unhealthy or (status) not serving, 4 no superd.\n"
	       "See superctl(8).\n");
}

/* Its line, and the options that do not go with every verb. */
static void print_verb_help(const struct verb *verb)
{
	printf("usage: superctl [OPTION]... %s%s\n\n%s\n%s", verb->name, name_words[verb->names], verb->help,
	       *verb->options ? "\n" : "");
	for (size_t n = 0; n < superctl_cli.count; n++) {
		if (verb_takes(verb, superctl_rows[n].name))
			cli_help_option(&superctl_cli, &superctl_rows[n]);
	}
}

/* After a verb it is that one's. */
static const char *show_help(void *options, const struct cli_option *option, const char *argument)
{
	const struct verb *verb = ((const struct superctl_options *)options)->verb;

	(void)option, (void)argument;
	if (verb)
		print_verb_help(verb);
	else
		print_help();
	return NULL;
}

/* Refuses an option that has no meaning for this verb, rather than ignore it. */
static bool options_belong(const struct superctl_options *options, uint64_t given)
{
	struct buf takers = { 0 };

	for (size_t i = 0; i < superctl_cli.count && !takers.length; i++) {
		const char *name = superctl_rows[i].name;

		for (size_t n = 0; given >> i & 1 && !verb_takes(options->verb, name) && n < verb_count; n++) {
			if (verb_takes(&verbs[n], name))
				buf_addf(&takers, " %s", verbs[n].name);
		}
		if (takers.length)
			fprintf(stderr, "superctl: --%s does not go with %s; it is for%s\n", name, options->verb->name,
				buf_string(&takers));
	}
	if (!takers.length)
		return true;
	buf_free(&takers);
	return false;
}

/* NULL: there is none, and an error was printed. */
static const struct verb *find_verb(const char *name)
{
	const struct verb *verb = verb_find(name);
	const char *hint = verb ? NULL : verb_hint(name);

	if (hint)
		fprintf(stderr, "superctl: '%s': there is no such verb: did you mean '%s'?\n", name, hint);
	else if (!verb)
		fprintf(stderr,
			"superctl: '%s': there is no such verb\n"
			"superctl: \"superctl --help\" lists all verbs and options\n",
			name);
	return verb;
}

static enum ctl_status help_with_verbs(const struct superctl_options *options)
{
	for (size_t i = 0; i < options->name_count; i++) {
		if (!find_verb(options->names[i]))
			return CTL_USAGE;
	}
	if (!options->name_count)
		print_help();
	for (size_t i = 0; i < options->name_count; i++) {
		fputs(i ? "\n" : "", stdout);
		print_verb_help(verb_find(options->names[i]));
	}
	return CTL_DONE;
}

static bool names_are_right(const struct superctl_options *options)
{
	if (options->verb->names == NAMES_NONE && options->name_count) {
		fprintf(stderr, "superctl: %s: '%s': the verb accepts no service name\n", options->verb->name,
			options->names[0]);
		return false;
	}
	if (options->verb->names == NAMES_SIGNAL && !options->name_count) {
		fprintf(stderr, "superctl: %s: which service?\n", options->verb->name);
		return false;
	}
	if (options->verb->names == NAMES_SOME && !options->name_count) {
		fprintf(stderr, "superctl: %s: which service? All of them would be superctl %s '*'\n",
			options->verb->name, options->verb->name);
		return false;
	}
	for (size_t i = 0; i < options->name_count; i++) {
		const char *name = options->names[i];

		for (const char *at = name; *at; at++) { /* a newline would end the request's line */
			if ((unsigned char)*at >= ' ' && *at != 0x7f)
				continue;
			fprintf(stderr, "superctl: %s: a service's name has no control characters\n",
				options->verb->name);
			return false;
		}
		if (*name && *name != '-')
			continue;
		fprintf(stderr, "superctl: %s: '%s': a service's name is not empty and does not begin with a dash\n",
			options->verb->name, name);
		return false;
	}
	return true;
}

/* Whether a superd of this user answers at an abstract name. */
static bool answers(const char *name)
{
	int fd = client_connect(name, ANSWER_LIMIT);
	uid_t uid;
	bool good = fd >= 0 && client_trusts(fd, &uid);

	fd_close(&fd);
	return good;
}

/* The places where superd makes one: for a user below $XDG_RUNTIME_DIR; for the machine; and an abstract name for a
 * user without such a folder, and for superd -l. Root's own is that of the machine. */
static const char *default_control_path(void)
{
	static char own[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *folder = getuid() ? getenv("XDG_RUNTIME_DIR") : NULL;
	int length = folder && *folder == '/' ? snprintf(own, sizeof(own), "%s/superd/control", folder) : -1;

	if (length > 0 && (size_t)length < sizeof(own) && access(own, F_OK) == 0)
		return own;
	snprintf(own, sizeof(own), "@superd-%lu", (unsigned long)getuid());
	if ((getuid() || access(MACHINES, F_OK) < 0) && answers(own))
		return own;
	return MACHINES;
}

/* Reads the options, and moves the other words to argv[1] and behind it. *count: number of these words. */
static enum cli_result read_words(struct superctl_options *options, int argc, char **argv, uint64_t *given, int *count)
{
	enum cli_result result;
	int from;

	*count = 0;
	do {
		from = optind;
		result = cli_read(&superctl_cli, options, argc, argv, given);
		if (result != CLI_READ)
			return result;
		if (optind > from && !strcmp(argv[optind - 1], "--"))
			break;
		if (optind < argc && !*count)
			options->verb = verb_find(argv[optind]);
		if (optind < argc)
			argv[1 + (*count)++] = argv[optind++];
	} while (optind < argc);
	while (optind < argc)
		argv[1 + (*count)++] = argv[optind++];
	return CLI_READ;
}

bool superctl_options_parse(struct superctl_options *options, int argc, char **argv, enum ctl_status *status)
{
	const char *control = getenv("SUPERD_CONTROL");
	uint64_t given = 0;
	enum cli_result result;
	int words;

	*options = (struct superctl_options){
		.control = control && *control ? control : NULL,
		.timeout = -1,
	};
	result = read_words(options, argc, argv, &given, &words);
	if (result == CLI_UNKNOWN) { /* getopt_long(3) has reported it */
		cli_hint(&superctl_cli, argv[optind - 1]);
		fprintf(stderr, "superctl: see superctl --help\n");
	}
	*status = result == CLI_ENDED ? CTL_DONE : CTL_USAGE;
	if (result != CLI_READ)
		return false;
	if (!words) {
		print_help();
		*status = CTL_USAGE;
		return false;
	}
	options->has_timeout = options->timeout >= 0;
	if (options->timeout == SCAN_INFINITY)
		options->timeout = -1;
	if (!options->control)
		options->control = default_control_path();
	options->names = (const char *const *)&argv[2];
	options->name_count = (size_t)words - 1;
	options->verb = find_verb(argv[1]);
	if (!options->verb || !names_are_right(options) || !options_belong(options, given))
		return false;
	options->waits = verb_takes(options->verb, "timeout");
	if (options->verb->run)
		return true;
	*status = help_with_verbs(options);
	return false;
}
