/* What a unit says of other units: which of them superd starts for it, and a warning for all else.
 *
 * A service is started before a service that needs it (the option `wants`). It is read along if the sources do not name
 * it. Targets and slices run nothing, and mean nothing here. */
#include <dirent.h>
#include <string.h>

#include "parse/systemd/internal.h"
#include "parse/systemd/pairing.h"

/* Keys whose units are started, and the folders beside a unit that mean the same. */
static const char *const starting[][2] = {
	{ "Wants", ".wants" }, { "Requires", ".requires" }, { "BindsTo", NULL }, { "Upholds", ".upholds" },
};

/* Keys that superd does less for than systemd, if they name a unit that matters. */
static const char *const others[] = {
	"BindsTo",
	"Conflicts",
	"PartOf",
	"PropagatesReloadTo",
	"PropagatesStopTo",
	"ReloadPropagatedFrom",
	"Requisite",
	"RequisiteOverridable",
	"StopPropagatedFrom",
	"Upholds",
};

bool unit_is_dependency_key(const struct unit_key *key)
{
	for (size_t n = 0; n < sizeof(starting) / sizeof(*starting); n++) {
		if (!strcmp(starting[n][0], key->key))
			return true;
	}
	for (size_t n = 0; n < sizeof(others) / sizeof(*others); n++) {
		if (!strcmp(others[n], key->key))
			return true;
	}
	return !strcmp(key->key, "StopWhenUnneeded");
}

static void add_folder_names(struct unit_builder *builder, const char *path, struct unit_list *list)
{
	DIR *stream = opendir(path);
	const struct dirent *found;

	while (stream && (found = readdir(stream))) {
		struct origin at = { .file = pool_textf(builder->reading->table->pool, "%s/%s", path, found->d_name) };

		if (unit_name_is_valid(found->d_name) && at.file &&
		    unit_list_add(builder, list, pool_text(builder->pool, found->d_name), at) && !list->at.file)
			list->at = at;
	}
	if (stream)
		closedir(stream);
}

/* Adds the names in the folders NAME.wants, or those of another kind. */
static void add_folders(struct unit_builder *builder, const char *folder, const char *kind, struct unit_list *list)
{
	const char *name = pool_textf(builder->pool, "%s%s", builder->unit->name, kind);
	struct unit_places places;

	if (!name || !unit_places_collect(builder->reading, folder, &places))
		return;
	for (size_t n = 0; n < places.count; n++) {
		if (unit_folder_find(places.list[n], name))
			add_folder_names(builder, pool_textf(builder->pool, "%s/%s", places.list[n]->path, name), list);
	}
}

/* The units that builder->unit has in this row of `starting`. */
static struct unit_list collect_started(struct unit_builder *builder, const char *folder, size_t row)
{
	struct unit_list list = unit_collect(builder, "Unit", starting[row][0], COLLECT_WORDS);

	if (starting[row][1])
		add_folders(builder, folder, starting[row][1], &list);
	return list;
}

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

static struct unit_pairing *find_pair(struct reading *reading, const char *name)
{
	struct requested_units *asked = units_asked(reading);

	for (size_t n = 0; n < asked->pair_count; n++) {
		if (asked->pairs[n].service && is_own(&asked->pairs[n], name))
			return &asked->pairs[n];
	}
	return NULL;
}

/* Reads a service along that a unit of this pair needs. boots: it is needed as soon as superd runs. */
static void pull_service(struct reading *reading, size_t pair, const char *name, bool boots)
{
	struct requested_units *asked = units_asked(reading);
	struct unit_pairing *there = find_pair(reading, name);
	const struct unit *unit;
	bool failed = false;

	if (!there && unit_name_has_suffix(name, ".service") && unit_name_is_valid(name) &&
	    !unit_name_is_template(name)) {
		unit = unit_find(reading, asked->pairs[pair].folder, name, &failed);
		if (unit && !unit->is_masked)
			units_pull(reading, &(struct requested_unit){ unit, asked->pairs[pair].folder, false });
		there = find_pair(reading, unit ? unit->name : name);
	}
	if (there && there != &units_asked(reading)->pairs[pair])
		there->boots |= boots;
}

static void pull_of_unit(struct unit_builder *builder, const struct unit *unit, size_t pair, bool boots)
{
	struct reading *reading = builder->reading;

	unit_builder_turn(builder, unit);
	for (size_t row = 0; row < sizeof(starting) / sizeof(*starting); row++) {
		struct unit_list list = collect_started(builder, units_asked(reading)->pairs[pair].folder, row);

		for (size_t n = 0; n < list.count; n++)
			pull_service(reading, pair, list.words[n], boots);
		unit_list_free(&list);
	}
}

void units_pull_needed(struct reading *reading, size_t pair)
{
	struct diags unheard = { 0 }, *diags = reading->diags;
	struct unit_pairing of = units_asked(reading)->pairs[pair];
	struct unit_builder builder = { .reading = reading, .pool = units_asked(reading)->pool, .accepts = of.accepts };

	if (!of.service)
		return;
	builder.service = of.service;
	reading->diags = &unheard;      /* unit_build_dependencies reads these keys again */
	pull_of_unit(&builder, of.service, pair, of.accepts);
	for (size_t n = 0; n < of.count; n++)
		pull_of_unit(&builder, of.sockets[n], pair, true);
	reading->diags = diags;
	diags_free(&unheard);
}

/* What is judged: the units of a key of one pair. */
struct judging {
	struct unit_builder *builder;
	const struct unit_pairing *pair;
	const char *key;
	struct unit_list *wants;        /* services that the pair wants so far */
};

/* Adds what the pair wants of a word, or warns of it. */
static void judge_started(const struct judging *judging, const char *name, struct origin at)
{
	struct unit_builder *builder = judging->builder;
	const struct unit_pairing *pair = judging->pair;
	struct unit_list *wants = judging->wants;
	const char *key = judging->key;
	const struct unit_pairing *other = find_pair(builder->reading, name);
	bool failed = false;
	const struct unit *unit;

	if (is_own(pair, name) || means_nothing(name))
		return;
	unit = other || !unit_name_is_valid(name) ? NULL : unit_find(builder->reading, pair->folder, name, &failed);
	if (unit && find_pair(builder->reading, unit->name))
		other = find_pair(builder->reading, unit->name);
	if (other) {
		if (other != pair && !other->accepts && builder->unit == builder->service &&
		    !builder->accepts && unit_list_add(builder, wants, other->name, at) && !wants->at.file)
			wants->at = at;
		return;
	}
	if (failed)
		return;
	if (unit && unit->is_masked)
		unit_warn(builder, at, "%s: %s is masked, and is not started", key, name);
	else if (unit_name_has_suffix(name, ".service"))
		unit_warn(builder, at, "%s: there is no %s to start", key, name);
	else if (unit_name_has_suffix(name, ".socket"))
		unit_warn(builder, at, "%s: superd does not open %s: name it too, with -f", key, name);
	else
		unit_warn(builder, at, "%s: superd starts no units as %s", key, name);
}

/* Warns of keys that superd does not do. */
static void warn_of_others(struct unit_builder *builder, const struct unit_pairing *pair)
{
	for (size_t n = 0; n < sizeof(others) / sizeof(*others); n++) {
		const struct unit_key *key = unit_key_find("Unit", others[n]);
		struct unit_list list = unit_collect(builder, "Unit", others[n], COLLECT_WORDS);

		for (size_t i = 0; key && i < list.count; i++) {
			if (!is_own(pair, list.words[i]) && !means_nothing(list.words[i]))
				unit_warn(builder, list.places[i], "%s=%s: %s", key->key, list.words[i], key->reason);
		}
		unit_list_free(&list);
	}
}

static void build_unit(struct unit_builder *builder, const struct unit_pairing *pair, const struct unit *unit,
		       struct unit_list *wants)
{
	unit_builder_turn(builder, unit);
	for (size_t row = 0; row < sizeof(starting) / sizeof(*starting); row++) {
		struct unit_list list = collect_started(builder, pair->folder, row);

		for (size_t n = 0; n < list.count; n++)
			judge_started(&(struct judging){ builder, pair, starting[row][0], wants }, list.words[n],
				      list.places[n]);
		unit_list_free(&list);
	}
	warn_of_others(builder, pair);
}

/* Whether a service of the table wants this one. */
static bool is_wanted(struct unit_builder *builder, const struct unit_pairing *pair)
{
	const struct requested_units *asked = units_asked(builder->reading);
	bool found = false;

	for (size_t n = 0; n < asked->pair_count && !found; n++) {
		const struct unit_pairing *other = &asked->pairs[n];

		if (!other->service || other == pair || other->accepts)
			continue;
		unit_builder_turn(builder, other->service);
		for (size_t row = 0; row < sizeof(starting) / sizeof(*starting); row++) {
			struct unit_list list = collect_started(builder, other->folder, row);

			for (size_t i = 0; i < list.count; i++)
				found |= is_own(pair, list.words[i]);
			unit_list_free(&list);
		}
	}
	unit_builder_turn(builder, builder->service);
	return found;
}

/* A service without sockets: when it starts. */
static void set_start(struct unit_builder *builder, const struct unit_pairing *pair)
{
	bool stops = unit_bool(builder, "Unit", "StopWhenUnneeded", false), wanted = stops && is_wanted(builder, pair);
	const struct unit_assignment *said = unit_assigned(builder, "Unit", "StopWhenUnneeded");
	struct origin at = said ? unit_place(said, 0) : unit_start(builder->service);

	if (stops && (!wanted || pair->boots))
		unit_warn(builder, at, "StopWhenUnneeded: %s, so it runs as long as superd",
			  pair->boots ? "a socket, or a service with Accept=yes, needs it"
				      : "no unit of the table needs it");
	unit_set(builder, "start",
		 wanted && !pair->boots		    ? "wanted"
		 : pair->is_pulled && !pair->boots ? "manual"
						    : "boot",
		 at);
}

void unit_build_dependencies(struct unit_builder *builder, const struct unit_pairing *pair)
{
	struct unit_list wants = { 0 };

	build_unit(builder, pair, builder->service, &wants);
	for (size_t n = 0; n < pair->count; n++)
		build_unit(builder, pair, pair->sockets[n], &wants);
	if (wants.count)
		unit_set_list(builder, "wants", &wants);
	unit_list_free(&wants);
	unit_builder_turn(builder, builder->service);
	if (!pair->count)
		set_start(builder, pair);
}
