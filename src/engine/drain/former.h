/* The clients that a draining instance had before there was a successor. They come from the same address as the
 * successor's, which need not be kept awake for them (engine/idle/idle). They are noted once, by the kernel's numbers,
 * while no new client is let in; a client that is not surely one of them passes for the successor's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "engine/runtime/runtime.h"

struct conn_query;
struct former;
struct parted;

/* Notes the clients of an instance that has these sockets, and was retired just now. */
void former_note(struct former *former, struct keeper *keeper, const struct parted *sockets, size_t count);
void former_free(struct former *former);

/* The query will not count the clients of draining instances. */
void former_spare(struct conn_query *query);

bool former_is_noting(const struct keeper *keeper);     /* new clients are let in when it is done */
