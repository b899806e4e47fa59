/* Keeps the history of a service in two lists, which grow as it does something. */
#include "superd/values.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
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

/* ---- lists ---- */

/* Returns the place of a new element, whose content is undefined. The oldest goes if the list has `most`, or all
 * services have enough together. NULL: out of memory. */
static void *list_push(struct history_list *list, size_t size, size_t most, size_t *total)
{
	size_t room = list->room;
	bool is_full =
		list->count == room && (room >= most || (room >= HISTORY_FIRST && *total + room * size > HISTORY_MOST));
	char *first = is_full ? list->first : array_grow(list->first, &list->room, list->count, size);

	if (!first)
		return NULL;
	*total += (list->room - room) * size;
	list->first = first;
	if (is_full)
		memmove(first, first + size, --list->count * size);
	return first + list->count++ * size;
}

static void list_drop(struct history_list *list, size_t size, size_t *total)
{
	*total -= list->room * size;
	free(list->first);
	*list = (struct history_list){ 0 };
}

struct history_change *history_change(const struct history *history, size_t n)
{
	return (struct history_change *)history->changes.first + n;
}

struct history_wake *history_wake(const struct history *history, size_t n)
{
	return (struct history_wake *)history->wakes.first + n;
}

/* ---- phases ---- */

static void add_change(struct history *history, enum history_phase phase, double at)
{
	struct history_change *change = list_push(&history->changes, sizeof(*change), HISTORY_CHANGES, history->total);

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
	list_drop(&history->changes, sizeof(struct history_change), history->total);
	list_drop(&history->wakes, sizeof(struct history_wake), history->total);
}

/* ---- wakes ---- */

void history_add_wake(struct history *history, const struct history_wake *wake)
{
	struct history_wake *place = list_push(&history->wakes, sizeof(*place), HISTORY_WAKES, history->total);

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
