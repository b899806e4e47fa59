/* Text that a forked child builds: stdio is not async-signal-safe, and there is no memory to be had. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECIMAL_DIGITS 20               /* of UINT64_MAX */

/* Starts as { 0 }, the empty text. */
struct credential_text {
	char text[4096];
	size_t length;
	bool failed;                    /* something did not fit, and was left out */
};

void text_add(struct credential_text *out, const char *text, size_t length);
void text_add_word(struct credential_text *out, const char *word);
void text_add_decimal(struct credential_text *out, uint64_t number);
void text_add_hex(struct credential_text *out, uint64_t number); /* 16 digits */

/* Writes the number without a NUL. Returns how many digits it has. */
size_t text_write_decimal(char digits[DECIMAL_DIGITS], uint64_t number);
