/* superctl run: a service on this terminal.
 *
 * superd starts it as always, but with superctl's pipes. Whatever else superctl has it keeps: by a terminal the service
 * could read what is typed later, and a file whose file system does not answer would hold superd up. The service gets a
 * terminal of its own, if input and output are one, else a pipe, and superctl copies. Of what the service prints,
 * superctl takes no more than it can write. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/fd_message.h"
#include "lib/scan.h"
#include "lib/shell_words.h"
#include "lib/size_text.h"
#include "superctl/conversation.h"
#include "superctl/json_reply.h"
#include "superctl/order.h"
#include "superctl/views.h"

#define NOT_RUN 125                     /* exit status if the service's program did not run, or its end is unknown */
#define OF_SIGNAL 128                   /* and if a signal ended it, with the signal's number added */
#define REQUEST_MOST 8191               /* bytes of a request, without its newline */
#define WRITE_MOST 512                  /* bytes written to a terminal that poll(2) reports writable */
#define FINISH_MOST (256 << 10)         /* bytes of output after the program's end; what it left behind may flood */
#define ESCAPE 0x1d                     /* Ctrl-], which leaves when typed three times */
#define ESCAPE_TIMES 3
#define ESCAPE_MS 1000                  /* within so many milliseconds */

/* Bytes on their way between a stream of superctl's and the service. */
struct pump {
	int from, to;                   /* from -1: ended, or not needed; one of them is superctl's own stream */
	char bytes[4096];
	size_t length;
};

struct run_view {
	const struct superctl_options *options;
	struct conversation conversation;
	struct pump pumps[3];           /* by the stream of the service */
	int terminal;                   /* superctl's end of the service's terminal; -1: it has none */
	bool passes_keys;               /* that is the controlling terminal: it decides what Ctrl-C is */
	bool is_started;                /* its program runs */
	bool is_lost;                   /* superd is gone; the service runs on */
	bool is_over;
	bool is_raw;                    /* the settings of superctl's terminal are changed */
	struct termios before;          /* the settings to restore */
	sigset_t mask;                  /* signal mask to wait with */
	unsigned escapes;               /* Ctrl-] in a row */
	int64_t escape_since;           /* clock_ms() of the first of them */
	int status;                     /* exit status */
};

static const int watched[] = { SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGWINCH, SIGCONT };

/* The first four end superctl, or are passed on. */
enum { ENDING = 4, WATCHED = sizeof(watched) / sizeof(watched[0]) };

static volatile sig_atomic_t arrived[WATCHED];

static void on_signal(int signal)
{
	for (size_t i = 0; i < WATCHED; i++) {
		if (watched[i] == signal)
			arrived[i] = 1;
	}
}

/* Signals are blocked except in ppoll(2) from now on. */
static void catch_signals(struct run_view *view)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&action.sa_mask);
	sigemptyset(&block);
	for (size_t i = 0; i < WATCHED; i++)
		sigaddset(&block, watched[i]);
	(void)sigprocmask(SIG_BLOCK, &block, &view->mask);
	for (size_t i = 0; i < WATCHED; i++)
		(void)sigaction(watched[i], &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);         /* the service may have closed its input */
}

/* At first for output alone, which the service's terminal has processed, so that Ctrl-C still interrupts superctl. Once
 * the program runs, the keys are its terminal's, too. */
static void set_raw(struct run_view *view)
{
	struct termios raw;

	if (!view->is_raw) {
		json_reply_do_without_memory();
		if (tcgetattr(STDIN_FILENO, &view->before) < 0)
			return;
	}
	raw = view->before;
	raw.c_oflag &= ~(tcflag_t)OPOST;
	if (view->is_started) {
		raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
		raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
		raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
	}
	view->is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static void restore_terminal(struct run_view *view)
{
	if (view->is_raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &view->before);
	view->is_raw = false;
}

static void pass_size(const struct run_view *view)
{
	struct winsize size;

	if (view->terminal >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(view->terminal, TIOCSWINSZ, &size);
}

static void leave(struct run_view *view)
{
	restore_terminal(view);
	fprintf(stderr, view->is_lost ? "superctl: left %s\n" : "superctl: left %s, which superd stops now\n",
		view->options->names[0]);
	view->is_over = true;
}

static void send_signal(struct run_view *view, int signal)
{
	struct buf line = { 0 };
	char name[32];

	buf_addf(&line, "signal %s", scan_signal_name(signal, name));
	if (conversation_send(&view->conversation, &line) != CTL_DONE)
		view->is_over = true;
	buf_free(&line);
}

static void handle_signals(struct run_view *view)
{
	for (size_t i = 0; i < WATCHED && !view->is_over; i++) {
		bool came = arrived[i];

		arrived[i] = 0;
		if (!came)
			continue;
		if (watched[i] == SIGWINCH)
			pass_size(view);
		else if (watched[i] == SIGCONT && view->is_raw) /* the shell had the terminal meanwhile */
			set_raw(view);
		else if (watched[i] == SIGHUP || (i < ENDING && view->is_lost))
			leave(view);
		else if (i < ENDING)
			send_signal(view, watched[i]);
	}
}

/* Opens the service's end without its path, which may lead elsewhere in this mount namespace. */
static int open_service_end(int terminal)
{
	int end = ioctl(terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	const char *path = end < 0 && (errno == EINVAL || errno == ENOTTY) ? ptsname(terminal) : NULL;

	return path ? open(path, O_RDWR | O_NOCTTY | O_CLOEXEC) : end;
}

/* Fills the streams that are for the service. Those above 2 are closed once they are sent. false and errno. */
static bool open_streams(struct run_view *view, int streams[3])
{
	bool both = !view->options->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	for (int n = 0; n < 3; n++) {
		int own = n == STDOUT_FILENO && view->options->json ? STDERR_FILENO : n, ends[2];

		view->pumps[n] = (struct pump){ .from = -1, .to = -1 };
		if (both || fcntl(own, F_GETPIPE_SZ) >= 0) {
			streams[n] = own;
			continue;
		}
		if (fd_pipe(ends) < 0)
			return false;
		streams[n] = ends[n != STDIN_FILENO];
		(void)fd_set_nonblocking(streams[n], false);
		view->pumps[n].from = n == STDIN_FILENO ? n : ends[0];
		view->pumps[n].to = n == STDIN_FILENO ? ends[1] : own;
	}
	if (!both)
		return true;
	view->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (view->terminal < 0 || unlockpt(view->terminal) < 0 || fd_set_nonblocking(view->terminal, true) < 0)
		return false;
	streams[0] = streams[1] = streams[2] = open_service_end(view->terminal);
	view->pumps[STDIN_FILENO] = (struct pump){ .from = STDIN_FILENO, .to = view->terminal };
	view->pumps[STDOUT_FILENO] = (struct pump){ .from = view->terminal, .to = STDOUT_FILENO };
	pass_size(view);
	return streams[0] >= 0;
}

/* false: printed why not. */
static bool send_request(struct run_view *view)
{
	const struct superctl_options *options = view->options;
	int streams[3] = { -1, -1, -1 };
	struct buf request = { 0 };
	char limit[SIZE_TEXT_MOST];
	bool good = open_streams(view, streams);

	if (!good)
		fprintf(stderr, "superctl: cannot open a %s for it: %s\n", view->terminal >= 0 ? "terminal" : "pipe",
			strerror(errno));
	buf_addf(&request, "run%s%s --", view->terminal >= 0 ? " --terminal" : "", options->stop ? " --stop" : "");
	for (size_t i = 0; i < options->name_count; i++) {
		buf_char(&request, ' ');
		shell_words_quote(&request, options->names[i]);
	}
	if (good && request.length > REQUEST_MOST) {
		good = false;
		fprintf(stderr, "superctl: run: too many arguments: a request has at most %s\n",
			size_write(limit, REQUEST_MOST));
	}
	buf_char(&request, '\n');
	if (good && !fd_message_send(view->conversation.transport.fd, buf_string(&request), request.length, streams, 3,
				     0)) {
		good = false;
		fprintf(stderr, "superctl: cannot send the request to superd: %s\n", strerror(errno));
	}
	for (int n = 0; n < 3; n++) {
		if (streams[n] > STDERR_FILENO && (n == 0 || streams[n] != streams[n - 1]))
			close(streams[n]);
	}
	buf_free(&request);
	return good;
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

static void end_pump(struct run_view *view, struct pump *pump)
{
	if (pump->from > STDERR_FILENO && pump->from != view->terminal)
		close(pump->from);
	if (pump->to > STDERR_FILENO && pump->to != view->terminal)
		close(pump->to);
	pump->from = pump->to = -1;
	pump->length = 0;
}

static void fill_pump(struct run_view *view, struct pump *pump)
{
	ssize_t got = read(pump->from, pump->bytes, sizeof(pump->bytes));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got > 0)
		pump->length = (size_t)got;
	else
		end_pump(view, pump);           /* of a terminal EIO, when nobody has it open any more */
	if (pump == &view->pumps[STDIN_FILENO] && view->passes_keys &&
	    (got <= 0 || counts_escape(view, pump->bytes, pump->length)))
		leave(view);
}

/* Writes some. A stream of superctl's that cannot be written to ends the run. */
static void empty_pump(struct run_view *view, struct pump *pump)
{
	ssize_t put = write(pump->to, pump->bytes, pump->length < WRITE_MOST ? pump->length : WRITE_MOST);

	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (put < 0 && pump != &view->pumps[STDIN_FILENO]) {
		restore_terminal(view);
		fprintf(stderr, "superctl: cannot write its output: %s\n", strerror(errno));
		view->is_over = true;
	}
	if (put < 0) {
		end_pump(view, pump);
		return;
	}
	pump->length -= (size_t)put;
	memmove(pump->bytes, pump->bytes + put, pump->length);
}

static bool copies_output(const struct run_view *view)
{
	return view->pumps[STDOUT_FILENO].from >= 0 || view->pumps[STDERR_FILENO].from >= 0;
}

/* The program has ended: prints what it has written. */
static void finish_output(struct run_view *view)
{
	struct pump *pump = &view->pumps[STDOUT_FILENO];

	for (size_t most = FINISH_MOST; pump <= &view->pumps[STDERR_FILENO] && !view->is_over;) {
		struct pollfd polled = { pump->length ? pump->to : pump->from, pump->length ? POLLOUT : POLLIN, 0 };
		static const struct timespec at_once = { 0 };
		bool writes = pump->length;

		if (ppoll(&polled, 1, writes ? NULL : &at_once, &view->mask) < 0) {
			for (size_t i = 0; i < ENDING; i++)
				view->is_over |= arrived[i];    /* the operator does not want it */
		} else if (!polled.revents || !most) {
			pump++;
		} else if (writes) {
			empty_pump(view, pump);
		} else {
			fill_pump(view, pump);
			most -= pump->length < most ? pump->length : most;
		}
	}
	restore_terminal(view);
}

static void note_begin(struct run_view *view, const json_t *line)
{
	struct termios modes;

	view->passes_keys = json_reply_flag(line, "terminal");
	if (json_reply_flag(line, "waits_for_client"))
		fprintf(stderr, "superctl: %s starts with its next client; Ctrl-C ends the wait\n",
			view->options->names[0]);
	if (view->passes_keys) {
		set_raw(view);
	} else if (view->terminal >= 0 && tcgetattr(view->terminal, &modes) == 0) {
		modes.c_lflag &= ~(tcflag_t)ECHO;       /* superctl's own terminal does that */
		(void)tcsetattr(view->terminal, TCSANOW, &modes);
	}
}

static void note_end(struct run_view *view, const json_t *line)
{
	if (json_reply_has_number(line, "exit"))
		view->status = json_reply_count(line, "exit");
	if (!*json_reply_text(line, "signal"))
		return;
	view->status = OF_SIGNAL + json_reply_count(line, "number");
	fprintf(stderr, "superctl: %s was ended by SIG%s\n", view->options->names[0], json_reply_text(line, "signal"));
}

/* It does not run. */
static void note_refusal(struct run_view *view, const json_t *line)
{
	struct buf out = { 0 };

	order_add(&out, line, false);
	if (!view->options->json)
		fprintf(stderr, "%s\n", buf_string(&out));
	buf_free(&out);
}

static void handle_line(struct run_view *view, const char *text, size_t length)
{
	json_t *line = json_reply_parse(text, length);
	bool last = false, begins = line && *json_reply_text(line, "service") && !*json_reply_text(line, "result");

	if (!begins && !(line && json_reply_has_number(line, "pid")))
		finish_output(view);
	if (view->options->json && line) {
		printf("%s\n", text);
		(void)fflush(stdout);           /* main reports a failure */
	}
	if (conversation_check_line(&view->conversation, line, &last) != CTL_DONE || last)
		view->is_over = true;
	if (begins) {
		note_begin(view, line);
	} else if (line && *json_reply_text(line, "result")) {
		note_refusal(view, line);
	} else if (line && json_reply_has_number(line, "pid")) {
		view->is_started = true;
		if (view->passes_keys)
			set_raw(view);
	} else if (line) {
		note_end(view, line);
	}
	json_decref(line);
}

static void read_lines(struct run_view *view)
{
	enum transport_result result = transport_fill(&view->conversation.transport);
	char *text;
	size_t length;

	while (!view->is_over && transport_take_line(&view->conversation.transport, &text, &length) == TRANSPORT_LINE)
		handle_line(view, text, length);
	if (result == TRANSPORT_NONE || view->is_over)
		return;
	/* Without superd nobody tells how the program ends; superctl stays as long as it has something to copy. */
	view->is_lost = true;
	fprintf(stderr, "superctl: superd closed the connection: it has ended, or was upgraded. After an upgrade %s "
		"runs on%s: superctl status %s%s\n", view->options->names[0], copies_output(view) ? " here" : "",
		view->options->names[0], view->is_raw ? "\r" : "");
}

static void serve_once(struct run_view *view)
{
	struct pollfd polled[1 + 3] = { { view->is_lost ? -1 : view->conversation.transport.fd, POLLIN, 0 } };

	for (int n = 0; n < 3; n++) {
		const struct pump *pump = &view->pumps[n];
		bool reads = !pump->length && (n != STDIN_FILENO || view->is_started);

		polled[1 + n].fd = pump->length ? pump->to : reads ? pump->from : -1;
		polled[1 + n].events = pump->length ? POLLOUT : POLLIN;
	}
	if (ppoll(polled, 1 + 3, NULL, &view->mask) < 0)
		memset(polled, 0, sizeof(polled));
	handle_signals(view);
	for (int n = 0; n < 3 && !view->is_over; n++) {
		if (polled[1 + n].revents)
			(view->pumps[n].length ? empty_pump : fill_pump)(view, &view->pumps[n]);
	}
	if (!view->is_over && polled[0].revents)
		read_lines(view);
	view->is_over |= view->is_lost && !copies_output(view);
}

enum ctl_status view_run(const struct superctl_options *options)
{
	struct run_view view = {
		.options = options, .status = NOT_RUN, .terminal = -1,
		.conversation = { .until = TRANSPORT_FOREVER, .timeout = CONVERSATION_TIMEOUT },
	};
	if (conversation_open(&view.conversation, options) != CTL_DONE)
		return (enum ctl_status)NOT_RUN;
	if (send_request(&view)) {
		catch_signals(&view);
		while (!view.is_over)
			serve_once(&view);
	}
	restore_terminal(&view);
	conversation_close(&view.conversation);
	return (enum ctl_status)view.status;
}
