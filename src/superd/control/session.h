/* One client of the control socket: its rights, its present request, and the work on it. An answer is a sequence of
 * lines, each a JSON object. The last line of an answer reports that it is complete, or has an error. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "lib/list.h"
#include "superd/control/line_io.h"
#include "superd/control/request.h"
#include "superd/supervisor/supervisor.h"

#define TURN_SECONDS 0.002              /* seconds that a request may use in one turn of the loop */

#define SESSION_HELLO 17                /* bytes of a word that no client can know before it has read superd's first line */

struct server;

/* OVERVIEW: states and counts, but no configuration, no commands, and nothing that superd or a program has logged. */
enum right { RIGHT_NONE, RIGHT_OVERVIEW, RIGHT_READ, RIGHT_ACT };

struct session;

/* The callbacks of a request that takes several turns. */
struct request_ops {
	void (*room)(struct session *session);          /* there is room to add to the answer; NULL: it never wants room */
	void (*change)(struct session *session);        /* a service has changed; NULL: it does not matter */
	void (*free)(struct session *session);          /* the request or the session ends: frees session->state; NULL: none */
};

struct session {
	struct list link;               /* in server->sessions */
	struct server *server;
	struct supervisor *supervisor;
	struct line_io io;
	enum right right;
	uid_t uid;                      /* of the client */
	char hello[SESSION_HELLO];      /* what its first line has to repeat; "": it has done so */
	char *service;                  /* owned: of a program of superd's own, whose credentials do not show its rights; NULL: none */
	struct request request;
	const struct request_ops *ops;  /* NULL: no request is under way */
	void *state;                    /* of the request, for its ops */
	uint64_t sent;                  /* log: serial of the last line that was sent, or that is older than all to send */
	uint64_t dropped;               /* events: how many were dropped since the number was last sent */
	struct buf line;                /* the line that is being composed; empty between two calls */
};

/* The `code` of an error. */
enum code { CODE_UNKNOWN, CODE_DENIED, CODE_USAGE, CODE_FAILED, CODE_BUSY };

/* Begins a request that takes several turns. wants_room: as line_io_want_room. */
void session_begin(struct session *session, const struct request_ops *ops, void *state, bool wants_room);

/* From now on, and no longer, ops->change is called. */
void session_watch_changes(struct session *session);
void session_unwatch_changes(struct session *session);

void session_end_request(struct session *session);      /* ends the request without an answer */

/* Sends session->line with a newline. */
void session_send_line(struct session *session);

/* The same for a line that answers no order. It saves no state, because superd may be in the middle of a change when it
 * logs an event. */
void session_send_event(struct session *session);

/* Send the last line of an answer, and end the request. hint: "" for none. */
void session_done(struct session *session);
void session_fail(struct session *session, enum code code, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
