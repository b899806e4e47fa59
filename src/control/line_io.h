/* One connection of the control socket: lines come in, lines go out, both bounded, and nobody is waited for. Of what
 * comes nothing is looked at but where its lines end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "engine/core/fd_watch.h"

#define LINE_IO_LINE 8192               /* bytes of a request, with its newline */
#define LINE_IO_ENOUGH ((size_t)32768)          /* who has more yet unread is not written to */
#define LINE_IO_MOST (1 << 20)          /* and who has that is cut off */

struct line_io {
	struct watch watch;
	int fd;
	bool busy;                      /* a request is being answered: the next one waits, unread or not */
	bool ended;                     /* nothing more will come */
	bool leaving;                   /* it is closed when all is sent */
	bool pulls;                     /* room is wanted */
	bool inside;                    /* between line_io_begin_turn and line_io_end_turn */
	bool broken;
	double moved;                   /* when something last went through it, loop time */
	size_t filled;
	char input[LINE_IO_LINE];
	struct buf output;              /* from `sent` on */
	size_t sent;
};

/* Takes a non-blocking descriptor over. on_ready, of its watch, takes a turn:
 *
 *	line_io_begin_turn(io, readable, writable);
 *	if (line_io_wants_more(io))
 *		add to the answer, or line_io_pull(io, false);
 *	switch (line_io_take(io, line, &why)) ...
 *	if (!line_io_end_turn(io))
 *		line_io_close(io);
 */
void line_io_open(struct line_io *io, struct engine *engine, int fd,
		  void (*on_ready)(struct watch *watch, bool readable, bool writable));
void line_io_close(struct line_io *io);

enum line_io_taken { LINE_IO_NOTHING, LINE_IO_REQUEST, LINE_IO_MALFORMED };

void line_io_begin_turn(struct line_io *io, bool readable, bool writable);
bool line_io_wants_more(const struct line_io *io);      /* it is busy, pulls, and all that was said is under way */

/* One request a turn, after the previous one is answered, so that no client gets more turns than others: with a NUL in
 * the place of its newline. why: what is wrong with a malformed one. */
enum line_io_taken line_io_take(struct line_io *io, char line[LINE_IO_LINE], const char **why);

/* false: nobody is there any more, or what was left is sent. */
bool line_io_end_turn(struct line_io *io);

/* To be sent: whole lines, whose buffer is emptied. Too much that nobody reads, or no memory, ends the connection. */
void line_io_send(struct line_io *io, struct buf *lines);

/* The request that came is being answered by and by; and it is answered, so the next may come. */
void line_io_begin(struct line_io *io, bool pulls);
void line_io_end(struct line_io *io);

/* Whether the next turns want more of the answer. Outside of a turn, the next one comes at once if there is room. */
void line_io_pull(struct line_io *io, bool pulls);

void line_io_flush(struct line_io *io);         /* sends at once what can be sent without waiting */
void line_io_leave(struct line_io *io);         /* closes it when all is sent */

size_t line_io_pending(const struct line_io *io); /* bytes not yet sent */
bool line_io_is_blocked(const struct line_io *io); /* there is more to send, and who is to get it does not read */
bool line_io_has_room(const struct line_io *io);
bool line_io_holds_request(const struct line_io *io);   /* one came that is not handed out yet */
bool line_io_is_dead(const struct line_io *io); /* nobody is there; from whom nothing is read any more that is not heard */
