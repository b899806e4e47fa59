/* One start for superd-exec (lib/record.h): superd writes it, and superd-exec reads it into the same structs, from which
 * both go through the same stages (exec/child). */
#pragma once

#include "exec/child/child.h"
#include "lib/buf.h"

/* Writes a job whose plan, command, descriptors and texts are complete. Of pipes and of memory that superd has for itself
 * superd-exec gets nothing. */
void start_write(const struct job *job, struct buf *out);

/* Reads it. What it leads to lives until the process ends. false and errno. */
bool start_read(int file, struct job *job);
bool start_read_text(const char *text, size_t length, struct pool *pool, struct job *job);
