/* CPUs and I/O priorities as the kernel's numbers. */
#include <sched.h>

#include "superd/start/scheduling.h"
#include "tests/unit/unit.h"

#define PRIORITY(class, level) ((class) << 13 | (level))

static void expect_cpus(words ranges, const char *wanted)
{
	size_t size = 0;
	void *set = NULL;

	cr_assert(scheduling_cpus(ranges, &set, &size));
	for (int cpu = 0; cpu < (int)(8 * size); cpu++)
		cr_assert_eq(CPU_ISSET_S(cpu, size, (cpu_set_t *)set) != 0, cpu < 8 && wanted[cpu] == '1', "CPU %d",
			     cpu);
	free(set);
}

Test(scheduling, sets_single_cpus_and_ranges)
{
	expect_cpus((const char *[]){ "0", NULL }, "10000000");
	expect_cpus((const char *[]){ "1", "3-5", "7", NULL }, "01011101");
	expect_cpus((const char *[]){ "2-2", "2", NULL }, "00100000");
	expect_cpus((const char *[]){ NULL }, "00000000");
}

Test(scheduling, refuses_a_cpu_beyond_what_there_can_be)
{
	size_t size;
	void *set = NULL;

	errno = 0;
	cr_expect(!scheduling_cpus((const char *[]){ "8192", NULL }, &set, &size));
	cr_expect_eq(errno, ERANGE);
	errno = 0;
	cr_expect(!scheduling_cpus((const char *[]){ "0-99999999999999999999", NULL }, &set, &size));
	cr_expect_eq(errno, ERANGE);
	cr_assert(scheduling_cpus((const char *[]){ "8191", NULL }, &set, &size));
	free(set);
}

Test(scheduling, gives_the_kernels_numbers_of_io_priorities)
{
	static const struct { const char *text; int priority; } known[] = {
		{ "idle", PRIORITY(3, 0) }, { "best-effort", PRIORITY(2, 4) }, { "best-effort:0", PRIORITY(2, 0) },
		{ "best-effort:7", PRIORITY(2, 7) }, { "realtime:3", PRIORITY(1, 3) }, { "realtime", PRIORITY(1, 4) },
	};

	for (size_t n = 0; n < sizeof(known) / sizeof(*known); n++) {
		int priority = -1;

		cr_expect(scheduling_io_priority(known[n].text, &priority), "%s", known[n].text);
		cr_expect_eq(priority, known[n].priority, "%s: %x", known[n].text, (unsigned)priority);
	}
}

Test(scheduling, refuses_a_class_it_does_not_know)
{
	static const char *const unknown[] = { "", "none", "idl", "idler", "best", "realtimes:1", ":3" };
	int priority = -1;

	for (size_t n = 0; n < sizeof(unknown) / sizeof(*unknown); n++)
		cr_expect(!scheduling_io_priority(unknown[n], &priority), "%s", unknown[n]);
	cr_expect_eq(priority, -1);
}
