/* What an inetd or xinetd serves of a table that is partly wrong, and a reload that finds nothing where there was
 * something. */
#include "harness.h"
#include "tables.h"

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

/* A line of inetd.conf for both families makes two services. */
Behaviour(keep_going, names_the_first_service_of_an_entry)
{
	const char *table = write_file("inetd.conf", "7001 stream tcp wait no-such-user /bin/cat cat\n"
						     "7002 stream tcp4 wait no-such-user /bin/cat cat\n");
	struct outcome outcome = SUPERD_ANSWER("--check", "--keep-going", "-f", text_of("inetd:%s", table));

	expect_said(&outcome, "there is no such user here; service '7001' is left out\n");
	expect_said(&outcome, "there is no such user here; service '7002' is left out\n");
}

Behaviour(keep_going, leaves_out_only_who_would_go_by_broken_defaults)
{
	const char *table = write_file("xinetd.conf", "defaults\n{\n\tinstances = two\n\tfoo = bar\n}\n%s%s",
				       service_on(7001, ""), service_on(7002, "\tinstances = 5\n"));
	struct outcome outcome = keep_going(text_of("xinetd:%s", table));

	cr_expect_null(strstr(outcome.out, "service s7001 "));
	cr_expect_not_null(strstr(outcome.out, "service s7002 "));
	expect_said(&outcome, text_of("%s:3:14: error: instances: ", table));
	expect_said(&outcome, text_of("%s:4:2: warning: unknown attribute 'foo'", table));
	expect_said(&outcome,
		    text_of("%s:6:1: warning: this entry is left out because of errors in a part that it depends "
			    "on", table));
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
	expect_said(&outcome, "the control character \\x01: a configuration is plain text; service '7002' is left out");
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
	expect_said(&outcome,
		    "the control character \\x01: a configuration is plain text; service 's7002' is left out");
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		count++;
	}
	return count;
}

Behaviour(keep_going, bounds_what_it_says_and_not_what_it_passes_over)
{
	char lines[16384] = "";
	struct outcome outcome;

	for (size_t n = 0, length = 0; n < 300; n++)
		length += (size_t)sprintf(lines + length, "s%zu stream tcp maybe root /bin/cat cat\n", n);
	outcome = keep_going(text_of("inetd:%s", write_file("inetd.conf", "%s%s", lines, row_on(7001, "cat"))));
	cr_expect_not_null(strstr(outcome.out, ":7001"), "%s", outcome.err);
	cr_expect_eq(count_of(outcome.err, ": warning: "), 200, "%s", outcome.err);
	expect_said(&outcome, "and 100 more\n");
}

/* The service is known by its id, which is what cannot be read. */
Behaviour(keep_going, a_reload_keeps_the_service_whose_id_is_wrong_now)
{
	const struct setup setup = { .format = "xinetd", .arguments = (const char *const[]){ "--keep-going", NULL } };
	int port = free_port();
	struct superd *superd =
		superd_run_with(&setup, "%s",
				xinetd_service("http", port, text_of("%s\tid = web", xinetd_backend("lines"))));

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", port));
	cr_assert(superd_reload(superd, "# another line\n%s",
				xinetd_service("http", port, text_of("%s\tid", xinetd_backend("lines")))));
	superd_wait_log(superd, "its configuration has errors now: the previous one stays in effect");
	cr_expect(client_can_connect(port), "%s", world_logs());
	cr_assert(superd_reload(superd, "# nothing\n"));
	WAIT_UNTIL(!client_can_connect(port));
}
