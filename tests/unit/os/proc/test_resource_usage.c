/* What a process uses up. */
#include <sys/mman.h>

#include "os/proc/proc.h"
#include "tests/unit/unit.h"

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

/* Starts a process that has touched this memory, and waits until it has. */
static pid_t start_user(volatile char *memory, size_t size)
{
	int done[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(done), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		for (size_t n = 0; n < size; n += 4096)
			memory[n] = 1;
		(void)!write(done[1], "", 1);
		for (;;)
			pause();
	}
	cr_assert_eq(read(done[0], &byte, 1), 1);
	close(done[0]);
	close(done[1]);
	return pid;
}

/* A folder with the files of a group that no controller counts memory for. */
static struct resource_usage usage_of_two(pid_t first, pid_t second)
{
	char folder[] = "/tmp/usageXXXXXX", path[64];
	struct resource_usage usage;
	FILE *file;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fprintf(file, "%ld\n%ld\n", (long)first, (long)second);
	cr_assert_eq(fclose(file), 0);
	usage = resource_usage_of_cgroup(folder, false);
	unlink(path);
	rmdir(folder);
	return usage;
}

static int64_t use_by_two(int sharing)
{
	size_t size = 32 << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
	struct resource_usage usage;
	pid_t users[2];

	cr_assert_neq(memory, MAP_FAILED);
	for (int n = 0; n < 2; n++)
		users[n] = start_user(memory, size);
	usage = usage_of_two(users[0], users[1]);
	for (int n = 0; n < 2; n++) {
		kill(users[n], SIGKILL);
		waitpid(users[n], NULL, 0);
	}
	munmap(memory, size);
	cr_expect_geq(usage.cpu, 0);
	return usage.memory;
}

Test(usage, counts_what_processes_share_once)
{
	int64_t shared = use_by_two(MAP_SHARED), apart = use_by_two(MAP_PRIVATE);

	cr_expect_geq(shared, 32 << 20);
	cr_expect_lt(shared, 56 << 20, "%lld", (long long)shared);
	cr_expect_geq(apart, 64 << 20, "%lld", (long long)apart);
}
