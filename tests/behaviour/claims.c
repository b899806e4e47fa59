/* Claims and their tests. The hard thing is that a list of tests goes out of date: each that is named must be in the
 * sources, by its whole name, or among the cases of superd-read. */
#include "claims.h"

#include <glob.h>

#include "harness.h"

const char *source_folder(void)
{
	const char *folder = getenv("SRCDIR");

	cr_assert_not_null(folder, "SRCDIR is not set: run the tests by make check");
	return folder;
}

static bool is_in_sources(const glob_t *sources, const char *test)
{
	const char *closed = text_of("(%s)", test), *continued = text_of("(%s,", test);

	if (strchr(test, '/'))
		return access(text_of("%s/tests/%s.superd.conf", source_folder(), test), F_OK) == 0;
	for (size_t n = 0; n < sources->gl_pathc; n++) {
		const char *text = read_text(sources->gl_pathv[n]);

		if (text && (strstr(text, closed) || strstr(text, continued)))
			return true;
	}
	return false;
}

void claims_expect(const struct endpoint_claim *claims, size_t count)
{
	static const char *const patterns[] = { "unit/*", "unit/*/*", "behaviour/*" };
	glob_t sources = { 0 };

	for (size_t n = 0; n < sizeof(patterns) / sizeof(*patterns); n++)
		cr_assert_eq(glob(text_of("%s/tests/%s/test_*.c", source_folder(), patterns[n]), n ? GLOB_APPEND : 0,
				  NULL, &sources), 0);
	for (size_t n = 0; n < count; n++) {
		cr_expect_not_null(claims[n].tests[0], "%s: no test", claims[n].what);
		for (size_t test = 0; test < CLAIM_TESTS && claims[n].tests[test]; test++)
			cr_expect(is_in_sources(&sources, claims[n].tests[test]), "%s: there is no test '%s'",
				  claims[n].what, claims[n].tests[test]);
	}
	globfree(&sources);
}
