/* superctl top: one table after another, or on a terminal an interactive display.
 *
 * superctl waits for the keyboard and superd at once. It restores the terminal before it prints any message,
 * whatever ended it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/shell_words.h"
#include "superctl/json_reply.h"
#include "superctl/order.h"
#include "superctl/reconnect.h"
#include "superctl/terminal.h"
#include "superctl/top_table.h"
#include "superctl/views.h"

#define LINE_GRACE 10000 /* milliseconds that superd's next line may be late */
#define OTHER_LINES 5    /* lines of the screen around the services: head, titles, keys */
#define ACT_LIMIT 5000   /* milliseconds for the answer to an order */
#define LOG_LINES "5"    /* of a service's log that a key shows */

struct top_view {
	const struct superctl_options *options;
	struct conversation conversation;
	struct buf request;
	struct reconnect reconnect;
	bool is_disconnected; /* superd has gone away, and superctl tries to reconnect */
	struct screen screen;
	struct top_table table;
	size_t shown; /* number of tables so far */
	char asked; /* the key whose order is to be confirmed; 0: none */
	struct buf note; /* lines above the keys: the answer to an order, or the log; "": none */
	size_t note_lines;
	bool is_over; /* after the key q, or after enough tables */
	enum ctl_status status;
};

static bool print_table(void *context, const json_t *line, struct reply_text *text)
{
	struct top_view *top = context;

	top_table_take(&top->table, line);
	if (top->shown++)
		buf_char(&text->out, '\n');
	top_table_add(&top->table, &top->screen, SIZE_MAX, "\n", &text->out);
	return true;
}

/* The orders that keys give, about the chosen service. */
static const struct order {
	char key;
	const char *verb;
} orders[] = { { 'f', "freeze" }, { 't', "thaw" }, { 'x', "stop" }, { 'r', "restart" }, { 'l', "log" } };

static const struct order *find_order(char key)
{
	for (size_t n = 0; n < sizeof(orders) / sizeof(*orders); n++) {
		if (orders[n].key == key)
			return &orders[n];
	}
	return NULL;
}

/* Adds a line that fits the screen. */
static void add_note(struct top_view *top, const char *text)
{
	buf_add(&top->note, text, screen_cut(text, top->screen.width - 1));
	buf_text(&top->note, "\033[K\r\n");
	top->note_lines++;
}

static bool take_note(void *context, const json_t *line, struct reply_text *text)
{
	struct buf note = { 0 };

	(void)text;
	order_add(&note, line, false);
	add_note(context, buf_string(&note));
	buf_free(&note);
	return true;
}

/* Gives the order over a connection of its own, and keeps the answer. */
static void give_order(struct top_view *top, const struct order *order)
{
	struct conversation conversation = { .until = clock_ms() + ACT_LIMIT };
	struct buf request = { 0 };
	enum ctl_status status;

	buf_addf(&request, "%s %s -- ", order->verb, order->key == 'l' ? "--lines=" LOG_LINES : "--no-wait");
	shell_words_quote(&request, top->table.chosen);
	status = conversation_ask_quietly(&conversation, top->options, &request, take_note, top);
	conversation_close(&conversation);
	if (!top->note_lines)
		add_note(top, status == CTL_DONE ? "no lines" : buf_string(&conversation.why));
	buf_free(&conversation.why);
	buf_free(&request);
}

static size_t lines_for_services(const struct top_view *top)
{
	size_t around = OTHER_LINES + (json_reply_number(top->table.now, "more_services") > 0) + top->note_lines;

	return top->screen.height > around ? top->screen.height - around : 1;
}

/* Cuts the lines that the screen has no room for, which would scroll the first ones away. */
static void cut_lines(struct buf *out, size_t most)
{
	char *end = out->failed ? NULL : out->data;

	for (size_t n = 0; end && n < most; n++)
		end = strstr(n ? end + 2 : end, "\r\n");
	if (!end)
		return;
	*end = '\0';
	out->length = (size_t)(end - out->data);
}

static void draw_screen(struct top_view *top)
{
	static const char keys[] = "q quit  sort: m memory c cpu n name s state  j k choose";
	static const char acts[] = "q quit  j k choose  f freeze t thaw x stop r restart l log";
	static const char lost[] = "superd has disconnected: waiting for it  q quit";
	size_t room = lines_for_services(top), count = top_table_services(&top->table);
	struct buf out = { 0 }, question = { 0 };
	const char *last = top->is_disconnected ? lost : top->table.chosen ? acts : keys;

	if (top->asked) {
		buf_addf(&question, "%s ", find_order(top->asked)->verb);
		buf_visible(&question, top->table.chosen, strlen(top->table.chosen));
		buf_text(&question, "? y: yes, any other key: no");
		last = buf_string(&question);
	}

	if (top->table.first >= count)
		top->table.first = count ? count - 1 : 0;
	buf_text(&out, "\033[H");
	if (top->table.now)
		top_table_add(&top->table, &top->screen, room, "\033[K\r\n", &out);
	buf_text(&out, "\033[K\r\n");
	buf_add(&out, buf_string(&top->note), top->note.length);
	screen_set(&top->screen, &out, top->is_disconnected || top->asked ? STYLE_YELLOW : STYLE_DIM);
	buf_add(&out, last, screen_cut(last, top->screen.width - 1));
	screen_set(&top->screen, &out, STYLE_PLAIN);
	cut_lines(&out, top->screen.height);
	buf_text(&out, "\033[K\033[J");
	if (!out.failed && !question.failed)
		(void)terminal_draw(out.data, out.length);
	buf_free(&question);
	buf_free(&out);
}

static void handle_key(struct top_view *top)
{
	char key = terminal_key();
	const struct order *order = find_order(key);

	buf_clear(&top->note);
	top->note_lines = 0;
	if (top->asked && key == 'y')
		give_order(top, find_order(top->asked));
	else if (order && order->key == 'l' && top->table.chosen && !top->asked)
		give_order(top, order);
	else if (order && top->table.chosen && !top->asked) {
		top->asked = key;
		return;
	} else if (top->asked)
		;
	else if (key == 'q')
		top->is_over = true;
	else if (key && strchr("mcns", key))
		top->table.sort = key;
	else if (key == 'j' || key == 'k')
		top_table_choose(&top->table, key == 'j' ? 1 : -1, lines_for_services(top));
	top->asked = 0;
}

/* Reads all lines that have arrived. Only the last one is drawn. */
static void take_lines(struct top_view *top)
{
	enum transport_result result = transport_fill(&top->conversation.transport);
	size_t length;
	char *text;

	while (top->status == CTL_DONE && !top->is_over &&
	       transport_take_line(&top->conversation.transport, &text, &length) == TRANSPORT_LINE) {
		json_t *line = json_reply_parse(text, length);

		top->status = conversation_check_line(&top->conversation, line, &top->is_over);
		if (top->status == CTL_DONE && !top->is_over) {
			top_table_take(&top->table, line);
			top->conversation.lines_read++;
			top->is_over = top->options->count && (int64_t)++top->shown >= top->options->count;
		}
		json_decref(line);
	}
	if (result == TRANSPORT_NONE || top->status != CTL_DONE || top->is_over)
		return;
	top->is_disconnected = true;
	(void)reconnect_is_needed(&top->reconnect, &top->conversation);
	transport_close(&top->conversation.transport);
}

/* Tries to reconnect. A new superd's times cannot be compared with the old one's, so the table starts over. */
static void try_reconnect(struct top_view *top)
{
	if (reconnect_try(&top->reconnect, &top->conversation, &top->request)) {
		top->is_disconnected = false;
		top->asked = 0;
		top_table_free(&top->table);        /* the chosen name goes with it */
	} else if (reconnect_is_over(&top->reconnect, &top->conversation)) {
		buf_clear(&top->conversation.why);
		buf_addf(&top->conversation.why, "superd at %s has disconnected and has not returned",
			 top->options->control);
		top->status = CTL_NO_SUPERD;
	}
}

/* Prints the last table on the normal screen, as top(1) does. */
static void print_last(struct top_view *top)
{
	struct buf out = { 0 };

	if (!top->table.now)
		return;
	top_table_add(&top->table, &top->screen, lines_for_services(top), "\n", &out);
	(void)conversation_print(&out);
	buf_free(&out);
}

static void run_interactive(struct top_view *top)
{
	while (top->status == CTL_DONE && !top->is_over) {
		unsigned events = terminal_wait(top->conversation.transport.fd,
						top->is_disconnected ? RECONNECT_PAUSE : -1);

		if (events & TERMINAL_END)
			break;
		if (events & TERMINAL_SIZE)
			screen_measure(&top->screen);
		if (events & TERMINAL_KEY)
			handle_key(top);
		if (events & TERMINAL_INPUT)
			take_lines(top);
		else if (top->is_disconnected && !(events & TERMINAL_KEY))
			try_reconnect(top);
		draw_screen(top);
	}
	terminal_leave();
	free(top->table.chosen);
	top->table.chosen = NULL;
	if (top->is_over)
		print_last(top);
	terminal_die();
}

static enum ctl_status run_top(struct top_view *top)
{
	const struct superctl_options *options = top->options;

	/* Errors are printed after the terminal is restored. */
	if (!options->json && !top->screen.is_dumb && terminal_enter()) {
		top->conversation.quiet = true;
		run_interactive(top);
		if (top->status != CTL_DONE)
			fprintf(stderr, "superctl: %s\n", buf_string(&top->conversation.why));
		return top->status;
	}
	top->conversation.lines_left = options->count;
	return reconnect_read(&top->conversation, &top->request, print_table, top);
}

enum ctl_status view_top(const struct superctl_options *options)
{
	struct top_view top = { .options = options, .table = { .sort = options->sort ? options->sort : 'c' } };

	top.conversation = (struct conversation){ .until = TRANSPORT_FOREVER, .timeout = CONVERSATION_TIMEOUT };
	screen_open(&top.screen, options->colour);
	top.status = conversation_open(&top.conversation, options);
	if (top.status != CTL_DONE)
		return top.status;
	buf_addf(&top.request, "top --interval=%lld.%06lld", (long long)options->interval / 1000000,
		 (long long)options->interval % 1000000);
	top.status = conversation_send(&top.conversation, &top.request);
	top.conversation.timeout = options->interval / 1000 + LINE_GRACE;
	if (top.status == CTL_DONE)
		top.status = run_top(&top);
	buf_free(&top.request);
	buf_free(&top.conversation.why);
	buf_free(&top.note);
	top_table_free(&top.table);
	conversation_close(&top.conversation);
	return top.status;
}
