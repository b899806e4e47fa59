/* The pid file. superd claims it by a lock (flock(2)) before it does anything that others can see, writes its pid once
 * it serves, and removes the file when it ends. The lock ends with the process, so a file that a crash left behind does
 * not keep superd from starting. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"

struct pid_file {
	const char *path;               /* borrowed */
	int fd;                         /* owned; holds the lock, over a fork(2) too; -1: none */
	bool is_taken;                  /* the claim failed because another process holds the lock */
};

/* Creates the file if it is missing, and locks it. false with the reason in `why`: it cannot be written, it holds text
 * that is no pid, or another superd has claimed it. */
bool pid_file_claim(struct pid_file *file, const char *path, struct buf *why);

bool pid_file_write(struct pid_file *file);     /* writes the pid; false and errno */

/* Removes the file, if the path still leads to the claimed one and no other process's pid is in it, and unlocks it.
 * Does nothing if fd is -1. */
void pid_file_remove(struct pid_file *file);
