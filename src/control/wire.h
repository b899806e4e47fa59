/* One connection of the control socket: lines come in, lines go out, both bounded, and nobody is waited for. Of what
 * comes nothing is looked at but where its lines end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "engine/core/watch.h"

#define WIRE_LINE 8192                  /* bytes of a request, with its newline */
#define WIRE_ENOUGH ((size_t)32768)             /* who has more yet unread is not written to */
#define WIRE_MOST (1 << 20)             /* and who has that is cut off */

struct wire;

struct wire_events {
	void (*line)(struct wire *wire, char *line);    /* a request, NUL in the place of its newline; not while it is busy */
	void (*malformed)(struct wire *wire, const char *why);          /* what came is no request */
	void (*room)(struct wire *wire);                /* all that was said is under way; only while it is busy */
	void (*gone)(struct wire *wire);                /* the last call: nobody is there any more, or what was left is sent */
};

struct wire {
	struct watch watch;
	int fd;
	const struct wire_events *events;
	bool busy;                      /* a request is being answered: the next one waits, unread or not */
	bool ended;                     /* nothing more will come */
	bool leaving;                   /* it is closed when all is sent */
	bool pulls;                     /* room is wanted */
	bool inside;                    /* one of events is being called */
	bool broken;
	double moved;                   /* when something last went through it, loop time */
	size_t filled;
	char input[WIRE_LINE];
	struct buf output;              /* from `sent` on */
	size_t sent;
};

/* Takes a non-blocking descriptor over. */
void wire_open(struct wire *wire, struct engine *engine, int fd, const struct wire_events *events);
void wire_close(struct wire *wire);             /* at once; gone is not called */

/* To be sent: whole lines, whose buffer is emptied. Too much that nobody reads, or no memory, ends the connection. */
void wire_say(struct wire *wire, struct buf *lines);

/* The request that came is being answered by and by; and it is answered, so the next may come. */
void wire_begin(struct wire *wire, bool pulls);
void wire_end(struct wire *wire);

/* Calls room when there is some, also if there is now, but not from within. */
void wire_pull(struct wire *wire, bool pulls);

void wire_flush(struct wire *wire);             /* sends at once what can be sent without waiting */
void wire_leave(struct wire *wire);             /* closes it when all is sent */

size_t wire_pending(const struct wire *wire);   /* bytes not yet sent */
bool wire_is_blocked(const struct wire *wire);  /* there is more to send, and who is to get it does not read */
bool wire_has_room(const struct wire *wire);
bool wire_holds_request(const struct wire *wire);       /* one came that is not handed out yet */
bool wire_is_dead(const struct wire *wire);     /* nobody is there; from whom nothing is read any more that is not heard */
