/* Memory that is freed all at once, with one copy of equal values.
 *
 * A table and everything in it lives in one pool until pool_free. pool_keep returns the same address for equal bytes.
 * So ten thousand services with the same options share one copy, and two kept values of one pool are equal if their
 * pointers are. The blocks come from mmap(2), so freeing a table returns all its memory to the kernel. */
#pragma once

#include <stddef.h>

struct pool;

struct pool *pool_new(void);                    /* NULL: out of memory */
void pool_free(struct pool *pool);              /* accepts NULL */

/* Allocates zeroed memory, aligned for any type. NULL: out of memory. */
void *pool_alloc(struct pool *pool, size_t size);

/* Returns the pool's only copy of these bytes, 8-aligned. NULL: out of memory. */
const void *pool_keep(struct pool *pool, const void *bytes, size_t size);

/* Returns a new copy, aligned for any pointer. NULL: out of memory. */
void *pool_copy(struct pool *pool, const void *bytes, size_t size);

/* Returns the pool's only copy of a text. NULL: out of memory, or text is NULL. */
const char *pool_text(struct pool *pool, const char *text);
const char *pool_text_n(struct pool *pool, const char *text, size_t length);
const char *pool_textf(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Why a text is wrong, by functions that return NULL where it is right: a text that pool_textf has made, or that there was
 * no memory for it. */
#define NO_MEMORY "out of memory"
static inline const char *reason_or_memory(const char *reason)
{
	return reason ? reason : NO_MEMORY;
}

/* Returns the pool's only copy of a list of texts, NULL-terminated; keeps the texts, too. NULL: out of memory. */
const char *const *pool_list(struct pool *pool, const char *const *list, size_t count);

/* Ends the sharing and frees its index, which a finished table does not need. From now on, pool_keep and the functions
 * behind it copy each value. */
void pool_seal(struct pool *pool);

size_t pool_used(const struct pool *pool);      /* bytes allocated by all callers */
