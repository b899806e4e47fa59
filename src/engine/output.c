/* Reading backends' lines. The hard thing is a flood: one turn reads a bounded amount, and a line without end is
 * cut, so a backend that prints garbage costs its own share of the loop and no memory. */
#include "engine/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/fd.h"

#define TURN (64 << 10)
#define KEPT_LOW (FD_HIGH / 2) /* a writing end below this stays where a start needs it; the rest is left for clients */

static void say(struct output *output, size_t length)
{
	while (length && output->line[length - 1] == '\r')
		length--;
	if (output->to_syslog)
		syslog_send(&output->engine->syslog, LOG_DAEMON | LOG_INFO, output->service, output->pid, output->line,
			    length);
	else
		log_output(output->engine->log, output->service, output->line, length);
}

/* Says every whole line of what is buffered and moves the rest to the front. */
static void say_lines(struct output *output)
{
	char *newline;

	while ((newline = memchr(output->line, '\n', output->length))) {
		size_t length = (size_t)(newline - output->line);

		say(output, length);
		output->length -= length + 1;
		memmove(output->line, newline + 1, output->length);
	}
	if (output->length == OUTPUT_LINE) {
		say(output, output->length);
		output->length = 0;
	}
}

static ssize_t read_some(struct output *output)
{
	ssize_t got = read(output->io.fd, output->line + output->length, OUTPUT_LINE - output->length);

	if (got <= 0)
		return got;
	output->length += (size_t)got;
	say_lines(output);
	return got;
}

static void finish_line(struct output *output)
{
	if (output->length)
		say(output, output->length);
	output->length = 0;
}

void output_drain(struct output *output, bool last)
{
	ssize_t got, all = 0;

	if (!output)
		return;
	while (all < TURN && (got = read_some(output)) > 0)
		all += got;
	if (last)
		finish_line(output);
}

static void on_output(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	output_drain(io->data, false);
}

struct output *output_open(struct engine *engine, const char *service, bool to_syslog)
{
	struct output *output = calloc(1, sizeof(*output));
	int ends[2];

	if (!output)
		return NULL;
	output->line = malloc(OUTPUT_LINE);
	if (!output->line || fd_pipe(ends) < 0) {
		free(output->line);
		free(output);
		return NULL;
	}
	output->engine = engine;
	output->service = service;
	output->to_syslog = to_syslog;
	output->write_end = ends[1] < KEPT_LOW ? ends[1] : fd_raise(ends[1], FD_HIGH);
	fd_set_nonblocking(output->write_end, false);   /* what backends see as their stdout */
	ev_io_init(&output->io, on_output, fd_raise(ends[0], FD_HIGH), EV_READ);
	output->io.data = output;
	ev_io_start(engine->loop, &output->io);
	return output;
}

void output_close(struct output *output)
{
	int fd;

	if (!output)
		return;
	output_drain(output, true);
	ev_io_stop(output->engine->loop, &output->io);
	fd = output->io.fd;
	fd_close(&fd);
	fd_close(&output->write_end);
	free(output->line);
	free(output);
}
