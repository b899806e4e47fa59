/* Where superd's own small programs are: in PKGLIBEXECDIR where superd lies in SBINDIR. For a tree that was moved
 * or is not yet installed: below the same DESTDIR, in ../libexec/superd beside superd, or in its own folder, as far
 * as nobody may write there who could not put another superd in its place; then in PKGLIBEXECDIR. */
#pragma once

#include "base/buf.h"
#include "base/pool.h"

/* The path of "superd-builtin", "superd-advise" or "superd-rpc"; kept for the life of the process by the caller's pool or,
 * with pool NULL, on the heap. NULL and errno: it is not there. */
const char *libexec_path(const char *name, struct pool *pool);

/* "superd's own program superd-builtin is missing; it was looked for in /usr/libexec/superd, …" */
void libexec_describe_missing(const char *name, struct buf *out);
