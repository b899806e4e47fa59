/* Runs a service in the foreground: passes the client's lines to its console, and its output to the client.
 *
 * Nothing is stored here. While the client does not read, superd takes no output, and the console's process none from
 * the program. The client may send as many bytes of input as it was given room for, and gets room back as the program
 * reads. So its other lines, such as a signal, always arrive. */
#include "superd/control/verbs.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/base64.h"
#include "lib/json.h"
#include "lib/scan.h"
#include "superd/control/run_message.h"
#include "superd/control/selection.h"
#include "superd/control/server.h"
#include "superd/service/service_foreground.h"

#define MESSAGES_MOST 16                /* from the console, in one turn of the loop */
#define FINISH_SECONDS 3.               /* for the console's process to pass on what is left, if the client reads */

struct run_request {
	struct session *session;
	struct service_foreground order;
	struct watch news;              /* of the foreground, without a descriptor */
	struct watch channel;           /* of the console */
	struct alarm finish;            /* the console's process hangs */
	bool told_start, finishes, finished; /* the start was reported; the run is over; so is its output */
};

static struct console *console_of(const struct run_request *run)
{
	return &run->order.foreground->console;
}

static void send_member(struct session *session, const char *name, uint64_t number)
{
	json_object_open(&session->line);
	json_count_field(&session->line, name, number);
	json_object_close(&session->line);
	session_send_line(session);
}

static void send_output(struct session *session, const char *name, const char *bytes, size_t length)
{
	json_object_open(&session->line);
	json_field_name(&session->line, name);
	buf_char(&session->line, '"');
	base64_encode(&session->line, bytes, length);
	buf_char(&session->line, '"');
	json_object_close(&session->line);
	session_send_line(session);
}

static void refuse_run(struct session *session, enum order_result result, const struct buf *why)
{
	order_line_send(session, session->request.names[0], NULL, result, why);
	session_fail(session, CODE_FAILED, "", "1 of 1 service failed");
}

/* Reports how the program has ended, as the last but one line, or why it did not run. */
static void send_end(struct run_request *run)
{
	struct session *session = run->session;
	const struct foreground *foreground = run->order.foreground;
	int status = foreground->status;
	char name[32];

	if (foreground->stage == FOREGROUND_FAILED) {
		refuse_run(session, run->order.result ? run->order.result : ORDER_FAILED, &foreground->why);
		return;
	}
	json_object_open(&session->line);
	if (WIFSIGNALED(status)) {
		json_text_field(&session->line, "signal", scan_signal_name(WTERMSIG(status), name));
		json_count_field(&session->line, "number", (uint64_t)WTERMSIG(status));
	} else {
		json_count_field(&session->line, "exit", (uint64_t)WEXITSTATUS(status));
	}
	json_object_close(&session->line);
	session_send_line(session);
	session_done(session);
}

static void update_channel(struct run_request *run)
{
	struct console *console = console_of(run);
	bool writes = console_flush(console);

	watch_set(&run->channel, console->process.channel,
		  !run->finished && line_io_has_room(&run->session->io), writes && !run->finished);
}

/* Passes on one message. false: there is none. */
static bool pass_message(struct run_request *run)
{
	char bytes[CONSOLE_CHUNK];
	size_t length;

	switch (console_read(console_of(run), bytes, &length)) {
	case CONSOLE_NOTHING:
		return false;
	case CONSOLE_OUTPUT:
		send_output(run->session, "output", bytes, length);
		return true;
	case CONSOLE_ERRORS:
		send_output(run->session, "errors", bytes, length);
		return true;
	case CONSOLE_TAKEN:
		send_member(run->session, "room", length);
		return true;
	case CONSOLE_FINISHED:
		break;
	}
	run->finished = true;
	return false;
}

/* Returns whether the answer has ended, and the request with it. */
static bool pass_messages(struct run_request *run)
{
	struct session *session = run->session;

	for (int n = 0; n < MESSAGES_MOST && !run->finished && line_io_has_room(&session->io); n++) {
		if (!pass_message(run))
			break;
	}
	if (run->finishes && run->finished) {
		send_end(run);
		return true;
	}
	line_io_want_room(&session->io, !line_io_has_room(&session->io));
	update_channel(run);
	return false;
}

static void on_channel(struct watch *watch, bool readable, bool writable)
{
	(void)readable, (void)writable;
	pass_messages(container_of(watch, struct run_request, channel));
}

static void on_run_room(struct session *session)
{
	pass_messages(session->state);
}

static void tell_start(struct run_request *run)
{
	struct session *session = run->session;
	const struct foreground *foreground = run->order.foreground;

	if (run->told_start || !foreground->pid)
		return;
	run->told_start = true;
	send_member(session, "pid", (uint64_t)foreground->pid);
}

static void on_news(struct watch *watch, bool readable, bool writable)
{
	struct run_request *run = container_of(watch, struct run_request, news);
	struct foreground *foreground = run->order.foreground;

	(void)readable, (void)writable;
	tell_start(run);
	if (foreground->runtime || run->finishes)
		return;
	run->finishes = true;
	console_finish(&foreground->console);
	alarm_set(&run->finish, FINISH_SECONDS);
	pass_messages(run);
}

/* Does not wait for output that the client could have, but which does not come. */
static void on_finish(struct alarm *alarm)
{
	struct run_request *run = container_of(alarm, struct run_request, finish);

	run->finished = line_io_has_room(&run->session->io);
	alarm_set(alarm, FINISH_SECONDS);
	pass_messages(run);
}

static void on_run_change(struct session *session)
{
	struct run_request *run = session->state;

	service_foreground_look(&run->order);
}

void verb_run_hear(struct session *session, const char *line)
{
	struct run_request *run = session->state;
	struct console *console = console_of(run);
	struct run_message message = { 0 };
	const char *refusal = run_message_read(&message, line);

	if (refusal) {
		session_fail(session, CODE_USAGE, "", "%s", refusal);
		buf_free(&message.input);
		return;
	}
	switch (message.kind) {
	case RUN_INPUT:
		if (!console_add_input(console, message.input.data, message.input.length))
			session_fail(session, CODE_USAGE, "", "this input is more than there is room for");
		break;
	case RUN_END:
		console_end_input(console);
		break;
	case RUN_SIZE:
		console_resize(console, &message.size);
		break;
	case RUN_SIGNAL:
		if (run->order.foreground->runtime && !service_foreground_signal(&run->order, message.signal))
			refuse_run(session, ORDER_INTERRUPTED, &(struct buf){ 0 });
		break;
	}
	buf_free(&message.input);
	if (session->state)             /* else the request has ended */
		update_channel(run);
}

static void on_run_free(struct session *session)
{
	struct run_request *run = session->state;

	session_unwatch_changes(session);
	watch_stop(&run->channel);
	alarm_stop(&run->finish);
	service_foreground_leave(&run->order);
	watch_stop(&run->news);         /* woken until here */
	free(run);
}

static const struct request_ops run_ops = {
	.room = on_run_room, .change = on_run_change, .free = on_run_free,
};

static void send_begin(struct run_request *run, bool waits_for_client)
{
	struct session *session = run->session;

	json_object_open(&session->line);
	json_text_field(&session->line, "service", session->request.names[0]);
	json_flag_field(&session->line, "terminal", console_of(run)->is_terminal);
	json_flag_field(&session->line, "waits_for_client", waits_for_client);
	json_count_field(&session->line, "room", CONSOLE_WINDOW);
	json_object_close(&session->line);
	session_send_line(session);
}

void verb_run_begin(struct session *session)
{
	struct engine *engine = &session->supervisor->engine;
	const struct request *request = &session->request;
	const struct service_match match = selection_find(session->supervisor, request->names[0]);
	struct run_request *run = match.runtime ? calloc(1, sizeof(*run)) : NULL;
	const struct foreground_order order = {
		.size = request->options & ASKS_TERMINAL ? &request->terminal : NULL,
		.arguments = request->names + 1, .argument_count = request->name_count - 1,
		.news = run ? &run->news : NULL,
	};
	enum order_result result;
	struct buf why = { 0 };

	if (!run) {
		if (match.row)
			refuse_run(session, match.runtime ? ORDER_NO_MEMORY : order_line_refusal(&match), &why);
		else
			selection_refuse(session, request->names[0]);
		return;
	}
	run->session = session;
	watch_init(&run->news, engine, on_news);
	watch_init(&run->channel, engine, on_channel);
	alarm_init(&run->finish, engine, on_finish);
	log_event(engine->log, LEVEL_NOTICE, &(struct event){ .name = "told", .service = request->names[0] },
		  "uid %lu requested: run%s", (unsigned long)session->uid,
		  request->options & ASKS_STOP ? " --stop" : "");
	run->order.uid = session->uid;
	run->order.stops = request->options & ASKS_STOP;
	result = service_foreground_begin(&run->order, match.runtime, &order, &why);
	if (result) {
		watch_stop(&run->news);
		free(run);
		refuse_run(session, result, &why);
		buf_free(&why);
		return;
	}
	buf_free(&why);
	session_watch_changes(session);
	session_begin(session, &run_ops, run, false);
	line_io_converse(&session->io);
	send_begin(run, match.runtime->service->exec->accept);
	update_channel(run);
}
