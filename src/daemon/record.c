/* xinetd's records of clients: log_type, log_on_success and log_on_failure. */
#include "daemon/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/log/log_sink.h"
#include "lib/scan.h"
#include "superd/log/xinetd_line.h"

#define TARGETS 32

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
