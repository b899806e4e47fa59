/* superctl status, show and why, a block for each service, and superctl version.
 *
 * status NAME has everything that superd knows about a service, for a person.
 * Each line prints only facts that superd has sent: if the kernel does not report the length of a queue, the queue is
 * left out rather than shown empty. The exit status is 3, as systemctl(1)'s, if a named service would not serve the
 * next client. A service that waits for its first client counts as active. */
#include "superctl/superctl.h"

/* A view that prints a block for each service, with a blank line between two. */
struct each_view {
	void (*add)(struct buf *out, const struct each_view *view, const json_t *service);
	struct screen screen;
	size_t shown;	 /* number of services so far */
	size_t inactive; /* of these, services that would not serve the next client */
};

static bool show_line(void *context, const json_t *line, struct reply_text *text)
{
	struct each_view *view = context;

	view->inactive += !state_word_is_active(line);
	if (view->shown++)
		buf_char(&text->out, '\n');
	view->add(&text->out, view, line);
	return true;
}

static enum ctl_status show_each(struct each_view *view, const struct superctl_options *options, const char *verb)
{
	screen_open(&view->screen, options->colour);
	return client_ask(options, verb, show_line, view);
}

/* superd has written the text, with each tab and line break. Comments, which have the places, are dim. */
static void add_conf(struct buf *out, const struct screen *screen, const char *text)
{
	while (*text) {
		size_t indent = strspn(text, "\t"), length = strcspn(text, "\n");
		bool is_comment = text[indent] == '#';

		buf_add(out, text, indent);
		if (is_comment)
			screen_set(screen, out, STYLE_DIM);
		buf_visible(out, text + indent, length - indent);
		if (is_comment)
			screen_set(screen, out, STYLE_PLAIN);
		buf_char(out, '\n');
		text += length + (text[length] == '\n');
	}
}

static void add_service(struct buf *out, const struct each_view *view, const json_t *service)
{
	if (view->shown == 1)
		add_conf(out, &view->screen, json_reply_text(service, "defaults"));
	add_conf(out, &view->screen, json_reply_text(service, "text"));
}

enum ctl_status verb_show(const struct superctl_options *options)
{
	struct each_view view = { .add = add_service };

	return show_each(&view, options, "show");
}

static void add_why(struct buf *out, const struct each_view *view, const json_t *service)
{
	screen_set(&view->screen, out, STYLE_BOLD);
	json_reply_show_text(out, service, "service");
	screen_set(&view->screen, out, STYLE_PLAIN);
	buf_text(out, ": ");
	why_add(out, service, "\n  ");
	(void)buf_cut(out, out->length - strlen("  "));
}

enum ctl_status verb_why(const struct superctl_options *options)
{
	struct each_view view = { .add = add_why };

	return show_each(&view, options, "status");
}

static bool show_version(void *context, const json_t *line, struct reply_text *text)
{
	(void)context;
	(void)template_add(&text->out, line,
			   "superd {version}[ (build {build})][, pid {pid}]\n"
			   "[guard, pid {guard}: restarts superd if superd dies\n|"
			   "no guard: no process restarts superd if superd dies\n]");
	return true;
}

enum ctl_status verb_version(const struct superctl_options *options)
{
	if (!options->json)
		printf("superctl %s\n", PACKAGE_VERSION);
	return client_ask(options, "version", show_version, NULL);
}

#define LABEL 14		 /* columns up to the colon */
#define INDENT "               " /* as wide as a label */

/* Adds "      State: ", aligned at the colon. */
static void add_label(struct buf *out, const char *label)
{
	for (size_t n = strlen(label); n < LABEL - 1; n++)
		buf_char(out, ' ');
	buf_addf(out, "%s%s ", label, *label ? ":" : " ");
}

static void add_state(struct buf *out, const struct screen *screen, const json_t *service)
{
	enum style style = json_reply_flag(service, "degraded") ? STYLE_YELLOW : state_word_of(service)->style;
	struct buf text = { 0 };

	why_add(&text, service, "\n" INDENT);
	(void)buf_cut(&text, text.length - strlen(INDENT));
	add_label(out, "State");
	screen_add(screen, out, style, buf_string(&text));
	buf_free(&text);
}

static void add_queue(struct buf *out, const json_t *listener)
{
	double waiting;

	if (!facts_listener_queue(listener, &waiting))
		return;
	buf_addf(out, waiting > 0 ? ", %.0f waiting" : ", none waiting", waiting);
	if (json_reply_number(listener, "queue_limit") < INT32_MAX)
		(void)template_add(out, listener, "[{?queue_limit} of at most {queue_limit}]");
}

static void add_listeners(struct buf *out, const struct screen *screen, const json_t *service)
{
	const json_t *list = json_reply_list(service, "listeners");

	(void)screen;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *listener = json_array_get(list, i);

		add_label(out, i ? "" : "Listen");
		json_reply_show_text(out, listener, "endpoint");
		if (!json_reply_is(listener, "name", json_reply_text(service, "service")))
			(void)template_add(out, listener, "[ ({name})]");
		if (json_reply_flag(listener, "open"))
			add_queue(out, listener);
		(void)template_add(out, listener,
				   "[{!open}, closed[ ({absent})]|{?old_options}, with its old options]\n");
	}
}

static void add_instances(struct buf *out, const struct screen *screen, const json_t *service)
{
	static const struct column titles[] = {
		{ .title = "PID", .right = true },
		{ .title = "STATE" },
		{ .title = "FOR", .right = true },
		{ .title = "MEMORY", .right = true },
		{ .title = "CPU", .right = true },
		{ .title = "PEER" },
		{ .title = "SAYS" },
	};
	/* No pid: the commands before its program still run. */
	static const char *const cells[] = {
		"[{pid}]", "[{state}]", "{age:age}", "[{memory:bytes}]", "[{cpu:span}]", "[{peer}]",
	};
	const json_t *list = json_reply_list(service, "instances");
	struct columns columns;
	struct buf cell = { 0 };

	if (!json_array_size(list))
		return;
	columns_begin(&columns, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *instance = json_array_get(list, i);

		for (size_t n = 0; n < sizeof(cells) / sizeof(*cells); n++)
			fields_say(&columns, STYLE_PLAIN, instance, cells[n]);
		(void)template_add(&cell, instance, "[{waits_for}|{says}]");
		if (!cell.length)
			facts_add_relay(&cell, instance);
		columns_add(&columns, STYLE_PLAIN, &cell);
	}
	add_label(out, "Instances");
	buf_addf(out, "%zu", facts_instances(service));
	if (facts_instances(service) > json_array_size(list))
		buf_addf(out, ", %zu of them here", json_array_size(list));
	buf_char(out, '\n');
	columns_print(&columns, screen, INDENT, out);
	columns_free(&columns);
	buf_free(&cell);
}

static void add_counts(struct buf *out, const json_t *service)
{
	const json_t *latency = json_reply_object(service, "latency");
	double count = json_reply_number(latency, "count");

	(void)template_add(out, service,
			   "{activations: time}[{?failures}, {failures} of them failed]"
			   "[{?accepted}, {accepted: connection} accepted][{?probes}, {probes: probe} closed]"
			   "[{?idle_stops}, {idle_stops: idle stop}][{?freezes}, frozen {freezes: time}]");
	if (count >= 1) {
		buf_text(out, ", ready after ");
		human_add(out, duration_write, json_reply_number(latency, "sum") / count);
		buf_text(out, " on average");
	}
}

static void add_refusals(struct buf *out, const json_t *service)
{
	json_t *refused = json_object_get(service, "refused");
	bool any = false;

	for (void *at = json_object_iter(refused); at; at = json_object_iter_next(refused, at)) {
		double number = json_number_value(json_object_iter_value(at));

		if (number <= 0)
			continue;
		buf_addf(out, "%s%.0f for ", any ? ", " : "", number);
		buf_visible(out, json_object_iter_key(at), strlen(json_object_iter_key(at)));
		any = true;
	}
}

/* The lines of a service in their order; the state, with all that belongs to it, is what why says. */
static const struct line {
	const char *label, *template;
	void (*add)(struct buf *out, const json_t *service);
	void (*add_block)(struct buf *out, const struct screen *screen, const json_t *service); /* with its labels */
} lines[] = {
	{ .label = "Configuration",
	  .template = "[{source}]; [{state=skipped}skipped|{?enabled}enabled|disabled]; [type {type}], "
		      "[{?accept}one instance per connection|one instance for all]" },
	{ .add_block = add_state },
	{ .add_block = add_listeners },
	{ .add_block = add_instances },
	{ .label = "Started", .add = add_counts },
	{ .label = "Refused", .add = add_refusals },
};

static void add_status(struct buf *out, const struct each_view *view, const json_t *service)
{
	struct buf text = { 0 };

	json_reply_show_text(&text, service, "service");
	state_word_add_dot(state_word_of(service), &view->screen, out);
	buf_char(out, ' ');
	screen_add(&view->screen, out, STYLE_BOLD, buf_string(&text));
	(void)template_add(out, service, "[ - {command}]\n"); /* an entry that is skipped may have none */
	for (size_t n = 0; n < sizeof(lines) / sizeof(*lines); n++) {
		const struct line *line = &lines[n];

		buf_clear(&text);
		if (line->add_block)
			line->add_block(out, &view->screen, service);
		else if (line->add)
			line->add(&text, service);
		else
			(void)template_add(&text, service, line->template);
		if (text.length) {
			add_label(out, line->label);
			buf_addf(out, "%s\n", buf_string(&text));
		}
	}
	buf_free(&text);
}

static bool show_superd(void *context, const json_t *line, struct reply_text *text)
{
	(void)context;
	(void)template_add(&text->out, line,
			   "[\nthe last reload was refused: {reload_refused}; "
			   "superd uses the previous configuration\n]");
	return true;
}

enum ctl_status verb_status(const struct superctl_options *options)
{
	struct each_view view = { .add = add_status };
	enum ctl_status status;

	if (!options->name_count && !options->json) {
		status = verb_list(options);
		if (status == CTL_DONE)
			(void)client_ask(options, "version", show_superd, NULL);
		return status;
	}
	status = show_each(&view, options, "status");
	if (status == CTL_DONE && !options->json) {
		putchar('\n');
		status = verb_log(options);
	}
	return status == CTL_DONE && options->name_count && view.inactive ? CTL_NOT_ACTIVE : status;
}
