/* superctl's verbs that do something: start, stop, hold and their kin, upgrade, shutdown.
 *
 * The hard thing is how long to wait: superd answers when what was asked has come about, which may be never, so only
 * --timeout and the one who waits know when to give up; superd keeps the time, and superctl only what it has beyond. */
#include <signal.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "cli/superctl/superctl_answer.h"
#include "cli/superctl/superctl_talk.h"
#include "cli/superctl/superctl_views.h"

#define BEYOND 10000 /* milliseconds after superd should have said that the time is over */

struct acting {
	const struct order *order;
	size_t failed;
};

static void add_result(struct buf *out, const json_t *line)
{
	bool has_message = *answer_text(line, "message");

	answer_show_text(out, line, "service");
	buf_text(out, ": ");
	answer_show_text(out, line, has_message ? "message" : "state");
	buf_char(out, '\n');
}

/* What is under way takes its time. */
static void show_waiting(const json_t *line)
{
	struct buf out = { 0 };

	answer_show_text(&out, line, "service");
	buf_text(&out, ": waiting: ");
	answer_show_text(&out, line, "waiting");
	fprintf(stderr, "%s\n", buf_string(&out));
	buf_free(&out);
}

static bool show_result(void *context, const json_t *line, const char *text)
{
	struct acting *acting = context;
	bool ok = answer_flag(line, "ok"), printed = true;
	struct buf out = { 0 };

	(void)text;
	if (*answer_text(line, "waiting")) {
		show_waiting(line);
		return true;
	}
	acting->failed += !ok;
	if (!acting->order->json && *answer_text(line, "service")) {
		add_result(&out, line);
		if (ok)
			printed = talk_print(&out);
		else
			fputs(buf_string(&out), stderr);
	}
	buf_free(&out);
	return printed;
}

static int64_t patience_of(const struct order *order)
{
	return order->timeout < 0 ? CABLE_FOREVER : order->timeout / 1000 + BEYOND;
}

enum ctl_status view_act(const struct order *order)
{
	struct talk talk = { .until = CABLE_FOREVER, .patience = TALK_PATIENCE };
	struct acting acting = { .order = order };
	struct buf request = { 0 }, verb = { 0 };
	enum ctl_status status = talk_open(&talk, order);

	if (status != CTL_DONE)
		return status;
	buf_text(&verb, order->verb->name);
	if (answer_flag(talk.greeting, "progress") && order->name_count && !order->json)
		buf_text(&verb, " --progress");
	talk_request(&request, order, buf_string(&verb));
	status = talk_send(&talk, &request);
	talk.patience = patience_of(order);
	if (status == CTL_DONE)
		status = talk_hear(&talk, show_result, &acting);
	buf_free(&request);
	buf_free(&verb);
	talk_close(&talk);
	return status == CTL_DONE && acting.failed ? CTL_FAILED : status;
}

/* One line of the answer to "shutdown". */
static enum ctl_status hear_line(struct talk *talk, const char *text, size_t length, bool *last)
{
	json_t *line = answer_parse(text, length);
	enum ctl_status status;

	if (talk->order->json && line) {
		puts(text);
		fflush(stdout);
	}
	status = talk_judge(talk, line, last);
	json_decref(line);
	return status;
}

/* A superd that has ended has done what it was asked for: the end of the connection is the answer. */
static enum ctl_status hear_end(struct talk *talk)
{
	int64_t until = talk->order->timeout < 0 ? CABLE_FOREVER : cable_now() + talk->order->timeout / 1000;
	enum ctl_status status = CTL_DONE;
	bool last = false;
	size_t length;
	char *text;

	while (status == CTL_DONE) {
		enum cable_result result = cable_wait_line(&talk->cable, until, &text, &length);

		if (result == CABLE_LINE)
			status = hear_line(talk, text, length, &last);
		if (last && talk->order->no_wait)
			break;
		if (result == CABLE_LATE) {
			fprintf(stderr, "superctl: superd has not ended in time; it goes on ending\n");
			status = CTL_FAILED;
		} else if (result != CABLE_LINE) {
			break;
		}
	}
	return status;
}

static volatile sig_atomic_t who_ends;

static void on_term(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_code == SI_USER && info->si_pid == who_ends)
		_exit(CTL_DONE);
	raise(signal);
}

/* At its end superd has all below it end, and as process 1 all of its container: where that is superctl, too, it will
 * see no more of it. */
static void take_term_for_the_end(const struct talk *talk)
{
	struct sigaction action = { .sa_sigaction = on_term, .sa_flags = SA_SIGINFO | SA_RESETHAND };

	who_ends = (sig_atomic_t)answer_number(talk->greeting, "pid");
	sigaction(SIGTERM, &action, NULL);
}

enum ctl_status view_shutdown(const struct order *order)
{
	struct talk talk = { .until = CABLE_FOREVER, .patience = TALK_PATIENCE };
	struct buf request = { 0 };
	enum ctl_status status = talk_open(&talk, order);

	if (status != CTL_DONE)
		return status;
	talk_request(&request, order, "shutdown");
	take_term_for_the_end(&talk);
	status = talk_send(&talk, &request);
	if (status == CTL_DONE)
		status = hear_end(&talk);
	buf_free(&request);
	talk_close(&talk);
	return status;
}

static bool show_upgrade(void *context, const json_t *line, const char *text)
{
	struct acting *acting = context;
	struct buf out = { 0 };
	bool ok = true;

	(void)text;
	acting->failed += json_is_false(json_object_get(line, "ok"));
	if (!acting->order->json && *answer_text(line, "message")) {
		buf_text(&out, "superd: ");
		answer_show_text(&out, line, "message");
		buf_char(&out, '\n');
		ok = talk_print(&out);
	}
	buf_free(&out);
	return ok;
}

/* The next superd answers at this very connection, unless it does not know how: then it is asked who it is. */
static enum ctl_status look_who_runs(struct talk *talk, double pid)
{
	const struct order *order = talk->order;
	struct buf line = { 0 };
	bool printed;

	talk_close(talk);
	talk->quiet = false;
	if (talk_open(talk, order) != CTL_DONE)
		return CTL_FAILED;
	if (answer_number(talk->greeting, "pid") != pid) {
		fprintf(stderr, "superctl: superd has ended, and another one, pid %.0f, is at %s\n",
			answer_number(talk->greeting, "pid"), order->control);
		return CTL_FAILED;
	}
	if (order->json) {
		buf_text(&line, "{\"ok\":true,\"message\":\"it has taken over\"}\n{\"done\":true}\n");
	} else {
		buf_text(&line, "superd: ");
		answer_show_text(&line, talk->greeting, "superd");
		buf_text(&line, " has taken over\n");
	}
	printed = talk_print(&line);
	buf_free(&line);
	return printed ? CTL_DONE : CTL_FAILED;
}

static enum ctl_status hear_upgrade(struct talk *talk, struct acting *acting)
{
	double pid = answer_number(talk->greeting, "pid");
	enum ctl_status status;

	talk->quiet = true;
	status = talk_hear(talk, show_upgrade, acting);
	if (talk->gone && !talk->order->check)
		status = look_who_runs(talk, pid);
	else if (status != CTL_DONE && talk->why.length)
		fprintf(stderr, "superctl: %s\n", buf_string(&talk->why));
	buf_free(&talk->why);
	return status;
}

enum ctl_status view_upgrade(const struct order *order)
{
	struct talk talk = { .until = CABLE_FOREVER, .patience = TALK_PATIENCE };
	struct acting acting = { .order = order };
	struct buf request = { 0 };
	enum ctl_status status = talk_open(&talk, order);

	if (status != CTL_DONE)
		return status;
	talk_request(&request, order, order->check ? "upgrade --check" : "upgrade");
	status = talk_send(&talk, &request);
	talk.patience = patience_of(order);
	if (status == CTL_DONE)
		status = hear_upgrade(&talk, &acting);
	buf_free(&request);
	talk_close(&talk);
	return status == CTL_DONE && acting.failed ? CTL_FAILED : status;
}
