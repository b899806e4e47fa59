/* Shell patterns of names: * ? [abc] [a-z] [!a-z]. In time bounded by the product of both lengths, whoever wrote them,
 * which fnmatch(3) does not promise. */
#pragma once

#include <stdbool.h>

#define PATTERN_MOST 255                        /* characters; a longer one matches nothing */

bool pattern_is(const char *text);              /* it is one, not a plain name */
bool pattern_matches(const char *pattern, const char *name);
