/* Sleep: a program without clients is frozen, looked at once more, and then stopped while it stands still, or stays
 * frozen (idle_action) until a client comes.
 *
 * idle_timeout begins with the last sign of a client: the end of a connection, as the kernel reports it. So one timer
 * runs to its end, and only then are clients counted; while one is connected, nothing runs. Where ends are not reported
 * (unix sockets, datagrams, a kernel without reports) superd looks at parts of the time. Between two looks it watches a
 * unix socket as its program does, so it sees most clients that come and go, and a datagram leaves its time.
 *
 *              the timer                        the end of the helper       a client comes or goes
 *   OFF        -                                freeze_reclaim is done      FROZEN: thawed
 *   WAITS      look: wait, ask, or freeze       -                           wait anew
 *   ASKS       -                                wait, or freeze; frozen     noted: wait anew after it
 *                                               already: OFF, or thawed
 *   FREEZES    stands still: stop, OFF or ask;  -                           noted: thawed, and wait anew
 *              too long: thawed, and wait
 *
 * Each change of state ends it, as svc_set calls idle_follow. RUNNING begins with WAITS; STARTING only listens to the
 * ends of connections.
 *
 * FROZEN ends (idle_thaw) with a client at a socket (service.c) or on a connection that it had (on_watched); a service
 * that wants it (needs.c); an order to start, wake, drain or thaw it (orders.c); a reload that changes or removes it
 * (reload.c); and a SIGQUIT after which superd leaves its instances (loop.c). It is thawed as well for its stop, at
 * the end of its main process and after a death of superd, as it has to act then, but not for an upgrade
 * (instance.c, service.c). */
#include "superd/daemon.h"

#define PARTS 8. /* looks in an idle_timeout, where ends are not reported */
#define ALMOST .001
#define CLOSES_MOST 4	 /* ends in a row, a quarter of idle_timeout apart at most; then superd listens to no more */
#define ANSWER_MOST 90.	 /* seconds that idle_unless may take */
#define QUIET_MOST 1.	 /* and the question for quiet connections */
#define FREEZE_LOOK .001 /* seconds until the first look whether all processes stand still, doubled up to: */
#define FREEZE_LOOK_MOST .05
#define FREEZE_MOST 2.
#define THAW_AGAIN .1
#define PROBES_MOST 250 /* that one process takes away */
#define PROBES_SECONDS 1.
#define RECLAIM_MOST 60.

static const struct lifecycle_options *life_of(const struct svc *svc)
{
	return svc->row->groups->lifecycle;
}

static double timeout_of(const struct svc *svc)
{
	return (double)life_of(svc)->idle_timeout / 1e6;
}

static void on_idle_due(struct ev_loop *loop, ev_timer *timer, int events);

static void wake_in(struct svc *svc, double seconds)
{
	timer_begin(&svc->run->idle.timer, seconds > ALMOST ? seconds : ALMOST);
}

static void listen_to(struct svc *svc, bool listens)
{
	if (svc->run->idle.listens == listens)
		return;
	svc->run->idle.listens = listens;
	if (!clients_listen(svc))
		svc->run->idle.polls = true;
}

/* Whether the log has this trouble already. */
static enum level news(struct idle *idle, const char *trouble)
{
	bool told = idle->told == trouble;

	idle->told = trouble;
	return told ? LEVEL_DEBUG : LEVEL_WARNING;
}

/* Connections at which nothing moves may sleep with it. */
static bool counts_quiet_ones(const struct svc *svc)
{
	return life_of(svc)->idle_when == IDLE_WHEN_QUIET && life_of(svc)->idle_action == IDLE_FREEZE &&
		!svc->run->idle.unwatched;
}

/* ---- freezing ---- */

bool instance_is_frozen(const struct instance *instance)
{
	return instance->stand >= STANDS_IDLE;
}

/* Stops all that the instance consists of, or has it go on: by its control group, or by signals. A group that cannot be
 * thawed is tried again. */
bool instance_freeze(struct instance *instance, enum stand stand)
{
	bool frozen = stand != MOVES, was_frozen = instance_is_frozen(instance), was_stuck = instance->stand == STUCK;
	bool by_group = instance->cgroup && cgroup_write(instance->cgroup, "cgroup.freeze", frozen ? "1" : "0");
	/* Where there is no such file, signals have stopped it. */
	bool no_group = !instance->cgroup || (errno == ENOENT && (!was_frozen || instance->is_halted));
	int stuck = frozen || by_group || no_group ? 0 : errno;
	const char *what = "its control group cannot be thawed";
	bool good = by_group;
	pid_t *pids = NULL;
	size_t count = 0;

	instance->cgroup_is_spent = true;
	instance->is_halted |= frozen && !by_group;
	journal_instance(instance);
	if (!frozen && instance->svc->run->current == instance)
		clients_unwatch(instance->svc);
	if ((!good || (!frozen && instance->is_halted)) && (frozen || was_frozen || was_stuck)) {
		errno = 0;
		pids = instance_processes(instance);
		if (!pids && !frozen && !stuck && error_is_shortage(errno)) { /* who is not found does not go on */
			what = "its processes cannot be listed";
			stuck = errno;
		}
	}
	while (pids && pids[count])
		count++;
	for (size_t n = 0; n < count; n++) /* no parent hears that its child stands */
		good |= kill(pids[frozen ? n : count - 1 - n], frozen ? SIGSTOP : SIGCONT) == 0;
	free(pids);
	if (good && frozen && !was_frozen) {
		instance->limit_left = instance_limit_left(instance);
		ev_timer_stop(superd.loop, &instance->limit);
	} else if (!frozen && was_frozen && instance->limit_left > 0 && instance->phase <= READY) {
		instance_limit(instance, (int64_t)(instance->limit_left * 1e6));
	}
	if (!frozen)
		instance->limit_left = 0;
	/* Its relay stands still, too, so that nobody is accepted behind the last look. A oneshot has nothing else. */
	if (instance->relay.child.pid) {
		good |= frozen && instance->phase == REMAINS;
		kill(instance->relay.child.pid, frozen && good ? SIGSTOP : SIGCONT);
	}
	instance->stand = stuck ? STUCK : good ? stand : MOVES;
	instance->is_halted &= frozen || stuck;
	if (was_frozen && !frozen && !instance->relay.child.pid) /* on_ready_due: it may have failed meanwhile */
		ev_feed_event(superd.loop, &instance->ready, EV_TIMER);
	notify_watchdog(instance); /* its time begins anew when it goes on */
	if (stuck)
		timer_begin(&instance->look, THAW_AGAIN);
	if (stuck && !was_stuck)
		svc_say(instance->svc, LEVEL_ERROR, "unfrozen", "pid %ld stays frozen: %s: %s; superd tries again",
			(long)instance->pid, what, strerror(stuck));
	else if (!stuck && was_stuck && !frozen)
		svc_say(instance->svc, LEVEL_NOTICE, "thawed", "pid %ld is thawed now", (long)instance->pid);
	return good;
}

/* Without a control group those that were forked meanwhile are stopped, too. */
static bool stands_still(struct instance *instance)
{
	pid_t *pids, relay = instance->relay.child.pid;
	char path[4200], *text = NULL;
	bool still;
	size_t length;

	if (relay && process_state(relay) == PROCESS_RUNS)
		return false;
	if (instance->cgroup) {
		snprintf(path, sizeof(path), "%s/cgroup.events", instance->cgroup);
		text = fd_read_file(path, 4096, &length);
	}
	if (text && strstr(text, "frozen ")) { /* the kernel can freeze groups */
		still = strstr(text, "frozen 1");
		free(text);
		return still;
	}
	free(text);
	pids = instance_processes(instance);
	still = pids;
	for (pid_t *at = pids; at && *at; at++) {
		enum process_state state = process_state(*at);

		still = still && (state == PROCESS_STOPPED || state == PROCESS_GONE);
	}
	free(pids);
	if (!still)
		instance_freeze(instance, STANDS_IDLE); /* those that are new */
	return still;
}

static void on_watched(struct io *io)
{
	idle_thaw(io->data, NULL);
}

static void on_reclaimed(struct helper *helper, int status)
{
	struct idle *idle = container_of(helper, struct idle, helper);
	int error = status == HELPER_LATE ? ETIMEDOUT : WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	if (error && error != EAGAIN) /* EAGAIN: not all of it */
		svc_say(idle->svc, news(idle, "memory"), "memory", "freeze_reclaim: its memory was not handed back: %s",
			strerror(error));
}

static void fall_asleep(struct svc *svc)
{
	struct instance *instance = svc->run->current;
	bool by_order = instance->stand == STANDS_BY_ORDER, watches;
	char bytes[32];

	svc->run->idle.step = IDLE_OFF;
	ev_timer_stop(superd.loop, &svc->run->idle.timer);
	svc_set(svc, FROZEN);
	svc_watch(svc); /* it may be so since the superd before */
	watches = clients_watch(svc, on_watched);
	svc_say(svc, by_order ? LEVEL_NOTICE : LEVEL_INFO, "frozen", "pid %ld is frozen%s", (long)instance->pid,
		by_order ? "" : " until a client connects");
	/* A process hands the memory back, as that takes as long as the disk does. */
	if (life_of(svc)->freeze_reclaim && instance->cgroup) {
		snprintf(bytes, sizeof(bytes), "%lld",
			 (long long)resource_usage_of_cgroup(instance->cgroup, false).memory);
		if (helper_begin(&svc->run->idle.helper, RECLAIM_MOST, on_reclaimed, NULL, 0) == 0)
			_exit(cgroup_write(instance->cgroup, "memory.reclaim", bytes) ? 0 : errno);
	}
	if (!watches && !by_order && counts_quiet_ones(svc)) {
		svc->run->idle.unwatched = true;
		svc_say(svc, LEVEL_WARNING, "unwatched",
			"pid %ld stays awake while any client is connected: superd cannot watch its quiet connections",
			(long)instance->pid);
		idle_thaw(svc, NULL);
	}
}

/* by NULL: a client has come. */
void idle_thaw(struct svc *svc, const char *by)
{
	double now = clock_now(), slept = now - svc->since;
	char span[DURATION_MOST], peer[64] = "";

	if (svc->state != FROZEN || !svc->run->current)
		return;
	accept_describe_sender(svc, peer, sizeof(peer));
	instance_freeze(svc->run->current, MOVES);
	svc->run->wakes++;
	svc_say(svc, LEVEL_INFO, "thawed", "pid %ld thawed after %s%s%s", (long)svc->run->current->pid,
		duration_write(span, slept), by ? ", by " : "", by ? by : "");
	svc_set(svc, RUNNING);
	facts_note_wake(svc, true, slept, by ? by : svc->run->start_by);
	facts_note_ready(svc, now);
	facts_note_client(svc, peer);
}

/* ---- whether it is idle ---- */

static double due_at(const struct svc *svc)
{
	double due = svc->run->idle.used + timeout_of(svc), awake = svc->since + (double)life_of(svc)->min_awake / 1e6;

	return due > awake ? due : awake;
}

static bool is_due(const struct svc *svc)
{
	return clock_now() + ALMOST >= due_at(svc);
}

/* What comes next by itself; nothing while somebody is connected whose end will be reported. */
static void wait_on(struct svc *svc)
{
	struct idle *idle = &svc->run->idle;
	double part = timeout_of(svc) / PARTS, left = due_at(svc) - clock_now();

	idle->step = IDLE_WAITS;
	if (idle->seen == SOMEBODY && !idle->polls && !svc->run->current->relay.flows && !counts_quiet_ones(svc))
		ev_timer_stop(superd.loop, &idle->timer);
	else
		wake_in(svc, idle->seen == SOMEBODY || (idle->polls && left > part) ? part : left);
}

/* Where no end is reported: a unix socket is watched until the first client comes. */
static void look_for_signs(struct svc *svc)
{
	uint64_t stamps = HASH_START;
	struct idle *idle = &svc->run->idle;
	bool used = false;

	EACH_SOCKET(socket, svc) {
		struct datagram_stamp stamp;

		if (socket->fd < 0 || socket->listen->address->kind == ENDPOINT_TCP)
			continue;
		if (!endpoint_is_datagram(socket->listen->address)) {
			socket_watch(socket, true);
			continue;
		}
		datagram_stamp_read(socket->fd, &stamp);
		stamps = hash_bytes(stamps, &stamp.stamp, sizeof(stamp.stamp));
		used |= stamp.waits || !stamp.known;
	}
	if (used || stamps != idle->stamps)
		idle->used = clock_now();
	idle->stamps = stamps;
}

/* Clients at superd's sockets, and those that may be there. */
static bool has_own_clients(const struct svc *svc)
{
	const struct idle *idle = &svc->run->idle;

	return !idle->clients.known || idle->clients.connected || svc->run->current->relay.flows > 0;
}

/* Counts who is connected now. */
static void take_count(struct svc *svc)
{
	struct idle *idle = &svc->run->idle;
	bool was = idle->seen == SOMEBODY;
	char peer[64];

	clients_count(svc, &idle->clients);
	if (idle->clients.connected) {
		snprintf(peer, sizeof(peer), "%.*s", (int)strcspn(idle->clients.peers, ","), idle->clients.peers);
		facts_note_client(svc, peer);
	}
	idle->seen = NOBODY;
	if (has_own_clients(svc) || (svc->run->others && svc->run->others->clients))
		idle->seen = SOMEBODY;
	if (was && idle->seen == NOBODY)
		idle->used = clock_now();
	if (idle->seen == SOMEBODY && idle->clients.known)
		*idle->busy = '\0';
}

static void sleep_or_thaw(struct svc *svc);

#define UNKNOWN "the kernel does not say who is connected"

/* fault: idle_unless gave no answer, which counts as busy, as work that is cut off cannot be repaired. */
static void keep_busy(struct svc *svc, bool fault, const char *why)
{
	struct idle *idle = &svc->run->idle;

	svc_say(svc, *idle->busy ? LEVEL_DEBUG : fault ? LEVEL_WARNING : LEVEL_INFO, "busy",
		"pid %ld keeps running without clients: %s", (long)svc->run->current->pid, why);
	text_copy(idle->busy, sizeof(idle->busy), why);
	idle->step = IDLE_WAITS;
	wake_in(svc, timeout_of(svc));
}

/* Looks for clients at sockets that the program has opened itself, whose ends nobody reports. false: none. */
static bool look_beside(struct svc *svc)
{
	struct idle *idle = &svc->run->idle;
	bool were = svc->run->others && svc->run->others->clients;

	if (has_own_clients(svc) || (!were && !is_due(svc)))
		return idle->seen == SOMEBODY;
	if (others_look(svc)) {
		idle->seen = SOMEBODY;
		idle->polls = true;
		*idle->busy = '\0';
	} else if (were) {
		idle->seen = NOBODY;
		idle->used = clock_now();
	}
	return idle->seen == SOMEBODY;
}

/* A frozen program would never answer at such a port. */
static bool must_stay_awake(struct svc *svc)
{
	const char *at = life_of(svc)->idle_action == IDLE_FREEZE ? others_keep_awake(svc) : NULL;
	char text[sizeof(svc->run->idle.busy)];

	if (!at)
		return false;
	snprintf(text, sizeof(text),
		 "it listens at %.40s itself, where nothing would wake it: add it to listen, or write "
		 "other_ports = ignore", at);
	keep_busy(svc, false, text);
	return true;
}

static void go_to_sleep(struct svc *svc)
{
	struct idle *idle = &svc->run->idle;
	bool freezes;
	static bool blind;

	if (svc->run->current->says == RELOADS || refresh_is_under_way(svc)) {
		keep_busy(svc, false, "it is reading its configuration again");
		return;
	}
	freezes = instance_freeze(svc->run->current, STANDS_IDLE);
	if (!freezes && !process_list_is_possible()) {
		if (!blind)
			svc_say(svc, LEVEL_WARNING, "unfrozen",
				"pid %ld cannot be frozen: its processes are found by /proc only, which is not there",
				(long)svc->run->current->pid);
		blind = true;
		sleep_or_thaw(svc);
		return;
	}
	*idle->busy = '\0';
	idle->step = freezes ? IDLE_FREEZES : IDLE_WAITS;
	idle->begun = clock_now();
	wake_in(svc, freezes ? FREEZE_LOOK : timeout_of(svc));
}

static void on_answer(struct commands *commands, enum result result, const char *why)
{
	struct svc *svc = commands->svc;
	int status = commands->status, code = status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	char what[48], text[160];

	(void)result;
	if (svc->run->idle.step != IDLE_ASKS)
		return;
	if (status < 0) {
		keep_busy(svc, true, why);
	} else if (code == 255 || code == 126 || code == 127) {
		status_describe(status, what);
		snprintf(text, sizeof(text), "idle_unless: %.90s: %s",
			 service_commands(svc->row, PHASE_IDLE_UNLESS)[0], what);
		keep_busy(svc, true, text);
	} else if (code == 0) {
		keep_busy(svc, false, "idle_unless reports it");
	} else if (is_due(svc)) {
		go_to_sleep(svc);
	} else {
		wait_on(svc);
	}
}

/* Nobody was there for long enough. */
static void ask_command(struct svc *svc)
{
	double limit = (double)life_of(svc)->timeout_start / 1e6;

	if (!service_commands(svc->row, PHASE_IDLE_UNLESS)) {
		go_to_sleep(svc);
		return;
	}
	svc->run->idle.step = IDLE_ASKS;
	commands_begin(&svc->run->idle.unless, svc, NULL, PHASE_IDLE_UNLESS,
		       limit > 0 && limit < ANSWER_MOST ? limit : ANSWER_MOST, on_answer);
}

/* No answer in time counts as use. */
static void on_quiet(struct helper *helper, int status)
{
	struct idle *idle = container_of(helper, struct idle, helper);
	struct svc *svc = idle->svc;
	double used = clock_now() - timeout_of(svc);

	if (idle->step != IDLE_ASKS)
		return;
	idle->seen = status ? SOMEBODY : NOBODY;
	if (idle->seen == NOBODY && idle->used > used)
		idle->used = used;
	if (instance_is_frozen(svc->run->current))
		sleep_or_thaw(svc);
	else if (idle->seen == NOBODY && is_due(svc))
		ask_command(svc);
	else
		wait_on(svc);
}

/* Whether nothing moves at the connections of its clients. false: the helper cannot be started. */
static bool ask_for_quiet(struct svc *svc)
{
	struct clients clients;
	pid_t pid = helper_begin(&svc->run->idle.helper, QUIET_MOST, on_quiet, NULL, 0);

	if (pid == 0) {
		clients_count_quiet(svc, &clients, (uint32_t)(life_of(svc)->idle_timeout / 1000));
		_exit(!clients.known || clients.waiting || clients.quiet < clients.connected);
	}
	if (pid > 0)
		svc->run->idle.step = IDLE_ASKS;
	return pid > 0;
}

static void look_for_clients(struct svc *svc)
{
	struct idle *idle = &svc->run->idle;

	idle->closes = 0;
	if (!idle->listens) { /* its clients come and go all the time: the last may have gone now */
		listen_to(svc, true);
		idle->used = clock_now();
	}
	clients_read_reports();
	if (idle->polls)
		look_for_signs(svc);
	if (idle->seen != SOMEBODY && !is_due(svc) && !idle->polls) {
		wait_on(svc);
		return;
	}
	take_count(svc);
	look_beside(svc);
	if (!idle->clients.known) {
		keep_busy(svc, false, UNKNOWN);
	} else if (idle->seen == NOBODY && is_due(svc) && must_stay_awake(svc)) {
		return;
	} else if (idle->seen == NOBODY && is_due(svc)) {
		ask_command(svc);
	} else if (!idle->clients.connected || idle->clients.waiting || !counts_quiet_ones(svc)) {
		wait_on(svc);
	} else {
		wait_on(svc);
		ask_for_quiet(svc);
	}
}

/* It stands still: the last look. Who has come since is served, and who comes now waits in the queue. */
static void sleep_or_thaw(struct svc *svc)
{
	bool freezes = life_of(svc)->idle_action == IDLE_FREEZE;
	struct instance *instance = svc->run->current;
	struct idle *idle = &svc->run->idle;
	char span[DURATION_MOST];
	bool is_quiet;

	clients_read_reports();
	if (idle->polls)
		look_for_signs(svc);
	is_quiet = idle->step == IDLE_ASKS && idle->seen == NOBODY;
	take_count(svc);
	if (counts_quiet_ones(svc) && idle->clients.known && !idle->clients.waiting && !instance->relay.flows) {
		if (idle->clients.connected && idle->step == IDLE_FREEZES && is_due(svc) && ask_for_quiet(svc))
			return; /* one may have been used since it was asked before */
		if (is_quiet)
			idle->seen = NOBODY;
	}
	if (idle->seen == NOBODY)
		look_beside(svc);
	if (idle->seen == NOBODY && is_due(svc) && others_keep_awake(svc) && freezes) {
		instance_freeze(instance, MOVES);
		must_stay_awake(svc);
		return;
	}
	if (idle->seen == SOMEBODY || !is_due(svc)) {
		instance_freeze(instance, MOVES);
		if (idle->clients.known)
			wait_on(svc);
		else /* no end of a connection will be reported where none is known */
			keep_busy(svc, false, UNKNOWN);
		return;
	}
	svc_say(svc, LEVEL_INFO, freezes ? "frozen" : "idle", "%s pid %ld: no client has been connected for %s",
		freezes ? "freezing" : "stopping", (long)instance->pid, duration_write(span, timeout_of(svc)));
	if (freezes) {
		svc->run->freezes++;
		fall_asleep(svc);
		return;
	}
	svc->run->idle_stops++;
	svc_set(svc, STOPPING); /* calls idle_follow, which leaves it frozen in this state alone */
	instance_stop(instance); /* thaws it, once the signal is there */
}

static void on_idle_due(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct svc *svc = timer->data;
	struct idle *idle = &svc->run->idle;
	double lasted = clock_now() - idle->begun;

	(void)loop, (void)events;
	if (idle->step == IDLE_WAITS) {
		look_for_clients(svc);
	} else if (idle->step == IDLE_FREEZES && stands_still(svc->run->current)) {
		sleep_or_thaw(svc);
	} else if (idle->step == IDLE_FREEZES && lasted < FREEZE_MOST) {
		wake_in(svc, lasted < FREEZE_LOOK_MOST ? lasted : FREEZE_LOOK_MOST);
	} else if (idle->step == IDLE_FREEZES) {
		svc_say(svc, news(idle, "unfrozen"), "unfrozen",
			"pid %ld cannot be frozen: its processes did not stop within 2 s",
			(long)svc->run->current->pid);
		instance_freeze(svc->run->current, MOVES);
		idle->step = IDLE_WAITS;
		wake_in(svc, timeout_of(svc));
	}
}

/* A client's connection has ended. What runs finds by the time that idle_timeout begins later now. */
void idle_note_close(struct svc *svc)
{
	struct idle *idle = &svc->run->idle;
	bool waits = idle->step == IDLE_WAITS;

	if (waits && clock_now() - idle->used > timeout_of(svc) / CLOSES_MOST)
		idle->closes = 0; /* they do not come all the time */
	idle_note_client(svc);
	if (waits && ++idle->closes > CLOSES_MOST && idle->listens) {
		if (idle->seen == SOMEBODY)
			idle->seen = NOBODY;
		listen_to(svc, false);
		wake_in(svc, timeout_of(svc));
	} else if (waits && idle->seen == SOMEBODY) {
		idle->seen = NOBODY;
		wait_on(svc);
	}
}

void idle_note_client(struct svc *svc)
{
	if (svc->run->idle.step == IDLE_OFF)
		return;
	svc->run->idle.used = clock_now();
	*svc->run->idle.busy = '\0';
}

/* ---- for the service ---- */

static void stop_watching(struct svc *svc)
{
	struct idle *idle = &svc->run->idle;

	ev_timer_stop(superd.loop, &idle->timer);
	helper_drop(&idle->helper);
	commands_drop(&idle->unless);
	if (svc->run->current && svc->state != STOPPING && /* which thaws it behind its signal */
	    (idle->step == IDLE_FREEZES || (idle->step == IDLE_ASKS && instance_is_frozen(svc->run->current))))
		instance_freeze(svc->run->current, MOVES);
	if (idle->step != IDLE_OFF)
		svc_unwatch(svc);
	idle->step = IDLE_OFF;
	/* A client of the thaw may have gone before superd would listen again. */
	listen_to(svc, svc->state == FROZEN && idle->listens);
	if (svc->state != FROZEN)
		clients_unwatch(svc);
}

static void begin(struct svc *svc)
{
	struct idle *idle = &svc->run->idle;

	if (idle->svc)
		return;
	idle->svc = svc;
	ev_timer_init(&idle->timer, on_idle_due, 0, 0);
	idle->timer.data = svc;
}

/* Its state, its sockets or its options are others now: it begins anew, or ends. */
void idle_follow(struct svc *svc)
{
	struct idle *idle = &svc->run->idle;

	if (idle->svc)
		stop_watching(svc);
	if ((svc->state != RUNNING && svc->state != STARTING) || !svc->run->current || !service_idles(svc->row) ||
	    svc->run->current->phase > REMAINS)
		return;
	begin(svc);
	if (idle->instance != svc->run->current->pid) {
		idle->unwatched = false;
		idle->told = NULL;
		if (svc->run->others)
			svc->run->others->clients = 0;
	}
	idle->instance = svc->run->current->pid;
	idle->used = clock_now();
	idle->closes = 0;
	idle->seen = UNCOUNTED;
	idle->polls = false;
	*idle->busy = '\0';
	EACH_SOCKET(socket, svc)
		idle->polls |= socket->listen->address->kind != ENDPOINT_TCP;
	listen_to(svc, true);
	if (svc->state == STARTING) {
		clients_read_reports(); /* from now on: the first client may go before it is RUNNING */
		return;
	}
	if (idle->polls)
		look_for_signs(svc);
	wait_on(svc);
}

void idle_free(struct svc *svc)
{
	if (!svc->run->idle.svc)
		return;
	stop_watching(svc);
	child_forget(&svc->run->idle.helper.child);
	clients_unwatch(svc);
	memset(&svc->run->idle, 0, sizeof(svc->run->idle));
}

/* The superd before has frozen it. */
void idle_sleep_on(struct svc *svc)
{
	begin(svc);
	fall_asleep(svc);
}

void idle_freeze(struct svc *svc)
{
	bool listens;

	if (!svc->run->current)
		return;
	begin(svc);
	listens = svc->run->idle.listens;
	stop_watching(svc);
	if (!instance_freeze(svc->run->current, STANDS_BY_ORDER)) {
		idle_follow(svc);
		return;
	}
	listen_to(svc, listens);
	svc->run->freezes++;
	fall_asleep(svc);
}

/* ---- probes ---- */

static void on_probes(struct helper *helper, int status)
{
	struct svc *svc = container_of(helper, struct run, turner)->svc;
	unsigned count = WIFEXITED(status) ? (unsigned)WEXITSTATUS(status) : 0;
	bool good = count && count <= PROBES_MOST;

	if (status == HELPER_LATE)
		return;
	svc->run->probes += good ? count : 0;
	svc_say(svc, LEVEL_DEBUG, "probe", "%u probe%s closed", good ? count : 0, count == 1 ? "" : "s");
	if (svc->state == FROZEN && good)
		svc_watch(svc);
	else if (svc->state == FROZEN)
		idle_thaw(svc, NULL);
	else if (svc->state == LISTENING && !good && svc_readable(svc))
		svc_activate(svc); /* the program has them, then */
	else
		svc_go_on(svc);
}

/* probe_from: true: all that wait are probes, and a process takes them away. The queues are measured first, so who
 * comes later stands behind those that are counted. */
bool idle_remove_probes(struct svc *svc)
{
	int *fds = service_prepared(svc->row)->probes ? calloc(2 * (size_t)svc->socket_count, sizeof(*fds)) : NULL;
	int *queues, sum = 0;
	struct clients clients;
	bool only_probes = true;
	pid_t pid = -1;

	if (!fds)
		return false;
	queues = fds + svc->socket_count;
	for (unsigned n = 0; n < svc->socket_count; n++) {
		int queue = svc->sockets[n].fd < 0 ? 0 : bind_queue(svc->sockets[n].fd, svc->sockets[n].listen);

		only_probes &= !queue || svc->sockets[n].listen->address->kind == ENDPOINT_TCP;
		queues[n] = queue <= 0 ? 0 : queue < PROBES_MOST - sum ? queue : PROBES_MOST - sum;
		fds[n] = queues[n] ? svc->sockets[n].fd : -1;
		sum += queues[n];
	}
	clients_count(svc, &clients);
	only_probes &= sum && clients.known && !clients.waiting;
	if (only_probes)
		pid = helper_begin(&svc_run(svc)->turner, PROBES_SECONDS, on_probes, fds, (int)svc->socket_count);
	if (pid == 0) {
		for (unsigned n = 0; n < svc->socket_count; n++) {
			if (queues[n] &&
			    bind_queue_drop(fds[n], svc->sockets[n].listen, (unsigned)queues[n]) < 0)
				_exit(255);
		}
		_exit(sum);
	}
	free(fds);
	if (pid > 0)
		svc_watch(svc);
	return pid > 0;
}

/* ---- what superctl shows ---- */

double idle_last_used(const struct svc *svc)
{
	return !svc->run->idle.svc || svc->run->idle.seen == SOMEBODY ? clock_now() : svc->run->idle.used;
}

void idle_show(struct svc *svc, bool hides, struct buf *out)
{
	static const char *const actions[] = { "stop", "freeze" };
	struct idle *idle = &svc->run->idle;
	bool was, quiet, sleeps = svc->state == FROZEN;
	double now = clock_now();

	if (!idle->svc || !svc->run->current || !service_idles(svc->row) || (svc->state != RUNNING && !sleeps)) {
		json_null_field(out, "idle");
		return;
	}
	clients_read_reports();
	quiet = counts_quiet_ones(svc);
	was = idle->seen == SOMEBODY;
	if (sleeps || quiet || idle->step != IDLE_WAITS)
		clients_count(svc, &idle->clients);
	else
		take_count(svc);
	if (was != (idle->seen == SOMEBODY))
		wait_on(svc);
	json_object_field(out, "idle");
	json_text_field(out, "standing",
			sleeps								       ? "frozen"
				: *idle->busy						       ? "busy"
				: idle->step == IDLE_FREEZES				       ? "letting-go"
				: !idle->clients.known					       ? "unknown"
				: idle->seen == SOMEBODY || (quiet && idle->clients.connected) ? "used"
											       : "unused");
	json_seconds_field(out, "timeout", timeout_of(svc));
	json_text_field(out, "action", actions[life_of(svc)->idle_action]);
	if (*idle->busy && !hides)
		json_text_field(out, "busy", idle->busy);
	json_text_field(out, "means", quiet ? "quiet" : "connected");
	json_whole_field(out, "connections", idle->clients.known ? (int64_t)idle->clients.connected : -1);
	json_text_field(out, "peers", *idle->clients.peers ? idle->clients.peers : NULL);
	if (idle->seen != SOMEBODY && (quiet ? idle->seen == NOBODY : !idle->clients.connected))
		json_seconds_field(out, "for", now > idle->used ? now - idle->used : 0);
	else
		json_null_field(out, "for");
	json_object_close(out);
}
