/* Composes the overview and the page of a service. Each text of superd's answers is made visible and then escaped
 * (html.h); ids and addresses are written as in a URL. */
#include "superctl/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/shell_words.h"

/* Draws the bars of a timeline as SVG. A path holds all cells of its phase, and neighbours in one
 * rectangle, so that a page with 1,000 bars stays small. */

#define MINUTE 60.
#define HOUR 3600.
#define CALENDAR_MOST 1e15              /* seconds; far beyond every calendar */

const struct timeline_phase timeline_phases[] = {
	{ '-', "off", "t-off" },
	{ '.', "asleep", "t-asleep" },
	{ ':', "short wakes", "t-wakes" },
	{ '>', "starting", "t-starting" },
	{ '#', "awake", "t-running" },
	{ '~', "frozen", "t-frozen" },
	{ '=', "paused", "t-paused" },
	{ '!', "failing", "t-failed" },
};
const size_t timeline_phase_count = sizeof(timeline_phases) / sizeof(*timeline_phases);

const char *timeline_bar(const json_t *line)
{
	const char *bar = json_reply_text(line, "bar");

	return strnlen(bar, TIMELINE_CELLS_MOST + 1) <= TIMELINE_CELLS_MOST ? bar : "";
}

static size_t run_length(const char *bar)
{
	size_t length = 1;

	while (bar[length] == *bar)
		length++;
	return length;
}

void timeline_bar_add_words(struct buf *out, const char *bar)
{
	const char *between = "";

	for (size_t n = 0; n < timeline_phase_count; n++) {
		if (!strchr(bar, timeline_phases[n].letter))
			continue;
		buf_addf(out, "%s%s", between, timeline_phases[n].word);
		between = ", ";
	}
}

void timeline_bar_add_paths(struct buf *out, const char *bar, unsigned width, unsigned height)
{
	for (size_t n = 0; n < timeline_phase_count; n++) {
		const struct timeline_phase *phase = &timeline_phases[n];

		if (!strchr(bar, phase->letter))
			continue;
		buf_addf(out, "<path class=\"%s\" d=\"", phase->class);
		for (size_t at = 0, length; bar[at]; at += length) {
			length = run_length(bar + at);
			if (bar[at] == phase->letter)
				buf_addf(out, "M%zu 0h%zuv%uH%zuz", at * width, length * width, height, at * width);
		}
		buf_text(out, "\"/>");
	}
}

bool timeline_bar_has_faults(const json_t *line)
{
	return json_array_size(json_reply_list(line, "faults"));
}

void timeline_bar_add_faults(struct buf *out, const json_t *line)
{
	const json_t *faults = json_reply_list(line, "faults");

	if (!json_array_size(faults))
		return;
	buf_text(out, "<path class=\"" TIMELINE_FAULT_CLASS "\" d=\"");
	for (size_t n = 0; n < json_array_size(faults) && n < TIMELINE_CELLS_MOST; n++)
		buf_addf(out, "M%.0f .65h1v.35h-1z", json_number_value(json_array_get(faults, n)));
	buf_text(out, "\"/>");
}

const struct timeline_span *timeline_span_of(double lived)
{
	static const struct timeline_span spans[] = {
		{ 10 * MINUTE, "10min", "Last 10 min", "10 min" },
		{ HOUR, "1h", "Last hour", "1 hour" },
		{ 6 * HOUR, "6h", "Last 6 hours", "6 hours" },
	};
	size_t n = 0;

	while (n + 1 < sizeof(spans) / sizeof(*spans) && lived > spans[n].seconds)
		n++;
	return &spans[n];
}

static const double steps[] = {
	MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
	HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
};

/* How far the local clock is ahead of UTC, in seconds. */
static bool local_offset(double unix_seconds, double *offset)
{
	time_t seconds = unix_seconds > 0 && unix_seconds <= CALENDAR_MOST ? (time_t)unix_seconds : 0;
	struct tm tm;

	if (!seconds || !localtime_r(&seconds, &tm))
		return false;
	*offset = (double)tm.tm_gmtoff;
	return true;
}

size_t timeline_axis(double from, double until, size_t most, double times[TIMELINE_TIMES_MOST])
{
	double offset, step = 0, first = 0;
	size_t count = 0;

	if (!local_offset(from, &offset) || !(until > from && until <= CALENDAR_MOST))
		return 0;
	if (most > TIMELINE_TIMES_MOST)
		most = TIMELINE_TIMES_MOST;
	for (size_t n = 0; n < sizeof(steps) / sizeof(*steps); n++) {
		step = steps[n];
		first = ceil((from + offset) / step) * step - offset;
		if (first + (double)most * step >= until)
			break;
	}
	for (double at = first; at < until && count < most; at += step)
		times[count++] = at;
	return count;
}

#define BUCKETS_MOST 64                 /* of a histogram */
#define AXIS_TIMES 3                    /* above the bars of the overview, at most */
#define AXIS_TIMES_OF_ONE 8             /* above the bar on the page of a service */
#define NAME_MOST 24                    /* bytes of a name that no line break parts */
#define EDGE_PERCENT 12                 /* of the axis: times so near to an end do not reach over it */
#define BAR_WIDTH 200.0                 /* of the longest bar of a histogram, in units of its drawing */

/* A histogram whose counts are cumulative; those behind the last bound are in total alone. */
struct delays {
	double bounds[BUCKETS_MOST], counts[BUCKETS_MOST], total;
	size_t buckets;
};

/* Sums over the services, shown above the table. */
struct totals {
	double services, disabled, memory, saved, queue, instances, faults, shown;
};

static void add_escaped(struct buf *out, struct buf *text)
{
	html_add(out, buf_string(text), text->length);
	buf_clear(text);
}

static void add_head(struct buf *out, const char *title, const char *root)
{
	buf_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	html_text(out, title);
	buf_addf(out, "</title>\n<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"%spage.css\">\n"
		      "<script src=\"%spage.js\" defer></script>\n</head>\n<body>\n", root, root);
}

static void add_end(struct buf *out)
{
	buf_text(out, "<p id=\"stale\" role=\"status\"></p>\n</body>\n</html>\n");
}

static const char *colour_of(const json_t *service)
{
	const struct state_word *word = state_word_of(service);

	if (*json_reply_text(service, "left_out"))
		return "bad";
	return json_reply_flag(service, "degraded") && strcmp(word->class, "bad") != 0 ? "warn" : word->class;
}

/* Adds a field as everywhere else, in full length. */
static void add_field(struct buf *out, enum field field, const json_t *service)
{
	const struct screen screen = { .unicode = true };

	(void)field_add(out, field, &screen, service);
}

/* Whether a page shows the service: its name, endpoints or state have the text of the filter. */
static bool is_shown(const struct overview *overview, const json_t *service)
{
	const char *name = json_reply_text(service, "service");
	struct buf text = { 0 };
	bool is_shown;

	buf_addf(&text, "%s\n", name);
	add_field(&text, FIELD_ENDPOINTS, service);
	buf_char(&text, '\n');
	add_field(&text, FIELD_STATE, service);
	is_shown = strcasestr(buf_string(&text), overview->filter) &&
		   (!overview->failed_only || json_object_get(overview->faulty, name));
	buf_free(&text);
	return is_shown;
}

/* Adds what a service did in the last hours. line: its line of timeline; NULL: unknown. */
static void add_timeline(struct buf *out, const json_t *line)
{
	const char *bar = timeline_bar(line);

	if (!*bar)
		return;
	buf_addf(out, "<svg class=\"timeline\" viewBox=\"0 0 %zu 1\" preserveAspectRatio=\"none\" role=\"img\" "
		      "aria-label=\"", strlen(bar));
	timeline_bar_add_words(out, bar);
	buf_text(out, timeline_bar_has_faults(line) ? ", " TIMELINE_FAULT_WORD "\">" : "\">");
	timeline_bar_add_paths(out, bar, 1, 1);
	timeline_bar_add_faults(out, line);
	buf_text(out, "</svg>");
}

/* Adds round times at their places above the bars. It is no part of a bar's drawing, which is stretched. */
static void add_axis(struct buf *out, const json_t *line, size_t most)
{
	double from = json_reply_number(line, "from"), until = json_reply_number(line, "until");
	double times[TIMELINE_TIMES_MOST];
	size_t count = timeline_axis(from, until, most, times);

	buf_text(out, "<svg class=\"axis\" role=\"img\" aria-label=\"Times\">");
	for (size_t n = 0; n < count; n++) {
		double percent = (times[n] - from) / (until - from) * 100;
		const char *anchor = percent < EDGE_PERCENT ? "start" : percent > 100 - EDGE_PERCENT ? "end" : "middle";

		buf_addf(out, "<text x=\"%.2f%%\" y=\"10\" text-anchor=\"%s\">", percent, anchor);
		human_units_add_minute(out, times[n]);
		buf_addf(out, "</text><rect x=\"%.2f%%\" y=\"12\" width=\"1\" height=\"4\"/>", percent);
	}
	buf_text(out, "</svg>");
}

static void add_legend(struct buf *out)
{
	buf_text(out, "<p class=\"legend\">");
	for (size_t n = 0; n < timeline_phase_count; n++)
		buf_addf(out, "<span><svg aria-hidden=\"true\" width=\"12\" height=\"12\"><path class=\"%s\" "
			      "d=\"M0 0h12v12H0z\"/></svg> %s</span> ",
			 timeline_phases[n].class, timeline_phases[n].word);
	buf_text(out, "<span><svg aria-hidden=\"true\" width=\"12\" height=\"12\"><path class=\"" TIMELINE_FAULT_CLASS
		      "\" d=\"M2 8h8v4H2z\"/></svg> " TIMELINE_FAULT_WORD "</span></p>\n");
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
	const json_t *failed = json_object_get(overview->failed, name);

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
	buf_addf(out, "<td data-of=\"%s\">", overview->span->label);
	add_timeline(out, json_object_get(overview->timelines, name));
	for (size_t n = 0; n < sizeof(rest) / sizeof(*rest); n++)
		add_cell(out, rest[n], "", service);
	buf_text(out, "<td class=\"n\">");
	if (json_reply_number(service, "saves_now") > 0)
		human_units_add_bytes(out, json_reply_number(service, "saves_now"));
	add_cell(out, FIELD_STARTS, "", service);
	add_cell(out, FIELD_FAILURE, "fault", failed ? failed : service);
	buf_text(out, "</td></tr>\n");
}

/* Adds a histogram to the sum. The bounds are the same for all services. */
static void sum_delays(struct delays *delays, const json_t *latency)
{
	const json_t *buckets = json_reply_list(latency, "buckets");

	delays->total += json_reply_number(latency, "count");
	for (size_t n = 0; n < json_array_size(buckets) && n < BUCKETS_MOST; n++) {
		delays->bounds[n] = json_number_value(json_array_get(json_array_get(buckets, n), 0));
		delays->counts[n] += json_number_value(json_array_get(json_array_get(buckets, n), 1));
		delays->buckets = n + 1 > delays->buckets ? n + 1 : delays->buckets;
	}
}

/* A page like this one, or the metrics: their starts are for the clients that look at superd. */
static bool is_view(const json_t *service)
{
	return json_reply_is(service, "builtin", "status") || json_reply_is(service, "builtin", "metrics");
}

/* The starts whose backend got the client in (previous, LE] seconds, a bar for each bucket that has some. */
static void add_delays(struct buf *out, const struct delays *delays, const char *title)
{
	double total = delays->total, before = 0;

	buf_text(out, "<section id=\"delays\" class=\"live\">\n");
	if (total > 0)
		buf_addf(out, "<h2>%s</h2>\n<div class=\"wide\"><table class=\"bars\">\n<thead><tr>"
			      "<th scope=\"col\">At most<th scope=\"col\">Starts<td>\n<tbody>\n", title);
	for (size_t n = 0; total > 0 && n <= delays->buckets; n++) {
		bool is_last = n == delays->buckets;
		double sum = is_last ? total : delays->counts[n], count = sum - before;

		before = sum > before ? sum : before;
		if (count <= 0)
			continue;
		buf_text(out, "<tr><th scope=\"row\">");
		if (is_last)
			buf_text(out, "longer");
		else
			human_units_add_span(out, delays->bounds[n]);
		buf_addf(out, "<td class=\"n\">%.0f<td><svg aria-hidden=\"true\" width=\"%.0f\" height=\"12\">"
			      "<rect width=\"%.0f\" height=\"12\" rx=\"2\"/></svg>\n",
			 count, BAR_WIDTH, count >= total ? BAR_WIDTH : 1 + (BAR_WIDTH - 1) * count / total);
	}
	buf_text(out, total > 0 ? "</table></div>\n</section>\n" : "</section>\n");
}

static void add_service(struct buf *rows, struct totals *totals, const struct overview *overview, const json_t *service)
{
	double instances = (double)facts_instances(service), queue;
	const char *name = json_reply_text(service, "service");

	(void)facts_queue(service, &queue);
	totals->services++;
	totals->disabled += json_reply_is(service, "state", "off");
	totals->faults += json_object_get(overview->faulty, name) != NULL;
	totals->memory += json_reply_number(service, "memory");
	totals->saved += json_reply_number(service, "saves_now");
	totals->queue += queue;
	totals->instances += instances;
	if (!is_shown(overview, service))
		return;
	if (totals->shown++ < PAGE_SERVICES)
		add_row(rows, overview, service);
}

static void add_total(struct buf *out, const char *name, double number, bool is_bytes)
{
	buf_addf(out, "<div><dt>%s</dt><dd>", name);
	if (is_bytes)
		human_units_add_bytes(out, number);
	else
		buf_addf(out, "%.0f", number);
	buf_text(out, "</dd></div>\n");
}

static void add_totals(struct buf *out, const struct totals *totals)
{
	buf_addf(out, "<dl id=\"totals\" class=\"live totals\">\n<div><dt>Services</dt><dd>%.0f", totals->services);
	if (totals->disabled)
		buf_addf(out, "<small>, %.0f disabled</small>", totals->disabled);
	buf_text(out, "</dd></div>\n");
	add_total(out, "Instances", totals->instances, false);
	add_total(out, "Waiting clients", totals->queue, false);
	add_total(out, "Memory awake", totals->memory, true);
	add_total(out, "Saved by sleeping", totals->saved, true);
	add_total(out, "With a fault", totals->faults, false);
	buf_text(out, "</dl>\n");
}

static void add_form(struct buf *out, const struct overview *overview)
{
	buf_text(out, "<form id=\"filter\" action=\"./\" method=\"get\" role=\"search\">\n"
		      "<label for=\"q\">Filter</label> <input id=\"q\" name=\"q\" type=\"search\" maxlength=\"200\" "
		      "placeholder=\"name, address or state\" value=\"");
	html_text(out, overview->filter);
	buf_addf(out, "\">\n<label><input id=\"failed\" name=\"failed\" type=\"checkbox\" value=\"1\"%s> "
		      "only with a fault</label>\n<button>Show</button>\n</form>\n",
		 overview->failed_only ? " checked" : "");
}

/* Where the service stands: those with a fault first, then those that are awake, then the rest. */
enum place { PLACE_FAULTY, PLACE_AWAKE, PLACE_REST, PLACES };

static enum place place_of(const struct overview *overview, const json_t *service)
{
	if (json_object_get(overview->faulty, json_reply_text(service, "service")))
		return PLACE_FAULTY;
	return state_word_is_awake(state_word_of(service)) ? PLACE_AWAKE : PLACE_REST;
}

/* Within a place they are in superd's order, which is that of the configuration. */
static void add_services(struct buf *rows, struct totals *totals, const struct overview *overview)
{
	for (enum place place = PLACE_FAULTY; place < PLACES; place++) {
		for (size_t n = 1; n < json_array_size(overview->metrics); n++) {
			const json_t *service = json_array_get(overview->metrics, n);

			if (place_of(overview, service) == place)
				add_service(rows, totals, overview, service);
		}
	}
}

void page_add_overview(struct buf *out, const struct overview *overview)
{
	const json_t *superd = json_reply_object(json_array_get(overview->metrics, 0), "superd");
	json_t *timelines = (json_t *)(size_t)overview->timelines;      /* of the same hours, so any has the axis */
	struct totals totals = { 0 };
	struct delays delays = { 0 };
	struct buf rows = { 0 };

	for (size_t n = 1; n < json_array_size(overview->metrics); n++) {
		const json_t *service = json_array_get(overview->metrics, n);

		if (!is_view(service))
			sum_delays(&delays, json_reply_object(service, "latency"));
	}
	add_services(&rows, &totals, overview);
	add_head(out, "superd", "");
	buf_text(out, "<header><h1>superd</h1> <p id=\"about\" class=\"live\">version ");
	html_member(out, superd, "version");
	buf_addf(out, ", pid %.0f, up ", json_reply_number(superd, "pid"));
	human_units_add_age(out, json_reply_number(superd, "uptime"));
	buf_text(out, "</p></header>\n<main>\n");
	add_totals(out, &totals);
	add_form(out, overview);
	buf_text(out, "<div class=\"wide\"><table id=\"services\">\n<caption>Services</caption>\n<thead><tr>"
		      "<th scope=\"col\">Service<th scope=\"col\">State<th scope=\"col\">Since"
		      "<th scope=\"col\"><span id=\"span\" class=\"live\">");
	buf_addf(out, "%s</span><div id=\"axis\" class=\"live\">", overview->span->title);
	add_axis(out, json_object_iter_value(json_object_iter(timelines)), AXIS_TIMES);
	buf_text(out, "</div><th scope=\"col\">Listens on<th scope=\"col\">Queue"
		      "<th scope=\"col\">Instances<th scope=\"col\">Memory"
		      "<th scope=\"col\">Saved<th scope=\"col\">Starts<th scope=\"col\">Last failure\n"
		      "<tbody id=\"rows\" class=\"live\">\n");
	buf_add(out, buf_string(&rows), rows.length);
	buf_text(out, "</table></div>\n<p id=\"note\" class=\"live\">");
	if (totals.shown > PAGE_SERVICES)
		buf_addf(out, "%.0f more services match: use the filter.", totals.shown - PAGE_SERVICES);
	else if (!totals.shown)
		buf_text(out, "No service matches.");
	buf_text(out, "</p>\n");
	add_legend(out);
	add_delays(out, &delays, "Delay until the program got the client, all services");
	buf_text(out, "</main>\n");
	add_end(out);
	buf_free(&rows);
}

static void add_facts(struct buf *out, const json_t *status)
{
	static const enum field list[] = {
		FIELD_STATE,  FIELD_SINCE, FIELD_ENDPOINTS, FIELD_COMMAND, FIELD_QUEUE,	  FIELD_INSTANCES,
		FIELD_MEMORY, FIELD_TIME,  FIELD_LAST_USED, FIELD_STARTS,  FIELD_FAILED,  FIELD_REFUSED,
		FIELD_FAILURE,
	};
	struct buf value = { 0 };

	buf_text(out, "<dl id=\"facts\" class=\"live facts\">\n");
	for (size_t n = 0; n < sizeof(list) / sizeof(*list); n++) {
		if (list[n] == FIELD_COMMAND)   /* of a service that is left out, too; its reason is the failure */
			facts_add_command(&value, status, false);
		else
			add_field(&value, list[n], status);
		if (!value.length)
			continue;
		buf_addf(out, "<div><dt>%s</dt><dd", fields[list[n]].name);
		if (list[n] == FIELD_STATE)
			buf_addf(out, " class=\"%s\"", colour_of(status));
		buf_char(out, '>');
		add_escaped(out, &value);
		buf_text(out, "</dd></div>\n");
	}
	buf_text(out, "</dl>\n<section id=\"why\" class=\"live\">\n<h2>Why</h2>\n<p>");
	why_add(&value, status, "\n");
	html_lines(out, buf_string(&value));
	buf_text(out, "</p>\n</section>\n");
	buf_free(&value);
}

/* The service as superd.conf; the text has the places where its options were set in comments. */
static void add_configuration(struct buf *out, const json_t *row)
{
	const char *text = json_reply_text(row, "text");

	buf_text(out, "<section id=\"table\" class=\"live\">\n");
	if (*text) {
		buf_text(out, "<h2>Configuration</h2>\n<pre tabindex=\"0\" aria-label=\"Configuration\">");
		html_lines(out, json_reply_text(row, "defaults"));
		html_lines(out, text);
		buf_text(out, "</pre>\n");
	}
	buf_text(out, "</section>\n");
}

static void add_log(struct buf *out, const json_t *log)
{
	struct buf clock = { 0 };

	buf_text(out, "<section id=\"log\" class=\"live\">\n<h2>Log</h2>\n");
	buf_text(out, json_array_size(log) ? "<ol class=\"log\" tabindex=\"0\" aria-label=\"Log\">\n" :
					     "<p>No lines.</p>\n<ol>\n");
	for (size_t n = 0; n < json_array_size(log); n++) {
		const json_t *line = json_array_get(log, n);
		const char *level = json_reply_text(line, "level");

		human_units_add_clock(&clock, json_reply_number(line, "at"));
		buf_addf(out, "<li%s><time>", !strcmp(level, "error") ? " class=\"bad\"" :
					      !strcmp(level, "warning") ? " class=\"warn\"" : "");
		add_escaped(out, &clock);
		buf_text(out, "</time> ");
		if (facts_add_speaker(&clock, line)) {
			buf_text(out, "<b>");
			add_escaped(out, &clock);
			buf_text(out, "</b> ");
		}
		html_member(out, line, "message");
		buf_char(out, '\n');
	}
	buf_text(out, "</ol>\n</section>\n");
	buf_free(&clock);
}

/* The newest first. */
static void add_wakes(struct buf *out, const json_t *wakes)
{
	struct buf clock = { 0 };

	buf_text(out, "<section id=\"wakes\" class=\"live\">\n");
	if (json_array_size(wakes))
		buf_text(out, "<h2>Wakes</h2>\n<div class=\"wide\"><table class=\"bars\">\n<thead><tr>"
			      "<th scope=\"col\">Time<th scope=\"col\">Wake<th scope=\"col\">Delay"
			      "<th scope=\"col\">By\n<tbody>\n");
	for (size_t n = json_array_size(wakes); n-- > 0;) {
		const json_t *wake = json_array_get(wakes, n);

		buf_text(out, "<tr><td>");
		human_units_add_clock(&clock, json_reply_number(wake, "at"));
		add_escaped(out, &clock);
		buf_text(out, "<td>");
		html_member(out, wake, "kind");
		buf_text(out, "<td class=\"n\">");
		if (json_reply_has_number(wake, "delay"))
			human_units_add_span(out, json_reply_number(wake, "delay"));
		buf_text(out, "<td>");
		html_member(out, wake, "by");
		buf_char(out, '\n');
	}
	buf_text(out, json_array_size(wakes) ? "</table></div>\n</section>\n" : "</section>\n");
	buf_free(&clock);
}

static void add_last_hours(struct buf *out, const struct service_page *page)
{
	buf_addf(out, "<section>\n<h2 id=\"span\" class=\"live\">%s</h2>\n<p id=\"timeline\" class=\"live\">",
		 page->span->title);
	add_axis(out, page->bar, AXIS_TIMES_OF_ONE);
	add_timeline(out, page->bar);
	buf_text(out, "</p>\n");
	add_legend(out);
	buf_text(out, "</section>\n");
	add_wakes(out, json_reply_list(page->timeline, "wakes"));
}

void page_add_service(struct buf *out, const struct service_page *page)
{
	struct buf title = { 0 };
	struct delays delays = { 0 };

	buf_addf(&title, "%s - superd", json_reply_text(page->status, "service"));
	add_head(out, buf_string(&title), "../");
	buf_free(&title);
	buf_text(out, "<header><p><a id=\"all\" href=\"../\">All services</a></p><h1>");
	html_member(out, page->status, "service");
	buf_text(out, "</h1></header>\n<main>\n");
	add_facts(out, page->status);
	add_last_hours(out, page);
	sum_delays(&delays, json_reply_object(page->status, "latency"));
	add_delays(out, &delays, "Delay until the program got the client");
	if (page->log) {
		add_log(out, page->log);
		add_configuration(out, page->row);
	} else {
		buf_text(out, "<p>Log, command and configuration are shown over a unix socket, or with "
			      "<code>builtin = { status, log }</code>.</p>\n");
	}
	buf_text(out, "</main>\n");
	add_end(out);
}

/* Serves builtin = status: one HTTP request for the overview, the page of a service, the style sheet or the script.
 *
 * Nothing here writes: superd's connection may only read, and the methods are GET and HEAD. */

#define ASK_LIMIT 10000                 /* milliseconds for all of superd's answers */
#define FAILED_MOST 200                 /* services whose last failure the overview asks for */
#define REQUEST_BYTES 6000              /* of the names in such a request; superd takes 8192 bytes */
#define LINES_MOST 200000               /* lines of an answer */
#define FILTER_MOST 200                 /* bytes */

static const char html_type[] = "text/html; charset=utf-8";

struct answer {
	json_t *lines;                  /* array, owned; NULL: none yet */
	bool failed;                    /* there are too many lines */
};

static bool keep_line(void *context, const json_t *line, struct reply_text *text)
{
	struct answer *answer = context;

	(void)text;
	answer->failed = json_array_size(answer->lines) >= LINES_MOST;
	if (!answer->failed)
		json_array_append(answer->lines, (json_t *)(size_t)line);
	return !answer->failed;
}

/* Returns the lines of the answer, which the caller owns; NULL: `conversation` has the reason. */
static json_t *ask(struct conversation *conversation, const char *text)
{
	struct answer answer = { .lines = json_array() };
	enum ctl_status status = conversation_send(conversation, text);

	if (status == CTL_DONE)
		status = conversation_read(conversation, keep_line, &answer);
	if (status == CTL_DONE && !answer.failed)
		return answer.lines;
	json_decref(answer.lines);
	return NULL;
}

static json_t *ask_about(struct conversation *conversation, const char *verb, const char *name)
{
	struct buf request = { 0 };
	json_t *lines;

	buf_addf(&request, "%s ", verb);
	shell_words_quote(&request, name);
	lines = ask(conversation, buf_string(&request));
	buf_free(&request);
	return lines;
}

/* Returns the lines of the answer as an object by the services' names. *ok: superd has answered all so far. */
static json_t *ask_index(struct conversation *conversation, const char *text, bool *ok)
{
	json_t *lines = *ok ? ask(conversation, text) : NULL, *index = json_object();

	*ok = lines;
	for (size_t n = 0; n < json_array_size(lines); n++)
		json_object_set(index, json_reply_text(json_array_get(lines, n), "service"), json_array_get(lines, n));
	json_decref(lines);
	return index;
}

/* Asks for the last failures of the services that had some. A service may be gone by now, so the answer may fail. */
static json_t *ask_failures(struct conversation *conversation, const json_t *metrics)
{
	struct buf request = { 0 };
	json_t *failures;
	size_t count = 0;
	bool ok;

	buf_text(&request, "status");
	for (size_t n = 1; n < json_array_size(metrics) && count < FAILED_MOST && request.length < REQUEST_BYTES; n++) {
		const json_t *service = json_array_get(metrics, n);

		if (json_reply_number(service, "failures") <= 0)
			continue;
		buf_char(&request, ' ');
		shell_words_quote(&request, json_reply_text(service, "service"));
		count++;
	}
	ok = count;
	failures = ask_index(conversation, buf_string(&request), &ok);
	buf_free(&request);
	return failures;
}

static void add_bar_request(struct buf *out, const struct timeline_span *span, unsigned cells)
{
	buf_addf(out, "timeline --since=%s --cells=%u", span->since, cells);
}

static bool answer_overview(struct conversation *conversation, const struct http_request *request,
			 struct http_response *response)
{
	json_t *metrics = ask(conversation, "metrics");
	bool ok = metrics;
	json_t *failed = ok ? ask_failures(conversation, metrics) : NULL;
	json_t *faulty = ask_index(conversation, "list --failed", &ok);
	const json_t *superd = json_reply_object(json_array_get(metrics, 0), "superd");
	const struct timeline_span *span = timeline_span_of(json_reply_number(superd, "uptime"));
	struct buf filter = { 0 }, failed_only = { 0 }, bars = { 0 };
	json_t *timelines;

	add_bar_request(&bars, span, PAGE_CELLS);
	timelines = ask_index(conversation, buf_string(&bars), &ok);
	if (!http_query(request, "q", &filter) || !http_query(request, "failed", &failed_only) ||
	    filter.length > FILTER_MOST)
		response->status = 400;
	else if (ok) {
		const struct overview overview = {
			metrics, timelines, span, failed, faulty, buf_string(&filter), failed_only.length > 0,
		};

		page_add_overview(&response->body, &overview);
		response->type = html_type;
	}
	buf_free(&filter);
	buf_free(&failed_only);
	buf_free(&bars);
	json_decref(timelines);
	json_decref(faulty);
	json_decref(failed);
	json_decref(metrics);
	return ok;
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

static void keep_lines_of(json_t *lines, const char *name)
{
	for (size_t n = json_array_size(lines); n-- > 0;) {
		if (!json_reply_is(json_array_get(lines, n), "service", name))
			json_array_remove(lines, n);
	}
}

/* How long superd knows what the service has done, by its line of timeline. */
static double known_for(const json_t *timeline)
{
	const json_t *first = json_array_get(json_reply_list(timeline, "spans"), 0);

	return first ? json_reply_number(timeline, "until") - json_reply_number(first, "at") : 0;
}

/* A service that superd does not know has no page. */
static bool answer_service(struct conversation *conversation, const char *name, bool in_detail,
			struct http_response *response)
{
	struct buf bar = { 0 };
	const char *requests[] = { "status", "timeline", NULL, "show", "log --lines=100" };
	const struct timeline_span *span = NULL;
	const size_t asked = in_detail ? sizeof(requests) / sizeof(*requests) : 3;
	json_t *all = ask(conversation, "list"), *answers[sizeof(requests) / sizeof(*requests)] = { NULL };
	const json_t *lines[sizeof(requests) / sizeof(*requests)] = { NULL };
	bool known = line_of(all, name), ok = all;

	json_decref(all);
	if (!known) {
		response->status = 404;
		return ok;
	}
	for (size_t n = 0; ok && n < asked; n++) {
		if (!requests[n]) {
			span = timeline_span_of(known_for(lines[n - 1]));
			add_bar_request(&bar, span, PAGE_CELLS_OF_ONE);
			requests[n] = buf_string(&bar);
		}
		answers[n] = ask_about(conversation, requests[n], name);
		lines[n] = line_of(answers[n], name);
		ok = answers[n] && (n || lines[n]);
	}
	if (ok) {
		const struct service_page page = {
			.status = lines[0], .timeline = lines[1], .bar = lines[2], .span = span,
			.row = lines[3], .log = answers[4],
		};

		if (in_detail)
			keep_lines_of(answers[4], name);
		page_add_service(&response->body, &page);
		response->type = html_type;
	}
	for (size_t n = 0; n < asked; n++)
		json_decref(answers[n]);
	buf_free(&bar);
	return ok;
}

/* name: the service, decoded; NULL: the overview. An error goes to stderr, and so to superd's log. */
static void ask_superd(const struct superctl_options *options, const struct http_request *request, const char *name,
		       struct http_response *response)
{
	struct conversation conversation = { .until = clock_ms() + ASK_LIMIT,
					     .timeout = CONVERSATION_FOREVER,
					     .quiet = true };
	bool ok = false;

	if (conversation_open(&conversation, options) == CTL_DONE) {
		ok = name ? answer_service(&conversation, name, options->in_detail, response)
			  : answer_overview(&conversation, request, response);
		conversation_close(&conversation);
	}
	if (!ok) {
		response->status = 503;
		fprintf(stderr, "superctl: status page: %s\n", conversation.why.length
			? buf_string(&conversation.why) : "superd sent too many lines");
	}
	buf_free(&conversation.why);
}

static bool path_is(const struct http_request *request, const char *path)
{
	return request->path_length == strlen(path) && !memcmp(request->path, path, request->path_length);
}

static enum ctl_status find_page(const struct superctl_options *options, const struct http_request *request,
				 struct http_response *response)
{
	static const char services[] = "/service/";
	const size_t begin = sizeof(services) - 1;
	struct buf name = { 0 };

	if (path_is(request, "/"))
		ask_superd(options, request, NULL, response);
	else if (path_is(request, "/page.css")) {
		response->type = "text/css; charset=utf-8";
		buf_text(&response->body, page_css);
	} else if (path_is(request, "/page.js")) {
		response->type = "text/javascript; charset=utf-8";
		buf_text(&response->body, page_js);
	} else if (request->path_length <= begin || memcmp(request->path, services, begin) != 0)
		response->status = 404;
	else if (!http_decode(request->path + begin, request->path_length - begin, false, &name))
		response->status = 400;
	else
		ask_superd(options, request, buf_string(&name), response);
	buf_free(&name);
	return CTL_DONE;
}

enum ctl_status view_page(const struct superctl_options *options)
{
	static const char head[] = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
				     "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
				     "Content-Security-Policy: default-src 'none'; style-src 'self'; "
				     "script-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; "
				     "base-uri 'none'; frame-ancestors 'none'\r\n";
	static const struct http_view view = { "status page", "status", NULL, head, find_page };

	return http_serve(&view, options);
}
