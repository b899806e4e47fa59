/* Shell patterns: * ? [abc] [a-z] [!a-z] and, where it escapes, \. As fnmatch(3), but async-signal-safe, without a
 * locale, and in time bounded by the product of both lengths. */
#pragma once

#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>

/* It is a pattern, not a plain name. */
static inline bool glob_is_pattern(const char *text)
{
	return strpbrk(text, "*?[");
}

/* flags: 0, or FNM_NOESCAPE, with which \ stands for itself. A / is a character like any other. */
bool glob_matches(const char *pattern, const char *text, int flags);
