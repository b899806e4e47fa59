/* Shell patterns: * ? [abc] [a-z] [!a-z] and \ as an escape. As fnmatch(3), but async-signal-safe, independent of the
 * locale, and in time bounded by the product of both lengths. */
#pragma once

#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>

/* Whether the text is a pattern rather than a plain name. */
static inline bool glob_is_pattern(const char *text)
{
	return strpbrk(text, "*?[");
}

/* flags: 0, or FNM_NOESCAPE, which makes \ an ordinary character. A / is an ordinary character, too. */
bool glob_matches(const char *pattern, const char *text, int flags);
