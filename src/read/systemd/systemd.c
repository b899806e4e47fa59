/* The reader of units: a .socket with its service, a folder of them, or a .service by itself.
 *
 * A broken service must not run at all. superd reports all mistakes of its units and then skips the whole
 * service. */
#include "read/systemd/internal.h"

/* Whether the unit was found in a folder that a source names, and not named itself. */
static bool is_request_in_folder(const struct reading *reading, const char *path)
{
	const char *slash = strrchr(path, '/');
	const struct opened *folder = reading->opened ? reading->opened->outer : NULL;
	const char *parent = folder ? folder->path : NULL;
	size_t length = slash ? (size_t)(slash - path) : 0, other = parent ? strlen(parent) : 0;

	while (other > 1 && parent[other - 1] == '/')
		other--;
	return parent && slash && other == length && !memcmp(parent, path, length);
}

/* The folder of a path, without slashes at its end. */
static const char *folder_of(struct reading *reading, const char *path)
{
	const char *end = strrchr(path, '/');

	while (end && end > path && end[-1] == '/')
		end--;
	return !end ? "." : pool_text_n(reading->table->pool, path, end > path ? (size_t)(end - path) : 1);
}

/* Whether a folder lists units by their names, as sockets.target.wants does. Where its links lead does not matter: the
 * units are found beside the folder and in the search path. */
static bool is_list_of_names(const char *folder)
{
	return scan_ends_with(folder, ".wants") || scan_ends_with(folder, ".requires") ||
	       scan_ends_with(folder, ".upholds");
}

/* false: the unit cannot run. That is reported if it was requested by name. listed: by such a folder. */
static bool may_run(struct reading *reading, const struct unit *unit, const char *path, bool by_name, bool listed)
{
	struct origin at = { .file = path };

	if (unit->is_masked) {
		diags_add(reading->diags, by_name ? SEVERITY_WARNING : SEVERITY_NOTE, at,
			  "%s is masked: it is skipped", unit->name);
		return false;
	}
	if (unit->instance && !*unit->instance) {
		if (by_name || listed)
			diags_add(reading->diags, by_name ? SEVERITY_ERROR : SEVERITY_WARNING, at,
				  "%s is a template: name an instance, as %s@NAME.%s", unit->name, unit->prefix,
				  unit->suffix);
		return false;
	}
	return true;
}

/* Adds a hint about a unit with a similar name: the other unit of a pair, or the template. */
static void hint_similar_unit(struct reading *reading, const char *folder, const char *name)
{
	int length = (int)(strrchr(name, '.') - name);
	const char *suffix = strrchr(name, '.') + 1, *other = strcmp(suffix, "socket") ? "socket" : "service";
	const char *near[] = {
		pool_textf(reading->table->pool, "%.*s@.%s", length, name, suffix),
		pool_textf(reading->table->pool, "%.*s.%s", length, name, other),
		pool_textf(reading->table->pool, "%.*s@.%s", length, name, other),
	};
	bool failed = false;

	for (size_t n = 0; n < sizeof(near) / sizeof(*near); n++) {
		if (!unit_name_is_valid(near[n]) || !unit_find(reading, folder, near[n], &failed))
			continue;
		diags_hint(reading->diags, "there is %s", near[n]);
		return;
	}
}

/* Whether the name is that of another type of unit, such as .timer. */
static bool is_other_unit(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot > name && words_have(unit_suffixes + 2, dot + 1);
}

/* Finds the unit that a path names. *folder: where its other units are searched. NULL: reported. */
static struct unit *find_named(struct reading *reading, const char *path, const char *name, const char **folder)
{
	const char *own = folder_of(reading, path), *beside = NULL;
	struct unit *unit = NULL;
	bool failed = false;

	if (is_list_of_names(own))
		beside = folder_of(reading, own);
	if (beside)
		unit = unit_find(reading, beside, name, &failed);
	*folder = unit ? beside : own;
	if (!unit && !failed)
		unit = unit_find(reading, own, name, &failed);
	if (!unit && !failed) {
		diag_error(reading->diags, ((struct origin){ .file = path }),
			   "there is no such unit, nor a template for it");
		hint_similar_unit(reading, beside ? beside : own, name);
	}
	return unit;
}

static bool units_read(struct reading *reading, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *folder, *service;
	size_t first = reading->diags->count;
	struct origin at = { .file = path };
	struct unit *unit;
	struct skipped *own;
	bool by_name;

	if (!unit_name_has_suffix(name, ".socket") && !unit_name_has_suffix(name, ".service")) {
		diag_error(reading->diags, at,
			   is_other_unit(name) ? "superd reads units of sockets and services: their names end in "
						 ".socket or .service"
					       : "this looks like a systemd unit: name it NAME.socket or NAME.service");
		return false;
	}
	by_name = !is_request_in_folder(reading, path);
	unit = find_named(reading, path, name, &folder);
	if (unit && may_run(reading, unit, path, by_name, is_list_of_names(folder_of(reading, path))))
		units_request(reading, unit, folder, by_name);
	if (unit || by_name)
		return unit;
	service = pool_text_n(reading->table->pool, name, (size_t)(strrchr(name, '.') - name));
	units_leave_out(reading, service, at, first);
	own = table_skip(reading->table, at, service);  /* its Service= is unknown, so a reload goes by the file */
	own->is_part = own->is_doubtful = true;
	reading_add_role(reading, (struct source_role){ ROLE_ALONE, .name = service });
	return true;
}

/* Takes every socket of a folder, and what a list of names has. */
static bool units_takes(struct reading *reading, const char *path, const char *name)
{
	bool is_listed = is_list_of_names(folder_of(reading, path));

	if (unit_name_has_suffix(name, ".socket") || (is_listed && unit_name_has_suffix(name, ".service")))
		return unit_name_is_valid(name);
	if (is_listed && is_other_unit(name))
		diag_warning(reading->diags, ((struct origin){ .file = path }),
			     "it is skipped: superd runs units of sockets and services alone");
	return false;
}

/* Notes the files of a unit as parts of the service, but for the file that the service begins in. */
static void note_files(struct reading *reading, const struct unit_pairing *pair, const struct unit *unit,
		       const char *first)
{
	const char *before = first;

	for (size_t n = 0; n < unit->count; n++) {
		const char *file = unit->list[n].at.file;

		if (!strcmp(file, before) || !strcmp(file, first))
			continue;
		reading_add_role(reading, (struct source_role){ ROLE_PART, .at = { file, 1, 1 }, .name = pair->name });
		before = file;
	}
}

static void build_pair(struct reading *reading, const struct unit_pairing *pair)
{
	struct unit_builder builder = { .reading = reading, .pool = units_of(reading)->pool, .pair = pair };
	size_t errors = reading->diags->errors, first = reading->diags->count;
	struct origin at = unit_start(pair->count ? pair->sockets[0] : pair->service);

	builder.builder = builder_new(reading->table, (struct service){ .name = pair->name, .at = at, .dialect = UNIT,
									.is_foreign = true, .is_alone = true });
	unit_build_sockets(&builder);
	if (pair->service)
		unit_set(&builder, "accept", pair->accepts ? "yes" : "no", at);
	unit_build_access(&builder);
	if (!pair->service) {           /* sockets alone run nothing, and are read for their mistakes */
		builder_free(builder.builder);
		units_leave_out(reading, pair->name, at, first);
		return;
	}
	unit_build_service(&builder);
	unit_build_needs(&builder);
	if (!pair->count && !unit_assigned(&builder, "Service", "Restart"))
		unit_set(&builder, "restart", "no", at);
	if (!pair->by_name)
		reading_add_role(reading, (struct source_role){ ROLE_ALONE, .name = pair->name });
	if (!pair->has_failed && reading->diags->errors == errors) {
		reading_add(reading, builder.builder);
		note_files(reading, pair, pair->service, at.file);
		for (size_t n = 0; n < pair->count; n++)
			note_files(reading, pair, pair->sockets[n], at.file);
		return;
	}
	builder_free(builder.builder);
	units_leave_out(reading, pair->name, unit_start(pair->service), first);
}

static void units_finish(struct reading *reading)
{
	struct units *asked = *reading_state(reading, units_free);

	if (!asked)
		return;
	units_pair(reading);
	for (size_t n = 0; n < asked->pair_count; n++)
		build_pair(reading, asked->pairs[n]);
	reading_drop_state(reading, units_free);
	reading->pending = 0;
}

const struct reader reader_systemd = {
	.recognises = unit_text_recognises,
	.takes = units_takes,
	.passes_over = true,
	.fileless = { ".socket", ".service" },   /* an instance of a template */
	.read = units_read,
	.finish = units_finish,
};
