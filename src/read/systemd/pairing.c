/* Finds units that belong together: requested sockets, their services, and further sockets that those name.
 *
 * A socket names its service or has the same name. A service may name further sockets. Both names may be aliases. So
 * all sockets of a service are known only after the last source. They have the order of the request, and the further
 * ones are sorted by name. */
#include "read/systemd/internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/scan.h"

void requested_units_free(void *state)
{
	struct requested_units *asked = state;

	for (size_t n = 0; n < asked->pair_count; n++) {
		free(asked->pairs[n].sockets);
		free(asked->pairs[n].fifos);
		free(asked->pairs[n].needs);
	}
	free(asked->pairs);
	free(asked->list);
	pool_free(asked->pool);
}

static struct requested_units *make_requested_units(struct reading *reading)
{
	void **state = reading_state(reading, requested_units_free);
	struct requested_units *asked = *state;
	struct pool *pool;

	if (asked)
		return asked;
	pool = pool_new();
	*state = asked = pool_alloc(pool, sizeof(*asked));
	asked->pool = pool;
	return asked;
}

void units_request(struct reading *reading, const struct unit *unit, const char *folder, bool by_name)
{
	struct requested_units *asked = make_requested_units(reading);

	for (size_t n = 0; n < asked->count; n++) {
		if (asked->list[n].unit == unit)
			return;
	}
	array_add(asked->list, asked->count, asked->capacity) = (struct requested_unit){ unit, folder, by_name };
	reading->pending++;
}

static struct unit_pairing *find_pairing(struct requested_units *asked, const struct unit *service)
{
	for (size_t n = 0; n < asked->pair_count; n++) {
		if (asked->pairs[n].service == service && !asked->pairs[n].accepts)
			return &asked->pairs[n];
	}
	return NULL;
}

/* The name of a unit without its suffix. */
static const char *name_without_suffix(struct requested_units *asked, const struct unit *unit)
{
	return pool_text_n(asked->pool, unit->name, strlen(unit->name) - strlen(unit->suffix) - 1);
}

static struct unit_pairing *add_pairing(struct requested_units *asked, const struct unit *service, const char *folder,
					const struct unit *named)
{
	array_add(asked->pairs, asked->pair_count, asked->pair_capacity) = (struct unit_pairing){
		.service = service, .folder = folder, .name = name_without_suffix(asked, named),
	};
	return &asked->pairs[asked->pair_count - 1];
}

static bool is_paired(const struct requested_units *asked, const struct unit *socket)
{
	for (size_t n = 0; n < asked->pair_count; n++) {
		for (size_t i = 0; i < asked->pairs[n].count; i++) {
			if (asked->pairs[n].sockets[i] == socket)
				return true;
		}
	}
	return false;
}

static void leave_out_unit(struct reading *reading, const struct requested_unit *asked)
{
	const char *name = name_without_suffix(units_asked(reading), asked->unit);

	reading_leave_out(reading, unit_start(asked->unit), name);
	if (!asked->by_name)
		reading_note(reading, (struct note){ NOTE_ALONE, .name = name });
}

/* The service that a socket activates. */
struct target {
	struct origin at; /* of Service, or the start of the socket's file */
	bool accepts, failed;
	const char *name; /* of the service */
};

static void refuse_target(struct reading *reading, struct target *target, struct origin at, const char *message)
{
	diag_error(reading->diags, at, "%s", message);
	target->failed = true;
}

/* Reports a socket without an address: at a key that was meant as one, as Listen= or ListenTCP=, if there is one. */
static void refuse_silent_socket(struct reading *reading, const struct unit *socket, struct target *target)
{
	const struct unit_assignment *meant = unit_misspelt_listen(socket);
	const char *near = meant ? unit_key_suggest("Socket", meant->key) : NULL;

	if (!meant)
		refuse_target(reading, target, unit_start(socket),
			      "there is nothing to listen on: [Socket] has no ListenStream, nor another key of its "
			      "kind");
	else
		refuse_target(reading, target, meant->at, "there is nothing to listen on: this key is unknown");
	if (meant)
		diags_hint(reading->diags, "did you mean '%s'?",
			   near && !strncmp(near, "Listen", 6) ? near : "ListenStream");
}

/* What Service names, with its specifiers replaced; NULL: nothing, or wrong (reported). */
static const char *read_service(struct reading *reading, const struct unit *socket, struct target *target)
{
	const struct unit_assignment *said = unit_last(socket, "Socket", "Service");
	struct unit_builder builder = { .reading = reading, .pool = units_asked(reading)->pool };
	const char *text;

	if (!said)
		return NULL;
	unit_builder_turn(&builder, socket);
	target->at = unit_place(said, 0);
	text = unit_value(&builder, said);
	target->failed |= !text;
	return text;
}

static const char *service_name(struct reading *reading, const struct unit *socket, bool accepts)
{
	struct pool *pool = units_asked(reading)->pool;

	if (accepts)
		return pool_textf(pool, "%s@.service", socket->prefix);
	return pool_textf(pool, "%s.service", name_without_suffix(units_asked(reading), socket));
}

static struct target read_target(struct reading *reading, const struct unit *socket)
{
	const struct unit_assignment *accept = unit_last(socket, "Socket", "Accept");
	struct target target = { .at = unit_start(socket) };
	const char *named = read_service(reading, socket, &target);

	if (accept && scan_bool(accept->value, &target.accepts))
		refuse_target(reading, &target, unit_place(accept, 0), "Accept: expected yes or no");
	if (!unit_listens(socket))
		refuse_silent_socket(reading, socket, &target);
	if (named && target.accepts)
		refuse_target(reading, &target, target.at,
			      "Service goes with Accept=no: with Accept=yes each connection has an "
			      "instance of the template that is called as the socket");
	else if (named && (!unit_name_has_suffix(named, ".service") || !unit_name_is_valid(named)))
		refuse_target(reading, &target, target.at, "Service: expected the name of a unit, NAME.service");
	target.name = named && !target.accepts ? named : service_name(reading, socket, target.accepts);
	return target;
}

/* Adds a hint if there is a template where Accept=no needs a plain service, or the other way round: a common
 * mistake. */
static void hint_other_name(struct reading *reading, const struct requested_unit *asked, const struct target *target)
{
	const char *other = service_name(reading, asked->unit, !target->accepts);
	bool failed;

	if (!unit_find(reading, asked->folder, other, &failed))
		return;
	if (target->accepts)
		diags_hint(reading->diags,
			   "with Accept=yes each connection has an instance of %s; %s, which is there, "
			   "goes with Accept=no",
			   target->name, other);
	else
		diags_hint(reading->diags, "%s, which is there, goes with Accept=yes", other);
}

static const struct unit *find_service(struct reading *reading, const struct requested_unit *asked,
				       struct target *target)
{
	bool failed = false;
	const struct unit *service = unit_find(reading, asked->folder, target->name, &failed);

	if (service && service->is_masked) {
		diag_warning(reading->diags, target->at, "%s is masked: %s is left out", target->name,
			     asked->unit->name);
		reading->asked_masked |= asked->by_name;
		return NULL;
	}
	if (!service && !failed) {
		diag_error(reading->diags, target->at, "%s: there is no such unit to start", target->name);
		hint_other_name(reading, asked, target);
	}
	if (service)
		return service;
	leave_out_unit(reading, asked);
	target->failed = true;
	return NULL;
}

/* If the service of a socket is missing, superd reads the likely one, to report the mistakes of both at once. */
static const struct unit *guess_service(struct reading *reading, const struct requested_unit *asked,
					struct target *target)
{
	bool failed = false;
	const char *name = service_name(reading, asked->unit, target->accepts);
	const struct unit *service = unit_find(reading, asked->folder, name, &failed);

	if (!service && !failed) {
		target->accepts = !target->accepts;
		name = service_name(reading, asked->unit, target->accepts);
		service = unit_find(reading, asked->folder, name, &failed);
	}
	return service && !service->is_masked ? service : NULL;
}

/* A socket without a service becomes a pair too, so that superd reports the mistakes of the socket itself. */
static void pair_socket(struct reading *reading, const struct requested_unit *asked)
{
	struct target target = read_target(reading, asked->unit);
	bool misled = target.failed;
	const struct unit *service =
		misled ? guess_service(reading, asked, &target) : find_service(reading, asked, &target);
	struct unit_pairing *pair;

	if (misled)
		leave_out_unit(reading, asked);
	if (!service && !target.failed)
		return;
	pair = target.accepts || !service ? NULL : find_pairing(units_asked(reading), service);
	if (!pair)
		pair = add_pairing(units_asked(reading), service, asked->folder,
				   target.accepts || !service ? asked->unit : service);
	array_add(pair->sockets, pair->count, pair->capacity) = asked->unit;
	pair->accepts = target.accepts;
	pair->by_name |= asked->by_name;
	pair->has_failed |= target.failed;
}

/* Whether a socket activates this service. With Accept=yes, or another Service, it is a way of its own to run. */
static bool leads_to(struct reading *reading, const struct unit *socket, const struct requested_unit *asked)
{
	struct diags unheard = { 0 }, *diags = reading->diags;
	struct target target;
	bool leads, failed = false;

	reading->diags = &unheard;
	target = read_target(reading, socket);
	leads = target.failed ||        /* which is reported with the pair */
		unit_find(reading, asked->folder, target.name, &failed) == asked->unit;
	reading->diags = diags;
	diags_free(&unheard);
	if (!leads)
		diag_note(diags, unit_start(socket), "not read: it leads to %s, not to %s", target.name,
			  asked->unit->name);
	return leads;
}

/* A requested service also gets the socket of the same name. */
static void pair_service(struct reading *reading, const struct requested_unit *asked)
{
	struct requested_units *all = units_asked(reading);
	const char *name = name_without_suffix(all, asked->unit);
	struct unit_pairing *pair;
	const struct unit *socket;
	bool failed = false;

	pair = find_pairing(all, asked->unit);
	if (pair) {
		pair->by_name |= asked->by_name;
		return;
	}
	socket = unit_find(reading, asked->folder, pool_textf(all->pool, "%s.socket", name), &failed);
	if (socket && !socket->is_masked && !is_paired(all, socket) && leads_to(reading, socket, asked))
		pair_socket(reading, &(struct requested_unit){ socket, asked->folder, asked->by_name });
	pair = find_pairing(all, asked->unit);
	if (!failed && !pair)
		pair = add_pairing(all, asked->unit, asked->folder, asked->unit);
	if (pair)
		pair->by_name |= asked->by_name;
}

void units_pull(struct reading *reading, const struct requested_unit *asked)
{
	struct unit_pairing *pair;

	pair_service(reading, asked);
	pair = find_pairing(units_asked(reading), asked->unit);
	if (!pair)
		return;
	pair->is_pulled = true;
	reading->pending++;
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether all that a socket unit has is one fifo. */
static bool is_fifo(const struct unit *socket)
{
	size_t count = 0;

	for (size_t n = 0; n < socket->count; n++) {
		if (unit_is_listen(&socket->list[n]) && *socket->list[n].value &&
		    (strcmp(socket->list[n].key, "ListenFIFO") != 0 || count++))
			return false;
	}
	return count;
}

/* Adds a socket that the service names in Sockets=. */
static void add_named_socket(struct reading *reading, struct unit_pairing *pair, const char *name, struct origin at)
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
	if (socket && !is_paired(units_asked(reading), socket)) {
		array_add(pair->sockets, pair->count, pair->capacity) = socket;
		return;
	}
	if (socket && is_fifo(socket)) {
		array_add(pair->fifos, pair->fifo_count, pair->fifo_capacity) = socket;
		return;
	}
	if (socket)
		diag_error(reading->diags, at, "Sockets: %s leads to another service, and superd passes a socket to "
					       "one, unless it is a single fifo",
			   name);
	else if (!failed)
		diag_error(reading->diags, at, "Sockets: there is no socket %s", name);
	pair->has_failed = true;
}

static void add_further_sockets(struct reading *reading, struct unit_pairing *pair)
{
	struct unit_builder builder = { .reading = reading, .pool = units_asked(reading)->pool };
	struct word_list list;

	unit_builder_turn(&builder, pair->service);
	list = unit_collect(&builder, "Service", "Sockets", COLLECT_WORDS);
	if (list.count)
		qsort(list.words, list.count, sizeof(*list.words), compare_words);
	for (size_t n = 0; n < list.count; n++)
		add_named_socket(reading, pair, list.words[n], list.at);
	pair->has_failed |= list.failed;
	word_list_free(&list);
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
			pair_socket(reading, &asked->list[n]);
	}
	for (size_t n = 0; n < asked->count; n++) {
		if (is_kind(&asked->list[n], "service"))
			pair_service(reading, &asked->list[n]);
	}
}

void units_pair_further(struct reading *reading)
{
	struct requested_units *asked = units_asked(reading);

	for (size_t n = 0; n < asked->pair_count; n++) {
		if (asked->pairs[n].service && !asked->pairs[n].accepts)
			add_further_sockets(reading, &asked->pairs[n]);
	}
}
