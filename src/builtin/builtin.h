/* superd-builtin: the small services of superd, in an unprivileged process whose time is limited. All of them serve
 * their clients in one loop, which never waits for one of them (builtin/loop.h).
 *
 * superd passes the settings that the program cannot know on the command line: struct settings. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/pool.h"
#include "table/access/access.h"
#include "table/words/builtin.h"

#define DATAGRAM_MOST (64 << 10)        /* bytes; no datagram is larger */

struct settings {
	const struct builtin *builtin;  /* the service */
	words words;                    /* its name and options, as in the table; borrowed from argv */
	struct builtin_options options; /* the options, parsed */
	int channel;                    /* descriptor: a socket to superd, or a file that superd wrote; -1: none */
	bool relays;                    /* redirect beside exec: the channel is the first socket (builtin/loop.h) */
	unsigned proxy;                 /* redirect: version of the PROXY protocol, 1 or 2; 0: none */
	int64_t flow_timeout;           /* redirect: milliseconds until a silent flow of datagrams ends */
	int64_t idle_timeout;           /* of a connection in the loop without a byte; 0: none */
	int64_t total_timeout;          /* of a connection in the loop; 0: none */
	int64_t per_source;             /* redirect of listeners: most connections of one source; 0: no limit */
	int64_t source_prefix;          /* bits of an IPv6 address that are one source */
	const struct access *access;    /* only_from and no_access; NULL: all clients are allowed */
	const uint16_t *loops;          /* ports, host byte order, whose services answer any datagram (--loop) */
	size_t loop_count;
	struct pool *pool;              /* owned; holds `access` and `loops` */
};

struct builtin_server;
struct connection;

typedef void begin_service(struct builtin_server *server, struct connection *connection);

/* Of a service whose clients ask (builtin/talk.h): more of the request may have come, or its time is over (late); superd
 * has answered by a file, which the service owns, or file -1, has not, for the reason in errno. */
typedef void hear_client(struct builtin_server *server, struct connection *connection, bool late);
typedef void hear_superd(struct builtin_server *server, struct connection *connection, int file);

/* Composes the reply to one datagram. Returns its length, at most `size`; -1: no reply. */
typedef ssize_t compose_reply(const struct settings *settings, const char *request, size_t length, char *reply,
				size_t size);

struct builtin {
	const char *name;
	begin_service *begin;
	hear_client *heard;
	hear_superd *told;
	compose_reply *dgram;           /* NULL: the service has no datagram sockets */
};

/* Prints a line to standard error, which superd logs. */
void builtin_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
