/* Clients that ask: health, tcpmux, servers and services. A client sends a request, of which the service knows
 * the end; superd is asked, where only superd knows the answer; the client gets the answer, and its connection ends.
 * Each of the three steps has an end in time, and the request and the answer are bounded, as a client may send and
 * read as slowly as it likes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"

struct builtin_server;
struct connection;

struct talk {
	enum { TALK_REQUEST, TALK_SUPERD, TALK_ANSWER } step;
	struct buf request;             /* what the client has sent */
	struct buf answer;              /* what it is to get, or the part of `file` that was read */
	size_t sent;                    /* bytes of `answer` that it has got */
	int file;                       /* what it gets behind `answer`; -1: nothing more */
	int kind;                       /* of the request, as the service has found out */
};

/* What is known of a request. */
enum heard { HEARD_PART, HEARD_ALL, HEARD_WRONG };

/* Begins with the request, for which the client has time until then. false: out of memory, and the connection has
 * ended. */
bool talk_begin(struct builtin_server *server, struct connection *connection, int64_t until);

/* The client has time until then. */
void talk_limit(struct builtin_server *server, struct connection *connection, int64_t until);

/* Reads more of the request, `most` bytes of it in all. Returns the number of bytes; 0: end of file; -1 and errno,
 * EAGAIN if there is nothing. */
ssize_t talk_read(struct connection *connection, size_t most);

/* Asks superd, which answers within that time: builtin->told is called, with a file or without one. false and errno:
 * superd is not there. */
bool talk_ask(struct builtin_server *server, struct connection *connection, const char *question, int64_t until);

/* Sends talk->answer, then talk->file, and ends the connection. */
void talk_answer(struct builtin_server *server, struct connection *connection, int64_t until);

/* A socket has become ready; superd has answered, with a file or -1. */
void talk_on_event(struct builtin_server *server, struct connection *connection);
void talk_on_answer(struct builtin_server *server, uint64_t id, int file);

/* superd is gone: nobody will answer. */
void talks_end_waiting(struct builtin_server *server);

/* Goes on with those whose time is over. Returns the milliseconds until the next is due; -1: none. */
int64_t talks_end_late(struct builtin_server *server, int64_t now);
