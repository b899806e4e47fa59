/* The rules over a whole table: each broken once and told at its place, and nothing said where all is well. */
#include "tests/unit/builders.h"

TestSuite(check, .init = begin_table, .fini = end_table);

/* One service with one option more (NULL: none), checked. */
static void check_with(const char *listen, const char *first, const char *one, const char *second, const char *two)
{
	struct service_builder *builder = begin_good("web", listen);

	if (first)
		cr_assert(set(builder, first, one, NULL), "%s", all_said());
	if (second)
		cr_assert(set(builder, second, two, NULL), "%s", all_said());
	end(builder);
	table_check(table, &diags);
}

static void check_one(const char *listen, const char *option, const char *value)
{
	check_with(listen, option, value, NULL, NULL);
}

Test(check, a_good_table_passes_in_silence)
{
	struct service_builder *builder = begin_good("web", "80");

	add(builder, "listen", "/run/web.sock", "udp:80", "@web", "fifo:/run/web", NULL);
	set(builder, "socket_mode", "0600", NULL);
	set(builder, "no_delay", "yes", NULL);
	set(builder, "env", "NGINX=%{fd};", "NAME=100%%", "DATE=%F", NULL);
	end(builder);
	builder = begin_good("cat", "81");
	set(builder, "accept", "yes", NULL);
	set(builder, "instances", "5", NULL);
	set(builder, "per_source", "2", NULL);
	end(builder);
	table_check(table, &diags);
	expect_nothing();
}

Test(check, an_empty_table_passes_in_silence)
{
	table_check(table, &diags);
	expect_nothing();
}

Test(check, two_services_of_one_name_are_told_with_both_places)
{
	end(begin_good("web", "80"));
	end(begin_good("web", "81"));
	table_check(table, &diags);
	expect_error(4, "web: there is already a service of this name at " FILE_NAME ":1");
}

static void check_name(const char *name, bool good)
{
	size_t errors = diags.errors;

	end(begin_good(name, name[0] == 'a' ? "80" : "81"));
	table_check(table, &diags);
	cr_expect_eq(diags.errors == errors, good, "'%s':%s", name, all_said());
	table->count = 0;
}

Test(check, names_are_fit_for_logs_and_fdnames)
{
	char longest[257];

	memset(longest, 'n', 256);
	longest[256] = '\0';
	check_name(longest, false);
	longest[255] = '\0';
	check_name(longest, true);
	check_name("a", true);
	check_name("echo-server.socket_1@x", true);
	check_name("a b", false);
	check_name("a:b", false);
	check_name("a/b", false);
	check_name("a\nb", false);
	check_name("caf\303\251", false);
	check_name("", false);
}

Test(check, names_of_sockets_are_fit_for_fdnames)
{
	struct service_builder *builder = begin_good("web", "80");

	builder_open_socket(builder, "a:b", next_line());
	set(builder, "listen", "81", NULL);
	builder_close_socket(builder, &diags);
	end(builder);
	table_check(table, &diags);
	expect_error(5, "web: socket 'a:b'");
}

Test(check, something_to_run_is_needed)
{
	struct service_builder *builder = begin("web");

	set(builder, "listen", "80", NULL);
	end(builder);
	table_check(table, &diags);
	expect_error(1, "web: exec is missing");
}

Test(check, somewhere_to_listen_is_needed)
{
	struct service_builder *builder = begin("web");

	set(builder, "exec", "/bin/true", NULL);
	end(builder);
	table_check(table, &diags);
	expect_error(1, "web: listen is missing");
}

Test(check, a_service_that_starts_at_boot_may_do_without_sockets)
{
	struct service_builder *builder = begin("cron");

	set(builder, "exec", "/usr/sbin/cron", "-f", NULL);
	set(builder, "start", "boot", NULL);
	end(builder);
	table_check(table, &diags);
	expect_nothing();
}

Test(check, what_was_refused_where_it_stands_is_not_called_missing)
{
	struct service_builder *builder = begin("web");

	set(builder, "listen", "99999", NULL);
	set(builder, "exec", "/bin/sh -c 'x", NULL);
	set(builder, "accept", "perhaps", NULL);
	set(builder, "instances", "5", NULL);
	set(builder, "pass", "inetd", NULL);
	set(builder, "env", "A=%{fd}", NULL);
	end(builder);
	cr_assert_eq(diags.count, 3, "%s", all_said());
	table_check(table, &diags);
	cr_expect_eq(diags.count, 3, "%s", all_said());
}

Test(check, a_program_is_an_absolute_path)
{
	struct service_builder *builder = begin("web");

	set(builder, "listen", "80", NULL);
	set(builder, "exec", "httpd -f", NULL);
	end(builder);
	table_check(table, &diags);
	expect_error(3, "web: exec: 'httpd' is no absolute path");
}

Test(check, a_shell_runs_one_word)
{
	static const char *const programs[][2] = {
		{ "a", "/bin/sh -c cd /srv && exec node x" },
		{ "b", "/bin/sh -c 'cd /srv && exec node x'" },
		{ "c", "/bin/sh -c 'exec \"$0\" \"$@\"' /bin/cat -u" },
		{ "d", "/bin/sh -c /srv/run -x" },
		{ "e", "/bin/cat -c cd /srv" },
	};
	const char *said;

	for (size_t n = 0; n < sizeof(programs) / sizeof(*programs); n++) {
		struct service_builder *builder = begin(programs[n][0]);

		set(builder, "listen", ((const char *const[]){ "81", "82", "83", "84", "85" })[n], NULL);
		set(builder, "exec", programs[n][1], NULL);
		end(builder);
	}
	table_check(table, &diags);
	cr_expect_eq(diags.errors, 0, "%s", all_said());
	said = strstr(all_said(), "a: sh -c runs 'cd' alone");
	cr_assert_not_null(said, "%s", all_said());
	cr_expect_null(strstr(said + strlen("a: sh -c runs "), " -c runs "), "%s", all_said());
}

Test(check, only_what_gives_connections_can_be_accepted_from)
{
	static const char *const good[] = { "80", "udp:80", "/run/x", "unix-dgram:/run/x", "seqpacket:/run/x", "@x",
					    "vsock::80", "sctp:80" };
	static const char *const bad[] = { "fifo:/run/x", "special:/dev/x", "netlink:route 1" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		check_one(good[i], "accept", "yes");
		expect_nothing();
		table->count = 0;
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin_table();
		check_one(bad[i], "accept", "yes");
		expect_error(2, "web: accept = yes: there are no connections to accept on");
		end_table();
	}
}

Test(check, rpc_and_raw_endpoints_are_served)
{
	static const char *const good[] = { "rpc/tcp:100001/1-3", "rpc/udp:rstatd/2", "raw:icmp" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		begin_table();
		check_one(good[i], NULL, NULL);
		expect_nothing();
		end_table();
	}
	begin_table();
	check_one("raw:icmp", "accept", "yes");
	expect_error(2, "web: accept = yes: there are no connections to accept on raw:icmp");
}

Test(check, one_socket_alone_can_be_the_standard_input)
{
	struct service_builder *builder = begin_good("web", "80");

	set(builder, "pass", "inetd", NULL);
	add(builder, "listen", "81", NULL);
	end(builder);
	table_check(table, &diags);
	expect_error(4, "web: pass = inetd passes one socket as standard input; this service has 2");
}

Test(check, a_superd_that_accepts_may_have_many_sockets_for_inetd_backends)
{
	struct service_builder *builder = begin_good("web", "80");

	set(builder, "accept", "yes", NULL);
	add(builder, "listen", "81", NULL);
	end(builder);
	table_check(table, &diags);
	expect_nothing();
}

Test(check, with_pass_inetd_one_stream_is_the_socket)
{
	struct service_builder *builder = begin_good("web", "80");

	set(builder, "pass", "inetd", NULL);
	set(builder, "input", "null", NULL);
	set(builder, "output", "syslog", NULL);
	end(builder);
	table_check(table, &diags);
	expect_error(5, "web: with pass = inetd, input, output or error is the socket");
}

Test(check, with_pass_inetd_input_may_come_from_elsewhere)
{
	check_with("80", "pass", "inetd", "input", "null");
	expect_nothing();
}

Test(check, with_pass_inetd_output_may_go_elsewhere)
{
	check_with("80", "pass", "inetd", "output", "syslog");
	expect_nothing();
}

Test(check, a_stream_by_descriptor_is_one_of_its_sockets)
{
	check_with("80", "input", "fd:other", "output", "fd:web");
	expect_error(4, "web: input: no socket of this service is named 'other'");
}

Test(check, a_stream_by_descriptor_needs_sockets_by_descriptor)
{
	check_with("80", "pass", "inetd", "error", "fd:web");
	expect_error(5, "web: error = fd:NAME needs pass = systemd");
}

Test(check, data_is_for_input)
{
	check_one("80", "error", "data");
	expect_error(4, "web: error = data: only input can be data");
}

Test(check, an_instance_has_a_name_where_superd_accepts)
{
	check_one("80", "env", "A=%{instance}");
	expect_error(4, "env: '%{instance}': only with accept = yes there is a connection to name");
}

Test(check, a_message_queue_has_both_sizes_or_none)
{
	check_one("mqueue:/q", "message_queue_max_messages", "5");
	expect_error(4, "there are both or neither");
}

Test(check, with_pass_inetd_output_may_say_what_is_so_and_error_is_free)
{
	struct service_builder *defaults = begin(NULL), *builder = begin_good("web", "80");

	set(defaults, "output", "syslog", NULL);
	set(builder, "pass", "inetd", NULL);
	set(builder, "input", "socket", NULL);
	set(builder, "error", "null", NULL);
	end_with(builder, defaults);
	builder_free(defaults);
	table_check(table, &diags);
	expect_nothing();
}

Test(check, a_stream_that_is_the_socket_needs_a_single_one)
{
	struct service_builder *builder = begin_good("web", "80");

	set(builder, "output", "socket", NULL);
	add(builder, "listen", "81", NULL);
	end(builder);
	table_check(table, &diags);
	expect_error(4, "web: output = socket needs a service with one socket; this one has 2");
}

Test(check, nothing_is_read_from_a_log)
{
	check_one("80", "input", "syslog");
	expect_error(4, "web: input: nothing can be read from there");
}

Test(check, limits_of_connections_are_never_ignored)
{
	static const char *const options[][2] = {
		{ "instances", "5" }, { "per_source", "5" }, { "per_source_prefix", "56" }, { "overload", "refuse" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		begin_table();
		check_one("80", options[i][0], options[i][1]);
		expect_error(4, options[i][0]);
		end_table();
	}
}

Test(check, limits_in_the_defaults_are_for_whom_they_concern)
{
	struct service_builder *defaults = begin(NULL);

	set(defaults, "instances", "5", NULL);
	end_with(begin_good("web", "80"), defaults);
	builder_free(defaults);
	table_check(table, &diags);
	expect_nothing();
}

Test(check, boot_and_accept_exclude_each_other)
{
	check_with("80", "accept", "yes", "start", "boot");
	expect_error(5, "web: start = boot needs accept = no");
}

Test(check, what_is_started_by_order_alone_has_no_socket)
{
	check_one("80", "start", "manual");
	expect_error(4, "web: start = manual is for a service without sockets");
}

Test(check, forking_and_accept_exclude_each_other)
{
	check_with("80", "accept", "yes", "type", "forking");
	expect_error(5, "web: type = forking needs accept = no");
}

Test(check, what_serves_one_connection_has_no_pid_file)
{
	check_with("80", "pid_file", "/run/web.pid", "accept", "yes");
	expect_error(4, "web: pid_file needs accept = no");
}

Test(check, a_program_of_any_type_may_have_a_pid_file)
{
	check_with("80", "pid_file", "/run/web.pid", "type", "forking");
	expect_nothing();
	end_table();
	begin_table();
	check_one("80", "pid_file", "/run/web.pid");
	expect_nothing();
}

Test(check, pauses_grow)
{
	check_one("80", "backoff_min", "2min");
	expect_error(4, "web: backoff_min is longer than backoff_max");
}

Test(check, ambient_capabilities_lie_within_the_bounding_set)
{
	check_with("80", "ambient_capabilities", "net_bind_service", "capability_bounding_set", "kill");
	expect_error(4, "web: ambient_capabilities: capability_bounding_set leaves no room for {\"net_bind_service\"}");
}

Test(check, symlinks_name_one_node)
{
	struct service_builder *builder = begin_good("web", "/run/a");

	add(builder, "listen", "/run/b", NULL);
	set(builder, "symlinks", "/run/c", NULL);
	end(builder);
	table_check(table, &diags);
	expect_error(4, "web: symlinks belong to one node");
}

Test(check, symlinks_need_a_node)
{
	check_one("80", "symlinks", "/run/c");
	expect_error(4, "web: symlinks: it has no unix socket or fifo");
}

Test(check, sockets_may_each_have_their_own_symlinks)
{
	struct service_builder *builder = begin("web");

	set(builder, "exec", "/bin/true", NULL);
	for (int i = 0; i < 2; i++) {
		builder_open_socket(builder, i ? "a" : "b", next_line());
		set(builder, "listen", i ? "/run/a" : "/run/b", NULL);
		set(builder, "symlinks", i ? "/run/c" : "/run/d", NULL);
		builder_close_socket(builder, &diags);
	}
	end(builder);
	table_check(table, &diags);
	expect_nothing();
}

Test(check, an_option_without_use_is_warned_of)
{
	static const char *const options[][3] = {
		{ "80", "socket_mode", "0600" }, { "/run/x", "no_delay", "yes" }, { "udp:80", "defer_accept", "5s" },
		{ "80", "pipe_size", "64K" }, { "80", "broadcast", "yes" }, { "127.0.0.1:80", "ipv6_only", "yes" },
		{ "80", "pass_credentials", "yes" }, { "@x", "remove_on_stop", "yes" }, { "/run/x", "ip_ttl", "3" },
		{ "udp:80", "probe_from", "127.0.0.1" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		begin_table();
		check_one(options[i][0], options[i][1], options[i][2]);
		cr_assert_eq(diags.count, 1, "%s:%s", options[i][1], all_said());
		cr_expect_eq(diags.warnings, 1);
		cr_expect_eq(diags.list[0].line, 4);
		cr_expect(strstr(diags.list[0].message, "has no effect here"));
		end_table();
	}
}

static void check_template(const char *word, const char *part)
{
	struct service_builder *builder;

	begin_table();
	builder = begin("web");
	set(builder, "listen", "/run/web.sock", NULL);
	builder_open_socket(builder, "http", next_line());
	set(builder, "listen", part && strstr(part, "port") ? "/run/x" : "80", NULL);
	builder_close_socket(builder, &diags);
	set(builder, "exec", "/bin/echo", word, NULL);
	end(builder);
	table_check(table, &diags);
	if (part)
		expect_error(5, part);
	else
		expect_nothing();
	end_table();
}

Test(check, templates_name_what_there_is)
{
	check_template("%{fd}", NULL);
	check_template("a%{fd:http}b%{fd:web}c", NULL);
	check_template("%{fds}%{service}%{port}", NULL);
	check_template("%%{nonsense}", NULL);
	check_template("100%", NULL);
	check_template("%F", NULL);
	check_template("%{fd:ftp}", "exec: '%{fd:ftp}': it has no socket of this name");
	check_template("%{fd:}", "exec: '%{fd:}'");
	check_template("x%{nonsense}", "exec: '%{nonsense}'");
	check_template("%{}", "exec: '%{}'");
	check_template("%%%{fd", "is not closed");
	check_template("%{port}", "none of its sockets has a port");
}

Test(check, templates_in_the_environment_are_checked_too)
{
	check_one("80", "env", "X=%{fd:ftp}");
	expect_error(4, "web: env: '%{fd:ftp}'");
}

Test(check, templates_in_argv0_are_checked_too)
{
	check_one("80", "argv0", "web:%{fd:ftp}");
	expect_error(4, "web: argv0: '%{fd:ftp}'");
	end_table();
	begin_table();
	check_one("80", "argv0", "web:%{port}");
	expect_nothing();
}

Test(check, a_program_has_no_template_in_its_path)
{
	struct service_builder *builder = begin("web");

	set(builder, "listen", "80", NULL);
	set(builder, "exec", "/opt/%{service}/bin/web", "%{fd}", NULL);
	end(builder);
	table_check(table, &diags);
	expect_error(3, "web: exec: '/opt/%{service}/bin/web'");
}

Test(check, a_descriptor_needs_a_socket)
{
	struct service_builder *builder = begin("web");

	set(builder, "exec", "/bin/echo %{fd}", NULL);
	set(builder, "start", "boot", NULL);
	end(builder);
	table_check(table, &diags);
	expect_error(2, "it has no socket");
}

Test(check, the_variables_of_the_protocol_are_superds)
{
	check_one("80", "env", "LISTEN_FDS=3");
	expect_error(4, "web: env: LISTEN_FDS is superd's to set");
}

/* Claims of two services, or of one (NULL: no second). */
static void claim(const char *first, const char *second, const char *option, const char *value)
{
	struct service_builder *builder;

	begin_table();
	builder = begin_good("a", first);
	if (option)
		set(builder, option, value, NULL);
	end(builder);
	line = 10;
	builder = begin_good("b", second);
	if (option)
		set(builder, option, value, NULL);
	end(builder);
	table_check(table, &diags);
}

static void expect_claimed(const char *first, const char *second)
{
	claim(first, second, NULL, NULL);
	expect_error(12, "claimed already by a, with");
	cr_expect(strstr(diags.list[0].message, " at " FILE_NAME ":2"), "%s", all_said());
	end_table();
	claim(second, first, NULL, NULL);
	expect_error(12, "claimed already by a, with");
	end_table();
}

static void expect_free(const char *first, const char *second)
{
	claim(first, second, NULL, NULL);
	expect_nothing();
	end_table();
}

Test(check, two_claims_on_one_endpoint_are_told_with_both_places)
{
	expect_claimed("80", "80");
	expect_claimed("80", "tcp:80");
	expect_claimed("80", "127.0.0.1:80");
	expect_claimed("80", "[::1]:80");
	expect_claimed("80", "tcp4:80");
	expect_claimed("0.0.0.0:80", "127.0.0.1:80");
	expect_claimed("[::1]:80", "[0:0::1]:80");
	expect_claimed("127.0.0.1:80", "[::ffff:127.0.0.1]:80");
	expect_claimed("http", "127.0.0.1:http");
	expect_claimed("localhost:80", "LocalHost:80");
	expect_claimed("udp:53", "udp:53");
	expect_claimed("udp:53", "udp:127.0.0.1:53");
	expect_claimed("udp:53", "udp4:53");
	expect_claimed("udp6:53", "udp:[::1]:53");
	expect_claimed("sctp:53", "sctp:127.0.0.1:53");
	expect_claimed("/run/x", "/run/x");
	expect_claimed("/run/x", "unix-dgram:/run/x");
	expect_claimed("/run/x", "fifo:/run/x");
	expect_claimed("@x", "@x");
	expect_claimed("vsock::80", "vsock:3:80");
	expect_claimed("netlink:route 1", "netlink:route 1");
}

Test(check, what_does_not_meet_is_free)
{
	expect_free("80", "81");
	expect_free("80", "udp:80");
	expect_free("127.0.0.1:80", "127.0.0.2:80");
	expect_free("tcp4:80", "tcp6:80");
	expect_free("udp4:53", "udp6:53");
	expect_free("udp:127.0.0.1:53", "udp:127.0.0.2:53");
	expect_free("udp:0", "udp:127.0.0.1:0");
	expect_free("0", "0");
	expect_free("127.0.0.1:0", "127.0.0.1:0");
	expect_free("/run/x", "/run/y");
	expect_free("/run/x", "@/run/x");
	expect_free("80%eth0", "80%eth1");
}

Test(check, one_service_may_not_claim_twice_either)
{
	struct service_builder *builder = begin_good("web", "80");

	add(builder, "listen", "127.0.0.1:80", NULL);
	end(builder);
	table_check(table, &diags);
	expect_error(4, "web: it claims tcp:127.0.0.1:80 already, with tcp:80 at " FILE_NAME ":2");
}

Test(check, those_who_all_reuse_the_port_share_it)
{
	claim("80", "80", "reuse_port", "yes");
	expect_nothing();
	end_table();
	claim("80", "127.0.0.1:80", "reuse_port", "yes");
	expect_nothing();
	end_table();
	claim("/run/x", "/run/x", "reuse_port", "yes");
	cr_expect_eq(diags.errors, 1, "%s", all_said());
}

Test(check, one_who_does_not_reuse_the_port_has_it_alone)
{
	struct service_builder *builder = begin_good("a", "80");

	set(builder, "reuse_port", "yes", NULL);
	end(builder);
	end(begin_good("b", "80"));
	table_check(table, &diags);
	expect_error(6, "claimed already by a");
}

Test(check, options_keep_claims_apart)
{
	struct service_builder *builder = begin_good("a", "80");

	set(builder, "ipv6_only", "yes", NULL);
	end(builder);
	end(begin_good("b", "tcp4:80"));
	builder = begin_good("c", "81");
	set(builder, "bind_to_device", "eth0", NULL);
	end(builder);
	builder = begin_good("d", "81");
	set(builder, "bind_to_device", "eth1", NULL);
	end(builder);
	table_check(table, &diags);
	expect_nothing();
}

Test(check, a_disabled_service_claims_nothing)
{
	claim("80", "80", "disable", "yes");
	expect_nothing();
}

/* The pairs of ten thousand would take minutes; tests/bench/times has the processor time that it takes. */
Test(check, ten_thousand_addresses_of_one_port_are_each_compared)
{
	for (unsigned i = 0; i < 10000; i++) {
		char address[32], name[16];

		snprintf(address, sizeof(address), "127.1.%u.%u:80", i / 250, i % 250 + 1);
		snprintf(name, sizeof(name), "s%u", i);
		end(begin_good(name, address));
	}
	end(begin_good("wild", "tcp4:80"));
	table_check(table, &diags);
	cr_expect_eq(diags.errors, 10000);
}

Test(check, resources_do_not_contradict_each_other)
{
	check_with("80", "memory_min", "2M", "memory_max", "1M");
	expect_error(4, "web: memory_min is more than memory_max");
	begin_table();
	check_with("80", "memory_low", "infinity", "memory_max", "1M");
	expect_nothing();
	begin_table();
	check_one("80", "cpu_scheduling_priority", "5");
	expect_error(4, "web: cpu_scheduling_priority needs cpu_scheduling_policy = fifo or rr");
	begin_table();
	check_with("80", "cpu_scheduling_priority", "5", "cpu_scheduling_policy", "rr");
	expect_nothing();
}
