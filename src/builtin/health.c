/* The answer of builtin = health, by HTTP or as a plain line.
 *
 * An HTTP client speaks first, other clients wait for a line. So a client that sends nothing for SILENCE, or
 * something that is not HTTP, gets a plain line. A client that has begun a request gets HTTP once its head has
 * come, within HEAD_MOST bytes and TIMEOUT. */
#include "builtin/services.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "builtin/channel.h"
#include "builtin/poll_deadline.h"
#include "lib/clock.h"

#define FIRST_BYTE_TIMEOUT 2000         /* milliseconds for the first byte */
#define TIMEOUT 5000                    /* milliseconds for the whole request, and again for the answer */
#define SUPERD_TIMEOUT 5000             /* milliseconds for superd's answer */
#define HEAD_MOST 8192                  /* bytes of a request's head */
#define QUESTION_MOST 1024              /* bytes of a packet that superd accepts */
#define TEXT_MOST 16384                 /* bytes of superd's answer */

/* The kind of request. PLAIN: not HTTP; OTHER: another method; NOTHING: the connection failed. */
enum asked { ASKED_PLAIN, ASKED_GET, ASKED_HEAD, ASKED_OTHER, ASKED_TOO_MUCH, ASKED_NOTHING };

enum health_result { RESULT_HEALTHY, RESULT_UNHEALTHY, RESULT_NO_SERVICE };

/* Reads superd's answer from a file in memory or a pipe, and closes it. Returns its length. */
static size_t read_answer(int file, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got = 1;

	lseek(file, 0, SEEK_SET);       /* fails for a pipe, which does not matter */
	while (got > 0 && length < size) {
		got = read(file, text + length, size - length);
		length += got > 0 ? (size_t)got : 0;
	}
	close(file);
	return length;
}

/* Asks superd for the health of a service, or with "" of superd as a whole. The answer is a line with the health
 * and one for each reason, or an empty line if there is no such service. A superd that does not answer is
 * unhealthy. */
static size_t ask_superd(int channel, const char *name, char *text, size_t size)
{
	char question[QUESTION_MOST + 1];
	int length = snprintf(question, sizeof(question), "/%s", name), file;

	if (length >= (int)sizeof(question))
		return (size_t)snprintf(text, size, "\n");
	file = channel_send(channel, question, (size_t)length) ? channel_receive(channel, SUPERD_TIMEOUT, NULL) : -1;
	if (file >= 0)
		return read_answer(file, text, size);
	builtin_log("superd does not report its health: %s", strerror(errno));
	return (size_t)snprintf(text, size, "unhealthy\nsuperd does not answer\n");
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

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

	return at && (c > '9' || c == *at) ? (int)(at - digits) : -1;
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
		int high = *at == '%' ? hex_digit(at[1]) : -1, low = high >= 0 ? hex_digit(at[2]) : -1;
		bool good = low >= 0 && (high || low);

		*out++ = (char)(good ? high << 4 | low : *at);
		at += good ? 2 : 0;
	}
	*out = '\0';
	return name;
}

/* Reads the request into `head`, NUL-terminated. */
static enum asked read_request(int connection, char head[HEAD_MOST + 1])
{
	int64_t end = clock_ms() + TIMEOUT;
	size_t length = 0;
	ssize_t got = recv_deadline(connection, head, HEAD_MOST, 0, clock_ms() + FIRST_BYTE_TIMEOUT);

	if (got < 0 && errno != ETIMEDOUT)
		return ASKED_NOTHING;
	while (got > 0) {
		length += (size_t)got;
		head[length] = '\0';
		if (strlen(head) != length || !may_be_http(head))
			return ASKED_PLAIN;
		if (head_has_ended(head))
			return parse_request_line(head);
		if (length == HEAD_MOST)
			return ASKED_TOO_MUCH;
		got = recv_deadline(connection, head + length, HEAD_MOST - length, 0, end);
	}
	return length ? parse_request_line(head) : ASKED_PLAIN;
}

static void answer_http(int connection, const char *status, const char *text, size_t length, bool with_body)
{
	char head[256];
	int head_length = snprintf(head, sizeof(head),
				   "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
				   "Cache-Control: no-store\r\n%sConnection: close\r\n\r\n",
				   status, length, strncmp(status, "405", 3) ? "" : "Allow: GET, HEAD\r\n");
	int64_t until = clock_ms() + TIMEOUT;

	if (send_deadline(connection, head, (size_t)head_length, until) && with_body)
		send_deadline(connection, text, length, until);
}

static void send_answer(int connection, enum asked asked, enum health_result result, const char *text, size_t length)
{
	static const char *const status[] = { "200 OK", "503 Service Unavailable", "404 Not Found" };
	static const char other[] = "only GET and HEAD are supported here\n", much[] = "this request is too long\n";

	switch (asked) {
	case ASKED_GET:
	case ASKED_HEAD:
		answer_http(connection, status[result], text, length, asked == ASKED_GET);
		break;
	case ASKED_OTHER:
		answer_http(connection, "405 Method Not Allowed", other, sizeof(other) - 1, true);
		break;
	case ASKED_TOO_MUCH:
		answer_http(connection, "431 Request Header Fields Too Large", much, sizeof(much) - 1, true);
		break;
	case ASKED_PLAIN:
		send_deadline(connection, text, length, clock_ms() + TIMEOUT);
		break;
	case ASKED_NOTHING:
		break;
	}
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

int health_stream(const struct settings *settings, int connection)
{
	static const char unknown[] = "there is no such service\n";
	char head[HEAD_MOST + 1] = "", text[TEXT_MOST] = "", line[TEXT_MOST];
	size_t length = 0;
	enum asked asked;
	const char *name = "";

	if (settings->channel < 0) {
		builtin_log("health needs superd, which reports the health");
		return 1;
	}
	asked = read_request(connection, head);
	if (asked == ASKED_GET || asked == ASKED_HEAD)
		name = parse_service(head);
	if (asked != ASKED_NOTHING)
		length = ask_superd(settings->channel, name, text, sizeof(text));
	if (!length || *text == '\n' || !memchr(text, '\n', length)) {
		send_answer(connection, asked, RESULT_NO_SERVICE, unknown, sizeof(unknown) - 1);
	} else {
		length = join_reasons(text, length, settings->options.reasons, line, sizeof(line));
		send_answer(connection, asked, strncmp(line, "unhealthy", 9) ? RESULT_HEALTHY : RESULT_UNHEALTHY, line,
			    length);
	}
	shutdown_and_drain(connection);
	return 0;
}
