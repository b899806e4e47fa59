/* The ids of superd's own programs. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "prepare/own_user.h"

Test(own_user, is_the_same_for_a_service_each_time)
{
	static struct own_users first, second;

	cr_expect_eq(own_user_for(&first, "echo"), own_user_for(&second, "echo"));
}

Test(own_user, is_shared_by_no_two_services_as_far_as_there_are_ids)
{
	static struct own_users users;
	static bool seen[OWN_USERS];

	for (int n = 0; n < 589; n++) {
		char name[16];
		uid_t id;

		snprintf(name, sizeof(name), "service%d", n);
		id = own_user_for(&users, name);
		cr_assert(id >= OWN_USERS_FIRST && id < OWN_USERS_FIRST + OWN_USERS - 1);
		cr_assert_not(seen[id - OWN_USERS_FIRST]);
		seen[id - OWN_USERS_FIRST] = true;
	}
	cr_expect_eq(own_user_for(&users, "one more"), OWN_USERS_FIRST + OWN_USERS - 1);
	cr_expect_eq(own_user_for(&users, "and one more"), OWN_USERS_FIRST + OWN_USERS - 1);
	cr_expect_not(seen[own_user_id(OWN_USER_ADVISE) - OWN_USERS_FIRST]);
	cr_expect_not(seen[own_user_id(OWN_USER_RPC) - OWN_USERS_FIRST]);
}

Test(own_user, differs_between_programs)
{
	cr_expect_neq(own_user_id(OWN_USER_ADVISE), own_user_id(OWN_USER_RPC));
}

Test(own_user, passes_over_what_is_somebody_elses)
{
	static struct own_users users;
	uid_t first = own_user_for(&users, "echo");
	static struct own_users taken;

	taken.taken[first - OWN_USERS_FIRST] = true;
	cr_expect_neq(own_user_for(&taken, "echo"), first);
}
