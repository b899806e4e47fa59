/* Readers for the words of hardening options. Their types (config/type/type_sandbox, type_mounts) have checked them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/service/service.h"

/* A word of bind_paths: SOURCE[:TARGET[:rbind|norbind]]. Parts point into it. */
struct bind_path {
	const char *source, *target;
	size_t source_length, target_length;
	bool optional, recursive;
};

bool bind_path_read(const char *word, struct bind_path *out);

/* A word of read_only_paths and its kin behind its prefix. */
const char *protected_path(const char *word, bool *optional, bool *inside);

/* Whether a list of signed words takes away from all there is; else it is all there is. */
static inline bool signed_list_denies(words list)
{
	return list && list[0] && list[0][0] == '~';
}
