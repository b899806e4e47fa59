/* Files that became empty.
 *
 * The hard thing is that an empty file is legal, and stays so where it always was one: so what counts is the change. */
#include "cli/superd/filled.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"

struct filled_file {
	const char *path;
	bool is_shared;                 /* a source of the command line, or has defaults, includes and the like */
};

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct filled_file *)a)->path, ((const struct filled_file *)b)->path);
}

static struct filled_file *find(const struct filled *filled, const char *path)
{
	const struct filled_file wanted = { .path = path };

	if (!filled->count)
		return NULL;
	return bsearch(&wanted, filled->list, filled->count, sizeof(wanted), compare_files);
}

void filled_note(struct filled *filled, const char *path)
{
	struct filled_file *list;
	const char *kept;

	if (!filled->pool)
		filled->pool = pool_new();
	kept = filled->pool ? pool_text(filled->pool, path) : NULL;
	list = array_grow(filled->list, &filled->capacity, filled->count, sizeof(*list));
	if (list)
		filled->list = list;
	if (list && kept)
		list[filled->count++] = (struct filled_file){ .path = kept };
	else
		filled->failed = true;
}

static void mark_shared(struct filled *filled, const struct origin *list, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		struct filled_file *file = list[n].line ? find(filled, list[n].file) : NULL;

		if (file)
			file->is_shared = true;
	}
}

void filled_end(struct filled *filled, const struct table *table,
		bool (*is_source)(const void *context, const char *path), const void *context)
{
	if (filled->count)
		qsort(filled->list, filled->count, sizeof(*filled->list), compare_files);
	mark_shared(filled, table->shared, table->shared_count);
	mark_shared(filled, table->vital, table->vital_count);
	for (size_t n = 0; n < filled->count; n++)
		filled->list[n].is_shared |= is_source(context, filled->list[n].path);
}

static bool is_empty(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && !status.st_size;
}

bool filled_check(const struct filled *filled, struct diags *diags)
{
	bool good = true;

	for (size_t n = 0; n < filled->count; n++) {
		const struct filled_file *file = &filled->list[n];

		if (!file->is_shared || !is_empty(file->path))
			continue;
		diag_error(diags, ((struct origin){ .file = file->path }), "is empty: nothing was changed");
		diags_hint(diags, "that nothing is meant is said by a comment in it");
		good = false;
	}
	return good;
}

bool filled_has(const struct filled *filled, const char *path)
{
	return find(filled, path);
}

void filled_carry(const struct filled *filled, struct buf *out)
{
	for (size_t n = 0; n < filled->count; n++) {
		ledger_open(out, "file");
		ledger_add(out, "path", filled->list[n].path);
		if (filled->list[n].is_shared)
			ledger_add_number(out, "shared", 1);
	}
}

/* They come in their order. */
void filled_resume(struct filled *filled, struct ledger *ledger)
{
	for (size_t n = 0; n < ledger->count; n++) {
		struct ledger_section *section = &ledger->sections[n];
		const char *path = strcmp(section->kind, "file") ? NULL : ledger_text(section, "path");
		size_t count = filled->count;

		if (path)
			filled_note(filled, path);
		if (filled->count > count)
			filled->list[count].is_shared = ledger_flag(section, "shared");
	}
}

void filled_free(struct filled *filled)
{
	pool_free(filled->pool);
	free(filled->list);
	*filled = (struct filled){ 0 };
}
