/* What superd has to know of hosts.allow and hosts.deny. */
#include "os/host/hosts_access.h"
#include "tests/unit/unit.h"

static char seen[512];

static bool on_file(void *context, const char *path)
{
	(void)context;
	strcat(strcat(seen, path), " ");
	return strcmp(path, "/stop") != 0;
}

static struct hosts_rules rules;

static bool reads(const char *text)
{
	seen[0] = '\0';
	rules = (struct hosts_rules){ .on_file = on_file };
	return hosts_rules_read(&rules, text);
}

Test(hosts_rules, finds_the_files_that_rules_name)
{
	cr_assert(reads("# ALL: /etc/comment\nALL: /etc/bad, .example.org /etc/worse\n"
			"ftpd /etc/daemons: ALL EXCEPT /etc/good\n"
			"sshd: user@/etc/users: deny\nimapd: [2001:db8::]/32 10.0.0.0/8 @group\n"));
	cr_expect_str_eq(seen, "/etc/bad /etc/worse /etc/daemons /etc/good /etc/users ");
}

Test(hosts_rules, joins_a_line_that_goes_on)
{
	cr_assert(reads("ALL: \\\n/etc/bad \\\n /etc/worse\n"));
	cr_expect_str_eq(seen, "/etc/bad /etc/worse ");
}

Test(hosts_rules, stops_where_it_is_told)
{
	cr_expect_not(reads("ALL: /stop /etc/never\n"));
	cr_expect_str_eq(seen, "/stop ");
}

Test(hosts_rules, knows_rules_that_start_a_program)
{
	static const char *const starting[] = {
		"ALL: ALL: spawn (echo %a) : deny\n", "ALL: ALL: DENY: SPAWN=/bin/x\n", "ALL: ALL: aclexec /bin/x\n",
		"in.tftpd: ALL: (/usr/sbin/safe_finger -l @%h) &\n", "ALL: [::1]: twist /bin/echo\n",
		"ALL: ALL: severity local0.info: banners /etc/b: spa\\\nwn x\n",
	};
	static const char *const harmless[] = {
		"ALL: ALL\n", "", "# x: y: spawn z\n", "ALL: [2001:db8::1]:deny\n", "ALL: .spawn.example\n",
		"ALL: ALL: severity auth.info: allow\n",
		"ALL: ALL: rfc931 10: keepalive: linger 3: nice 5: umask 022: ALLOW\n",
		"ALL: ALL: setenv X a\\:spawn: deny",
	};

	for (size_t n = 0; n < sizeof(starting) / sizeof(starting[0]); n++) {
		cr_assert(reads(starting[n]));
		cr_expect(rules.runs_commands, "%s", starting[n]);
	}
	for (size_t n = 0; n < sizeof(harmless) / sizeof(harmless[0]); n++) {
		cr_assert(reads(harmless[n]));
		cr_expect_not(rules.runs_commands, "%s", harmless[n]);
	}
}

Test(hosts_rules, tells_a_twist_from_a_spawn)
{
	cr_assert(reads("ALL: ALL: spawn x\n"));
	cr_expect_not(rules.may_twist);
	cr_assert(reads("ALL: ALL: spawn x: twist y\n"));
	cr_expect(rules.may_twist);
}

static enum hosts_verdict judge(const char *allow, const char *deny)
{
	enum hosts_verdict end = hosts_rules_evaluate(allow, "in.x", false);

	return end == HOSTS_GO_ON ? hosts_rules_evaluate(deny, "in.x", true) : end;
}

Test(hosts_rules, tell_whether_a_daemon_has_clients_to_turn_away)
{
	static const struct {
		const char *allow, *deny;
		enum hosts_verdict end;
	} cases[] = {
		{ "", "", HOSTS_GO_ON },
		{ "", "# ALL: ALL\n \n", HOSTS_GO_ON },
		{ "", "ALL: ALL\n", HOSTS_MAY_DENY },
		{ "", "sshd, in.X: 192.0.2.\n", HOSTS_MAY_DENY },
		{ "", "sshd in.xyz: ALL\n", HOSTS_GO_ON },
		{ "", "ALL EXCEPT in.x: ALL\n", HOSTS_GO_ON },
		{ "", "ALL EXCEPT in.y: ALL\n", HOSTS_MAY_DENY },
		{ "", "sshd EXCEPT in.y: ALL\n", HOSTS_GO_ON },
		{ "", "in.*: ALL\n", HOSTS_MAY_DENY },
		{ "", "in.x@192.0.2.1: ALL\n", HOSTS_MAY_DENY },
		{ "", "/etc/daemons: ALL\n", HOSTS_MAY_DENY },
		{ "", "ALL: ALL: allow\n", HOSTS_ALLOW_ALL },
		{ "", "ALL: \\\n 192.0.2.1\n", HOSTS_MAY_DENY },
		{ "in.x: ALL\n", "ALL: ALL\n", HOSTS_ALLOW_ALL },
		{ "in.x: ALL : severity auth.info\n", "ALL: ALL\n", HOSTS_ALLOW_ALL },
		{ "ALL: ALL: spawn /bin/echo %a\n", "ALL: ALL\n", HOSTS_ALLOW_ALL },
		{ "in.x: 192.0.2.\n", "ALL: ALL\n", HOSTS_MAY_DENY },
		{ "in.x: ALL EXCEPT 192.0.2.1\n", "ALL: ALL\n", HOSTS_MAY_DENY },
		{ "in.*: ALL\n", "ALL: ALL\n", HOSTS_MAY_DENY },
		{ "in.x: 192.0.2.1: deny\nin.x: ALL\n", "", HOSTS_MAY_DENY },
		{ "in.x: ALL: twist /bin/echo\n", "", HOSTS_MAY_DENY },
		{ "in.y: ALL: deny\n", "in.y: ALL\n", HOSTS_GO_ON },
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
		cr_expect_eq(judge(cases[n].allow, cases[n].deny), cases[n].end, "%s%s", cases[n].allow, cases[n].deny);
}
