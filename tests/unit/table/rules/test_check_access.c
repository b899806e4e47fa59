/* Rules of who may come and of what answers in place of a program. */
#include "tests/unit/builders.h"

TestSuite(check_gate, .init = begin_table, .fini = end_table);

/* Name and value by turns, ending with NULL; a list has its words in one text, separated by blanks. */
__attribute__((sentinel)) static struct service_builder *service_of(const char *name, const char *listen, ...)
{
	struct service_builder *builder = begin(name);
	va_list more;

	cr_assert(set(builder, "listen", listen, NULL));
	va_start(more, listen);
	set_each(builder, more);
	va_end(more);
	return builder;
}

static void judge(struct service_builder *builder)
{
	end(builder);
	table_check(table, &diags);
}

static void expect_warning(unsigned at, const char *part)
{
	const struct diag *diag = said(SEVERITY_WARNING, part);

	cr_assert_not_null(diag, "no warning with '%s' in:%s", part, all_said());
	cr_assert_eq(diag->line, at, "at line %u, not %u:%s", diag->line, at, all_said());
	cr_assert_eq(diags.count, 1, "more than one:%s", all_said());
}

Test(check_gate, a_service_needs_one_of_exec_builtin_and_redirect)
{
	judge(service_of("a", "80", NULL));
	expect_error(1, "a: exec is missing");
	begin_table();
	judge(service_of("a", "udp:7", "builtin", "echo", NULL));
	expect_nothing();
	begin_table();
	judge(service_of("a", "80", "accept", "yes", "redirect", "192.0.2.1 80", NULL));
	expect_nothing();
	begin_table();
	judge(service_of("a", "80", "accept", "yes", "deny_time", "1h", NULL));
	expect_nothing();
}

Test(check_gate, a_redirect_of_connections_is_limited_by_source)
{
	judge(service_of("a", "80", "redirect", "192.0.2.1 80", "per_source", "2", "per_source_prefix", "56", NULL));
	expect_nothing();
	begin_table();
	judge(service_of("a", "udp:80", "redirect", "192.0.2.1 80", "per_source", "2", NULL));
	expect_error(4, "a: per_source has no effect here");
	begin_table();
	judge(service_of("a", "80", "redirect", "192.0.2.1 80", "instances", "2", NULL));
	expect_error(4, "a: instances has no effect here");
}

Test(check_gate, rules_that_let_nobody_in_are_warned_of)
{
	judge(service_of("a", "127.0.0.1:80", "exec", "/bin/true", "only_from", "127.0.0.0/8", "no_access",
			 "0.0.0.0/0", NULL));
	expect_warning(5, "a: nobody may connect: no_access denies all that only_from permits");
	begin_table();
	judge(service_of("a", "127.0.0.1:80", "exec", "/bin/true", "no_access", "0.0.0.0/0", NULL));
	expect_warning(4, "a: nobody may connect: no_access denies all addresses");
	begin_table();
	judge(service_of("a", "80", "exec", "/bin/true", "no_access", "::/0", NULL));
	expect_warning(4, "a: nobody may connect");
	begin_table();
	judge(service_of("a", "80", "exec", "/bin/true", "no_access", "0.0.0.0/0", NULL));
	expect_nothing();
	begin_table();
	judge(service_of("a", "80", "exec", "/bin/true", "only_from", "127.0.0.0/8", "no_access", "127.0.0.1", NULL));
	expect_nothing();
	begin_table();
	judge(service_of("a", "80", "exec", "/bin/true", "only_from", "some.host", "no_access", "0.0.0.0/0", NULL));
	expect_nothing();
}

Test(check_gate, a_sensor_of_datagrams_is_warned_of)
{
	judge(service_of("a", "udp:80", "accept", "yes", "deny_time", "1h", NULL));
	cr_expect_eq(diags.errors, 0);
	cr_assert_eq(diags.warnings, 1);
	cr_expect_not_null(strstr(diags.list[0].message, "a: deny_time: senders of datagrams can be forged"));
	begin_table();
	judge(service_of("a", "udp:80", "accept", "yes", "deny_time", "0", NULL));
	expect_nothing();
}

Test(check_gate, exec_and_redirect_exclude_builtin)
{
	judge(service_of("a", "80", "accept", "yes", "builtin", "echo", "exec", "/bin/true", NULL));
	expect_error(4, "a: exec and builtin exclude each other");
	begin_table();
	judge(service_of("a", "80", "accept", "yes", "exec", "/bin/true", "redirect", "::1 8080", NULL));
	expect_error(5, "a: redirect beside exec needs accept = no");
	begin_table();
	judge(service_of("a", "80", "exec", "/bin/true", "redirect", "::1 8080", NULL));
	expect_nothing();
	begin_table();
	judge(service_of("a", "80", "accept", "yes", "redirect", "::1 8080", "builtin", "echo", NULL));
	expect_error(4, "a: builtin and redirect exclude each other");
}

Test(check_gate, builtins_serve_what_they_are_made_for)
{
	static const char *const plain[] = { "echo", "discard", "chargen", "daytime", "time" };
	static const char *const streams[] = { "tcpmux", "auth", "servers", "services" };

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		begin_table();
		judge(service_of("a", "7", "accept", "yes", "builtin", plain[i], NULL));
		judge(service_of("b", "udp:7", "builtin", plain[i], NULL));
		judge(service_of("c", "/run/c", "builtin", plain[i], NULL));
		expect_nothing();
		judge(service_of("d", "fifo:/run/d", "builtin", plain[i], NULL));
		expect_error(12, "is not possible on fifo:/run/d");
	}
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		begin_table();
		judge(service_of("a", "7", "accept", "yes", "builtin", streams[i], NULL));
		expect_nothing();
		begin_table();
		judge(service_of("a", "7", "builtin", streams[i], NULL));
		expect_error(3, "needs accept = yes");
		begin_table();
		judge(service_of("a", "udp:7", "accept", "yes", "builtin", streams[i], NULL));
		expect_error(2, "is for connections, as of TCP; there are none on udp:7");
	}
}

Test(check_gate, the_options_of_a_builtin_are_read)
{
	judge(service_of("a", "udp:13", "builtin", "daytime martian", NULL));
	expect_error(3, "a: builtin: 'martian': ");
	begin_table();
	judge(service_of("a", "udp:13", "builtin", "daytime xinetd", NULL));
	expect_nothing();
}

Test(check_gate, redirect_is_for_connections_and_udp)
{
	judge(service_of("a", "80", "redirect", "::1 8080", NULL));
	expect_nothing();
	begin_table();
	judge(service_of("a", "udp:80", "redirect", "::1 8080", "redirect_timeout", "5s", NULL));
	expect_nothing();
	begin_table();
	judge(service_of("a", "seqpacket:/run/a", "redirect", "::1 8080", NULL));
	expect_error(2, "a: redirect is for connections and UDP, not for seqpacket:/run/a");
	begin_table();
	judge(service_of("a", "udp:80", "redirect", "/run/b", NULL));
	expect_error(2, "a: redirect to a unix socket is for connections");
	begin_table();
	judge(service_of("a", "udp:80", "accept", "yes", "redirect", "::1 8080", NULL));
	expect_error(2, "a: redirect is for connections");
	begin_table();
	judge(service_of("a", "/run/a", "accept", "yes", "redirect", "::1 8080", NULL));
	expect_nothing();
}

/* A redirect to one of its own sockets relays each client again, until descriptors run out. */
static void expect_loop(const char *listen, const char *target, bool loops)
{
	begin_table();
	judge(service_of("a", listen, "exec", "/bin/true", "redirect", target, NULL));
	if (loops)
		expect_error(4, "a: redirect leads back to its own socket");
	else
		expect_nothing();
}

Test(check_gate, a_redirect_does_not_lead_back_to_its_own_socket)
{
	expect_loop("127.0.0.1:80", "127.0.0.1 80", true);
	expect_loop("80", "127.0.0.1 80", true);
	expect_loop("80", "::1 80", true);
	expect_loop("tcp4:80", "127.1.2.3 80", true);
	expect_loop("127.0.0.1:80", "0.0.0.0 80", true);
	expect_loop("80", ":: 80", true);
	expect_loop("192.0.2.1:80", "192.0.2.1 80", true);
	expect_loop("[2001:db8::1]:80", "2001:db8::1 80", true);
	expect_loop("udp:80", "127.0.0.1 80", true);
	expect_loop("80%lo", "127.0.0.1 80", true);
	expect_loop("127.0.0.1:http", "127.0.0.1 http", true);
	expect_loop("/run/a", "/run/a", true);
	expect_loop("127.0.0.1:80", "127.0.0.1 81", false);
	expect_loop("127.0.0.1:80", "127.0.0.2 80", false);
	expect_loop("192.0.2.1:80", "127.0.0.1 80", false);
	expect_loop("80", "192.0.2.1 80", false);
	expect_loop("192.0.2.1:80", "0.0.0.0 80", false);
	expect_loop("tcp4:80", "::1 80", false);
	expect_loop("tcp6:80", "127.0.0.1 80", false);
	expect_loop("80%eth0", "127.0.0.1 80", false);
	expect_loop("127.0.0.1:80", "localhost 80", false);
	expect_loop("127.0.0.1:0", "127.0.0.1 80", false);
	expect_loop("/run/a", "/run/b", false);
	expect_loop("@a", "@a", true);
	begin_table();
	judge(service_of("a", "127.0.0.1:80", "redirect", "127.0.0.1 80", "network_namespace_path", "/run/netns/x",
			 NULL));
	expect_nothing();
}

Test(check_gate, the_program_behind_a_redirect_gets_no_socket)
{
	judge(service_of("a", "80", "exec", "/bin/true", "redirect", "::1 8080", "pass", "inetd", NULL));
	expect_error(5, "a: pass = inetd and redirect exclude each other");
	begin_table();
	judge(service_of("a", "80", "exec", "/bin/true", "redirect", "::1 8080", "root_directory", "/srv", NULL));
	expect_nothing();
	begin_table();
	judge(service_of("a", "80", "exec", "/bin/true", "redirect", "::1 8080", "type", "oneshot", "remain_after_exit",
			 "yes", "idle_timeout", "5min", NULL));
	expect_nothing();
	begin_table();
	judge(service_of("a", "80", "exec", "/bin/true", "redirect", "::1 8080", "type", "oneshot", "idle_timeout",
			 "5min", "idle_action", "freeze", NULL));
	expect_error(7, "a: idle_action = freeze needs a program that continues to run");
}

Test(check_gate, options_of_a_redirect_need_one)
{
	judge(service_of("a", "80", "exec", "/bin/true", "proxy_protocol", "v1", NULL));
	expect_error(4, "a: proxy_protocol needs redirect");
	begin_table();
	judge(service_of("a", "udp:80", "exec", "/bin/true", "redirect_timeout", "5s", NULL));
	expect_error(4, "a: redirect_timeout needs redirect");
	begin_table();
	judge(service_of("a", "udp:80", "redirect", "::1 8080", "proxy_protocol", "v2", NULL));
	expect_error(4, "a: proxy_protocol is for connections, not for UDP");
}

Test(check_gate, superds_own_services_are_not_inside_of_another_root)
{
	judge(service_of("a", "7", "accept", "yes", "builtin", "echo", "root_directory", "/srv", NULL));
	expect_error(5, "a: root_directory does not go with builtin");
	begin_table();
	judge(service_of("a", "7", "accept", "yes", "redirect", "::1 70", "root_directory", "/srv", NULL));
	expect_error(5, "a: root_directory does not go with redirect");
}

/* A datagram there has neither an address nor a user, while a connection has the one or the other. */
Test(check_gate, limits_of_one_source_are_refused_where_none_is_known)
{
	judge(service_of("a", "unix-dgram:/run/a", "exec", "/bin/true", "per_source_cpm", "5", NULL));
	expect_error(4, "per_source_cpm: clients of unix-dgram:/run/a have no address");
	begin_table();
	judge(service_of("a", "unix-dgram:/run/a", "exec", "/bin/true", "accept", "yes", "per_source_cpm", "5", NULL));
	expect_error(5, "per_source_cpm: clients of unix-dgram:/run/a have no address");
	begin_table();
	judge(service_of("a", "unix-dgram:/run/a", "exec", "/bin/true", "accept", "yes", "per_source", "5", NULL));
	expect_error(5, "per_source: clients of unix-dgram:/run/a have no address");
	begin_table();
	judge(service_of("a", "unix-dgram:/run/a", "exec", "/bin/true", "per_source", "5", NULL));
	expect_error(4, "a: per_source has no effect here");
	begin_table();
	judge(service_of("a", "/run/a", "exec", "/bin/true", "accept", "yes", "per_source", "5",
			 "per_source_cpm", "5", NULL));
	judge(service_of("b", "udp:7", "exec", "/bin/true", "per_source_cpm", "5", NULL));
	judge(service_of("c", "unix-dgram:/run/c", "exec", "/bin/true", "accept", "yes", "per_source", "UNLIMITED",
			 NULL));
	expect_nothing();
}

Test(check_gate, what_restricts_connections_is_refused_where_superd_sees_none)
{
	static const char *const options[][2] = {
		{ "instances", "5" },	   { "per_source", "5" },    { "per_source_prefix", "48" },
		{ "per_source_cpm", "5" }, { "overload", "refuse" }, { "libwrap", "x" },
		{ "id_only", "yes" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		char part[64];

		begin_table();
		judge(service_of("a", "80", "exec", "/bin/true", options[i][0], options[i][1], NULL));
		snprintf(part, sizeof(part), "a: %s has no effect here", options[i][0]);
		expect_error(4, part);
	}
}

Test(check_gate, hosts_allow_is_asked_about_senders_of_datagrams)
{
	begin_table();
	judge(service_of("a", "udp:69", "exec", "/bin/true", "libwrap", "x", NULL));
	cr_expect_eq(diags.errors, 0);
	begin_table();
	judge(service_of("a", "tcp:69", "exec", "/bin/true", "libwrap", "x", NULL));
	expect_error(4, "a: libwrap has no effect here");
}

Test(check_gate, what_tells_or_logs_only_is_doubtful_there)
{
	static const char *const options[][2] = {
		{ "banner", "/etc/motd" },
		{ "banner_success", "/etc/motd" },
		{ "banner_fail", "/etc/motd" },
		{ "log_on_success", "USERID" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		begin_table();
		judge(service_of("a", "80", "exec", "/bin/true", options[i][0], options[i][1], NULL));
		expect_warning(4, "has no effect here");
	}
}

Test(check_gate, what_works_without_connections_is_taken)
{
	judge(service_of("a", "80", "exec", "/bin/true", "only_from", "192.0.2.0/24", "no_access", "192.0.2.1",
			 "access_times", "8:00-17:00", "max_load", "2.5", "cps", "50", "trigger_limit_burst", "7",
			 NULL));
	judge(service_of("b", "udp:80", "exec", "/bin/true", "only_from", "192.0.2.0/24", "intercept", "yes", NULL));
	expect_nothing();
}

Test(check_gate, who_comes_is_asked_for_wherever_the_default_stands)
{
	struct service_builder *defaults = begin(NULL);

	cr_assert(set(defaults, "libwrap", "x", NULL));
	cr_assert(set(defaults, "instances", "5", NULL));
	end_with(service_of("a", "80", "exec", "/bin/true", NULL), defaults);
	table_check(table, &diags);
	expect_error(4, "a: libwrap has no effect here");
	builder_free(defaults);
}

Test(check_gate, clients_without_an_address_pass_no_rule_of_addresses)
{
	static const char *const options[][2] = {
		{ "only_from", "192.0.2.1" },
		{ "no_access", "192.0.2.1" },
		{ "libwrap", "x" },
		{ "id_only", "yes" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		begin_table();
		judge(service_of("a", "/run/a", "exec", "/bin/true", "accept", "yes", options[i][0], options[i][1],
				 NULL));
		expect_error(5, "clients of /run/a have no address");
	}
	begin_table();
	end(service_of("a", "tcpmux:a", "exec", "/bin/true", "accept", "yes", "only_from", "192.0.2.1", NULL));
	judge(service_of("m", "1", "builtin", "tcpmux", "accept", "yes", NULL));
	expect_nothing();
}

Test(check_gate, two_colons_are_nobody)
{
	judge(service_of("a", "80", "exec", "/bin/true", "accept", "yes", "only_from", "::", NULL));
	expect_warning(5, "a: only_from: '::' matches no client; ::/0 matches all clients");
}

Test(check_gate, intercept_is_for_listeners_of_the_backend)
{
	judge(service_of("a", "80", "exec", "/bin/true", "accept", "yes", "intercept", "yes", NULL));
	expect_warning(5, "a: intercept has no effect here");
}

Test(check_gate, tcpmux_needs_somebody_who_answers_it)
{
	judge(service_of("a", "tcpmux:a", "exec", "/bin/true", "accept", "yes", NULL));
	expect_warning(2, "a: no client reaches tcpmux:a");
	begin_table();
	judge(service_of("a", "tcpmux:a", "exec", "/bin/true", NULL));
	cr_expect_not_null(said(SEVERITY_ERROR, "a: tcpmux:a needs accept = yes"), "%s", all_said());
	begin_table();
	end(service_of("m", "tcpmux", "builtin", "tcpmux", "accept", "yes", "disable", "yes", NULL));
	judge(service_of("a", "tcpmux:a", "exec", "/bin/true", "accept", "yes", NULL));
	expect_warning(7, "a: no client reaches tcpmux:a");
}

Test(check_gate, two_services_have_no_tcpmux_name_in_common)
{
	end(service_of("m", "tcpmux", "builtin", "tcpmux", "accept", "yes", NULL));
	end(service_of("a", "tcpmux:name", "exec", "/bin/true", "accept", "yes", NULL));
	judge(service_of("b", "tcpmux:+NAME", "exec", "/bin/true", "accept", "yes", NULL));
	expect_error(10, "b: tcpmux:+NAME is claimed already by a");
}
