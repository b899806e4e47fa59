/* The command line: every flag of the table, what excludes what, what stands behind --, and what is refused. */
#include "superd/main.h"
#include "tests/unit/unit.h"

#include <criterion/redirect.h>

#include "command_line.h"

TestSuite(options, .fini = drop_options);

/* As superd, with this behind its name. */
static void read_line(const char *text)
{
	char line[500];

	snprintf(line, sizeof(line), "superd %s", text);
	READS_COMMAND(line);
}

static void expect_refused(const char *text, const char *part, const char *other)
{
	char line[500];

	snprintf(line, sizeof(line), "superd %s", text);
	expect_command_refused(line, part, other);
}

#define READS(text) read_line(text)

Test(options, has_the_manuals_defaults)
{
	READS("");
	cr_expect_eq(options.task, TASK_RUN);
	cr_expect(options.sources.count == 0 && options.endpoints.count == 0 && options.environment.count == 0);
	cr_expect_not(options.flags & OPTION_NO_PREFLIGHT);
	cr_expect_eq(options.flags, 0);
	cr_expect_str_eq(options.settings.log, "stderr");
	cr_expect_eq(options.settings.log_level, LEVEL_INFO);
	cr_expect_eq(options.settings.stop_timeout, 8000000);
	cr_expect_eq(options.settings.stop_delay, 0);
	cr_expect_null(options.settings.pid_file);
	cr_expect_null(options.command);
}

Test(options, collects_tables_in_their_order)
{
	READS("-f a --file b --file=inetd:c -fd");
	cr_assert_eq(options.sources.count, 4);
	cr_expect_str_eq(options.sources.list[0], "a");
	cr_expect_str_eq(options.sources.list[1], "b");
	cr_expect_str_eq(options.sources.list[2], "inetd:c");
	cr_expect_str_eq(options.sources.list[3], "d");
}

Test(options, reads_a_service_without_a_table)
{
	READS("-l 80 --listen=udp:53 -E A=1 --setenv B --inetd --fdname a:b -a --fdname c -- cat -n");
	cr_assert_eq(options.endpoints.count, 2);
	cr_expect_str_eq(options.endpoints.list[0], "80");
	cr_expect_str_eq(options.endpoints.list[1], "udp:53");
	cr_assert_eq(options.environment.count, 2);
	cr_expect_str_eq(options.environment.list[0], "A=1");
	cr_expect_str_eq(options.environment.list[1], "B");
	cr_expect(options.flags & OPTION_INETD && options.flags & OPTION_ACCEPT);
	cr_assert_eq(options.fdnames.count, 2u);
	cr_expect_str_eq(options.fdnames.list[0], "a:b");
	cr_expect_str_eq(options.fdnames.list[1], "c");
	cr_assert(options.command);
	cr_expect_str_eq(options.command[0], "cat");
	cr_expect_str_eq(options.command[1], "-n");
	cr_expect_null(options.command[2]);
	READS("-l 80 --accept -- cat");
	cr_expect(options.flags & OPTION_ACCEPT && !(options.flags & OPTION_NOW) && !(options.flags & OPTION_INETD));
	READS("-l 80 --now -- cat");
	cr_expect(options.flags & OPTION_NOW && !(options.flags & OPTION_ACCEPT));
}

Test(options, knows_every_task)
{
	READS("--check");
	cr_expect_eq(options.task, TASK_CHECK);
	READS("--print");
	cr_expect_eq(options.task, TASK_PRINT);
	cr_expect_str_eq(options.print, "conf");
	READS("--print=json");
	cr_expect_eq(options.task, TASK_PRINT);
	cr_expect_str_eq(options.print, "json");
	READS("--explain backlog");
	cr_expect_eq(options.task, TASK_EXPLAIN);
	cr_expect_str_eq(options.print, "backlog");
	READS("-f x --explain");
	cr_expect_eq(options.task, TASK_EXPLAIN);
	cr_expect_null(options.print);
	READS("-- cat --explain");
	cr_expect_eq(options.task, TASK_RUN);
	cr_expect_str_eq(options.command[1], "--explain");
	READS("--version");
	cr_expect_eq(options.task, TASK_VERSION);
	READS("--help");
	cr_expect_eq(options.task, TASK_HELP);
}

Test(options, reads_how_superd_runs)
{
	READS("--no-preflight --keep-going --daemon --pid-file p --log file:/l --log-format json --log-level debug");
	cr_expect(options.flags & OPTION_NO_PREFLIGHT);
	cr_expect(options.flags & OPTION_KEEP_GOING && options.flags & OPTION_DAEMON);
	cr_expect_eq(options.settings.log_format, LOG_FORMAT_JSON);
	cr_expect_str_eq(options.settings.pid_file, "p");
	cr_expect_str_eq(options.settings.log, "file:/l");
	cr_expect_eq(options.settings.log_level, LEVEL_DEBUG);
	READS("--stop-timeout 250ms --stop-delay 5s --log-format text");
	cr_expect_eq(options.settings.stop_timeout, 250000);
	cr_expect_eq(options.settings.stop_delay, 5000000);
	cr_expect_eq(options.settings.log_format, LOG_FORMAT_TEXT);
}

Test(options, takes_a_long_name_that_is_cut_short_unless_it_is_two)
{
	READS("--keep --expl listen");
	cr_expect(options.flags & OPTION_KEEP_GOING);
	cr_expect_eq(options.task, TASK_EXPLAIN);
	expect_refused("--no", "ambiguous", "--help");
}

Test(options, leaves_what_stands_behind_two_dashes_to_the_command)
{
	READS("-f t -- nginx -g --check -- x");
	cr_expect_eq(options.task, TASK_RUN);
	cr_assert(options.command);
	cr_expect_str_eq(options.command[0], "nginx");
	cr_expect_str_eq(options.command[2], "--check");
	cr_expect_str_eq(options.command[3], "--");
	cr_expect_str_eq(options.command[4], "x");
	READS("-l 80 cat --help");
	cr_expect_eq(options.task, TASK_RUN);
	cr_expect_str_eq(options.command[1], "--help");
}

Test(options, takes_two_dashes_with_nothing_behind_as_no_command)
{
	READS("-f t --");
	cr_expect_null(options.command);
}

Test(options, refuses_a_main_command_without_two_dashes)
{
	expect_refused("nginx", "'nginx'", "follows --");
	expect_refused("-f t nginx --check", "'nginx'", "follows --");
	expect_refused("--check x.conf", "'x.conf'", "-f x.conf");
}

Test(options, refuses_what_excludes_each_other)
{
	expect_refused("-f t -l 80 -- cat", "-l and -f exclude", "without a file");
	expect_refused("-l 80 -a --now -- cat", "--accept and --now", "no connection yet");
	expect_refused("--daemon -- cat", "--daemon and a main command", "waits for it");
	READS("--daemon -l 80 -- cat");
}

Test(options, refuses_a_service_without_a_command)
{
	expect_refused("-l 80", "-l needs a command", "superd -l 80 -- PROGRAM");
	expect_refused("-l 80 --", "-l needs a command", "superd -l 80 -- PROGRAM");
}

Test(options, refuses_the_options_of_a_service_without_one)
{
	static const char *const lines[] = {
		"-a", "--accept", "-d", "--datagram", "--seqpacket", "--inetd", "--now", "--fdname x", "-E A=1",
		"--setenv A",
	};

	for (size_t n = 0; n < sizeof(lines) / sizeof(*lines); n++)
		expect_refused(lines[n], "go with -l", "a configuration has options");
}

Test(options, takes_the_system_a_table_is_read_as)
{
	READS("-f inetd.conf --compat freebsd");
	cr_expect_eq(options.compat, COMPAT_FREEBSD);
	READS("--compat=xinetd");
	cr_expect_eq(options.compat, COMPAT_XINETD);
	expect_refused("--compat linux", "--compat: 'linux'", "busybox");
}

/* Whatever the folder and the link are called that lead to it. */
Test(options, goes_by_the_name_it_is_called_by)
{
	static const struct {
		const char *name;
		enum invoked_as invoked_as;
	} names[] = {
		{ "superd", AS_SUPERD },	 { "/usr/sbin/superd", AS_SUPERD },
		{ "/inetd/superd", AS_SUPERD },	 { "inetd", AS_INETD },
		{ "/usr/sbin/inetd", AS_INETD }, { "-inetd", AS_INETD },
		{ "openbsd-inetd", AS_INETD },	 { "/usr/sbin/inetutils-inetd", AS_INETD },
		{ "xinetd", AS_XINETD },	 { "./xinetd", AS_XINETD },
		{ "-xinetd", AS_XINETD },	 { "xinetd2", AS_SUPERD },
		{ "inetd.conf", AS_SUPERD },	 { "rlinetd", AS_SUPERD },
	};

	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		read_command(names[n].name);
		cr_expect_eq(options.invoked_as, names[n].invoked_as, "%s", names[n].name);
	}
}

Test(options, refuses_values_that_are_none)
{
	expect_refused("--log-format xml", "--log-format: 'xml'", "text and json");
	expect_refused("--log-level loud", "--log-level: 'loud'", "warning");
	expect_refused("--stop-timeout soon", "--stop-timeout: 'soon'", "duration");
	expect_refused("--stop-delay soon", "--stop-delay: 'soon'", "duration");
	expect_refused("--stop-delay infinity", "--stop-delay: 'infinity'", "a finite duration");
	expect_refused("--stop-timeout -1", "--stop-timeout: '-1'", "duration");
	expect_refused("--control run", "--control: 'run'", "a path with a slash, such as ./control, @name, or none");
	expect_refused("--control @", "--control: '@'", "a path with a slash, such as ./control, @name, or none");
}

Test(options, refuses_flags_it_does_not_know)
{
	expect_refused("--colour", "colour", "--help");
	expect_refused("-x", "x", "--help");
	expect_refused("-ax", "x", "--help");
	expect_refused("--check=now", "check", "--help");
}

/* Walks the table: what needs an argument is refused without, in both of its forms. */
Test(options, refuses_a_flag_without_its_argument)
{
	int refused = 0;

	for (size_t n = 0; n < as_superd_cli.count; n++) {
		const struct cli_option *option = &as_superd_cli.options[n];
		char line[64];

		if (!option->argument || option->optional)
			continue;
		snprintf(line, sizeof(line), "--%s", option->name);
		expect_refused(line, option->name, "--help");
		refused++;
		if (!option->letter)
			continue;
		snprintf(line, sizeof(line), "-%c", option->letter);
		expect_refused(line, "argument", "--help");
	}
	cr_expect_gt(refused, 8);
}

TestSuite(flags);

Test(flags, are_whole)
{
	for (size_t n = 0; n < as_superd_cli.count; n++) {
		const struct cli_option *flag = &as_superd_cli.options[n];

		cr_assert(flag->name && flag->help, "entry %zu", n);
		cr_expect_eq(strspn(flag->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(flag->name), "%s", flag->name);
		cr_expect_null(strchr(flag->help, '\n'), "%s: one line", flag->name);
		cr_expect(flag->argument || (!flag->words && !flag->optional), "%s: its placeholder", flag->name);
		cr_expect_neq(flag->set != NULL, flag->field != CLI_NO_FIELD, "%s: one way to set it", flag->name);
		for (const struct cli_option *other = as_superd_cli.options; other < flag; other++) {
			cr_expect_str_neq(flag->name, other->name);
			cr_expect(!flag->letter || flag->letter != other->letter, "-%c twice", flag->letter);
		}
	}
}

/* Whoever reads --help finds each word that a shell would offer. */
Test(flags, tell_in_their_help_each_word_they_take)
{
	for (size_t n = 0; n < as_superd_cli.count; n++) {
		const struct cli_option *option = &as_superd_cli.options[n];
		char *list = option->words ? strdup(option->words) : NULL, *rest = list;

		for (char *word; (word = strsep(&rest, " "));)
			cr_expect(strstr(option->help, word), "--%s: %s", option->name, word);
		free(list);
	}
}

Test(flags, stand_in_help_each_on_a_line, .init = cr_redirect_stdout)
{
	const char *text = help_of(AS_SUPERD);

	for (size_t n = 0; n < as_superd_cli.count; n++) {
		const struct cli_option *option = &as_superd_cli.options[n];
		char start[80];

		snprintf(start, sizeof(start), "\n  %c%c%c --%s", option->letter ? '-' : ' ',
			 option->letter ? option->letter : ' ', option->letter ? ',' : ' ', option->name);
		cr_expect(strstr(text, start), "no line for --%s", option->name);
		cr_expect(strstr(text, option->help), "no help for --%s", option->name);
	}
}
