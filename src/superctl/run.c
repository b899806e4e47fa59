/* superctl run: a service on this terminal.
 *
 * superd starts it as always, but gives it a terminal, or pipes, of its own in place of its standard streams; superctl
 * passes on what is typed, and prints what comes. It reads nothing more while its own output is blocked, so that the
 * service waits, and sends no more input than superd has given it room for. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base64.h"
#include "lib/clock.h"
#include "lib/scan.h"
#include "lib/shell_words.h"
#include "lib/size_text.h"
#include "superctl/conversation.h"
#include "superctl/json_reply.h"
#include "superctl/order.h"
#include "superctl/run_terminal.h"
#include "superctl/views.h"

#define NOT_RUN 125                     /* exit status if the service's program did not run, or its end is unknown */
#define OF_SIGNAL 128                   /* and if a signal ended it, with the signal's number added */
#define REQUEST_MOST 8191               /* bytes of a request, without its newline */
#define INPUT_MOST 4096                 /* bytes of input in one message */
#define WRITE_MOST 512                  /* bytes written to a terminal that poll(2) reports writable */
#define ESCAPE 0x1d                     /* Ctrl-], which leaves when typed three times */
#define ESCAPE_TIMES 3
#define ESCAPE_MS 1000                  /* within so many milliseconds */

struct run_view {
	const struct superctl_options *options;
	struct conversation conversation;
	struct run_terminal terminal;
	bool is_terminal;               /* the service has a terminal, and so has superctl */
	bool is_started;                /* its program runs */
	bool input_ended;               /* nothing more is read from stdin */
	size_t room;                    /* bytes of input that superd takes now */
	struct buf streams[3];          /* bytes for stdout and stderr, by their descriptors */
	unsigned escapes;               /* Ctrl-] in a row */
	int64_t escape_since;           /* clock_ms() of the first of them */
	bool is_over;                   /* the answer is complete */
	int status;                     /* exit status */
};

static void send_line(struct run_view *view, const struct buf *line)
{
	if (conversation_send(&view->conversation, line) != CTL_DONE)
		view->is_over = true;
}

static void send_word(struct run_view *view, const char *word)
{
	struct buf line = { 0 };

	buf_text(&line, word);
	send_line(view, &line);
	buf_free(&line);
}

static void send_size(struct run_view *view)
{
	unsigned short rows, columns;
	struct buf line = { 0 };

	run_terminal_size(&rows, &columns);
	buf_addf(&line, "size %hux%hu", rows, columns);
	send_line(view, &line);
	buf_free(&line);
}

static void send_signal(struct run_view *view, int signal)
{
	struct buf line = { 0 };
	char name[32];

	buf_addf(&line, "signal %s", scan_signal_name(signal, name));
	send_line(view, &line);
	buf_free(&line);
}

/* Whether the operator wants to leave: he has typed the escape often enough, with nothing between. */
static bool counts_escape(struct run_view *view, const char *bytes, size_t length)
{
	for (size_t n = 0; n < length; n++) {
		if (bytes[n] != ESCAPE || (view->escapes && clock_ms() - view->escape_since > ESCAPE_MS))
			view->escapes = 0;
		if (bytes[n] != ESCAPE)
			continue;
		if (!view->escapes++)
			view->escape_since = clock_ms();
		if (view->escapes == ESCAPE_TIMES)
			return true;
	}
	return false;
}

static void leave(struct run_view *view)
{
	run_terminal_leave(&view->terminal);
	fprintf(stderr, "superctl: left %s, which superd stops now\n", view->options->names[0]);
	view->is_over = true;
}

static void end_input(struct run_view *view)
{
	view->input_ended = true;
	if (view->is_terminal)
		leave(view);                    /* the terminal is gone */
	else
		send_word(view, "end");
}

static void pass_input(struct run_view *view)
{
	char bytes[INPUT_MOST];
	ssize_t got = read(STDIN_FILENO, bytes, view->room < sizeof(bytes) ? view->room : sizeof(bytes));
	struct buf line = { 0 };

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		end_input(view);
		return;
	}
	if (view->is_terminal && counts_escape(view, bytes, (size_t)got)) {
		leave(view);
		return;
	}
	view->room -= (size_t)got;
	buf_text(&line, "input ");
	base64_encode(&line, bytes, (size_t)got);
	send_line(view, &line);
	buf_free(&line);
}

/* Adds what a line has for one of the streams. false: it is no base64. */
static bool add_output(struct run_view *view, const json_t *line, const char *key, int stream)
{
	const char *text = json_reply_text(line, key);

	return !*text || base64_decode(text, &view->streams[stream]);
}

static void begin_terminal(struct run_view *view)
{
	view->is_started = true;
	if (!view->is_terminal)
		return;
	if (!run_terminal_pass_keys(&view->terminal))
		fprintf(stderr, "superctl: cannot set this terminal: %s\n", strerror(errno));
	send_size(view);                        /* it may have changed before */
}

static void note_begin(struct run_view *view, const json_t *line)
{
	view->is_terminal = view->is_terminal && json_reply_flag(line, "terminal");
	if (json_reply_flag(line, "waits_for_client"))
		fprintf(stderr, "superctl: %s starts with its next client; Ctrl-C ends the wait\n",
			view->options->names[0]);
	if (view->is_terminal)
		(void)run_terminal_pass_output(&view->terminal);        /* else only its lines begin askew */
}

static void note_end(struct run_view *view, const json_t *line)
{
	run_terminal_leave(&view->terminal);
	if (json_reply_has_number(line, "exit"))
		view->status = json_reply_count(line, "exit");
	if (!*json_reply_text(line, "signal"))
		return;
	view->status = OF_SIGNAL + json_reply_count(line, "number");
	fprintf(stderr, "superctl: %s was ended by SIG%s\n", view->options->names[0],
		json_reply_text(line, "signal"));
}

/* It does not run. */
static void note_refusal(struct run_view *view, const json_t *line)
{
	struct buf out = { 0 };

	run_terminal_leave(&view->terminal);
	order_add(&out, line, false);
	if (!view->options->json)
		fprintf(stderr, "%s\n", buf_string(&out));
	buf_free(&out);
}

static void handle_line(struct run_view *view, const char *text, size_t length)
{
	json_t *line = json_reply_parse(text, length);
	bool last = false;

	if (line && (*json_reply_text(line, "error") || json_reply_flag(line, "done")))
		run_terminal_leave(&view->terminal);
	if (view->options->json && line) {
		buf_addf(&view->streams[STDOUT_FILENO], "%s\n", text);
	} else if (line && (!add_output(view, line, "output", STDOUT_FILENO) ||
			    !add_output(view, line, "errors", STDERR_FILENO))) {
		fprintf(stderr, "superctl: superd sent output that is no base64\n");
		view->is_over = true;
	}
	if (conversation_check_line(&view->conversation, line, &last) != CTL_DONE || last)
		view->is_over = true;
	if (line && json_reply_has_number(line, "room"))
		view->room += (size_t)json_reply_count(line, "room");
	if (line && *json_reply_text(line, "result"))
		note_refusal(view, line);
	else if (line && *json_reply_text(line, "service"))
		note_begin(view, line);
	else if (line && json_reply_has_number(line, "pid"))
		begin_terminal(view);
	else if (line && (json_reply_has_number(line, "exit") || *json_reply_text(line, "signal")))
		note_end(view, line);
	json_decref(line);
}

static bool has_output(const struct run_view *view)
{
	return view->streams[STDOUT_FILENO].length || view->streams[STDERR_FILENO].length;
}

/* superd is gone. */
static void lose_connection(struct run_view *view)
{
	run_terminal_leave(&view->terminal);
	fprintf(stderr, "superctl: superd closed the connection: it has ended, or was upgraded. After an upgrade %s "
		"runs on without this terminal: superctl status %s\n", view->options->names[0],
		view->options->names[0]);
	view->is_over = true;
}

static void handle_lines(struct run_view *view)
{
	char *text;
	size_t length;

	while (!view->is_over && !has_output(view) &&
	       transport_take_line(&view->conversation.transport, &text, &length) == TRANSPORT_LINE)
		handle_line(view, text, length);
}

static void read_lines(struct run_view *view)
{
	if (transport_fill(&view->conversation.transport) != TRANSPORT_NONE) {
		handle_lines(view);
		if (!view->is_over)
			lose_connection(view);
		return;
	}
	handle_lines(view);
}

/* Writes some of what there is for a stream. A stream that cannot be written to ends the run. */
static void write_some(struct run_view *view, int stream)
{
	struct buf *bytes = &view->streams[stream];
	ssize_t put = write(stream, bytes->data, bytes->length < WRITE_MOST ? bytes->length : WRITE_MOST);

	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (put < 0) {
		run_terminal_leave(&view->terminal);
		fprintf(stderr, "superctl: cannot write its output: %s\n", strerror(errno));
		buf_clear(&view->streams[STDOUT_FILENO]);
		buf_clear(&view->streams[STDERR_FILENO]);
		view->is_over = true;
		return;
	}
	bytes->length -= (size_t)put;
	memmove(bytes->data, bytes->data + put, bytes->length);
}

static void handle_signals(struct run_view *view)
{
	int signal = run_terminal_signal();

	if (signal == SIGHUP)
		leave(view);
	else if (signal)
		send_signal(view, signal);
	if (run_terminal_resized() && view->is_terminal && view->is_started)
		send_size(view);
}

static void serve_once(struct run_view *view)
{
	bool reads_input = view->is_started && !view->input_ended && view->room;
	struct pollfd polled[] = {
		{ .fd = view->conversation.transport.fd, .events = (short)(has_output(view) ? 0 : POLLIN) },
		{ .fd = reads_input ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = view->streams[STDOUT_FILENO].length ? STDOUT_FILENO : -1, .events = POLLOUT },
		{ .fd = view->streams[STDERR_FILENO].length ? STDERR_FILENO : -1, .events = POLLOUT },
	};

	if (has_output(view))
		polled[0].fd = -1;              /* its hangup comes behind what it has sent */
	run_terminal_poll(&view->terminal, polled, sizeof(polled) / sizeof(polled[0]));
	handle_signals(view);
	if (!view->is_over && polled[1].revents)
		pass_input(view);
	if (polled[2].revents)
		write_some(view, STDOUT_FILENO);
	if (polled[3].revents)
		write_some(view, STDERR_FILENO);
	if (view->is_over || has_output(view))
		return;
	handle_lines(view);                     /* those that had to wait until the output was written */
	if (!view->is_over && !has_output(view) && polled[0].revents)
		read_lines(view);
}

/* false: printed why not. */
static bool send_request(struct run_view *view)
{
	const struct superctl_options *options = view->options;
	struct buf request = { 0 };
	char limit[SIZE_TEXT_MOST];
	unsigned short rows, columns;
	bool good;

	buf_text(&request, "run");
	if (view->is_terminal) {
		run_terminal_size(&rows, &columns);
		buf_addf(&request, " --terminal=%hux%hu", rows, columns);
	}
	buf_text(&request, options->stop ? " --stop --" : " --");
	for (size_t i = 0; i < options->name_count; i++) {
		buf_char(&request, ' ');
		shell_words_quote(&request, options->names[i]);
	}
	good = request.length <= REQUEST_MOST;
	if (!good)
		fprintf(stderr, "superctl: run: too many arguments: a request has at most %s\n",
			size_write(limit, REQUEST_MOST));
	good = good && conversation_send(&view->conversation, &request) == CTL_DONE;
	buf_free(&request);
	return good;
}

enum ctl_status view_run(const struct superctl_options *options)
{
	struct run_view view = {
		.options = options, .status = NOT_RUN, .is_terminal = !options->json && run_terminal_is_there(),
		.conversation = { .until = TRANSPORT_FOREVER, .timeout = CONVERSATION_TIMEOUT },
	};

	if (conversation_open(&view.conversation, options) != CTL_DONE)
		return (enum ctl_status)NOT_RUN;
	if (send_request(&view)) {
		run_terminal_catch(&view.terminal);
		while (!view.is_over || has_output(&view))
			serve_once(&view);
	}
	run_terminal_leave(&view.terminal);
	buf_free(&view.streams[STDOUT_FILENO]);
	buf_free(&view.streams[STDERR_FILENO]);
	conversation_close(&view.conversation);
	return (enum ctl_status)view.status;
}
