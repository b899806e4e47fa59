/* Shell patterns of names. */
#include "lib/glob.h"
#include "tests/unit/unit.h"

Test(glob, matches_as_a_shell_does)
{
	static const struct { const char *pattern, *name; bool matches; } cases[] = {
		{ "web", "web", true },       { "web", "webs", false },     { "web", "we", false },
		{ "*", "", true },            { "*", "web", true },         { "w*", "web", true },
		{ "*b", "web", true },        { "*e*", "web", true },       { "w*b*", "web", true },
		{ "w?b", "web", true },       { "w?b", "wb", false },       { "?", "", false },
		{ "[wx]eb", "web", true },    { "[!wx]eb", "web", false },  { "[a-w]eb", "web", true },
		{ "[x-z]eb", "web", false },  { "web[", "web[", true },     { "[]]", "]", true },
		{ "*[0-9]", "web7", true },   { "*[0-9]", "web", false },   { "**b", "web", true },
		{ "a*b*c", "aXbXbXc", true }, { "a*b*c", "aXbXbX", false }, { "", "web", false },
		{ "w*", "W", false },
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++)
		cr_expect_eq(glob_matches(cases[n].pattern, cases[n].name, FNM_NOESCAPE), cases[n].matches, "%s on %s",
			     cases[n].pattern, cases[n].name);
}

/* As fnmatch(3) without flags. */
Test(glob, escapes_by_a_backslash)
{
	static const struct { const char *pattern, *text; bool matches;
	} cases[] = {
		{ "*", "", true },
		{ "", "", true },
		{ "", "a", false },
		{ "a*c", "abbc", true },
		{ "a*c", "abb", false },
		{ "?", "a", true },
		{ "?", "", false },
		{ "[a-c]x", "bx", true },
		{ "[!a-c]x", "bx", false },
		{ "[^a]", "b", true },
		{ "[]a]", "]", true },
		{ "[a", "[a", true },
		{ "\\*", "*", true },
		{ "\\*", "a", false },
		{ "*a*b*c", "xxaxxbxxc", true },
		{ "*.conf", ".conf", true },
		{ "*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++)
		cr_expect_eq(glob_matches(cases[n].pattern, cases[n].text, 0), cases[n].matches, "%s of %s",
			     cases[n].pattern, cases[n].text);
}

Test(glob, is_told_from_a_plain_name)
{
	cr_expect(glob_is_pattern("w*") && glob_is_pattern("w?") && glob_is_pattern("[w]"));
	cr_expect_not(glob_is_pattern("web-1.example:80"));
}

/* fnmatch(3) would need more steps than there are atoms. */
Test(glob, takes_bounded_time, .timeout = 120)
{
	char pattern[2001], name[1001];

	for (size_t n = 0; n < 2000; n += 2)
		memcpy(pattern + n, "*a", 2);
	pattern[1999] = 'b';
	pattern[2000] = '\0';
	memset(name, 'a', 1000);
	name[1000] = '\0';
	cr_expect_not(glob_matches(pattern, name, FNM_NOESCAPE));
}
