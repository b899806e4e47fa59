/* superd's counters and measurements of a service since its first start. Owner: struct service_run. The code that does
 * something for a service counts it here. Zeroed: nothing was counted. An upgrade saves all but the counts that only
 * one order of an operator compares. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "superd/limits/histogram.h"
#include "superd/limits/rate_limit.h"
#include "superd/limits/refusal.h"
#include "superd/instance/state_table.h"
#include "superd/saved/state_field.h"

/* The traffic of relays (exec beside redirect). */
struct relayed {
	uint64_t connections;           /* connections to the program that had a client */
	uint64_t received, sent;        /* their bytes, from clients and to them */
};

/* The failures of a service: the last five, for the verbs status and why, and how many of its instances have failed
 * in a row, for its health. superd/stop/exit_verdict decides what is a failure. */
#define FAILURES_KEPT 5
#define FAILURES_ALARM 5                /* number of failures in a row that makes a service degraded */

/* The commonest first mistake: the program opens the port that superd holds. */
enum failure_hint { HINT_NONE, HINT_PORT_TAKEN, HINT_PORT_PERHAPS, FAILURE_HINTS };

struct failure {
	double at;                      /* loop time of the end, or of the failed start */
	double lasted;                  /* seconds that the process has run */
	pid_t pid;                      /* 0: there was no process, or it is unknown */
	int status;                     /* wait status; meaningless if why is set */
	unsigned char result;           /* enum result */
	unsigned char hint;             /* enum failure_hint */
	char peer[64];                  /* address of the client it served; "": none */
	char why[160];                  /* the reason, if there is no wait status: "cannot start: …"; else "" */
};

/* Owner: struct service_stats. Zeroed: no failures. */
struct failures {
	struct {                        /* saved */
		unsigned in_row;        /* number of instances that have failed since one ended well */
	};
	struct failure *kept;           /* array of FAILURES_KEPT, the youngest first; NULL: none, or out of memory */
	unsigned count;                 /* number of failures in kept */
};

/* How long a service was in each of its states, so that an operator can plot how much it sleeps. Zeroed: nothing was
 * counted. */
struct state_times {
	double seconds[STATES];         /* seconds in each state up to `entered` */
	double entered;                 /* loop time when it entered its present state */
};

struct service_stats {
	struct {                        /* saved */
		uint64_t activations;   /* number of instances whose program was started */
		uint64_t accepted;      /* number of clients that superd has accepted */
		uint64_t failures;      /* number of starts and instances that have failed */
		uint64_t probes;        /* number of probes that were closed (superd/stop/health_probes) */
		uint64_t idle_stops, freezes, wakes; /* number of stops, freezes and thaws, of idle backends or by an operator */
		struct relayed relayed; /* as far as the relays have reported it */
		uint64_t warm_taken, warm_missed; /* clients that got a program started ahead; that found none in spite of `warm` */
		uint64_t pressure_sleeps; /* idle backends that were stopped or frozen early, as memory was short */
		uint64_t refused[REFUSALS]; /* number of refused clients, by reason */
		struct failures failed; /* last failures, and how many in a row */
		bool failing;           /* true: the last start or instance has failed */
		bool retries;           /* true: the last instance failed soon, and what woke it still wants a start */
		unsigned skipped_starts; /* number of starts in a row that a condition has prevented */
		double last_start, last_end; /* loop time; 0: never */
		int last_status;        /* wait status of the last instance */
		unsigned char last_result; /* enum result of the last instance */
		double last_duration;   /* seconds that the last instance has run */
		double last_request;    /* loop time when the current instance was requested, or the last client accepted */
		double last_wait;       /* seconds from last_request until the program of the last start ran */
		double last_latency;    /* seconds from last_request until the instance was ready or accepted; 0: unknown */
		char last_peer[64];     /* client, "operator" or "NAME, which wants it": the cause of the last start; "": unknown */
		double unused_since;    /* loop time since when no client is connected, while superd does not measure that; 0: unknown */
		int64_t idle_memory;    /* bytes that the backend had when it was last idle; 0: unknown */
		struct state_times state_times; /* seconds in each state */
		double cpu;             /* seconds of CPU time of ended instances */
	};
	uint64_t killed;                /* number of instances killed, as they had not ended by timeout_stop */
	uint64_t parted;                /* number of clients that an instance still had when superd sent its signal */
	struct log_rate_limit crash_log_limit;  /* limits the warnings about instances that a signal has ended */
	struct histogram latency;       /* latencies of all starts and thaws */
	struct histogram thaw_latency;  /* those of thaws */
};

extern const struct service_stats no_stats;             /* for a service that was never started: all is 0 */

/* The fields for an upgrade (superd/saved/state_field). saved_times has the seconds in each state and of the
 * CPU, in a section of its own; they count up to the last state_times_leave. */
extern const struct field_table saved_stats, saved_times;

void failures_add(struct failures *failures, const struct failure *failure);
/* The same, without counting it in in_row. */
void failures_keep(struct failures *failures, const struct failure *failure);
void failures_free(struct failures *failures);

static inline bool failures_alarm(const struct failures *failures)
{
	return failures->in_row >= FAILURES_ALARM;
}

/* The cure in words, as the end of a sentence: ": the program …"; "": there is none. */
const char *failure_hint(enum failure_hint hint);

/* Adds the reason in words: "signal SEGV (core dumped)", "cannot start: …". */
void failure_describe(const struct failure *failure, struct buf *out);

/* Counts the time in `left`, the state that the service leaves at `now`, loop time. */
void state_times_leave(struct state_times *times, enum state left, double now);

/* Returns the seconds in `state` until `now`, for a service whose state is `current`. times NULL: it has been in
 * `current` since `since`. */
double state_times_in(const struct state_times *times, enum state state, enum state current, double since, double now);
