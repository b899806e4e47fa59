/* Reports what a service did in the last hours (superd/instance/history). With --cells its answer is a bar of so many
 * letters, so that an overview of many services stays small; without, the spans and the wakes as they are known. */
#include "superd/control/show.h"

#include <assert.h>
#include <math.h>

#include "lib/json.h"
#include "superd/control/request.h"
#include "superd/instance/runtime.h"

static_assert(REQUEST_CELLS == HISTORY_CELLS, "each number of cells that is read fits");

static void add_time(const struct service_view *view, const char *name, double at, struct buf *out)
{
	json_seconds_field(out, name, at + view->offset);
}

/* The history if it has begun; NULL: the service has done nothing but listen. */
static const struct history *history_of(const struct service_view *view)
{
	const struct service_runtime *runtime = view->match.runtime;

	return runtime && runtime->run && runtime->run->history.has_begun ? &runtime->run->history : NULL;
}

static enum history_phase phase_of(const struct service_view *view)
{
	return view->match.runtime ? runtime_phase(view->match.runtime) : HISTORY_OFF;
}

/* Loop time since when everything is known. superd knows nothing of a service that is disabled or left out. */
static double known_from(const struct service_view *view)
{
	const struct history *history = history_of(view);

	if (!view->match.runtime)
		return view->now;
	return history ? history->began : view->match.runtime->since;
}

/* Adds the numbers of the cells with a failure that was too short for its letter, if there are some. */
static void add_faults(const struct history_bar *bar, struct buf *out)
{
	bool is_open = false;

	for (size_t n = 0; n < bar->cells; n++) {
		if (!bar->faults[n])
			continue;
		if (!is_open)
			json_list_field(out, "faults");
		buf_addf(out, "%s%zu", is_open ? "," : "", n);
		is_open = true;
	}
	if (is_open)
		json_list_close(out);
}

/* The cells begin at multiples of their length in Unix time, so that a bar that is drawn again looks the same. */
static void add_bar(const struct service_view *view, struct buf *out)
{
	struct history_bar bar = { .now = view->now, .cells = view->request->cells };
	double cell = view->request->since / (double)bar.cells;

	bar.until = ceil((view->now + view->offset) / cell) * cell - view->offset;
	bar.from = bar.until - view->request->since;
	history_draw(history_of(view), phase_of(view), known_from(view), &bar);
	add_time(view, "from", bar.from, out);
	add_time(view, "until", bar.until, out);
	json_text_field(out, "bar", bar.text);
	add_faults(&bar, out);
}

static void open_span(const struct service_view *view, double at, enum history_phase phase, struct buf *out)
{
	json_object_open(out);
	add_time(view, "at", at, out);
	json_text_field(out, "phase", history_phase_name(phase));
}

static void add_spent(const struct history_span *span, struct buf *out)
{
	json_object_field(out, "spent");
	for (size_t phase = 0; phase < HISTORY_PHASES; phase++) {
		const char *name = history_phase_name((enum history_phase)phase);

		if (span->spent[phase])
			json_seconds_field(out, name, span->spent[phase] / 1e3);
	}
	json_object_close(out);
}

static void add_spans(const struct service_view *view, double from, struct buf *out)
{
	const struct history *history = history_of(view);
	size_t count = history ? history->spans.count : 0;

	json_list_field(out, "spans");
	if (!count || history_span(history, 0)->at > from) {
		open_span(view, known_from(view), history ? (enum history_phase)history->first : phase_of(view), out);
		json_object_close(out);
	}
	for (size_t n = 0; n < count; n++) {
		const struct history_span *span = history_span(history, n);

		if (n + 1 < count && history_span(history, n + 1)->at <= from)
			continue;
		open_span(view, span->at, (enum history_phase)span->phase, out);
		if (history_span_end(span) > span->at)
			add_spent(span, out);
		json_object_close(out);
	}
	json_list_close(out);
}

static void add_wakes(const struct service_view *view, double from, struct buf *out)
{
	const struct history *history = history_of(view);

	json_list_field(out, "wakes");
	for (size_t n = 0; history && n < history->wakes.count; n++) {
		const struct history_wake *wake = history_wake(history, n);

		if (wake->at < from)
			continue;
		json_object_open(out);
		add_time(view, "at", wake->at, out);
		json_text_field(out, "kind", wake->thawed ? "thaw" : "start");
		if (wake->delay < 0)
			json_null_field(out, "delay");
		else
			json_seconds_field(out, "delay", (double)wake->delay);
		if (wake->slept > 0)
			json_seconds_field(out, "slept", (double)wake->slept);
		json_text_field(out, "by", *wake->by ? wake->by : NULL);
		json_object_close(out);
	}
	json_list_close(out);
}

void show_timeline(const struct service_view *view, struct buf *out)
{
	double from = view->now - view->request->since;

	json_text_field(out, "phase", history_phase_name(phase_of(view)));
	if (view->match.runtime)
		add_time(view, "since", view->match.runtime->since, out);
	if (view->request->options & ASKS_CELLS) {
		add_bar(view, out);
	} else {
		add_time(view, "from", from, out);
		add_time(view, "until", view->now, out);
		add_spans(view, from, out);
		add_wakes(view, from, out);
	}
}
