/* The channel between superd and superd-read, a unix stream socket: frames of a kind and fields. A number is a field in
 * decimal, a text one with = in front, an absent text is -.
 *
 * superd asks for a source, or for the end of the reading, and takes frames up to FRAME_END; superd-read asks
 * nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/pool.h"

#define FRAME_MOST (64u << 20)          /* bytes of a frame; of a service that fills a file of SOURCE_MOST, as text */
#define FRAMES_MOST (UINT64_C(1) << 28) /* bytes of all frames that superd takes for one table */

enum frame_kind {
	/* Of superd: */
	FRAME_SETUP,                    /* what apart/setup.c sends */
	FRAME_SOURCE,                   /* format or -, compat, path, place, number of files, and of those that are open:
					   their number; path, device, inode, place */
	FRAME_FINISH,                   /* all sources are read */
	/* Of superd-read: */
	FRAME_SERVICE,                  /* a text: a service of superd.conf with marks */
	FRAME_DIAG,                     /* severity, place, message, hint, whether it follows the one before */
	FRAME_LEFT_OUT,                 /* place, name, is_doubtful, is_part */
	FRAME_NOTE,                     /* enum note_kind, place, name */
	FRAME_READ,                     /* a source: path, title of its language, number of services */
	FRAME_END,                      /* enum read_result, files, pending, asked_masked; dropped errors, others; lost */
	FRAME_MEMORY,                   /* the last one: memory has run out */
	FRAME_SIGN,                     /* it goes on */
	FRAMES
};

/* One end. Begins zeroed, but for the descriptor. */
struct frames {
	int fd;
	struct buf out;                 /* frames that are not sent yet */
	size_t begun;                   /* where the frame that is being written begins */
	char *in;                       /* owned; what was received */
	size_t start, end, capacity;    /* of `in`: what is not read yet */
	uint64_t taken;                 /* bytes received so far */
};

/* A frame that was received; valid until the next one is. */
struct frame {
	enum frame_kind kind;
	char *at, *end;                 /* the fields that are not read yet; each ends with a NUL */
	bool is_bad;                    /* a field is missing or wrong */
};

/* Has the process say FRAME_MEMORY and end when memory runs out (lib/memory.h). */
void frames_end_without_memory(int fd);

/* Write a frame: it is sent when there are many, or by frames_flush. */
void frame_begin(struct frames *frames, enum frame_kind kind);
void frame_put_text(struct frames *frames, const char *text);   /* accepts NULL */
void frame_put_number(struct frames *frames, int64_t number);
void frame_put_place(struct frames *frames, struct origin at);
bool frame_end(struct frames *frames);  /* false and errno: the other side has gone, or memory ran out */
bool frames_flush(struct frames *frames);

/* Waits for a frame. false: the other side has gone (errno 0), sends what is no frame (EBADMSG), or too much (EFBIG);
 * or memory ran out. */
bool frame_receive(struct frames *frames, struct frame *frame);

const char *frame_text(struct frame *frame);    /* NULL: absent, or the frame is bad */
int64_t frame_number(struct frame *frame, int64_t least, int64_t most);

/* A place, whose file is then in the pool. */
struct origin frame_place(struct frame *frame, struct pool *pool);

void frames_free(struct frames *frames);        /* leaves the descriptor open */
