/* Answers of the control socket as superctl reads them, from any bytes: another program may own the socket. The first
 * byte chooses the verb, the second the options and the kind of screen, and each line is a line of the answer. A line
 * "#" ends the connection. What superctl prints is text that a terminal does not obey.
 *
 * The calls of sockets and the time are replaced (the linker's --wrap in Makefile.am); everything from a line's bytes
 * to the printed text is superctl's own. */

#include "fuzzer.h"
#include "superctl/superctl.h"

#define GREETING "{\"superd\":\"1\",\"protocol\":1,\"progress\":true,\"pid\":17}"

static struct {
	const char *text, *end;         /* the rest of the answer */
	struct screen screen;
	bool greets;                    /* the greeting is superd's, not part of the answer */
	bool is_new;                    /* no line was taken of this connection */
	int64_t now;
} server;

int __wrap_socket(int domain, int type, int protocol);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags);
ssize_t __wrap_recv(int fd, void *to, size_t size, int flags);
int64_t __wrap_clock_ms(void);
int __wrap_poll(struct pollfd *list, nfds_t count, int timeout);
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

/* A number that no descriptor has. */
int __wrap_socket(int domain, int type, int protocol)
{
	(void)domain, (void)type, (void)protocol;
	return 1 << 20;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	(void)fd, (void)level, (void)name, (void)value, (void)length;
	return 0;
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	(void)fd;
	require(address->sa_family == AF_UNIX && length > sizeof(sa_family_t));
	if (server.text == server.end) {
		errno = ECONNREFUSED;
		return -1;
	}
	server.is_new = true;
	return 0;
}

ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags)
{
	(void)fd, (void)flags;
	require(length > 1 && memchr(bytes, '\n', length) == (const char *)bytes + length - 1);
	return (ssize_t)length;
}

/* One line at a time. */
ssize_t __wrap_recv(int fd, void *to, size_t size, int flags)
{
	bool is_first = server.is_new;
	size_t length = strlen(GREETING);
	char *line;

	(void)fd, (void)flags;
	server.is_new = false;
	line = is_first && server.greets ? strdup(GREETING) : take_line(&length);
	if (!line || !strcmp(line, "#"))
		length = 0;
	else if (length < size)
		line[length++] = '\n';
	if (length)
		memcpy(to, line, length < size ? length : size);
	free(line);
	return (ssize_t)(length < size ? length : size);
}

void __wrap_screen_open(struct screen *screen, enum colour colour)
{
	(void)colour;
	*screen = server.screen;
}

/* The other views than those of verbs that only act. What is printed at once goes to a buffer of stdio. */
static void run_verb(const char *verb, unsigned kind)
{
	static const char *const sorts[] = { "memory", "cpu", "name", "state" };
	struct superctl_options options = {
		.verb = verb_find(verb), .control = "/run/superd", .timeout = kind & 32 ? 1000000 : -1,
		.names_only = kind & 8, .json = kind & 128, .waits = kind & 32,
		.sort = kind & 128 ? NULL : sorts[kind % 4],
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
	json_t *lines = json_array();
	struct buf out = { 0 };
	size_t length;
	char *text;

	while ((text = take_line(&length))) {
		json_t *line = json_reply_parse(text, length);

		if (line)
			json_array_append_new(lines, line);
		free(text);
	}
	metrics_compose(&out, lines);
	require(!out.failed && out.length && buf_string(&out)[out.length - 1] == '\n');
	require(!memchr(out.data, '\0', out.length) && !memchr(out.data, '\r', out.length));
	buf_free(&out);
	json_decref(lines);
}

struct stream {
	FILE *file;
	char *text;
	size_t length;
};
static struct stream answers, messages; /* stand in for stdout and stderr */

static void hide_output(void)
{
	if (!messages.file) {
		answers.file = open_memstream(&answers.text, &answers.length);
		messages.file = open_memstream(&messages.text, &messages.length);
	}
	require(answers.file && messages.file);
	stdout = answers.file;
	stderr = messages.file;
}

/* is_raw: any text, as the answer as received (--json) is where stdout is no terminal. */
static void check_stream(struct stream *stream, bool is_raw)
{
	require(fflush(stream->file) == 0);
	if (!is_raw)
		check_visible(stream->text, stream->length);
	rewind(stream->file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const views[] = { "list",   "status", "show",    "why",     "history", "events",
					     "health", "reload", "version", "restart", "upgrade" };
	FILE *out = stdout, *errors = stderr;
	unsigned verb, kind;

	if (size < 2)
		return 0;
	verb = data[0] % 13;
	kind = data[1];
	server.text = (const char *)data + 2;
	server.end = (const char *)data + size;
	server.greets = !(kind & 64);
	server.now = 1000;
	server.screen = (struct screen){ .is_terminal = kind & 1, .unicode = kind & 2, .width = kind & 4 ? 80 : 0 };
	hide_output();
	if (verb < sizeof(views) / sizeof(*views))
		run_verb(views[verb], kind);
	else
		run_metrics();
	stdout = out;
	stderr = errors;
	check_stream(&answers, kind & 128);
	check_stream(&messages, false);
	return 0;
}
