/* The state that superd/service keeps for a service: its rate, its pauses by limits, the number of waiting clients,
 * and which warnings were logged. Owner: struct service_runtime, which frees it; made before the first client is
 * accepted, or before the first start. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "superd/limits/rate_limit.h"
#include "superd/instance/runtime.h"

/* Clients of one listener, or the starts that they caused, against its trigger_limit. */
struct socket_rate {
	unsigned number;                /* of the listener */
	struct rate_limit rate;
	double rests_until;             /* clock_now() until which superd takes no client from it; 0: it has not rested */
};

struct accept_state {
	struct {                        /* saved */
		uint64_t id;            /* unique, also over upgrades; at least 1; key of the service's entries in address lists */
		uint64_t named_instances; /* instances that were named so far; number of the next name */
		struct rate_limit rate; /* clients, or starts, against cps */
		double pause;           /* seconds of the next pause by a limit; 0: none was set yet */
		bool logs_end;          /* superd must log the end of the pause, as it logged its beginning (cps) */
		bool awaits_time;       /* that pause waits for a time of day (access_times) */
	};
	bool load_error_logged;         /* it was logged that max_load cannot be kept */
	unsigned char banner_errors_logged; /* bits by enum banner: it was logged that this banner cannot be read */
	uint64_t refused_sender;        /* hash of the sender whose refused datagram was last logged; 0: none was */
	double refused_at;              /* clock_now() of that; 0: never */
	struct socket_rate *sockets;    /* of each listener, in their order (superd/service/socket_rest); NULL: none yet */
	bool recalling;                 /* clients go back to listeners that are about to change: superd takes none from there */
	unsigned slot_waiters;          /* clients that wait in superd/service/slot_wait */
	unsigned starting_clients;      /* clients whose program does not run yet (superd/service/pending) */
};

/* The state; NULL: none was made yet. */
static inline struct accept_state *accept_state_find(const struct service_runtime *runtime)
{
	return runtime->run ? runtime->run->accept : NULL;
}

/* The state, made at need; NULL: out of memory. */
struct accept_state *accept_state_make(struct service_runtime *runtime);
void accept_state_free(struct service_runtime *runtime);

extern const struct field_table saved_accept, socket_rate_state;
