/* What the files of this folder share, and programs that list its keys. plist.c makes a tree of a property list of XML,
 * and launchd.c a job of the tree. */
#pragma once

#include "table/reading/reading.h"

/* A property list of XML as a tree of dictionaries, arrays and scalars, each with its place.
 *
 * Whatever the bytes, a tree has at most PLIST_MOST elements and is at most PLIST_DEPTH deep, and its texts are at most
 * SOURCE_MOST bytes in all. The tree lives in the pool that plist_read gets. Source: plist(5). */
#define PLIST_MOST 20000
#define PLIST_DEPTH 64

enum plist_kind {
	PLIST_DICT = 1 << 0, PLIST_ARRAY = 1 << 1, PLIST_STRING = 1 << 2, PLIST_INTEGER = 1 << 3, PLIST_REAL = 1 << 4,
	PLIST_BOOL = 1 << 5, PLIST_DATE = 1 << 6, PLIST_DATA = 1 << 7
};

struct plist {
	enum plist_kind kind;
	const char *key;                /* its key in a dictionary, one pointer a name; NULL: it is in no dictionary */
	struct origin key_at;
	struct origin at;
	const char *text;               /* of a STRING; of an INTEGER its number, in decimal; of another scalar as written */
	int64_t number;                 /* of an INTEGER; of a BOOL 0 or 1 */
	struct plist *first, *last;     /* the elements of a DICT or ARRAY, in the order of the text */
	struct plist *next;             /* the next element of the same DICT or ARRAY */
};

/* Whether a text begins as a property list does, XML or binary. */
bool plist_recognises(const struct source_file *source);

/* Mistakes are added to diags. NULL: no tree could be made. */
const struct plist *plist_read(struct pool *pool, const struct source_file *source, struct diags *diags);

/* The same of a text of XML. plist.c has it; without expat plist_none.c, where it refuses. */
const struct plist *plist_read_xml(struct pool *pool, const struct source_file *source, struct diags *diags);

/* The element of this key; NULL: none. dict: NULL or no dictionary: it has none. */
static inline const struct plist *plist_get(const struct plist *dict, const char *key)
{
	const struct plist *element = dict && dict->kind == PLIST_DICT ? dict->first : NULL;

	while (element && strcmp(element->key, key) != 0)
		element = element->next;
	return element;
}

/* Every key of launchd's property lists and what superd does with it. The lists in superd-launchd(5) are of this table.
 * Source: launchd.plist(5), and keys of lists in use that it does not name. */
enum { LAUNCHD_JOB, LAUNCHD_SOCKETS, LAUNCHD_INETD, LAUNCHD_KEEP_ALIVE, LAUNCHD_LIMITS, LAUNCHD_DICTIONARIES };

/* The flags of keys of a socket that go with one kind of address only. */
enum { SOCKET_UNIX = 1 << 0, SOCKET_INET = 1 << 1 };

extern const struct key_table launchd_keys[LAUNCHD_DICTIONARIES];
