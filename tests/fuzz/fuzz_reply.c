/* Answers of the control socket as superctl reads them, from any bytes: another program may own the socket. The first
 * byte chooses the verb, the second the kind of screen, and each line is a line of the answer. What superctl prints is
 * text that a terminal does not obey.
 *
 * The connection is replaced (the linker's --wrap in Makefile.am); everything from a line's JSON to the printed text is
 * superctl's own. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/superctl/conversation.h"
#include "cli/superctl/json_reply.h"
#include "cli/superctl/metrics.h"
#include "cli/superctl/reconnect.h"
#include "cli/superctl/top_table.h"
#include "cli/superctl/verbs.h"
#include "cli/superctl/views.h"
#include "fuzzer.h"

#define GREETING "{\"superd\":\"1\",\"protocol\":1,\"progress\":true}"

static struct {
	const char *text, *end;         /* the rest of the answer */
	struct screen screen;
} server;

enum ctl_status __wrap_conversation_ask(const struct superctl_options *options, const char *verb, int64_t timeout,
					reply_line *on_line, void *context);
enum ctl_status __wrap_conversation_open(struct conversation *conversation, const struct superctl_options *options);
enum ctl_status __wrap_conversation_send(struct conversation *conversation, const struct buf *request);
enum ctl_status __wrap_conversation_read(struct conversation *conversation, reply_line *on_line, void *context);
enum ctl_status __wrap_reconnect_read(struct conversation *conversation, const struct buf *request, reply_line *on_line,
				      void *context);
bool __wrap_conversation_print(struct buf *out);
void __wrap_conversation_close(struct conversation *conversation);
void __wrap_screen_open(struct screen *screen, enum colour colour);

static void check_visible(const char *text, size_t length)
{
	for (size_t n = 0; n < length; n++)
		require(text[n] == '\n' || ((unsigned char)text[n] >= ' ' && text[n] != 0x7f));
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

enum ctl_status __wrap_conversation_open(struct conversation *conversation, const struct superctl_options *options)
{
	conversation->options = options;
	conversation->quiet = true;
	conversation->greeting = json_reply_parse(GREETING, strlen(GREETING));
	require(conversation->greeting);
	return CTL_DONE;
}

enum ctl_status __wrap_conversation_send(struct conversation *conversation, const struct buf *request)
{
	(void)conversation;
	require(request->length && !request->failed);
	return CTL_DONE;
}

enum ctl_status __wrap_conversation_read(struct conversation *conversation, reply_line *on_line, void *context)
{
	enum ctl_status status = CTL_DONE;
	bool last = false;
	size_t length;
	char *text;

	while (status == CTL_DONE && !last && (text = take_line(&length))) {
		json_t *line = json_reply_parse(text, length);

		status = conversation_check_line(conversation, line, &last);
		if (status == CTL_DONE && !last && on_line && !on_line(context, line, text))
			status = CTL_FAILED;
		json_decref(line);
		free(text);
	}
	check_visible(buf_string(&conversation->why), conversation->why.length);
	return last || status != CTL_DONE ? status : CTL_FAILED;
}

enum ctl_status __wrap_reconnect_read(struct conversation *conversation, const struct buf *request, reply_line *on_line,
				      void *context)
{
	(void)request;
	return __wrap_conversation_read(conversation, on_line, context);
}

void __wrap_conversation_close(struct conversation *conversation)
{
	json_decref(conversation->greeting);
	conversation->greeting = NULL;
}

enum ctl_status __wrap_conversation_ask(const struct superctl_options *options, const char *verb, int64_t timeout,
					reply_line *on_line, void *context)
{
	struct conversation conversation = { .until = TRANSPORT_FOREVER, .timeout = timeout };
	enum ctl_status status;

	require(*verb);
	__wrap_conversation_open(&conversation, options);
	status = __wrap_conversation_read(&conversation, on_line, context);
	__wrap_conversation_close(&conversation);
	buf_free(&conversation.why);
	return status;
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
		.verb = verb_find(verb), .control = "/run/superd", .timeout = -1, .names_only = kind & 8,
	};
	static const char *const names[] = { "web" };

	require(options.verb);
	if (options.verb->names == NAMES_SOME || (options.verb->names == NAMES_ANY && kind & 16)) {
		options.names = names;
		options.name_count = 1;
	}
	options.verb->run(&options);
}

static void run_metrics(enum metrics_format format)
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
	metrics_compose(&out, format, greeting, lines);
	require(!out.failed && out.length && buf_string(&out)[out.length - 1] == '\n');
	require(!memchr(out.data, '\0', out.length) && !memchr(out.data, '\r', out.length));
	require(format != METRICS_OPENMETRICS || !strcmp(buf_string(&out) + out.length - 6, "# EOF\n"));
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
		top_table_add(&table, &server.screen, 5, "\n", &out);
		__wrap_conversation_print(&out);
	}
	top_table_free(&table);
	buf_free(&out);
}

/* stdio's own streams are those of the terminal; nothing is to be seen of these texts there. */
static void hide_output(void)
{
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	require(nowhere);
	stdout = stderr = nowhere;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const views[] = { "list",   "status", "show",    "why",    "idle", "events",
					     "health", "reload", "version", "restart" };
	FILE *out = stdout, *errors = stderr;
	unsigned verb, kind;

	if (size < 2)
		return 0;
	verb = data[0] % 13;
	kind = data[1];
	server.text = (const char *)data + 2;
	server.end = (const char *)data + size;
	server.screen = (struct screen){ .is_terminal = kind & 1, .unicode = kind & 2, .width = kind & 4 ? 80 : 0 };
	hide_output();
	if (verb < sizeof(views) / sizeof(*views))
		run_view(views[verb], kind);
	else if (verb < 12)
		run_metrics(verb == 10 ? METRICS_TEXT : METRICS_OPENMETRICS);
	else
		run_top("mcns"[kind % 4]);
	stdout = out;
	stderr = errors;
	return 0;
}
