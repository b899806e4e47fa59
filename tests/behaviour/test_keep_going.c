/* What an inetd or xinetd serves of a table that is partly wrong, and a reload that finds nothing where there was
 * something. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "harness.h"

/* A service of xinetd.conf. */
static const char *service_on(int port, const char *more)
{
	return text_of("service s%d\n{\n\ttype = UNLISTED\n\tport = %d\n\tsocket_type = stream\n\twait = no\n"
		       "\tuser = %s\n\tserver = /bin/cat\n%s}\n",
		       port, port, own_user(), more);
}

static const char *row_on(int port, const char *arguments)
{
	return text_of("127.0.0.1:%d stream tcp nowait %s /bin/cat %s\n", port, own_user(), arguments);
}

static struct outcome keep_going(const char *source)
{
	struct outcome outcome = SUPERD_ANSWER("--print", "--keep-going", "-f", source);

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	return outcome;
}

static void expect_said(const struct outcome *outcome, const char *text)
{
	cr_expect_not_null(strstr(outcome->err, text), "no '%s' in: %s", text, outcome->err);
}

Behaviour(keep_going, passes_over_what_is_no_entry_and_over_includes_that_are_missing)
{
	const char *file = write_file("file", "# no folder\n");
	const char *table = write_file("xinetd.conf", "hello world\n}\ninclude %s\nincludedir %s\n%s}\n%s",
				       path_in("missing"), file, service_on(7001, ""), service_on(7002, ""));
	struct outcome outcome = keep_going(text_of("xinetd:%s", table));

	cr_expect_not_null(strstr(outcome.out, "service s7001 "));
	cr_expect_not_null(strstr(outcome.out, "service s7002 "));
	expect_said(&outcome, text_of("%s:1:1: warning: this begins no entry; it is left out", table));
	expect_said(&outcome, text_of("%s:3:1: error: cannot read ", table));
	expect_said(&outcome, text_of("%s:4:1: error: includedir: ", table));
	outcome = SUPERD_ANSWER("--print", "-f", text_of("xinetd:%s", table));
	cr_expect_eq(outcome.status, 1, "without it an error stays one");
}

Behaviour(keep_going, leaves_out_only_who_would_go_by_broken_defaults)
{
	const char *table = write_file("xinetd.conf", "defaults\n{\n\tinstances = two\n\tfoo = bar\n}\n%s%s",
				       service_on(7001, ""), service_on(7002, "\tinstances = 5\n"));
	struct outcome outcome = keep_going(text_of("xinetd:%s", table));

	cr_expect_null(strstr(outcome.out, "service s7001 "));
	cr_expect_not_null(strstr(outcome.out, "service s7002 "));
	expect_said(&outcome, text_of("%s:3:14: error: instances: ", table));
	expect_said(&outcome, text_of("%s:4:2: error: unknown attribute 'foo'", table));
	expect_said(&outcome,
		    text_of("%s:6:1: warning: this entry is left out for the errors of what it goes by", table));
}

Behaviour(keep_going, refuses_of_a_file_only_the_lines_that_are_no_text)
{
	const char *folder = path_in("inetd.d"), *bad;
	struct outcome outcome;

	cr_assert_eq(mkdir(folder, 0755), 0);
	write_file("inetd.d/good", "\xef\xbb\xbf%s%s%s", row_on(7001, "cat"), row_on(7002, "c\1t"),
		   row_on(7003, "cat"));
	bad = write_file("inetd.d/bad", "\1\n\1\n\1\n\1\n\1\n\1\n\1\n\1\n\1\n%s", row_on(7004, "cat"));
	cr_assert_eq(symlink("/nowhere/at/all", path_in("inetd.d/gone")), 0);
	outcome = keep_going(text_of("inetd:%s", folder));
	cr_expect_not_null(strstr(outcome.out, ":7001"), "%s%s", outcome.out, outcome.err);
	cr_expect_null(strstr(outcome.out, ":7002"));
	cr_expect_not_null(strstr(outcome.out, ":7003"));
	cr_expect_null(strstr(outcome.out, ":7004"), "what stands behind is read out of no text file");
	expect_said(&outcome, "inetd.d/good:1:1: warning: a byte order mark");
	expect_said(&outcome, "the control character \\x01: a table is plain text; service '7002' is left out");
	expect_said(&outcome, text_of("%s:9:1: warning: more than 8 lines are no plain text", bad));
	expect_said(&outcome, "inetd.d/gone: error: cannot read: No such file");
}

Behaviour(keep_going, refuses_of_xinetd_conf_only_the_entry_whose_line_is_no_text)
{
	const char *table = write_file("xinetd.conf", "%s%s%s", service_on(7001, ""),
				       service_on(7002, "\tserver_args = \1\n"), service_on(7003, ""));
	struct outcome outcome = keep_going(text_of("xinetd:%s", table));

	cr_expect_not_null(strstr(outcome.out, "service s7001 "));
	cr_expect_null(strstr(outcome.out, "service s7002 "));
	cr_expect_not_null(strstr(outcome.out, "service s7003 "));
	expect_said(&outcome, "the control character \\x01: a table is plain text; service 's7002' is left out");
}

/* What an editor that writes in place leaves for a moment. */
Behaviour(keep_going, a_reload_takes_no_empty_file_and_no_emptied_folder_for_meant)
{
	int port = free_port(), other = free_port();
	const char *folder = path_in("inetd.d"), *table, *row;
	struct setup setup = { .program = superd_called("inetd"), .without_table = true };
	struct superd *inetd;

	cr_assert_eq(mkdir(folder, 0755), 0);
	row = write_file("inetd.d/row", "%s", row_on(other, "cat"));
	table = write_file("inetd.conf", "%s", row_on(port, "cat"));
	setup.arguments = (const char *const[]){ "-i", "-e", "-p", path_in("inetd.pid"), table, folder, NULL };
	inetd = superd_run_with(&setup, "%s", "");
	superd_port(inetd, text_of("%d@127.0.0.1", port));
	superd_port(inetd, text_of("%d@127.0.0.1", other));
	write_file("inetd.conf", "%s", "");
	superd_signal(inetd, SIGHUP);
	superd_wait_log(inetd, "is empty: nothing was changed");
	superd_wait_log(inetd, "not reloaded");
	cr_expect(client_can_connect(port));
	write_file("inetd.conf", "%s", row_on(port, "cat"));
	cr_assert_eq(unlink(row), 0);
	superd_signal(inetd, SIGHUP);
	superd_wait_log(inetd, "is empty: nothing was changed");
	superd_wait_log(inetd, "not reloaded");
	cr_expect(client_can_connect(other));
	write_file("inetd.conf", "%s", "# none\n");
	write_file("inetd.d/row", "%s", "# none\n");
	superd_signal(inetd, SIGHUP);
	WAIT_UNTIL(!client_can_connect(port) && !client_can_connect(other));
	superd_stop(inetd);
}
