/* Why a client is turned away, in superd's words and in xinetd's. */
#pragma once

#include <stdbool.h>

enum refusal {
	ADMITTED,
	REFUSED_ADDRESS,                /* only_from, no_access */
	REFUSED_NAME_UNASKED,           /* the same, by a name that nobody could be asked for */
	REFUSED_SENSOR,                 /* it touched a sensor, deny_time ago or less */
	REFUSED_TIME,                   /* access_times */
	REFUSED_PER_SOURCE,
	REFUSED_PER_SOURCE_CPM,
	REFUSED_LOAD,                   /* max_load */
	REFUSED_INSTANCES,
	REFUSED_PROCESSES,              /* as many instances of all services as may be */
	REFUSED_LIBWRAP,
	REFUSED_LIBWRAP_UNASKED,
	REFUSED_TWIST,                  /* libwrap has had another program take it over */
	REFUSED_IDENT,                  /* id_only, and nobody was named */
	REFUSED_IDENT_UNASKED,
	REFUSED_MEMORY,
	REFUSED_UNKEPT,                 /* accepted, but it can be neither served nor kept */
	REFUSED_UNREAD,                 /* a datagram that instance after instance left in the queue */
	REFUSED_CLOSED,                 /* its listener closes */
	REFUSED_BACKOFF,                /* backoff_refuse */
	REFUSED_RATE,                   /* trigger_limit_burst, with trigger_limit_action = close-reserved */
	REFUSALS
};

/* Whether it is by a count of instances, which may be less any moment. */
bool refusal_is_count(enum refusal refusal);

/* "too many from this source (per_source)", for superd's log. */
const char *refusal_text(enum refusal refusal);

/* xinetd's word in a FAIL line: "address", "time", "per_source_limit", "load", "service_limit", "libwrap", …; "": it has
 * no such line. */
const char *refusal_word(enum refusal refusal);

/* A name of its own for each, for programs: "per_source_cpm", "ident_unasked". */
const char *refusal_name(enum refusal refusal);
