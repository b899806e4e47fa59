/* A service: its sockets, and the state that follows from them, from its instances and from orders.
 *
 * There is one word of state. svc_settle finds it whenever nothing of the service is under way; the table `states` says
 * what a client (on_readable), the end of a pause (on_service_due) and orders (svc_start, svc_stop) do in each of
 * them. What is left are an instance that is ready (svc_note_ready) or has ended (svc_conclude_instance). */
#include "superd/daemon.h"

#include <math.h>
#include <sys/epoll.h>

#define NO_PROGRESS 4	 /* ends at once with a queue as long as before, until it is suspected to take nobody; */
#define SUSPECT_PAUSE .1 /* after as many more without a sign that it does, it starts only so often, */
#define SUSPECT .5	 /* and after so many seconds it has failed */
#define AT_ONCE 1.0	 /* seconds: a run that ends sooner did nothing */
#define TIME_PAUSE 60.	 /* seconds: somebody may set the clock */
#define FULL_PAUSE 1.	 /* seconds until it is looked again whether the limit of all instances is reached */
#define LOAD_PAUSE 10.
#define AGAIN 1. /* seconds until the kernel is asked again for what it had no room for */
#define CONDITION_SECONDS 10.
#define SKIPPED 5000000	 /* microseconds until a condition is looked at again, doubled up to: */
#define SKIPPED_MOST 80000000
#define ADMITTED_WHOLE 100 /* lines a second about clients that are admitted, */
#define REFUSED_WHOLE 20   /* and a minute about those that are refused, each with its reason; then one a second */
#define TELL_AGAIN 600. /* seconds until the log has again why a socket cannot be opened */

/* State by state: its word, whether clients are looked out for, and what a client, the end of the timer, an order to
 * start and one to stop do. An order to stop ends the instances, too. */
enum act { NOTHING, OPENS, SETTLES, SERVES, WAKES, NOTED, WAITS, ENDS };
/* clang-format off */
static const struct {
	const char *word;
	bool watched;
	unsigned char client, timer, start, stop;
} states[STATES] = {
	/*               word          watched  client    timer     start     stop */
	[OFF]        = { "off",        false,   NOTHING,  NOTHING,  NOTHING,  NOTHING },
	[BINDING]    = { "binding",    false,   NOTHING,  OPENS,    SETTLES,  SETTLES },
	[LISTENING]  = { "listening",  true,    SERVES,   SETTLES,  SETTLES,  SETTLES },
	[STARTING]   = { "starting",   false,   NOTHING,  NOTHING,  NOTHING,  ENDS },
	[RUNNING]    = { "running",    false,   NOTED,    NOTHING,  NOTHING,  ENDS },
	[STOPPING]   = { "stopping",   false,   NOTHING,  NOTHING,  WAITS,    ENDS },
	[CLOSING]    = { "closing",    false,   NOTHING,  NOTHING,  NOTHING,  SETTLES },
	[BACKOFF]    = { "backoff",    false,   NOTHING,  SETTLES,  SETTLES,  NOTHING },
	[FROZEN]     = { "frozen",     true,    WAKES,    SETTLES,  WAKES,    ENDS },
	[HELD]       = { "held",       false,   NOTHING,  SETTLES,  SETTLES,  SETTLES },
	[FULL]       = { "full",       false,   NOTHING,  SETTLES,  SETTLES,  SETTLES },
	[QUEUED]     = { "queued",     false,   NOTHING,  SERVES,   NOTHING,  SETTLES },
};
/* clang-format on */

const char *state_name(enum state state)
{
	return states[state].word;
}

/* Why it is not to run: the first that is so. */
enum bar svc_bar(const struct svc *svc)
{
	const struct lock *lock = lock_get(svc->row->name, false);

	return superd_is_stopping()			    ? BAR_END
		: svc->removed				    ? BAR_REMOVED
		: lock && lock->orders[LOCK_DISABLED].since ? BAR_DISABLED
		: lock && lock->orders[LOCK_HELD].since	    ? BAR_HELD
		: svc->run->drains_since > 0		    ? BAR_DRAINING
							    : BAR_NONE;
}

double jitter(void)
{
	return (double)random() / ((double)RAND_MAX + 1);
}

/* ---- the service itself ---- */

static struct svc **bucket_of(const char *name)
{
	return &superd.by_name[hash_bytes(HASH_START, name, strlen(name)) %
			       (sizeof(superd.by_name) / sizeof(*superd.by_name))];
}

struct svc *svc_find(const char *name)
{
	struct svc *svc = *bucket_of(name);

	while (svc && strcmp(svc->row->name, name) != 0)
		svc = svc->same_hash;
	return svc;
}

struct svc *svc_next(const struct svc *svc)
{
	struct list *link = svc ? svc->link.next : list_first(&superd.services);

	if (link == &superd.services)
		link = list_first(&superd.leaving);
	return link == &superd.leaving ? NULL : container_of(link, struct svc, link);
}

static void on_readable(struct socket *socket);
static void on_service_due(struct ev_loop *loop, ev_timer *timer, int events);

static struct zone runs = { .size = sizeof(struct run) }, socket_runs = { .size = sizeof(struct socket_run) };

static void drop_sockets(struct socket *sockets, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		free(sockets[n].run->narrowed);
		zone_give(&socket_runs, sockets[n].run);
	}
}

/* All of them are closed. */
static bool fill_sockets(struct svc *svc, const struct service *row, struct socket *sockets)
{
	for (size_t n = 0; n < row->socket_count; n++) {
		sockets[n] = (struct socket){ .svc = svc,
					      .listen = &row->sockets[n],
					      .run = zone_take(&socket_runs),
					      .number = (uint16_t)n,
					      .fd = -1 };
		if (!sockets[n].run) {
			drop_sockets(sockets, n);
			return false;
		}
	}
	return true;
}

/* With pass = bind the socket of a row may become two, of one IP version each. */
struct socket *svc_add_socket(struct svc *svc)
{
	struct socket *sockets = calloc(svc->socket_count + 1, sizeof(*sockets));
	struct socket_run *run = sockets ? zone_take(&socket_runs) : NULL;

	if (!run) {
		free(sockets);
		return NULL;
	}
	svc_unwatch(svc); /* by where they were */
	memcpy(sockets, svc->sockets, svc->socket_count * sizeof(*sockets));
	if (svc->sockets != svc->own)
		free(svc->sockets);
	svc->sockets = sockets;
	sockets[svc->socket_count] = (struct socket){ .svc = svc, .run = run, .fd = -1 };
	return &sockets[svc->socket_count++];
}

/* One of these; it is closed. Those behind it get other places. */
void svc_drop_socket(struct socket *socket)
{
	struct svc *svc = socket->svc;
	size_t place = (size_t)(socket - svc->sockets);

	svc_unwatch(svc); /* by where they were */
	drop_sockets(socket, 1);
	svc->socket_count--;
	memmove(socket, socket + 1, (svc->socket_count - place) * sizeof(*socket));
}

/* It gets others, for another row; none of its own is open. false: out of memory, and it has none. */
bool svc_replace_sockets(struct svc *svc, const struct service *row)
{
	struct socket *sockets = calloc(row->socket_count + 1, sizeof(*sockets));
	bool good = sockets && fill_sockets(svc, row, sockets);

	accept_move(svc, row, good ? sockets : NULL);
	drop_sockets(svc->sockets, svc->socket_count);
	if (svc->sockets != svc->own)
		free(svc->sockets);
	if (!good)
		free(sockets);
	svc->sockets = good ? sockets : svc->own;
	svc->socket_count = good ? row->socket_count : 0;
	return good;
}

struct svc *svc_new(struct table *table, const struct service *row)
{
	struct svc *svc = calloc(1, sizeof(*svc) + row->socket_count * sizeof(*svc->own)),
		   **place = bucket_of(row->name);

	if (!svc || !(svc->run = zone_take(&runs)) || !fill_sockets(svc, row, svc->own)) {
		if (svc)
			zone_give(&runs, svc->run);
		free(svc);
		return NULL;
	}
	svc->sockets = svc->own;
	svc->row = row;
	svc->table = table;
	table->users++;
	svc->socket_count = row->socket_count;
	list_init(&svc->link);
	svc->since = clock_now();
	if (row->exec->start == START_BOOT && !row->exec->accept)
		svc->run->start_due = svc->since;
	svc->same_hash = *place;
	*place = svc;
	return svc;
}

static void svc_free(struct svc *svc)
{
	for (struct svc **at = bucket_of(svc->row->name); *at; at = &(*at)->same_hash) {
		if (*at == svc) {
			*at = svc->same_hash;
			break;
		}
	}
	superd.waiting -= svc->state == QUEUED;
	list_remove(&svc->link);
	list_remove(&svc->run->queue);
	list_remove(&svc->run->changed);
	if (svc->noted)
		journal_say("-svc %s\n", svc->row->name);
	ev_timer_stop(superd.loop, &svc->run->timer);
	idle_free(svc);
	list_remove(&svc->run->listening);
	helper_drop(&svc->run->turner);
	child_forget(&svc->run->turner.child);
	helper_drop(&svc->run->limits);
	child_forget(&svc->run->limits.child);
	refresh_forget(svc);
	facts_forget(svc);
	others_forget(svc);
	stored_clear(svc);
	notify_forget(svc);
	output_release(svc);
	for (unsigned n = 0; n < svc->run->ring.room; n++)
		free(svc->run->ring.lines[n].text);
	free(svc->run->ring.lines);
	free(svc->run->last_failures);
	plan_free(svc->run->plan);
	if (svc->run->cgroup)
		cgroup_remove(svc->run->cgroup);
	free(svc->run->cgroup);
	binder_forget(svc);
	accept_forget(svc);
	EACH_SOCKET(socket, svc)
		socket_close(socket);
	close_forget(svc);
	drop_sockets(svc->sockets, svc->socket_count);
	if (svc->sockets != svc->own)
		free(svc->sockets);
	zone_give(&runs, svc->run);
	table_release(svc->table);
	free(svc);
	control_wake();
}

void svc_forget_plan(struct svc *svc)
{
	plan_free(svc->run->plan);
	CLEAR(svc->run->plan);
}

bool svc_is_empty(const struct svc *svc)
{
	return list_empty(&svc->run->instances);
}

bool svc_is_full(const struct svc *svc)
{
	int64_t most = svc->row->groups->access->instances;

	return most != UNLIMITED && svc->run->count >= (uint64_t)most;
}

bool svc_queues(const struct svc *svc)
{
	return svc_is_full(svc) && svc->row->groups->access->overload == OVERLOAD_QUEUE;
}

void svc_set(struct svc *svc, enum state state)
{
	if (svc->state == state)
		return;
	if (log_wants(superd.log, LEVEL_DEBUG))
		svc_say(svc, LEVEL_DEBUG, "transition", "%s -> %s", states[svc->state].word, states[state].word);
	facts_note(svc, state);
	superd.waiting += (state == QUEUED) - (svc->state == QUEUED);
	if (svc->state == STARTING)
		limits_note_start_end(svc, state == RUNNING);
	if (svc->state == QUEUED)
		list_remove(&svc->run->queue);
	if (svc->run->pause == PAUSE_CPS) {
		svc->run->pause = NO_PAUSE;
		log_event(superd.log, LEVEL_NOTICE,
			  &(struct event){ .name = "resumed", .service = svc->row->name, .is_alone = true },
			  "Activating service %s", svc->row->name);
	}
	svc->state = state;
	svc->since = clock_now();
	if (state == STARTING)
		limits_note_start(svc);
	if (state == STOPPING)
		lent_watch(svc);
	svc_watch(svc);
	idle_follow(svc);
	svc_changed(svc);
}

__attribute__((format(printf, 4, 0))) static void say(struct svc *svc, enum level level, const char *name,
						      const char *format, va_list list)
{
	struct event event = { .name = name, .service = svc->row->name };
	struct buf text = { 0 };

	buf_vaddf(&text, format, list);
	log_event(superd.log, level, &event, "%s", buf_string(&text));
	buf_free(&text);
}

void svc_say(struct svc *svc, enum level level, const char *name, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(svc, level, name, format, list);
	va_end(list);
}

/* Whether the log is to have a line that any client can cause. */
bool svc_line_is_due(struct svc *svc, unsigned line, double now, char more[LOG_RATE_LIMIT_MORE])
{
	bool refused = line >= LINE_REFUSED;

	return log_rate_limit_allows(&svc_run(svc)->line_limits[line], refused ? REFUSED_WHOLE : ADMITTED_WHOLE,
				     refused ? 60. : 1., 1., now, more);
}

/* As what it prints (superd-output's is_suppressed), and apart from that: what superd itself says of it is not lost. */
void svc_echo(struct svc *svc, enum level level, const char *name, const char *format, ...)
{
	const struct stream_options *streams = svc->row->groups->streams;
	double interval = (double)streams->log_rate_limit_interval / 1e6, now = clock_now();
	bool has_limit = interval > 0 && streams->log_rate_limit_burst;
	struct run *run = svc_run(svc);
	va_list list;

	if (has_limit && rate_limit_is_reached(&run->echoes, streams->log_rate_limit_burst, interval, now)) {
		if (!run->echoes_dropped++)
			svc_say(svc, LEVEL_WARNING, "suppressed",
				"its programs have caused more than %lld lines of superd's own within %g s "
				"(log_rate_limit_burst): further ones are suppressed",
				(long long)streams->log_rate_limit_burst, interval);
		return;
	}
	if (run->echoes_dropped)
		svc_say(svc, LEVEL_WARNING, "suppressed", "suppressed %lu line%s that its programs have caused",
			run->echoes_dropped, run->echoes_dropped == 1 ? "" : "s");
	run->echoes_dropped = 0;
	rate_limit_count(&run->echoes, interval, now);
	va_start(list, format);
	say(svc, level, name, format, list);
	va_end(list);
}

/* ---- pauses ---- */

void svc_set_reason(struct svc *svc, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(svc->run->reason, sizeof(svc->run->reason), format, list);
	va_end(list);
}

/* Seconds until it is tried again; 0: now. */
static double socket_rest_left(const struct socket *socket)
{
	double left = socket->run->rests_until > 0 ? socket->run->rests_until - clock_now() : 0;

	return left > 0 ? left : 0;
}

static bool is_kept_closed(const struct socket *socket)
{
	return socket->absent == ABSENT_CONDITION || socket->listen->endpoint->kind == ENDPOINT_TCPMUX ||
		socket->run->tries;
}

/* One is to be opened: it is closed, and it is time to try it. */
static bool lacks_socket(const struct svc *svc)
{
	EACH_SOCKET(socket, svc) {
		if (socket->fd < 0 && !is_kept_closed(socket) && (!socket->absent || socket_rest_left(socket) <= 0))
			return true;
	}
	return false;
}

void svc_set_timer(struct svc *svc, double seconds)
{
	timer_call(&svc->run->timer, seconds > 0 ? seconds : 0, on_service_due, svc);
}

/* As if its timer had expired. */
void svc_look_again(struct svc *svc)
{
	ev_set_cb(&svc->run->timer, on_service_due);
	svc->run->timer.data = svc;
	ev_feed_event(superd.loop, &svc->run->timer, EV_TIMER);
}

bool svc_is_failing(const struct svc *svc)
{
	return svc->run->pause >= PAUSE_FAILED;
}

bool svc_waits_for_order(const struct svc *svc)
{
	return !svc->socket_count && svc->run->start_due <= 0;
}

/* What has failed. */
enum failing {
	ITS_SOCKETS, /* to be opened, with the commands around that */
	ITS_SHARE,   /* the same, as there is too little for everybody: the log has it */
	ITS_START,
	ITS_PROGRAM /* the log has its end */
};

/* A failure and the pause after it, whose length is backoff_next's (lib/backoff), are one line. */
__attribute__((format(printf, 3, 4))) static void back_off(struct svc *svc, enum failing failing, const char *format,
							   ...)
{
	const char *failed = failing == ITS_SOCKETS ? "bind_error" : failing == ITS_START ? "failed" : NULL;
	bool binds = failing <= ITS_SHARE, comes_back;
	const struct lifecycle_options *lifecycle = svc->row->groups->lifecycle;
	double pause = backoff_next(&svc->run->backoff, lifecycle->backoff_min, lifecycle->backoff_max, jitter());
	struct event event = { .name = failed ? failed : "pause",
			       .service = svc->row->name,
			       .reason = svc->run->reason };
	uint64_t told, owner = svc->run->told_owner;
	char span[DURATION_MOST], next[80];
	double now = clock_now();
	size_t length;
	va_list list;

	va_start(list, format);
	vsnprintf(svc->run->reason, sizeof(svc->run->reason), format, list);
	va_end(list);
	/* Who has a port, "(pid 10 (python3) has it)", may be found once and not again. */
	length = strcspn(svc->run->reason, "(");
	told = hash_bytes(HASH_START, svc->run->reason, length);
	if (failed)
		svc->run->failed_at = now;
	if (!binds)
		svc->run->pause = PAUSE_FAILED;
	svc_set(svc, binds ? BINDING : BACKOFF);
	comes_back = binds || !svc_waits_for_order(svc);
	event.has_duration = comes_back;
	event.duration = pause;
	snprintf(next, sizeof(next), "not started again%s",
		 superd.life == SUPERD_IS_OVER || superd.exit_status ? ", as superd ends" : " by itself");
	if (comes_back)
		snprintf(next, sizeof(next), "next %s in %s", binds ? "try" : "start", duration_write(span, pause));
	if (!strstr(svc->run->reason, "another socket has it"))
		owner = hash_text(HASH_START, svc->run->reason + length);
	if (binds && failed && svc->run->told_at > 0 && told == svc->run->told && owner == svc->run->told_owner &&
	    now - svc->run->told_at < TELL_AGAIN) {
		log_event(superd.log, LEVEL_DEBUG, &event, "%s; %s", svc->run->reason, next);
	} else if (failed) {
		if (binds) {
			svc->run->told = told;
			svc->run->told_owner = owner;
			svc->run->told_at = now;
		}
		log_event(superd.log, LEVEL_ERROR, &event, "%s; %s", svc->run->reason, next);
	} else if (failing != ITS_SHARE) {
		log_event(superd.log, LEVEL_NOTICE, &event, "%s: %s", next, svc->run->reason);
	}
	svc_set_timer(svc, pause);
	svc_changed(svc); /* also where its state was this before: who waits for it learns that it fails */
}

void svc_pause(struct svc *svc, double seconds)
{
	svc->run->pause = PAUSE_LIMIT;
	svc_set(svc, BACKOFF);
	svc_set_timer(svc, seconds);
}

static void on_service_due(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct svc *svc = timer->data;

	(void)loop, (void)events;
	switch ((enum act)states[svc->state].timer) {
	case OPENS:
		svc_open(svc);
		return;
	case SERVES: /* what it waits for has changed */
		svc_activate(svc);
		return;
	case SETTLES:
		if (svc->state == FROZEN)
			svc_watch(svc);
		if (svc_is_failing(svc))
			svc->run->pause = svc->run->start_due > 0 || svc_readable(svc) ? PAUSE_REPEATS : PAUSE_FAILED;
		svc_settle(svc);
		return;
	default:
		return;
	}
}

/* ---- sockets ---- */

void socket_close(struct socket *socket)
{
	if (socket->fd < 0)
		return;
	socket_watch(socket, false);
	journal_drop("fd", socket->fd);
	rpc_withdraw(socket->fd);
	if (!store_take_out(socket))
		bind_remove(socket->fd, socket->listen);
	close_apart(NULL, &socket->fd);
}

/* A socket that superd was given, or that a superd before has left, with this address. */
static int take_inherited(struct socket *socket, struct buf *why, struct buf *warnings)
{
	bool any_port = endpoint_has_port(socket->listen->address) && !socket->listen->address->port;
	char stored[STORE_NAME_MOST + 1];

	store_name_make(socket->svc->row->name, socket->listen->endpoint, stored);
	for (size_t n = 0; n < 2 * superd.inherited.count; n++) { /* first those of its name */
		struct listen_fd *found = &superd.inherited.list[n % superd.inherited.count];
		bool is_named = found->name &&
			(found->from == OF_STORE ? store_name_is(found->name, stored)
						 : !strcmp(found->name, socket->listen->name));
		int fd = found->fd;

		if (fd < 0 || ((n < superd.inherited.count || (found->from == OF_STORE && any_port)) && !is_named) ||
		    !bind_matches(fd, socket->listen))
			continue;
		found->fd = -1;
		journal_rewrite(false); /* it has a line of its own */
		socket->inherited = found->from == OF_OTHERS;
		if (bind_adopt(fd, socket->listen, why, warnings) == 0) {
			if (found->from == OF_STORE)
				store_note(socket, found->name);
			return fd;
		}
		close(fd);
		return -1;
	}
	return -1;
}

/* ---- trigger_limit: a service whose sockets cause too many starts pauses ---- */

void svc_count_trigger(struct socket *socket)
{
	if (socket->listen->options->trigger_limit_burst != UNLIMITED)
		rate_limit_count(&svc_run(socket->svc)->trigger,
				 (double)socket->listen->options->trigger_limit_interval / 1e6, clock_now());
}

bool svc_pause_at_trigger(struct socket *socket)
{
	const struct socket_options *options = socket->listen->options;
	double seconds = (double)options->trigger_limit_pause / 1e6;
	bool in_minutes = seconds >= 60 && options->trigger_limit_pause % 60000000 == 0;
	struct pollfd look = { .fd = socket->fd, .events = POLLIN };
	struct svc *svc = socket->svc;
	bool is_unit = svc->row->groups->environment->unit_environment;
	struct event event = { .name = "limited",
			       .service = svc->row->name,
			       .reason = "trigger_limit",
			       .is_alone = !is_unit,
			       .has_duration = true,
			       .duration = seconds };
	const char *name = svc->row->name, *protocol = endpoint_accepts(socket->listen->endpoint) ? "tcp" : "udp";
	size_t length = strcspn(name, "@");
	char span[DURATION_MOST];

	if (!rate_limit_is_reached(&svc->run->trigger, options->trigger_limit_burst,
				   (double)options->trigger_limit_interval / 1e6, clock_now()) ||
	    (look.fd >= 0 && poll(&look, 1, 0) == 0))
		return false;
	if (length > 4 && (!strncmp(name + length - 4, "-udp", 4) || !strncmp(name + length - 4, "-tcp", 4)))
		length -= 4;
	svc_set_reason(svc, "more than %lld %s in %s", (long long)options->trigger_limit_burst,
		       svc->row->exec->accept ? "connections" : "starts",
		       duration_write(span, (double)options->trigger_limit_interval / 1e6));
	if (is_unit)
		log_event(superd.log, LEVEL_NOTICE, &event, "%s: it rests for %s, and clients wait", svc->run->reason,
			  duration_write(span, seconds));
	else
		log_event(superd.log, LEVEL_NOTICE, &event,
			  "%.*s/%s server failing (looping), service terminated for %.15g %s", (int)length, name,
			  protocol, in_minutes ? seconds / 60 : seconds, in_minutes ? "min" : "s");
	svc->run->trigger = (struct rate_limit){ 0 };
	svc_pause(svc, seconds);
	return true;
}

static bool open_socket(struct svc *svc, struct socket *socket, struct buf *failed)
{
	struct buf why = { 0 }, warnings = { 0 }, text = { 0 };
	bool is_returned, unset;
	int fd = -1;

	if (socket->fd >= 0 || is_kept_closed(socket))
		return true;
	fd = take_inherited(socket, &why, &warnings);
	if (fd < 0 && !why.length && !limits_take_socket(svc)) {
		buf_text(&why, strerror(EMFILE));
		svc->run->lacks = true;
	} else if (fd < 0 && !why.length) {
		errno = 0;
		fd = bind_listen(socket->listen, &why, &warnings);
		socket->inherited = false;
	}
	for (char *at, *line = warnings.length ? strtok_r(warnings.data, "\n", &at) : NULL; line;
	     line = strtok_r(NULL, "\n", &at))
		svc_say(svc, LEVEL_WARNING, "warning", "%s", line);
	buf_free(&warnings);
	if (fd >= 0) {
		socket->fd = fd_raise(fd, FD_LISTENER);
		if (socket->inherited || !endpoint_is_inet(socket->listen->address))
			fd_set_nonblocking(socket->fd, true);
		socket->lent = false;
		socket->is_old = false;
		socket->absent = PRESENT;
		CLEAR(socket->run->rests_until);
		is_returned = socket->is_stored;
		store_give(socket);
		clients_forget(socket);
		rpc_announce(socket, false);
		if (bind_has_name(socket->listen))
			endpoint_format(socket->listen->address, &text);
		else
			bind_describe(socket->fd, clients_name(socket), socket->listen, &text);
		journal_socket(socket);
		svc_say(svc, LEVEL_INFO, "listening", "listening on %s%s", buf_string(&text),
			socket->inherited     ? " (inherited)"
				: is_returned ? " (from the store)"
					      : "");
		svc_forget_plan(svc); /* it may name the port */
	} else {
		buf_text(&text, "cannot listen on ");
		endpoint_format(socket->listen->endpoint, &text);
		unset = strstr(buf_string(&text), "%{runtime}") && getuid() != 0 && !getenv("XDG_RUNTIME_DIR");
		buf_addf(&text, ": %s", buf_string(&why));
		if (unset)
			buf_text(&text, "; XDG_RUNTIME_DIR is not set");
		origin_cite(socket->listen->at, &text);
		if (socket->listen->options->optional) {
			const struct lifecycle_options *lifecycle = svc->row->groups->lifecycle;
			bool again = socket->absent == ABSENT_FAILED;

			if (!again)
				backoff_reset(&socket->run->failed);
			again |= svc->state == BINDING && svc->run->backoff.failures; /* none could be opened */
			svc_say(svc, again ? LEVEL_DEBUG : LEVEL_WARNING, "bind_error", "%s", buf_string(&text));
			socket->absent = ABSENT_FAILED;
			socket->run->rests_until = clock_now() +
				backoff_next(&socket->run->failed, lifecycle->backoff_min, lifecycle->backoff_max, 0);
		} else {
			buf_addf(failed, "%s%s", failed->length ? ", " : "", buf_string(&text));
		}
	}
	buf_free(&why);
	buf_free(&text);
	return fd >= 0 || socket->absent;
}

static void run_socket_commands(struct svc *svc, enum command_phase phase);

static void close_all(struct svc *svc)
{
	svc_unwatch(svc);
	EACH_SOCKET(socket, svc) {
		socket->absent = PRESENT;
		socket_close(socket);
	}
	accept_drop_parked(svc, REFUSED_CLOSED);
}

/* Behind the commands of a phase around the sockets, or at once if there are none. */
static void go_on_sockets(struct svc *svc, enum command_phase phase)
{
	struct buf failed = { 0 };
	unsigned absent = 0;
	bool good = true;

	switch (phase) {
	case PHASE_SOCKET_START_PRE:
		CLEAR(svc->run->lacks);
		EACH_SOCKET(socket, svc)
			good &= open_socket(svc, socket, &failed);
		EACH_SOCKET(socket, svc)
			absent += socket->absent == ABSENT_FAILED;
		if (absent && absent == svc->socket_count) { /* nobody would wake it */
			buf_text(&failed, "none of its sockets can be opened");
			EACH_SOCKET(socket, svc)
				socket->absent = PRESENT;
			good = false;
		}
		if (good)
			run_socket_commands(svc, PHASE_SOCKET_START_POST);
		else
			back_off(svc, svc->run->lacks ? ITS_SHARE : ITS_SOCKETS, "%s", buf_string(&failed));
		buf_free(&failed);
		return;
	case PHASE_SOCKET_START_POST:
		svc->bound = true;
		CLEAR(svc->run->opens_since);
		CLEAR(svc->run->told_at);
		if (!svc_is_failing(svc) && svc->run->backoff.failures)
			backoff_reset(&svc->run->backoff);
		svc_set(svc, svc->run->current ? STOPPING : LISTENING); /* enabled while its last instance ends */
		svc_settle(svc);
		return;
	default:
		svc_settle(svc);
		superd_check_end();
	}
}

/* false: none runs, now or ever. */
static bool run_stop_commands(struct svc *svc)
{
	bool has_commands = svc->bound && words_count(service_commands(svc->row, PHASE_SOCKET_STOP_POST));

	if (svc->bound)
		journal_service(svc);
	svc->bound = false;
	if (has_commands)
		run_socket_commands(svc, PHASE_SOCKET_STOP_POST);
	return has_commands;
}

static void on_socket_commands(struct commands *commands, enum result result, const char *why)
{
	struct svc *svc = commands->svc;

	if (svc->run->socket_dropped) {
		svc->run->socket_dropped = false;
		if (!run_stop_commands(svc))
			go_on_sockets(svc, PHASE_SOCKET_STOP_POST);
	} else if (result == RESULT_SUCCESS) {
		go_on_sockets(svc, commands->phase);
	} else if (commands->phase <= PHASE_SOCKET_START_POST) { /* the next try begins with the first of them */
		close_all(svc);
		back_off(svc, ITS_SOCKETS, "%s", why);
	} else {
		svc_say(svc, LEVEL_NOTICE, "command", "%s", why);
		go_on_sockets(svc, commands->phase);
	}
}

static void run_socket_commands(struct svc *svc, enum command_phase phase)
{
	int64_t limit = svc->row->groups->lifecycle->timeout_start;

	if (!words_count(service_commands(svc->row, phase))) {
		go_on_sockets(svc, phase);
		return;
	}
	if (phase <= PHASE_SOCKET_START_POST)
		svc_set(svc, BINDING);
	commands_begin(&svc_run(svc)->socket_commands, svc, NULL, phase,
		       limit == SCAN_INFINITY ? 0 : (double)limit / 1e6, on_socket_commands);
}

/* Its last instance is stopping, and has not had these sockets: clients wait there. */
void svc_open_early(struct svc *svc)
{
	struct buf failed = { 0 };

	if (svc_bar(svc) < BAR_HELD)
		return;
	EACH_SOCKET(socket, svc)
		open_socket(svc, socket, &failed);
	buf_free(&failed);
}

static void ask_conditions(struct svc *svc, unsigned number);

/* The process ends with 0, or behind the number of a condition that does not hold. */
static void on_conditions(struct helper *helper, int status)
{
	struct svc *svc = container_of(helper, struct run, turner)->svc;

	if (svc_bar(svc) < BAR_HELD) {
		svc_settle(svc);
	} else if (status == HELPER_LATE || (!WIFEXITED(status) && !svc->run->asks_again)) {
		svc->run->asks_again = status == HELPER_LATE; /* once that has ended, and the pause */
		back_off(svc, ITS_SOCKETS, "its conditions cannot be checked: no answer");
	} else if (svc->run->asks_again) {
		if (!ev_is_active(&svc->run->timer))
			svc_open(svc);
	} else {
		struct socket *socket = &svc->sockets[svc->run->asked_of];

		if (status) {
			const char *condition = socket->listen->options->socket_condition[WEXITSTATUS(status) - 1];
			struct event event = { .name = "condition", .service = svc->row->name, .reason = condition };
			struct buf text = { 0 };

			socket->absent = ABSENT_CONDITION;
			endpoint_format(socket->listen->endpoint, &text);
			buf_addf(&text, " stays closed: %s does not hold", condition);
			origin_cite(service_listen_origin(svc->row, socket->listen, "socket_condition"), &text);
			log_event(superd.log, strncmp(condition, "Assert", 6) ? LEVEL_NOTICE : LEVEL_ERROR, &event,
				  "%s", buf_string(&text));
			buf_free(&text);
		}
		ask_conditions(svc, svc->run->asked_of + 1);
	}
}

/* From this socket on. Conditions lead to files of others, which may not answer: another process looks at them. Where
 * they keep all sockets closed, no commands run either. */
static void ask_conditions(struct svc *svc, unsigned number)
{
	unsigned kept = 0;
	pid_t pid;

	for (; number < svc->socket_count; number++) {
		const struct socket *socket = &svc->sockets[number];

		if (socket->fd < 0 && socket->listen->options->socket_condition && socket->absent != ABSENT_CONDITION)
			break;
	}
	if (number == svc->socket_count) {
		EACH_SOCKET(socket, svc)
			kept += socket->fd < 0 && socket->absent == ABSENT_CONDITION;
		if (kept && kept == svc->socket_count) {
			svc_set(svc, LISTENING);
			svc_settle(svc);
		} else if (svc->bound) {
			go_on_sockets(svc, PHASE_SOCKET_START_PRE);
		} else {
			run_socket_commands(svc, PHASE_SOCKET_START_PRE);
		}
		return;
	}
	pid = helper_begin(&svc_run(svc)->turner, CONDITION_SECONDS, on_conditions, NULL, 0);
	if (pid == 0) {
		words texts = svc->sockets[number].listen->options->socket_condition;
		struct condition *list = calloc(words_count(texts), sizeof(*list));
		size_t count = 0;
		int wrong;

		if (!list)
			abort();
		for (; texts[count]; count++)
			condition_read(texts[count], &list[count]);
		wrong = conditions_find_false(list, count);
		_exit(wrong < UINT8_MAX ? 1 + wrong : UINT8_MAX);
	}
	if (pid > 0) {
		svc_set(svc, BINDING);
		svc->run->asked_of = number;
		svc->run->asks_again = false;
	} else {
		back_off(svc, ITS_SOCKETS, "its conditions cannot be checked: %s", strerror(errno));
	}
}

/* It waits for what it needs, or that fails. */
static bool is_held_up(struct svc *svc, bool sockets)
{
	struct buf why = { 0 };
	bool waits = needs_start(svc, sockets, &why), fails = why.length;

	if (waits) {
		svc_set(svc, QUEUED);
	} else if (fails) {
		svc->run->failures += !sockets;
		back_off(svc, sockets ? ITS_SOCKETS : ITS_START, "cannot %s: %s", sockets ? "listen" : "start",
			 buf_string(&why));
	}
	buf_free(&why);
	return waits || fails;
}

void svc_open(struct svc *svc)
{
	struct need need;

	if (svc_bar(svc) < BAR_HELD || svc->run->socket_commands.child.pid || svc->run->turner.child.pid)
		return;
	ev_timer_stop(superd.loop, &svc->run->timer);
	if (!svc->bound && lacks_socket(svc)) {
		if (svc->state != QUEUED && service_need(svc->row, 0, &need)) {
			svc->run->asked = clock_now();
			if (!svc->run->opens_since)
				svc->run->opens_since = svc->run->asked;
		}
		if (is_held_up(svc, true))
			return;
	}
	ask_conditions(svc, 0);
}

bool svc_asks_conditions(const struct svc *svc)
{
	return svc->run->turner.done == on_conditions && ev_is_active(&svc->run->turner.limit);
}

bool svc_is_opening(const struct svc *svc)
{
	return svc->run->socket_commands.child.pid || svc_asks_conditions(svc);
}

/* They are looked at again when an operator says so. */
void svc_ask_conditions(struct svc *svc)
{
	bool any = false;

	if (svc_asks_conditions(svc)) /* what it has looked at may have changed, and its sockets */
		svc->run->asks_again = true;
	EACH_SOCKET(socket, svc) {
		any |= socket->absent == ABSENT_CONDITION;
		if (socket->absent == ABSENT_CONDITION)
			socket->absent = PRESENT;
	}
	if (any && !svc->run->current)
		svc_settle(svc);
}

/* true: commands run behind that, or one has to end; it settles behind them, at once if they cannot be run; then it may
 * be freed. */
bool svc_close_sockets(struct svc *svc)
{
	struct commands *commands = &svc->run->socket_commands;

	CLEAR(svc->run->opens_since);
	if (!commands->child.pid) {
		close_all(svc);
		return run_stop_commands(svc);
	}
	if (commands->phase != PHASE_SOCKET_STOP_POST && !svc->run->socket_dropped) {
		close_all(svc);
		svc->run->socket_dropped = true;
		commands_end(commands, 0);
	}
	return true;
}

void svc_resume(struct svc *svc)
{
	struct instance *current = svc->run->current;

	if (svc_bar(svc) < BAR_HELD) {
		drain_follow(svc);
		svc_settle(svc);
		return;
	}
	if (!current) {
		svc_set(svc, LISTENING);
		svc_open(svc);
		return;
	}
	svc->state = current->ends || current->phase > REMAINS ? STOPPING : current->phase < READY ? STARTING : RUNNING;
	if (svc->state == STARTING)
		limits_note_start(svc);
	svc->run->asked = current->begun; /* as far as that is known */
	if (svc->state != STOPPING) /* else it is what comes behind */
		CLEAR(svc->run->start_due);
	if (svc->state == RUNNING && instance_is_frozen(current) && guard->upgraded) {
		idle_sleep_on(svc);
	} else if (svc->state == RUNNING && (current->stand != MOVES || !guard->upgraded)) {
		/* The superd before was about to count its clients, or has died between the freeze and the text. */
		current->stand = STANDS_IDLE;
		instance_freeze(current, MOVES);
	}
	if (svc->state == RUNNING)
		idle_follow(svc);
	drain_follow(svc);
}

/* ---- the set of sockets at which clients are waited for ---- */

static struct {
	int set; /* of epoll(7) */
	struct io io;
	struct epoll_event ready[64]; /* those that are handled now; data.ptr NULL: no longer watched */
	int count;
	struct log_rate_limit told;
} listening = { .set = -1 };

static void on_listening(struct io *io)
{
	(void)io;
	listening.count =
		epoll_wait(listening.set, listening.ready, sizeof(listening.ready) / sizeof(*listening.ready), 0);
	for (int n = 0; n < listening.count; n++) {
		if (listening.ready[n].data.ptr)
			on_readable(listening.ready[n].data.ptr);
	}
	listening.count = 0;
}

bool services_begin(void)
{
	listening.set = fd_raise(epoll_create1(EPOLL_CLOEXEC), FD_HIGH);
	if (listening.set >= 0)
		io_call(&listening.io, listening.set, on_listening, NULL);
	return listening.set >= 0;
}

/* false and errno: the kernel has no room for one more. */
bool socket_watch(struct socket *socket, bool on)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = socket };

	if (socket->is_watched == on)
		return true;
	if (epoll_ctl(listening.set, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, socket->fd, &event) < 0 && on)
		return false;
	socket->is_watched = on;
	for (int n = 0; !on && n < listening.count; n++) {
		if (listening.ready[n].data.ptr == socket)
			listening.ready[n].data.ptr = NULL;
	}
	return true;
}

void svc_unwatch(struct svc *svc)
{
	EACH_SOCKET(socket, svc)
		socket_watch(socket, false);
}

/* What is watched. Where that has to be looked at again, the timer is for the first such time. */
void svc_watch(struct svc *svc)
{
	char more[LOG_RATE_LIMIT_MORE];
	double first = 0;
	int error = 0;

	EACH_SOCKET(socket, svc) {
		double left = socket_rest_left(socket);

		if (left > 0)
			first = first == 0 || left < first ? left : first;
		if (states[svc->state].watched && socket->fd >= 0 && socket->datagram == AWAITED && left <= 0 &&
		    !svc->run->turner.child.pid)
			error = socket_watch(socket, true) ? error : errno;
		else
			socket_watch(socket, false);
	}
	if (error && log_rate_limit_is_due(&listening.told, more))
		svc_say(svc, LEVEL_WARNING, "exhausted", "cannot watch its sockets: %s: its clients wait%s",
			strerror(error), more);
	first = error && (first == 0 || first > AGAIN) ? AGAIN : first;
	if ((error || (first > 0 && svc->state == LISTENING)) &&
	    (!ev_is_active(&svc->run->timer) || ev_timer_remaining(superd.loop, &svc->run->timer) > first))
		svc_set_timer(svc, first);
}

bool socket_is_readable(const struct socket *socket)
{
	struct pollfd look = { .fd = socket->fd, .events = POLLIN };

	return look.fd >= 0 && poll(&look, 1, 0) != 0; /* an error is looked at, too */
}

bool svc_readable(struct svc *svc)
{
	EACH_SOCKET(socket, svc) {
		if (socket_is_readable(socket))
			return true;
	}
	return false;
}

unsigned svc_waiting(struct svc *svc)
{
	unsigned sum = 0;

	EACH_SOCKET(socket, svc) {
		int count = socket->fd < 0 ? 0 : bind_queue(socket->fd, socket->listen);

		sum += count > 0 ? (unsigned)count : 0;
	}
	return sum;
}

/* ---- the state that follows ---- */

void svc_settle(struct svc *svc)
{
	bool accepts = svc->row->exec->accept;
	bool again = false;
	enum bar bar;

	if (svc_is_opening(svc))
		return;
	if (svc_is_empty(svc))
		drain_end(svc);
	bar = svc_bar(svc);
	if (bar < BAR_HELD) {
		ev_timer_stop(superd.loop, &svc->run->timer);
		if (svc_is_empty(svc) && svc->bound && svc_close_sockets(svc))
			return;
		svc_set(svc, svc_is_empty(svc) ? OFF : CLOSING);
		if (svc_is_empty(svc) && bar == BAR_REMOVED)
			svc_free(svc);
		return;
	}
	if (svc->run->current)
		return; /* its instance says what it does */
	LIST_OF(struct instance, instance, link, &svc->run->instances) {
		if (accepts || instance->socket || instance->ends || instance->phase != READY)
			continue;
		svc->run->current = instance; /* the one that was to follow it has failed */
		journal_instance(instance);
		svc_set(svc, RUNNING);
		return;
	}
	ev_timer_stop(superd.loop, &svc->run->timer);
	if (lent_close(svc, &again) || lacks_socket(svc)) {
		svc_open(svc);
		return;
	}
	if (bar != BAR_NONE) {
		bool waits = svc->state == QUEUED;

		svc_set(svc, HELD);
		if (waits)
			needs_let_go(svc);
		return;
	}
	if (!accepts && svc->run->start_due > 0 && superd.life != SUPERD_OPENS) {
		if (svc->run->start_due <= clock_now()) {
			svc_activate(svc);
			return;
		}
		svc_set_timer(svc, svc->run->start_due - clock_now());
	}
	if (accepts && svc_queues(svc)) {
		svc_set(svc, FULL);
		return;
	}
	svc_set(svc, LISTENING);
	if (accepts && svc->run->parked_count) {
		if (needs_come_first(svc)) {
			svc_activate(svc);
			return;
		}
		accept_start_parked(svc);
	}
	svc_watch(svc);
}

void svc_go_on(struct svc *svc)
{
	if (svc->state != BACKOFF || !ev_is_active(&svc->run->timer))
		svc_settle(svc);
}

/* Whether a limit of the service as a whole keeps clients waiting now. */
static bool pause_at_limit(struct svc *svc, const struct socket *socket)
{
	const struct access_options *access = svc->row->groups->access;
	time_t wall = time(NULL);
	double pause = 0;
	struct tm local;

	if (svc->row->exec->accept || socket->listen->address->kind == ENDPOINT_UDP) /* each is judged for itself */
		return accept_pause_at_cps(svc, NULL);
	if (access->access_times && localtime_r(&wall, &local) &&
	    !times_include(access->access_times, (unsigned)(local.tm_hour * 60 + local.tm_min))) {
		unsigned minute = (unsigned)(local.tm_hour * 60 + local.tm_min), n = 1;

		while (n < 1440 && !times_include(access->access_times, (minute + n) % 1440))
			n++;
		svc_set_reason(svc, "no client is allowed before %02u:%02u (access_times)", (minute + n) % 1440 / 60,
			       (minute + n) % 60);
		pause = n * 60. - local.tm_sec < TIME_PAUSE ? n * 60. - local.tm_sec : TIME_PAUSE;
	} else if (access->max_load && load_average() >= access->max_load) {
		svc_set_reason(svc, "the load is at or above %.15g (max_load)", (double)access->max_load / 1e3);
		pause = LOAD_PAUSE;
	} else if (superd.options->process_limit && superd.instances >= (size_t)superd.options->process_limit) {
		svc_set_reason(svc, "as many instances of all services run as may");
		pause = FULL_PAUSE;
	} else {
		return accept_pause_at_cps(svc, NULL);
	}
	svc_say(svc, LEVEL_NOTICE, "limited", "its clients wait: %s", svc->run->reason);
	svc_pause(svc, pause);
	return true;
}

static void on_readable(struct socket *socket)
{
	struct svc *svc = socket->svc;

	if ((svc->state == FROZEN || (svc->state == LISTENING && !svc->row->exec->accept)) && idle_remove_probes(svc))
		return;
	switch ((enum act)states[svc->state].client) {
	case WAKES:
		idle_thaw(svc, NULL);
		return;
	case NOTED:
		socket_watch(socket, false); /* until idle.c looks again */
		idle_note_client(svc);
		return;
	case SERVES:
		break;
	default:
		return;
	}
	if (pause_at_limit(svc, socket))
		return;
	if (svc->row->exec->accept) {
		if (needs_come_first(svc)) {
			svc_activate(svc);
			return;
		}
		accept_clients(svc, socket);
		return;
	}
	if (!accept_judge_datagrams(svc))
		return;
	svc->run->asked = clock_now();
	svc->run->awaited = true;
	rate_limit_count(&svc->run->rate, 1., svc->run->asked);
	if (svc_pause_at_trigger(socket))
		return;
	svc_count_trigger(socket);
	svc_activate(svc);
}

void svc_changed(struct svc *svc)
{
	control_wake();
	journal_service(svc);
	if (superd.waiting)
		needs_tell(svc);
}

/* ---- starting ---- */

void svc_activate(struct svc *svc)
{
	struct instance *instance;

	if (superd_is_stopping() || svc->run->current)
		return;
	if (!svc->bound && lacks_socket(svc)) { /* these have waited for others */
		svc_open(svc);
		return;
	}
	if (svc->state != QUEUED)
		svc->run->asked = svc->run->asked > svc->since ? svc->run->asked : clock_now();
	if (is_held_up(svc, false))
		return;
	if (svc->row->exec->accept) {
		svc_set(svc, LISTENING);
		accept_start_parked(svc);
		for (unsigned n = 0; n < svc->socket_count && svc->state == LISTENING; n++)
			accept_clients(svc, &svc->sockets[n]);
		svc_watch(svc);
		return;
	}
	if (!limits_allow_start(svc)) {
		limits_wait(svc);
		return;
	}
	instance = instance_new(svc);
	if (!instance) {
		limits_lack(svc, "cannot start", ENOMEM);
		return;
	}
	svc->run->start_due = 0;
	svc->run->queued = svc_waiting(svc);
	output_forget(svc);
	svc->run->current = instance;
	svc_set(svc, STARTING);
	if (!*svc->run->start_by) /* before its program may take that */
		accept_describe_sender(svc, instance->peer, sizeof(instance->peer));
	instance_start(instance);
}

void svc_start(struct svc *svc, const char *by)
{
	switch ((enum act)states[svc->state].start) {
	case WAKES:
		idle_thaw(svc, by);
		return;
	case WAITS:
		svc->run->start_due = clock_now();
		journal_service(svc);
		return;
	case SETTLES:
		break;
	default:
		return;
	}
	text_copy(svc->run->start_by, sizeof(svc->run->start_by), by);
	svc->run->start_due = clock_now();
	svc->run->asked = svc->run->start_due;
	svc->run->awaited = true;
	journal_service(svc);
	svc_settle(svc);
}

/* on_change = overlap: the next instance starts on the same sockets, and the one that runs gets its signal when that is
 * ready (svc_note_ready). It serves on if that fails (svc_settle). */
bool svc_overlap(struct svc *svc, const char *by)
{
	if (!service_runs_beside(svc->row) || svc->row->exec->accept || svc->state != RUNNING || !svc->run->current ||
	    svc->run->current->ends || svc->run->current->phase != READY || svc_bar(svc) != BAR_NONE)
		return false;
	idle_follow(svc); /* it may stand still for the last look, and is to serve on */
	journal_instance(svc->run->current);
	svc->run->current = NULL;
	text_copy(svc->run->start_by, sizeof(svc->run->start_by), by);
	svc->run->asked = clock_now();
	svc_activate(svc);
	return true;
}

/* again: what is due to start does so behind it. */
void svc_stop(struct svc *svc, bool again)
{
	enum act act = (enum act)states[svc->state].stop;
	bool starts = svc->state == STARTING, waits = svc->state == QUEUED;

	if (!again)
		svc->run->start_due = 0;
	journal_service(svc);
	if (waits)
		list_remove(&svc->run->queue);
	if (act == ENDS)
		svc_set(svc, STOPPING);
	if (starts)
		limits_offer();
	svc_stop_instances(svc);
	if (act == SETTLES || (svc->state == BACKOFF && again)) /* else a pause goes on */
		svc_settle(svc);
	if (waits)
		needs_let_go(svc);
}

void svc_stop_instances(struct svc *svc)
{
	LIST_OF(struct instance, instance, link, &svc->run->instances)
		instance_stop(instance);
}

void svc_shut(struct svc *svc, bool spares)
{
	bool waits = svc->state == QUEUED;

	ev_timer_stop(superd.loop, &svc->run->timer);
	svc_set(svc, CLOSING);
	if (waits && svc->removed)
		needs_mark(svc->row);
	else if (waits)
		needs_let_go(svc);
	if (!spares)
		svc_stop_instances(svc);
	/* Else its row may come back before it ends. */
	if ((spares && svc->removed && svc->run->current && !superd_is_stopping()) || !svc_close_sockets(svc))
		svc_settle(svc);
}

/* ---- what instances report ---- */

void svc_note_ready(struct svc *svc, struct instance *instance)
{
	bool accepts = svc->row->exec->accept && !(instance->socket && instance->socket->run->first);
	bool starts = svc->run->current == instance && svc->state == STARTING;

	if ((accepts || starts) && svc_is_failing(svc))
		svc->run->pause = NO_PAUSE;
	if (accepts) {
		backoff_reset(&svc->run->backoff);
		if (svc->run->parked_count && svc->state == LISTENING)
			svc_look_again(svc); /* the others of those that wait get theirs at once now */
	}
	if (starts) {
		svc->run->last_latency = clock_now() - svc->run->asked;
		svc_set(svc, RUNNING);
		facts_note_ready(svc, svc->run->asked);
		facts_note_client(svc, instance->peer);
		limits_offer();
		LIST_OF(struct instance, before, link, &svc->run->instances) {
			if (before == instance || before->ends || before->socket)
				continue;
			svc_say(svc, LEVEL_NOTICE, "stopping", "stopping pid %ld: the next one is ready",
				(long)before->pid);
			instance_stop(before);
		}
	}
	instance_limit(instance, svc->row->groups->lifecycle->runtime_max);
	notify_watchdog(instance);
	svc_changed(svc);
}

void svc_note_progress(struct svc *svc)
{
	CLEAR(svc->run->no_progress);
	if (svc->run->suspect_since > 0) {
		svc->run->suspect_since = 0;
		clients_listen(svc);
		if (svc->state == BACKOFF && svc->run->pause == PAUSE_LIMIT)
			svc_look_again(svc);
	}
}

/* Whether it ends again and again without taking a client. A queue that is as long as before may be of others who have
 * come since. */
static bool makes_no_progress(struct svc *svc, double lasted)
{
	double now = clock_now();
	unsigned waiting;

	if (!svc->socket_count)
		return lasted < AT_ONCE && svc->row->exec->start == START_BOOT &&
			svc->row->exec->type != TYPE_ONESHOT && !svc->row->groups->restart->restart;
	waiting = svc_waiting(svc);
	if (!waiting || waiting < svc->run->queued || lasted > AT_ONCE)
		svc_note_progress(svc);
	else if (++svc->run->no_progress == NO_PROGRESS) {
		svc->run->suspect_since = now;
		svc->run->mark = clients_mark(svc);
		if (!clients_listen(svc)) /* no report would clear it: it only starts less often */
			svc->run->suspect_since = INFINITY;
	}
	if (svc->run->suspect_since > 0)
		clients_read_reports();
	if (svc->run->suspect_since > 0 && svc->run->no_progress > NO_PROGRESS && clients_mark(svc) != svc->run->mark)
		svc_note_progress(svc);
	return svc->run->suspect_since > 0 && now >= svc->run->suspect_since + SUSPECT;
}

static void describe_end(const struct instance *instance, struct buf *out)
{
	const struct service *row = instance->row;
	bool late = instance->result == RESULT_TIMEOUT && instance->reached < READY && instance->says != STOPS;
	bool notifies = service_notifies(row);
	char text[48];

	status_describe(instance->status, text);
	if (*instance->why)
		buf_addf(out, "its start failed: %s", instance->why);
	else if (late)
		buf_addf(out, "it was not ready within %s", option_name_of(row, "timeout_start"));
	else
		buf_addf(out,
			 instance->result == RESULT_TIMEOUT ? "superd stopped it, and it ended with %s"
							    : "it ended with %s",
			 text);
	if (instance->result == RESULT_OOM_KILL)
		buf_text(out, ": the kernel killed it for lack of memory");
	if (*instance->why || instance->reached >= READY)
		return;
	if (binder_is_missing(instance) && (notifies || !late))
		buf_text(out, ", before it bound all its sockets");
	else if (notifies)
		buf_text(out, ", and never sent READY=1");
	else if (service_awaits_target(row))
		buf_addf(out,
			 row->exec->redirect[1] ? ", and nothing answered at %s:%s" : ", and nothing answered at %s",
			 row->exec->redirect[0], row->exec->redirect[1]);
	else if (service_awaits_ready(row) && !late)
		buf_text(out, ", and was not ready yet");
}

/* Its clients look at superd itself, such as a probe each ten seconds: they are no news. */
bool svc_shows_superd(const struct svc *svc)
{
	words builtin = svc->row->exec->builtin;

	return builtin && (!strcmp(*builtin, "health") || !strcmp(*builtin, "metrics") || !strcmp(*builtin, "status"));
}

static void log_end(struct svc *svc, struct instance *instance, double lasted, bool failed)
{
	struct event event = { .name = "exited",
			       .service = svc->row->name,
			       .pid = instance->pid,
			       .has_duration = true,
			       .duration = lasted };
	bool crashed = failed && (instance->result == RESULT_SIGNAL || instance->result == RESULT_CORE_DUMP ||
				 instance->result == RESULT_OOM_KILL);
	bool well = instance->ends == IS_ASKED || instance->status == 0;
	char text[48], span[DURATION_MOST], before[LOG_RATE_LIMIT_MORE] = "", more[LOG_RATE_LIMIT_MORE] = "";
	bool due = !instance->socket || svc_line_is_due(svc, LINE_ENDED, instance->since + lasted, before);
	enum level level = LEVEL_NOTICE;

	if (crashed && due)
		level = log_rate_limit_is_due(&svc->run->crash_limit, more) ? LEVEL_WARNING : LEVEL_INFO;
	else if (well)
		level = ((svc->row->exec->accept && svc->row->groups->logging->log_on_success) ||
			 svc_shows_superd(svc)) && !*before
			? LEVEL_DEBUG
			: LEVEL_INFO;
	record_end(svc, instance, lasted, due);
	if (!due)
		return;
	event_add_end(&event, instance->status);
	status_describe(instance->status, text);
	log_event(superd.log, level, &event, "pid %ld ended: %s after %s%s", (long)instance->pid, text,
		  duration_write(span, lasted), *before ? before : more);
}

bool user_runs(uid_t uid)
{
	for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc)) {
		LIST_OF(const struct instance, instance, link, &svc->run->instances) {
			if (instance->row->account && instance->row->account->uid == uid)
				return true;
		}
	}
	return false;
}

/* What the service leaves when nothing of it runs. Removals are made by superd-exec. */
static void clean_up(struct svc *svc)
{
	const struct account *account = svc->row->account;
	bool stays = svc_bar(svc) >= BAR_HELD;
	uid_t ipc = svc->row->groups->identity->remove_ipc && account && account->switches ? account->uid : 0;

	if (ipc && user_runs(ipc)) /* few services have that: no end may cost a look at all of them */
		ipc = 0;
	if (!leftovers_remove(svc->table, svc->row, &superd.defaults, stays, ipc))
		svc_say(svc, LEVEL_WARNING, "leftover", "cannot remove what it has left: %s", strerror(errno));
	if (svc->row->groups->lifecycle->pid_file)
		foreign_unlink(svc->row->groups->lifecycle->pid_file);
}

static void note_failure(struct svc *svc, const struct instance *instance, double lasted)
{
	bool ran = instance->reached >= STARTED;
	struct failure *last;

	svc->run->failures++;
	svc->run->failed_in_row++;
	if (!svc->run->last_failures && !(svc->run->last_failures = calloc(FAILURES, sizeof(*last))))
		return;
	last = svc->run->last_failures;
	memmove(last + 1, last, (FAILURES - 1) * sizeof(*last));
	*last = (struct failure){ .at = clock_now(),
				  .lasted = lasted,
				  .pid = ran ? instance->pid : 0,
				  .status = instance->status,
				  .result = instance->result };
	memcpy(last->peer, instance->peer, sizeof(last->peer));
	if (*instance->why)
		snprintf(last->why, sizeof(last->why), "%s%.140s", ran ? "" : "cannot start: ", instance->why);
	if (svc->run->failure_count < FAILURES)
		svc->run->failure_count++;
}

/* An instance is over: its processes and its commands. Judges how it ended, frees it, and decides what comes next. */
void svc_conclude_instance(struct svc *svc, struct instance *instance)
{
	double now = clock_now(), lasted = now - instance->since;
	bool was_current = svc->run->current == instance, failed;
	bool skipped = instance->result == RESULT_EXEC_CONDITION || instance->result == RESULT_CONDITION;
	bool ran = instance->reached >= STARTED, asked = instance->ends == IS_ASKED, left = false;
	bool well = asked || instance->result == RESULT_SUCCESS, goes_on = false, shut, again = false;
	bool lends = !instance->row->exec->accept;
	unsigned preserve = svc->row->groups->lifecycle->file_descriptor_store_preserve;
	int lack = instance->lack;
	struct buf text = { 0 };
	char why[200];

	failed = !lack && result_is_failure(instance->row, instance->ends, instance->result, instance->status, lasted);
	output_drain(svc, list_has_one(&svc->run->instances), failed);
	if (ran) {
		log_end(svc, instance, lasted, failed);
		svc->run->last_end = now;
		svc->run->last_status = instance->status;
		svc->run->last_result = instance->result;
		svc->run->last_duration = lasted;
		svc->run->cpu += instance->cpu;
	}
	if (!svc->row->exec->accept && lasted * 1e6 > (double)svc->row->groups->lifecycle->backoff_max)
		svc->run->failed_in_row = 0;
	if (!failed)
		svc->run->failed_in_row = 0;
	else if (!skipped)
		note_failure(svc, instance, lasted);
	if (failed && ran) {
		describe_end(instance, &text);
		binder_hint(instance, lasted, &text);
	}
	text_copy(why, sizeof(why), instance->why);
	if (instance->socket && instance->socket->datagram == TAKEN && instance->socket->svc == svc) {
		instance->socket->datagram = AWAITED;
		left = ran && instance->socket->run->first &&
			accept_first_datagram(instance->socket) == instance->socket->run->first;
	}
	if (was_current)
		svc->run->current = NULL;
	else if (instance->socket)
		svc->run->count -= svc->run->count > 0;
	if (was_current && !svc->run->start_due &&
	    result_starts_again(instance->row, instance->ends, instance->result, instance->status)) {
		double pause = (double)svc->row->groups->lifecycle->backoff_min / 1e6;

		if (instance->result == RESULT_SUCCESS && !svc->run->queued && lasted <= AT_ONCE &&
		    instance->row->groups->restart->restart) {
			struct event event = { .name = "pause",
					       .service = svc->row->name,
					       .reason = "it ended at once",
					       .has_duration = true };
			char span[DURATION_MOST];

			event.duration = pause =
				backoff_next(&svc->run->restart_backoff, svc->row->groups->lifecycle->backoff_min,
					     svc->row->groups->lifecycle->backoff_max,
					     svc->run->restart_backoff.failures ? jitter() : 0);
			log_event(superd.log, LEVEL_INFO, &event, "next start in %s%s: %s", duration_write(span, pause),
				  svc->socket_count ? ", or with the next client" : "", event.reason);
		} else {
			backoff_reset(&svc->run->restart_backoff);
		}
		svc->run->start_due = instance->row->groups->restart->restart == RESTART_DEFAULT ? now : now + pause;
	}
	instance_free(instance);
	if (ran)
		limits_note_end();
	facts_note(svc, svc->state);
	if (svc_is_empty(svc)) {
		if (preserve == PRESERVE_NO || (preserve == PRESERVE_ON_SUCCESS && !well) ||
		    lock_is_set(svc, LOCK_DISABLED))
			stored_clear(svc);
		clean_up(svc);
		needs_let_go(svc);
	}
	if (failed && svc->row->groups->lifecycle->on_failure == FAILURE_EXIT && !svc->removed &&
	    !superd_is_stopping() && !skipped)
		superd_fail(*why					 ? 127
				    : WIFSIGNALED(svc->run->last_status) ? 128 + WTERMSIG(svc->run->last_status)
				    : WEXITSTATUS(svc->run->last_status) ? WEXITSTATUS(svc->run->last_status)
									 : 1);
	if (failed && was_current)
		backoff_forgive(&svc->run->backoff, lasted, svc->row->groups->lifecycle->backoff_max);
	/* A client's program has no listener, and svc_settle looks as well. */
	shut = lends && svc_bar(svc) >= BAR_HELD && lent_close(svc, &again);
	if (shut)
		svc_open_early(svc); /* clients wait there, until one has these sockets */
	if (svc_bar(svc) < BAR_HELD) {
		svc_settle(svc);
	} else if (svc->run->current) { /* the next one, which has run beside it */
		if (shut) {
			svc_say(svc, LEVEL_NOTICE, "stopping",
				"stopping pid %ld: its listener is another by now",
				(long)svc->run->current->pid);
			svc_stop(svc, false);
			svc_start(svc, "superd");
		}
	} else if (lack && (was_current || svc->state == LISTENING)) {
		limits_lack(svc, "cannot start", lack);
	} else if (skipped) {
		double pause = backoff_next(&svc->run->backoff, SKIPPED, SKIPPED_MOST, 0);
		char span[DURATION_MOST];

		svc->run->skipped_at = now;
		svc_say(svc, LEVEL_NOTICE, "skipped", "not started: %s; next look in %s", why,
			duration_write(span, pause));
		svc_set_reason(svc, "not started: %s", why);
		svc_pause(svc, pause);
	} else if (failed && was_current && ran) {
		back_off(svc, ITS_PROGRAM, "%s", buf_string(&text));
	} else if (failed && !ran && (was_current || svc->state != BACKOFF)) {
		back_off(svc, ITS_START, "cannot start: %s", why);
	} else if (left && svc->state == LISTENING) {
		back_off(svc, ITS_PROGRAM, "an instance left its datagram unread");
	} else if (again && !asked) {
		svc->run->failures++;
		back_off(svc, ITS_PROGRAM, "its program shuts its listener down again and again");
	} else if (was_current && !asked && makes_no_progress(svc, lasted)) {
		svc->run->failures++;
		back_off(svc, ITS_PROGRAM, "%s",
			 svc->socket_count ? "it exits without accepting a connection: its configuration may need "
					     "accept = yes, or type = forking if its program continues in the "
					     "background"
					   : "it ended at once");
	} else if (was_current && svc->run->no_progress > 2 * NO_PROGRESS) {
		svc_set_reason(svc, "its queue is as long as before");
		svc_pause(svc, SUSPECT_PAUSE);
	} else if (was_current) {
		if (lasted > AT_ONCE || !svc->run->no_progress)
			backoff_reset(&svc->run->backoff);
		*svc->run->reason = '\0';
		svc_set(svc, LISTENING);
		svc_settle(svc);
		goes_on = true;
	} else if (svc->state == LISTENING || svc->state == FULL || svc->state == HELD) {
		svc_settle(svc);
		goes_on = svc_is_empty(svc); /* else clients are taken in batches, whose programs start side by side */
	}
	buf_free(&text);
	limits_offer();
	/* Who has come meanwhile waits for no further turn of the loop. */
	for (unsigned n = 0; goes_on && n < svc->socket_count && svc->state == LISTENING; n++) {
		if (svc->sockets[n].is_watched && socket_is_readable(&svc->sockets[n]))
			on_readable(&svc->sockets[n]);
	}
	control_wake();
	superd_check_end();
}
