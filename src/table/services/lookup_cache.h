/* What name services have answered for a table: users, groups, hosts, ports. The superd that a guard starts anew gets
 * the answers of the one before, so that it does not depend on a directory server or a name server to go on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/pool.h"
#include "lib/ptr_map.h"

struct lookup {
	const char *kind, *name;        /* as "user", "nobody"; in the pool */
	const char *const *answer;      /* words, NULL-terminated; empty: there is nothing of this name */
	const struct lookup *next;      /* an earlier one; NULL: this is the first */
};

struct lookup_cache {
	struct pool *pool;              /* owned */
	struct ptr_map map;             /* kind, name -> struct lookup */
	const struct lookup *last;      /* NULL: there is none */
};

struct lookup_cache *lookup_cache_new(void);    /* NULL: out of memory */
void lookup_cache_free(struct lookup_cache *lookups); /* accepts NULL */

/* The answer to an earlier look-up; NULL: none is known, or lookups is NULL. */
const char *const *lookup_cache_find(struct lookup_cache *lookups, const char *kind, const char *name);

/* Keeps an answer: words, each with its NUL. If memory runs out, or lookups is NULL, it keeps nothing, and the name is
 * looked up again. */
void lookup_cache_add(struct lookup_cache *lookups, const char *kind, const char *name, const char *answer,
		      size_t length);

/* Reads a word of an answer as a number. false: it is none, as a state may be damaged. */
bool lookup_number(const char *word, uint32_t *number);
