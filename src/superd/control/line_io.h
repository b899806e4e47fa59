/* One connection of the control socket: reads lines and writes lines. Both buffers are bounded, and it never waits for
 * the peer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "superd/loop/fd_watch.h"

#define LINE_IO_REQUEST_MOST 8192       /* bytes of a request, with its newline */
#define LINE_IO_ROOM ((size_t)32768)    /* unsent bytes from which on the owner should not add more */
#define LINE_IO_OUTPUT_MOST (1 << 20)   /* unsent bytes that end the connection */

struct line_io {
	struct watch watch;
	int fd;                         /* owned, non-blocking */
	bool busy;                      /* a request is being answered; the next one waits */
	bool at_eof;                    /* the peer sends nothing more */
	bool leaving;                   /* the connection is closed when all output is sent */
	bool wants_room;                /* the owner wants a turn when the output is sent */
	bool in_turn;                   /* between line_io_begin_turn and line_io_end_turn */
	bool lacks_memory;              /* an answer was lost for lack of memory */
	bool broken;                    /* an error has ended the connection */
	double last_io;                 /* time of the last bytes received or sent, loop time */
	size_t filled;                  /* bytes in `input` */
	char input[LINE_IO_REQUEST_MOST];
	struct buf output;              /* bytes to send, from `sent` on */
	size_t sent;
};

/* Takes over a non-blocking descriptor. on_ready is called by the watch, and takes a turn:
 *
 *	line_io_begin_turn(io, readable, writable);
 *	if (line_io_wants_more(io))
 *		add to the answer, or line_io_want_room(io, false);
 *	switch (line_io_take(io, line, &why)) ...
 *	if (!line_io_end_turn(io))
 *		line_io_close(io);
 */
void line_io_open(struct line_io *io, struct engine *engine, int fd,
		  void (*on_ready)(struct watch *watch, bool readable, bool writable));
void line_io_close(struct line_io *io);

enum line_io_taken { LINE_IO_NOTHING, LINE_IO_REQUEST, LINE_IO_MALFORMED };

void line_io_begin_turn(struct line_io *io, bool readable, bool writable);
bool line_io_wants_more(const struct line_io *io);      /* it is busy, wants room, and all output is sent */

/* Takes the next request, if the previous one is answered. Call it once in a turn, so that no client gets more than
 * others. The line is NUL-terminated, without its newline. why: the reason why a request is malformed. */
enum line_io_taken line_io_take(struct line_io *io, char line[LINE_IO_REQUEST_MOST], const char **why);

/* false: the connection is over; close it. */
bool line_io_end_turn(struct line_io *io);

/* Queues whole lines and empties their buffer. More than LINE_IO_OUTPUT_MOST, or no memory, ends the connection. */
void line_io_send(struct line_io *io, struct buf *lines);

/* Begin and end the answer to the request that was taken. wants_room: as line_io_want_room. */
void line_io_begin(struct line_io *io, bool wants_room);
void line_io_end(struct line_io *io);

/* Sets whether the owner wants turns to add to the answer. Outside a turn the next one comes at once if there is
 * room. */
void line_io_want_room(struct line_io *io, bool wants_room);

void line_io_flush(struct line_io *io);         /* sends what can be sent without waiting */
void line_io_close_when_sent(struct line_io *io);       /* ends the connection after the output */

size_t line_io_pending(const struct line_io *io);       /* number of unsent bytes */
bool line_io_is_blocked(const struct line_io *io);      /* there is output, and the peer does not read it */
bool line_io_has_room(const struct line_io *io);        /* less than LINE_IO_ROOM is unsent */
bool line_io_holds_request(const struct line_io *io);   /* a request is in the buffer and not yet taken */
bool line_io_is_dead(const struct line_io *io); /* the peer has closed, or the connection is broken */
