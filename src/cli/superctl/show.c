/* superctl show: a service as superd.conf, with the places of its options. */
#include <stdio.h>
#include <string.h>

#include "cli/superctl/conversation.h"
#include "cli/superctl/json_reply.h"
#include "cli/superctl/screen.h"
#include "cli/superctl/views.h"

struct show_view {
	const struct superctl_options *options;
	struct screen screen;
	size_t shown;                   /* number of services printed */
};

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

static bool show_line(void *context, const json_t *line, const char *text)
{
	struct show_view *view = context;
	struct buf out = { 0 };
	bool ok;

	(void)text;
	if (view->options->json)
		return true;
	if (!*json_reply_text(line, "text")) {
		fprintf(stderr, "superctl: show: this superd is older and sends no text: use --json, or upgrade it\n");
		return false;
	}
	if (view->shown++)
		buf_char(&out, '\n');
	else
		add_conf(&out, &view->screen, json_reply_text(line, "defaults"));
	add_conf(&out, &view->screen, json_reply_text(line, "text"));
	ok = conversation_print(&out);
	buf_free(&out);
	return ok;
}

enum ctl_status view_show(const struct superctl_options *options)
{
	struct show_view view = { .options = options };

	screen_open(&view.screen, options->colour);
	return conversation_ask(options, "show", CONVERSATION_TIMEOUT, show_line, &view);
}
