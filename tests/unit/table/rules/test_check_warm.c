/* Rules of warm: what a start takes from its client goes with no program that is started ahead. */
#include "tests/unit/builders.h"

TestSuite(check_warm, .init = begin_table, .fini = end_table);

/* One service; option and value by turns, ending with NULL. Its name is at line 1, then come exec, listen, user and
 * warm, and the options from 6 on. */
__attribute__((sentinel)) static void judge(const char *listen, ...)
{
	struct service_builder *builder = begin("a");
	va_list more;

	cr_assert(set(builder, "exec", "/bin/a", NULL));
	cr_assert(set(builder, "listen", listen, NULL));
	cr_assert(set(builder, "user", "root", NULL));
	cr_assert(set(builder, "warm", "2", NULL));
	va_start(more, listen);
	set_each(builder, more);
	va_end(more);
	end(builder);
	table_check(table, &diags);
}

Test(check_warm, connections_of_any_kind_will_do)
{
	static const char *const good[] = { "80", "tcp6:80", "/run/a", "@a", "seqpacket:/run/a" };

	for (size_t n = 0; n < sizeof(good) / sizeof(*good); n++) {
		begin_table();
		judge(good[n], "accept", "yes", "warm_max_age", "5min", NULL);
		expect_nothing();
	}
	begin_table();
	judge("80", "accept", "yes", "pass", "systemd", "type", "exec", NULL);
	expect_nothing();
}

Test(check_warm, it_needs_connections_that_superd_accepts)
{
	judge("80", NULL);
	expect_error(5, "a: warm needs accept = yes");
	begin_table();
	judge("udp:53", "accept", "yes", NULL);
	expect_error(3, "a: warm: udp:53 has datagrams");
}

Test(check_warm, what_a_start_has_of_its_client_is_refused_at_its_place)
{
	static const struct {
		const char *option, *value, *said;
	} bad[] = {
		{ "tcp_environment", "yes", "a: tcp_environment does not go with warm: the client's address" },
		{ "environment_file", "/etc/a", "a: environment_file does not go with warm: superd reads it" },
		{ "env", "WHO=%{instance}", "a: env does not go with warm: %{instance} names the client" },
		{ "type", "oneshot", "a: type does not go with warm: only a program of the type simple or exec" },
		{ "type", "notify", "a: type does not go with warm: only a program of the type simple or exec" },
		{ "notify_access", "main", "a: notify_access does not go with warm: " },
		{ "ready", "up", "a: ready does not go with warm: " },
		{ "exec_start_pre", "/bin/b", "a: exec_start_pre does not go with warm: its commands run around" },
		{ "exec_stop_post", "/bin/b", "a: exec_stop_post does not go with warm: its commands run around" },
		{ "condition", "ConditionPathExists=/etc/a", "a: condition does not go with warm: " },
		{ "non_blocking", "yes", "a: non_blocking does not go with warm: " },
		{ "deny_time", "5min", "a: deny_time does not go with warm: " },
		{ "instances", "1", "a: warm = 2 is more than instances = 1, which may serve" },
	};

	for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
		begin_table();
		judge("80", "accept", "yes", bad[n].option, bad[n].value, NULL);
		cr_expect(strstr(all_said(), bad[n].said), "%s = %s:%s", bad[n].option, bad[n].value, all_said());
	}
}

Test(check_warm, no_limit_of_age_without_it)
{
	struct service_builder *builder = begin("a");

	cr_assert(set(builder, "exec", "/bin/a", NULL));
	cr_assert(set(builder, "listen", "80", NULL));
	cr_assert(set(builder, "user", "root", NULL));
	cr_assert(set(builder, "warm_max_age", "5min", NULL));
	end(builder);
	table_check(table, &diags);
	cr_expect(strstr(all_said(), "warm_max_age does nothing without warm"), "%s", all_said());
}
