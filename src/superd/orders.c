/* What operators order: each order until its result, and what stays ordered until it is undone (held, disabled), which
 * outlives superd in a file each, of lines NAME UID SECONDS. */
#include "superd/daemon.h"

#include <math.h>

#define NAME_MOST 255
#define FILE_MOST (16u << 20) /* bytes; enough for some hundred thousand services */
#define AT_ONCE 1.	      /* seconds: a program that cannot work ends sooner */
#define DRAIN_LOOK .2
#define PIDS_MOST 10
#define VANISHED "!a reload has removed it meanwhile"

/* ---- what stays ordered ---- */

static struct {
	struct lock *list; /* by name */
	size_t count, room;
	struct {
		const char *shown, *ends_by, *head; /* head: of its file */
		char *path;			    /* NULL: none */
		struct buf flaw;		    /* why the last write failed */
		bool stale;			    /* it is to be written */
		bool is_unread;			    /* it could not be read, and may be later */
	} kinds[LOCK_KINDS];
	bool are_own; /* no other superd has the control socket, and so the files */
} locks = { .kinds = {
		    [LOCK_HELD] = { .shown = "held", .ends_by = "release", .head = "# Services that superd holds" },
		    [LOCK_DISABLED] = { .shown = "disabled",
					.ends_by = "enable",
					.head = "# Services that superd disables" },
	    } };

struct lock *lock_get(const char *name, bool makes)
{
	size_t low = 0, high = locks.count;
	struct lock *list;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(locks.list[middle].name, name);

		if (!order)
			return &locks.list[middle];
		*(order < 0 ? &low : &high) = middle + (order < 0);
	}
	list = makes ? array_grow(locks.list, &locks.room, locks.count, sizeof(*list)) : NULL;
	if (!list)
		return NULL;
	locks.list = list;
	memmove(list + low + 1, list + low, (locks.count - low) * sizeof(*list));
	list[low] = (struct lock){ .name = strdup(name) };
	if (list[low].name) {
		locks.count++;
		return &list[low];
	}
	memmove(list + low, list + low + 1, (locks.count - low) * sizeof(*list));
	return NULL;
}

bool lock_is_set(const struct svc *svc, enum lock_kind kind)
{
	const struct lock *lock = lock_get(svc->row->name, false);

	return lock && lock->orders[kind].since;
}

/* since 0: it ends. false: out of memory. */
static bool set_lock(const char *name, enum lock_kind kind, struct lock_order order)
{
	struct lock *lock = lock_get(name, order.since);

	if (!lock && order.since)
		return false;
	if (lock && !(lock->orders[kind].since && order.since)) {
		lock->orders[kind] = order;
		locks.kinds[kind].stale = true;
	}
	return true;
}

/* An administrator may have written a line: its name counts all the same, as it keeps a service from running. */
static void read_file(enum lock_kind kind)
{
	const char *path = locks.kinds[kind].path;
	struct buf why = { 0 };
	unsigned number = 0;
	size_t length;
	char *text = private_file_get(path, FILE_MOST, &length, &why);

	locks.kinds[kind].is_unread = why.length && (errno == EIO || error_is_shortage(errno));
	if (why.length)
		log_warn(superd.log, "%s: the list of %s services is unknown: %s", path, locks.kinds[kind].shown,
			 buf_string(&why));
	for (char *next, *line = text; line; line = next) {
		struct lock_order order;
		bool good;

		number++;
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (strchr("# \t", *line)) /* or the end */
			continue;
		good = sscanf(line, "%*s %" SCNu32 " %" SCNd64, &order.uid, &order.since) == 2 && order.since > 0;
		line[strcspn(line, " \t")] = '\0';
		if (!good) {
			order = (struct lock_order){ .since = time(NULL), .uid = (uid_t)-1 };
			log_warn(superd.log, "%s:%u: %.*s: a line is NAME UID SECONDS; it is %s all the same", path,
				 number, NAME_MOST, line, locks.kinds[kind].shown);
		}
		if (strlen(line) <= NAME_MOST && !set_lock(line, kind, order))
			log_error(superd.log, "%s:%u: %s is not %s: out of memory", path, number, line,
				  locks.kinds[kind].shown);
	}
	locks.kinds[kind].stale = false;
	free(text);
	buf_free(&why);
}

/* Without locks of its kind a file is removed. Logs a failure until the reason changes. */
static void write_file(enum lock_kind kind)
{
	struct buf why = { 0 }, text = { 0 }, *flaw = &locks.kinds[kind].flaw;
	const char *path = locks.kinds[kind].path;
	size_t head;

	buf_addf(&text, "%s: NAME UID SECONDS\n", locks.kinds[kind].head);
	head = text.length;
	for (size_t n = 0; n < locks.count; n++) {
		const struct lock_order *order = &locks.list[n].orders[kind];

		if (order->since)
			buf_addf(&text, "%s %" PRIu32 " %" PRId64 "\n", locks.list[n].name, (uint32_t)order->uid,
				 order->since);
	}
	if (text.failed)
		buf_text(&why, "out of memory");
	else if (locks.kinds[kind].is_unread)
		buf_text(&why, "it cannot be read, and would be lost");
	else
		private_file_put(path, text.data, text.length > head ? text.length : 0, &why);
	if (why.length && strcmp(buf_string(&why), buf_string(flaw)) != 0)
		log_warn(superd.log, "cannot write %s: %s: the next superd will not know which services are %s", path,
			 buf_string(&why), locks.kinds[kind].shown);
	locks.kinds[kind].stale = why.length;
	buf_free(flaw);
	buf_free(&text);
	*flaw = why;
}

/* Writes what has changed. */
static void write_locks(void)
{
	size_t kept = 0;

	for (size_t n = 0; n < locks.count; n++) { /* those of no kind go */
		struct lock lock = locks.list[n];

		if (lock.orders[LOCK_HELD].since || lock.orders[LOCK_DISABLED].since)
			locks.list[kept++] = lock;
		else
			free(lock.name);
	}
	locks.count = kept;
	for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++) {
		if (locks.kinds[kind].stale && locks.kinds[kind].path && locks.are_own)
			write_file(kind);
	}
}

/* Whether the next superd will know that a lock is set, or no longer; else why gets the reason. */
static bool locks_outlive(enum lock_kind kind, bool is_set, struct buf *why)
{
	if (!locks.kinds[kind].path && is_set)
		buf_text(why, "its control socket has no directory for the file");
	else if (locks.kinds[kind].flaw.length)
		buf_addf(why, "cannot write %s: %s", locks.kinds[kind].path, locks.kinds[kind].flaw.data);
	return !why->length;
}

static void shut_disabled(struct svc *svc)
{
	svc_shut(svc, svc->row->exec->accept && service_on_remove(svc->row) == REMOVE_FINISH);
	if (svc_is_empty(svc))
		stored_clear(svc);
}

/* Orders that are in effect. */
void locks_show(const char *name, struct buf *out)
{
	const struct lock *lock = lock_get(name, false);

	json_list_field(out, "locks");
	for (enum lock_kind kind = 0; lock && kind < LOCK_KINDS; kind++) {
		const struct lock_order *order = &lock->orders[kind];

		if (!order->since)
			continue;
		json_object_open(out);
		json_text_field(out, "lock", locks.kinds[kind].shown);
		json_whole_field(out, "uid", order->uid == (uid_t)-1 ? -1 : (int64_t)order->uid);
		json_count_field(out, "since", (uint64_t)order->since);
		json_object_close(out);
	}
	json_list_close(out);
}

/* A service that has just come, at the start or by a reload. */
void locks_apply(struct svc *svc)
{
	struct lock *lock = lock_get(svc->row->name, false);

	if (!lock)
		return;
	for (enum lock_kind kind = LOCK_HELD; kind < LOCK_KINDS; kind++) {
		const struct lock_order *order = &lock->orders[kind];
		char since[TIME_TEXT_MOST], by[32] = "";

		if (!order->since)
			continue;
		if (order->uid != (uid_t)-1)
			snprintf(by, sizeof(by), " by uid %lu", (unsigned long)order->uid);
		svc_say(svc, LEVEL_NOTICE, "locked", "still %s%s since %s; %s ends that", locks.kinds[kind].shown, by,
			time_write(since, order->since, clock_wall()), locks.kinds[kind].ends_by);
	}
}

/* What is ordered of a service that the configuration has no longer ends. */
void locks_drop(void)
{
	for (size_t n = 0; locks.are_own && n < locks.count; n++) {
		struct lock *lock = &locks.list[n];
		struct svc *svc = svc_find(lock->name);
		struct event event = { .name = "unlocked", .service = lock->name };

		if (table_find(superd.table, lock->name) || (svc && !svc->removed))
			continue;
		for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++) {
			if (!lock->orders[kind].since)
				continue;
			log_event(superd.log, LEVEL_NOTICE, &event,
				  "it was %s: the configuration no longer has it, so this ends",
				  locks.kinds[kind].shown);
			lock->orders[kind].since = 0;
			locks.kinds[kind].stale = true;
		}
	}
	write_locks();
}

static void read_locks(void)
{
	for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++) {
		if (locks.kinds[kind].path)
			read_file(kind);
	}
	LIST_OF(struct svc, svc, link, &superd.services)
		locks_apply(svc);
}

/* control: the path of the control socket; "": none. What is held is beside it until the machine restarts, and what is
 * disabled is in root's folder for state. are_own: no other superd has the socket. What was ordered of another counts
 * here, too, as this one may be about to follow it; but nothing is changed there. */
void locks_begin(const char *control, bool are_own)
{
	struct buf path = { 0 };

	if (*control != '/')
		return;
	buf_addf(&path, "%s.held", control);
	locks.kinds[LOCK_HELD].path = buf_take(&path);
	if (geteuid() == 0 && superd.defaults.state_directory) {
		/* STATE/superd/run-superd-control.disabled */
		buf_addf(&path, "%s/superd/", superd.defaults.state_directory);
		for (const char *at = control + 1; *at; at++) {
			if (*at == '/')
				buf_char(&path, '-');
			else if (*at == '-' || *at == '%')
				buf_addf(&path, "%%%02x", (unsigned)*at);
			else
				buf_char(&path, *at);
		}
	} else {
		buf_text(&path, control);
	}
	buf_text(&path, ".disabled");
	locks.kinds[LOCK_DISABLED].path = buf_take(&path);
	if (!locks.kinds[LOCK_HELD].path || !locks.kinds[LOCK_DISABLED].path)
		log_error(superd.log, "it is unknown which services are held or disabled: out of memory");
	locks.are_own = are_own;
	read_locks();
	locks_drop();
}

static void obey_locks(void)
{
	LIST_OF(struct svc, svc, link, &superd.services) {
		if (lock_is_set(svc, LOCK_DISABLED) && svc->state != OFF)
			shut_disabled(svc);
		else if (lock_is_set(svc, LOCK_HELD))
			svc_settle(svc);
	}
}

/* What could not be read so far, before it is changed: what it says would be lost. */
static void read_again(void)
{
	bool any = false;

	for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++) {
		bool was_stale = locks.kinds[kind].stale;

		if (!locks.kinds[kind].is_unread)
			continue;
		read_file(kind);
		locks.kinds[kind].stale |= was_stale;
		any |= !locks.kinds[kind].is_unread;
	}
	if (any)
		obey_locks();
}

/* The control socket is made. late: after services were opened; the files may have gone with the socket, or another
 * superd, which had it, may have written them. */
void locks_own(bool late)
{
	if (late && !locks.are_own) {
		read_locks();
		obey_locks();
	} else {
		read_again();
	}
	locks.are_own = true;
	for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++)
		locks.kinds[kind].stale |= late;
	write_locks();
}

/* ---- a program reads its configuration again ---- */

static void __attribute__((format(printf, 3, 4))) end_refresh(struct svc *svc, bool good, const char *format, ...)
{
	struct run *run = svc->run;
	struct event event = { .name = "refreshed", .service = svc->row->name, .pid = run->refresh.pid };
	va_list list;

	va_start(list, format);
	vsnprintf(run->refresh.text, sizeof(run->refresh.text), format, list);
	va_end(list);
	run->refresh.state = good ? REFRESHED : REFRESH_FAILED;
	ev_timer_stop(superd.loop, &run->refresh.limit);
	log_event(superd.log, good ? LEVEL_INFO : LEVEL_WARNING, &event, "%s", run->refresh.text);
	control_wake();
}

/* Only READY=1 proves that it has read its configuration: a command may have sent a signal and ended. */
static void look_at_refresh(struct svc *svc)
{
	const struct instance *current = svc->run->current;
	long pid = svc->run->refresh.pid;

	if (svc->run->refresh.state != REFRESHES || svc->run->refresh.commands.child.pid)
		return;
	if (!current || current->pid != pid || current->ends)
		end_refresh(svc, false, "pid %ld ended before it read its configuration again", pid);
	else if (svc->row->exec->type != TYPE_NOTIFY_RELOAD)
		end_refresh(svc, true, "the reload command ended well (pid %ld)", pid);
	else if (current->reloads != svc->run->refresh.reloads)
		end_refresh(svc, true, "pid %ld has read its configuration again", pid);
}

static void on_refresh_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct svc *svc = timer->data;

	(void)loop, (void)events;
	look_at_refresh(svc);
	if (svc->run->refresh.state == REFRESHES && !svc->run->refresh.commands.child.pid)
		end_refresh(svc, false,
			    "pid %ld runs on; it has not sent READY=1 within timeout_start of reload_signal",
			    (long)svc->run->refresh.pid);
}

static void on_refresh_commands(struct commands *commands, enum result result, const char *why)
{
	struct svc *svc = commands->svc;
	long pid = svc->run->refresh.pid;

	if (svc->run->refresh.state != REFRESHES)
		return;
	if (result == RESULT_SUCCESS) {
		timer_limit(&svc->run->refresh.limit, svc->row->groups->lifecycle->timeout_start, on_refresh_limit,
			    svc);
		look_at_refresh(svc);
	} else if (result == RESULT_TIMEOUT) {
		end_refresh(svc, false, "pid %ld runs on; exec_reload has not ended within timeout_start", pid);
	} else if (commands->status < 0) {
		end_refresh(svc, false, "pid %ld runs on; %.300s", pid, why);
	} else {
		char text[48];

		status_describe(commands->status, text);
		end_refresh(svc, false, "pid %ld runs on; exec_reload has failed: %s (%s)%s%.200s", pid,
			    result_name(result), text, *svc->run->last_line ? ": " : "", svc->run->last_line);
	}
}

bool refresh_is_under_way(const struct svc *svc)
{
	return svc->run->refresh.commands.child.pid || svc->run->refresh.state == REFRESHES;
}

void refresh_forget(struct svc *svc)
{
	ev_timer_stop(superd.loop, &svc->run->refresh.limit);
	commands_drop(&svc->run->refresh.commands);
}

static const char *begin_refresh(struct svc *svc, struct buf *why)
{
	const struct lifecycle_options *lifecycle = svc->row->groups->lifecycle;
	bool signals = svc->row->exec->type == TYPE_NOTIFY_RELOAD;
	struct run *run = svc_run(svc);
	char name[32];

	if (svc->row->exec->accept || (svc_is_empty(svc) && svc->state != STARTING && svc->state != RUNNING))
		return "nothing runs that could read: the next start reads the configuration anyway";
	if (svc->state == FROZEN)
		return "!it is frozen: thaw it first, then it can read";
	if (svc->state != RUNNING || !svc->run->current)
		return "!its instance is starting or ending: try again when the service runs";
	if (!signals && !service_commands(svc->row, PHASE_RELOAD))
		return "!it has no exec_reload, and its type is not notify-reload";
	if (refresh_is_under_way(svc))
		return "!it is reading its configuration again already";
	if (signals && run->current->main.pid <= 0) /* its number may be another's by now */
		return "!its main process has ended";
	idle_follow(svc); /* it may stand still for the last look, and is to hear of it */
	run->refresh.pid = run->current->pid;
	run->refresh.reloads = run->current->reloads;
	if (signals && kill(run->refresh.pid, lifecycle->reload_signal) < 0) {
		buf_addf(why, "%s cannot be sent to pid %ld: %s", scan_signal_name(lifecycle->reload_signal, name),
			 (long)run->refresh.pid, strerror(errno));
		return "!";
	}
	run->refresh.state = REFRESHES;
	timer_limit(&run->refresh.limit, lifecycle->timeout_start, on_refresh_limit, svc);
	output_forget(svc);
	commands_begin(&run->refresh.commands, svc, NULL, PHASE_RELOAD,
		       lifecycle->timeout_start == SCAN_INFINITY ? 0 : (double)lifecycle->timeout_start / 1e6,
		       on_refresh_commands);
	return NULL;
}

/* ---- orders ---- */

/* An order to one service, until its result is sent. */
struct order {
	struct order *next;
	enum action action;
	bool ran;
	double asked;
	uint64_t activations, failures, kills;
	char name[]; /* of the service */
};

static ev_timer drains; /* the next look whether the clients of those that drain have gone */

static bool has_one_that_serves(const struct svc *svc)
{
	LIST_OF(const struct instance, instance, link, &svc->run->instances) {
		if (!instance->ends)
			return true;
	}
	return false;
}

/* Those that drain stop when nobody is connected, or when timeout_stop has passed. */
static void on_drains(struct ev_loop *loop, ev_timer *timer, int events)
{
	bool any = false;

	(void)events;
	for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc)) {
		int64_t timeout = svc->row->groups->lifecycle->timeout_stop;
		double lasted = clock_now() - svc->run->drains_since;
		/* With accept = yes each client has an instance, which ends with it. */
		struct clients clients = { .known = true, .connected = 1 };

		if (!(svc->run->drains_since > 0) || !has_one_that_serves(svc))
			continue;
		if (!svc->row->exec->accept)
			clients_count(svc, &clients);
		/* Who waits at sockets that stay is served by the next instance. */
		if ((!clients.known || clients.connected > (svc->removed ? 0 : clients.waiting)) &&
		    (timeout == SCAN_INFINITY || lasted * 1e6 < (double)timeout)) {
			any = true;
			continue;
		}
		svc_say(svc, LEVEL_INFO, "stopping", "stopping: it is drained");
		svc_stop(svc, true);
	}
	if (!any)
		ev_timer_stop(loop, timer);
}

/* It drains from now on: by an order, or as it did under the superd before. */
void drain_follow(struct svc *svc)
{
	if (!(svc->run->drains_since > 0) || ev_is_active(&drains))
		return;
	ev_timer_init(&drains, on_drains, 0, DRAIN_LOOK);
	ev_timer_start(superd.loop, &drains);
}

/* Its instances have ended, or are to go on. */
void drain_end(struct svc *svc)
{
	if (!(svc->run->drains_since > 0))
		return;
	svc->run->drains_since = 0;
	journal_service(svc);
}

/* Whether an instance is there that had begun when the order was given. */
static bool has_one_of_before(struct svc *svc, double asked)
{
	LIST_OF(const struct instance, instance, link, &svc->run->instances) {
		if (instance->begun <= asked)
			return true;
	}
	return false;
}

/* The results of orders: a sentence, "!" in front of one that has failed, and behind it what is in why. NULL: the order
 * is under way. */

static const char *failed_for(const struct svc *svc, const char *sentence, struct buf *why)
{
	char text[48];

	if (*svc->run->reason) {
		buf_text(why, svc->run->reason);
	} else if (svc->run->failure_count) {
		status_describe(svc->run->last_failures[0].status, text);
		buf_text(why, *svc->run->last_failures[0].why ? svc->run->last_failures[0].why : text);
	}
	return sentence;
}

static const char *runs_as(const struct svc *svc, const char *sentence, struct buf *why)
{
	if (svc->run->current && svc->run->current->pid > 0)
		buf_addf(why, ", pid %ld", (long)svc->run->current->pid);
	return sentence;
}

static const char *ended(const struct svc *svc, struct buf *why)
{
	char text[48];

	status_describe(svc->run->last_status, text);
	buf_text(why, text);
	return "it was started, and has ended: ";
}

/* Adds why it serves nobody. */
static void add_closed(struct svc *svc, struct buf *why)
{
	unsigned open = 0;

	if (svc->state != BINDING)
		return;
	EACH_SOCKET(socket, svc)
		open += socket->fd >= 0;
	if (svc_is_opening(svc))
		buf_text(why, "; its sockets are not open yet");
	else
		buf_addf(why, "; %s: %s; superd tries again",
			 open ? "not all of its sockets are open" : "it does not listen", svc->run->reason);
}

/* It was stopped: what starts it again. */
static const char *stops_until(struct svc *svc, const char *sentence, struct buf *why)
{
	if (svc->state == BINDING)
		add_closed(svc, why);
	else if (lock_is_set(svc, LOCK_HELD))
		buf_text(why, "; it is held, so nothing starts it");
	else if (svc->state == BACKOFF)
		buf_text(why, "; superd tries again after the pause");
	else if (svc_is_empty(svc) && svc->state != OFF)
		buf_text(why, svc->socket_count ? "; the next client starts it again" : "; start starts it again");
	return sentence;
}

static const char *look_at_start(const struct order *order, struct svc *svc, struct buf *why)
{
	const struct service *row = svc->row;
	bool started = svc->run->activations > order->activations;
	/* It tells that it is ready, or superd sees that. */
	bool tells = service_notifies(row) || service_awaits_ready(row) || service_awaits_target(row) ||
		row->exec->type == TYPE_FORKING || row->exec->type == TYPE_ONESHOT || row->exec->pass == PASS_BIND;
	double left;

	if (row->exec->accept) {
		if (svc->state == BINDING && svc_is_opening(svc))
			return NULL;
		return svc->state == BINDING || svc->state == BACKOFF ? failed_for(svc, "!", why)
								      : "it listens: each client starts an instance";
	}
	if (started && svc->run->failures > order->failures)
		return failed_for(svc, "!failed: ", why);
	if (svc->run->activations > order->activations + 1) /* it has ended, and was started again */
		return svc->run->last_duration >= AT_ONCE || row->exec->type == TYPE_ONESHOT
			? runs_as(svc, "started", why)
			: ended(svc, why);
	switch (svc->state) {
	case RUNNING:
		left = started && svc->run->current && !tells ? svc->run->current->since + AT_ONCE - clock_now() : 0;
		if (left > 0) {
			control_wake_in(left + .01);
			return NULL;
		}
		return runs_as(svc, started ? "started" : "it continues", why);
	case FROZEN:
		return runs_as(svc, started ? "started" : "it continues", why);
	case QUEUED:
	case STARTING:
	case STOPPING:
		return NULL;
	case BINDING:
		return svc_is_opening(svc) ? NULL : failed_for(svc, "!", why);
	case BACKOFF:
		return failed_for(svc, "!", why);
	default:
		if (started)
			return ended(svc, why);
		return svc->state == LISTENING && svc->run->start_due > 0 ? NULL : "!it was not started";
	}
}

static const char *look(const struct order *order, struct svc *svc, struct buf *why)
{
	bool awake = svc->state == RUNNING || svc->state == FULL || (svc->state == LISTENING && !svc_is_empty(svc));
	bool asleep = svc->state == FROZEN || (svc->state == LISTENING && !awake);
	bool accepts = svc->row->exec->accept, starts = !accepts && !lock_is_set(svc, LOCK_HELD);
	const char *rests = svc->state == FROZEN ? "frozen" : "asleep";

	switch (order->action) {
	case START:
		return look_at_start(order, svc, why);
	case STOP:
		return has_one_of_before(svc, order->asked) ? NULL : stops_until(svc, "stopped", why);
	case RESTART:
		if (has_one_of_before(svc, order->asked))
			return NULL;
		if (starts &&
		    (svc->run->activations > order->activations || svc->state == STARTING || svc->state == QUEUED ||
		     svc->run->start_due > 0))
			return look_at_start(order, svc, why);
		if (svc->state == BINDING)
			return svc_is_opening(svc) ? NULL : stops_until(svc, "!stopped", why);
		if (starts && svc->state == BACKOFF)
			return failed_for(svc, "!", why);
		return stops_until(svc, order->ran ? "stopped" : "it did not run", why);
	case DRAIN:
		return svc->run->drains_since > 0 || has_one_of_before(svc, order->asked)
			? NULL
			: stops_until(svc, "drained", why);
	case ENABLE:
		if (lock_is_set(svc, LOCK_DISABLED))
			return "!it was disabled in the meantime";
		if (svc->state == CLOSING || svc->state == STOPPING || svc_is_opening(svc) ||
		    (svc->state == BINDING && !accepts && !svc_is_empty(svc)))
			return NULL;
		add_closed(svc, why);
		return svc->state == BINDING ? "!enabled" : "enabled";
	case DISABLE:
		if (!lock_is_set(svc, LOCK_DISABLED))
			return "!it was enabled in the meantime";
		if (svc_is_opening(svc) || (!accepts && (svc->state == CLOSING || !svc_is_empty(svc))))
			return NULL;
		/* the instances of accept = yes serve their clients to the end */
		return "disabled: its sockets are closed until it is enabled";
	case FREEZE:
		return svc->state == FROZEN ? "frozen until the next client, or until it is thawed"
					    : "!it could not be frozen, or continues already; the log has the reason";
	case REFRESH:
		look_at_refresh(svc);
		if (svc->run->refresh.state == REFRESHES)
			return NULL;
		buf_text(why, svc->run->refresh.state == NEVER_ASKED ? "it has ended" : svc->run->refresh.text);
		return svc->run->refresh.state == REFRESHED ? "" : "!";
	case WAIT_ASLEEP:
		return asleep ? rests : NULL;
	case WAIT_AWAKE:
		return awake ? "awake" : NULL;
	case WAIT_READY:
		if (!strcmp(facts_state(svc->row, svc), "condition"))
			return "!its sockets stay closed: their conditions do not hold";
		return awake ? "awake" : asleep ? rests : NULL;
	default:
		return "!";
	}
}

/* Begins an order. */
static const char *begin(struct session *session, struct order *order, struct svc *svc, struct buf *why)
{
	const struct lifecycle_options *lifecycle = svc->row->groups->lifecycle;
	const struct instance *current = svc->run->current;
	const char *name = svc->row->name, *sentence = NULL;
	const struct lock_order now = { .since = time(NULL), .uid = session->uid }, never = { 0 };
	bool was = lock_is_set(svc, LOCK_HELD) || svc->run->drains_since > 0;
	bool disabled = lock_is_set(svc, LOCK_DISABLED), starts;
	unsigned signalled = 0;

	if (superd_is_stopping())
		return "!superd is stopping";
	if (svc->removed && order->action != STOP)
		return "!a reload has removed it: stop ends its instances; a reload adds it again if the configuration "
		       "has it";
	if (order->action == SLEEP)
		order->action = !svc->row->exec->accept && lifecycle->idle_action == IDLE_FREEZE &&
				(svc->state == RUNNING || svc->state == FROZEN)
			? FREEZE
			: STOP;
	if (order->action == WAKE)
		order->action = svc->state == FROZEN ? THAW : START;
	if (order->action == WAIT_READY && session->request.options & (WITH_ASLEEP | WITH_AWAKE))
		order->action = session->request.options & WITH_ASLEEP ? WAIT_ASLEEP : WAIT_AWAKE;
	if (disabled && order->action != ENABLE && order->action != DISABLE && order->action != STOP &&
	    order->action != RELEASE && order->action != REFRESH && order->action != SIGNAL)
		return "!it is disabled: enable it first";
	switch (order->action) {
	case START:
		if (lock_is_set(svc, LOCK_HELD))
			return "!it is held: release it first";
		if (svc->state == RUNNING)
			return runs_as(svc, "it runs already", why);
		for (unsigned n = 0; n < svc->socket_count; n++)
			CLEAR(svc->sockets[n].run->rests_until);
		svc_ask_conditions(svc);
		if (svc->state == BINDING)
			svc_open(svc);
		if (!svc->row->exec->accept)
			svc_start(svc, "operator");
		else if (svc->state == BACKOFF)
			svc_settle(svc);
		break;
	case STOP:
		*svc->run->start_by = '\0';
		svc_stop(svc, false);
		break;
	case RESTART:
		if (svc_overlap(svc, "operator"))
			break;
		starts = !svc->row->exec->accept &&
			(order->ran || svc->state == BACKOFF || !svc->socket_count ||
			 svc->row->exec->start == START_BOOT);
		if (starts) {
			svc->run->start_due = clock_now();
			svc->run->asked = svc->run->start_due;
			strcpy(svc->run->start_by, "operator");
		}
		svc->run->failed_in_row = 0; /* earlier failures must not count against the next instance */
		svc_stop(svc, true);
		if (svc->state == BINDING)
			svc_open(svc);
		else if (starts && !svc->run->current && svc->state != STARTING && svc->state != QUEUED)
			svc_settle(svc);
		break;
	case HOLD:
		if (!set_lock(name, LOCK_HELD, now))
			return "!out of memory";
		drain_end(svc);
		svc_settle(svc);
		add_closed(svc, why);
		return has_one_that_serves(svc)
			? "held: the instance that runs serves on; then clients queue until it is released"
			: "held: its clients queue until it is released";
	case RELEASE:
		set_lock(name, LOCK_HELD, never);
		drain_end(svc);
		if (was && svc->state == HELD) {
			svc_set(svc, LISTENING);
			svc_settle(svc);
		}
		add_closed(svc, why);
		return was ? "released" : "it was not held";
	case DRAIN:
		if (svc->state == FROZEN)
			idle_thaw(svc, "operator"); /* it could neither serve its clients nor end */
		if (!svc_is_empty(svc)) {
			svc->run->drains_since = clock_now();
			journal_service(svc);
		}
		svc_settle(svc);
		drain_follow(svc);
		break;
	case FREEZE:
		if (svc->state == FROZEN)
			return "it is frozen already";
		if (svc->row->exec->accept)
			return "!each of its clients has an instance, and superd does not freeze these";
		if (svc->state == STARTING || svc->state == QUEUED)
			return "!it is starting: it can be frozen when it is ready";
		if (svc->state == STOPPING || (current && (current->ends || current->says == STOPS)))
			return "!it is about to end";
		if (svc->state != RUNNING || !current || current->main.pid <= 0)
			return "!no process of it runs";
		if (current->commands.child.pid > 0)
			return "!a command beside it runs";
		if (current->says == RELOADS || refresh_is_under_way(svc))
			return "!it reloads";
		idle_freeze(svc);
		break;
	case THAW:
		if (svc->state != FROZEN)
			return "it was not frozen";
		idle_thaw(svc, "operator");
		return "thawed";
	case ENABLE:
		if (!disabled && svc->state != BINDING)
			return "it is enabled already";
		if (disabled) {
			set_lock(name, LOCK_DISABLED, never);
			svc_set(svc, BINDING);
		}
		for (unsigned n = 0; n < svc->socket_count; n++)
			CLEAR(svc->sockets[n].run->rests_until);
		svc_open(svc);
		break;
	case DISABLE:
		if (disabled && svc->state == OFF)
			return "it is disabled already";
		if (!set_lock(name, LOCK_DISABLED, now))
			return "!out of memory";
		shut_disabled(svc);
		break;
	case SIGNAL:
		LIST_OF(struct instance, instance, link, &svc->run->instances) {
			if (instance->main.pid <= 1 || kill(instance->main.pid, (int)session->request.signal) < 0)
				continue;
			if (signalled < PIDS_MOST)
				buf_addf(why, "%s%ld", signalled ? ", " : "", (long)instance->main.pid);
			signalled++;
		}
		if (signalled > PIDS_MOST)
			buf_addf(why, " and %u more", signalled - PIDS_MOST);
		if (svc->state == FROZEN && session->request.signal != SIGKILL)
			buf_text(why, "; it is frozen, and receives the signal when it is thawed");
		return signalled ? "sent the signal to pid " : "!no process of it runs";
	case REFRESH:
		sentence = begin_refresh(svc, why);
		break;
	default:
		break;
	}
	return sentence ? sentence : look(order, svc, why);
}

/* Sends the line that reports the result of an order for a service. order NULL: none was given. */
static void send_result(struct session *session, const char *name, const struct order *order, const char *sentence,
			struct buf *why)
{
	struct svc *svc;
	const struct service *row = row_find(name, &svc);
	struct buf *line = &session->line, text = { 0 };
	uint64_t killed = order && svc ? svc->run->kills - order->kills : 0;
	bool failed = *sentence == '!';
	enum action action = order ? order->action : WAIT_READY;
	bool holds = action == HOLD || action == RELEASE, locks_it = action == HOLD || action == DISABLE;

	session->failed += failed;
	buf_addf(&text, "%s%s", sentence + failed, buf_string(why));
	buf_clear(why);
	if (killed)
		buf_addf(&text, "; %" PRIu64 " instance%s did not end by timeout_stop and %s killed", killed,
			 killed == 1 ? "" : "s", killed == 1 ? "was" : "were");
	if (!failed && (holds || action == DISABLE || action == ENABLE) &&
	    !locks_outlive(holds ? LOCK_HELD : LOCK_DISABLED, locks_it, why))
		buf_addf(&text, "; this ends with superd: %s", buf_string(why));
	json_text_field(line, "service", name);
	json_text_field(line, "state", facts_state(row, svc));
	json_flag_field(line, "ok", !failed);
	if (svc && svc->run->current)
		json_whole_field(line, "pid", svc->run->current->pid > 0 ? svc->run->current->pid : -1);
	json_text_field(line, "message", buf_string(&text));
	session_send(session);
	buf_free(&text);
}

void orders_drop(struct session *session)
{
	while (session->orders) {
		struct order *order = session->orders;

		session->orders = order->next;
		free(order);
	}
	session->order_count = 0;
}

/* Sends the results that there are. */
static void look_at_orders(struct session *session)
{
	struct order **at = &session->orders;
	bool sent = false;
	struct buf why = { 0 };

	while (*at) {
		struct order *order = *at;
		struct svc *svc = svc_find(order->name);
		const char *sentence =
			order->action == STOP || order->action == DRAIN ? "stopped, and removed" : VANISHED;

		buf_clear(&why);
		if (svc)
			sentence = look(order, svc, &why);
		if (sentence && sent && !session_may_go_on(session))
			break; /* the next turn goes on */
		if (!sentence) {
			at = &order->next;
			continue;
		}
		sent = true;
		*at = order->next;
		session->order_count--;
		send_result(session, order->name, order, sentence, &why);
		free(order);
	}
	buf_free(&why);
	if (*at)
		return;
	session->go_on = NULL;
	session->changed = look_at_orders;
	if (session->orders)
		return;
	if (session->failed)
		session_fail(session, "failed", "", "%u of %u service%s failed", session->failed, session->begun,
			     session->begun == 1 ? "" : "s");
	else
		session_done(session);
}

static void begin_one(struct session *session, const char *name)
{
	enum action action = session->action;
	struct svc *svc;
	const struct service *row = row_find(name, &svc);
	struct order *order = svc ? calloc(1, sizeof(*order) + strlen(name) + 1) : NULL;
	struct buf why = { 0 };
	const struct skipped *skipped = row && !svc ? skipped_of(superd.table, row) : NULL;
	const char *sentence;

	session->begun++;
	if (!order) {
		if (skipped)
			buf_text(&why, skipped_reason(skipped));
		else if (row && !svc)
			origin_cite(service_origin(row, "disable"), &why);
		sentence = svc		    ? "!out of memory"
			: !row		    ? VANISHED
			: skipped	    ? "!it is skipped: "
			: action == REFRESH ? "it does not run: the configuration has disable = yes"
					    : "!the configuration has disable = yes";
		send_result(session, name, NULL, sentence, &why);
		buf_free(&why);
		return;
	}
	if (action < WAIT_READY)
		svc_say(svc, LEVEL_NOTICE, "told", "uid %lu requested: %s", (unsigned long)session->uid, session->verb);
	strcpy(order->name, name);
	order->action = action;
	order->asked = clock_now();
	order->ran = !svc_is_empty(svc);
	order->activations = svc->run->activations;
	order->failures = svc->run->failures;
	order->kills = svc->run->kills;
	if (action < WAIT_READY)
		read_again();
	sentence = begin(session, order, svc, &why);
	if (session->begun == 1)
		write_locks(); /* the first shows whether the file can be written, for the answers to all */
	if (sentence || session->request.options & WITH_NO_WAIT) {
		send_result(session, name, order, sentence ? sentence : "under way", &why);
		free(order);
	} else {
		order->next = session->orders;
		session->orders = order;
		session->order_count++;
	}
	buf_free(&why);
}

static void begin_some(struct session *session)
{
	const char *name = NULL;

	do {
		name = session_next_name(session);
		if (name)
			begin_one(session, name);
	} while (name && session_may_go_on(session));
	write_locks(); /* before the answer is sent */
	if (!name)
		look_at_orders(session);
}

static void on_late(struct session *session)
{
	const char *next = session_next_name(session);
	size_t left = next != NULL;

	while (session_next_name(session))
		left++;
	if (left)
		session_fail(session, "failed", "", "not done in time: %zu service%s not told, from %s on", left,
			     left == 1 ? " was" : "s were", next);
	else
		session_fail(session, "failed", "superctl why tells what it waits for", "not done in time%s: %s%s",
			     session->action < WAIT_READY ? ", but under way" : "",
			     session->orders ? session->orders->name : "", session->order_count > 1 ? ", ..." : "");
}

void orders_begin(struct session *session)
{
	session->begun = session->failed = 0;
	session->late = on_late;
	session->go_on = begin_some;
}
