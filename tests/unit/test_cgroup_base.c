/* Whose folder it is that a superd puts its groups in. Any file system does; real groups have files in them that go
 * with them, which these lack. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/cgroup_base.h"
#include "sys/cgroup_place.h"

static char folder[64], name[192];

static void make_folder(void)
{
	char suffix[24];

	strcpy(folder, "/tmp/superd-base-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cgroup_base_suffix(suffix, sizeof(suffix));
	snprintf(name, sizeof(name), "%s/" CGROUP_BASE "%ld%s", folder, (long)getpid(), suffix);
}

static const char *below(const char *base, const char *more)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s%s", base, more);
	return path;
}

static void expect_claim(const char *path)
{
	char *base = cgroup_base_claim(folder);

	cr_assert_not_null(base);
	cr_expect_str_eq(base, path);
	cr_expect_eq(access(path, F_OK), 0);
	free(base);
}

/* One that cannot be removed, as somebody is in it, and stands still. */
static void make_frozen(const char *base)
{
	FILE *file;

	cr_assert_eq(mkdir(base, 0755), 0);
	cr_assert_eq(mkdir(below(base, "/it.service"), 0755), 0);
	file = fopen(below(base, "/it.service/cgroup.freeze"), "w");
	cr_assert_not_null(file);
	fputc('1', file);
	fclose(file);
}

static void expect_thawed(const char *base)
{
	FILE *file = fopen(below(base, "/it.service/cgroup.freeze"), "r");

	cr_assert_not_null(file);
	cr_expect_eq(fgetc(file), '0');
	fclose(file);
}

static void remove_frozen(const char *base)
{
	unlink(below(base, "/it.service/cgroup.freeze"));
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

Test(cgroup_base, whom_an_earlier_one_left_goes_on_and_is_not_mixed_with_ours, .init = make_folder)
{
	char second[256], third[256];

	strcpy(second, below(name, ".2"));
	strcpy(third, below(name, ".3"));
	make_frozen(name);
	make_frozen(second);
	expect_claim(third);
	expect_thawed(name);
	expect_thawed(second);
	remove_frozen(name);
	remove_frozen(second);
	rmdir(third);
	rmdir(folder);
}

Test(cgroup_base, none_is_claimed_where_nobody_may_make_one)
{
	strcpy(folder, "/proc");
	cr_expect_null(cgroup_base_claim(folder));
	cr_expect_null(cgroup_base_claim("/nonexistent"));
}

Test(cgroup_base, of_superds_that_are_gone_what_is_empty_goes_and_who_is_frozen_goes_on, .init = make_folder)
{
	char gone[192], again[200], frozen[200], suffix[24], other[192];
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cgroup_base_suffix(suffix, sizeof(suffix));
	snprintf(gone, sizeof(gone), "%s/" CGROUP_BASE "%ld%s", folder, (long)pid, suffix);
	snprintf(again, sizeof(again), "%s.2", gone);
	snprintf(frozen, sizeof(frozen), "%s.3", gone);
	snprintf(other, sizeof(other), "%s/" CGROUP_BASE "%ld%s-1", folder, (long)pid, suffix);
	cr_assert(!mkdir(gone, 0755) && !mkdir(again, 0755) && !mkdir(other, 0755) && !mkdir(name, 0755));
	make_frozen(frozen);
	cgroup_base_sweep(folder);
	cr_expect(access(gone, F_OK) < 0 && access(again, F_OK) < 0);
	cr_expect_eq(access(other, F_OK), 0, "of another namespace");
	cr_expect_eq(access(name, F_OK), 0, "of one that lives");
	expect_thawed(frozen);
	remove_frozen(frozen);
	cr_expect(!rmdir(other) && !rmdir(name) && !rmdir(folder));
}
