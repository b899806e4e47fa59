/* The answer of builtin = health, by HTTP or as a plain line.
 *
 * An HTTP client speaks first, other clients wait for a line. So a client that sends nothing for FIRST_BYTE_TIMEOUT, or
 * something that is not HTTP, gets a plain line. A client that has begun a request gets HTTP once its head has
 * come, within HTTP_REQUEST_MOST bytes and TIMEOUT. */
#include "builtin/builtin.h"

#define FIRST_BYTE_TIMEOUT 2000         /* milliseconds for the first byte */
#define TIMEOUT 5000                    /* milliseconds for the whole request, and again for the answer */
#define SUPERD_TIMEOUT 5000             /* milliseconds for superd's answer */
#define QUESTION_MOST 1024              /* bytes of a packet that superd accepts */
#define TEXT_MOST 16384                 /* bytes of superd's answer */
#define UNKNOWN "there is no such service\n"

/* The kind of request: a status code of HTTP, or one of these. PART: it is not whole; PLAIN: not HTTP. */
enum { ASKED_PART = -1, ASKED_PLAIN };

/* Reads superd's answer: a line with the health and one for each reason, or an empty line if there is no such
 * service. A superd that does not answer is unhealthy. Returns its length. */
static size_t read_answer(int file, char text[TEXT_MOST])
{
	size_t length = 0;
	ssize_t got = 1;

	if (file < 0) {
		builtin_log("superd does not report its health: %s", strerror(errno));
		return (size_t)snprintf(text, TEXT_MOST, "unhealthy\nsuperd does not answer\n");
	}
	lseek(file, 0, SEEK_SET);       /* fails for a pipe, which does not matter */
	while (got > 0 && length < TEXT_MOST) {
		got = read(file, text + length, TEXT_MOST - length);
		length += got > 0 ? (size_t)got : 0;
	}
	close(file);
	return length;
}

/* Whether the bytes so far may be HTTP: a method, or the beginning of one, and a first line with a version. */
static bool may_be_http(const char *head, size_t length)
{
	size_t letters = strspn(head, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	if (letters > 16 || (head[letters] && (!letters || head[letters] != ' ')))
		return false;
	return !strchr(head, '\n') || http_parse(head, length, NULL).status != 400;
}

/* status: of the health. */
static void answer(struct builtin_server *server, struct connection *connection, int status, const char *text,
		   size_t length)
{
	struct buf *out = &connection->exchange->answer, *head = &connection->exchange->request, other = { 0 };
	int asked = connection->exchange->kind;

	if (asked == ASKED_PLAIN) {
		buf_add(out, text, length);
	} else {
		if (asked == 421)
			http_add_elsewhere(&other, head->data, head->length, "health",
					   server->settings->options.hosts);
		else if (asked != 200)
			buf_addf(&other, "%s\n", http_reason(asked));
		else
			buf_add(&other, text, length);
		http_add_head(out, asked == 200 ? status : asked, "text/plain; charset=utf-8", other.length,
			      "Cache-Control: no-store\r\n");
		if (!http_parse(head->data, head->length, NULL).is_head)
			buf_add(out, buf_string(&other), other.length);
		buf_free(&other);
	}
	exchange_answer(server, connection, clock_ms() + TIMEOUT);
}

/* Joins superd's lines into one: "unhealthy: web: …; ssh: …". Returns its length. */
static size_t join_reasons(char *text, size_t length, bool with_reasons, char *line, size_t size)
{
	size_t first = length ? (size_t)((char *)memchr(text, '\n', length) - text) : 0, used;

	used = (size_t)snprintf(line, size, "%.*s", (int)first, text);
	for (size_t at = first + 1; with_reasons && at < length && used + 4 < size; at++) {
		char *end = memchr(text + at, '\n', length - at);
		size_t part = end ? (size_t)(end - (text + at)) : length - at;

		part = part < size - used - 4 ? part : size - used - 4;
		used += (size_t)snprintf(line + used, size - used, "%s%.*s", at == first + 1 ? ": " : "; ", (int)part,
					 text + at);
		at = end ? (size_t)(end - text) : length;
	}
	line[used++] = '\n';
	return used;
}

void health_on_answer(struct builtin_server *server, struct connection *connection, int file)
{
	char text[TEXT_MOST], line[TEXT_MOST];
	size_t length = read_answer(file, text);

	if (!length || *text == '\n' || !memchr(text, '\n', length)) {
		answer(server, connection, 404, UNKNOWN, sizeof(UNKNOWN) - 1);
		return;
	}
	length = join_reasons(text, length, server->settings->options.reasons, line, sizeof(line));
	answer(server, connection, strncmp(line, "unhealthy", 9) ? 200 : 503, line, length);
}

/* What the client asks for, by the bytes that have come. all: no more will. */
static int parse_request(const struct buf *head, bool all)
{
	const char *text = buf_string(head);
	int status;

	if (strlen(text) != head->length || !may_be_http(text, head->length))
		return ASKED_PLAIN;
	if (!all && !http_is_whole(text, head->length))
		return head->length == HTTP_REQUEST_MOST ? 431 : ASKED_PART;
	status = http_parse(text, head->length, NULL).status;
	return status == 400 ? ASKED_PLAIN : status;
}

/* Whether the request may be of a browser whose page had its own name lead here (DNS rebinding). A request without Host
 * is not of a browser, and browsers reach a unix socket only through a proxy, which has rules of its own. */
static bool is_elsewhere(const struct builtin_server *server, const struct connection *connection)
{
	const struct buf *head = &connection->exchange->request;
	struct sockaddr_storage own = { 0 };
	socklen_t size = sizeof(own);
	struct substring host;

	return http_field(head->data, head->length, "Host", &host) &&
	       !http_host_is_own(head->data, head->length, server->settings->options.hosts) &&
	       !(getsockname(connection->client.fd, (struct sockaddr *)&own, &size) == 0 && own.ss_family == AF_UNIX);
}

/* Asks superd for the health of a service, or with "/" of superd as a whole. No service has a name that is longer than
 * a question, nor one that no path can say. */
static void ask_superd(struct builtin_server *server, struct connection *connection)
{
	struct exchange *exchange = connection->exchange;
	struct http_request request = http_parse(buf_string(&exchange->request), exchange->request.length, NULL);
	struct substring path = request.path;
	struct buf name = { 0 };
	bool is_name = true;

	buf_char(&name, '/');
	if (exchange->kind == 200 && is_elsewhere(server, connection))
		exchange->kind = 421;
	if (exchange->kind == 200) {
		if (*path.at == '/')
			path = (struct substring){ path.at + 1, path.length - 1 };
		is_name = http_decode(path.at, path.length, &name) && name.length < QUESTION_MOST;
	}
	if (exchange->kind != ASKED_PLAIN && exchange->kind != 200)
		answer(server, connection, 0, "", 0);
	else if (!is_name)
		answer(server, connection, 404, UNKNOWN, sizeof(UNKNOWN) - 1);
	else if (!exchange_ask(server, connection, buf_string(&name), clock_ms() + SUPERD_TIMEOUT))
		health_on_answer(server, connection, -1);
	buf_free(&name);
}

void health_begin(struct builtin_server *server, struct connection *connection)
{
	exchange_begin(server, connection, connection->since + FIRST_BYTE_TIMEOUT);
}

void health_on_request(struct builtin_server *server, struct connection *connection, bool late)
{
	struct exchange *exchange = connection->exchange;
	bool all = late;

	do {
		ssize_t got = all ? 0 : exchange_read(connection, HTTP_REQUEST_MOST);

		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0 && !exchange->request.length) {
			connection_end(server, connection, false);
			return;
		}
		if (got > 0)
			exchange_limit(server, connection, connection->since + TIMEOUT);
		all = got <= 0;
		exchange->kind = parse_request(&exchange->request, all);
	} while (exchange->kind == ASKED_PART);
	ask_superd(server, connection);
}
