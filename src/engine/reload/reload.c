/* Applies a new table. Sockets may change hands, so the order matters: first all sockets that their keepers no
 * longer need are put on offer, then keepers that lack a socket take it from there, and after all new ones are bound
 * the rest is closed. */
#include "engine/reload/reload.h"

#include <stdlib.h>
#include <string.h>

#include "config/table/diff.h"
#include "engine/accept/admission.h"
#include "engine/drain/drain.h"
#include "engine/drain/twins.h"
#include "engine/listener/offers.h"
#include "engine/service/locks.h"
#include "engine/service/old_row.h"
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
static void set_aside(struct keeper *keeper, const struct service *service, const struct table *after)
{
	struct buf why = { 0 };
	enum on_remove diff = service_on_remove(service, keeper->service);
	bool drains = diff == REMOVE_DRAIN, is_alone;

	if (diff == REMOVE_STOP || !keeper_runs_on(keeper)) {
		drain_call_off(keeper);
		return;
	}
	if (keeper->state == FROZEN)
		keeper_event(keeper, ENABLE);
	is_alone = !drains || !any_is_wanted(keeper->service, after) || keeper->state != RUNNING;
	if (!is_alone)
		drain_call_off(keeper);
	if (is_alone || !drain_try(keeper, &why))
		drain_lend(keeper, drains);
	buf_free(&why);
}

/* The listeners of a new row, those of the keeper's own that fit moved into it, the rest of its own put on offer. */
static struct listener *sort_listeners(struct keeper *keeper, const struct service *service, struct offers *offers)
{
	struct listener *listeners = calloc(service->socket_count + 1, sizeof(*listeners));

	if (!listeners)
		return NULL;
	admission_recall(keeper);       /* who is asked about goes along with its listener */
	twins_name(keeper);
	for (size_t n = 0; n < service->socket_count; n++) {
		listener_init(&listeners[n], keeper->engine, &service->sockets[n], keeper_on_ready, keeper);
		for (size_t old = 0; old < keeper->listener_count; old++) {
			if (!listener_fits(&keeper->listeners[old], &service->sockets[n]))
				continue;
			listener_move(&keeper->listeners[old], &listeners[n], keeper->engine, service->name);
			break;
		}
	}
	for (size_t old = 0; old < keeper->listener_count; old++)
		offers_add(offers, keeper->engine, &keeper->listeners[old], keeper->table);
	return listeners;
}

/* The plan for one row of the new table. */
struct plan_row {
	struct keeper *keeper;          /* keeper of the same name in the old table; NULL: the service is new */
	enum diff_kind diff;
	bool returns;                   /* the keeper was leaving after an earlier reload */
	struct listener *listeners;     /* DIFF_SOCKETS: the listeners of the new row */
	struct buf options;             /* names of the options that differ, as service_compare writes them */
};

/* Takes the service's keeper out of the old roster, or returns one that an earlier reload removed and that has not gone
 * yet. NULL: there is neither. */
static struct keeper *take_before(struct roster *roster, const struct table *before, struct engine *engine,
				  const char *name)
{
	struct keeper **place = roster_place(roster, before, name), *keeper = place ? *place : NULL;

	if (place)
		*place = NULL;
	return keeper ? keeper : keeper_find_leaving(engine, name);
}

/* The new table has the service, but with mistakes. The running one is better than none. */
static bool stays(const struct keeper *keeper, const struct table *after)
{
	return keeper && table_may_lack(after, keeper->service) && !any_is_claimed(keeper->service, after);
}

static void keep(struct keeper *keeper)
{
	struct event event = { .name = "warning", .service = keeper->service->name };

	log_event(keeper->engine->log, LEVEL_WARNING, &event, "its entry is wrong now: it goes on as it was");
}

/* `accept` decides which table of transitions a service has, so a change of it is as deep as one of its sockets. */
static enum diff_kind compare(struct diff_cache *known, const struct service *before, const struct service *after)
{
	enum diff_kind diff = service_compare_next(known, before, after);

	return diff == DIFF_CHANGED && before->exec->accept != after->exec->accept ? DIFF_SOCKETS : diff;
}

/* A keeper whose instance runs on with its sockets keeps those that no row of the new table claims. */
static void offer(struct keeper *keeper, const struct table *after, struct offers *offers)
{
	bool keeps = keeper_runs_on(keeper);

	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct listener *listener = &keeper->listeners[n];

		if (!keeps || is_claimed(listener->listen->endpoint, after))
			offers_add(offers, keeper->engine, listener, keeper->table);
	}
}

/* Of the keepers without a row in the new table: collects those that stay, and offers the sockets of the others. */
static size_t sort_rest(struct roster *roster, const struct table *after, struct offers *offers,
			struct keeper **staying)
{
	size_t count = 0;

	for (size_t n = 0; n < roster->count; n++) {
		struct keeper *rest = roster->keepers[n];

		if (!rest)
			continue;
		if (stays(rest, after)) {
			keep(rest);
			staying[count++] = rest;
			roster->keepers[n] = NULL;
			continue;
		}
		admission_recall(rest);
		twins_name(rest);
		set_aside(rest, rest->service, after);
		offer(rest, after, offers);
	}
	return count;
}

/* Takes back a keeper that was leaving. If it is off, it has closed its sockets. */
static void take_back(struct plan_row *row)
{
	struct keeper *keeper = row->keeper;

	keeper_return(keeper);
	row->returns = true;
	if (keeper->state == OFF || keeper->state == CLOSING)
		row->diff = DIFF_SOCKETS;
	if (row->diff != DIFF_SOCKETS)
		drain_call_off(keeper);
}

/* The first pass: decides the fate of every row, and offers sockets, before any is taken. */
static void survey(struct plan_row *rows, struct roster *roster, struct engine *engine, struct table *before,
		   struct table *after, struct offers *offers)
{
	struct diff_cache known = { 0 };

	for (size_t n = 0; n < after->count; n++) {
		const struct service *service = &after->services[n];

		if (service->exec->disable)
			continue;
		rows[n].keeper = take_before(roster, before, engine, service->name);
		rows[n].diff = rows[n].keeper ? compare(&known, rows[n].keeper->service, service) : DIFF_ADDED;
		if (rows[n].keeper && rows[n].keeper->removed)
			take_back(&rows[n]);
		if (rows[n].diff == DIFF_CHANGED || rows[n].diff == DIFF_SOCKETS)
			service_compare(rows[n].keeper->service, service, &rows[n].options);
		if (rows[n].diff != DIFF_SOCKETS)
			continue;
		old_row_note_sockets(rows[n].keeper, service);
		set_aside(rows[n].keeper, service, after);
		rows[n].listeners = sort_listeners(rows[n].keeper, service, offers);
	}
	LIST_EACH(link, &engine->leaving) {
		if (keeper_runs_on(keeper_leaving(link)))
			offer(keeper_leaving(link), after, offers);
	}
}

static void replace(struct keeper *keeper, struct table *after, const struct service *service, struct plan_row *row,
		    struct offers *offers)
{
	struct listener *old = keeper->listeners;

	if (!row->listeners)            /* no memory: it goes on as it is, until the next reload */
		return;
	for (size_t n = 0; n < service->socket_count; n++) {
		if (listener_is_open(&row->listeners[n]))
			continue;
		offers_take(offers, &row->listeners[n], keeper->engine, service->name);
	}
	keeper_replace(keeper, after, service, row->listeners);
	free(old);
}

static struct keeper *add(struct engine *engine, struct table *after, const struct service *service,
			  struct offers *offers)
{
	struct keeper *keeper = keeper_new(engine, after, service);

	if (!keeper) {
		log_error(engine->log, "%s: cannot be added: out of memory", service->name);
		return NULL;
	}
	locks_apply(keeper);
	if (keeper->disabled)
		return keeper;
	for (size_t n = 0; offers && n < keeper->listener_count; n++) {
		offers_take(offers, &keeper->listeners[n], engine, service->name);
		if (!service->exec->accept)
			listener_send_away(&keeper->listeners[n], engine, REFUSED_CLOSED);
	}
	keeper_event(keeper, ENABLE);
	return keeper;
}

/* keeper NULL: there was no memory for it. */
static void log_fate(struct engine *engine, const char *service, enum diff_kind diff, const char *options,
		     struct keeper *keeper)
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
	if (keeper && diff == DIFF_REMOVED)
		old_row_describe_removed(keeper, &why);
	else if (keeper)
		old_row_describe(keeper, &why);
	if (why.length)
		buf_addf(&text, "; %s", buf_string(&why));
	buf_free(&why);
	log_event(engine->log, LEVEL_NOTICE, &event, "%s%s", fates[diff], buf_string(&text));
	buf_free(&text);
}

/* For the log, and for whoever has asked for the reload. */
static void tell_fate(struct engine *engine, const char *service, enum diff_kind diff, const char *options,
		      struct keeper *keeper, struct reload_counts *counts)
{
	if (counts->told++ < TOLD_MOST)
		log_fate(engine, service, diff, options, keeper);
	if (!engine->fates)
		return;
	buf_char(engine->fates, (char)(1 + diff));
	buf_add(engine->fates, service, strlen(service) + 1);
	buf_add(engine->fates, options, strlen(options) + 1);
}

static struct keeper *become(struct engine *engine, struct table *after, const struct service *service,
			     struct plan_row *row, struct offers *offers)
{
	switch (row->diff) {
	case DIFF_SAME:
		keeper_adopt(row->keeper, after, service, false);
		return row->keeper;
	case DIFF_CHANGED:
		keeper_adopt(row->keeper, after, service, true);
		return row->keeper;
	case DIFF_SOCKETS:
		replace(row->keeper, after, service, row, offers);
		return row->keeper;
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

static struct keeper *apply(struct engine *engine, struct table *after, size_t n, struct plan_row *row,
			    struct offers *offers, struct reload_counts *counts)
{
	const struct service *service = &after->services[n];
	enum diff_kind diff = row->returns ? DIFF_ADDED : row->diff;
	struct keeper *keeper;

	if (service->exec->disable)
		return NULL;
	keeper = become(engine, after, service, row, offers);
	count(counts, diff);
	if (diff != DIFF_SAME)
		tell_fate(engine, service->name, diff, row->returns ? "" : buf_string(&row->options), keeper, counts);
	buf_free(&row->options);
	return keeper;
}

bool roster_build(struct roster *roster, struct engine *engine, struct table *table)
{
	roster->keepers = calloc(table->count + 1, sizeof(struct keeper *));
	if (!roster->keepers)
		return false;
	roster->count = table->count;
	roster->table = table;
	roster->changes++;
	for (size_t n = 0; n < table->count; n++) {
		if (!table->services[n].exec->disable)
			roster->keepers[n] = add(engine, table, &table->services[n], NULL);
	}
	return true;
}

bool roster_reload(struct roster *roster, struct engine *engine, struct table *before, struct table *after,
		   struct reload_counts *counts)
{
	struct keeper **keepers = calloc(after->count + roster->count + 1, sizeof(struct keeper *));
	struct keeper **old = roster->keepers;
	struct plan_row *rows = calloc(after->count + 1, sizeof(*rows));
	struct offers offers;
	size_t old_count = roster->count, staying;

	*counts = (struct reload_counts){ 0 };
	if (!offers_init(&offers, old_count) || !keepers || !rows) {
		free(keepers);
		free(rows);
		offers_close(&offers, engine);
		return false;
	}
	survey(rows, roster, engine, before, after, &offers);
	staying = sort_rest(roster, after, &offers, keepers + after->count);
	counts->unchanged = staying;
	for (size_t n = 0; n < after->count; n++)
		keepers[n] = apply(engine, after, n, &rows[n], &offers, counts);
	roster->keepers = keepers;
	roster->count = after->count + staying;
	roster->table = after;
	recent_free(&engine->judged);   /* by rules of before */
	roster->changes++;
	offers_close(&offers, engine);
	for (size_t n = 0; n < roster->count; n++) {
		if (keepers[n] && keepers[n]->state == BINDING)
			keeper_event(keepers[n], TIMER);        /* what stood in the way may be gone now */
	}
	for (size_t n = 0; n < old_count; n++) {
		if (!old[n])
			continue;
		counts->removed++;
		tell_fate(engine, old[n]->service->name, DIFF_REMOVED, "", old[n], counts);
		keeper_remove(old[n]);
	}
	if (counts->told > TOLD_MOST)
		log_notice(engine->log, "and %zu more services", counts->told - TOLD_MOST);
	free(old);
	free(rows);
	return true;
}

void roster_free(struct roster *roster)
{
	for (size_t n = 0; n < roster->count; n++)
		keeper_free(roster->keepers[n]);
	free(roster->keepers);
	*roster = (struct roster){ 0 };
}
