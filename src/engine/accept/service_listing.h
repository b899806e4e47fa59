/* Lists of what superd runs and offers, for the builtins services and servers and for tcpmux' help. */
#pragma once

#include "base/buf.h"
#include "engine/core/engine.h"

void listing_services(struct engine *engine, struct buf *out);  /* "NAME PROTOCOL PORT", one a line */
void listing_servers(struct engine *engine, struct buf *out);   /* "NAME PID SECONDS", one a running instance */
void listing_mux_names(struct engine *engine, struct buf *out); /* names a client may say to tcpmux, with CR LF */
