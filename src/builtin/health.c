/* The answer of builtin = health, by HTTP or as a plain line.
 *
 * An HTTP client speaks first, other clients wait for a line. So a client that sends nothing for SILENCE, or
 * something that is not HTTP, gets a plain line. A client that has begun a request gets HTTP once its head has
 * come, within HEAD_MOST bytes and TIMEOUT. */
#include "builtin/builtin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/http_field.h"
#include "lib/scan.h"

#define FIRST_BYTE_TIMEOUT 2000         /* milliseconds for the first byte */
#define TIMEOUT 5000                    /* milliseconds for the whole request, and again for the answer */
#define SUPERD_TIMEOUT 5000             /* milliseconds for superd's answer */
#define HEAD_MOST 8192                  /* bytes of a request's head */
#define QUESTION_MOST 1024              /* bytes of a packet that superd accepts */
#define TEXT_MOST 16384                 /* bytes of superd's answer */
#define UNKNOWN "there is no such service\n"

/* The kind of request. PART: it is not whole; PLAIN: not HTTP; OTHER: another method; ELSEWHERE: for another server. */
enum asked { ASKED_PART, ASKED_PLAIN, ASKED_GET, ASKED_HEAD, ASKED_OTHER, ASKED_TOO_MUCH, ASKED_ELSEWHERE };

enum health_result { RESULT_HEALTHY, RESULT_UNHEALTHY, RESULT_NO_SERVICE };

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

/* Whether the head has ended, by an empty line. */
static bool head_has_ended(const char *head)
{
	return strstr(head, "\r\n\r\n") || strstr(head, "\n\n");
}

/* The kind of request, by its first line. Without a version of HTTP it is not HTTP. */
static enum asked parse_request_line(const char *head)
{
	const char *method = head + strspn(head, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	size_t length = strcspn(head, "\r\n");
	const char *version = length >= 9 ? memmem(head, length, " HTTP/1.", 8) : NULL;

	if (method == head || *method != ' ' || !version || version < method)
		return ASKED_PLAIN;
	if (!strncmp(head, "GET ", 4))
		return ASKED_GET;
	return !strncmp(head, "HEAD ", 5) ? ASKED_HEAD : ASKED_OTHER;
}

/* Whether the bytes so far may be HTTP: a method, or the beginning of one. */
static bool may_be_http(const char *head)
{
	size_t letters = strspn(head, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	if (letters > 16 || (head[letters] && (!letters || head[letters] != ' ')))
		return false;
	return !strpbrk(head, "\r\n") || parse_request_line(head) != ASKED_PLAIN;
}

/* The service in a request's path; "": the request is about superd as a whole. %XX is decoded in place, except %00. */
static const char *parse_service(char *head)
{
	char *at = strchr(head, ' ') + 1, *end = memmem(at, strcspn(at, "\r\n"), " HTTP/1.", 8), *out, *name;

	if (!end)
		return "";
	*end = '\0';
	if (!strncasecmp(at, "http://", 7))
		at += 7 + strcspn(at + 7, "/");
	at += *at == '/';
	at[strcspn(at, "?#")] = '\0';
	for (out = name = at; *at; at++) {
		char byte = *at == '%' ? scan_hex_byte(at + 1) : '\0';

		*out++ = byte ? byte : *at;
		at += byte ? 2 : 0;
	}
	*out = '\0';
	return name;
}

static void add_http(struct buf *out, const char *status, const char *text, size_t length, bool with_body)
{
	buf_addf(out,
		 "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
		 "Cache-Control: no-store\r\n%sConnection: close\r\n\r\n",
		 status, length, strncmp(status, "405", 3) ? "" : "Allow: GET, HEAD\r\n");
	if (with_body)
		buf_add(out, text, length);
}

static void answer(struct builtin_server *server, struct connection *connection, enum health_result result,
		   const char *text, size_t length)
{
	static const char *const status[] = { "200 OK", "503 Service Unavailable", "404 Not Found" };
	static const char other[] = "only GET and HEAD are supported here\n", much[] = "this request is too long\n";
	struct buf *out = &connection->talk->answer, *head = &connection->talk->request, elsewhere = { 0 };
	enum asked asked = connection->talk->kind;

	if (asked == ASKED_OTHER)
		add_http(out, "405 Method Not Allowed", other, sizeof(other) - 1, true);
	else if (asked == ASKED_TOO_MUCH)
		add_http(out, "431 Request Header Fields Too Large", much, sizeof(much) - 1, true);
	else if (asked == ASKED_ELSEWHERE) {
		http_add_elsewhere(&elsewhere, head->data, head->length, "health", server->settings->options.hosts);
		add_http(out, "421 Misdirected Request", buf_string(&elsewhere), elsewhere.length, true);
		buf_free(&elsewhere);
	}
	else if (asked == ASKED_PLAIN)
		buf_add(out, text, length);
	else
		add_http(out, status[result], text, length, asked == ASKED_GET);
	talk_answer(server, connection, clock_ms() + TIMEOUT);
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

void health_told(struct builtin_server *server, struct connection *connection, int file)
{
	char text[TEXT_MOST], line[TEXT_MOST];
	size_t length = read_answer(file, text);

	if (!length || *text == '\n' || !memchr(text, '\n', length)) {
		answer(server, connection, RESULT_NO_SERVICE, UNKNOWN, sizeof(UNKNOWN) - 1);
		return;
	}
	length = join_reasons(text, length, server->settings->options.reasons, line, sizeof(line));
	answer(server, connection, strncmp(line, "unhealthy", 9) ? RESULT_HEALTHY : RESULT_UNHEALTHY, line, length);
}

/* What the client asks for, by the bytes that have come. all: no more will. */
static enum asked parse_request(const struct buf *head, bool all)
{
	const char *text = buf_string(head);

	if (strlen(text) != head->length || !may_be_http(text))
		return ASKED_PLAIN;
	if (all || head_has_ended(text))
		return parse_request_line(text);
	return head->length == HEAD_MOST ? ASKED_TOO_MUCH : ASKED_PART;
}

/* Whether the request may be of a browser whose page had its own name lead here (DNS rebinding). A request without Host
 * is not of a browser, and browsers reach a unix socket only through a proxy, which has rules of its own. */
static bool is_elsewhere(const struct builtin_server *server, const struct connection *connection)
{
	const struct buf *head = &connection->talk->request;
	struct sockaddr_storage own = { 0 };
	socklen_t size = sizeof(own);
	struct substring host;

	return http_field(head->data, head->length, "Host", &host) &&
	       !http_host_is_own(head->data, head->length, server->settings->options.hosts) &&
	       !(getsockname(connection->client.fd, (struct sockaddr *)&own, &size) == 0 && own.ss_family == AF_UNIX);
}

/* Asks superd for the health of a service, or with "" of superd as a whole. No service has a name that is longer than a
 * question. */
static void ask_superd(struct builtin_server *server, struct connection *connection)
{
	struct talk *talk = connection->talk;
	const char *name = "";
	char question[QUESTION_MOST + 1];

	if ((talk->kind == ASKED_GET || talk->kind == ASKED_HEAD) && is_elsewhere(server, connection))
		talk->kind = ASKED_ELSEWHERE;
	if (talk->kind == ASKED_GET || talk->kind == ASKED_HEAD)
		name = parse_service(talk->request.data);
	if (talk->kind == ASKED_OTHER || talk->kind == ASKED_TOO_MUCH || talk->kind == ASKED_ELSEWHERE)
		answer(server, connection, RESULT_HEALTHY, "", 0);
	else if (snprintf(question, sizeof(question), "/%s", name) >= (int)sizeof(question))
		answer(server, connection, RESULT_NO_SERVICE, UNKNOWN, sizeof(UNKNOWN) - 1);
	else if (!talk_ask(server, connection, question, clock_ms() + SUPERD_TIMEOUT))
		health_told(server, connection, -1);
}

void health_begin(struct builtin_server *server, struct connection *connection)
{
	talk_begin(server, connection, connection->since + FIRST_BYTE_TIMEOUT);
}

void health_heard(struct builtin_server *server, struct connection *connection, bool late)
{
	struct talk *talk = connection->talk;
	bool all = late;

	do {
		ssize_t got = all ? 0 : talk_read(connection, HEAD_MOST);

		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0 && !talk->request.length) {
			connection_end(server, connection, false);
			return;
		}
		if (got > 0)
			talk_limit(server, connection, connection->since + TIMEOUT);
		all = got <= 0;
		talk->kind = parse_request(&talk->request, all);
	} while (talk->kind == ASKED_PART);
	ask_superd(server, connection);
}
