/* Which services an error leaves out, and the reason for each: all of them with --keep-going, and without it those that
 * their reader noted as alone.
 *
 * An error belongs to the last entry that begins before it in its file. If that entry is a service, it is left out,
 * whether it became a row of the table or was too broken for that. An error in a part that several services depend on
 * stops superd if the reader marked the part as vital; else it is reported, and the rest goes on. */
#include "superd/main.h"

#include <stdlib.h>
#include <string.h>

#include "table/services/left_out.h"

#define NAMED_MOST 4 /* services of an entry that a message names */

/* An entry or part that a diagnostic may be about. */
struct error_owner {
	struct origin at; /* where it begins */
	enum {
		ROW,	/* a service of the table */
		NO_ROW, /* an entry that did not become a service */
		SHARED, /* a part that several services use, as defaults */
		VITAL	/* the same, and nothing can be read without it */
	} kind;
	size_t number; /* index in the table's list of its kind */
};

/* The entries that are left out. Rows are services of the table; entries are those that became no row. */
struct left_out_state {
	const struct table *table;
	bool all;				   /* --keep-going */
	const struct table *before;		   /* the table in effect; NULL: this is no reload */
	bool *rows, *entries;			   /* for each: whether it is left out */
	const char **row_reasons, **entry_reasons; /* for each: its first error; NULL: none yet */
	struct error_owner *owners;		   /* sorted by place */
	size_t owner_count;
};

/* Compares file, line and column. An unknown column counts as the end of the line. */
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

static void add_owner(struct left_out_state *state, struct error_owner owner)
{
	if (owner.at.file)
		state->owners[state->owner_count++] = owner;
}

static void list_owners(struct left_out_state *state)
{
	const struct table *table = state->table;

	for (size_t n = 0; n < table->count; n++)
		add_owner(state, (struct error_owner){ table->services[n].at, ROW, n });
	for (size_t n = 0; n < table->left_out_count; n++)
		add_owner(state, (struct error_owner){ table->left_out[n].at, NO_ROW, n });
	for (size_t n = 0; n < table->note_count; n++) {
		const struct note *note = &table->notes[n];
		const struct service *service = note->kind == NOTE_PART ? table_find(table, note->name) : NULL;

		/* A service may come from several files, as the .service, .socket and drop-ins of a unit. An error
		 * in any of them is its error. */
		if (service)
			add_owner(state, (struct error_owner){ note->at, ROW, (size_t)(service - table->services) });
		else if (note->kind == NOTE_SHARED || note->kind == NOTE_VITAL)
			add_owner(state,
				  (struct error_owner){ note->at, note->kind == NOTE_SHARED ? SHARED : VITAL, n });
	}
	qsort(state->owners, state->owner_count, sizeof(*state->owners), compare_owners);
}

/* The last entry that does not begin behind this place, in the order of files and lines. NULL: there is none. */
static const struct error_owner *last_before(const struct left_out_state *state, struct origin at)
{
	size_t low = 0, high = state->owner_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_places(state->owners[middle].at, at) > 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low ? &state->owners[low - 1] : NULL;
}

/* The entry a diagnostic is about; NULL: none. */
static const struct error_owner *find_owner(const struct left_out_state *state, const struct diag *diag)
{
	struct origin at = { diag->file, diag->line, diag->column };
	const struct error_owner *owner = at.file ? last_before(state, at) : NULL;

	return owner && !strcmp(owner->at.file, at.file) ? owner : NULL;
}

/* Adds "; service 'a' is left out", or "; services 'a', 'b' and 3 more are left out", of the rows that begin where this
 * one does: a line of an inetd.conf makes one for each host and family. */
static void add_left_out_rows(const struct left_out_state *state, const struct error_owner *owner, struct buf *text)
{
	const struct error_owner *first = owner;
	size_t count;

	while (first > state->owners && first[-1].kind == ROW && !compare_places(first[-1].at, owner->at))
		first--;
	count = (size_t)(owner - first) + 1;
	buf_text(text, count > 1 ? "; services " : "; service ");
	for (size_t n = 0; n < count && n < NAMED_MOST; n++)
		buf_addf(text, "%s'%s'",
			 !n			  ? ""
				 : n + 1 == count ? " and "
						  : ", ",
			 state->table->services[first[n].number].name);
	if (count > NAMED_MOST)
		buf_addf(text, " and %zu more", count - NAMED_MOST);
	buf_text(text, count > 1 ? " are left out" : " is left out");
}

/* Whether a service goes on by this row, or by a former one. row may be NULL. */
static bool serves(const struct table *table, const struct service *row)
{
	return row && (!row->is_left_out || left_out_of(table, row)->is_kept);
}

/* Whether the table in effect has a service that may be this entry. */
static bool was_served(const struct left_out_state *state, const struct error_owner *owner)
{
	const struct table *before = state->before;

	if (before && owner->kind == ROW)
		return serves(before, table_find(before, state->table->services[owner->number].name));
	if (!before)
		return false;
	for (size_t n = 0; n < before->count; n++) {
		if (serves(before, &before->services[n]) &&
		    left_out_was(&state->table->left_out[owner->number], &before->services[n]))
			return true;
	}
	return false;
}

/* Appends to the first error of an entry that the entry is left out. A reload reports what it does with a service that
 * was served before. */
static void append_left_out(const struct left_out_state *state, const struct error_owner *owner, struct diag *diag)
{
	const char *name = owner->kind == ROW ? NULL : state->table->left_out[owner->number].name;
	struct buf text = { 0 };

	if (was_served(state, owner))
		return;
	buf_text(&text, diag->message);
	if (owner->kind == ROW)
		add_left_out_rows(state, owner, &text);
	else if (name)
		buf_addf(&text, "; service '%s' is left out", name);
	else
		buf_text(&text, "; it is left out");
	if (text.failed) {
		buf_free(&text);
		return;
	}
	diag->own_length = strlen(diag->message);
	free(diag->message);
	diag->message = buf_take(&text);
}

/* Whether a file of the table before had a part that others need, as defaults: without it their rules would be lost. */
static bool had_shared_part(const struct table *before, const char *file)
{
	for (size_t n = 0; before && n < before->note_count; n++) {
		const struct note *note = &before->notes[n];

		if ((note->kind == NOTE_SHARED || note->kind == NOTE_VITAL) && note->at.line &&
		    !strcmp(note->at.file, file))
			return true;
	}
	return false;
}

/* Whether an error leaves out this entry, and superd goes on. */
static bool may_leave_out(const struct left_out_state *state, const struct error_owner *owner)
{
	const struct table *table = state->table;
	const char *name = owner->kind == ROW ? table->services[owner->number].name
		: owner->kind == NO_ROW	      ? table->left_out[owner->number].name
					      : NULL;

	for (const struct note *note = NULL;
	     !state->all && name && (note = table_next_note(table, NOTE_ALONE, note));) {
		if (!strcmp(note->name, name))
			return true;
	}
	if (owner->kind == SHARED && !owner->at.line && had_shared_part(state->before, owner->at.file))
		return false;
	return state->all && owner->kind != VITAL;
}

/* Turns an error into a warning, and marks its entry as left out. An error of a vital part stays an error; one of a
 * shared part no longer counts as one. */
static void pass_over_error(struct left_out_state *state, struct diag *diag, struct diags *diags)
{
	const struct error_owner *owner = find_owner(state, diag);
	bool *mark;

	if (!owner || !may_leave_out(state, owner))
		return;
	if (owner->kind == SHARED) {
		diags->errors--;
		return;
	}
	diags_pass_over(diags, diag);
	mark = owner->kind == ROW ? &state->rows[owner->number] : &state->entries[owner->number];
	if (!*mark)
		append_left_out(state, owner, diag);
	*mark = true;
	/* An error in a file that is part of several services, as a template of units, leaves all of them out. */
	for (const struct error_owner *at = owner;
	     owner->kind == ROW && at-- > state->owners && !compare_places(at->at, owner->at);) {
		if (at->kind == ROW)
			state->rows[at->number] = true;
	}
}

/* Leaves out the entries without an error of their own: those that an error in a part concerns, and the other
 * services of one entry, which stand side by side in the table. A line of an inetd.conf may make one for each host
 * and family. */
static void leave_out_siblings(struct left_out_state *state, struct diags *diags)
{
	const struct table *table = state->table;

	for (size_t n = 0; n < table->left_out_count; n++) {
		if (!state->entries[n] && may_leave_out(state, &(struct error_owner){ .kind = NO_ROW, .number = n }))
			diag_warning(diags, table->left_out[n].at,
				     "this entry is left out because of errors in a part that it depends on");
	}
	for (size_t from = 0, end; from < table->count; from = end) {
		const struct service *list = table->services;
		bool any = state->rows[from];

		for (end = from + 1; end < table->count && origin_equal(list[end].at, list[from].at); end++)
			any |= state->rows[end];
		for (size_t n = from; any && n < end; n++) {
			if (!state->rows[n])
				diag_warning(diags, list[n].at, "service '%s' of the same entry is left out with it",
					     list[n].name);
			state->rows[n] = true;
		}
	}
}

/* A diagnostic as "FILE:LINE:COL: MESSAGE". NULL: out of memory. */
static const char *format_reason(const struct diag *diag, struct pool *pool)
{
	size_t length = diag->own_length ? diag->own_length : strlen(diag->message);
	struct buf text = { 0 };

	diag_place(diag, &text);
	buf_text(&text, ": ");
	buf_add(&text, diag->message, length);
	return buf_keep(&text, pool);
}

static const char **reason_at(struct left_out_state *state, const struct error_owner *owner)
{
	if (owner->kind == ROW && state->rows[owner->number])
		return &state->row_reasons[owner->number];
	return owner->kind == NO_ROW ? &state->entry_reasons[owner->number] : NULL;
}

/* Makes each error the reason of all rows and entries at the place of its owner. */
static void find_reasons(struct left_out_state *state, const struct diags *diags)
{
	for (size_t n = 0; n < diags->count; n++) {
		const struct diag *diag = &diags->list[n];
		const struct error_owner *owner = diag->was_error ? find_owner(state, diag) : NULL;
		const char *reason = NULL;

		for (const struct error_owner *next = owner; next && !compare_places(next->at, owner->at);
		     next = next > state->owners ? next - 1 : NULL) {
			const char **known = reason_at(state, next);

			if (!known || *known)
				continue;
			reason = reason ? reason : format_reason(diag, state->table->pool);
			*known = reason;
		}
	}
}

/* Gives rows and entries without an error of their own the reason of another row of their entry, or the warning that
 * leave_out_siblings added: the diagnostics from `first` on. */
static void share_reasons(struct left_out_state *state, const struct diags *diags, size_t first)
{
	const struct table *table = state->table;

	for (size_t n = 1; n < table->count; n++) {
		if (state->rows[n] && !state->row_reasons[n] &&
		    origin_equal(table->services[n].at, table->services[n - 1].at))
			state->row_reasons[n] = state->row_reasons[n - 1];
	}
	for (size_t n = table->count; n-- > 1;) {
		if (state->rows[n - 1] && !state->row_reasons[n - 1] &&
		    origin_equal(table->services[n].at, table->services[n - 1].at))
			state->row_reasons[n - 1] = state->row_reasons[n];
	}
	for (size_t n = first; n < diags->count; n++) {
		const struct error_owner *owner = find_owner(state, &diags->list[n]);
		const char **known = owner ? reason_at(state, owner) : NULL;

		if (known && !*known)
			*known = format_reason(&diags->list[n], table->pool);
	}
}

/* Marks and lists what is left out, with reasons. */
static void leave_out_wrong(struct left_out_state *state, struct table *table, struct diags *diags)
{
	size_t count = diags->count, entries = table->left_out_count;
	bool any = diags->errors, good = true;

	list_owners(state);
	for (size_t n = 0; n < count; n++) {
		if (diags->list[n].severity == SEVERITY_ERROR)
			pass_over_error(state, &diags->list[n], diags);
	}
	if (any)
		leave_out_siblings(state, diags);
	find_reasons(state, diags);
	share_reasons(state, diags, count);
	for (size_t n = 0; n < entries; n++)
		table->left_out[n].reason = state->entry_reasons[n];
	for (size_t n = 0; n < table->count; n++) {
		if (state->rows[n])
			good &= left_out_add(table, &table->services[n], state->row_reasons[n]);
	}
	if (!good || !left_out_list(table))
		diag_error(diags, (struct origin){ 0 }, "out of memory");
}

void leave_out_faulty(struct table *table, bool all, const struct table *before, struct diags *diags)
{
	size_t owners = table->count + table->left_out_count + table->note_count;
	struct left_out_state state = {
		.table = table,
		.all = all,
		.before = before,
		.rows = calloc(table->count + 1, sizeof(bool)),
		.entries = calloc(table->left_out_count + 1, sizeof(bool)),
		.row_reasons = calloc(table->count + 1, sizeof(char *)),
		.entry_reasons = calloc(table->left_out_count + 1, sizeof(char *)),
		.owners = calloc(owners + 1, sizeof(struct error_owner)),
	};
	bool any = (diags->errors || table->left_out_count) && (all || table_next_note(table, NOTE_ALONE, NULL));

	if (any && state.rows && state.entries && state.row_reasons && state.entry_reasons && state.owners)
		leave_out_wrong(&state, table, diags);
	free(state.rows);
	free(state.entries);
	free(state.row_reasons);
	free(state.entry_reasons);
	free(state.owners);
}
