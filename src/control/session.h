/* One client of the control socket, from its greeting to its end: who it is, what it asks for, and what is done about
 * that. Answers are lines of one JSON object each; the last of each request says that it is done, or why not. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/list.h"
#include "control/line_io.h"
#include "control/request.h"
#include "engine/supervisor/supervisor.h"

struct server;

enum right { RIGHT_NONE, RIGHT_READ, RIGHT_ACT };

struct session;

/* What is under way for a session. */
struct request_ops {
	void (*room)(struct session *session);          /* see line_io; NULL: it never asks for room */
	void (*change)(struct session *session);        /* something has happened to a runtime; NULL: it does not matter */
	void (*free)(struct session *session);          /* it ends, or the session does */
};

struct session {
	struct list link;               /* among the server's */
	struct server *server;
	struct supervisor *supervisor;
	struct line_io io;
	enum right right;
	uid_t uid;
	struct request request;
	const struct request_ops *ops;  /* NULL: none */
	void *state;                    /* the request's, as ops has it */
	struct buf line;                /* to compose in; empty between two calls */
};

/* What the codes of errors are. */
enum code { CODE_UNKNOWN, CODE_DENIED, CODE_USAGE, CODE_FAILED, CODE_BUSY };

/* The request will be answered by and by. */
void session_begin(struct session *session, const struct request_ops *ops, void *state, bool pulls);

/* The request hears of what happens to services by its ops->change, until it says that it need not. */
void session_watch_changes(struct session *session);
void session_unwatch_changes(struct session *session);

void session_end_request(struct session *session);      /* without an answer: nobody is there any more */

/* Sends what stands in session->line, a newline behind it. */
void session_say(struct session *session);

/* The last line of an answer; ends what is under way. hint: "" for none. */
void session_done(struct session *session);
void session_fail(struct session *session, enum code code, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
