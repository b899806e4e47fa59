/* While the worker lives, it alone receives calls; else superd watches the filter's descriptor, and a call starts
 * the worker. A worker that hangs in the backend's memory is killed: whoever made the call gets EADDRINUSE from the
 * kernel, and the next worker comes after a pause. A pause follows, too, if somebody else has killed it, as a backend
 * can that runs as superd's own user: so a backend cannot have superd fork all the time. */
#include "superd/instance/bind_calls.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/fd.h"
#include "lib/fd_message.h"
#include "lib/number.h"
#include "os/netdiag/socket_address.h"
#include "os/proc/user_notif.h"
#include "superd/instance/instance.h"
#include "superd/instance/fd_map.h"
#include "superd/instance/runtime.h"
#include "superd/start/spawn.h"

/* ---- what goes over to the next superd ---- */

/* The filter's descriptor goes over; a worker ends when superd's exec closes its channel, after the call that it works
 * on. */
#define FIELD(key, path) STATE_FIELD(bind_calls, key, path)

static const struct state_field calls_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, bind_calls, "notif", notif) },
	{ STATE_FIELD_AS(STATE_BYTES, bind_calls, "left_call", left_call) },    /* the numbers take all 64 bits */
};
const struct field_table bind_calls_state = FIELD_TABLE("bind_calls", bind_calls, calls_fields);

#undef FIELD
#define FIELD(key, path) STATE_FIELD(bind_use, key, path)

static const struct state_field use_fields[] = {
	{ FIELD("given", given) },
	{ FIELD("as_ipv4", as_ipv4) },
	{ FIELD("ipv4_alone", ipv4_alone) },
	{ FIELD("asked", asked) },
};
const struct field_table bind_use_state = FIELD_TABLE("bind_use", bind_use, use_fields);

#undef FIELD
#define HANG_MS 5000                    /* milliseconds for one call, until its worker is killed */
#define QUIET 3.                        /* seconds without a new bind, until superd says what is wrong with the last */
#define LOOK 2.                         /* seconds between two looks at a worker */
#define PAUSE_LEAST 1.                  /* seconds without a worker after one that hung; doubled by each further one */
#define PAUSE_MOST 30.
#define LIFE_LEAST 1.                   /* seconds; one that ended earlier was killed, or could not work */
#define REPORTS_MOST 64                 /* reports to handle in one turn of the loop */

/* ---- filters that outlive their instance ---- */

/* A process has all filters that there were at its start. For a further one superd starts another process, and the one
 * before ends after its present call, as superd closes its channel. superd itself receives no call: a superd-bind that
 * was taken over, and has kept a filter, could take the call in between, and superd would wait. */
#define STRAY_PAUSE 1.                  /* seconds, after a process that was killed, or could not be started */

static const struct state_field stray_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, bind_stray, "notif", notif) },
};
const struct field_table bind_stray_state = FIELD_TABLE("filter", bind_stray, stray_fields);

static void stray_free(struct engine *engine, struct bind_stray *stray)
{
	list_remove(&stray->link);
	engine->unsaved_engine = true;
	fd_close(&stray->notif);
	free(stray);
}

/* Frees those whose filter no process has any more, and returns the number of the others. */
static size_t drop_over(struct engine *engine)
{
	size_t count = 0;

	LIST_EACH(link, &engine->bind_strays->list) {
		struct bind_stray *stray = container_of(link, struct bind_stray, link);

		if (user_notif_is_over(stray->notif))
			stray_free(engine, stray);
		else
			count++;
	}
	return count;
}

/* Starts a process for all. false and errno: the one before goes on with those that it has. */
static bool start_process(struct engine *engine)
{
	struct bind_strays *strays = engine->bind_strays;
	size_t count = drop_over(engine), n = 0;
	int *notifs = calloc(count + 1, sizeof(*notifs));
	struct worker_process process = { .channel = -1 };

	if (notifs && count) {
		LIST_EACH(link, &strays->list)
			notifs[n++] = container_of(link, struct bind_stray, link)->notif;
		process = bind_left_start(notifs, count);
	}
	free(notifs);
	if (process.channel < 0)
		return !count;
	watch_stop(&strays->watch);
	fd_close(&strays->process.channel);
	strays->process = process;
	watch_set(&strays->watch, process.channel, true, false);
	return true;
}

static void on_strays_start(struct alarm *alarm)
{
	if (!start_process(alarm->engine))
		alarm_set(alarm, STRAY_PAUSE);
}

/* It ends when no process has any of its filters any more. */
static void on_strays_end(struct watch *watch, bool readable, bool writable)
{
	struct bind_strays *strays = container_of(watch, struct bind_strays, watch);

	(void)readable, (void)writable;
	watch_stop(watch);
	fd_close(&strays->process.channel);
	if (drop_over(watch->engine))
		alarm_set(&strays->start, STRAY_PAUSE);
}

void bind_strays_init(struct engine *engine, struct bind_strays *strays)
{
	list_init(&strays->list);
	engine->bind_strays = strays;
	strays->process = (struct worker_process){ .channel = -1, .pid = -1 };
	watch_init(&strays->watch, engine, on_strays_end);
	alarm_init(&strays->start, engine, on_strays_start);
}

void bind_stray_keep(struct engine *engine, int notif)
{
	struct bind_strays *strays = engine->bind_strays;
	struct bind_stray *stray = calloc(1, sizeof(*stray));

	if (!stray) {
		fd_close(&notif);
		return;
	}
	stray->notif = notif;
	list_add(&strays->list, &stray->link);
	engine->unsaved_engine = true;
	alarm_set(&strays->start, 0);
}

void bind_strays_leave(struct engine *engine)
{
	struct bind_strays *strays = engine->bind_strays;

	if (alarm_is_set(&strays->start) && !start_process(engine))
		log_warn(engine->log, "processes that programs of pass = bind have left can bind no more (ENOSYS): %s",
			 strerror(errno));
	alarm_stop(&strays->start);
	watch_stop(&strays->watch);
	bind_left_leave(&strays->process);
	while (!list_empty(&strays->list))
		stray_free(engine, container_of(strays->list.next, struct bind_stray, link));
}

/* ---- what the program has asked for ---- */

static bool has_to_bind(const struct bind_calls *calls, size_t n)
{
	const struct service_runtime *runtime = calls->runtime;

	return !calls->instance->retired && n < runtime->listener_count &&
	       listener_has_socket(&runtime->listeners[n]);
}

/* Whether the program has bound every listener that is open. Its listen(2) is not awaited: a program may leave that
 * out, as haproxy does, which sees SO_ACCEPTCONN. */
static bool bind_calls_are_complete(const struct instance *instance)
{
	const struct bind_calls *calls = instance->bind_calls;

	for (size_t n = 0; calls && n < calls->count; n++) {
		if (has_to_bind(calls, n) && !calls->uses[n].given)
			return false;
	}
	return true;
}

/* Whose calls are answered. */
static struct caller_rule rule_of(const struct bind_calls *calls)
{
	const struct instance *instance = calls->instance;
	const struct account *account = instance->service->account;

	return (struct caller_rule){
		.uid = account ? account->uid : geteuid(),
		.gid = account ? account->gid : getegid(),
		.is_apart = service_prepared(instance->service)->sandbox ||
			instance->service->groups->environment->root_directory,
		.has_network = plan_gives_network(instance->service),
		.program = instance->pid,
		.is_complete = instance->facts.ready && bind_calls_are_complete(instance),
	};
}

void bind_calls_note(struct instance *instance)
{
	struct caller_rule rule;

	if (!instance->bind_calls)
		return;
	rule = rule_of(instance->bind_calls);
	bind_worker_note(&instance->bind_calls->worker, rule.program, rule.is_complete);
}

bool bind_calls_miss(const struct instance *instance)
{
	return instance->bind_calls && instance->bind_calls->told_missing && !bind_calls_are_complete(instance);
}

static void add_endpoint(struct buf *out, const struct listen *listen)
{
	endpoint_format(listen->endpoint, out);
}

void bind_calls_describe(const struct instance *instance, struct buf *out)
{
	const struct bind_calls *calls = instance->bind_calls;
	const char *between = "it has not bound ";
	bool missing = false;

	for (size_t n = 0; calls && n < calls->count; n++) {
		if (!has_to_bind(calls, n) || calls->uses[n].given)
			continue;
		buf_text(out, between);
		add_endpoint(out, calls->runtime->listeners[n].listen);
		between = ", nor ";
		missing = true;
	}
	for (unsigned n = 0; missing && n < calls->other_count; n++)
		buf_addf(out, "%s%s", n ? ", " : "; it requested ", calls->others[n]);
	if (missing && *calls->stranger)
		buf_addf(out, "; %s", calls->stranger);
}

/* Adds what it means for a program that asked for an IPv4 socket. */
static void add_as_ipv4(const struct bind_calls *calls, size_t n, struct buf *out)
{
	const struct listen *listen = calls->runtime->listeners[n].listen;
	struct endpoint ipv4 = *listen->endpoint;       /* what fits a program that binds that alone */

	if (!calls->uses[n].as_ipv4)
		return;
	ipv4.family = FAMILY_IPV4;
	buf_text(out, "where IPv4 clients have IPv6 addresses (");
	endpoint_format(&ipv4, out);
	if (!calls->uses[n].ipv4_alone)
		buf_text(out, endpoint_is_datagram(listen->address) ? " and udp6:" : " and tcp6:");
	buf_text(out, calls->uses[n].ipv4_alone ? " gives them IPv4 ones)" : " give them IPv4 ones)");
}

const struct bind_use *bind_calls_given(const struct instance *instance, size_t n, struct buf *note)
{
	const struct bind_calls *calls = instance->bind_calls;

	if (!calls || n >= calls->count || !has_to_bind(calls, n) || !calls->uses[n].given)
		return NULL;
	add_as_ipv4(calls, n, note);
	return &calls->uses[n];
}

static void note_other(struct bind_calls *calls, const char *text)
{
	for (unsigned n = 0; n < calls->other_count; n++) {
		if (!strcmp(calls->others[n], text))
			return;
	}
	if (calls->other_count == BIND_OTHERS_MOST)
		return;
	snprintf(calls->others[calls->other_count++], BIND_TEXT, "%s", text);
	alarm_set(&calls->quiet, QUIET);
}

static void say(const struct bind_calls *calls, enum level level, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void say(const struct bind_calls *calls, enum level level, const char *name, const char *format, ...)
{
	struct event event = { .name = name, .service = calls->instance->service->name, .pid = calls->instance->pid };
	struct buf text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buf_vaddf(&text, format, arguments);
	va_end(arguments);
	log_event(calls->instance->engine->log, level, &event, "%s", buf_string(&text));
	buf_free(&text);
}

/* What the operator should know of a socket that fits, but is not just what the program asked for. */
static void say_difference(const struct bind_calls *calls, const struct bind_report *report,
			   const struct listen *listen)
{
	/* Of the first instance; the others do the same. */
	enum level level = calls->runtime->run->stats.activations <= 1 ? LEVEL_INFO : LEVEL_DEBUG;
	struct buf text = { 0 };

	add_endpoint(&text, listen);
	if (report->other_family) {
		origin_cite(listen->at, &text);
		say(calls, level, "bound", "pid %ld binds %s and receives %s, which no IPv6 client can reach",
		    (long)report->thread, report->text, buf_string(&text));
	} else if (report->other_address || report->as_ipv4) {
		say(calls, level, "bound", "pid %ld binds %s and receives %s", (long)report->thread, report->text,
		    buf_string(&text));
	} else {
		say(calls, LEVEL_DEBUG, "bound", "pid %ld has bound %s", (long)report->thread, report->text);
	}
	if (report->has_copies)
		say(calls, level == LEVEL_DEBUG ? level : LEVEL_WARNING, "bound",
		    "pid %ld has more copies of the socket that it binds to %s (dup(2)), or more descriptors, than "
		    "superd checks: if it listens on one of the others, that opens a port of the kernel's choice",
		    (long)report->thread, report->text);
	if (*report->left.text && level != LEVEL_DEBUG)
		level = report->left.unconfined ? LEVEL_WARNING : LEVEL_NOTICE;
	if (*report->left.text)
		say(calls, level, "bound",
		    "pid %ld binds %s with options that superd does not carry over to its socket: %s",
		    (long)report->thread, report->text, report->left.text);
	buf_free(&text);
}

/* What it means for a program that its IPv4 socket is superd's for both IP versions. */
static void say_ipv4(const struct bind_calls *calls, size_t n)
{
	const struct listen *listen = calls->runtime->listeners[n].listen;
	bool is_first = calls->runtime->run->stats.activations <= 1;
	struct buf text = { 0 };

	add_endpoint(&text, listen);
	origin_cite(listen->at, &text);
	buf_text(&text, ", ");
	add_as_ipv4(calls, n, &text);
	say(calls, is_first ? LEVEL_NOTICE : LEVEL_DEBUG, "bound", "its program binds %s and has %s",
	    calls->uses[n].asked, buf_string(&text));
	buf_free(&text);
}

/* The program has bound nothing new for a while: what it has not bound by now it most likely never will. */
static void on_quiet(struct alarm *alarm)
{
	struct bind_calls *calls = container_of(alarm, struct bind_calls, quiet);
	bool has_bound = calls->other_count || *calls->stranger;
	struct buf text = { 0 };

	for (size_t n = 0; n < calls->count; n++) {
		struct bind_use *use = &calls->uses[n];

		has_bound |= use->given;
		if (!has_to_bind(calls, n) || !use->as_ipv4 || use->told_ipv4)
			continue;
		use->told_ipv4 = true;
		say_ipv4(calls, n);
	}
	if (calls->told_missing || !has_bound)
		return;
	bind_calls_describe(calls->instance, &text);
	if (text.length) {
		calls->told_missing = true;
		say(calls, LEVEL_WARNING, "bound",
		    "%s. superd still waits: correct the port in its command or in listen, or write the port that it "
		    "binds in binds", buf_string(&text));
	}
	buf_free(&text);
}

static void take_given(struct bind_calls *calls, const struct bind_report *report)
{
	struct bind_use *use = &calls->uses[report->offer];
	const struct listen *listen = calls->runtime->listeners[report->offer].listen;

	if (!use->given || strcmp(use->asked, report->text) != 0) {
		say_difference(calls, report, listen);
		alarm_set(&calls->quiet, QUIET);
	}
	use->ipv4_alone = report->as_ipv4 && (!use->given || use->ipv4_alone);
	use->given = true;
	use->as_ipv4 |= report->as_ipv4;
	snprintf(use->asked, sizeof(use->asked), "%s", report->text);
}

/* Said if the program lacks a socket: it may have changed its user before the bind. */
static void take_stranger(struct bind_calls *calls, const struct bind_report *report)
{
	if (*calls->stranger)
		return;
	if (report->elsewhere)
		snprintf(calls->stranger, sizeof(calls->stranger), "pid %ld has asked from a namespace of its own",
			 (long)report->thread);
	else
		snprintf(calls->stranger, sizeof(calls->stranger),
			 "pid %ld has asked as uid %ld, and the service's user is uid %ld", (long)report->thread,
			 (long)report->uid, (long)rule_of(calls).uid);
	alarm_set(&calls->quiet, QUIET);
}

static void take_report(struct bind_calls *calls, const struct bind_report *report)
{
	if (report->event == BIND_GIVEN && !(report->offer < calls->count && has_to_bind(calls, report->offer)))
		return;                 /* from before a reload */
	switch (report->event) {
	case BIND_GIVEN:
		take_given(calls, report);
		break;
	case BIND_OTHER:
		note_other(calls, report->text);
		break;
	case BIND_HIDDEN:
		if (!calls->told_hidden)
			say(calls, LEVEL_WARNING, "bound",
			    "cannot see the binds of pid %ld: %s: superd needs CAP_SYS_PTRACE, or the program's own "
			    "user", (long)report->thread, strerror(report->error));
		calls->told_hidden = true;
		break;
	case BIND_STRANGER:
		take_stranger(calls, report);
		break;
	case BIND_FAILED:
		say(calls, LEVEL_WARNING, "bound",
		    "cannot put the socket of %s into pid %ld: %s; its bind(2) fails with EADDRINUSE. Restart the "
		    "service to try again", report->text, (long)report->thread, strerror(report->error));
		break;
	}
}

/* ---- the worker ---- */

static void watch_calls(struct bind_calls *calls)
{
	watch_set(&calls->notif_watch, calls->notif, calls->notif >= 0, false);
}

/* Ends the worker, if there is one. Returns whether it has left a call without an answer. */
static bool end_worker(struct bind_calls *calls)
{
	watch_stop(&calls->report_watch);
	alarm_stop(&calls->alarm);
	calls->renews = false;
	return bind_worker_kill(&calls->worker, calls->notif);
}

/* The socket addresses of the texts of `binds`: two for one that names any address of both IP versions. Returns their
 * number. */
static size_t read_addresses(const struct listen *listen, struct pool *pool, struct socket_address *out)
{
	size_t count = 0;

	for (words text = listen->options->binds; text && *text; text++) {
		const struct endpoint *endpoint;
		int family;

		if (endpoint_parse(*text, pool, &endpoint))
			continue;       /* table/rules has refused it */
		family = socket_address_family(endpoint);
		if (family == AF_UNSPEC && endpoint_is_inet(endpoint) && listen->address->family != FAMILY_IPV6 &&
		    listen->options->ipv6_only != IPV6_ONLY_YES && socket_address_make(endpoint, AF_INET, &out[count]))
			count++;
		if (socket_address_make(endpoint, family == AF_INET ? AF_INET : AF_INET6, &out[count]))
			count++;
	}
	return count;
}

/* Makes the list of offers, one for each listener; a listener without a socket has fd -1. */
static bool start_worker(struct bind_calls *calls)
{
	const struct service_runtime *runtime = calls->runtime;
	struct bind_offer *offers = calloc(calls->count + 1, sizeof(*offers));
	struct bind_request request = { .offers = offers, .count = calls->count, .rule = rule_of(calls) };
	struct socket_address *addresses, *free_ones;
	struct pool *pool = pool_new();
	size_t most = 0;
	bool good;

	for (size_t n = 0; n < calls->count; n++)
		most += 2 * words_count(runtime->listeners[n].listen->options->binds);
	addresses = free_ones = calloc(most + 1, sizeof(*addresses));
	good = offers && addresses && pool;
	for (size_t n = 0; good && n < calls->count; n++) {
		const struct listener *listener = &runtime->listeners[n];

		offers[n] = (struct bind_offer){ .fd = -1 };
		if (!has_to_bind(calls, n))
			continue;
		offers[n].fd = listener->fd;
		offers[n].given = calls->uses[n].given;
		offers[n].locks = listen_prepared(listener->listen)->rules;
		offers[n].addresses = free_ones;
		offers[n].count = read_addresses(listener->listen, pool, free_ones);
		free_ones += offers[n].count;
	}
	good = good && bind_worker_start(&calls->worker, worker_owner(runtime->service->name), calls->notif, &request);
	free(offers);
	free(addresses);
	pool_free(pool);
	return good;
}

/* No process could be started, or the last one hung: those that bind wait for the end of the pause. */
static void pause_worker(struct bind_calls *calls)
{
	double pause = PAUSE_LEAST;

	for (unsigned n = 1; n < calls->hung && pause < PAUSE_MOST; n++)
		pause *= 2;
	watch_stop(&calls->notif_watch);
	alarm_set(&calls->alarm, number_min(pause, PAUSE_MOST));
}

static void say_scarce(struct bind_calls *calls, int error)
{
	if (calls->told_scarce)
		return;
	calls->told_scarce = true;
	if (error == EBUSY)
		say(calls, LEVEL_WARNING, "bound",
		    "superd starts no further process to answer its program's bind(2): %d earlier processes still hang "
		    "in the program's memory or sockets, and cannot be killed. Restart the service; if that does not "
		    "end them, look for a file system that does not answer (FUSE, NFS)", WORKERS_HANGING_MOST);
	else
		say(calls, LEVEL_WARNING, "bound",
		    "superd cannot start the process that answers its program's bind(2): %s. The call waits, and "
		    "superd tries again; check its limits of processes, open files and memory", strerror(error));
}

static void run_worker(struct bind_calls *calls)
{
	if (!start_worker(calls)) {
		say_scarce(calls, errno);
		pause_worker(calls);
		return;
	}
	calls->begun = clock_now();
	calls->told_scarce = false;
	watch_stop(&calls->notif_watch);
	watch_set(&calls->report_watch, calls->worker.process.channel, true, false);
	alarm_set(&calls->alarm, LOOK);
}

static void close_notif(struct bind_calls *calls)
{
	watch_stop(&calls->notif_watch);
	fd_close(&calls->notif);
}

static void on_call(struct watch *watch, bool readable, bool writable)
{
	struct bind_calls *calls = container_of(watch, struct bind_calls, notif_watch);

	(void)readable, (void)writable;
	if (user_notif_is_over(calls->notif))
		close_notif(calls);
	else
		run_worker(calls);
}

/* The worker has ended. */
static void note_end(struct bind_calls *calls)
{
	bool is_early = !calls->renews && clock_now() - calls->begun < LIFE_LEAST, left_call = end_worker(calls);

	if (user_notif_is_over(calls->notif)) {
		close_notif(calls);
	} else if (left_call || is_early) {
		calls->hung++;
		pause_worker(calls);
	} else {
		calls->hung = 0;
		watch_calls(calls);
	}
}

static void take_reports(struct bind_calls *calls)
{
	struct bind_report report;
	bool was_complete = bind_calls_are_complete(calls->instance);
	int n = 0;

	while (n < REPORTS_MOST && bind_worker_hear(&calls->worker, &report)) {
		take_report(calls, &report);
		n++;
	}
	if (n < REPORTS_MOST && errno != EAGAIN)
		note_end(calls);
	bind_calls_note(calls->instance);
	if (!was_complete && bind_calls_are_complete(calls->instance))
		instance_be_bound(calls->instance);     /* may free calls */
}

static void on_report(struct watch *watch, bool readable, bool writable)
{
	(void)readable, (void)writable;
	take_reports(container_of(watch, struct bind_calls, report_watch));
}

static void say_hung(struct bind_calls *calls, int milliseconds)
{
	char text[DURATION_MOST];

	say(calls, calls->told_hung ? LEVEL_DEBUG : LEVEL_WARNING, "bound",
	    "its program's memory or socket did not respond for %s, so superd leaves the call to the kernel, "
	    "where a bind(2) fails with EADDRINUSE. Look for a file system that does not answer (FUSE, NFS), "
	    "then restart the service", duration_write(text, milliseconds / 1000.));
	calls->told_hung = true;
}

/* Its worker has answered the call since, or hangs for ever. */
static void on_left(struct alarm *alarm)
{
	struct bind_calls *calls = container_of(alarm, struct bind_calls, left);

	if (user_notif_let_go(calls->notif, calls->left_call))
		say_hung(calls, BIND_ALONE_MS);
	calls->left_call = 0;
}

/* A worker that is in the middle of a call for long is killed. */
static void on_alarm(struct alarm *alarm)
{
	struct bind_calls *calls = container_of(alarm, struct bind_calls, alarm);

	if (calls->worker.process.channel < 0) {
		watch_calls(calls);     /* the pause is over */
		return;
	}
	if (bind_worker_busy(&calls->worker) < HANG_MS) {
		alarm_set(&calls->alarm, LOOK);
		return;
	}
	say_hung(calls, HANG_MS);
	calls->hung++;
	end_worker(calls);
	pause_worker(calls);
}

/* ---- the filter ---- */

/* Receives the filter's descriptor. The child sends one message before it executes the program, and closes its end.
 * false: it has not come, or did not. Without a place for the descriptor the kernel would drop it, and then fail the
 * program's calls with ENOSYS. */
static bool receive_notif(struct bind_calls *calls)
{
	size_t count = 1;
	ssize_t got;
	char byte;
	int fd = -1;

	if (recv(calls->channel, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) < 0 &&
	    (errno == EAGAIN || errno == EINTR)) {
		watch_set(&calls->channel_watch, calls->channel, true, false);
		return false;
	}
	fd_close(&calls->spare);
	got = fd_message_receive(calls->channel, &byte, sizeof(byte), &fd, &count, MSG_DONTWAIT);
	if (got > 0 && count)
		calls->notif = fd_raise(fd, FD_HIGH);
	else if (got > 0)               /* another thread has taken the place */
		say(calls, LEVEL_WARNING, "bound",
		    "superd has no descriptor left for the filter of its program, whose bind(2) fails with ENOSYS. "
		    "Raise superd's limit of open files (RLIMIT_NOFILE), then restart the service");
	watch_stop(&calls->channel_watch);
	fd_close(&calls->channel);
	return calls->notif >= 0;
}

static void on_channel(struct watch *watch, bool readable, bool writable)
{
	struct bind_calls *calls = container_of(watch, struct bind_calls, channel_watch);

	(void)readable, (void)writable;
	bind_calls_begin(calls);
}

bool bind_calls_make(struct instance *instance, struct service_runtime *runtime)
{
	struct bind_calls *calls = calloc(1, sizeof(*calls));

	if (!calls)
		return false;
	calls->uses = calloc(runtime->listener_count + 1, sizeof(*calls->uses));
	if (!calls->uses) {
		free(calls);
		return false;
	}
	calls->count = runtime->listener_count;
	calls->instance = instance;
	calls->runtime = runtime;
	calls->channel = calls->spare = calls->notif = -1;
	watch_init(&calls->channel_watch, instance->engine, on_channel);
	watch_init(&calls->notif_watch, instance->engine, on_call);
	watch_init(&calls->report_watch, instance->engine, on_report);
	alarm_init(&calls->alarm, instance->engine, on_alarm);
	alarm_init(&calls->quiet, instance->engine, on_quiet);
	alarm_init(&calls->left, instance->engine, on_left);
	bind_worker_init(&calls->worker);
	instance->bind_calls = calls;
	return true;
}

bool bind_calls_add_channel(struct bind_calls *calls, struct fd_map *fd_map, struct spawn_request *launch)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	calls->channel = fd_raise(ends[0], FD_HIGH);
	calls->spare = fd_copy(calls->channel, FD_HIGH);
	if (calls->spare < 0) {
		fd_close(&ends[1]);
		return false;
	}
	if (!fd_map_add(fd_map, ends[1]))
		return false;
	launch->wanted_count = fd_map->count;
	launch->filter_channel = fd_map->count - 1;
	return true;
}

void bind_calls_begin(struct bind_calls *calls)
{
	if (receive_notif(calls))
		run_worker(calls);
}

void bind_calls_settle(struct bind_calls *calls)
{
	uint64_t call = bind_worker_call(&calls->worker);

	if (calls->channel >= 0 && receive_notif(calls))
		watch_calls(calls);
	if (!call || call == calls->left_call)
		return;
	if (calls->left_call)
		user_notif_let_go(calls->notif, calls->left_call);      /* it hangs since an earlier upgrade */
	calls->left_call = call;
}

void bind_calls_take_last(struct instance *instance)
{
	struct bind_calls *calls = instance->bind_calls;

	if (calls && calls->worker.process.channel >= 0)
		take_reports(calls);
}

void bind_calls_renew(struct instance *instance)
{
	struct bind_calls *calls = instance->bind_calls;

	if (!calls || calls->worker.process.channel < 0)
		return;
	calls->renews = true;
	bind_worker_dismiss(&calls->worker);
}

void bind_calls_resume(struct instance *instance)
{
	struct bind_calls *calls = instance->bind_calls;

	if (!calls)
		return;
	watch_calls(calls);
	if (calls->left_call)
		alarm_set(&calls->left, BIND_ALONE_MS / 1e3 + 1);
}

void bind_calls_free(struct instance *instance)
{
	struct bind_calls *calls = instance->bind_calls;

	if (!calls)
		return;
	watch_stop(&calls->channel_watch);
	alarm_stop(&calls->quiet);
	alarm_stop(&calls->left);
	end_worker(calls);
	watch_stop(&calls->notif_watch);
	if (calls->notif >= 0 && calls->left_call)
		user_notif_let_go(calls->notif, calls->left_call);
	if (calls->notif >= 0)
		bind_stray_keep(instance->engine, calls->notif);
	fd_close(&calls->channel);
	fd_close(&calls->spare);
	bind_worker_free(&calls->worker);
	free(calls->uses);
	free(calls);
	instance->bind_calls = NULL;
}
