/* Tables of the fields of a struct that superd saves for the next one, over an upgrade or a crash. The module that owns the
 * struct has the table beside its code; state_save and state_load walk it, so that each field is named once.
 *
 *   struct instance {
 *           struct {                        // saved
 *                   int stop_signal;
 *           };
 *           struct plan *plan;
 *   };
 *
 *   static const struct state_field fields[] = {
 *           { STATE_FIELD(instance, "stop_signal", stop_signal), .most = NSIG },
 *   };
 *   const struct field_table instance_state = FIELD_TABLE("instance", instance, fields);
 *
 * The anonymous struct has what goes over, and all of it; the next superd makes the rest anew. A struct without one goes
 * over as a whole. test_state_field fails for a saved member without a row, and for a row of another member. What a
 * pointer or a list leads to has a table of its own, and a section that the owner writes.
 *
 * Loaded values are input like any other: superd ignores a value out of bounds, and notes it as a flaw of the stream
 * (state_note_flaw). */
#pragma once

#include <ev.h>
#include <stddef.h>
#include <stdint.h>

#include "superd/saved/state_stream.h"

#define STATE_NUMBER_MOST (INT64_MAX - 1) /* INT64_MAX is SCAN_INFINITY, which is no number */
#define STATE_TIME_MOST INT64_C(1000000000000)  /* seconds; the most of a duration or loop time, also in microseconds */
#define STATE_STRING_MOST 4096          /* bytes of a malloc'ed text, as PATH_MAX */

enum state_kind {
	STATE_FLAG,                     /* bool */
	STATE_UNSIGNED,                 /* of any size, and an enum */
	STATE_SIGNED,
	STATE_REAL,                     /* double: seconds, or loop time, which continues in the next superd */
	STATE_TEXT,                     /* array of char; a text that does not fit is ignored */
	STATE_STRING,                   /* malloc'ed text, up to STATE_STRING_MOST; NULL is not written */
	STATE_BORROWED,                 /* text that the struct does not own; after loading it points into the stream */
	STATE_BYTES,                    /* bytes as they lie in memory */
	STATE_FD,                       /* descriptor, which the next superd inherits; -1: none */
	STATE_TIMER,                    /* ev_timer: the loop time when it is due; state_load starts it again */
	STATE_LEFT,                     /* ev_timer: the same; the caller of state_load starts it */
	STATE_INNER,                    /* struct with a table of its own, in the same section */
	STATE_CUSTOM,                   /* the functions save and load write and read it */
};

struct state_field {
	const char *key;                /* NULL: STATE_INNER, STATE_CUSTOM */
	const char *member;             /* name of the field, or path within the struct: "failed.in_row" */
	enum state_kind kind;
	size_t offset, size;            /* bytes; size of one element, if it is an array */
	/* Bounds of a number; both 0: the range of its type, or 0 to STATE_TIME_MOST for STATE_REAL. */
	int64_t least, most;
	int64_t missing;                /* STATE_UNSIGNED, STATE_SIGNED: value that is not written; a missing key means it */
	/* true: every value is written, and a missing key leaves the field unchanged. false: a missing key sets the
	 * field to 0, or to `missing`. */
	bool always;
	bool endless;                   /* STATE_REAL: true: may be INFINITY */
	size_t length;                  /* array: elements that it can hold, each written under the same key; 0: no array */
	size_t count;                   /* array: offset of the size_t with the number of elements in use; 0: all are */
	const struct field_table *inner; /* STATE_INNER: table of the struct */
	void (*save)(struct state_saver *saver, const void *object);
	void (*load)(struct state_section *section, void *object);      /* NULL: the code that makes the struct reads it */
};

struct field_table {
	const char *kind;               /* kind of its section; NULL: part of another section */
	const char *tag;                /* tag of the struct */
	size_t size;                    /* bytes of the struct */
	const struct state_field *fields;
	size_t count;
};

/* The parts of a table entry that follow from a member of struct `tag`. */
#define STATE_MEMBER(tag, path) ((struct tag *)0)->path
#define STATE_PLACE(tag, path) .member = #path, .offset = offsetof(struct tag, path), .size = sizeof(STATE_MEMBER(tag, path))
/* A type without a kind does not compile. */
#define STATE_KIND(value) \
	_Generic(&(value), \
		 char **: STATE_STRING, const char **: STATE_BORROWED, \
		 default: _Generic((value), \
			bool: STATE_FLAG, \
			unsigned char: STATE_UNSIGNED, unsigned short: STATE_UNSIGNED, unsigned: STATE_UNSIGNED, \
			unsigned long: STATE_UNSIGNED, unsigned long long: STATE_UNSIGNED, \
			int: STATE_SIGNED, long: STATE_SIGNED, long long: STATE_SIGNED, \
			double: STATE_REAL, char *: STATE_TEXT, const char *: STATE_BORROWED, ev_timer: STATE_TIMER))

#define STATE_FIELD(tag, text, path) STATE_FIELD_AS(STATE_KIND(STATE_MEMBER(tag, path)), tag, text, path)
#define STATE_FIELD_AS(as, tag, text, path) STATE_PLACE(tag, path), .key = text, .kind = as
#define STATE_ARRAY(tag, text, path) \
	.member = #path, .offset = offsetof(struct tag, path), .size = sizeof(*STATE_MEMBER(tag, path)), .key = text, \
	.kind = STATE_KIND(*STATE_MEMBER(tag, path)), .length = sizeof(STATE_MEMBER(tag, path)) / sizeof(*STATE_MEMBER(tag, path))
#define STATE_STRUCT(tag, path, its_table) STATE_PLACE(tag, path), .kind = STATE_INNER, .inner = its_table
#define STATE_BY(tag, path, saves, loads) \
	.member = #path, .offset = offsetof(struct tag, path), .kind = STATE_CUSTOM, .save = saves, .load = loads
#define FIELD_TABLE(section, of, rows) { section, #of, sizeof(struct of), rows, sizeof(rows) / sizeof(*(rows)) }

/* Opens the table's section, if it has one, and writes the fields. */
void state_save(struct state_saver *saver, const struct field_table *table, const void *object);

/* Reads the fields, in the order of the table. A value out of bounds counts as missing. loop: for STATE_TIMER; may be
 * NULL if the table has none. */
void state_load(struct state_section *section, const struct field_table *table, void *object, struct ev_loop *loop);

/* Returns the seconds left of a timer, for STATE_LEFT; negative: it did not run. */
double state_seconds_left(struct state_section *section, const char *key);
