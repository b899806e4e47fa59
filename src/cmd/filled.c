/* Sources that became empty.
 *
 * The hard thing is that an empty source is legal, and stays so where it always was one: so what counts is the change.
 * A source that is gone is none of this: whether it may be is for its reader to say. */
#include "cmd/filled.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#define MOST 64 /* sources that are looked after: the bits of a mask */

static const char *path_of(const char *source)
{
	const char *colon = strchr(source, ':');

	return colon ? colon + 1 : source;
}

/* The n-th source; NULL: there are no more. */
static const char *source_at(const struct options *options, size_t n)
{
	if (n < options->source_count)
		return path_of(options->sources[n]);
	n -= options->source_count;
	if (n < options->further_count)
		return path_of(options->further[n]);
	return !n && !options->source_count && !options->further_count ? SYSCONFDIR "/superd.conf" : NULL;
}

static bool is_folder_empty(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	if (!folder)
		return false;
	do
		entry = readdir(folder);
	while (entry && entry->d_name[0] == '.');
	closedir(folder);
	return !entry;
}

static bool is_empty(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	return S_ISDIR(status.st_mode) ? is_folder_empty(path) : S_ISREG(status.st_mode) && !status.st_size;
}

uint64_t filled_find(const struct options *options)
{
	uint64_t filled = 0;
	const char *path;

	for (size_t n = 0; n < MOST && (path = source_at(options, n)); n++) {
		if (!is_empty(path))
			filled |= UINT64_C(1) << n;
	}
	return filled;
}

bool filled_check(const struct options *options, uint64_t filled, struct diags *diags)
{
	bool good = true;

	for (size_t n = 0; n < MOST && source_at(options, n); n++) {
		if (!(options->filled >> n & 1) || filled >> n & 1)
			continue;
		diag_error(diags, ((struct origin){ .file = source_at(options, n) }), "is empty: nothing was changed");
		diags_hint(diags, "that no service is meant is said by a comment in it");
		good = false;
	}
	return good;
}
