/* superd's command line, read by getopt_long(3) from the table of cli/superd/flags.h.
 *
 * The words behind -- have two meanings: with -l they are the command of that one service, without -l the main
 * command. check_together refuses the options that exclude each other. */
#include "cli/superd/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scan.h"
#include "base/sink.h"
#include "cli/superd/as_inetd.h"
#include "cli/superd/as_xinetd.h"
#include "cli/superd/flags.h"
#include "os/host/own_program.h"

#define STOP_TIMEOUT 8000000            /* microseconds: below the 10 s after which Docker kills */
#define BEYOND_LETTERS 256              /* what getopt_long gives for flags[0]; below it, it gives letters */

const char *options_name(const struct options *options)
{
	static const char *const names[] = { [AS_SUPERD] = "superd", [AS_INETD] = "inetd", [AS_XINETD] = "xinetd" };

	return names[options->invoked_as];
}

bool options_add(const struct options *options, const char ***list, size_t *count, const char *text)
{
	const char **bigger = reallocarray(*list, *count + 1, sizeof(*bigger));

	if (!bigger) {
		fprintf(stderr, "%s: out of memory\n", options_name(options));
		return false;
	}
	bigger[(*count)++] = text;
	*list = bigger;
	return true;
}

bool options_complain(const struct options *options, const char *option, const char *value, const char *why)
{
	fprintf(stderr, "%s: %s: '%s': %s\n", options_name(options), option, value, why);
	return false;
}

const char *options_make(struct options *options, const char *prefix, const char *text)
{
	const char *made = NULL;

	if (!options->made)
		options->made = pool_new();
	if (options->made)
		made = pool_textf(options->made, "%s%s", prefix, text);
	if (!made)
		fprintf(stderr, "%s: out of memory\n", options_name(options));
	return made;
}

const char *options_make_path(struct options *options, const char *prefix, const char *path)
{
	char *folder = *path == '/' ? NULL : getcwd(NULL, 0);
	const char *start = prefix;

	if (folder) {
		start = options_make(options, prefix, folder);
		start = start ? options_make(options, start, "/") : NULL;
	}
	free(folder);
	return start ? options_make(options, start, path) : NULL;
}

bool options_set_compat(struct options *options, const char *option, const char *name)
{
	options->compat = compat_find(name, strlen(name));
	return options->compat != COMPAT_NONE ||
		options_complain(options, option, name, "it is openbsd, freebsd, netbsd, gnu, busybox or xinetd");
}

static bool set_log(struct options *options, const char *text)
{
	const char *why = sink_refusal(text);

	options->log_destination = text;
	return !why || options_complain(options, "--log", text, why);
}

static bool set_format(struct options *options, const char *text)
{
	options->json = !strcmp(text, "json");
	return options->json || !strcmp(text, "text") ||
		options_complain(options, "--log-format", text, "the formats are text and json");
}

static bool set_level(struct options *options, const char *text)
{
	const char *why = log_parse_level(text, &options->level);

	return !why || options_complain(options, "--log-level", text, why);
}

static bool set_stop_timeout(struct options *options, const char *text)
{
	const char *why = scan_duration(text, &options->stop_timeout);

	return !why || options_complain(options, "--stop-timeout", text, why);
}

/* An infinite delay is refused: superd would never stop. */
static bool set_stop_delay(struct options *options, const char *text)
{
	const char *why = scan_duration(text, &options->stop_delay);

	if (!why && options->stop_delay == SCAN_INFINITY)
		why = "it has to come to an end, as 5s does";
	return !why || options_complain(options, "--stop-delay", text, why);
}

static bool set_unsupported(struct options *options, const char *text)
{
	options->warns_of_unsupported = !strcmp(text, "warn");
	return options->warns_of_unsupported || !strcmp(text, "refuse") ||
		options_complain(options, "--unsupported", text, "it is refuse or warn");
}

/* The kernel would cut a longer name (PR_SET_NAME takes 15 bytes), and nobody would find superd by it. */
static bool set_process_name(struct options *options, const char *text)
{
	options->process_name = text;
	return (*text && strlen(text) <= OWN_NAME_MOST) ||
		options_complain(options, "--process-name", text, "it has 1 to 15 bytes");
}

static bool set_task(struct options *options, enum task task, const char *argument)
{
	options->task = task;
	options->print = argument;
	return true;
}

static bool apply_log(struct options *options, enum flag_id flag)
{
	switch (flag) {
	case FLAG_LOG:
		return set_log(options, optarg);
	case FLAG_LOG_FORMAT:
		return set_format(options, optarg);
	case FLAG_LOG_LEVEL:
		return set_level(options, optarg);
	case FLAG_CONTROL:
		options->control = optarg;
		return *optarg == '/' || (*optarg == '@' && optarg[1]) || !strcmp(optarg, "none") ||
		       options_complain(options, "--control", optarg, "it is a path from / on, @name, or none");
	case FLAG_CONTROL_GROUP:
		options->control_group = optarg;
		return true;
	case FLAG_STOP_DELAY:
		return set_stop_delay(options, optarg);
	case FLAG_STOP_TIMEOUT:
		return set_stop_timeout(options, optarg);
	case FLAG_PID_FILE:
		options->pid_file = optarg;
		return true;
	case FLAG_PROCESS_NAME:
		return set_process_name(options, optarg);
	case FLAG_DAEMON:
		return options->daemon = true;
	default:
		return false;           /* FLAGS: getopt_long has said what is wrong */
	}
}

static bool apply_task(struct options *options, enum flag_id flag)
{
	switch (flag) {
	case FLAG_CHECK:
		return set_task(options, TASK_CHECK, NULL);
	case FLAG_PRINT:
		return set_task(options, TASK_PRINT, optarg ? optarg : "conf");
	case FLAG_EXPLAIN:
		return set_task(options, TASK_EXPLAIN, optarg);
	case FLAG_VERSION:
		return set_task(options, TASK_VERSION, NULL);
	case FLAG_HELP:
		return set_task(options, TASK_HELP, NULL);
	case FLAG_NO_PREFLIGHT:
		options->preflight = false;
		return true;
	case FLAG_KEEP_GOING:
		return options->keep_going = true;
	case FLAG_UNSUPPORTED:
		return set_unsupported(options, optarg);
	default:
		return apply_log(options, flag);
	}
}

static bool apply(struct options *options, enum flag_id flag)
{
	switch (flag) {
	case FLAG_FILE:
		return options_add(options, &options->sources, &options->source_count, optarg);
	case FLAG_LISTEN:
		return options_add(options, &options->endpoints, &options->endpoint_count, optarg);
	case FLAG_SETENV:
		return options_add(options, &options->environment, &options->environment_count, optarg);
	case FLAG_ACCEPT:
		return options->accept = true;
	case FLAG_DATAGRAM:
		return options->datagram = true;
	case FLAG_SEQPACKET:
		return options->seqpacket = true;
	case FLAG_INETD:
		return options->inetd = true;
	case FLAG_NOW:
		return options->now = true;
	case FLAG_COMPAT:
		return options_set_compat(options, "--compat", optarg);
	case FLAG_FDNAME:
		return options_add(options, &options->fdnames, &options->fdname_count, optarg);
	default:
		return apply_task(options, flag);
	}
}

static bool check_together(const struct options *options)
{
	if (options->endpoint_count && options->source_count) {
		fprintf(stderr, "superd: -l and -f exclude each other: -l is one service without a file\n");
		return false;
	}
	if (options->endpoint_count && !options->command) {
		fprintf(stderr, "superd: -l needs a command: superd -l %s -- PROGRAM [ARGUMENT]...\n",
			options->endpoints[0]);
		return false;
	}
	if (!options->endpoint_count &&
	    (options->accept || options->inetd || options->now || options->fdname_count || options->environment_count ||
	     options->datagram || options->seqpacket)) {
		fprintf(stderr, "superd: --accept, --datagram, --seqpacket, --inetd, --now, --fdname and --setenv "
				"go with -l; a table has options for them\n");
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
	if (options->daemon && options->command && !options->endpoint_count) {
		fprintf(stderr, "superd: --daemon and a main command exclude each other: superd waits for it\n");
		return false;
	}
	return true;
}

/* The table in getopt_long's own terms; "+" ends the options at the first word that is none. */
static void describe(struct option longs[FLAGS + 1], char letters[2 * FLAGS + 2])
{
	*letters++ = '+';
	for (int n = 0; n < FLAGS; n++) {
		int takes = flags[n].takes == TAKES_NOTHING ? no_argument :
			flags[n].optional ? optional_argument : required_argument;

		longs[n] = (struct option){ flags[n].name, takes, NULL, BEYOND_LETTERS + n };
		if (!flags[n].letter)
			continue;
		*letters++ = flags[n].letter;
		if (takes == required_argument)
			*letters++ = ':';
	}
	longs[FLAGS] = (struct option){ 0 };
	*letters = '\0';
}

/* The flag of getopt_long's value; FLAGS: there is none. */
static enum flag_id identify(int option)
{
	if (option >= BEYOND_LETTERS)
		return (enum flag_id)(option - BEYOND_LETTERS);
	for (int n = 0; n < FLAGS; n++) {
		if (flags[n].letter == option)
			return (enum flag_id)n;
	}
	return FLAGS;
}

/* The option of superd for a letter that other daemons use; NULL: none. */
static const char *usual_letter(int letter)
{
	switch (letter) {
	case 't':
		return "--check";
	case 'c':
		return "-f FILE";
	case 'v':
	case 'V':
		return "--version";
	default:
		return NULL;
	}
}

/* getopt_long has printed the unknown option; this adds the nearest one that superd has. */
static void hint_at(const char *word)
{
	const char *usual = word[0] == '-' && word[1] == '-' ? NULL : usual_letter(optopt);
	const struct flag *near = word[0] == '-' && word[1] == '-' ? flag_near(word) : NULL;

	if (near && strncmp(word + 2, near->name, strlen(near->name)) != 0)
		fprintf(stderr, "superd: did you mean '--%s'\n", near->name);
	if (usual)
		fprintf(stderr, "superd: did you mean %s\n", usual);
	fprintf(stderr, "superd: see superd --help\n");
}

/* --explain takes its argument as the next word, so getopt_long would report a missing one. */
static bool ends_with_explain(int argc, char **argv)
{
	for (int n = 1; n < argc - 1; n++) {
		if (!strcmp(argv[n], "--"))
			return false;
	}
	return argc > 1 && !strcmp(argv[argc - 1], "--explain");
}

static bool read_flags(struct options *options, int argc, char **argv)
{
	struct option longs[FLAGS + 1];
	char letters[2 * FLAGS + 2];
	int option;

	describe(longs, letters);
	while ((option = getopt_long(argc, argv, letters, longs, NULL)) >= 0) {
		if (!apply(options, identify(option))) {
			if (option == '?')
				hint_at(argv[optind - 1]);
			return false;
		}
	}
	return true;
}

static bool read_own(struct options *options, int argc, char **argv)
{
	if (ends_with_explain(argc, argv)) {
		set_task(options, TASK_EXPLAIN, NULL);
		argc--;
	}
	if (!read_flags(options, argc, argv))
		return false;
	if (optind < argc && strcmp(argv[optind - 1], "--") && !options->endpoint_count) {
		if (options->task == TASK_RUN)
			fprintf(stderr, "superd: '%s': a main command stands behind --, a table behind -f\n",
				argv[optind]);
		else
			fprintf(stderr, "superd: '%s': tables are named by -f: -f %s\n", argv[optind], argv[optind]);
		return false;
	}
	if (optind < argc)
		options->command = argv + optind;
	return check_together(options);
}

/* By the last component of the name, without a login shell's dash. Debian's inetd is also called openbsd-inetd. */
static enum invoked_as find_invoked_as(const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t length;

	name = slash ? slash + 1 : name;
	name += *name == '-';
	length = strlen(name);
	if (!strcmp(name, "xinetd"))
		return AS_XINETD;
	if (!strcmp(name, "inetd") || (length > 6 && !strcmp(name + length - 6, "-inetd")))
		return AS_INETD;
	return AS_SUPERD;
}

bool options_read(struct options *options, int argc, char **argv)
{
	*options = (struct options){
		.invoked_as = find_invoked_as(argc > 0 ? argv[0] : ""), .preflight = true, .level = LEVEL_INFO,
		.log_destination = "stderr", .stop_timeout = STOP_TIMEOUT, .control_gid = (gid_t)-1,
	};
	if (options->invoked_as == AS_INETD)
		return as_inetd_read(options, argc, argv);
	if (options->invoked_as == AS_XINETD)
		return as_xinetd_read(options, argc, argv);
	return read_own(options, argc, argv);
}

void options_free(struct options *options)
{
	pool_free(options->made);
	nonempty_sources_free(&options->nonempty);
	free(options->sources);
	free(options->further);
	free(options->endpoints);
	free(options->environment);
	free(options->fdnames);
}

static void help_one(const struct flag *flag)
{
	char letter[] = { '-', flag->letter, ',', ' ', '\0' }, left[64];
	const char *joint = flag->optional ? "[=" : " ";

	snprintf(left, sizeof(left), "%s--%s%s%s%s", flag->letter ? letter : "    ", flag->name,
		 flag->argument ? joint : "", flag->argument ? flag->argument : "", flag->optional ? "]" : "");
	printf("  %-32s %s\n", left, flag->help);
}

void options_help(const struct options *options)
{
	if (options->invoked_as != AS_SUPERD) {
		(options->invoked_as == AS_INETD ? as_inetd_help : as_xinetd_help)();
		return;
	}
	printf("usage: superd [-f [FORMAT[+COMPAT]:]FILE]... [options] [-- COMMAND...]\n"
	       "       superd -l ENDPOINT [-a] [--inetd] [options] -- COMMAND...\n"
	       "       superd --check | --print[=WHAT] | --explain OPTION [-f FILE]...\n\n"
	       "Listens for the services of a table and starts each when somebody connects.\n"
	       "Without -f the table is %s.\n\n", SYSCONFDIR "/superd.conf");
	for (int n = 0; n < FLAGS; n++)
		help_one(&flags[n]);
	printf("\nSignals: HUP reads the table again; TERM and INT stop; QUIT leaves, instances run on;\n"
	       "USR1 logs the state; USR2 has the superd that is installed now take over. Called as inetd or xinetd,\n"
	       "by a link of that name, superd takes that program's options. superd(8) and superd.conf(5) tell the\n"
	       "rest.\n");
}
