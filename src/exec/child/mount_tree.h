/* Trees of files that are taken from one place and put at another: open_tree(2), move_mount(2), mount_setattr(2)
 * of Linux 5.12. For the child; 0 or a descriptor, or -1 and errno. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The kernel's MOUNT_ATTR_x, which older headers lack. */
enum { MOUNT_TREE_READ_ONLY = 0x1, MOUNT_TREE_NO_SUID = 0x2, MOUNT_TREE_NO_DEVICES = 0x4, MOUNT_TREE_NO_EXEC = 0x8 };

int mount_tree_open(const char *path, bool recursive);
/* Takes a tree below other users' folders. A link of another user is followed only to a target of the same owner; else
 * ELOOP. */
int mount_tree_open_foreign(const char *path, bool recursive);
int mount_tree_attach(int tree, const char *path);      /* closes it */
/* As mount_tree_attach, at a path that may lie in another user's folder: no link of theirs is followed. ELOOP: there is
 * one. */
int mount_tree_attach_beneath_user(int tree, const char *path);
int mount_tree_set_attr(int tree, unsigned set, unsigned clear); /* sets and clears MOUNT_TREE_x, also of mounts within */

/* Sets MOUNT_TREE_x for the files at a path; makes it a mount first if it is none. */
int mount_tree_set_attr_at(const char *path, unsigned set);
int mount_tree_remount_read_only(const char *path);     /* read-only, but for what is mounted in it */

/* Creates a folder or a file at this path for the tree, if there is none. If that fails, the later mount_tree_attach
 * fails. */
void mount_tree_make_place(const char *path, int tree);
void mount_tree_make_folders(const char *path);

/* Makes the tree that was put over / the root directory of this process. */
int mount_tree_pivot(void);

/* Makes this folder the root directory, so that no chroot(2) leaves it. */
int mount_tree_chroot(const char *path);

/* Covers a file with a device, given by its descriptor, so that the file cannot be opened. */
int mount_tree_cover_file(int device, const char *path);

/* Takes the folder PREFIX + ID + "/tmp" of one instance, ID in hexadecimal. Creates it if it is missing. */
int mount_tree_open_private_tmp(const char *prefix, uint64_t id);

int mount_new(const char *type, const char *path, unsigned long flags, const char *data);

/* What a backend with private_devices keeps of /dev. */
#define DEVICES 12

struct device_trees {
	int of[DEVICES];
};

int devices_take(struct device_trees *devices);         /* never -1 for a device that is missing */
int devices_put(const struct device_trees *devices, unsigned set);      /* MOUNT_TREE_x, of what it keeps */
