/* The folder of what lasts until the machine ends, below which superd keeps its own in a folder of its name. */
#pragma once

const char *runtime_folder(void);       /* "/run"; of a user who is not root, theirs */
