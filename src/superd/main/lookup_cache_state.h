/* The answers of name services (table/services/lookup_cache.h) on their way to the next superd: a section "lookup" for
 * each. */
#pragma once

#include "lib/buf.h"
#include "superd/saved/state_stream.h"
#include "table/services/lookup_cache.h"

void lookup_cache_save(const struct lookup_cache *lookups, struct buf *out);      /* lookups NULL: writes nothing */

/* Returns the answers in the stream, which the caller owns. NULL: out of memory. */
struct lookup_cache *lookup_cache_restore(struct state_stream *stream);
