/* Scalars from text, the whole text or nothing. Each gives NULL when it succeeded, or what would have been
 * right, as the end of a sentence: "a duration is a number with ms, s, min, h or d behind it". */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#define SCAN_INFINITY INT64_MAX                 /* "infinity", "unlimited" in any case */

const char *scan_count(const char *text, int64_t *out);         /* decimal, 0x or 0 prefixed; a sign is allowed */
const char *scan_unlimited(const char *text, int64_t *out);     /* scan_count, or "unlimited"/"infinity" */
const char *scan_duration(const char *text, int64_t *out);      /* microseconds, see below */
const char *scan_bytes(const char *text, int64_t *out);         /* 64K 1.5G 1T, 1G 512M, also KB, Ki, KiB, any case, base 1024; infinity */
const char *scan_mode(const char *text, mode_t *out);           /* octal, at most 07777 */
const char *scan_bool(const char *text, bool *out);             /* yes no true false on off 1 0 y n t f, any case */
const char *scan_signal(const char *text, int *out);            /* TERM, SIGTERM, 15, RTMIN+3, RTMAX-2, any case */

/* Durations are never negative: 250ms 5s 5min 2h 1d 1w and systemd's longer words, spans like "1min 30s", fractions of
 * up to six digits, "infinity"; a bare number is seconds.
 *
 * Writes the shortest text that scan_duration or scan_bytes reads back the same; buf of at least 32 bytes. */
void scan_duration_format(int64_t microseconds, char *buf);
void scan_bytes_format(int64_t bytes, char *buf);
const char *scan_signal_name(int signal, char *buf);            /* "TERM"; "RTMIN+3"; the number when nameless; 32 bytes */

/* How many edits lie between a and b, counting at most `most` + 1; for "did you mean". An edit adds, drops or changes
 * a letter, or swaps two neighbours. Texts of more than 63 bytes are far from everything but themselves. */
unsigned scan_distance(const char *a, const char *b, unsigned most);

/* isblank(3) of any locale, as most of the languages have it. */
static inline bool scan_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline const char *scan_skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* Whether a text of this length begins with the word. */
static inline bool scan_begins_with(const char *text, size_t length, const char *word)
{
	return length >= strlen(word) && !memcmp(text, word, strlen(word));
}

static inline bool scan_ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), own = strlen(end);

	return length >= own && !strcmp(text + length - own, end);
}
