/* Finds superd's own helper programs. A superd in SBINDIR takes them from PKGLIBEXECDIR. A superd elsewhere, in a tree
 * that was moved or is not yet installed, first looks below the same DESTDIR, in ../libexec/superd beside itself, and
 * in its own folder. It uses such a folder only if no one may write there who could not also replace superd. Then it
 * looks in PKGLIBEXECDIR. */
#pragma once

#include "base/buf.h"
#include "base/pool.h"

/* The path of "superd-builtin", "superd-filter" or another one, in the caller's pool or, with pool NULL, on the heap
 * for the caller to free(). NULL and errno: it was not found; the first error other than ENOENT, if there was one. */
const char *libexec_path(const char *name, struct pool *pool);

/* Appends a message: "superd's own program superd-builtin is missing; it was looked for in /usr/libexec/superd, …". errno is
 * that of libexec_path: an error other than ENOENT is named. */
void libexec_describe_missing(const char *name, struct buf *out);
