/* The pid file: claimed before superd does anything that is seen from outside, written once it serves, and taken away
 * at its end. Whoever has claimed it holds a lock on it for life, so a pid left over from a crash is in nobody's way. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

struct pid_file {
	const char *path;               /* borrowed */
	int fd;                         /* holds the lock, over a fork too; -1: none */
	bool is_taken;                  /* another one that lives has claimed it */
};

/* false with the reason in why: it can't be written, it is somebody's text and no pid, or another superd that lives has it.
 * Makes it, empty, where it is missing. */
bool pid_file_claim(struct pid_file *file, const char *path, struct buf *why);

bool pid_file_write(struct pid_file *file);     /* false and errno */

/* Takes it away, while it is still the one that was claimed, and ends the claim. Harmless when there is none. */
void pid_file_remove(struct pid_file *file);
