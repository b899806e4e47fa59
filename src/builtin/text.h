/* The texts of chargen, daytime and time: RFC 864, 867 and 868. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* The pattern of chargen, which repeats: a line for each printable character, each line of 72 characters begins one
 * character later. There are 95 lines; xinetd has 93, without blank and tilde. */
#define CHARGEN_LINE 74                 /* bytes, with CR LF */
#define CHARGEN_TURN (95 * CHARGEN_LINE)

size_t chargen_fill(char turn[CHARGEN_TURN], bool xinetd_text);        /* returns the length */

/* Writes "Www Mmm dd hh:mm:ss yyyy\r\n", or xinetd's "20 NOV 2026 05:56:11 UTC\r\n", in local time. Returns the
 * length. */
size_t daytime_text(time_t now, bool xinetd_text, char *out, size_t size);

/* Writes the seconds since 1900 modulo 2^32, in network byte order. */
void time_bytes(time_t now, unsigned char out[4]);
