/* Reads a source of xinetd.conf.
 *
 * defaults also apply to services that stand before them, in any file of the source. So builders are made when the last
 * file is read; otherwise a service before defaults would run without their restrictions. */
#include "read/xinetd/xinetd.h"

#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "read/xinetd/entry.h"
#include "read/xinetd/inetd_defaults.h"
#include "read/xinetd/service.h"

/* The language of a name inside an entry: 1 xinetd.conf, -1 superd.conf, 0 both or neither. */
static int name_language(const struct xinetd_scanner *scanner)
{
	static const char *const native[] = { "listen", "exec", "accept", "pass", "builtin", "socket", NULL };
	const char *text = scanner->source->text + scanner->name.start;
	size_t length = scanner->name.end - scanner->name.start;
	char name[32];

	if (length >= sizeof(name))
		return 0;
	memcpy(name, text, length);
	name[length] = '\0';
	if (xinetd_word_find(native, name) >= 0)
		return -1;
	if (xinetd_attribute_find(name) < 0)
		return 0;
	return directive_find(NATIVE, name) ? 0 : 1;
}

/* Whether a value has the quotes or braces of superd.conf. */
static bool is_native_value(const struct xinetd_scanner *scanner)
{
	return scanner->count && strchr("\"'{", scanner->source->text[scanner->words[0].start]);
}

/* The language of a line: 1 xinetd.conf, -1 another, 0 unknown. */
static int line_language(const struct xinetd_scanner *scanner, bool inside)
{
	const struct source_file *source = scanner->source;

	if (scanner->kind == XINETD_ATTRIBUTE && !inside)
		return -1;
	if (scanner->kind == XINETD_ATTRIBUTE)
		return is_native_value(scanner) ? -1 : name_language(scanner);
	if (scanner->kind != XINETD_STATEMENT || inside)
		return 0;
	if (xinetd_span_is(source, scanner->words[0], "include") ||
	    xinetd_span_is(source, scanner->words[0], "includedir"))
		return scanner->count == 2 && source->text[scanner->words[1].start] != '(' ? 1 : -1;
	if (xinetd_span_is(source, scanner->words[0], "service"))
		return scanner->count >= 2 ? 0 : -1;
	return xinetd_span_is(source, scanner->words[0], "defaults") ? 0 : -1;
}

/* The first line that fits only one language decides. If all lines fit both, an opening brace on a line of its own
 * means xinetd.conf. */
static bool xinetd_recognises(const struct source_file *source)
{
	struct source_file copy = { .file = source->file, .text = source->text, .length = source->length };
	struct xinetd_scanner scanner = { .source = &copy };
	bool inside = false, alone = false;
	int verdict = 0;

	if (!source_find_lines(&copy))
		return false;
	while (!verdict && xinetd_line_next(&scanner)) {
		verdict = line_language(&scanner, inside);
		alone |= scanner.kind == XINETD_OPEN;
		if (scanner.kind == XINETD_CLOSE)
			inside = false;
		else if (scanner.kind != XINETD_ATTRIBUTE)
			inside = true;
	}
	xinetd_scanner_free(&scanner);
	free(copy.lines);
	return verdict > 0 || (!verdict && alone);
}

/* Whether a text has lines, but none that begins an entry, as a README. */
static bool is_prose(struct source_file *source)
{
	struct xinetd_scanner scanner = { .source = source };
	bool begins = false, speaks = false;

	if (!source_find_lines(source))
		return false;
	while (!begins && xinetd_line_next(&scanner)) {
		begins = xinetd_line_begins_entry(&scanner);
		speaks = true;
	}
	xinetd_scanner_free(&scanner);
	return speaks && !begins;
}

/* xinetd silently skips files with a dot in their name, and reports an error for each line of a README. superd warns of
 * a skipped file that looks like xinetd.conf, and of a file that has no entry. */
static bool xinetd_takes(struct reading *reading, const char *path, const char *name)
{
	bool is_taken = !strchr(name, '.') && name[strlen(name) - 1] != '~';
	struct source_file source = { .file = path };

	if (!is_taken && !reading_may_be_table(name))
		return false;
	source.text = fd_read_file(path, SOURCE_MOST, &source.length);
	if (source.text)
		source_drop_mark(&source);
	if (source.text && !is_taken && xinetd_recognises(&source)) {
		diag_warning(reading->diags, ((struct origin){ .file = path }),
			     "left out: xinetd reads no files with a dot in their names from a directory");
		diags_hint(reading->diags, "use a name without a dot");
	} else if (source.text && is_taken && is_prose(&source)) {
		diag_warning(reading->diags, ((struct origin){ .file = path }),
			     "left out: nothing in it begins an entry");
		is_taken = false;
	}
	source_free(&source);
	return is_taken;
}

static void free_xinetd(void *state)
{
	xinetd_free(state);
}

bool xinetd_read_source(struct reading *reading, const struct source_file *source)
{
	void **state = reading_state(reading, free_xinetd);
	struct xinetd *xinetd = *state ? *state : xinetd_new();

	*state = xinetd;
	xinetd->reader = &reader_xinetd;
	xinetd_collect(xinetd, reading, source);
	return true;
}

static bool xinetd_read(struct reading *reading, const char *path)
{
	return reading_load(reading, path, source_load_in_parts, xinetd_read_source);
}

void xinetd_end_source(struct reading *reading)
{
	void **state = reading_state(reading, free_xinetd);
	struct xinetd *xinetd = *state;
	struct xinetd_value defaults[ATTRIBUTES];

	if (!xinetd)
		return;
	xinetd_merge_defaults(xinetd, reading, defaults);
	xinetd_assign_ids(xinetd, reading, defaults);
	for (size_t i = 0; i < xinetd->count; i++)
		xinetd_make_service(xinetd, reading, &xinetd->services[i], defaults);
	if (!xinetd_shared_defaults_keep(reading, xinetd, defaults))
		xinetd_free(xinetd);
	*state = NULL;
}

const struct reader reader_xinetd = {
	.recognises = xinetd_recognises,
	.takes = xinetd_takes,
	.passes_over = true,
	.read = xinetd_read,
	.end_source = xinetd_end_source,
};
