/* With --json the conversation prints the lines as received. */
#include "superctl/each_view.h"

#include "superctl/conversation.h"
#include "superctl/state_words.h"

static bool show_line(void *context, const json_t *line, struct reply_text *text)
{
	struct each_view *view = context;

	view->inactive += !state_word_is_active(line);
	if (view->shown)
		buf_char(&text->out, '\n');
	view->add(&text->out, view, line);
	view->shown++;
	return true;
}

enum ctl_status each_view_run(struct each_view *view, const char *verb)
{
	screen_open(&view->screen, view->options->colour);
	return conversation_ask(view->options, verb, show_line, view);
}
