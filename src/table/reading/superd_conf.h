/* The reader of superd.conf. table/reading/statement.c splits a source into statements with the place of every word,
 * table/reading/values reads the words with libconfuse, and superd_conf.c makes builders of them. One pass finds the
 * mistakes of all statements, each with its column. */
#pragma once

#include "lib/source_file.h"
#include "table/reading/reading.h"

extern const struct reader reader_superd;

bool superd_read_source(struct reading *reading, const struct source_file *source);

/* The same of what print_conf_saved wrote: a service is of the dialect, and has the place, that its mark names. */
bool superd_read_saved(struct reading *reading, const struct source_file *source);

/* Whether a text is superd.conf by how it begins, as xinetd.conf has statements of the same names. */
bool superd_is_certain(const struct source_file *source);

/* Reads services that superd-read has written, with their marks (table/services/service_conf.c). The text ends with a
 * NUL. false: there is something else, or superd refuses it, which is an error in reading->diags. */
bool superd_read_services(struct reading *reading, char *text, size_t length);
