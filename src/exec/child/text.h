/* Text that a forked child builds: stdio is not async-signal-safe, and the child must not allocate. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECIMAL_DIGITS 20               /* digits of UINT64_MAX */

/* A text in a buffer of fixed size. A zeroed struct is the empty text. */
struct child_text {
	char text[4096];
	size_t length;
	bool failed;                    /* something did not fit and was left out */
};

void text_add(struct child_text *out, const char *text, size_t length);
void text_add_word(struct child_text *out, const char *word);
void text_add_decimal(struct child_text *out, uint64_t number);
void text_add_hex(struct child_text *out, uint64_t number); /* 16 digits */

/* Writes NAME=NUMBER; the name has the '='. */
void text_write_variable(char *out, const char *name, uint64_t number);
