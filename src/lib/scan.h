/* Reads scalars from text: the whole text or nothing. The scan functions return NULL on success. Otherwise they return
 * a static message with the accepted form, "a mode is octal, at most 07777", and leave *out
 * alone. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#define SCAN_INFINITY INT64_MAX                 /* the value of "infinity" and "unlimited", case-insensitive */

const char *scan_count(const char *text, int64_t *out);         /* decimal, 0x hexadecimal, 0 octal; may have a sign */
const char *scan_unlimited(const char *text, int64_t *out);     /* scan_count, or "unlimited"/"infinity" */

/* Reads a duration in microseconds, as systemd.time(7): 250ms 5s 5min 2h 1d 1w, spans like "1min 30s", fractions of up
 * to six digits, "infinity". A bare number is seconds. Never negative. */
const char *scan_duration(const char *text, int64_t *out);

/* Reads a time span as systemd.time(7) writes it, which may also be of months, M, and years, y. */
const char *scan_timespan(const char *text, int64_t *out);

/* Reads a size in bytes: 64K 1.5G 1T, "1G 512M", also KB, Ki and KiB, case-insensitive, base 1024; "infinity". */
const char *scan_bytes(const char *text, int64_t *out);

const char *scan_mode(const char *text, mode_t *out);           /* octal, at most 07777 */
const char *scan_bool(const char *text, bool *out);             /* yes no true false on off 1 0 y n t f, any case */
const char *scan_signal(const char *text, int *out);            /* TERM, SIGTERM, 15, RTMIN+3, RTMAX-2, any case */

/* Write the shortest text that scan_duration or scan_bytes reads back as the same value. buf has at least 32 bytes. */
void scan_duration_format(int64_t microseconds, char *buf);
void scan_bytes_format(int64_t bytes, char *buf);

/* Writes "TERM", "RTMIN+3", or the number of a signal without a name, into buf of at least 32 bytes; returns buf. */
const char *scan_signal_name(int signal, char *buf);

/* The edit distance between a and b, at most `most` + 1; for "did you mean". An edit adds, drops or changes a letter,
 * or swaps two neighbours. Different texts have distance `most` + 1 if either is longer than 63 bytes. */
unsigned scan_distance(const char *a, const char *b, unsigned most);

/* The known word that is most like a name; "did you mean". The longer the name, the more edits it may be away. */
struct scan_nearest {
	const char *name;
	unsigned most;
	const char *word;               /* NULL: none is like it */
};

struct scan_nearest scan_nearest_begin(const char *name);

/* Whether a known word is nearer than those before. */
bool scan_nearest_look(struct scan_nearest *nearest, const char *known);

/* Whether a text of this length is a decimal number of at most `most`, without a sign. */
bool scan_unsigned(const char *text, size_t length, uint32_t most, uint32_t *out);

/* The value of a digit of any base up to 16; 16: it is none. */
int scan_digit(char c);

/* Reads two hexadecimal digits. 0: there are none, or they are 00. */
char scan_hex_byte(const char *text);

/* Reads the first bytes of a text as an address; one of IPv4 is then ::ffff:a.b.c.d. AF_INET or AF_INET6; 0: they are
 * none. */
int scan_address(const char *text, size_t length, struct in6_addr *out);

/* isblank(3) in the C locale. */
static inline bool scan_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline const char *scan_skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* The last component of a path, as GNU's basename(3). */
static inline const char *scan_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Whether a text of this length is the word, and whether it begins with it. */
static inline bool scan_is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && !memcmp(text, word, length);
}

static inline bool scan_begins_with(const char *text, size_t length, const char *word)
{
	return length >= strlen(word) && !memcmp(text, word, strlen(word));
}

static inline bool scan_ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), own = strlen(end);

	return length >= own && !strcmp(text + length - own, end);
}
