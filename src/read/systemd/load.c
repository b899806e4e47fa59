/* Finds a unit by its name and reads its assignments.
 *
 * A name may be that of a file, of a link to another unit (an alias, which is followed by name and not by path), of a
 * link to a file elsewhere, of an instance of a template, or of a mask. Source: systemd.unit(5). */
#include "read/systemd/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"

/* The result of looking for a name. */
struct unit_finding {
	enum { NOWHERE, FILE_OF_ITS_OWN, MASKED, ALIAS, FAILED } kind;
	const char *path;               /* of the file or link that was found, kept in the table's pool */
	const char *alias;              /* of ALIAS: the name of the unit that the link leads to */
};

/* What is searched, and where. */
struct unit_search {
	struct reading *reading;
	const struct unit_places *places;
	const char *name;               /* of the unit, with its instance */
};

/* The name of the unit that a link called `name` leads to; NULL: the target is no unit's name. */
static const char *link_target_name(struct pool *pool, const char *name, const char *target)
{
	if (!unit_name_is_valid(target) || strcmp(unit_name_suffix(name), unit_name_suffix(target)) != 0)
		return NULL;
	if (!unit_name_is_template(target) || unit_name_is_template(name))
		return unit_name_is_template(name) && !unit_name_is_template(target) ? NULL : target;
	return strchr(name, '@') ? unit_name_instance(pool, target, name) : NULL;
}

/* A link to a file outside of the search path: the real path is that of the unit's file. */
static struct unit_finding follow_outside(struct reading *reading, const char *path, const char *target)
{
	char real[PATH_MAX];
	const char *found = realpath(path, real);

	if (!found && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
		diag_error(reading->diags, ((struct origin){ .file = path }), "leads to %s, which is not there",
			   target);
		return (struct unit_finding){ .kind = FAILED };
	}
	return (struct unit_finding){
		.kind = FILE_OF_ITS_OWN, .path = found ? pool_text(reading->table->pool, real) : path,
	};
}

static struct unit_finding follow_link(const struct unit_search *search, const struct unit_folder *folder,
				       const struct unit_entry *entry, const char *path)
{
	const char *target = scan_base_name(entry->target), *behind;
	const char *name = search->name;
	struct reading *reading = search->reading;

	if (!unit_places_hold(search->places, folder, entry->target))
		return follow_outside(reading, path, entry->target);
	behind = link_target_name(units_of(reading)->pool, entry->name, target);
	if (behind)
		behind = link_target_name(units_of(reading)->pool, name, target);
	if (!behind) {
		diag_error(reading->diags, ((struct origin){ .file = path }),
			   "leads to %s, of which %s cannot be another name", target, name);
		return (struct unit_finding){ .kind = FAILED };
	}
	/* A link to its own name says nothing: the next folder has the unit, or none has. */
	return strcmp(behind, name) != 0 ? (struct unit_finding){ .kind = ALIAS, .path = path, .alias = behind }
					 : (struct unit_finding){ .kind = NOWHERE };
}

/* Examines one file of a folder. */
static struct unit_finding examine_entry(const struct unit_search *search, const struct unit_folder *folder,
					 const struct unit_entry *entry)
{
	struct reading *reading = search->reading;
	const char *path = pool_textf(reading->table->pool, "%s/%s", folder->path, entry->name);
	enum unit_file file = unit_file_look(reading, path);

	if (file == UNIT_FILE_REFUSED)
		return (struct unit_finding){ .kind = FAILED };
	if (file == UNIT_FILE_EMPTY || (entry->target && !strcmp(entry->target, "/dev/null")))
		return (struct unit_finding){ .kind = MASKED, .path = path };
	if (entry->target)
		return follow_link(search, folder, entry, path);
	return (struct unit_finding){ .kind = FILE_OF_ITS_OWN, .path = path };
}

/* Searches a file called `file` in all folders. */
static struct unit_finding search_folders(const struct unit_search *search, const char *file)
{
	const struct unit_places *places = search->places;
	struct unit_finding finding = { .kind = NOWHERE };

	for (size_t n = 0; n < places->count && finding.kind == NOWHERE; n++) {
		const struct unit_entry *entry = unit_folder_find(places->list[n], file);

		if (entry)
			finding = examine_entry(search, places->list[n], entry);
	}
	return finding;
}

/* Follows aliases; *name becomes the unit's own. */
static struct unit_finding follow_aliases(struct reading *reading, const struct unit_places *places, const char **name)
{
	const char *asked = *name;

	for (int depth = 0; depth < UNIT_ALIAS_DEPTH; depth++) {
		const struct unit_search search = { .reading = reading, .places = places, .name = *name };
		struct unit_finding finding = search_folders(&search, *name);

		if (finding.kind == NOWHERE && unit_name_is_instance(*name))
			finding = search_folders(&search, unit_name_template(units_of(reading)->pool, *name));
		if (finding.kind != ALIAS)
			return finding;
		*name = finding.alias;
	}
	diag_error(reading->diags, ((struct origin){ .file = asked }),
		   "the links of this name lead to one another: more than %d, or round in a circle", UNIT_ALIAS_DEPTH);
	return (struct unit_finding){ .kind = FAILED };
}

/* Copies the assignments to the unit, and frees those of the text. */
static void keep_text(struct unit *unit, struct unit_text *text)
{
	unit->list = pool_copy(text->pool, text->list, text->count * sizeof(*text->list));
	unit->count = text->count;
	free(text->list);
}

/* Reads a unit. NULL if any part cannot be read: the missing part may have restricted the service. */
static struct unit *load_unit(struct reading *reading, const struct unit_places *places, const char *name,
			      const struct unit_finding *finding)
{
	struct units *units = units_of(reading);
	struct unit_text text = { .pool = units->pool, .diags = reading->diags };
	struct unit *unit = pool_alloc(units->pool, sizeof(*unit));
	bool ok = true;

	unit_name_cut(units->pool, name, unit);
	unit->is_masked = finding->kind == MASKED;
	unit->path = unit->is_masked ? NULL : finding->path;
	if (!unit->is_masked)
		ok = unit_file_read(reading, unit->path, unit, &text) &&
			unit_dropins_read(reading, units, places, unit, &text);
	keep_text(unit, &text);
	return ok && !text.failed ? unit : NULL;
}

/* The cached result of a pair of texts, or a new one. Texts are compared by address, because the pool keeps equal texts
 * once. */
static struct unit_known *find_known(struct units *units, const char *first, const char *second)
{
	size_t n = ((uintptr_t)first / 8 * 31 + (uintptr_t)second / 8) % (sizeof(units->known) / sizeof(*units->known));
	struct unit_known *known;

	for (known = units->known[n]; known; known = known->next) {
		if (known->first == first && known->second == second)
			return known;
	}
	known = pool_alloc(units->pool, sizeof(*known));
	*known = (struct unit_known){ .next = units->known[n], .first = first, .second = second };
	return units->known[n] = known;
}

/* Reads a unit once for each pair of a file and a name, whatever folder it was named in. */
static const struct unit *load_unit_once(struct reading *reading, const struct unit_places *places, const char *name,
					 const struct unit_finding *finding, bool *failed)
{
	struct pool *pool = units_of(reading)->pool;
	struct unit_known *known = find_known(units_of(reading), pool_text(pool, finding->path), pool_text(pool, name));

	if (!known->is_searched) {
		known->unit = load_unit(reading, places, known->second, finding);
		known->failed = !known->unit;
		known->is_searched = true;
	}
	*failed = known->failed;
	return known->unit;
}

/* Adds a note if the file that was named is overridden: a file of that name, or a mask, stands in an earlier folder of
 * the search path. */
static void note_override(struct reading *reading, const struct unit_places *places, const char *name,
			  const struct unit_finding *finding)
{
	const struct unit_folder *named = places->named;
	const struct unit_entry *entry = named ? unit_folder_find(named, name) : NULL;
	size_t length = named ? strlen(named->path) : 0;

	if (!entry || entry->target || (!strncmp(finding->path, named->path, length) && finding->path[length] == '/'))
		return;
	diag_note(reading->diags,
		  ((struct origin){ .file = pool_textf(reading->table->pool, "%s/%s", named->path, name) }),
		  "not read: %s is before it in the search path", finding->path);
}

static const struct unit *find_unit(struct reading *reading, const char *folder, const char *name, bool *failed)
{
	struct unit_places places;
	struct unit_finding finding;

	if (!unit_places_collect(reading, folder, &places)) {
		*failed = true;
		return NULL;
	}
	finding = follow_aliases(reading, &places, &name);
	*failed = finding.kind == FAILED;
	if (finding.kind == NOWHERE || finding.kind == FAILED)
		return NULL;
	note_override(reading, &places, name, &finding);
	return load_unit_once(reading, &places, name, &finding, failed);
}

/* The folder of a unit that was read from a text in memory. */
static const char text_folder[] = "";

const struct unit *unit_find(struct reading *reading, const char *folder, const char *name, bool *failed)
{
	struct units *units = units_of(reading);
	struct unit_known *known;
	const char *kept;

	*failed = !units;
	if (!units || !unit_name_is_valid(name))
		return NULL;
	kept = pool_text(units->pool, name);
	known = find_known(units, pool_text(units->pool, text_folder), kept);
	if (!known->is_searched)
		known = find_known(units, pool_text(units->pool, folder ? folder : "-"), kept);
	if (!known->is_searched) {
		known->unit = find_unit(reading, folder, kept, &known->failed);
		known->is_searched = true;
	}
	*failed = known->failed;
	return known->unit;
}

const struct unit *unit_from_source(struct reading *reading, const char *name, const struct source_file *source)
{
	struct units *units = units_of(reading);
	struct unit_known *known;
	struct unit_text text = { .diags = reading->diags };
	struct unit *unit;

	if (!units || !unit_name_is_valid(name))
		return NULL;
	known = find_known(units, pool_text(units->pool, text_folder), pool_text(units->pool, name));
	unit = pool_alloc(units->pool, sizeof(*unit));
	unit_name_cut(units->pool, name, unit);
	text.pool = units->pool;
	unit_text_add(&text, source);
	unit->path = source->file;
	unit->files = 1;
	keep_text(unit, &text);
	known->unit = text.failed ? NULL : unit;
	known->failed = text.failed;
	known->is_searched = true;
	return known->unit;
}
