/* One connection of the control socket: lines come in, lines go out, both bounded, and nobody is waited for. Of what
 * comes nothing is looked at but where its lines end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "engine/core/watch.h"

#define LINE_IO_LINE 8192               /* bytes of a request, with its newline */
#define LINE_IO_ENOUGH ((size_t)32768)          /* who has more yet unread is not written to */
#define LINE_IO_MOST (1 << 20)          /* and who has that is cut off */

struct line_io;

struct line_io_events {
	void (*line)(struct line_io *io, char *line);   /* a request, NUL in the place of its newline; not while it is busy */
	void (*malformed)(struct line_io *io, const char *why);         /* what came is no request */
	void (*room)(struct line_io *io);               /* all that was said is under way; only while it is busy */
	void (*gone)(struct line_io *io);               /* the last call: nobody is there any more, or what was left is sent */
};

struct line_io {
	struct watch watch;
	int fd;
	const struct line_io_events *events;
	bool busy;                      /* a request is being answered: the next one waits, unread or not */
	bool ended;                     /* nothing more will come */
	bool leaving;                   /* it is closed when all is sent */
	bool pulls;                     /* room is wanted */
	bool inside;                    /* one of events is being called */
	bool broken;
	double moved;                   /* when something last went through it, loop time */
	size_t filled;
	char input[LINE_IO_LINE];
	struct buf output;              /* from `sent` on */
	size_t sent;
};

/* Takes a non-blocking descriptor over. */
void line_io_open(struct line_io *io, struct engine *engine, int fd, const struct line_io_events *events);
void line_io_close(struct line_io *io);         /* at once; gone is not called */

/* To be sent: whole lines, whose buffer is emptied. Too much that nobody reads, or no memory, ends the connection. */
void line_io_send(struct line_io *io, struct buf *lines);

/* The request that came is being answered by and by; and it is answered, so the next may come. */
void line_io_begin(struct line_io *io, bool pulls);
void line_io_end(struct line_io *io);

/* Calls room when there is some, also if there is now, but not from within. */
void line_io_pull(struct line_io *io, bool pulls);

void line_io_flush(struct line_io *io);         /* sends at once what can be sent without waiting */
void line_io_leave(struct line_io *io);         /* closes it when all is sent */

size_t line_io_pending(const struct line_io *io); /* bytes not yet sent */
bool line_io_is_blocked(const struct line_io *io); /* there is more to send, and who is to get it does not read */
bool line_io_has_room(const struct line_io *io);
bool line_io_holds_request(const struct line_io *io);   /* one came that is not handed out yet */
bool line_io_is_dead(const struct line_io *io); /* nobody is there; from whom nothing is read any more that is not heard */
