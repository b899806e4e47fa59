/* Diagnostics: errors, warnings and hints about a table that a person wrote.
 *
 * A file may contain anything. So the list is bounded, long messages are cut, and diags_print escapes control
 * characters. */
#include "lib/lib.h"

#include <search.h>

static const char *const severity_names[] = {
	[SEVERITY_NOTE] = "note",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

const char *severity_name(enum severity severity)
{
	return severity_names[severity];
}

bool origin_equal(struct origin a, struct origin b)
{
	return a.file && b.file && a.line == b.line && a.column == b.column && !strcmp(a.file, b.file);
}

static char *format_text(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static char *format_text(const char *format, va_list arguments)
{
	struct buf text = { 0 };

	buf_vaddf(&text, format, arguments);
	if (buf_cut(&text, DIAGS_MESSAGE))
		buf_text(&text, "…");
	return buf_take(&text);
}

/* Counts a diagnostic. false: the list is full for this severity, and the diagnostic is dropped. */
static bool count_one(struct diags *diags, enum severity severity)
{
	size_t errors = diags->errors - diags->dropped_errors;
	bool is_error = severity == SEVERITY_ERROR;
	bool has_room = is_error ? errors < DIAGS_MOST : diags->count < errors + DIAGS_MOST;

	diags->last = NULL;
	diags->errors += is_error;
	diags->warnings += severity == SEVERITY_WARNING;
	diags->dropped_errors += is_error && !has_room;
	diags->dropped_others += !is_error && !has_room;
	return has_room;
}

static void count_lost(struct diags *diags, enum severity severity)
{
	diags->lost++;
	if (severity != SEVERITY_ERROR)
		diags->errors++;
}

__attribute__((format(printf, 4, 0))) static void add(struct diags *diags, enum severity severity, struct origin at,
						      const char *format, va_list arguments)
{
	struct diag new = { .line = at.line, .column = at.column, .severity = severity };
	struct diag *larger;

	if (!count_one(diags, severity))
		return;
	new.message = format_text(format, arguments);
	diags->lacks_memory |= new.message && severity == SEVERITY_ERROR && strstr(new.message, "out of memory");
	new.file = at.file ? strdup(at.file) : NULL;
	larger = array_grow(diags->list, &diags->capacity, diags->count, sizeof(*larger));
	diags->list = larger ? larger : diags->list;
	if (!larger || !new.message || (at.file && !new.file)) {
		free(new.message);
		free(new.file);
		count_lost(diags, severity);
		return;
	}
	diags->last = &larger[diags->count++];
	*diags->last = new;
}

void diags_add(struct diags *diags, enum severity severity, struct origin at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(diags, severity, at, format, arguments);
	va_end(arguments);
}

bool diags_refuse(struct diags *diags, struct origin at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(diags, SEVERITY_ERROR, at, format, arguments);
	va_end(arguments);
	return false;
}

bool diags_out_of_memory(struct diags *diags, struct origin at)
{
	diag_error(diags, at, "out of memory");
	return false;
}

void diags_hint(struct diags *diags, const char *format, ...)
{
	va_list arguments;
	char *hint;

	if (!diags->last)
		return;
	va_start(arguments, format);
	hint = format_text(format, arguments);
	va_end(arguments);
	if (!hint) {
		count_lost(diags, SEVERITY_NOTE);
		return;
	}
	free(diags->last->hint);
	diags->last->hint = hint;
}

void diags_tie(struct diags *diags)
{
	if (diags->last && diags->count > 1)
		diags->last->follows = true;
}

void diags_pass_over(struct diags *diags, struct diag *diag)
{
	diag->severity = SEVERITY_WARNING;
	diag->was_error = true;
	diags->errors--;
	diags->warnings++;
}

static void free_diag(struct diag *diag)
{
	free(diag->file);
	free(diag->message);
	free(diag->hint);
}

void diags_drop(struct diags *diags, bool (*is_unwanted)(const struct diag *before, const struct diag *diag))
{
	size_t count = diags->count;

	diags->count = 0;
	diags->last = NULL;
	for (size_t n = 0; n < count; n++) {
		struct diag *diag = &diags->list[n];

		if (!is_unwanted(diags->count ? &diags->list[diags->count - 1] : NULL, diag)) {
			diags->list[diags->count++] = *diag;
			continue;
		}
		diags->errors -= diag->severity == SEVERITY_ERROR && !diag->was_error;
		diags->warnings -= diag->severity == SEVERITY_WARNING;
		free_diag(diag);
	}
}

void diags_bound(struct diags *diags)
{
	size_t count = diags->count, errors = 0, others = 0;
	bool kept = true;

	diags->count = 0;
	diags->last = NULL;
	for (size_t n = 0; n < count; n++) {
		struct diag *diag = &diags->list[n];
		bool is_error = diag->severity == SEVERITY_ERROR || diag->was_error;

		if (!diag->follows)
			kept = is_error ? errors++ < DIAGS_ERRORS : others++ < DIAGS_OTHERS;
		if (kept) {
			diags->list[diags->count++] = *diag;
			continue;
		}
		diags->dropped_errors += diag->severity == SEVERITY_ERROR;
		diags->dropped_others += diag->severity != SEVERITY_ERROR;
		free_diag(diag);
	}
}

/* The order of diagnostics: by file as the files first appear in the list, then by line, then as they were added. */
struct sort_key {
	struct diag diag;
	size_t file;                    /* index of the first diagnostic about this file */
	unsigned line;
	size_t number;                  /* index in the list before sorting */
};

static int compare_files(const void *left, const void *right)
{
	const struct sort_key *a = left, *b = right;

	return strcmp(a->diag.file ? a->diag.file : "", b->diag.file ? b->diag.file : "");
}

static int compare_sort_keys(const void *left, const void *right)
{
	const struct sort_key *a = left, *b = right;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

void diags_sort(struct diags *diags)
{
	struct sort_key *keys = calloc(diags->count + 1, sizeof(*keys)), **first;
	void *files = NULL; /* of tsearch(3) */
	bool good = keys;

	for (size_t n = 0; good && n < diags->count; n++) {
		struct sort_key *key = &keys[n];

		*key = (struct sort_key){ .diag = diags->list[n], .file = n, .line = diags->list[n].line, .number = n };
		if (key->diag.follows && n) {
			key->file = keys[n - 1].file;
			key->line = keys[n - 1].line;
		} else if ((first = tsearch(key, &files, compare_files))) {
			key->file = (*first)->file;
		} else {
			good = false;
		}
	}
	tree_free(files);
	if (good) {
		qsort(keys, diags->count, sizeof(*keys), compare_sort_keys);
		for (size_t n = 0; n < diags->count; n++)
			diags->list[n] = keys[n].diag;
		diags->last = NULL;
	}
	free(keys);
}

void diag_place(const struct diag *diag, struct buf *out)
{
	if (!diag->file)
		return;
	buf_visible(out, diag->file, strlen(diag->file));
	if (!diag->line)
		return;
	buf_char(out, ':');
	buf_number(out, diag->line);
	if (!diag->column)
		return;
	buf_char(out, ':');
	buf_number(out, diag->column);
}

static void add_diag_line(struct buf *line, const struct diag *diag, const char *kind, const char *message)
{
	diag_place(diag, line);
	if (!diag->file)
		buf_text(line, "superd");
	buf_addf(line, ": %s: ", kind);
	buf_visible(line, message, strlen(message));
	buf_char(line, '\n');
}

void diags_print(const struct diags *diags, FILE *out)
{
	size_t more = diags->dropped_errors + diags->dropped_others, lost = diags->lost;
	struct buf line = { 0 };

	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *diag = &diags->list[i];

		buf_clear(&line);
		add_diag_line(&line, diag, severity_names[diag->severity], diag->message);
		if (diag->hint)
			add_diag_line(&line, diag, "hint", diag->hint);
		if (line.failed)
			lost++;
		else
			fputs(buf_string(&line), out);
	}
	if (more)
		fprintf(out, "superd: … and %zu more\n", more);
	if (lost)
		fprintf(out, "superd: error: out of memory: %zu diagnostics are missing here\n", lost);
	buf_free(&line);
}

const char *diags_summarize(const struct diags *diags, char out[DIAGS_SUMMARY_MOST])
{
	snprintf(out, DIAGS_SUMMARY_MOST, "%zu error%s%s", diags->errors, diags->errors == 1 ? "" : "s",
		 diags->lost ? ": out of memory" : "");
	return out;
}

void diags_describe(const struct diags *diags, struct buf *out)
{
	for (size_t n = 0; n < diags->count; n++) {
		if (diags->list[n].severity != SEVERITY_ERROR)
			continue;
		diag_place(&diags->list[n], out);
		buf_addf(out, "%s%s", diags->list[n].file ? ": " : "", diags->list[n].message);
		if (diags->errors > 1)
			buf_addf(out, "; and %zu more error%s", diags->errors - 1, diags->errors == 2 ? "" : "s");
		return;
	}
	buf_text(out, "out of memory");
}

void diags_free(struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		free_diag(&diags->list[i]);
	free(diags->list);
	*diags = (struct diags){ 0 };
}

void origin_describe(struct origin at, struct buf *out)
{
	if (at.file)
		buf_addf(out, " at %s:%u", at.file, at.line);
	else if (at.line)
		buf_addf(out, " in line %u", at.line);
}

void origin_cite(struct origin at, struct buf *out)
{
	if (at.file && at.line)
		buf_addf(out, " (%s:%u)", at.file, at.line);
	else if (at.file)
		buf_addf(out, " (%s)", at.file);
	else if (at.line)
		buf_addf(out, " (line %u)", at.line);
}
