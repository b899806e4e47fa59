/* The folders where superd looks for units: the folder of the unit that was named, and the search path.
 *
 * A unit has a file, drop-ins under many names, and aliases, each in any of the folders. So each folder is read once,
 * and a search for an absent name costs no system call. One folder may have two paths (/lib is often /usr/lib), so
 * device and inode identify it. */
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
#include "table/services/unit_machine.h"

/* A folder whose stat(2) fails in another way than ENOENT counts as there; reading it reports the error. */
static bool folder_is_missing(const char *path, struct stat *status)
{
	if (stat(path, status) == 0)
		return !S_ISDIR(status->st_mode);
	*status = (struct stat){ 0 };
	return errno == ENOENT || errno == ENOTDIR;
}

static bool is_same_folder(const struct unit_folder *folder, const struct stat *status)
{
	return folder->is_there && status->st_ino && folder->device == status->st_dev &&
		folder->inode == status->st_ino;
}

/* Finds a folder by this path or another path of it, or adds it. NULL: there are too many (reported). */
static struct unit_folder *find_or_add_folder(struct reading *reading, struct units *units, const char *path)
{
	struct stat status;
	bool is_there = !folder_is_missing(path, &status);
	struct unit_folder *folder;

	for (size_t n = 0; n < units->count; n++) {
		folder = units->folders[n];
		if (!strcmp(folder->path, path) || (is_there && is_same_folder(folder, &status)))
			return folder;
	}
	if (units->count == UNIT_FOLDERS) {
		diag_error(reading->diags, ((struct origin){ .file = path }),
			   "superd searches at most %d directories for units", UNIT_FOLDERS);
		return NULL;
	}
	folder = pool_alloc(units->pool, sizeof(*folder));
	*folder = (struct unit_folder){ .path = pool_text(units->pool, path), .is_there = is_there,
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

struct units *units_of(struct reading *reading)
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
		if (!find_or_add_folder(reading, units, *path)) {
			reading_drop_state(reading, free_units);
			return NULL;
		}
	}
	units->path_count = units->count;
	return units;
}

static int compare_unit_entries(const void *a, const void *b)
{
	return strcmp(((const struct unit_entry *)a)->name, ((const struct unit_entry *)b)->name);
}

/* The target of a link; NULL: the file is no link. */
static const char *read_link_target(struct units *units, int folder, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(folder, name, target, sizeof(target));

	return length < 0 ? NULL : pool_text_n(units->pool, target, (size_t)length);
}

/* Adds all names that do not begin with a dot. false: the folder cannot be read (reported). */
static bool read_entries(struct reading *reading, struct units *units, struct unit_folder *folder, DIR *stream)
{
	struct origin at = { .file = folder->path };
	const struct dirent *found;

	for (errno = 0; (found = readdir(stream)); errno = 0) {
		if (found->d_name[0] == '.')
			continue;
		if (folder->count == UNIT_FOLDER_FILES) {
			diag_error(reading->diags, at, "more than %d files in one directory of "
						       "units", UNIT_FOLDER_FILES);
			return false;
		}
		array_add(folder->entries, folder->count, folder->capacity) = (struct unit_entry){
			.name = pool_text(units->pool, found->d_name),
			.target = found->d_type == DT_LNK || found->d_type == DT_UNKNOWN
				? read_link_target(units, dirfd(stream), found->d_name) : NULL,
		};
	}
	if (errno)
		diag_error(reading->diags, at, "cannot read: %s", strerror(errno));
	return !errno;
}

/* Whether the search path has it. A unit's own folder, which somebody named, comes after the path's. */
static bool folder_is_of_path(const struct units *units, const struct unit_folder *folder)
{
	for (size_t n = 0; n < units->path_count; n++) {
		if (units->folders[n] == folder)
			return true;
	}
	return false;
}

/* systemd passes over a folder of its path that it may not open: a user whose HOME is another's has such folders. */
static bool read_unit_folder(struct reading *reading, struct units *units, struct unit_folder *folder)
{
	DIR *stream;
	bool ok;

	if (folder->was_read || !folder->is_there)
		return true;
	stream = opendir(folder->path);
	if (!stream && errno == EACCES && folder_is_of_path(units, folder)) {
		diag_warning(reading->diags, ((struct origin){ .file = folder->path }),
			     "cannot read: %s; its units and drop-ins are passed over, as systemd does",
			     strerror(errno));
		return folder->was_read = true;
	}
	if (!stream) {
		diag_error(reading->diags, ((struct origin){ .file = folder->path }), "cannot read: %s",
			   strerror(errno));
		return false;
	}
	ok = read_entries(reading, units, folder, stream);
	closedir(stream);
	if (folder->count)
		qsort(folder->entries, folder->count, sizeof(*folder->entries), compare_unit_entries);
	folder->was_read = ok;
	return ok;
}

bool unit_places_collect(struct reading *reading, const char *path, struct unit_places *places)
{
	struct units *units = units_of(reading);
	struct unit_folder *named = units && path ? find_or_add_folder(reading, units, path) : NULL;
	bool is_of_path = false;

	*places = (struct unit_places){ .named = named };
	if (!units || (path && !named))
		return false;
	for (size_t n = 0; n < units->path_count; n++)
		is_of_path |= units->folders[n] == named;
	if (named && !is_of_path)
		places->list[places->count++] = named;
	for (size_t n = 0; n < units->path_count && places->count < UNIT_FOLDERS; n++)
		places->list[places->count++] = units->folders[n];
	for (size_t n = 0; n < places->count; n++) {
		if (!read_unit_folder(reading, units, places->list[n]))
			return false;
	}
	return true;
}

const struct unit_entry *unit_folder_find(const struct unit_folder *folder, const char *name)
{
	const struct unit_entry wanted = { .name = name };

	if (!folder->count)
		return NULL;
	return bsearch(&wanted, folder->entries, folder->count, sizeof(wanted), compare_unit_entries);
}

bool unit_places_hold(const struct unit_places *places, const struct unit_folder *folder, const char *path)
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
