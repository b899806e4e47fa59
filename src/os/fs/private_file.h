/* Files of superd's own at well-known paths that no other user can influence: links are never followed, and files of
 * other users are never written. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* Writes FOLDER/NAME, readable for its owner only, and replaces any file there (rename(2)). The new file is first
 * written in FOLDER/superd, a folder of superd's own that is created if it is missing. false with the reason in why. */
bool private_file_replace(const char *folder, const char *name, const char *text, size_t length, struct buf *why);

/* Whether only root and superd's own user can change what this absolute path refers to: its folder, and all folders
 * above, must belong to them, or be sticky. false with the reason in why. */
bool private_folder_is_safe(const char *path, struct buf *why);

/* Writes a whole file, first beside the path and then renamed; if that fails, the old file stays. Only its owner may
 * read it. For a path with private_folder_is_safe. false with the reason in why. */
bool private_file_put(const char *path, const char *text, size_t length, struct buf *why);

/* As private_file_put, but makes the folder if it is missing, and returns when the disk has the file. */
bool private_file_store(const char *path, const char *text, size_t length, struct buf *why);

/* Removes it, on the disk, too. true if there is none. */
bool private_file_remove(const char *path, struct buf *why);

/* The text of such a file, NUL-terminated, for the caller to free(). NULL: it does not exist. NULL with the reason in
 * why: it is not trusted, as another user could have written it, is no regular file, or has more than `most` bytes. */
char *private_file_get(const char *path, size_t most, size_t *length, struct buf *why);
