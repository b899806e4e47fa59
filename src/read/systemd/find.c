/* Finds a unit by its name and reads its files: the search path, links, masks, templates, drop-ins.
 *
 * A name may be that of a file, of a link to another unit (an alias, which is followed by name and not by path), of a
 * link to a file elsewhere, of an instance of a template, or of a mask. A unit's drop-ins have many names, each in any
 * folder. So each folder is read once, and a search for an absent name costs no system call. One folder may have two
 * paths (/lib is often /usr/lib), so device and inode identify it. Source: systemd.unit(5). */
#include "read/systemd/internal.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/scan.h"

#define NAME_MOST 255                   /* bytes of a unit's name */
/* The most folders of a reading, files of a folder, drop-ins and names of a unit, links behind each other. */
#define FOLDERS_MOST 64
#define FILES_MOST 100000
#define DROPINS_MOST 1000
#define ALIASES_MOST 64
#define ALIAS_DEPTH 8

/* A file in a folder of units. */
struct entry {
	const char *name;
	const char *target;             /* of a symbolic link, as readlink(2) gives it; NULL: no link */
};

/* A folder of units. It is read once. */
struct folder {
	const char *path;
	dev_t device;
	ino_t inode;                    /* 0: unknown */
	bool is_of_path;                /* the search path has it; a unit's own folder comes after it */
	bool is_there, was_read;
	struct entry *entries;          /* sorted by name */
	size_t count, capacity;
	struct entry *aliases;          /* links to other units; their target is the name alone */
	size_t alias_count, alias_capacity;
	bool has_aliases;               /* `aliases` is filled */
};

/* A cached result of a search for a unit. It is valid for the whole reading. */
struct known {
	struct known *next;             /* in the same chain of the hash table */
	const char *first, *second;     /* the key, in the pool: a folder and a name, or a file and a name */
	const struct unit *unit;        /* NULL: there is none */
	bool is_searched;               /* the search is done */
	bool failed;                    /* the unit could not be read (reported) */
};

/* The state of a reading for units. */
struct units {
	struct pool *pool;              /* of all but names of files; lives until the reading ends */
	struct folder *folders[FOLDERS_MOST];           /* the search path first, path_count of them */
	size_t path_count, count;
	struct known *known[1024];      /* hash table */
};

/* The folders where one unit is searched, in order. */
struct places {
	struct reading *reading;
	struct units *units;
	struct folder *list[FOLDERS_MOST];
	size_t count;
	const struct folder *named;     /* the folder that the unit was named in; NULL: none */
};

/* Names of units, prefix@instance.suffix. All functions but unit_name_is_valid must get valid ones. */

const char *const unit_suffixes[] = {
	"service", "socket", "target", "device", "mount", "automount", "swap", "timer", "path", "slice", "scope", NULL
};

bool unit_name_has_suffix(const char *name, const char *suffix)
{
	return strlen(name) > strlen(suffix) && scan_ends_with(name, suffix);
}

bool unit_name_is_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";
	const char *dot = strrchr(name, '.'), *at = strchr(name, '@');

	return dot && dot > name && at != name && (!at || at < dot) && strlen(name) <= NAME_MOST &&
		!name[strspn(name, letters)] && words_have(unit_suffixes, dot + 1);
}

bool unit_name_is_template(const char *name)
{
	const char *at = strchr(name, '@');

	return at && at + 1 == strrchr(name, '.');
}

static bool name_is_instance(const char *name)
{
	return strchr(name, '@') && !unit_name_is_template(name);
}

/* The name of a template's instance, with the instance of another name; of NULL: of an instance's template. */
static const char *name_with_instance(struct pool *pool, const char *name, const char *instance_of)
{
	const char *at = strchr(name, '@'), *instance = instance_of ? strchr(instance_of, '@') + 1 : "";

	return pool_textf(pool, "%.*s%.*s%s", (int)(at + 1 - name), name,
			  instance_of ? (int)(strrchr(instance_of, '.') - instance) : 0, instance, strrchr(name, '.'));
}

static struct unit *make_unit(struct pool *pool, const char *name)
{
	const char *dot = strrchr(name, '.'), *at = strchr(name, '@');
	struct unit *unit = pool_alloc(pool, sizeof(*unit));

	unit->name = pool_text(pool, name);
	unit->prefix = pool_text_n(pool, name, (size_t)((at ? at : dot) - name));
	unit->instance = at ? pool_text_n(pool, at + 1, (size_t)(dot - at - 1)) : NULL;
	unit->suffix = pool_text(pool, dot + 1);
	return unit;
}

/* Folders. */

/* Adds an error about a file, or a folder, and is false. */
#define refuse_file(reading, path, ...) reading_refuse(reading, (struct origin){ .file = path }, __VA_ARGS__)

/* The errno of the last call. */
static bool refuse_unreadable(struct reading *reading, const char *path)
{
	return refuse_file(reading, path, "cannot read: %s", strerror(errno));
}

static bool is_same_folder(const struct folder *folder, const struct stat *status)
{
	return folder->is_there && status->st_ino && folder->device == status->st_dev &&
		folder->inode == status->st_ino;
}

/* Finds a folder by this path or another path of it, or adds it. NULL: there are too many (reported). A folder whose
 * stat(2) fails in another way than ENOENT counts as there; reading it reports the error. */
static struct folder *find_or_add_folder(struct reading *reading, struct units *units, const char *path)
{
	struct stat status = { 0 };
	bool is_there = stat(path, &status) == 0 ? S_ISDIR(status.st_mode) : errno != ENOENT && errno != ENOTDIR;
	struct folder *folder;

	for (size_t n = 0; n < units->count; n++) {
		folder = units->folders[n];
		if (!strcmp(folder->path, path) || (is_there && is_same_folder(folder, &status)))
			return folder;
	}
	if (units->count == FOLDERS_MOST) {
		refuse_file(reading, path, "superd searches at most %d directories for units", FOLDERS_MOST);
		return NULL;
	}
	folder = pool_alloc(units->pool, sizeof(*folder));
	*folder = (struct folder){ .path = pool_text(units->pool, path), .is_there = is_there,
				   .device = status.st_dev, .inode = status.st_ino };
	return units->folders[units->count++] = folder;
}

static void free_units(void *state)
{
	struct units *units = state;

	for (size_t n = 0; n < units->count; n++) {
		free(units->folders[n]->entries);
		free(units->folders[n]->aliases);
	}
	pool_free(units->pool);
}

/* The state of the reading, made at first use. NULL: the search path is too long (reported). */
static struct units *units_of(struct reading *reading)
{
	const char *const *path = reading->request && reading->request->unit_path ? reading->request->unit_path :
		machine_unit_path;
	void **state = reading_state(reading, free_units);
	struct units *units = *state;
	struct pool *pool;

	if (units)
		return units;
	pool = pool_new();
	*state = units = pool_alloc(pool, sizeof(*units));
	units->pool = pool;
	for (; *path; path++) {
		struct folder *folder = find_or_add_folder(reading, units, *path);

		if (!folder) {
			reading_drop_state(reading, free_units);
			return NULL;
		}
		folder->is_of_path = true;
	}
	units->path_count = units->count;
	return units;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* The target of a link; NULL: the file is no link. */
static const char *read_link(struct units *units, int folder, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(folder, name, target, sizeof(target));

	return length < 0 ? NULL : pool_text_n(units->pool, target, (size_t)length);
}

/* Adds all names that do not begin with a dot. false: the folder cannot be read (reported). */
static bool read_entries(struct reading *reading, struct units *units, struct folder *folder, DIR *stream)
{
	const struct dirent *found;

	for (errno = 0; (found = readdir(stream)); errno = 0) {
		if (found->d_name[0] == '.')
			continue;
		if (folder->count == FILES_MOST)
			return refuse_file(reading, folder->path, "more than %d files in one directory of units",
					   FILES_MOST);
		array_add(folder->entries, folder->count, folder->capacity) = (struct entry){
			.name = pool_text(units->pool, found->d_name),
			.target = found->d_type == DT_LNK || found->d_type == DT_UNKNOWN
				? read_link(units, dirfd(stream), found->d_name) : NULL,
		};
	}
	return !errno || refuse_unreadable(reading, folder->path);
}

/* systemd passes over a folder of its path that it may not open: a user whose HOME is another's has such folders. */
static bool read_folder(struct reading *reading, struct units *units, struct folder *folder)
{
	DIR *stream;

	if (folder->was_read || !folder->is_there)
		return true;
	stream = opendir(folder->path);
	if (!stream && errno == EACCES && folder->is_of_path) {
		diag_warning(reading->diags, ((struct origin){ .file = folder->path }),
			     "cannot read: %s; its units and drop-ins are passed over, as systemd does",
			     strerror(errno));
		return folder->was_read = true;
	}
	if (!stream)
		return refuse_unreadable(reading, folder->path);
	folder->was_read = read_entries(reading, units, folder, stream);
	closedir(stream);
	if (folder->count)
		qsort(folder->entries, folder->count, sizeof(*folder->entries), compare_entries);
	return folder->was_read;
}

/* Collects the folders where a unit is searched, and reads those that are not read yet. path: where the unit was named;
 * NULL: in none. false: one could not be read (reported). */
static bool collect_places(struct reading *reading, const char *path, struct places *places)
{
	struct units *units = units_of(reading);
	struct folder *named = units && path ? find_or_add_folder(reading, units, path) : NULL;

	*places = (struct places){ .reading = reading, .units = units, .named = named };
	if (!units || (path && !named))
		return false;
	if (named && !named->is_of_path)
		places->list[places->count++] = named;
	for (size_t n = 0; n < units->path_count && places->count < FOLDERS_MOST; n++)
		places->list[places->count++] = units->folders[n];
	for (size_t n = 0; n < places->count; n++) {
		if (!read_folder(reading, units, places->list[n]))
			return false;
	}
	return true;
}

static const struct entry *find_entry(const struct folder *folder, const char *name)
{
	const struct entry wanted = { .name = name };

	return folder->count ? bsearch(&wanted, folder->entries, folder->count, sizeof(wanted), compare_entries) : NULL;
}

/* Whether the folder of path is one of these. path is absolute or relative to `folder`. */
static bool places_hold(const struct places *places, const struct folder *folder, const char *path)
{
	const char *slash = strrchr(path, '/');
	char whole[PATH_MAX];
	struct stat status;
	int length;

	if (!slash)
		return true;
	length = snprintf(whole, sizeof(whole), "%s%s%.*s", *path == '/' ? "" : folder->path, *path == '/' ? "" : "/",
			  (int)(slash + 1 - path), path);
	if (length < 0 || (size_t)length >= sizeof(whole) || stat(whole, &status) < 0)
		return false;
	for (size_t n = 0; n < places->count; n++) {
		if (is_same_folder(places->list[n], &status))
			return true;
	}
	return false;
}

/* Files. EMPTY: the file is a mask, that is empty or /dev/null. REFUSED: it must not be read (reported). FULL: all
 * others, also files that cannot be read. */
enum content { FULL, EMPTY, REFUSED };

static enum content look_at_file(struct reading *reading, const char *path)
{
	struct stat status, null;

	if (stat(path, &status) < 0)
		return FULL;
	if (S_ISCHR(status.st_mode) && stat("/dev/null", &null) == 0 && S_ISCHR(null.st_mode) &&
	    status.st_rdev == null.st_rdev)
		return EMPTY;
	if (!S_ISREG(status.st_mode))
		return FULL;
	if (!reading_may_read(reading, path, &status))
		return REFUSED;
	return status.st_size ? FULL : EMPTY;
}

/* Reads one file of a unit. false: it cannot be read (reported). */
static bool read_file(struct reading *reading, const char *path, struct unit *unit, struct unit_text *text)
{
	struct source_file source;

	if (reading->files >= READING_FILES)
		return refuse_file(reading, path, "more than %d files in one configuration", READING_FILES);
	reading->files++;
	if (!source_load_in_parts(&source, path, reading->table->pool, reading->diags))
		return false;
	unit->files++;
	unit_text_add(text, &source);
	source_free(&source);
	return true;
}

/* The aliases of a unit: links in its folders that lead to it. Drop-ins of an alias apply to the unit, too. A link is
 * an alias only if it leads to a name of the same type in these folders, and no earlier folder has another entry with
 * the link's name. */

/* Whether a link called `name` can be an alias of `target`: both have one type, and a link without @ leads to no
 * template. */
static bool may_be_alias(const char *name, const char *target)
{
	return unit_name_is_valid(name) && unit_name_is_valid(target) && strcmp(name, target) != 0 &&
		!strcmp(strrchr(name, '.'), strrchr(target, '.')) &&
		(!strchr(name, '@') == !strchr(target, '@') || !unit_name_is_template(target));
}

/* Finds the links of a folder that are aliases. */
static void index_aliases(const struct places *places, struct folder *folder)
{
	if (folder->has_aliases)
		return;
	folder->has_aliases = true;
	for (size_t n = 0; n < folder->count; n++) {
		const struct entry *entry = &folder->entries[n];
		const char *target = entry->target ? scan_base_name(entry->target) : NULL;

		if (target && may_be_alias(entry->name, target) && places_hold(places, folder, entry->target))
			array_add(folder->aliases, folder->alias_count, folder->alias_capacity) =
				(struct entry){ entry->name, target };
	}
}

/* The name of an alias for this unit, with the unit's instance; NULL: it is no alias of the unit. */
static const char *alias_name(struct pool *pool, const struct entry *alias, const char *name)
{
	if (!strcmp(alias->target, name))
		return alias->name;
	if (!name_is_instance(name) || !unit_name_is_template(alias->target) || !unit_name_is_template(alias->name) ||
	    strcmp(alias->target, name_with_instance(pool, name, NULL)) != 0)
		return NULL;
	return name_with_instance(pool, alias->name, name);
}

static bool is_shadowed(const struct places *places, size_t folder, const char *name)
{
	for (size_t n = 0; n < folder; n++) {
		if (find_entry(places->list[n], name))
			return true;
	}
	return false;
}

/* Finds all names of a unit: its own first, then those of links to a name that is found already. names: all zero.
 * Returns their number. */
static size_t find_names(const struct places *places, const char *name, const char *names[ALIASES_MOST + 1])
{
	size_t count = 1;

	names[0] = name;
	for (size_t of = 0; of < count; of++) {
		for (size_t n = 0; n < places->count; n++) {
			struct folder *folder = places->list[n];

			index_aliases(places, folder);
			for (size_t i = 0; i < folder->alias_count && count < ALIASES_MOST; i++) {
				const char *alias = alias_name(places->units->pool, &folder->aliases[i], names[of]);

				if (alias && !words_have(names, alias) &&
				    !is_shadowed(places, n, folder->aliases[i].name))
					names[count++] = alias;
			}
		}
	}
	return count;
}

/* The drop-ins of a unit: *.conf in NAME.d, in PREFIX-.SUFFIX.d and in SUFFIX.d.
 *
 * Two orders apply. Of files with the same name the file in the first folder replaces the others, and an empty file
 * there removes them. Then all files are read by name, whatever their folder. systemd's manual leaves the order of
 * folders partly open. The order here was observed: first by the search path, then the unit's own name, the template's
 * name, prefixes that end in a dash from long to short, and last the folders of the whole type. */
struct dropins {
	const struct places *places;
	const struct unit *unit;
	struct entry *list;             /* owned; names, and paths in the table's pool, for diagnostics */
	size_t count, capacity;
	bool failed;                    /* reported */
};

static void add_dropin(struct dropins *dropins, const char *folder, const char *name)
{
	struct reading *reading = dropins->places->reading;
	const char *path = pool_textf(reading->table->pool, "%s/%s", folder, name);
	struct stat status;

	for (size_t n = 0; n < dropins->count; n++) {
		if (!strcmp(dropins->list[n].name, name))
			return;
	}
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return;
	if (dropins->count == DROPINS_MOST) {
		dropins->failed = !refuse_file(reading, folder, "more than %d drop-ins for %s", DROPINS_MOST,
					       dropins->unit->name);
		return;
	}
	array_add(dropins->list, dropins->count, dropins->capacity) =
		(struct entry){ pool_text(dropins->places->units->pool, name), path };
}

/* Collects the files in NAME.d of a folder. NAME has two parts: its first bytes and the rest. */
static void add_dropins_of(struct dropins *dropins, const struct folder *folder, const char *start, size_t length,
			   const char *rest)
{
	struct reading *reading = dropins->places->reading;
	const char *name = pool_textf(dropins->places->units->pool, "%.*s%s.d", (int)length, start, rest), *path;
	const struct dirent *found;
	DIR *stream;

	if (dropins->failed || !find_entry(folder, name))
		return;
	path = pool_textf(reading->table->pool, "%s/%s", folder->path, name);
	stream = opendir(path);
	if (!stream) {
		dropins->failed = errno != ENOTDIR && errno != ENOENT && !refuse_unreadable(reading, path);
		return;
	}
	for (errno = 0; !dropins->failed && (found = readdir(stream)); errno = 0) {
		if (found->d_name[0] != '.' && unit_name_has_suffix(found->d_name, ".conf"))
			add_dropin(dropins, path, found->d_name);
	}
	if (!dropins->failed && errno)
		dropins->failed = !refuse_unreadable(reading, path);
	closedir(stream);
}

/* Collects the folders of one name: its own, its template's, and those of all prefixes that end in a dash. */
static void add_dropins_of_name(struct dropins *dropins, const struct folder *folder, const char *name)
{
	const char *at = strchr(name, '@'), *dot = strrchr(name, '.');
	size_t length = (size_t)((at ? at : dot) - name);

	add_dropins_of(dropins, folder, name, strlen(name), "");
	if (name_is_instance(name))
		add_dropins_of(dropins, folder, name, (size_t)(at + 1 - name), dot);
	while (length > 1) {
		length--;
		while (length && name[length - 1] != '-')
			length--;
		if (length)
			add_dropins_of(dropins, folder, name, length, dot);
	}
}

/* Reads every drop-in of a unit. An empty file is not read; it only replaces others of its name. false: one cannot be
 * read (reported). */
static bool read_dropins(const struct places *places, struct unit *unit, struct unit_text *text)
{
	struct dropins dropins = { .places = places, .unit = unit };
	const char *names[ALIASES_MOST + 1] = { NULL };
	size_t count = find_names(places, unit->name, names);
	bool ok;

	if (count == ALIASES_MOST)
		dropins.failed = !refuse_file(places->reading, unit->path, "%d names lead to %s, or more",
					      ALIASES_MOST, unit->name);
	for (size_t n = 0; n < places->count; n++) {
		for (size_t i = 0; i < count; i++)
			add_dropins_of_name(&dropins, places->list[n], names[i]);
	}
	for (size_t n = 0; n < places->count; n++)
		add_dropins_of(&dropins, places->list[n], unit->suffix, strlen(unit->suffix), "");
	ok = !dropins.failed;
	if (dropins.count)
		qsort(dropins.list, dropins.count, sizeof(*dropins.list), compare_entries);
	for (size_t n = 0; !dropins.failed && n < dropins.count; n++) {
		enum content content = look_at_file(places->reading, dropins.list[n].target);

		if (content == FULL)
			ok &= read_file(places->reading, dropins.list[n].target, unit, text);
		else
			ok &= content == EMPTY;
	}
	free(dropins.list);
	return ok;
}

/* Finding. */

/* The result of looking for a name. */
struct finding {
	enum { NOWHERE, FOUND, MASKED, ALIAS, FAILED } kind;
	const char *path;               /* of the file or link that was found, kept in the table's pool */
	const char *alias;              /* of ALIAS: the name of the unit that the link leads to */
};

/* The name of the unit that a link called `name` leads to; NULL: the target is no unit's name. */
static const char *link_target_name(struct pool *pool, const char *name, const char *target)
{
	if (!unit_name_is_valid(target) || strcmp(strrchr(name, '.'), strrchr(target, '.')) != 0)
		return NULL;
	if (unit_name_is_template(name))
		return unit_name_is_template(target) ? target : NULL;
	if (!unit_name_is_template(target))
		return target;
	return strchr(name, '@') ? name_with_instance(pool, target, name) : NULL;
}

/* A link to a file outside of the search path: the real path is that of the unit's file. */
static struct finding follow_outside(struct reading *reading, const char *path, const char *target)
{
	char real[PATH_MAX];
	const char *found = realpath(path, real);

	if (!found && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
		refuse_file(reading, path, "leads to %s, which is not there", target);
		return (struct finding){ .kind = FAILED };
	}
	return (struct finding){ .kind = FOUND, .path = found ? pool_text(reading->table->pool, real) : path };
}

/* Examines one file of a folder as that of the unit `name`. */
static struct finding examine_entry(const struct places *places, const struct folder *folder, const struct entry *entry,
				    const char *name)
{
	struct reading *reading = places->reading;
	const char *path = pool_textf(reading->table->pool, "%s/%s", folder->path, entry->name), *target, *behind;
	enum content content = look_at_file(reading, path);

	if (content == REFUSED)
		return (struct finding){ .kind = FAILED };
	if (content == EMPTY || (entry->target && !strcmp(entry->target, "/dev/null")))
		return (struct finding){ .kind = MASKED, .path = path };
	if (!entry->target)
		return (struct finding){ .kind = FOUND, .path = path };
	if (!places_hold(places, folder, entry->target))
		return follow_outside(reading, path, entry->target);
	target = scan_base_name(entry->target);
	behind = link_target_name(places->units->pool, entry->name, target);
	if (behind)
		behind = link_target_name(places->units->pool, name, target);
	if (!behind) {
		refuse_file(reading, path, "leads to %s, of which %s cannot be another name", target, name);
		return (struct finding){ .kind = FAILED };
	}
	/* A link to its own name says nothing: the next folder has the unit, or none has. */
	if (!strcmp(behind, name))
		return (struct finding){ .kind = NOWHERE };
	return (struct finding){ .kind = ALIAS, .path = path, .alias = behind };
}

/* Searches a file called `file` in all folders. */
static struct finding search_folders(const struct places *places, const char *file, const char *name)
{
	struct finding finding = { .kind = NOWHERE };

	for (size_t n = 0; n < places->count && finding.kind == NOWHERE; n++) {
		const struct entry *entry = find_entry(places->list[n], file);

		if (entry)
			finding = examine_entry(places, places->list[n], entry, name);
	}
	return finding;
}

/* Follows aliases; *name becomes the unit's own. */
static struct finding follow_aliases(const struct places *places, const char **name)
{
	const char *asked = *name;

	for (int depth = 0; depth < ALIAS_DEPTH; depth++) {
		struct finding finding = search_folders(places, *name, *name);

		if (finding.kind == NOWHERE && name_is_instance(*name))
			finding = search_folders(places, name_with_instance(places->units->pool, *name, NULL), *name);
		if (finding.kind != ALIAS)
			return finding;
		*name = finding.alias;
	}
	refuse_file(places->reading, asked,
		    "the links of this name lead to one another: more than %d, or round in a circle", ALIAS_DEPTH);
	return (struct finding){ .kind = FAILED };
}

/* Moves the assignments to the unit. */
static void keep_text(struct unit *unit, struct unit_text *text)
{
	unit->list = pool_copy(text->pool, text->list, text->count * sizeof(*text->list));
	unit->count = text->count;
	free(text->list);
}

/* Reads a unit. NULL if any part cannot be read: the missing part may have restricted the service. */
static struct unit *load_unit(const struct places *places, const char *name, const struct finding *finding)
{
	struct unit_text text = { .pool = places->units->pool, .diags = places->reading->diags };
	struct unit *unit = make_unit(text.pool, name);
	bool ok = true;

	unit->is_masked = finding->kind == MASKED;
	if (!unit->is_masked) {
		unit->path = finding->path;
		ok = read_file(places->reading, unit->path, unit, &text) && read_dropins(places, unit, &text);
	}
	keep_text(unit, &text);
	return ok && !text.failed ? unit : NULL;
}

/* The cached result of a pair of texts, or a new one. Texts are compared by address, because the pool keeps equal texts
 * once. */
static struct known *find_known(struct units *units, const char *first, const char *second)
{
	struct known **chain, *known;

	first = pool_text(units->pool, first);
	second = pool_text(units->pool, second);
	chain = &units->known[((uintptr_t)first / 8 * 31 + (uintptr_t)second / 8) %
			      (sizeof(units->known) / sizeof(*units->known))];
	for (known = *chain; known; known = known->next) {
		if (known->first == first && known->second == second)
			return known;
	}
	known = pool_alloc(units->pool, sizeof(*known));
	*known = (struct known){ .next = *chain, .first = first, .second = second };
	return *chain = known;
}

/* Adds a note if the file that was named is overridden: a file of that name, or a mask, stands in an earlier folder of
 * the search path. */
static void note_override(const struct places *places, const char *name, const struct finding *finding)
{
	const struct folder *named = places->named;
	const struct entry *entry = named ? find_entry(named, name) : NULL;
	size_t length = named ? strlen(named->path) : 0;

	if (!entry || entry->target || (!strncmp(finding->path, named->path, length) && finding->path[length] == '/'))
		return;
	diag_note(places->reading->diags,
		  ((struct origin){ .file = pool_textf(places->reading->table->pool, "%s/%s", named->path, name) }),
		  "not read: %s is before it in the search path", finding->path);
}

/* A unit is read once for each pair of a file and a name, whatever folder it was named in. */
static void find_unit(struct reading *reading, const char *folder, const char *name, struct known *result)
{
	struct places places;
	struct finding finding;
	struct known *read;

	result->is_searched = result->failed = true;
	if (!collect_places(reading, folder, &places))
		return;
	finding = follow_aliases(&places, &name);
	result->failed = finding.kind == FAILED;
	if (finding.kind == NOWHERE || finding.kind == FAILED)
		return;
	note_override(&places, name, &finding);
	read = find_known(places.units, finding.path, name);
	if (!read->is_searched) {
		read->unit = load_unit(&places, name, &finding);
		read->failed = !read->unit;
		read->is_searched = true;
	}
	result->unit = read->unit;
	result->failed = read->failed;
}

/* The folder of a unit that was read from a text in memory. */
static const char text_folder[] = "";

const struct unit *unit_find(struct reading *reading, const char *folder, const char *name, bool *failed)
{
	struct units *units = units_of(reading);
	struct known *known;

	*failed = !units;
	if (!units || !unit_name_is_valid(name))
		return NULL;
	known = find_known(units, text_folder, name);
	if (!known->is_searched)
		known = find_known(units, folder ? folder : "-", name);
	if (!known->is_searched)
		find_unit(reading, folder, known->second, known);
	*failed = known->failed;
	return known->unit;
}

const struct unit *unit_from_source(struct reading *reading, const char *name, const struct source_file *source)
{
	struct units *units = units_of(reading);
	struct unit_text text = { .diags = reading->diags };
	struct known *known;
	struct unit *unit;

	if (!units || !unit_name_is_valid(name))
		return NULL;
	known = find_known(units, text_folder, name);
	text.pool = units->pool;
	unit = make_unit(units->pool, name);
	unit->path = source->file;
	unit->files = 1;
	unit_text_add(&text, source);
	keep_text(unit, &text);
	known->unit = text.failed ? NULL : unit;
	known->failed = text.failed;
	known->is_searched = true;
	return known->unit;
}

void unit_listed_names(struct reading *reading, const char *folder, const struct unit *unit, const char *kind,
		       struct word_list *list)
{
	struct places places;
	const char *name;

	if (!collect_places(reading, folder, &places))
		return;
	name = pool_textf(places.units->pool, "%s%s", unit->name, kind);
	for (size_t n = 0; n < places.count; n++) {
		const char *path = pool_textf(places.units->pool, "%s/%s", places.list[n]->path, name);
		DIR *stream = find_entry(places.list[n], name) ? opendir(path) : NULL;
		const struct dirent *found;

		while (stream && (found = readdir(stream))) {
			const char *file = pool_textf(reading->table->pool, "%s/%s", path, found->d_name);

			if (!unit_name_is_valid(found->d_name))
				continue;
			word_list_add(list, pool_text(places.units->pool, found->d_name),
				      (struct origin){ .file = file });
			if (!list->at.file)
				list->at.file = file;
		}
		if (stream)
			closedir(stream);
	}
}
