/* A property list as a tree: dictionaries, arrays and what stands in them, each with its place. XML and binary ones
 * come to the same tree; the places of a binary one have the offset of an object as their line, and no column.
 *
 * Whatever the bytes, a tree has at most PLIST_MOST elements, is at most PLIST_DEPTH deep, and its texts were at most
 * SOURCE_MOST bytes. All of it lives in the pool it was read into. Source: plist(5). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/pool.h"
#include "base/source_file.h"

#define PLIST_MOST 20000
#define PLIST_DEPTH 64

enum plist_kind {
	PLIST_DICT = 1 << 0, PLIST_ARRAY = 1 << 1, PLIST_STRING = 1 << 2, PLIST_INTEGER = 1 << 3, PLIST_REAL = 1 << 4,
	PLIST_BOOL = 1 << 5, PLIST_DATE = 1 << 6, PLIST_DATA = 1 << 7
};

struct plist {
	enum plist_kind kind;
	const char *key;                /* its name in the dictionary that holds it, one copy a name; NULL: it is in none */
	struct origin key_at;
	struct origin at;
	const char *text;               /* of a STRING; of another scalar as it is written, "" where that is not known */
	int64_t number;                 /* of an INTEGER; of a BOOL 0 or 1 */
	struct plist *first, *next;     /* in the order of the text */
	struct plist *last;
};

/* Whether a text begins as a property list does, in either form. */
bool plist_recognises(const struct source_file *source);

/* Reads either form. What is wrong is added to diags; NULL: there is no tree to look at. */
const struct plist *plist_read(struct pool *pool, const struct source_file *source, struct diags *diags);

/* The element of this name; NULL: none. */
const struct plist *plist_get(const struct plist *dict, const char *key);

/* "a string", "an integer or a string", of one kind or several. */
void plist_kinds_describe(unsigned kinds, struct buf *out);
