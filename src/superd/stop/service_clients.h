/* The clients of a service's sockets: counted connections, and datagrams. superd/stop/idle has them counted from time
 * to time, and takes each answer; others ask who is connected now. Embedded in struct idle. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/netdiag/datagram_stamp.h"
#include "superd/stop/client_look.h"
#include "superd/stop/conn_query.h"
#include "superd/instance/runtime.h"

/* Somebody who waits for the next count. The asker sets `done`, and initializes link. */
struct clients_question {
	struct list link;               /* in service_clients.questions until the answer; the asker may remove it */
	void (*done)(struct clients_question *question); /* called from the loop, also if there is no answer */
};

struct service_clients {
	struct conn_query query;        /* count for each listener of the service, also for those without a socket, then for own ports */
	struct client_look look;        /* how long nothing has moved at the connections (idle_means = quiet) */
	struct list questions;          /* wait for the count that is under way */
	void (*counted)(struct service_clients *clients, bool used); /* a count is done */
	double quiet_after;             /* seconds without movement after which a connection is quiet; 0: never */
	struct datagram_stamp *datagrams;       /* last datagram of each UDP socket at the last look; owned */
	size_t count;                   /* listeners of the service */
	bool looks;                     /* true: idle counts, and looks where the numbers do not tell whether it is used */
	bool known;                     /* true: connections is known */
	bool is_logged;                 /* true: superd logged that it is unknown */
	bool has_datagrams;             /* true: a datagram has come between the last two counts */
	double at;                      /* loop time of the last count; 0: never */
	uint32_t connections;           /* connections at the last count, quiet ones too */
	uint32_t quiet;                 /* quiet ones among them */
	char peers[CONN_PEERS_MOST * 48]; /* some of their addresses: "10.0.0.5, 10.0.0.9", with ", ..." if there may be more */
	pid_t *pids;                    /* for the count that is under way: whose own ports count; owned; NULL: none */
	uint32_t own_count;             /* ports that the backend had opened itself, and that had clients, at the last look */
	double moved;                   /* loop time when something last moved at any of them; 0: none is quiet, or unknown */
};

/* counted: idle's, which also learns the answers that others have asked for, where they tell whether the service is
 * used. false: out of memory. */
bool service_clients_init(struct service_clients *clients, struct service_runtime *runtime,
			  void (*counted)(struct service_clients *clients, bool used));
void service_clients_free(struct service_clients *clients);     /* answers the questions */

/* Called before each count, because sockets may have been opened again. */
void service_clients_prepare(struct service_clients *clients);

/* The connections to ports of the backend's own at the last count. */
uint32_t service_clients_own(const struct service_clients *clients);

/* Whether all sockets are of a kind whose closed connections the kernel reports. Call service_clients_prepare
 * before. */
bool service_clients_closes_are_reported(const struct service_clients *clients);

/* Starts idle's count of query, after service_clients_prepare; the query must not be open. counted is called later, from
 * the loop: whether a client is connected at whose connection something has moved lately, or has sent a datagram since
 * the last count. An unknown number counts as a client. pids: if no other client is connected, the own ports of these
 * processes count, too; 0 ends the list, which is freed; NULL: none. false: out of memory. */
bool service_clients_count(struct service_clients *clients, pid_t *pids);
bool service_clients_are_counted(const struct service_clients *clients); /* a count is under way */

/* Joins the count that is under way, else starts one, after service_clients_prepare. false: out of memory. */
bool service_clients_ask(struct service_clients *clients, struct clients_question *question);
