/* Finding the runtime folder. The one hard thing is that the environment may name any: root's is the one superd was
 * built with, and only another user's word for theirs is taken, where it is a path. */
#include "os/fs/runtime_folder.h"

#include <stdlib.h>
#include <unistd.h>

const char *runtime_folder(void)
{
	const char *own = getuid() ? getenv("XDG_RUNTIME_DIR") : NULL;

	return own && *own == '/' ? own : RUNSTATEDIR;
}
