/* xinetd.conf: what each attribute of a service comes to in superd.conf. */
#include "xinetd_text.h"

#include "parse/xinetd/attribute.h"

#define EXTERNAL " user = nobody\n server = /bin/x\n"

static void expect_service(const char *lines, const char *line)
{
	char *text;

	cr_assert_gt(asprintf(&text, "service telnet\n{\n%s\n}\n", lines), 0);
	expect_line(text, line);
	free(text);
}

static void refuse_service(const char *lines, const char *said)
{
	char *text;

	cr_assert_gt(asprintf(&text, "service telnet\n{\n%s\n}\n", lines), 0);
	expect_refused(text, said);
	free(text);
}

static void warn_service(const char *lines, const char *said, const char *line)
{
	char *text;

	cr_assert_gt(asprintf(&text, "service telnet\n{\n%s\n}\n", lines), 0);
	expect_warned(text, said, line);
	free(text);
}

/* A line of each attribute, beside what else it needs, that makes another table or is spoken of. */
Test(xinetd_service, heeds_every_attribute)
{
	static const struct {
		const char *lines;
	} samples[ATTRIBUTES] = {
		[ATTR_SOCKET_TYPE] = { "socket_type = seqpacket" },
		[ATTR_PROTOCOL] = { "protocol = sctp" },
		[ATTR_PORT] = { "port = 99" },
		[ATTR_BIND] = { "interface = 127.0.0.1" },
		[ATTR_V6ONLY] = { "v6only = yes" },
		[ATTR_RPC_VERSION] = { "type = RPC\nrpc_version = 1" },
		[ATTR_RPC_NUMBER] = { "type = RPC UNLISTED\nrpc_version = 1\nrpc_number = 100" },
		[ATTR_TYPE] = { "type = INTERNAL" },
		[ATTR_FLAGS] = { "flags = NODELAY" },
		[ATTR_WAIT] = { "wait = yes" },
		[ATTR_SERVER] = { "server = /bin/y" },
		[ATTR_SERVER_ARGS] = { "server_args = -x" },
		[ATTR_REDIRECT] = { "redirect = 10.0.0.1 80" },
		[ATTR_USER] = { "user = root" },
		[ATTR_GROUP] = { "group = tty" },
		[ATTR_GROUPS] = { "groups = yes" },
		[ATTR_ENV] = { "env = A=1" },
		[ATTR_PASSENV] = { "passenv = TZ" },
		[ATTR_UMASK] = { "umask = 077" },
		[ATTR_NICE] = { "nice = 3" },
		[ATTR_RLIMIT_AS] = { "rlimit_as = 128M" },
		[ATTR_RLIMIT_CPU] = { "rlimit_cpu = 10" },
		[ATTR_RLIMIT_DATA] = { "rlimit_data = 1m" },
		[ATTR_RLIMIT_FILES] = { "rlimit_files = 100" },
		[ATTR_RLIMIT_RSS] = { "rlimit_rss = 5k" },
		[ATTR_RLIMIT_STACK] = { "rlimit_stack = 5000" },
		[ATTR_ONLY_FROM] = { "only_from = 10.0.0.0" },
		[ATTR_NO_ACCESS] = { "no_access = 10.0.0.0" },
		[ATTR_ACCESS_TIMES] = { "access_times = 8:00-17:00" },
		[ATTR_INSTANCES] = { "instances = 4" },
		[ATTR_PER_SOURCE] = { "per_source = 4" },
		[ATTR_CPS] = { "cps = 4 5" },
		[ATTR_MAX_LOAD] = { "max_load = 2.5" },
		[ATTR_DENY_TIME] = { "deny_time = 5" },
		[ATTR_LIBWRAP] = { "libwrap = y" },
		[ATTR_BANNER] = { "banner = /etc/motd" },
		[ATTR_BANNER_SUCCESS] = { "banner_success = /etc/motd" },
		[ATTR_BANNER_FAIL] = { "banner_fail = /etc/motd" },
		[ATTR_LOG_TYPE] = { "log_type = SYSLOG auth" },
		[ATTR_LOG_ON_SUCCESS] = { "log_on_success = PID" },
		[ATTR_LOG_ON_FAILURE] = { "log_on_failure = HOST" },
		[ATTR_ID] = { "id = other" },
		[ATTR_DISABLE] = { "disable = yes" },
		[ATTR_ENABLED] = { "}\ndefaults\n{\nenabled = x" },
		[ATTR_DISABLED] = { "}\ndefaults\n{\ndisabled = telnet" },
		[ATTR_MDNS] = { "mdns = yes" },
	};
	struct outcome *plain = read_xinetd("service telnet\n{\n protocol = tcp\n wait = no\n" EXTERNAL "}\n");

	for (size_t i = 0; i < ATTRIBUTES; i++) {
		struct outcome *outcome;
		char *text;

		cr_assert(samples[i].lines, "%s has no sample", xinetd_rules[i].name);
		cr_assert_gt(asprintf(&text, "service telnet\n{\n%s\n%s%s%s%s}\n", samples[i].lines,
				      i == ATTR_PROTOCOL ? "" : "protocol = tcp\n", i == ATTR_WAIT ? "" : "wait = no\n",
				      i == ATTR_USER ? "" : "user = nobody\n",
				      i == ATTR_SERVER ? "" : "server = /bin/x\n"),
			     0);
		if (strstr(samples[i].lines, "defaults")) {
			free(text);
			cr_assert_gt(asprintf(&text,
					      "service telnet\n{\n protocol = tcp\n wait = no\n" EXTERNAL "%s\n}\n",
					      samples[i].lines),
				     0);
		}
		outcome = read_xinetd(text);
		cr_expect(strcmp(outcome->printed, plain->printed) != 0 || *outcome->said, "%s does nothing: %s",
			  xinetd_rules[i].name, outcome->printed);
		cr_expect_null(strstr(outcome->said, "unknown attribute"), "%s", outcome->said);
		outcome_free(outcome);
		free(text);
	}
	outcome_free(plain);
}

Test(xinetd_service, knows_each_attribute_of_the_table_of_directives)
{
	for (size_t i = 0; i < directive_count; i++) {
		const char *name = directives[i].name[XINETD];

		cr_expect(!name || xinetd_attribute_find(name) >= 0, "%s", name);
	}
}

Test(xinetd_service, infers_the_type_of_socket_from_the_protocol_and_back)
{
	expect_service(" protocol = tcp\n wait = no\n" EXTERNAL, "listen = {tcp4:telnet}");
	expect_service(" socket_type = stream\n wait = no\n" EXTERNAL, "listen = {tcp4:telnet}");
	expect_service(" protocol = udp\n wait = yes\n flags = NOLIBWRAP\n" EXTERNAL, "listen = {udp:telnet}");
	expect_service(" socket_type = dgram\n wait = yes\n flags = NOLIBWRAP\n" EXTERNAL, "listen = {udp:telnet}");
	expect_service(" socket_type = raw\n protocol = icmp\n wait = yes\n" EXTERNAL, "listen = {raw:icmp}");
	refuse_service(" wait = no\n" EXTERNAL, "t:1:1: error: telnet: socket_type is missing");
	refuse_service(" socket_type = raw\n wait = yes\n" EXTERNAL, "t:1:1: error: telnet: protocol is missing");
	refuse_service(" socket_type = rdm\n wait = yes\n" EXTERNAL,
		       "error: socket_type: 'rdm': expected stream, dgram, raw or");
	refuse_service(" socket_type = stream\n protocol = udp\n wait = no\n" EXTERNAL,
		       "error: telnet: socket_type = stream does not go with protocol = udp");
}

Test(xinetd_service, listens_to_both_families_by_their_own_addresses)
{
	expect_option("", "\tlisten = {tcp4:7777}\n\tsocket a {\n\t\tlisten = {tcp6:7777}\n\t\toptional = yes\n\t}\n");
	expect_option("flags = IPv4", "\tlisten = {tcp4:7777}\n\texec");
	expect_option("flags = IPv6", "\tlisten = {tcp:7777}\n\texec");
	expect_option("flags = IPv4 IPv6", "\tlisten = {tcp:7777}\n\texec");
	expect_option("v6only = yes", "\tlisten = {tcp6:7777}\n\texec");
	expect_option("v6only = no", "\tlisten = {tcp4:7777}\n\tsocket a {\n\t\tlisten = {tcp6:7777}\n");
	expect_service(" protocol = tcp\n wait = yes\n" EXTERNAL, "\tlisten = {tcp:telnet}\n\texec");
}

Test(xinetd_service, takes_v6only_as_xinetd_does_where_it_is_asked_to)
{
	char *text = with("v6only = no");
	struct outcome *outcome = read_compat(text, COMPAT_XINETD);

	cr_expect(strstr(outcome->printed, "listen = {tcp6:7777}\n\texec"), "%s", outcome->printed);
	cr_expect(strstr(outcome->printed, "passenv = {\"*\"}"));
	outcome_free(outcome);
	free(text);
	text = with("");
	outcome = read_compat(text, COMPAT_XINETD);
	cr_expect(strstr(outcome->printed, "listen = {tcp:7777}\n\texec"), "%s", outcome->printed);
	outcome_free(outcome);
	free(text);
}

#define AT_4 "service telnet\n{\n protocol = tcp\n wait = no\n"
#define SERVICE_AT_4 AT_4 " bind = 127.0.0.1\n" EXTERNAL "}\n"
#define SERVICE_AT_4_ALONE AT_4 " v6only = yes\n bind = 127.0.0.1\n" EXTERNAL "}\n"

Test(xinetd_service, binds_to_an_address_of_either_family_or_a_name)
{
	expect_option("bind = 127.0.0.1", "listen = {tcp:127.0.0.1:7777}\n\texec");
	expect_option("interface = ::1", "listen = {\"tcp:[::1]:7777\"}\n\texec");
	expect_option("bind = 0.0.0.0", "listen = {tcp4:7777}\n\texec");
	expect_option("bind = ::", "listen = {tcp:7777}\n\texec");
	expect_option("bind = ::\nv6only = yes", "listen = {tcp6:7777}\n\texec");
	expect_option("bind = localhost\nflags = IPv6", "listen = {tcp6:localhost:7777}\n\texec");
	expect_option("bind = localhost", "listen = {tcp:localhost:7777}\n\texec");
	expect_option("bind = fe80::1%eth0", "listen = {\"tcp:[fe80::1]:7777%eth0\"}\n\texec");
	expect_line("defaults\n{\n bind = 127.0.0.1\n}\nservice telnet\n{\n protocol = tcp\n wait = no\n" EXTERNAL
		    "}\n",
		    "listen = {tcp:127.0.0.1:telnet}\n\texec");
	expect_warned("defaults\n{\n v6only = yes\n}\n" SERVICE_AT_4,
		      "t:3:2: warning: v6only does not belong to defaults", "listen = {tcp:127.0.0.1:telnet}\n\texec");
	expect_line("defaults\n{\n v6only = no\n}\n" SERVICE_AT_4, "listen = {tcp:127.0.0.1:telnet}\n\texec");
	expect_warned(SERVICE_AT_4_ALONE, "t:5:2: warning: v6only: it is bound to 127.0.0.1",
		      "listen = {tcp:127.0.0.1:telnet}");
	expect_refused("defaults\n{\n bind = 1.2.3.4.5\n}\nservice telnet\n{\n protocol = tcp\n wait = no\n" EXTERNAL
		       "}\n",
		       "t:3:9: error: bind: '1.2.3.4.5' is no address");
}

Test(xinetd_service, reads_a_port_as_a_decimal_number)
{
	char *text = with("id = b");

	expect_line(text, "tcp4:7777");
	free(text);
	expect_service(" protocol = tcp\n port = 0023\n wait = no\n" EXTERNAL, "listen = {tcp4:23}");
	refuse_service(" protocol = tcp\n port = 70000\n wait = no\n" EXTERNAL, "70000");
	refuse_service(" protocol = tcp\n port = telnet\n wait = no\n" EXTERNAL,
		       "error: port: 'telnet': expected a number");
	refuse_service(" type = UNLISTED\n protocol = tcp\n wait = no\n" EXTERNAL, "error: telnet: port is missing");
}

Test(xinetd_service, refuses_what_lacks_a_necessary_attribute)
{
	refuse_service(" protocol = tcp\n" EXTERNAL, "t:1:1: error: telnet: wait is missing");
	refuse_service(" protocol = tcp\n wait = no\n server = /bin/x\n", "t:1:1: error: telnet: user is missing");
	refuse_service(" protocol = tcp\n wait = no\n user = nobody\n", "t:1:1: error: telnet: server is missing");
	refuse_service(" protocol = tcp\n wait = perhaps\n" EXTERNAL, "error: wait: 'perhaps': expected yes or no");
	refuse_service(" protocol = tcp\n wait = no\n user = nobody\n server = x\n",
		       "error: server: 'x' is no absolute path");
}

Test(xinetd_service, names_the_server_by_its_last_component_or_by_the_first_argument)
{
	expect_option("", "\texec = /bin/x\n\targv0 = x\n");
	expect_option("flags = NAMEINARGS\nserver_args = in.x -l", "\texec = \"/bin/x -l\"\n\targv0 = in.x\n");
	expect_option("server_args = in.x -l\nflags = NAMEINARGS", "\texec = \"/bin/x -l\"\n\targv0 = in.x\n");
	refuse_service(" protocol = tcp\n wait = no\n flags = NAMEINARGS\n" EXTERNAL,
		       "error: telnet: NAMEINARGS needs server_args");
}

Test(xinetd_service, hands_arguments_and_variables_over_as_they_stand)
{
	expect_option("server_args = %{fd} %% %d 50%", "exec = \"/bin/x %%{fd} %%% %d 50%\"");
	expect_option("env = A=%{port} B=x=y\nenv += C=", "env = {\"A=%%{port}\", \"B=x=y\", \"C=\"}");
	expect_service(" protocol = tcp\n wait = no\n user = nobody\n server = /opt/a'b\n", "exec = \"");
}

Test(xinetd_service, runs_as_the_user_and_group_said_and_without_other_groups)
{
	expect_option("group = tty", "\tuser = nobody\n\tgroup = tty\n\tgroups = no\n");
	expect_service(" protocol = tcp\n wait = no\n user = 1000\n server = /bin/x\n",
		       "\tuser = 1000\n\tgroup = 1000\n\tgroups = no\n");
	expect_service(" protocol = tcp\n wait = no\n user = 1000\n group = 5\n groups = yes\n server = /bin/x\n",
		       "\tuser = 1000\n\tgroup = 5\n");
}

Test(xinetd_service, gives_one_limit_for_soft_and_hard_and_none_for_0)
{
	expect_option("rlimit_as = 128M", "rlimit_as = 134217728\n");
	expect_option("rlimit_files = 0100", "rlimit_nofile = 100\n");
	expect_option("rlimit_cpu = UNLIMITED", "rlimit_cpu = unlimited\n");
	expect_option("nice = -010", "nice = -10\n");
	char *text = with("rlimit_as = 0");
	expect_warned(text, "warning: rlimit_as: 0 means no limit", "exec = /bin/x");
	free(text);
}

Test(xinetd_service, never_lets_go_of_a_limit_that_is_0)
{
	char *text = with("instances = 0");

	expect_warned(text, "t:9:1: warning: instances = 0 would serve no client", "disable = yes");
	free(text);
	text = with("per_source = 00");
	expect_warned(text, "warning: per_source = 0 would serve no client", "disable = yes");
	free(text);
}

Test(xinetd_service, limits_as_xinetd_does)
{
	expect_option("instances = 010", "\tinstances = 10\n\toverload = refuse\n");
	expect_option("instances = UNLIMITED", "\tinstances = unlimited\n");
	expect_option("per_source = 5", "\tper_source = 5\n\tper_source_prefix = 128\n");
	expect_option("cps = 25 30", "cps = {25, 30s}\n");
	expect_option("", "cps = {50, 10s}\n");
	expect_option("max_load = 2.5", "max_load = 2.5\n");
	expect_option("access_times = 8:00-12:00 22:00-06:00", "access_times = {\"");
	char *text = with("cps = 0 0");
	struct outcome *outcome = read_xinetd(text);
	cr_expect_str_eq(outcome->said, "");
	cr_expect_null(strstr(outcome->printed, "cps"));
	outcome_free(outcome);
	free(text);
	expect_option("cps = 5 0", "cps = {5, 1us}\n");
}

Test(xinetd_service, leaves_out_what_a_server_that_accepts_itself_meets_by_nature)
{
	struct outcome *outcome = read_xinetd("defaults\n{\n instances = 5\n per_source = 2\n banner = /etc/motd\n}\n"
					      "service telnet\n{\n protocol = tcp\n wait = yes\n" EXTERNAL "}\n");

	cr_expect_str_eq(outcome->said, "");
	cr_expect_null(strstr(outcome->printed, "instances"));
	cr_expect_null(strstr(outcome->printed, "per_source"));
	cr_expect_null(strstr(outcome->printed, "banner"));
	cr_expect_null(strstr(outcome->printed, "libwrap"));
	cr_expect(strstr(outcome->printed, "accept = no\n\tpass = inetd\n"));
	outcome_free(outcome);
}

Test(xinetd_service, says_which_limit_means_nothing_with_one_server)
{
	warn_service(" protocol = tcp\n wait = yes\n instances = 5\n" EXTERNAL,
		     "t:5:2: note: instances means nothing with wait = yes: one server runs", "accept = no");
	warn_service(" protocol = tcp\n wait = yes\n per_source = 5\n" EXTERNAL,
		     "t:5:2: note: per_source means nothing with wait = yes: one server runs", "accept = no");
}

Test(xinetd_service, warns_of_quotes_and_comments_that_become_arguments)
{
	char *text = with("server_args = -c \"a b\"");

	expect_warned(text, "t:9:18: warning: server_args: quotes mean nothing here", "'\\\"a' 'b\\\"'");
	free(text);
	text = with("server_args = a > /tmp/x");
	expect_warned(text, "t:9:17: warning: server_args: '>': no shell reads this", "exec = \"/bin/x a > /tmp/x\"");
	free(text);
	text = with("server_args = -l # all of it");
	expect_warned(text, "t:9:18: warning: server_args: '#' is passed to the program as an argument",
		      "exec = \"/bin/x -l # all of it\"");
	free(text);
	text = with("env = A=\"1\"");
	expect_warned(text, "warning: env: quotes mean nothing here", "A=");
	free(text);
}

Test(xinetd_service, asks_hosts_allow_under_the_name_that_xinetd_asks_for)
{
	expect_option("", "\tlibwrap = x\n");
	expect_option("libwrap = other", "\tlibwrap = other\n");
	expect_option("flags = NAMEINARGS\nserver_args = /usr/sbin/in.x -l", "\tlibwrap = in.x\n");
	expect_service(" protocol = tcp\n wait = no\n id = i\n redirect = 10.0.0.1 80\n user = nobody\n",
		       "\tlibwrap = telnet\n");
	expect_service(" protocol = udp\n wait = yes\n" EXTERNAL, "\tlibwrap = x\n");
	refuse_service(" protocol = tcp\n wait = yes\n libwrap = y\n" EXTERNAL, "error: libwrap: with wait = yes");
	char *text = with("flags = NOLIBWRAP");
	struct outcome *outcome = read_xinetd(text);
	cr_expect_null(strstr(outcome->printed, "libwrap"));
	outcome_free(outcome);
	free(text);
}

Test(xinetd_service, redirects)
{
	expect_service(" protocol = tcp\n wait = no\n redirect = 10.0.0.1 http\n user = nobody\n server = /bin/x\n",
		       "\tredirect = {\"10.0.0.1\", \"http\"}\n");
	refuse_service(" protocol = tcp\n wait = yes\n redirect = 10.0.0.1 80\n user = nobody\n",
		       "error: telnet: redirect needs wait = no");
	refuse_service(" protocol = udp\n wait = no\n redirect = 10.0.0.1 80\n user = nobody\n",
		       "error: telnet: redirect needs socket_type = stream");
	refuse_service(" protocol = tcp\n wait = no\n redirect = 10.0.0.1\n user = nobody\n",
		       "error: redirect needs two values, not 1");
}

Test(xinetd_service, makes_builtins_of_internal_services_that_need_no_root)
{
	expect_line("service echo\n{\n type = INTERNAL\n id = echo-stream\n socket_type = stream\n user = root\n wait "
		    "= no\n}\n",
		    "service echo-stream {\n\tlisten = {tcp4:echo}");
	expect_line("service daytime\n{\n type = INTERNAL\n socket_type = stream\n user = root\n wait = no\n}\n",
		    "builtin = \"daytime xinetd\"");
	expect_line("service chargen\n{\n type = INTERNAL\n socket_type = stream\n user = root\n wait = no\n}\n",
		    "builtin = \"chargen xinetd\"");
	expect_line("service tcpmux\n{\n type = INTERNAL\n socket_type = stream\n wait = no\n}\n", "builtin = tcpmux");
	expect_line(
		"service services\n{\n type = INTERNAL UNLISTED\n port = 9098\n socket_type = stream\n wait = no\n}\n",
		"builtin = services");
	expect_refused("service xadmin\n{\n type = INTERNAL\n socket_type = stream\n wait = no\n}\n",
		       "t:3:2: error: type = INTERNAL: superd itself has no service 'xadmin'");
	expect_warned("service echo\n{\n type = INTERNAL\n socket_type = stream\n wait = yes\n}\n",
		      "warning: echo: superd answers each client itself", "accept = yes");
}

Test(xinetd_service, makes_a_sensor_that_runs_nothing)
{
	expect_service(" type = UNLISTED\n port = 99\n protocol = tcp\n wait = no\n flags = SENSOR\n deny_time = "
		       "60\n" EXTERNAL,
		       "deny_time = 1h\n");
	expect_service(" protocol = tcp\n wait = no\n flags = SENSOR\n deny_time = FOREVER\n",
		       "deny_time = infinity\n");
	expect_service(" protocol = tcp\n wait = no\n flags = SENSOR\n deny_time = NEVER\n", "deny_time = 0\n");
	expect_service(" protocol = tcp\n wait = no\n flags = SENSOR\n", "deny_time = 0\n");
	warn_service(" protocol = tcp\n wait = no\n deny_time = 5\n" EXTERNAL,
		     "warning: deny_time means nothing without", "exec");
	refuse_service(" protocol = tcp\n wait = no\n flags = SENSOR\n deny_time = soon\n", "error: deny_time: 'soon'");
}

Test(xinetd_service, says_that_numbers_of_rpc_need_its_type)
{
	warn_service(" protocol = tcp\n wait = no\n rpc_version = 1-2\n" EXTERNAL,
		     "warning: rpc_version means nothing without type = RPC", "exec");
	warn_service(" protocol = tcp\n wait = no\n rpc_number = x\n" EXTERNAL,
		     "warning: rpc_number means nothing without type = RPC", "exec");
}

Test(xinetd_service, offers_services_by_tcpmux)
{
#define TCPMUX "service tcpmux\n{\n type = INTERNAL\n socket_type = stream\n wait = no\n}\n"
	expect_line(TCPMUX "service my_server\n{\n type = TCPMUX UNLISTED\n socket_type = stream\n wait = no\n" EXTERNAL
			   "}\n",
		    "listen = {tcpmux:my_server}");
	expect_line(TCPMUX
		    "service my_server\n{\n type = TCPMUXPLUS UNLISTED\n socket_type = stream\n wait = no\n" EXTERNAL
		    "}\n",
		    "listen = {\"tcpmux:+my_server\"}");
	warn_service(" type = TCPMUX\n protocol = tcp\n wait = no\n" EXTERNAL,
		     "note: xinetd accepts a service of tcpmux only with", "tcpmux:");
	refuse_service(" type = TCPMUX UNLISTED\n protocol = tcp\n wait = yes\n" EXTERNAL,
		       "error: telnet: tcpmux needs wait = no");
	refuse_service(" type = TCPMUX RPC\n protocol = tcp\n wait = no\n" EXTERNAL,
		       "error: telnet: a service is one of RPC");
}

Test(xinetd_service, registers_services_of_rpc)
{
	expect_line("service rstatd\n{\n type = RPC\n socket_type = dgram\n wait = yes\n rpc_version = 2-4\n flags = "
		    "NOLIBWRAP\n" EXTERNAL "}\n",
		    "listen = {rpc/udp4:rstatd/2-4}");
	expect_line("service x\n{\n type = RPC UNLISTED\n socket_type = stream\n wait = yes\n rpc_version = 1\n "
		    "rpc_number = 300019\n" EXTERNAL "}\n",
		    "listen = {rpc/tcp4:300019/1}");
	expect_refused(
		"service x\n{\n type = RPC UNLISTED\n socket_type = stream\n wait = yes\n rpc_version = 1\n" EXTERNAL
		"}\n",
		"error: x: rpc_number is missing");
	expect_refused("service x\n{\n type = RPC\n socket_type = stream\n wait = yes\n" EXTERNAL "}\n",
		       "error: x: rpc_version is missing");
	expect_refused("service x\n{\n type = RPC\n socket_type = stream\n wait = yes\n rpc_version = 1\n bind = "
		       "127.0.0.1\n" EXTERNAL "}\n",
		       "error: bind: superd cannot bind a service of RPC");
}

Test(xinetd_service, heeds_each_flag)
{
	expect_option("flags = NODELAY", "no_delay = yes\n");
	expect_option("flags = KEEPALIVE", "keep_alive = yes\n");
	expect_option("flags = IDONLY\nlog_on_success = USERID", "id_only = yes\n");
	expect_option("flags = REUSE NORETRY", "exec = /bin/x\n");
	expect_service(" protocol = tcp\n wait = yes\n flags = INTERCEPT\n" EXTERNAL, "intercept = yes\n");
	expect_option("flags = INTERCEPT", "exec = /bin/x\n");
	expect_refused_option("flags = LABELED", "error: flags: LABELED: superd sets no SELinux context");
	refuse_service(" protocol = udp\n wait = yes\n flags = IDONLY\n" EXTERNAL,
		       "error: flags: IDONLY needs socket_type = stream");
}

Test(xinetd_service, logs_traffic_of_redirects_alone)
{
#define TRAFFIC "defaults\n{\n log_on_success = PID TRAFFIC\n}\n"
	expect_line(TRAFFIC "service telnet\n{\n protocol = tcp\n wait = no\n" EXTERNAL "}\n",
		    "log_on_success = {\"PID\"}");
	expect_line(TRAFFIC
		    "service telnet\n{\n protocol = tcp\n wait = no\n redirect = 10.0.0.1 80\n user = nobody\n}\n",
		    "log_on_success = {\"PID\", \"TRAFFIC\"}");
	expect_refused_option("log_on_success = TRAFFIC", "t:9:18: error: a: TRAFFIC is logged of a redirect");
	expect_refused_option("log_on_success = NAME", "error: log_on_success: 'NAME'");
}

Test(xinetd_service, logs_where_it_is_told)
{
	expect_option("log_type = SYSLOG daemon", "log_type = {SYSLOG, daemon, info}\n");
	expect_option("log_type = FILE /var/log/x 1M", "log_type = {FILE, \"/var/log/x\", 1M, ");
	expect_option("log_on_success =\nlog_on_failure += HOST ATTEMPT", "log_on_failure = {\"HOST\", \"ATTEMPT\"}\n");
	expect_refused_option("log_type = SYSLOG nobody", "t:9:19: error: log_type: 'nobody'");
}

Test(xinetd_service, does_not_ask_an_ident_server_who_asks_it)
{
	expect_line("service auth\n{\n socket_type = stream\n wait = no\n log_on_success = PID USERID\n" EXTERNAL "}\n",
		    "log_on_success = {\"PID\"}");
}

Test(xinetd_service, names_mdns_as_not_done)
{
	char *text = with("mdns = yes");

	expect_warned(text, "t:9:1: warning: mdns: superd announces no services", "exec");
	free(text);
	expect_option("mdns = no", "exec");
}
