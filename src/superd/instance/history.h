/* The phases of a service in the last hours, and the causes of its wakes.
 *
 * A span begins with a change of phase. Changes in the next HISTORY_SPAN seconds go into the same span, which has the
 * time in each phase instead of their order; after that, the phase stays as it is until the next span. So a service
 * that starts for each client costs one span a minute, and one that sleeps costs none. A service without a struct
 * service_run has no history. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_SPAN 60                 /* seconds; at most 65, as milliseconds of it are counted in 16 bits */
#define HISTORY_SPANS 256               /* of a service */
#define HISTORY_WAKES 64                /* of a service */
#define HISTORY_MOST (16u << 20)        /* bytes of all services; beyond them no ring grows */
#define HISTORY_FIRST 8                 /* entries that each ring may have in any case */
#define HISTORY_CELLS 512               /* of a bar, at most */

enum history_phase {
	HISTORY_OFF,                      /* its sockets are not open yet, or disabled */
	HISTORY_ASLEEP,                   /* it listens, and no instance runs */
	HISTORY_STARTING,
	HISTORY_RUNNING,
	HISTORY_FROZEN,
	HISTORY_PAUSED,                   /* held by an operator, or paused by a limit */
	HISTORY_FAILED,                   /* paused after a failure */
	HISTORY_PHASES
};

struct history_span {
	double at;                      /* loop time */
	uint16_t spent[HISTORY_PHASES];         /* milliseconds from `at` on, up to the last change in the span */
	unsigned char phase;            /* enum history_phase after these */
};

struct history_wake {
	double at;                      /* loop time when it was wanted */
	float delay;                    /* seconds until a client was accepted or it was ready; negative: unknown */
	float slept;                    /* seconds without an instance, or frozen, before; 0: unknown */
	bool thawed;                    /* false: an instance was started */
	char by[64];                    /* client, "operator" or "NAME, which wants it", as stats.last_peer; "": unknown */
};

/* The newest elements; the oldest goes when there is no room. */
struct history_ring {
	void *list;                     /* owned; NULL: none yet */
	size_t oldest, count, room;     /* index of the oldest, elements in use, elements that fit */
};

/* Owner: struct service_run. Zeroed: it has not begun. */
struct history {
	struct history_ring spans, wakes;
	size_t *total;                  /* bytes of the rings of all services */
	double began;                   /* loop time since when everything is known */
	unsigned char first;            /* enum history_phase until the first span */
	bool has_begun;
};

const char *history_phase_name(enum history_phase phase);

/* The service is in `phase` since `since`. total: bytes of the rings of all services. */
void history_begin(struct history *history, enum history_phase phase, double since, size_t *total);
enum history_phase history_now(const struct history *history);
void history_enter(struct history *history, enum history_phase phase, double now); /* does nothing if it is in that phase */
void history_free(struct history *history);

/* A service was woken: a thaw, or a start for which no instance ran. A start that repeats a failed one for the same
 * clients is none. If memory is short, the wake is lost. */
void history_add_wake(struct history *history, const struct history_wake *wake);
/* The client of the last wake was accepted now, or its instance is ready: sets the delay, if that was such a wake and
 * its delay is unknown still. true: it was. */
bool history_set_delay(struct history *history, bool thawed, double now);
/* Sets the cause of the last wake, if that was such a one and its cause is unknown still. Returns how long the service
 * had slept then; 0: unknown. */
double history_set_client(struct history *history, bool thawed, const char *client);

/* n counts from the oldest; n < spans.count or wakes.count. */
struct history_span *history_span(const struct history *history, size_t n);
struct history_wake *history_wake(const struct history *history, size_t n);
double history_span_end(const struct history_span *span); /* loop time of the last change in it */

/* The contents of a bar: the phase of each cell by a letter, NUL-terminated. */
struct history_bar {
	double from, until;             /* loop times */
	double now;                     /* loop time; the time after it, up to `until`, stays blank in its cell */
	size_t cells;                   /* 1 to HISTORY_CELLS */
	char text[HISTORY_CELLS + 1];
	bool faults[HISTORY_CELLS];     /* a failure in the cell was too short for its letter */
};

/* Draws the bar. history: NULL or not begun: the service is in `phase` since `since`. A cell has the phase that took most
 * of it, or that of a failure if it took a quarter of what is known of the cell: a port that was taken for a second is no
 * bad hour. */
void history_draw(const struct history *history, enum history_phase phase, double since, struct history_bar *bar);
