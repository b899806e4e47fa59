/* The folder that holds a superd's groups: made for it alone. */
#pragma once

#define CGROUP_NAME_MOST 200            /* bytes that the name of a group in it may have */

/* Makes it below `own`, superd's own group, with superd's pid in its name, and thaws and removes what an earlier superd of
 * that pid has left; where somebody is in that still it is another. The caller's to free; NULL and errno. */
char *cgroup_base_claim(const char *own);

/* Folders of superds that are gone: what is frozen in there goes on, and empty ones are removed. */
void cgroup_base_sweep(const char *own);
