/* Looks at a program's files. A script that an interpreter gets as an argument is one of them. */
#include "superd/instance/program_stamp.h"

#include <stdlib.h>
#include <string.h>

#include "exec/child/plan.h"
#include "os/fs/path_trust.h"

static void look(const char *path, struct stat *file)
{
	if (stat(path, file) < 0)
		*file = (struct stat){ 0 };
}

static void add_path(struct program_stamp *stamp, const char *path, const char *mounts)
{
	struct path_finding finding;

	if (*path != '/' || stamp->count == STAMPS_MOST || !path_is_trusted(path, PATH_ANY_FLAW, mounts, &finding))
		return;
	stamp->paths[stamp->count] = strdup(path);
	if (stamp->paths[stamp->count])
		look(path, &stamp->files[stamp->count++]);
}

void program_stamp_free(struct program_stamp *stamp)
{
	while (stamp->count)
		free(stamp->paths[--stamp->count]);
}

/* In another root directory the paths lead elsewhere. */
void program_stamp_take(struct program_stamp *stamp, const struct plan *plan)
{
	char *mounts;

	program_stamp_free(stamp);
	if (plan->root || plan->may_hang)
		return;
	mounts = path_mounts();
	add_path(stamp, plan->main.program, mounts);
	for (char **argument = plan->main.argv; *argument && argument[1]; argument++)
		add_path(stamp, argument[1], mounts);
	free(mounts);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

bool program_stamp_holds(const struct program_stamp *stamp)
{
	struct stat now;

	for (size_t n = 0; n < stamp->count; n++) {
		look(stamp->paths[n], &now);
		if (!is_same(&now, &stamp->files[n]))
			return false;
	}
	return true;
}
