/* Whose folder it is that a superd puts its groups in. Any file system does; real groups have files in them that go
 * with them, which these lack. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "os/cgroup/cgroup_delegation.h"
#include "os/cgroup/cgroup_parent.h"
#include "tests/unit/hang.h"

static char folder[64], name[192];

static void make_folder(void)
{
	char suffix[24];

	strcpy(folder, "/tmp/superd-base-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cgroup_parent_suffix(suffix, sizeof(suffix));
	snprintf(name, sizeof(name), "%s/" CGROUP_BASE "%ld%s", folder, (long)getpid(), suffix);
}

static const char *below(const char *base, const char *more)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s%s", base, more);
	return path;
}

static void expect_claim(const char *path)
{
	char *base = cgroup_parent_claim(folder, "it\n");

	cr_assert_not_null(base);
	cr_expect_str_eq(base, path);
	cr_expect_eq(access(path, F_OK), 0);
	free(base);
}

/* One that cannot be removed, as somebody is in it. */
static void make_full(const char *base)
{
	FILE *file;

	cr_assert_eq(mkdir(base, 0755), 0);
	cr_assert_eq(mkdir(below(base, "/it.service"), 0755), 0);
	file = fopen(below(base, "/it.service/cgroup.procs"), "w");
	cr_assert_not_null(file);
	fclose(file);
}

static void remove_full(const char *base)
{
	unlink(below(base, "/it.service/cgroup.procs"));
	rmdir(below(base, "/it.service"));
	rmdir(base);
}

Test(cgroup_base, what_an_earlier_one_of_the_same_pid_left_empty_is_made_anew, .init = make_folder)
{
	cr_assert_eq(mkdir(name, 0755), 0);
	cr_assert_eq(mkdir(below(name, "/it.service"), 0755), 0);
	expect_claim(name);
	cr_expect_neq(access(below(name, "/it.service"), F_OK), 0);
	rmdir(name);
	rmdir(folder);
}

Test(cgroup_base, whom_an_earlier_one_left_is_not_mixed_with_ours, .init = make_folder)
{
	char second[256], third[256];

	strcpy(second, below(name, ".2"));
	strcpy(third, below(name, ".3"));
	make_full(name);
	make_full(second);
	expect_claim(third);
	remove_full(name);
	remove_full(second);
	rmdir(third);
	rmdir(folder);
}

Test(cgroup_base, none_is_claimed_where_nobody_may_make_one)
{
	strcpy(folder, "/proc");
	cr_expect_null(cgroup_parent_claim(folder, NULL));
	cr_expect_null(cgroup_parent_claim("/nonexistent", NULL));
}

static char left[16][256];
static enum cgroup_owner heirs[16];
static size_t left_count;

static void note_left(void *context, const char *path, enum cgroup_owner heir)
{
	(void)context;
	cr_assert_lt(left_count, 16);
	heirs[left_count] = heir;
	snprintf(left[left_count++], sizeof(*left), "%s", path);
}

static void look(const char *mine, const char *identity)
{
	left_count = 0;
	cgroup_parent_each_left(folder, mine, identity, note_left, NULL);
}

static bool is_left(const char *path)
{
	for (size_t n = 0; n < left_count; n++) {
		if (!strcmp(left[n], path))
			return true;
	}
	return false;
}

/* Where a folder of this pid stands, of a superd in our namespace. */
static const char *base_of(pid_t pid, const char *more)
{
	static char path[256];
	char suffix[24];

	cgroup_parent_suffix(suffix, sizeof(suffix));
	snprintf(path, sizeof(path), "%s/" CGROUP_BASE "%ld%s%s", folder, (long)pid, suffix, more);
	return path;
}

static pid_t ended_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void make(const char *path)
{
	cr_assert_eq(mkdir(path, 0755), 0);
}

static void clear(void)
{
	char order[96];

	snprintf(order, sizeof(order), "rm -r %s", folder);
	cr_assert_eq(system(order), 0);
}

Test(cgroup_base, of_superds_that_are_gone_is_what_has_no_process, .init = make_folder)
{
	pid_t pid = ended_process(), parent = getppid();
	char gone[256], again[256], other[256], lives[256];

	strcpy(gone, base_of(pid, ""));
	strcpy(again, base_of(pid, ".2"));
	strcpy(other, base_of(pid, "-1"));
	strcpy(lives, base_of(parent, ""));
	make(gone), make(again), make(other), make(lives), make(name);
	look(name, NULL);
	cr_expect(is_left(gone) && is_left(again));
	cr_expect_not(is_left(other), "of another namespace");
	cr_expect_not(is_left(lives));
	cr_expect_not(is_left(name), "our own");
	look(NULL, NULL);
	cr_expect(is_left(name), "as we have claimed none, it was an earlier one's, of our pid");
	clear();
}

Test(cgroup_base, none_is_believed_that_others_could_write, .init = make_folder)
{
	pid_t pid = ended_process();
	char open[256], stranger[256];

	strcpy(open, base_of(pid, ""));
	strcpy(stranger, base_of(pid, ".2"));
	make(open), make(stranger);
	cr_assert_eq(chmod(open, 0777), 0);
	if (chown(stranger, geteuid() == 65534 ? 65533 : 65534, getegid()) < 0)
		rmdir(stranger);        /* only root can show that */
	look(NULL, NULL);
	cr_expect_eq(left_count, 0);
	clear();
}

/* Of tmpfs since Linux 6.6, of control groups since 5.7. */
#define SKIP_WITHOUT_MARKS(path) \
	do { \
		if (lsetxattr(path, "user.superd.born", "1", 1, 0) < 0) { \
			clear(); \
			cr_skip_test("this file system keeps no attributes of users"); \
		} \
	} while (0)

Test(cgroup_base, a_pid_that_is_anothers_by_now_is_no_superd, .init = make_folder)
{
	char before[256];

	strcpy(before, base_of(getppid(), ""));
	make(before);
	SKIP_WITHOUT_MARKS(before);
	look(NULL, NULL);
	cr_expect(is_left(before), "whoever has the pid began at another time");
	clear();
}

Test(cgroup_base, a_group_that_a_later_one_has_is_known, .init = make_folder)
{
	int ends[2];
	char byte;
	pid_t pid;

	SKIP_WITHOUT_MARKS(folder);
	cr_expect_not(cgroup_parent_is_adopted(folder));
	cgroup_parent_adopt(folder);
	cr_expect_not(cgroup_parent_is_adopted(folder), "nobody else has it");
	cr_assert_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		cgroup_parent_adopt(folder);
		_exit(write(ends[1], "", 1) != 1 || pause());
	}
	cr_assert_eq(read(ends[0], &byte, 1), 1);
	cr_expect(cgroup_parent_is_adopted(folder));
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_expect_not(cgroup_parent_is_adopted(folder), "it has ended");
	close(ends[0]);
	close(ends[1]);
	cr_assert_eq(lsetxattr(folder, "user.superd.heir", "1 12345678", 10, 0), 0);
	cr_expect_not(cgroup_parent_is_adopted(folder), "that is another process by now");
	clear();
}

Test(cgroup_base, one_that_lives_is_known_by_when_it_began, .init = make_folder)
{
	pid_t pid;
	char *base;
	int ends[2];

	make(base_of(getppid(), ""));
	SKIP_WITHOUT_MARKS(base_of(getppid(), ""));
	rmdir(base_of(getppid(), ""));
	cr_assert_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		char byte;

		close(ends[1]);
		base = cgroup_parent_claim(folder, "a superd\n");
		_exit(!base || read(ends[0], &byte, 1) < 0);
	}
	close(ends[0]);
	for (int n = 0; n < HANG_MS / 10 && lgetxattr(base_of(pid, ""), "user.superd.born", NULL, 0) < 0; n++)
		usleep(10000);
	look(NULL, NULL);
	cr_expect_not(is_left(base_of(pid, "")));
	close(ends[1]);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	look(NULL, "a superd\n");
	cr_assert_eq(left_count, 1);
	cr_expect_eq(heirs[0], CGROUP_OF_US);
	look(NULL, "a superd\nand more\n");
	cr_expect_eq(heirs[0], CGROUP_OF_OTHER);
	look(NULL, NULL);
	cr_expect_eq(heirs[0], CGROUP_OF_OTHER);
	clear();
}
