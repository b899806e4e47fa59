/* Address rules of a table against this machine: networks(5), what is shared, which sockets the kernel keeps to them,
 * and what is refused; and who runs superd's own services. */
#include <arpa/inet.h>
#include <sched.h>
#include <sys/mount.h>

#include "superd/machine/machine.h"
#include "tests/unit/resolved.h"
#include "tests/unit/unit.h"

TestSuite(network_lookup, .init = set_up, .fini = tear_down, .timeout = 120);

static enum access_verdict judge(const char *name, const char *ipv4)
{
	unsigned char address[16] = { [10] = 0xff, [11] = 0xff };

	cr_assert_eq(inet_pton(AF_INET, ipv4, address + 12), 1);
	return access_judge(listen_prepared(service(name)->sockets)->access, address);
}

Test(network_lookup, rules_are_compiled_once_for_all_that_share_them)
{
	resolve("defaults { only_from = {\"192.0.2.0/24\"} }\n"
		"service a { listen = {\"tcp:0\"} accept = yes exec = \"/bin/true\" }\n"
		"service b { listen = {\"tcp:0\"} accept = yes exec = \"/bin/true\" }\n"
		"service c { listen = {\"tcp:0\"} accept = yes exec = \"/bin/true\" only_from = {} }\n"
		"service d { listen = {\"tcp:0\"} accept = yes exec = \"/bin/true\" only_from += {\"198.51.100.1\"} "
		"}\n");
	cr_assert_eq(diags.errors, 0, "%s", said());
	cr_assert_not_null(listen_prepared(service("a")->sockets)->access);
	cr_expect_eq(listen_prepared(service("a")->sockets)->access, listen_prepared(service("b")->sockets)->access);
	cr_expect_null(listen_prepared(service("c")->sockets)->access);
	cr_expect_eq(judge("a", "198.51.100.1"), ACCESS_DENIED);
	cr_expect_eq(judge("d", "198.51.100.1"), ACCESS_PERMITTED);
	cr_expect_eq(judge("d", "192.0.2.1"), ACCESS_PERMITTED);
	cr_expect_null(listen_filter(&service("a")->sockets[0]), "superd looks at each client itself");
}

Test(network_lookup, the_kernel_keeps_to_them_where_the_backend_takes_the_clients)
{
	resolve("defaults { no_access = {\"192.0.2.0/24\"} }\n"
		"service tcp { listen = {\"tcp:0\", \"tcp4:0\", \"sctp:0\", \"/run/x\"} exec = \"/bin/true\" }\n"
		"service udp { listen = {\"udp:0\"} exec = \"/bin/true\" }\n"
		"service all { listen = {\"udp:0\", \"raw:254\"} exec = \"/bin/true\" filter_every_packet = yes }\n"
		"service half { socket a { listen = \"udp:0\" filter_every_packet = yes } socket b { listen = "
		"\"udp:0\" }\n"
		" exec = \"/bin/true\" }\n"
		"service free { listen = {\"tcp:0\"} exec = \"/bin/true\" no_access = {} }\n");
	cr_assert_eq(diags.errors, 0, "%s", said());
	cr_expect_not_null(listen_filter(&service("tcp")->sockets[0]));
	cr_expect_not_null(listen_filter(&service("tcp")->sockets[1]));
	cr_expect_neq(listen_filter(&service("tcp")->sockets[0]), listen_filter(&service("tcp")->sockets[1]));
	cr_expect_eq(listen_filter(&service("tcp")->sockets[0]), listen_filter(&service("tcp")->sockets[2]));
	cr_expect_null(listen_filter(&service("tcp")->sockets[3]));
	cr_expect_null(listen_filter(&service("udp")->sockets[0]), "superd looks at the first of each start");
	cr_expect_eq(listen_lent_filter(&service("udp")->sockets[0]), listen_filter(&service("tcp")->sockets[0]),
		     "but not at the next");
	cr_expect_null(listen_lent_filter(&service("tcp")->sockets[0]));
	cr_expect_null(listen_lent_filter(&service("all")->sockets[0]));
	cr_expect_eq(listen_filter(&service("all")->sockets[0]), listen_filter(&service("tcp")->sockets[0]));
	cr_expect_eq(listen_filter(&service("all")->sockets[1]), listen_filter(&service("tcp")->sockets[1]));
	cr_expect_not_null(listen_filter(&service("half")->sockets[0]));
	cr_expect_null(listen_lent_filter(&service("half")->sockets[0]));
	cr_expect_null(listen_filter(&service("half")->sockets[1]));
	cr_expect_not_null(listen_lent_filter(&service("half")->sockets[1]));
	cr_expect_null(listen_filter(&service("free")->sockets[0]));
}

Test(network_lookup, names_of_hosts_are_refused_where_the_kernel_must_know_them)
{
	resolve("service a {\n listen = {\"tcp:0\"}\n exec = \"/bin/true\"\n no_access = {\"192.0.2.1\"}\n"
		" only_from = {\".example.org\"}\n}\n"
		"service b {\n listen = {\"tcp:0\"}\n exec = \"/bin/true\"\n only_from = {\"192.0.2.1\"}\n"
		" no_access = {\"host.invalid\"}\n}\n"
		"service c { listen = {\"tcp:0\"} exec = \"/bin/true\" accept = yes no_access = {\"host.invalid\"} }\n"
		"service d { listen = {\"udp:0\"} exec = \"/bin/true\" no_access = {\"host.invalid\"} }\n");
	cr_assert_eq(diags.errors, 2, "%s", said());
	cr_expect_eq(diags.list[0].line, 5);
	cr_expect(
		strstr(diags.list[0].message, "a: only_from: with accept = no the kernel enforces it: names of hosts"),
		"%s", said());
	cr_expect(strstr(diags.list[0].hint, "write addresses, or set accept = yes"));
	cr_expect_eq(diags.list[1].line, 11);
	cr_expect(strstr(diags.list[1].message, "b: no_access"), "%s", said());
	cr_expect(access_has_names(listen_prepared(service("c")->sockets)->access));
	cr_assert_eq(diags.warnings, 1, "%s", said());
	cr_expect(strstr(diags.list[2].message, "d: no_access: only the sender that starts it is checked, not "
						"senders while it runs: names of hosts"),
		  "%s", said());
	cr_expect_null(listen_lent_filter(&service("d")->sockets[0]));
}

static int names_networks(void)
{
	FILE *file = fopen("/etc/networks", "w");
	FILE *nss = fopen("/etc/nsswitch.conf", "w");

	if (!file || !nss)
		return 77;
	fputs("campus 128.138.0.0\nlab 10\n", file);
	fputs("networks: files\nhosts: files\n", nss);
	fclose(file);
	fclose(nss);
	resolve("service a { listen = {\"tcp:0\"} exec = \"/bin/true\" only_from = {\"campus\", \"lab\"} }\n"
		"service b { listen = {\"tcp:0\"} exec = \"/bin/true\" accept = yes only_from = {\"campos\"} }\n");
	if (diags.errors || !listen_filter(&service("a")->sockets[0]) ||
	    access_has_names(listen_prepared(service("a")->sockets)->access))
		return 1;
	if (judge("a", "128.138.7.1") != ACCESS_PERMITTED || judge("a", "128.139.7.1") != ACCESS_DENIED)
		return 2;
	if (judge("a", "10.200.7.1") != ACCESS_PERMITTED || judge("b", "128.138.7.1") != ACCESS_BY_NAME)
		return 3;
	return 0;
}

Test(network_lookup, a_name_of_networks_5_is_a_network)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		cr_skip_test("another /etc needs root");
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("none", "/etc", "tmpfs", 0, NULL) < 0)
			_exit(77);
		_exit(names_networks());
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		cr_skip_test("no mount namespace here");
	cr_expect_eq(status, 0, "%d", WEXITSTATUS(status));
}

/* What no descriptor is left for. As a host's name it would let in the network that it stands for. */
Test(network_lookup, what_cannot_be_looked_up_is_no_hosts_name)
{
	static const char *const said_of[] = { "a: no_access: 'lab' ", "b: no_access: 'lab' ",
					       "c: probe_from: 'lab' ", "d: probe_from: 'lab' " };
	static const char text[] =
		"defaults { only_from = {\"192.0.2.0/24\"} }\n"
		"service a { listen = {\"tcp:0\"} exec = \"/bin/true\" accept = yes no_access = {\"lab\"} }\n"
		"service b { listen = {\"tcp:0\"} exec = \"/bin/true\" accept = yes no_access = {\"lab\"} }\n"
		"service c { listen = {\"tcp:0\"} exec = \"/bin/true\" probe_from = {\"lab\"} }\n"
		"service d { listen = {\"tcp:0\"} exec = \"/bin/true\" probe_from = {\"lab\"} }\n";
	struct resolver resolver;
	struct rlimit before;

	resolve("%s", text);
	diags_free(&diags);
	diags = (struct diags){ 0 };
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, before.rlim_max }), 0);
	resolver_open(&resolver, table->pool, NULL, &diags);
	for (size_t n = 0; n < table->count; n++)
		networks_resolve(&resolver, &table->services[n]);
	resolver_close(&resolver);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	cr_assert_eq(diags.errors, 4, "%s", said());
	for (int n = 0; n < 4; n++) {
		const char *message = diags.list[n].message;

		cr_expect(strstr(message, said_of[n]) == message, "%s", said());
		cr_expect(strstr(message, "could not be looked up: Too many open files"), "%s", said());
	}
}

Test(network_lookup, the_protocol_of_a_raw_socket_is_looked_up)
{
	resolve("service a { listen = {\"raw:ospf\", \"raw:89@127.0.0.1\"} exec = \"/bin/true\" }\n"
		"service b {\n listen = {\"raw:no-such-protocol\"}\n exec = \"/bin/true\"\n}\n");
	cr_assert_eq(diags.errors, 1, "%s", said());
	cr_expect_eq(diags.list[0].line, 3);
	cr_expect(strstr(diags.list[0].message, "protocols(5) has no protocol of this name"), "%s", said());
	cr_expect_eq(service("a")->sockets[0].address->number, 89);
	cr_expect_null(service("a")->sockets[0].address->port_name);
}

Test(network_lookup, superds_own_services_run_as_users_of_their_own)
{
	if (geteuid() != 0)
		cr_skip_test("running as another user needs root");
	resolve("service a { listen = {\"udp:0\"} builtin = echo }\n"
		"service b { listen = {\"tcp:0\"} accept = yes redirect = \"::1 80\" }\n"
		"service c { listen = {\"tcp:0\"} accept = yes deny_time = 1h }\n"
		"service d { listen = {\"tcp:0\"} accept = yes builtin = echo user = \"0\" }\n"
		"service e { listen = {\"tcp:0\"} accept = yes exec = \"/bin/true\" }\n");
	cr_assert_eq(diags.errors, 0, "%s", said());
	for (const char *name = "abc"; *name; name++) {
		const struct account *account = service((const char[]){ *name, '\0' })->account;

		cr_assert_not_null(account);
		cr_expect_neq(account->uid, 0, "%c", *name);
		cr_expect(account->switches, "%c", *name);
		cr_expect(account->uid >= OWN_USERS_FIRST && account->uid < OWN_USERS_FIRST + HELPER_USERS, "%c",
			  *name);
	}
	cr_expect_neq(service("a")->account->uid, service("b")->account->uid);
	cr_expect_eq(service("d")->account->uid, 0);
	cr_expect_eq(service("e")->account->uid, 0, "a program runs as before");
}
