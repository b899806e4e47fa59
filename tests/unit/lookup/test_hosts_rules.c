/* What superd-lookup has to know of hosts.allow and hosts.deny. */
#include "lookup/hosts_rules.h"
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
