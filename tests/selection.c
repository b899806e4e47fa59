/* Which tests of a Criterion program run, and how far they are; a part of each such program.
 *
 * SUPERD_CORE names the file tests/core: of the behaviour tests those run that it names, of the unit tests all but
 * those that it leaves out. Without it all run. SUPERD_PROGRESS names a file that gets a line for each test that has
 * ended. */
#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <criterion/internal/ordered-set.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *core;

static void read_core(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size = 0;

	if (!file || getdelim(&core, &size, '\0', file) < 0) {
		perror(path);
		exit(99);
	}
	fclose(file);
}

/* Whether a line of the file begins with this mark and name, which a blank ends. */
static bool has_line(const char *mark, const char *suite, const char *name)
{
	char line[256];
	size_t length = (size_t)snprintf(line, sizeof(line), "\n%s%s::%s", mark, suite, name);

	for (const char *found = strstr(core, line); found; found = strstr(found + 1, line)) {
		if (strchr(" \t\n", found[length]))
			return true;
	}
	return false;
}

void scenarios_register(struct criterion_test_set *set) __attribute__((weak));  /* of behaviour tests (scenario.h) */

static bool runs_tests;

/* LeakSanitizer asks for it (lsan_interface.h). The process that runs the tests has leaks of Criterion's; and where it
 * cannot be looked into, all of its tests would have passed, and it not. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return runs_tests;
}

/* In the process that runs the tests, and not in theirs. */
ReportHook(PRE_ALL)(struct criterion_test_set *set)
{
	const char *path = getenv("SUPERD_CORE");

	runs_tests = true;
	if (scenarios_register)
		scenarios_register(set);
	if (!path || !*path)
		return;
	read_core(path);
	FOREACH_SET (struct criterion_suite_set *suite, set->suites) {
		FOREACH_SET (struct criterion_test *test, suite->tests) {
			bool behaves = strstr(test->data->file_, "tests/behaviour/");
			bool named = has_line(behaves ? "" : "-", test->category, test->name);

			if (named != behaves)
				test->data->disabled = true;
		}
	}
}

ReportHook(POST_TEST)(struct criterion_test_stats *stats)
{
	const char *path = getenv("SUPERD_PROGRESS");
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%s %s::%s\n", stats->test_status == CR_STATUS_FAILED ? "failed" : "ended", stats->test->category,
		stats->test->name);
	close(fd);
}
