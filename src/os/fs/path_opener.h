/* Who opens a path that the table names: superd itself, or a child that has become the service's user.
 *
 * superd opens what nobody but root, or its own user, could lead elsewhere. What runs through a folder of somebody else
 * it leaves to a child: as the user it reaches nothing that the user could not reach anyway, and it may hang there. */
#pragma once

#include "base/buf.h"
#include "os/fs/path_trust.h"

/* The flaws by which somebody could lead a path elsewhere, or keep who opens it waiting. */
#define PATH_OPEN_FLAWS (PATH_OWNER | PATH_GROUP | PATH_WORLD | PATH_REMOTE)

enum path_opener {
	PATH_OPENED_BY_SUPERD,          /* superd itself */
	PATH_OPENED_BY_CHILD,           /* a child, as the account where there is one */
	PATH_REFUSED,                   /* nobody: superd's own rights would be used by whoever owns the folder */
};

/* account: the service's; NULL, or one that does not switch: superd's own user. mode as for path_is_open_to_us. */
enum path_opener path_opener(const char *path, mode_t mode, const struct account *account, const char *mounts,
			     struct path_finding *finding);

/* The decision between PATH_OPENED_BY_CHILD and PATH_REFUSED, after a finding that superd itself may not open the
 * path. */
enum path_opener path_opener_by(const struct account *account, const struct path_finding *finding);

/* Whether superd may open a file in its own process. mode: of one that it is to write: what is missing in a sticky
 * folder (/tmp) is made with it, so that nobody else can be first; 0: nothing is made. account as for
 * path_is_trusted_for. */
bool path_is_open_to_us(const char *path, mode_t mode, const struct account *account, const char *mounts,
			struct path_finding *finding);

/* path_mounts of the last seconds; not the caller's to free, who uses it at once: it is kept for some seconds. */
const char *path_mounts_cached(void);

/* ": /home/u belongs to user 1000, who could lead it elsewhere", behind a path. */
void path_finding_add(const struct path_finding *finding, struct buf *out);
