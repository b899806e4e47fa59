/* The clients that a draining instance had before there was a successor. They come from the same address as the
 * successor's, which need not be kept awake for them (engine/idle/idle). They are noted once, by the kernel's numbers,
 * while no new client is let in; a client that is not surely one of them passes for the successor's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "engine/clients/conn_query.h"
#include "engine/service/keeper.h"

struct parted;

/* Embedded in a drain. */
struct former {
	struct keeper *keeper;          /* NULL: nobody has asked */
	struct conn_query query;        /* its guests are the clients, if known */
	uint64_t activations;           /* the keeper's when it was asked: no successor may have started since */
	bool known;
	struct tally *tallies;
};

/* Notes the clients of an instance that has these sockets, and was retired just now. */
void former_note(struct former *former, struct keeper *keeper, const struct parted *sockets, size_t count);
void former_free(struct former *former);

bool former_is_noting(const struct keeper *keeper);     /* new clients are let in when it is done */
