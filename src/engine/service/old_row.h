/* Processes of a service that go on by the row of before, as a reload has changed it: noted, counted and told. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "engine/service/keeper.h"

/* The keeper is about to go on under this row; its processes go on as they are. */
void old_row_note(struct keeper *keeper, const struct service *service);

/* The same where its sockets are others: those that the new row has no more, its current instance has still. */
void old_row_note_sockets(struct keeper *keeper, const struct service *service);

/* Those that go on, and are not told to end yet. */
size_t old_row_count(struct keeper *keeper);

/* "pid 23 runs on by the old entry (env), and has tcp:8080 still: superctl restart web"; "": nobody does. */
void old_row_describe(struct keeper *keeper, struct buf *out);

/* What runs on of a service that is removed, or is about to be: "pid 23 runs on (on_remove = finish)"; "": nothing. */
void old_row_describe_removed(struct keeper *keeper, struct buf *out);

/* An option's names, separated by blanks, as a list for people. */
void old_row_add_words(struct buf *out, const char *names);
