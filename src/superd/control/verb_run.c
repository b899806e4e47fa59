/* Runs a service in the foreground, on the streams that came with the client's request: tells it of the start and of
 * the end, and passes its signals on. */
#include "superd/control/verbs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/glob.h"
#include "lib/json.h"
#include "lib/scan.h"
#include "superd/control/selection.h"
#include "superd/control/server.h"
#include "superd/service/service_foreground.h"

struct run_request {
	struct session *session;
	struct service_foreground order;
	struct watch news;              /* of the foreground, without a descriptor */
	bool told_start;
};

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

static void on_news(struct watch *watch, bool readable, bool writable)
{
	struct run_request *run = container_of(watch, struct run_request, news);
	const struct foreground *foreground = run->order.foreground;
	struct session *session = run->session;

	(void)readable, (void)writable;
	if (foreground->pid && !run->told_start) {
		run->told_start = true;
		json_object_open(&session->line);
		json_count_field(&session->line, "pid", (uint64_t)foreground->pid);
		json_object_close(&session->line);
		session_send_line(session);
	}
	if (!foreground->runtime)
		send_end(run);
}

static void on_run_change(struct session *session)
{
	struct run_request *run = session->state;

	service_foreground_look(&run->order);
}

void verb_run_hear(struct session *session, const char *line)
{
	struct run_request *run = session->state;
	int signal;
	const char *refusal = strncmp(line, "signal ", 7) ? "expected signal and a name"
							  : scan_signal(line + 7, &signal);

	if (!refusal && signal <= 0)
		refusal = "expected the name of a signal";
	if (refusal)
		session_fail(session, CODE_USAGE, "", "%s", refusal);
	else if (run->order.foreground->runtime && !service_foreground_signal(&run->order, signal))
		refuse_run(session, ORDER_INTERRUPTED, &(struct buf){ 0 });
}

static void on_run_free(struct session *session)
{
	struct run_request *run = session->state;

	session_unwatch_changes(session);
	service_foreground_leave(&run->order);
	watch_stop(&run->news);         /* woken until here */
	free(run);
}

static const struct request_ops run_ops = { .change = on_run_change, .free = on_run_free };

void verb_run_begin(struct session *session)
{
	struct engine *engine = &session->supervisor->engine;
	const struct request *request = &session->request;
	const struct service_match match = selection_find(session->supervisor, request->names[0]);
	struct run_request *run = match.runtime ? calloc(1, sizeof(*run)) : NULL;
	const struct foreground_order order = {
		.streams = session->io.fds, .is_terminal = request->options & ASKS_TERMINAL,
		.arguments = request->names + 1, .argument_count = request->name_count - 1,
		.news = run ? &run->news : NULL,
	};
	enum order_result result;
	struct buf why = { 0 };

	if (!run) {
		if (match.row)
			refuse_run(session, match.runtime ? ORDER_NO_MEMORY : order_line_refusal(&match), &why);
		else if (glob_is_pattern(request->names[0]))
			session_fail(session, CODE_UNKNOWN, "", "'%.100s': run takes one name, no pattern",
				     request->names[0]);
		else
			selection_refuse(session, request->names[0]);
		return;
	}
	run->session = session;
	watch_init(&run->news, engine, on_news);
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
	json_object_open(&session->line);
	json_text_field(&session->line, "service", request->names[0]);
	json_flag_field(&session->line, "terminal", run->order.foreground->console.is_terminal);
	json_flag_field(&session->line, "waits_for_client", match.runtime->service->exec->accept);
	json_object_close(&session->line);
	session_send_line(session);
}
