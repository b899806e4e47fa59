/* What superd has counted and measured of a service since its first start. Owner: struct service_runtime, from the first
 * start or pause of the service to its removal; whatever does something for a service counts it here. A zeroed struct
 * has counted nothing. Only the counts that an order of an operator compares do not go over an upgrade. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/core/log_rate_limit.h"
#include "engine/limits/histogram.h"
#include "engine/limits/refusal.h"
#include "engine/runtime/failure.h"
#include "engine/runtime/state_times.h"
#include "engine/serialize/state_field.h"

struct service_stats {
	uint64_t activations;           /* instances whose program was started */
	uint64_t accepted;              /* clients that superd has accepted */
	uint64_t failures;              /* starts and instances that have failed */
	uint64_t killed;                /* instances that were killed, as they had not ended by timeout_stop */
	uint64_t parted;                /* clients that an instance still had when its drain_timeout was over */
	uint64_t probes;                /* connections of probe_from that were closed (engine/health/health_probes) */
	uint64_t idle_stops, freezes, wakes;    /* of idle backends, or by an operator */
	uint64_t refused[REFUSALS];     /* clients by reason */
	struct failures failed;         /* the last failures, and how many in a row */
	bool failing;                   /* the last start or instance has failed, and none has succeeded since */
	unsigned skipped_starts;        /* starts in a row that a condition prevented */
	struct log_rate_limit crash_log_limit;  /* of the warnings about instances that a signal has ended */
	double last_start, last_end;    /* loop time; 0: never */
	int last_status;                /* wait status of the last instance */
	unsigned char last_result;      /* enum result of the last instance */
	double last_duration;           /* seconds that the last instance has run */
	double last_request;            /* loop time when the current instance was wanted, or the last client served */
	double last_latency;            /* seconds from last_request until it was ready, or took a client; 0: unknown */
	char last_peer[64];             /* address of the client it was last started for, or "operator"; "": unknown */
	struct histogram latency;       /* of all starts and thaws */
	struct state_times state_times; /* seconds in each state */
	double cpu;                     /* seconds of processor time of instances that have ended */
};

extern const struct service_stats no_stats;             /* those of a service that was never started: all is 0 */

/* saved_times: the seconds in each state and of the processor, in a section of their own. The seconds count up to the
 * last state_times_leave. */
extern const struct field_table saved_stats, saved_times;
