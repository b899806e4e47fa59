/* Collects entries out of lines.
 *
 * A missing brace must not let one entry swallow the next, and no part of a broken entry may join another. So a line
 * that can only begin an entry ends the one before. An entry with a line that is no attribute is kept as broken, so
 * that its other lines are checked too. */
#include "parse/xinetd/entry.h"

#include <string.h>

#include "base/array.h"
#include "parse/xinetd/attribute.h"
#include "parse/xinetd/include.h"

/* A file while it is cut into entries. */
struct collector {
	struct xinetd *xinetd;
	struct reading *reading;
	struct xinetd_scanner scanner;
	struct xinetd_entry *entry;     /* the one that is open, or NULL; moves when another is added */
	struct origin at;               /* where its head is */
	bool is_begun;                  /* its brace was seen */
	struct xinetd_entry *ended;     /* the one before, while nothing but lines that are in none came after it */
	bool is_headed;                 /* the head of an entry of no known kind was seen, and not yet its brace */
	struct xinetd_entry unheeded;   /* defaults that don't count, and what is no entry */
};

static struct origin place_of(const struct collector *collector, struct xinetd_span span)
{
	return source_origin(collector->scanner.source, span.start);
}

static const char *text_of(const struct collector *collector, struct xinetd_span span)
{
	const char *text = pool_text_n(collector->xinetd->pool, collector->scanner.source->text + span.start,
				       span.end - span.start);

	if (!text)
		collector->xinetd->failed = true;
	return text;
}

/* The first word of the line, whatever it is. */
static struct xinetd_span line_start(const struct xinetd_scanner *scanner)
{
	return scanner->kind == XINETD_STATEMENT ? scanner->words[0] : scanner->name;
}

static void refuse_line(struct collector *collector, struct origin at, const char *what, const char *hint)
{
	struct diags *diags = collector->entry ? &collector->entry->said : collector->reading->diags;

	if (collector->entry)
		collector->entry->is_broken = true;
	else
		reading_leave_out(collector->reading, at, NULL);
	diag_error(diags, at, "%s", what);
	if (hint)
		diags_hint(diags, "%s", hint);
}

static struct xinetd_entry *add_service(struct xinetd *xinetd)
{
	struct xinetd_entry *services =
		array_grow(xinetd->services, &xinetd->capacity, xinetd->count, sizeof(*services));

	if (!services) {
		xinetd->failed = true;
		return NULL;
	}
	xinetd->services = services;
	return &xinetd->services[xinetd->count++];
}

static void add_attribute(struct collector *collector, struct xinetd_assignment *written)
{
	struct xinetd_entry *entry = collector->entry;
	struct xinetd_assignment *list = array_grow(entry->list, &entry->capacity, entry->count, sizeof(*list));

	if (!list) {
		collector->xinetd->failed = true;
		return;
	}
	entry->list = list;
	entry->list[entry->count++] = *written;
}

static void read_attribute(struct collector *collector)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	struct pool *pool = collector->xinetd->pool;
	const char **list = pool_alloc(pool, (scanner->count + 1) * sizeof(*list));
	struct origin *places = pool_alloc(pool, (scanner->count + 1) * sizeof(*places));
	struct xinetd_assignment written = {
		.name = text_of(collector, scanner->name), .sign = scanner->sign, .words = list,
		.count = scanner->count, .at = place_of(collector, scanner->name), .word_at = places,
	};

	if (!list || !places || !written.name) {
		collector->xinetd->failed = true;
		return;
	}
	written.attribute = xinetd_attribute_find(written.name);
	for (size_t i = 0; i < scanner->count; i++) {
		list[i] = text_of(collector, scanner->words[i]);
		places[i] = place_of(collector, scanner->words[i]);
	}
	add_attribute(collector, &written);
}

static bool is_brace(const struct collector *collector, struct xinetd_span span)
{
	return xinetd_span_is(collector->scanner.source, span, "{");
}

static void open_service(struct collector *collector, struct origin at)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	size_t count = scanner->count;
	struct xinetd_entry *entry;

	collector->is_begun = is_brace(collector, scanner->words[count - 1]);
	count -= collector->is_begun;
	entry = add_service(collector->xinetd);
	collector->entry = entry;
	if (!entry)
		return;
	*entry = (struct xinetd_entry){ .name = "?", .at = at };
	if (count < 2)
		refuse_line(collector, at, "service: its name is missing", NULL);
	else
		entry->name = text_of(collector, scanner->words[1]);
	if (count > 2)
		diag_warning(&entry->said, place_of(collector, scanner->words[2]),
			     "a service has one name: what stands behind it means nothing");
}

/* Finds the entry for defaults. xinetd takes the first defaults of a file, so later ones go into `unheeded`. */
static struct xinetd_entry *find_defaults(struct collector *collector, struct origin at)
{
	struct xinetd *xinetd = collector->xinetd;

	if (xinetd->has_defaults) {
		diag_warning(collector->reading->diags, at,
			     "the file has defaults already: as in xinetd the first count, and these do not");
		return &collector->unheeded;
	}
	if (!xinetd->defaults.at.file)
		xinetd->defaults.at = at;
	xinetd->has_defaults = true;
	return &xinetd->defaults;
}

static void open_defaults(struct collector *collector, struct origin at)
{
	const struct xinetd_scanner *scanner = &collector->scanner;

	reading_mark_shared(collector->reading, at);
	collector->entry = find_defaults(collector, at);
	collector->is_begun = scanner->count > 1 && is_brace(collector, scanner->words[scanner->count - 1]);
	if (scanner->count > 1U + collector->is_begun)
		refuse_line(collector, place_of(collector, scanner->words[1]), "defaults has no name", NULL);
}

static void read_include(struct collector *collector, struct origin at, bool is_folder)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	const char *path;

	reading_mark_shared(collector->reading, at);
	if (scanner->count != 2) {
		diag_error(collector->reading->diags, at, "%s takes one path", is_folder ? "includedir" : "include");
		return;
	}
	path = text_of(collector, scanner->words[1]);
	if (path)
		xinetd_include(collector->xinetd, collector->reading, path, at, is_folder);
}

static void read_statement(struct collector *collector)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	struct origin at = place_of(collector, scanner->words[0]);

	collector->at = at;
	collector->ended = NULL;
	if (xinetd_span_is(scanner->source, scanner->words[0], "service"))
		open_service(collector, at);
	else if (xinetd_span_is(scanner->source, scanner->words[0], "defaults"))
		open_defaults(collector, at);
	else
		read_include(collector, at, xinetd_span_is(scanner->source, scanner->words[0], "includedir"));
}

static void close_entry(struct collector *collector)
{
	if (collector->scanner.count)
		refuse_line(collector, place_of(collector, collector->scanner.name),
			    "the brace that ends an entry stands alone on its line", NULL);
	collector->ended = collector->entry == &collector->unheeded ? NULL : collector->entry;
	collector->entry = NULL;
}

/* Between the head of an entry and the brace that ends it. */
static void read_inside(struct collector *collector)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	struct origin at = place_of(collector, line_start(scanner));

	if (!collector->is_begun && scanner->kind != XINETD_OPEN) {
		refuse_line(collector, at, "the brace that begins the entry is missing", NULL);
		collector->is_begun = true;
	}
	if (scanner->kind == XINETD_CLOSE) {
		close_entry(collector);
	} else if (scanner->kind == XINETD_ATTRIBUTE) {
		read_attribute(collector);
	} else if (scanner->kind == XINETD_OPEN && !collector->is_begun) {
		collector->is_begun = true;
	} else {
		refuse_line(collector, at, "this is no attribute",
			    "an attribute is a name, an operator as = or +=, and values: instances = 10");
	}
}

/* Whether the line is an attribute that is known. */
static bool is_known(const struct collector *collector)
{
	const char *name = text_of(collector, collector->scanner.name);

	return name && xinetd_attribute_find(name) >= 0;
}

/* A brace too early leaves the rest of its entry behind it, which is not to run without that. */
static void read_orphan(struct collector *collector, struct origin at)
{
	collector->entry = is_known(collector) ? collector->ended : NULL;
	refuse_line(collector, at, "this attribute is in no entry", "entries begin with service NAME or defaults");
	if (collector->entry)
		read_attribute(collector);
	collector->entry = NULL;
}

/* Misspelt defaults are taken for what they are, as they may keep somebody out, and hinder no others of the file. */
static bool takes_for_defaults(struct collector *collector, struct origin at, bool is_begun)
{
	static const char *const known[] = { "defaults", NULL };
	const struct xinetd_scanner *scanner = &collector->scanner;
	const char *word = text_of(collector, scanner->words[0]);

	if (scanner->count != 1U + is_begun || !word || !xinetd_word_suggest(known, word))
		return false;
	diag_error(collector->reading->diags, at, "this begins no entry");
	diags_hint(collector->reading->diags, "did you mean defaults");
	reading_mark_shared(collector->reading, at);
	collector->entry = &collector->xinetd->defaults;
	if (!collector->entry->at.file)
		collector->entry->at = at;
	collector->is_begun = is_begun;
	collector->at = at;
	return true;
}

/* A block behind an unknown word is skipped whole, so that it is one mistake and belongs to no other entry. */
static void read_stray(struct collector *collector, struct origin at)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	bool is_head = scanner->kind == XINETD_STATEMENT, is_begun = scanner->kind == XINETD_OPEN;

	if (is_head)
		is_begun = is_brace(collector, scanner->words[scanner->count - 1]);
	if (is_head && takes_for_defaults(collector, at, is_begun))
		return;
	if (is_head || !is_begun || !collector->is_headed)
		refuse_line(collector, at, "this begins no entry",
			    "entries begin with service NAME, defaults, include PATH or includedir PATH");
	collector->is_headed = is_head && !is_begun;
	if (!is_begun)
		return;
	collector->entry = &collector->unheeded;
	collector->is_begun = true;
	collector->at = at;
}

static void read_outside(struct collector *collector)
{
	struct origin at = place_of(collector, line_start(&collector->scanner));

	if (collector->scanner.kind == XINETD_ATTRIBUTE)
		read_orphan(collector, at);
	else
		read_stray(collector, at);
}

static void end_unclosed(struct collector *collector)
{
	refuse_line(collector, collector->at, "the brace that ends the entry is missing", NULL);
	collector->entry = NULL;
}

/* Whether the line is no plain text (reported). Marks the entry as broken, but still collects its attribute. */
static bool refuse_flaw(struct collector *collector)
{
	const struct xinetd_scanner *scanner = &collector->scanner;
	const struct source_file *source = scanner->source;
	size_t start = source->lines[scanner->next - 1];
	size_t end = scanner->next < source->line_count ? source->lines[scanner->next] : source->length;
	const struct source_flaw *flaw = source_flaw(source, start, end);

	if (!flaw)
		return false;
	source_refuse_flaw(source, flaw, collector->entry ? &collector->entry->said : collector->reading->diags);
	if (!collector->entry)
		reading_leave_out(collector->reading, source_origin(source, start), NULL);
	else
		collector->entry->is_broken = true;
	if (collector->entry && scanner->kind == XINETD_ATTRIBUTE)
		read_attribute(collector);
	return true;
}

static void read_line(struct collector *collector)
{
	if (xinetd_line_begins_entry(&collector->scanner)) {
		if (collector->entry)
			end_unclosed(collector);
		read_statement(collector);
		refuse_flaw(collector);
	} else if (!refuse_flaw(collector)) {
		if (collector->entry)
			read_inside(collector);
		else
			read_outside(collector);
	} else if (collector->scanner.kind == XINETD_CLOSE) {
		collector->entry = NULL;
	}
}

void xinetd_collect(struct xinetd *xinetd, struct reading *reading, const struct source_file *source)
{
	struct collector collector = { .xinetd = xinetd, .reading = reading, .scanner.source = source };

	xinetd->has_defaults = false;
	while (!xinetd->failed && xinetd_line_next(&collector.scanner))
		read_line(&collector);
	if (collector.entry)
		end_unclosed(&collector);
	xinetd->failed |= collector.scanner.failed;
	xinetd_entry_free(&collector.unheeded);
	xinetd_scanner_free(&collector.scanner);
}
