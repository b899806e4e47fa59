/* What a process uses up. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "os/cgroup/resource_usage.h"

Test(usage, tells_of_this_process)
{
	struct resource_usage before = resource_usage_of_process(getpid()), after;
	size_t size = 32 << 20;
	char *much = malloc(size);
	volatile char *used = much;     /* or a compiler does without it */

	cr_assert(before.memory > 0 && before.cpu >= 0);
	cr_assert(much);
	for (size_t n = 0; n < size; n += 4096)
		used[n] = 1;
	while (clock() < CLOCKS_PER_SEC / 5)
		;
	after = resource_usage_of_process(getpid());
	cr_expect_geq(after.memory, before.memory + (int64_t)(size / 2));
	cr_expect_gt(after.cpu, 0.1);
	free(much);
}

Test(usage, knows_nothing_of_nobody)
{
	struct resource_usage usage = resource_usage_of_process(0);

	cr_expect(usage.memory == -1 && usage.cpu < 0);
	usage = resource_usage_of_process(4194999);
	cr_expect(usage.memory == -1 && usage.cpu < 0);
	usage = resource_usage_of_cgroup("/nonexistent", false);
	cr_expect(usage.memory == -1 && usage.cpu < 0);
}

/* A folder with the files of a group that no controller counts memory for. */
Test(usage, adds_up_the_processes_of_a_group_that_has_no_count)
{
	char folder[] = "/tmp/usageXXXXXX", path[64];
	int64_t own = resource_usage_of_process(getpid()).memory;
	struct resource_usage usage;
	FILE *file;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fprintf(file, "%ld\n%ld\n", (long)getpid(), (long)getpid());
	cr_assert_eq(fclose(file), 0);
	usage = resource_usage_of_cgroup(folder, false);
	unlink(path);
	rmdir(folder);
	cr_expect_gt(usage.memory, own);
	cr_expect_leq(usage.memory, 3 * own);
}
