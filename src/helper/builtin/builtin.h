/* superd's own small services: what superd-builtin does with the socket it is given. Each connection has a process to
 * itself, unprivileged and bounded in time, so a client that says nothing holds nobody else up. That of a redirect, which
 * never looks at what it moves, may be given another one by superd when it is done.
 *
 * superd says with options what the program can't know: see struct settings. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/pool.h"
#include "config/access/access.h"
#include "config/words/builtin.h"

#define DATAGRAM_MOST (64 << 10)        /* no datagram is larger */

struct settings {
	const struct builtin *builtin;
	words words;                    /* the name, and its own options as in the table */
	struct builtin_options options;
	int channel;                    /* to superd, or what it wrote for us to read; -1: none */
	bool rests;                     /* waits at the channel for another connection after each */
	const struct access *access;    /* datagrams: who is answered; NULL: anybody */
	const uint16_t *loops;          /* datagrams: ports of others that answer whatever comes */
	size_t loop_count;
	struct pool *pool;              /* all of this, for as long as the program runs */
};

struct builtin {
	const char *name;
	/* Serves one connection to its end; the exit status. NULL: none can be. */
	int (*converse)(const struct settings *settings, int connection);
	/* The reply to one datagram, at most `size` bytes; -1: none. NULL: datagrams are not its business. */
	ssize_t (*answer)(const struct settings *settings, const char *request, size_t length, char *reply,
			  size_t size);
};

/* By name; NULL: there is no such builtin. */
const struct builtin *builtin_find(const char *name);

/* A line to the log, which is our standard error. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
