/* Whether backends are to be chosen before superd, by the limits of real control groups. Each test moves itself into
 * the groups that it makes, and out again before it judges. */
#include "os/cgroup/cgroup.h"
#include "tests/unit/unit.h"

#include <limits.h>

#define V1_MEMORY "/sys/fs/cgroup/memory"

static char own[PATH_MAX / 4], outer[PATH_MAX / 2], inner[PATH_MAX];

static bool write_in(const char *folder, const char *file, const char *text)
{
	char path[PATH_MAX + 64];
	FILE *out;
	bool good;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	out = fopen(path, "we");
	if (!out)
		return false;
	good = fputs(text, out) >= 0;
	return fclose(out) == 0 && good;
}

/* The group of the test in the first hierarchy, which a container may not show. */
static bool find_own(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX / 8], name[PATH_MAX / 8];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*d:memory:%511s", name) == 1;
	if (file)
		fclose(file);
	if (found)
		snprintf(own, sizeof(own), V1_MEMORY "%s", strcmp(name, "/") ? name : "");
	return found && access(own, W_OK) == 0;
}

static void leave_groups(void)
{
	write_in(own, "cgroup.procs", "0");
	rmdir(inner);
	rmdir(outer);
}

/* Two groups of the first hierarchy, one in the other. */
static void make_groups(void)
{
	if (!find_own())
		cr_skip_test("there is no writable group of a memory controller of cgroup v1 here");
	snprintf(outer, sizeof(outer), "%s/superd-test-%ld", own, (long)getpid());
	snprintf(inner, sizeof(inner), "%s/inner", outer);
	if (mkdir(outer, 0755) < 0 || mkdir(inner, 0755) < 0 || !write_in(inner, "cgroup.procs", "0")) {
		leave_groups();
		cr_skip_test("no groups can be made below the memory controller of cgroup v1 here");
	}
}

/* 100 above what this process has, as a text. */
static const char *above_own(void)
{
	static char text[16];
	FILE *file = fopen("/proc/self/oom_score_adj", "re");
	int score = 0;

	cr_assert(file && fscanf(file, "%d", &score) == 1);
	fclose(file);
	if (score >= 1000)
		return "";
	snprintf(text, sizeof(text), "%d", score + 100 < 1000 ? score + 100 : 1000);
	return text;
}

/* What backends get while `folder` has the limit. */
static void score_with(const char *folder, const char *limit, char score[OOM_SCORE_TEXT])
{
	bool good;

	make_groups();
	good = write_in(folder, "memory.limit_in_bytes", limit);
	oom_score_above_own(score, false);
	leave_groups();
	cr_assert(good, "the limit could not be set");
	cr_expect_neq(access(outer, F_OK), 0, "%s is left behind", outer);
}

Test(oom_score, a_limit_of_the_first_hierarchy_puts_backends_above_superd)
{
	char score[OOM_SCORE_TEXT];

	score_with(inner, "512M", score);
	cr_expect_str_eq(score, above_own());
}

Test(oom_score, a_limit_of_a_group_above_counts_as_well)
{
	char score[OOM_SCORE_TEXT];

	score_with(outer, "512M", score);
	cr_expect_str_eq(score, above_own());
}

Test(oom_score, the_kernels_own_number_for_no_limit_is_none)
{
	char before[OOM_SCORE_TEXT], score[OOM_SCORE_TEXT];

	oom_score_above_own(before, false);
	if (*before)
		cr_skip_test("this test is process 1, or has a limit of memory already");
	score_with(inner, "-1", score);
	cr_expect_str_eq(score, "");
}
