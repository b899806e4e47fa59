/* Serves builtin = status: one HTTP request for the overview, the page of a service, the style sheet or the script.
 *
 * Nothing here writes: superd's connection may only read, and the methods are GET and HEAD. */
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/shell_words.h"
#include "superctl/conversation.h"
#include "superctl/html.h"
#include "superctl/http_connection.h"
#include "superctl/json_reply.h"
#include "superctl/page.h"
#include "superctl/views.h"

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

static bool add_overview(struct conversation *conversation, const struct http_request *request,
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
static bool add_service(struct conversation *conversation, const char *name, bool in_detail,
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
		ok = name ? add_service(&conversation, name, options->in_detail, response)
			  : add_overview(&conversation, request, response);
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
	static const char fields[] = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
				     "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
				     "Content-Security-Policy: default-src 'none'; style-src 'self'; "
				     "script-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; "
				     "base-uri 'none'; frame-ancestors 'none'\r\n";
	static const struct http_view view = { "status page", "status", NULL, fields, find_page };

	return http_serve(&view, options);
}
