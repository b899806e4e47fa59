/* Files for standard input, output or error: opened by superd, or by the child of a start apart as the service's user
 * (os/fs/path_trust). */
#pragma once

#include <stdbool.h>

#include "os/fs/path_trust.h"

#define STREAM_FILE_MODE 0640           /* mode of a file that superd creates */

struct job;

/* How to open one stream's file. */
struct stream_file {
	const char *path;               /* borrowed; NULL: this stream is not a file */
	int flags;                      /* flags of open(2) */
	bool is_same;                   /* share the open file description of the previous stream, as it is the same file */
	enum path_opener opener;        /* with whose rights a start opens it: superd's, the user's, or nobody's */
};

/* Opens the file. Never waits for the other end of a FIFO; connects to a unix socket. -1 and errno. */
int stream_file_open(const struct stream_file *file);

/* For the child of a start apart: opens the files and puts their descriptors into job->wanted. -1 and errno, with the
 * number of the stream as the fault's resource. */
int stream_files_open(struct job *job);
