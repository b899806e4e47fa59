/* What the services with accept = yes share: addresses and answers that are remembered for a while, and who waits. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "engine/core/engine.h"
#include "engine/core/time_cache.h"
#include "engine/limits/address_lru.h"
#include "os/host/hosts_access.h"

struct fd_receive;
struct lookup_helper;
struct service_runtime;
struct tcpmux;

/* As engine->admission. */
struct admission {
	struct time_cache time_cache;   /* for access_times and max_load */
	struct hosts_access hosts_access;       /* whether libwrap has to be asked at all */
	struct address_lru minutes;     /* connections of a minute by service and client address (per_source_cpm) */
	struct address_lru denied;      /* addresses that touched a sensor (engine/accept/sensor) */
	bool denied_prefixes[129];      /* lengths of IPv6 prefixes that were ever put there */
	struct address_lru verdicts;    /* on senders of datagrams that were asked about, by service; count is enum refusal */
	unsigned verdicts_by;           /* hosts_access.changes when these were given */
	struct fd_receive *dropping;    /* receives a datagram that is dropped with its descriptors; NULL: nothing does */
	double refusals_since;          /* loop time of the second in which so many refused datagrams were logged: */
	unsigned refusals_said;
	struct lookup_helper *lookup_helper;    /* how superd-advise is started; NULL before the first lookup */
	struct list lookups;            /* those whose process has not ended (engine/accept/lookup) */
	size_t ident_lookups;           /* those that ask an ident server */
	size_t ident_limit;             /* of them; 0: none; the caller of supervisor_init sets it */
	unsigned refused_lookups;       /* those about refused clients */
	struct list slot_waits;         /* clients that wait a moment for room (engine/accept/slot_wait) */
	unsigned slot_wait_count;
	bool slot_freed;                /* an instance of accept = yes has ended, and they have not heard of it */
	struct list fd_waits;           /* services that lack descriptors (engine/accept/fd_shortage), in their turn */
	struct service_runtime *fd_first;       /* service that gets descriptors before all others; NULL: none */
	struct tcpmux *tcpmux;          /* services that a client may ask tcpmux for (engine/accept/tcpmux) */
};
