/* Decides which process opens a path that the configuration names: superd itself, or a child that runs as the service's
 * user.
 *
 * superd opens a path only if no one but root and superd's own user can redirect it. A path through another user's
 * folder is left to a child: with the user's rights it reaches nothing that the user could not reach anyway, and it may
 * block. */
#pragma once

#include "lib/buf.h"
#include "os/fs/path_trust.h"

/* The flaws by which another user could redirect a path, or make the process that opens it wait. */
#define PATH_OPEN_FLAWS (PATH_OWNER | PATH_GROUP | PATH_WORLD | PATH_REMOTE)

enum path_opener {
	PATH_OPENED_BY_SUPERD,          /* superd itself */
	PATH_OPENED_BY_CHILD,           /* a child, as the service's account if there is one */
	PATH_REFUSED,                   /* no process: it would open a path that the folder's owner controls with superd's own rights */
};

/* account: the service's; NULL, or one that does not switch: superd's own user. mode: as for path_is_open_to_us. Fills
 * in `finding`. */
enum path_opener path_opener(const char *path, mode_t mode, const struct account *account, const char *mounts,
			     struct path_finding *finding);

/* The decision between PATH_OPENED_BY_CHILD and PATH_REFUSED, after a finding that superd itself may not open the
 * path. */
enum path_opener path_opener_by(const struct account *account, const struct path_finding *finding);

/* Whether superd may open a file in its own process. mode: for a file that superd will write: a file that is missing in
 * a sticky folder (/tmp) is created with this mode, so that no other user can create it first; 0: nothing is created.
 * account: as for path_is_trusted_for. */
bool path_is_open_to_us(const char *path, mode_t mode, const struct account *account, const char *mounts,
			struct path_finding *finding);

/* path_mounts, cached for some seconds. The caller must use it at once and must not free() it. */
const char *path_mounts_cached(void);

/* Appends the finding behind a path: ": /home/u belongs to user 1000, who could lead it elsewhere". */
void path_finding_add(const struct path_finding *finding, struct buf *out);
