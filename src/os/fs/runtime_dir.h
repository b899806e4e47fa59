/* The folder for files that last until the next boot. superd keeps its own in "superd" below it. */
#pragma once

const char *runtime_dir(void);          /* "/run"; of a user who is not root, theirs */
