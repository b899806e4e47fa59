/* Durations for people, written the same way by superd and superctl: "320 us" "3.2 ms" "189 ms" "1.5 s" "12 s" "3 min 5
 * s" "1 h" "2 d 4 h". */
#pragma once

#define DURATION_MOST 40                /* bytes with the NUL */

/* Writes the text into out and returns out. Negative durations are "0 s"; NaN and beyond 1e15 s "?". */
const char *duration_write(char out[DURATION_MOST], double seconds);

/* Writes whole seconds only: "0 s" "12 s". */
const char *duration_write_whole(char out[DURATION_MOST], double seconds);
