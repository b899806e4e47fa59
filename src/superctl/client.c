/* superctl as the client of superd's control socket: connect, greeting, request, lines of JSON as the answer.
 *
 * There is a message of its own for each failure that needs another remedy: no socket, no listener, no permission,
 * another program, no answer in time, an error as the answer. The length of a line and the time of each wait are
 * limited. A superd that is stopped (SIGSTOP) still has its socket, and its accept queue may be full. So connect(2) and
 * send(2) have a time limit, too: SO_SNDTIMEO (socket(7)). */
#include "superctl/superctl.h"

#include <sys/time.h>

/* Milliseconds. */
#define CONNECT_LIMIT 5000
#define GREETING_LIMIT 10000
#define ANSWER_GRACE 2000 /* after the end of --timeout, for superd's own answer */

#define LINE_MOST ((size_t)64 << 20)	/* bytes of a line */
#define READ_AT_ONCE ((size_t)64 << 10) /* bytes of one recv(2) */
#define REQUEST_MOST 8192		/* bytes, with the newline; superd's limit */
#define PROTOCOL 2 /* version of the protocol, in the greeting; an older superd is understood, too */

static enum ctl_status set_failure(struct ctl_client *client, enum ctl_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Keeps the message in client->why, and prints it unless the conversation is quiet. Returns the status. */
static enum ctl_status set_failure(struct ctl_client *client, enum ctl_status status, const char *format, ...)
{
	struct buf text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buf_vaddf(&text, format, arguments);
	va_end(arguments);
	buf_clear(&client->why);
	buf_visible(&client->why, buf_string(&text), text.length);
	buf_free(&text);
	if (!client->quiet)
		fprintf(stderr, "superctl: %s\n", buf_string(&client->why));
	return status;
}

bool client_print(struct buf *out)
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
		return ": only root and superd's own user may";
	case ETIMEDOUT:
		return ": it accepts connections, but does not answer";
	default:
		return "";
	}
}

int client_connect(const char *path, int64_t limit)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval time = { limit / 1000, (suseconds_t)(limit % 1000) * 1000 };
	socklen_t length = sizeof(address);
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@') {
		address.sun_path[0] = '\0';
		length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)) < 0 ||
	     connect(fd, (const struct sockaddr *)&address, length) < 0)) {
		fd_close(&fd);
		errno = errno == EAGAIN ? ETIMEDOUT : errno;
	}
	return fd;
}

/* 0, or -1 and errno. */
static int send_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			errno = errno == EAGAIN ? ETIMEDOUT : errno;
			return -1;
		}
		text += sent;
		length -= (size_t)sent;
	}
	return 0;
}

enum line_result client_take_line(struct ctl_client *client, int64_t until, char **line, size_t *length)
{
	struct buf *input = &client->input;
	struct pollfd ready = { .fd = client->fd, .events = POLLIN };
	UNINITIALIZED char chunk[READ_AT_ONCE];

	for (;;) {
		size_t fresh = input->length - client->scanned;
		char *end = fresh ? memchr(input->data + client->scanned, '\n', fresh) : NULL;
		int64_t left;
		ssize_t got;

		if (end) {
			*end = '\0';
			*line = input->data + client->start;
			*length = (size_t)(end - *line);
			client->start = client->scanned = (size_t)(end - input->data) + 1;
			return LINE_TAKEN;
		}
		if (client->start) {
			input->length -= client->start;
			memmove(input->data, input->data + client->start, input->length);
			client->start = 0;
		}
		client->scanned = input->length;
		if (input->length > LINE_MOST)
			return LINE_TOO_LONG;
		got = recv(client->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
		if (got == 0)
			return LINE_END;
		if (got > 0) {
			buf_add(input, chunk, (size_t)got);
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return LINE_FAILED;
		left = until == CLIENT_FOREVER ? INT_MAX : until - clock_ms();
		if (left <= 0)
			return LINE_LATE;
		(void)poll(&ready, 1, left > INT_MAX ? INT_MAX : (int)left);
	}
}

/* The deadline of a line that may take so many milliseconds, of clock_ms; or CLIENT_FOREVER. */
static int64_t line_deadline(const struct ctl_client *client, int64_t timeout)
{
	int64_t until = timeout == CLIENT_FOREVER ? timeout : clock_ms() + timeout;

	if (until == CLIENT_FOREVER || client->until == CLIENT_FOREVER)
		return until == CLIENT_FOREVER ? client->until : until;
	return client->until < until ? client->until : until;
}

static enum ctl_status fail_read(struct ctl_client *client, enum line_result result, bool greeted)
{
	const char *path = client->options->control;

	if (result == LINE_FAILED && errno == ECONNRESET) /* superd had not read all of the request */
		result = LINE_END;
	client->is_late = result == LINE_LATE;
	client->connection_lost = greeted && result == LINE_END;
	switch (result) {
	case LINE_END:
		return set_failure(
			client, greeted ? CTL_FAILED : CTL_NO_SUPERD,
			greeted ? "superd at %s closed the connection before the end of its answer: it has ended, "
				  "or was upgraded"
				: "superd at %s closed the connection without a word",
			path);
	case LINE_LATE:
		return set_failure(client, greeted ? CTL_FAILED : CTL_NO_SUPERD, "superd at %s does not answer in time",
				   path);
	case LINE_TOO_LONG:
		return set_failure(client, CTL_FAILED, "superd at %s sent a line without an end", path);
	default:
		return set_failure(client, greeted ? CTL_FAILED : CTL_NO_SUPERD, "cannot read from superd at %s: %s",
				   path, strerror(errno));
	}
}

/* Checks one line of an answer; NULL: it was no JSON. Returns CTL_DONE, with *last set if the line ends the answer, or
 * a failure that it has printed. */
static enum ctl_status check_line(struct ctl_client *client, const json_t *line, bool *last)
{
	const char *hint = json_reply_text(line, "hint");

	*last = true;
	if (!line)
		return set_failure(client, CTL_FAILED, "superd at %s sent a line that is not a JSON object",
				   client->options->control);
	if (*json_reply_text(line, "error"))
		return set_failure(client, json_reply_is(line, "code", "usage") ? CTL_USAGE : CTL_FAILED,
				   *hint ? "%s: %s" : "%s", json_reply_text(line, "error"), hint);
	*last = json_reply_flag(line, "done");
	return CTL_DONE;
}

/* superd has not got the request: whoever takes the end of the connection for an answer must not here. */
static enum ctl_status fail_send(struct ctl_client *client)
{
	if (errno != EPIPE && errno != ECONNRESET)
		return set_failure(client, CTL_FAILED, "cannot send the request to superd at %s: %s",
				   client->options->control, strerror(errno));
	(void)fail_read(client, LINE_END, true);
	client->connection_lost = false;
	return CTL_FAILED;
}

/* Reads the greeting. A superd that refuses this peer sends an error instead. */
static enum ctl_status read_greeting(struct ctl_client *client)
{
	enum line_result result;
	enum ctl_status status = CTL_DONE;
	struct buf hello = { 0 };
	size_t length;
	double protocol;
	char *line;
	bool last;

	result = client_take_line(client, line_deadline(client, GREETING_LIMIT), &line, &length);
	if (result != LINE_TAKEN)
		return fail_read(client, result, false);
	client->greeting = json_reply_parse(line, length);
	if (client->greeting && *json_reply_text(client->greeting, "error"))
		return check_line(client, client->greeting, &last);
	if (!client->greeting || !*json_reply_text(client->greeting, "superd"))
		return set_failure(client, CTL_NO_SUPERD, "%s: it is no superd that answers there",
				   client->options->control);
	protocol = json_reply_number(client->greeting, "protocol");
	if (protocol < 1 || protocol > PROTOCOL)
		return set_failure(client, CTL_FAILED,
				   "superd %s at %s speaks another protocol than this superctl %s: use its own",
				   json_reply_text(client->greeting, "superd"), client->options->control,
				   PACKAGE_VERSION);
	if (!*json_reply_text(client->greeting, "hello"))
		return CTL_DONE;
	/* It shows that this client has read superd's first line. */
	buf_addf(&hello, "hello %s\n", json_reply_text(client->greeting, "hello"));
	if (send_all(client->fd, hello.data, hello.length) < 0)
		status = fail_send(client);
	buf_free(&hello);
	return status;
}

bool client_trusts(int fd, uid_t *uid)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t length = sizeof(peer);
	bool is_known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0;

	*uid = peer.uid;
	return is_known && (peer.uid == 0 || peer.uid == geteuid());
}

enum ctl_status client_open(struct ctl_client *client, const struct superctl_options *options)
{
	int64_t limit = CONNECT_LIMIT;
	enum ctl_status status;
	uid_t uid = 0;

	client->options = options;
	if (client->until != CLIENT_FOREVER && client->until - clock_ms() < limit)
		limit = client->until - clock_ms();
	client->fd =
		options->control_fd ? options->control_fd : client_connect(options->control, limit > 0 ? limit : 1);
	if (client->fd < 0) {
		int error = errno;

		client->is_late = error == ETIMEDOUT;
		status = set_failure(client, CTL_NO_SUPERD, "cannot reach superd at %s: %s%s", options->control,
				     strerror(error), connect_hint(error, options->control));
	} else if (!options->control_fd && *options->control == '@' && !client_trusts(client->fd, &uid)) {
		status = set_failure(
			client, CTL_NO_SUPERD,
			"user %lu answers at %s, neither root nor this user: any process can bind such a name; run "
			"superd and superctl with --control and a path",
			(unsigned long)uid, options->control);
	} else {
		status = read_greeting(client);
	}
	if (status != CTL_DONE)
		client_close(client);
	return status;
}

/* Composes a request: the verb, which may have options and names already, the options of the command line that mean the
 * same for every verb of superd, and its names. */
static void add_request(struct buf *request, const struct ctl_client *client, const char *verb)
{
	const struct superctl_options *options = client->options;
	const struct {
		const char *option;
		bool given;
	} plain[] = {
		{ " --no-wait", options->no_wait },    { " --follow", options->follow },
		{ " --failed", options->failed_only }, { " --check", options->check },
		{ " --asleep", options->asleep },      { " --awake", options->awake },
	};

	buf_text(request, verb);
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		buf_text(request, plain[i].given ? plain[i].option : "");
	if (options->level)
		buf_addf(request, " --level=%s", options->level);
	if (options->since)
		buf_addf(request, " --since=%.6f", (double)options->since / 1e6);
	if (options->timeout >= 0) {
		buf_addf(request, " --timeout=%lld", (long long)options->timeout / 1000000);
		if (options->timeout % 1000000)
			buf_addf(request, ".%06lld", (long long)options->timeout % 1000000);
	}
	for (size_t i = 0; i < options->name_count; i++) {
		buf_char(request, ' ');
		shell_words_quote(request, options->names[i]);
	}
	buf_char(request, '\n');
}

enum ctl_status client_send(struct ctl_client *client, const char *verb)
{
	struct buf line = { 0 };
	char limit[SIZE_TEXT_MOST];
	enum ctl_status status = CTL_DONE;

	add_request(&line, client, verb);
	if (line.length > REQUEST_MOST)
		status = set_failure(client, CTL_USAGE,
				     "too many names: a request has at most %s; a pattern such as 'web-*' names many "
				     "services",
				     size_write(limit, REQUEST_MOST));
	else if (send_all(client->fd, line.data, line.length) < 0)
		status = fail_send(client);
	buf_free(&line);
	return status;
}

/* Handles one line of the answer. With --json prints it as received, except the end {"done":true}: the exit status and
 * the end of the output report that, and a filter such as jq would take it for a service. A terminal would obey control
 * characters, so they are escaped there. *enough: it was the last line, or the last one wanted. */
static enum ctl_status handle_line(struct ctl_client *client, const char *text, size_t length, reply_line *on_line,
				   void *context, bool *enough)
{
	bool as_json = client->options->json;
	json_t *line = json_reply_parse(text, length);
	struct reply_text shown = { 0 };
	enum ctl_status status = CTL_DONE;

	*enough = true;
	if (as_json && line && !json_reply_flag(line, "done")) {
		if (isatty(STDOUT_FILENO))
			buf_visible(&shown.out, text, length);
		else
			buf_add(&shown.out, text, length);
		buf_char(&shown.out, '\n');
		status = client_print(&shown.out) ? CTL_DONE : CTL_FAILED;
	}
	if (status == CTL_DONE)
		status = check_line(client, line, enough);
	if (status == CTL_DONE && !*enough) {
		if (on_line && !on_line(context, line, &shown))
			status = set_failure(client, CTL_FAILED, "superd at %s sent too many lines",
					     client->options->control);
		if (!as_json) {
			fputs(buf_string(&shown.err), stderr);
			if (shown.out.length && !client_print(&shown.out))
				status = CTL_FAILED;
		}
	}
	buf_free(&shown.out);
	buf_free(&shown.err);
	json_decref(line);
	return status;
}

bool client_keep_line(void *lines, const json_t *line, struct reply_text *text)
{
	(void)text;
	return json_array_size(lines) < LINES_MOST && json_array_append(lines, (json_t *)(size_t)line) == 0;
}

enum ctl_status client_read(struct ctl_client *client, reply_line *on_line, void *context)
{
	enum ctl_status status = CTL_DONE;
	bool enough = false;

	while (status == CTL_DONE && !enough) {
		char *line;
		size_t length;
		enum line_result result =
			client_take_line(client, line_deadline(client, client->timeout), &line, &length);

		status = result == LINE_TAKEN ? handle_line(client, line, length, on_line, context, &enough)
					      : fail_read(client, result, true);
	}
	return status;
}

void client_close(struct ctl_client *client)
{
	fd_close(&client->fd);
	buf_free(&client->input);
	client->start = client->scanned = 0;
	json_decref(client->greeting);
	client->greeting = NULL;
	if (!client->quiet)
		buf_free(&client->why);
}

enum ctl_status client_ask_quietly(struct ctl_client *client, const struct superctl_options *options, const char *verb,
				   reply_line *on_line, void *context)
{
	enum ctl_status status;

	client->timeout = CLIENT_FOREVER;
	client->quiet = true;
	status = client_open(client, options);
	if (status == CTL_DONE)
		status = client_send(client, verb);
	if (status == CTL_DONE)
		status = client_read(client, on_line, context);
	return status;
}

enum ctl_status client_begin(struct ctl_client *client, const struct superctl_options *options, const char *verb)
{
	enum ctl_status status;

	client->until = options->waits && options->timeout >= 0 ? clock_ms() + options->timeout / 1000 + ANSWER_GRACE
								: CLIENT_FOREVER;
	client->timeout = options->waits || options->follow ? CLIENT_FOREVER : CLIENT_TIMEOUT;
	status = client_open(client, options);
	return status == CTL_DONE ? client_send(client, verb) : status;
}

enum ctl_status client_ask(const struct superctl_options *options, const char *verb, reply_line *on_line, void *context)
{
	struct ctl_client client = { 0 };
	enum ctl_status status = client_begin(&client, options, verb);

	if (status == CTL_DONE)
		status = client_read(&client, on_line, context);
	client_close(&client);
	return status;
}
