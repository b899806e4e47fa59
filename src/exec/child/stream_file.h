/* Files that are input, output or error of a backend: opened by superd, or by the child that is to be the backend, as its
 * user (os/fs/path_way). */
#pragma once

#include <stdbool.h>

#define STREAM_FILE_MODE 0640           /* of one that is made */

struct job;

struct stream_file {
	const char *path;               /* borrowed; NULL: this stream is not such a file */
	int flags;                      /* of open(2) */
	bool is_same;                   /* the stream before it is the same file: one description */
};

/* Never waits for the other end of a fifo; a unix socket is connected to. -1 and errno. */
int stream_file_open(const struct stream_file *file);

/* Opens those of a start apart in its process, and puts them in their places among those wanted. -1 and errno, with the
 * number of the stream as the fault's resource. */
int stream_files_open(struct job *job);
