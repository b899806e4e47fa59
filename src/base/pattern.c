/* Shell patterns of *, ? and [], matched without recursion.
 *
 * A star takes as few characters as possible. When the rest of the pattern fails, only the last star takes one
 * more: whatever an earlier star could take in addition, the last one can. So the time is at most the product of
 * both lengths. */
#include "base/pattern.h"

#include <stddef.h>
#include <string.h>

bool pattern_is(const char *text)
{
	return strpbrk(text, "*?[");
}

/* Whether a set has the character; `set` points behind its [. *end points behind its ], or is NULL if there is none:
 * then the [ stands for itself. */
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
static bool step_takes(const char *pattern, char c, const char **next)
{
	const char *end;
	bool has;

	*next = pattern + 1;
	if (*pattern == '?')
		return true;
	if (*pattern == '[') {
		has = set_has(pattern + 1, c, &end);
		if (end) {
			*next = end;
			return has;
		}
	}
	return *pattern == c;
}

bool pattern_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *taken = NULL, *next;

	if (strnlen(pattern, PATTERN_MOST + 1) > PATTERN_MOST)
		return false;
	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			taken = name;
		} else if (*pattern && step_takes(pattern, *name, &next)) {
			pattern = next;
			name++;
		} else if (star) {
			pattern = star;
			name = ++taken;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
