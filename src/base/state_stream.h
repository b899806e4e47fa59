/* A text of facts, for another version of superd to read: sections of KEY=VALUE lines behind a line with the
 * version of the format, and a last line without which it is not whole.
 *
 *   superd ledger 1
 *   [service]
 *   name=web
 *   state=running
 *   .
 *
 * A value is any text but NUL: a newline is \n, a backslash \\. A key may come several times. What a reader
 * doesn't look for, it can tell. It is input like any other: bounded, and nothing in it is believed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define STATE_STREAM_FORMAT 1           /* another one says other things by the same words */
#define STATE_STREAM_MOST (256u << 20)  /* bytes */

struct state_entry {
	const char *key;
	const char *value;
	bool used;                      /* somebody has looked at it */
};

struct state_section {
	const char *kind;
	struct state_entry *entries;
	size_t count;
	struct state_stream *stream;
	bool used;                      /* the reader's to set */
};

struct state_stream {
	char *text;
	struct state_section *sections;
	size_t count;
	struct state_entry *entries;
	size_t entry_count;
	const char *flawed;             /* kind of the first section where a value was not as it must be; NULL: none */
	const char *flaw;               /* its key */
};

/* Writing; a failed buf is looked at once, at the end. */
void state_stream_begin(struct buf *out);
void state_open_section(struct buf *out, const char *kind);
void state_add(struct buf *out, const char *key, const char *value);
void state_add_bytes(struct buf *out, const char *key, const void *bytes, size_t length);
void state_add_number(struct buf *out, const char *key, int64_t value);
void state_add_real(struct buf *out, const char *key, double value);
void state_stream_end(struct buf *out);

/* Takes text over, which is NUL-terminated behind its length. NULL, or why it is none: "line 3: it is no
 * KEY=VALUE". To be freed in either case. */
const char *state_stream_parse(struct state_stream *stream, char *text, size_t length, struct buf *why);
void state_stream_free(struct state_stream *stream);

/* The value of a key, the first of it; NULL where it isn't. */
const char *state_text(struct state_section *section, const char *key);

/* The same, or the fallback, also where it is out of bounds or no number, which is noted as the ledger's flaw. */
int64_t state_number(struct state_section *section, const char *key, int64_t least, int64_t most, int64_t fallback);
double state_real(struct state_section *section, const char *key, double fallback);

/* Bytes of exactly this length, or of at most `most`, malloc'ed. false, NULL: there are none, or others. */
bool state_bytes(struct state_section *section, const char *key, void *out, size_t length);
void *state_take_bytes(struct state_section *section, const char *key, size_t most, size_t *length);

void state_note_flaw(struct state_section *section, const char *key);

static inline bool state_flag(struct state_section *section, const char *key)
{
	return state_number(section, key, 0, 1, 0);
}
