/* inetd.conf, in every dialect: what a line becomes, what is said of a bad one, and what lines take from each other. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "cli/print/print_conf.h"
#include "config/table/table.h"
#include "parse/inetd/inetd.h"
#include "parse/sources/sources.h"
#include "prepare/resolve.h"

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

static void expect_prints(enum compat compat, const char *text, const char *wanted)
{
	struct result result = read_as(compat, text);

	cr_expect(strstr(result.printed, wanted), "of: %s\nwanted: %s\ngot: %s%s", text, wanted, result.printed,
		  result.said);
	result_free(&result);
}

static void expect_says(enum compat compat, const char *text, const char *wanted)
{
	struct result result = read_as(compat, text);

	cr_expect(strstr(result.said, wanted), "of: %s\nwanted: %s\nsaid: %s", text, wanted, result.said);
	result_free(&result);
}

/* One error, at that place; what stands in `left` is still a service. */
static void expect_error(const char *text, const char *wanted, const char *left)
{
	struct result result = read_as(COMPAT_NONE, text);

	cr_expect(strstr(result.said, wanted), "of: %s\nwanted: %s\nsaid: %s", text, wanted, result.said);
	cr_expect_eq(result.diags.errors, 1, "of: %s\nsaid: %s", text, result.said);
	cr_expect_eq(result.table->count, left ? 1 : 0, "of: %s\ngot: %s", text, result.printed);
	cr_expect_eq(result.table->left_out_count, 1);
	if (left)
		find(&result, left);
	result_free(&result);
}

static bool waits(enum compat compat, const char *text, const char *name)
{
	struct result result = read_as(compat, text);
	bool wait = !find(&result, name)->exec->accept;

	result_free(&result);
	return wait;
}

static void expect_endpoints(enum compat compat, const char *line, const char *name, const char *wanted)
{
	struct result result = read_as(compat, line);
	const struct service *service = find(&result, name);
	struct buf text = { 0 };

	for (size_t i = 0; i < service->socket_count; i++) {
		const struct listen *listen = &service->sockets[i];

		endpoint_format(listen->endpoint, &text);
		if (endpoint_is_inet(listen->endpoint) && listen->endpoint->family != FAMILY_IPV4)
			buf_text(&text, listen->options->ipv6_only == IPV6_ONLY_NO ? " dual" : " alone");
		buf_text(&text, listen->options->optional ? " optional;" : ";");
	}
	cr_expect_str_eq(buf_string(&text), wanted, "of: %s", line);
	buf_free(&text);
	result_free(&result);
}

#define TAIL " nowait root /bin/x x\n"

/* ---- what a line becomes ---- */

Test(inetd, an_entry_says_all_that_an_inetd_takes_for_granted)
{
	struct result result = read_as(COMPAT_NONE, "ftp stream tcp nowait root /usr/sbin/ftpd ftpd -l\n");
	const struct service *service = find(&result, "ftp");

	cr_expect(service->exec->accept);
	cr_expect_eq(service->exec->pass, PASS_INETD);
	cr_expect_eq(service->groups->streams->error.kind, STREAM_SOCKET);
	cr_expect_eq(service->groups->access->instances, UNLIMITED);
	cr_expect_eq(service->sockets[0].options->trigger_limit_burst, UNLIMITED);
	cr_expect_str_eq(service->exec->exec[0], "/usr/sbin/ftpd");
	cr_expect_str_eq(service->exec->exec[1], "-l");
	cr_expect_str_eq(service->exec->argv0, "ftpd");
	cr_expect_str_eq(service->groups->identity->user, "root");
	cr_expect(service->groups->identity->groups);
	cr_expect_eq(result.diags.errors, 0, "%s", result.said);
	result_free(&result);
}

Test(inetd, wait_hands_the_socket_over)
{
	cr_expect(waits(COMPAT_NONE, "x dgram udp4 wait root /bin/x x\n", "x-udp"));
	cr_expect(waits(COMPAT_NONE, "x stream tcp4 wait root /bin/x x\n", "x"));
	cr_expect_not(waits(COMPAT_NONE, "x stream tcp4 nowait root /bin/x x\n", "x"));
	cr_expect_not(waits(COMPAT_NONE, "x dgram udp4 nowait root /bin/x x\n", "x-udp"));
}

Test(inetd, names_tell_what_kind_of_socket_it_is)
{
	static const struct {
		const char *line, *name;
	} cases[] = {
		{ "ftp stream tcp" TAIL, "ftp" },
		{ "ftp stream tcp4" TAIL, "ftp" },
		{ "ftp stream tcp46" TAIL, "ftp" },
		{ "ftp stream tcp6" TAIL, "ftp-tcp6" },
		{ "ftp stream tcp6only" TAIL, "ftp-tcp6" },
		{ "echo dgram udp4" TAIL, "echo-udp" },
		{ "echo dgram udp6" TAIL, "echo-udp6" },
		{ "echo stream sctp" TAIL, "echo-sctp" },
		{ "23 stream tcp" TAIL, "23" },
		{ "rstatd/1-3 stream rpc/tcp" TAIL, "rstatd-rpc-tcp" },
		{ "1234/1 stream rpc/tcp6" TAIL, "1234-rpc-tcp6" },
		{ "/run/x/y.sock stream unix" TAIL, "y.sock-unix" },
		{ "/run/y dgram unix" TAIL, "y-unix-dgram" },
		{ "/run/y seqpacket unix" TAIL, "y-seqpacket" },
		{ "127.0.0.1:ftp stream tcp" TAIL, "ftp@127.0.0.1" },
		{ "[::1]:ftp stream tcp" TAIL, "ftp-tcp6@[__1]" },
		{ "::1:ftp stream tcp6" TAIL, "ftp-tcp6@[__1]" },
		{ "*:ftp stream tcp" TAIL, "ftp" },
		{ ":ftp stream tcp" TAIL, "ftp" },
		{ "tcpmux/+date stream tcp" TAIL, "date-tcpmux" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct result result = read_as(COMPAT_NONE, cases[i].line);

		find(&result, cases[i].name);
		result_free(&result);
	}
}

Test(inetd, bare_protocols_are_both_families_each_with_a_socket_of_its_own)
{
	expect_endpoints(COMPAT_NONE, "ftp stream tcp" TAIL, "ftp", "tcp4:ftp;tcp6:ftp alone optional;");
	expect_endpoints(COMPAT_NONE, "ftp dgram udp" TAIL, "ftp-udp", "udp4:ftp;udp6:ftp alone optional;");
	expect_endpoints(COMPAT_NONE, "ftp dgram udp wait root /bin/x\n", "ftp-udp", "udp4:ftp;");
	expect_endpoints(COMPAT_NONE, "ftp dgram udp wait root /bin/x\n", "ftp-udp6", "udp6:ftp alone optional;");
	expect_endpoints(COMPAT_NONE, "ftp stream tcp wait root /bin/x\n", "ftp-tcp6", "tcp6:ftp alone optional;");
}

Test(inetd, families_are_those_of_the_dialect)
{
	expect_endpoints(COMPAT_OPENBSD, "a stream tcp" TAIL, "a", "tcp4:a;tcp6:a alone optional;");
	expect_endpoints(COMPAT_FREEBSD, "a stream tcp" TAIL, "a", "tcp4:a;");
	expect_endpoints(COMPAT_NETBSD, "a stream tcp" TAIL, "a", "tcp4:a;");
	expect_endpoints(COMPAT_GNU, "a dgram udp" TAIL, "a-udp", "udp4:a;");
	expect_endpoints(COMPAT_BUSYBOX, "a stream tcp" TAIL, "a", "tcp4:a;");
	expect_endpoints(COMPAT_XINETD, "a stream tcp" TAIL, "a", "tcp:a dual;");
	expect_endpoints(COMPAT_NONE, "a stream tcp6" TAIL, "a-tcp6", "tcp6:a alone;");
	expect_endpoints(COMPAT_GNU, "a stream tcp6" TAIL, "a-tcp6", "tcp6:a dual;");
	expect_endpoints(COMPAT_GNU, "a stream tcp6only" TAIL, "a-tcp6", "tcp6:a alone;");
	expect_endpoints(COMPAT_OPENBSD, "a stream tcp6" TAIL, "a-tcp6", "tcp6:a alone;");
	expect_endpoints(COMPAT_OPENBSD, "a dgram udp6" TAIL, "a-udp6", "udp6:a dual;");
	expect_endpoints(COMPAT_NONE, "a stream tcp46" TAIL, "a", "tcp:a dual;");
	expect_endpoints(COMPAT_FREEBSD, "a stream tcp64" TAIL, "a", "tcp:a dual;");
	expect_endpoints(COMPAT_NONE, "a/2 dgram rpc/udp wait root /bin/x\n", "a-rpc-udp", "rpc/udp4:a/2;");
	expect_endpoints(COMPAT_NONE, "a dgram rpc/udp wait root /bin/x\n", "a-rpc-udp", "rpc/udp4:a/1;");
}

Test(inetd, hosts_stand_in_front_in_lists_and_as_defaults)
{
	expect_endpoints(COMPAT_NONE, "127.0.0.1:a stream tcp" TAIL, "a@127.0.0.1", "tcp:127.0.0.1:a;");
	expect_endpoints(COMPAT_NONE, "[::1]:22 stream tcp" TAIL, "22-tcp6@[__1]", "tcp:[::1]:22 alone;");
	expect_endpoints(COMPAT_NONE, "127.0.0.1,[::1]:a stream tcp" TAIL, "a-tcp6@[__1]", "tcp:[::1]:a alone;");
	expect_endpoints(COMPAT_NONE, "host:a stream tcp" TAIL, "a@host", "tcp4:host:a;tcp6:host:a alone optional;");
	expect_endpoints(COMPAT_NONE, "fe80::1%eth0:a stream tcp6" TAIL, "a-tcp6@[fe80__1%eth0]",
			 "tcp:[fe80::1]:a%eth0 alone;");
	expect_endpoints(COMPAT_NONE, "127.0.0.1:\na stream tcp" TAIL, "a@127.0.0.1", "tcp:127.0.0.1:a;");
	expect_endpoints(COMPAT_NONE, "127.0.0.1:\n*:\na stream tcp" TAIL, "a", "tcp4:a;tcp6:a alone optional;");
	expect_endpoints(COMPAT_NONE, "127.0.0.1:\n*:a stream tcp" TAIL, "a", "tcp4:a;tcp6:a alone optional;");
	expect_endpoints(COMPAT_NONE, "::1:\na stream tcp6" TAIL, "a-tcp6@[__1]", "tcp:[::1]:a alone;");
	expect_endpoints(COMPAT_NONE, "127.0.0.1:\n/run/x stream unix" TAIL, "x-unix", "/run/x;");
}

Test(inetd, a_host_that_cannot_be_kept_to_is_refused)
{
	expect_error("127.0.0.1:a/1 dgram rpc/udp wait root /bin/x\n",
		     "t:1:1: error: a/1: an RPC service is reached on every", NULL);
	expect_error("127.0.0.1:\na/1 dgram rpc/udp wait root /bin/x\n",
		     "t:2:1: error: a/1: an RPC service is reached on", NULL);
	expect_error("127.0.0.1:/run/x stream unix" TAIL, "t:1:1: error: 127.0.0.1:/run/x: a unix socket has no host",
		     NULL);
}

Test(inetd, a_list_of_hosts_has_no_gaps)
{
	expect_error("127.0.0.1,,[::1]:a stream tcp" TAIL, "t:1:1: error: a host is missing between two commas", NULL);
	expect_prints(COMPAT_NONE, "127.0.0.1,*:a stream tcp4" TAIL, "service a {");
}

Test(inetd, what_is_off_takes_nothing_from_what_is_on)
{
	static const char *const texts[] = {
		"a stream tcp wait root /bin/x\na off protocol = tcp6, wait = yes, user = root, exec = /bin/y;\n",
		"a off protocol = tcp6, wait = yes, user = root, exec = /bin/y;\na stream tcp wait root /bin/x\n",
	};

	for (size_t i = 0; i < 2; i++)
		expect_endpoints(COMPAT_NONE, texts[i], "a-tcp6", "tcp6:a alone optional;");
}

Test(inetd, numbers_behind_nowait_are_limits)
{
	static const char dot[] = "a stream tcp nowait.3 root /bin/x\n",
			  slash[] = "a stream tcp nowait/3/10/2 root /bin/x\n";

	expect_prints(COMPAT_NONE, dot,
		      "trigger_limit_burst = 3\n\ttrigger_limit_interval = 1min\n\ttrigger_limit_pause = 10min");
	expect_prints(COMPAT_NONE, "a stream tcp nowait:3 root /bin/x\n", "trigger_limit_burst = 3\n");
	expect_prints(COMPAT_NONE, "a stream tcp wait.7 root /bin/x\n", "trigger_limit_burst = 7\n");
	expect_prints(COMPAT_NONE, slash, "instances = 3\n\tper_source = 2\n");
	expect_prints(COMPAT_NONE, slash, "per_source_cpm = 10\n");
	expect_prints(COMPAT_NONE, "a stream tcp nowait/0 root /bin/x\n", "instances = unlimited\n");
	expect_prints(COMPAT_NONE, "a stream,5 tcp nowait root /bin/x\n", "instances = 5\n");
	expect_prints(COMPAT_NONE, "a stream tcp nowait.010 root /bin/x\n", "trigger_limit_burst = 10\n");
}

/* To OpenBSD's and GNU's inetd only a dot starts a limit: any other word than wait and wait.N is nowait. */
Test(inetd, another_sign_behind_wait_makes_another_word)
{
	static const enum compat dialects[] = { COMPAT_OPENBSD, COMPAT_GNU };

	for (size_t i = 0; i < 2; i++) {
		expect_prints(dialects[i], "a stream tcp wait:7 root /bin/x\n", "accept = yes\n");
		expect_prints(dialects[i], "a stream tcp wait/5 root /bin/x\n", "accept = yes\n");
		expect_says(dialects[i], "a stream tcp wait/5 root /bin/x\n",
			    "t:1:14: warning: a: 'wait/5' is neither wait nor nowait; it is taken for nowait");
		expect_prints(dialects[i], "a stream tcp nowait:7 root /bin/x\n",
			      i ? "trigger_limit_burst = 999\n" : "trigger_limit_burst = 255\n");
	}
}

Test(inetd, limits_count_as_the_dialect_counts)
{
	static const char dot[] = "a stream tcp nowait.3 root /bin/x\n", none[] = "a stream tcp nowait root /bin/x\n";

	expect_prints(COMPAT_OPENBSD, dot, "trigger_limit_burst = 2\n");
	expect_prints(COMPAT_BUSYBOX, dot,
		      "trigger_limit_burst = 2\n\ttrigger_limit_interval = 1min\n\ttrigger_limit_pause = 1min");
	expect_prints(COMPAT_NETBSD, dot, "trigger_limit_burst = 3\n");
	expect_prints(COMPAT_GNU, dot, "trigger_limit_burst = 3\n");
	expect_prints(COMPAT_OPENBSD, none, "trigger_limit_burst = 255\n");
	expect_prints(COMPAT_FREEBSD, none, "trigger_limit_burst = 255\n");
	expect_prints(COMPAT_NETBSD, none, "trigger_limit_burst = 40\n");
	expect_prints(COMPAT_GNU, none, "trigger_limit_burst = 999\n");
}

Test(inetd, a_limit_of_zero_is_none_or_a_closed_door)
{
	expect_prints(COMPAT_NETBSD, "a stream tcp nowait.0 root /bin/x\n", "trigger_limit_burst = 0\n");
	expect_prints(COMPAT_NETBSD, "a stream tcp nowait:0 root /bin/x\n", "trigger_limit_burst = 0\n");
	expect_prints(COMPAT_NONE, "a stream tcp nowait:0 root /bin/x\n", "disable = yes\n");
	expect_prints(COMPAT_OPENBSD, "a stream tcp nowait.1 root /bin/x\n", "trigger_limit_burst = 1\n");
	expect_says(COMPAT_NONE, "a stream tcp nowait.0 root /bin/x\n", "t:1:21: warning: a: a limit of 0 is none");
	expect_says(COMPAT_NONE, "a stream tcp nowait:0 root /bin/x\n",
		    "t:1:21: warning: a: a limit of 0 starts nothing");
	expect_prints(COMPAT_OPENBSD, "a stream tcp nowait.0 root /bin/x\n", "trigger_limit_burst = 255\n");
	expect_prints(COMPAT_GNU, "a stream tcp nowait.0 root /bin/x\n", "trigger_limit_burst = 999\n");
	expect_says(COMPAT_GNU, "a stream tcp nowait.0 root /bin/x\n",
		    "t:1:21: warning: a: a limit of 0 means the default");
	expect_prints(COMPAT_NONE, "a stream,0 tcp nowait root /bin/x\n", "disable = yes\n");
	expect_says(COMPAT_NONE, "a stream,0 tcp nowait root /bin/x\n",
		  "t:1:10: warning: a: with a limit of 0 no server");
}

Test(inetd, who_is_one_too_many_waits_or_is_turned_away)
{
	static const char limited[] = "a stream tcp nowait.3 root /bin/x\n";

	expect_prints(COMPAT_OPENBSD, limited, "trigger_limit_action = close-reserved\n");
	expect_prints(COMPAT_FREEBSD, "a stream tcp nowait root /bin/x\n", "trigger_limit_action = close\n");
	expect_prints(COMPAT_NETBSD, limited, "trigger_limit_action = close\n");
	expect_prints(COMPAT_GNU, limited, "trigger_limit_action = close\n");
	expect_prints(COMPAT_BUSYBOX, limited, "trigger_limit_action = close\n");
	expect_prints(COMPAT_NONE, limited, "trigger_limit_pause = 10min\n}");
}

Test(inetd, the_command_line_says_what_lines_do_not)
{
	const struct inetd_defaults said = {
		.rate = 9,
		.instances = 8,
		.per_source_cpm = 7,
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
	cr_expect_eq(service->groups->access->per_source_cpm, 7);
	cr_expect_eq(service->groups->access->per_source, 6);
	cr_expect_eq(service->groups->socket_defaults->backlog, 5);
	cr_expect_str_eq(service->groups->access->libwrap, "y");
	cr_expect_eq(other->groups->access->instances, 3);
	cr_expect_eq(local->groups->access->instances, 8);
	cr_expect(local->groups->access->per_source == UNLIMITED && local->groups->access->per_source_cpm == UNLIMITED,
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

Test(inetd, users_come_with_groups_and_classes)
{
	struct result result = read_as(COMPAT_NONE,
				       "a stream tcp nowait nobody:tty /bin/x\nb stream tcp nowait u.g /bin/x\n"
				       "c stream tcp nowait u:g/daemon /bin/x\nd stream tcp nowait u.v:g /bin/x\n");

	cr_expect_str_eq(find(&result, "a")->groups->identity->group, "tty");
	cr_expect_str_eq(find(&result, "b")->groups->identity->user, "u.g");
	cr_expect_null(find(&result, "b")->groups->identity->group);
	cr_expect_str_eq(find(&result, "c")->groups->identity->group, "g");
	cr_expect_str_eq(find(&result, "d")->groups->identity->user, "u.v");
	cr_expect(strstr(result.said, "t:3:24: warning: c: the login class 'daemon' is not available"), "%s",
		  result.said);
	result_free(&result);
}

Test(inetd, a_dot_in_a_user_means_what_the_dialect_means_by_it)
{
	static const char dot[] = "a stream tcp nowait u.g /bin/x\n", root[] = "a stream tcp nowait root:tty /bin/x\n";

	expect_prints(COMPAT_OPENBSD, dot, "user = u\n\tgroup = g\n");
	expect_prints(COMPAT_GNU, dot, "user = u\n\tgroup = g\n");
	expect_prints(COMPAT_FREEBSD, dot, "user = u.g\n");
	expect_prints(COMPAT_NONE, root, "user = root\n\tgroup = tty\n");
	expect_prints(COMPAT_GNU, root, "user = root\n\terror");
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

Test(inetd, the_program_sees_its_name_and_words_as_the_line_has_them)
{
	struct result result =
		read_as(COMPAT_NONE,
			"a stream tcp nowait root /usr/sbin/tcpd /usr/sbin/in.x -q\n"
			"b stream tcp nowait root /bin/sh sh -c \"(cat; date) | x\" 'a b' c\"d e\"f \"\\\"\"\n"
			"c stream tcp nowait root /bin/x /bin/x 100% %{x} %% ''\n"
			"d stream tcp nowait root /bin/x\n");
	words exec = find(&result, "b")->exec->exec;

	cr_expect_str_eq(find(&result, "a")->exec->argv0, "/usr/sbin/in.x");
	cr_expect_str_eq(find(&result, "a")->exec->exec[1], "-q");
	cr_expect_str_eq(exec[2], "(cat; date) | x");
	cr_expect_str_eq(exec[3], "a b");
	cr_expect_str_eq(exec[4], "cd ef");
	cr_expect_str_eq(exec[5], "\"");
	exec = find(&result, "c")->exec->exec;
	cr_expect_null(find(&result, "c")->exec->argv0);
	cr_expect_str_eq(exec[1], "100%");
	cr_expect_str_eq(exec[2], "%%{x}", "superd.conf's templates are not inetd's");
	cr_expect_str_eq(exec[3], "%%%", "a percent sign is doubled only before { and another one");
	cr_expect_str_eq(exec[4], "");
	cr_expect_str_eq(find(&result, "d")->exec->argv0, "x");
	cr_expect_eq(result.diags.errors, 0, "%s", result.said);
	result_free(&result);
}

Test(inetd, quotes_are_the_dialects)
{
	static const char line[] = "a stream tcp nowait root /bin/x x \"a b\" c\"d e\" \"f\\\"g\n";

	expect_prints(COMPAT_OPENBSD, line, "exec = \"/bin/x '\\\"a' 'b\\\"' 'c\\\"d' 'e\\\"'");
	expect_says(COMPAT_NONE, line, "t:1:48: error: a \" is not closed on its line");
	expect_prints(COMPAT_GNU, "a stream tcp nowait root /bin/x x e\\ f \"g h\"\n",
		      "exec = \"/bin/x 'e\\\\' f 'g h'\"");
	expect_prints(COMPAT_FREEBSD, "a stream tcp nowait root /bin/x x \"a b\" c\"d\n",
		      "exec = \"/bin/x 'a b' 'c\\\"d'\"");
}

Test(inetd, an_option_in_place_of_the_programs_name_is_warned_of)
{
	expect_says(COMPAT_NONE, "dict stream tcp nowait dicod /usr/bin/dicod --inetd\n",
		    "t:1:45: warning: dict: '--inetd' is the program's own name");
}

Test(inetd, a_path_in_place_of_the_programs_name_is_warned_of)
{
	struct result result = read_as(COMPAT_NONE, "a stream tcp4 nowait nobody /usr/sbin/tcpd /usr/sbin/in.x\n"
						    "b stream tcp4 nowait nobody /usr/bin/x /usr/bin/x\n");

	expect_says(COMPAT_NONE, "a stream tcp nowait nobody /usr/bin/python3 /srv/prog.py\n",
		    "t:1:45: warning: a: '/srv/prog.py' is the program's own name, not an argument\nt:1:45: hint: "
		    "write its name before the arguments: /usr/bin/python3 python3 /srv/prog.py");
	cr_expect_str_eq(result.said, "");
	result_free(&result);
}

Test(inetd, a_comment_behind_an_entry_is_warned_of)
{
	expect_says(COMPAT_NONE, "a stream tcp nowait nobody /bin/x x -l # for the guests\n",
		    "t:1:40: warning: a: '#' is passed to the program as an argument\n"
		    "t:1:40: hint: a comment has a line of its own");
}

Test(inetd, what_only_a_shell_would_do_is_warned_of)
{
	struct result result;

	expect_says(COMPAT_NONE, "a stream tcp nowait nobody /bin/x x -l | /bin/y\n",
		    "t:1:40: warning: a: '|': no shell reads this: the program receives it as an argument\nt:1:40: "
		    "hint: write it into a script, and name that here");
	expect_says(COMPAT_NONE, "a stream tcp nowait nobody /bin/x x $HOME\n",
		    "t:1:37: warning: a: '$HOME': no shell reads this");
	result = read_as(COMPAT_NONE, "a stream tcp nowait nobody /bin/sh sh -c ls|wc;date\n");
	cr_expect_null(strstr(result.said, "no shell"), "%s", result.said);
	result_free(&result);
}

Test(inetd, a_program_without_a_path_is_searched_by_busybox_alone)
{
	expect_says(COMPAT_NONE, "a stream tcp nowait root tcpd in.x\n",
		    "t:1:26: error: a: the program 'tcpd' is no absolute path");
	expect_prints(COMPAT_BUSYBOX, "a stream tcp nowait root tcpd in.x\n", "exec = tcpd\n");
	expect_prints(COMPAT_BUSYBOX, "a stream tcp nowait root tcpd in.x\n",
		      "exec_search_path = {\"/usr/local/sbin\", \"/usr/local/bin\", \"/usr/sbin\"");
}

Test(inetd, a_searched_program_is_named_whole_once_it_is_found)
{
	struct result result = read_as(COMPAT_BUSYBOX,
				       "1 stream tcp nowait root sh sh -x\n2 stream tcp nowait root no-such-program\n");

	if (geteuid() != 0) {
		result_free(&result);
		cr_skip_test("a service of root needs root");
	}
	cr_assert_eq(result.diags.errors, 0, "%s", result.said);
	resolve_table(result.table, NULL, &result.diags);
	cr_expect(find(&result, "1")->exec->exec[0][0] == '/');
	cr_expect_str_eq(find(&result, "1")->exec->exec[1], "-x");
	cr_expect_str_eq(find(&result, "1")->exec->argv0, "sh");
	cr_expect_eq(result.diags.errors, 1);
	result_free(&result);
}

Test(inetd, internal_services_are_builtins_by_any_of_their_names)
{
	struct result result =
		read_as(COMPAT_NONE,
			"echo stream tcp nowait root internal\nsink dgram udp4 wait nobody internal\n"
			"daytime stream tcp wait root internal\n"
			"ident stream tcp nowait root internal auth -r -t 30\n"
			"/run/time stream unix nowait root internal\n19 stream tcp nowait root internal\n");

	cr_expect_str_eq(find(&result, "echo")->exec->builtin[0], "echo");
	cr_expect_null(find(&result, "echo")->exec->exec);
	cr_expect_null(find(&result, "echo")->groups->identity->user, "what superd does itself needs no root");
	cr_expect_null(find(&result, "ident")->groups->identity->user, "nor does auth, unless it reads files of users");
	cr_expect_str_eq(find(&result, "sink-udp")->exec->builtin[0], "discard");
	cr_expect_str_eq(find(&result, "sink-udp")->groups->identity->user, "nobody");
	cr_expect_not(find(&result, "sink-udp")->exec->accept);
	cr_expect_str_eq(find(&result, "daytime")->exec->builtin[1], "bsd");
	cr_expect(find(&result, "daytime")->exec->accept, "superd accepts for its own streams");
	cr_expect_str_eq(find(&result, "ident")->exec->builtin[0], "auth");
	cr_expect_str_eq(find(&result, "ident")->exec->builtin[1], "-r");
	cr_expect_str_eq(find(&result, "ident")->exec->builtin[3], "30");
	cr_expect_str_eq(find(&result, "time-unix")->exec->builtin[0], "time");
	cr_expect_str_eq(find(&result, "19")->exec->builtin[0], "chargen");
	result_free(&result);
}

Test(inetd, auth_is_roots_only_where_it_reads_files_of_users)
{
	static const char *const root[] = { "-r -f", "-rn", "-F -r -t 30" };
	static const char *const own[] = { "", "-r", "-d -f", "-i -g" };

	for (size_t n = 0; n < 7; n++) {
		const char *options = n < 3 ? root[n] : own[n - 3];
		char text[80];
		struct result result;

		snprintf(text, sizeof(text), "ident stream tcp nowait root internal auth %s\n", options);
		result = read_as(COMPAT_NONE, text);
		cr_expect_eq(!find(&result, "ident")->groups->identity->user, n >= 3, "%s", options);
		result_free(&result);
	}
}

Test(inetd, an_option_in_place_of_the_name_of_an_internal_service_is_warned_of)
{
	expect_says(COMPAT_NONE, "auth stream tcp nowait root internal -r\n",
		    "t:1:38: warning: auth: '-r' is in the place of the program");
}

Test(inetd, sockets_of_the_file_system_have_an_owner)
{
	expect_prints(COMPAT_NONE, ":root:daemon:0640:/run/x stream unix" TAIL,
		      "socket_user = root\n\tsocket_group = daemon\n\tsocket_mode = 0640\n");
	expect_prints(COMPAT_NONE, ":::600:/run/x stream unix" TAIL, "\tsocket_mode = 0600\n");
	expect_prints(COMPAT_FREEBSD, "/run/x stream unix" TAIL, "\tsocket_mode = 0200\n");
	expect_prints(COMPAT_NETBSD, "/run/x stream unix" TAIL, "\tsocket_mode = 0755\n");
	expect_error(":root:/run/x stream unix" TAIL, "t:1:1: error: :root:/run/x: a unix socket's owner is written",
		     NULL);
}

Test(inetd, buffers_have_sizes)
{
	expect_prints(COMPAT_NONE, "a stream tcp,sndbuf=64k,rcvbuf=1m" TAIL,
		      "receive_buffer = 1M\n\tsend_buffer = 64K\n");
	expect_error("a stream tcp,sndbuf=64g" TAIL, "t:1:21: error: a: '64g' is no size of a buffer", NULL);
	expect_error("a stream tcp,buf=1" TAIL, "t:1:14: error: a: 'buf=1' is neither sndbuf=SIZE", NULL);
}

Test(inetd, raw_sockets_are_protocols)
{
	expect_endpoints(COMPAT_NONE, "x raw icmp wait root /bin/x\n", "x-icmp", "raw:icmp;");
	expect_error("x raw icmp" TAIL, "t:1:12: error: x: a raw socket has no connections", NULL);
}

/* ---- the text ---- */

Test(inetd, a_line_goes_on_with_those_that_begin_with_a_blank)
{
	expect_prints(COMPAT_NONE, "a stream tcp nowait root\n\t/bin/x x\n  -a\n\t# why\n\t-b\n-c\n",
		      "exec = \"/bin/x -a -b\"\n");
	expect_prints(COMPAT_NONE, "a stream tcp nowait root /bin/x x -a \\\n-b\nc stream tcp" TAIL,
		      "exec = \"/bin/x -a -b\"\n");
	expect_says(COMPAT_GNU, "a stream tcp nowait root /bin/x x\n\t-a\n",
		    "t:2:2: error: -a: this line begins with a blank");
}

Test(inetd, comments_and_switched_off_entries_are_passed_over)
{
	struct result result = read_as(COMPAT_NONE,
				       "# a\n  # b\n#<off># a stream tcp" TAIL "#<off>#b stream tcp" TAIL
				       "#:LABEL: x\n\n\t\n#@(#)inetd.conf\nc stream tcp4" TAIL);

	cr_expect_str_eq(result.said, "");
	cr_expect_eq(result.table->count, 1);
	result_free(&result);
}

Test(inetd, line_ends_and_the_last_line_may_be_anything)
{
	struct result result =
		read_as(COMPAT_NONE, "a stream tcp4 nowait root /bin/x x \r\nb\tstream\ttcp4\tnowait\troot\t/bin/x  ");

	cr_expect_str_eq(result.said, "");
	cr_expect_str_eq(find(&result, "a")->exec->exec[0], "/bin/x");
	cr_expect_null(find(&result, "a")->exec->exec[1]);
	find(&result, "b");
	result_free(&result);
}

Test(inetd, a_bad_line_is_one_error_at_its_field_and_the_rest_is_read)
{
	static const struct {
		const char *line, *said;
	} cases[] = {
		{ "b strem tcp nowait root /bin/x\n", "t:1:3: error: b: 'strem' is no type of socket" },
		{ "b rdm tcp nowait root /bin/x\n", "t:1:3: error: b: there are no rdm sockets" },
		{ "b stream tpc nowait root /bin/x\n", "t:1:10: error: b: 'tpc' is no protocol" },
		{ "b stream tcp8 nowait root /bin/x\n", "t:1:10: error: b: 'tcp8' is no protocol" },
		{ "b stream udp nowait root /bin/x\n", "t:1:10: error: b: stream and udp do not go together" },
		{ "b dgram tcp wait root /bin/x\n", "t:1:9: error: b: dgram and tcp do not go together" },
		{ "b stream tcp nowai root /bin/x\n", "t:1:14: error: b: 'nowai' is neither wait nor nowait" },
		{ "b stream tcp nowait.x root /bin/x\n", "t:1:21: error: b: nowait. must be followed" },
		{ "b stream tcp nowait/1/2/3/4 root /bin/x\n", "t:1:27: error: b: nowait may be followed by at most "
							       "three" },
		{ "b stream tcp nowait/1/x root /bin/x\n", "t:1:23: error: b: 'x' is no number" },
		{ "b stream tcp nowait :g /bin/x\n", "t:1:21: error: b: ':g' names no user" },
		{ "b stream tcp nowait /bin/x x\n",
		  "t:1:21: error: b: '/bin/x' is a path, and its user is missing before it" },
		{ "127.0.0.1 79 stream tcp nowait root /bin/x\n",
		  "t:1:11: error: 127.0.0.1: '79' is no type of socket" },
		{ "b stream tcp nowait u: /bin/x\n", "t:1:23: error: b: the group after" },
		{ "b stream tcp nowait root internal\n",
		  "t:1:26: error: b: there is no internal service of this name" },
		{ "echo stream tcp nowait root internal echo x\n",
		  "t:1:43: error: echo: the internal echo has no arguments" },
		{ "b stream:http tcp nowait root /bin/x\n",
		  "t:1:9: error: b: the accept filter 'http' is not available" },
		{ "b stream,x tcp nowait root /bin/x\n", "t:1:10: error: b: the comma must be followed by how many" },
		{ "b stream tcp/ttcp nowait root /bin/x\n", "t:1:10: error: b: tcp/ttcp: T/TCP is not available" },
		{ "b stream faith/tcp6 nowait root /bin/x\n",
		  "t:1:10: error: b: faith/tcp6: faithd(8)'s translation is not" },
		{ "127.0.0.1: stream tcp nowait root /bin/x\n", "t:1:11: error: 127.0.0.1:: the service after the "
								"colon is missing" },
		{ "tcpmux/b stream tcp wait root /bin/x\n",
		  "t:1:21: error: tcpmux/b: a service of tcpmux must be nowait" },
		{ "b stream tcp nowait root /bin/x \"x\n", "t:1:33: error: a \" is not closed on its line" },
		{ ".includ x\n", "t:1:1: error: .includ: there is no such directive" },
		{ "# x\n", NULL },
	};

	for (size_t i = 0; cases[i].said; i++) {
		char text[512];

		snprintf(text, sizeof(text),
			 "%s\tand its tail stream tcp nowait root /bin/x\nlast stream tcp4 nowait root /bin/x\n",
			 cases[i].line);
		expect_error(text, cases[i].said, "last");
	}
}

Test(inetd, a_missing_field_is_named)
{
	expect_error("b stream tcp nowait root\n", "t:1:25: error: b: its program is missing", NULL);
	expect_error("b stream\nlast stream tcp4" TAIL, "t:1:9: error: b: its protocol is missing", "last");
	expect_error("b\n", "t:1:2: error: b: the type of its socket is missing", NULL);
}

Test(inetd, a_line_that_may_name_addresses_is_never_left_out)
{
	struct result result = read_as(COMPAT_NONE, "127.0.0.1\na stream tcp4" TAIL);

	cr_expect_eq(result.table->vital_count, 1);
	cr_expect_eq(result.table->left_out_count, 0);
	cr_expect(strstr(result.said, "t:1:10: error: 127.0.0.1: the type of its socket is missing"), "%s",
		  result.said);
	cr_expect(strstr(result.said, "addresses for all that follow are HOSTS: alone"), "%s", result.said);
	result_free(&result);
}

Test(inetd, a_line_of_addresses_whose_quote_is_not_closed_is_never_left_out)
{
	struct result hosts = read_as(COMPAT_NONE, "\"127.0.0.1:\na stream tcp4" TAIL);
	struct result entry = read_as(COMPAT_NONE, "b stream tcp4 nowait root /bin/x \"x\na stream tcp4" TAIL);
	struct result include = read_as(COMPAT_NONE, ".include \"x\na stream tcp4" TAIL);

	cr_expect_eq(hosts.table->vital_count, 1, "%s", hosts.said);
	cr_expect_eq(entry.table->vital_count, 0);
	cr_expect_eq(entry.table->left_out_count, 1);
	cr_expect_eq(include.table->vital_count, 0);
	result_free(&include);
	result_free(&entry);
	result_free(&hosts);
}

Test(inetd, an_include_that_leads_nowhere_is_its_own_lines_error)
{
	struct result result =
		read_as(COMPAT_NONE, "a stream tcp4" TAIL ".include nowhere/table\nb stream tcp4" TAIL);

	cr_expect(strstr(result.said, "t:2:10: error: cannot read nowhere/table"), "%s", result.said);
	cr_expect_eq(result.diags.errors, 1);
	cr_expect_eq(result.table->count, 2);
	cr_assert_eq(result.table->shared_count, 1);
	cr_expect_eq(result.table->shared[0].line, 2);
	result_free(&result);
}

Test(inetd, a_definition_without_a_semicolon_ends_where_a_row_or_a_directive_begins)
{
	struct result result = read_as(COMPAT_NONE,
				       "7 on protocol = tcp, user = root, exec = /bin/x\n"
				       "a stream tcp4" TAIL "9 on protocol = tcp, user = root, exec = /bin/x\n"
				       ".include nowhere\nb dgram udp4 wait root /bin/x\n");

	cr_expect_eq(result.diags.errors, 3, "%s", result.said);
	cr_expect(strstr(result.said, "error: 7: a ; is missing"), "%s", result.said);
	cr_expect(strstr(result.said, "error: 9: a ; is missing"), "%s", result.said);
	cr_expect(strstr(result.said, "t:4:10: error: cannot read nowhere"), "%s", result.said);
	find(&result, "a");
	find(&result, "b-udp");
	cr_expect_eq(result.table->count, 2);
	result_free(&result);
}

Test(inetd, capitals_and_numbers_that_are_none_are_taken_as_peers_take_them)
{
	cr_expect_not(waits(COMPAT_NONE, "a stream tcp4 NOWAIT root /bin/x\n", "a"));
	cr_expect(waits(COMPAT_NONE, "a dgram udp4 WAIT root /bin/x\n", "a-udp"));
	cr_expect_not(waits(COMPAT_OPENBSD, "a stream tcp4 WAIT root /bin/x\n", "a"));
	expect_says(COMPAT_NONE, "a stream tcp4 nowait. root /bin/x\n", "t:1:22: warning: a: the number after the dot");
	expect_says(COMPAT_NONE, "a stream tcp4 nowait.99999999999 root /bin/x\n",
		    "t:1:22: warning: a: 99999999999 is more than can be counted");
	expect_error("a stream tcp4 nowait.9x root /bin/x\n", "'9x' is no number", NULL);
}

Test(inetd, a_port_or_a_path_that_is_none_is_said_once)
{
	expect_error("99999 stream tcp" TAIL, "t:1:1: error: 99999: a port is a number up to 65535", NULL);
	expect_error("foo seqpacket unix" TAIL, "t:1:1: error: foo: a unix socket's service is its path", NULL);
}

Test(inetd, a_tail_without_a_head_is_no_service)
{
	expect_error("# a stream tcp nowait root\n\t/bin/x x\n", "t:2:9: error: /bin/x: 'x' is no type of socket",
		     NULL);
	expect_error("\tx\n", "t:1:2: error: x: this line begins with a blank, but there is none it could continue",
		     NULL);
}

Test(inetd, an_ipsec_policy_refuses_what_it_binds)
{
	expect_error("#@ in ipsec esp/transport//require\na stream tcp" TAIL "#@\nb stream tcp4" TAIL,
		     "t:2:1: error: a: the IPsec policy of line 1 binds this entry", "b");
}

/* ---- lines that take from each other ---- */

Test(inetd, the_last_of_two_entries_for_one_socket_counts)
{
	struct result result =
		read_as(COMPAT_NONE, "a stream tcp4 nowait root /bin/x\na stream tcp4 nowait root /bin/y\n");

	cr_expect_eq(result.table->count, 1);
	cr_expect_str_eq(find(&result, "a")->exec->exec[0], "/bin/y");
	cr_expect(strstr(result.said,
			 "t:1:1: warning: a: this entry is left out: there is another for the same socket at t:2"),
		  "%s", result.said);
	cr_expect_eq(result.diags.errors, 0);
	result_free(&result);
}

Test(inetd, tcp_leaves_ipv6_to_an_entry_for_tcp6_in_any_order)
{
	static const char *const texts[] = {
		"a stream tcp nowait root /bin/x\na stream tcp6 nowait root /bin/y\n",
		"a stream tcp6 nowait root /bin/y\na stream tcp nowait root /bin/x\n",
	};

	for (size_t i = 0; i < 2; i++) {
		expect_endpoints(COMPAT_NONE, texts[i], "a", "tcp4:a;");
		expect_endpoints(COMPAT_NONE, texts[i], "a-tcp6", "tcp6:a alone;");
		expect_endpoints(COMPAT_GNU, texts[i], "a-tcp6", "tcp6:a alone;");
	}
	expect_endpoints(COMPAT_NONE, "a dgram udp6 wait root /bin/y\na dgram udp wait root /bin/x\n", "a-udp6",
			 "udp6:a alone;");
}

Test(inetd, tcp_keeps_ipv6_where_tcp4_below_it_takes_ipv4)
{
	static const char text[] = "a stream tcp nowait root /bin/x\na stream tcp4 nowait root /bin/y\n";
	struct result result = read_as(COMPAT_NONE, text);

	cr_expect_eq(result.table->count, 2, "%s", result.printed);
	cr_expect_str_eq(find(&result, "a")->exec->exec[0], "/bin/y");
	cr_expect_str_eq(find(&result, "a-tcp6")->exec->exec[0], "/bin/x");
	cr_expect(strstr(result.said, "t:1:1: note: a: this entry is for IPv6: there is another for IPv4 at t:2"), "%s",
		  result.said);
	result_free(&result);
	expect_endpoints(COMPAT_NONE, text, "a", "tcp4:a;");
	expect_endpoints(COMPAT_NONE, text, "a-tcp6", "tcp6:a alone optional;");
}

Test(inetd, three_lines_of_one_service_are_one_for_each_family)
{
	struct result result = read_as(COMPAT_NONE, "a stream tcp nowait root /bin/x\n"
						    "a stream tcp4 nowait root /bin/y\n"
						    "a stream tcp6 nowait root /bin/z\n");

	cr_expect_eq(result.table->count, 2, "%s", result.printed);
	cr_expect_str_eq(find(&result, "a")->exec->exec[0], "/bin/y");
	cr_expect_str_eq(find(&result, "a-tcp6")->exec->exec[0], "/bin/z");
	result_free(&result);
}

Test(inetd, sockets_of_one_name_in_two_folders_are_two_services)
{
	struct result result = read_as(COMPAT_NONE,
				       "/run/a/s stream unix" TAIL "/run/b/s stream unix" TAIL
				       "r/1 dgram rpc/udp wait root /bin/x\nr/2-3 dgram rpc/udp wait root /bin/y\n");

	find(&result, "run-a-s-unix");
	find(&result, "run-b-s-unix");
	find(&result, "r-1-rpc-udp");
	find(&result, "r-2-3-rpc-udp");
	result_free(&result);
}

Test(inetd, sockets_whose_short_names_are_alike_are_not_taken_for_one)
{
	struct result result = read_as(COMPAT_NONE,
				       "foo-udp stream tcp" TAIL "foo dgram udp wait root /bin/x\n"
				       "/r/a/b/s stream unix" TAIL "/r/a-b/s stream unix" TAIL);

	cr_expect_eq(find(&result, "foo-udp-tcp")->socket_count, 2);
	find(&result, "foo-udp");
	find(&result, "foo-udp6");
	find(&result, "r-a-b-s-unix");
	find(&result, "r-a--b-s-unix");
	cr_expect_eq(result.table->count, 5, "%s%s", result.printed, result.said);
	result_free(&result);
}

Test(inetd, a_service_of_udp_keeps_its_ipv6_beside_one_of_tcp_that_is_called_so)
{
	struct result result = read_as(COMPAT_NONE, "foo-udp6 stream tcp" TAIL "foo dgram udp nowait root /bin/x\n");

	cr_expect_eq(find(&result, "foo-udp")->socket_count, 2, "%s%s", result.printed, result.said);
	cr_expect_eq(find(&result, "foo-udp6")->socket_count, 2);
	result_free(&result);
}

Test(inetd, one_name_of_tcpmux_and_one_version_of_a_program_are_one_service)
{
	expect_says(COMPAT_NONE, "tcpmux/d stream tcp" TAIL "tcpmux/+d stream tcp" TAIL,
		    "t:1:1: warning: d-tcpmux: this entry is left out");
	expect_says(COMPAT_NONE, "r dgram rpc/udp wait root /bin/x\nr/1 dgram rpc/udp wait root /bin/y\n",
		    "t:1:1: warning: r-rpc-udp: this entry is left out");
}

Test(inetd, tcpmux_without_an_entry_of_its_own_is_added_by_gnu_and_missed_by_all)
{
	static const char line[] = "tcpmux/x stream tcp nowait root /bin/x\n";

	expect_says(COMPAT_NONE, line, "t:1:1: warning: tcpmux/x: no client can reach it");
	expect_says(COMPAT_GNU, line, "t:1:1: warning: tcpmux/x: an entry for tcpmux is missing and added");
	expect_endpoints(COMPAT_GNU, line, "tcpmux", "tcp4:tcpmux;");
}

/* ---- NetBSD's other notation ---- */

Test(inetd, keys_and_values_are_an_entry_too)
{
	static const char text[] = "5432 on\n\tprotocol = udp, # why\n\twait = yes, user = root, group = tty,\n"
				   "\tservice_max = 5, ip_max = 3,\n\tsndbuf = 4k,\n"
				   "\texec = /bin/test, args = \"test \\x41\\n\" 'b c' d;\n";
	struct result result = read_as(COMPAT_NONE, text);
	const struct service *service = find(&result, "5432-udp");

	cr_expect_str_eq(service->exec->argv0, "test A\n");
	cr_expect_str_eq(service->exec->exec[1], "b c");
	cr_expect_str_eq(service->exec->exec[2], "d");
	cr_expect_str_eq(service->groups->identity->group, "tty");
	cr_expect_eq(service->sockets[0].options->trigger_limit_burst, 5);
	cr_expect_eq(service->groups->access->per_source_cpm, 3);
	cr_expect_eq(service->groups->socket_defaults->send_buffer, 4096);
	cr_expect_not(service->exec->accept);
	result_free(&result);
}

Test(inetd, definitions_may_share_a_line_and_be_off)
{
	struct result result = read_as(COMPAT_NONE,
				       "a on protocol=tcp4,wait=no,user=root,exec=/bin/a; b off protocol=tcp4, wait=no,"
				       " user=root, exec=/bin/b; # c\nc stream tcp4" TAIL);

	cr_expect_not(find(&result, "a")->exec->disable);
	cr_expect(find(&result, "b")->exec->disable);
	find(&result, "c");
	cr_expect_eq(result.diags.errors, 0, "%s", result.said);
	result_free(&result);
}

Test(inetd, definitions_bind_to_hosts)
{
	expect_endpoints(COMPAT_NONE, "a on bind = 127.0.0.1, protocol=tcp, wait=no, user=root, exec=/bin/a;",
			 "a@127.0.0.1", "tcp:127.0.0.1:a;");
	expect_endpoints(COMPAT_NONE, "127.0.0.1:\na on protocol=tcp, wait=no, user=root, exec=/bin/a;", "a@127.0.0.1",
			 "tcp:127.0.0.1:a;");
	expect_endpoints(COMPAT_NONE, "echo on protocol=tcp4, user=root;", "echo", "tcp4:echo;");
}

Test(inetd, a_bad_definition_is_one_error_and_the_next_is_read)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "b on\n protocol = tcp,\n wait = maybe,\n user = root, exec = /bin/x;\n",
		  "t:3:9: error: b: wait is yes or no" },
		{ "b on protocol = tcp, weight = no,\n exec = \"/bin;x\";\n",
		  "t:1:22: error: b: there is no key 'weight'" },
		{ "b on protocol = tcp, wait = no, exec = /bin/x;\n", "t:1:1: error: b: user is missing" },
		{ "b on protocol = tcp, user = root, exec = /bin/x;\n", "t:1:1: error: b: wait is missing" },
		{ "b on protocol = tcp udp, user = root;\n", "t:1:6: error: b: protocol needs one value" },
		{ "b on user = root, user = root;\n", "t:1:19: error: b: this key was there already" },
		{ "b on user root;\n", "t:1:11: error: b: the = after the key is missing" },
		{ "b on args = \"x;\n", "t:1:13: error: b: a quote is not closed on its line" },
		{ "b on args = \"\\q\";\n", "t:1:14: error: b: a backslash must be followed by one of" },
		{ "b on protocol = tcp, wait = no, user = root, args = x\n", "t:1:54: error: b: a ; is missing" },
		{ "b on protocol=tcp, wait=no, user=root, exec=/bin/x, ipsec=\"in\";\n",
		  "t:1:53: error: b: IPsec policies are not" },
		{ "b on protocol=tcp, wait=no, user=root, exec=/bin/x, acceptfilter=x;\n",
		  "t:1:53: error: b: accept filters are" },
		{ NULL, NULL },
	};

	for (size_t i = 0; cases[i].said; i++) {
		char text[512];

		snprintf(text, sizeof(text), "%slast on protocol = tcp4, wait = no, user = root, exec = /bin/x;\n",
			 cases[i].text);
		expect_error(text, cases[i].said, "last");
	}
}

/* ---- telling it from other tables ---- */

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
	cr_expect(recognised("5432 on\n protocol = udp;\n"));
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

static bool is_y(const char *daemon)
{
	return !strcmp(daemon, "y");
}

Test(inetd, warns_of_wait_where_hosts_deny_turns_clients_away)
{
	const struct inetd_defaults said = { .wrap_external = true };
	const struct read_request request = { .may_be_denied = is_y };
	struct result result;
	unsigned told = 0;

	asking = &request;
	result = read_with(COMPAT_NONE, &said, "a stream tcp wait root /bin/x y\nb stream tcp wait root /bin/x z\n"
					       "c stream tcp nowait root /bin/x y\n");
	asking = NULL;
	cr_expect_eq(result.diags.errors, 0);
	for (size_t n = 0; n < result.diags.count; n++)
		told += !!strstr(result.diags.list[n].message, "a: hosts.allow and hosts.deny deny clients of y");
	cr_expect_eq(told, 1u);
	for (size_t n = 0; n < result.diags.count; n++)
		cr_expect_null(strstr(result.diags.list[n].message, "clients of z"));
	result_free(&result);
}
