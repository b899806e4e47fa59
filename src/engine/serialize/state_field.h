/* Tables of the fields of a struct that an upgrade carries over. The module that owns the struct has its table, beside
 * its code, and state_save and state_load walk it, so that a field is named once.
 *
 *   static const struct state_field fields[] = {
 *           { STATE_FIELD(instance, "stop_signal", stop_signal), .most = NSIG },
 *           { STATE_NONE(instance, plan, "only a start needs it") },
 *   };
 *   const struct field_table instance_state = FIELD_TABLE("instance", instance, fields);
 *
 * A field that is in no table of its struct is lost at an upgrade, so test_state_field fails for it. Values
 * that are read are input like any other: one out of bounds is not taken, and noted as the ledger's flaw. */
#pragma once

#include <ev.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/serialize/state_save.h"

#define STATE_NUMBER_MOST (INT64_MAX - 1) /* INT64_MAX is SCAN_INFINITY, which is no number */
#define STATE_TIME_MOST INT64_C(1000000000000)  /* seconds; the most of a duration or loop time, also in microseconds */
#define STATE_STRING_MOST 4096          /* bytes of a malloc'ed text, as PATH_MAX */

enum state_kind {
	STATE_FLAG,                     /* bool */
	STATE_UNSIGNED,                 /* of any size, and an enum */
	STATE_SIGNED,
	STATE_REAL,                     /* double: seconds, or loop time, which goes on in the next superd */
	STATE_TEXT,                     /* array of char; a text that does not fit is not taken */
	STATE_STRING,                   /* malloc'ed text, up to STATE_STRING_MOST; NULL is not written */
	STATE_BORROWED,                 /* text of somebody else: that of the ledger, when it is read */
	STATE_BYTES,                    /* as it lies in memory */
	STATE_FD,                       /* descriptor, which goes over; -1: none */
	STATE_TIMER,                    /* ev_timer: the seconds left, with which it is started again */
	STATE_LEFT,                     /* ev_timer: the same, but the caller of state_load starts it */
	STATE_INNER,                    /* a struct with a table of its own, in the same section */
	STATE_CUSTOM,                   /* whatever save writes and load reads */
	STATE_TRANSIENT,                /* does not go over, for the reason in `why` */
};

struct state_field {
	const char *key;                /* NULL: STATE_INNER, STATE_CUSTOM, STATE_TRANSIENT */
	const char *member;             /* its name, or path within the struct: "failed.in_row" */
	enum state_kind kind;
	size_t offset, size;
	/* Bounds of a number; both 0: all that its type holds, which is 0 to STATE_TIME_MOST for STATE_REAL. */
	int64_t least, most;
	int64_t missing;                /* STATE_UNSIGNED, STATE_SIGNED: the value that is not written, and that a missing key means */
	/* It is written whatever it is, and a key that is missing leaves the field as it is. Any other field is 0 then,
	 * or `missing`. */
	bool always;
	bool endless;                   /* STATE_REAL: may be INFINITY */
	size_t length;                  /* an array, whose elements have the key one after another: how many it holds; 0: no array */
	size_t count;                   /* the offset of a size_t, how many elements there are; 0: all */
	const struct field_table *inner;
	void (*save)(struct state_saver *saver, const void *object);
	void (*load)(struct state_section *section, void *object);      /* NULL: its maker has read it */
	const char *why;
};

struct field_table {
	const char *kind;               /* of its section; NULL: it is part of others */
	const char *tag;                /* of the struct */
	size_t size;
	const struct state_field *fields;
	size_t count;
};

/* The parts of a row that follow from a member of struct `tag`. */
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
#define STATE_NONE(tag, path, reason) .member = #path, .kind = STATE_TRANSIENT, .why = reason
#define FIELD_TABLE(section, of, rows) { section, #of, sizeof(struct of), rows, sizeof(rows) / sizeof(*(rows)) }

/* Opens the table's section, if it has one, and writes the fields. */
void state_save(struct state_saver *saver, const struct field_table *table, const void *object);

/* Reads the fields, in the order of the table. A value out of bounds counts as missing. The loop is for
 * STATE_TIMER. */
void state_load(struct state_section *section, const struct field_table *table, void *object, struct ev_loop *loop);

/* The seconds left of a timer, for STATE_LEFT; negative: it did not run. */
double state_seconds_left(struct state_section *section, const char *key);
