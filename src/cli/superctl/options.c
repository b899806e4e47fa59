/* superctl's command line, read by getopt_long(3).
 *
 * Options may stand before and behind the verb. So superctl collects their bits, and at the end compares them with
 * those of the verb's row in verbs[]. */
#include "cli/superctl/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cli_option.h"
#include "base/log/log.h"
#include "base/scan.h"

#define SECOND 1000000LL                /* microseconds */
#define TOP_INTERVAL (2 * SECOND)       /* default of --interval */
#define INTERVAL_LEAST (SECOND / 10)
#define COUNT_MOST 1000000              /* tables of top */

#define FIELD(member) CLI_FIELD(struct superctl_options, member)

static const char *set_control(void *context, const struct cli_option *option, const char *path)
{
	struct superctl_options *options = context;

	(void)option;
	options->control = path;
	return *path ? NULL : "it is the path of a socket";
}

static const char *set_timeout(void *context, const struct cli_option *option, const char *text)
{
	struct superctl_options *options = context;
	const char *why = scan_duration(text, &options->timeout);

	(void)option;
	if (!why && options->timeout == SCAN_INFINITY)
		options->timeout = -1;
	return why;
}

static const char *set_level(void *context, const struct cli_option *option, const char *text)
{
	struct superctl_options *options = context;
	enum level level;

	(void)option;
	options->level = text;
	return log_parse_level(text, &level);
}

/* Accepts a sort key or its first letter. */
static const char *set_sort(void *context, const struct cli_option *option, const char *text)
{
	struct superctl_options *options = context;
	static const char *const keys[] = { "memory", "cpu", "name", "state" };

	(void)option;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strcmp(keys[i], text) || (*text && !text[1] && *text == *keys[i])) {
			options->sort = *keys[i];
			return NULL;
		}
	}
	return "it is memory, cpu, name or state";
}

static const char *print_version(void *options, const struct cli_option *option, const char *argument)
{
	(void)options, (void)option, (void)argument;
	printf("superctl %s\n", PACKAGE_VERSION);
	return NULL;
}

static const char *show_help(void *options, const struct cli_option *option, const char *argument);

/* The options, in the order of --help. `value`: the bit that a verb's row must have; 0: the option goes with all
 * verbs. */
static const struct cli_option superctl_rows[] = {
	{ "control", .argument = "PATH", .set = set_control,
	  .help = "superd's control socket ($SUPERD_CONTROL, else the usual one)" },
	{ "json", FIELD(json), .help = "the answer's lines as superd sent them" },
	{ "color", .argument = "WHEN", .words = "auto always never", FIELD(colour),
	  .refusal = "it is auto, always or never", .help = "auto (default), always or never" },
	{ "no-wait", FIELD(no_wait), .value = MAY_NO_WAIT, .help = "do not wait for the end of what was asked" },
	{ "timeout", .argument = "DURATION", .set = set_timeout, .value = MAY_TIMEOUT, .help = "wait at most so long" },
	{ "check", FIELD(check), .value = MAY_CHECK, .help = "upgrade: only ask the new superd whether it could" },
	{ "service", .argument = "NAME", FIELD(service), .value = MAY_SERVICE,
	  .help = "events: of this service alone" },
	{ "level", .argument = "LEVEL", .set = set_level, .value = MAY_LEVEL,
	  .help = "events: error, warning, notice, info or debug, and what is graver" },
	{ "interval", .argument = "DURATION", FIELD(interval), .scan = scan_duration, .least = INTERVAL_LEAST,
	  .most = 3600 * SECOND, .refusal = "an interval is 100ms at least and 1h at most", .value = MAY_INTERVAL,
	  .help = "top: from one table to the next (2s)" },
	{ "count", 'n', .argument = "COUNT", FIELD(count), .scan = scan_count, .least = 1, .most = COUNT_MOST,
	  .refusal = "it is 1 at least and 1000000 at most", .value = MAY_COUNT,
	  .help = "top: end after so many tables" },
	{ "sort", .argument = "KEY", .set = set_sort, .value = MAY_SORT,
	  .help = "top: by memory, cpu (default), name or state" },
	{ "http", FIELD(http), .value = MAY_HTTP, .help = "metrics: answer one HTTP request on stdin and stdout" },
	{ "format", .argument = "FORMAT", .words = "text openmetrics", FIELD(format),
	  .refusal = "it is text or openmetrics", .value = MAY_FORMAT,
	  .help = "metrics: text (default) or openmetrics" },
	{ "names", FIELD(names_only), .value = MAY_NAMES, .help = "list: the services' names alone" },
	{ "version", .set = print_version, .ends = true, .help = "say which version this superctl is" },
	{ "help", 'h', .set = show_help, .ends = true, .help = "this text" },
};

static const struct cli superctl_cli = {
	.program = "superctl", .dashes = "--", .joint = "=", .width = 24,
	.options = superctl_rows, .count = sizeof(superctl_rows) / sizeof(*superctl_rows),
};

static void print_help(void)
{
	static const char *const names[] = { [NAMES_NONE] = "", [NAMES_ANY] = " [NAME]...", [NAMES_SOME] = " NAME..." };

	printf("usage: superctl [OPTION]... VERB [NAME]...\n\nNames may be patterns, as 'web-*'.\n\n");
	for (size_t i = 0; i < verb_count; i++) {
		int room = 21 - printf("  %s%s", verbs[i].name, names[verbs[i].names]);

		printf("%*s%s\n", room > 0 ? room : 1, "", verbs[i].help);
	}
	putchar('\n');
	cli_help(&superctl_cli);
	printf("\nIt ends with 0 when it is done, 1 when something failed, 2 for a wrong usage, 3 when what was asked "
	       "for does\n"
	       "not run or is not healthy, and 4 when no superd was reached. See superctl(8).\n");
}

static const char *show_help(void *options, const struct cli_option *option, const char *argument)
{
	(void)options, (void)option, (void)argument;
	print_help();
	return NULL;
}

static void print_help_hint(void)
{
	fprintf(stderr, "superctl: \"superctl --help\" lists what there is\n");
}

/* Refuses an option that has no meaning for this verb, rather than ignore it. */
static bool options_belong(const struct superctl_options *options, uint64_t given)
{
	for (size_t i = 0; i < superctl_cli.count; i++) {
		const struct cli_option *option = &superctl_rows[i];

		if (!(given >> i & 1) || !(option->value & ~options->verb->options))
			continue;
		fprintf(stderr, "superctl: --%s does not go with %s; it is for", option->name, options->verb->name);
		for (size_t n = 0; n < verb_count; n++)
			fprintf(stderr, "%s%s", verbs[n].options & option->value ? " " : "",
				verbs[n].options & option->value ? verbs[n].name : "");
		fputc('\n', stderr);
		return false;
	}
	return true;
}

/* Refuses control characters in names: a newline would end the request's line. */
static bool names_are_plain(const struct superctl_options *options)
{
	for (size_t i = 0; i < options->name_count; i++) {
		for (const char *at = options->names[i]; *at; at++) {
			if ((unsigned char)*at >= ' ' && *at != 0x7f)
				continue;
			fprintf(stderr, "superctl: %s: a service's name has no control characters\n",
				options->verb->name);
			return false;
		}
		if (options->names[i][0] && options->names[i][0] != '-')
			continue;
		fprintf(stderr, "superctl: %s: '%s': a service's name is not empty and does not begin with a dash\n",
			options->verb->name, options->names[i]);
		return false;
	}
	return true;
}

static bool verb_is_right(struct superctl_options *options, const char *name)
{
	const char *hint;

	options->verb = verb_find(name);
	if (options->verb)
		return true;
	hint = verb_hint(name);
	fprintf(stderr, "superctl: '%s': there is no such verb%s%s%s\n", name, hint ? ": did you mean '" : "",
		hint ? hint : "", hint ? "'?" : "");
	if (!hint)
		print_help_hint();
	return false;
}

static bool names_are_right(const struct superctl_options *options)
{
	if (options->verb->names == NAMES_NONE && options->name_count) {
		fprintf(stderr, "superctl: %s: '%s': it takes no name of a service\n", options->verb->name,
			options->names[0]);
		return false;
	}
	if (options->verb->names == NAMES_SOME && !options->name_count) {
		fprintf(stderr, "superctl: %s: which service? All of them would be superctl %s '*'\n",
			options->verb->name, options->verb->name);
		return false;
	}
	return names_are_plain(options);
}

/* The socket of the user's own superd below $XDG_RUNTIME_DIR, if there is one; else that of the machine's superd. */
static const char *default_control_path(void)
{
	static char own[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *folder = getuid() ? getenv("XDG_RUNTIME_DIR") : NULL;
	int length = folder && *folder == '/' ? snprintf(own, sizeof(own), "%s/superd/control", folder) : -1;

	if (length > 0 && (size_t)length < sizeof(own) && access(own, F_OK) == 0)
		return own;
	return RUNSTATEDIR "/superd/control";
}

static void set_defaults(struct superctl_options *options)
{
	const char *control = getenv("SUPERD_CONTROL");

	*options = (struct superctl_options){
		.control = control && *control ? control : default_control_path(),
		.timeout = -1,
		.interval = TOP_INTERVAL,
		.sort = 'c',
	};
}

bool superctl_options_parse(struct superctl_options *options, int argc, char **argv, enum ctl_status *status)
{
	uint64_t given = 0;
	enum cli_result result;

	set_defaults(options);
	result = cli_read(&superctl_cli, options, argc, argv, &given);
	if (result == CLI_UNKNOWN)
		cli_hint(&superctl_cli, argv[optind - 1]);
	*status = result == CLI_ENDED ? CTL_DONE : CTL_USAGE;
	if (result != CLI_READ)
		return false;
	if (optind >= argc || !strcmp(argv[optind], "help")) {
		print_help();
		*status = optind >= argc ? CTL_USAGE : CTL_DONE;
		return false;
	}
	options->names = (const char *const *)&argv[optind + 1];
	options->name_count = (size_t)(argc - optind - 1);
	return verb_is_right(options, argv[optind]) && names_are_right(options) && options_belong(options, given);
}
