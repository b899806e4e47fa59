/* Sizes as text. The unit is chosen after rounding: 1023.96K are "1.0M". */
#include "lib/size_text.h"

#include <stddef.h>
#include <stdio.h>

#define MOST 1e15                       /* bytes; a larger number is printed as "?" */

const char *size_write(char out[SIZE_TEXT_MOST], double bytes)
{
	static const char units[] = "KMGTP";
	size_t i = 0;

	if (!(bytes >= 0 && bytes <= MOST)) {
		snprintf(out, SIZE_TEXT_MOST, "?");
		return out;
	}
	if (bytes < 1024) {
		snprintf(out, SIZE_TEXT_MOST, "%.0fB", bytes);
		return out;
	}
	for (bytes /= 1024; bytes >= 1023.95 && units[i + 1]; i++)
		bytes /= 1024;
	snprintf(out, SIZE_TEXT_MOST, "%.1f%c", bytes, units[i]);
	return out;
}
