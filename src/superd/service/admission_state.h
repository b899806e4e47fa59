/* The state that all services with accept = yes share: remembered addresses and verdicts, lookups, and waiting
 * clients. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/list.h"
#include "os/host/hosts_access.h"
#include "superd/limits/address_lru.h"
#include "superd/loop/engine.h"
#include "superd/loop/time_cache.h"

struct fd_receive;
struct lookup_helper;
struct service_runtime;
struct tcpmux;

/* As engine->admission; the caller of admission_init owns it. */
struct admission {
	struct {                        /* saved */
		bool denied_prefixes[129]; /* by length: IPv6 prefixes that are or were in `denied` */
	};
	struct time_cache time_cache;   /* for access_times and max_load */
	struct hosts_access hosts_access;       /* whether hosts.allow and hosts.deny have rules at all */
	struct address_lru minutes;     /* connections of a minute by service and client address (per_source_cpm) */
	struct address_lru denied;      /* addresses that touched a sensor (superd/service/sensor) */
	struct address_lru verdicts;    /* results of lookups about senders of datagrams, by service; count is enum refusal */
	unsigned verdicts_by;           /* hosts_access.changes when verdicts were found */
	struct fd_receive *dropping;    /* receives a datagram that is dropped with its descriptors; NULL: nothing does */
	double refusals_since;          /* clock_now() when the present second of refusals_said began */
	unsigned refusals_said;         /* refused datagrams in that second, logged or not */
	struct lookup_helper *lookup_helper;    /* start data of superd-advise; NULL before the first lookup */
	struct list lookups;            /* struct lookup_question: lookups whose process has not ended */
	size_t ident_lookups;           /* lookups under way that ask an ident server */
	unsigned reply_turn;            /* ev_iteration in which a reply was taken last */
	size_t ident_limit;             /* most of them; 0: no limit; the caller of supervisor_init sets it */
	unsigned refused_lookups;       /* lookups under way about refused clients */
	struct list slot_waits;         /* struct waiter: clients that wait for a free slot (superd/service/slot_wait) */
	unsigned slot_wait_count;       /* clients in slot_waits */
	bool slot_freed;                /* an instance of accept = yes has ended; slot_wait_look is due */
	struct list handovers;          /* clients that a program started ahead gets (superd/service/handover) */
	struct list fd_waits;           /* services that lack descriptors (superd/service/fd_shortage), the next first */
	struct tcpmux *tcpmux;          /* services that a client may ask tcpmux for (superd/service/tcpmux) */
};
