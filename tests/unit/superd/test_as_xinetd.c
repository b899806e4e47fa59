/* Called as xinetd: its options behind one dash, what they come to, and what is refused. */
#include "tests/unit/unit.h"

#include <criterion/redirect.h>

#include "command_line.h"
#include "superd/main.h"

TestSuite(as_xinetd, .fini = drop_options);

Test(as_xinetd, is_a_daemon_that_reads_xinetd_conf)
{
	READS_COMMAND("xinetd");
	cr_expect(options.flags & OPTION_DAEMON && options.flags & OPTION_KEEP_GOING);
	cr_expect_str_eq(options.settings.log, "syslog");
	cr_assert_eq(options.sources.count, 1);
	cr_expect_str_eq(options.sources.list[0], "xinetd:/etc/xinetd.conf");
	cr_expect_eq(options.optional_sources.count, 0);
	cr_expect_null(options.settings.pid_file);
	cr_expect_not(options.flags & OPTION_STAYS);
	cr_expect(options.process_limit == 0);
	cr_expect_str_eq(options_name(&options), "xinetd");
}

Test(as_xinetd, reads_its_options)
{
	READS_COMMAND("xinetd -f /etc/x.conf -filelog /var/log/x -pidfile /run/x.pid -stayalive -limit 40 -logprocs 7 "
		      "-cc 60 -reuse -inetd_compat -inetd_ipv6");
	cr_assert_eq(options.sources.count, 1);
	cr_expect_str_eq(options.sources.list[0], "xinetd:/etc/x.conf");
	cr_assert_eq(options.optional_sources.count, 1);
	cr_expect_str_eq(options.optional_sources.list[0], "inetd:/etc/inetd.conf");
	cr_expect_str_eq(options.settings.log, "file:/var/log/x");
	cr_expect_str_eq(options.settings.pid_file, "/run/x.pid");
	cr_expect_not(options.flags & OPTION_PID_FILE_OPTIONAL);
	cr_expect(options.flags & OPTION_STAYS && options.flags & OPTION_DAEMON);
	cr_expect_eq(options.process_limit, 40);
	READS_COMMAND("xinetd -syslog local3 -shutdownprocs 3");
	cr_expect_str_eq(options.settings.log, "syslog:local3");
}

Test(as_xinetd, takes_two_dashes_for_one)
{
	READS_COMMAND("xinetd --dontfork --pidfile /p");
	cr_expect_not(options.flags & OPTION_DAEMON);
	cr_expect_str_eq(options.settings.pid_file, "/p");
}

Test(as_xinetd, makes_paths_complete_as_it_leaves_the_folder)
{
	READS_COMMAND("xinetd -f t -filelog l -pidfile p");
	cr_expect_eq(strncmp(options.sources.list[0], "xinetd:/", 8), 0, "%s", options.sources.list[0]);
	cr_expect_eq(strncmp(options.settings.log, "file:/", 6), 0, "%s", options.settings.log);
	cr_expect_eq(options.settings.pid_file[0], '/');
}

Test(as_xinetd, stays_in_the_foreground_and_alive)
{
	READS_COMMAND("xinetd -dontfork");
	cr_expect(!(options.flags & OPTION_DAEMON) && options.flags & OPTION_STAYS);
	cr_expect_eq(options.settings.log_level, LEVEL_INFO);
	cr_expect_str_eq(options.settings.log, access("/dev/log", F_OK) == 0 ? "syslog" : "stderr");
}

/* As xinetd(8) has it, logs and pid files are without effect then. */
Test(as_xinetd, debugs_on_the_terminal)
{
	READS_COMMAND("xinetd -d -filelog /l -pidfile /p");
	cr_expect_not(options.flags & OPTION_DAEMON);
	cr_expect_eq(options.settings.log_level, LEVEL_DEBUG);
	cr_expect_str_eq(options.settings.log, "stderr");
	cr_expect_null(options.settings.pid_file);
}

Test(as_xinetd, tells_of_itself)
{
	READS_COMMAND("xinetd -version");
	cr_expect_eq(options.task, TASK_VERSION);
	READS_COMMAND("xinetd --help");
	cr_expect_eq(options.task, TASK_HELP);
}

/* Not without a word, but an old script starts. */
Test(as_xinetd, passes_over_options_that_are_none, .init = cr_redirect_stderr)
{
	READS_COMMAND("xinetd -df -loop 3 -interval 4 -dontfork");
	cr_expect(!(options.flags & OPTION_DAEMON) && options.settings.log_level == LEVEL_INFO);
}

Test(as_xinetd, refuses_words_that_are_no_options)
{
	expect_command_refused("xinetd -limt 5", "'-limt'", "xinetd -help");
	expect_command_refused("xinetd table", "'table'", "xinetd -help");
	expect_command_refused("xinetd -", "'-'", "xinetd -help");
	expect_command_refused("xinetd -limit", "-limit needs", "NUMBER");
	expect_command_refused("xinetd -limit many", "limit: 'many'", "above 0");
	expect_command_refused("xinetd -limit 0", "limit: '0'", "above 0");
	expect_command_refused("xinetd -cc -1", "cc: '-1'", "above 0");
	expect_command_refused("xinetd -filelog /l -syslog daemon", "-filelog and -syslog", "exclude");
}

Test(as_xinetd, has_help_of_its_own, .init = cr_redirect_stdout)
{
	const char *text = help_of(AS_XINETD);

	cr_expect(strstr(text, "usage: xinetd "));
	cr_expect(strstr(text, "\n  -pidfile FILE"));
	cr_expect(strstr(text, "\n  -inetd_compat "));
}
