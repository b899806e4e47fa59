/* Values that the daemon keeps and writes, without its state: reasons, limits, results, notifications. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "lib/buf.h"
#include "table/service/service.h"

/* The reasons to refuse a client, in superd's words and in xinetd's. Their order here has no meaning: judge_client
 * (accept.c) says in which order they are checked. */

enum refusal {
	ADMITTED,
	REFUSED_ADDRESS,                /* only_from, no_access */
	REFUSED_NAME_UNASKED,           /* only_from, no_access: its host name could not be looked up */
	REFUSED_SENSOR,                 /* it connected to a sensor within the last deny_time */
	REFUSED_TIME,                   /* access_times */
	REFUSED_PER_SOURCE,
	REFUSED_PER_SOURCE_RATE,
	REFUSED_LOAD,                   /* max_load */
	REFUSED_INSTANCES,
	REFUSED_PROCESSES,              /* limit of instances of all services */
	REFUSED_LIBWRAP,                /* hosts_access(5) */
	REFUSED_LIBWRAP_UNASKED,        /* hosts_access(5) could not be evaluated */
	REFUSED_TWIST,                  /* `twist` of hosts_options(5): another program has served it */
	REFUSED_IDENT,                  /* id_only: its ident server named no user */
	REFUSED_IDENT_UNASKED,          /* id_only: its ident server could not be asked */
	REFUSED_UNKEPT,                 /* accepted, but superd can neither serve nor keep it */
	REFUSED_CLOSED,                 /* its listener is being closed */
	REFUSALS
};

extern const struct refusal_words {
	const char *name;               /* unique, for programs: "per_source_rate", "ident_unasked" */
	const char *text;               /* for superd's log: "too many from this source (per_source)" */
	const char *word;               /* xinetd's, for a FAIL line: "address", "load", …; "": xinetd has no such line */
} refusal_words[];

/* How often something may happen, and how soon again.
 *
 * A number of events in a window of time, for cps and trigger_limit. Pure: monotonic time is an argument, in seconds. A
 * zeroed struct has counted nothing. */

struct rate_limit {
	double begun;                   /* time when the present window began */
	int64_t count;                  /* events since then */
};

/* Whether one more event would be more than `most` (UNLIMITED: never) in a window of this length. */
bool rate_limit_is_reached(const struct rate_limit *limit, int64_t most, double length, double now);

void rate_limit_count(struct rate_limit *limit, double length, double now);

/* Limits a log line that a backend or a client can cause at will: superd logs it once in ten seconds, with the
 * number of suppressed lines. */
struct log_rate_limit {                 /* zeroed: no line was logged yet */
	double last_logged;             /* loop time of the last line; 0: none */
	unsigned suppressed;            /* lines not logged since */
};

#define LOG_RATE_LIMIT_MORE 40

/* Whether the line must be logged now; if so, more gets its ending: "; 7 more before it", or "". */
bool log_rate_limit_is_due(struct log_rate_limit *limit, char more[LOG_RATE_LIMIT_MORE]);

/* The result of an instance, in systemd's words (SERVICE_RESULT of systemd.exec(5)): for its commands, the log, and the
 * decision whether it is started again. */

enum result {
	RESULT_SUCCESS,
	RESULT_EXIT_CODE,
	RESULT_SIGNAL,
	RESULT_CORE_DUMP,
	RESULT_TIMEOUT,
	RESULT_WATCHDOG,
	RESULT_PROTOCOL,
	RESULT_RESOURCES,               /* superd could not start it */
	RESULT_EXEC_CONDITION,          /* exec_condition prevented the start, which is no failure */
	RESULT_CONDITION,               /* a condition prevented the start, which is no failure */
	RESULTS
};

const char *result_name(enum result result);            /* "exit-code" */

/* Whether it is no failure. */
static inline bool result_is_good(enum result result)
{
	return result == RESULT_SUCCESS || result == RESULT_EXEC_CONDITION || result == RESULT_CONDITION;
}

/* Describes a wait status, "exit status 3", "signal TERM"; text of at least 48 bytes. */
void status_describe(int status, char *text);

/* Parses a notification of sd_notify(3): lines of KEY=VALUE. It allocates nothing; texts point into the message,
 * which must outlive the struct. */

#define NOTE_TEXT 256                   /* bytes of a text that are kept */
#define NOTE_UNSET (-1)                 /* a number that is not in the message */

struct note_text {
	const char *at;                 /* not NUL-terminated; NULL: not in the message */
	size_t length;
};

enum note_flag {
	NOTE_READY = 1 << 0,
	NOTE_RELOADING = 1 << 1,
	NOTE_STOPPING = 1 << 2,
	NOTE_WATCHDOG = 1 << 3,
	NOTE_TRIGGER = 1 << 4,          /* WATCHDOG=trigger */
	NOTE_STORE = 1 << 5,            /* FDSTORE=1 */
	NOTE_REMOVE = 1 << 6,           /* FDSTOREREMOVE=1 */
	NOTE_UNPOLLED = 1 << 7,         /* FDPOLL=0 */
	NOTE_BARRIER = 1 << 8,          /* BARRIER=1 and nothing else */
};

struct notify_message {
	unsigned flags;                 /* enum note_flag */
	int64_t watchdog_every, extend; /* WATCHDOG_USEC, EXTEND_TIMEOUT_USEC, microseconds */
	int64_t main_pid;               /* MAINPID */
	struct note_text status;        /* STATUS */
	struct note_text name;          /* FDNAME, if it is valid */
	struct note_text wrong;         /* the first line with an invalid value, which is ignored */
};

/* Parses a text of this length. If a key occurs twice, the last one counts. false: BARRIER=1 stands among other
 * lines, which is invalid. */
bool notify_message_parse(const char *text, size_t length, struct notify_message *message);
