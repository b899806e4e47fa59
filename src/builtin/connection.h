/* The connections of superd-builtin's loop. A connection has two directions (builtin/relay.h): what its client sends
 * goes to the target of a redirect, back to the client (echo) or nowhere, and what the client gets comes from the target
 * or is a text (chargen). Each service begins its connections in its own way (struct builtin); from then on their bytes,
 * idle times and ends are the same. */
#pragma once

#include "builtin/builtin.h"
#include "builtin/loop_watch.h"
#include "builtin/relay.h"
#include "builtin/talk.h"
#include "builtin/target.h"
#include "builtin/text.h"
#include "lib/list.h"
#include "lib/source_count.h"


enum phase { WAITING, CONNECTING, RELAYING, TALKING, CONNECTION_PHASES };

struct connection {
	struct list link;               /* in the server's list of its phase, or in ->dead */
	struct list again;              /* in server->again, if its turn ended before its sockets were empty */
	struct loop_watch client, target;
	enum phase phase;
	uint64_t id;                    /* socket_id, by which superd knows a client that it has accepted */
	size_t address;                 /* of a target: index of the address that is tried */
	int64_t since;                  /* time when it was accepted */
	int64_t until;                  /* CONNECTING: the next address is tried; else its end, unless bytes move */
	struct talk *talk;              /* in TALKING */
	struct relay in, out;           /* in RELAYING: from the client, to the client */
	bool client_reads_all, target_reads_all; /* before RELAYING: relay->reads_all */
	bool client_readable;           /* before RELAYING: bytes or the end of its data were reported */
	uint32_t client_end, target_end; /* EPOLLHUP, EPOLLERR: it takes nothing more; what it has sent may be unread */
	bool served;                    /* it has begun to get what it came for */
	bool tuned;                     /* relay_tune_loopback was done */
	bool counted;                   /* in server->sources, as `source` */
	unsigned char source[SOURCE_SIZE];
};

/* What superd is told about a redirect beside exec. */
struct server_report {
	bool up, busy;
	int error;
	size_t count, flows;
	uint64_t served, received, sent;
};

struct builtin_server {
	const struct settings *settings;
	int epoll;
	struct loop_watch *listeners;   /* owned */
	size_t listener_count;
	bool redirects;                 /* the service is a redirect */
	bool has_streams;               /* one of them accepts connections */
	bool accepts;                   /* connections, and datagrams of a redirect, are taken now */
	struct flows *flows;            /* a redirect's datagrams; NULL: none */
	struct datagrams *datagrams;    /* those of another service; NULL: none */
	struct loop_watch channel, sigterm; /* fd -1: none */
	bool gets_clients;              /* superd has accepted the only one */
	bool retired;                   /* takes no client any more */
	int status;                     /* exit status: 0, or 1 if the only client was not served */
	int64_t blocked;                /* accept4(2) failed: time when it is tried again; 0: it works */
	int64_t hurry;                  /* time of the end, after SIGTERM; 0: none */
	struct source_counts sources;   /* connections by source, for per_source */
	int64_t crowd_logged;           /* time of the last line about a source with too many; 0: none */
	int64_t reported;               /* time of the last report */
	struct server_report report;
	bool report_wanted;             /* superd has asked, or there was none yet */

	/* connections */
	struct list of[CONNECTION_PHASES];      /* by phase */
	struct list dead, again;
	struct buffer_spares spares;
	char text[CHARGEN_TURN];        /* chargen's, once it has a client */
	size_t text_length;
	size_t count, most;             /* connections; most at a time */
	uint64_t served;                /* connections that ever were */
	uint64_t received, sent;        /* bytes of all of them, from clients and to them */

	/* the target of a redirect */
	struct redirect_target target;
	bool up;                        /* it has answered the last attempt; or the service has no target */
	int error;                      /* errno of the last attempt; 0: there was none, or it succeeded */
	int64_t pause;                  /* milliseconds until the next attempt */
	int64_t retry;                  /* time of the next attempt; 0: none is due */
	struct loop_watch probe;        /* a connection to the target without a client; fd -1: none */
	size_t probe_address;
	int64_t probed;                 /* time when it began */
	int64_t looked;                 /* time of the last look for clients that have waited for too long */
	int64_t refused_logged;         /* time of the last line about a refused client; 0: none */
	size_t refused;                 /* clients that were refused since that line */
};

/* Watches a client's connection or a target's by edges, with EPOLL_CTL_ADD or EPOLL_CTL_MOD. */
bool connection_watch(const struct builtin_server *server, int operation, struct loop_watch *watch);

/* Takes over the client's descriptor. NULL and errno: it stays the caller's. */
struct connection *connection_new(struct builtin_server *server, int fd);

void connection_set_phase(struct builtin_server *server, struct connection *connection, enum phase phase);

/* Puts it into the list at its place by `until`. */
void connection_sort(struct list *list, struct connection *connection);

/* Begins to move bytes: the client's to `to`, those of `from` to the client. -1: its bytes are dropped; nothing is sent
 * to it. */
void connection_open(struct builtin_server *server, struct connection *connection, int to, int from);

/* Runs one direction, or both. */
void connection_run(struct builtin_server *server, struct connection *connection, bool runs_in, bool runs_out);

/* In RELAYING: runs the directions for which these events are. */
void connection_on_event(struct builtin_server *server, struct connection *connection, struct loop_watch *watch,
			 uint32_t events);

/* Shuts down the sending side, and reads the rest of the client's data. If a connection is closed with unread bytes,
 * the kernel resets it, and the client may lose the answer. */
void connection_shut(const struct connection *connection);

/* Events of this turn may still name it, so it is freed after the turn. reset: a client that was not served is reset,
 * unless superd has accepted it. */
void connection_end(struct builtin_server *server, struct connection *connection, bool reset);

/* Tells superd of the end of a client that it has accepted. */
void connection_report(struct builtin_server *server, const struct connection *connection);

/* All of them: runs those whose turn had to end; ends those whose time is over, and returns the milliseconds until the
 * next is due, or -1; ends all; frees those that have ended. */
void connections_run_again(struct builtin_server *server);
int64_t connections_end_idle(struct builtin_server *server, int64_t now);
void connections_end_all(struct builtin_server *server);
void connections_free_dead(struct builtin_server *server);

/* The other's links become those of `to`. */
void connections_take(struct list *from, struct list *to);
