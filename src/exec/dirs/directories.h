/* The directories of a service, below fixed base folders: created for its user before a start; the runtime ones are
 * removed after its end. Follows systemd.exec(5). A directory that holds a listener is never removed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "config/table/table.h"
#include "exec/spawn/process_defaults.h"

#define DIRECTORY_KINDS 5

struct directory_kind {
	const char *option, *variable;  /* "state_directory", "STATE_DIRECTORY" */
	const char *mode_option;
	const char *base;
	words names;                    /* "NAME" or "NAME:LINK" */
	mode_t mode;
	bool is_owned;                  /* by the service's user */
};

/* Fills in the directories of a row, the runtime ones first. */
void directories_of(const struct service *service, const struct process_defaults *defaults,
		    struct directory_kind kinds[DIRECTORY_KINDS]);

/* The length of NAME in "NAME:LINK". */
size_t directory_name_length(const char *word);

/* Whether superd's control socket lies in this folder of a kind, or below it: then no service is given it. */
bool directory_has_control(const struct process_defaults *defaults, const char *base, const char *word);

/* Fills in the folders above, as this superd was built and for who runs it. */
void directories_find_bases(struct process_defaults *defaults);

/* Makes the folders the table sets above them, too, where they are missing. false with the reason in why. */
bool directories_prepare(const struct service *service, const struct process_defaults *defaults, struct buf *why);

/* Removes the runtime directories with what is in them, never across a mount and never through a symlink, nor one in
 * which a listener of the table lies. stays: the service may be started again, which decides with
 * runtime_directory_preserve = restart. at_once: as by directories_discard. */
void directories_remove(const struct table *table, const struct service *service,
			const struct process_defaults *defaults, bool stays, bool at_once);

/* Removes base/name with what is in it, never across a mount and never through a symlink. The name is free when this
 * returns; the rest is done in a process of its own, as it may take long, or at once where superd is about to end. */
void directories_discard(int base, const char *name, bool at_once);

/* As directories_discard with at_once; waits until all is removed. */
void directories_remove_tree(const char *base, const char *name);

/* A number for the name of a folder, which nobody can guess; never 0. */
uint64_t directories_number(void);
