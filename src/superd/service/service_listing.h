/* Text lists of services and instances, for the builtins services and servers and for the help of tcpmux. */
#pragma once

#include "lib/buf.h"
#include "superd/loop/engine.h"

void listing_services(struct engine *engine, struct buf *out);  /* "NAME PROTOCOL PORT", a line for each socket */
void listing_servers(struct engine *engine, struct buf *out);   /* "NAME PID SECONDS", a line for each running instance */
void listing_mux_names(struct engine *engine, struct buf *out); /* names for tcpmux, each with CR LF */
