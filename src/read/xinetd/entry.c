/* Makes entries of the lines of a file.
 *
 * A missing brace must not merge two entries, and no line of a broken entry may become part of another. So a line that
 * can only begin an entry also ends the entry before. An entry with a line that is no attribute is kept as broken, so
 * that its other lines are checked too. */
#include "read/xinetd/entry.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "read/xinetd/attribute.h"

/* The state of reading one file. */
struct collector {
	struct xinetd *xinetd;
	struct reading *reading;
	struct xinetd_scanner scanner;
	struct xinetd_entry *entry;     /* the current entry; NULL: none. It moves when another is added */
	struct origin at;               /* the place of its first line */
	bool has_brace;                  /* its opening brace was read */
	struct xinetd_entry *ended;     /* the entry before, as long as only stray attributes follow; or NULL */
	bool has_unknown_head;                 /* the first line of an unknown entry was read, but not yet its brace */
	struct xinetd_entry ignored;   /* takes lines that do not count: of second defaults, and of no known entry */
};

static struct origin span_place(const struct collector *collector, struct xinetd_span span)
{
	return source_origin(collector->scanner.source, span.start);
}

static const char *span_text(const struct collector *collector, struct xinetd_span span)
{
	return pool_text_n(collector->xinetd->pool, collector->scanner.source->text + span.start,
			   span.end - span.start);
}

/* The first word of the line, whatever kind of line it is. */
static struct xinetd_span line_start(const struct xinetd_scanner *scanner)
{
	return scanner->kind == XINETD_STATEMENT ? scanner->words[0] : scanner->name;
}

static void refuse_line(struct collector *collector, struct origin at, const char *what, const char *hint)
{
	struct diags *diags = collector->entry ? &collector->entry->diags : collector->reading->diags;

	if (collector->entry)
		collector->entry->is_broken = true;
	else
		reading_leave_out(collector->reading, at, NULL);
	diag_error(diags, at, "%s", what);
	if (hint)
		diags_hint(diags, "%s", hint);
}

static void read_attribute(struct collector *collector)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	struct xinetd_entry *entry = collector->entry;
	struct pool *pool = collector->xinetd->pool;
	const char **list = pool_alloc(pool, (scanner->count + 1) * sizeof(*list));
	struct origin *places = pool_alloc(pool, (scanner->count + 1) * sizeof(*places));
	struct xinetd_assignment written = {
		.name = span_text(collector, scanner->name), .sign = scanner->sign, .words = list,
		.count = scanner->count, .at = span_place(collector, scanner->name), .word_at = places,
	};

	written.attribute = xinetd_attribute_find(written.name);
	for (size_t i = 0; i < scanner->count; i++) {
		list[i] = span_text(collector, scanner->words[i]);
		places[i] = span_place(collector, scanner->words[i]);
	}
	array_add(entry->list, entry->count, entry->capacity) = written;
}

static bool is_brace(const struct collector *collector, struct xinetd_span span)
{
	return xinetd_span_is(collector->scanner.source, span, "{");
}

static void open_service(struct collector *collector, struct origin at)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	struct xinetd *xinetd = collector->xinetd;
	size_t count = scanner->count;

	collector->has_brace = is_brace(collector, scanner->words[count - 1]);
	count -= collector->has_brace;
	if (count < 2) {
		refuse_line(collector, at, "service: its name is missing", NULL);
		collector->entry = &collector->ignored;
		return;
	}
	array_add(xinetd->services, xinetd->count, xinetd->capacity) =
		(struct xinetd_entry){ .name = span_text(collector, scanner->words[1]), .at = at };
	collector->entry = &xinetd->services[xinetd->count - 1];
	if (count > 2)
		diag_warning(&collector->entry->diags, span_place(collector, scanner->words[2]),
			     "a service has one name: the rest of the line is ignored");
}

/* The entry that the lines of a defaults block belong to. As in xinetd only the first defaults of a file count. */
static struct xinetd_entry *find_defaults(struct collector *collector, struct origin at)
{
	struct xinetd *xinetd = collector->xinetd;

	if (xinetd->has_defaults) {
		diag_warning(collector->reading->diags, at,
			     "the file has defaults already: as in xinetd the first count, and these do not");
		return &collector->ignored;
	}
	if (!xinetd->defaults.at.file)
		xinetd->defaults.at = at;
	xinetd->has_defaults = true;
	return &xinetd->defaults;
}

static void open_defaults(struct collector *collector, struct origin at)
{
	const struct xinetd_scanner *scanner = &collector->scanner;

	reading_note(collector->reading, (struct note){ NOTE_SHARED, .at = at });
	collector->entry = find_defaults(collector, at);
	collector->has_brace = scanner->count > 1 && is_brace(collector, scanner->words[scanner->count - 1]);
	if (scanner->count > 1U + collector->has_brace)
		refuse_line(collector, span_place(collector, scanner->words[1]), "defaults has no name", NULL);
}

static void read_include_statement(struct collector *collector, struct origin at, bool is_folder)
{
	const struct xinetd_scanner *scanner = &collector->scanner;

	reading_note(collector->reading, (struct note){ NOTE_SHARED, .at = at });
	if (scanner->count != 2)
		diag_error(collector->reading->diags, at, "%s needs one path", is_folder ? "includedir" : "include");
	else
		xinetd_include(collector->xinetd, collector->reading, span_text(collector, scanner->words[1]), at,
			       is_folder);
}

static void read_head(struct collector *collector)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	struct origin at = span_place(collector, scanner->words[0]);

	collector->at = at;
	collector->ended = NULL;
	if (xinetd_span_is(scanner->source, scanner->words[0], "service"))
		open_service(collector, at);
	else if (xinetd_span_is(scanner->source, scanner->words[0], "defaults"))
		open_defaults(collector, at);
	else
		read_include_statement(collector, at, xinetd_span_is(scanner->source, scanner->words[0], "includedir"));
}

static void close_entry(struct collector *collector)
{
	if (collector->scanner.count)
		refuse_line(collector, span_place(collector, collector->scanner.name),
			    "the brace that ends an entry must be alone on its line", NULL);
	collector->ended = collector->entry == &collector->ignored ? NULL : collector->entry;
	collector->entry = NULL;
}

/* Reads a line between the first line of an entry and its closing brace. */
static void read_line_inside(struct collector *collector)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	struct origin at = span_place(collector, line_start(scanner));

	if (!collector->has_brace && scanner->kind != XINETD_OPEN) {
		refuse_line(collector, at, "the brace that begins the entry is missing", NULL);
		collector->has_brace = true;
	}
	if (scanner->kind == XINETD_CLOSE) {
		close_entry(collector);
	} else if (scanner->kind == XINETD_ATTRIBUTE) {
		read_attribute(collector);
	} else if (scanner->kind == XINETD_OPEN && !collector->has_brace) {
		collector->has_brace = true;
	} else {
		refuse_line(collector, at, "this is no attribute",
			    "an attribute is a name, an operator as = or +=, and values: instances = 10");
	}
}

/* An attribute outside of entries. If a closing brace came too early, the attribute belongs to the entry before, which
 * then must not run without it. */
static void read_stray_attribute(struct collector *collector, struct origin at)
{
	bool is_known = xinetd_attribute_find(span_text(collector, collector->scanner.name)) >= 0;

	collector->entry = is_known ? collector->ended : NULL;
	refuse_line(collector, at, "this attribute is in no entry", "entries begin with service NAME or defaults");
	if (collector->entry)
		read_attribute(collector);
	collector->entry = NULL;
}

/* Reads misspelt defaults as defaults, because they may restrict who may connect. They are no reason to ignore further
 * defaults of the file. */
static bool is_misspelt_defaults(struct collector *collector, struct origin at, bool has_brace)
{
	static const char *const known[] = { "defaults", NULL };
	const struct xinetd_scanner *scanner = &collector->scanner;
	const char *word = span_text(collector, scanner->words[0]);

	if (scanner->count != 1U + has_brace || !xinetd_word_suggest(known, word))
		return false;
	diag_error(collector->reading->diags, at, "this begins no entry");
	diags_hint(collector->reading->diags, "did you mean defaults?");
	reading_note(collector->reading, (struct note){ NOTE_SHARED, .at = at });
	collector->entry = &collector->xinetd->defaults;
	if (!collector->entry->at.file)
		collector->entry->at = at;
	collector->has_brace = has_brace;
	collector->at = at;
	return true;
}

/* Skips the whole block behind an unknown word, so that it is one error and its lines belong to no other entry. */
static void read_stray_line(struct collector *collector, struct origin at)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	bool is_head = scanner->kind == XINETD_STATEMENT, has_brace = scanner->kind == XINETD_OPEN;

	if (is_head)
		has_brace = is_brace(collector, scanner->words[scanner->count - 1]);
	if (is_head && is_misspelt_defaults(collector, at, has_brace))
		return;
	if (is_head || !has_brace || !collector->has_unknown_head)
		refuse_line(collector, at, "this begins no entry",
			    "entries begin with service NAME, defaults, include PATH or includedir PATH");
	collector->has_unknown_head = is_head && !has_brace;
	if (!has_brace)
		return;
	collector->entry = &collector->ignored;
	collector->has_brace = true;
	collector->at = at;
}

static void read_line_outside(struct collector *collector)
{
	struct origin at = span_place(collector, line_start(&collector->scanner));

	if (collector->scanner.kind == XINETD_ATTRIBUTE)
		read_stray_attribute(collector, at);
	else
		read_stray_line(collector, at);
}

static void end_unclosed_entry(struct collector *collector)
{
	refuse_line(collector, collector->at, "the brace that ends the entry is missing", NULL);
	collector->entry = NULL;
}

/* Whether the line has bytes that are no text (reported). The entry is then broken, but keeps the attribute, so that
 * its value is checked. */
static bool refuse_flawed_line(struct collector *collector)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	const struct source_file *source = scanner->source;
	size_t start = source->lines[scanner->next - 1];
	size_t end = scanner->next < source->line_count ? source->lines[scanner->next] : source->length;
	const struct source_flaw *flaw = source_flaw(source, start, end);

	if (!flaw)
		return false;
	source_refuse_flaw(source, flaw, collector->entry ? &collector->entry->diags : collector->reading->diags);
	if (!collector->entry)
		reading_leave_out(collector->reading, source_origin(source, start), NULL);
	else
		collector->entry->is_broken = true;
	if (collector->entry && scanner->kind == XINETD_ATTRIBUTE)
		read_attribute(collector);
	return true;
}

static void read_any_line(struct collector *collector)
{
	if (xinetd_line_begins_entry(&collector->scanner)) {
		if (collector->entry)
			end_unclosed_entry(collector);
		read_head(collector);
		refuse_flawed_line(collector);
	} else if (!refuse_flawed_line(collector)) {
		if (collector->entry)
			read_line_inside(collector);
		else
			read_line_outside(collector);
	} else if (collector->scanner.kind == XINETD_CLOSE) {
		collector->entry = NULL;
	}
}

static void free_entry(struct xinetd_entry *entry)
{
	free(entry->list);
	diags_free(&entry->diags);
}

void xinetd_collect(struct xinetd *xinetd, struct reading *reading, const struct source_file *source)
{
	struct collector collector = { .xinetd = xinetd, .reading = reading, .scanner.source = source };

	xinetd->has_defaults = false;
	while (xinetd_line_next(&collector.scanner))
		read_any_line(&collector);
	if (collector.entry)
		end_unclosed_entry(&collector);
	free_entry(&collector.ignored);
	xinetd_scanner_free(&collector.scanner);
}

struct xinetd *xinetd_new(void)
{
	struct pool *pool = pool_new();
	struct xinetd *xinetd = pool_alloc(pool, sizeof(*xinetd));

	xinetd->pool = pool;
	return xinetd;
}

void xinetd_free(struct xinetd *xinetd)
{
	for (size_t i = 0; i < xinetd->count; i++)
		free_entry(&xinetd->services[i]);
	free_entry(&xinetd->defaults);
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
