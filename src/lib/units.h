/* Sizes for people, written the same way by superd and superctl, in the units that tables take: "512B" "2.1M" "1.0G",
 * base 1024. */
#pragma once

#define SIZE_TEXT_MOST 16               /* bytes with the NUL */

/* Writes the text into out and returns out. NaN, negative sizes and those beyond 1e15 bytes are "?". */
const char *size_write(char out[SIZE_TEXT_MOST], double bytes);

/* Durations for people, written the same way by superd and superctl: "320 us" "3.2 ms" "189 ms" "1.5 s" "12 s" "3 min 5
 * s" "1 h" "2 d 4 h". */

#define DURATION_MOST 40                /* bytes with the NUL */

/* Writes the text into out and returns out. Negative durations are "0 s"; NaN and beyond 1e15 s "?". */
const char *duration_write(char out[DURATION_MOST], double seconds);

/* Writes whole seconds only: "0 s" "12 s". */
const char *duration_write_whole(char out[DURATION_MOST], double seconds);

/* Times for people, in local time, written the same way by superd and superctl. Logs write RFC 3339 instead
 * (lib/log). */

#define TIME_TEXT_MOST 64               /* bytes with the NUL */

/* Writes "16:20:11" for a time on the local day of `now`, "Nov 20 16:20:11" in the same year, and "2025-11-20 16:20:11"
 * in another; "an unknown time" for 0, NaN, negative times
 * and those beyond every calendar. */
const char *time_write(char out[TIME_TEXT_MOST], double unix_seconds, double now);

/* Writes "Nov 20 16:20:11", or "??? ?? ??:??:??" in the same cases. For lines that may be kept in a file. */
const char *time_write_dated(char out[TIME_TEXT_MOST], double unix_seconds);

/* Writes "16:20", or "??:??" in the same cases. */
const char *time_write_minute(char out[TIME_TEXT_MOST], double unix_seconds);
