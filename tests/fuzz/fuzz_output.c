/* What a backend prints, from any bytes, until it stands in the log: the first byte chooses the form of the log and
 * whether a line may begin with its level, the second is the length of a segment. The segments make no difference to
 * the lines, no byte is lost but line ends and levels, and each line of the log is one that a terminal does not obey.
 *
 * The pipe and the log's destination are replaced (the linker's --wrap in Makefile.am). */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzzer.h"
#include "lib/buf.h"
#include "lib/log/log.h"
#include "lib/log/log_sink.h"
#include "superd/log/output_pipe.h"
#include "superd/loop/engine.h"

static struct {
	const uint8_t *bytes;
	size_t size, at, piece;
	bool rests;                     /* the next read finds nothing, as the last one found a segment */
} backend;

static struct buf lines;                /* each line with its level before it */
static size_t written;                  /* lines of the log */

ssize_t __wrap_output_reader_read(struct output_reading *reading, void *to, size_t room);
void __wrap_log_output(struct log *log, enum level level, const struct event *event, const char *line, size_t length);
void __real_log_output(struct log *log, enum level level, const struct event *event, const char *line, size_t length);
bool __wrap_log_sink_take(struct log_sink *sink, int severity, const char *line, size_t length, bool of_client);

ssize_t __wrap_output_reader_read(struct output_reading *reading, void *to, size_t room)
{
	size_t left = backend.piece - backend.at % backend.piece;

	(void)reading;
	if (backend.rests) {
		backend.rests = false;
		errno = EAGAIN;
		return -1;
	}
	left = left < backend.size - backend.at ? left : backend.size - backend.at;
	left = left < room ? left : room;
	if (left)
		memcpy(to, backend.bytes + backend.at, left);
	backend.at += left;
	backend.rests = left && backend.at % backend.piece == 0;
	return (ssize_t)left;
}

void __wrap_log_output(struct log *log, enum level level, const struct event *event, const char *line, size_t length)
{
	require(length <= OUTPUT_LINE && !memchr(line, '\n', length) && event->service);
	buf_char(&lines, (char)('0' + level));
	buf_add(&lines, line, length);
	buf_char(&lines, '\n');
	written += log != NULL;
	__real_log_output(log, level, event, line, length);
}

bool __wrap_log_sink_take(struct log_sink *sink, int severity, const char *line, size_t length, bool of_client)
{
	require(length && length <= log_sink_most(sink) && line[length - 1] == '\n');
	require(severity >= 0 && severity <= 7);
	(void)of_client;
	for (size_t n = 0; n < length - 1; n++)
		require(((unsigned char)line[n] >= ' ' && line[n] != 0x7f) || line[n] == '\t');
	require(!memmem(line, length, "\xc2\x9b", 2));
	written--;
	return true;
}

/* Leaves its lines in `lines`. log NULL: they are not logged. */
static void print(struct log *log, bool has_prefixes, const uint8_t *bytes, size_t size, size_t piece)
{
	struct engine engine = { .log = log };
	struct output output = {
		.engine = &engine, .service = "web", .level = 6, .has_prefixes = has_prefixes, .pid = 17,
		.reading = { .pipe = 1000000, .target = 1000000 },
	};

	list_init(&output.line_waits);
	memset(&backend, 0, sizeof(backend));
	backend.bytes = bytes;
	backend.size = size;
	backend.piece = piece;
	buf_clear(&lines);
	do
		output_drain(&output, false);
	while (backend.at < size);
	backend.rests = false;
	output_drain(&output, true);
	require(!output.line && !output.length && !written && !lines.failed);
}

static size_t count_lines(const uint8_t *bytes, size_t size)
{
	size_t count = 0, length = 0;

	for (size_t n = 0; n < size; n++) {
		length = bytes[n] == '\n' ? 0 : length % OUTPUT_LINE + 1;
		count += bytes[n] == '\n' || length == OUTPUT_LINE;
	}
	return count + (length % OUTPUT_LINE != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct log *logs[2];
	const char *why;
	struct buf first;
	size_t found = 0;

	if (size < 2)
		return 0;
	for (int n = 0; n < 2; n++)
		require(logs[n] || (logs[n] = log_open("stderr", n, LEVEL_DEBUG, &why)));
	print(logs[data[0] & 1], data[0] & 2, data + 2, size - 2, data[1] + 1u);
	first = lines;
	lines = (struct buf){ 0 };
	print(NULL, data[0] & 2, data + 2, size - 2, size);
	require(first.length == lines.length && !memcmp(buf_string(&first), buf_string(&lines), lines.length));
	for (size_t n = 0; n < lines.length; n++)
		found += lines.data[n] == '\n';
	require(found == count_lines(data + 2, size - 2));
	buf_free(&first);
	return 0;
}
