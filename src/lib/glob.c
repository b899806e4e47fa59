/* Shell patterns, matched without recursion.
 *
 * A star takes as few characters as possible. If the rest of the pattern fails, only the last star takes one more:
 * whatever an earlier star could take in addition, the last one can. So the time is at most the product of both
 * lengths. */
#include "lib/glob.h"

#include <stddef.h>

/* Whether a set has the character. `set` points behind its [. Sets *end behind its ], or to NULL if there is none: then
 * the [ is an ordinary character. */
static bool set_has(const char *set, char c, const char **end)
{
	bool negated = *set == '!' || *set == '^', found = false;
	const char *at = set + negated;

	*end = NULL;
	for (const char *first = at; *at && (*at != ']' || at == first); at++) {
		if (at[1] == '-' && at[2] && at[2] != ']') {
			found |= at[0] <= c && c <= at[2];
			at += 2;
		} else {
			found |= *at == c;
		}
	}
	if (*at)
		*end = at + 1;
	return found != negated;
}

/* Whether one step of the pattern, which is not a star, matches this character; *next points behind the step. */
static bool step_takes(const char *pattern, char c, int flags, const char **next)
{
	const char *end;
	bool has;

	*next = pattern + 1;
	if (*pattern == '[') {
		has = set_has(pattern + 1, c, &end);
		if (end) {
			*next = end;
			return has;
		}
	}
	if (*pattern == '\\' && pattern[1] && !(flags & FNM_NOESCAPE))
		*next = ++pattern + 1;
	else if (*pattern == '?')
		return true;
	return *pattern == c;
}

bool glob_matches(const char *pattern, const char *text, int flags)
{
	const char *star = NULL, *taken = NULL, *next;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			taken = text;
		} else if (*pattern && step_takes(pattern, *text, flags, &next)) {
			pattern = next;
			text++;
		} else if (star) {
			pattern = star;
			text = ++taken;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
