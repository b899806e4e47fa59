/* The drop-ins of a unit: *.conf in NAME.d and its kin.
 *
 * Two orders apply. Of files with one name the file of the first folder replaces the others, and an empty file there
 * removes them. The files are then read by name, whatever their folder. systemd's manual leaves the order of folders
 * partly open; it was observed: by the search path, then the unit's own name, its template's, the starts that end in
 * a dash from long to short; folders of the whole type come last. */
#include "parse/systemd/internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"

struct dropin {
	const char *name;
	const char *path;               /* kept in the table's pool, as diagnostics name it */
};

struct collection {
	struct reading *reading;
	struct units *units;
	const struct unit *unit;
	struct dropin *list;            /* owned */
	size_t count, capacity;
	bool failed;                    /* reported */
};

static void fail_for_memory(struct collection *collection)
{
	reading_refuse_memory(collection->reading);
	collection->failed = true;
}

static bool is_known(const struct collection *collection, const char *name)
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
	struct dropin *list, made = { .name = pool_text(collection->units->pool, name) };
	struct stat status;

	made.path = pool_textf(collection->reading->table->pool, "%s/%s", folder, name);
	list = array_grow(collection->list, &collection->capacity, collection->count, sizeof(*list));
	if (list)
		collection->list = list;
	if (!list || !made.name || !made.path) {
		fail_for_memory(collection);
		return;
	}
	if (stat(made.path, &status) == 0 && S_ISDIR(status.st_mode))
		return;
	if (collection->count == UNIT_DROPINS) {
		diag_error(collection->reading->diags, ((struct origin){ .file = folder }),
			   "more than %d drop-ins for %s", UNIT_DROPINS, collection->unit->name);
		collection->failed = true;
		return;
	}
	list[collection->count++] = made;
}

static void read_folder(struct collection *collection, const char *folder, DIR *stream)
{
	const struct dirent *found;

	for (errno = 0; !collection->failed && (found = readdir(stream)); errno = 0) {
		if (is_dropin_name(found->d_name) && !is_known(collection, found->d_name))
			add_dropin(collection, folder, found->d_name);
	}
	if (!collection->failed && errno) {
		diag_error(collection->reading->diags, ((struct origin){ .file = folder }), "cannot read: %s",
			   strerror(errno));
		collection->failed = true;
	}
}

/* Takes what is in NAME.d of a folder, NAME given by its first bytes and what follows them. */
static void take_folder(struct collection *collection, const struct unit_folder *folder, const char *start,
			size_t length, const char *rest)
{
	const char *name = pool_textf(collection->units->pool, "%.*s%s.d", (int)length, start, rest), *path;
	DIR *stream;

	if (collection->failed || (name && !unit_folder_find(folder, name)))
		return;
	path = name ? pool_textf(collection->reading->table->pool, "%s/%s", folder->path, name) : NULL;
	if (!path) {
		fail_for_memory(collection);
		return;
	}
	stream = opendir(path);
	if (stream) {
		read_folder(collection, path, stream);
		closedir(stream);
	} else if (errno != ENOTDIR && errno != ENOENT) {
		diag_error(collection->reading->diags, ((struct origin){ .file = path }), "cannot read: %s",
			   strerror(errno));
		collection->failed = true;
	}
}

/* The folders of one name: its own, its template's, and those of every start that ends in a dash. */
static void take_name(struct collection *collection, const struct unit_folder *folder, const char *name)
{
	const char *at = strchr(name, '@'), *dot = strrchr(name, '.');
	size_t length = (size_t)((at ? at : dot) - name);

	take_folder(collection, folder, name, strlen(name), "");
	if (unit_name_is_instance(name))
		take_folder(collection, folder, name, (size_t)(at + 1 - name), dot);
	while (length > 1) {
		length--;
		while (length && name[length - 1] != '-')
			length--;
		if (length)
			take_folder(collection, folder, name, length, dot);
	}
}

static int compare_dropins(const void *a, const void *b)
{
	return strcmp(((const struct dropin *)a)->name, ((const struct dropin *)b)->name);
}

/* Reads them in their order; an empty one only keeps others of its name away. */
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

	if (!count) {
		fail_for_memory(&collection);
	} else if (count == UNIT_ALIASES) {
		diag_error(reading->diags, ((struct origin){ .file = unit->path }), "%d names lead to %s, or more",
			   UNIT_ALIASES, unit->name);
		collection.failed = true;
	}
	for (size_t n = 0; n < places->count; n++) {
		for (size_t i = 0; i < count; i++)
			take_name(&collection, places->list[n], names[i]);
	}
	for (size_t n = 0; n < places->count; n++)
		take_folder(&collection, places->list[n], unit->suffix, strlen(unit->suffix), "");
	ok = !collection.failed && read_collected(&collection, unit, text);
	free(collection.list);
	return ok;
}
