/* I/O priorities as the kernel's numbers. */
#include "superd/start/start.h"
#include "tests/unit/unit.h"

#define PRIORITY(class, level) ((class) << 13 | (level))

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
