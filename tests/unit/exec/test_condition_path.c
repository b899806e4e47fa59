/* Patterns of paths, as systemd's conditions have them: those of glob(7), and braces. */
#include "exec/stages/stages.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/superd-condition-XXXXXX";

static void make_files(void)
{
	static const char *const names[] = { "main.cvd", "daily.cld", "a{b}", ".hidden" };
	char path[128];

	cr_assert_not_null(mkdtemp(folder));
	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[n]);
		close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	}
}

static void remove_files(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
}

static void expect(const char *pattern, bool exists)
{
	char path[8192];

	snprintf(path, sizeof(path), "%s/%s", folder, pattern);
	cr_expect_eq(condition_kind_holds(CONDITION_PATH_EXISTS_GLOB, path), exists, "%s", pattern);
}

TestSuite(condition_path, .init = make_files, .fini = remove_files);

Test(condition_path, takes_patterns)
{
	expect("main.cvd", true);
	expect("main.c[vl]d", true);
	expect("*.cld", true);
	expect("*.inc", false);
	expect("?hidden", false);
	expect(".h*", true);
}

Test(condition_path, takes_one_alternative_or_another)
{
	expect("main.{c[vl]d,inc}", true);
	expect("main.{inc,c[vl]d}", true);
	expect("main.{inc,exc}", false);
	expect("{main,daily}.cld", true);
	expect("{main,weekly}.cld", false);
	expect("{m{ai,o}n,weekly}.c{v,l}d", true);
	expect("main{,.inc}", false);
	expect("main.cvd{.inc,}", true);
}

Test(condition_path, takes_braces_that_are_none_as_they_are)
{
	expect("main.{cvd", false);
	expect("main.cvd}", false);
	expect("a{b}", false);
	expect("ab", false);
}

Test(condition_path, bounds_what_braces_make)
{
	char pattern[5000];

	memset(pattern, 'x', sizeof(pattern));
	memcpy(pattern, "{a,b}", 5);
	pattern[sizeof(pattern) - 1] = '\0';
	expect(pattern, false);
	expect("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", false);
}
