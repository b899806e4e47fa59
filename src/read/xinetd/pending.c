/* Makes and frees the state of a source, and reports the diagnostics of its entries. */
#include "read/xinetd/entry.h"

#include <stdlib.h>

struct xinetd *xinetd_new(void)
{
	struct pool *pool = pool_new();
	struct xinetd *xinetd = pool_alloc(pool, sizeof(*xinetd));

	xinetd->pool = pool;
	return xinetd;
}

void xinetd_entry_free(struct xinetd_entry *entry)
{
	free(entry->list);
	diags_free(&entry->diags);
}

void xinetd_free(struct xinetd *xinetd)
{
	for (size_t i = 0; i < xinetd->count; i++)
		xinetd_entry_free(&xinetd->services[i]);
	xinetd_entry_free(&xinetd->defaults);
	free(xinetd->services);
	pool_free(xinetd->pool);
}

void xinetd_entry_report(const struct xinetd_entry *entry, struct diags *diags, bool as_warnings)
{
	for (size_t i = 0; i < entry->diags.count; i++) {
		const struct diag *diag = &entry->diags.list[i];
		struct origin at = { .file = diag->file, .line = diag->line, .column = diag->column };
		bool milder = as_warnings && diag->severity == SEVERITY_ERROR;

		if (as_warnings && diag->severity == SEVERITY_NOTE)
			continue;
		diags_add(diags, milder ? SEVERITY_WARNING : diag->severity, at, "%s", diag->message);
		if (diag->hint)
			diags_hint(diags, "%s", diag->hint);
	}
	if (entry->diags.lost || entry->diags.dropped_errors)
		diag_error(diags, entry->at, "this entry has more errors than superd can report");
}
