/* superctl's command line, read by getopt_long(3).
 *
 * Options may stand before and behind the verb, so superctl knows only at the end whether an option belongs to the
 * verb: it collects the options' bits, and compares them with those of the verb's row in verbs[]. */
#include "cli/superctl/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scan.h"

#define SECOND 1000000LL
#define TOP_INTERVAL (2 * SECOND)
#define INTERVAL_LEAST (SECOND / 10)
#define COUNT_MOST 1000000

enum flag {
	FLAG_CONTROL = 256,
	FLAG_JSON,
	FLAG_COLOUR,
	FLAG_NO_WAIT,
	FLAG_TIMEOUT,
	FLAG_CHECK,
	FLAG_SERVICE,
	FLAG_LEVEL,
	FLAG_INTERVAL,
	FLAG_SORT,
	FLAG_HTTP,
	FLAG_FORMAT,
	FLAG_NAMES,
	FLAG_VERSION
};

/* The options in the order of --help. */
static const struct ctl_flag {
	const char *name, *argument;
	int value;	  /* a letter, or of enum flag */
	unsigned belongs; /* to verbs with this bit; 0: to all */
	const char *help;
} flags[] = {
	{ "control", "PATH", FLAG_CONTROL, 0, "superd's control socket ($SUPERD_CONTROL, else the usual one)" },
	{ "json", NULL, FLAG_JSON, 0, "the answer's lines as superd sent them" },
	{ "color", "WHEN", FLAG_COLOUR, 0, "auto (default), always or never" },
	{ "no-wait", NULL, FLAG_NO_WAIT, MAY_NO_WAIT, "do not wait for the end of what was asked" },
	{ "timeout", "DURATION", FLAG_TIMEOUT, MAY_TIMEOUT, "wait at most so long" },
	{ "check", NULL, FLAG_CHECK, MAY_CHECK, "upgrade: only ask the new superd whether it could" },
	{ "service", "NAME", FLAG_SERVICE, MAY_SERVICE, "events: of this service alone" },
	{ "level", "LEVEL", FLAG_LEVEL, MAY_LEVEL,
	  "events: error, warning, notice, info or debug, and what is graver" },
	{ "interval", "DURATION", FLAG_INTERVAL, MAY_INTERVAL, "top: from one table to the next (2s)" },
	{ "count", "COUNT", 'n', MAY_COUNT, "top: end after so many tables" },
	{ "sort", "KEY", FLAG_SORT, MAY_SORT, "top: by memory, cpu (default), name or state" },
	{ "http", NULL, FLAG_HTTP, MAY_HTTP, "metrics: answer one HTTP request on stdin and stdout" },
	{ "format", "FORMAT", FLAG_FORMAT, MAY_FORMAT, "metrics: text (default) or openmetrics" },
	{ "names", NULL, FLAG_NAMES, MAY_NAMES, "list: the services' names alone" },
	{ "version", NULL, FLAG_VERSION, 0, "say which version this superctl is" },
	{ "help", NULL, 'h', 0, "this text" },
};

enum { CTL_FLAGS = sizeof(flags) / sizeof(flags[0]) };

static bool complain(const char *option, const char *value, const char *why)
{
	fprintf(stderr, "superctl: --%s: '%s': %s\n", option, value, why);
	return false;
}

static bool set_colour(struct superctl_options *options, const char *text)
{
	static const char *const words[] = {
		[COLOUR_AUTO] = "auto", [COLOUR_ALWAYS] = "always", [COLOUR_NEVER] = "never"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(words[i], text)) {
			options->colour = (enum colour)i;
			return true;
		}
	}
	return complain("color", text, "it is auto, always or never");
}

static bool set_timeout(struct superctl_options *options, const char *text)
{
	const char *why = scan_duration(text, &options->timeout);

	if (!why && options->timeout == SCAN_INFINITY)
		options->timeout = -1;
	return !why || complain("timeout", text, why);
}

static bool set_interval(struct superctl_options *options, const char *text)
{
	const char *why = scan_duration(text, &options->interval);

	if (!why && (options->interval < INTERVAL_LEAST || options->interval > 3600 * SECOND))
		why = "an interval is 100ms at least and 1h at most";
	return !why || complain("interval", text, why);
}

static bool set_level(struct superctl_options *options, const char *text)
{
	enum level level;
	const char *why = log_parse_level(text, &level);

	options->level = text;
	return !why || complain("level", text, why);
}

static bool set_count(struct superctl_options *options, const char *text)
{
	const char *why = scan_count(text, &options->count);

	if (!why && (options->count < 1 || options->count > COUNT_MOST))
		why = "it is 1 at least and 1000000 at most";
	return !why || complain("count", text, why);
}

static bool set_sort(struct superctl_options *options, const char *text)
{
	static const char *const keys[] = { "memory", "cpu", "name", "state" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strcmp(keys[i], text) || (*text && !text[1] && *text == *keys[i])) {
			options->sort = *keys[i];
			return true;
		}
	}
	return complain("sort", text, "it is memory, cpu, name or state");
}

static bool set_format(struct superctl_options *options, const char *text)
{
	options->format = !strcmp(text, "openmetrics") ? METRICS_OPENMETRICS : METRICS_TEXT;
	return options->format == METRICS_OPENMETRICS || !strcmp(text, "text") ||
	       complain("format", text, "it is text or openmetrics");
}

static bool set_flag(struct superctl_options *options, int flag, const char *argument)
{
	switch (flag) {
	case FLAG_CONTROL:
		options->control = argument;
		return *argument || complain("control", argument, "it is the path of a socket");
	case FLAG_JSON:
		options->json = true;
		return true;
	case FLAG_COLOUR:
		return set_colour(options, argument);
	case FLAG_NO_WAIT:
		options->no_wait = true;
		return true;
	case FLAG_TIMEOUT:
		return set_timeout(options, argument);
	case FLAG_CHECK:
		options->check = true;
		return true;
	case FLAG_SERVICE:
		options->service = argument;
		return true;
	case FLAG_LEVEL:
		return set_level(options, argument);
	case FLAG_INTERVAL:
		return set_interval(options, argument);
	case 'n':
		return set_count(options, argument);
	case FLAG_SORT:
		return set_sort(options, argument);
	case FLAG_HTTP:
		options->http = true;
		return true;
	case FLAG_FORMAT:
		return set_format(options, argument);
	case FLAG_NAMES:
		options->names_only = true;
		return true;
	default:
		return false;
	}
}

static void print_help(void)
{
	static const char *const names[] = { [NAMES_NONE] = "", [NAMES_ANY] = " [NAME]...", [NAMES_SOME] = " NAME..." };

	printf("usage: superctl [OPTION]... VERB [NAME]...\n\nNames may be patterns, as 'web-*'.\n\n");
	for (size_t i = 0; i < verb_count; i++) {
		int room = 21 - printf("  %s%s", verbs[i].name, names[verbs[i].names]);

		printf("%*s%s\n", room > 0 ? room : 1, "", verbs[i].help);
	}
	putchar('\n');
	for (size_t i = 0; i < CTL_FLAGS; i++) {
		const char *argument = flags[i].argument;
		int room = 27;

		room -= flags[i].value < FLAG_CONTROL ? printf("  -%c, ", flags[i].value) : printf("      ");
		room -= printf("--%s%s%s", flags[i].name, argument ? "=" : "", argument ? argument : "");
		printf("%*s%s\n", room > 0 ? room : 1, "", flags[i].help);
	}
	printf("\nIt ends with 0 when it is done, 1 when something failed, 2 for a wrong usage, 3 when what was asked "
	       "for does\n"
	       "not run or is not healthy, and 4 when no superd was reached. See superctl(8).\n");
}

static const struct ctl_flag *find_flag(int value)
{
	for (size_t i = 0; i < CTL_FLAGS; i++) {
		if (flags[i].value == value)
			return &flags[i];
	}
	return NULL;
}

static void point_to_help(void)
{
	fprintf(stderr, "superctl: \"superctl --help\" lists what there is\n");
}

/* Whether an option was written as "--NAME" or longer, and how near a known one is. */
static void complain_option(const char *written)
{
	const char *nearest = NULL;
	char name[64];
	unsigned most = 2;
	size_t length;

	if (written[0] != '-' || written[1] != '-')
		return;
	length = strcspn(written + 2, "=");
	if (length >= sizeof(name))
		return;
	memcpy(name, written + 2, length);
	name[length] = '\0';
	for (size_t i = 0; i < CTL_FLAGS; i++) {
		unsigned distance = scan_distance(flags[i].name, name, most);

		if (distance > most)
			continue;
		nearest = flags[i].name;
		most = distance;
	}
	if (nearest && strcmp(nearest, name) != 0)
		fprintf(stderr, "superctl: did you mean '--%s'\n", nearest);
}

/* *told is true if the option was --help or --version, after which superctl exits. */
static bool read_flags(struct superctl_options *options, int argc, char **argv, unsigned *given, bool *told)
{
	struct option long_options[CTL_FLAGS + 1] = { 0 };
	int found;

	for (size_t i = 0; i < CTL_FLAGS; i++)
		long_options[i] = (struct option){ flags[i].name, flags[i].argument ? required_argument : no_argument,
						   NULL, flags[i].value };
	while ((found = getopt_long(argc, argv, "hn:", long_options, NULL)) != -1) {
		const struct ctl_flag *flag = find_flag(found);

		if (!flag) {
			complain_option(argv[optind - 1]);
			return false;
		}
		if (found == 'h')
			print_help();
		if (found == FLAG_VERSION)
			printf("superctl %s\n", PACKAGE_VERSION);
		*told = found == 'h' || found == FLAG_VERSION;
		if (*told)
			return true;
		*given |= flag->belongs;
		if (!set_flag(options, found, optarg))
			return false;
	}
	return true;
}

/* Refuses an option that has no meaning for this verb, rather than ignore it. */
static bool flags_belong(const struct superctl_options *options, unsigned given)
{
	unsigned strange = given & ~options->verb->options;

	for (size_t i = 0; strange && i < CTL_FLAGS; i++) {
		if (!(flags[i].belongs & strange))
			continue;
		fprintf(stderr, "superctl: --%s does not go with %s; it is for", flags[i].name, options->verb->name);
		for (size_t n = 0; n < verb_count; n++)
			fprintf(stderr, "%s%s", verbs[n].options & flags[i].belongs ? " " : "",
				verbs[n].options & flags[i].belongs ? verbs[n].name : "");
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
		hint ? hint : "", hint ? "'" : "");
	if (!hint)
		point_to_help();
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

/* The default socket: that of a user's own superd below $XDG_RUNTIME_DIR if there is one, else that of the machine. */
static const char *usual_place(void)
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
		.control = control && *control ? control : usual_place(),
		.timeout = -1,
		.interval = TOP_INTERVAL,
		.sort = 'c',
	};
}

bool superctl_options_parse(struct superctl_options *options, int argc, char **argv, enum ctl_status *status)
{
	unsigned given = 0;
	bool told = false;

	set_defaults(options);
	*status = CTL_USAGE;
	if (!read_flags(options, argc, argv, &given, &told))
		return false;
	if (told) {
		*status = CTL_DONE;
		return false;
	}
	if (optind >= argc || !strcmp(argv[optind], "help")) {
		print_help();
		*status = optind >= argc ? CTL_USAGE : CTL_DONE;
		return false;
	}
	options->names = (const char *const *)&argv[optind + 1];
	options->name_count = (size_t)(argc - optind - 1);
	return verb_is_right(options, argv[optind]) && names_are_right(options) && flags_belong(options, given);
}
