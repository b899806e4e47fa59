/* What backends print, a ring of the last lines of each service, and xinetd's records of clients. */
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/fd.h"
#include "lib/log/log_sink.h"
#include "lib/scan.h"
#include "os/socket/client.h"
#include "superd/log/xinetd_line.h"

#define TURN (64 << 10) /* bytes that a turn of the loop reads of one pipe */
#define TARGETS 32

/* ---- records: log_type of xinetd, and syslog ---- */

static struct target {
	char *path; /* NULL: syslog */
	struct log_sink sink;
	bool warned, full;
} targets[TARGETS];

static struct target *find_target(const char *path)
{
	for (int n = 0; n < TARGETS; n++) {
		struct target *target = &targets[n];

		if (target->sink.waiter && (path ? target->path && !strcmp(target->path, path) : !target->path))
			return target;
		if (target->sink.waiter)
			continue;
		char where[4200];

		snprintf(where, sizeof(where), path ? "file:%s" : "syslog", path);
		if (log_sink_open(&target->sink, where))
			return NULL;
		target->sink.waiter = target;
		target->path = path ? strdup(path) : NULL;
		return target;
	}
	return NULL;
}

void records_reopen(void)
{
	for (int n = 0; n < TARGETS; n++) {
		if (targets[n].sink.waiter && targets[n].path)
			log_sink_reopen(&targets[n].sink);
	}
}

void records_close(void)
{
	for (int n = 0; n < TARGETS; n++) {
		if (targets[n].sink.waiter)
			log_sink_finish(&targets[n].sink, log_deadline(superd.log));
	}
}

void record_line(struct svc *svc, const char *name, const char *peer, struct buf *line)
{
	const struct log_target *target = svc->row->groups->logging->log_type;
	struct event event = { .name = name, .service = svc->row->name, .peer = peer };
	struct buf text = { 0 };
	struct target *to = NULL;
	time_t now = time(NULL);
	struct tm local;
	int64_t size = 0;

	if (target)
		to = find_target(target->kind == LOG_TYPE_FILE ? target->path : NULL);
	if (!target) {
		log_record(superd.log, LEVEL_INFO, &event, buf_string(line), line->length);
	} else if (!to) {
		svc_say(svc, LEVEL_WARNING, "warning", "cannot log to %s: %s", target->path ? target->path : "syslog",
			strerror(errno));
	} else if (target->kind == LOG_TYPE_FILE) {
		if (!log_sink_is_current(&to->sink, &size))
			log_sink_reopen(&to->sink);
		localtime_r(&now, &local);
		xinetd_line_stamp(&text, &local);
		buf_addf(&text, "%s\n", buf_string(line));
		if (target->hard != SCAN_INFINITY && size >= target->hard) {
			if (!to->full)
				svc_say(svc, LEVEL_WARNING, "warning",
					"%s has reached log_type's hard limit: superd does not log there "
					"until the file is emptied or moved",
					target->path);
			to->full = true;
		} else {
			if (target->soft != SCAN_INFINITY && size >= target->soft && !to->warned)
				svc_say(svc, LEVEL_WARNING, "warning", "%s grows beyond log_type's soft limit",
					target->path);
			to->warned = target->soft != SCAN_INFINITY && size >= target->soft;
			to->full = false;
			log_sink_take(&to->sink, LOG_INFO, buf_string(&text), text.length, true);
		}
	} else {
		struct syslog_head head = { target->facility | target->level, log_name(superd.log), getpid() };

		log_sink_take_as(&to->sink, &head, buf_string(line), line->length, true);
	}
	buf_free(&text);
	buf_free(line);
}

void record_start(struct svc *svc, pid_t pid, const char *peer)
{
	unsigned flags = svc->row->groups->logging->log_on_success;
	struct buf line = { 0 };

	if (!flags)
		return;
	xinetd_line_start(&line, svc->row->name, flags, pid, peer);
	record_line(svc, "start", peer, &line);
}

void record_end(struct svc *svc, struct instance *instance, double lasted)
{
	unsigned flags = svc->row->groups->logging->log_on_success;
	struct buf line = { 0 };

	if (!(flags & (SUCCESS_EXIT | SUCCESS_DURATION)))
		return;
	xinetd_line_end(&line, svc->row->name, flags, instance->pid, instance->status, lasted);
	record_line(svc, "exit", NULL, &line);
}

void record_refusal(struct svc *svc, const char *peer, const char *word)
{
	unsigned flags = svc->row->groups->logging->log_on_failure;
	struct buf line = { 0 };

	if (!flags)
		return;
	xinetd_line_refusal(&line, svc->row->name, flags, word, peer);
	record_line(svc, "fail", peer, &line);
}

void record_user(struct svc *svc, const char *peer, bool success, bool known, const char *text)
{
	const struct log_options *logging = svc->row->groups->logging;
	bool wanted = success ? logging->log_on_success & SUCCESS_USERID : logging->log_on_failure & FAILURE_USERID;
	struct buf line = { 0 };

	if (known ? !wanted : !svc->row->groups->access->id_only)
		return;
	if (known)
		xinetd_line_user(&line, svc->row->name, text);
	else
		xinetd_line_nobody(&line, svc->row->name, peer, text);
	record_line(svc, known ? "userid" : "noid", peer, &line);
}

/* ---- pipes ---- */

#define TRACE_MOST 30 /* lines of a trace behind the line that names the error */

static bool names_error(const char *line)
{
	static const char *const marks[] = {
		"error:", "exception:", "fatal", "panic", "cannot ", "can't ", "no such "
	};

	for (size_t n = 0; n < sizeof(marks) / sizeof(*marks); n++) {
		if (strcasestr(line, marks[n]))
			return true;
	}
	return false;
}

static void log_line(struct output *output, const char *line, size_t length)
{
	const struct stream_options *streams = output->svc->row->groups->streams;
	struct svc *svc = output->svc;
	unsigned level = streams->syslog_level, facility = streams->syslog_facility << 3;
	static const enum level levels[] = { LEVEL_ERROR,   LEVEL_ERROR,  LEVEL_ERROR, LEVEL_ERROR,
					     LEVEL_WARNING, LEVEL_NOTICE, LEVEL_INFO,  LEVEL_DEBUG };
	const char *name = streams->syslog_identifier ? streams->syslog_identifier : svc->row->name;
	struct instance *only =
		list_has_one(&svc->instances) ? container_of(svc->instances.next, struct instance, link) : NULL;
	struct event event = { .service = name, .pid = only && !svc->row->exec->accept ? only->pid : 0 };
	double interval = (double)streams->log_rate_limit_interval / 1e6, now = clock_now();
	char number[8], span[DURATION_MOST];
	unsigned prefix;

	while (length && line[length - 1] == '\r')
		length--;
	if (length) {
		char start[sizeof(svc->last_line)];

		/* The line that tells why it ended: the last one, but some print a trace behind the reason. */
		snprintf(start, sizeof(start), "%.*s", (int)(length < 150 ? length : 150), line);
		if (svc->lines_after++ >= TRACE_MOST || !names_error(svc->last_line) || names_error(start)) {
			memcpy(svc->last_line, start, sizeof(start));
			svc->lines_after = 0;
		}
	}
	if (svc->row->groups->lifecycle->ready && svc->current && svc->current->phase == STARTED &&
	    memmem(line, length, svc->row->groups->lifecycle->ready, strlen(svc->row->groups->lifecycle->ready)))
		instance_be_ready(svc->current);
	if (streams->log_rate_limit_burst > 0 && streams->log_rate_limit_burst != UNLIMITED && interval > 0) {
		if (now - output->interval_begin >= interval) {
			if (output->suppressed)
				svc_say(svc, LEVEL_WARNING, "suppressed", "suppressed %lu line%s of its output",
					output->suppressed, output->suppressed == 1 ? "" : "s");
			output->interval_begin = now;
			output->interval_lines = 0;
			output->suppressed = 0;
		}
		if (++output->interval_lines > streams->log_rate_limit_burst) {
			if (!output->suppressed++)
				svc_say(svc, LEVEL_WARNING, "suppressed",
					"printed more than %lld lines within %s "
					"(log_rate_limit_burst): further ones are suppressed",
					(long long)streams->log_rate_limit_burst, duration_write(span, interval));
			return;
		}
	}
	if (streams->syslog_level_prefix && length >= 3 && line[0] == '<' && sscanf(line, "<%3u>", &prefix) == 1 &&
	    prefix < 1024) {
		size_t skip = (size_t)snprintf(number, sizeof(number), "<%u>", prefix);

		if (skip <= length && !strncmp(line, number, skip)) {
			level = LOG_PRI(prefix);
			line += skip;
			length -= skip;
		}
	}
	if (output->to_syslog) {
		struct target *target = find_target(NULL);
		struct syslog_head head = { (int)(facility | level), name, event.pid };

		if (target)
			log_sink_take_as(&target->sink, &head, line, length, false);
		return;
	}
	log_output(superd.log, levels[level & 7], &event, line, length);
}

static void read_lines(struct output *output, size_t most)
{
	for (size_t all = 0; all < most;) {
		char *newline, *at = output->line;
		ssize_t got = read(output->io.fd, output->line + output->length, sizeof(output->line) - output->length);

		if (got <= 0)
			return;
		all += (size_t)got;
		output->length += (size_t)got;
		while ((newline = memchr(at, '\n', output->length - (size_t)(at - output->line)))) {
			log_line(output, at, (size_t)(newline - at));
			at = newline + 1;
		}
		output->length -= (size_t)(at - output->line);
		memmove(output->line, at, output->length);
		if (output->length == sizeof(output->line)) {
			log_line(output, output->line, output->length);
			output->length = 0;
		}
	}
}

static void on_output(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	read_lines(io->data, TURN);
}

void output_resume(struct output *output, struct svc *svc, bool to_syslog, int read_end, int write_end)
{
	*output = (struct output){ .svc = svc, .write_end = write_end, .to_syslog = to_syslog };
	ev_io_init(&output->io, on_output, read_end, EV_READ);
	output->io.data = output;
	ev_io_start(superd.loop, &output->io);
}

bool output_open(struct output *output, struct svc *svc, bool to_syslog)
{
	int ends[2];

	if (output->write_end >= 0)
		return true;
	if (fd_pipe(ends) < 0)
		return false;
	fd_set_nonblocking(ends[1], false);
	output_resume(output, svc, to_syslog, fd_raise(ends[0], FD_HIGH), fd_raise(ends[1], FD_HIGH));
	return true;
}

/* last: nobody is left who could end the line. */
void output_drain(struct svc *svc, bool last)
{
	for (int n = 0; n < OUTPUTS; n++) {
		struct output *output = &svc->outputs[n];

		if (output->write_end < 0)
			continue;
		read_lines(output, TURN);
		if (last && output->length)
			log_line(output, output->line, output->length);
		if (last)
			output->length = 0;
	}
}

void output_close(struct output *output)
{
	int fd = output->io.fd;

	if (output->write_end < 0)
		return;
	read_lines(output, TURN);
	if (output->length)
		log_line(output, output->line, output->length);
	ev_io_stop(superd.loop, &output->io);
	fd_close(&output->write_end);
	fd_close(&fd);
}

/* ---- the ring ---- */

static void ring_add(struct ring_line *ring, unsigned *next, unsigned size, enum level level, const struct event *event,
		     const char *text, size_t length)
{
	struct ring_line *line = &ring[(*next)++ % size];

	free(line->text);
	*line = (struct ring_line){ .at = clock_wall(),
				    .level = level,
				    .text = strndup(text, length < 1000 ? length : 1000),
				    .serial = superd.serial,
				    .pid = event->pid,
				    .is_output = event->is_output };
}

static void on_log(void *context, enum level level, const struct event *event, const char *message, size_t length)
{
	struct svc *svc = event->service ? svc_find(event->service) : NULL;

	(void)context;
	if (level <= LEVEL_INFO) {
		superd.serial++;
		if (svc && !svc->ring)
			svc->ring = calloc(RING, sizeof(*svc->ring));
		if (svc && svc->ring)
			ring_add(svc->ring, &svc->ring_next, RING, level, event, message, length);
		else if (!svc)
			ring_add(superd.ring, &superd.ring_next, RING * 4, level, event, message, length);
	}
	control_log(event->service, level, event, message, length);
}

/* level: how deep an operator wants to follow it. */
void ring_begin(enum level level)
{
	log_tap(superd.log, level, on_log, NULL);
}
