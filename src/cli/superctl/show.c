/* superctl show and why: a service as superd.conf, with the places of its options, and its state in words. */
#include <stdio.h>
#include <string.h>

#include "cli/superctl/conversation.h"
#include "cli/superctl/json_reply.h"
#include "cli/superctl/screen.h"
#include "cli/superctl/state_words.h"
#include "cli/superctl/views.h"

struct show_view {
	const struct superctl_options *options;
	void (*add)(struct buf *out, const struct screen *screen, const json_t *line);
	struct screen screen;
	size_t shown;                   /* number of services printed */
};

static void add_service(struct buf *out, const struct screen *screen, const json_t *line)
{
	screen_set(screen, out, STYLE_BOLD);
	json_reply_show_text(out, line, "service");
	screen_set(screen, out, STYLE_PLAIN);
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

static void add_block(struct buf *out, const struct screen *screen, const json_t *line)
{
	add_conf(out, screen, json_reply_text(line, "text"));
}

/* Adds the first sentence, which begins with the state as superd calls it, with the word for it. */
static void add_first_sentence(struct buf *out, const json_t *line)
{
	const char *sentence = json_string_value(json_array_get(json_object_get(line, "why"), 0));
	const char *state = json_reply_text(line, "state"), *word = state_word_of(line)->word;
	size_t length = strlen(state);

	if (!sentence)
		return;
	if (length && *word && !strncmp(sentence, state, length) && !strncmp(sentence + length, " for ", 5)) {
		buf_text(out, word);
		sentence += length;
	}
	buf_visible(out, sentence, strlen(sentence));
}

static void add_why(struct buf *out, const struct screen *screen, const json_t *line)
{
	const json_t *why = json_object_get(line, "why");

	add_service(out, screen, line);
	buf_text(out, ": ");
	json_reply_show(out, why);
	add_first_sentence(out, line);
	for (size_t i = 1; i < json_array_size(why); i++) {
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
	if (view->add == add_block && !*json_reply_text(line, "text")) {
		fprintf(stderr, "superctl: show: this superd is older and sends no text: use --json, or upgrade it\n");
		return false;
	}
	if (view->shown++)
		buf_char(&out, '\n');
	else
		add_conf(&out, &view->screen, json_reply_text(line, "defaults"));
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
