/* Reads the lines that backends print. Against a flood, one turn of the loop reads a bounded amount, superd cuts a
 * line without an end, and drops lines beyond log_rate_limit_burst.
 *
 * Lines that pass through a reader process (superd/process/output_reader) arrive a moment later. At the end of an
 * instance superd waits for its last lines, but at most WAIT_MOST seconds and WAIT_SHARE of all time: a backend that
 * blocks the reader must not block superd. */
#include "superd/log/output_pipe.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/fd.h"
#include "lib/number.h"
#include "lib/run_limit.h"
#include "lib/uninitialized.h"
#include "os/netdiag/foreign_socket.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/loop/close_socket.h"

#define TURN_BYTES (64 << 10)           /* bytes that one turn of the loop reads from one output, at most */
#define TURN_LINES 256                  /* lines that one turn logs, about; each costs a write(2) */
#define WAIT_MOST .02                   /* seconds that superd waits for one reader at a time, at most */
#define END_MOST 1.                     /* seconds that superd waits for all that has been printed when it ends */
#define WAIT_SHARE .2                   /* share of all time that superd waits for one reader, at most */
#define READER_LOOK .2                  /* seconds between two checks whether a reader has begun */
#define READER_LOOKS 5                  /* checks after which superd logs that nobody reads */
#define LOW_FD (FD_HIGH / 2) /* writing ends below this number stay there, as starts need low numbers; others move up */

/* The buffer of one turn: the unfinished line of the turn before, then the bytes read since. */
struct output_line {
	char text[OUTPUT_LINE];
	size_t length;
};

/* Returns the level of a line and skips its prefix <N> (sd-daemon(3), printk): a level, or a facility and a level.
 * superd ignores that facility and keeps the service's. */
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

static void log_line(struct output *output, const char *line, size_t length)
{
	static const enum level levels[] = {
		[LOG_EMERG] = LEVEL_ERROR,     [LOG_ALERT] = LEVEL_ERROR,   [LOG_CRIT] = LEVEL_ERROR,
		[LOG_ERR] = LEVEL_ERROR,       [LOG_WARNING] = LEVEL_WARNING, [LOG_NOTICE] = LEVEL_NOTICE,
		[LOG_INFO] = LEVEL_INFO,       [LOG_DEBUG] = LEVEL_DEBUG,
	};
	unsigned level = take_prefix(output, &line, &length);

	while (length && line[length - 1] == '\r')
		length--;
	output->turn_lines++;
	if (output->to_syslog)
		xinetd_record_syslog_take(output->engine,
					  &(struct syslog_head){ (int)(output->facility | level), output->service,
								 output->pid }, line, length);
	else
		log_output(output->engine->log, levels[level],
			   &(struct event){ .service = output->service, .pid = output->pid }, line, length);
}

/* Logs how many lines were suppressed since the last report. */
static void log_suppressed(struct output *output)
{
	const struct event event = { .name = "suppressed", .service = output->service };

	if (output->suppressed)
		log_event(output->engine->log, LEVEL_WARNING, &event, "suppressed %lu line%s of its output",
			  output->suppressed, output->suppressed == 1 ? "" : "s");
	output->suppressed = 0;
}

/* Limits the rate as journald does: at most `burst` lines in an interval, which begins with its first line. How many
 * were suppressed is told with the first line of the next one. */
static bool is_suppressed(struct output *output)
{
	const struct event event = { .name = "suppressed", .service = output->service };
	char interval[DURATION_MOST];
	double now;

	if (!output->burst || output->interval <= 0)
		return false;
	if (output->interval_lines++ < output->burst && output->interval_lines > 1)
		return false;
	now = clock_now();
	if (now - output->interval_begin >= output->interval || now < output->interval_begin) {
		log_suppressed(output);
		output->interval_begin = now;
		output->interval_lines = 1;
		return false;
	}
	if (output->interval_lines <= output->burst)
		return false;
	if (!output->suppressed++)
		log_event(output->engine->log, LEVEL_WARNING, &event,
			  "printed more than %lld lines within %s (log_rate_limit_burst): further ones are suppressed",
			  (long long)output->burst, duration_write(interval, output->interval));
	return true;
}

static void end_line_waits(struct output *output, const char *line, size_t length)
{
	LIST_EACH(link, &output->line_waits) {
		struct line_wait *wait = container_of(link, struct line_wait, link);

		if (!memmem(line, length, wait->text, strlen(wait->text)))
			continue;
		list_remove(&wait->link);
		ev_feed_event(output->engine->loop, wait->came, EV_CUSTOM);
	}
}

void output_await(struct output *output, struct line_wait *wait)
{
	list_add(&output->line_waits, &wait->link);
}

#define TRACE_MOST 30                   /* lines of a trace behind the line that names the error */

static bool names_error(const char *line)
{
	static const char *const marks[] = { "error:",	"exception:", "fatal",	  "panic",
					     "cannot ", "can't ",     "no such " };

	for (size_t n = 0; n < sizeof(marks) / sizeof(*marks); n++) {
		if (strcasestr(line, marks[n]))
			return true;
	}
	return false;
}

/* Keeps the line that tells why a program ended: the last one, but some print a trace behind the reason. */
static void keep_line(struct output *output, const char *line, size_t length)
{
	char start[sizeof(output->last_line)];

	snprintf(start, sizeof(start), "%.*s", (int)length, line);
	if (output->lines_after++ < TRACE_MOST && names_error(output->last_line) && !names_error(start))
		return;
	memcpy(output->last_line, start, sizeof(start));
	output->lines_after = 0;
}

static void take_line(struct output *output, const char *line, size_t length)
{
	if (!list_empty(&output->line_waits))
		end_line_waits(output, line, length);
	if (length)
		keep_line(output, line, length);
	if (!is_suppressed(output))
		log_line(output, line, length);
}

/* Logs every whole line and moves the rest to the front. */
static void take_whole_lines(struct output *output, struct output_line *reading)
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

static bool has_reader(const struct output *output)
{
	return output->reading.pipe >= 0;
}

static ssize_t read_some(struct output *output, struct output_line *reading)
{
	char *to = reading->text + reading->length;
	size_t room = OUTPUT_LINE - reading->length;
	ssize_t got = has_reader(output) ? output_reader_read(&output->reading, to, room)
					    : read(output->io.fd, to, room);

	if (got <= 0)
		return got;
	output->reader_hangs = false;
	reading->length += (size_t)got;
	take_whole_lines(output, reading);
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

/* Keeps an unfinished line for the next turn. Logs it as it is after the last turn, or if memory is short. */
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

/* Returns the milliseconds that superd may wait for the reader now. */
static int wait_budget_ms(struct output *output, double now)
{
	double more = (now - output->wait_left_at) * WAIT_SHARE;

	output->wait_left = number_min(output->wait_left + number_max(more, 0.), WAIT_MOST);
	output->wait_left_at = now;
	return output->reader_hangs ? 0 : (int)(output->wait_left * 1000);
}

/* Whether more can be read. The order matters: the reader may finish between the first poll and the wait. If it has a
 * slot and is not behind, all that it has read has arrived. */
static bool await_more(struct output *output)
{
	struct pollfd text = { .fd = output->io.fd, .events = POLLIN };
	bool behind = output_reader_is_behind(&output->reading);
	double before;

	if (!behind && output->reading.slot >= 0)
		return false;
	if (poll(&text, 1, 0) > 0)
		return true;
	if (!behind)
		return false;
	before = clock_now();
	if (poll(&text, 1, wait_budget_ms(output, before)) <= 0)
		output->reader_hangs = true;
	output->wait_left -= clock_now() - before;
	return !output->reader_hangs;
}

/* A pipe that cannot be read would be ready for ever. */
static bool can_be_read_later(const struct output *output, int error)
{
	const struct event event = { .name = "unread", .service = output->service };

	if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR)
		return true;
	log_event(output->engine->log, LEVEL_WARNING, &event, "cannot read its output: %s", strerror(error));
	return false;
}

/* Reads and logs what is there. last: logs an unfinished line, too; waits: waits for the reader. false: every writer
 * has closed, or it cannot be read. */
static bool read_turn(struct output *output, bool last, bool waits)
{
	UNINITIALIZED struct output_line reading;
	ssize_t got = 1, all = 0;
	bool goes_on = true;
	int error = 0;

	if (output->io.fd < 0)
		return true;            /* the reader is gone, and no other has begun yet */
	take_unfinished(output, &reading);
	output->turn_lines = 0;
	waits = waits && has_reader(output) && output->reading.target < 0;
	while (all < TURN_BYTES && (last || output->turn_lines < TURN_LINES)) {
		got = read_some(output, &reading);
		error = errno;
		if (got > 0)
			all += got;
		else if (got == 0 || !waits || !await_more(output))
			break;
	}
	if (got <= 0)
		goes_on = got < 0 && can_be_read_later(output, error);
	keep_unfinished(output, &reading, last || !goes_on);
	return goes_on;
}

void output_drain(struct output *output, bool last)
{
	if (output)
		read_turn(output, last, true);
}

static void watch_fd(struct output *output, int fd)
{
	if (output->io.fd == fd)
		return;
	ev_io_stop(output->engine->loop, &output->io);
	ev_io_set(&output->io, fd, EV_READ);
	if (fd >= 0)
		ev_io_start(output->engine->loop, &output->io);
}

/* close(2) of a pipe takes its lock, which another user's process may hold: another process closes those pipes. */
static void close_pipe(struct output *output, int *fd)
{
	if (has_reader(output))
		close_socket_fd(output->engine, output->service, fd);
	else
		fd_close(fd);
}

static void start_reader_timer(struct output *output)
{
	ev_timer_stop(output->engine->loop, &output->reader_timer);
	ev_timer_set(&output->reader_timer, READER_LOOK, READER_LOOK);
	ev_timer_start(output->engine->loop, &output->reader_timer);
}

/* The reader was killed. The next one starts after a pause, as it may be killed again. */
static void replace_reader(struct output *output)
{
	watch_fd(output, -1);
	output_reader_stop(&output->reading);
	start_reader_timer(output);
}

/* Every writer has closed, though superd holds the writing end, or the pipe cannot be read. Either an older superd had
 * the reader, which is gone, and not the pipe. Or nobody reads superd's own output any more: superd closes the pipe, so
 * backends get EPIPE or SIGPIPE as if they wrote there themselves. */
static void stop_reading(struct output *output)
{
	int fd = output->io.fd;

	watch_fd(output, -1);
	if (!has_reader(output)) {
		fd_close(&fd);
		return;
	}
	close_pipe(output, &output->reading.pipe);
	output_reader_stop(&output->reading);   /* after the pipe: superd's end must not be the last */
}

static void on_output(struct ev_loop *loop, ev_io *io, int events)
{
	struct output *output = io->data;

	(void)loop, (void)events;
	if (read_turn(output, false, false))
		return;
	if (has_reader(output) && !output_reader_is_done(&output->reading))
		replace_reader(output);
	else if (output->write_end >= 0)
		stop_reading(output);
	else
		output_close(output);   /* nobody writes any more, which happens only to a released output */
}

static void log_unread(struct output *output)
{
	const struct event event = { .name = "unread", .service = output->service };

	if (++output->reader_looks == READER_LOOKS)
		log_event(output->engine->log, LEVEL_WARNING, &event,
			  "its output waits: superd-output, which reads it, cannot be started or does not answer");
}

static void on_reader_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct output *output = timer->data;
	bool is_read = output_reader_is_at_it(&output->reading);

	(void)events;
	watch_fd(output, output->reading.text);
	if (is_read) {
		ev_timer_stop(loop, timer);
		output->reader_looks = 0;
	} else {
		log_unread(output);
	}
}

/* Whether processes of another user may get the pipe: a process that holds a pipe's lock blocks its reader. superd's
 * own user may block superd in other ways anyway. Root's daemons pass their output on to workers of other users. */
static bool is_foreign(const struct service *service)
{
	return geteuid() == 0 || foreign_user_is(service_user(service));
}

bool output_suits(const struct output *output, const struct service *service)
{
	return has_reader(output) || !is_foreign(service);
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
	output->interval_begin = -INFINITY;
	output->reading = (struct output_reading)OUTPUT_READING_NONE;
	output->wait_left = WAIT_MOST;
	output->wait_left_at = clock_now();
	ev_init(&output->reader_timer, on_reader_timer);
	output->reader_timer.data = output;
	ev_init(&output->io, on_output);
	ev_io_set(&output->io, -1, EV_READ);
	output->io.data = output;
	list_init(&output->link);
	list_init(&output->line_waits);
	return output;
}

/* Starts a reader for the pipe. false and errno: nothing has changed. */
static bool start_reader(struct output *output, int pipe)
{
	if (!output_reader_start(&output->reading, pipe)) {
		output->reading.pipe = -1;
		return false;
	}
	watch_fd(output, output->reading.text);
	start_reader_timer(output);
	return true;
}

static struct output *open_pipe(struct output *output, bool aside)
{
	int ends[2];

	if (fd_pipe(ends) < 0) {
		free(output);
		return NULL;
	}
	output->write_end = ends[1] < LOW_FD ? ends[1] : fd_raise(ends[1], FD_HIGH);
	fd_set_nonblocking(output->write_end, false);   /* backends get it as their stdout */
	ends[0] = fd_raise(ends[0], FD_HIGH);
	if (!aside) {
		watch_fd(output, ends[0]);
	} else if (!start_reader(output, ends[0])) {
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

/* Takes over the ends. An older superd may have read another user's pipe itself: it gets a reader now. */
static struct output *use_ends(struct output *output, const struct output_ends *ends, bool foreign)
{
	struct stat status;

	output->write_end = ends->write;
	output->reading.pipe = ends->pipe;
	output->reading.text = ends->pipe >= 0 ? ends->read : -1;
	if (ends->pipe >= 0 || !foreign || fstat(ends->read, &status) < 0 || !S_ISFIFO(status.st_mode) ||
	    !start_reader(output, ends->read))
		watch_fd(output, ends->read);
	return output;
}

struct output *output_resume(struct engine *engine, const struct service *service, bool to_syslog,
			     const struct output_ends *ends)
{
	struct output *output = output_new(engine, to_syslog);

	if (!output)
		return NULL;
	output_name(output, service);
	return use_ends(output, ends, is_foreign(service));
}

/* superd knows only the name of a released output, not its service: it assumes another user's. */
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
	return use_ends(output, ends, true);
}

void output_close(struct output *output)
{
	int fd;

	if (!output)
		return;
	output_drain(output, true);
	log_suppressed(output);
	ev_io_stop(output->engine->loop, &output->io);
	ev_timer_stop(output->engine->loop, &output->reader_timer);
	close_pipe(output, &output->write_end);
	if (has_reader(output)) {
		close_pipe(output, &output->reading.pipe);
		output_reader_stop(&output->reading);   /* after the pipe: superd's end must not be the last */
	} else {
		fd = output->io.fd;
		fd_close(&fd);
	}
	list_remove(&output->link);
	LIST_EACH(link, &output->line_waits)
		list_remove(link);
	free(output->name);
	free(output);
}

/* The reader of the last lines may have begun just now. */
void output_end_all(struct engine *engine)
{
	struct run_limit limit;

	run_limit_begin(&limit, END_MOST);
	LIST_EACH(link, &engine->log_files->released) {
		struct output *output = container_of(link, struct output, link);
		const struct event event = { .name = "unread", .service = output->service };
		bool is_read = has_reader(output) && output->reading.target < 0;

		while (is_read && output_reader_is_behind(&output->reading) && run_limit_left(&limit) > 0 &&
		       run_limit_wait(&limit, output->io.fd) && read_turn(output, true, false))
			;
		if (is_read && output_reader_is_behind(&output->reading))
			log_event(engine->log, LEVEL_WARNING, &event,
				  "its last output is lost: superd-output does not answer, or a program prints on");
		output_close(output);
	}
}

void output_release(struct output *output)
{
	if (!output)
		return;
	close_pipe(output, &output->write_end);
	output->name = strdup(output->service);
	if (!output->name || !(read_turn(output, false, false) || has_reader(output))) {
		output_close(output);
		return;
	}
	output->service = output->name;
	list_add(&output->engine->log_files->released, &output->link);
}

/* If the reader has not begun, only the pipe is saved, as a pipe that needs a reader. */
static void save_ends(struct state_saver *saver, const void *object)
{
	const struct output *output = object;
	const struct output_reading *reading = &output->reading;
	bool is_read = reading->pipe < 0 || (reading->text >= 0 && reading->other < 0);

	save_fd(saver, "read", is_read ? output->io.fd : reading->pipe);
	if (is_read)
		save_fd(saver, "pipe", reading->pipe);
}

/* The writing end is saved, too: backends have copies of it. */
static void save_write_end(struct state_saver *saver, const void *object)
{
	save_fd(saver, "write", ((const struct output *)object)->write_end);
}

static void save_line(struct state_saver *saver, const void *object)
{
	const struct output *output = object;

	if (output->length)
		state_add_bytes(&saver->text, "line", output->line, output->length);
}

static void load_line(struct state_section *section, void *object)
{
	struct output *output = object;

	output->line = state_take_bytes(section, "line", OUTPUT_LINE - 1, &output->length);
	if (!output->line)
		output->length = 0;
}


static const struct state_field output_fields[] = {
	{ STATE_BY(output, io, save_ends, NULL) },
	{ STATE_BY(output, write_end, save_write_end, NULL) },
	{ STATE_FIELD(output, "syslog", to_syslog) },
	{ STATE_FIELD(output, "pid", pid), .most = INT32_MAX },
	{ STATE_BY(output, line, save_line, load_line) },
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
