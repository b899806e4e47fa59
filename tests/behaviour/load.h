/* Many clients at once, for tests of what must never happen to a single one of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { LOAD_THREADS_MOST = 64, LOAD_REQUEST_MOST = 512, LOAD_ANSWER_MOST = 32768 };

/* What a client says, and whether that is the answer to it, whole, with the end behind it. */
struct dialogue {
	size_t (*ask)(char *request, size_t serial, unsigned client);   /* at most LOAD_REQUEST_MOST bytes */
	bool (*answers)(const char *answer, size_t length, const char *request);        /* with a NUL behind them */
};

struct load_plan {
	const struct dialogue *dialogue;                /* NULL: a line, and "PID LINE" */
	bool by_ipv6;                   /* to ::1 */
	int port;                       /* on 127.0.0.1, or 0 and */
	const char *path;               /* a unix stream socket */
	unsigned threads;
	size_t connections;             /* in all; 0: until load_stop */
};

/* What became of the connections. Only `served` is good: the answer held the very request, and then came the end. */
struct tally {
	size_t served;
	size_t refused;                 /* connect failed */
	int refusal;                    /* errno of one of them; 0: there is none */
	size_t reset;                   /* the connection broke */
	size_t unanswered;              /* closed without an answer, or none in time */
	size_t wrong;                   /* an answer to something else */
};

struct load;

struct load *load_start(const struct load_plan *plan);
size_t load_progress(const struct load *load);          /* connections finished so far */
struct tally load_wait(struct load *load);              /* until all connections of the plan are done */
struct tally load_stop(struct load *load);              /* no further ones; ends those under way */

/* Fails the test unless every connection was served. */
void tally_expect_all_served(const struct tally *tally);
