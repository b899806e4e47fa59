/* The clients that an instance which drains had before there was a successor: they have the same address as its, and are
 * nobody of whom it has to be kept awake (engine/idle/idle). They are noted while nobody else is let in, once, by the kernel's
 * numbers for them; who is not known for sure to be one passes for the successor's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "engine/clients/census.h"
#include "engine/service/keeper.h"

struct parted;

/* Embedded in a drain. */
struct former {
	struct keeper *keeper;          /* NULL: nobody has asked */
	struct inquiry inquiry;         /* its guests are they, where they are known */
	uint64_t activations;           /* of the keeper, when it was asked */
	bool known;
	struct tally *tallies;
};

/* Of the instance that has these sockets, and just was retired. */
void former_note(struct former *former, struct keeper *keeper, const struct parted *sockets, size_t count);
void former_free(struct former *former);

bool former_is_noting(const struct keeper *keeper);     /* who comes now is let in when it is known */
