/* Reading backends' lines. The hard thing is a flood: one turn reads a bounded amount, and a line without end is
 * cut, so a backend that prints garbage costs its own share of the loop and no memory. Lines beyond a rate are
 * dropped. */
#include "engine/output.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/fd.h"
#include "engine/record_target.h"

#define TURN (64 << 10)                 /* bytes that one turn of the loop reads of it */
#define TURN_LINES 256                  /* and about as many lines that it logs, at a write each */
#define KEPT_LOW (FD_HIGH / 2) /* a writing end below this stays where a start needs it; the rest is left for clients */

/* What is being read: the unfinished line of before and what has come since. */
struct reading {
	char text[OUTPUT_LINE];
	size_t length;
};

/* As sd-daemon(3) and the kernel have it: <N> with a level, or with a facility and a level; the facility stays the
 * service's. */
static unsigned take_prefix(const struct output *output, const char **line, size_t *length)
{
	const char *at = *line + 1, *end = *line + (*length < 5 ? *length : 5);
	unsigned number = 0;

	if (!output->has_prefixes || !*length || **line != '<')
		return output->level;
	while (at < end && *at >= '0' && *at <= '9')
		number = number * 10 + (unsigned)(*at++ - '0');
	if (at == end || *at != '>' || at == *line + 1)
		return output->level;
	*length -= (size_t)(at + 1 - *line);
	*line = at + 1;
	return LOG_PRI(number);
}

static void say(struct output *output, const char *line, size_t length)
{
	static const enum level levels[] = {
		[LOG_EMERG] = LEVEL_ERROR,     [LOG_ALERT] = LEVEL_ERROR,   [LOG_CRIT] = LEVEL_ERROR,
		[LOG_ERR] = LEVEL_ERROR,       [LOG_WARNING] = LEVEL_WARNING, [LOG_NOTICE] = LEVEL_NOTICE,
		[LOG_INFO] = LEVEL_INFO,       [LOG_DEBUG] = LEVEL_DEBUG,
	};
	unsigned level = take_prefix(output, &line, &length);

	while (length && line[length - 1] == '\r')
		length--;
	output->said++;
	if (output->to_syslog)
		record_syslog_take(output->engine, (int)(output->facility | level), output->service, output->pid, line,
				   length);
	else
		log_output(output->engine->log, levels[level], output->service, output->pid, line, length);
}

/* What was left out since it was last told of. */
static void tell_suppressed(struct output *output)
{
	const struct event event = { .name = "suppressed", .service = output->service };

	if (output->suppressed)
		log_event(output->engine->log, LEVEL_WARNING, &event, "suppressed %lu line%s of its output",
			  output->suppressed, output->suppressed == 1 ? "" : "s");
	output->suppressed = 0;
}

static void begin_interval(struct output *output, double now)
{
	ev_timer_stop(output->engine->loop, &output->quiet);
	tell_suppressed(output);
	output->since = now;
	output->lines = 0;
}

static void on_quiet(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct output *output = timer->data;

	(void)loop, (void)events;
	begin_interval(output, engine_clock());
}

static void begin_suppressing(struct output *output, double now)
{
	const struct event event = { .name = "suppressed", .service = output->service };

	log_event(output->engine->log, LEVEL_WARNING, &event,
		  "printed more than %lld lines within %.3g s (log_rate_limit_burst): further ones are suppressed",
		  (long long)output->burst, output->interval);
	ev_timer_set(&output->quiet, output->since + output->interval - now, 0.);
	ev_timer_start(output->engine->loop, &output->quiet);
}

/* As by journald, so many lines in an interval that begins with the first. */
static bool is_suppressed(struct output *output)
{
	double now;

	if (!output->burst || output->interval <= 0)
		return false;
	if (output->lines++ < output->burst && output->lines > 1)
		return false;
	if (ev_is_active(&output->quiet)) {
		output->suppressed++;
		return true;
	}
	now = engine_clock();
	if (now - output->since >= output->interval || now < output->since) {
		begin_interval(output, now);
		output->lines = 1;
		return false;
	}
	if (output->lines <= output->burst)
		return false;
	begin_suppressing(output, now);
	output->suppressed++;
	return true;
}

static void take_line(struct output *output, const char *line, size_t length)
{
	if (!is_suppressed(output))
		say(output, line, length);
}

/* Says every whole line and moves the rest to the front. */
static void say_lines(struct output *output, struct reading *reading)
{
	const char *at = reading->text, *newline;
	size_t left = reading->length;

	while ((newline = memchr(at, '\n', left))) {
		take_line(output, at, (size_t)(newline - at));
		left -= (size_t)(newline + 1 - at);
		at = newline + 1;
	}
	memmove(reading->text, at, left);
	reading->length = left;
	if (left < OUTPUT_LINE)
		return;
	take_line(output, reading->text, left);
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
	if (output->line && output->length)
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
		take_line(output, reading->text, reading->length);
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
	output->said = 0;
	while (all < TURN && (last || output->said < TURN_LINES) && (got = read_some(output, &reading)) > 0)
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

void output_name(struct output *output, const struct service *service)
{
	const struct streams *streams = service->terms->streams;

	output->service = streams->syslog_identifier ? streams->syslog_identifier : service->name;
	output->facility = LOG_MAKEPRI(streams->syslog_facility << 3, 0);
	output->level = streams->syslog_level;
	output->has_prefixes = streams->syslog_level_prefix;
	output->burst = streams->log_rate_limit_burst == UNLIMITED ? 0 : streams->log_rate_limit_burst;
	output->interval = (double)streams->log_rate_limit_interval / 1e6;
}

static struct output *output_new(struct engine *engine, bool to_syslog)
{
	struct output *output = calloc(1, sizeof(*output));

	if (!output)
		return NULL;
	output->engine = engine;
	output->to_syslog = to_syslog;
	output->write_end = -1;
	output->since = -INFINITY;
	ev_timer_init(&output->quiet, on_quiet, 0., 0.);
	output->quiet.data = output;
	list_init(&output->link);
	return output;
}

static struct output *read_from(struct output *output, int fd)
{
	ev_io_init(&output->io, on_output, fd, EV_READ);
	output->io.data = output;
	ev_io_start(output->engine->loop, &output->io);
	return output;
}

struct output *output_open(struct engine *engine, const struct service *service, bool to_syslog)
{
	struct output *output = output_new(engine, to_syslog);
	int ends[2];

	if (!output)
		return NULL;
	if (fd_pipe(ends) < 0) {
		free(output);
		return NULL;
	}
	output_name(output, service);
	output->write_end = ends[1] < KEPT_LOW ? ends[1] : fd_raise(ends[1], FD_HIGH);
	fd_set_nonblocking(output->write_end, false);   /* what backends see as their stdout */
	return read_from(output, fd_raise(ends[0], FD_HIGH));
}

struct output *output_resume(struct engine *engine, const struct service *service, bool to_syslog, int read_end,
			     int write_end)
{
	struct output *output = output_new(engine, to_syslog);

	if (!output)
		return NULL;
	output_name(output, service);
	output->write_end = write_end;
	return read_from(output, read_end);
}

struct output *output_resume_released(struct engine *engine, const char *name, int read_end)
{
	struct output *output = output_new(engine, false);

	if (!output)
		return NULL;
	output->name = strdup(name);
	if (!output->name) {
		free(output);
		return NULL;
	}
	output->service = output->name;
	list_add(&engine->released, &output->link);
	return read_from(output, read_end);
}

void output_close(struct output *output)
{
	int fd;

	if (!output)
		return;
	output_drain(output, true);
	ev_timer_stop(output->engine->loop, &output->quiet);
	tell_suppressed(output);
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
