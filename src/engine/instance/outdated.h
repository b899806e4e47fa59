/* What a running process still has of an earlier row: a reload changes the row of its service, and not the process.
 * Options are kept by a hash of the value that it was started with, so a row that is as before ends the difference. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/table/diff.h"

struct old_option {
	const char *name;
	uint64_t was;                   /* hash of the value that it was started with */
};

/* For an instance; NULL there: it has nothing of an earlier row. */
struct outdated {
	struct old_option *options;
	size_t count, capacity;
	struct buf sockets;             /* endpoints that it has and its row has not, separated by blanks */
};

/* Notes how the row has changed. Without memory that may be lost. */
void outdated_note(struct outdated **outdated, const struct option_differences *differences);

/* Notes a socket of the earlier row that the new one has not. */
void outdated_note_socket(struct outdated **outdated, const struct listen *listen);
void outdated_forget_sockets(struct outdated **outdated);       /* called before they are noted anew */

/* Takes an option over from another superd. */
void outdated_load(struct outdated **outdated, const char *option, uint64_t was);
void outdated_load_sockets(struct outdated **outdated, const char *sockets);

void outdated_free(struct outdated **outdated);
