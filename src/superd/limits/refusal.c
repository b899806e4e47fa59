/* The reasons for a refusal in words. xinetd has fewer reasons, and log watchers know only its words, so each reason
 * gets the word that comes nearest. A client whose socket closes has none: xinetd would have left it in the queue. */
#include "superd/limits/refusal.h"

#include <assert.h>

static const struct {
	const char *text, *word;
} reasons[] = {
	[ADMITTED] = { "it may connect", "" },
	[REFUSED_ADDRESS] = { "address not allowed (only_from, no_access)", "address" },
	[REFUSED_NAME_UNASKED] = { "its name could not be looked up (only_from, no_access)", "address" },
	[REFUSED_SENSOR] = { "its address has touched a sensor (deny_time)", "address" },
	[REFUSED_TIME] = { "not at this time of day (access_times)", "time" },
	[REFUSED_PER_SOURCE] = { "too many from this source (per_source)", "per_source_limit" },
	[REFUSED_PER_SOURCE_CPM] = { "too many from this source in a minute (per_source_cpm)", "per_source_limit" },
	[REFUSED_LOAD] = { "the machine's load is too high (max_load)", "load" },
	[REFUSED_INSTANCES] = { "too many instances", "service_limit" },
	[REFUSED_PROCESSES] = { "too many instances of all services", "process_limit" },
	[REFUSED_LIBWRAP] = { "denied by hosts.allow and hosts.deny (libwrap)", "libwrap" },
	[REFUSED_LIBWRAP_UNASKED] = { "hosts.allow and hosts.deny could not be checked (libwrap)", "libwrap" },
	[REFUSED_TWIST] = { "hosts.allow and hosts.deny left it to another program (libwrap)", "libwrap" },
	[REFUSED_IDENT] = { "its ident server names no user (id_only)", "address" },
	[REFUSED_IDENT_UNASKED] = { "its ident server could not be reached (id_only)", "address" },
	[REFUSED_MEMORY] = { "out of memory", "fork" },
	[REFUSED_UNKEPT] = { "it can be neither served nor kept", "fork" },
	[REFUSED_UNREAD] = { "no instance reads it", "fork" },
	[REFUSED_CLOSED] = { "its listener is closed", "" },
	[REFUSED_BACKOFF] = { "the service is paused after a failure (backoff_refuse)", "fork" },
	[REFUSED_RATE] = { "too many in a while (trigger_limit_burst)", "service_limit" },
};
static_assert(sizeof(reasons) / sizeof(*reasons) == REFUSALS, "every reason has its words");

bool refusal_is_count(enum refusal refusal)
{
	return refusal == REFUSED_PER_SOURCE || refusal == REFUSED_INSTANCES || refusal == REFUSED_PROCESSES;
}

const char *refusal_text(enum refusal refusal)
{
	return reasons[refusal].text;
}

const char *refusal_word(enum refusal refusal)
{
	return reasons[refusal].word;
}

static const char *const names[] = {
	[ADMITTED] = "", [REFUSED_ADDRESS] = "address", [REFUSED_NAME_UNASKED] = "name_unasked",
	[REFUSED_SENSOR] = "sensor", [REFUSED_TIME] = "time", [REFUSED_PER_SOURCE] = "per_source",
	[REFUSED_PER_SOURCE_CPM] = "per_source_cpm", [REFUSED_LOAD] = "load", [REFUSED_INSTANCES] = "instances",
	[REFUSED_PROCESSES] = "processes", [REFUSED_LIBWRAP] = "libwrap", [REFUSED_LIBWRAP_UNASKED] = "libwrap_unasked",
	[REFUSED_TWIST] = "twist", [REFUSED_IDENT] = "ident", [REFUSED_IDENT_UNASKED] = "ident_unasked",
	[REFUSED_MEMORY] = "memory", [REFUSED_UNKEPT] = "unkept", [REFUSED_UNREAD] = "unread",
	[REFUSED_CLOSED] = "closed", [REFUSED_BACKOFF] = "backoff", [REFUSED_RATE] = "rate",
};
static_assert(sizeof(names) / sizeof(*names) == REFUSALS, "every reason has its name");

const char *refusal_name(enum refusal refusal)
{
	return names[refusal];
}
