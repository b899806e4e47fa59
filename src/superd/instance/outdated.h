/* The options of an earlier configuration that a running instance still has: a reload changes the configuration of its
 * service, and not the process. superd keeps a hash of each value that the instance was started with, so an option
 * that gets its old value again is no longer outdated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "table/services/diff.h"

struct old_option {
	const char *name;
	uint64_t was;                   /* hash of the value that the instance was started with */
};

/* Owned by the instance; NULL there: nothing is outdated. */
struct outdated {
	struct old_option *options;
	size_t count, capacity;
	struct buf sockets;             /* endpoints that the instance has and its service has no longer, separated by blanks */
};

/* Notes the changed options. Without memory it may note fewer. */
void outdated_note(struct outdated **outdated, const struct option_differences *differences);

/* Notes a socket that the service no longer has. */
void outdated_note_socket(struct outdated **outdated, const struct listen *listen);
void outdated_forget_sockets(struct outdated **outdated);       /* called before they are noted again */

/* Notes an option, or the endpoints, as the superd before the upgrade had them. */
void outdated_load(struct outdated **outdated, const char *option, uint64_t was);
void outdated_load_sockets(struct outdated **outdated, const char *sockets);

void outdated_free(struct outdated **outdated);
