/* The queue of registrations with rpcbind. superd must not wait for rpcbind: sockets open and close while superd-rpc
 * runs, and superd works on the queue when it has ended.
 *
 * superd-rpc is started from the loop, not while a service's event is handled. So a reload that closes one socket and
 * opens another has queued both before superd-rpc starts, and the withdrawal comes first. */
#include "superd/socket/rpcbind.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "os/socket/bind.h"
#include "superd/limits/rate_limit.h"
#include "superd/socket/helper_job.h"
#include "superd/socket/listeners.h"
#include "superd/loop/events.h"
#include "superd/loop/fd_watch.h"
#include "superd/machine/helper_user.h"

#define PAUSE_MIN 1000000               /* microseconds between two tries, least and most */
#define PAUSE_MAX 60000000
#define WITHDRAWALS_MOST 20             /* tries in a quarter of an hour; rpcbind away so long has forgotten all */
#define REFUSED 3                       /* exit status of superd-rpc: rpcbind refuses this user */

/* The registration of one listener. */
struct registration {
	struct list link;
	int fd;                         /* descriptor of its listener; -1: closed, to be withdrawn */
	bool tried;                     /* rpcbind may know of it */
	bool set;                       /* rpcbind has confirmed it */
	bool failure_logged;            /* a failure to register, or to withdraw, was logged */
	double due;                     /* clock_now() of the next try */
	struct backoff backoff;
	char program[40];               /* "100002/2-3" */
	char transports[16];            /* "tcp,tcp6" */
	char port[8];
	char service[];
};

struct rpc {
	struct engine *engine;
	struct list registrations;
	struct helper_job job;          /* superd-rpc */
	struct registration *current;   /* the registration that superd-rpc runs for; NULL: none */
	bool setting;                   /* superd-rpc registers, else it withdraws */
	bool as_own_user;               /* superd-rpc runs as its own user, else as superd's */
	struct alarm next;              /* fires when the next registration is due */
};

static void drop_registration(struct registration *registration)
{
	list_remove(&registration->link);
	free(registration);
}

static void wake_at(struct rpc *rpc, double due)
{
	double now = clock_now();

	alarm_set(&rpc->next, due > now ? due - now : 0.);
}

/* Returns when a registration is due. It waits for the withdrawal of the same port, which would remove the new
 * registration, too. At superd's end everything is due. */
static double due_of(const struct rpc *rpc, const struct registration *one)
{
	double due = one->due;

	if (rpc->engine->stopping)
		return 0.;
	if (one->fd < 0)
		return due;
	LIST_EACH(link, &rpc->registrations) {
		const struct registration *debt = container_of(link, struct registration, link);

		if (debt->fd < 0 && debt->due > due && !strcmp(debt->port, one->port))
			due = debt->due;
	}
	return due;
}

/* Returns the next registration to work on, withdrawals first. NULL: none is due; the alarm is set for the next. */
static struct registration *choose_registration(struct rpc *rpc)
{
	struct registration *first = NULL;
	double now = clock_now(), soonest = 0.;

	LIST_EACH(link, &rpc->registrations) {
		struct registration *one = container_of(link, struct registration, link);
		double due = due_of(rpc, one);

		if (one->fd < 0 && due <= now)
			return one;
		if ((one->fd < 0 || (!one->set && !rpc->engine->stopping)) && (!first || due < soonest)) {
			first = one;
			soonest = due;
		}
	}
	if (!first || soonest <= now)
		return first;
	wake_at(rpc, soonest);
	return NULL;
}

static void log_registered(struct rpc *rpc, const struct registration *registration, const char *text)
{
	struct event event = { .name = "registered", .service = registration->service };

	if (*text)
		log_event(rpc->engine->log, LEVEL_NOTICE, &event, "rpcbind: %s", text);
	log_event(rpc->engine->log, LEVEL_INFO, &event, "registered with rpcbind: %s at %s port %s",
		  registration->program, registration->transports, registration->port);
}

static void try_later(struct rpc *rpc, struct registration *one, const char *why)
{
	double pause = backoff_next(&one->backoff, PAUSE_MIN, PAUSE_MAX, engine_random(rpc->engine));
	struct event event = { .name = rpc->setting ? "register_error" : "withdraw_error", .service = one->service,
			       .reason = why };
	/* A failed withdrawal matters only if rpcbind had the registration. */
	bool is_news = !one->failure_logged && (rpc->setting || one->set);

	one->due = clock_now() + pause;
	log_event(rpc->engine->log, is_news ? LEVEL_WARNING : LEVEL_DEBUG, &event,
		  rpc->setting ? "cannot register %s with rpcbind, which is tried again and again: %s" :
				 "cannot withdraw %s from rpcbind, which is tried again: %s", one->program, why);
	one->failure_logged = true;
}

static void log_withdrawn(struct rpc *rpc, const struct registration *registration)
{
	struct event event = { .name = "withdrawn", .service = registration->service };

	if (registration->set)
		log_event(rpc->engine->log, LEVEL_INFO, &event, "withdrawn from rpcbind: %s at %s port %s",
			  registration->program, registration->transports, registration->port);
}

/* Until an administrator withdraws it (rpcinfo -d), clients that ask rpcbind get a port that nobody serves. */
static void log_left_registered(const struct engine *engine, const struct registration *registration, const char *why)
{
	struct event event = { .name = "left_registered", .service = registration->service, .reason = why };

	if (registration->set)
		log_event(engine->log, LEVEL_WARNING, &event, "stays registered with rpcbind: %s at %s port %s: %s",
			  registration->program, registration->transports, registration->port, why);
}

static void start_next(struct rpc *rpc);

static void finish_withdrawal(struct rpc *rpc, struct registration *registration, bool done, const char *text)
{
	if (!done && !rpc->engine->stopping && registration->backoff.failures + 1 < WITHDRAWALS_MOST) {
		try_later(rpc, registration, text);
		return;
	}
	if (done)
		log_withdrawn(rpc, registration);
	else
		log_left_registered(rpc->engine, registration, text);
	drop_registration(registration);
}

/* Takes the result of the current registration and goes on with the next. */
static void finish_current(struct rpc *rpc, bool done, const char *text)
{
	struct registration *registration = rpc->current;

	rpc->current = NULL;
	if (!rpc->setting) {
		finish_withdrawal(rpc, registration, done, text);
	} else if (done) {
		registration->set = true;
		log_registered(rpc, registration, text);
	} else if (registration->fd >= 0) {
		try_later(rpc, registration, text);
	}
	start_next(rpc);
}

/* Starts superd-rpc for the current registration. rpcbind may refuse superd-rpc's own user and accept superd's. */
static void start_helper(struct rpc *rpc, bool as_own_user)
{
	const struct account *account = as_own_user ? helper_user_account(HELPER_USER_RPC) : NULL;
	const struct registration *one = rpc->current;
	struct buf why = { 0 };

	rpc->as_own_user = account;
	if (!helper_job_start(&rpc->job, PROGRAM_RPC,
			      (const char *const[]){ rpc->setting ? "set" : "unset", one->program, one->transports,
						     one->port, NULL },
			      account, &why))
		finish_current(rpc, false, buf_string(&why));
	buf_free(&why);
}

static void on_helper_ended(struct helper_job *job, bool done, const char *text)
{
	struct rpc *rpc = container_of(job, struct rpc, job);

	if (job->status == REFUSED && rpc->as_own_user)
		start_helper(rpc, false);
	else
		finish_current(rpc, done, text);
}

static void start_next(struct rpc *rpc)
{
	struct registration *one;

	if (rpc->current || rpc->engine->quiet)
		return;
	rpc->current = one = choose_registration(rpc);
	if (!one) {
		rpc->engine->events.ended |= rpc->engine->stopping;
		events_feed(rpc->engine);
		return;
	}
	rpc->setting = one->fd >= 0;
	one->tried = true;
	start_helper(rpc, true);
}

static void on_next(struct alarm *alarm)
{
	start_next(container_of(alarm, struct rpc, next));
}

static struct rpc *rpc_of(struct engine *engine)
{
	struct rpc *rpc = engine->listeners->rpc;

	if (rpc)
		return rpc;
	rpc = calloc(1, sizeof(*rpc));
	if (!rpc)
		return NULL;
	rpc->engine = engine;
	helper_job_init(&rpc->job, engine, on_helper_ended);
	list_init(&rpc->registrations);
	alarm_init(&rpc->next, engine, on_next);
	engine->listeners->rpc = rpc;
	return rpc;
}

static void describe_registration(struct registration *registration, const struct listen *listen,
				  const struct bound_families *reach)
{
	const char *transport = listen->endpoint->kind == ENDPOINT_RPC_TCP ? "tcp" : "udp";
	const struct endpoint *address = listen->address;

	snprintf(registration->program, sizeof(registration->program), "%" PRIu32 "/%" PRIu32 "-%" PRIu32,
		 address->number, address->group, address->highest);
	if (address->group == address->highest)
		*strchr(registration->program, '-') = '\0';
	snprintf(registration->transports, sizeof(registration->transports), "%s%s%s%s", reach->ipv4 ? transport : "",
		 reach->ipv4 && reach->ipv6 ? "," : "", reach->ipv6 ? transport : "", reach->ipv6 ? "6" : "");
	snprintf(registration->port, sizeof(registration->port), "%u", reach->port);
}

void rpc_announce(struct engine *engine, const char *service, const struct listen *listen, int fd)
{
	struct event event = { .name = "register_error", .service = service };
	struct registration *registration;
	struct bound_families reach;
	struct rpc *rpc;

	if (!endpoint_is_rpc(listen->endpoint))
		return;
	rpc = rpc_of(engine);
	registration = rpc ? calloc(1, sizeof(*registration) + strlen(service) + 1) : NULL;
	if (!registration || !bind_reach(fd, &reach)) {
		log_event(engine->log, LEVEL_ERROR, &event, "cannot be registered with rpcbind: %s",
			  registration ? strerror(errno) : "out of memory");
		free(registration);
		return;
	}
	registration->fd = fd;
	memcpy(registration->service, service, strlen(service));
	describe_registration(registration, listen, &reach);
	list_add(&rpc->registrations, &registration->link);
	wake_at(rpc, 0.);
}

void rpc_withdraw(struct engine *engine, int fd)
{
	struct rpc *rpc = engine->listeners->rpc;

	if (!rpc || fd < 0)
		return;
	LIST_EACH(link, &rpc->registrations) {
		struct registration *registration = container_of(link, struct registration, link);

		if (registration->fd != fd)
			continue;
		if (!registration->tried) {             /* rpcbind does not know it */
			drop_registration(registration);
			continue;
		}
		registration->fd = -1;
		registration->failure_logged = false;
		registration->due = 0.;
		backoff_reset(&registration->backoff);
		wake_at(rpc, 0.);
	}
}

static struct registration *find_registration(const struct engine *engine, int fd)
{
	if (!engine->listeners->rpc || fd < 0)
		return NULL;
	LIST_EACH(link, &engine->listeners->rpc->registrations) {
		struct registration *registration = container_of(link, struct registration, link);

		if (registration->fd == fd)
			return registration;
	}
	return NULL;
}

bool rpc_is_registered(const struct engine *engine, int fd)
{
	const struct registration *registration = find_registration(engine, fd);

	return registration && registration->set;
}

void rpc_note_registered(struct engine *engine, int fd)
{
	struct registration *registration = find_registration(engine, fd);

	if (registration)
		registration->tried = registration->set = true;
}

bool rpc_owes(const struct engine *engine)
{
	struct rpc *rpc = engine->listeners->rpc;

	if (!rpc)
		return false;
	LIST_EACH(link, &rpc->registrations) {
		const struct registration *registration = container_of(link, struct registration, link);

		if (registration->fd < 0 || registration == rpc->current)
			return true;
	}
	return false;
}

bool rpc_is_busy(const struct engine *engine)
{
	return engine->listeners->rpc && engine->listeners->rpc->current;
}

/* An interrupted registration is done again; superd-rpc then first withdraws an older one of the same program. */
void rpc_set_aside(struct engine *engine)
{
	if (!rpc_is_busy(engine))
		return;
	helper_job_abandon(&engine->listeners->rpc->job);
	engine->listeners->rpc->current = NULL;
}

void rpc_go_on(struct engine *engine)
{
	if (engine->listeners->rpc)
		wake_at(engine->listeners->rpc, 0.);
}

void rpc_each_debt(const struct engine *engine, void (*act)(void *context, const struct rpc_debt *debt), void *context)
{
	LIST_EACH(link, &engine->listeners->rpc->registrations) {
		const struct registration *one = container_of(link, struct registration, link);
		const struct rpc_debt debt = { one->service, one->program, one->transports, one->port, one->set };

		if (one->fd < 0 && one->tried)
			act(context, &debt);
	}
}

static bool take_text(char *out, size_t size, const char *text)
{
	int length = text ? snprintf(out, size, "%s", text) : -1;

	return length > 0 && (size_t)length < size;
}

bool rpc_take_debt(struct engine *engine, const struct rpc_debt *debt)
{
	struct rpc *rpc = debt->service ? rpc_of(engine) : NULL;
	struct registration *one = rpc ? calloc(1, sizeof(*one) + strlen(debt->service) + 1) : NULL;

	if (!one || !take_text(one->program, sizeof(one->program), debt->program) ||
	    !take_text(one->transports, sizeof(one->transports), debt->transports) ||
	    !take_text(one->port, sizeof(one->port), debt->port)) {
		free(one);
		return false;
	}
	memcpy(one->service, debt->service, strlen(debt->service));
	one->fd = -1;
	one->tried = true;
	one->set = debt->set;
	list_add(&rpc->registrations, &one->link);
	wake_at(rpc, 0.);
	return true;
}

void rpc_free(struct engine *engine)
{
	struct rpc *rpc = engine->listeners->rpc;

	if (!rpc)
		return;
	alarm_stop(&rpc->next);
	helper_job_abandon(&rpc->job);
	LIST_EACH(link, &rpc->registrations) {
		struct registration *one = container_of(link, struct registration, link);

		log_left_registered(engine, one, engine->stopping ? "rpcbind does not answer" :
				    "superd ends, and its instances run on");
		drop_registration(one);
	}
	free(rpc);
	engine->listeners->rpc = NULL;
}

static const struct state_field debt_fields[] = {
	{ STATE_FIELD(rpc_debt, "service", service), .always = true },
	{ STATE_FIELD(rpc_debt, "program", program), .always = true },
	{ STATE_FIELD(rpc_debt, "transports", transports), .always = true },
	{ STATE_FIELD(rpc_debt, "port", port), .always = true },
	{ STATE_FIELD(rpc_debt, "set", set) },
};
const struct field_table debt_state = FIELD_TABLE("withdrawal", rpc_debt, debt_fields);
