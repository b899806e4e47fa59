/* Templates, and files of variables by the rules of systemd.exec(5). */
#include "tests/unit/rows.h"

#include "superd/start/start.h"

TestSuite(plan_text, .init = set_up, .fini = tear_down, .timeout = 120);

static void expect_expanded(const struct service *service, const char *text, const char *wanted)
{
	struct buf out = { 0 };
	bool good = plan_expand(service, &(struct plan_sockets){ .port = 8080 }, text, &out);

	cr_expect_eq(good, wanted != NULL, "%s", text);
	if (wanted)
		cr_expect_str_eq(buf_string(&out), wanted, "%s gave %s", text, buf_string(&out));
	buf_free(&out);
}

static const struct service *two_sockets(const char *more)
{
	return row("service web { socket http { listen = 8080 } socket admin { listen = \"/run/superd-w.sock\" }\n"
		   "exec = \"/bin/x\"\n%s\n}\n", more);
}

Test(plan_text, expands_what_it_knows)
{
	const struct service *service = two_sockets("");

	expect_expanded(service, "plain", "plain");
	expect_expanded(service, "", "");
	expect_expanded(service, "%{fd}", "3");
	expect_expanded(service, "%{fd:http};%{fd:admin}", "3;4");
	expect_expanded(service, "%{path:admin}", "/run/superd-w.sock");
	expect_expanded(service, "[%{service}]:%{port}", "[web]:8080");
	expect_expanded(service, "%%{fd} 100%% %d %", "%{fd} 100% %d %");
}

Test(plan_text, refuses_what_it_does_not_know)
{
	const struct service *service = two_sockets("");

	expect_expanded(service, "%{fd:htt}", NULL);
	expect_expanded(service, "%{fd:httpx}", NULL);
	expect_expanded(service, "%{fd:}", NULL);
	expect_expanded(service, "%{path:http}", NULL);
	expect_expanded(service, "%{path:none}", NULL);
	expect_expanded(service, "%{}", NULL);
	expect_expanded(service, "%{host}", NULL);
	expect_expanded(service, "%{fd", NULL);
	expect_expanded(service, "%{FD}", NULL);
}

Test(plan_text, counts_descriptors_as_the_backend_will_find_them)
{
	const struct service *service = two_sockets("accept = yes\npass = systemd");

	expect_expanded(service, "%{fd}", "3");
	service = row("service a { listen = 8080\nexec = \"/bin/x\"\npass = inetd\n}\n");
	expect_expanded(service, "%{fd}", "0");
	service = row("service a { listen = 8080\nexec = \"/bin/x\"\naccept = yes\n}\n");
	expect_expanded(service, "%{fd}", "0");
}

static void expect_set(struct variables *variables, size_t at, const char *wanted)
{
	cr_assert_lt(at, variables->count, "no '%s'", wanted);
	cr_expect_str_eq(variables->list[at], wanted);
}

Test(plan_text, lets_the_later_variable_win_in_its_old_place)
{
	struct variables variables = { 0 };

	variables_set(&variables, "A=1");
	variables_set(&variables, "AB=2");
	variables_setf(&variables, "A=%d", 3);
	variables_set(&variables, "B=");
	cr_assert_eq(variables.count, 3u);
	expect_set(&variables, 0, "A=3");
	expect_set(&variables, 1, "AB=2");
	expect_set(&variables, 2, "B=");
	variables_free(&variables);
	cr_expect_eq(variables.count, 0u);
}

Test(plan_text, holds_many_variables)
{
	struct variables variables = { 0 };

	for (int n = 0; n < 500; n++)
		variables_setf(&variables, "V%d=%d", n, n);
	cr_expect(!variables.failed);
	cr_assert_eq(variables.count, 500u);
	expect_set(&variables, 499, "V499=499");
	variables_free(&variables);
}

/* The file's variables are those, one a line; a newline in a value is written as a bar. */
static void expect_read(const char *text, const char *wanted)
{
	struct variables variables = { 0 };
	struct buf all = { 0 };

	cr_assert(variables_read_file(&variables, file_of("env", text, strlen(text)), NULL, &why), "%s",
		  buf_string(&why));
	cr_expect_not(variables.failed);
	for (size_t n = 0; n < variables.count; n++)
		buf_addf(&all, "%s%s", n ? " & " : "", variables.list[n]);
	for (size_t n = 0; n < all.length; n++)
		all.data[n] = all.data[n] == '\n' ? '|' : all.data[n];
	cr_expect_str_eq(buf_string(&all), wanted, "of: %s", text);
	buf_free(&all);
	variables_free(&variables);
}

Test(plan_text, reads_plain_lines)
{
	expect_read("", "");
	expect_read("A=b", "A=b");
	expect_read("A=b\nC=d\n", "A=b & C=d");
	expect_read("A=plain value  \t\n", "A=plain value");
	expect_read("A=\nB=1\n", "A= & B=1");
	expect_read("F = x\n", "F=x");
	expect_read("  \n\t G=y\n", "G=y");
	expect_read("J=a#b ;c\n", "J=a#b ;c");
	expect_read("K=a=b=c\n", "K=a=b=c");
	expect_read("A=1\nA=2\n", "A=2");
	expect_read("A=$B ${C}\n", "A=$B ${C}");
}

Test(plan_text, passes_over_what_is_no_assignment)
{
	expect_read("# A=b\n; C=d\n  # E=f\nG=h\n", "G=h");
	expect_read("nothing\nA=b\n", "A=b");
	expect_read("export E=1\nA=b\n", "A=b");
	expect_read("=x\n1A=b\nA-B=c\n_A1=d\n", "_A1=d");
}

Test(plan_text, reads_quotes_where_a_value_begins)
{
	expect_read("A=\"x y\"\n", "A=x y");
	expect_read("A='x y'  \n", "A=x y");
	expect_read("A=\"  x  \"\n", "A=  x  ");
	expect_read("A=\"\"\nB=''\n", "A= & B=");
	expect_read("A=\"x\"'y'z\n", "A=xyz");
	expect_read("A=\"x\" \"y\"\n", "A=xy");
	expect_read("A=x\"y\"'z'\n", "A=x\"y\"'z'");
	expect_read("A=it's\nB=c\n", "A=it's & B=c");
	expect_read("A=\"it's\"\nB='a\"b'\n", "A=it's & B=a\"b");
}

Test(plan_text, reads_backslashes)
{
	expect_read("A=a\\ b\\\\c\\d\n", "A=a b\\cd");
	expect_read("A=end\\ \n", "A=end ");
	expect_read("A=\"a\\\"b\\\\c\\$d\\`e\\nf\"\n", "A=a\"b\\c$d`e\\nf");
	expect_read("A='a\\b\\\\'\n", "A=a\\b\\\\");
	expect_read("A=a\\", "A=a");
}

Test(plan_text, joins_lines)
{
	expect_read("A=one\\\ntwo\nB=c\n", "A=onetwo & B=c");
	expect_read("A=\"one\\\ntwo\"\n", "A=onetwo");
	expect_read("A=\"one\ntwo\"\nB=c\n", "A=one|two & B=c");
	expect_read("A='one\\\ntwo'\n", "A=one\\|two");
	expect_read("A=\"never closed\nB=c\n", "A=never closed|B=c|");
}

Test(plan_text, reads_lines_that_end_as_on_windows)
{
	expect_read("A=b\r\nC=\"d\"\r\n# x\r\n\r\nE=f g \r\n", "A=b & C=d & E=f g");
}

static void expect_refused(const char *path, const char *said)
{
	struct variables variables = { 0 };

	buf_clear(&why);
	cr_expect_not(variables_read_file(&variables, path, NULL, &why), "%s", path);
	cr_expect(strstr(buf_string(&why), said), "'%s' says not '%s'", buf_string(&why), said);
	variables_free(&variables);
}

Test(plan_text, refuses_a_file_it_cannot_read)
{
	static char large[(1 << 20) + 2];
	char path[128], optional[128];

	snprintf(path, sizeof(path), "%s/missing", folder);
	expect_refused(path, "No such file");
	expect_refused(folder, "Is a directory");
	snprintf(path, sizeof(path), "%s/fifo", folder);
	cr_assert_eq(mkfifo(path, 0600), 0);
	expect_refused(path, "Invalid argument");
	expect_refused(file_of("nul", "A=b\0C=d\n", 8), "NUL");
	memset(large, 'A', sizeof(large));
	expect_refused(file_of("large", large, sizeof(large)), "too large");
	snprintf(optional, sizeof(optional), "-%.100s", folder);
	expect_refused(optional, "Is a directory");
}

Test(plan_text, does_without_an_optional_file_that_is_missing)
{
	struct variables variables = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "-%s/missing", folder);
	cr_expect(variables_read_file(&variables, path, NULL, &why));
	cr_expect_eq(variables.count, 0u);
	cr_expect_eq(why.length, 0u);
	variables_free(&variables);
	snprintf(path, sizeof(path), "-%s", file_of("env", "A=b\n", 4));
	cr_expect(variables_read_file(&variables, path, NULL, &why));
	expect_set(&variables, 0, "A=b");
	variables_free(&variables);
}
