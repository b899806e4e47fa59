/* Requests of the control socket from any bytes, as they come in through the buffer of a connection. Each line is taken
 * once and whole. A request that reads has values within their bounds, and its words read the same when they are quoted
 * again. A request that does not read comes with a reason. */
#include <stdint.h>
#include <string.h>

#include "fuzzer.h"
#include "lib/shell_words.h"
#include "superd/control/line_io.h"
#include "superd/control/request.h"

static void check_values(const struct request *request)
{
	require(request->verb && request->name_count < REQUEST_WORDS);
	require(!(request->options & ASKS_TIMEOUT) || (request->timeout >= 0.1 && request->timeout <= 86400.));
	require(request->interval >= 0.1 && request->interval <= 86400.);
	require(!(request->options & ASKS_SERVICE) == !request->service);
	require(log_level_name(request->level) != NULL);
}

/* A word behind "--" is no option. */
static void quote_words(const struct request *request, struct buf *line)
{
	buf_text(line, "-- ");
	shell_words_quote(line, request->verb);
	for (size_t n = 0; n < request->name_count; n++) {
		buf_char(line, ' ');
		shell_words_quote(line, request->names[n]);
	}
	require(!line->failed);
}

static void check_words(const struct request *request)
{
	static struct request again;
	struct buf line = { 0 }, why = { 0 };

	if (request->name_count + 2 > REQUEST_WORDS)
		return;
	quote_words(request, &line);
	require(request_read(&again, buf_string(&line), &why));
	require(!strcmp(again.verb, request->verb) && again.name_count == request->name_count && !again.options);
	for (size_t n = 0; n < request->name_count; n++)
		require(!strcmp(again.names[n], request->names[n]));
	request_free(&again);
	buf_free(&line);
	buf_free(&why);
}

static void check_line(const char *line)
{
	static struct request request;
	struct buf why = { 0 };

	if (request_read(&request, line, &why)) {
		check_values(&request);
		check_words(&request);
	} else {
		require(why.length && !why.failed);
	}
	request_free(&request);
	buf_free(&why);
}

static size_t fill(struct line_io *io, const uint8_t *data, size_t size)
{
	size_t room = sizeof(io->input) - io->filled, taken = size < room ? size : room;

	if (taken)
		memcpy(io->input + io->filled, data, taken);
	io->filled += taken;
	return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct line_io io;
	static char line[LINE_IO_REQUEST_MOST];
	enum line_io_taken taken = LINE_IO_REQUEST;
	size_t at = 0, newlines = 0, lines = 0;

	io.filled = 0;
	for (size_t n = 0; n < size; n++)
		newlines += data[n] == '\n';
	while (at < size || taken != LINE_IO_NOTHING) {
		const char *why = NULL;

		at += fill(&io, data + at, size - at);
		taken = line_io_take(&io, line, &why);
		require(!why == (taken != LINE_IO_MALFORMED));
		if (taken == LINE_IO_REQUEST)
			check_line(line);
		if (taken == LINE_IO_NOTHING)
			require(!line_io_holds_request(&io));
		else if (io.filled == sizeof(io.input) && !memchr(io.input, '\n', io.filled))
			return 0;               /* a line without an end: the session ends here */
		else
			lines++;
	}
	require(lines == newlines);
	return 0;
}
