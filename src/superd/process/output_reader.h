/* Reads a pipe that another user writes to. The writer can hold the pipe's lock for as long as it likes: write(2) from
 * a page of its own FUSE file sleeps with the lock held, and read(2) waits for it uninterruptibly. So superd does not
 * read such a pipe. A helper process, the reader, does, with a thread for each pipe, and passes the bytes on through a
 * socket that only superd and the reader have. superd keeps the reading end for poll(2), which takes no lock, and
 * passes it to another reader if one was killed.
 *
 * If superd's own standard output or error goes to a backend, such a pipe is put in between, too: a backend that shared
 * superd's could hold its lock. The reader writes the bytes to that target, and superd does not see them.
 *
 * A reader continues during an upgrade of superd, and exits when superd has closed its sockets. Pipes with a target are
 * read to their end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One pipe that is read. Written by the functions below; OUTPUT_READING_NONE is the initial value. */
struct output_reading {
	int pipe;                       /* reading end, for poll(2) only; the caller closes it; -1: none */
	int text;                       /* non-blocking socket to read the bytes from; -1: none now */
	int other;                      /* other end of `text`; -1: passed to a reader */
	int target;                     /* descriptor to write all bytes to instead; `text` then only signals the end; borrowed; -1: none */
	int slot;                       /* index in the shared memory; -1: none */
	bool is_sent;                   /* to a reader of which it is not known that it has received it */
	uint64_t received;              /* bytes read from `text` so far */
};

#define OUTPUT_READING_NONE { .pipe = -1, .text = -1, .other = -1, .target = -1, .slot = -1 }

/* Starts reading the pipe, also again after its reader was killed. false and errno: out of descriptors; text is -1. If
 * only no reader could be started, returns true, and output_reader_is_at_it returns false. */
bool output_reader_start(struct output_reading *reading, int pipe);

/* Whether a reader has received the pipe. If not, tries again; call it again after a while. */
bool output_reader_is_at_it(struct output_reading *reading);

/* As read(2), from `text`. */
ssize_t output_reader_read(struct output_reading *reading, void *to, size_t size);

/* Whether bytes that were written to the pipe have not yet arrived in `text`. Never blocks. */
bool output_reader_is_behind(const struct output_reading *reading);

/* Whether `text` ended because the pipe did, or because the target has no readers any more. Otherwise its reader was
 * killed. */
bool output_reader_is_done(const struct output_reading *reading);

/* Closes everything but the pipe; the thread exits. */
void output_reader_stop(struct output_reading *reading);

/* For an upgrade: the reader's pid, 0: none; and how the new superd, whose child it still is, takes it over. */
pid_t output_reader_process(void);
void output_reader_resume(pid_t process);

/* For superd's end: waits a moment for the readers, which have nothing left to do unless they hang. */
void output_reader_end(void);
