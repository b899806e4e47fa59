/* Times for people, in local time, written the same way by superd and superctl. Logs write RFC 3339 instead
 * (lib/log). */
#pragma once

#define TIME_TEXT_MOST 64               /* bytes with the NUL */

/* Writes "Fri 2026-11-20 16:20:11" into out and returns out; "an unknown time" for 0, NaN, negative times and those
 * beyond every calendar. */
const char *time_write(char out[TIME_TEXT_MOST], double unix_seconds);

/* Writes "Nov 20 16:20:11", or "??? ?? ??:??:??" in the same cases. For lines that may be kept in a file. */
const char *time_write_dated(char out[TIME_TEXT_MOST], double unix_seconds);

/* Writes "16:20:11" for a time on the local day of `now`, "Nov 20 16:20:11" in the same year, and "2025-11-20 16:20:11"
 * in another; "an unknown time" in the same cases. For what is looked at now. */
const char *time_write_short(char out[TIME_TEXT_MOST], double unix_seconds, double now);

/* Writes "16:20", or "??:??" in the same cases. */
const char *time_write_minute(char out[TIME_TEXT_MOST], double unix_seconds);
