/* Reading a pipe that another user writes to. Whoever writes can hold the pipe's lock for as long as he likes: write(2)
 * from a page of his own FUSE file sleeps with it, and read(2) waits for it where no signal reaches. So superd reads no
 * such pipe. A process beside it, the reader, does, with a thread for each, and passes the bytes on through a socket
 * whose other end nobody else has. superd keeps the reading end, asks it poll(2), which takes no lock, and gives it to
 * another reader where one was killed.
 *
 * What is superd's own standard output or error to a backend is such a pipe as well: one that shared superd's could hold
 * superd's lock. The reader writes what it reads there, and superd hears nothing of it.
 *
 * A reader goes on with its pipes when superd becomes another program, and goes when superd has closed its sockets. Those
 * with a target it reads to their end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct output_reading {
	int pipe;                       /* the reading end, for poll(2) alone; the caller's to close; -1: none */
	int text;                       /* socket to read the bytes from, without waiting; -1: none now */
	int other;                      /* the other end of text; -1: handed over to a reader */
	int target;                     /* where all is written instead; text has but its end then; borrowed; -1: none */
	int slot;                       /* index of its thread in the shared memory; -1: none */
	uint64_t number;                /* of what was handed over; 0: by another superd */
	uint64_t received;              /* bytes read from text so far */
};

#define OUTPUT_READING_NONE { .pipe = -1, .text = -1, .other = -1, .target = -1, .slot = -1 }

/* Starts reading the pipe, also after its reader was killed. false and errno: no descriptors; text is -1. If only no
 * reader can be started now, it returns true, and output_reader_is_at_it false. */
bool output_reader_start(struct output_reading *reading, int pipe);

/* Whether a reader has taken the pipe. If not, tries again; to be called again after a while. */
bool output_reader_is_at_it(struct output_reading *reading);

/* read(2) of text. */
ssize_t output_reader_read(struct output_reading *reading, void *to, size_t size);

/* Whether bytes that were written to the pipe are yet to come out of text. Never waits. */
bool output_reader_is_behind(const struct output_reading *reading);

/* Whether text has come to its end because the pipe has, or nobody reads the target any more: else its reader was killed. */
bool output_reader_is_done(const struct output_reading *reading);

/* Closes everything but the pipe; the thread ends. */
void output_reader_stop(struct output_reading *reading);

/* For an upgrade: the reader's pid, 0: none; and its take-over by the new superd, whose child it still is. */
pid_t output_reader_process(void);
void output_reader_resume(pid_t process);

/* superd ends: waits a moment for readers, which have nothing left to do unless they hang. */
void output_reader_end(void);
