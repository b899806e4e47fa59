/* superd's side of a reading in superd-read: asks it for each source that is not superd.conf, takes the services and
 * records that it sends, and checks all of them. It is started for the first such source of a table
 * (request->start). */
#pragma once

#include "table/reading/reading.h"

/* A source for superd-read; compat is the reading's. */
struct asked_source {
	const char *format;             /* its name; NULL: superd-read finds it out */
	const char *path;               /* complete, in the table's pool */
	struct origin from;             /* the import that names it; file NULL: the command line does */
};

/* Fails with a diagnostic, as reading->import does. READ_OWN: the source is superd.conf, which the caller reads. */
enum read_result ask_source(struct reading *reading, const struct asked_source *source);

/* Takes what superd-read knows only when it has read all sources, and ends it. Does nothing if it was not asked. */
void ask_finish(struct reading *reading);
