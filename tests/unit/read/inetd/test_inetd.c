/* inetd.conf: what a caller adds to it, and is told of it. What a line becomes is in tests/read/inetd. */
#include "read/inetd/inetd.h"
#include "superd/machine/machine.h"
#include "read/client/client.h"
#include "tests/unit/source_text.h"
#include "tests/unit/unit.h"

struct result {
	struct table *table;
	struct diags diags;
	char *said;
	char *printed;
};

static char *text_of(const struct result *result, bool table)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	cr_assert(out);
	if (table)
		cr_assert(print_conf(result->table, false, out));
	else
		diags_print(&result->diags, out);
	cr_assert_eq(fclose(out), 0);
	return text;
}

static const struct read_request *asking;      /* NULL: nobody asks for anything */

static struct result read_with(enum compat compat, const struct inetd_defaults *defaults, const char *text)
{
	struct result result = { .table = table_new() };
	struct reading reading = {
		.table = result.table, .diags = &result.diags, .compat = compat, .inetd = defaults, .request = asking,
	};
	struct source_file source;

	cr_assert(result.table);
	if (source_from_text(&source, "t", text, strlen(text), result.table->pool, &result.diags)) {
		cr_assert(inetd_read_source(&reading, &source));
		source_free(&source);
	}
	reading_finish(&reading);
	return result;
}

/* With what was said and the table as text, to look at. */
static struct result read_as(enum compat compat, const char *text)
{
	struct result result = read_with(compat, NULL, text);

	result.said = text_of(&result, false);
	result.printed = text_of(&result, true);
	return result;
}

static void result_free(struct result *result)
{
	free(result->said);
	free(result->printed);
	table_free(result->table);
	diags_free(&result->diags);
}

static const struct service *find(const struct result *result, const char *name)
{
	const struct service *service = table_find(result->table, name);

	cr_assert(service, "there is no %s in:\n%s%s", name, result->printed, result->said);
	return service;
}

#define TAIL " nowait root /bin/x x\n"

Test(inetd, the_command_line_says_what_lines_do_not)
{
	const struct inetd_defaults said = {
		.rate = 9,
		.instances = 8,
		.per_source_rate = 7,
		.per_source = 6,
		.backlog = 5,
		.address = "192.0.2.1",
		.wrap_external = true,
	};
	struct result result = read_with(COMPAT_NONE, &said,
					 "a stream tcp nowait root /bin/x y\nb stream tcp nowait.4/ root /bin/x\n"
					 "*:c stream tcp nowait/3 root /bin/z\n"
					 "/run/d dgram unix nowait root /bin/d\n");
	const struct service *service = table_find(result.table, "a@192.0.2.1"), *other = table_find(result.table, "c");
	const struct service *local = table_find(result.table, "d-unix-dgram");

	cr_assert(service && other && local);
	cr_expect_eq(service->sockets[0].options->trigger_limit_burst, 9);
	cr_expect_eq(service->groups->access->instances, 8);
	cr_expect_eq(service->groups->access->per_source_rate, 7);
	cr_expect_eq(service->groups->access->per_source, 6);
	cr_expect_eq(service->groups->socket_defaults->backlog, 5);
	cr_expect_str_eq(service->groups->access->libwrap, "y");
	cr_expect_eq(other->groups->access->instances, 3);
	cr_expect_eq(local->groups->access->instances, 8);
	cr_expect(local->groups->access->per_source == UNLIMITED && local->groups->access->per_source_rate == UNLIMITED,
		  "a datagram of a unix socket has no source");
	result_free(&result);
}

/* As inetd -l of Debian: it asks hosts.allow itself. */
Test(inetd, with_l_the_program_behind_tcpd_runs_without_it)
{
	const struct inetd_defaults said = { .wrap_external = true };
	static const char text[] = "a stream tcp nowait root /usr/sbin/tcpd /bin/x -v\n"
				   "b stream tcp nowait root /usr/sbin/tcpd in.b\n"
				   "c dgram udp wait root /usr/sbin/tcpd in.c\n"
				   "d stream tcp wait root /usr/sbin/tcpd in.d\n";
	struct result result = read_with(COMPAT_NONE, &said, text);

	cr_expect_str_eq(find(&result, "a")->exec->exec[0], "/bin/x");
	cr_expect_str_eq(find(&result, "a")->exec->exec[1], "-v");
	cr_expect_str_eq(find(&result, "a")->exec->argv0, "x");
	cr_expect_str_eq(find(&result, "a")->groups->access->libwrap, "x");
	cr_expect_str_eq(find(&result, "b")->exec->exec[0], "/usr/sbin/in.b");
	cr_expect_str_eq(find(&result, "b")->groups->access->libwrap, "in.b");
	cr_expect_str_eq(find(&result, "c-udp")->exec->exec[0], "/usr/sbin/tcpd");
	cr_expect_str_eq(find(&result, "d")->exec->exec[0], "/usr/sbin/tcpd");
	result_free(&result);
	result = read_as(COMPAT_NONE, text);
	cr_expect_str_eq(find(&result, "a")->exec->exec[0], "/usr/sbin/tcpd");
	result_free(&result);
}

Test(inetd, a_user_with_a_dot_is_tried_whole_and_then_split)
{
	struct result result =
		read_as(COMPAT_NONE,
			"a stream tcp4 nowait nobody.daemon /bin/x\n8 stream tcp4 nowait nobody.nosuchgroup /bin/x\n");

	if (geteuid() != 0) {
		result_free(&result);
		cr_skip_test("becoming another user needs root");
	}
	resolve_table(result.table, NULL, &result.diags);
	cr_assert(find(&result, "a")->account);
	cr_expect_eq(find(&result, "a")->account->uid, 65534);
	cr_expect_eq(find(&result, "a")->account->gid, 1);
	cr_expect_null(find(&result, "8")->account);
	result_free(&result);
}

Test(inetd, a_line_that_may_name_addresses_is_never_left_out)
{
	struct result result = read_as(COMPAT_NONE, "127.0.0.1\na stream tcp4" TAIL);

	cr_expect_not_null(table_next_role(result.table, ROLE_VITAL, NULL));
	cr_expect_eq(result.table->skipped_count, 0);
	cr_expect(strstr(result.said, "t:1:10: error: 127.0.0.1: the type of its socket is missing"), "%s",
		  result.said);
	cr_expect(strstr(result.said, "addresses for all that follow are HOSTS: alone"), "%s", result.said);
	result_free(&result);
	result = read_as(COMPAT_NONE, "127.0.0.1: # here alone\na stream tcp4" TAIL);
	cr_expect_not_null(table_next_role(result.table, ROLE_VITAL, NULL));
	cr_expect(strstr(result.said, "hint: a comment has a line of its own"), "%s", result.said);
	result_free(&result);
}

/* A reload keeps the service of this name. */
Test(inetd, a_line_that_is_left_out_has_the_name_of_its_service)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g" };
	struct result result = read_as(COMPAT_NONE,
				       "a stream tcp\n[::1]:b stream tcp\ntcpmux/c stream tcp\n"
				       "tcpmux/+d stream tcp\n/run/e stream unix\n:u:g:600:/run/f stream unix\n"
				       "g/1-3 dgram rpc/udp\n");

	cr_assert_eq(result.table->skipped_count, 7, "%s", result.said);
	for (size_t n = 0; n < 7; n++)
		cr_expect_str_eq(result.table->skipped[n].name, names[n]);
	result_free(&result);
}

Test(inetd, a_line_of_addresses_whose_quote_is_not_closed_is_never_left_out)
{
	struct result hosts = read_as(COMPAT_NONE, "\"127.0.0.1:\na stream tcp4" TAIL);
	struct result entry = read_as(COMPAT_NONE, "b stream tcp4 nowait root /bin/x \"x\na stream tcp4" TAIL);
	struct result include = read_as(COMPAT_NONE, ".include \"x\na stream tcp4" TAIL);

	cr_expect_not_null(table_next_role(hosts.table, ROLE_VITAL, NULL), "%s", hosts.said);
	cr_expect_null(table_next_role(entry.table, ROLE_VITAL, NULL));
	cr_expect_eq(entry.table->skipped_count, 1);
	cr_expect_null(table_next_role(include.table, ROLE_VITAL, NULL));
	result_free(&include);
	result_free(&entry);
	result_free(&hosts);
}

Test(inetd, an_include_that_leads_nowhere_is_its_own_lines_error)
{
	struct result result =
		read_as(COMPAT_NONE, "a stream tcp4" TAIL ".include nowhere/table\nb stream tcp4" TAIL);
	const struct source_role *shared;

	cr_expect(strstr(result.said, "t:2:10: error: cannot read nowhere/table"), "%s", result.said);
	cr_expect_eq(result.diags.errors, 1);
	cr_expect_eq(result.table->count, 2);
	shared = table_next_role(result.table, ROLE_SHARED, NULL);
	cr_assert_not_null(shared);
	cr_expect_eq(shared->at.line, 2);
	shared = table_next_role(result.table, ROLE_SHARED, shared);
	cr_assert_not_null(shared);
	cr_expect_str_eq(shared->at.file, "nowhere/table");
	result_free(&result);
}

static bool recognised(const char *text)
{
	struct diags diags = { 0 };
	struct pool *pool = pool_new();
	struct source_file source;
	bool known;

	cr_assert(source_from_text(&source, "t", text, strlen(text), pool, &diags));
	known = inetd_recognises(&source);
	source_free(&source);
	pool_free(pool);
	return known;
}

Test(inetd, a_table_is_known_by_its_lines)
{
	cr_expect(recognised("# x\n\nftp stream tcp nowait root /bin/x\n"));
	cr_expect(recognised("prose\nftp\tdgram\tudp\twait\troot\t/bin/x"));
	cr_expect(recognised("#<off># ftp stream tcp nowait root /bin/x\n"));
	cr_expect(recognised("#ftp stream tcp nowait root /bin/x\n"));
	cr_expect(recognised("a stream,5:http tcp nowait.3 root /bin/x\n"));
	cr_expect_not(recognised("service ftp {\n listen = 80\n}\n"));
	cr_expect_not(recognised("service ftp\n{\n socket_type = stream\n wait = no\n}\n"));
	cr_expect_not(recognised(""));
}

/* The words of its line that the table does not need, and the names that it might have had, are not kept. */
Test(inetd, a_line_costs_the_table_what_its_service_needs)
{
	enum { COUNT = 1000 };
	struct result result;
	size_t length, each;
	char *text;
	FILE *lines = open_memstream(&text, &length);

	cr_assert(lines);
	for (int n = 0; n < COUNT; n++)
		fprintf(lines, "127.0.0.1:%d stream tcp wait root /bin/x once\n", 10000 + n);
	cr_assert_eq(fclose(lines), 0);
	result = read_with(COMPAT_NONE, NULL, text);
	cr_assert_eq(result.table->count, (size_t)COUNT);
	each = pool_used(result.table->pool) / COUNT;
	cr_expect_lt(each, sizeof(struct listen) + sizeof(struct endpoint) + sizeof("10000@127.0.0.1") + 16,
		     "%zu bytes", each);
	result_free(&result);
	free(text);
}

Test(inetd, warns_of_wait_where_hosts_deny_has_rules)
{
	const struct inetd_defaults said = { .wrap_external = true };
	const struct read_request request = { .has_host_rules = true };
	struct result result;
	unsigned told = 0;

	asking = &request;
	result = read_with(COMPAT_NONE, &said, "a stream tcp wait root /bin/x y\n"
					       "c stream tcp nowait root /bin/x y\n");
	asking = NULL;
	cr_expect_eq(result.diags.errors, 0);
	for (size_t n = 0; n < result.diags.count; n++)
		told += !!strstr(result.diags.list[n].message, "a: hosts.allow or hosts.deny has rules");
	cr_expect_eq(told, 1u);
	result_free(&result);
}
