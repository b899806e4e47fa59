/* A conversation with superd: connect, greeting, request, lines of the answer.
 *
 * There is a message of its own for each failure that needs another remedy: no socket, no listener, no permission,
 * another program, no answer in time, an error as the answer. */
#include "superctl/conversation.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/shell_words.h"
#include "lib/units.h"
#include "superctl/json_reply.h"

#define CONNECT_LIMIT 5000 /* milliseconds */
#define ANSWER_GRACE 10000 /* milliseconds after the end of --timeout, for superd's own answer */
#define REQUEST_MOST 8192 /* bytes, with the newline; superd's limit */
#define PROTOCOL 2        /* version of the protocol, in the greeting; an older superd is understood, too */

static enum ctl_status set_failure(struct conversation *conversation, enum ctl_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Keeps the message in conversation->why, and prints it unless the conversation is quiet. Returns the status. */
static enum ctl_status set_failure(struct conversation *conversation, enum ctl_status status, const char *format, ...)
{
	struct buf text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buf_vaddf(&text, format, arguments);
	va_end(arguments);
	buf_clear(&conversation->why);
	buf_visible(&conversation->why, buf_string(&text), text.length);
	buf_free(&text);
	if (!conversation->quiet)
		fprintf(stderr, "superctl: %s\n",
			conversation->why.failed ? "out of memory" : buf_string(&conversation->why));
	return status;
}

bool conversation_print(struct buf *out)
{
	bool ok = fwrite(buf_string(out), 1, out->length, stdout) == out->length && fflush(stdout) == 0;

	if (!ok)
		fprintf(stderr, "superctl: cannot write the answer: %s\n", strerror(errno));
	buf_clear(out);
	return ok;
}

/* The remedy to print behind the error of a failed connect(2). By "superd does not run" and "nothing listens there"
 * contrib/pacemaker and contrib/dysnomia know that there is no superd. */
static const char *connect_hint(int error, const char *path)
{
	struct stat node;

	switch (error) {
	case ENOENT:
		return ": superd does not run, or was started with another --control";
	case ECONNREFUSED:
		if (stat(path, &node) == 0 && !S_ISSOCK(node.st_mode))
			return ": it is no socket";
		return ": nothing listens there; superd has ended, or was started with another --control";
	case EACCES:
	case EPERM:
		return ": root and superd's own user may; --control-group lets a group read";
	case ETIMEDOUT:
		return ": it accepts connections, but does not answer";
	default:
		return "";
	}
}

/* The deadline of the next line, of clock_ms; or TRANSPORT_FOREVER. */
static int64_t line_deadline(const struct conversation *conversation)
{
	int64_t until;

	if (conversation->timeout == TRANSPORT_FOREVER)
		return conversation->until;
	until = clock_ms() + conversation->timeout;
	return conversation->until != TRANSPORT_FOREVER && conversation->until < until ? conversation->until : until;
}

static enum ctl_status fail_read(struct conversation *conversation, enum transport_result result, bool greeted)
{
	const char *path = conversation->options->control;

	conversation->connection_lost =
		greeted && (result == TRANSPORT_END || (result == TRANSPORT_FAILED && errno == ECONNRESET));
	switch (result) {
	case TRANSPORT_END:
		return set_failure(
			conversation, greeted ? CTL_FAILED : CTL_NO_SUPERD,
			greeted ? "superd at %s closed the connection before the end of its answer: it has ended, "
				  "or was upgraded"
				: "superd at %s closed the connection without a word",
			path);
	case TRANSPORT_LATE:
		return set_failure(conversation, greeted ? CTL_FAILED : CTL_NO_SUPERD,
				   "superd at %s does not answer in time", path);
	case TRANSPORT_TOO_LONG:
		return set_failure(conversation, CTL_FAILED, "superd at %s sent a line without an end", path);
	default:
		return set_failure(conversation, greeted ? CTL_FAILED : CTL_NO_SUPERD,
				   "cannot read from superd at %s: %s", path, strerror(errno));
	}
}

/* The error that ends an answer, with its hint. */
static enum ctl_status fail_reply(struct conversation *conversation, const json_t *line)
{
	const char *hint = json_reply_text(line, "hint");
	bool is_usage = json_reply_is(line, "code", "usage");

	return set_failure(conversation, is_usage ? CTL_USAGE : CTL_FAILED, *hint ? "%s: %s" : "%s",
			   json_reply_text(line, "error"), hint);
}

enum ctl_status conversation_check_line(struct conversation *conversation, const json_t *line, bool *last)
{
	*last = true;
	if (!line)
		return set_failure(conversation, CTL_FAILED, "superd at %s sent a line that is not a JSON object",
				   conversation->options->control);
	if (*json_reply_text(line, "error"))
		return fail_reply(conversation, line);
	*last = json_reply_flag(line, "done");
	return CTL_DONE;
}

/* Shows that this client has read superd's first line. */
static enum ctl_status send_hello(struct conversation *conversation, const char *word)
{
	struct buf line = { 0 };
	enum ctl_status status = CTL_DONE;

	if (!*word)
		return CTL_DONE;
	buf_addf(&line, "hello %s\n", word);
	if (line.failed)
		status = set_failure(conversation, CTL_FAILED, "out of memory");
	else if (transport_send(&conversation->transport, line.data, line.length) < 0)
		status = set_failure(conversation, CTL_FAILED, "cannot greet superd at %s: %s",
				     conversation->options->control, strerror(errno));
	buf_free(&line);
	return status;
}

/* Reads the greeting. A superd that refuses this peer sends an error instead. */
static enum ctl_status read_greeting(struct conversation *conversation)
{
	enum transport_result result;
	size_t length;
	double protocol;
	char *line;
	bool last;

	result = transport_wait_line(&conversation->transport, line_deadline(conversation), &line, &length);
	if (result != TRANSPORT_LINE)
		return fail_read(conversation, result, false);
	conversation->greeting = json_reply_parse(line, length);
	if (conversation->greeting && *json_reply_text(conversation->greeting, "error"))
		return conversation_check_line(conversation, conversation->greeting, &last);
	if (!conversation->greeting || !*json_reply_text(conversation->greeting, "superd"))
		return set_failure(conversation, CTL_NO_SUPERD, "%s: it is no superd that answers there",
				   conversation->options->control);
	protocol = json_reply_number(conversation->greeting, "protocol");
	if (protocol < 1 || protocol > PROTOCOL)
		return set_failure(conversation, CTL_FAILED,
				   "superd %s at %s speaks another protocol than this superctl %s: use its own",
				   json_reply_text(conversation->greeting, "superd"), conversation->options->control,
				   PACKAGE_VERSION);
	return send_hello(conversation, json_reply_text(conversation->greeting, "hello"));
}

/* Any process can take a name in the abstract namespace; a path is as safe as its folder. */
static bool peer_is_trusted(const struct conversation *conversation, unsigned long *uid)
{
	return conversation->options->control[0] != '@' || !transport_peer(&conversation->transport, uid) ||
		*uid == 0 || *uid == geteuid();
}

enum ctl_status conversation_open(struct conversation *conversation, const struct superctl_options *options)
{
	unsigned long uid = 0;
	int64_t limit = CONNECT_LIMIT;
	enum ctl_status status;

	conversation->options = options;
	if (conversation->until != TRANSPORT_FOREVER && conversation->until - clock_ms() < limit)
		limit = conversation->until - clock_ms();
	if (options->control_fd) {
		transport_adopt(&conversation->transport, options->control_fd);
		status = read_greeting(conversation);
	} else if (transport_connect(&conversation->transport, options->control, limit > 0 ? limit : 1) < 0) {
		int error = errno;

		status = set_failure(conversation, CTL_NO_SUPERD, "cannot reach superd at %s: %s%s", options->control,
				     strerror(error), connect_hint(error, options->control));
	} else if (!peer_is_trusted(conversation, &uid)) {
		status = set_failure(
			conversation, CTL_NO_SUPERD,
			"user %lu answers at %s, neither root nor this user: any process can bind such a name; run "
			"superd and superctl with --control and a path",
			uid, options->control);
	} else {
		status = read_greeting(conversation);
	}
	if (status != CTL_DONE)
		conversation_close(conversation);
	return status;
}

int64_t conversation_answer_timeout(const struct superctl_options *options)
{
	return options->timeout < 0 ? TRANSPORT_FOREVER : options->timeout / 1000 + ANSWER_GRACE;
}

void conversation_request(struct buf *request, const struct superctl_options *options, const char *verb)
{
	const struct {
		const char *option;
		bool given;
	} plain[] = {
		{ " --no-wait", options->no_wait }, { " --boot", options->boot }, { " --follow", options->follow },
		{ " --failed", options->failed_only }, { " --allow-empty", options->allow_empty },
	};

	buf_text(request, verb);
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		buf_text(request, plain[i].given ? plain[i].option : "");
	if (options->level)
		buf_addf(request, " --level=%s", options->level);
	if (options->since)
		buf_addf(request, " --since=%.6f", (double)options->since / 1e6);
	if (options->service) {
		buf_text(request, " --service=");
		shell_words_quote(request, options->service);
	}
	if (options->timeout >= 0) {
		buf_addf(request, " --timeout=%lld", (long long)options->timeout / 1000000);
		if (options->timeout % 1000000)
			buf_addf(request, ".%06lld", (long long)options->timeout % 1000000);
	}
	for (size_t i = 0; i < options->name_count; i++) {
		buf_char(request, ' ');
		shell_words_quote(request, options->names[i]);
	}
}

enum ctl_status conversation_send(struct conversation *conversation, const struct buf *request)
{
	struct buf line = { 0 };
	char limit[SIZE_TEXT_MOST];
	enum ctl_status status = CTL_DONE;

	buf_add(&line, buf_string(request), request->length);
	buf_char(&line, '\n');
	if (line.failed || request->failed)
		status = set_failure(conversation, CTL_FAILED, "out of memory");
	else if (line.length > REQUEST_MOST)
		status = set_failure(conversation, CTL_USAGE,
				     "too many names: a request has at most %s; a pattern such as 'web-*' names many "
				     "services",
				     size_write(limit, REQUEST_MOST));
	else if (transport_send(&conversation->transport, line.data, line.length) < 0)
		status = set_failure(conversation, CTL_FAILED, "cannot send the request to superd at %s: %s",
				     conversation->options->control, strerror(errno));
	buf_free(&line);
	return status;
}

/* Escapes a line for a terminal, which would obey control characters; a file or pipe gets it unchanged. */
bool conversation_print_json(const struct conversation *conversation, const json_t *line, const char *text,
			     size_t length)
{
	struct buf out = { 0 };
	bool ok;

	if (!conversation->options->json || !line || json_reply_flag(line, "done"))
		return true;
	if (isatty(STDOUT_FILENO))
		buf_visible(&out, text, length);
	else
		buf_add(&out, text, length);
	buf_char(&out, '\n');
	ok = conversation_print(&out);
	buf_free(&out);
	return ok;
}

/* Handles one line of the answer. *enough: it was the last line, or the last one wanted. */
static enum ctl_status handle_line(struct conversation *conversation, const char *text, size_t length,
				   reply_line *on_line, void *context, bool *enough)
{
	json_t *line = json_reply_parse(text, length);
	struct reply_text shown = { 0 };
	enum ctl_status status;

	if (!conversation_print_json(conversation, line, text, length)) {
		json_decref(line);
		*enough = true;
		return CTL_FAILED;
	}
	status = conversation_check_line(conversation, line, enough);
	conversation->lines_read++;
	if (status == CTL_DONE && !*enough) {
		if (on_line && !on_line(context, line, &shown))
			status = CTL_FAILED;
		if (!conversation->options->json) {
			fputs(buf_string(&shown.err), stderr);
			if (shown.out.length && !conversation_print(&shown.out))
				status = CTL_FAILED;
		}
		buf_free(&shown.out);
		buf_free(&shown.err);
		if (conversation->lines_left && !--conversation->lines_left)
			*enough = true;
	}
	json_decref(line);
	return status;
}

enum ctl_status conversation_read(struct conversation *conversation, reply_line *on_line, void *context)
{
	enum ctl_status status = CTL_DONE;
	bool enough = false;

	while (status == CTL_DONE && !enough) {
		char *line;
		size_t length;
		enum transport_result result =
			transport_wait_line(&conversation->transport, line_deadline(conversation), &line, &length);

		if (result != TRANSPORT_LINE)
			return fail_read(conversation, result, true);
		status = handle_line(conversation, line, length, on_line, context, &enough);
	}
	return status;
}

void conversation_close(struct conversation *conversation)
{
	transport_close(&conversation->transport);
	json_decref(conversation->greeting);
	conversation->greeting = NULL;
	if (!conversation->quiet)
		buf_free(&conversation->why);
}

enum ctl_status conversation_ask(const struct superctl_options *options, const char *verb, int64_t timeout,
				 reply_line *on_line, void *context)
{
	struct conversation conversation = { .until = TRANSPORT_FOREVER, .timeout = CONVERSATION_TIMEOUT };
	struct buf request = { 0 };
	enum ctl_status status = conversation_open(&conversation, options);

	if (status != CTL_DONE)
		return status;
	conversation_request(&request, options, verb);
	status = conversation_send(&conversation, &request);
	conversation.timeout = timeout;
	if (status == CTL_DONE)
		status = conversation_read(&conversation, on_line, context);
	buf_free(&request);
	conversation_close(&conversation);
	return status;
}

enum ctl_status conversation_ask_quietly(struct conversation *conversation, const struct superctl_options *options,
					 const struct buf *request, reply_line *on_line, void *context)
{
	enum ctl_status status;

	conversation->timeout = TRANSPORT_FOREVER;
	conversation->quiet = true;
	status = conversation_open(conversation, options);
	if (status == CTL_DONE)
		status = conversation_send(conversation, request);
	return status == CTL_DONE ? conversation_read(conversation, on_line, context) : status;
}
