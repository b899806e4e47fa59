/* The control socket: requests in, lines of JSON out (superd-control(7)). A request that waits is looked at again
 * whenever anything has changed. */
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/front.h"
#include "lib/build_id.h"
#include "lib/build_info.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/glob.h"
#include "lib/json.h"
#include "lib/scan.h"
#include "lib/shell_words.h"
#include "os/cgroup/resource_usage.h"
#include "os/fs/runtime_dir.h"
#include "os/guard/guard_link.h"
#include "os/socket/bind.h"
#include "os/socket/control_socket.h"
#include "superd/machine/account.h"
#include "superd/main/settings.h"
#include "table/option/option_name.h"
#include "table/option/option_table.h"
#include "table/option/service_mark.h"
#include "table/services/left_out.h"
#include "table/services/service_conf.h"
#include "table/services/service_json.h"

#define CLIENTS_MOST 16
#define LINE_MOST 8192
#define OUTPUT_MOST (4 << 20) /* bytes that a client has not read, until it is dropped */
#define PROOF 1.0	      /* seconds that a start must last, if its program does not tell that it is ready */

enum action {
	START,
	STOP,
	RESTART,
	HOLD,
	RELEASE,
	DRAIN,
	FREEZE,
	THAW,
	SLEEP,
	WAKE,
	WAIT_READY,
	WAIT_AWAKE,
	WAIT_ASLEEP,
	ENABLE,
	DISABLE,
	SIGNAL,
	REFRESH
};

/* An order to one service, until its result is sent. */
struct order {
	struct order *next;
	char *name;
	enum action action;
	double asked;
	uint64_t activations, failures, kills;
	bool ran;
	unsigned reloads;
};

struct session {
	struct list link;
	ev_io io;
	ev_timer timeout, progress;
	char input[LINE_MOST], hello[17];
	size_t filled;
	struct buf out, line;
	size_t sent;
	bool may_act, greeted, busy, leaving, at_end, follows;
	uid_t uid;
	struct order *orders;
	size_t failed;
	/* the present request */
	bool no_wait, boot, allow_empty, only_failed, follow, wants_progress;
	double seconds, since;
	enum level level;
	int signal;
	size_t lines;
	const char *pattern;
	char *words[1024];
	size_t count;
	struct buf text;
};

static struct {
	struct control_socket socket;
	int adopted; /* descriptor of the superd before, and 1; 0: none */
	struct list sessions;
	ev_io io;
	ev_timer proof, retry;
	ev_prepare changes;
	bool changed, is_set;
	size_t count;
	gid_t group;
	double pause;
} server = { .socket.fd = -1, .group = (gid_t)-1 };

/* ---- one service as JSON ---- */

static double offset(void)
{
	return clock_wall() - clock_now();
}

static void seconds_or_null(struct buf *out, const char *name, bool known, double seconds)
{
	if (known)
		json_seconds_field(out, name, seconds);
	else
		json_null_field(out, name);
}

static void place(struct buf *out, const char *name, struct origin at)
{
	struct buf text = { 0 };

	if (at.file)
		buf_addf(&text, "%s:%u", at.file, at.line);
	json_text_field(out, name, text.length ? buf_string(&text) : NULL);
	buf_free(&text);
}

static const char *fault_of(const struct svc *svc)
{
	static char text[300];
	struct buf missing = { 0 };

	if (svc->disabled)
		return NULL;
	if (svc->current && svc->current->told && svc->current->row->exec->pass == PASS_BIND) {
		bind_describe_missing(svc->current, &missing);
		snprintf(text, sizeof(text), "%s", buf_string(&missing));
		buf_free(&missing);
		return *text ? text : NULL;
	}
	if (svc->held && svc->row->groups->lifecycle->on_failure == FAILURE_EXIT)
		return "it is held, and superd depends on it (on_failure = exit)";
	return svc->state == BINDING ||
			(svc->state == BACKOFF && svc->failing && *svc->reason && !svc->row->exec->accept)
		? svc->reason
		: NULL;
}

static bool is_degraded(const struct svc *svc)
{
	return !svc->disabled && !fault_of(svc) && svc->failed_in_row >= 3;
}

static struct resource_usage usage_of(struct svc *svc)
{
	struct resource_usage sum = { -1, -1 };
	int count = 0;

	LIST_EACH(link, &svc->instances) {
		struct instance *instance = container_of(link, struct instance, link);
		struct resource_usage usage = instance->cgroup ? resource_usage_of_cgroup(instance->cgroup, false)
							       : resource_usage_of_process(instance->main.pid);

		if (usage.memory >= 0)
			sum.memory = usage.memory + (sum.memory > 0 ? sum.memory : 0);
		if (usage.cpu >= 0)
			sum.cpu = usage.cpu + (sum.cpu > 0 ? sum.cpu : 0);
		if (++count == 64)
			break;
	}
	return sum;
}

static const char *instance_word(const struct svc *svc, const struct instance *instance)
{
	if (instance->stopped || instance->phase > REMAINS)
		return "stopping";
	if (instance_is_starting(instance))
		return "starting";
	return svc->state == FROZEN && svc->current == instance ? "frozen" : "running";
}

static void show_instance(struct svc *svc, struct instance *instance, struct buf *out)
{
	struct resource_usage usage = resource_usage_of_process(instance->main.pid);

	json_object_open(out);
	json_whole_field(out, "pid", instance->pid > 0 ? instance->pid : -1);
	json_text_field(out, "state", instance_word(svc, instance));
	json_seconds_field(out, "since", instance->since + offset());
	json_seconds_field(out, "age", clock_now() - instance->since);
	json_whole_field(out, "memory", usage.memory);
	seconds_or_null(out, "cpu", usage.cpu >= 0, usage.cpu);
	json_text_field(out, "peer", *instance->peer ? instance->peer : NULL);
	json_text_field(out, "says", *instance->status_text ? instance->status_text : NULL);
	if (instance == svc->current)
		json_flag_field(out, "current", true);
	if (service_is_relayed(instance->row)) {
		words to = instance->row->exec->redirect;
		struct buf target = { 0 };

		buf_addf(&target, to[1] ? "%s:%s" : "%s", to[0], to[1]);
		json_object_field(out, "relay");
		json_whole_field(out, "pid", instance->relay.child.pid > 0 ? instance->relay.child.pid : -1);
		json_text_field(out, "target", buf_string(&target));
		json_flag_field(out, "answers", instance->relay.up);
		json_text_field(out, "error", instance->relay.error ? strerror(instance->relay.error) : NULL);
		json_whole_field(out, "connections", (int64_t)instance->relay.connections);
		json_whole_field(out, "flows", (int64_t)instance->relay.flows);
		json_object_close(out);
		if (!instance->relay.up && instance_is_starting(instance))
			json_text_field(out, "waits_for", buf_string(&target));
		buf_free(&target);
	}
	if (instance->row->exec->pass == PASS_BIND) {
		struct buf unbound = { 0 };

		json_list_field(out, "binds");
		for (unsigned n = 0; n < svc->socket_count && n < 8; n++) {
			struct buf endpoint = { 0 };

			if (!(instance->bound_set >> n & 1))
				continue;
			endpoint_format(svc->sockets[n].listen->endpoint, &endpoint);
			json_object_open(out);
			json_text_field(out, "asked", instance->asked[n]);
			json_text_field(out, "endpoint", buf_string(&endpoint));
			json_null_field(out, "note");
			json_object_close(out);
			buf_free(&endpoint);
		}
		json_list_close(out);
		bind_describe_missing(instance, &unbound);
		json_text_field(out, "unbound", unbound.length ? buf_string(&unbound) : NULL);
		buf_free(&unbound);
	}
	if (instance->phase == REMAINS)
		json_flag_field(out, "remains", true);
	json_object_close(out);
}

static void show_failure(const struct failure *failure, struct buf *out)
{
	bool has_status = !*failure->why, signalled = has_status && WIFSIGNALED(failure->status);
	char name[32];

	json_object_open(out);
	json_seconds_field(out, "at", failure->at + offset());
	json_whole_field(out, "pid", failure->pid > 0 ? failure->pid : -1);
	json_text_field(out, "peer", *failure->peer ? failure->peer : NULL);
	json_whole_field(out, "status", has_status && !signalled ? WEXITSTATUS(failure->status) : -1);
	json_text_field(out, "signal", signalled ? scan_signal_name(WTERMSIG(failure->status), name) : NULL);
	json_text_field(out, "result", result_name(failure->result));
	json_text_field(out, "reason", has_status ? NULL : failure->why);
	json_seconds_field(out, "lasted", failure->lasted);
	json_object_close(out);
}

static void show_listeners(struct svc *svc, bool whole, struct buf *out)
{
	json_list_field(out, "listeners");
	for (unsigned n = 0; n < svc->socket_count; n++) {
		struct socket *socket = &svc->sockets[n];
		struct buf endpoint = { 0 };
		int queue = socket->fd >= 0 ? bind_queue(socket->fd, socket->listen) : -1;

		if (socket->fd >= 0 && whole)
			bind_describe(socket->fd, socket->listen, &endpoint);
		else
			endpoint_format(socket->listen->endpoint, &endpoint);
		json_object_open(out);
		json_text_field(out, "endpoint", buf_string(&endpoint));
		if (whole) {
			json_text_field(out, "name", socket->listen->name);
			json_flag_field(out, "open",
					socket->fd >= 0 || socket->listen->endpoint->kind == ENDPOINT_TCPMUX);
		}
		if (socket->absent)
			json_text_field(out, "absent", "failed");
		json_whole_field(out, "queue",
				 endpoint_accepts(socket->listen->endpoint) || queue < 0 ? queue : queue > 0);
		if (whole)
			json_whole_field(out, "queue_limit",
					 socket->fd >= 0 ? bind_queue_limit(socket->fd, socket->listen) : -1);
		json_object_close(out);
		buf_free(&endpoint);
	}
	json_list_close(out);
}

/* ---- what an operator holds or has disabled outlives superd: a file beside the control socket ---- */

static void find_path(const struct options *options, char path[PATH_MAX]);
static bool has_control(const struct options *options);
static ev_timer locks_retry;

static bool locks_path(char path[PATH_MAX + 8])
{
	find_path(superd.options, path);
	snprintf(path + strlen(path), PATH_MAX + 8 - strlen(path), ".locks");
	return has_control(superd.options);
}

static void locks_write(void)
{
	char path[PATH_MAX + 8], fresh[PATH_MAX + 16];
	struct buf text = { 0 };
	bool good;
	int fd;

	if (!locks_path(path))
		return;
	LIST_EACH(link, &superd.services) {
		struct svc *svc = container_of(link, struct svc, link);

		for (int n = 0; n < 2; n++) {
			if (n ? svc->disabled : svc->held)
				buf_addf(&text, "%s %lu %.0f %s\n", n ? "disabled" : "held",
					 (unsigned long)svc->locks[n].uid, svc->locks[n].since, svc->row->name);
		}
	}
	ev_timer_stop(superd.loop, &locks_retry);
	if (!text.length) {
		unlink(path);
		return;
	}
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	good = fd >= 0 && write(fd, buf_string(&text), text.length) == (ssize_t)text.length;
	good &= fd >= 0 && close(fd) == 0 && rename(fresh, path) == 0;
	if (!good) {
		if (locks_retry.repeat <= 0)
			log_warn(superd.log,
				 "cannot write %s: %s: the next superd will not know what is held or disabled", path,
				 strerror(errno));
		unlink(fresh);
		locks_retry.repeat = 60;
		ev_timer_again(superd.loop, &locks_retry);
	} else {
		locks_retry.repeat = 0;
	}
	buf_free(&text);
}

static void on_locks_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	locks_write();
}

static void set_lock(struct svc *svc, int which, uid_t uid)
{
	svc->locks[which].uid = uid;
	svc->locks[which].since = clock_wall();
}

/* At a start that follows no other superd. */
void locks_read(void)
{
	char path[PATH_MAX + 8], line[512], kind[16], name[300], since_text[40];
	struct stat status;
	unsigned long uid;
	double since;
	FILE *file;
	int fd;

	ev_init(&locks_retry, on_locks_retry);
	if (!locks_path(path) || (fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) < 0)
		return;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid() || status.st_mode & 077) {
		log_warn(superd.log, "%s is not used: it has to be a file that only superd's user may read and write",
			 path);
		close(fd);
		return;
	}
	file = fdopen(fd, "r");
	while (file && fgets(line, sizeof(line), file)) {
		struct svc *svc;
		time_t then;
		int which;

		if (sscanf(line, "%15s %lu %lf %299s", kind, &uid, &since, name) != 4)
			continue;
		which = !strcmp(kind, "disabled");
		then = (time_t)since;
		strftime(since_text, sizeof(since_text), "%Y-%m-%d %H:%M:%S", localtime(&then));
		svc = svc_find(name);
		if (!svc) {
			log_notice(superd.log,
				   "%s: it was %s by uid %lu since %s, and is not in the configuration any more", name,
				   which ? "disabled" : "held", uid, since_text);
			continue;
		}
		*(which ? &svc->disabled : &svc->held) = true;
		svc->locks[which].uid = (uid_t)uid;
		svc->locks[which].since = since;
		svc_say(svc, LEVEL_NOTICE, "locked", "still %s by uid %lu since %s", which ? "disabled" : "held", uid,
			since_text);
	}
	if (file)
		fclose(file);
}

static void show_lock(struct buf *out, const struct svc *svc, const char *lock, int which)
{
	json_object_open(out);
	json_text_field(out, "lock", lock);
	json_whole_field(out, "uid", (int64_t)svc->locks[which].uid);
	json_count_field(out, "since", (uint64_t)svc->locks[which].since);
	json_null_field(out, "ends_with_superd");
	json_object_close(out);
}

enum answer { LIST_ANSWER = 1, STATUS_ANSWER = 2, METRICS_ANSWER = 4, ORDER_ANSWER = 8, HEALTH_ANSWER = 16 };

/* svc NULL: the row is off. */
static void show(const struct service *row, struct svc *svc, enum answer answer, struct buf *out)
{
	static const char *const types[] = { "simple", "exec", "notify", "notify-reload", "forking", "oneshot" };
	static const char *const passes[] = { "systemd", "inetd", "bind" };
	static const char *const actions[] = { "stop", "freeze", "report" };
	const struct left_out *left = left_out_of(superd.table, row);
	words exec = row->exec->exec ? row->exec->exec : row->exec->builtin ? row->exec->builtin : row->exec->redirect;
	struct resource_usage usage = { -1, -1 };
	double now = clock_now();
	size_t count = 0;

	json_text_field(out, "service", row->name);
	json_text_field(out, "state",
			left && !svc	       ? "left out"
				: !svc	       ? "off"
				: svc->removed ? "leaving"
					       : state_name(svc->state));
	if (answer == HEALTH_ANSWER) {
		const char *fault = svc ? fault_of(svc) : left ? left_out_reason(left) : NULL;

		json_flag_field(out, "healthy", !fault);
		json_flag_field(out, "degraded", svc && is_degraded(svc));
		json_text_field(out, "reason", fault);
		if (svc)
			show_listeners(svc, true, out);
		return;
	}
	seconds_or_null(out, "since", svc, svc ? svc->since + offset() : 0);
	seconds_or_null(out, "for", svc, svc ? now - svc->since : 0);
	if (svc && svc->state == QUEUED && !list_empty(&svc->queue)) {
		int place = 1;

		for (struct list *link = superd.queue.next; link != &superd.queue && link != &svc->queue;
		     link = link->next)
			place++;
		json_count_field(out, "place", (uint64_t)place);
	}
	json_flag_field(out, "held", svc && svc->held);
	json_flag_field(out, "enabled", svc && !svc->disabled);
	json_flag_field(out, "disabled_at_boot", false);
	json_flag_field(out, "degraded", svc && is_degraded(svc));
	json_text_field(out, "left_out", left ? left_out_reason(left) : NULL);
	LIST_EACH(link, svc ? &svc->instances : &superd.queue) {
		if (!svc)
			break;
		count += container_of(link, struct instance, link)->row != svc->row;
	}
	json_count_field(out, "outdated", 0);
	if (answer == STATUS_ANSWER) {
		json_list_field(out, "locks");
		if (svc && svc->held)
			show_lock(out, svc, "held", 0);
		if (svc && svc->disabled)
			show_lock(out, svc, "disabled", 1);
		json_list_close(out);
	}
	if (answer & (STATUS_ANSWER | ORDER_ANSWER)) {
		place(out, "source", row->at);
		json_flag_field(out, "accept", row->exec->accept);
		json_text_field(out, "type", types[row->exec->type]);
	}
	if (answer != ORDER_ANSWER) {
		json_list_field(out, "exec");
		for (size_t n = 0; exec && exec[n]; n++)
			json_element_text(out, exec[n]);
		json_list_close(out);
		if (row->exec->exec && row->exec->argv0)
			json_text_field(out, "argv0", row->exec->argv0);
		if (!row->exec->exec && exec)
			json_text_field(out, row->exec->builtin ? "builtin" : "redirect", exec[0]);
		if (svc)
			show_listeners(svc, answer != LIST_ANSWER, out);
	}
	count = 0;
	if (answer == STATUS_ANSWER)
		json_list_field(out, "instances");
	LIST_EACH(link, svc ? &svc->instances : &superd.queue) {
		if (!svc)
			break;
		if (answer == STATUS_ANSWER && count < 100)
			show_instance(svc, container_of(link, struct instance, link), out);
		count++;
	}
	if (answer == STATUS_ANSWER)
		json_list_close(out);
	else
		json_count_field(out, "instances", count);
	if (count > 100 && answer == STATUS_ANSWER)
		json_count_field(out, "more_instances", count - 100);
	if (!svc) {
		if (answer == STATUS_ANSWER)
			place(out, "disabled_at", service_origin(row, "disable"));
		return;
	}
	if (answer != ORDER_ANSWER) {
		usage = usage_of(svc);
		json_whole_field(out, "memory", usage.memory);
		seconds_or_null(out, "cpu", usage.cpu >= 0, usage.cpu);
		json_count_field(out, "activations", svc->activations);
		json_count_field(out, "accepted", svc->accepted);
		json_count_field(out, "failures", svc->failures);
		json_count_field(out, "probes", 0);
		json_count_field(out, "idle_stops", svc->idle_stops);
		json_count_field(out, "pressure_sleeps", 0);
		json_count_field(out, "freezes", svc->freezes);
		json_count_field(out, "wakes", svc->wakes);
		json_null_field(out, "warm");
		json_object_field(out, "refused");
		for (int reason = 0; reason < REFUSALS; reason++) {
			if (svc->refused[reason])
				json_count_field(out, refusal_name((enum refusal)reason), svc->refused[reason]);
		}
		json_object_close(out);
		seconds_or_null(out, "last_used", svc->last_end > 0 || count, (count ? now : svc->last_end) + offset());
	}
	if (answer != LIST_ANSWER) {
		char name[32];
		bool signalled = WIFSIGNALED(svc->last_status);

		if (svc->last_start > 0) {
			json_object_field(out, "last_activation");
			json_seconds_field(out, "at", svc->last_start + offset());
			json_text_field(out, "by", *svc->last_peer ? svc->last_peer : NULL);
			json_seconds_field(out, "wait", svc->last_wait);
			seconds_or_null(out, "latency", svc->last_latency > 0, svc->last_latency);
			json_object_close(out);
		} else {
			json_null_field(out, "last_activation");
		}
		if (svc->last_end > 0) {
			json_object_field(out, "last_exit");
			json_seconds_field(out, "at", svc->last_end + offset());
			json_whole_field(out, "status", signalled ? -1 : WEXITSTATUS(svc->last_status));
			json_text_field(out, "signal",
					signalled ? scan_signal_name(WTERMSIG(svc->last_status), name) : NULL);
			json_text_field(out, "result", result_name(svc->last_result));
			json_seconds_field(out, "lasted", svc->last_duration);
			json_object_close(out);
		} else {
			json_null_field(out, "last_exit");
		}
	}
	if (answer != ORDER_ANSWER) {
		if ((svc->state == BACKOFF || svc->state == BINDING) && *svc->reason) {
			json_object_field(out, "pause");
			json_flag_field(out, "failed", svc->failing);
			json_text_field(out, "reason", svc->reason);
			seconds_or_null(out, "left", ev_is_active(&svc->timer),
					ev_timer_remaining(superd.loop, &svc->timer));
			json_object_close(out);
		} else {
			json_null_field(out, "pause");
		}
	}
	if (answer == METRICS_ANSWER || answer == STATUS_ANSWER) {
		const struct lifecycle_options *lifecycle = row->groups->lifecycle;

		if (service_idles(row)) {
			json_object_field(out, "idle");
			json_text_field(out, "standing",
					svc->state == RUNNING ? svc->idle_since > 0 ? "idle" : "busy" : "asleep");
			json_seconds_field(out, "timeout", (double)lifecycle->idle_timeout / 1e6);
			json_text_field(out, "action", actions[lifecycle->idle_action]);
			json_whole_field(out, "connections", svc->current ? idle_count(svc, false) : -1);
			seconds_or_null(out, "for", svc->idle_since > 0, now - svc->idle_since);
			json_object_close(out);
		} else {
			json_null_field(out, "idle");
		}
		json_null_field(out, "latency");
		json_null_field(out, "thaw_latency");
		json_null_field(out, "relay");
		json_seconds_field(out, "cpu_total", svc->cpu + (usage.cpu > 0 ? usage.cpu : 0));
		json_object_field(out, "spent");
		json_object_close(out);
	}
	if (answer != STATUS_ANSWER)
		return;
	json_text_field(out, "pass", passes[row->exec->pass]);
	json_flag_field(out, "probe", false);
	json_flag_field(out, "probe_from", false);
	if ((svc->state == BACKOFF || (svc->last_end > 0 && !result_is_good(svc->last_result))) && *svc->last_line)
		json_text_field(out, "last_line", svc->last_line);
	if (svc->draining)
		json_flag_field(out, "drains", true);
	if (svc->state == QUEUED && list_empty(&svc->queue)) {
		json_list_field(out, "waits_for");
		for (int n = 0; n < 2; n++) {
			for (words at = n ? row->groups->lifecycle->wants : row->groups->lifecycle->requires; at && *at;
			     at++) {
				if (svc_find(*at) && svc_find(*at)->state != RUNNING)
					json_element_text(out, *at);
			}
		}
		json_list_close(out);
	}
	json_count_field(out, "failed_in_row", svc->failed_in_row);
	json_list_field(out, "last_failures");
	for (unsigned n = 0; n < svc->failure_count; n++)
		show_failure(&svc->last_failures[n], out);
	json_list_close(out);
	json_list_field(out, "log");
	for (unsigned n = svc->ring_next > 10 ? svc->ring_next - 10 : 0; svc->ring && n < svc->ring_next; n++) {
		const struct ring_line *line = &svc->ring[n % RING];

		json_object_open(out);
		json_seconds_field(out, "at", line->at);
		json_text_field(out, "level", log_level_name(line->level));
		json_text_field(out, "text", line->text);
		json_object_close(out);
	}
	json_list_close(out);
}

#define BRIEF_MOST 1400

void show_brief(struct svc *svc, struct buf *out)
{
	json_object_open(out);
	unsigned shown = 0, more = 0;

	json_text_field(out, "service", svc->row->name);
	json_text_field(out, "state", state_name(svc->state));
	json_seconds_field(out, "for", clock_now() - svc->since);
	json_text_field(out, "reason", *svc->reason ? svc->reason : NULL);
	json_count_field(out, "accepted", svc->accepted);
	json_count_field(out, "failures", svc->failures);
	json_object_field(out, "refused");
	for (int n = 0; n < REFUSALS; n++) {
		if (svc->refused[n])
			json_count_field(out, refusal_name((enum refusal)n), svc->refused[n]);
	}
	json_object_close(out);
	json_list_field(out, "listeners");
	for (unsigned n = 0; n < svc->socket_count; n++) {
		struct buf name = { 0 };

		endpoint_format(svc->sockets[n].listen->endpoint, &name);
		if (out->length + 2 * name.length < BRIEF_MOST) {
			json_object_open(out);
			json_text_field(out, "endpoint", buf_string(&name));
			json_flag_field(out, "open", svc->sockets[n].fd >= 0);
			json_object_close(out);
		} else {
			more++;
		}
		buf_free(&name);
	}
	json_list_close(out);
	if (more)
		json_count_field(out, "more_listeners", more);
	more = 0;
	json_list_field(out, "instances");
	LIST_EACH(link, &svc->instances) {
		struct instance *instance = container_of(link, struct instance, link);

		if (shown++ == 20) {
			shown--;
			more++;
			continue;
		}
		json_object_open(out);
		json_whole_field(out, "pid", instance->pid);
		json_text_field(out, "peer", *instance->peer ? instance->peer : NULL);
		json_text_field(out, "says", *instance->status_text ? instance->status_text : NULL);
		json_object_close(out);
	}
	json_list_close(out);
	if (more)
		json_count_field(out, "more_instances", more);
	json_object_close(out);
}

/* ---- sessions ---- */

static void on_session(struct ev_loop *loop, ev_io *io, int events);

static void watch(struct session *session)
{
	int events = EV_READ | (session->sent < session->out.length ? EV_WRITE : 0);

	if (session->at_end)
		events &= ~EV_READ;
	ev_io_stop(superd.loop, &session->io);
	ev_io_set(&session->io, session->io.fd, events);
	if (events)
		ev_io_start(superd.loop, &session->io);
}

static void send_line(struct session *session)
{
	buf_char(&session->line, '\n');
	buf_add(&session->out, buf_string(&session->line), session->line.length);
	buf_clear(&session->line);
	watch(session);
}

static void done(struct session *session)
{
	session->busy = session->follows = false;
	ev_timer_stop(superd.loop, &session->timeout);
	buf_text(&session->line, "{\"done\":true}");
	send_line(session);
	ev_feed_event(superd.loop, &session->io, EV_READ);
}

static void fail(struct session *session, const char *code, const char *hint, const char *format, ...)
{
	struct buf text = { 0 };
	va_list list;

	va_start(list, format);
	buf_vaddf(&text, format, list);
	va_end(list);
	session->busy = session->follows = false;
	ev_timer_stop(superd.loop, &session->timeout);
	json_object_open(&session->line);
	json_text_field(&session->line, "error", buf_string(&text));
	json_text_field(&session->line, "code", code);
	if (*hint)
		json_text_field(&session->line, "hint", hint);
	json_object_close(&session->line);
	send_line(session);
	buf_free(&text);
	ev_feed_event(superd.loop, &session->io, EV_READ);
}

static void end_session(struct session *session)
{
	while (session->orders) {
		struct order *order = session->orders;

		session->orders = order->next;
		free(order->name);
		free(order);
	}
	ev_io_stop(superd.loop, &session->io);
	ev_timer_stop(superd.loop, &session->timeout);
	ev_timer_stop(superd.loop, &session->progress);
	close(session->io.fd);
	list_remove(&session->link);
	buf_free(&session->out);
	buf_free(&session->line);
	buf_free(&session->text);
	server.count--;
	free(session);
}

/* ---- orders ---- */

static bool old_instance_lives(const struct svc *svc, double asked)
{
	LIST_EACH(link, (struct list *)(uintptr_t)&svc->instances) {
		if (container_of(link, struct instance, link)->begun <= asked)
			return true;
	}
	return false;
}

/* The result of an order, as a word; NULL: it is under way. "!" in front: it has failed. */
static const char *look(struct order *order, struct svc *svc, const char **reason)
{
	bool started = svc->activations > order->activations;
	const struct service *row = svc->row;
	bool tells = service_notifies(row) || service_awaits_ready(row) || row->exec->type == TYPE_FORKING ||
		row->exec->pass == PASS_BIND || row->exec->type == TYPE_ONESHOT;

	*reason = NULL;
	switch (order->action) {
	case STOP:
		return old_instance_lives(svc, order->asked) ? NULL : "stopped";
	case RESTART:
		if (old_instance_lives(svc, order->asked))
			return NULL;
		if (row->exec->accept || svc->held || (!started && svc->state == LISTENING && svc->start_due <= 0))
			return svc->state == BINDING ? "!unbound" : "stopped-for-start";
		/* fall through */
	case START:
		if (row->exec->accept) {
			*reason = svc->state == BINDING || svc->state == BACKOFF ? svc->reason : NULL;
			return *reason ? "!failed" : "listens";
		}
		if (started && svc->failures > order->failures) {
			*reason = *svc->reason ? svc->reason : NULL;
			return "!start-failed";
		}
		switch (svc->state) {
		case RUNNING:
			if (!tells && svc->current && svc->current->since + PROOF > clock_now()) {
				if (!ev_is_active(&server.proof)) {
					ev_timer_set(&server.proof, svc->current->since + PROOF - clock_now() + .01, 0);
					ev_timer_start(superd.loop, &server.proof);
				}
				return NULL;
			}
			return started ? "started" : "continues";
		case FROZEN:
			return started ? "started" : "continues";
		case QUEUED:
		case STARTING:
		case STOPPING:
			return NULL;
		case BINDING:
		case BACKOFF:
			*reason = svc->reason;
			return "!failed";
		default:
			return started ? "ended" : svc->start_due > 0 ? NULL : "!not-started";
		}
	case DRAIN:
		return svc->draining ? NULL : "drained";
	case ENABLE:
		if (svc->disabled)
			return "!undone";
		if (svc->state == CLOSING || svc->state == STOPPING || svc->socket_command.pid)
			return NULL;
		*reason = svc->state == BINDING ? svc->reason : NULL;
		return *reason ? "!failed" : "enabled";
	case DISABLE:
		return !svc->disabled							      ? "!undone"
			: svc->state == CLOSING || (!svc_is_empty(svc) && !row->exec->accept) ? NULL
											      : "disabled";
	case FREEZE:
		return svc->state == FROZEN ? "frozen" : "!freeze-failed";
	case REFRESH:
		if (svc->refresh.pid || (svc->current && svc->current->reloading))
			return NULL;
		if (row->exec->type == TYPE_NOTIFY_RELOAD && svc->current && svc->current->reloads == order->reloads)
			return NULL;
		if (service_commands(svc->row, PHASE_RELOAD))
			*reason = svc->refreshed;
		return "refreshed";
	case WAIT_READY:
	case WAIT_AWAKE:
	case WAIT_ASLEEP: {
		bool awake =
			svc->state == RUNNING || svc->state == FULL || (svc->state == LISTENING && !svc_is_empty(svc));
		bool asleep = svc->state == FROZEN || (svc->state == LISTENING && !awake);

		if (order->action == WAIT_ASLEEP)
			return asleep ? "asleep" : NULL;
		if (order->action == WAIT_AWAKE)
			return awake ? "awake" : NULL;
		return awake ? "awake" : asleep ? "asleep" : NULL;
	}
	default:
		return "!failed";
	}
}

static void on_refreshed(struct child *child, int status, const struct rusage *used)
{
	struct svc *svc = container_of(child, struct svc, refresh);
	words texts = service_commands(svc->row, PHASE_RELOAD);

	(void)used;
	child->pid = 0;
	if (!status && texts && texts[svc->refresh_next] && svc->plan)
		run_command(svc, svc->row, svc->plan, PHASE_RELOAD, svc->refresh_next++, NULL, NULL, child);
	else if (status)
		svc_say(svc, LEVEL_NOTICE, "command", "exec_reload: exit status %d", WEXITSTATUS(status));
	else
		svc_say(svc, LEVEL_INFO, "refreshed", "the reload command ended well (pid %ld)",
			svc->current ? (long)svc->current->pid : 0L);
	snprintf(svc->refreshed, sizeof(svc->refreshed), "the reload command ended %s (pid %ld)",
		 status ? "badly" : "well", svc->current ? (long)svc->current->pid : 0L);
	control_wake();
}

static const char *refresh(struct svc *svc, const char **reason)
{
	char pid[40];
	const char *facts[] = { pid, NULL };

	if (!svc->current || svc->current->phase != READY)
		return "needs-no-refresh";
	if (service_commands(svc->row, PHASE_RELOAD)) {
		svc->refresh.ended = on_refreshed;
		svc->refresh_next = 0;
		snprintf(pid, sizeof(pid), "MAINPID=%ld", (long)svc->current->pid);
		if (svc->refresh.pid || !svc->plan ||
		    !run_command(svc, svc->row, svc->plan, PHASE_RELOAD, svc->refresh_next++, facts, NULL,
				 &svc->refresh)) {
			*reason = "exec_reload cannot be run";
			return "!failed";
		}
		return NULL;
	}
	if (svc->row->exec->type == TYPE_NOTIFY_RELOAD) {
		kill(svc->current->pid, svc->row->groups->lifecycle->reload_signal);
		return NULL;
	}
	return "!no-command";
}

/* Begins an order. The result as of look. */
static const char *begin_order(struct session *session, struct order *order, struct svc *svc, const char **reason,
			       struct buf *extra)
{
	size_t signalled = 0;

	if (superd.stopping)
		return "!superd-stops";
	if (svc->removed && order->action != STOP)
		return "!is-removed";
	if (svc->disabled && order->action != ENABLE && order->action != DISABLE && order->action != STOP &&
	    order->action != RELEASE)
		return "!is-disabled";
	if (order->action == SLEEP)
		order->action = svc->row->groups->lifecycle->idle_action == IDLE_FREEZE && svc->current ? FREEZE : STOP;
	if (order->action == WAKE)
		order->action = svc->state == FROZEN ? THAW : START;
	switch (order->action) {
	case START:
		if (svc->held)
			return "!is-held";
		if (svc->state == RUNNING)
			return "runs-already";
		if (svc->row->exec->accept) {
			if (svc->state == BACKOFF)
				svc_settle(svc);
		} else {
			svc_start(svc, "operator");
		}
		break;
	case STOP:
		svc_stop(svc);
		break;
	case RESTART: {
		bool starts = !svc->row->exec->accept &&
			(order->ran || svc->state == BACKOFF || !svc->socket_count ||
			 svc->row->exec->start == START_BOOT);

		svc->restarts = true;
		svc->failed_in_row = 0;
		if (starts) {
			svc->start_due = clock_now();
			strcpy(svc->start_by, "operator");
		}
		svc_stop(svc);
		svc->restarts = svc->halted = false;
		if (starts && !svc->current)
			svc_settle(svc);
		break;
	}
	case HOLD:
		set_lock(svc, 0, session->uid);
		svc->held = true;
		if (svc->state == LISTENING || svc->state == FULL || svc->state == BACKOFF || svc->state == QUEUED)
			svc_settle(svc);
		state_changed();
		return "held";
	case RELEASE: {
		bool was = svc->held || svc->draining;

		svc->held = svc->draining = false;
		if (was && svc->state == HELD) {
			svc_set(svc, LISTENING);
			svc_settle(svc);
		}
		state_changed();
		return was ? "released" : "not-held";
	}
	case DRAIN:
		if (svc->current && svc->state != STOPPING)
			return svc->socket_count ? "!fixed-socket" : "!no-socket";
		svc->draining = true;
		svc_settle(svc);
		break;
	case FREEZE:
		if (svc->state == FROZEN)
			return "frozen-already";
		if (svc->row->exec->accept)
			return "!is-each";
		if (svc->state != RUNNING) {
			*reason = "no instance runs";
			return "!failed";
		}
		idle_freeze(svc, "operator");
		break;
	case THAW:
		if (svc->state != FROZEN)
			return "not-frozen";
		idle_thaw(svc, "operator");
		return "thawed";
	case ENABLE:
		if (!svc->disabled)
			return "enabled-already";
		svc->disabled = false;
		svc_set(svc, BINDING);
		svc_open(svc);
		state_changed();
		break;
	case DISABLE:
		if (svc->disabled && svc->state == OFF)
			return "disabled-already";
		set_lock(svc, 1, session->uid);
		svc->disabled = true;
		if (svc->row->exec->accept && service_on_remove(svc->row, svc->row) == REMOVE_FINISH) {
			LIST_EACH(link, &svc->instances)
				container_of(link, struct instance, link)->is_retired = true;
		}
		svc_shut(svc);
		state_changed();
		break;
	case SIGNAL:
		json_list_field(extra, "pids");
		LIST_EACH(link, &svc->instances) {
			struct instance *instance = container_of(link, struct instance, link);

			if (instance->main.pid <= 1 || kill(instance->main.pid, session->signal) < 0)
				continue;
			if (signalled++ < 10)
				buf_addf(extra, "%s%ld", signalled > 1 ? "," : "", (long)instance->main.pid);
		}
		json_list_close(extra);
		json_count_field(extra, "signalled", signalled);
		return signalled ? "signalled" : "!no-process";
	case REFRESH: {
		const char *word = refresh(svc, reason);

		if (word)
			return word;
		break;
	}
	default:
		break;
	}
	return look(order, svc, reason);
}

static void send_result(struct session *session, const struct service *row, const char *name, struct svc *svc,
			const struct order *order, const char *word, const char *reason, struct buf *extra)
{
	struct buf *line = &session->line;
	bool failed = *word == '!';
	unsigned open = 0;
	char signal[32];

	session->failed += failed;
	json_object_open(line);
	json_flag_field(line, "ok", !failed);
	json_text_field(line, "result", word + failed);
	json_text_field(line, "reason", reason);
	if (row) {
		show(row, svc, ORDER_ANSWER, line);
	} else {
		json_text_field(line, "service", name);
		json_text_field(line, "state", "off");
	}
	for (unsigned n = 0; svc && n < svc->socket_count; n++)
		open += svc->sockets[n].fd >= 0;
	if (svc) {
		json_count_field(line, "sockets", svc->socket_count);
		json_count_field(line, "open", open);
		if (svc->current)
			json_whole_field(line, "pid", svc->current->pid > 0 ? svc->current->pid : -1);
		if (order && svc->kills > order->kills)
			json_count_field(line, "killed", svc->kills - order->kills);
	}
	if (extra && extra->length) {
		json_text_field(line, "signal", scan_signal_name(session->signal, signal));
		buf_char(line, ',');
		buf_text(line, *buf_string(extra) == ',' ? buf_string(extra) + 1 : buf_string(extra));
	}
	json_object_close(line);
	send_line(session);
}

static void check_orders(struct session *session)
{
	struct order **at = &session->orders;

	while (*at) {
		struct order *order = *at;
		struct svc *svc = svc_find(order->name);
		const char *reason = NULL,
			   *word = svc		? look(order, svc, &reason)
			: order->action == STOP ? "gone"
						: "!vanished";

		if (!word) {
			at = &order->next;
			continue;
		}
		*at = order->next;
		send_result(session, svc ? svc->row : NULL, order->name, svc, order, word, reason, NULL);
		free(order->name);
		free(order);
	}
	if (!session->busy || session->orders)
		return;
	ev_timer_stop(superd.loop, &session->progress);
	if (session->failed)
		fail(session, "failed", "", "%zu service%s failed", session->failed, session->failed == 1 ? "" : "s");
	else
		done(session);
}

static void on_timeout(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct session *session = timer->data;
	struct buf names = { 0 };

	(void)loop, (void)events;
	while (session->orders) {
		struct order *order = session->orders;

		session->orders = order->next;
		buf_addf(&names, "%s%s", names.length ? ", " : "", order->name);
		free(order->name);
		free(order);
	}
	fail(session, "failed", "", "not done in time, but under way: %s", buf_string(&names));
	buf_free(&names);
}

/* ---- requests ---- */

static bool wanted(struct session *session, const char *name)
{
	if (!session->count)
		return true;
	for (size_t n = 0; n < session->count; n++) {
		if (glob_matches(session->words[n], name, FNM_NOESCAPE))
			return true;
	}
	return false;
}

/* The rows of the table that the request names, and removed services that still run. */
static void each(struct session *session,
		 void (*act)(struct session *session, const struct service *row, struct svc *svc))
{
	unsigned char *seen = calloc(superd.table->count + 1, 1);

	for (size_t word = 0; seen && word < (session->count ? session->count : 1); word++) {
		for (size_t n = 0; n < superd.table->count; n++) {
			const struct service *row = &superd.table->services[n];

			if (seen[n] || (session->count && !glob_matches(session->words[word], row->name, FNM_NOESCAPE)))
				continue;
			seen[n] = 1;
			act(session, row, svc_find(row->name));
		}
	}
	free(seen);
	LIST_EACH(link, &superd.leaving) {
		struct svc *svc = container_of(link, struct svc, link);

		if (wanted(session, svc->row->name) && !table_find(superd.table, svc->row->name))
			act(session, svc->row, svc);
	}
}

static bool names_exist(struct session *session)
{
	for (size_t n = 0; n < session->count; n++) {
		size_t length = strlen(session->words[n]),
		       cut = length > 8 && !strcmp(session->words[n] + length - 8, ".service") ? 8
			: length > 7 && !strcmp(session->words[n] + length - 7, ".socket")     ? 7
											       : 0;
		char *bare = strndup(session->words[n], length - cut);
		struct scan_nearest nearest = scan_nearest_begin(bare ? bare : session->words[n]);
		char hint[300] = "";
		bool any = glob_is_pattern(session->words[n]) || svc_find(session->words[n]) ||
			table_find(superd.table, session->words[n]);

		if (any) {
			free(bare);
			continue;
		}
		if (cut && bare && svc_find(bare))
			nearest.word = svc_find(bare)->row->name;
		else
			for (size_t row = 0; row < superd.table->count; row++)
				scan_nearest_look(&nearest, superd.table->services[row].name);
		if (nearest.word)
			snprintf(hint, sizeof(hint), "did you mean %.200s?", nearest.word);
		fail(session, "unknown", hint, "'%.200s': there is no such service", session->words[n]);
		return false;
	}
	return true;
}

static enum answer answer_now;
static enum action action_now;

static void answer_one(struct session *session, const struct service *row, struct svc *svc)
{
	if (session->only_failed &&
	    !(left_out_of(superd.table, row) || (svc && (fault_of(svc) || is_degraded(svc) || svc->failing))))
		return;
	json_object_open(&session->line);
	show(row, svc, answer_now, &session->line);
	json_object_close(&session->line);
	send_line(session);
}

static void show_superd(struct buf *out)
{
	struct resource_usage usage = resource_usage_of_process(getpid());
	const struct log_losses *lost = log_losses(superd.log);
	size_t services = 0;

	LIST_EACH(link, &superd.services)
		services++;
	json_object_field(out, "superd");
	json_count_field(out, "pid", (uint64_t)getpid());
	json_text_field(out, "version", PACKAGE_VERSION);
	json_seconds_field(out, "started", superd.started + offset());
	json_seconds_field(out, "uptime", clock_now() - superd.started);
	json_whole_field(out, "memory", usage.memory);
	seconds_or_null(out, "cpu", usage.cpu >= 0, usage.cpu);
	json_count_field(out, "services", services);
	json_count_field(out, "left_out", left_out_count(superd.table));
	json_count_field(out, "instances", superd.instances);
	json_count_field(out, "starting", superd.starting);
	json_flag_field(out, "memory_short", false);
	json_count_field(out, "queued", 0);
	json_count_field(out, "delayed", 0);
	json_count_field(out, "at_once", 1000);
	json_seconds_field(out, "loaded", superd.loaded + offset());
	json_flag_field(out, "current", !*superd.refused_reload);
	json_count_field(out, "log_dropped", lost ? lost->all : 0);
	json_count_field(out, "log_dropped_of_clients", lost ? lost->of_clients : 0);
	json_object_close(out);
}

static void show_row(struct session *session, const struct service *row, struct svc *svc)
{
	static struct conf_defaults defaults;
	struct conf_style style = { .defaults = &defaults, .comments = true, .hides = !session->may_act };
	struct buf text = { 0 }, *line = &session->line;

	(void)svc;
	if (!conf_defaults_make(&defaults, superd.table))
		return;
	json_object_open(line);
	json_text_field(line, "service", row->name);
	if (row->at.file)
		place(line, "source", row->at);
	json_object_field(line, "options");
	service_json_options(row, &defaults.plain, style.hides, line);
	json_object_close(line);
	service_conf_add_defaults(&text, &style);
	json_text_field(line, "defaults", buf_string(&text));
	buf_clear(&text);
	service_conf_add(&text, row, &style);
	json_text_field(line, "text", buf_string(&text));
	buf_free(&text);
	json_object_field(line, "sources");
	for (size_t n = 0; n < directive_count; n++) {
		struct origin at = service_origin(row, directives[n].name[NATIVE]);

		if (service_mark(row, directives[n].name[NATIVE]) && at.file)
			place(line, directives[n].name[NATIVE], at);
	}
	json_object_close(line);
	json_object_close(line);
	send_line(session);
	conf_defaults_free(&defaults);
}

static void order_one(struct session *session, const struct service *row, struct svc *svc)
{
	struct order *order = calloc(1, sizeof(*order));
	const char *reason = NULL, *word;
	struct buf extra = { 0 };
	static const char *const names[] = { "start",  "stop",	 "restart", "hold",   "release", "drain",
					     "freeze", "thaw",	 "sleep",   "wake",   "",	 "",
					     "",       "enable", "disable", "signal", "reload" };

	if (!svc || !order) {
		send_result(session, row, row->name, NULL, NULL,
			    left_out_of(superd.table, row) ? "!left-out" : "!unconfigured", NULL, NULL);
		free(order);
		return;
	}
	*order = (struct order){ .name = strdup(row->name),
				 .action = action_now,
				 .asked = clock_now(),
				 .activations = svc->activations,
				 .failures = svc->failures,
				 .kills = svc->kills,
				 .ran = !svc_is_empty(svc),
				 .reloads = svc->current ? svc->current->reloads : 0 };
	if (*names[action_now])
		svc_say(svc, LEVEL_NOTICE, "told", "uid %lu requested: %s", (unsigned long)session->uid,
			names[action_now]);
	word = begin_order(session, order, svc, &reason, &extra);
	svc = svc_find(order->name);
	if (word || session->no_wait) {
		send_result(session, svc ? svc->row : NULL, order->name, svc, order, word ? word : "under-way", reason,
			    &extra);
		free(order->name);
		free(order);
	} else {
		order->next = session->orders;
		session->orders = order;
	}
	buf_free(&extra);
}

static void order_all(struct session *session, enum action action)
{
	action_now = action;
	session->busy = true;
	session->failed = 0;
	if (session->seconds > 0) {
		ev_timer_set(&session->timeout, session->seconds, 0);
		ev_timer_start(superd.loop, &session->timeout);
	}
	each(session, order_one);
	if (action == HOLD || action == RELEASE || action == ENABLE || action == DISABLE)
		locks_write();
	check_orders(session);
}

/* A line for each service that the reload has changed. Returns how many have not all their sockets. */
static size_t report_changes(struct session *session)
{
	const char *at = buf_string(&superd.report), *end = at + superd.report.length;
	size_t failed = 0;

	while (at < end) {
		const char *outcome = at + strlen(at) + 1, *options = outcome + strlen(outcome) + 1;
		struct svc *svc = svc_find(at);
		bool bad = svc && svc->state == BINDING;
		struct buf option = { 0 };

		failed += bad;
		json_object_open(&session->line);
		json_text_field(&session->line, "service", at);
		json_text_field(&session->line, "result", bad ? "failed" : outcome);
		json_flag_field(&session->line, "ok", !bad);
		json_text_field(&session->line, "state",
				svc ? svc->removed ? "leaving" : state_name(svc->state) : "off");
		if (*options) {
			json_list_field(&session->line, "options");
			for (const char *word = options; *word; word += strcspn(word, " "), word += *word == ' ') {
				buf_clear(&option);
				buf_add(&option, word, strcspn(word, " "));
				json_element_text(&session->line, buf_string(&option));
			}
			json_list_close(&session->line);
		}
		if (bad)
			json_text_field(&session->line, "message", svc->reason);
		json_object_close(&session->line);
		send_line(session);
		buf_free(&option);
		at = options + strlen(options) + 1;
	}
	return failed;
}

static void on_upgraded(void *context, bool good, const char *why)
{
	LIST_EACH(link, &server.sessions) {
		struct session *session = container_of(link, struct session, link);

		if (session != context)
			continue;
		session->busy = false;
		if (good)
			done(session);
		else
			fail(session, strncmp(why, "busy", 4) ? "failed" : "busy", "", "not upgraded: %s", why);
	}
}

static void send_diags(struct session *session, const struct diags *diags, const char **first)
{
	static const char *const severities[] = { "note", "warning", "error" };

	for (size_t n = 0; n < diags->count; n++) {
		const struct diag *diag = &diags->list[n];

		json_object_open(&session->line);
		json_text_field(&session->line, "diagnostic", diag->message);
		json_text_field(&session->line, "file", diag->file);
		json_whole_field(&session->line, "line", diag->line);
		json_whole_field(&session->line, "column", diag->column);
		json_text_field(&session->line, "severity", severities[diag->severity]);
		if (diag->hint)
			json_text_field(&session->line, "hint", diag->hint);
		json_object_close(&session->line);
		send_line(session);
		if (diag->severity == SEVERITY_ERROR)
			*first = diag->message;
	}
}

static void send_diff_line(void *context)
{
	send_line(context);
}

static void on_compared(void *context, const struct table *table, struct diags *diags)
{
	const char *first = "out of memory";

	LIST_EACH(link, &server.sessions) {
		struct session *session = container_of(link, struct session, link);

		if (session != context)
			continue;
		send_diags(session, diags, &first);
		if (!table && !diags->count) {
			fail(session, "busy", "", "a reload was requested meanwhile: try again");
		} else if (!table || diags->errors) {
			fail(session, "failed", "", "cannot compare: %s", first);
		} else {
			diff_write(table, &session->line, send_diff_line, session);
			done(session);
		}
	}
}

static void on_reloaded(void *context, bool good, struct diags *diags)
{
	const char *first = "out of memory";

	LIST_EACH(link, &server.sessions) {
		struct session *session = container_of(link, struct session, link);

		if (session != context)
			continue;
		send_diags(session, diags, &first);
		if (!good) {
			fail(session, "failed", "the previous configuration stays in effect", "not reloaded: %s",
			     first);
			return;
		}
		size_t failed = report_changes(session);

		json_object_open(&session->line);
		json_count_field(&session->line, "unchanged", superd.counts[0]);
		json_count_field(&session->line, "changed", superd.counts[1]);
		json_count_field(&session->line, "added", superd.counts[2]);
		json_count_field(&session->line, "removed", superd.counts[3]);
		json_count_field(&session->line, "failed", failed + superd.counts[4]);
		json_object_close(&session->line);
		send_line(session);
		if (failed)
			fail(session, "failed", "superd tries again by itself", "reloaded, but %zu service%s failed",
			     failed, failed == 1 ? "" : "s");
		else if (superd.counts[4])
			fail(session, "failed", "", "reloaded, but %zu entr%s errors", superd.counts[4],
			     superd.counts[4] == 1 ? "y has" : "ies have");
		else
			done(session);
		return;
	}
}

static void send_ring_line(struct session *session, const char *service, const struct ring_line *line)
{
	json_object_open(&session->line);
	json_seconds_field(&session->line, "at", line->at);
	json_text_field(&session->line, "level", log_level_name(line->level));
	json_text_field(&session->line, "service", service);
	json_text_field(&session->line, "message", line->text);
	json_object_close(&session->line);
	send_line(session);
}

struct found {
	const char *service;
	const struct ring_line *line;
};

static int compare_found(const void *one, const void *other)
{
	const struct found *left = one, *right = other;

	return (left->line->serial > right->line->serial) - (left->line->serial < right->line->serial);
}

static void add_ring(struct found **list, size_t *count, const char *service, const struct ring_line *ring,
		     unsigned next, unsigned size, const struct session *session)
{
	for (unsigned n = next > size ? next - size : 0; ring && n < next; n++) {
		const struct ring_line *line = &ring[n % size];
		struct found *larger;

		if (line->level > session->level || (session->since > 0 && line->at < clock_wall() - session->since))
			continue;
		larger = realloc(*list, (*count + 1) * sizeof(*larger));
		if (!larger)
			return;
		*list = larger;
		(*list)[(*count)++] = (struct found){ service, line };
	}
}

static void send_log(struct session *session)
{
	struct found *list = NULL;
	size_t count = 0;

	if (!session->count)
		add_ring(&list, &count, NULL, superd.ring, superd.ring_next, RING * 4, session);
	LIST_EACH(link, &superd.services) {
		struct svc *svc = container_of(link, struct svc, link);

		if (wanted(session, svc->row->name))
			add_ring(&list, &count, svc->row->name, svc->ring, svc->ring_next, RING, session);
	}
	if (count)
		qsort(list, count, sizeof(*list), compare_found);
	for (size_t n = count > session->lines ? count - session->lines : 0; n < count; n++)
		send_ring_line(session, list[n].service, list[n].line);
	free(list);
	if (session->follow)
		session->busy = session->follows = true;
	else
		done(session);
}

void control_log(const char *service, enum level level, const struct event *event, const char *text, size_t length)
{
	if (!server.is_set)
		return;
	LIST_EACH(link, &server.sessions) {
		struct session *session = container_of(link, struct session, link);
		struct log_message message = { level, event, text, length };

		if (!session->follows || level > session->level ||
		    session->out.length - session->sent > OUTPUT_MOST / 4 ||
		    (session->pattern ? !service || !glob_matches(session->pattern, service, FNM_NOESCAPE)
				      : session->count && (!service || !wanted(session, service))))
			continue;
		buf_addf(&session->line, "{\"at\":%.6f,\"level\":\"%s\",\"service\":", clock_wall(),
			 log_level_name(level));
		json_text(&session->line, service);
		buf_text(&session->line, "");
		log_add_facts(&session->line, &message, 4096);
		send_line(session);
	}
}

static void show_version(struct session *session)
{
	struct buf *line = &session->line;

	json_object_open(line);
	json_count_field(line, "starts_noted", 0);
	json_text_field(line, "version", PACKAGE_VERSION);
	json_text_field(line, "build", build_id());
	json_count_field(line, "pid", (uint64_t)getpid());
	json_list_field(line, "with");
	for (size_t n = 0; built_with[n]; n++)
		json_element_text(line, built_with[n]);
	json_list_close(line);
	if (guard_pid() > 0)
		json_count_field(line, "guard", (uint64_t)guard_pid());
	else
		json_null_field(line, "guard");
	json_text_field(line, "reload_refused", *superd.refused_reload ? superd.refused_reload : NULL);
	json_object_close(line);
	send_line(session);
	done(session);
}

static void show_health(struct session *session)
{
	bool healthy = true, degraded = false;
	struct buf reasons = { 0 };

	LIST_EACH(link, &superd.services) {
		struct svc *svc = container_of(link, struct svc, link);
		const char *fault = fault_of(svc);
		struct buf text = { 0 };

		if (!fault && !is_degraded(svc))
			continue;
		healthy &= !fault;
		degraded |= !fault;
		buf_addf(&text, "%s: %s", svc->row->name, fault ? fault : "its last instances all failed");
		json_element_text(&reasons, buf_string(&text));
		buf_free(&text);
	}
	degraded |= left_out_count(superd.table) > 0 || *superd.refused_reload;
	if (left_out_count(superd.table))
		json_element_text(&reasons, "services are left out");
	if (*superd.refused_reload)
		json_element_text(&reasons, superd.refused_reload);
	json_object_open(&session->line);
	json_flag_field(&session->line, "healthy", healthy && !superd.stopping);
	json_flag_field(&session->line, "degraded", healthy && degraded);
	json_list_field(&session->line, "reasons");
	buf_text(&session->line, *buf_string(&reasons) == ',' ? buf_string(&reasons) + 1 : buf_string(&reasons));
	json_list_close(&session->line);
	json_object_close(&session->line);
	send_line(session);
	done(session);
	buf_free(&reasons);
}

static const struct verb {
	const char *name;
	bool acts, needs_names, has_names;
	int action; /* enum action; -1: none */
	int answer; /* enum answer; 0: none */
} verbs[] = {
	{ "status", false, false, true, -1, STATUS_ANSWER },
	{ "why", false, false, true, -1, STATUS_ANSWER },
	{ "list", false, false, true, -1, LIST_ANSWER },
	{ "metrics", false, false, true, -1, METRICS_ANSWER },
	{ "health", false, false, true, -1, HEALTH_ANSWER },
	{ "show", false, false, true, -1, 0 },
	{ "diff", false, false, false, -1, 0 },
	{ "version", false, false, false, -1, 0 },
	{ "log", false, false, true, -1, 0 },
	{ "events", false, false, false, -1, 0 },
	{ "start", true, true, true, START, 0 },
	{ "stop", true, true, true, STOP, 0 },
	{ "restart", true, true, true, RESTART, 0 },
	{ "hold", true, true, true, HOLD, 0 },
	{ "release", true, true, true, RELEASE, 0 },
	{ "drain", true, true, true, DRAIN, 0 },
	{ "freeze", true, true, true, FREEZE, 0 },
	{ "thaw", true, true, true, THAW, 0 },
	{ "sleep", true, true, true, SLEEP, 0 },
	{ "wake", true, true, true, WAKE, 0 },
	{ "enable", true, true, true, ENABLE, 0 },
	{ "disable", true, true, true, DISABLE, 0 },
	{ "signal", true, true, true, SIGNAL, 0 },
	{ "wait", false, true, true, WAIT_READY, 0 },
	{ "reload", true, false, true, -1, 0 },
	{ "reopen", true, false, false, -1, 0 },
	{ "upgrade", true, false, false, -1, 0 },
	{ "shutdown", true, false, false, -1, 0 },
};

static void obey(struct session *session, char *line)
{
	const struct verb *verb = NULL;
	const char *wrong, *name = NULL, *at;
	size_t count;
	bool options = true, asleep = false, awake = false, check = false;
	int64_t number;

	buf_clear(&session->text);
	session->count = 0;
	session->no_wait = session->boot = session->allow_empty = session->only_failed = session->follow = false;
	session->seconds = session->since = 0;
	session->level = LEVEL_INFO;
	session->lines = 10;
	session->signal = 0;
	session->pattern = NULL;
	wrong = shell_words_split_into(&session->text, line, &count);
	if (wrong) {
		fail(session, "usage", "", "%s", wrong);
		return;
	}
	at = buf_string(&session->text);
	for (size_t n = 0; n < count; n++, at += strlen(at) + 1) {
		const char *value = strchr(at, '=');

		value = value ? value + 1 : "";
		if (options && !strcmp(at, "--"))
			options = false;
		else if (options && !strcmp(at, "--no-wait"))
			session->no_wait = true;
		else if (options && !strcmp(at, "--boot"))
			session->boot = true;
		else if (options && !strcmp(at, "--allow-empty"))
			session->allow_empty = true;
		else if (options && !strcmp(at, "--failed"))
			session->only_failed = true;
		else if (options && !strcmp(at, "--follow"))
			session->follow = true;
		else if (options && (!strcmp(at, "--progress") || !strcmp(at, "--terminal") || !strcmp(at, "--stop")))
			;
		else if (options && !strcmp(at, "--check"))
			check = true;
		else if (options && !strcmp(at, "--asleep"))
			asleep = true;
		else if (options && !strcmp(at, "--awake"))
			awake = true;
		else if (options && !strncmp(at, "--timeout=", 10) && !scan_duration(value, &number))
			session->seconds = (double)number / 1e6;
		else if (options && !strncmp(at, "--since=", 8) && !scan_duration(value, &number))
			session->since = (double)number / 1e6;
		else if (options && !strncmp(at, "--lines=", 8) && !scan_count(value, &number))
			session->lines = (size_t)number;
		else if (options && !strncmp(at, "--level=", 8) && !log_parse_level(value, &session->level))
			;
		else if (options && !strncmp(at, "--service=", 10))
			session->pattern = value;
		else if (options && !strncmp(at, "--signal=", 9) && !scan_signal(value, &session->signal))
			;
		else if (options && !strncmp(at, "--", 2)) {
			fail(session, "usage", "", "%s is no option", at);
			return;
		} else if (!name)
			name = at;
		else if (session->count < 1023)
			session->words[session->count++] = (char *)(uintptr_t)at;
	}
	for (size_t n = 0; name && n < sizeof(verbs) / sizeof(*verbs); n++) {
		if (!strcmp(verbs[n].name, name))
			verb = &verbs[n];
	}
	if (!verb) {
		fail(session, "usage", "", name ? "'%.100s' is no verb" : "a request begins with a verb, as list%s",
		     name ? name : "");
		return;
	}
	if (verb->acts && !session->may_act) {
		fail(session, "denied", "run it as root, or as superd's own user",
		     "%s: permission denied: members of the control group may only read", verb->name);
		return;
	}
	if (verb->needs_names && !session->count) {
		fail(session, "usage", "", "%s: it needs the name of a service, or a pattern", verb->name);
		return;
	}
	if (!verb->has_names && session->count) {
		fail(session, "usage", "", "%s: it accepts no names", verb->name);
		return;
	}
	if (!names_exist(session))
		return;
	if (verb->acts && verb->action < 0 && !session->count && !check)
		log_event(superd.log, LEVEL_NOTICE, &(struct event){ .name = "told" }, "uid %lu requested: %s",
			  (unsigned long)session->uid, verb->name);
	if (verb->action == SIGNAL && session->signal <= 0) {
		fail(session, "usage", "", "signal: it needs --signal=SIGNAL");
	} else if (verb->action == WAIT_READY) {
		order_all(session, asleep ? WAIT_ASLEEP : awake ? WAIT_AWAKE : WAIT_READY);
	} else if (verb->action >= 0) {
		order_all(session, (enum action)verb->action);
	} else if (!strcmp(name, "health") && !session->count) {
		show_health(session);
	} else if (verb->answer) {
		answer_now = (enum answer)verb->answer;
		if (answer_now == METRICS_ANSWER) {
			json_object_open(&session->line);
			show_superd(&session->line);
			json_object_close(&session->line);
			send_line(session);
		}
		each(session, answer_one);
		done(session);
	} else if (!strcmp(name, "show")) {
		each(session, show_row);
		done(session);
	} else if (!strcmp(name, "version")) {
		show_version(session);
	} else if (!strcmp(name, "log")) {
		send_log(session);
	} else if (!strcmp(name, "events")) {
		session->busy = session->follows = true;
	} else if (!strcmp(name, "reload") && session->count) {
		order_all(session, REFRESH);
	} else if (!strcmp(name, "reload")) {
		session->busy = !session->no_wait;
		superd_reopen();
		reload_begin(session->allow_empty, session->no_wait ? NULL : on_reloaded, session);
		if (session->no_wait)
			done(session);
	} else if (!strcmp(name, "diff")) {
		session->busy = true;
		reload_compare(on_compared, session);
	} else if (!strcmp(name, "reopen")) {
		if (superd_reopen())
			done(session);
		else
			fail(session, "failed", "", "cannot open the log %s again: %s", log_file_path(superd.log),
			     strerror(errno));
	} else if (!strcmp(name, "upgrade")) {
		session->busy = true;
		upgrade_begin(check, on_upgraded, session);
	} else {
		done(session);
		superd_stop(SIGTERM);
	}
}

static void on_session(struct ev_loop *loop, ev_io *io, int events)
{
	struct session *session = io->data;
	ssize_t got = -1;
	char *newline;

	(void)loop, (void)events;
	if (!session->at_end && session->filled < LINE_MOST) {
		got = recv(io->fd, session->input + session->filled, LINE_MOST - session->filled, MSG_DONTWAIT);
		if (got > 0)
			session->filled += (size_t)got;
		session->at_end = got == 0 || (got < 0 && errno != EAGAIN);
	}
	while (!session->busy && !session->leaving && (newline = memchr(session->input, '\n', session->filled))) {
		char line[LINE_MOST];
		size_t length = (size_t)(newline - session->input);

		memcpy(line, session->input, length);
		line[length] = '\0';
		session->filled -= length + 1;
		memmove(session->input, newline + 1, session->filled);
		if (session->greeted) {
			obey(session, line);
		} else if (!strncmp(line, "hello ", 6) && !strcmp(line + 6, session->hello)) {
			session->greeted = true;
		} else {
			fail(session, "denied", "superctl of superd's own version does so",
			     "the first line of a connection has to repeat the hello that superd has sent");
			session->leaving = true;
		}
	}
	if (session->filled == LINE_MOST && !session->busy) {
		fail(session, "usage", "", "a request has at most 8 KiB");
		session->leaving = true;
	}
	while (session->sent < session->out.length) {
		ssize_t put = send(io->fd, session->out.data + session->sent, session->out.length - session->sent,
				   MSG_DONTWAIT | MSG_NOSIGNAL);

		if (put < 0) {
			session->at_end |= errno != EAGAIN;
			session->leaving |= errno != EAGAIN;
			break;
		}
		session->sent += (size_t)put;
	}
	if (session->sent == session->out.length) {
		buf_clear(&session->out);
		session->sent = 0;
	}
	if ((session->leaving && (!session->out.length || session->at_end)) ||
	    (session->at_end && (session->busy || !session->out.length)) ||
	    session->out.length - session->sent > OUTPUT_MOST) {
		end_session(session);
		return;
	}
	watch(session);
}

static void begin_session(int fd, bool may_act, uid_t uid)
{
	struct session *session = calloc(1, sizeof(*session));
	uint64_t word = 0;

	if (!session) {
		close(fd);
		return;
	}
	session->may_act = may_act;
	session->uid = uid;
	fd = fd_raise(fd, FD_HIGH);
	ev_io_init(&session->io, on_session, fd, EV_READ);
	ev_init(&session->timeout, on_timeout);
	ev_init(&session->progress, NULL);
	session->io.data = session->timeout.data = session->progress.data = session;
	list_add(&server.sessions, &session->link);
	server.count++;
	if (getrandom(&word, sizeof(word), GRND_INSECURE) != (ssize_t)sizeof(word))
		word = (uint64_t)random() << 32 ^ (uint64_t)random();
	snprintf(session->hello, sizeof(session->hello), "%016llx", (unsigned long long)word);
	json_object_open(&session->line);
	json_text_field(&session->line, "superd", PACKAGE_VERSION);
	json_count_field(&session->line, "protocol", 2);
	json_count_field(&session->line, "pid", (uint64_t)getpid());
	json_count_field(&session->line, "starts_noted", 0);
	if (*superd.upgraded_from)
		json_text_field(&session->line, "upgraded_from", superd.upgraded_from);
	json_text_field(&session->line, "hello", session->hello);
	json_object_close(&session->line);
	send_line(session);
}

static void refuse(int fd, const char *code, const char *text)
{
	struct buf line = { 0 };

	json_object_open(&line);
	json_text_field(&line, "error", text);
	json_text_field(&line, "code", code);
	json_object_close(&line);
	buf_char(&line, '\n');
	send(fd, buf_string(&line), line.length, MSG_DONTWAIT | MSG_NOSIGNAL);
	buf_free(&line);
	close(fd);
}

static void on_connection(struct ev_loop *loop, ev_io *io, int events)
{
	int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct control_peer peer;

	(void)loop, (void)events;
	if (fd < 0)
		return;
	if (!control_socket_peer(fd, server.group, &peer))
		refuse(fd, "denied", "superd cannot read your identity");
	else if (peer.uid != 0 && peer.uid != geteuid() && !peer.in_group)
		refuse(fd, "denied", "only root, superd's own user and members of the control group have access");
	else if (server.count >= CLIENTS_MOST)
		refuse(fd, "busy", "too many clients are connected, and all have requests");
	else
		begin_session(fd, peer.uid == 0 || peer.uid == geteuid(), peer.uid);
}

static void on_change(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	(void)loop, (void)prepare, (void)events;
	if (!server.changed)
		return;
	server.changed = false;
	LIST_EACH(link, &server.sessions) {
		struct session *session = container_of(link, struct session, link);

		if (session->busy && session->orders)
			check_orders(session);
	}
}

static void on_proof(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	server.changed = true;
}

void control_wake(void)
{
	server.changed = true;
}

static bool has_control(const struct options *options)
{
	return !options->settings.control || strcmp(options->settings.control, "none") != 0;
}

static void find_path(const struct options *options, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s%s", options->settings.control ? options->settings.control : runtime_dir(),
		 options->settings.control ? "" : "/superd/control");
}

/* For superd/main: before a start. */
bool control_setup_is_free(const struct options *options, struct log *log)
{
	double until = clock_now() + 5;
	char path[PATH_MAX];
	pid_t pid;
	int fd;

	if (options->invoked_as != AS_SUPERD || (options->endpoints.count && !options->given.control) ||
	    !has_control(options))
		return true;
	find_path(options, path);
	while (control_socket_has_owner(path, &pid, &fd)) {
		fd_close(&fd);
		if (clock_now() > until) {
			log_setup_error(
				options, log,
				"superd is already running here (pid %ld), and answers at %s: superctl reload makes it "
				"read its files again; --control names another place for this one",
				(long)pid, path);
			return false;
		}
		usleep(50000);
	}
	return true;
}

void control_setup_find_group(struct options *options, const struct table *table, struct lookup_cache *lookups,
			      struct diags *diags)
{
	(void)options, (void)table, (void)lookups, (void)diags;
}

static void find_group(void)
{
	const char *name = superd.options->settings.control_group;
	struct pool *pool = name ? pool_new() : NULL;
	struct diags diags = { 0 };
	struct accounts accounts;
	const struct found_name *found;

	if (!pool)
		return;
	accounts_open(&accounts, pool, &diags);
	found = accounts_group(&accounts, name);
	if (found && !found->wrong)
		server.group = found->gid;
	accounts_close(&accounts);
	diags_free(&diags);
	pool_free(pool);
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	control_open();
}

int control_fd(void)
{
	return server.is_set ? server.socket.fd : -1;
}

/* The socket of the superd before goes on, and who connects meanwhile waits in its queue. */
void control_adopt(int fd)
{
	server.adopted = fd + 1;
}

void control_open(void)
{
	struct buf why = { 0 };
	char path[PATH_MAX];

	if (!server.is_set) {
		server.is_set = true;
		list_init(&server.sessions);
		ev_prepare_init(&server.changes, on_change);
		ev_prepare_start(superd.loop, &server.changes);
		ev_init(&server.proof, on_proof);
		ev_init(&server.retry, on_retry);
	}
	if (!has_control(superd.options))
		return;
	find_group();
	find_path(superd.options, path);
	if (server.adopted && control_socket_adopt(&server.socket, path, server.adopted - 1)) {
		ev_io_init(&server.io, on_connection, server.socket.fd, EV_READ);
		ev_io_start(superd.loop, &server.io);
	} else if (!control_socket_open(&server.socket, path, server.group, &why)) {
		if (!server.pause)
			log_say(superd.log,
				superd.options->endpoints.count && !superd.options->given.control ? LEVEL_INFO
												  : LEVEL_WARNING,
				"no control socket %s: %s; --control names another place, or none", path,
				buf_string(&why));
		server.pause = 1;
		ev_timer_set(&server.retry, server.pause, 0);
		ev_timer_start(superd.loop, &server.retry);
	} else {
		ev_io_init(&server.io, on_connection, server.socket.fd, EV_READ);
		ev_io_start(superd.loop, &server.io);
	}
	server.adopted = 0;
	buf_free(&why);
}

void control_close(void)
{
	if (server.socket.fd < 0)
		return;
	LIST_EACH(link, &server.sessions) {
		struct session *session = container_of(link, struct session, link);

		on_session(superd.loop, &session->io, 0);
	}
	LIST_EACH(link, &server.sessions)
		end_session(container_of(link, struct session, link));
	ev_io_stop(superd.loop, &server.io);
	control_socket_close(&server.socket);
}

int control_reader(struct buf *why)
{
	int ends[2];

	if (!has_control(superd.options)) {
		buf_text(why, "superd has no control socket, which it needs (--control)");
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		buf_addf(why, "opening a connection to the control socket: %s", strerror(errno));
		return -1;
	}
	fd_set_nonblocking(ends[0], true);
	begin_session(ends[0], false, (uid_t)-1);
	return ends[1];
}
