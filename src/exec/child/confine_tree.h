/* Trees of files that are taken from one place and put at another: open_tree(2), move_mount(2), mount_setattr(2)
 * of Linux 5.12. For the child; 0 or a descriptor, or -1 and errno. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The kernel's MOUNT_ATTR_x, which older headers lack. */
enum { TREE_READ_ONLY = 0x1, TREE_NO_SUID = 0x2, TREE_NO_DEVICES = 0x4, TREE_NO_EXEC = 0x8 };

int tree_take(const char *path, bool recursive);
/* Takes a tree below other users' folders. A link of another user is followed only to a target of the same owner; else
 * ELOOP. */
int tree_take_foreign(const char *path, bool recursive);
int tree_put(int tree, const char *path);               /* closes it */
/* As tree_put, at a path that may lie in another user's folder: no link of theirs is followed. ELOOP: there is one. */
int tree_put_there(int tree, const char *path);
int tree_change(int tree, unsigned set, unsigned clear);        /* sets and clears TREE_x, also of mounts within */

/* Sets TREE_x for the files at a path; makes it a mount first if it is none. */
int tree_change_at(const char *path, unsigned set);
int tree_close_top(const char *path);                   /* read-only, but for what is mounted in it */

/* Creates a folder or a file at this path for the tree, if there is none. If that fails, the later tree_put fails. */
void tree_make_place(const char *path, int tree);
void tree_make_folders(const char *path);

/* Makes the tree that was put over / the root directory of this process. */
int tree_climb(void);

/* Makes this folder the root directory, so that no chroot(2) leaves it. */
int tree_enter(const char *path);

/* Covers a file with a device, given by its descriptor, so that the file cannot be opened. */
int tree_cover_file(int device, const char *path);

/* Takes the folder PREFIX + ID + "/tmp" of one instance, ID in hexadecimal. Creates it if it is missing. */
int tree_take_private(const char *prefix, uint64_t id);

int mount_new(const char *type, const char *path, unsigned long flags, const char *data);

/* What a backend with private_devices keeps of /dev. */
#define DEVICES 12

struct device_trees {
	int of[DEVICES];
};

int devices_take(struct device_trees *devices);         /* never -1 for a device that is missing */
int devices_put(const struct device_trees *devices, unsigned set);      /* TREE_x, of what it keeps */
