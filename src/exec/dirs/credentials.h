/* The credentials of a service: secrets that it finds as files in a folder of its own, which CREDENTIALS_DIRECTORY
 * names. A start that may have them reads them in the child, as a source may be slow, or not be there.
 *
 * Where a file system can be mounted, what holds the folders of all services is covered by one in memory that only this
 * process sees, and what it starts; it goes with the last of them, and every start reads anew. Else it is a folder
 * below superd's runtime directory, for all instances, which goes with the last of these: who starts beside one takes
 * what that has read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "config/service/service.h"
#include "exec/child/credentials.h"
#include "exec/child/plan.h"

struct process_defaults;
struct variables;

bool credentials_are_wanted(const struct service *service);

/* "/run/credentials/NAME.service". */
void credentials_folder(const struct service *service, const struct process_defaults *defaults, struct buf *out);

/* CREDENTIALS_DIRECTORY, where it is wanted. */
void credentials_set_variable(struct variables *variables, const struct service *service,
			      const struct process_defaults *defaults);

/* Adds the row's credentials to its plan. false with the reason in why. */
bool credentials_plan(struct plan *plan, const struct service *service, const struct process_defaults *defaults,
		      struct buf *why);
void credentials_free(struct credentials *credentials);         /* accepts NULL */

/* Whether what the child takes is the part of a view that its mounts make: then it carries the folder there. */
bool credentials_are_carried(const struct service *service);

/* The word at fault, but for what is secret of it, and its option, for messages; NULL: none is. */
const char *credentials_fault(const struct service *service, int number, const char **option, size_t *length);

/* Removes the folder, where there is one; at_once: as by directories_discard. */
void credentials_remove(const struct service *service, const struct process_defaults *defaults, bool at_once);
