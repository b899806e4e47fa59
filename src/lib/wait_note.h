/* The file, or the answer of NSS or DNS, that the reading of a table waits for at the moment. A file system or a server
 * that does not answer may block the reading thread forever; another thread or the loop reads the note, and names that
 * file or server. One table is read at a time, and only the thread that reads it writes the note. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#define WAIT_NOTE_MOST 320              /* bytes with the NUL; longer names are cut */

/* Before a call that may not return: wait_note("the file", path). kind NULL: it has returned. errno stays. */
void wait_note(const char *kind, const char *name);
int wait_note_stat(const char *path, struct stat *status);      /* stat(2) with a note */

/* Sets out to "the file /etc/superd.conf", and seconds to how long the call has lasted. false: it waits for nothing. */
bool wait_note_read(char out[WAIT_NOTE_MOST], double *seconds);
