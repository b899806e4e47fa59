/* What superd tells of a service and of itself: JSON for the control socket (superd-control(7)), its health as a
 * sentence, and what it has done in the last hours. */
#include "superd/daemon.h"

#include <math.h>

#define KEPT "its configuration has an error now, so the previous one stays in effect"
#define SKIPPED "it is skipped"
#define HIDDEN "superctl why has the reason"
#define ALARM 5		   /* failures in a row that make a service degraded */
#define FAULTS_MOST 100	   /* in the health of superd */
#define INSTANCES_MOST 100 /* listed one by one */
#define USAGE_MOST 64	   /* instances of which a sum reads memory and processor time */
#define TAKEN_LEAST .002   /* seconds between looks whether a client was taken */
#define TAKEN_MOST 600.0
#define TIMELINE_LEAST 600.0

enum phase_of_past { OFF_OR_CLOSED, ASLEEP, BEGINS, AWAKE, IS_FROZEN, PAUSED, IS_FAILING };

static const char *const phase_names[] = { "off", "asleep", "starting", "running", "frozen", "paused", "failed" };

enum { CHANGES = 64, WAKES = 16 };

/* What a service has done since it first did more than listen. Of its lists only the last ones are kept. */
struct past {
	uint64_t served; /* starts and thaws for a client that was taken, */
	double latency;	 /* which has waited so long, in all */
	struct {
		double at; /* loop time */
		enum phase_of_past phase;
	} changes[CHANGES];
	struct wake {
		double at;   /* it was wanted */
		float delay; /* seconds until a client was accepted or it was ready; negative: unknown */
		float slept; /* seconds without an instance, or frozen, before; 0: unknown */
		bool thawed; /* false: an instance was started */
		char by[64]; /* client, "operator" or "NAME, which wants it"; "": unknown */
	} wakes[WAKES];
	size_t change_count, wake_count;
	ev_timer taken; /* the next look whether the client that it was woken for was taken */
	double asked;	/* the client came */
	double ready;	/* since then the program may take it */
};

/* ---- what it does now ---- */

static double offset(void)
{
	return clock_wall() - clock_now();
}

static enum phase_of_past phase_of(const struct svc *svc, enum state state)
{
	static const enum phase_of_past phases[STATES] = {
		[LISTENING] = ASLEEP, [QUEUED] = BEGINS,    [STARTING] = BEGINS, [RUNNING] = AWAKE, [STOPPING] = AWAKE,
		[CLOSING] = AWAKE,    [FROZEN] = IS_FROZEN, [FULL] = AWAKE,	 [HELD] = PAUSED,   [BACKOFF] = PAUSED,
	};

	if (state == LISTENING && !svc_is_empty(svc))
		return AWAKE;
	if ((state == BACKOFF && svc_is_failing(svc)) || (state == BINDING && svc->run->backoff.failures))
		return IS_FAILING;
	return phases[state];
}

static struct resource_usage usage_of_one(const struct instance *instance)
{
	return instance->cgroup ? resource_usage_of_cgroup(instance->cgroup, instance->cgroup_is_reused)
				: resource_usage_of_process(instance->main.pid);
}

static struct resource_usage usage_of(struct svc *svc)
{
	struct resource_usage sum = { -1, -1 };
	int count = 0;

	LIST_OF(const struct instance, instance, link, &svc->run->instances) {
		struct resource_usage usage = usage_of_one(instance);

		if (usage.memory >= 0)
			sum.memory = usage.memory + (sum.memory > 0 ? sum.memory : 0);
		if (usage.cpu >= 0)
			sum.cpu = usage.cpu + (sum.cpu > 0 ? sum.cpu : 0);
		if (++count == USAGE_MOST)
			break;
	}
	return sum;
}

/* false: it is in this phase already. */
static bool enter(struct past *past, enum phase_of_past phase, double at)
{
	if (past->change_count && past->changes[(past->change_count - 1) % CHANGES].phase == phase)
		return false;
	past->changes[past->change_count % CHANGES].at = at;
	past->changes[past->change_count++ % CHANGES].phase = phase;
	return true;
}

/* by: "" for a client. facts_note_client says who that is, if that is ever known. */
void facts_note_wake(struct svc *svc, bool thawed, double slept, const char *by)
{
	struct past *past = svc->run->past;
	struct wake *wake;

	if (!past)
		return;
	wake = &past->wakes[past->wake_count++ % WAKES];
	*wake = (struct wake){ .at = clock_now(), .delay = -1, .slept = (float)slept, .thawed = thawed };
	text_copy(wake->by, sizeof(wake->by), by);
}

static struct wake *last_wake(const struct svc *svc)
{
	struct past *past = svc->run->past;

	return past && past->wake_count ? &past->wakes[(past->wake_count - 1) % WAKES] : NULL;
}

/* Its last start or thaw serves: a client waited so long. All views have this one figure. */
void facts_note_served(struct svc *svc, bool thawed, double latency)
{
	struct wake *wake = last_wake(svc);

	if (!thawed)
		svc->run->last_latency = latency;
	if (wake && wake->thawed == thawed && wake->delay < 0)
		wake->delay = (float)number_max(latency, 0);
	if (!svc->run->past)
		return;
	svc->run->past->served++;
	svc->run->past->latency += number_max(latency, 0);
}

/* Whether the client that it was woken for was taken, if that is still open. */
static void look_if_taken(struct svc *svc)
{
	struct past *past = svc->run->past;

	if (!past || !ev_is_active(&past->taken) || svc_waiting(svc))
		return;
	ev_timer_stop(superd.loop, &past->taken);
	facts_note_served(svc, last_wake(svc)->thawed, clock_now() - past->asked);
	control_wake();
}

/* Its state changes; or, in the same one, an instance has come or gone. */
void facts_note(struct svc *svc, enum state next)
{
	enum phase_of_past phase = phase_of(svc, next), before = phase_of(svc, svc->state);
	double now = clock_now();

	if (svc->state == RUNNING && next != RUNNING)
		look_if_taken(svc);
	if (!svc->run->past && phase != OFF_OR_CLOSED && phase != ASLEEP &&
	    (svc->run->past = calloc(1, sizeof(*svc->run->past))))
		/* A first instance, which is there already, is what comes next. */
		enter(svc->run->past, before == AWAKE ? ASLEEP : before, svc->since);
	if (svc->state == LISTENING && next != LISTENING)
		svc->run->slept = now - svc->since;
	if (svc->run->past && enter(svc->run->past, phase, now) && next == svc->state)
		svc->since = now; /* accept = yes: awake or asleep in the same state */
}

/* Of a thaw, an earlier line has said how long it slept. */
static void tell_wake(struct svc *svc, const struct wake *wake)
{
	double slept = (double)wake->slept, delay = wake->thawed ? -1 : (double)wake->delay;
	struct event event = { .name = "woken",
			       .service = svc->row->name,
			       .peer = wake->by,
			       .has_duration = slept > 0,
			       .duration = slept };
	bool tells = slept > 0 && !wake->thawed;
	char asleep[DURATION_MOST], span[DURATION_MOST];

	log_event(superd.log, LEVEL_INFO, &event, "woken by %s%s%s%s%s%s", wake->by, tells ? " after " : "",
		  tells ? duration_write(asleep, slept) : "", tells ? " asleep" : "", delay > 0 ? ": ready in " : "",
		  delay > 0 ? duration_write(span, delay) : "");
}

/* A client waits until its connection is taken, which no event tells: superd looks again, with pauses that grow with
 * the time that the program has had, not with that of its start. */
static void on_taken(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct svc *svc = timer->data;
	double had = clock_now() - svc->run->past->ready;

	(void)loop, (void)events;
	if (svc->state != RUNNING || had > TAKEN_MOST)
		return;
	timer_begin(timer, had / 4 > TAKEN_LEAST ? had / 4 : TAKEN_LEAST);
	look_if_taken(svc);
}

/* Its instance is ready, or was thawed: for a client that came then, or by an order. */
void facts_note_ready(struct svc *svc, double asked)
{
	struct wake *wake = last_wake(svc);

	if (!wake)
		return;
	if (!svc->socket_count || *wake->by) {
		if (!wake->thawed && wake->delay < 0)
			wake->delay = (float)number_max(clock_now() - asked, 0);
		return;
	}
	if (!wake->thawed)
		svc->run->last_latency = 0; /* unknown until the client is taken */
	svc->run->past->asked = asked;
	svc->run->past->ready = clock_now();
	timer_call(&svc->run->past->taken, 0, on_taken, svc);
}

/* Whom its last wake was for, or "": the sender of the datagram that waits, or the first client whose connection ends
 * or is counted. To ask the kernel before it is woken would take longer than many starts. */
void facts_note_client(struct svc *svc, const char *peer)
{
	struct wake *wake = last_wake(svc);

	if (!wake || *wake->by || !*peer || !svc->run->current)
		return;
	look_if_taken(svc);
	text_copy(wake->by, sizeof(wake->by), peer);
	if (!wake->thawed)
		text_copy(svc->run->last_peer, sizeof(svc->run->last_peer), peer);
	tell_wake(svc, wake);
}

void facts_forget(struct svc *svc)
{
	if (svc->run->past)
		ev_timer_stop(superd.loop, &svc->run->past->taken);
	free(svc->run->past);
	svc->run->past = NULL;
}

/* ---- who runs by an entry of before ---- */

/* Names of options with a blank between two. */
void facts_name_options(const char *lines, struct buf *out)
{
	for (; *lines; lines++)
		buf_addf(out, *lines == '\n' ? ", " : "%c", *lines);
}

/* Whether it runs by options of before a reload, or has a socket that its service has no more. */
static bool is_outdated(const struct svc *svc, const struct instance *instance)
{
	const struct service *had = instance->row, *has = svc->row;

	return had != has && !instance->ends && instance->phase <= REMAINS &&
		((!had->exec->accept && service_compare(had, has, NULL) == DIFF_SOCKETS) ||
		 service_runs_differently(had, has));
}

static size_t count_outdated(struct svc *svc)
{
	const struct service *known = NULL;
	bool differs = false;
	size_t count = 0;

	LIST_OF(const struct instance, instance, link, &svc->run->instances) {
		if (instance->row != known)
			differs = is_outdated(svc, instance);
		known = instance->row;
		count += differs;
	}
	return count;
}

void facts_describe_outdated(struct svc *svc, struct buf *out)
{
	size_t count = count_outdated(svc);

	if (count)
		buf_addf(out, "%zu instance%s by the old configuration: superctl restart %s", count,
			 count == 1 ? " runs on" : "s run on", svc->row->name);
}

/* What becomes of the instances of a service that is removed. */
void facts_describe_removed(struct svc *svc, struct buf *out)
{
	bool stays = service_on_remove(svc->row) == REMOVE_FINISH || svc->run->drains_since > 0;
	size_t count = 0;
	pid_t pid = 0;

	LIST_OF(const struct instance, instance, link, &svc->run->instances) {
		pid = instance->pid;
		count++;
	}
	if (!count)
		return;
	if (count == 1 && pid > 0)
		buf_addf(out, "pid %ld ", (long)pid);
	else
		buf_addf(out, "%zu instance%s ", count, count == 1 ? "" : "s");
	if (stays)
		buf_addf(out, "%s on%s (on_remove = %s): superctl stop %s", count == 1 ? "runs" : "run",
			 svc->run->drains_since > 0 ? " until its clients have left" : "",
			 svc->run->drains_since > 0 ? "drain" : "finish", svc->row->name);
	else
		buf_addf(out, "%s stopped", count == 1 ? "is" : "are");
}

/* ---- health ---- */

/* The entry with errors, without which it is, or in place of which it keeps its former one. */
static const struct skipped *skipped_for(const struct service *row, const struct svc *svc)
{
	return svc && svc->table != superd.table ? table_find_skipped(superd.table, row)
						 : skipped_of(superd.table, row);
}

static bool lacks_socket(const struct svc *svc)
{
	for (unsigned n = 0; n < svc->socket_count; n++) {
		const struct socket *socket = &svc->sockets[n];

		if (socket->fd < 0 && !socket->absent && socket->listen->endpoint->kind != ENDPOINT_TCPMUX)
			return true;
		if (svc->run->current && socket->fd >= 0 && endpoint_is_path(socket->listen->address) &&
		    !bind_is_reachable(socket->fd, socket->listen))
			return true; /* its node was removed */
	}
	return false;
}

enum health { HEALTHY, DEGRADED, UNHEALTHY };

#define DEAF_AFTER .5 /* seconds that a program has for its first client */
#define HANGS_AFTER 10. /* seconds between two looks that see the same client wait while nobody is served */

/* Its program has stopped taking clients. Nobody watches that: it is judged by the looks of those who ask, so by the
 * second one at the earliest. A slow start is none: before its first client it has timeout_start. */
static void describe_hang(struct svc *svc, const struct clients *clients, struct buf *out)
{
	struct stuck *stuck = &svc->run->stuck;
	double most = (double)svc->row->groups->lifecycle->timeout_start / 1e6, now = clock_now();
	pid_t pid = svc->run->current->pid;
	char span[DURATION_MOST];

	if (clients->connected > clients->waiting)
		stuck->serves = pid;
	if (clients->connected > clients->waiting || instance_is_frozen(svc->run->current))
		stuck->waiter = 0;
	else if (stuck->waiter != clients->waiter || !clients->known)
		*stuck = (struct stuck){ clients->known ? clients->waiter : 0, now, stuck->serves };
	if (stuck->waiter && now - stuck->since >= HANGS_AFTER &&
	    (stuck->serves == pid || now - svc->run->current->since > most))
		buf_addf(out,
			 "%u client%s for %s or longer, and pid %ld takes none: it may hang; superctl restart %s "
			 "ends it",
			 clients->waiting, clients->waiting == 1 ? " waits" : "s wait",
			 duration_write(span, now - stuck->since), (long)pid, svc->row->name);
}

/* Clients wait in its queue, and its program takes none: it has opened a port of its own, or has lost its socket. */
static void describe_deafness(struct svc *svc, struct buf *out)
{
	const struct service *row = svc->row;
	struct instance *current = svc->run->current;
	struct clients clients;
	unsigned waiting = 0, port;

	if (svc->state != RUNNING || !current || service_is_relayed(row))
		return;
	for (; waiting < svc->socket_count; waiting++) {
		const struct socket *socket = &svc->sockets[waiting];

		if (socket->fd >= 0 && endpoint_accepts(socket->listen->endpoint) &&
		    bind_queue(socket->fd, socket->listen) > 0)
			break;
	}
	if (waiting == svc->socket_count) {
		svc->run->stuck.waiter = 0;
		return;
	}
	if (row->exec->pass == PASS_BIND)
		binder_describe_lost(current, waiting, out);
	if (out->length || clock_now() - current->since < DEAF_AFTER)
		return;
	clients_count(svc, &clients);
	if (row->exec->pass != PASS_BIND && (!clients.known || clients.connected <= clients.waiting)) {
		port = process_own_port(svc->run->current->pid);
		if (port) {
			buf_addf(out, "pid %ld listens at port %u itself, and takes no client of ", (long)current->pid,
				 port);
			endpoint_format(svc->sockets[waiting].listen->endpoint, out);
			buf_addf(out,
				 ": its program must accept at %s, and must not open a port of its own; or set "
				 "pass = bind",
				 row->exec->pass == PASS_INETD ? "its standard input"
							       : "descriptor 3, as LISTEN_FDS announces");
		}
	}
	if (!out->length)
		describe_hang(svc, &clients, out);
}

/* What is wrong with a service by itself, and with those that are held where superd depends on them. HEALTHY with a
 * text: an optional socket is closed. */
static enum health check(struct svc *svc, struct buf *why)
{
	const struct lifecycle_options *lifecycle = svc->row->groups->lifecycle;
	const struct instance *current = svc->run->current;
	double most = (double)lifecycle->backoff_max / 1e6, ran = current ? clock_now() - current->since : 0;
	bool runs = current && current->phase >= READY && current->pid > 0;
	const struct failure *last = svc->run->last_failures;
	bool failed_last = false, enabled = !lock_is_set(svc, LOCK_DISABLED), is_old = false;

	if (enabled) {
		if (lock_is_set(svc, LOCK_HELD) && lifecycle->on_failure == FAILURE_EXIT)
			buf_text(why, "it is held, and superd depends on it (on_failure = exit)");
		else if (svc->state == BINDING && !svc_is_opening(svc) && lacks_socket(svc))
			buf_text(why, svc->run->reason);
		else if (svc->state != OFF && svc->state != CLOSING && svc->state != BINDING && lacks_socket(svc))
			buf_text(why, "a socket of it is closed until its instance ends");
		else if (svc_is_failing(svc))
			buf_text(why, svc->run->reason);
		if (why->length)
			return UNHEALTHY;
	}
	if (current && (current->told || *current->advice)) {
		binder_describe_missing(current, why);
		if (why->length)
			return *current->advice ? DEGRADED : UNHEALTHY;
	}
	describe_deafness(svc, why);
	if (why->length)
		return DEGRADED;
	if (svc->run->failed_in_row && svc->run->failure_count && enabled)
		failed_last = svc->row->exec->accept ? !*last->why && WIFEXITED(last->status) && last->lasted < 1 &&
				(WEXITSTATUS(last->status) == 126 || WEXITSTATUS(last->status) == 127)
						     : current && ran <= (last->lasted < most ? last->lasted : most);
	if (failed_last || (enabled && svc->run->failed_in_row >= ALARM && (!runs || ran <= most))) {
		char status[48];

		status_describe(last->status, status);
		if (svc->run->failed_in_row == 1)
			buf_text(why, "its last instance failed with ");
		else
			buf_addf(why, "the last %u instances all failed, the last of them with ",
				 svc->run->failed_in_row);
		buf_addf(why, "%s%s%s", *last->why ? last->why : status,
			 last->result == RESULT_OOM_KILL ? ": the kernel killed it for lack of memory" : "",
			 last->hint ? last->hint : "");
		return DEGRADED;
	}
	for (unsigned n = 0; n < svc->socket_count && !why->length; n++) {
		const struct socket *socket = &svc->sockets[n];

		is_old = socket->is_old;
		if (!is_old && (!socket->absent || svc->state == OFF))
			continue;
		endpoint_format(socket->listen->endpoint, why);
		buf_text(why,
			 is_old ? " keeps its old options until its program has ended"
				 : socket->absent == ABSENT_FAILED ? " cannot be opened; superd tries again"
								   : " stays closed: its conditions do not hold");
	}
	return is_old || (why->length && svc->row->dialect == UNIT) ? DEGRADED : HEALTHY;
}

/* What is wrong with a service: the one sentence that health, list, why and the pages have. svc NULL: the row is off,
 * or skipped. HEALTHY with a text: see check. */
static enum health check_row(const struct service *row, struct svc *svc, struct buf *why)
{
	const struct skipped *left = skipped_for(row, svc);
	enum health health = svc ? check(svc, why) : HEALTHY;

	if (!left || (left->row != SKIPPED_NO_ROW && superd.table->services[left->row].exec->disable))
		return health;
	if (health == HEALTHY)
		buf_clear(why);
	buf_addf(why, "%s%s: %s", why->length ? "; " : "", svc ? KEPT : SKIPPED, skipped_reason(left));
	return health == HEALTHY ? DEGRADED : health;
}

/* For a load balancer: it is also unhealthy while clients wait. svc NULL: the row is off. */
static enum health health_of(const struct service *row, struct svc *svc, struct buf *why)
{
	const struct skipped *left = skipped_for(svc ? svc->row : row, svc);
	const char *reason = NULL;
	enum health health;

	if (superd_is_stopping())
		reason = "superd is stopping";
	else if (!svc && left)
		buf_addf(why, SKIPPED ": %s", skipped_reason(left));
	else if (!svc)
		reason = "the configuration has disable = yes";
	else if (svc->removed)
		reason = "a reload has removed it";
	else if (lock_is_set(svc, LOCK_DISABLED))
		reason = "an operator has disabled it";
	if (reason)
		buf_text(why, reason);
	if (reason || !svc)
		return UNHEALTHY;
	health = check_row(svc->row, svc, why);
	if (svc->run->drains_since > 0)
		reason = row->exec->accept ? "it drains: clients wait until its instances have ended"
					   : "it drains: it is stopped once nobody is connected";
	else if (lock_is_set(svc, LOCK_HELD))
		reason = "an operator holds it: clients wait";
	else if (svc->state == BACKOFF)
		reason = *svc->run->reason ? svc->run->reason : "it is paused";
	else if (svc->state == OFF || svc->state == CLOSING)
		reason = "its sockets are closed";
	if (health != UNHEALTHY && reason) {
		buf_clear(why);
		buf_text(why, reason);
		return UNHEALTHY;
	}
	return health;
}

bool facts_have_failed(const struct service *row, struct svc *svc)
{
	struct buf why = { 0 };
	bool failed = check_row(row, svc, &why) != HEALTHY;

	buf_free(&why);
	return failed;
}

/* Of superd as a whole: what sleeps, has never run or is disabled by an operator is healthy. Adds a line for each
 * fault, up to FAULTS_MOST services, and counts all. */
static enum health check_all(struct buf *lines, size_t *faults)
{
	enum health worst = HEALTHY;
	struct buf fault = { 0 };
	size_t count = 0, own = 0;

	if (*superd.refused_reload)
		buf_addf(lines, "the last reload was refused: %s; superd uses the previous configuration\n",
			 superd.refused_reload);
	own += *superd.refused_reload != '\0';
	if (output_describe_log(lines)) {
		buf_char(lines, '\n');
		own++;
	}
	LIST_OF(struct svc, svc, link, &superd.services) {
		enum health health = check_row(svc->row, svc, &fault);

		worst = health > worst ? health : worst;
		if (health != HEALTHY && count++ < FAULTS_MOST)
			buf_addf(lines, "%s: %s\n", svc->row->name, buf_string(&fault));
		buf_clear(&fault);
	}
	for (size_t n = 0; n < superd.table->skipped_count; n++) {
		const struct skipped *entry = &superd.table->skipped[n];
		const struct service *row = entry->row == SKIPPED_NO_ROW ? NULL : &superd.table->services[entry->row];

		if (row && !entry->is_kept && check_row(row, NULL, &fault) != HEALTHY && count++ < FAULTS_MOST)
			buf_addf(lines, "%s: %s\n", row->name, buf_string(&fault));
		buf_clear(&fault);
	}
	buf_free(&fault);
	if (count > FAULTS_MOST)
		buf_addf(lines, "and %zu more\n", count - FAULTS_MOST);
	*faults = count + own + superd_is_stopping();
	if (superd_is_stopping()) {
		buf_text(lines, "superd is stopping\n");
		return UNHEALTHY;
	}
	return worst == HEALTHY && lines->length ? DEGRADED : worst;
}

/* For builtin = health: a line with the health of the service with this path (/ is superd), and the reasons. An
 * empty line: there is no such service. */
void facts_write_health(const char *path, struct buf *out)
{
	static const char *const names[] = { "healthy", "degraded", "unhealthy" };
	struct svc *svc = NULL;
	const struct service *row = *path == '/' ? row_find(path + 1, &svc) : NULL;
	struct buf why = { 0 };
	size_t faults;

	if (!strcmp(path, "/")) {
		buf_addf(out, "%s\n", names[check_all(&why, &faults)]);
		buf_text(out, buf_string(&why));
	} else if (!row) {
		buf_char(out, '\n');
	} else {
		buf_addf(out, "%s\n", names[health_of(row, svc, &why)]);
		buf_visible(out, buf_string(&why), why.length);
		if (why.length)
			buf_char(out, '\n');
	}
	buf_free(&why);
}

void facts_add_health(struct buf *out)
{
	struct buf lines = { 0 };
	size_t faults;
	enum health health = check_all(&lines, &faults);

	json_flag_field(out, "healthy", health != UNHEALTHY);
	json_flag_field(out, "degraded", health == DEGRADED);
	json_count_field(out, "faults", faults);
	json_lines_field(out, "reasons", buf_string(&lines));
	buf_free(&lines);
}

/* ---- JSON ---- */

static void add_seconds(struct buf *out, const char *name, bool known, double seconds)
{
	if (known)
		json_seconds_field(out, name, seconds);
	else
		json_null_field(out, name);
}

/* Whether there is such an object, whose members the caller adds; else it is null. */
static bool open_object(struct buf *out, const char *name, bool known)
{
	if (known)
		json_object_field(out, name);
	else
		json_null_field(out, name);
	return known;
}

/* Why something is so. hides: the client may see the overview alone, and a reason may quote commands, values of
 * options, and what a program or superd's log says. */
static void add_reason(struct buf *out, const char *name, const char *reason, bool hides)
{
	json_text_field(out, name, !*reason ? NULL : hides ? HIDDEN : reason);
}

/* Frees the text; an empty one is null. */
static void add_text(struct buf *out, const char *name, struct buf *text)
{
	json_text_field(out, name, text->length ? buf_string(text) : NULL);
	out->failed |= text->failed;
	buf_free(text);
}

static void add_place(struct buf *out, const char *name, struct origin at)
{
	struct buf text = { 0 };

	if (at.file)
		buf_addf(&text, "%s:%u", at.file, at.line);
	add_text(out, name, &text);
}

static void add_usage(struct buf *out, struct resource_usage usage)
{
	json_whole_field(out, "memory", usage.memory);
	add_seconds(out, "cpu", usage.cpu >= 0, usage.cpu);
}

static void add_signal(struct buf *out, int status, bool known)
{
	char name[32];

	json_whole_field(out, "status", known && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	json_text_field(out, "signal", known && WIFSIGNALED(status) ? scan_signal_name(WTERMSIG(status), name) : NULL);
	if (known && WIFSIGNALED(status) && WCOREDUMP(status))
		json_flag_field(out, "core_dumped", true);
}

static void add_listener(struct svc *svc, const struct listen *listen, struct socket *socket, struct buf *out)
{
	bool is_open = socket && socket->fd >= 0;
	struct buf endpoint = { 0 };
	size_t parked = 0;
	int queue = is_open ? bind_queue(socket->fd, listen) : -1;

	if (is_open)
		bind_describe(socket->fd, clients_name(socket), listen, &endpoint);
	else
		endpoint_format(listen->endpoint, &endpoint);
	json_object_open(out);
	add_text(out, "endpoint", &endpoint);
	json_text_field(out, "name", listen->name);
	json_flag_field(out, "open", is_open || (socket && listen->endpoint->kind == ENDPOINT_TCPMUX));
	if (socket && socket->is_old)
		json_flag_field(out, "old_options", true);
	if (socket && socket->absent)
		json_text_field(out, "absent", socket->absent == ABSENT_FAILED ? "failed" : "condition");
	/* Of datagrams the kernel counts the bytes. */
	json_whole_field(out, "queue", endpoint_accepts(listen->endpoint) || queue < 0 ? queue : queue > 0);
	json_whole_field(out, "queue_limit", is_open ? bind_queue_limit(socket->fd, listen) : -1);
	for (size_t n = 0; socket && n < svc->run->parked_count; n++)
		parked += svc->run->parked[n].socket == socket;
	if (parked)
		json_count_field(out, "parked", parked);
	json_object_close(out);
}

static void add_target(const struct service *row, struct buf *out)
{
	words to = row->exec->redirect;

	buf_addf(out, to[1] ? "%s:%s" : "%s", to[0], to[1]);
}

static void add_instance(struct svc *svc, struct instance *instance, bool hides, struct buf *out)
{
	const struct service *row = instance->row;
	const char *state = "running";
	struct buf text = { 0 };

	if (instance->ends || instance->phase > REMAINS)
		state = "stopping";
	else if (instance->phase < READY || instance->pid <= 0)
		state = "starting";
	else if (svc->state == FROZEN && svc->run->current == instance)
		state = "frozen";
	json_object_open(out);
	json_whole_field(out, "pid", instance->pid > 0 ? instance->pid : -1);
	json_text_field(out, "state", state);
	json_seconds_field(out, "age", clock_now() - instance->since);
	add_usage(out, usage_of_one(instance));
	json_text_field(out, "peer", *instance->peer ? instance->peer : NULL);
	json_text_field(out, "says", *instance->status_text && !hides ? instance->status_text : NULL);
	if (instance == svc->run->current)
		json_flag_field(out, "current", true);
	if (instance->phase == REMAINS)
		json_flag_field(out, "remains", true);
	if (instance->reached >= STARTED && !instance->main.pid && instance->phase > REMAINS)
		json_text_field(out, "still_runs", instance->commands.child.pid ? "command" : "processes");
	if (instance->phase < READY && instance->pid > 0 && !hides) {
		instance_describe_awaited(instance, &text);
		if (text.length)
			json_text_field(out, "waits_for", buf_string(&text));
		buf_clear(&text);
	}
	if (service_is_relayed(row)) {
		if (hides)
			buf_text(&text, "…");
		else
			add_target(row, &text);
		json_object_field(out, "relay");
		json_whole_field(out, "pid", instance->relay.child.pid > 0 ? instance->relay.child.pid : -1);
		add_text(out, "target", &text);
		json_flag_field(out, "answers", instance->relay.up);
		json_text_field(out, "error", instance->relay.error ? strerror(instance->relay.error) : NULL);
		json_whole_field(out, "connections", (int64_t)instance->relay.connections);
		json_whole_field(out, "flows", (int64_t)instance->relay.flows);
		json_object_close(out);
	}
	if (is_outdated(svc, instance))
		json_flag_field(out, "outdated", true);
	json_object_close(out);
	buf_free(&text);
}

/* What it runs, quoted as in a table. */
static void add_command(const struct service *row, bool hides, struct buf *out)
{
	const struct exec_options *options = row->exec;
	static const char *const sensor[] = { "sensor", NULL };
	words builtin = row->groups->access->deny_time >= 0 ? sensor : options->builtin;
	words exec = builtin == sensor ? sensor : options->exec ? options->exec : builtin;
	struct buf text = { 0 };

	for (size_t n = 0; exec && exec[n] && (!n || !hides); n++) {
		buf_text(&text, n ? " " : "");
		shell_words_quote(&text, !n && options->argv0 && !hides ? options->argv0 : exec[n]);
	}
	if (options->exec && options->argv0 && !hides)
		buf_addf(&text, " (%s)", exec[0]);
	if (options->redirect && !hides) {
		buf_text(&text, exec ? ", relayed to " : "relayed to ");
		add_target(row, &text);
	}
	add_text(out, "command", &text);
	json_text_field(out, "builtin", exec && exec == builtin ? exec[0] : NULL);
}

const char *facts_state(const struct service *row, const struct svc *svc)
{
	if (!svc)
		return row && skipped_of(superd.table, row) ? "skipped" : "off";
	if (svc->state == LISTENING && svc->socket_count && svc->sockets[0].absent == ABSENT_CONDITION) {
		unsigned kept = 0;

		for (unsigned n = 0; n < svc->socket_count; n++)
			kept += svc->sockets[n].absent == ABSENT_CONDITION;
		if (kept == svc->socket_count)
			return "condition";
	}
	return svc->removed ? "leaving" : state_name(svc->state);
}

/* What keeps it in its state. */
static void add_circumstances(const struct service *row, struct svc *svc, bool hides, struct buf *out)
{
	struct buf text = { 0 };

	if (svc->removed) {
		facts_describe_removed(svc, &text);
		add_text(out, "removed", &text);
	}
	if (svc->run->drains_since > 0 && !svc->removed)
		json_flag_field(out, "drains", true);
	if (svc_is_opening(svc))
		json_flag_field(out, "socket_commands", true);
	if (svc->state == QUEUED && !list_empty(&svc->run->queue)) {
		json_object_field(out, "line");
		json_count_field(out, "starting", superd.starting);
		json_count_field(out, "most", superd.most_starting);
		json_object_close(out);
	} else if (svc->state == QUEUED) {
		needs_show(svc, out);
	}
	if (svc->run->current && row->exec->pass == PASS_BIND && !hides) {
		binder_describe_bound(svc->run->current, &text);
		add_text(out, "binds", &text);
	}
	if (!hides && *svc->run->last_line &&
	    (svc->state == BACKOFF || (svc->run->last_end > 0 && !result_is_good(svc->run->last_result))))
		json_text_field(out, "last_line", svc->run->last_line);
}

/* What it has done, and what keeps it from more. */
static void add_counters(const struct service *row, struct svc *svc, const struct svc *of, enum detail detail,
			 bool hides, struct buf *out)
{
	const struct skipped *left = skipped_for(row, svc);
	bool binds = of->state == BINDING && ev_is_active(&of->run->timer);
	struct buf text = { 0 };
	enum health health = check_row(row, svc, &text);

	add_seconds(out, "since", svc, of->since + offset());
	add_seconds(out, "for", svc, clock_now() - of->since);
	json_flag_field(out, "held",
			svc && (lock_is_set(svc, LOCK_HELD) || (svc->run->drains_since > 0 && !svc->removed)));
	json_flag_field(out, "enabled", svc && !lock_is_set(svc, LOCK_DISABLED));
	json_flag_field(out, "degraded", svc && health == DEGRADED);
	if (health == HEALTHY && detail == DETAIL_WHOLE)
		add_reason(out, "closed", buf_string(&text), hides);
	if (health == HEALTHY)
		buf_clear(&text);
	if (hides && of->state == BACKOFF && of->run->failed_in_row && of->run->failure_count &&
	    !*of->run->last_failures->why) {
		char status[48];

		status_describe(of->run->last_failures->status, status);
		buf_clear(&text);
		buf_addf(&text, "it ended with %s; " HIDDEN, status);
		json_text_field(out, "fault", buf_string(&text));
	} else {
		add_reason(out, "fault", buf_string(&text), hides);
	}
	out->failed |= text.failed;
	buf_free(&text);
	add_reason(out, "skipped", left ? skipped_reason(left) : "", hides);
	json_count_field(out, "outdated", svc ? count_outdated(svc) : 0);
	json_count_field(out, "activations", of->run->activations);
	if (open_object(out, "pause", of->state == BACKOFF || binds)) {
		json_flag_field(out, "failed", binds || svc_is_failing(of));
		add_reason(out, "reason", of->run->reason, hides);
		if (of->run->failed_at > 0 && (binds || svc_is_failing(of)))
			json_seconds_field(out, "at", of->run->failed_at + offset());
		add_seconds(out, "left", ev_is_active(&of->run->timer) && !svc_waits_for_order(svc),
			    ev_timer_remaining(superd.loop, &svc->run->timer));
		json_object_close(out);
	}
	add_seconds(out, "next_start", of->state == LISTENING && of->run->start_due > 0,
		    number_max(of->run->start_due - clock_now(), 0));
	if (open_object(out, "last_activation", of->run->last_start > 0)) {
		json_seconds_field(out, "at", of->run->last_start + offset());
		json_text_field(out, "by", *of->run->last_peer ? of->run->last_peer : NULL);
		json_seconds_field(out, "wait", of->run->last_wait);
		add_seconds(out, "latency", of->run->last_latency > 0, of->run->last_latency);
		json_object_close(out);
	}
	if (open_object(out, "last_exit", of->run->last_end > 0)) {
		json_seconds_field(out, "at", of->run->last_end + offset());
		add_signal(out, of->run->last_status, true);
		json_text_field(out, "result", result_name(of->run->last_result));
		json_seconds_field(out, "lasted", of->run->last_duration);
		json_object_close(out);
	}
	json_count_field(out, "accepted", of->run->accepted);
	json_count_field(out, "failures", of->run->failures);
	json_count_field(out, "probes", of->run->probes);
	json_count_field(out, "idle_stops", of->run->idle_stops);
	json_count_field(out, "freezes", of->run->freezes);
	json_count_field(out, "wakes", of->run->wakes);
	json_object_field(out, "refused");
	for (enum refusal reason = 0; reason < REFUSALS; reason++) {
		if (of->run->refused[reason])
			json_count_field(out, refusal_words[reason].name, of->run->refused[reason]);
	}
	json_object_close(out);
}

/* What it uses now, and who is there. count: of its instances. */
static void add_figures(const struct service *row, struct svc *svc, const struct svc *of, size_t count, bool hides,
			struct buf *out)
{
	struct resource_usage usage = svc ? usage_of(svc) : (struct resource_usage){ -1, -1 };
	const struct past *past = of->run->past;
	/* With accept = yes there may be more instances than are read, so each counts when it ends. */
	bool looks = count && !row->exec->accept;
	double last = !count	     ? of->run->last_end
		: row->exec->accept  ? clock_now()
		: service_idles(row) ? idle_last_used(svc)
				     : 0;

	add_seconds(out, "last_used", last > 0, last + offset());
	add_usage(out, usage);
	svc ? idle_show(svc, hides, out) : json_null_field(out, "idle");
	others_show(of, out);
	if (open_object(out, "latency", past && past->served)) {
		json_count_field(out, "count", past->served);
		json_seconds_field(out, "sum", past->latency);
		json_object_close(out);
	}
	if (open_object(out, "relay", service_is_relayed(row))) {
		json_count_field(out, "connections", of->run->current ? of->run->current->relay.connections : 0);
		json_count_field(out, "flows", of->run->current ? of->run->current->relay.flows : 0);
		json_count_field(out, "relayed", of->run->relayed[0]);
		json_count_field(out, "received", of->run->relayed[1]);
		json_count_field(out, "sent", of->run->relayed[2]);
		json_object_close(out);
	}
	add_seconds(out, "cpu_total", !looks || usage.cpu >= 0,
		    of->run->cpu + (looks && usage.cpu > 0 ? usage.cpu : 0));
	json_list_field(out, "listeners");
	for (size_t n = 0; n < row->socket_count || n < of->socket_count; n++) {
		struct socket *socket = n < of->socket_count ? &svc->sockets[n] : NULL;

		add_listener(svc, socket ? socket->listen : &row->sockets[n], socket, out);
	}
	json_list_close(out);
}

/* The answer about a service, also for the log. svc NULL: its row is off. hides: it has no text but names and
 * addresses. */
void facts_add_answer(const struct service *row, struct svc *svc, enum detail detail, bool hides, struct buf *out)
{
	static const char *const types[] = { "simple", "exec", "notify", "notify-reload", "forking", "oneshot" };
	static const char *const passes[] = { "systemd", "inetd", "bind" };
	static struct run nothing; /* of an entry that is off */
	static const struct svc never = { .run = &nothing };
	const struct svc *of = svc ? svc : &never;
	size_t count = 0, listed = 0;

	LIST_EACH(link, &of->run->instances)
		count++;
	json_text_field(out, "service", row->name);
	json_text_field(out, "state", facts_state(row, svc));
	add_counters(row, svc, of, detail, hides, out);
	if (detail >= DETAIL_LINE) {
		add_command(row, hides, out);
		add_figures(row, svc, of, count, hides, out);
	}
	if (detail != DETAIL_WHOLE) {
		json_count_field(out, "instances", count);
		return;
	}
	locks_show(row->name, out);
	add_place(out, "source", row->at);
	json_flag_field(out, "accept", row->exec->accept);
	json_text_field(out, "type", types[row->exec->type]);
	json_text_field(out, "pass", passes[row->exec->pass]);
	if (!svc && !skipped_for(row, svc))
		add_place(out, "disabled_at", service_origin(row, "disable"));
	if (svc)
		add_circumstances(row, svc, hides, out);
	json_count_field(out, "failed_in_row", of->run->failed_in_row);
	json_list_field(out, "last_failures");
	for (unsigned n = 0; n < of->run->failure_count; n++) {
		const struct failure *failure = &of->run->last_failures[n];
		bool has_status = !*failure->why;

		json_object_open(out);
		json_seconds_field(out, "at", failure->at + offset());
		json_whole_field(out, "pid", failure->pid > 0 ? failure->pid : -1);
		json_text_field(out, "peer", *failure->peer ? failure->peer : NULL);
		add_signal(out, failure->status, has_status);
		json_text_field(out, "result", result_name(failure->result));
		add_reason(out, "reason", failure->why, hides);
		if (failure->hint && !hides)
			json_text_field(out, "hint", failure->hint);
		json_seconds_field(out, "lasted", failure->lasted);
		json_object_close(out);
	}
	json_list_close(out);
	json_list_field(out, "instances");
	LIST_OF(struct instance, instance, link, &of->run->instances) {
		if (listed++ == INSTANCES_MOST)
			break;
		add_instance(svc, instance, hides, out);
	}
	json_list_close(out);
	if (count > INSTANCES_MOST)
		json_count_field(out, "more_instances", count - INSTANCES_MOST);
}

/* The health of a service by its name. */
void facts_add_health_of(const struct service *row, struct svc *svc, struct buf *out)
{
	struct buf text = { 0 };
	enum health health = health_of(row, svc, &text);

	json_text_field(out, "service", row->name);
	json_text_field(out, "state", facts_state(row, svc));
	json_flag_field(out, "healthy", health != UNHEALTHY);
	json_flag_field(out, "degraded", health == DEGRADED);
	add_text(out, "reason", &text);
}

/* The row as superd.conf writes it, with where each option was set. hides: for a client that may only read. */
void facts_add_row(const struct service *row, struct svc *svc, bool hides, struct buf *out)
{
	const struct option_settings *defaults = row->settings ? row->settings->defaults : NULL;
	/* A row may be of a table before, with defaults of its own. */
	struct conf_style style = {
		.places = PLACES_OF_ALL,
		.hides = hides,
		.table = !defaults || defaults == superd.table->defaults ? superd.table : NULL,
	};
	const struct skipped *left = svc ? NULL : skipped_of(superd.table, row);
	struct buf text = { 0 };

	json_text_field(out, "service", row->name);
	if (row->at.file)
		add_place(out, "source", row->at);
	service_conf_add_defaults(&text, style.table ? superd.table->defaults : defaults, &style);
	json_text_field(out, "defaults", buf_string(&text));
	buf_clear(&text);
	if (left) /* superd could not read it back */
		buf_addf(&text, "# %s is skipped: %s\n", row->name, skipped_reason(left));
	else
		service_conf_add(&text, row, &style);
	json_text_field(out, "text", buf_string(&text));
	out->failed |= text.failed;
	buf_free(&text);
}

void facts_add_superd(struct buf *out)
{
	const unsigned long lost = output_lost();
	size_t queued = 0;

	LIST_EACH(link, &superd.queue)
		queued++;
	json_object_field(out, "superd");
	json_count_field(out, "pid", (uint64_t)getpid());
	json_text_field(out, "version", PACKAGE_VERSION);
	json_seconds_field(out, "started", superd.started + offset());
	json_seconds_field(out, "uptime", clock_now() - superd.started);
	add_usage(out, resource_usage_of_process(getpid()));
	json_count_field(out, "skipped", skipped_count(superd.table));
	json_count_field(out, "starting", superd.starting);
	json_count_field(out, "queued", queued);
	json_count_field(out, "delayed", superd.delayed);
	json_count_field(out, "at_once", limits_places());
	json_seconds_field(out, "loaded", superd.loaded + offset());
	json_flag_field(out, "current", !*superd.refused_reload);
	json_count_field(out, "log_dropped", lost);
	json_object_close(out);
}

/* ---- the last hours ---- */

static void add_span(double at, enum phase_of_past phase, struct buf *out)
{
	json_object_open(out);
	json_seconds_field(out, "at", at + offset());
	json_text_field(out, "phase", phase_names[phase]);
	json_object_close(out);
}

void facts_add_timeline(const struct service *row, struct svc *svc, double seconds, struct buf *out)
{
	const struct past *past = svc ? svc->run->past : NULL;
	double now = clock_now(), runs = number_max(now - superd.started, TIMELINE_LEAST);
	double from = now - (seconds < runs ? seconds : runs);
	enum phase_of_past phase = svc ? phase_of(svc, svc->state) : OFF_OR_CLOSED;
	size_t changes = past ? past->change_count : 0, wakes = past ? past->wake_count : 0;

	json_text_field(out, "service", row->name);
	json_text_field(out, "state", facts_state(row, svc));
	json_text_field(out, "phase", phase_names[phase]);
	if (*superd.upgraded_from)
		json_flag_field(out, "upgraded", true);
	json_seconds_field(out, "from", from + offset());
	json_seconds_field(out, "until", now + offset());
	json_list_field(out, "spans");
	for (size_t n = changes > CHANGES ? changes - CHANGES : 0; n < changes; n++) {
		if (n + 1 < changes && past->changes[(n + 1) % CHANGES].at <= from)
			continue;
		add_span(past->changes[n % CHANGES].at, past->changes[n % CHANGES].phase, out);
	}
	if (!changes)
		add_span(svc ? svc->since : now, phase, out);
	json_list_close(out);
	json_list_field(out, "wakes");
	for (size_t n = wakes > WAKES ? wakes - WAKES : 0; n < wakes; n++) {
		const struct wake *wake = &past->wakes[n % WAKES];

		if (wake->at < from)
			continue;
		json_object_open(out);
		json_seconds_field(out, "at", wake->at + offset());
		json_text_field(out, "kind", wake->thawed ? "thaw" : "start");
		add_seconds(out, "delay", wake->delay >= 0, (double)wake->delay);
		if (wake->slept > 0)
			json_seconds_field(out, "slept", (double)wake->slept);
		json_text_field(out, "by", *wake->by ? wake->by : "a client");
		json_object_close(out);
	}
	json_list_close(out);
}
