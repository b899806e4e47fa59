/* Trees of files that are taken from one place and put at another: open_tree(2), move_mount(2), mount_setattr(2)
 * of Linux 5.12. For the child; 0 or a descriptor, or -1 and errno. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The kernel's MOUNT_ATTR_x, which older headers lack. */
enum { TREE_READ_ONLY = 0x1, TREE_NO_SUID = 0x2, TREE_NO_DEVICES = 0x4, TREE_NO_EXEC = 0x8 };

int tree_take(const char *path, bool recursive);
/* The same of a path in folders of others: a link of theirs is followed to what is its owner's, else ELOOP. */
int tree_take_foreign(const char *path, bool recursive);
int tree_put(int tree, const char *path);               /* closes it */
/* The same at a path where no link of others is followed, as it may lie in a folder of theirs; ELOOP: there is one. */
int tree_put_there(int tree, const char *path);
int tree_change(int tree, unsigned set, unsigned clear);        /* with all that is mounted in it */

/* The same for what is seen at a path. */
int tree_change_at(const char *path, unsigned set);
int tree_close_top(const char *path);                   /* read-only, but for what is mounted in it */

/* A node at this path for the tree, a folder or a file, where there is none. That it can't be made shows when it
 * is put. */
void tree_make_place(const char *path, int tree);
void tree_make_folders(const char *path);

/* What was put over / is / from now on. */
int tree_climb(void);

/* This folder is / from now on, for good. */
int tree_enter(const char *path);

/* A device, given by a descriptor, covers a file so that it can't be opened. */
int tree_cover_file(int device, const char *path);

/* A folder of this instance alone below prefix, made where it is missing. */
int tree_take_private(const char *prefix, uint64_t id);

int mount_new(const char *type, const char *path, unsigned long flags, const char *data);

/* What a backend with private_devices keeps of /dev. */
#define DEVICES 12

struct device_trees {
	int of[DEVICES];
};

int devices_take(struct device_trees *devices);         /* never -1 for a device that is missing */
int devices_put(const struct device_trees *devices, unsigned set);      /* TREE_x, of what it keeps */

/* Whether this kernel has the calls. */
bool tree_is_known(void);
