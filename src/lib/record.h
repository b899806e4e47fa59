/* Structs from one program to another of the same build: a struct as it is in memory, and behind it what its pointers lead
 * to. A table names those; all other members are the same in both, and other pointers lead nowhere there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/pool.h"

/* A struct, or a number. */
struct record_type {
	size_t size;
	const struct record_pointer *pointers;  /* ends with one without a type; NULL: it has none */
};

enum record_extent {
	RECORD_ONE = 1,                 /* it leads to one */
	RECORD_TEXT,                    /* to a text with a NUL behind it */
	RECORD_LIST,                    /* to pointers with a NULL behind them */
	RECORD_COUNT_2, RECORD_COUNT_4, RECORD_COUNT_8,         /* to as many as a member of so many bytes says */
};

/* A pointer of a struct. Any may be NULL. */
struct record_pointer {
	size_t at;                      /* offset in the struct */
	enum record_extent extent;
	const struct record_type *type; /* of what it leads to */
	size_t count_at;                /* RECORD_COUNT: offset of the member */
};

extern const struct record_type record_byte, record_text;       /* a byte; a pointer to a text */

/* Appends what the pointers of an item lead to, and what that leads to. */
void record_write(struct buf *out, const struct record_type *type, const void *item);

/* What is left to read. */
struct record {
	const char *at;
	size_t left;
	struct pool *pool;              /* for what is read */
};

/* Takes bytes. false: there are not so many. */
bool record_take(struct record *record, void *bytes, size_t length);

/* Sets the pointers of an item that was taken. false: something is missing. */
bool record_read(struct record *record, const struct record_type *type, void *item);
