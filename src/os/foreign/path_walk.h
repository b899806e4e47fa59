/* Opens paths that other users may lead elsewhere, part by part, where and when they are opened.
 *
 * superd's own rights serve as long as each part belongs to root or superd's user, and no other user can change what
 * lies in it. At the first other part the process takes on the rights of its owner. From there on a link may lead only
 * to what belongs to that user: else a service could undo its sandbox by one. Whose link it is proves nothing: he may
 * move one of root's, and a file system of his own may say that it is root's.
 *
 * For a forked process or superd-exec only, as act_as. */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "os/foreign/act_as.h"

/* A walk along one path or several. path_walk_end ends it. */
struct path_walk {
	/* Whose groups count where a part belongs to its user; others act without groups. NULL: none. The process acts as
	 * its user, too, where it cannot become the owner of a part. */
	const struct account *account;
	int folder;                     /* the folder with the last part, or that itself, O_PATH; -1: before the first */
	char name[NAME_MAX + 1];        /* the last part there, which is no link: open it with O_NOFOLLOW; or "." */
	bool is_users;                  /* the process acts as */
	struct account user;
	uid_t owner;                    /* of the part where that began */
	struct act_as before;           /* the rights from before */
};

/* What becomes of missing parts. */
enum path_missing { PATH_STAYS_MISSING, PATH_MADE_FOLDER, PATH_MADE_FILE };

/* Walks a path from the folder `at`; -1: from the root. With the rights that an earlier path has taken on. Returns what
 * it leads to with O_PATH, which the caller closes; -1 and errno: ELOOP: a link that another user controls leads to
 * what is not his. */
int path_walk(struct path_walk *walk, int at, const char *path, enum path_missing missing);

/* To be called before the process enters a user namespace where root is root: what belongs to nobody there is another
 * user's, as who has no number there has no other name. */
void path_walk_note_namespace(void);

/* superd's own rights for a while, within a walk. false and errno: the process must end. */
bool path_walk_pause(const struct path_walk *walk);
bool path_walk_resume(struct path_walk *walk);

/* Ends the walk with superd's own rights. Keeps errno. false and errno: the process must end. */
bool path_walk_end(struct path_walk *walk);
