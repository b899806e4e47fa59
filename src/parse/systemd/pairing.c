/* Finds units that belong together: the sockets of a request, their services, and the sockets that those name.
 *
 * Each side may name the other. A socket names its service or shares its name, a service names further sockets, and
 * both names may be aliases. Only after the last source does superd know all sockets of a service. They are ordered
 * as requested, then by name. */
#include "parse/systemd/pairing.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/scan.h"

void requested_units_free(void *state)
{
	struct requested_units *asked = state;

	for (size_t n = 0; n < asked->pair_count; n++)
		free(asked->pairs[n].sockets);
	free(asked->pairs);
	free(asked->list);
	pool_free(asked->pool);
	free(asked);
}

static struct requested_units *make_asked(struct reading *reading)
{
	void **state = reading_state(reading, requested_units_free);
	struct requested_units *asked = *state;

	if (asked)
		return asked;
	asked = calloc(1, sizeof(*asked));
	if (asked)
		asked->pool = pool_new();
	if (asked && asked->pool) {
		*state = asked;
		return asked;
	}
	free(asked);
	reading_refuse_memory(reading);
	return NULL;
}

bool units_request(struct reading *reading, const struct unit *unit, const char *folder, bool by_name)
{
	struct requested_units *asked = make_asked(reading);
	struct requested_unit *list;

	if (!asked)
		return false;
	for (size_t n = 0; n < asked->count; n++) {
		if (asked->list[n].unit == unit)
			return true;
	}
	list = array_grow(asked->list, &asked->capacity, asked->count, sizeof(*list));
	if (!list)
		return reading_refuse_memory(reading);
	asked->list = list;
	list[asked->count++] = (struct requested_unit){ unit, folder, by_name };
	reading->pending++;
	return true;
}

static struct unit_pairing *find_pair(struct requested_units *asked, const struct unit *service)
{
	for (size_t n = 0; n < asked->pair_count; n++) {
		if (asked->pairs[n].service == service && !asked->pairs[n].accepts)
			return &asked->pairs[n];
	}
	return NULL;
}

/* The name of a unit without its suffix. */
static const char *stem(struct requested_units *asked, const struct unit *unit)
{
	return pool_text_n(asked->pool, unit->name, strlen(unit->name) - strlen(unit->suffix) - 1);
}

static struct unit_pairing *add_pair(struct reading *reading, const struct unit *service, const char *folder,
				     const struct unit *named)
{
	struct requested_units *asked = units_asked(reading);
	struct unit_pairing *pairs = array_grow(asked->pairs, &asked->pair_capacity, asked->pair_count, sizeof(*pairs));
	const char *name = stem(asked, named);

	if (pairs)
		asked->pairs = pairs;
	if (!pairs || !name) {
		reading_refuse_memory(reading);
		return NULL;
	}
	pairs[asked->pair_count] = (struct unit_pairing){ .service = service, .folder = folder, .name = name };
	return &pairs[asked->pair_count++];
}

static bool add_socket(struct reading *reading, struct unit_pairing *pair, const struct unit *socket)
{
	const struct unit **sockets = array_grow(pair->sockets, &pair->capacity, pair->count, sizeof(*sockets));

	if (!sockets)
		return reading_refuse_memory(reading);
	pair->sockets = sockets;
	sockets[pair->count++] = socket;
	return true;
}

static bool is_placed(const struct requested_units *asked, const struct unit *socket)
{
	for (size_t n = 0; n < asked->pair_count; n++) {
		for (size_t i = 0; i < asked->pairs[n].count; i++) {
			if (asked->pairs[n].sockets[i] == socket)
				return true;
		}
	}
	return false;
}

static void leave_out(struct reading *reading, const struct unit *unit)
{
	const char *name = stem(units_asked(reading), unit);

	reading_leave_out(reading, unit_start(unit), name);
}

/* The service that a socket leads to. */
struct lead {
	struct origin at; /* of Service, or the start of the socket's file */
	bool accepts, failed;
	const char *name; /* of the service */
};

static void refuse_lead(struct reading *reading, struct lead *lead, struct origin at, const char *message)
{
	diag_error(reading->diags, at, "%s", message);
	lead->failed = true;
}

/* What Service names, with its specifiers replaced; NULL: nothing, or wrong (reported). */
static const char *read_service(struct reading *reading, const struct unit *socket, struct lead *lead)
{
	const struct unit_assignment *said = unit_last(socket, "Socket", "Service");
	struct unit_builder builder = { .reading = reading, .pool = units_asked(reading)->pool };
	const char *text;

	if (!said)
		return NULL;
	unit_builder_turn(&builder, socket);
	lead->at = unit_place(said, 0);
	text = unit_value(&builder, said);
	lead->failed |= !text;
	return text;
}

static const char *service_name(struct reading *reading, const struct unit *socket, bool accepts)
{
	struct pool *pool = units_asked(reading)->pool;

	if (accepts)
		return pool_textf(pool, "%s@.service", socket->prefix);
	return pool_textf(pool, "%s.service", stem(units_asked(reading), socket));
}

static struct lead read_lead(struct reading *reading, const struct unit *socket)
{
	const struct unit_assignment *accept = unit_last(socket, "Socket", "Accept");
	struct lead lead = { .at = unit_start(socket) };
	const char *named = read_service(reading, socket, &lead);

	if (accept && scan_bool(accept->value, &lead.accepts))
		refuse_lead(reading, &lead, unit_place(accept, 0), "Accept: it is yes or no");
	if (!unit_listens(socket))
		refuse_lead(reading, &lead, unit_start(socket), "it has no Listen key: there is nothing to listen on");
	if (named && lead.accepts)
		refuse_lead(reading, &lead, lead.at,
			    "Service goes with Accept=no: with Accept=yes each connection has an "
			    "instance of the template that is called as the socket");
	else if (named && (!unit_name_has_suffix(named, ".service") || !unit_name_is_valid(named)))
		refuse_lead(reading, &lead, lead.at, "Service: it is the name of a unit, NAME.service");
	lead.name = named && !lead.accepts ? named : service_name(reading, socket, lead.accepts);
	if (!lead.name)
		lead.failed = !reading_refuse_memory(reading);
	return lead;
}

/* A template where a service was meant, or the other way round, is what most people meet first. */
static void hint_other(struct reading *reading, const struct requested_unit *asked, const struct lead *lead)
{
	const char *other = service_name(reading, asked->unit, !lead->accepts);
	bool failed;

	if (!other || !unit_find(reading, asked->folder, other, &failed))
		return;
	if (lead->accepts)
		diags_hint(reading->diags,
			   "with Accept=yes each connection has an instance of %s; %s, which is there, "
			   "goes with Accept=no",
			   lead->name, other);
	else
		diags_hint(reading->diags, "%s, which is there, goes with Accept=yes", other);
}

static const struct unit *find_service(struct reading *reading, const struct requested_unit *asked, struct lead *lead)
{
	bool failed = false;
	const struct unit *service = unit_find(reading, asked->folder, lead->name, &failed);

	if (service && service->is_masked) {
		diag_warning(reading->diags, lead->at, "%s is masked: %s is left out", lead->name, asked->unit->name);
		reading->asked_masked |= asked->by_name;
		return NULL;
	}
	if (!service && !failed) {
		diag_error(reading->diags, lead->at, "%s: there is no such unit, which it is to start", lead->name);
		hint_other(reading, asked, lead);
	}
	if (service)
		return service;
	leave_out(reading, asked->unit);
	lead->failed = true;
	return NULL;
}

/* If a socket leads nowhere, superd still reads the likely service, to report the mistakes of both at once. */
static const struct unit *guess_service(struct reading *reading, const struct requested_unit *asked, struct lead *lead)
{
	bool failed = false;
	const char *name = service_name(reading, asked->unit, lead->accepts);
	const struct unit *service = name ? unit_find(reading, asked->folder, name, &failed) : NULL;

	if (!service && !failed) {
		lead->accepts = !lead->accepts;
		name = service_name(reading, asked->unit, lead->accepts);
		service = name ? unit_find(reading, asked->folder, name, &failed) : NULL;
	}
	return service && !service->is_masked ? service : NULL;
}

/* A socket without a service becomes a pair too, so that superd reports the mistakes of the socket itself. */
static void place_socket(struct reading *reading, const struct requested_unit *asked)
{
	struct lead lead = read_lead(reading, asked->unit);
	bool misled = lead.failed;
	const struct unit *service =
		misled ? guess_service(reading, asked, &lead) : find_service(reading, asked, &lead);
	struct unit_pairing *pair;

	if (misled)
		leave_out(reading, asked->unit);
	if (!service && !lead.failed)
		return;
	pair = lead.accepts || !service ? NULL : find_pair(units_asked(reading), service);
	if (!pair)
		pair = add_pair(reading, service, asked->folder, lead.accepts || !service ? asked->unit : service);
	if (!pair || !add_socket(reading, pair, asked->unit))
		return;
	pair->accepts = lead.accepts;
	pair->has_failed |= lead.failed;
}

/* A service that was asked for brings the socket that is called as it. */
static void place_service(struct reading *reading, const struct requested_unit *asked)
{
	struct requested_units *all = units_asked(reading);
	const char *name = stem(all, asked->unit);
	const struct unit *socket;
	bool failed = false;

	if (find_pair(all, asked->unit))
		return;
	name = name ? pool_textf(all->pool, "%s.socket", name) : NULL;
	socket = name ? unit_find(reading, asked->folder, name, &failed) : NULL;
	if (socket && !socket->is_masked && !is_placed(all, socket))
		place_socket(reading, &(struct requested_unit){ socket, asked->folder, asked->by_name });
	if (!failed && !find_pair(all, asked->unit))
		add_pair(reading, asked->unit, asked->folder, asked->unit);
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds a socket that a service names itself. */
static void add_named(struct reading *reading, struct unit_pairing *pair, const char *name, struct origin at)
{
	bool failed = false;
	const struct unit *socket =
		unit_name_has_suffix(name, ".socket") ? unit_find(reading, pair->folder, name, &failed) : NULL;

	for (size_t n = 0; socket && n < pair->count; n++) {
		if (pair->sockets[n] == socket)
			return;
	}
	if (socket && socket->is_masked)
		return;
	if (socket && !is_placed(units_asked(reading), socket)) {
		pair->has_failed |= !add_socket(reading, pair, socket);
		return;
	}
	if (socket)
		diag_error(reading->diags, at, "Sockets: %s leads to another service, and superd gives a socket to one",
			   name);
	else if (!failed)
		diag_error(reading->diags, at, "Sockets: there is no socket %s", name);
	pair->has_failed = true;
}

static void add_further(struct reading *reading, struct unit_pairing *pair)
{
	struct unit_builder builder = { .reading = reading, .pool = units_asked(reading)->pool };
	struct unit_list list;

	unit_builder_turn(&builder, pair->service);
	list = unit_collect(&builder, "Service", "Sockets", COLLECT_WORDS);
	if (list.count)
		qsort(list.words, list.count, sizeof(*list.words), compare_words);
	for (size_t n = 0; n < list.count; n++)
		add_named(reading, pair, list.words[n], list.at);
	pair->has_failed |= list.failed;
	unit_list_free(&list);
}

static bool is_kind(const struct requested_unit *asked, const char *suffix)
{
	return !strcmp(asked->unit->suffix, suffix);
}

void units_pair(struct reading *reading)
{
	struct requested_units *asked = units_asked(reading);

	for (size_t n = 0; n < asked->count; n++) {
		if (is_kind(&asked->list[n], "socket"))
			place_socket(reading, &asked->list[n]);
	}
	for (size_t n = 0; n < asked->count; n++) {
		if (is_kind(&asked->list[n], "service"))
			place_service(reading, &asked->list[n]);
	}
	for (size_t n = 0; n < asked->pair_count; n++) {
		if (!asked->pairs[n].accepts)
			add_further(reading, &asked->pairs[n]);
	}
}
