/* Whose rights a process takes on: in user namespaces (user_namespaces(7)) as of containers. What users do with paths:
 * tests/security. */
#include <sched.h>

#include "os/host/host.h"
#include "tests/unit/unit.h"

#define OWNER 500
#define OTHER 501
#define NOBODY 65534

TestSuite(act_as, .timeout = 60);

static bool write_map(pid_t pid, const char *name)
{
	static const char map[] = "0 0 1000\n";
	char path[64];
	int fd;
	bool good;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	good = fd >= 0 && write(fd, map, strlen(map)) == (ssize_t)strlen(map);
	close(fd);
	return good;
}

/* Runs `work` in a process that is root among 1,000 users. */
static bool works_among_few(bool (*work)(void))
{
	int ready[2], mapped[2], status;
	char byte = 0;
	bool good;
	pid_t pid;

	if (geteuid() != 0)
		cr_skip_test("a user namespace of several users needs root");
	cr_assert(pipe2(ready, O_CLOEXEC) == 0 && pipe2(mapped, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0)
			_exit(77);
		_exit(write(ready[1], &byte, 1) == 1 && read(mapped[0], &byte, 1) == 1 && setresgid(0, 0, 0) == 0 &&
		      setresuid(0, 0, 0) == 0 && work() ? 0 : 1);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) == 1) {
		good = write_map(pid, "uid_map") && write_map(pid, "gid_map");
		cr_expect(good && write(mapped[1], &byte, 1) == 1);
	}
	close(ready[0]);
	close(mapped[0]);
	close(mapped[1]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		cr_skip_test("no user namespaces here");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool becomes(const struct account *account)
{
	struct act_as before;
	bool good = act_as_begin(&before, account) && geteuid() == account->uid && getegid() == account->gid &&
		    getgroups(0, NULL) == (int)account->group_count;

	return act_as_end(&before) && good;
}

static bool becomes_the_service(void)
{
	const struct account service = { .uid = OTHER, .gid = OTHER, .switches = true };
	struct account account = act_as_whom(NOBODY, &service);

	return account.uid == OTHER && account.gid == OTHER && becomes(&account);
}

Test(act_as, the_service_stands_in_for_a_user_without_a_number)
{
	cr_expect(works_among_few(becomes_the_service));
}

static bool refuses(void)
{
	struct account account = act_as_whom(NOBODY, NULL);
	struct act_as before;

	return !act_as_begin(&before, &account);
}

Test(act_as, nobody_stands_in_for_one_whom_no_service_has)
{
	cr_expect(works_among_few(refuses));
}

Test(act_as, knows_the_groups_of_the_service_alone)
{
	const gid_t groups[] = { 7 };
	const struct account service = { .uid = OWNER, .gid = 4, .groups = groups, .group_count = 1, .switches = true };
	struct account his = act_as_whom(OWNER, &service), others = act_as_whom(OTHER, &service);

	cr_expect_eq(his.gid, 4);
	cr_expect_eq(his.groups, groups);
	cr_expect_eq(others.uid, OTHER);
	cr_expect_eq(others.gid, NOBODY);
	cr_expect_eq(others.group_count, 0);
}
