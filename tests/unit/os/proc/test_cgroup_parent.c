/* Whose folder it is that a superd puts its groups in. Any file system does; real groups have files in them that go
 * with them, which these lack. */
#include "os/proc/proc.h"
#include "tests/unit/unit.h"

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
	char *base = cgroup_parent_claim(folder);

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
	cr_expect_null(cgroup_parent_claim(folder));
	cr_expect_null(cgroup_parent_claim("/nonexistent"));
}

/* Its maker has ended; who is in one is left alone, and so is what a living one has. */
Test(cgroup_base, what_a_killed_one_left_empty_is_removed, .init = make_folder)
{
	char suffix[24], empty[192], full[200], living[192];
	int status;
	pid_t gone = fork();

	if (gone == 0)
		_exit(0);
	cr_assert_eq(waitpid(gone, &status, 0), gone);
	cgroup_parent_suffix(suffix, sizeof(suffix));
	snprintf(empty, sizeof(empty), "%s/" CGROUP_BASE "%ld%s", folder, (long)gone, suffix);
	snprintf(full, sizeof(full), "%s.2", empty);
	snprintf(living, sizeof(living), "%s/" CGROUP_BASE "%ld%s", folder, (long)getppid(), suffix);
	cr_assert_eq(mkdir(empty, 0755), 0);
	cr_assert_eq(mkdir(below(empty, "/it.service"), 0755), 0);
	cr_assert_eq(mkdir(living, 0755), 0);
	make_full(full);
	expect_claim(name);
	cr_expect_neq(access(empty, F_OK), 0);
	cr_expect_eq(access(full, F_OK), 0);
	cr_expect_eq(access(living, F_OK), 0);
	remove_full(full);
	rmdir(living);
	rmdir(name);
	rmdir(folder);
}
