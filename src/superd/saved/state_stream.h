/* A serialized state, for another version of superd to read: a line with the format's version, sections of KEY=VALUE
 * lines, and a last line that shows that the text is complete.
 *
 *   superd ledger 4
 *   [service]
 *   name=web
 *   state=running
 *   .
 *
 * A value is any text without NUL; a newline is written \n, a backslash \\. A key may occur several times. `used` shows
 * the entries that the reader has not read. The text is untrusted input: its size and all values are checked. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

#define STATE_STREAM_FORMAT 4           /* changes if a key changes its meaning; no other format is read */
#define STATE_FD_ID "_socket"           /* key of the line behind a descriptor's: its socket_id, where the superd before has died */
#define STATE_STREAM_MOST (256u << 20)  /* bytes */

struct state_entry {
	const char *key;
	const char *value;
	bool used;                      /* the reader has read the key */
};

struct state_section {
	const char *kind;
	struct state_entry *entries;    /* part of the stream's */
	size_t count;
	struct state_stream *stream;
	bool used;                      /* set by the reader */
};

struct state_stream {
	char *text;                     /* owned; the keys and values point into it */
	struct state_section *sections; /* owned */
	size_t count;
	struct state_entry *entries;    /* owned, of all sections */
	size_t entry_count;
	int *left_fds;                  /* owned; descriptors that the stream does not name (superd/reload/left_fds) */
	size_t left_count;
	const char *flawed;             /* kind of the first section with an invalid value; NULL: none */
	const char *flaw;               /* key of that value */
};

/* Writing. The caller checks out->failed once, at the end. */
void state_stream_begin(struct buf *out);
void state_open_section(struct buf *out, const char *kind);
void state_add(struct buf *out, const char *key, const char *value);
void state_add_bytes(struct buf *out, const char *key, const void *bytes, size_t length);
void state_add_number(struct buf *out, const char *key, int64_t value);
void state_add_real(struct buf *out, const char *key, double value);
void state_stream_end(struct buf *out);

/* Parses a NUL-terminated text and takes it over. Returns NULL, or the mistake, static or in why: "line 3: it is no
 * KEY=VALUE". The caller frees the stream in either case. */
const char *state_stream_parse(struct state_stream *stream, char *text, size_t length, struct buf *why);

/* The same of a text whose sections mean the same since this format. */
const char *state_stream_parse_since(struct state_stream *stream, int oldest, char *text, size_t length,
				     struct buf *why);
void state_stream_free(struct state_stream *stream);

/* The first value of a key; NULL: the section has no such key. */
const char *state_text(struct state_section *section, const char *key);

/* The first value of a key as a number; fallback if there is none. An invalid value, or one out of bounds, is the
 * fallback too, and recorded as the stream's flaw. */
int64_t state_number(struct state_section *section, const char *key, int64_t least, int64_t most, int64_t fallback);
double state_real(struct state_section *section, const char *key, double fallback);

/* The first value of a key as bytes, written in hexadecimal: exactly `length` of them; or at most `most`, which the
 * caller frees. false or NULL: there is no value, or an invalid one, which is the stream's flaw. */
bool state_bytes(struct state_section *section, const char *key, void *out, size_t length);
void *state_take_bytes(struct state_section *section, const char *key, size_t most, size_t *length);

void state_note_flaw(struct state_section *section, const char *key);   /* the first flaw stays */

static inline bool state_flag(struct state_section *section, const char *key)
{
	return state_number(section, key, 0, 1, 0);
}

/* The state of a superd for its successor (superd/reload/save): each value goes into the stream under a key; the keys of
 * one object form a section. */
struct state_saver {
	struct ev_loop *loop;           /* loop of the timers that are saved */
	struct buf text;                /* stream so far */
	int *fds;                       /* descriptors that the successor inherits; the array is owned, they are borrowed */
	size_t count, capacity;
	bool failed;                    /* true: out of memory for fds */
};

void save_free(struct state_saver *saver);

void save_fd(struct state_saver *saver, const char *key, int fd); /* -1: nothing */
void save_number(struct state_saver *saver, const char *key, int64_t value); /* 0: nothing */
void save_real(struct state_saver *saver, const char *key, double value); /* 0: nothing */
void save_text(struct state_saver *saver, const char *key, const char *value); /* NULL, "": writes nothing */

/* The inverse of save_fd: an open descriptor of the superd before, which the caller owns; -1: none. */
int load_fd(struct state_section *section, const char *key);
int load_fd_of(struct state_section *section, struct state_entry *entry);
bool load_holds_descriptor(const char *key);    /* whether its value is a descriptor */
