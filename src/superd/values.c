/* The words of refusals and results, and how often something may happen. */
#include "superd/main.h"

#include <assert.h>

/* The reasons for a refusal in words. xinetd has fewer reasons, and log watchers know only its words, so each reason
 * gets the word that comes nearest. A client whose socket closes has none: xinetd would have left it in the queue. */

const struct refusal_words refusal_words[] = {
	[ADMITTED] = { "", "it may connect", "" },
	[REFUSED_ADDRESS] = { "address", "address not allowed (only_from, no_access)", "address" },
	[REFUSED_NAME_UNASKED] = { "name_unasked", "its name could not be looked up (only_from, no_access)",
				   "address" },
	[REFUSED_SENSOR] = { "sensor", "its address has touched a sensor (deny_time)", "address" },
	[REFUSED_TIME] = { "time", "not at this time of day (access_times)", "time" },
	[REFUSED_PER_SOURCE] = { "per_source", "too many from this source (per_source)", "per_source_limit" },
	[REFUSED_PER_SOURCE_RATE] = { "per_source_rate", "too many from this source in a minute (per_source_rate)",
				      "per_source_limit" },
	[REFUSED_LOAD] = { "load", "the machine's load is too high (max_load)", "load" },
	[REFUSED_INSTANCES] = { "instances", "too many instances", "service_limit" },
	[REFUSED_PROCESSES] = { "processes", "too many instances of all services", "process_limit" },
	[REFUSED_LIBWRAP] = { "libwrap", "denied by hosts.allow and hosts.deny (libwrap)", "libwrap" },
	[REFUSED_LIBWRAP_UNASKED] = { "libwrap_unasked", "hosts.allow and hosts.deny could not be checked (libwrap)",
				      "libwrap" },
	[REFUSED_TWIST] = { "twist", "hosts.allow and hosts.deny left it to another program (libwrap)", "libwrap" },
	[REFUSED_IDENT] = { "ident", "its ident server names no user (id_only)", "address" },
	[REFUSED_IDENT_UNASKED] = { "ident_unasked", "its ident server could not be reached (id_only)", "address" },
	[REFUSED_UNKEPT] = { "unkept", "it can be neither served nor kept", "fork" },
	[REFUSED_CLOSED] = { "closed", "its listener is closed", "" },
};
static_assert(sizeof(refusal_words) / sizeof(*refusal_words) == REFUSALS, "every reason has its words");

/* The words of results. */

static const char *const names[] = {
	"success",  "exit-code", "signal",	   "core-dump", "timeout",  "watchdog",
	"protocol", "resources", "exec-condition", "condition", "oom-kill",
};
static_assert(sizeof(names) / sizeof(*names) == RESULTS, "every result has a name");

const char *result_name(enum result result)
{
	return names[result];
}

void status_describe(int status, char *text)
{
	char name[32];

	if (WIFSIGNALED(status))
		snprintf(text, 48, "signal %.20s%s", scan_signal_name(WTERMSIG(status), name),
			 WCOREDUMP(status) ? " (core dumped)" : "");
	else
		snprintf(text, 48, "exit status %d", WEXITSTATUS(status));
}

/* How often something may happen, and how soon again.
 *
 * The first event after the end of a window begins the next. The last event that is let in does not end the window; the
 * next one exceeds it, if there is one. */

#define LOG_INTERVAL 10. /* seconds */

static bool is_over(const struct rate_limit *limit, double length, double now)
{
	return now - limit->begun >= length;
}

bool rate_limit_is_reached(const struct rate_limit *limit, int64_t most, double length, double now)
{
	return most != UNLIMITED && limit->count >= most && (most == 0 || !is_over(limit, length, now));
}

void rate_limit_count(struct rate_limit *limit, double length, double now)
{
	if (!limit->count || is_over(limit, length, now))
		*limit = (struct rate_limit){ .begun = now };
	limit->count++;
}

bool log_rate_limit_allows(struct log_rate_limit *limit, unsigned whole, double window, double pause, double now,
			   char more[LOG_RATE_LIMIT_MORE])
{
	if (now - limit->begun >= window) {
		limit->begun = now;
		limit->count = 0;
	}
	if (limit->count >= whole && limit->last_logged && now - limit->last_logged < pause) {
		limit->suppressed++;
		return false;
	}
	more[0] = '\0';
	if (limit->suppressed)
		snprintf(more, LOG_RATE_LIMIT_MORE, "; %u more before it", limit->suppressed);
	limit->count++;
	limit->suppressed = 0;
	limit->last_logged = now;
	return true;
}

bool log_rate_limit_is_due(struct log_rate_limit *limit, char more[LOG_RATE_LIMIT_MORE])
{
	return log_rate_limit_allows(limit, 0, LOG_INTERVAL, LOG_INTERVAL, clock_now(), more);
}
