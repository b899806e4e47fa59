/* Parses the words of hardening options, which their types (table/type/type_sandbox) have checked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/service/service.h"

/* A word of bind_paths: SOURCE[:TARGET[:rbind|norbind]]. Its parts are borrowed from the word. */
struct bind_path {
	const char *source, *target;
	size_t source_length, target_length;
	bool optional;                  /* the source may be missing */
	bool recursive;                 /* with the mounts below it: MS_REC of mount(2) */
};

bool bind_path_read(const char *word, struct bind_path *out);

/* Returns the path of a word of read_only_paths and others behind its prefix. optional (-): it may be missing; inside
 * (+): it is below root_directory. */
const char *protected_path(const char *word, bool *optional, bool *inside);

/* Whether a list of signed words denies its words and allows the rest; otherwise it allows only its words. */
static inline bool signed_list_denies(words list)
{
	return list && list[0] && list[0][0] == '~';
}
