/* --keep-going: which services an error leaves out, and the reason for each.
 *
 * An error belongs to the last entry that begins before it in its file. If that entry is a service, it is left out,
 * whether it became a row of the table or was too broken for that. An error in a part that others depend on stops
 * everything if the reader marked the part as vital; otherwise it is reported, and the rest goes on. */
#include "cli/superd/keep_going.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "config/option/default_service.h"
#include "config/table/left_out.h"

/* An entry that a diagnostic may be about. */
struct error_owner {
	struct origin at;
	enum { ROW, NO_ROW, SHARED, VITAL } kind;
	size_t number;                  /* in its list */
};

/* The entries that are left out: a mark and the first error for each row, and for each entry that became no row. */
struct leaving {
	const struct table *table;
	bool *rows, *entries;
	const char **row_reasons, **entry_reasons;
	bool *is_wrong;                 /* rows: an error was found by reading alone */
	struct error_owner *owners;           /* in the order of their places */
	size_t owner_count;
};

/* An unknown column is that of the line's end. */
static int compare_places(struct origin a, struct origin b)
{
	int order = strcmp(a.file, b.file);

	if (order)
		return order;
	if (a.line != b.line)
		return a.line < b.line ? -1 : 1;
	return a.column - 1 < b.column - 1 ? -1 : a.column - 1 > b.column - 1;
}

static int compare_owners(const void *left, const void *right)
{
	const struct error_owner *a = left, *b = right;
	int order = compare_places(a->at, b->at);

	if (!order)
		order = (int)a->kind - (int)b->kind;
	return order ? order : a->number < b->number ? -1 : a->number > b->number;
}

static void add_owner(struct leaving *leaving, struct error_owner owner)
{
	if (owner.at.file)
		leaving->owners[leaving->owner_count++] = owner;
}

/* A service may come from several files, as .service, .socket and drop-ins of a unit: an error in any is its error. */
static void list_parts(struct leaving *leaving)
{
	const struct table *table = leaving->table;

	for (size_t n = 0; n < table->part_count; n++) {
		const struct service *service = table_find(table, table->parts[n].name);

		if (service)
			add_owner(leaving,
				  (struct error_owner){ table->parts[n].at, ROW, (size_t)(service - table->services) });
	}
}

static void list_owners(struct leaving *leaving)
{
	const struct table *table = leaving->table;

	for (size_t n = 0; n < table->count; n++)
		add_owner(leaving, (struct error_owner){ table->services[n].at, ROW, n });
	list_parts(leaving);
	for (size_t n = 0; n < table->left_out_count; n++)
		add_owner(leaving, (struct error_owner){ table->left_out[n].at, NO_ROW, n });
	for (size_t n = 0; n < table->shared_count; n++)
		add_owner(leaving, (struct error_owner){ table->shared[n], SHARED, n });
	for (size_t n = 0; n < table->vital_count; n++)
		add_owner(leaving, (struct error_owner){ table->vital[n], VITAL, n });
	qsort(leaving->owners, leaving->owner_count, sizeof(*leaving->owners), compare_owners);
}

/* The last entry that does not begin behind this place, in the order of files and lines. NULL: there is none. */
static const struct error_owner *last_before(const struct leaving *leaving, struct origin at)
{
	size_t low = 0, high = leaving->owner_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_places(leaving->owners[middle].at, at) > 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low ? &leaving->owners[low - 1] : NULL;
}

/* The entry a diagnostic is about; NULL: none. */
static const struct error_owner *find_owner(const struct leaving *leaving, const struct diag *diag)
{
	struct origin at = { diag->file, diag->line, diag->column };
	const struct error_owner *owner = at.file ? last_before(leaving, at) : NULL;

	return owner && !strcmp(owner->at.file, at.file) ? owner : NULL;
}

/* Whether what stands at this very place is left out. */
static bool is_place_left_out(const struct leaving *leaving, struct origin at)
{
	const struct error_owner *owner = last_before(leaving, at);

	for (; owner && !compare_places(owner->at, at); owner--) {
		if (owner->kind == NO_ROW || (owner->kind == ROW && leaving->rows[owner->number]))
			return true;
		if (owner == leaving->owners)
			break;
	}
	return false;
}

/* The last that gave way to the entry at this place, which will have its socket; NULL: none did. */
static const struct yielded *find_yielded(const struct table *table, struct origin to)
{
	for (size_t n = table->yielded_count; n-- > 0;) {
		if (origin_equal(table->yielded[n].to, to))
			return &table->yielded[n];
	}
	return NULL;
}

/* The first error of an entry also says what comes of it. */
static void tell_leaving(const struct leaving *leaving, const struct error_owner *owner, struct diag *diag, bool again)
{
	const struct yielded *yielded = again ? find_yielded(leaving->table, owner->at) : NULL;
	const char *name = owner->kind == ROW ? leaving->table->services[owner->number].name
					      : leaving->table->left_out[owner->number].name;
	struct buf text = { 0 };

	if (name)
		buf_addf(&text, "%s; service '%s' is left out", diag->message, name);
	else
		buf_addf(&text, "%s; it is left out", diag->message);
	if (yielded) {
		buf_text(&text, ", and the entry for the same socket");
		origin_describe(yielded->at, &text);
		buf_text(&text, " counts");
	}
	if (text.failed) {
		buf_free(&text);
		return;
	}
	diag->own_length = strlen(diag->message);
	free(diag->message);
	diag->message = buf_take(&text);
}

/* A file that is part of several services, as a template of units, is wrong for all of them. */
static void mark_others(struct leaving *leaving, const struct error_owner *owner)
{
	const struct origin at = owner->at;

	while (owner-- > leaving->owners && !compare_places(owner->at, at)) {
		if (owner->kind == ROW)
			leaving->rows[owner->number] = true;
	}
}

/* Turns an error into a warning, and marks its entry as left out; an error of a shared or vital part stays an
 * error. */
static void pass_over(struct leaving *leaving, struct diag *diag, struct diags *diags, bool again)
{
	const struct error_owner *owner = find_owner(leaving, diag);
	bool *mark;

	if (!owner || owner->kind == VITAL)
		return;
	if (owner->kind == SHARED) {
		diags->errors--;
		return;
	}
	diags_pass_over(diags, diag);
	mark = owner->kind == ROW ? &leaving->rows[owner->number] : &leaving->entries[owner->number];
	if (!*mark)
		tell_leaving(leaving, owner, diag, again);
	*mark = true;
	if (owner->kind == ROW)
		mark_others(leaving, owner);
}

static bool is_excluded(const struct exclusions *exclusions, struct origin at)
{
	for (size_t n = 0; n < exclusions->count; n++) {
		if (origin_equal(exclusions->list[n], at))
			return true;
	}
	return false;
}

static void add_exclusion(struct exclusions *exclusions, struct origin at)
{
	struct origin *bigger;

	if (is_excluded(exclusions, at))
		return;
	bigger = reallocarray(exclusions->list, exclusions->count + 1, sizeof(*bigger));
	if (!bigger)
		return;
	exclusions->list = bigger;
	at.file = strdup(at.file);
	if (at.file)
		bigger[exclusions->count++] = at;
}

void exclusions_free(struct exclusions *exclusions)
{
	for (size_t n = 0; n < exclusions->count; n++)
		free((char *)(uintptr_t)exclusions->list[n].file);
	free(exclusions->list);
	*exclusions = (struct exclusions){ 0 };
}

/* Keeps of the diagnostics the errors of what is not read again, with their further places. */
static bool keep_theirs(const struct leaving *leaving, const struct exclusions *exclusions, struct diags *diags)
{
	bool *wanted = calloc(diags->count + 1, sizeof(*wanted));

	if (!wanted)
		return false;
	for (size_t n = 0; n < diags->count; n++) {
		const struct diag *diag = &diags->list[n];
		const struct error_owner *owner = find_owner(leaving, diag);

		wanted[n] = diag->was_error && owner && is_excluded(exclusions, owner->at);
		wanted[n] |= diag->follows && n && wanted[n - 1];
	}
	diags_keep(diags, wanted);
	free(wanted);
	return true;
}

/* Whether something that is left out had taken the socket of another. */
static bool must_read_again(const struct leaving *leaving, struct exclusions *exclusions, struct diags *diags)
{
	const struct table *table = leaving->table;
	size_t before = exclusions->count;

	for (size_t n = 0; exclusions->rounds && n < table->yielded_count; n++) {
		if (is_place_left_out(leaving, table->yielded[n].to))
			add_exclusion(exclusions, table->yielded[n].to);
	}
	if (exclusions->count == before || !keep_theirs(leaving, exclusions, diags))
		return false;
	exclusions->rounds--;
	return true;
}

/* A line of an inetd.conf may make several services, one for each host and family: an error of one is that of all. */
static void leave_with(struct leaving *leaving, size_t row, size_t beside, struct diags *diags)
{
	const struct service *service = &leaving->table->services[row];

	if (leaving->rows[row] || !leaving->rows[beside] ||
	    !origin_equal(leaving->table->services[beside].at, service->at))
		return;
	leaving->rows[row] = true;
	diag_warning(diags, service->at, "service '%s' of the same entry is left out with it", service->name);
}

/* Leaves out the entries without an error of their own. The services of one entry stand side by side in the table. */
static void leave_others_out(struct leaving *leaving, const struct exclusions *exclusions, struct diags *diags)
{
	const struct table *table = leaving->table;

	for (size_t n = 0; n < table->left_out_count; n++) {
		if (!leaving->entries[n] && !is_excluded(exclusions, table->left_out[n].at))
			diag_warning(diags, table->left_out[n].at,
				     "this entry is left out for the errors of what it goes by");
	}
	for (size_t n = 1; n < table->count; n++)
		leave_with(leaving, n, n - 1, diags);
	for (size_t n = table->count; n-- > 1;)
		leave_with(leaving, n - 1, n, diags);
}

/* A diagnostic as "FILE:LINE:COL: MESSAGE". NULL: out of memory. */
static const char *reason_of(const struct diag *diag, struct pool *pool)
{
	size_t length = diag->own_length ? diag->own_length : strlen(diag->message);
	struct buf text = { 0 };
	const char *kept;

	diag_place(diag, &text);
	buf_text(&text, ": ");
	buf_add(&text, diag->message, length);
	kept = text.failed ? NULL : pool_text(pool, buf_string(&text));
	buf_free(&text);
	return kept;
}

static void mark_wrong(struct leaving *leaving, const struct error_owner *owner)
{
	if (owner->kind == ROW)
		leaving->is_wrong[owner->number] = true;
}

static const char **reason_at(struct leaving *leaving, const struct error_owner *owner)
{
	if (owner->kind == ROW && leaving->rows[owner->number])
		return &leaving->row_reasons[owner->number];
	return owner->kind == NO_ROW ? &leaving->entry_reasons[owner->number] : NULL;
}

/* An error is the reason of all that stand at the place of the entry it is about. The first so many were found by
 * reading. */
static void find_reasons(struct leaving *leaving, const struct diags *diags, size_t read)
{
	for (size_t n = 0; n < diags->count; n++) {
		const struct diag *diag = &diags->list[n];
		const struct error_owner *owner = diag->was_error ? find_owner(leaving, diag) : NULL;
		const char *reason = NULL;

		for (const struct error_owner *next = owner; next && !compare_places(next->at, owner->at);
		     next = next > leaving->owners ? next - 1 : NULL) {
			const char **known = reason_at(leaving, next);

			if (n < read)
				mark_wrong(leaving, next);
			if (!known || *known)
				continue;
			reason = reason ? reason : reason_of(diag, leaving->table->pool);
			*known = reason;
		}
	}
}

/* Gives rows and entries without an error of their own the reason of another row of their entry, or the warning that
 * leave_others_out added. */
static void share_reasons(struct leaving *leaving, const struct diags *diags, size_t first)
{
	const struct table *table = leaving->table;

	for (size_t n = 1; n < table->count; n++) {
		if (leaving->rows[n] && !leaving->row_reasons[n] &&
		    origin_equal(table->services[n].at, table->services[n - 1].at))
			leaving->row_reasons[n] = leaving->row_reasons[n - 1];
	}
	for (size_t n = table->count; n-- > 1;) {
		if (leaving->rows[n - 1] && !leaving->row_reasons[n - 1] &&
		    origin_equal(table->services[n].at, table->services[n - 1].at))
			leaving->row_reasons[n - 1] = leaving->row_reasons[n];
	}
	for (size_t n = first; n < diags->count; n++) {
		const struct error_owner *owner = find_owner(leaving, &diags->list[n]);
		const char **known = owner ? reason_at(leaving, owner) : NULL;

		if (known && !*known)
			*known = reason_of(&diags->list[n], table->pool);
	}
}

/* The rows that go are entries without one from now on; a reload still knows those that go by their names. */
static bool note_rows(struct leaving *leaving, struct table *table)
{
	bool ok = true;

	for (size_t n = 0; n < table->count; n++) {
		if (leaving->rows[n])
			ok &= left_out_add(table, &table->services[n], !leaving->is_wrong[n], leaving->row_reasons[n]);
	}
	return ok;
}

/* Completes the first `count` entries that are left out, which never became rows. */
static bool note_entries(struct leaving *leaving, struct table *table, size_t count)
{
	struct option_groups *groups = count ? pool_alloc(table->pool, sizeof(*groups)) : NULL;
	struct service plain = { 0 };

	if (count && (!groups || !default_service_fill(&plain, groups, table->pool)))
		return false;
	for (size_t n = 0; n < count; n++) {
		table->left_out[n].row = plain;
		table->left_out[n].row.at = table->left_out[n].at;
		table->left_out[n].reason = leaving->entry_reasons[n];
	}
	return true;
}

static bool is_left_out(const struct service *service, void *context)
{
	const struct leaving *leaving = context;

	return leaving->rows[service - leaving->table->services];
}

/* Lists what is left out, with reasons. The diagnostics below `read` come from reading alone; those from `first`
 * on are the warnings of leave_others_out. */
static void list_left_out(struct leaving *leaving, struct table *table, struct diags *diags, size_t read, size_t first)
{
	size_t count = table->left_out_count;
	bool noted;

	find_reasons(leaving, diags, read);
	share_reasons(leaving, diags, first);
	noted = note_rows(leaving, table) && note_entries(leaving, table, count);
	table_drop(table, is_left_out, leaving);
	if (!noted || !left_out_name(table))
		diag_error(diags, (struct origin){ 0 }, "out of memory");
}

static bool leave_out(struct leaving *leaving, struct table *table, struct exclusions *exclusions, struct diags *diags,
		      size_t read)
{
	size_t count = diags->count;
	bool any = diags->errors;

	list_owners(leaving);
	for (size_t n = 0; n < count; n++) {
		if (diags->list[n].severity == SEVERITY_ERROR)
			pass_over(leaving, &diags->list[n], diags, exclusions->rounds);
	}
	if (must_read_again(leaving, exclusions, diags))
		return false;
	if (any)
		leave_others_out(leaving, exclusions, diags);
	list_left_out(leaving, table, diags, read, count);
	return true;
}

bool keep_going(struct table *table, struct exclusions *exclusions, struct diags *diags, size_t read)
{
	size_t owners = table->count + table->part_count + table->left_out_count + table->shared_count +
			table->vital_count;
	struct leaving leaving = {
		.table = table,
		.rows = calloc(table->count + 1, sizeof(bool)),
		.entries = calloc(table->left_out_count + 1, sizeof(bool)),
		.row_reasons = calloc(table->count + 1, sizeof(char *)),
		.is_wrong = calloc(table->count + 1, sizeof(bool)),
		.entry_reasons = calloc(table->left_out_count + 1, sizeof(char *)),
		.owners = calloc(owners + 1, sizeof(struct error_owner)),
	};
	bool done = true;

	if (!diags->errors && !table->left_out_count)
		done = true;
	else if (leaving.rows && leaving.entries && leaving.row_reasons && leaving.entry_reasons && leaving.owners &&
		 leaving.is_wrong)
		done = leave_out(&leaving, table, exclusions, diags, read);
	free(leaving.rows);
	free(leaving.entries);
	free(leaving.is_wrong);
	free(leaving.row_reasons);
	free(leaving.entry_reasons);
	free(leaving.owners);
	return done;
}
