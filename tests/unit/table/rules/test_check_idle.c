/* Rules of idle backends. */
#include "tests/unit/builders.h"

TestSuite(check_idle, .init = begin_table, .fini = end_table);

/* One service; option and value by turns, ending with NULL. Its name is at line 1, then come listen, exec, user, and
 * the options from 5 on. */
__attribute__((sentinel)) static void judge(const char *listen, ...)
{
	struct service_builder *builder = begin("a");
	va_list more;

	if (listen)
		cr_assert(set(builder, "listen", listen, NULL));
	cr_assert(set(builder, "exec", "/bin/a", NULL));
	cr_assert(set(builder, "user", "root", NULL));
	va_start(more, listen);
	set_each(builder, more);
	va_end(more);
	end(builder);
	table_check(table, &diags);
}

Test(check_idle, sockets_that_show_their_clients_will_do)
{
	static const char *const good[] = { "80", "tcp6:80", "udp:53", "/run/a", "@a", "seqpacket:/run/a" };

	for (size_t n = 0; n < sizeof(good) / sizeof(*good); n++) {
		begin_table();
		judge(good[n], "idle_timeout", "5min", "idle_action", "freeze", "min_awake", "10s", NULL);
		expect_nothing();
		cr_expect(service_idles(&table->services[0]), "%s", good[n]);
	}
}

Test(check_idle, sockets_that_do_not_are_refused_by_name)
{
	static const char *const bad[] = { "fifo:/run/a", "unix-dgram:/run/a", "netlink:route" };

	for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
		begin_table();
		judge(bad[n], "idle_timeout", "5min", NULL);
		expect_error(2, "a: idle_timeout: the clients of ");
	}
}

Test(check_idle, connections_of_their_own_end_by_themselves)
{
	judge("80", "accept", "yes", "idle_timeout", "5min", NULL);
	expect_error(6, "a: idle_timeout needs accept = no");
}

Test(check_idle, without_a_socket_nobody_is_connected)
{
	judge(NULL, "start", "boot", "idle_timeout", "5min", NULL);
	expect_error(5, "a: idle_timeout needs a socket");
}

Test(check_idle, a_oneshot_is_never_idle)
{
	judge("80", "type", "oneshot", "idle_timeout", "5min", NULL);
	expect_error(6, "a: idle_timeout needs a program that continues to run");
}

Test(check_idle, what_to_do_needs_a_time)
{
	judge("80", "idle_action", "freeze", NULL);
	expect_error(5, "a: idle_action needs idle_timeout");
	begin_table();
	judge("80", "min_awake", "1min", NULL);
	expect_error(5, "a: min_awake needs idle_timeout");
	begin_table();
	judge("80", "idle_cpu", "5%", NULL);
	expect_error(5, "a: idle_cpu needs idle_timeout");
	begin_table();
	judge("80", "idle_unless", "/bin/true", NULL);
	expect_error(5, "a: idle_unless needs idle_timeout");
}

Test(check_idle, a_question_has_an_answer)
{
	judge("80", "idle_timeout", "5min", "idle_unless", "-/bin/true", NULL);
	expect_error(6, "a: idle_unless: '-' before the command would turn every answer into a yes");
}

Test(check_idle, quiet_connections_sleep_and_are_not_cut_off)
{
	judge("80", "idle_timeout", "5min", "idle_action", "freeze", "idle_means", "quiet", NULL);
	expect_nothing();
	begin_table();
	judge("80", "idle_timeout", "5min", "idle_means", "quiet", NULL);
	expect_error(6, "a: idle_means = quiet needs idle_action = freeze");
	begin_table();
	judge("/run/a", "idle_timeout", "5min", "idle_action", "freeze", "idle_means", "quiet", NULL);
	expect_error(7, "a: idle_means = quiet needs a TCP socket");
	begin_table();
	judge("80", "idle_means", "quiet", NULL);
	expect_error(5, "a: idle_means needs idle_timeout");
}

Test(check_idle, a_wait_is_for_silent_probes)
{
	judge("80", "probe", "silent", "probe_wait", "100ms", NULL);
	expect_nothing();
	begin_table();
	judge("80", "probe_wait", "100ms", NULL);
	expect_error(5, "a: probe_wait needs probe = silent");
	begin_table();
	judge("80", "accept", "yes", "probe", "silent", "probe_wait", "100ms", NULL);
	expect_error(7, "a: probe_wait needs accept = no");
}

Test(check_idle, no_time_at_all_is_no_mistake)
{
	judge("fifo:/run/a", "idle_timeout", "infinity", NULL);
	expect_nothing();
	cr_expect_not(service_idles(&table->services[0]));
}
