/* Whose calls superd answers: processes of the test's own, which become another user, or move elsewhere. */
#include <sched.h>

#include "tests/unit/unit.h"
#include "worker/bind/caller.h"

/* A child that has become something, and waits. */
struct other {
	pid_t pid;
	bool good; /* it could */
};

static struct other start_other(bool (*become)(void))
{
	int answer[2];
	char good = 0;
	struct other other;

	cr_assert_eq(pipe(answer), 0);
	other.pid = fork();
	if (other.pid == 0) {
		good = !become || become();
		(void)!write(answer[1], &good, 1);
		for (;;)
			pause();
	}
	cr_assert_eq(read(answer[0], &good, 1), 1);
	close(answer[0]);
	close(answer[1]);
	other.good = good;
	return other;
}

static void end_other(const struct other *other)
{
	cr_assert_eq(kill(other->pid, SIGKILL), 0);
	cr_assert_eq(waitpid(other->pid, NULL, 0), other->pid);
}

static enum caller_kind find(pid_t thread, const struct caller_rule *rule, uid_t *uid)
{
	struct target_process target;
	struct caller_place own;
	enum caller_kind found;

	caller_place_read_own(&own);
	cr_assert(target_open(&target, thread));
	found = caller_find(&target, rule, &own, uid);
	target_close(&target);
	return found;
}

static struct caller_rule rule_of(pid_t program)
{
	return (struct caller_rule){ .uid = geteuid(), .gid = getegid(), .program = program };
}

/* What it is as a process of the service, and as its main process. */
static void expect_found(bool (*become)(void), enum caller_kind as_child, enum caller_kind as_main)
{
	struct other other = start_other(become);
	struct caller_rule rule = rule_of(getpid());
	uid_t uid;

	if (!other.good) {
		end_other(&other);
		cr_skip_test("it may not do that here");
	}
	cr_expect_eq(find(other.pid, &rule, &uid), as_child);
	rule.program = other.pid;
	cr_expect_eq(find(other.pid, &rule, &uid), as_main);
	end_other(&other);
}

Test(caller, a_process_of_the_same_user_is_the_services_own)
{
	expect_found(NULL, CALLER_IS_OWN, CALLER_IS_OWN);
}

static bool become_another(void)
{
	return setresgid(65533, 65533, 65533) == 0 && setresuid(65533, 65533, 65533) == 0;
}

static bool become_another_for_a_while(void)
{
	return setresuid((uid_t)-1, 65533, (uid_t)-1) == 0;
}

/* Only the main process may have given up its user. */
Test(caller, another_user_is_a_stranger)
{
	expect_found(become_another, CALLER_IS_OTHER_USER, CALLER_IS_OWN);
}

Test(caller, so_is_one_for_a_while)
{
	expect_found(become_another_for_a_while, CALLER_IS_OTHER_USER, CALLER_IS_OWN);
}

Test(caller, its_user_is_known)
{
	struct other other = start_other(become_another);
	struct caller_rule rule = rule_of(getpid());
	uid_t uid = 0;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	find(other.pid, &rule, &uid);
	cr_expect_eq(uid, 65533);
	rule.uid = 65533;
	cr_expect_eq(find(other.pid, &rule, &uid), CALLER_IS_OTHER_USER, "its group is another");
	rule.gid = 65533;
	cr_expect_eq(find(other.pid, &rule, &uid), CALLER_IS_OWN);
	rule.uid = 65532;
	rule.program = other.pid;
	cr_expect_eq(find(other.pid, &rule, &uid), CALLER_IS_OTHER_USER, "it runs a program with a set-user-id bit");
	end_other(&other);
}

static bool unshare_users(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}

static bool unshare_network(void)
{
	return unshare(CLONE_NEWNET) == 0;
}

static bool unshare_mounts(void)
{
	return unshare(CLONE_NEWNS) == 0;
}

static bool change_root(void)
{
	return chroot("/tmp") == 0;
}

Test(caller, one_of_another_user_namespace_is_elsewhere)
{
	expect_found(unshare_users, CALLER_IS_ELSEWHERE, CALLER_IS_ELSEWHERE);
}

Test(caller, so_is_one_of_another_network)
{
	expect_found(unshare_network, CALLER_IS_ELSEWHERE, CALLER_IS_ELSEWHERE);
}

Test(caller, with_mounts_of_its_own_it_gets_no_paths)
{
	expect_found(unshare_mounts, CALLER_HAS_NO_PATHS, CALLER_HAS_NO_PATHS);
}

/* A daemon changes its root before it binds; a jail that it makes for others is none of it. */
Test(caller, with_a_root_of_its_own_only_the_main_process_gets_them)
{
	expect_found(change_root, CALLER_HAS_NO_PATHS, CALLER_IS_OWN);
}

/* superd has moved the program, and its children are where it is. */
Test(caller, where_superd_has_moved_the_program_that_place_counts)
{
	struct other main = start_other(unshare_network), elsewhere = start_other(NULL);
	struct caller_rule rule = rule_of(main.pid);
	uid_t uid;

	rule.is_apart = true;
	if (main.good)
		cr_expect_eq(find(main.pid, &rule, &uid), CALLER_IS_ELSEWHERE, "superd gave it no network");
	rule.has_network = true;
	if (main.good) {
		cr_expect_eq(find(main.pid, &rule, &uid), CALLER_IS_OWN);
		cr_expect_eq(find(elsewhere.pid, &rule, &uid), CALLER_IS_ELSEWHERE);
	}
	end_other(&main);
	end_other(&elsewhere);
}

Test(caller, once_all_is_bound_only_the_main_process_and_its_children_are_answered)
{
	struct other child = start_other(NULL);
	struct caller_rule rule = rule_of(getpid());
	uid_t uid;

	rule.is_complete = true;
	cr_expect_eq(find(getpid(), &rule, &uid), CALLER_IS_OWN);
	cr_expect_eq(find(child.pid, &rule, &uid), CALLER_IS_OWN);
	rule.program = child.pid;
	cr_expect_eq(find(getpid(), &rule, &uid), CALLER_IS_LATE);
	rule.is_complete = false;
	cr_expect_eq(find(getpid(), &rule, &uid), CALLER_IS_OWN);
	end_other(&child);
}
