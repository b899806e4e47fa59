/* What the small services say, by RFC 864, 867 and 868. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* A whole turn of chargen: a line for each character, of 72, each beginning one character later, after which it repeats.
 * There are 95, or as xinetd has it 93, without blank and tilde. */
#define CHARGEN_LINE 74
#define CHARGEN_TURN (95 * CHARGEN_LINE)

size_t chargen_fill(char turn[CHARGEN_TURN], bool xinetd_text);        /* the length */

/* "Www Mmm dd hh:mm:ss yyyy\r\n", or as xinetd has it "20 NOV 2026 05:56:11 UTC\r\n"; local time. The length. */
size_t daytime_text(time_t now, bool xinetd_text, char *out, size_t size);

void time_bytes(time_t now, unsigned char out[4]);      /* seconds since 1900, in network order, for as long as they fit */
