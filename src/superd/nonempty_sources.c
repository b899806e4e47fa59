/* The files of a table that hold text.
 *
 * An empty file is legal. Only the change to an empty one is an error, because an editor may be rewriting the file. */
#include "superd/main.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/array.h"
#include "lib/wait_note.h"

struct nonempty_file {
	const char *path;
	bool is_shared; /* concerns several services: a source of the command line, defaults */
};

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct nonempty_file *)a)->path, ((const struct nonempty_file *)b)->path);
}

static struct nonempty_file *find_file(const struct nonempty_sources *nonempty, const char *path)
{
	const struct nonempty_file wanted = { .path = path };

	if (!nonempty->count)
		return NULL;
	return bsearch(&wanted, nonempty->list, nonempty->count, sizeof(wanted), compare_files);
}

void nonempty_sources_add(struct nonempty_sources *nonempty, const char *path)
{
	struct nonempty_file *list;
	const char *kept;

	if (!nonempty->pool)
		nonempty->pool = pool_new();
	kept = nonempty->pool ? pool_text(nonempty->pool, path) : NULL;
	list = array_grow(nonempty->list, &nonempty->capacity, nonempty->count, sizeof(*list));
	if (list)
		nonempty->list = list;
	if (list && kept)
		list[nonempty->count++] = (struct nonempty_file){ .path = kept };
	else
		nonempty->failed = true;
}

void nonempty_sources_finish(struct nonempty_sources *nonempty, const struct table *table,
			     bool (*is_source)(const void *context, const char *path), const void *context)
{
	if (nonempty->count)
		qsort(nonempty->list, nonempty->count, sizeof(*nonempty->list), compare_files);
	for (size_t n = 0; n < table->note_count; n++) {
		const struct note *note = &table->notes[n];
		bool is_shared = note->kind == NOTE_SHARED || note->kind == NOTE_VITAL;
		struct nonempty_file *file = is_shared && note->at.line ? find_file(nonempty, note->at.file) : NULL;

		if (file)
			file->is_shared = true;
	}
	for (size_t n = 0; n < nonempty->count; n++)
		nonempty->list[n].is_shared |= is_source(context, nonempty->list[n].path);
}

bool nonempty_sources_check(const struct nonempty_sources *nonempty, struct diags *diags)
{
	bool good = true;

	for (size_t n = 0; n < nonempty->count; n++) {
		const struct nonempty_file *file = &nonempty->list[n];
		struct stat status;

		if (!file->is_shared || wait_note_stat(file->path, &status) < 0 || !S_ISREG(status.st_mode) ||
		    status.st_size)
			continue;
		diag_error(diags, ((struct origin){ .file = file->path }), "is empty: nothing was changed");
		diags_hint(diags, "to empty it on purpose, leave a comment in it");
		good = false;
	}
	return good;
}

bool nonempty_sources_has(const struct nonempty_sources *nonempty, const char *path)
{
	return find_file(nonempty, path);
}

const char **nonempty_sources_paths(const struct nonempty_sources *nonempty, size_t *count)
{
	const char **paths = nonempty ? calloc(nonempty->count + 1, sizeof(*paths)) : NULL;

	*count = paths ? nonempty->count : 0;
	for (size_t n = 0; n < *count; n++)
		paths[n] = nonempty->list[n].path;
	return paths;
}

bool nonempty_sources_lost(const struct nonempty_sources *now, const struct table *table)
{
	bool any = false;

	for (size_t n = 0; n < table->count; n++) {
		const struct service *service = &table->services[n];

		if (service_is_off(service))
			continue;
		if (!service->at.file || nonempty_sources_has(now, service->at.file))
			return false;
		any = true;
	}
	return any;
}

void nonempty_sources_save(const struct nonempty_sources *nonempty, struct buf *out)
{
	for (size_t n = 0; n < nonempty->count; n++) {
		state_open_section(out, "file");
		state_add(out, "path", nonempty->list[n].path);
		if (nonempty->list[n].is_shared)
			state_add_number(out, "shared", 1);
	}
}

/* The state has them sorted by path, as find_file needs them. */
void nonempty_sources_restore(struct nonempty_sources *nonempty, struct state_stream *stream)
{
	for (size_t n = 0; n < stream->count; n++) {
		struct state_section *section = &stream->sections[n];
		const char *path = strcmp(section->kind, "file") ? NULL : state_text(section, "path");
		size_t count = nonempty->count;

		if (path)
			nonempty_sources_add(nonempty, path);
		if (nonempty->count > count)
			nonempty->list[count].is_shared = state_flag(section, "shared");
	}
}

void nonempty_sources_free(struct nonempty_sources *nonempty)
{
	pool_free(nonempty->pool);
	free(nonempty->list);
	*nonempty = (struct nonempty_sources){ 0 };
}
