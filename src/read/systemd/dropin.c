/* The drop-ins of a unit: *.conf in NAME.d, in PREFIX-.SUFFIX.d and in SUFFIX.d.
 *
 * Two orders apply. Of files with the same name the file in the first folder replaces the others, and an empty file
 * there removes them. Then all files are read by name, whatever their folder. systemd's manual leaves the order of
 * folders partly open. The order here was observed: first by the search path, then the unit's own name, the template's
 * name, prefixes that end in a dash from long to short, and last the folders of the whole type. */
#include "read/systemd/internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/array.h"

struct dropin {
	const char *name;
	const char *path;               /* in the table's pool, for diagnostics */
};

struct collection {
	struct reading *reading;
	struct units *units;
	const struct unit *unit;
	struct dropin *list;            /* owned */
	size_t count, capacity;
	bool failed;                    /* reported */
};

static bool is_collected(const struct collection *collection, const char *name)
{
	for (size_t n = 0; n < collection->count; n++) {
		if (!strcmp(collection->list[n].name, name))
			return true;
	}
	return false;
}

static bool is_dropin_name(const char *name)
{
	size_t length = strlen(name);

	return *name != '.' && length > 5 && !strcmp(name + length - 5, ".conf");
}

static void add_dropin(struct collection *collection, const char *folder, const char *name)
{
	const struct dropin made = {
		.name = pool_text(collection->units->pool, name),
		.path = pool_textf(collection->reading->table->pool, "%s/%s", folder, name),
	};
	struct stat status;

	if (stat(made.path, &status) == 0 && S_ISDIR(status.st_mode))
		return;
	if (collection->count == UNIT_DROPINS) {
		diag_error(collection->reading->diags, ((struct origin){ .file = folder }),
			   "more than %d drop-ins for %s", UNIT_DROPINS, collection->unit->name);
		collection->failed = true;
		return;
	}
	array_add(collection->list, collection->count, collection->capacity) = made;
}

static void collect_folder_files(struct collection *collection, const char *folder, DIR *stream)
{
	const struct dirent *found;

	for (errno = 0; !collection->failed && (found = readdir(stream)); errno = 0) {
		if (is_dropin_name(found->d_name) && !is_collected(collection, found->d_name))
			add_dropin(collection, folder, found->d_name);
	}
	if (!collection->failed && errno) {
		diag_error(collection->reading->diags, ((struct origin){ .file = folder }), "cannot read: %s",
			   strerror(errno));
		collection->failed = true;
	}
}

/* Collects the files in NAME.d of a folder. NAME has two parts: its first bytes and the rest. */
static void collect_folder(struct collection *collection, const struct unit_folder *folder, const char *start,
			   size_t length, const char *rest)
{
	const char *name = pool_textf(collection->units->pool, "%.*s%s.d", (int)length, start, rest), *path;
	DIR *stream;

	if (collection->failed || !unit_folder_find(folder, name))
		return;
	path = pool_textf(collection->reading->table->pool, "%s/%s", folder->path, name);
	stream = opendir(path);
	if (stream) {
		collect_folder_files(collection, path, stream);
		closedir(stream);
	} else if (errno != ENOTDIR && errno != ENOENT) {
		diag_error(collection->reading->diags, ((struct origin){ .file = path }), "cannot read: %s",
			   strerror(errno));
		collection->failed = true;
	}
}

/* Collects the folders of one name: its own, its template's, and those of all prefixes that end in a dash. */
static void collect_name(struct collection *collection, const struct unit_folder *folder, const char *name)
{
	const char *at = strchr(name, '@'), *dot = strrchr(name, '.');
	size_t length = (size_t)((at ? at : dot) - name);

	collect_folder(collection, folder, name, strlen(name), "");
	if (unit_name_is_instance(name))
		collect_folder(collection, folder, name, (size_t)(at + 1 - name), dot);
	while (length > 1) {
		length--;
		while (length && name[length - 1] != '-')
			length--;
		if (length)
			collect_folder(collection, folder, name, length, dot);
	}
}

static int compare_dropins(const void *a, const void *b)
{
	return strcmp(((const struct dropin *)a)->name, ((const struct dropin *)b)->name);
}

/* Reads the files in their order. An empty file is not read; it only replaces others of its name. */
static bool read_collected(struct collection *collection, struct unit *unit, struct unit_text *text)
{
	bool ok = true;

	if (collection->count)
		qsort(collection->list, collection->count, sizeof(*collection->list), compare_dropins);
	for (size_t n = 0; n < collection->count; n++) {
		const char *path = collection->list[n].path;
		enum unit_file file = unit_file_look(collection->reading, path);

		if (file == UNIT_FILE_FULL)
			ok &= unit_file_read(collection->reading, path, unit, text);
		else
			ok &= file == UNIT_FILE_EMPTY;
	}
	return ok;
}

bool unit_dropins_read(struct reading *reading, struct units *units, const struct unit_places *places,
		       struct unit *unit, struct unit_text *text)
{
	struct collection collection = { .reading = reading, .units = units, .unit = unit };
	const char *names[UNIT_ALIASES];
	size_t count = unit_aliases(units, places, unit->name, names);
	bool ok;

	if (count == UNIT_ALIASES) {
		diag_error(reading->diags, ((struct origin){ .file = unit->path }), "%d names lead to %s, or more",
			   UNIT_ALIASES, unit->name);
		collection.failed = true;
	}
	for (size_t n = 0; n < places->count; n++) {
		for (size_t i = 0; i < count; i++)
			collect_name(&collection, places->list[n], names[i]);
	}
	for (size_t n = 0; n < places->count; n++)
		collect_folder(&collection, places->list[n], unit->suffix, strlen(unit->suffix), "");
	ok = !collection.failed && read_collected(&collection, unit, text);
	free(collection.list);
	return ok;
}
