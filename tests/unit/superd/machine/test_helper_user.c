/* The ids of superd's own programs. */
#include "superd/machine/machine.h"
#include "tests/unit/unit.h"

#include <sched.h>
#include <sys/mount.h>

static uid_t id_of(enum helper_user which)
{
	bool known;

	return helper_user_id(which, &known);
}

Test(own_user, is_the_same_for_a_service_each_time)
{
	static struct helper_users first, second;

	cr_expect_eq(helper_user_for(&first, "echo"), helper_user_for(&second, "echo"));
}

Test(own_user, is_shared_by_no_two_services_as_far_as_there_are_ids)
{
	static struct helper_users users;
	static bool seen[HELPER_USERS];

	for (int n = 0; n < 581; n++) {
		char name[16];
		uid_t id;

		snprintf(name, sizeof(name), "service%d", n);
		id = helper_user_for(&users, name);
		cr_assert(id >= OWN_USERS_FIRST && id < OWN_USERS_FIRST + HELPER_USERS - 1);
		cr_assert_not(seen[id - OWN_USERS_FIRST]);
		seen[id - OWN_USERS_FIRST] = true;
	}
	cr_expect_eq(helper_user_for(&users, "one more"), OWN_USERS_FIRST + HELPER_USERS - 1);
	cr_expect_eq(helper_user_for(&users, "and one more"), OWN_USERS_FIRST + HELPER_USERS - 1);
	cr_expect_not(seen[id_of(HELPER_USER_LOOKUP) - OWN_USERS_FIRST]);
	cr_expect_not(seen[id_of(HELPER_USER_RPC) - OWN_USERS_FIRST]);
}

Test(own_user, differs_between_programs)
{
	cr_expect_neq(id_of(HELPER_USER_LOOKUP), id_of(HELPER_USER_RPC));
}

Test(own_user, passes_over_what_is_somebody_elses)
{
	static struct helper_users users;
	uid_t first = helper_user_for(&users, "echo");
	static struct helper_users taken;

	taken.taken[first - OWN_USERS_FIRST] = true;
	cr_expect_neq(helper_user_for(&taken, "echo"), first);
}

Test(own_user, is_looked_up_again_if_descriptors_were_lacking)
{
	static char file[] = "/tmp/superd-users-XXXXXX";
	int fd = mkstemp(file);
	const struct account *account;
	struct rlimit limit, none;

	cr_assert_gt(dprintf(fd, "his:x:%u:%u::/:/bin/sh\n", OWN_USERS_FIRST, OWN_USERS_FIRST), 0);
	close(fd);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(file, "/etc/passwd", NULL, MS_BIND, NULL) < 0) {
		unlink(file);
		cr_skip_test("needs root, and a mount namespace");
	}
	unlink(file);
	none = (struct rlimit){ (rlim_t)fd, limit.rlim_max };
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	account = helper_user_account(HELPER_USER_LOOKUP);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	if (!account)
		cr_skip_test("superd cannot change to these users here");
	cr_expect_eq(helper_user_account(HELPER_USER_LOOKUP)->uid, OWN_USERS_FIRST + 1);
}
