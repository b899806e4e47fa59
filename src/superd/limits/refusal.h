/* The reasons to refuse a client, in superd's words and in xinetd's. */
#pragma once

#include <stdbool.h>

enum refusal {
	ADMITTED,
	REFUSED_ADDRESS,                /* only_from, no_access */
	REFUSED_NAME_UNASKED,           /* only_from, no_access: its host name could not be looked up */
	REFUSED_SENSOR,                 /* it connected to a sensor within the last deny_time */
	REFUSED_TIME,                   /* access_times */
	REFUSED_PER_SOURCE,
	REFUSED_PER_SOURCE_CPM,
	REFUSED_LOAD,                   /* max_load */
	REFUSED_INSTANCES,
	REFUSED_PROCESSES,              /* limit of instances of all services */
	REFUSED_LIBWRAP,                /* hosts_access(5) */
	REFUSED_LIBWRAP_UNASKED,        /* hosts_access(5) could not be evaluated */
	REFUSED_TWIST,                  /* `twist` of hosts_options(5): another program has served it */
	REFUSED_IDENT,                  /* id_only: its ident server named no user */
	REFUSED_IDENT_UNASKED,          /* id_only: its ident server could not be asked */
	REFUSED_MEMORY,
	REFUSED_UNKEPT,                 /* accepted, but superd can neither serve nor keep it */
	REFUSED_UNREAD,                 /* datagram that one instance after another left in the queue */
	REFUSED_CLOSED,                 /* its listener is being closed */
	REFUSED_BACKOFF,                /* backoff_refuse */
	REFUSED_RATE,                   /* trigger_limit_burst, with trigger_limit_action = close-reserved */
	REFUSALS
};

/* Whether the reason is a number of instances, which may fall at any moment. */
bool refusal_is_count(enum refusal refusal);

/* Returns "too many from this source (per_source)", for superd's log. */
const char *refusal_text(enum refusal refusal);

/* Returns xinetd's word for a FAIL line: "address", "time", "per_source_limit", "load", "service_limit", "libwrap", …;
 * "": xinetd has no such line. */
const char *refusal_word(enum refusal refusal);

/* Returns a unique name, for programs: "per_source_cpm", "ident_unasked". */
const char *refusal_name(enum refusal refusal);
