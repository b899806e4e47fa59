/* xinetd's records of clients: log_type, log_on_success and log_on_failure. */
#include "superd/daemon.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log/log.h"
#include "lib/units.h"
#include "os/fs/fs.h"
#include "superd/values.h"

/* A file of log_type, or syslog: opened at its first line. */
struct record_file {
	struct list link;
	char *path; /* NULL: syslog */
	struct log_sink sink;
	struct log_pump pump;
	unsigned long lost_all; /* while it cannot be opened */
	int64_t looked;		/* second of the last look at its path */
	bool is_open, is_used, is_out, warned, full;
};

static struct list targets = { &targets, &targets };

/* It takes no line, or takes lines again: each is told once. One that is only full for a moment is not told of. */
static void tell_outage(struct record_file *target, const char *service, const char *why)
{
	struct event event = { .name = "records", .service = service, .reason = why };
	const char *name = target->path ? target->path : "syslog";
	unsigned long lost = target->lost_all + target->sink.unreported;
	bool is_out = why || target->sink.unreported || target->sink.state == LOG_SINK_AWAY;

	if (!why && target->sink.state == LOG_SINK_FULL)
		why = "its reader is too slow";
	if (!why)
		why = target->sink.error ? strerror(target->sink.error) : "no daemon listens at /dev/log";
	if (!target->is_out && is_out) {
		target->is_out = true;
		log_event(superd.log, LEVEL_WARNING, &event, "cannot log to %s: %s: the lines of log_type %s", name,
			  why, lost ? "are dropped" : "wait");
	} else if (target->is_out && target->is_open && target->sink.state == LOG_SINK_READY) {
		target->is_out = false;
		target->lost_all = target->sink.unreported = 0;
		event.reason = NULL;
		log_event(superd.log, LEVEL_NOTICE, &event, "logging to %s again: %lu line%s of log_type %s dropped",
			  name, lost, lost == 1 ? "" : "s", lost == 1 ? "was" : "were");
	}
}

static void on_looked(void *context, struct log_pump *pump)
{
	(void)pump;
	tell_outage(context, NULL, NULL);
}

static struct record_file *find_target(const char *path)
{
	struct record_file *target;

	LIST_EACH(link, &targets) {
		target = container_of(link, struct record_file, link);
		if (path ? target->path && !strcmp(target->path, path) : !target->path)
			return target;
	}
	target = calloc(1, sizeof(*target));
	if (!target || (path && !(target->path = strdup(path)))) {
		free(target);
		return NULL;
	}
	list_add(&targets, &target->link);
	return target;
}

static void target_close(struct record_file *target)
{
	if (!target->is_open)
		return;
	log_pump_detach(&target->pump);
	log_sink_close(&target->sink);
	target->is_open = false;
}

static bool target_open(struct record_file *target, struct buf *why)
{
	struct buf where = { 0 };
	const char *reason;

	buf_addf(&where, target->path ? "file:%s" : "syslog", target->path);
	reason = log_sink_open(&target->sink, buf_string(&where));
	buf_free(&where);
	if (reason) {
		buf_text(why, reason);
		return false;
	}
	target->sink.lost = log_losses(superd.log);
	log_pump_attach(&target->pump, superd.loop, &target->sink);
	target->pump.looked = on_looked;
	target->pump.context = target;
	target->is_open = true;
	return true;
}

/* Only root may control the path of a file, as another user could lead superd elsewhere, or block it there. That is
 * looked at once a second, and whether the path leads to the open file. *size: of the file. */
static bool target_check(struct record_file *target, int64_t *size, struct buf *why)
{
	int64_t now = clock_ms() / 1000;
	struct path_finding finding;

	*size = 0;
	if (!target->path)
		return target->is_open || target_open(target, why);
	if (target->looked == now && !target->is_open)
		return false;
	if (target->looked != now && !path_is_open_to_us(target->path, LOG_SINK_MODE, NULL, &finding)) {
		path_finding_describe(&finding, why);
		buf_text(why, ", and a file of log_type must be in a directory of root");
		target_close(target);
		target->looked = now;
		return false;
	}
	target->looked = now;
	if (!target->is_open && !target_open(target, why))
		return false;
	if (!log_sink_is_current(&target->sink, size))
		log_sink_reopen(&target->sink);
	return true;
}

/* false: the line would pass the hard limit. */
static bool has_room(struct svc *svc, struct record_file *to, const struct log_target *target, int64_t size)
{
	char text[SIZE_TEXT_MOST];
	bool is_beyond = to->sink.is_regular && size > target->soft;

	if (is_beyond && !to->warned)
		svc_say(svc, LEVEL_WARNING, "records", "%s grows beyond %s, log_type's soft limit", to->path,
			size_write(text, (double)target->soft));
	to->warned = is_beyond;
	is_beyond = to->sink.is_regular && size > target->hard;
	if (is_beyond && !to->full)
		svc_say(svc, LEVEL_WARNING, "records",
			"%s has reached %s, log_type's hard limit: superd does not log there until the file is "
			"emptied or moved",
			to->path, size_write(text, (double)target->hard));
	to->full = is_beyond;
	return !is_beyond;
}

/* For log rotation and behind a reload: opens each file again, and forgets those without a line since the last time. */
void records_reopen(void)
{
	LIST_OF(struct record_file, target, link, &targets) {
		if (target->is_used) {
			target->is_used = false;
			if (target->is_open && target->path)
				log_sink_reopen(&target->sink);
			continue;
		}
		target_close(target);
		list_remove(&target->link);
		free(target->path);
		free(target);
	}
}

void records_close(void)
{
	LIST_OF(struct record_file, target, link, &targets) {
		if (target->is_open)
			log_sink_finish(&target->sink, log_deadline(superd.log));
		target_close(target);
	}
}

/* event: its name, and what is known beside the service. Frees the line. */
void record_line(struct svc *svc, struct event event, struct buf *line)
{
	const struct log_target *target = svc->row->groups->logging->log_type;
	struct record_file *to = target ? find_target(target->kind == LOG_TYPE_FILE ? target->path : NULL) : NULL;
	struct buf text = { 0 }, why = { 0 };
	time_t now = time(NULL);
	struct tm local;
	int64_t size = 0;

	event.service = svc->row->name;
	if (!to) {
		log_record(superd.log, LEVEL_INFO, &event, buf_string(line), line->length);
	} else if (!target_check(to, &size, &why)) {
		to->is_used = true;
		to->lost_all++;
		++*log_losses(superd.log);
		tell_outage(to, svc->row->name, buf_string(&why));
	} else if (target->kind == LOG_TYPE_FILE) {
		to->is_used = true;
		localtime_r(&now, &local);
		xinetd_line_stamp(&text, &local);
		buf_addf(&text, "%s\n", buf_string(line));
		if (has_room(svc, to, target, size + (int64_t)(to->sink.queue.length + text.length)))
			log_sink_take(&to->sink, LOG_INFO, buf_string(&text), text.length);
		tell_outage(to, svc->row->name, NULL);
	} else {
		struct syslog_head head = { target->facility | target->level, log_name(superd.log), getpid() };

		to->is_used = true;
		log_sink_take_as(&to->sink, &head, buf_string(line), line->length);
		tell_outage(to, svc->row->name, NULL);
	}
	buf_free(&why);
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
	record_line(svc, (struct event){ .name = "start", .pid = pid, .peer = peer }, &line);
}

void record_end(struct svc *svc, struct instance *instance, double lasted)
{
	unsigned flags = svc->row->groups->logging->log_on_success;
	struct event event = { .name = "exit", .pid = instance->pid, .has_duration = true, .duration = lasted };
	struct buf line = { 0 };

	if (!(flags & (SUCCESS_EXIT | SUCCESS_DURATION)))
		return;
	xinetd_line_end(&line, svc->row->name, flags, instance->pid, instance->status, lasted);
	event_add_end(&event, instance->status);
	record_line(svc, event, &line);
}

void record_refusal(struct svc *svc, const char *peer, const char *word)
{
	unsigned flags = svc->row->groups->logging->log_on_failure;
	struct buf line = { 0 };

	if (!flags)
		return;
	xinetd_line_refusal(&line, svc->row->name, flags, word, peer);
	record_line(svc, (struct event){ .name = "fail", .peer = peer, .reason = word }, &line);
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
	record_line(svc, (struct event){ .name = known ? "userid" : "noid", .peer = peer }, &line);
}
