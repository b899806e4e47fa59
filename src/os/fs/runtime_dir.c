/* The folder for runtime files: /run, as configured, or the user's own. XDG_RUNTIME_DIR counts only if superd's real
 * user is not root and it holds an absolute path. */
#include "os/fs/runtime_dir.h"

#include <stdlib.h>
#include <unistd.h>

const char *runtime_dir(void)
{
	const char *own = getuid() ? getenv("XDG_RUNTIME_DIR") : NULL;

	return own && *own == '/' ? own : RUNSTATEDIR;
}
