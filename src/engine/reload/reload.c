/* Applies a new table. Sockets may change hands, so the order matters: first all sockets that their runtimes no
 * longer need are put on offer, then runtimes that lack a socket take it from there, and after all new ones are bound
 * the rest is closed. */
#include "engine/reload/reload.h"

#include <stdlib.h>
#include <string.h>

#include "config/table/diff.h"
#include "engine/accept/admission.h"
#include "engine/accept/admission_state.h"
#include "engine/accept/refuse.h"
#include "engine/drain/drain.h"
#include "engine/drain/standby_socket.h"
#include "engine/listener/socket_pool.h"
#include "engine/service/old_row.h"
#include "engine/service/operator_locks.h"
#include "engine/service/service_drain.h"

#define TOLD_MOST 100                   /* services that the log names; the rest is a number */

static bool endpoints_meet(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_equal(a, b) || endpoint_clash(a, b);
}

static bool is_claimed(const struct endpoint *endpoint, const struct table *after)
{
	for (size_t n = 0; n < after->count; n++) {
		const struct service *other = &after->services[n];

		for (size_t i = 0; !other->exec->disable && i < other->socket_count; i++) {
			if (endpoints_meet(endpoint, other->sockets[i].endpoint))
				return true;
		}
	}
	return false;
}

/* Whether a row of the new table has exactly the address of one of its sockets. */
static bool any_is_wanted(const struct service *service, const struct table *after)
{
	for (size_t n = 0; n < after->count; n++) {
		const struct service *other = &after->services[n];

		for (size_t i = 0; !other->exec->disable && i < other->socket_count; i++) {
			for (size_t own = 0; own < service->socket_count; own++) {
				if (endpoint_equal(service->sockets[own].endpoint, other->sockets[i].endpoint))
					return true;
			}
		}
	}
	return false;
}

static bool any_is_claimed(const struct service *service, const struct table *after)
{
	for (size_t own = 0; own < service->socket_count; own++) {
		if (is_claimed(service->sockets[own].endpoint, after))
			return true;
	}
	return false;
}

/* Called before the sockets of the current instance go to other services, or its row goes. New clients of an address
 * that a row still has must come to that row alone, so the row gets a socket of its own there, and the instance serves
 * the clients it has. If no row has the address, the instance keeps its sockets. */
static void set_aside(struct service_runtime *runtime, const struct service *service, const struct table *after)
{
	struct buf why = { 0 };
	enum on_remove diff = service_on_remove(service, runtime->service);
	bool drains = diff == REMOVE_DRAIN, is_alone;

	if (diff == REMOVE_STOP || !runtime_runs_on(runtime)) {
		drain_call_off(runtime);
		return;
	}
	if (runtime_state(runtime) == FROZEN)
		runtime_event(runtime, ENABLE);
	is_alone = !drains || !any_is_wanted(runtime->service, after) || runtime_state(runtime) != RUNNING;
	if (!is_alone)
		drain_call_off(runtime);
	if (is_alone || !drain_try(runtime, &why))
		drain_lend(runtime, drains);
	buf_free(&why);
}

static void offer_one(struct listener *listener, struct service_runtime *runtime, struct socket_pool *offers)
{
	socket_pool_add(offers, runtime->engine, listener, runtime->table);
	refuse_parked(listener, REFUSED_CLOSED);        /* those that do not go along */
}

/* The listeners of a new row, those of the runtime's own that fit moved into it, the rest of its own put on offer. */
static struct listener *sort_listeners(struct service_runtime *runtime, const struct service *service,
				       struct socket_pool *offers)
{
	struct listener *listeners = calloc(service->socket_count + 1, sizeof(*listeners));

	if (!listeners)
		return NULL;
	admission_recall(runtime);      /* who is asked about goes along with its listener */
	standby_sockets_restore_paths(runtime);
	for (size_t n = 0; n < service->socket_count; n++) {
		listener_init(&listeners[n], runtime->engine, &service->sockets[n], runtime_on_ready, runtime);
		for (size_t old = 0; old < runtime->listener_count; old++) {
			if (!listener_fits(&runtime->listeners[old], &service->sockets[n]))
				continue;
			listener_move(&runtime->listeners[old], &listeners[n], runtime->engine, service->name);
			if (!listener_is_open(&listeners[n]))
				refuse_parked(&listeners[n], REFUSED_CLOSED);
			break;
		}
	}
	for (size_t old = 0; old < runtime->listener_count; old++)
		offer_one(&runtime->listeners[old], runtime, offers);
	return listeners;
}

/* The plan for one row of the new table. */
struct plan_row {
	struct service_runtime *runtime; /* runtime of the same name in the old table; NULL: the service is new */
	enum diff_kind diff;
	bool returns;                   /* the runtime was leaving after an earlier reload */
	struct listener *listeners;     /* DIFF_SOCKETS: the listeners of the new row */
	struct buf options;             /* names of the options that differ, as service_compare writes them */
};

/* Takes a service's runtime out of the old list, or returns one that an earlier reload removed and that has not
 * gone yet. NULL: there is neither. */
static struct service_runtime *take_before(struct service_list *service_list, const struct table *before,
					   const char *name)
{
	struct service_runtime **place = service_list_place(service_list, before, name),
			       *runtime = place ? *place : NULL;

	if (place)
		*place = NULL;
	return runtime ? runtime : service_list_find_leaving(service_list, name);
}

/* The new table has the service, but with mistakes. The running one is better than none. */
static bool stays(const struct service_runtime *runtime, const struct table *after)
{
	return runtime && table_may_lack(after, runtime->service) && !any_is_claimed(runtime->service, after);
}

static void keep(struct service_runtime *runtime)
{
	struct event event = { .name = "warning", .service = runtime->service->name };

	log_event(runtime->engine->log, LEVEL_WARNING, &event, "its entry is wrong now: it goes on as it was");
}

/* `accept` decides which table of transitions a service has, so a change of it is as deep as one of its sockets. */
static enum diff_kind compare(struct diff_cache *known, const struct service *before, const struct service *after)
{
	enum diff_kind diff = service_compare_next(known, before, after);

	return diff == DIFF_CHANGED && before->exec->accept != after->exec->accept ? DIFF_SOCKETS : diff;
}

/* A runtime whose instance runs on with its sockets keeps those that no row of the new table claims. */
static void offer(struct service_runtime *runtime, const struct table *after, struct socket_pool *offers)
{
	bool keeps = runtime_runs_on(runtime);

	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		if (!keeps || is_claimed(listener->listen->endpoint, after))
			offer_one(listener, runtime, offers);
	}
}

/* Of the runtimes without a row in the new table: collects those that stay, and offers the sockets of the others. */
static size_t sort_rest(struct service_list *service_list, const struct table *after, struct socket_pool *offers,
			struct service_runtime **staying)
{
	size_t count = 0;

	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *rest = service_list->runtimes[n];

		if (!rest)
			continue;
		if (stays(rest, after)) {
			keep(rest);
			staying[count++] = rest;
			service_list->runtimes[n] = NULL;
			continue;
		}
		admission_recall(rest);
		standby_sockets_restore_paths(rest);
		set_aside(rest, rest->service, after);
		offer(rest, after, offers);
	}
	return count;
}

/* Takes back a runtime that was leaving. If it is off, it has closed its sockets. */
static void take_back(struct plan_row *row)
{
	struct service_runtime *runtime = row->runtime;

	runtime_return(runtime);
	row->returns = true;
	if (runtime_state(runtime) == OFF || runtime_state(runtime) == CLOSING)
		row->diff = DIFF_SOCKETS;
	if (row->diff != DIFF_SOCKETS)
		drain_call_off(runtime);
}

/* The first pass: decides the fate of every row, and offers sockets, before any is taken. */
static void survey(struct plan_row *rows, struct service_list *service_list, struct engine *engine,
		   struct table *before, struct table *after, struct socket_pool *offers)
{
	struct diff_cache known = { 0 };

	for (size_t n = 0; n < after->count; n++) {
		const struct service *service = &after->services[n];

		if (service->exec->disable)
			continue;
		rows[n].runtime = take_before(service_list, before, service->name);
		rows[n].diff = rows[n].runtime ? compare(&known, rows[n].runtime->service, service) : DIFF_ADDED;
		if (rows[n].runtime && runtime_is_removed(rows[n].runtime))
			take_back(&rows[n]);
		if (rows[n].diff == DIFF_CHANGED || rows[n].diff == DIFF_SOCKETS)
			service_compare(rows[n].runtime->service, service, &rows[n].options);
		if (rows[n].diff != DIFF_SOCKETS)
			continue;
		old_row_note_sockets(rows[n].runtime, service);
		set_aside(rows[n].runtime, service, after);
		rows[n].listeners = sort_listeners(rows[n].runtime, service, offers);
	}
	LIST_EACH(link, &engine->service_list->leaving) {
		if (runtime_runs_on(runtime_leaving(link)))
			offer(runtime_leaving(link), after, offers);
	}
}

static void replace(struct service_runtime *runtime, struct table *after, const struct service *service,
		    struct plan_row *row, struct socket_pool *offers)
{
	struct listener *old = runtime->listeners;

	if (!row->listeners)            /* no memory: it goes on as it is, until the next reload */
		return;
	for (size_t n = 0; n < service->socket_count; n++) {
		if (listener_is_open(&row->listeners[n]))
			continue;
		socket_pool_take(offers, &row->listeners[n], runtime->engine, service->name, refuse_parked);
	}
	runtime_replace(runtime, after, service, row->listeners);
	free(old);
}

static struct service_runtime *add(struct engine *engine, struct table *after, const struct service *service,
				   struct socket_pool *offers)
{
	struct service_runtime *runtime = runtime_new(engine, after, service);

	if (!runtime) {
		log_error(engine->log, "%s: cannot be added: out of memory", service->name);
		return NULL;
	}
	locks_apply(runtime);
	if (runtime_is_disabled(runtime))
		return runtime;
	for (size_t n = 0; offers && n < runtime->listener_count; n++) {
		socket_pool_take(offers, &runtime->listeners[n], engine, service->name, refuse_parked);
		if (!service->exec->accept)
			refuse_parked(&runtime->listeners[n], REFUSED_CLOSED);
	}
	runtime_event(runtime, ENABLE);
	return runtime;
}

/* runtime NULL: there was no memory for it. */
static void log_fate(struct engine *engine, const char *service, enum diff_kind diff, const char *options,
		     struct service_runtime *runtime)
{
	static const char *const fates[] = {
		[DIFF_CHANGED] = "changed", [DIFF_SOCKETS] = "changed",
		[DIFF_ADDED] = "added", [DIFF_REMOVED] = "removed",
	};
	struct event event = { .name = fates[diff], .service = service };
	struct buf text = { 0 }, why = { 0 };

	if (*options) {
		buf_text(&text, ": ");
		old_row_add_words(&text, options);
	}
	if (runtime && diff == DIFF_REMOVED)
		old_row_describe_removed(runtime, &why);
	else if (runtime)
		old_row_describe(runtime, &why);
	if (why.length)
		buf_addf(&text, "; %s", buf_string(&why));
	buf_free(&why);
	log_event(engine->log, LEVEL_NOTICE, &event, "%s%s", fates[diff], buf_string(&text));
	buf_free(&text);
}

/* For the log, and for whoever has asked for the reload. */
static void tell_fate(struct engine *engine, const char *service, enum diff_kind diff, const char *options,
		      struct service_runtime *runtime, struct reload_counts *counts)
{
	if (counts->told++ < TOLD_MOST)
		log_fate(engine, service, diff, options, runtime);
	if (!engine->service_list->report)
		return;
	buf_char(engine->service_list->report, (char)(1 + diff));
	buf_add(engine->service_list->report, service, strlen(service) + 1);
	buf_add(engine->service_list->report, options, strlen(options) + 1);
}

static struct service_runtime *become(struct engine *engine, struct table *after, const struct service *service,
				      struct plan_row *row, struct socket_pool *offers)
{
	switch (row->diff) {
	case DIFF_SAME:
		runtime_adopt(row->runtime, after, service, false);
		return row->runtime;
	case DIFF_CHANGED:
		runtime_adopt(row->runtime, after, service, true);
		return row->runtime;
	case DIFF_SOCKETS:
		replace(row->runtime, after, service, row, offers);
		return row->runtime;
	case DIFF_ADDED:
	case DIFF_REMOVED:
		break;
	}
	return add(engine, after, service, offers);
}

static void count(struct reload_counts *counts, enum diff_kind diff)
{
	counts->unchanged += diff == DIFF_SAME;
	counts->changed += diff == DIFF_CHANGED || diff == DIFF_SOCKETS;
	counts->added += diff == DIFF_ADDED;
}

static struct service_runtime *apply(struct engine *engine, struct table *after, size_t n, struct plan_row *row,
				     struct socket_pool *offers, struct reload_counts *counts)
{
	const struct service *service = &after->services[n];
	enum diff_kind diff = row->returns ? DIFF_ADDED : row->diff;
	struct service_runtime *runtime;

	if (service->exec->disable)
		return NULL;
	runtime = become(engine, after, service, row, offers);
	count(counts, diff);
	if (diff != DIFF_SAME)
		tell_fate(engine, service->name, diff, row->returns ? "" : buf_string(&row->options), runtime, counts);
	buf_free(&row->options);
	return runtime;
}

bool service_list_build(struct service_list *service_list, struct engine *engine, struct table *table)
{
	service_list->runtimes = calloc(table->count + 1, sizeof(struct service_runtime *));
	if (!service_list->runtimes)
		return false;
	service_list->count = table->count;
	service_list->table = table;
	service_list->changes++;
	for (size_t n = 0; n < table->count; n++) {
		if (!table->services[n].exec->disable)
			service_list->runtimes[n] = add(engine, table, &table->services[n], NULL);
	}
	return true;
}

bool service_list_reload(struct service_list *service_list, struct engine *engine, struct table *before,
			 struct table *after, struct reload_counts *counts)
{
	struct service_runtime **runtimes =
		calloc(after->count + service_list->count + 1, sizeof(struct service_runtime *));
	struct service_runtime **old = service_list->runtimes;
	struct plan_row *rows = calloc(after->count + 1, sizeof(*rows));
	struct socket_pool offers;
	size_t old_count = service_list->count, staying;

	*counts = (struct reload_counts){ 0 };
	if (!socket_pool_init(&offers, old_count) || !runtimes || !rows) {
		free(runtimes);
		free(rows);
		socket_pool_close(&offers, engine, refuse_parked);
		return false;
	}
	survey(rows, service_list, engine, before, after, &offers);
	staying = sort_rest(service_list, after, &offers, runtimes + after->count);
	counts->unchanged = staying;
	for (size_t n = 0; n < after->count; n++)
		runtimes[n] = apply(engine, after, n, &rows[n], &offers, counts);
	service_list->runtimes = runtimes;
	service_list->count = after->count + staying;
	service_list->table = after;
	address_lru_free(&engine->admission->verdicts); /* by rules of before */
	service_list->changes++;
	socket_pool_close(&offers, engine, refuse_parked);
	for (size_t n = 0; n < service_list->count; n++) {
		if (runtimes[n] && runtime_state(runtimes[n]) == BINDING)
			runtime_event(runtimes[n], TIMER);      /* what stood in the way may be gone now */
	}
	for (size_t n = 0; n < old_count; n++) {
		if (!old[n])
			continue;
		counts->removed++;
		tell_fate(engine, old[n]->service->name, DIFF_REMOVED, "", old[n], counts);
		runtime_remove(old[n]);
	}
	if (counts->told > TOLD_MOST)
		log_notice(engine->log, "and %zu more services", counts->told - TOLD_MOST);
	free(old);
	free(rows);
	return true;
}

void service_list_free(struct service_list *service_list)
{
	for (size_t n = 0; n < service_list->count; n++)
		runtime_free(service_list->runtimes[n]);
	free(service_list->runtimes);
	service_list->runtimes = NULL;
	service_list->count = 0;
}
