/* Files that are input, output or error of a service: opened by superd, or by the child of a start apart, as the
 * service's user (os/fs/path_opener). */
#pragma once

#include <stdbool.h>

#define STREAM_FILE_MODE 0640           /* mode of a file that superd creates */

struct job;

struct stream_file {
	const char *path;               /* borrowed; NULL: this stream is not such a file */
	int flags;                      /* of open(2) */
	bool is_same;                   /* the previous stream is the same file: share its open file description */
};

/* Never waits for the other end of a fifo; a unix socket is connected to. -1 and errno. */
int stream_file_open(const struct stream_file *file);

/* In the child of a start apart: opens the files and puts their descriptors into job->wanted. -1 and errno, with the
 * number of the stream as the fault's resource. */
int stream_files_open(struct job *job);
