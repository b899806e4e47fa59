/* The ids of superd's own programs. */
#include "superd/machine/machine.h"
#include "tests/unit/unit.h"

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
	cr_expect_not(seen[helper_user_id(HELPER_USER_LOOKUP) - OWN_USERS_FIRST]);
	cr_expect_not(seen[helper_user_id(HELPER_USER_RPC) - OWN_USERS_FIRST]);
}

Test(own_user, differs_between_programs)
{
	cr_expect_neq(helper_user_id(HELPER_USER_LOOKUP), helper_user_id(HELPER_USER_RPC));
}

Test(own_user, passes_over_what_is_somebody_elses)
{
	static struct helper_users users;
	uid_t first = helper_user_for(&users, "echo");
	static struct helper_users taken;

	taken.taken[first - OWN_USERS_FIRST] = true;
	cr_expect_neq(helper_user_for(&taken, "echo"), first);
}
