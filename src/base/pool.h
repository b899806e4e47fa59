/* Memory with one end of life, and each value in it once.
 *
 * All of a table lives in one pool: nothing is freed singly, everything goes with pool_free.
 * pool_keep gives equal bytes equal addresses, so ten thousand services with the same options share
 * one copy, and comparing two kept values of one pool is comparing pointers. The blocks come from
 * mmap, so a freed table goes back to the kernel whole. */
#pragma once

#include <stddef.h>

struct pool;

struct pool *pool_new(void);                    /* NULL: out of memory */
void pool_free(struct pool *pool);              /* accepts NULL */

/* Zeroed memory aligned for any type; NULL: out of memory. */
void *pool_alloc(struct pool *pool, size_t size);

/* The pool's one copy of these bytes, 8-aligned; NULL: out of memory. */
const void *pool_keep(struct pool *pool, const void *bytes, size_t size);

/* The pool's one copy of this text; NULL: out of memory, or text is NULL. */
const char *pool_text(struct pool *pool, const char *text);
const char *pool_text_n(struct pool *pool, const char *text, size_t length);
const char *pool_textf(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The pool's one copy of a NULL-terminated list of texts; the texts are kept too. NULL: out of memory. */
const char *const *pool_list(struct pool *pool, const char *const *list, size_t count);

/* Ends the sharing and frees its index, which a finished table has no use for: from now on pool_keep and its kin give a
 * copy of its own to each caller. */
void pool_seal(struct pool *pool);

size_t pool_used(const struct pool *pool);      /* bytes handed out */
