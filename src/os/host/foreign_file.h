/* Files that other users may lead elsewhere: superd itself does the work if no other user can change the path or its
 * target, else a fork of it, with the rights of the folder's owner and for at most a second (foreign_fork). errno
 * ETIMEDOUT: it did not finish in time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "table/service/service.h"

/* As fd_read_file: the text of the file, at most `most` bytes, for the caller to free(). account: the service's, which
 * has its groups (foreign_actor). NULL and errno. */
char *foreign_read_file(const char *path, const struct account *account, size_t most, size_t *length);

/* Appends the names that match a pattern (glob(3)), sorted, each followed by a NUL. false and errno; ENOENT: no match. */
bool foreign_glob(const char *pattern, struct buf *names);

int foreign_unlink(const char *path);           /* unlink(2): 0, or -1 and errno */
