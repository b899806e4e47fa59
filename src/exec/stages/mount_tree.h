/* Trees of mounts that are detached from one place and attached at another: open_tree(2), move_mount(2),
 * mount_setattr(2) (Linux 5.12). Other users may lead the paths elsewhere (os/foreign/path_walk); of them the service's
 * user, whose account comes first, has his groups. 0 or a descriptor, or -1 and errno. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "table/service/service.h"

/* Clones the tree at a path, with the mounts below if recursive. */
int mount_tree_open(const struct account *user, const char *path, bool recursive);

/* Attaches the tree and closes its descriptor. */
int mount_tree_attach(const struct account *user, int tree, const char *path);

/* Sets and clears MOUNT_TREE_x of the tree and of the mounts below. */
int mount_tree_set_attr(int tree, unsigned set, unsigned clear);

/* Sets MOUNT_TREE_x at a path; makes it a mount point first if it is none. */
int mount_tree_set_attr_at(const struct account *user, const char *path, unsigned set);

/* Makes it read-only, but not the mounts below. */
int mount_tree_remount_read_only(const struct account *user, const char *path);

/* Creates a folder or a file at this path for the tree, if it is missing. If that fails, so will mount_tree_attach. */
void mount_tree_make_place(const struct account *user, const char *path, int tree);

/* Creates the folder and those above it. */
void mount_tree_make_folders(const struct account *user, const char *path);

/* Makes the tree that is attached over / the root directory of this process. */
int mount_tree_pivot(void);

/* Makes this folder the root directory, so that no chroot(2) leaves it. */
int mount_tree_chroot(const struct account *user, const char *path);

/* The same by chroot(2), where superd may not mount or nobody can leave it. */
int mount_tree_chroot_plain(const struct account *user, const char *path);

/* Covers a folder so that nobody but root can enter it, and a file with a device, given by its descriptor, so that it
 * cannot be opened. */
int mount_tree_cover(const struct account *user, const char *path, int device);

/* Opens the tree of the folder PREFIX + ID + "/tmp" of one instance, ID in hexadecimal. Creates the folder if it is
 * missing. */
int mount_tree_open_private_tmp(const struct account *user, const char *prefix, uint64_t id);

/* Mounts a new file system of this type over a folder, with flags and data as of mount(2). */
int mount_new(const struct account *user, const char *type, const char *path, unsigned long flags, const char *data);
