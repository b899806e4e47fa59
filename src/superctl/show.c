/* superctl show: a service as superd.conf, with the places of its options. */
#include <string.h>

#include "superctl/each_view.h"
#include "superctl/json_reply.h"
#include "superctl/views.h"

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
	if (!view->shown)
		add_conf(out, &view->screen, json_reply_text(service, "defaults"));
	add_conf(out, &view->screen, json_reply_text(service, "text"));
}

enum ctl_status view_show(const struct superctl_options *options)
{
	struct each_view view = { .options = options, .add = add_service };

	return each_view_run(&view, "show");
}
