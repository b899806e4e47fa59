/* A conversation with superd.
 *
 * The hard thing is to say what went wrong so that somebody knows what to do: no socket, nobody behind it, no right to
 * it, something else than a superd, one that doesn't answer, and one that answers with an error are six things. */
#include "cli/superctl/superctl_talk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/words.h"
#include "cli/superctl/superctl_answer.h"

#define CONNECT_LIMIT 5000
#define REQUEST_MOST 8192 /* the newline included: superd's bound */
#define PROTOCOL 1

static enum ctl_status fail(struct talk *talk, enum ctl_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static enum ctl_status fail(struct talk *talk, enum ctl_status status, const char *format, ...)
{
	struct buf text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buf_vaddf(&text, format, arguments);
	va_end(arguments);
	buf_clear(&talk->why);
	buf_visible(&talk->why, buf_string(&text), text.length);
	buf_free(&text);
	if (!talk->quiet)
		fprintf(stderr, "superctl: %s\n", talk->why.failed ? "out of memory" : buf_string(&talk->why));
	return status;
}

bool talk_print(struct buf *out)
{
	bool ok = !out->failed;

	if (!ok)
		fprintf(stderr, "superctl: out of memory\n");
	else if (fwrite(buf_string(out), 1, out->length, stdout) != out->length || fflush(stdout) != 0) {
		fprintf(stderr, "superctl: cannot write the answer: %s\n", strerror(errno));
		ok = false;
	}
	buf_clear(out);
	return ok;
}

/* What would help, by the reason. */
static const char *advice_for(int error, const char *path)
{
	struct stat node;

	switch (error) {
	case ENOENT:
		return ": is it running, and with --control?";
	case ECONNREFUSED:
		if (stat(path, &node) == 0 && !S_ISSOCK(node.st_mode))
			return ": it is no socket";
		return ": nobody listens there any more; superd has ended, or was started with another --control";
	case EACCES:
	case EPERM:
		return ": root and superd's own user may; --control-group lets a group read";
	case ETIMEDOUT:
		return ": it is there, but does not answer";
	default:
		return "";
	}
}

/* The time before which the next line has to come. */
static int64_t next_until(const struct talk *talk)
{
	int64_t until;

	if (talk->patience == CABLE_FOREVER)
		return talk->until;
	until = cable_now() + talk->patience;
	return talk->until != CABLE_FOREVER && talk->until < until ? talk->until : until;
}

static enum ctl_status say_missing(struct talk *talk, enum cable_result result, bool greeted)
{
	const char *path = talk->order->control;

	talk->gone = greeted && (result == CABLE_END || (result == CABLE_FAILED && errno == ECONNRESET));
	switch (result) {
	case CABLE_END:
		return fail(talk, greeted ? CTL_FAILED : CTL_NO_SUPERD,
			    greeted ? "superd at %s closed the connection before the end of its answer: it has ended, "
				      "or was upgraded"
				    : "superd at %s closed the connection without a word",
			    path);
	case CABLE_LATE:
		return fail(talk, greeted ? CTL_FAILED : CTL_NO_SUPERD, "superd at %s does not answer in time", path);
	case CABLE_TOO_LONG:
		return fail(talk, CTL_FAILED, "superd at %s sent a line without an end", path);
	default:
		return fail(talk, greeted ? CTL_FAILED : CTL_NO_SUPERD, "cannot read from superd at %s: %s", path,
			    strerror(errno));
	}
}

/* The error that ends an answer, with its hint. */
static enum ctl_status say_error(struct talk *talk, const json_t *line)
{
	const char *hint = answer_text(line, "hint");
	bool is_usage = answer_is(line, "code", "usage");

	return fail(talk, is_usage ? CTL_USAGE : CTL_FAILED, *hint ? "%s: %s" : "%s", answer_text(line, "error"), hint);
}

enum ctl_status talk_judge(struct talk *talk, const json_t *line, bool *last)
{
	*last = true;
	if (!line)
		return fail(talk, CTL_FAILED, "superd at %s sent what is no JSON object", talk->order->control);
	if (*answer_text(line, "error"))
		return say_error(talk, line);
	*last = answer_flag(line, "done");
	return CTL_DONE;
}

/* A superd that wants to say nothing to this peer says so in the place of its greeting. */
static enum ctl_status greet(struct talk *talk)
{
	enum cable_result result;
	size_t length;
	char *line;
	bool last;

	result = cable_wait_line(&talk->cable, next_until(talk), &line, &length);
	if (result != CABLE_LINE)
		return say_missing(talk, result, false);
	talk->greeting = answer_parse(line, length);
	if (talk->greeting && *answer_text(talk->greeting, "error"))
		return talk_judge(talk, talk->greeting, &last);
	if (!talk->greeting || !*answer_text(talk->greeting, "superd"))
		return fail(talk, CTL_NO_SUPERD, "%s: it is no superd that answers there", talk->order->control);
	if ((int)answer_number(talk->greeting, "protocol") != PROTOCOL)
		return fail(talk, CTL_FAILED,
			    "superd %s at %s speaks another protocol than this superctl %s: use its own",
			    answer_text(talk->greeting, "superd"), talk->order->control, PACKAGE_VERSION);
	return CTL_DONE;
}

/* Any process can take a name in the abstract namespace; a path is as safe as its folder. */
static bool peer_is_trusted(const struct talk *talk, unsigned long *uid)
{
	return talk->order->control[0] != '@' || !cable_peer(&talk->cable, uid) || *uid == 0 || *uid == geteuid();
}

enum ctl_status talk_open(struct talk *talk, const struct order *order)
{
	unsigned long uid = 0;
	int64_t limit = CONNECT_LIMIT;
	enum ctl_status status;

	talk->order = order;
	if (talk->until != CABLE_FOREVER && talk->until - cable_now() < limit)
		limit = talk->until - cable_now();
	if (cable_connect(&talk->cable, order->control, limit > 0 ? limit : 1) < 0) {
		int error = errno;

		status = fail(talk, CTL_NO_SUPERD, "cannot reach superd at %s: %s%s", order->control, strerror(error),
			      advice_for(error, order->control));
	} else if (!peer_is_trusted(talk, &uid)) {
		status = fail(talk, CTL_NO_SUPERD,
			      "user %lu answers at %s, neither root nor this user: any process can take such a name; "
			      "run superd and superctl with --control and a path", uid, order->control);
	} else {
		status = greet(talk);
	}
	if (status != CTL_DONE)
		talk_close(talk);
	return status;
}

void talk_request(struct buf *request, const struct order *order, const char *verb)
{
	buf_text(request, verb);
	if (order->no_wait)
		buf_text(request, " --no-wait");
	if (order->timeout >= 0) {
		buf_addf(request, " --timeout=%lld", (long long)order->timeout / 1000000);
		if (order->timeout % 1000000)
			buf_addf(request, ".%06lld", (long long)order->timeout % 1000000);
	}
	for (size_t i = 0; i < order->name_count; i++) {
		buf_char(request, ' ');
		words_quote(request, order->names[i]);
	}
}

enum ctl_status talk_send(struct talk *talk, const struct buf *request)
{
	struct buf line = { 0 };
	enum ctl_status status = CTL_DONE;

	buf_add(&line, buf_string(request), request->length);
	buf_char(&line, '\n');
	if (line.failed || request->failed)
		status = fail(talk, CTL_FAILED, "out of memory");
	else if (line.length > REQUEST_MOST)
		status = fail(talk, CTL_USAGE,
			      "these are too many names for one request, which is %d bytes at most; "
			      "a pattern such as 'web-*' names many",
			      REQUEST_MOST);
	else if (cable_send(&talk->cable, line.data, line.length) < 0)
		status = fail(talk, CTL_FAILED, "cannot ask superd at %s: %s", talk->order->control, strerror(errno));
	buf_free(&line);
	return status;
}

/* What a terminal would obey is shown; programs get the bytes. */
static bool print_line(const char *line, size_t length)
{
	struct buf out = { 0 };
	bool ok;

	if (isatty(STDOUT_FILENO))
		buf_visible(&out, line, length);
	else
		buf_add(&out, line, length);
	buf_char(&out, '\n');
	ok = talk_print(&out);
	buf_free(&out);
	return ok;
}

/* One line of the answer; *enough: it was the last, or the last that is wanted. */
static enum ctl_status hear_line(struct talk *talk, const char *text, size_t length, talk_line *on_line, void *context,
				 bool *enough)
{
	json_t *line = answer_parse(text, length);
	enum ctl_status status;

	if (talk->order->json && line && !print_line(text, length)) {
		json_decref(line);
		*enough = true;
		return CTL_FAILED;
	}
	status = talk_judge(talk, line, enough);
	talk->heard++;
	if (status == CTL_DONE && !*enough) {
		if (on_line && !on_line(context, line, text))
			status = CTL_FAILED;
		if (talk->lines_left && !--talk->lines_left)
			*enough = true;
	}
	json_decref(line);
	return status;
}

enum ctl_status talk_hear(struct talk *talk, talk_line *on_line, void *context)
{
	enum ctl_status status = CTL_DONE;
	bool enough = false;

	while (status == CTL_DONE && !enough) {
		char *line;
		size_t length;
		enum cable_result result = cable_wait_line(&talk->cable, next_until(talk), &line, &length);

		if (result != CABLE_LINE)
			return say_missing(talk, result, true);
		status = hear_line(talk, line, length, on_line, context, &enough);
	}
	return status;
}

void talk_close(struct talk *talk)
{
	cable_close(&talk->cable);
	json_decref(talk->greeting);
	talk->greeting = NULL;
	if (!talk->quiet)
		buf_free(&talk->why);
}

enum ctl_status talk_ask(const struct order *order, const char *verb, int64_t patience, talk_line *on_line,
			 void *context)
{
	struct talk talk = { .until = CABLE_FOREVER, .patience = TALK_PATIENCE };
	struct buf request = { 0 };
	enum ctl_status status = talk_open(&talk, order);

	if (status != CTL_DONE)
		return status;
	talk_request(&request, order, verb);
	status = talk_send(&talk, &request);
	talk.patience = patience;
	if (status == CTL_DONE)
		status = talk_hear(&talk, on_line, context);
	buf_free(&request);
	talk_close(&talk);
	return status;
}
