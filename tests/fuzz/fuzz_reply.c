/* Answers of the control socket as superctl reads them, from any bytes: another program may own the socket. The first
 * byte chooses the verb, the second the options and the kind of screen, and each line is a line of the answer. A line
 * "#" ends the connection. What superctl prints is text that a terminal does not obey.
 *
 * The transport below the conversation and the time are replaced (the linker's --wrap in Makefile.am); everything from
 * a line's bytes to the printed text is superctl's own. */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzzer.h"
#include "lib/clock.h"
#include "superctl/conversation.h"
#include "superctl/json_reply.h"
#include "superctl/metrics.h"
#include "superctl/top_table.h"
#include "superctl/verbs.h"
#include "superctl/views.h"

#define GREETING "{\"superd\":\"1\",\"protocol\":1,\"progress\":true,\"pid\":17}"

static struct {
	const char *text, *end;         /* the rest of the answer */
	struct screen screen;
	bool greets;                    /* the greeting is superd's, not part of the answer */
	bool is_new;                    /* no line was taken of this connection */
	char *line;                     /* the last line, owned */
	int64_t now;
} server;

int __wrap_transport_connect(struct transport *transport, const char *path, int64_t limit);
int __wrap_transport_send(struct transport *transport, const char *text, size_t length);
enum transport_result __wrap_transport_wait_line(struct transport *transport, int64_t until, char **line,
						 size_t *length);
void __wrap_transport_close(struct transport *transport);
int64_t __wrap_clock_ms(void);
int __wrap_poll(struct pollfd *list, nfds_t count, int timeout);
bool __wrap_conversation_print(struct buf *out);
void __wrap_screen_open(struct screen *screen, enum colour colour);

static void check_visible(const char *text, size_t length)
{
	for (size_t n = 0; n < length; n++)
		require(text[n] == '\n' || text[n] == '\t' || ((unsigned char)text[n] >= ' ' && text[n] != 0x7f));
	require(!memmem(text, length, "\xc2\x9b", 2));
}

static char *take_line(size_t *length)
{
	const char *start = server.text, *newline;
	char *line;

	if (start == server.end)
		return NULL;
	newline = memchr(start, '\n', (size_t)(server.end - start));
	*length = (size_t)((newline ? newline : server.end) - start);
	server.text = newline ? newline + 1 : server.end;
	line = malloc(*length + 1);
	require(line);
	memcpy(line, start, *length);
	line[*length] = '\0';
	return line;
}

int64_t __wrap_clock_ms(void)
{
	return server.now;
}

/* Only pauses between two tries come here. */
int __wrap_poll(struct pollfd *list, nfds_t count, int timeout)
{
	(void)list;
	require(!count && timeout > 0);
	server.now += timeout;
	return 0;
}

int __wrap_transport_connect(struct transport *transport, const char *path, int64_t limit)
{
	require(*path && limit > 0);
	if (server.text == server.end) {
		errno = ECONNREFUSED;
		return -1;
	}
	*transport = (struct transport){ .fd = -1 };
	server.is_new = true;
	return 0;
}

int __wrap_transport_send(struct transport *transport, const char *text, size_t length)
{
	(void)transport;
	require(length > 1 && memchr(text, '\n', length) == text + length - 1);
	return 0;
}

/* A block of the line's own size, so that a sanitizer sees the first byte read behind it. */
static enum transport_result keep_line(char *bytes, char **line, size_t *length)
{
	free(server.line);
	server.line = *line = bytes;
	*length = strlen(bytes);
	return TRANSPORT_LINE;
}

enum transport_result __wrap_transport_wait_line(struct transport *transport, int64_t until, char **line,
						 size_t *length)
{
	bool is_first = server.is_new;
	char *bytes;

	(void)transport, (void)until;
	server.is_new = false;
	if (is_first && server.greets)
		return keep_line(strdup(GREETING), line, length);
	bytes = take_line(length);
	if (!bytes)
		return TRANSPORT_END;
	keep_line(bytes, line, &(size_t){ 0 });
	return strcmp(bytes, "#") != 0 ? TRANSPORT_LINE : TRANSPORT_END;
}

void __wrap_transport_close(struct transport *transport)
{
	(void)transport;
	free(server.line);
	server.line = NULL;
}

bool __wrap_conversation_print(struct buf *out)
{
	require(!out->failed);
	check_visible(buf_string(out), out->length);
	buf_clear(out);
	return true;
}

void __wrap_screen_open(struct screen *screen, enum colour colour)
{
	(void)colour;
	*screen = server.screen;
}

/* The other views than those of verbs that only act. What is printed at once goes to a buffer of stdio. */
static void run_view(const char *verb, unsigned kind)
{
	struct superctl_options options = {
		.verb = verb_find(verb), .control = "/run/superd", .timeout = kind & 32 ? 1000000 : -1,
		.names_only = kind & 8, .json = kind & 128,
	};
	static const char *const names[] = { "web" };

	require(options.verb);
	if (options.verb->names == NAMES_SOME || (options.verb->names == NAMES_ANY && kind & 16)) {
		options.names = names;
		options.name_count = 1;
	}
	options.verb->run(&options);
}

static void run_metrics(void)
{
	json_t *greeting = json_reply_parse(GREETING, strlen(GREETING)), *lines = json_array();
	struct buf out = { 0 };
	size_t length;
	char *text;

	while ((text = take_line(&length))) {
		json_t *line = json_reply_parse(text, length);

		if (line)
			json_array_append_new(lines, line);
		free(text);
	}
	metrics_compose(&out, greeting, lines);
	require(!out.failed && out.length && buf_string(&out)[out.length - 1] == '\n');
	require(!memchr(out.data, '\0', out.length) && !memchr(out.data, '\r', out.length));
	buf_free(&out);
	json_decref(lines);
	json_decref(greeting);
}

static void run_top(char sort)
{
	struct top_table table = { .sort = sort };
	struct buf out = { 0 };
	size_t length;
	char *text;

	while ((text = take_line(&length))) {
		json_t *line = json_reply_parse(text, length);

		if (line)
			top_table_take(&table, line);
		json_decref(line);
		free(text);
		if (!line)
			continue;
		top_table_add(&table, &server.screen, 5, &out);
		__wrap_conversation_print(&out);
	}
	top_table_free(&table);
	buf_free(&out);
}

static struct {
	FILE *file;
	char *text;
	size_t length;
} messages;                             /* stands in for stderr */

/* The answer as received (--json) goes to stdout, and that is no terminal here. */
static void hide_output(void)
{
	static FILE *nowhere;

	if (!nowhere) {
		nowhere = fopen("/dev/null", "w");
		messages.file = open_memstream(&messages.text, &messages.length);
	}
	require(nowhere && messages.file);
	stdout = nowhere;
	stderr = messages.file;
}

static void check_messages(void)
{
	require(fflush(messages.file) == 0);
	check_visible(messages.text, messages.length);
	rewind(messages.file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const views[] = { "list",   "status", "show",    "why",     "history", "events",
					     "health", "reload", "version", "restart", "upgrade" };
	FILE *out = stdout, *errors = stderr;
	unsigned verb, kind;

	if (size < 2)
		return 0;
	verb = data[0] % 14;
	kind = data[1];
	server.text = (const char *)data + 2;
	server.end = (const char *)data + size;
	server.greets = !(kind & 64);
	server.now = 1000;
	server.screen = (struct screen){ .is_terminal = kind & 1, .unicode = kind & 2, .width = kind & 4 ? 80 : 0 };
	hide_output();
	if (verb < sizeof(views) / sizeof(*views))
		run_view(views[verb], kind);
	else if (verb < 13)
		run_metrics();
	else
		run_top("mcns"[kind % 4]);
	stdout = out;
	stderr = errors;
	check_messages();
	return 0;
}
