/* The inverse of superd/saved/state_save: reads descriptors of the superd before the upgrade by their keys. */
#pragma once

#include "superd/saved/state_stream.h"

/* Returns an open descriptor, which the caller owns; -1: none. */
int load_fd(struct state_section *section, const char *key);
int load_fd_of(struct state_section *section, struct state_entry *entry);
bool load_holds_descriptor(const char *key);    /* whether its value is a descriptor */
