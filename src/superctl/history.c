/* superctl history: when services fell asleep, for how long, and who woke them. A service that sleeps now is at the
 * end. The answer is that of the request timeline. */
#include "superctl/superctl.h"

static const struct column titles[] = {
	{ .title = "SERVICE" }, { .title = "ASLEEP" }, { .title = "FOR", .right = true },   { .title = "WOKEN" },
	{ .title = "BY" },	{ .title = "WAKE" },   { .title = "DELAY", .right = true },
};

struct sleep {
	double at, slept;	/* Unix time of its end, or of this view; seconds, 0: unknown */
	json_t *service, *wake; /* wake NULL: it sleeps now */
};

struct history_view {
	const struct superctl_options *options;
	struct sleep *list; /* owned, with references to `service` */
	size_t count, room, lines; /* lines: of the answer */
	bool is_cut; /* superd was upgraded, and knows nothing of the time before */
};

static void add_sleep(struct history_view *view, json_t *service, json_t *wake, double at, double slept)
{
	array_add(view->list, view->count, view->room) = (struct sleep){ at, slept, json_incref(service), wake };
}

static bool keep_line(void *context, const json_t *line, struct reply_text *text)
{
	struct history_view *view = context;
	const json_t *wakes = json_reply_list(line, "wakes"), *spans = json_reply_list(line, "spans");
	bool sleeps = json_reply_is(line, "phase", "asleep") || json_reply_is(line, "phase", "frozen");
	double until = json_reply_number(line, "until");
	json_t *service = (json_t *)(size_t)line;

	(void)text;
	if (view->options->json)
		return true;
	view->is_cut = json_reply_flag(line, "upgraded");
	for (size_t n = 0; n < json_array_size(wakes); n++) {
		json_t *wake = json_array_get(wakes, n);

		add_sleep(view, service, wake, json_reply_number(wake, "at"), json_reply_number(wake, "slept"));
	}
	/* A service that sleeps now, and has run, fell asleep at the end of its last span. */
	if (sleeps && json_array_size(spans) > 1)
		add_sleep(view, service, NULL, until,
			  until - json_reply_number(json_array_get(spans, json_array_size(spans) - 1), "at"));
	return ++view->lines <= LINES_MOST;
}

static int compare_ends(const void *one, const void *other)
{
	const struct sleep *left = one, *right = other;

	return (left->at > right->at) - (left->at < right->at);
}

static enum ctl_status print_sleeps(struct history_view *view)
{
	static const char *const cells[] = { "[{at:clock}]", "[{by}]", "[{kind}]", "[{delay:span}]" };
	struct buf out = { 0 }, cell = { 0 };
	enum ctl_status status;
	struct columns columns;
	struct screen screen;

	screen_open(&screen, view->options->colour);
	if (view->count)
		qsort(view->list, view->count, sizeof(*view->list), compare_ends);
	columns_begin(&columns, titles, sizeof(titles) / sizeof(*titles));
	for (size_t n = 0; n < view->count; n++) {
		const struct sleep *sleep = &view->list[n];

		fields_say(&columns, STYLE_BOLD, sleep->service, "[{service}]");
		if (sleep->slept > 0)
			human_add(&cell, clock_write, sleep->at - sleep->slept);
		columns_add(&columns, STYLE_PLAIN, &cell);
		if (sleep->slept > 0)
			human_add(&cell, duration_write, sleep->slept);
		columns_add(&columns, STYLE_PLAIN, &cell);
		for (size_t i = 0; i < sizeof(cells) / sizeof(*cells); i++)
			fields_say(&columns, STYLE_PLAIN, sleep->wake, cells[i]);
	}
	if (view->count)
		columns_print(&columns, &screen, "", &out);
	else
		buf_addf(&out, "nothing was woken%s\n", view->is_cut ? " since the upgrade" : "");
	if (view->count && view->is_cut)
		buf_text(&out, "\nThis is since the upgrade of superd.\n");
	status = client_print(&out) ? CTL_DONE : CTL_FAILED;
	columns_free(&columns);
	buf_free(&cell);
	buf_free(&out);
	return status;
}

enum ctl_status verb_history(const struct superctl_options *options)
{
	struct history_view view = { .options = options };
	enum ctl_status status = client_ask(options, "timeline", keep_line, &view);

	if (!options->json && (view.count || status == CTL_DONE) && print_sleeps(&view) != CTL_DONE)
		status = CTL_FAILED; /* also if a name matches no service */
	for (size_t n = 0; n < view.count; n++)
		json_decref(view.list[n].service);
	free(view.list);
	return status;
}
