/* The folder for files that last until the next boot. superd keeps its own in "superd" below it. */
#pragma once

const char *runtime_dir(void);          /* "/run"; for an unprivileged superd the user's (XDG_RUNTIME_DIR) */
