/* Matches patterns as fnmatch(3) does without flags; fnmatch(3) itself is not safe between fork and exec. */
#include <stddef.h>

#include "exec/child/condition.h"

/* Matches a [ ] of a pattern. Returns the text behind it; NULL: it is not closed, so [ stands for itself. */
static const char *match_set(const char *set, char c, bool *matched)
{
	bool inverted = set[1] == '!' || set[1] == '^', found = false;
	const char *at = set + 1 + inverted, *first = at;

	for (; *at && (*at != ']' || at == first); at++) {
		if (at[1] == '-' && at[2] && at[2] != ']') {
			found |= c >= at[0] && c <= at[2];
			at += 2;
		} else {
			found |= *at == c;
		}
	}
	*matched = found != inverted;
	return *at ? at + 1 : NULL;
}

/* Whether one character fits the pattern's next sign; *next is behind that. */
static bool match_one(const char *pattern, char c, const char **next)
{
	bool matched = false;

	*next = pattern + 1;
	if (*pattern == '[') {
		const char *behind = match_set(pattern, c, &matched);

		if (behind) {
			*next = behind;
			return matched;
		}
	}
	if (*pattern == '\\' && pattern[1])
		*next = ++pattern + 1;
	else if (*pattern == '?')
		return true;
	return *pattern == c;
}

/* The match only ever goes back to the last *, so its time is at most the product of both lengths. */
bool condition_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *back = NULL, *next;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			back = text;
		} else if (*pattern && match_one(pattern, *text, &next)) {
			pattern = next;
			text++;
		} else if (star) {
			pattern = star;
			text = ++back;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
