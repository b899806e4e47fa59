/* Keeps the history of a service in two rings, which grow as it does something. */
#include "superd/values.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/number.h"

/* Counts latencies in buckets, from half a millisecond, which the quickest start takes, to a minute for the slowest. */

static const double bounds[HISTOGRAM_BUCKETS] = {
	0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
};

double histogram_bound(size_t bucket)
{
	return bounds[bucket];
}

void histogram_add(struct histogram *histogram, double seconds)
{
	size_t bucket = 0;

	if (!(seconds > 0))
		seconds = 0; /* the clock was set */
	histogram->count++;
	histogram->sum += seconds;
	while (bucket < HISTOGRAM_BUCKETS && seconds > bounds[bucket])
		bucket++;
	if (bucket < HISTOGRAM_BUCKETS)
		histogram->buckets[bucket]++;
}

static const char *const phase_names[] = { "off", "asleep", "starting", "running", "frozen", "paused", "failed" };
static_assert(sizeof(phase_names) / sizeof(*phase_names) == HISTORY_PHASES, "every phase has a name");

const char *history_phase_name(enum history_phase phase)
{
	return phase_names[phase];
}

/* ---- rings ---- */

static void *ring_at(const struct history_ring *ring, size_t size, size_t n)
{
	return (char *)ring->list + (ring->oldest + n) % ring->room * size;
}

/* false: it has `most`, memory is short, or all services have enough together. */
static bool ring_grow(struct history_ring *ring, size_t size, size_t most, size_t *total)
{
	size_t room = ring->room ? 2 * ring->room : HISTORY_FIRST, more = (room - ring->room) * size;
	char *list;

	if (room > most || (ring->room && *total + more > HISTORY_MOST))
		return false;
	list = malloc(room * size);
	if (!list)
		return false;
	for (size_t n = 0; n < ring->count; n++)
		memcpy(list + n * size, ring_at(ring, size, n), size);
	free(ring->list);
	ring->list = list;
	ring->oldest = 0;
	ring->room = room;
	*total += more;
	return true;
}

/* Returns the place of a new element, whose content is undefined. Drops the oldest if need be. NULL: out of memory. */
static void *ring_add(struct history_ring *ring, size_t size, size_t most, size_t *total)
{
	if (ring->count == ring->room && !ring_grow(ring, size, most, total)) {
		if (!ring->room)
			return NULL;
		ring->oldest = (ring->oldest + 1) % ring->room;
		ring->count--;
	}
	return ring_at(ring, size, ring->count++);
}

static void ring_free(struct history_ring *ring, size_t size, size_t *total)
{
	if (ring->list)
		*total -= ring->room * size;
	free(ring->list);
	*ring = (struct history_ring){ 0 };
}

struct history_change *history_change(const struct history *history, size_t n)
{
	return ring_at(&history->changes, sizeof(struct history_change), n);
}

struct history_wake *history_wake(const struct history *history, size_t n)
{
	return ring_at(&history->wakes, sizeof(struct history_wake), n);
}

/* ---- phases ---- */

static void add_change(struct history *history, enum history_phase phase, double at)
{
	struct history_change *change = ring_add(&history->changes, sizeof(*change), HISTORY_CHANGES, history->total);

	if (change)
		*change = (struct history_change){ at, phase };
}

void history_begin(struct history *history, enum history_phase phase, double since, size_t *total)
{
	history->total = total;
	add_change(history, phase, since);
}

enum history_phase history_now(const struct history *history)
{
	size_t count = history->changes.count;

	return count ? history_change(history, count - 1)->phase : HISTORY_OFF;
}

void history_enter(struct history *history, enum history_phase phase, double now)
{
	if (history_now(history) != phase)
		add_change(history, phase, now);
}

void history_free(struct history *history)
{
	ring_free(&history->changes, sizeof(struct history_change), history->total);
	ring_free(&history->wakes, sizeof(struct history_wake), history->total);
}

/* ---- wakes ---- */

void history_add_wake(struct history *history, const struct history_wake *wake)
{
	struct history_wake *place = ring_add(&history->wakes, sizeof(*place), HISTORY_WAKES, history->total);

	if (place)
		*place = *wake;
}

bool history_set_delay(struct history *history, bool thawed, double now)
{
	struct history_wake *wake = history->wakes.count ? history_wake(history, history->wakes.count - 1) : NULL;

	if (!wake || wake->thawed != thawed || wake->delay >= 0)
		return false;
	wake->delay = (float)number_max(now - wake->at, 0);
	return true;
}
