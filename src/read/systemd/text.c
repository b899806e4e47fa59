/* The lines of a unit file.
 *
 * A line may continue on the next one, across comments, and a message about a byte of a value must show the line of
 * that byte. So each value has pieces with their places. Source: systemd.syntax(7). */
#include "read/systemd/internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/units.h"

#define BLANKS " \t\r\n"

/* A part of the joined line that comes from one line of the file. */
struct stretch {
	size_t start;
	size_t in_source;
};

/* A line with its continuation lines. */
struct joined {
	struct unit_text *text;
	const struct source_file *source;
	struct buf line;
	struct stretch *stretches;
	size_t count, capacity;
	const char *section;            /* NULL: no header yet, or the last header is wrong */
	bool is_ignored;                /* the last header is wrong (reported), so its lines are ignored */
	bool was_joined;                /* the line before is continued on this one */
	bool is_flawed;                 /* it has bytes that are no text (reported) */
};

static bool is_blank(char c)
{
	return c && strchr(BLANKS, c);
}

/* The index of the stretch with this byte of the joined line; 0 if there are no stretches. A line may have a million of
 * them. */
static size_t find_stretch(const struct joined *joined, size_t offset)
{
	return array_floor(joined->stretches, joined->count, sizeof(*joined->stretches), offset);
}

static struct origin place_in_stretch(const struct joined *joined, size_t stretch, size_t offset)
{
	return source_origin(joined->source, joined->stretches[stretch].in_source + offset -
				     joined->stretches[stretch].start);
}

static struct origin place_of_byte(const struct joined *joined, size_t offset)
{
	if (!joined->count)
		return (struct origin){ .file = joined->source->file };
	return place_in_stretch(joined, find_stretch(joined, offset), offset);
}

static void add_stretch(struct joined *joined, size_t start, size_t end)
{
	array_add(joined->stretches, joined->count, joined->capacity) = (struct stretch){ joined->line.length, start };
	buf_add(&joined->line, joined->source->text + start, end - start);
}

/* Sets the pieces of a value, which has the bytes from start to end of the joined line. */
static void keep_pieces(const struct joined *joined, size_t start, size_t end, struct unit_assignment *assignment)
{
	struct unit_piece *pieces;
	size_t first, count;

	if (start == end || !joined->count)
		return;
	first = find_stretch(joined, start);
	count = find_stretch(joined, end - 1) + 1 - first;
	pieces = pool_alloc(joined->text->pool, count * sizeof(*pieces));
	for (size_t n = 0; n < count; n++) {
		size_t at = joined->stretches[first + n].start;

		at = at > start ? at : start;
		pieces[n] = (struct unit_piece){ at - start, place_in_stretch(joined, first + n, at) };
	}
	assignment->pieces = pieces;
	assignment->piece_count = count;
}

static void add_assignment(struct joined *joined, size_t key, size_t key_end, size_t value, size_t end)
{
	struct unit_text *text = joined->text;
	const char *line = buf_string(&joined->line);
	struct unit_assignment made = { .section = joined->section, .at = place_of_byte(joined, key) };

	if (text->count == UNIT_ASSIGNMENTS) {
		diag_error(text->diags, made.at, "more than %d settings in one unit", UNIT_ASSIGNMENTS);
		text->failed = true;
		return;
	}
	made.key = pool_text_n(text->pool, line + key, key_end - key);
	made.value = pool_text_n(text->pool, line + value, end - value);
	made.today = unit_key_today(made.key);
	keep_pieces(joined, value, end, &made);
	if (!strcmp(made.section, "Service") && !strcmp(made.key, "TimeoutSec")) {
		made.today = "TimeoutStartSec";         /* it sets two keys */
		array_add(text->list, text->count, text->capacity) = made;
		made.today = "TimeoutStopSec";
	}
	array_add(text->list, text->count, text->capacity) = made;
}

static bool is_key_name(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", text[i]))
			return false;
	}
	return *text != '-';
}

/* Warns of a line that systemd ignores; units in use have such lines. */
static void warn_of_line(const struct joined *joined, size_t at, const char *what)
{
	diag_warning(joined->text->diags, place_of_byte(joined, at), "%s: this line is passed over", what);
	diags_hint(joined->text->diags,
		   "a setting is written KEY=VALUE; a line that the next one continues ends in a backslash");
}

static void read_header(struct joined *joined, size_t start, size_t end)
{
	const char *line = buf_string(&joined->line);

	joined->is_ignored = line[end - 1] != ']';
	joined->section = NULL;
	if (joined->is_ignored) {
		diag_error(joined->text->diags, place_of_byte(joined, start),
			   "the header of a section ends in ]: the rest of the line is ignored");
		return;
	}
	joined->section = pool_text_n(joined->text->pool, line + start + 1, end - start - 2);
}

static void read_setting(struct joined *joined, size_t start, size_t end)
{
	const char *line = buf_string(&joined->line);
	const char *sign = memchr(line + start, '=', end - start);
	size_t key_end, value;

	if (!sign) {
		warn_of_line(joined, start, "there is no = in it");
		return;
	}
	key_end = (size_t)(sign - line);
	value = key_end + 1;
	while (key_end > start && is_blank(line[key_end - 1]))
		key_end--;
	while (value < end && is_blank(line[value]))
		value++;
	if (key_end == start)
		warn_of_line(joined, start, "there is no key before the =");
	else if (!is_key_name(line + start, key_end - start))
		warn_of_line(joined, start, "the text before the = is not a key");
	else if (!joined->section)
		diag_warning(joined->text->diags, place_of_byte(joined, start),
			     "a setting before the first section is ignored: [Socket] or the like is missing");
	else
		add_assignment(joined, start, key_end, value, end);
}

static void read_joined_line(struct joined *joined)
{
	const char *line = buf_string(&joined->line);
	size_t start = 0, end = joined->line.length;

	while (start < end && is_blank(line[start]))
		start++;
	while (end > start && is_blank(line[end - 1]))
		end--;
	if (start < end && !joined->is_flawed && line[start] == '[')
		read_header(joined, start, end);
	else if (start < end && !joined->is_flawed && !joined->is_ignored)
		read_setting(joined, start, end);
	buf_clear(&joined->line);
	joined->count = 0;
	joined->is_flawed = joined->was_joined = false;
}

/* Whether the line ends with an odd number of backslashes; two of them are an escaped one. */
static bool is_continued(const char *text, size_t start, size_t end)
{
	size_t count = 0;

	while (end > start && text[end - 1] == '\\') {
		end--;
		count++;
	}
	return count % 2;
}

/* Refuses a line that is too long or has bytes that are no text. In a comment only the length matters. */
static void refuse_flaws(struct joined *joined, size_t start, size_t end)
{
	const struct source_flaw *flaw = source_flaw(joined->source, start, end + 1);
	char limit[SIZE_TEXT_MOST];

	if (flaw) {
		source_refuse_flaw(joined->source, flaw, joined->text->diags);
		joined->is_flawed = true;
	} else if (joined->line.length + end - start > SOURCE_LINE && !joined->is_flawed) {
		diag_error(joined->text->diags, source_origin(joined->source, start),
			   "with the lines that it continues, this setting is longer than %s",
			   size_write(limit, SOURCE_LINE));
		joined->is_flawed = true;
	}
}

static void read_file_line(struct joined *joined, size_t start, size_t end)
{
	const char *text = joined->source->text;
	size_t at = start;

	if (end > start && text[end - 1] == '\r')
		end--;
	while (at < end && is_blank(text[at]))
		at++;
	if (at < end && (text[at] == '#' || text[at] == ';')) {
		const struct source_flaw *flaw = source_flaw(joined->source, start, end);

		if (flaw && flaw->is_last)
			source_refuse_flaw(joined->source, flaw, joined->text->diags);
		return;
	}
	refuse_flaws(joined, start, end);
	joined->was_joined = is_continued(text, start, end);
	if (!joined->is_flawed)
		add_stretch(joined, start, end - joined->was_joined);
	if (joined->was_joined)
		buf_char(&joined->line, ' ');
	else
		read_joined_line(joined);
}

void unit_text_add(struct unit_text *text, const struct source_file *source)
{
	struct joined joined = { .text = text, .source = source };

	for (size_t n = 0; n < source->line_count && !text->failed; n++) {
		size_t end = n + 1 < source->line_count ? source->lines[n + 1] - 1 : source->length;

		read_file_line(&joined, source->lines[n], end);
	}
	if (joined.was_joined && !text->failed)
		read_joined_line(&joined);
	buf_free(&joined.line);
	free(joined.stretches);
}

const struct unit_assignment *unit_last(const struct unit *unit, const char *section, const char *key)
{
	for (size_t n = unit->count; n-- > 0;) {
		const struct unit_assignment *assignment = &unit->list[n];

		if (!strcmp(assignment->today, key) && !strcmp(assignment->section, section))
			return *assignment->value ? assignment : NULL;
	}
	return NULL;
}

struct origin unit_place(const struct unit_assignment *assignment, size_t offset)
{
	const struct unit_piece *piece = assignment->pieces;
	struct origin at;

	if (!assignment->piece_count)
		return assignment->at;
	piece += array_floor(piece, assignment->piece_count, sizeof(*piece), offset);
	at = piece->at;
	if (at.column)
		at.column += (unsigned)(offset - piece->offset);
	return at;
}

/* The name in a section's header; NULL: the line is no header. */
static const char *section_header(const char *line, size_t length, size_t *inside)
{
	while (length && is_blank(line[length - 1]))
		length--;
	if (length < 2 || line[0] != '[' || line[length - 1] != ']')
		return NULL;
	*inside = length - 2;
	return line + 1;
}

bool unit_text_recognises(const struct source_file *source)
{
	const char *at = source->text, *end = at + source->length, *name;
	bool begins = false;
	size_t length;

	for (; at < end; at++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		while (at < end && *at != '\n' && is_blank(*at))
			at++;
		newline = newline ? newline : end;
		if (at < newline && *at != '#' && *at != ';') {
			name = section_header(at, (size_t)(newline - at), &length);
			if (!begins && !name)
				return false;
			begins = true;
			if (name &&
			    ((length == 6 && !memcmp(name, "Socket", 6)) ||
			     (length == 7 && !memcmp(name, "Service", 7)) || (length == 4 && !memcmp(name, "Unit", 4))))
				return true;
		}
		at = newline;
	}
	return false;
}
