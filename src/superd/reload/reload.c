/* Applies a new table. Sockets may move from one service to another, so the order matters. First, all sockets that
 * their runtimes no longer need go into a pool. Then runtimes that lack a socket take it from the pool. superd closes
 * what is left in the pool only after all new sockets are bound, so that no address is ever without a socket. */
#include "superd/reload/reload.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "os/fs/path_watch.h"
#include "superd/service/admission.h"
#include "superd/service/admission_state.h"
#include "superd/service/refuse.h"
#include "superd/socket/socket_path_watch.h"
#include "superd/socket/socket_pool.h"
#include "superd/instance/wants.h"
#include "superd/service/old_entry.h"
#include "superd/service/operator_locks.h"
#include "superd/service/runtime_event.h"
#include "superd/service/service_drain.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"
#include "table/services/diff.h"

#define LOGGED_MOST 100                 /* services that the log names; for the others it has their number */

/* One reload, from one table to the next. */
struct reload {
	struct engine *engine;
	struct table *before, *after;
	struct socket_pool pool;        /* sockets that no runtime needs at the moment */
	struct reload_counts *counts;
};

static bool endpoints_meet(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_equal(a, b) || endpoint_clash(a, b);
}

static bool is_claimed(const struct endpoint *endpoint, const struct table *after)
{
	for (size_t n = 0; n < after->count; n++) {
		const struct service *other = &after->services[n];

		for (size_t i = 0; !service_is_off(other) && i < other->socket_count; i++) {
			if (endpoints_meet(endpoint, other->sockets[i].endpoint))
				return true;
		}
	}
	return false;
}

/* Whether an entry of the new table has exactly the address of one of the service's sockets. */
static bool any_is_equal(const struct service *service, const struct table *after)
{
	for (size_t n = 0; n < after->count; n++) {
		const struct service *other = &after->services[n];

		for (size_t i = 0; !service_is_off(other) && i < other->socket_count; i++) {
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

/* Called before the sockets of the current instance go to other services, or before its entry goes. `service` is the
 * new entry, or the old one if there is none. If an entry of the new table has the address of the instance, new
 * clients must reach that entry alone: it gets a socket of its own at the address, and the instance drains. If no
 * entry has the address, the instance keeps its sockets. */
static void detach_instance(struct service_runtime *runtime, const struct service *service, const struct table *after)
{
	struct event event = { .name = "draining", .service = runtime->service->name };
	struct buf why = { 0 };
	enum on_remove diff = service_on_remove(service, runtime->service);
	bool drains = diff == REMOVE_DRAIN, is_alone;

	stop_wait_no_more(runtime);
	if (diff == REMOVE_STOP || !runtime_runs_on(runtime)) {
		stop_call_off(runtime);
		return;
	}
	if (runtime_state(runtime) == FROZEN)
		runtime_event(runtime, ENABLE);
	is_alone = !drains || !any_is_equal(runtime->service, after) || runtime_state(runtime) != RUNNING;
	if (!is_alone)
		stop_call_off(runtime);
	event.pid = runtime_current(runtime)->pid;
	if (is_alone || !drain_try(runtime, &why))
		stop_lend(runtime, drains);
	if (why.length)
		log_event(runtime->engine->log, LEVEL_NOTICE, &event,
			  "pid %ld may get new clients, too: they cannot be kept from it: %s", (long)event.pid,
			  buf_string(&why));
	buf_free(&why);
}

static void offer_listener(struct listener *listener, struct service_runtime *runtime, struct socket_pool *pool)
{
	socket_pool_add(pool, runtime->engine, listener, runtime->table);
	refuse_parked(listener, REFUSED_CLOSED);        /* it was closed, not pooled: its clients have no socket */
}

/* Fills in the listeners of a new entry. Listeners of the runtime that fit move into them, and the others go into the
 * pool. */
static void sort_listeners(struct service_runtime *runtime, const struct service *service, struct listener *listeners,
			   struct socket_pool *pool)
{
	admission_recall(runtime);      /* clients with a lookup under way move with their listener */
	standby_sockets_restore(runtime);
	for (size_t n = 0; n < service->socket_count; n++) {
		listener_init(&listeners[n], &service->sockets[n], runtime);
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
		offer_listener(&runtime->listeners[old], runtime, pool);
}

/* The change of one entry of the new table. */
struct service_change {
	struct service_runtime *runtime; /* of the same name in the old table; NULL: the service is new */
	enum diff_kind diff;
	bool returns;                   /* the runtime was leaving after an earlier reload */
	struct listener *listeners;     /* DIFF_SOCKETS: memory for the listeners of the new entry */
	struct buf options;             /* names of the options that differ, as service_compare writes them */
};

/* Returns a service's runtime in the old list, or one that an earlier reload removed and that has not ended yet.
 * NULL: there is neither. */
static struct service_runtime *find_old_runtime(const struct service_list *service_list, const struct table *before,
						const char *name)
{
	struct service_runtime **place = service_list_place(service_list, before, name);

	return place && *place ? *place : service_list_find_leaving(service_list, name);
}

/* Takes the runtime of a service that the new table has, too, out of the old list. */
static void leave_old_list(const struct reload *reload, const char *name)
{
	struct service_runtime **place = service_list_place(reload->engine->service_list, reload->before, name);

	if (place)
		*place = NULL;
}

/* Whether the service goes on with its old entry: the new one was left out for its errors, and no other service has
 * its address. */
static bool keeps_old_entry(const struct service_runtime *runtime, const struct table *after)
{
	return runtime && table_may_lack(after, runtime->service) && !any_is_claimed(runtime->service, after);
}

/* Adds a service to the report for the operator who has ordered the reload; result: a diff_kind, or RELOAD_WRONG. */
static void add_report(struct reload *reload, int result, const char *service, const char *options)
{
	struct buf *report = reload->engine->service_list->report;

	if (!report)
		return;
	buf_char(report, (char)(1 + result));
	buf_add(report, service, strlen(service) + 1);
	buf_add(report, options, strlen(options) + 1);
}

/* The service goes on by its previous entry. */
static void keep_service(struct reload *reload, struct service_runtime *runtime)
{
	struct event event = { .name = "warning", .service = runtime->service->name };
	struct left_out *entry = table_find_left_out(reload->after, runtime->service);

	if (entry)
		entry->is_kept = true;
	if (reload->before == reload->after)
		return;                 /* rows came in that were left out (superd/supervisor/left_out_check) */
	log_event(runtime->engine->log, LEVEL_WARNING, &event,
		  "its configuration has errors now: the previous one stays in effect");
	reload->counts->wrong++;
	add_report(reload, RELOAD_WRONG, runtime->service->name, "");
}

/* Reports the entries with errors that no service of the table before stands for. */
static void report_left_out(struct reload *reload)
{
	const struct table *after = reload->after;

	for (size_t n = 0; n < after->left_out_count; n++) {
		const struct left_out *entry = &after->left_out[n];

		if (entry->row == LEFT_OUT_NO_ROW || entry->is_kept)
			continue;
		reload->counts->wrong++;
		add_report(reload, RELOAD_WRONG, after->services[entry->row].name, "");
	}
}

static bool is_locked(const struct service_runtime *runtime, const struct service *service, size_t n)
{
	return n < runtime->listener_count && listener_is_locked(&runtime->listeners[n], &service->sockets[n]);
}

/* runtime: of find_old_runtime. `accept` decides which table of transitions a service has, and other rules of a locked
 * listener take a new socket, so superd treats their change as a change of the sockets. */
static enum diff_kind compare_entry(struct diff_cache *known, const struct service_runtime *runtime,
				    const struct service *service)
{
	enum diff_kind diff = runtime ? service_compare_next(known, runtime->service, service) : DIFF_ADDED;

	if (diff != DIFF_CHANGED)
		return diff;
	for (size_t n = 0; n < service->socket_count; n++) {
		if (is_locked(runtime, service, n))
			return DIFF_SOCKETS;
	}
	return runtime->service->exec->accept != service->exec->accept ? DIFF_SOCKETS : diff;
}

static void log_locked(const struct service_runtime *runtime, const struct service *service)
{
	struct event event = { .name = "rebind", .service = service->name };

	for (size_t n = 0; n < service->socket_count; n++) {
		struct buf text = { 0 };

		if (!is_locked(runtime, service, n))
			continue;
		endpoint_format(service->sockets[n].endpoint, &text);
		buf_text(&text, " is opened again: a program had it, so its rules (only_from, no_access) are locked");
		origin_cite(service->sockets[n].at, &text);
		log_event(runtime->engine->log, LEVEL_NOTICE, &event, "%s", buf_string(&text));
		buf_free(&text);
	}
}

/* If the runtime's instance runs on with its sockets, the runtime keeps those that no entry of the new table claims. */
static void offer_listeners(struct service_runtime *runtime, struct reload *reload)
{
	bool keeps = runtime_runs_on(runtime);

	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		if (!keeps || is_claimed(listener->listen->endpoint, reload->after))
			offer_listener(listener, runtime, &reload->pool);
	}
}

/* Goes through the runtimes that have no entry in the new table: puts those that keep their old entry into the new
 * list, and the sockets of the others into the pool. Returns how many of the former stand behind the rows, as no row
 * has their name. */
static size_t sort_removed(struct reload *reload, struct service_runtime **runtimes)
{
	struct service_list *service_list = reload->engine->service_list;
	const struct table *after = reload->after;
	size_t count = 0;

	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *removed = service_list->runtimes[n];

		if (!removed)
			continue;
		if (keeps_old_entry(removed, after)) {
			const struct service *row = table_find(after, removed->service->name);

			keep_service(reload, removed);
			reload->counts->unchanged++;
			runtimes[row ? (size_t)(row - after->services) : after->count + count++] = removed;
			service_list->runtimes[n] = NULL;
			continue;
		}
		admission_recall(removed);
		standby_sockets_restore(removed);
		detach_instance(removed, removed->service, after);
		offer_listeners(removed, reload);
	}
	return count;
}

/* The new table has the service of a leaving runtime again. A runtime that is off has closed its sockets. */
static void return_runtime(struct service_change *change)
{
	struct service_runtime *runtime = change->runtime;

	runtime_return(runtime);
	change->returns = true;
	if (runtime_state(runtime) == OFF || runtime_state(runtime) == CLOSING)
		change->diff = DIFF_SOCKETS;
	if (change->diff != DIFF_SOCKETS)
		stop_call_off(runtime);
}

/* The first pass: compares every entry, and gets the memory without which a change could not be made in whole. A
 * runtime that returns may need new sockets, too. false: out of memory; nothing was changed. */
static bool compare_entries(const struct reload *reload, struct service_change *changes)
{
	const struct service_list *service_list = reload->engine->service_list;
	struct diff_cache known = { 0 };

	for (size_t n = 0; n < reload->after->count; n++) {
		const struct service *service = &reload->after->services[n];
		struct service_change *change = &changes[n];

		if (service_is_off(service))
			continue;
		change->runtime = find_old_runtime(service_list, reload->before, service->name);
		change->diff = compare_entry(&known, change->runtime, service);
		if (!change->runtime || (change->diff != DIFF_SOCKETS && !runtime_is_removed(change->runtime)))
			continue;
		change->listeners = calloc(service->socket_count + 1, sizeof(*change->listeners));
		if (!change->listeners)
			return false;
	}
	return true;
}

static void free_changes(struct service_change *changes, size_t count)
{
	for (size_t n = 0; changes && n < count; n++)
		free(changes[n].listeners);
	free(changes);
}

/* The second pass: fills the pool, before any runtime takes a socket from it. */
static void plan_changes(struct reload *reload, struct service_change *changes)
{
	for (size_t n = 0; n < reload->after->count; n++) {
		const struct service *service = &reload->after->services[n];
		struct service_change *change = &changes[n];

		if (service_is_off(service))
			continue;
		leave_old_list(reload, service->name);
		if (!change->runtime)
			continue;
		if (runtime_is_removed(change->runtime))
			return_runtime(change);
		if (change->diff == DIFF_CHANGED || change->diff == DIFF_SOCKETS)
			service_compare(change->runtime->service, service, &change->options);
		if (change->diff != DIFF_SOCKETS)
			continue;
		old_entry_note_sockets(change->runtime, service);
		log_locked(change->runtime, service);
		detach_instance(change->runtime, service, reload->after);
		sort_listeners(change->runtime, service, change->listeners, &reload->pool);
	}
	LIST_EACH(link, &reload->engine->service_list->leaving) {
		if (runtime_runs_on(runtime_leaving(link)))
			offer_listeners(runtime_leaving(link), reload);
	}
}

static void replace_sockets(struct reload *reload, const struct service *service, struct service_change *change)
{
	struct service_runtime *runtime = change->runtime;
	struct listener *old = runtime->listeners;

	for (size_t n = 0; n < service->socket_count; n++) {
		if (listener_is_open(&change->listeners[n]))
			continue;
		socket_pool_take(&reload->pool, &change->listeners[n], runtime->engine, service->name, refuse_parked);
	}
	runtime_replace(runtime, reload->after, service, change->listeners);
	change->listeners = NULL;       /* they are the runtime's now */
	runtime_free_listeners(runtime, old);
}

/* NULL: out of memory, which is logged. */
static struct service_runtime *make_service(struct engine *engine, struct table *table, const struct service *service)
{
	struct service_runtime *runtime = runtime_new(engine, table, service);

	if (runtime) {
		locks_apply(runtime);
	} else {
		log_error(engine->log, "%s: cannot be added: out of memory; next try in 1 s", service->name);
		events_starve(engine);
	}
	return runtime;
}

/* Where the list has the service: this may start it, and the state that is saved before the start has to have it. */
static void begin_service(struct service_runtime *runtime)
{
	if (runtime && !runtime_is_disabled(runtime))
		runtime_event(runtime, ENABLE);
}

static struct service_runtime *add_service(struct reload *reload, const struct service *service)
{
	struct service_runtime *runtime = make_service(reload->engine, reload->after, service);

	for (size_t n = 0; runtime && !runtime_is_disabled(runtime) && n < runtime->listener_count; n++) {
		socket_pool_take(&reload->pool, &runtime->listeners[n], reload->engine, service->name, refuse_parked);
		if (!service->exec->accept)
			refuse_parked(&runtime->listeners[n], REFUSED_CLOSED);
	}
	return runtime;
}

/* Logs one change. options: names of the options that differ, separated by blanks; runtime NULL: out of memory. */
static void log_change(struct engine *engine, const char *service, enum diff_kind diff, const char *options,
		       struct service_runtime *runtime)
{
	static const char *const outcomes[] = {
		[DIFF_CHANGED] = "changed", [DIFF_SOCKETS] = "changed",
		[DIFF_ADDED] = "added", [DIFF_REMOVED] = "removed",
	};
	struct event event = { .name = outcomes[diff], .service = service };
	struct buf text = { 0 }, why = { 0 };

	if (*options) {
		buf_text(&text, ": ");
		old_entry_add_words(&text, options);
	}
	if (runtime && diff == DIFF_REMOVED)
		old_entry_describe_removed(runtime, &why);
	else if (runtime)
		old_entry_describe(runtime, &why);
	if (why.length)
		buf_addf(&text, "; %s", buf_string(&why));
	buf_free(&why);
	log_event(engine->log, LEVEL_NOTICE, &event, "%s%s", outcomes[diff], buf_string(&text));
	buf_free(&text);
}

/* Reports one change to the log, and to the operator who has ordered the reload. */
static void report_change(struct reload *reload, struct service_runtime *runtime, const char *service,
			  enum diff_kind diff, const char *options)
{
	if (reload->counts->logged++ < LOGGED_MOST)
		log_change(reload->engine, service, diff, options, runtime);
	add_report(reload, (int)diff, service, options);
}

static struct service_runtime *apply_change(struct reload *reload, const struct service *service,
					    struct service_change *change)
{
	switch (change->diff) {
	case DIFF_SAME:
		runtime_adopt(change->runtime, reload->after, service, false);
		return change->runtime;
	case DIFF_CHANGED:
		runtime_adopt(change->runtime, reload->after, service, true);
		return change->runtime;
	case DIFF_SOCKETS:
		replace_sockets(reload, service, change);
		return change->runtime;
	case DIFF_ADDED:
	case DIFF_REMOVED:
		break;
	}
	return add_service(reload, service);
}

/* The entry of a removed service, if that is there and has disable = yes. */
static const struct service *disabled_entry(const struct table *after, const struct service_runtime *runtime)
{
	const struct service *row = table_find(after, runtime->service->name);

	return row && row->exec->disable ? row : NULL;
}

static struct service_runtime *apply_entry(struct reload *reload, const struct service *service,
					   struct service_change *change)
{
	enum diff_kind diff = change->returns ? DIFF_ADDED : change->diff;
	struct service_runtime *runtime;

	runtime = apply_change(reload, service, change);
	reload->counts->unchanged += diff == DIFF_SAME;
	reload->counts->changed += diff == DIFF_CHANGED || diff == DIFF_SOCKETS;
	reload->counts->added += diff == DIFF_ADDED;
	if (diff != DIFF_SAME)
		report_change(reload, runtime, service->name, diff,
			      change->returns ? "" : buf_string(&change->options));
	buf_free(&change->options);
	return runtime;
}

bool service_list_build(struct service_list *service_list, struct engine *engine, struct table *table)
{
	service_list->runtimes = calloc(table->count + 1, sizeof(struct service_runtime *));
	if (!service_list->runtimes)
		return false;
	service_list->count = table->count;
	service_list->table = table;
	service_list->generation++;
	for (size_t n = 0; n < table->count; n++) {
		if (!service_is_off(&table->services[n]))
			service_list->runtimes[n] = make_service(engine, table, &table->services[n]);
	}
	for (size_t n = 0; n < table->count; n++)
		begin_service(service_list->runtimes[n]);
	return true;
}

/* Whether its instance is to run on with the sockets that it has (detach_instance). */
static bool is_to_be_detached(const struct service_runtime *runtime, const struct service *row,
			      const struct table *after, struct diff_cache *known)
{
	bool is_removed = !row || service_is_off(row);

	if (is_removed ? keeps_old_entry(runtime, after) : compare_entry(known, runtime, row) != DIFF_SOCKETS)
		return false;
	return service_on_remove(is_removed ? runtime->service : row, runtime->service) != REMOVE_STOP;
}

static bool share_listeners(struct service_runtime *runtime)
{
	bool ready = true;

	for (size_t n = 0; n < runtime->listener_count; n++)
		ready &= listener_share(&runtime->listeners[n], runtime->engine, runtime->service->name);
	return ready;
}

bool service_list_prepare(struct service_list *service_list, const struct table *after, bool is_whole)
{
	struct diff_cache known = { 0 };
	bool ready = true;

	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];
		const struct service *row;

		if (!runtime || !runtime_runs_on(runtime))
			continue;
		row = table_find(after, runtime->service->name);
		if (!(row || is_whole) || !is_to_be_detached(runtime, row, after, &known))
			continue;
		if (runtime_state(runtime) == FROZEN)   /* else its sockets are watched, and restored for that */
			runtime_event(runtime, ENABLE);
		ready &= standby_sockets_prepare(runtime);
		ready &= share_listeners(runtime);
	}
	LIST_EACH(link, &service_list->leaving) {       /* where that has failed before */
		if (runtime_runs_on(runtime_leaving(link)))
			ready &= share_listeners(runtime_leaving(link));
	}
	return ready;
}

bool service_list_reload(struct service_list *service_list, struct engine *engine, struct table *before,
			 struct table *after, struct reload_counts *counts)
{
	struct service_runtime **runtimes =
		calloc(after->count + service_list->count + 1, sizeof(struct service_runtime *));
	struct service_runtime **old = service_list->runtimes;
	struct service_change *changes = calloc(after->count + 1, sizeof(*changes));
	struct reload reload = { .engine = engine, .before = before, .after = after, .counts = counts };
	size_t old_count = service_list->count, staying;

	*counts = (struct reload_counts){ 0 };
	if (!socket_pool_init(&reload.pool, old_count) || !runtimes || !changes ||
	    !compare_entries(&reload, changes)) {
		free(runtimes);
		free_changes(changes, after->count);
		socket_pool_close(&reload.pool, engine, refuse_parked);
		return false;
	}
	plan_changes(&reload, changes);
	staying = sort_removed(&reload, runtimes);
	report_left_out(&reload);
	for (size_t n = 0; n < after->count; n++) {
		if (!service_is_off(&after->services[n]))
			runtimes[n] = apply_entry(&reload, &after->services[n], &changes[n]);
	}
	service_list->runtimes = runtimes;
	service_list->count = after->count + staying;
	service_list->table = after;
	address_lru_free(&engine->admission->verdicts); /* by the rules of the old table */
	service_list->generation++;
	engine->unsaved_all = true;
	for (size_t n = 0; n < after->count; n++) {
		if (changes[n].diff == DIFF_ADDED)
			begin_service(runtimes[n]);
	}
	socket_pool_close(&reload.pool, engine, refuse_parked);
	for (size_t n = 0; n < service_list->count; n++) {
		if (runtimes[n] && runtime_state(runtimes[n]) == BINDING)
			runtime_event(runtimes[n], TIMER);      /* the socket that held its address may be closed now */
	}
	for (size_t n = 0; n < old_count; n++) {
		if (!old[n])
			continue;
		counts->removed++;
		report_change(&reload, old[n], old[n]->service->name, DIFF_REMOVED,
			      disabled_entry(after, old[n]) ? "disable" : "");
		runtime_remove(old[n]);
	}
	wants_follow_all(engine);
	if (counts->logged > LOGGED_MOST)
		log_notice(engine->log, "and %zu more services", counts->logged - LOGGED_MOST);
	free(old);
	free_changes(changes, after->count);
	return true;
}

/* Whether at least one of its socket files must be checked now. A service that closes needs no repair. A service that
 * starts must not lose a socket, as its instance is about to get the present ones: its files are checked later. */
static bool needs_repair(struct service_runtime *runtime)
{
	const struct watch_ids *marks = socket_path_watch_touched(runtime->engine);
	bool touched = false;

	if (runtime_state(runtime) == OFF || runtime_state(runtime) == CLOSING)
		return false;
	for (size_t n = 0; n < runtime->listener_count; n++) {
		const struct listener *listener = &runtime->listeners[n];

		if (!listener_has_socket(listener) || !endpoint_is_path(listener->listen->address) ||
		    !(listener->node || marks->all) || !watch_ids_have(marks, listener->node))
			continue;
		if (runtime_state(runtime) == STARTING)
			socket_path_watch_look_later(runtime->engine, listener->node);
		else
			touched = true;
	}
	return touched;
}

void service_list_repair_paths(struct service_list *service_list)
{
	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (runtime && !runtime->engine->stopping && needs_repair(runtime))
			runtime_reopen_unreachable(runtime);
	}
}

void service_comparison_begin(struct service_comparison *comparison, const struct service_list *service_list,
			      const struct table *before, const struct table *after)
{
	*comparison = (struct service_comparison){
		.service_list = service_list,
		.before = before,
		.after = after,
		.generation = service_list->generation,
	};
}

static void compare_next(struct service_comparison *comparison, struct diff_cache *known, service_compared *compared,
			 void *context)
{
	const struct service *service = &comparison->after->services[comparison->at++];
	struct service_runtime *runtime =
		find_old_runtime(comparison->service_list, comparison->before, service->name);

	if (service_is_off(service))
		return;
	if (runtime && runtime_is_removed(runtime))
		compared(context, DIFF_ADDED, NULL, service);
	else
		compared(context, compare_entry(known, runtime, service), runtime, service);
}

enum comparison_progress service_comparison_go_on(struct service_comparison *comparison, double seconds,
						  service_compared *compared, void *context)
{
	struct diff_cache known = { 0 };        /* a leaving service may free its table between two turns */
	double until = clock_now() + seconds;

	if (comparison->generation != comparison->service_list->generation)
		return COMPARISON_OUTDATED;
	while (comparison->at < comparison->after->count) {
		compare_next(comparison, &known, compared, context);
		if (clock_now() >= until)
			return COMPARISON_GOES_ON;
	}
	while (comparison->old_at < comparison->service_list->count) {
		struct service_runtime *runtime = comparison->service_list->runtimes[comparison->old_at++];
		const struct service *row = runtime ? table_find(comparison->after, runtime->service->name) : NULL;

		if (runtime && (!row || service_is_off(row)))
			compared(context, keeps_old_entry(runtime, comparison->after) ? DIFF_SAME : DIFF_REMOVED,
				 runtime, disabled_entry(comparison->after, runtime));
		if (clock_now() >= until)
			return COMPARISON_GOES_ON;
	}
	return COMPARISON_COMPLETE;
}

static bool is_lacking(const struct service_list *service_list, const struct table *table, size_t n)
{
	return !service_is_off(&table->services[n]) && !service_list->runtimes[n];
}

bool service_list_lacks(const struct service_list *service_list, const struct table *table)
{
	for (size_t n = 0; n < table->count; n++) {
		if (is_lacking(service_list, table, n))
			return true;
	}
	return false;
}

void service_list_complete(struct service_list *service_list, struct engine *engine, struct table *table)
{
	for (size_t n = 0; n < table->count; n++) {
		if (is_lacking(service_list, table, n)) {
			service_list->runtimes[n] = make_service(engine, table, &table->services[n]);
			engine->unsaved_all = true;
			begin_service(service_list->runtimes[n]);
		}
	}
	service_list->generation++;
	engine->unsaved_all = true;
	wants_follow_all(engine);
}

void service_list_free(struct service_list *service_list)
{
	for (size_t n = 0; n < service_list->count; n++)
		runtime_free(service_list->runtimes[n]);
	free(service_list->runtimes);
	service_list->runtimes = NULL;
	service_list->count = 0;
}
