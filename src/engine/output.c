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

/* What is being read: the unfinished line of before and what has come since. */
struct reading {
	char text[OUTPUT_LINE];
	size_t length;
};

static void say(struct output *output, const char *line, size_t length)
{
	while (length && line[length - 1] == '\r')
		length--;
	if (output->to_syslog)
		syslog_send(&output->engine->syslog, LOG_DAEMON | LOG_INFO, output->service, output->pid, line, length);
	else
		log_output(output->engine->log, output->service, output->pid, line, length);
}

/* Says every whole line and moves the rest to the front. */
static void say_lines(struct output *output, struct reading *reading)
{
	const char *at = reading->text, *newline;
	size_t left = reading->length;

	while ((newline = memchr(at, '\n', left))) {
		say(output, at, (size_t)(newline - at));
		left -= (size_t)(newline + 1 - at);
		at = newline + 1;
	}
	memmove(reading->text, at, left);
	reading->length = left;
	if (left < OUTPUT_LINE)
		return;
	say(output, reading->text, left);
	reading->length = 0;
}

static ssize_t read_some(struct output *output, struct reading *reading)
{
	ssize_t got = read(output->io.fd, reading->text + reading->length, OUTPUT_LINE - reading->length);

	if (got <= 0)
		return got;
	reading->length += (size_t)got;
	say_lines(output, reading);
	return got;
}

static void take_unfinished(struct output *output, struct reading *reading)
{
	reading->length = output->length;
	if (output->length)
		memcpy(reading->text, output->line, output->length);
	free(output->line);
	output->line = NULL;
	output->length = 0;
}

/* Where there is no memory to keep it, it is said as it is. */
static void keep_unfinished(struct output *output, const struct reading *reading, bool last)
{
	if (!reading->length)
		return;
	output->line = last ? NULL : malloc(reading->length);
	if (!output->line) {
		say(output, reading->text, reading->length);
		return;
	}
	memcpy(output->line, reading->text, reading->length);
	output->length = reading->length;
}

/* false at the end: every writer has closed. */
static bool drain(struct output *output, bool last)
{
	struct reading reading;
	ssize_t got = 1, all = 0;

	take_unfinished(output, &reading);
	while (all < TURN && (got = read_some(output, &reading)) > 0)
		all += got;
	keep_unfinished(output, &reading, last || got == 0);
	return got != 0;
}

void output_drain(struct output *output, bool last)
{
	if (output)
		drain(output, last);
}

static void on_output(struct ev_loop *loop, ev_io *io, int events)
{
	struct output *output = io->data;

	(void)loop, (void)events;
	if (!drain(output, false))
		output_close(output);   /* nobody writes any more: only a released one comes to an end */
}

struct output *output_open(struct engine *engine, const char *service, bool to_syslog)
{
	struct output *output = calloc(1, sizeof(*output));
	int ends[2];

	if (!output)
		return NULL;
	if (fd_pipe(ends) < 0) {
		free(output);
		return NULL;
	}
	output->engine = engine;
	output->service = service;
	list_init(&output->link);
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
	list_remove(&output->link);
	free(output->name);
	free(output);
}

void output_release(struct output *output)
{
	if (!output)
		return;
	fd_close(&output->write_end);
	output->name = strdup(output->service);
	if (!output->name || !drain(output, false)) {
		output_close(output);
		return;
	}
	output->service = output->name;
	output->pid = 0;
	list_add(&output->engine->released, &output->link);
}
