/* A file at a place that all may know, and that nobody else has a hand in: no link is ever followed, no file of somebody else
 * written. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Puts FOLDER/NAME there, readable for its owner alone, in the place of whatever was there. It is written in
 * FOLDER/superd first, which is superd's own and made where it is missing. false with the reason in why. */
bool private_file_replace(const char *folder, const char *name, const char *text, size_t length, struct buf *why);

/* Whether nobody but root and superd's own user can change what stands at this absolute path, as what leads to its folder,
 * and the folder, are theirs, or sticky. false with the reason in why. */
bool private_folder_is_safe(const char *path, struct buf *why);

/* Puts a whole file at this path, beside which it is written first; what lies there is as before where that fails. Owner
 * alone may read it. For a folder that private_folder_is_safe. false with the reason in why. */
bool private_file_put(const char *path, const char *text, size_t length, struct buf *why);

/* The text of such a file, NUL-terminated, to free(). NULL: there is none, or with the reason in why none that is believed:
 * somebody else could have written it, it is no file, or of more than `most` bytes. */
char *private_file_get(const char *path, size_t most, size_t *length, struct buf *why);
