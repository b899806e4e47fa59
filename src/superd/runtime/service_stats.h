/* superd's counters and measurements of a service since its first start. Owner: struct service_run. The code that does
 * something for a service counts it here. Zeroed: nothing was counted. An upgrade saves all but the counts that only
 * one order of an operator compares. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "superd/limits/histogram.h"
#include "superd/limits/idle_gaps.h"
#include "superd/limits/rate_limit.h"
#include "superd/limits/refusal.h"
#include "superd/runtime/failure.h"
#include "superd/runtime/state_times.h"
#include "superd/saved/state_field.h"

/* The traffic of relays (exec beside redirect). */
struct relayed {
	uint64_t connections;           /* connections to the program that had a client */
	uint64_t received, sent;        /* their bytes, from clients and to them */
};

struct service_stats {
	struct {                        /* saved */
		uint64_t activations;   /* number of instances whose program was started */
		uint64_t accepted;      /* number of clients that superd has accepted */
		uint64_t failures;      /* number of starts and instances that have failed */
		uint64_t probes;        /* number of probes that were closed (superd/health/health_probes) */
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
		struct idle_gaps gaps;  /* times without clients (superd/stop/idle) */
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
