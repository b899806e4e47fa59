/* Rules of pass = bind and of binds. */
#include "tests/unit/builders.h"

TestSuite(check_bind, .init = begin_table, .fini = end_table);

/* One service; option and value by turns, ending with NULL. Its name is at line 1, then come listen, pass, exec, and
 * the options from 5 on. */
__attribute__((sentinel)) static void judge(const char *listen, ...)
{
	struct service_builder *builder = begin("a");
	va_list more;

	cr_assert(set(builder, "listen", listen, NULL));
	cr_assert(set(builder, "pass", "bind", NULL));
	cr_assert(set(builder, "exec", "/bin/a", NULL));
	va_start(more, listen);
	set_each(builder, more);
	va_end(more);
	end(builder);
	table_check(table, &diags);
}

Test(check_bind, sockets_that_a_program_binds_will_do)
{
	static const char *const good[] = {
		"80",	  "tcp4:80",	       "tcp6:80",	   "udp:53",	   "/run/a",
		"@a",	  "unix-dgram:/run/a", "seqpacket:/run/a", "127.0.0.1:80", "[::1]:80",
		"sctp:80"
	};

	for (size_t n = 0; n < sizeof(good) / sizeof(*good); n++) {
		begin_table();
		judge(good[n], NULL);
		expect_nothing();
	}
}

Test(check_bind, others_are_refused_by_name)
{
	static const char *const bad[] = { "fifo:/run/a", "netlink:route" };

	for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
		begin_table();
		judge(bad[n], NULL);
		expect_error(2, "superd answers a bind(2) of TCP, UDP, SCTP and unix sockets only");
	}
}

Test(check_bind, such_a_program_accepts_itself)
{
	judge("80", "accept", "yes", NULL);
	expect_error(3, "a: pass = bind: a program that binds its own address accepts its clients itself");
}

Test(check_bind, it_stays)
{
	judge("80", "type", "oneshot", NULL);
	expect_error(5, "a: type = oneshot: with pass = bind a service is a server that stays");
}

static void judge_without_exec(const char *option, const char *value)
{
	struct service_builder *builder = begin("a");

	cr_assert(set(builder, "listen", "80", NULL));
	cr_assert(set(builder, "pass", "bind", NULL));
	cr_assert(set(builder, option, value, NULL), "%s", all_said());
	end(builder);
	table_check(table, &diags);
}

Test(check_bind, it_is_a_program)
{
	judge_without_exec("builtin", "echo");
	expect_error(3, "a: pass = bind is for a program in exec, and this is a builtin");
}

Test(check_bind, other_types_will_do)
{
	static const char *const types[] = { "simple", "exec", "notify", "forking" };

	for (size_t n = 0; n < sizeof(types) / sizeof(*types); n++) {
		begin_table();
		judge("80", "type", types[n], NULL);
		expect_nothing();
	}
}

Test(check_bind, what_it_binds_may_be_another_address)
{
	static const struct {
		const char *listen, *binds;
	} good[] = {
		{ "80", "8080" },
		{ "80", "127.0.0.1:8080" },
		{ "80", "[::1]:8080" },
		{ "udp:53", "udp:127.0.0.1:5353" },
		{ "/run/a", "/run/b/c" },
		{ "/run/a", "@b" },
		{ "unix-dgram:/run/a", "unix-dgram:/run/b" },
	};

	for (size_t n = 0; n < sizeof(good) / sizeof(*good); n++) {
		begin_table();
		judge(good[n].listen, "binds", good[n].binds, NULL);
		expect_nothing();
	}
}

Test(check_bind, but_one_that_a_program_can_pass)
{
	static const struct {
		const char *listen, *binds, *wrong;
	} bad[] = {
		{ "80", "udp:8080", "a: binds: 'udp:8080': it is of another kind than the socket" },
		{ "80", "/run/a", "a: binds: '/run/a': it is of another kind than the socket" },
		{ "/run/a", "80", "a: binds: '80': it is of another kind than the socket" },
		{ "80", "localhost:8080", "a: binds: 'localhost:8080': it needs numbers" },
		{ "80", "127.0.0.1:0", "a: binds: '127.0.0.1:0': it has no port" },
		{ "80", "99999", "a: binds: '99999': " },
		{ "80", "http", "a: binds: 'http': it needs numbers" },
	};

	for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
		begin_table();
		judge(bad[n].listen, "binds", bad[n].binds, NULL);
		expect_error(5, bad[n].wrong);
	}
}

static void judge_two(const char *one, const char *two, const char *binds)
{
	struct service_builder *builder = begin("a");

	cr_assert(set(builder, "listen", one, two, NULL));
	cr_assert(set(builder, "pass", "bind", NULL));
	cr_assert(set(builder, "exec", "/bin/a", NULL));
	cr_assert(set(builder, "binds", binds, NULL));
	end(builder);
	table_check(table, &diags);
}

Test(check_bind, no_bind_means_two_sockets_alike)
{
	static const struct {
		const char *one, *two, *binds, *wrong;
	} bad[] = {
		{ "80", "81", "8080", "a bind of tcp:8080 means both tcp:80 and tcp:81, and the program" },
		{ "127.0.0.1:80", "127.0.0.2:80", "*:8080", "a bind of tcp:8080 means both tcp:127.0.0.1:80 and" },
		{ "tcp4:80", "127.0.0.1:81", "127.0.0.1:8080", "means both tcp4:80 and tcp:127.0.0.1:81" },
		{ "80", "81", "80", "a bind of tcp:80 means both tcp:80 and tcp:81" },
		{ "80", "81", "tcp4:81", "a bind of tcp:81 means both tcp:80 and tcp:81" },
		{ "80", "[::1]:81", "8080", "means both tcp:80 and tcp:[::1]:81" },
		{ "/run/a", "/run/b", "/run/c", "a bind of /run/c means both /run/a and /run/b" },
	};
	static const char *const good[][3] = {
		{ "tcp4:80", "tcp6:80", "8080" }, { "80", "tcp4:81", "8080" },	   { "80", "tcp6:81", "8080" },
		{ "127.0.0.1:80", "[::1]:80", "*:8080" }, { "name:80", "other:80", "8080" },
	};

	for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
		begin_table();
		judge_two(bad[n].one, bad[n].two, bad[n].binds);
		expect_error(5, bad[n].wrong);
	}
	for (size_t n = 0; n < sizeof(good) / sizeof(*good); n++) {
		begin_table();
		judge_two(good[n][0], good[n][1], good[n][2]);
		expect_nothing();
	}
}

/* Each socket has three lines, the first of them from line 4 on. */
static void judge_blocks(const char *first_binds, const char *second_binds)
{
	struct service_builder *builder = begin("a");

	cr_assert(set(builder, "pass", "bind", NULL));
	cr_assert(set(builder, "exec", "/bin/a", NULL));
	builder_open_socket(builder, "one", next_line());
	cr_assert(set(builder, "listen", "80", NULL));
	cr_assert(set(builder, "binds", first_binds, NULL));
	builder_close_socket(builder, &diags);
	builder_open_socket(builder, "two", next_line());
	cr_assert(set(builder, "listen", "81", NULL));
	cr_assert(set(builder, "binds", second_binds, NULL));
	builder_close_socket(builder, &diags);
	end(builder);
	table_check(table, &diags);
}

Test(check_bind, an_error_is_at_the_line_of_its_own_socket)
{
	judge_blocks("localhost:8080", "8081");
	expect_error(6, "a: binds: 'localhost:8080': it needs numbers");
	begin_table();
	judge_blocks("8080", "localhost:8081");
	expect_error(9, "a: binds: 'localhost:8081': it needs numbers");
	begin_table();
	judge_blocks("8080", "8080");
	expect_error(9, "a bind of tcp:8080 means both tcp:80 and tcp:81");
	begin_table();
	judge_blocks("81", "8081");
	expect_error(6, "a bind of tcp:81 means both tcp:80 and tcp:81");
}

Test(check_bind, no_program_knows_a_port_of_the_kernels)
{
	static const char *const texts[] = { "tcp:0", "127.0.0.1:0", "udp:0" };

	for (size_t n = 0; n < sizeof(texts) / sizeof(*texts); n++) {
		begin_table();
		judge(texts[n], NULL);
		expect_error(2, "the kernel chooses this port, so no program can bind it");
	}
	begin_table();
	judge("127.0.0.1:0", "binds", "8080", NULL);
	expect_nothing();
	begin_table();
	judge("http", NULL);
	expect_nothing();
}

Test(check_bind, binds_is_for_pass_bind)
{
	struct service_builder *builder = begin("a");

	cr_assert(set(builder, "listen", "80", NULL));
	cr_assert(set(builder, "exec", "/bin/a", NULL));
	cr_assert(set(builder, "binds", "8080", NULL));
	end(builder);
	table_check(table, &diags);
	expect_error(4, "a: binds needs pass = bind");
}

Test(check_bind, it_has_a_socket)
{
	struct service_builder *builder = begin("a");

	cr_assert(set(builder, "pass", "bind", NULL));
	cr_assert(set(builder, "exec", "/bin/a", NULL));
	cr_assert(set(builder, "start", "boot", NULL));
	end(builder);
	table_check(table, &diags);
	expect_error(2, "a: pass = bind needs a socket in listen");
}

Test(check_bind, what_waits_for_clients_without_a_socket_is_told_once)
{
	struct service_builder *builder = begin("a");

	cr_assert(set(builder, "pass", "bind", NULL));
	cr_assert(set(builder, "exec", "/bin/a", NULL));
	end(builder);
	table_check(table, &diags);
	expect_error(1, "a: listen is missing");
}

/* ---- hardening ---- */

struct hardened {
	const char *listen;
	const char *words[4];           /* of the list, at line 5 */
	const char *wrong;              /* NULL: nothing */
};

static void judge_list(const char *option, const struct hardened *hardened)
{
	struct service_builder *builder = begin("a");
	const char *const *list = hardened->words;

	cr_assert(set(builder, "listen", hardened->listen, NULL));
	cr_assert(set(builder, "pass", "bind", NULL));
	cr_assert(set(builder, "exec", "/bin/a", NULL));
	cr_assert(set(builder, option, list[0], list[1], list[2], list[3], NULL), "%s", all_said());
	end(builder);
	table_check(table, &diags);
}

static void expect_list(const char *option, const struct hardened *hardened)
{
	begin_table();
	judge_list(option, hardened);
	if (hardened->wrong)
		expect_error(5, hardened->wrong);
	else
		expect_nothing();
}

#define EXPECT_LISTS(option, ...) \
	do { \
		static const struct hardened lists_[] = { __VA_ARGS__ }; \
		for (size_t n = 0; n < sizeof(lists_) / sizeof(*lists_); n++) \
			expect_list(option, &lists_[n]); \
	} while (0)

Test(check_bind, a_filter_that_takes_the_bind_away_is_refused)
{
	EXPECT_LISTS("system_call_filter",
		     { "80", { "~bind" }, "a: system_call_filter denies bind(2)" },
		     { "80", { "~bind:EPERM" }, "a: system_call_filter denies bind(2)" },
		     { "80", { "~@network-io" }, "a: system_call_filter denies socket(2)" },
		     { "80", { "~@system-service" }, "a: system_call_filter denies socket(2)" },
		     { "80", { "~@known" }, "a: system_call_filter denies socket(2)" },
		     { "/run/a", { "~socket" }, "a: system_call_filter denies socket(2)" },
		     { "80", { "@basic-io", "@file-system" }, "a: system_call_filter denies socket(2)" },
		     { "80", { "socket", "listen", "accept4" }, "a: system_call_filter denies bind(2)" },
		     { "80", { "@system-service", "~bind" }, "a: system_call_filter denies bind(2)" });
}

Test(check_bind, others_are_the_programs_own_affair)
{
	EXPECT_LISTS("system_call_filter",
		     { "80", { "@system-service" }, NULL },
		     { "80", { "@known" }, NULL },
		     { "80", { "@network-io" }, NULL },
		     { "80", { "~@network-io", "+@network-io" }, NULL },
		     { "80", { "~@privileged", "~@mount" }, NULL },
		     { "80", { "~@sandbox" }, NULL },
		     { "80", { "~seccomp", "~process_vm_readv", "~pidfd_getfd" }, NULL },
		     { "80", { "socket", "bind", "listen", "accept" }, NULL },
		     { "80", { "socket", "bind", "listen", "accept4" }, NULL },
		     { "udp:53", { "socket", "bind" }, NULL },
		     { "unix-dgram:/run/a", { "~listen", "~accept", "~accept4" }, NULL });
}

static void expect_warned(struct hardened hardened, const char *part)
{
	const struct diag *diag;

	begin_table();
	judge_list("system_call_filter", &hardened);
	diag = said(SEVERITY_WARNING, part);
	cr_assert(diag && diag->line == 5 && diags.count == 1, "no '%s' in:%s", part, all_said());
}

Test(check_bind, a_filter_that_takes_listen_or_accept_away_is_warned_of)
{
	expect_warned((struct hardened){ "80", { "~listen" }, NULL }, "a: system_call_filter denies listen(2)");
	expect_warned((struct hardened){ "80", { "~accept", "~accept4" }, NULL },
		      "a: system_call_filter denies accept(2) and accept4(2)");
	expect_warned((struct hardened){ "80", { "socket", "bind", "listen" }, NULL },
		      "a: system_call_filter denies accept(2) and accept4(2)");
}

Test(check_bind, a_command_without_restrictions_has_no_filter)
{
	judge("80", "system_call_filter", "~bind", "restrict_address_families", "none", "exec_prefix", "+", NULL);
	expect_nothing();
}

Test(check_bind, the_family_of_a_socket_is_allowed)
{
	EXPECT_LISTS("restrict_address_families",
		     { "80", { "none" }, "a: restrict_address_families denies AF_INET and AF_INET6: with pass = bind" },
		     { "80", { "AF_UNIX" }, "a: restrict_address_families denies AF_INET and AF_INET6" },
		     { "tcp4:80", { "AF_UNIX" }, "a: restrict_address_families denies AF_INET and AF_INET6" },
		     { "tcp6:80", { "AF_INET" }, "a: restrict_address_families denies AF_INET6" },
		     { "[::1]:80", { "~AF_INET6" }, "a: restrict_address_families denies AF_INET6" },
		     { "/run/a", { "~AF_UNIX" }, "a: restrict_address_families denies AF_UNIX" },
		     { "@a", { "AF_INET", "AF_INET6" }, "a: restrict_address_families denies AF_UNIX" },
		     { "/run/a", { "AF_UNIX" }, NULL },
		     { "80", { "AF_INET" }, NULL },
		     { "80", { "AF_INET6" }, NULL },
		     { "tcp4:80", { "AF_INET" }, NULL },
		     { "127.0.0.1:80", { "AF_INET6" }, NULL },
		     { "tcp6:80", { "~AF_NETLINK" }, NULL },
		     { "tcp6:80", { "~AF_INET6", "+AF_INET6" }, NULL });
}
