/* superctl show and why: the options of a service with the places where they were set, and its state in words.
 *
 * A value is printed as in a table, so that it can be copied there. superd sends these texts in an object of the same
 * shape as the values. A value without a text, as a secret, is formatted here from its JSON. */
#include <stdio.h>
#include <string.h>

#include "cli/superctl/conversation.h"
#include "cli/superctl/json_reply.h"
#include "cli/superctl/screen.h"
#include "cli/superctl/views.h"

#define DEPTH_MOST 4 /* nesting of lists; no option has more */

struct show_view {
	const struct superctl_options *options;
	void (*add)(struct buf *out, const struct screen *screen, const json_t *line);
	struct screen screen;
	size_t shown;                   /* number of services printed */
};

static void add_quoted(struct buf *out, const char *text, size_t length)
{
	buf_char(out, '"');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"' || text[i] == '\\')
			buf_char(out, '\\');
		buf_visible(out, text + i, 1);
	}
	buf_char(out, '"');
}

static void add_value(struct buf *out, const json_t *value, const json_t *text, int depth);

static void add_members(struct buf *out, const json_t *value, const json_t *text, int depth)
{
	json_t *object = (json_t *)(size_t)value;
	bool first = true;

	for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
		const char *key = json_object_iter_key(at);

		buf_text(out, first ? " " : ", ");
		buf_visible(out, key, strlen(key));
		buf_text(out, " = ");
		add_value(out, json_object_iter_value(at), json_object_get(text, key), depth + 1);
		first = false;
	}
}

static void add_elements(struct buf *out, const json_t *value, const json_t *text, int depth)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		buf_text(out, i ? ", " : " ");
		add_value(out, json_array_get(value, i), json_array_get(text, i), depth + 1);
	}
}

static void add_value(struct buf *out, const json_t *value, const json_t *text, int depth)
{
	if (json_is_string(text)) {
		json_reply_show(out, text);
		return;
	}
	switch (json_typeof(value)) {
	case JSON_STRING:
		add_quoted(out, json_string_value(value), json_string_length(value));
		return;
	case JSON_INTEGER:
		buf_addf(out, "%lld", (long long)json_integer_value(value));
		return;
	case JSON_REAL:
		buf_addf(out, "%.6g", json_real_value(value));
		return;
	case JSON_TRUE:
	case JSON_FALSE:
		buf_text(out, json_is_true(value) ? "yes" : "no");
		return;
	case JSON_NULL:
		buf_text(out, "\"\"");
		return;
	default:
		break;
	}
	buf_char(out, '{');
	if (depth >= DEPTH_MOST)
		buf_text(out, " ...");
	else if (json_is_array(value))
		add_elements(out, value, text, depth);
	else
		add_members(out, value, text, depth);
	buf_text(out, " }");
}

struct shown_option {
	const char *name;
	const json_t *value;
	const json_t *text;             /* the value as in a table; NULL: none */
	const char *source;             /* the place where it was set; "": none */
};

static void add_option(struct buf *out, const struct screen *screen, const struct shown_option *option)
{
	buf_text(out, "    ");
	buf_visible(out, option->name, strlen(option->name));
	for (size_t n = strlen(option->name); n < 20; n++)
		buf_char(out, ' ');
	buf_text(out, " = ");
	add_value(out, option->value, option->text, 0);
	if (*option->source) {
		screen_set(screen, out, STYLE_DIM);
		buf_text(out, "   # ");
		buf_visible(out, option->source, strlen(option->source));
		screen_set(screen, out, STYLE_PLAIN);
	}
	buf_char(out, '\n');
}

/* The answer has three objects by the options' names: values, texts and places. */
static void add_options(struct buf *out, const struct screen *screen, const json_t *line)
{
	json_t *options = json_object_get(line, "options");
	const json_t *texts = json_reply_object(line, "texts"), *sources = json_reply_object(line, "sources");

	for (void *at = json_object_iter(options); at; at = json_object_iter_next(options, at)) {
		const char *name = json_object_iter_key(at);
		const struct shown_option option = { name, json_object_iter_value(at), json_object_get(texts, name),
						     json_reply_text(sources, name) };

		add_option(out, screen, &option);
	}
}

static void add_service(struct buf *out, const struct screen *screen, const json_t *line)
{
	screen_set(screen, out, STYLE_BOLD);
	json_reply_show_text(out, line, "service");
	screen_set(screen, out, STYLE_PLAIN);
}

static void add_block(struct buf *out, const struct screen *screen, const json_t *line)
{
	buf_text(out, "service ");
	add_service(out, screen, line);
	buf_text(out, " {");
	screen_set(screen, out, STYLE_DIM);
	buf_text(out, "   # ");
	json_reply_show_text(out, line, "source");
	screen_set(screen, out, STYLE_PLAIN);
	buf_char(out, '\n');
	add_options(out, screen, line);
	buf_text(out, "}\n");
}

static void add_why(struct buf *out, const struct screen *screen, const json_t *line)
{
	const json_t *why = json_object_get(line, "why");

	add_service(out, screen, line);
	buf_text(out, ": ");
	json_reply_show(out, why);
	for (size_t i = 0; i < json_array_size(why); i++) {
		if (i)
			buf_text(out, "\n  ");
		json_reply_show(out, json_array_get(why, i));
	}
	buf_char(out, '\n');
}

static bool show_line(void *context, const json_t *line, const char *text)
{
	struct show_view *view = context;
	struct buf out = { 0 };
	bool ok;

	(void)text;
	if (view->options->json)
		return true;
	if (view->shown++)
		buf_char(&out, '\n');
	view->add(&out, &view->screen, line);
	ok = conversation_print(&out);
	buf_free(&out);
	return ok;
}

static enum ctl_status show_with(struct show_view view, const char *verb)
{
	screen_open(&view.screen, view.options->colour);
	return conversation_ask(view.options, verb, CONVERSATION_TIMEOUT, show_line, &view);
}

enum ctl_status view_show(const struct superctl_options *options)
{
	return show_with((struct show_view){ .options = options, .add = add_block }, "show");
}

enum ctl_status view_why(const struct superctl_options *options)
{
	return show_with((struct show_view){ .options = options, .add = add_why }, "why");
}
