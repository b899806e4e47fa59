/* Reads the lines that backends print. Against a flood, one turn of the loop reads a bounded amount, a line without
 * an end is cut, and lines beyond log_rate_limit_burst are dropped.
 *
 * Lines that come by way of the reader (exec/worker/output_reader) arrive a moment later. The end of an instance
 * waits for its last lines, but only for PATIENCE seconds and a share of all time, so a backend that blocks the
 * reader cannot block superd. */
#include "engine/log/output_pipe.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "engine/core/close_socket.h"
#include "engine/log/xinetd_log_file.h"
#include "exec/worker/close_async.h"
#include "os/netdiag/foreign_socket.h"

#define TURN (64 << 10)                 /* bytes that one turn of the loop reads of one output at most */
#define TURN_LINES 256                  /* lines, about, that one turn logs at most, at a write each */
#define PATIENCE .02                    /* seconds that superd waits for the reader of an output at a time, at most */
#define PATIENCE_SHARE .2               /* share of all time that superd waits for the reader of one output, at most */
#define LOOK_AGAIN .2                   /* seconds, after which a reader is asked again whether it reads */
#define LOOKS_PATIENT 5                 /* looks after which superd logs that nobody reads */
#define KEPT_LOW (FD_HIGH / 2) /* a writing end below this stays where a start needs it; the rest is left for clients */

/* The buffer of one turn: the unfinished line of the last turn and the bytes read since. */
struct output_line {
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
		xinetd_record_syslog_take(output->engine,
					  &(struct syslog_head){ (int)(output->facility | level), output->service,
								 output->pid }, line, length);
	else
		log_output(output->engine->log, levels[level],
			   &(struct event){ .service = output->service, .pid = output->pid }, line, length);
}

/* Logs how many lines were suppressed since the last report. */
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
	begin_interval(output, clock_now());
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

/* As by journald: at most burst lines in an interval, which begins with its first line. */
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
	now = clock_now();
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
	if (length)
		snprintf(output->last_line, sizeof(output->last_line), "%.*s", (int)length, line);
	if (!is_suppressed(output))
		say(output, line, length);
}

/* Says every whole line and moves the rest to the front. */
static void say_lines(struct output *output, struct output_line *reading)
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

static bool is_read_aside(const struct output *output)
{
	return output->reading.pipe >= 0;
}

static ssize_t read_some(struct output *output, struct output_line *reading)
{
	char *to = reading->text + reading->length;
	size_t room = OUTPUT_LINE - reading->length;
	ssize_t got = is_read_aside(output) ? output_reader_read(&output->reading, to, room)
					    : read(output->io.fd, to, room);

	if (got <= 0)
		return got;
	output->hangs = false;
	reading->length += (size_t)got;
	say_lines(output, reading);
	return got;
}

static void take_unfinished(struct output *output, struct output_line *reading)
{
	reading->length = output->length;
	if (output->line && output->length)
		memcpy(reading->text, output->line, output->length);
	free(output->line);
	output->line = NULL;
	output->length = 0;
}

/* Without memory to keep an unfinished line, it is logged as it is. */
static void keep_unfinished(struct output *output, const struct output_line *reading, bool last)
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

/* Milliseconds. */
static int find_patience(struct output *output, double now)
{
	double more = (now - output->patience_at) * PATIENCE_SHARE;

	output->patience = fmin(output->patience + fmax(more, 0.), PATIENCE);
	output->patience_at = now;
	return output->hangs ? 0 : (int)(output->patience * 1000);
}

/* Whether more has come out of the pipe. In the order of the looks: the reader may be done between them. */
static bool await_more(struct output *output)
{
	struct pollfd text = { .fd = output->io.fd, .events = POLLIN };
	bool behind = output_reader_is_behind(&output->reading);
	double before;

	if (poll(&text, 1, 0) > 0)
		return true;
	if (!behind)
		return false;
	before = clock_now();
	if (poll(&text, 1, find_patience(output, before)) <= 0)
		output->hangs = true;
	output->patience -= clock_now() - before;
	return !output->hangs;
}

/* false at the end: every writer has closed. */
static bool drain(struct output *output, bool last, bool waits)
{
	struct output_line reading;
	ssize_t got = 1, all = 0;

	if (output->io.fd < 0)
		return true;            /* its reader is gone, and there is no other yet */
	take_unfinished(output, &reading);
	output->said = 0;
	waits = waits && is_read_aside(output) && output->reading.target < 0;
	while (all < TURN && (last || output->said < TURN_LINES)) {
		got = read_some(output, &reading);
		if (got > 0)
			all += got;
		else if (got == 0 || !waits || !await_more(output))
			break;
	}
	keep_unfinished(output, &reading, last || got == 0);
	return got != 0;
}

void output_drain(struct output *output, bool last)
{
	if (output)
		drain(output, last, true);
}

static void watch(struct output *output, int fd)
{
	if (output->io.fd == fd)
		return;
	ev_io_stop(output->engine->loop, &output->io);
	ev_io_set(&output->io, fd, EV_READ);
	if (fd >= 0)
		ev_io_start(output->engine->loop, &output->io);
}

/* To close a pipe is to take its lock, too. */
static void close_pipe(struct output *output, int *fd)
{
	if (is_read_aside(output))
		close_socket_fd(output->engine, output->service, fd);
	else
		fd_close(fd);
}

static void look_again(struct output *output)
{
	ev_timer_stop(output->engine->loop, &output->look);
	ev_timer_set(&output->look, LOOK_AGAIN, LOOK_AGAIN);
	ev_timer_start(output->engine->loop, &output->look);
}

/* The reader was killed. Another one goes on, in a while: it may be killed as often. */
static void lose_reader(struct output *output)
{
	watch(output, -1);
	output_reader_stop(&output->reading);
	look_again(output);
}

/* Nothing is to come, and yet the service has it: an older superd had its reader, which is gone, and not the pipe; or
 * superd's own output has lost its reader, and backends are to hear of that as if they wrote there. */
static void stop_reading(struct output *output)
{
	int fd = output->io.fd;

	watch(output, -1);
	if (!is_read_aside(output)) {
		fd_close(&fd);
		return;
	}
	close_pipe(output, &output->reading.pipe);
	output_reader_stop(&output->reading);   /* only now: superd's must not be the last of it */
}

static void on_output(struct ev_loop *loop, ev_io *io, int events)
{
	struct output *output = io->data;

	(void)loop, (void)events;
	if (drain(output, false, false))
		return;
	if (is_read_aside(output) && !output_reader_is_done(&output->reading))
		lose_reader(output);
	else if (output->write_end >= 0)
		stop_reading(output);
	else
		output_close(output);   /* nobody writes any more: only a released one comes to an end */
}

static void say_unread(struct output *output)
{
	const struct event event = { .name = "unread", .service = output->service };

	if (++output->looks == LOOKS_PATIENT)
		log_event(output->engine->log, LEVEL_WARNING, &event,
			  "its output waits: superd-output, which reads it, cannot be started or does not answer");
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct output *output = timer->data;
	bool is_read = output_reader_is_at_it(&output->reading);

	(void)events;
	watch(output, output->reading.text);
	if (is_read) {
		ev_timer_stop(loop, timer);
		output->looks = 0;
	} else {
		say_unread(output);
	}
}

/* Who can hold a pipe's lock holds up whoever reads it. Only superd's own user could stop superd anyway: root's daemons
 * hand their output on to workers of other users. */
static bool is_foreign(const struct service *service)
{
	return geteuid() == 0 || foreign_user_is(service_user(service));
}

bool output_suits(const struct output *output, const struct service *service)
{
	return is_read_aside(output) || !is_foreign(service);
}

void output_name(struct output *output, const struct service *service)
{
	const struct stream_options *streams = service->groups->streams;

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
	output->reading = (struct output_reading)OUTPUT_READING_NONE;
	output->patience = PATIENCE;
	output->patience_at = clock_now();
	ev_timer_init(&output->quiet, on_quiet, 0., 0.);
	output->quiet.data = output;
	ev_init(&output->look, on_look);
	output->look.data = output;
	ev_init(&output->io, on_output);
	ev_io_set(&output->io, -1, EV_READ);
	output->io.data = output;
	list_init(&output->link);
	return output;
}

/* false and errno: it is as it was. */
static bool read_aside(struct output *output, int pipe)
{
	if (!output_reader_start(&output->reading, pipe)) {
		output->reading.pipe = -1;
		return false;
	}
	watch(output, output->reading.text);
	look_again(output);
	return true;
}

static struct output *open_pipe(struct output *output, bool aside)
{
	int ends[2];

	if ((aside && !close_async_prepare()) || fd_pipe(ends) < 0) {
		free(output);
		return NULL;
	}
	output->write_end = ends[1] < KEPT_LOW ? ends[1] : fd_raise(ends[1], FD_HIGH);
	fd_set_nonblocking(output->write_end, false);   /* what backends see as their stdout */
	ends[0] = fd_raise(ends[0], FD_HIGH);
	if (!aside) {
		watch(output, ends[0]);
	} else if (!read_aside(output, ends[0])) {
		fd_close(&ends[0]);
		fd_close(&output->write_end);
		free(output);
		return NULL;
	}
	return output;
}

struct output *output_open(struct engine *engine, const struct service *service, bool to_syslog)
{
	struct output *output = output_new(engine, to_syslog);

	if (!output)
		return NULL;
	output_name(output, service);
	return open_pipe(output, is_foreign(service));
}

struct output *output_open_inherited(struct engine *engine, const struct service *service, int number)
{
	struct output *output = output_new(engine, false);

	if (!output)
		return NULL;
	output_name(output, service);
	output->reading.target = number;
	return open_pipe(output, true);
}

/* write(2) to a pipe or a file takes a lock, which another writer can hold. */
bool output_is_needed(const struct service *service, int number)
{
	struct stat status;

	return is_foreign(service) && fstat(number, &status) == 0 &&
	       (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode));
}

/* A superd of before has read by itself what is another user's. */
static struct output *go_on(struct output *output, const struct output_ends *ends, bool foreign)
{
	struct stat status;

	output->write_end = ends->write;
	output->reading.pipe = ends->pipe;
	output->reading.text = ends->pipe >= 0 ? ends->read : -1;
	if (ends->pipe >= 0 || !foreign || fstat(ends->read, &status) < 0 || !S_ISFIFO(status.st_mode) ||
	    !read_aside(output, ends->read))
		watch(output, ends->read);
	return output;
}

struct output *output_resume(struct engine *engine, const struct service *service, bool to_syslog,
			     const struct output_ends *ends)
{
	struct output *output = output_new(engine, to_syslog);

	if (!output)
		return NULL;
	output_name(output, service);
	return go_on(output, ends, is_foreign(service));
}

/* Of a released output only the name is known, not the service it belonged to. */
struct output *output_resume_released(struct engine *engine, const char *name, const struct output_ends *ends)
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
	list_add(&engine->log_files->released, &output->link);
	return go_on(output, ends, true);
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
	ev_timer_stop(output->engine->loop, &output->look);
	close_pipe(output, &output->write_end);
	if (is_read_aside(output)) {
		close_pipe(output, &output->reading.pipe);
		output_reader_stop(&output->reading);   /* only now: superd's must not be the last of it */
	} else {
		fd = output->io.fd;
		fd_close(&fd);
	}
	list_remove(&output->link);
	free(output->name);
	free(output);
}

void output_release(struct output *output)
{
	if (!output)
		return;
	close_pipe(output, &output->write_end);
	output->name = strdup(output->service);
	if (!output->name || !(drain(output, false, false) || is_read_aside(output))) {
		output_close(output);
		return;
	}
	output->service = output->name;
	output->pid = 0;
	list_add(&output->engine->log_files->released, &output->link);
}

/* One without a reader now goes over as a pipe that somebody else is to have read. */
static void save_ends(struct state_saver *carry, const void *object)
{
	const struct output *output = object;
	const struct output_reading *reading = &output->reading;
	bool is_read = reading->pipe < 0 || (reading->text >= 0 && reading->other < 0);

	save_fd(carry, "read", is_read ? output->io.fd : reading->pipe);
	if (is_read)
		save_fd(carry, "pipe", reading->pipe);
}

/* The writing end goes over, too: what backends have is a copy of it. */
static void save_write_end(struct state_saver *carry, const void *object)
{
	save_fd(carry, "write", ((const struct output *)object)->write_end);
}

static void save_line(struct state_saver *carry, const void *object)
{
	const struct output *output = object;

	if (output->length)
		state_add_bytes(&carry->text, "line", output->line, output->length);
}

static void load_line(struct state_section *section, void *object)
{
	struct output *output = object;

	output->line = state_take_bytes(section, "line", OUTPUT_LINE - 1, &output->length);
	if (!output->line)
		output->length = 0;
}

#define NONE(path, why) STATE_NONE(output, path, why)

static const struct state_field output_fields[] = {
	{ STATE_BY(output, io, save_ends, NULL) },
	{ STATE_BY(output, write_end, save_write_end, NULL) },
	{ STATE_FIELD(output, "syslog", to_syslog) },
	{ STATE_FIELD(output, "pid", pid), .most = INT32_MAX },
	{ STATE_BY(output, line, save_line, load_line) },
	{ NONE(link, "listed where it was released") },
	{ NONE(reading, "begins anew with the pipe") },
	{ NONE(look, "begins anew with the pipe") },
	{ NONE(looks, "begins anew with the pipe") },
	{ NONE(hangs, "begins anew with the pipe") },
	{ NONE(patience, "begins anew with the pipe") },
	{ NONE(patience_at, "begins anew with the pipe") },
	{ NONE(engine, "that of the superd that runs it") },
	{ NONE(service, "the row in the table that was read anew, or the key name") },
	{ NONE(said, "only within a turn of the loop") },
	{ NONE(last_line, "only for the failure that comes next") },
	{ NONE(burst, "of the row in the table that was read anew") },
	{ NONE(interval, "of the row in the table that was read anew") },
	{ NONE(since, "counted anew") },
	{ NONE(lines, "counted anew") },
	{ NONE(suppressed, "counted anew") },
	{ NONE(quiet, "counted anew") },
	{ NONE(name, "the key name") },
	{ NONE(length, "that of line") },
};
const struct field_table output_state = FIELD_TABLE("output", output, output_fields);

static const struct state_field released_fields[] = {
	{ STATE_BY(output, io, save_ends, NULL) },
	{ STATE_FIELD(output, "syslog", to_syslog) },
	{ STATE_FIELD(output, "facility", facility), .most = INT16_MAX },
	{ STATE_FIELD(output, "level", level), .most = LOG_DEBUG, .missing = LOG_INFO },
	{ STATE_FIELD(output, "prefixes", has_prefixes) },
	{ STATE_BY(output, line, save_line, load_line) },
};
const struct field_table released_state = FIELD_TABLE("released", output, released_fields);
