/* What a unit says of other units: which of them superd starts for it, and a warning for all else.
 *
 * A service that a unit names is a need of that unit, so that of a socket is the socket's (the options `requires`,
 * `wants`, and those of sockets). It is read along if the sources do not name it. After= and Before= between the two
 * say whether one waits for the other; between units of which none needs the other they mean nothing. Sockets are open
 * as long as superd runs, so nothing must start one. Targets and slices run nothing, and mean nothing here. */
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "read/systemd/internal.h"

/* Keys whose units are started, and the folders beside a unit that mean the same. */
static const struct {
	const char *key, *folder;
	bool required;                  /* the unit that names another does not start without it */
} starting[] = {
	{ "Requires", ".requires", true },
	{ "BindsTo", NULL, true },
	{ "Wants", ".wants", false },
	{ "Upholds", ".upholds", false },
};

static bool is_own(const struct unit_pairing *pair, const char *name)
{
	bool found = pair->service && !strcmp(pair->service->name, name);

	for (size_t n = 0; n < pair->count; n++)
		found |= !strcmp(pair->sockets[n]->name, name);
	return found;
}

/* Units that run nothing. */
static bool means_nothing(const char *name)
{
	return unit_name_has_suffix(name, ".target") || unit_name_has_suffix(name, ".slice");
}

/* The number of the pair that has this unit; pair_count: none has. */
static size_t find_pair(const struct requested_units *asked, const char *name)
{
	size_t n = 0;

	while (n < asked->pair_count && !(asked->pairs[n].service && is_own(&asked->pairs[n], name)))
		n++;
	return n;
}

/* The pair of a unit that another names, which is read along if need be. pair_count: superd starts no such unit
 * (reported). */
static size_t find_or_pull(struct unit_builder *builder, const char *folder, const char *key, const char *name,
			   struct origin at)
{
	struct requested_units *asked = units_asked(builder->reading);
	size_t found = find_pair(asked, name);
	bool failed = false, is_service = unit_name_has_suffix(name, ".service");
	const struct unit *unit = NULL;

	if (found == asked->pair_count && unit_name_is_valid(name) && !unit_name_is_template(name))
		unit = unit_find(builder->reading, folder, name, &failed);
	if (unit)                       /* it may be known by another name */
		found = find_pair(asked, unit->name);
	if (unit && found == asked->pair_count && is_service && !unit->is_masked) {
		units_pull(builder->reading, &(struct requested_unit){ unit, folder, false });
		return find_pair(asked, unit->name);
	}
	if (found < asked->pair_count || failed)
		return found;
	if (unit && unit->is_masked)
		unit_warn(builder, at, "%s: %s is masked, and is not started", key, name);
	else if (is_service)
		unit_warn(builder, at, "%s: there is no %s to start", key, name);
	else if (unit_name_has_suffix(name, ".socket"))
		unit_warn(builder, at, "%s: superd does not open %s: name it too, with -f", key, name);
	else
		unit_warn(builder, at, "%s: superd starts no units as %s", key, name);
	return found;
}

/* Whether a key of this unit, After or Before, names the other one. What is wrong with the key costs the order
 * alone. */
static bool orders(struct unit_builder *builder, const struct unit *unit, const char *key, const struct unit *other,
		   const char *also)
{
	struct diags unheard = { 0 }, *diags = builder->reading->diags;
	struct word_list list;
	bool found = false;

	unit_builder_turn(builder, unit);
	builder->reading->diags = &unheard;
	list = unit_collect(builder, "Unit", key, COLLECT_WORDS);
	builder->reading->diags = diags;
	for (size_t n = 0; n < list.count && !found; n++)
		found = !strcmp(list.words[n], other->name) || !strcmp(list.words[n], also);
	word_list_free(&list);
	diags_free(&unheard);
	return found;
}

/* The order of a unit and one that it needs, by this name. Where both orders are said, which is a ring, what is
 * needed comes first. */
static enum need_order order_of(struct unit_builder *builder, const struct unit *unit, const struct unit *needed,
				const char *name)
{
	enum need_order order = NEED_BESIDE;

	if (orders(builder, unit, "After", needed, name) || orders(builder, needed, "Before", unit, unit->name))
		order = NEED_BEFORE;
	else if (orders(builder, unit, "Before", needed, name) || orders(builder, needed, "After", unit, unit->name))
		order = NEED_BEHIND;
	unit_builder_turn(builder, unit);
	return order;
}

static void add_need(struct unit_builder *builder, size_t pair, struct unit_need need, const char *name)
{
	struct unit_pairing *own = &units_asked(builder->reading)->pairs[pair];
	const struct unit *needed = units_asked(builder->reading)->pairs[need.pair].service;

	for (size_t n = 0; n < own->need_count; n++) {
		if (own->needs[n].pair != need.pair || own->needs[n].by != need.by)
			continue;
		own->needs[n].required |= need.required;
		return;
	}
	need.order = order_of(builder, need.by, needed, name);
	array_add(own->needs, own->need_count, own->need_capacity) = need;
}

/* Notes what a unit of this pair needs. A socket is opened when superd starts, so a service that it needs starts
 * then. */
static void find_needs_of(struct unit_builder *builder, size_t pair, const struct unit *unit)
{
	struct requested_units *asked = units_asked(builder->reading);
	const char *folder = asked->pairs[pair].folder;
	struct key_list known = key_list(&unit_keys_unit);

	unit_builder_turn(builder, unit);
	for (size_t row = 0; row < sizeof(starting) / sizeof(*starting); row++) {
		struct word_list list = unit_collect(builder, "Unit", starting[row].key, COLLECT_WORDS);

		if (starting[row].folder)
			unit_listed_names(builder->reading, folder, unit, starting[row].folder, &list);
		for (size_t n = 0; n < list.count; n++) {
			const char *name = list.words[n];
			size_t found = pair;

			if (!is_own(&asked->pairs[pair], name) && !means_nothing(name))
				found = find_or_pull(builder, folder, starting[row].key, name, list.places[n]);
			if (found == pair || found >= asked->pair_count || !unit_name_has_suffix(name, ".service"))
				continue;
			asked->pairs[found].boots |= unit != builder->service;
			asked->pairs[found].is_needed = true;
			add_need(builder, pair,
				 (struct unit_need){ .pair = found, .by = unit, .required = starting[row].required,
						     .at = list.places[n] },
				 name);
		}
		asked->pairs[pair].has_failed |= list.failed;
		word_list_free(&list);
	}
	for (size_t n = 0; n < known.count; n++) {
		const struct key_row *key = &known.list[n];
		struct word_list list = { 0 };

		if (key->form == FORM_UNITS && key->reason)
			list = unit_collect(builder, "Unit", key->name, COLLECT_WORDS);
		for (size_t i = 0; i < list.count; i++) {
			if (!is_own(&asked->pairs[pair], list.words[i]) && !means_nothing(list.words[i]))
				unit_warn(builder, list.places[i], "%s=%s: %s", key->name, list.words[i], key->reason);
		}
		word_list_free(&list);
	}
}

void units_find_needs(struct reading *reading, size_t pair)
{
	const struct unit_pairing of = units_asked(reading)->pairs[pair];
	struct unit_builder builder = {
		.reading = reading, .pool = units_asked(reading)->pool, .service = of.service, .accepts = of.accepts,
	};

	if (!of.service)
		return;
	find_needs_of(&builder, pair, of.service);
	for (size_t n = 0; n < of.count; n++)
		find_needs_of(&builder, pair, of.sockets[n]);
}

/* A service without sockets: when it starts. */
static void set_start(struct unit_builder *builder, const struct unit_pairing *pair)
{
	const struct unit_assignment *said = unit_assigned(builder, "Unit", "StopWhenUnneeded");
	struct origin at = said ? unit_place(said, 0) : unit_start(builder->service);
	bool stops = unit_bool(builder, "Unit", "StopWhenUnneeded", false);

	if (stops && (pair->boots || !pair->is_needed))
		unit_warn(builder, at, "StopWhenUnneeded: %s, so it runs as long as superd",
			  pair->boots ? "a socket needs it" : "no unit of the configuration needs it");
	unit_set(builder, "start",
		 pair->boots || (!pair->is_pulled && !(stops && pair->is_needed)) ? "boot"
		 : stops							  ? "wanted"
										  : "manual",
		 at);
}

/* Sets an option to the needs of builder->unit that `is` says; at the first of them. */
static void set_needs(struct unit_builder *builder, const char *option, bool (*is)(const struct unit_need *need))
{
	const struct unit_pairing *pair = builder->pair, *pairs = units_asked(builder->reading)->pairs;
	struct word_list list = { 0 };

	for (size_t n = 0; n < pair->need_count; n++) {
		const struct unit_need *need = &pair->needs[n];

		if (need->by != builder->unit || !is(need))
			continue;
		word_list_add(&list, pairs[need->pair].name, need->at);
		if (!list.at.file)
			list.at = need->at;
	}
	if (list.count)
		unit_set_list(builder, option, &list);
	word_list_free(&list);
}

static bool is_wanted(const struct unit_need *need)
{
	return !need->required;
}

static bool is_required(const struct unit_need *need)
{
	return need->required;
}

static bool is_beside(const struct unit_need *need)
{
	return need->order == NEED_BESIDE;
}

static bool is_behind(const struct unit_need *need)
{
	return need->order == NEED_BEHIND;
}

/* Nothing waits for what comes after a socket either: that is open before any service starts. */
static bool is_beside_socket(const struct unit_need *need)
{
	return need->order != NEED_BEFORE;
}

void unit_build_socket_needs(struct unit_builder *builder)
{
	if (!builder->pair)
		return;
	set_needs(builder, "socket_wants", is_wanted);
	set_needs(builder, "socket_requires", is_required);
	set_needs(builder, "socket_beside", is_beside_socket);
}

void unit_build_dependencies(struct unit_builder *builder)
{
	const struct unit_pairing *pair = builder->pair;

	unit_builder_turn(builder, builder->service);
	set_needs(builder, "wants", is_wanted);
	set_needs(builder, "requires", is_required);
	set_needs(builder, "beside", is_beside);
	set_needs(builder, "behind", is_behind);
	if (!pair->count)
		set_start(builder, pair);
	else if (pair->boots && !pair->accepts)
		unit_set(builder, "start", "boot", unit_start(builder->service));
}
