/* superctl top: one table after another. On a terminal each takes the place of the one before. */
#include <stdio.h>

#include "superctl/conversation.h"
#include "superctl/top_table.h"
#include "superctl/views.h"

#define LINE_GRACE 10000                /* milliseconds that superd's next line may be late */
#define OTHER_LINES 5                   /* lines of the screen around the services: head, titles, the cursor's own */

struct top_view {
	struct screen screen;
	bool draws;                     /* to a terminal that can be cleared */
	struct top_table table;
	bool has_printed;
};

static size_t lines_for_services(const struct screen *screen)
{
	return screen->height > OTHER_LINES ? screen->height - OTHER_LINES : 1;
}

static bool print_table(void *context, const json_t *line, struct reply_text *text)
{
	struct top_view *top = context;

	top_table_take(&top->table, line);
	if (top->draws) {
		screen_measure(&top->screen);   /* its user may have changed its size */
		buf_text(&text->out, "\033[H\033[2J");
	} else if (top->has_printed) {
		buf_char(&text->out, '\n');
	}
	top->has_printed = true;
	top_table_add(&top->table, &top->screen, top->draws ? lines_for_services(&top->screen) : SIZE_MAX, &text->out);
	return true;
}

enum ctl_status view_top(const struct superctl_options *options)
{
	struct top_view top = { .table = { .sort = options->sort ? options->sort : 'c' } };
	struct conversation conversation = { .follows = true };
	char verb[64];
	enum ctl_status status;

	snprintf(verb, sizeof(verb), "top --interval=%lld.%06lld", (long long)options->interval / 1000000,
		 (long long)options->interval % 1000000);
	status = conversation_begin(&conversation, options, verb);
	if (status != CTL_DONE)
		return status;
	screen_open(&top.screen, options->colour);
	top.draws = top.screen.is_terminal && !top.screen.is_dumb;
	conversation.timeout = options->interval / 1000 + LINE_GRACE;
	conversation.lines_left = options->count;
	status = conversation_follow(&conversation, verb, print_table, &top);
	top_table_free(&top.table);
	conversation_close(&conversation);
	return status;
}
