/* What superd and superd-exec share beside exec/child. */
#pragma once

#include "exec/child/child.h"

/* ---- condition.c ---- */

/* Whether conditions hold now (systemd.unit(5), "Conditions and Asserts"). A path may be on a file system that hangs, so
 * superd-exec asks, or another process of superd's. */

/* The index of a condition that prevents the start; -1: none. */
int conditions_find_false(const struct condition *list, size_t count);

/* Whether a condition of this kind holds, before negation. */
bool condition_kind_holds(enum condition_kind kind, const char *text);

/* ---- start_record.c ---- */

/* One start for superd-exec (lib/record.c): superd writes it, and superd-exec reads it into the same structs, from which
 * both go through the same stages (exec/child). */

/* Writes a job whose plan, command, descriptors and texts are complete. Of pipes and of memory that superd has for itself
 * superd-exec gets nothing. */
void start_write(const struct job *job, struct buf *out);

/* Reads it. What it leads to lives until the process ends. false and errno. */
bool start_read(int file, struct job *job);
bool start_read_text(const char *text, size_t length, struct pool *pool, struct job *job);
