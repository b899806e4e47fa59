/* Called as inetd: the options of every inetd, what they come to, and what is refused. */
#include "tests/unit/unit.h"

#include <criterion/redirect.h>

#include "command_line.h"
#include "superd/main.h"

TestSuite(as_inetd, .fini = drop_options);

static void expect_source(size_t n, const char *path)
{
	char wanted[PATH_MAX + 16], folder[PATH_MAX];

	cr_assert(getcwd(folder, sizeof(folder)));
	snprintf(wanted, sizeof(wanted), "inetd:%s%s%s", *path == '/' ? "" : folder, *path == '/' ? "" : "/", path);
	cr_assert_lt(n, options.sources.count);
	cr_expect_str_eq(options.sources.list[n], wanted);
}

Test(as_inetd, is_a_daemon_that_leaves_bad_lines_out)
{
	READS_COMMAND("inetd t");
	cr_expect(options.flags & OPTION_DAEMON && options.flags & OPTION_KEEP_GOING);
	cr_expect_str_eq(options.settings.log, "syslog");
	cr_expect_eq(options.task, TASK_RUN);
	cr_expect_eq(options.compat, COMPAT_NONE);
	cr_expect_str_eq(options_name(&options), "inetd");
	cr_expect_null(options.command);
}

Test(as_inetd, has_the_pid_file_of_inetd_where_root_starts_it)
{
	READS_COMMAND("inetd t");
	if (geteuid() == 0)
		cr_expect_str_eq(options.settings.pid_file, "/run/inetd.pid");
	else
		cr_expect_null(options.settings.pid_file);
	cr_expect_eq(!(options.flags & OPTION_PID_FILE_OPTIONAL), geteuid() != 0);
}

Test(as_inetd, leaves_what_no_option_says_to_the_table)
{
	READS_COMMAND("inetd t");
	cr_expect(options.defaults.rate == -1 && options.defaults.instances == -1 &&
		  options.defaults.per_source_rate == -1 && options.defaults.per_source == -1 &&
		  options.defaults.backlog == -1);
	cr_expect_null(options.defaults.address);
	cr_expect_not(options.defaults.wrap_external || options.defaults.wrap_internal ||
		      options.defaults.passes_environment || options.defaults.tells_addresses);
}

Test(as_inetd, reads_the_limits_of_freebsd_and_openbsd)
{
	READS_COMMAND("inetd -wW -C 60 -c 5 -s 2 -R 0 -a 127.0.0.1 -q 50 -E t");
	cr_expect_eq(options.defaults.per_source_rate, 60);
	cr_expect_eq(options.defaults.instances, 5);
	cr_expect_eq(options.defaults.per_source, 2);
	cr_expect_eq(options.defaults.rate, 0);
	cr_expect_eq(options.defaults.backlog, 50);
	cr_expect_str_eq(options.defaults.address, "127.0.0.1");
	cr_expect(options.defaults.wrap_external && options.defaults.wrap_internal &&
		  options.defaults.passes_environment);
	READS_COMMAND("inetd -l -R256 t");
	cr_expect(options.defaults.wrap_external && !options.defaults.wrap_internal);
	cr_expect_eq(options.defaults.rate, 256);
}

Test(as_inetd, reads_the_long_options_of_gnu)
{
	READS_COMMAND("inetutils-inetd --rate=40 --environment --pidfile=/run/x.pid --debug t");
	cr_expect_eq(options.defaults.rate, 40);
	cr_expect(options.defaults.tells_addresses);
	cr_expect_str_eq(options.settings.pid_file, "/run/x.pid");
	cr_expect_not(options.flags & OPTION_PID_FILE_OPTIONAL);
	READS_COMMAND("inetd --pidfile t");
	cr_expect_null(options.settings.pid_file);
	expect_source(0, "t");
	READS_COMMAND("inetd --version");
	cr_expect_eq(options.task, TASK_VERSION);
	READS_COMMAND("inetd --usage");
	cr_expect_eq(options.task, TASK_HELP);
	READS_COMMAND("inetd -h");
	cr_expect_eq(options.task, TASK_HELP);
}

/* -d is for people who look at it; the others only don't fork. */
Test(as_inetd, stays_in_the_foreground_by_the_letter_of_each)
{
	READS_COMMAND("inetd -d t");
	cr_expect_not(options.flags & OPTION_DAEMON);
	cr_expect_str_eq(options.settings.log, "stderr");
	cr_expect_eq(options.settings.log_level, LEVEL_DEBUG);
	cr_expect_null(options.settings.pid_file);
	READS_COMMAND("inetd -d -p/run/x t");
	cr_expect_str_eq(options.settings.pid_file, "/run/x");
	READS_COMMAND("inetd -i t");
	cr_expect_not(options.flags & OPTION_DAEMON);
	cr_expect_eq(options.settings.log_level, LEVEL_INFO);
	cr_expect_str_eq(options.settings.log, access("/dev/log", F_OK) == 0 ? "syslog" : "stderr");
	READS_COMMAND("inetd -f t");
	cr_expect_not(options.flags & OPTION_DAEMON);
	READS_COMMAND("inetd -e t");
	cr_expect(options.flags & OPTION_DAEMON);
	cr_expect_str_eq(options.settings.log, "stderr");
}

/* FreeBSD's -p takes the next word, GNU's only what is joined to it. */
Test(as_inetd, takes_the_pid_file_behind_a_blank_unless_it_is_gnus)
{
	READS_COMMAND("inetd -p /run/x.pid t");
	cr_expect_str_eq(options.settings.pid_file, "/run/x.pid");
	cr_assert_eq(options.sources.count, 1);
	expect_source(0, "t");
	READS_COMMAND("inetd -p -d t");
	cr_expect_null(options.settings.pid_file);
	cr_expect_eq(options.sources.count, 1);
	READS_COMMAND("inetd --compat=gnu -p a b");
	cr_expect_null(options.settings.pid_file);
	cr_expect_eq(options.sources.count, 2);
	READS_COMMAND("inetd -p a b --compat=gnu");
	cr_expect_null(options.settings.pid_file);
	cr_expect_eq(options.sources.count, 2);
	READS_COMMAND("inetd -p a b --compat gnu");
	cr_expect_null(options.settings.pid_file);
	cr_expect_eq(options.sources.count, 2);
	READS_COMMAND("inetd --compat=gnu -p/run/y a");
	cr_expect_str_eq(options.settings.pid_file, "/run/y");
}

Test(as_inetd, reads_every_file_and_folder_it_is_given_wherever_it_goes)
{
	READS_COMMAND("inetd /etc/inetd.conf more.d x:y -d");
	cr_assert_eq(options.sources.count, 3);
	expect_source(0, "/etc/inetd.conf");
	expect_source(1, "more.d");
	expect_source(2, "x:y");
	cr_expect_eq(options.optional_sources.count, 0);
	cr_expect_not(options.flags & OPTION_DAEMON);
}

/* Each of the two usual places is read whether it is there now or comes later; one that is there has to stay. */
Test(as_inetd, reads_the_usual_places_for_root_alone)
{
	if (geteuid() != 0) {
		expect_command_refused("inetd", "only root", "name a configuration");
		return;
	}
	READS_COMMAND("inetd");
	cr_expect_eq(options.sources.count + options.optional_sources.count, 2);
	cr_assert_geq(options.sources.count, 1);
	cr_expect_eq(strncmp(options.sources.list[0], "inetd:/etc/inetd.", 17), 0);
}

Test(as_inetd, takes_a_dialect)
{
	READS_COMMAND("inetd --compat netbsd t");
	cr_expect_eq(options.compat, COMPAT_NETBSD);
	READS_COMMAND("inetd t --compat=busybox");
	cr_expect_eq(options.compat, COMPAT_BUSYBOX);
	expect_command_refused("inetd --compat=linux t", "'linux'", "openbsd");
}

Test(as_inetd, refuses_what_no_inetd_knows)
{
	expect_command_refused("inetd -x t", "x", "inetd --help");
	expect_command_refused("inetd --foreground t", "foreground", "inetd --help");
	expect_command_refused("inetd -R", "R", "inetd --help");
	expect_command_refused("inetd -R many t", "inetd: -R: 'many'", "number");
	expect_command_refused("inetd -R -1 t", "inetd: -R: '-1'", "too small");
	expect_command_refused("inetd -q 0 t", "inetd: -q: '0'", "too small");
}

Test(as_inetd, says_that_names_of_hosts_are_not_told)
{
	bool read;

	cr_expect(strstr(hear_command("inetd --environment --resolve t", &read), "does not set TCPREMOTEHOST"));
	cr_expect(read);
}

Test(as_inetd, has_help_of_its_own, .init = cr_redirect_stdout)
{
	const char *text = help_of(AS_INETD);

	cr_expect(strstr(text, "usage: inetd "));
	cr_expect(strstr(text, "\n  -R, --rate=NUMBER"));
	cr_expect(strstr(text, "\n  -p, --pidfile[=FILE]"));
	cr_expect(strstr(text, "\n      --compat=NAME"));
}
