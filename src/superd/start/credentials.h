/* The credentials of a service (systemd.exec(5), "Credentials"): secrets in files of a folder of its own, which
 * CREDENTIALS_DIRECTORY names. The child reads them, as a source may be slow or missing.
 *
 * If the child can mount, it covers the folder of all services' credentials by a tmpfs that only the instance's
 * processes see; it ends with the last of them, and each start reads the sources again. Otherwise it is a folder below
 * superd's runtime directory for all instances, removed after the last one; an instance that starts beside another uses
 * what that one has read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "exec/child/credentials.h"
#include "exec/child/plan.h"
#include "lib/buf.h"
#include "table/service/service.h"

struct process_defaults;
struct variables;

bool credentials_are_wanted(const struct service *service);

/* Appends "/run/credentials/NAME.service". */
void credentials_folder(const struct service *service, const struct process_defaults *defaults, struct buf *out);

/* Sets CREDENTIALS_DIRECTORY if the service has credentials. */
void credentials_set_variable(struct variables *variables, const struct service *service,
			      const struct process_defaults *defaults);

/* Adds the service's credentials to its plan. false with the reason in why. */
bool credentials_plan(struct plan *plan, const struct service *service, const struct process_defaults *defaults,
		      struct buf *why);
void credentials_free(struct credentials *credentials);         /* accepts NULL */

/* The option's word with this number, without its secret part (*length), and the option, for messages; NULL: there is
 * none. */
const char *credentials_fault(const struct service *service, int number, const char **option, size_t *length);

/* Removes the folder if it exists, as directories_discard. */
bool credentials_remove(const struct service *service, const struct process_defaults *defaults);
