/* Serves builtin = status: one HTTP request for the overview, the page of a service or the style sheet.
 *
 * Each text of superd's answers is made visible and then escaped (html_add); ids and addresses are written as in a URL.
 * Nothing here writes: superd's connection may only read, and the methods are GET and HEAD. The pages have no script; a
 * browser loads them again from time to time. */
#include "superctl/superctl.h"

#include <limits.h>
#include <math.h>
#include <unistd.h>

#define ASK_LIMIT 10000	   /* milliseconds for all of superd's answers */
#define PAGE_SERVICES 5000 /* rows of the overview */
#define NAME_MOST 24	   /* bytes of a name that no line break parts */

/* Cells of a bar in the overview, and on the page of a service. */
#define CELLS 96
#define CELLS_OF_ONE 360

static const char html_type[] = "text/html; charset=utf-8";

/* superd's answers for the overview. */
struct overview {
	json_t *metrics;       /* array: superd's own line, then one for each service */
	json_t *bars;	       /* object: name to the drawing of add_bar */
	double from, until;    /* Unix times of the bars */
};

/* What a bar shows, the last ones above the others. What is shorter than a cell fills it all the same. */
static const struct paint {
	const char *phases; /* as superd names them */
	bool is_short;	    /* only those shorter than a cell */
	const char *word;   /* for people */
	const char *class;  /* in the style sheet */
	const char *top;    /* of its cells, which end at 1 */
} paints[] = {
	{ "off", false, "off", "t-off", "0" },
	{ "asleep", false, "asleep", "t-asleep", "0" },
	{ "frozen", false, "frozen", "t-frozen", "0" },
	{ "paused", false, "paused", "t-paused", "0" },
	{ "starting running", true, "short wakes", "t-wakes", "0" },
	{ "starting", false, "starting", "t-starting", "0" },
	{ "running", false, "awake", "t-running", "0" },
	{ "failed", false, "failing", "t-failed", "0" },
	{ "failed", true, "failing for a moment", "t-failed", ".65" },
};
#define PAINTS (sizeof(paints) / sizeof(*paints))

static void add_escaped(struct buf *out, struct buf *text)
{
	html_add(out, buf_string(text), text->length);
	buf_clear(text);
}

/* service: "", or the service of the page. The title tells the tabs of several machines apart. */
static void add_head(struct buf *out, const char *service, const char *root)
{
	char host[HOST_NAME_MAX + 1] = "";

	(void)gethostname(host, sizeof(host) - 1);
	buf_text(out,
		 "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		 "<meta name=\"color-scheme\" content=\"light dark\">\n"
		 "<meta http-equiv=\"refresh\" content=\"30\">\n<title>");
	html_text(out, service);
	buf_text(out, *service ? " - superd on " : "superd on ");
	html_text(out, host);
	buf_addf(out,
		 "</title>\n<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"%spage.css\">\n"
		 "</head>\n<body>\n<header>",
		 root);
	buf_text(out, *service ? "<p><a href=\"../\">All services of " : "<h1>superd on ");
	html_text(out, host);
	buf_text(out, *service ? "</a></p><h1>" : "</h1>");
	html_text(out, service);
	buf_text(out, *service ? "</h1></header>\n" : "");
}

static const char *colour_of(const json_t *service)
{
	const struct state_word *word = state_word_of(service);

	return json_reply_flag(service, "degraded") && strcmp(word->class, "bad") != 0 ? "warn" : word->class;
}

/* Adds a field as everywhere else, in full length. */
static void add_field(struct buf *out, enum field field, const json_t *service)
{
	const struct screen screen = { .unicode = true };

	(void)field_add(out, field, &screen, service);
}

/* The phase that a bar shows. A short try between two failures is one of them: nothing has woken. */
static const char *phase_shown(const json_t *spans, size_t n, double cell)
{
	const char *phase = json_reply_text(json_array_get(spans, n), "phase");
	double at = json_reply_number(json_array_get(spans, n), "at");
	size_t next = n;

	while (!strcmp(json_reply_text(json_array_get(spans, next), "phase"), "starting") ||
	       !strcmp(json_reply_text(json_array_get(spans, next), "phase"), "running"))
		next++;
	return next > n && json_reply_is(json_array_get(spans, next), "phase", "failed") &&
			json_reply_number(json_array_get(spans, next), "at") - at < cell
		? "failed"
		: phase;
}

/* Adds the cells of a paint, neighbours in one rectangle, so that a page with 1,000 bars stays small. */
static void add_cells(struct buf *out, const struct paint *paint, const json_t *line, size_t cells)
{
	const json_t *spans = json_reply_list(line, "spans");
	double from = json_reply_number(line, "from"), cell = (json_reply_number(line, "until") - from) / (double)cells;
	bool painted[CELLS_OF_ONE] = { false };

	for (size_t n = 0, last; n < json_array_size(spans); n = last + 1) {
		const char *phase = phase_shown(spans, n, cell);
		const json_t *next = json_array_get(spans, (last = n) + 1);
		double at = (json_reply_number(json_array_get(spans, n), "at") - from) / cell, end;

		for (; next && !strcmp(phase_shown(spans, last + 1, cell), phase);
		     next = json_array_get(spans, last + 1))
			last++;
		end = next ? (json_reply_number(next, "at") - from) / cell : (double)cells;
		if (!*phase || !strstr(paint->phases, phase) || paint->is_short != (next && end - at < 1))
			continue;
		for (size_t c = at > 0 && at < (double)cells ? (size_t)at : 0; c < cells && (double)c < end; c++)
			painted[c] = true;
	}
	for (size_t at = 0, length; at < cells; at += length) {
		for (length = 1; at + length < cells && painted[at + length] == painted[at];)
			length++;
		if (painted[at])
			buf_addf(out, "M%zu %sh%zuv1H%zuz", at, paint->top, length, at);
	}
}

/* Adds what a service did in the last hours, by its line of timeline. */
static void add_bar(struct buf *out, const json_t *line, size_t cells)
{
	const char *between = "";
	struct buf words = { 0 }, paths = { 0 }, path = { 0 };

	for (size_t n = 0; n < PAINTS; n++) {
		add_cells(&path, &paints[n], line, cells);
		if (path.length) {
			buf_addf(&paths, "<path class=\"%s\" d=\"%s\"/>", paints[n].class, buf_string(&path));
			buf_addf(&words, "%s%s", between, paints[n].word);
			between = ", ";
		}
		buf_clear(&path);
	}
	buf_addf(out,
		 "<svg class=\"timeline\" viewBox=\"0 0 %zu 1\" preserveAspectRatio=\"none\" role=\"img\" "
		 "aria-label=\"%s\">%s</svg>",
		 cells, buf_string(&words), buf_string(&paths));
	buf_free(&words);
	buf_free(&paths);
	buf_free(&path);
}

/* "Last 20 min", for the bars. */
static void add_window(struct buf *out, double from, double until)
{
	buf_text(out, "Last ");
	human_add(out, duration_write_whole, until - from + .5); /* superd rounds both */
}

/* Adds times above the bars, at full minutes or hours of the local clock, at most so many. It is no part of a bar's
 * drawing, which is stretched. */
static void add_axis(struct buf *out, double from, double until, double most)
{
	static const int steps[] = { 1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 360, 720, 1440 }; /* minutes */
	time_t first = (time_t)from;
	struct tm tm = { 0 };
	double step, at;
	size_t n = 0;

	(void)localtime_r(&first, &tm);
	while (n + 1 < sizeof(steps) / sizeof(*steps) && (until - from) / (steps[n] * 60) > most)
		n++;
	step = steps[n] * 60;
	at = ceil((from + (double)tm.tm_gmtoff) / step) * step - (double)tm.tm_gmtoff;
	buf_text(out, "<svg class=\"axis\" role=\"img\" aria-label=\"Times\">");
	for (; until > from && at <= until; at += step) {
		double part = (at - from) / (until - from);

		buf_addf(out, "<text x=\"%.2f%%\" y=\"10\" text-anchor=\"%s\">", part * 100,
			 part < .1	  ? "start"
				 : part > .9 ? "end"
					     : "middle");
		human_add(out, time_write_minute, at);
		buf_addf(out, "</text><rect x=\"%.2f%%\" y=\"12\" width=\"1\" height=\"4\"/>", part * 100);
	}
	buf_text(out, "</svg>");
}

static void add_legend(struct buf *out)
{
	buf_text(out, "<p class=\"legend\">");
	for (size_t n = 0; n < PAINTS; n++)
		buf_addf(out,
			 "<span><svg aria-hidden=\"true\" viewBox=\"0 0 1 1\" width=\"12\" height=\"12\">"
			 "<path class=\"%s\" d=\"M0 %sh1v1H0z\"/></svg> %s</span> ",
			 paints[n].class, paints[n].top, paints[n].word);
	buf_text(out, "</p>\n");
}

static void add_cell(struct buf *out, enum field field, const char *class, const json_t *service)
{
	struct buf text = { 0 };

	class = fields[field].column.right ? "n" : class;
	buf_addf(out, *class ? "<td class=\"%s\">" : "<td>", class);
	add_field(&text, field, service);
	add_escaped(out, &text);
	buf_free(&text);
}

static void add_row(struct buf *out, const struct overview *overview, const json_t *service)
{
	static const enum field rest[] = { FIELD_ENDPOINTS, FIELD_QUEUE, FIELD_INSTANCES, FIELD_MEMORY };
	const char *name = json_reply_text(service, "service");

	buf_text(out, "<tr id=\"s-");
	html_url(out, name);
	buf_addf(out, "\"><th scope=\"row\"%s><a id=\"a-", strlen(name) > NAME_MOST ? " class=\"long\"" : "");
	html_url(out, name);
	buf_text(out, "\" href=\"service/");
	html_url(out, name);
	buf_text(out, "\">");
	html_text(out, name);
	buf_text(out, "</a>");
	add_cell(out, FIELD_STATE, colour_of(service), service);
	add_cell(out, FIELD_SINCE, "", service);
	buf_text(out, "<td>");
	buf_text(out, json_reply_text(overview->bars, name));
	for (size_t n = 0; n < sizeof(rest) / sizeof(*rest); n++)
		add_cell(out, rest[n], "", service);
	add_cell(out, FIELD_STARTS, "", service);
	add_cell(out, FIELD_FAULT, "fault", service);
	buf_text(out, "</td></tr>\n");
}

/* A tile, and what of it, or beside it, is so. */
static void add_total(struct buf *out, const char *name, human_write *write, double number, const char *what,
		      double part)
{
	buf_addf(out, "<div><dt>%s</dt><dd>", name);
	human_add(out, write, number);
	if (part > 0) {
		buf_text(out, "<small>, ");
		human_add(out, write, part);
		buf_addf(out, " %s</small>", what);
	}
	buf_text(out, "</dd></div>\n");
}

static const char *count_write(char *out, double number)
{
	snprintf(out, TIME_TEXT_MOST, "%.0f", number);
	return out;
}

static void add_overview_page(struct buf *out, const struct overview *overview)
{
	const json_t *superd = json_reply_object(json_array_get(overview->metrics, 0), "superd");
	double services = (double)json_array_size(overview->metrics) - 1, shown = 0;
	double disabled = 0, memory = 0, frozen_memory = 0, waiting = 0, awake = 0, asleep = 0, frozen = 0, faults = 0;
	struct buf rows = { 0 };

	/* Those with a fault first, then those that are awake, then the rest, each in superd's order, which is that of
	 * the configuration. */
	for (int place = 0; place < 3; place++) {
		for (size_t n = 1; n < json_array_size(overview->metrics); n++) {
			const json_t *service = json_array_get(overview->metrics, n);
			double bytes = json_reply_number(service, "memory"), queue;
			const struct state_word *word = state_word_of(service);
			bool is_awake = !strcmp(word->class, "good"), is_frozen = !strcmp(word->state, "frozen");
			/* As superctl list --failed. */
			bool is_bad = *json_reply_text(service, "fault");

			if (place != (is_bad ? 0 : is_awake ? 1 : 2))
				continue;
			(void)facts_queue(service, &queue);
			disabled += json_reply_is(service, "state", "off");
			faults += is_bad;
			*(is_frozen ? &frozen_memory : &memory) += bytes;
			waiting += queue;
			awake += is_awake;
			asleep += !strcmp(word->class, "sleep");
			frozen += is_frozen;
			if (shown++ < PAGE_SERVICES)
				add_row(&rows, overview, service);
		}
	}
	add_head(out, "", "");
	buf_text(out, " <p id=\"about\">version ");
	html_member(out, superd, "version");
	buf_addf(out, ", pid %.0f, up ", json_reply_number(superd, "pid"));
	human_add(out, duration_write_whole, json_reply_number(superd, "uptime"));
	buf_text(out, "</p></header>\n<main>\n");
	buf_text(out, "<dl id=\"totals\" class=\"totals\">\n");
	add_total(out, "Services", count_write, services, "disabled", disabled);
	add_total(out, "Awake", count_write, awake, "", 0);
	add_total(out, "Asleep", count_write, asleep, "frozen", frozen);
	add_total(out, "Waiting clients", count_write, waiting, "", 0);
	add_total(out, "Memory awake", size_write, memory, "frozen", frozen_memory);
	add_total(out, "With a fault", count_write, faults, "", 0);
	buf_text(out, "</dl>\n");
	buf_text(out,
		 "<div class=\"wide\"><table id=\"services\">\n<caption>Services</caption>\n<thead><tr>"
		 "<th scope=\"col\">Service<th scope=\"col\">State<th scope=\"col\">Since");
	buf_text(out, "<th scope=\"col\">");
	add_window(out, overview->from, overview->until);
	buf_text(out, "<div>");
	add_axis(out, overview->from, overview->until, 3);
	buf_text(out,
		 "</div><th scope=\"col\">Listens on<th scope=\"col\">Queue"
		 "<th scope=\"col\">Instances<th scope=\"col\">Memory"
		 "<th scope=\"col\">Starts<th scope=\"col\">Fault\n"
		 "<tbody id=\"rows\">\n");
	buf_add(out, buf_string(&rows), rows.length);
	buf_text(out, "</table></div>\n<p id=\"note\">");
	if (shown > PAGE_SERVICES)
		buf_addf(out, "%.0f more services are not shown.", shown - PAGE_SERVICES);
	buf_text(out, "</p>\n");
	add_legend(out);
	buf_text(out, "</main>\n</body>\n</html>\n");
	buf_free(&rows);
}

static void add_facts(struct buf *out, const json_t *status)
{
	static const enum field list[] = {
		FIELD_STATE,	 FIELD_SINCE,	FIELD_ENDPOINTS, FIELD_COMMAND,	  FIELD_QUEUE,
		FIELD_INSTANCES, FIELD_MEMORY,	FIELD_TIME,	 FIELD_LAST_USED, FIELD_STARTS,
		FIELD_FAILED,	 FIELD_REFUSED, FIELD_FAULT,
	};
	struct buf value = { 0 };

	buf_text(out, "<dl id=\"facts\" class=\"facts\">\n");
	for (size_t n = 0; n < sizeof(list) / sizeof(*list); n++) {
		if (list[n] == FIELD_COMMAND) /* of a service that is skipped, too; its reason is the failure */
			json_reply_show_text(&value, status, "command");
		else
			add_field(&value, list[n], status);
		if (!value.length)
			continue;
		buf_addf(out, "<div><dt>%s</dt><dd", fields[list[n]].name);
		if (list[n] == FIELD_STATE || list[n] == FIELD_FAULT)
			buf_addf(out, " class=\"%s\"", list[n] == FIELD_FAULT ? "bad" : colour_of(status));
		buf_char(out, '>');
		add_escaped(out, &value);
		buf_text(out, "</dd></div>\n");
	}
	buf_text(out, "</dl>\n<section id=\"why\">\n<h2>Why</h2>\n<p>");
	why_add(&value, status, "\n");
	html_lines(out, buf_string(&value));
	buf_text(out, "</p>\n</section>\n");
	buf_free(&value);
}

static void add_log(struct buf *out, const json_t *log)
{
	struct buf clock = { 0 };

	buf_text(out, "<section id=\"log\">\n<h2>Log</h2>\n");
	buf_text(out,
		 json_array_size(log) ? "<div class=\"log\" tabindex=\"0\" role=\"region\" aria-label=\"Log\"><ol>\n"
				      : "<p>No lines.</p>\n<div><ol>\n");
	for (size_t n = 0; n < json_array_size(log); n++) {
		const json_t *line = json_array_get(log, n);
		const char *level = json_reply_text(line, "level");

		human_add(&clock, clock_write, json_reply_number(line, "at"));
		buf_addf(out, "<li%s><time>",
			 !strcmp(level, "error")	     ? " class=\"bad\""
				 : !strcmp(level, "warning") ? " class=\"warn\""
							     : "");
		add_escaped(out, &clock);
		buf_text(out, "</time> ");
		if (facts_add_speaker(&clock, line)) {
			buf_text(out, "<b>");
			add_escaped(out, &clock);
			buf_text(out, "</b> ");
		}
		html_member(out, line, "message");
		buf_text(out, "</li>\n");
	}
	buf_text(out, "</ol></div>\n</section>\n");
	buf_free(&clock);
}

/* The newest first. */
static void add_wakes(struct buf *out, const json_t *wakes)
{
	struct buf clock = { 0 };

	buf_text(out, "<section id=\"wakes\">\n");
	if (json_array_size(wakes))
		buf_text(out,
			 "<h2>Wakes</h2>\n<div class=\"wide\"><table class=\"bars\">\n<thead><tr>"
			 "<th scope=\"col\">Time<th scope=\"col\">Wake<th scope=\"col\">Delay"
			 "<th scope=\"col\">By\n<tbody>\n");
	for (size_t n = json_array_size(wakes); n-- > 0;) {
		const json_t *wake = json_array_get(wakes, n);

		buf_text(out, "<tr><td>");
		human_add(&clock, clock_write, json_reply_number(wake, "at"));
		add_escaped(out, &clock);
		buf_text(out, "<td>");
		html_member(out, wake, "kind");
		buf_text(out, "<td class=\"n\">");
		if (json_reply_has_number(wake, "delay"))
			human_add(out, duration_write, json_reply_number(wake, "delay"));
		buf_text(out, "<td>");
		html_member(out, wake, "by");
		buf_char(out, '\n');
	}
	buf_text(out, json_array_size(wakes) ? "</table></div>\n</section>\n" : "</section>\n");
	buf_free(&clock);
}

/* lines: those of status, timeline and show; the last one NULL: the page is without details. log: array of the lines of
 * log, the oldest first. */
static void add_service_page(struct buf *out, const json_t *const lines[3], const json_t *log)
{
	double from = json_reply_number(lines[1], "from"), until = json_reply_number(lines[1], "until");
	const char *text = json_reply_text(lines[2], "text");

	add_head(out, json_reply_text(lines[0], "service"), "../");
	buf_text(out, "<main>\n");
	add_facts(out, lines[0]);
	buf_text(out, "<section>\n<h2>");
	add_window(out, from, until);
	buf_text(out, "</h2>\n<p id=\"timeline\">");
	add_axis(out, from, until, 7);
	add_bar(out, lines[1], CELLS_OF_ONE);
	buf_text(out, "</p>\n");
	add_legend(out);
	buf_text(out, "</section>\n");
	add_wakes(out, json_reply_list(lines[1], "wakes"));
	if (log) {
		add_log(out, log);
		buf_text(out, "<section id=\"table\">\n");
		if (*text) { /* as superd.conf, with the places where the options were set in comments */
			buf_text(out, "<h2>Configuration</h2>\n<pre tabindex=\"0\" aria-label=\"Configuration\">");
			html_lines(out, json_reply_text(lines[2], "defaults"));
			html_lines(out, text);
			buf_text(out, "</pre>\n");
		}
		buf_text(out, "</section>\n");
	} else {
		buf_text(out,
			 "<p>Reasons, log, command and configuration are shown over a unix socket, or with "
			 "<code>builtin = { status, log }</code>.</p>\n");
	}
	buf_text(out, "</main>\n</body>\n</html>\n");
}

/* A line of timeline is drawn as it comes: its spans may be many. */
static bool draw_line(void *context, const json_t *line, struct reply_text *text)
{
	struct overview *overview = context;
	struct buf bar = { 0 };

	(void)text;
	add_bar(&bar, line, CELLS);
	json_object_set_new(overview->bars, json_reply_text(line, "service"), json_string(buf_string(&bar)));
	overview->from = json_reply_number(line, "from");
	overview->until = json_reply_number(line, "until");
	buf_free(&bar);
	return json_object_size(overview->bars) <= LINES_MOST;
}

/* Returns the lines of the answer, which the caller owns; NULL: `client` has the reason. */
static json_t *ask(struct ctl_client *client, const char *text)
{
	json_t *lines = json_array();

	if (client_send(client, text) == CTL_DONE && client_read(client, client_keep_line, lines) == CTL_DONE)
		return lines;
	json_decref(lines);
	return NULL;
}

static bool answer_overview(struct ctl_client *client, struct http_response *response)
{
	struct overview overview = { .metrics = ask(client, "metrics"), .bars = json_object() };

	if (overview.metrics && client_send(client, "timeline") == CTL_DONE &&
	    client_read(client, draw_line, &overview) == CTL_DONE) {
		add_overview_page(&response->body, &overview);
		response->type = html_type;
	}
	json_decref(overview.bars);
	json_decref(overview.metrics);
	return response->type;
}

/* The line of just this service: a name with a * or ? in it is a pattern for superd. Borrowed. */
static json_t *line_of(const json_t *lines, const char *name)
{
	for (size_t n = 0; n < json_array_size(lines); n++) {
		if (json_reply_is(json_array_get(lines, n), "service", name))
			return json_array_get(lines, n);
	}
	return NULL;
}

/* A service that superd does not know has no page. */
static bool answer_service(struct ctl_client *client, const char *name, struct http_response *response)
{
	const char *const requests[] = { "status", "timeline", "show", "log --lines=100" };
	enum { LOG = 3, ANSWERS };
	json_t *all = ask(client, "list"), *answers[ANSWERS] = { NULL };
	const json_t *lines[LOG] = { NULL };
	struct buf request = { 0 };
	bool known = line_of(all, name), ok = all;

	json_decref(all);
	if (!known) {
		response->status = 404;
		return ok;
	}
	/* superd says whether the page has logs, commands and configuration. */
	for (size_t n = 0; ok && n < (json_reply_flag(client->greeting, "in_detail") ? ANSWERS : LOG - 1); n++) {
		buf_addf(&request, "%s ", requests[n]);
		shell_words_quote(&request, name);
		answers[n] = ask(client, buf_string(&request));
		buf_clear(&request);
		if (n < LOG)
			lines[n] = line_of(answers[n], name);
		ok = answers[n] && lines[0];
	}
	if (ok) {
		for (size_t n = json_array_size(answers[LOG]); n-- > 0;) {
			if (!json_reply_is(json_array_get(answers[LOG], n), "service", name))
				json_array_remove(answers[LOG], n);
		}
		add_service_page(&response->body, lines, answers[LOG]);
		response->type = html_type;
	}
	for (size_t n = 0; n < ANSWERS; n++)
		json_decref(answers[n]);
	buf_free(&request);
	return ok;
}

/* name: the service, decoded; NULL: the overview. An error goes to stderr, and so to superd's log. */
static void ask_superd(const struct superctl_options *options, const char *name, struct http_response *response)
{
	struct ctl_client client = { .until = clock_ms() + ASK_LIMIT, .timeout = CLIENT_FOREVER, .quiet = true };
	bool ok = false;

	if (client_open(&client, options) == CTL_DONE) {
		ok = name ? answer_service(&client, name, response) : answer_overview(&client, response);
		client_close(&client);
	}
	if (!ok) {
		response->status = 503;
		fprintf(stderr, "superctl: status page: %s\n", buf_string(&client.why));
	}
	buf_free(&client.why);
}

static bool path_is(const struct http_request *request, const char *path)
{
	return scan_is_word(request->path.at, request->path.length, path);
}

static enum ctl_status find_page(const struct superctl_options *options, const struct http_request *request,
				 struct http_response *response)
{
	static const char services[] = "/service/";
	const size_t begin = sizeof(services) - 1;
	struct buf name = { 0 };

	if (path_is(request, "/"))
		ask_superd(options, NULL, response);
	else if (path_is(request, "/page.css")) {
		response->type = "text/css; charset=utf-8";
		buf_text(&response->body, page_css);
	} else if (request->path.length <= begin || memcmp(request->path.at, services, begin) != 0)
		response->status = 404;
	else if (!http_decode(request->path.at + begin, request->path.length - begin, &name))
		response->status = 400;
	else
		ask_superd(options, buf_string(&name), response);
	buf_free(&name);
	return CTL_DONE;
}

enum ctl_status verb_page(const struct superctl_options *options)
{
	static const char head[] = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
				   "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
				   "Content-Security-Policy: default-src 'none'; style-src 'self'; "
				   "img-src data:; form-action 'none'; "
				   "base-uri 'none'; frame-ancestors 'none'\r\n";
	static const struct http_view view = { "status page", "status", NULL, head, find_page };

	return http_serve(&view, options);
}
