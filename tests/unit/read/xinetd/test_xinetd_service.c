/* xinetd.conf: no attribute is forgotten. What each comes to in superd.conf is in tests/read/xinetd. */
#include "xinetd_text.h"

#include "read/xinetd/internal.h"

#define EXTERNAL " user = nobody\n server = /bin/x\n"

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

		cr_assert(samples[i].lines && (i == ATTR_BIND || strstr(samples[i].lines, xinetd_rule(i)->name)),
			  "%s has no sample", xinetd_rule(i)->name);
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
			  xinetd_rule(i)->name, outcome->printed);
		cr_expect_null(strstr(outcome->said, "unknown attribute"), "%s", outcome->said);
		outcome_free(outcome);
		free(text);
	}
	outcome_free(plain);
}

Test(xinetd_service, knows_each_attribute_of_the_table_of_options)
{
	for (size_t i = 0; i < option_count; i++) {
		const char *name = option_defs[i].name[XINETD];

		cr_expect(!name || xinetd_attribute_find(name), "%s", name);
	}
}
