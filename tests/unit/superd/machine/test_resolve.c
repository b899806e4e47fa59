/* Names against this machine's own passwd, group, services and hosts. As a normal user the same
 * claims hold where they can; what needs root is skipped. The user superd/machine/resolve must not need
 * root for is the one that runs the test. */
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>

#include "superd/machine/machine.h"
#include "tests/unit/as_nobody.h"
#include "tests/unit/resolved.h"
#include "tests/unit/unit.h"

TestSuite(resolve, .init = set_up, .fini = tear_down, .timeout = 120);

static void needs_root(void)
{
	if (geteuid() != 0)
		cr_skip_test("running as another user needs root");
}

static bool has_group(const struct account *account, gid_t gid)
{
	for (size_t i = 0; i < account->group_count; i++) {
		if (account->groups[i] == gid)
			return true;
	}
	return false;
}

Test(resolve, finds_a_user_with_all_that_comes_with_it)
{
	const struct account *account;

	needs_root();
	resolve("service a { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"daemon\" }");
	cr_assert_eq(diags.errors, 0, "%s", said());
	account = service("a")->account;
	cr_assert(account);
	cr_expect_str_eq(account->name, "daemon");
	cr_expect_eq(account->uid, getpwnam("daemon")->pw_uid);
	cr_expect_eq(account->gid, getpwnam("daemon")->pw_gid);
	cr_expect_str_eq(account->home, getpwnam("daemon")->pw_dir);
	cr_expect(has_group(account, account->gid));
	cr_expect(account->switches);
}

Test(resolve, gives_the_node_to_a_program_that_binds_it)
{
	const struct passwd *daemon = getpwnam("daemon");

	needs_root();
	resolve("service a { listen = {\"/run/a\"} pass = bind exec = \"/bin/true\" user = \"daemon\" }"
		"service b { listen = {\"/run/b\"} exec = \"/bin/true\" user = \"daemon\" }"
		"service c { listen = {\"/run/c\"} pass = bind exec = \"/bin/true\" user = \"daemon\""
		" socket_user = \"0\" socket_group = \"0\" }");
	cr_assert_eq(diags.errors, 0, "%s", said());
	cr_expect_eq(listen_prepared(service("a")->sockets)->owner, daemon->pw_uid);
	cr_expect_eq(listen_prepared(service("a")->sockets)->owner_group, daemon->pw_gid);
	cr_expect(listen_prepared(service("a")->sockets)->filters_always);
	cr_expect_eq(listen_prepared(service("b")->sockets)->owner, (uid_t)-1);
	cr_expect_not(listen_prepared(service("b")->sockets)->filters_always);
	cr_expect_eq(listen_prepared(service("c")->sockets)->owner, 0);
	cr_expect_eq(listen_prepared(service("c")->sockets)->owner_group, 0);
}

Test(resolve, prefers_the_group_that_is_given)
{
	needs_root();
	resolve("service a { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"daemon\" group = \"mail\""
		" supplementary_groups = {\"adm\", \"12\", \"adm\"} }");
	cr_assert_eq(diags.errors, 0, "%s", said());
	cr_expect_eq(service("a")->account->gid, getgrnam("mail")->gr_gid);
	cr_expect(has_group(service("a")->account, getgrnam("mail")->gr_gid));
	cr_expect(has_group(service("a")->account, getgrnam("adm")->gr_gid));
	cr_expect(has_group(service("a")->account, 12));
	cr_expect_eq(service("a")->account->group_count, 3, "adm once, and 12, and mail");
}

Test(resolve, leaves_a_users_groups_out_where_groups_is_no)
{
	needs_root();
	resolve("service a { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"daemon\" groups = no }");
	cr_expect_eq(service("a")->account->group_count, 1);
	cr_expect_eq(service("a")->account->groups[0], service("a")->account->gid);
}

Test(resolve, takes_a_number_without_an_entry)
{
	needs_root();
	cr_assert_null(getpwuid(54321));
	resolve("service a { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"54321\" }"
		"service b { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"54321\" group = \"7\" }");
	cr_assert_eq(diags.errors, 0, "%s", said());
	cr_expect_eq(service("a")->account->uid, 54321);
	cr_expect_eq(service("a")->account->gid, 54321, "a user without an entry never gets superd's own group");
	cr_expect_eq(service("b")->account->gid, 7);
	cr_expect_str_eq(service("a")->account->name, "54321");
	cr_expect_null(service("a")->account->home);
}

Test(resolve, knows_superds_own_user_where_none_is_given)
{
	const struct account *account;

	resolve("service a { listen = {\"tcp:0\"} exec = \"/bin/true\" }");
	account = service("a")->account;
	cr_assert(account);
	cr_expect_eq(account->uid, geteuid());
	cr_expect_eq(account->gid, getegid());
	cr_expect(account->name);
	cr_expect_not(account->switches);
}

Test(resolve, changes_nothing_for_its_own_user_without_groups)
{
	gid_t mail = getgrnam("mail")->gr_gid;

	needs_root();
	cr_assert_eq(setgroups(0, NULL), 0);
	resolve("service a { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"0\" groups = no }"
		"service b { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"0\" groups = no "
		"supplementary_groups = {\"mail\"} }");
	cr_assert_eq(diags.errors, 0, "%s", said());
	cr_expect_not(service("a")->account->switches);
	cr_expect(service("b")->account->switches);
	table_free(table);
	table = NULL;
	cr_assert_eq(setgroups(1, &mail), 0);
	resolve("service a { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"0\" groups = no }");
	cr_expect(service("a")->account->switches, "superd's own groups are others");
}

Test(resolve, takes_a_group_alone)
{
	needs_root();
	resolve("service a { listen = {\"tcp:0\"} exec = \"/bin/true\" group = \"mail\" }");
	cr_expect_eq(service("a")->account->uid, 0);
	cr_expect_eq(service("a")->account->gid, getgrnam("mail")->gr_gid);
	cr_expect(service("a")->account->switches);
}

Test(resolve, shares_one_account_among_services)
{
	needs_root();
	resolve("defaults { user = \"daemon\" }"
		"service a { listen = {\"tcp:1001\"} exec = \"/bin/true\" }"
		"service b { listen = {\"tcp:1002\"} exec = \"/bin/false\" }");
	cr_expect_eq(service("a")->account, service("b")->account);
}

Test(resolve, says_which_user_is_missing)
{
	resolve("service a {\n listen = {\"tcp:0\"}\n exec = \"/bin/true\"\n user = \"deamon\"\n}\n"
		"service b { listen = {\"tcp:0\"} exec = \"/bin/true\"\n group = \"no-such-group-anywhere\"\n}");
	cr_assert_eq(diags.errors, 2, "%s", said());
	cr_expect_str_eq(diags.list[0].message, "a: user = deamon: there is no such user here");
	cr_expect_eq(diags.list[0].line, 4);
	cr_expect_str_eq(diags.list[1].message, "b: group = no-such-group-anywhere: there is no such group here");
	cr_expect_null(service("a")->account);
}

static bool enter_user_namespace(void)
{
	static const char map[] = "0 0 1\n";
	static const char *const paths[] = { "/proc/self/uid_map", "/proc/self/gid_map" };
	bool done = unshare(CLONE_NEWUSER) == 0;

	for (int n = 0; n < 2 && done; n++) {
		FILE *file = fopen(paths[n], "we");

		done = file && fputs(map, file) >= 0;
		done = file && fclose(file) == 0 && done;
	}
	return done;
}

/* As in a container that maps root alone, where setgroups(2) would fail at each start. */
Test(resolve, refuses_ids_that_its_user_namespace_does_not_map)
{
	needs_root();
	if (!enter_user_namespace())
		cr_skip_test("no user namespaces here");
	resolve("service a { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"1234\" }"
		"service b { listen = {\"tcp:1\"} exec = \"/bin/true\" user = \"0\" group = \"4321\" }"
		"service c { listen = {\"tcp:2\"} exec = \"/bin/true\" user = \"0\" group = \"0\""
		" supplementary_groups = {\"77\"} }");
	cr_assert_eq(diags.errors, 3, "%s", said());
	cr_expect(strstr(said(), "a: user = 1234: this user namespace does not map user id 1234"), "%s", said());
	cr_expect(strstr(said(), "b: group = 4321: this user namespace does not map group id 4321"), "%s", said());
	cr_expect(strstr(said(), "c: supplementary_groups = 77: this user namespace does not map group id 77"), "%s",
		  said());
}

/* As old inetds write it: who has a user in front has mistaken the group. */
Test(resolve, says_which_part_of_user_and_group_is_wrong)
{
	static const struct {
		const char *user, *wrong;
	} cases[] = {
		{ "daemon.nosuchgroup", "group nosuchgroup: there is no such group here" },
		{ "daemon.deamon", "group deamon: there is no such group here" },
		{ "deamon.daemon", "there is no such user here" },
		{ "nosuchuser.daemon", "there is no such user here" },
	};

	resolve("service a { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"daemon.nosuchgroup\" }"
		"service b { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"daemon.deamon\" }"
		"service c { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"deamon.daemon\" }"
		"service d { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"nosuchuser.daemon\" }");
	cr_assert_eq(diags.errors, sizeof(cases) / sizeof(*cases), "%s", said());
	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
		char expected[256];

		snprintf(expected, sizeof(expected), "%c: user = %s: %s", (char)('a' + n), cases[n].user,
			 cases[n].wrong);
		cr_expect_str_eq(diags.list[n].message, expected);
	}
}

Test(resolve, does_not_take_minus_one_for_a_user)
{
	struct pool *pool = pool_new();
	struct resolver resolver;

	resolver_open(&resolver, pool, NULL, &diags);
	cr_expect(accounts_user(&resolver, "4294967295").wrong, "to the kernel it means: leave it as it is");
	cr_expect(accounts_user(&resolver, "4294967296").wrong);
	cr_expect(accounts_group(&resolver, "4294967295").wrong);
	cr_expect_eq(accounts_user(&resolver, "4294967294").uid, 4294967294u);
	resolver_close(&resolver);
	pool_free(pool);
}

static bool helper_user_is_fine(void)
{
	char text[256];

	snprintf(text, sizeof(text), "service a { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"%u\" }",
		 (unsigned)geteuid());
	table = read_text("test.conf", text, strlen(text), &diags);
	resolve_table(table, NULL, &diags);
	return diags.errors == 0 && service("a")->account && !service("a")->account->switches;
}

Test(resolve, lets_a_user_run_services_as_itself)
{
	as_nobody(helper_user_is_fine);
}

static bool others_need_root(void)
{
	const char *text = "service a { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"daemon\" }"
			   "service b { listen = {\"tcp:0\"} exec = \"/bin/true\" group = \"mail\" }"
			   "service c { listen = {\"tcp:0\"} exec = \"/bin/true\" supplementary_groups = {\"mail\"} }";

	table = read_text("test.conf", text, strlen(text), &diags);
	resolve_table(table, NULL, &diags);
	return diags.errors == 3 && strstr(said(), "a: user = daemon: superd does not run as root") &&
	       strstr(said(), "b: group = mail: superd does not run as root") &&
	       strstr(said(), "c: supplementary_groups = mail: superd does not run as root");
}

Test(resolve, refuses_another_user_without_root)
{
	as_nobody(others_need_root);
}

Test(resolve, finds_the_owner_of_a_node)
{
	resolve("service a { listen = {\"/tmp/a.sock\"} exec = \"/bin/true\" socket_user = \"daemon\" }"
		"service b { listen = {\"/tmp/b.sock\"} exec = \"/bin/true\" socket_user = \"daemon\" socket_group = "
		"\"mail\" }"
		"service c { listen = {\"/tmp/c.sock\"} exec = \"/bin/true\" socket_group = \"mail\" }"
		"service d { listen = {\"/tmp/d.sock\"} exec = \"/bin/true\" }");
	cr_assert_eq(diags.errors, 0, "%s", said());
	cr_expect_eq(listen_prepared(service("a")->sockets)->owner, getpwnam("daemon")->pw_uid);
	cr_expect_eq(listen_prepared(service("a")->sockets)->owner_group, getpwnam("daemon")->pw_gid);
	cr_expect_eq(listen_prepared(service("b")->sockets)->owner_group, getgrnam("mail")->gr_gid);
	cr_expect_eq(listen_prepared(service("c")->sockets)->owner, (uid_t)-1);
	cr_expect_eq(listen_prepared(service("c")->sockets)->owner_group, getgrnam("mail")->gr_gid);
	cr_expect_eq(listen_prepared(service("d")->sockets)->owner_group, (gid_t)-1);
}

Test(resolve, finds_superds_own_folder)
{
	resolve("service a { listen = {\"unix:%%{runtime}/x/a\"} exec = \"/bin/true\" }");
	cr_assert_eq(diags.errors, 0, "%s", said());
	cr_expect_str_eq(service("a")->sockets[0].endpoint->address, "%{runtime}/x/a");
	cr_expect(service("a")->sockets[0].address->address[0] == '/' &&
		  strstr(service("a")->sockets[0].address->address, "/superd/x/a"), "%s",
		  service("a")->sockets[0].address->address);
}

Test(resolve, complains_once_of_the_owner_of_many_sockets)
{
	resolve("service a {\n listen = {\"/tmp/a.sock\", \"/tmp/b.sock\"}\n exec = \"/bin/true\"\n socket_user = "
		"\"deamon\"\n}");
	cr_expect_eq(diags.errors, 1, "%s", said());
	cr_expect_eq(diags.list[0].line, 4);
}

Test(resolve, looks_up_ports_of_services)
{
	resolve("service a { listen = {\"tcp:http\", \"udp:tftp\"} exec = \"/bin/true\" }");
	cr_assert_eq(diags.errors, 0, "%s", said());
	cr_expect_eq(service("a")->sockets[0].address->port, 80);
	cr_expect_null(service("a")->sockets[0].address->port_name);
	cr_expect_str_eq(service("a")->sockets[0].endpoint->port_name, "http");
	cr_expect_eq(service("a")->sockets[1].address->port, 69);
}

Test(resolve, says_which_port_is_missing)
{
	resolve("service a { listen = {\"tcp:htttp\"} exec = \"/bin/true\" }");
	cr_assert_eq(diags.errors, 1, "%s", said());
	cr_expect(strstr(diags.list[0].message, "a: listen: 'htttp': services(5) has no tcp port of this name"), "%s",
		  said());
}

Test(resolve, says_which_protocol_has_the_port)
{
	resolve("service a { listen = {\"tcp:tftp\"} exec = \"/bin/true\" }");
	cr_assert_eq(diags.errors, 1, "%s", said());
	cr_expect(strstr(diags.list[0].message, "no tcp port of this name, but a udp one"), "%s", said());
	cr_expect_null(diags.list[0].hint);
}

Test(resolve, takes_no_short_name_for_another_one)
{
	resolve("service a {\n listen = {\"tcp:htxx\"}\n exec = \"/bin/true\"\n}\n"
		"service b {\n listen = {\"tcp:0\"}\n exec = \"/bin/true\"\n user = \"qon\"\n}");
	cr_assert_eq(diags.errors, 2, "%s", said());
	cr_expect_null(diags.list[0].hint, "%s", diags.list[0].hint);
	cr_expect_null(diags.list[1].hint, "%s", diags.list[1].hint);
}

Test(resolve, leaves_an_address_without_names_as_it_is)
{
	resolve("service a { listen = {\"tcp:127.0.0.1:80\", \"/tmp/x\", \"[::1]:81\"} exec = \"/bin/true\" }");
	for (size_t i = 0; i < 3; i++)
		cr_expect_eq(service("a")->sockets[i].address, service("a")->sockets[i].endpoint);
}

Test(resolve, looks_up_hosts_of_the_family_asked_for)
{
	resolve("service a { listen = {\"tcp4:localhost:80\"} exec = \"/bin/true\" }");
	cr_assert_eq(diags.errors, 0, "%s", said());
	cr_expect_str_eq(service("a")->sockets[0].address->address, "127.0.0.1");
	cr_expect_eq(service("a")->sockets[0].address->family, FAMILY_IPV4);
	cr_expect_str_eq(service("a")->sockets[0].endpoint->address, "localhost");
}

Test(resolve, says_which_host_is_missing)
{
	resolve("service a { listen = {\"tcp:no-such-host.invalid:80\"} exec = \"/bin/true\" }");
	cr_assert_eq(diags.errors, 1, "%s", said());
	cr_expect(strstr(diags.list[0].message, "a: listen: 'no-such-host.invalid': "), "%s", said());
}

Test(resolve, makes_ordinary_sockets_of_rpc_programs)
{
	const struct endpoint *tcp, *udp;

	resolve("service a { listen = {\"rpc/tcp4:300019/1-2\", \"rpc/udp:portmapper/3\"} exec = \"/x\" }");
	cr_assert_eq(diags.errors, 0, "%s", said());
	tcp = service("a")->sockets[0].address;
	cr_expect_eq(tcp->kind, ENDPOINT_TCP);
	cr_expect_eq(tcp->family, FAMILY_IPV4);
	cr_expect_eq(tcp->port, 0);
	cr_expect_eq(tcp->number, 300019);
	cr_expect_eq(tcp->group, 1);
	cr_expect_eq(tcp->highest, 2);
	udp = service("a")->sockets[1].address;
	cr_expect_eq(udp->kind, ENDPOINT_UDP);
	cr_expect_eq(udp->number, 100000);
	cr_expect_null(udp->port_name);
	cr_expect(endpoint_is_rpc(service("a")->sockets[1].endpoint), "what was written stays");
}

Test(resolve, says_which_rpc_program_is_missing)
{
	resolve("service a {\n listen = \"rpc/tcp:nosuchd/1\" exec = \"/x\" }");
	cr_expect(strstr(said(), "2: a: listen: 'nosuchd': rpc(5) has no program of this name"), "%s", said());
}

Test(resolve, sees_rpc_programs_that_became_equal)
{
	resolve("service a { listen = \"rpc/tcp:portmapper/2-4\" exec = \"/x\" }\n"
		"service b { listen = \"rpc/tcp4:100000/4\" exec = \"/x\" }\n"
		"service c { listen = \"rpc/tcp:100000/5\" exec = \"/x\" }\n"
		"service d { listen = \"rpc/udp:100000/4\" exec = \"/x\" }\n");
	cr_expect_eq(diags.errors, 1, "%s", said());
	cr_expect(strstr(said(), "b: rpc/tcp4:100000/4 is claimed already by a"), "%s", said());
}

Test(resolve, sees_endpoints_that_became_equal)
{
	resolve("service a {\n listen = {\"tcp:http\"}\n exec = \"/bin/true\"\n}\n"
		"service b {\n listen = {\"tcp:80\"}\n exec = \"/bin/true\"\n}\n"
		"service c { listen = {\"udp:80\", \"tcp:81\"} exec = \"/bin/true\" }");
	cr_assert_eq(diags.errors, 1, "%s", said());
	cr_expect_str_eq(diags.list[0].message,
			 "b: tcp:80 is claimed already by a, with tcp:http at test.conf:2:12");
	cr_expect_eq(diags.list[0].line, 6);
	cr_expect(strstr(said(), "choose another port or address, or set reuse_port = yes"), "%s", said());
	resolve("service a { listen = {\"tcp:80\", \"tcp:http\"} exec = \"/bin/true\" }");
	cr_assert_eq(diags.errors, 1, "%s", said());
	cr_expect_str_eq(diags.list[0].message,
			 "a: it claims tcp:http (tcp:80 here) already, with tcp:80 at test.conf:1:23");
}

Test(resolve, lets_endpoints_share_a_port_with_reuse_port)
{
	resolve("defaults { reuse_port = yes }"
		"service a { listen = {\"tcp:http\"} exec = \"/bin/true\" }"
		"service b { listen = {\"tcp:80\"} exec = \"/bin/true\" }");
	cr_expect_eq(diags.errors, 0, "%s", said());
}

Test(resolve, leaves_disabled_services_alone)
{
	resolve("service a { listen = {\"tcp:htttp\"} exec = \"/bin/true\" user = \"nobody-at-all\" disable = yes }");
	cr_expect_eq(diags.errors, 0, "%s", said());
	cr_expect_null(service("a")->account);
}

static bool works_without_passwd(void)
{
	const char *text = "service a { listen = {\"tcp:0\"} exec = \"/bin/true\" }"
			   "service b { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"1234\" }"
			   "service c { listen = {\"tcp:0\"} exec = \"/bin/true\" user = \"daemon\" }";

	table = read_text("test.conf", text, strlen(text), &diags);
	resolve_table(table, NULL, &diags);
	return diags.errors == 1 && strstr(said(), "c: user = daemon: there is no such user here") &&
	       service("a")->account && service("b")->account && service("b")->account->uid == 1234;
}

Test(resolve, works_with_no_passwd_file_at_all)
{
	int status;
	pid_t pid;

	needs_root();
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("none", "/etc", "tmpfs", 0, NULL) < 0)
			_exit(77);
		_exit(works_without_passwd() ? 0 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		cr_skip_test("no mount namespace here");
	cr_expect_eq(status, 0);
}
