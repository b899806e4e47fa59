/* The directories of a service below fixed base folders (systemd.exec(5), RuntimeDirectory= and so on): created for its
 * user before a start; the runtime ones are removed after its end. A directory that contains a listener is never
 * removed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "superd/start/process_defaults.h"
#include "table/service/service.h"
#include "table/services/table.h"

#define DIRECTORY_KINDS 5

struct plan;

/* One kind of directories, for one service. Borrows everything. */
struct directory_kind {
	const char *option, *variable;  /* "state_directory", "STATE_DIRECTORY" */
	const char *mode_option;        /* "state_directory_mode" */
	const char *base;               /* base folder, such as "/var/lib" */
	words names;                    /* "NAME" or "NAME:LINK" */
	mode_t mode;
	bool is_owned;                  /* the service's user owns them */
};

/* Fills in the directories of a service, the runtime ones first. */
void directories_of(const struct service *service, const struct process_defaults *defaults,
		    struct directory_kind kinds[DIRECTORY_KINDS]);

/* The length of NAME in "NAME:LINK". */
size_t directory_name_length(const char *word);

/* Whether superd's control socket is in this directory, or below it: no service may have such a directory. */
bool directory_has_control(const struct process_defaults *defaults, const char *base, const char *word);

/* Fills in the base folders, as superd was configured, and for superd's user. */
void directories_find_bases(struct process_defaults *defaults);

/* Plans the service's directories, which each of its starts makes, with missing ones above. false with the reason in
 * why. */
bool directories_plan(struct plan *plan, const struct service *service, const struct process_defaults *defaults,
		      struct buf *why);
void directories_plan_free(struct plan *plan);

/* Says of the directory with this number in the plan why it could not be made. */
void directories_describe_fault(const struct service *service, const struct process_defaults *defaults, int number,
				int error, struct buf *why);

/* Whose directory it is. Asks no file system that is mounted there. false: there is none, or that cannot be told. */
bool directories_find_owner(const char *base, const char *word, uid_t *owner);

/* Removes the runtime directories with their contents, but not across a mount or through a symlink, nor one that
 * contains a listener of the table. stays: the service may start again, which matters for runtime_directory_preserve =
 * restart. false and errno: one stays. */
bool directories_remove(const struct table *table, const struct service *service,
			const struct process_defaults *defaults, bool stays);

/* Removes base/name with its contents, but not across a mount or through a symlink. The name is free when this returns,
 * and the rest is removed aside (superd/start/removal). false and errno: it stays. */
bool directories_discard(int base, const char *name);

/* Removes what an earlier superd has moved aside in the base, and has not removed before its end: as its end waits for
 * removals only so long, or was sudden. Nothing happens in a base that others can write, or superd
 * cannot. */
void directories_sweep(const char *base, struct buf *left);

/* The folders of an instance with private_tmp, below /tmp and /var/tmp. The child creates them; superd removes them
 * after the instance's end.
 *
 * A random number for a new instance's folders; 0: the service has no private_tmp. */
uint64_t private_tmp_new(const struct service *service);

/* Appends "/tmp/superd-NAME-", which the number in hexadecimal follows. */
void private_tmp_prefix(const char *above, const char *service, struct buf *out);

/* Removes the folders and their contents aside (superd/start/removal). A number of 0 does nothing. false and errno:
 * they stay. */
bool private_tmp_remove(const char *service, uint64_t number);
