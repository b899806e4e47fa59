/* What a process that runs still has of a row of before: a reload changes the row of its service, and not the process.
 * Options are kept by a hash of the value that it was started with, so a row that is as before again ends the
 * difference. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/table/diff.h"

struct old_option {
	const char *name;
	uint64_t was;                   /* of the row that it was started by */
};

/* Of an instance; NULL there: it goes by the row of now. */
struct outdated {
	struct old_option *options;
	size_t count, capacity;
	struct buf sockets;             /* endpoints that it has and its row has no more, separated by blanks */
};

/* The row has changed by this. Where memory is out it may not be noted. */
void outdated_note(struct outdated **outdated, const struct differences *differences);

/* It has a socket of the row of before that the new one has no more. */
void outdated_note_socket(struct outdated **outdated, const struct listen *listen);
void outdated_forget_sockets(struct outdated **outdated);       /* before they are noted anew */

/* Of another superd: an option of this name. */
void outdated_resume(struct outdated **outdated, const char *option, uint64_t was);
void outdated_resume_sockets(struct outdated **outdated, const char *sockets);

void outdated_free(struct outdated **outdated);
