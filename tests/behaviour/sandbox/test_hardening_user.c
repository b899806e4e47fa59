/* Hardening without privileges: what a superd that is not root can give by a user namespace, and what it refuses. */
#include "harness.h"

#define NOBODY 65534

static const struct setup as_nobody = { .uid = NOBODY };

static const char *table(const char *options, const char *script)
{
	return text_of(
		"service web {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = { \"/bin/sh\", \"-c\", \"%s\" }\n"
		"%s\n}\n",
		script, options);
}

static const char *answer(const char *options, const char *script)
{
	struct superd *superd = superd_run_with(&as_nobody, "%s", table(options, script));
	const char *said = client_rest(client_connect(superd_port(superd, "web")));

	superd_stop(superd);
	return said;
}

/* A user namespace by somebody who is not root, which some systems forbid. */
static bool allowed(void)
{
	return namespace_users() && namespace_allowed() &&
	       system("setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Um true 2>/dev/null") == 0;
}

#define SKIP_WITHOUT_USERS() SKIP_WITHOUT(allowed(), "needs root to be nobody, and user namespaces for all")

Behaviour(hardening_user, files_are_closed_by_a_user_namespace)
{
	SKIP_WITHOUT_USERS();
	cr_assert_str_eq(answer("private_tmp = yes\nprotect_system = strict", "ls /tmp; : >/tmp/mine && ls /tmp"),
			 "mine\n");
}

Behaviour(hardening_user, folders_that_it_may_not_enter_are_covered_too)
{
	const char *closed = path_in("closed"), *emptied = path_in("emptied"), *options;

	SKIP_WITHOUT_USERS();
	cr_assert(mkdir(closed, 0700) == 0 && mkdir(emptied, 0700) == 0);
	options = text_of("protect_home = yes\ninaccessible_paths = \"%s\"\ntemporary_file_system = \"%s:mode=1777\"",
			  closed, emptied);
	cr_assert_str_eq(answer(options, text_of("stat -fc %%T /root %s; : >%s/mine && ls %s", closed, emptied,
						 emptied)),
			 "tmpfs\ntmpfs\nmine\n");
}

Behaviour(hardening_user, a_network_of_its_own_has_nothing_but_itself)
{
	SKIP_WITHOUT_USERS();
	cr_assert_str_eq(answer("private_network = yes", "tail -n +3 /proc/net/dev | tr -d ' ' | cut -d: -f1"), "lo\n");
}

Behaviour(hardening_user, it_stays_the_same_user_without_any_right)
{
	SKIP_WITHOUT_USERS();
	cr_assert_str_eq(answer("private_mounts = yes", "id -u; grep CapEff /proc/self/status | cut -f2"),
			 "65534\n0000000000000000\n");
}

Behaviour(hardening_user, what_takes_root_is_refused_by_name)
{
	const char *path =
		write_file("refused.conf", "%s", table("protect_proc = invisible\nprivate_users = full", "true"));
	const char *script;
	struct outcome outcome;

	SKIP_WITHOUT_USERS();
	script = text_of("setpriv --reuid 65534 --regid 65534 --clear-groups %s --check -f %s", superd_path(), path);
	outcome = program_answer((const char *const[]){ "/bin/sh", "-c", script, NULL });
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "protect_proc = invisible: only root or CAP_SYS_ADMIN"), "%s", outcome.err);
	cr_expect(strstr(outcome.err, "private_users = full: only root or CAP_SETUID"), "%s", outcome.err);
	script = text_of("%s --unsupported=warn", script);
	outcome = program_answer((const char *const[]){ "/bin/sh", "-c", script, NULL });
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect(strstr(outcome.err, "it is left out"), "%s", outcome.err);
}
