/* Rules of pass = bind and of binds. */
#include "tests/unit/builders.h"

TestSuite(check_bind, .init = begin_table, .fini = end_table);

/* One service; option and value by turns, ending with NULL. Its name is at line 1, then come listen, pass, exec, and
 * the options from 5 on. */
__attribute__((sentinel)) static void judge(const char *listen, ...)
{
	struct service_builder *builder = begin("a");
	const char *option, *value;
	va_list more;

	cr_assert(set(builder, "listen", listen, NULL));
	cr_assert(set(builder, "pass", "bind", NULL));
	cr_assert(set(builder, "exec", "/bin/a", NULL));
	va_start(more, listen);
	while ((option = va_arg(more, const char *))) {
		value = va_arg(more, const char *);
		cr_assert(set(builder, option, value, NULL), "%s = %s:%s", option, value, all_said());
	}
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
