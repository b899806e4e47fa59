/* Sizes for people, written the same way by superd and superctl, in the units that tables take: "512B" "2.1M" "1.0G",
 * base 1024. */
#pragma once

#define SIZE_TEXT_MOST 16               /* bytes with the NUL */

/* Writes the text into out and returns out. NaN, negative sizes and those beyond 1e15 bytes are "?". */
const char *size_write(char out[SIZE_TEXT_MOST], double bytes);
