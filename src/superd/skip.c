/* Which services an error skips, and the reason for each: all of them with --keep-going, and without it those that
 * their reader noted as alone.
 *
 * An error belongs to the last entry that begins before it in its file. If that entry is a service, it is skipped,
 * whether it became a row of the table or was too broken for that. An error in a part that several services depend on
 * stops superd if the reader marked the part as vital; else the service that it names is skipped, or, where it names
 * none, it is reported, and the rest goes on. */
#include "superd/main.h"

/* An entry or part that a diagnostic may be about. */
struct error_owner {
	struct origin at; /* where it begins */
	enum {
		ROW,	/* a service of the table */
		NO_ROW, /* an entry that did not become a service */
		SHARED, /* a part that several services use, as defaults */
		VITAL	/* the same, and nothing can be read without it */
	} kind;
	size_t number;	     /* index in the table's list of its kind */
	const char *name;    /* of the service that it is; NULL: it is a part, or its name is unknown */
	const char **reason; /* why that is skipped: its first error; *reason NULL: it is not; NULL: it is a part */
};

/* The entries that are skipped. Rows are services of the table; entries are those that became no row. */
struct skip_state {
	const struct table *table;
	bool all;		    /* --keep-going */
	const struct table *before; /* the table in effect; NULL: this is no reload */
	const char **reasons;	    /* of each row; those of entries are in the table */
	struct error_owner *owners; /* sorted by place */
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

static void add_owner(struct skip_state *state, struct error_owner owner)
{
	if (owner.at.file)
		state->owners[state->owner_count++] = owner;
}

static void add_row(struct skip_state *state, const struct service *row, struct origin at)
{
	size_t number = (size_t)(row - state->table->services);

	add_owner(state, (struct error_owner){ at, ROW, number, row->name, &state->reasons[number] });
}

static void list_owners(struct skip_state *state)
{
	const struct table *table = state->table;

	for (size_t n = 0; n < table->count; n++)
		add_row(state, &table->services[n], table->services[n].at);
	for (size_t n = 0; n < table->skipped_count; n++)
		add_owner(state, (struct error_owner){ table->skipped[n].at, NO_ROW, n, table->skipped[n].name,
						       &table->skipped[n].reason });
	for (size_t n = 0; n < table->role_count; n++) {
		const struct source_role *role = &table->roles[n];
		const struct service *service = role->kind == ROLE_PART ? table_find(table, role->name) : NULL;

		/* A service may come from several files, as the .service, .socket and drop-ins of a unit. An error
		 * in any of them is its error. */
		if (service)
			add_row(state, service, role->at);
		else if (role->kind == ROLE_SHARED || role->kind == ROLE_VITAL)
			add_owner(state, (struct error_owner){ .at = role->at,
							       .kind = role->kind == ROLE_SHARED ? SHARED : VITAL,
							       .number = n });
	}
	qsort(state->owners, state->owner_count, sizeof(*state->owners), compare_owners);
}

/* The last entry that does not begin behind this place, in the order of files and lines. NULL: there is none. */
static const struct error_owner *last_before(const struct skip_state *state, struct origin at)
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
static const struct error_owner *find_owner(const struct skip_state *state, const struct diag *diag)
{
	struct origin at = { diag->file, diag->line, diag->column };
	const struct error_owner *owner = at.file ? last_before(state, at) : NULL;
	const struct service *service = NULL;
	const char *colon = strstr(diag->message, ": ");
	char *name;

	if (!owner || strcmp(owner->at.file, at.file) != 0)
		return NULL;
	/* A message of a rule begins with a service, for which alone a value of defaults may break it. */
	if (owner->kind == SHARED && colon) {
		name = strndup(diag->message, (size_t)(colon - diag->message));
		service = name ? table_find(state->table, name) : NULL;
		free(name);
	}
	return service && service->at.file ? last_before(state, service->at) : owner;
}

/* Appends to the first error of an entry that the entry is skipped, by its first service. A reload reports itself what
 * it does. */
static void append_skipped(const struct skip_state *state, const struct error_owner *owner, struct diag *diag)
{
	struct buf text = { 0 };

	if (state->before)
		return;
	while (owner > state->owners && owner[-1].kind == ROW && !compare_places(owner[-1].at, owner->at))
		owner--;
	buf_text(&text, diag->message);
	if (owner->name)
		buf_addf(&text, "; service '%s' is skipped", owner->name);
	else
		buf_text(&text, "; it is skipped");
	if (text.failed) {
		buf_free(&text);
		return;
	}
	free(diag->message);
	diag->message = buf_take(&text);
}

/* Whether a file that cannot be read now had a part in the table before that others need, as defaults: without it their
 * rules would be lost. The error may be one of the line that includes the file. */
static bool lacks_shared_part(const struct skip_state *state)
{
	const struct table *before = state->before;

	for (const struct source_role *now = NULL; before && (now = table_next_role(state->table, ROLE_SHARED, now));) {
		for (size_t n = 0; !now->at.line && n < before->role_count; n++) {
			const struct source_role *role = &before->roles[n];

			if ((role->kind == ROLE_SHARED || role->kind == ROLE_VITAL) && role->at.line &&
			    !strcmp(role->at.file, now->at.file))
				return true;
		}
	}
	return false;
}

/* Whether an error skips this entry, and superd goes on. */
static bool may_skip(const struct skip_state *state, const struct error_owner *owner)
{
	for (const struct source_role *role = NULL;
	     !state->all && owner->name && (role = table_next_role(state->table, ROLE_ALONE, role));) {
		if (!strcmp(role->name, owner->name))
			return true;
	}
	return state->all && owner->kind != VITAL && (owner->kind != SHARED || !lacks_shared_part(state));
}

/* A diagnostic as "FILE:LINE:COL: MESSAGE". */
static const char *format_reason(const struct diag *diag, struct pool *pool)
{
	struct buf text = { 0 };
	const char *reason;

	diag_place(diag, &text);
	buf_addf(&text, ": %s", diag->message);
	reason = buf_keep(&text, pool);
	return reason ? reason : "its entry has an error";
}

/* Turns an error into a warning, and skips all that begins where its entry does: a line of an inetd.conf makes a
 * service for each host and family, and a file of units may be part of several. An error of a vital part stays an
 * error; one of a shared part no longer counts as one. */
static void pass_over_error(struct skip_state *state, struct diag *diag, struct diags *diags)
{
	const struct error_owner *owner = find_owner(state, diag);
	const char *reason;
	bool is_first;

	if (!owner || !may_skip(state, owner))
		return;
	if (owner->kind == SHARED) {
		diag->was_error = true;
		diags->errors--;
		return;
	}
	diags_pass_over(diags, diag);
	reason = format_reason(diag, state->table->pool);
	is_first = !*owner->reason;
	for (const struct error_owner *at = owner; !compare_places(at->at, owner->at); at--) {
		if (at->reason && !*at->reason)
			*at->reason = reason;
		if (at == state->owners)
			break;
	}
	if (is_first)
		append_skipped(state, owner, diag);
}

/* Marks and lists what is skipped, with reasons. */
static void skip_wrong(struct skip_state *state, struct table *table, struct diags *diags)
{
	size_t count = diags->count, entries = table->skipped_count;
	bool any = diags->errors, good = true;

	list_owners(state);
	for (size_t n = 0; n < count; n++) {
		if (diags->list[n].severity == SEVERITY_ERROR)
			pass_over_error(state, &diags->list[n], diags);
	}
	for (size_t n = 0; n < entries; n++) {
		struct skipped *entry = &table->skipped[n];

		count = diags->count;
		/* It became no row, without an error of its own. */
		if (any && !entry->reason &&
		    may_skip(state, &(struct error_owner){ .kind = NO_ROW, .name = entry->name }))
			diag_warning(diags, entry->at,
				     "this entry is skipped because of errors in a part that it depends on");
		if (diags->count > count)
			entry->reason = format_reason(&diags->list[count], table->pool);
	}
	for (size_t n = 0; n < table->count; n++) {
		if (state->reasons[n])
			good &= skipped_add(table, &table->services[n], state->reasons[n]);
	}
	if (!good || !skipped_list(table))
		diag_error(diags, (struct origin){ 0 }, "out of memory");
}

/* A folder that is missing ends no service that came from it: it may be on a file system that is not mounted. */
static void refuse_absent(const struct table *table, const struct table *before, struct diags *diags)
{
	for (const struct source_role *role = NULL; before && (role = table_next_role(table, ROLE_ABSENT, role));) {
		size_t length = strlen(role->name), n = 0;

		while (length && role->name[length - 1] == '/')
			length--;
		for (const char *file; n < before->count; n++) {
			file = before->services[n].at.file;
			if (file && !strncmp(file, role->name, length) && file[length] == '/')
				break;
		}
		if (n < before->count)
			diag_error(diags, role->at, "'%s' runs from %s, which is missing: to end it, remove this line",
				   before->services[n].name, role->name);
	}
}

/* A name that may be wrong is right if the file had a service of it that is gone now, or had the entry already, beside
 * the services that ran: a reload keeps none of these for it. An entry for which one goes on stays doubtful. */
static void settle_names(struct table *table, const struct table *before)
{
	for (size_t n = 0; before && n < table->skipped_count; n++) {
		struct skipped *entry = &table->skipped[n];
		const struct service *had = entry->name ? table_find(before, entry->name) : NULL;
		const struct skipped *same = had ? skipped_of(before, had) : NULL;

		if (had && had->at.file && !strcmp(had->at.file, entry->at.file) && !table_find(table, entry->name) &&
		    !(same && same->is_kept && same->is_doubtful))
			entry->is_doubtful = false;
	}
}

void skip_faulty(struct table *table, bool all, const struct table *before, struct diags *diags)
{
	size_t owners = table->count + table->skipped_count + table->role_count;
	struct skip_state state = {
		.table = table,
		.all = all,
		.before = before,
		.reasons = calloc(table->count + 1, sizeof(char *)),
		.owners = calloc(owners + 1, sizeof(struct error_owner)),
	};
	bool any = (diags->errors || table->skipped_count) && (all || table_next_role(table, ROLE_ALONE, NULL));

	settle_names(table, before);
	if (any && state.reasons && state.owners)
		skip_wrong(&state, table, diags);
	free(state.reasons);
	free(state.owners);
	refuse_absent(table, before, diags);
}
