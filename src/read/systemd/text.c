/* The text of unit files: lines, words, specifiers.
 *
 * A line may continue on the next one, across comments, and a message about a byte of a value must show the line of
 * that byte. So each assignment has the pieces of its line. Source: systemd.syntax(7). */
#include "read/systemd/internal.h"

#define ASSIGNMENTS_MOST 100000         /* of a unit */
#define BLANKS " \t\r\n"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* A line with its continuation lines. */
struct joined {
	struct unit_text *text;
	const struct source_file *source;
	struct buf line;
	struct unit_piece *pieces;      /* owned; a line may have a million of them */
	size_t count, capacity;
	const char *section;            /* NULL: no header yet, or the last header is wrong */
	bool was_joined;                /* the line before is continued on this one */
};

static bool is_blank(char c)
{
	return c && strchr(BLANKS, c);
}

/* The place of a byte of a joined line. Each piece begins at the start of a line. */
static struct origin place_of_byte(const char *file, const struct unit_piece *pieces, size_t count, size_t offset)
{
	const struct unit_piece *piece = pieces + array_floor(pieces, count, sizeof(*pieces), offset);

	return (struct origin){ file, piece->line, 1 + (unsigned)(offset - piece->offset) };
}

struct origin unit_place(const struct unit_assignment *assignment, size_t offset)
{
	if (!*assignment->value)
		return assignment->at;
	return place_of_byte(assignment->at.file, assignment->pieces, assignment->piece_count,
			     assignment->value_at + offset);
}

static struct origin place_in_line(const struct joined *joined, size_t offset)
{
	return place_of_byte(joined->source->file, joined->pieces, joined->count, offset);
}

static void add_assignment(struct joined *joined, size_t key, size_t key_end, size_t value, size_t end)
{
	struct unit_text *text = joined->text;
	const char *line = buf_string(&joined->line);
	struct unit_assignment made = {
		.section = joined->section, .at = place_in_line(joined, key), .value_at = value,
		.piece_count = joined->count,
	};

	if (text->count == ASSIGNMENTS_MOST) {
		diag_error(text->diags, made.at, "more than %d settings in one unit", ASSIGNMENTS_MOST);
		text->failed = true;
		return;
	}
	made.key = pool_text_n(text->pool, line + key, key_end - key);
	made.value = pool_text_n(text->pool, line + value, end - value);
	made.row = unit_key_find(made.section, made.key);
	made.pieces = pool_copy(text->pool, joined->pieces, joined->count * sizeof(*joined->pieces));
	if (!strcmp(made.section, "Service") && !strcmp(made.key, "TimeoutSec")) {
		made.row = unit_key_find("Service", "TimeoutStartSec");         /* it sets two keys */
		array_add(text->list, text->count, text->capacity) = made;
		made.row = unit_key_find("Service", "TimeoutStopSec");
	}
	array_add(text->list, text->count, text->capacity) = made;
}

static void read_setting(struct joined *joined, size_t start, size_t end)
{
	const char *line = buf_string(&joined->line), *sign = memchr(line + start, '=', end - start), *wrong = NULL;
	size_t key_end = sign ? (size_t)(sign - line) : end, value = key_end + 1;

	while (key_end > start && is_blank(line[key_end - 1]))
		key_end--;
	while (value < end && is_blank(line[value]))
		value++;
	if (!sign)
		wrong = "there is no = in it";
	else if (key_end == start)
		wrong = "there is no key before the =";
	else if (line[start] == '-' || start + strspn(line + start, LETTERS DIGITS "_-") < key_end)
		wrong = "the text before the = is not a key";
	if (wrong) {                    /* systemd ignores such lines, and units in use have some */
		diag_warning(joined->text->diags, place_in_line(joined, start), "%s: this line is passed over", wrong);
		diags_hint(joined->text->diags,
			   "a setting is written KEY=VALUE; a line that the next one continues ends in a backslash");
	} else if (!joined->section) {
		diag_warning(joined->text->diags, place_in_line(joined, start),
			     "a setting outside of a section is ignored: [Socket] or the like is missing");
	} else {
		add_assignment(joined, start, key_end, value, end);
	}
}

static void read_joined_line(struct joined *joined)
{
	const char *line = buf_string(&joined->line);
	size_t start = 0, end = joined->line.length;

	while (start < end && is_blank(line[start]))
		start++;
	while (end > start && is_blank(line[end - 1]))
		end--;
	if (start < end && line[start] == '[') {
		joined->section = line[end - 1] != ']'
			? NULL : pool_text_n(joined->text->pool, line + start + 1, end - start - 2);
		if (!joined->section)
			diag_error(joined->text->diags, place_in_line(joined, start),
				   "the header of a section ends in ]");
	} else if (start < end) {
		read_setting(joined, start, end);
	}
	buf_clear(&joined->line);
	joined->count = 0;
	joined->was_joined = false;
}

static void read_file_line(struct joined *joined, unsigned number, size_t start, size_t end)
{
	const char *text = joined->source->text, *inside;
	size_t at = start, last;
	bool is_comment;

	while (end > start && text[end - 1] == '\r')
		end--;
	inside = memchr(text + start, '\r', end - start);
	if (inside)                     /* what is behind it would be lost in a comment or a value */
		diag_error(joined->text->diags, source_origin(joined->source, (size_t)(inside - text)),
			   "a carriage return: systemd ends the line here, so write a new line");
	while (at < end && is_blank(text[at]))
		at++;
	is_comment = at < end && (text[at] == '#' || text[at] == ';');
	if (is_comment)
		return;                 /* any bytes may stand in it */
	source_refuse_flaw(joined->source, start, end, joined->text->diags);
	for (last = end; last > start && text[last - 1] == '\\'; last--)
		;
	joined->was_joined = (end - last) % 2;          /* two backslashes are an escaped one */
	array_add(joined->pieces, joined->count, joined->capacity) = (struct unit_piece){ joined->line.length, number };
	buf_add(&joined->line, text + start, end - start - joined->was_joined);
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

		read_file_line(&joined, (unsigned)n + 1, source->lines[n], end);
	}
	if (joined.was_joined && !text->failed)
		read_joined_line(&joined);
	buf_free(&joined.line);
	free(joined.pieces);
}

bool unit_text_recognises(const struct source_file *source)
{
	static const char *const sections[] = { "[Socket]", "[Service]", "[Unit]" };
	const char *stop = source->text + source->length, *next;
	bool begins = false;

	for (const char *line = source->text; line < stop; line = next) {
		const char *newline = memchr(line, '\n', (size_t)(stop - line)), *end = newline ? newline : stop;

		next = newline ? newline + 1 : stop;
		while (line < end && is_blank(*line))
			line++;
		while (line < end && is_blank(end[-1]))
			end--;
		if (line == end || *line == '#' || *line == ';')
			continue;
		if (!begins && (end - line < 2 || *line != '[' || end[-1] != ']'))
			return false;
		begins = true;
		for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
			if (scan_is_word(line, (size_t)(end - line), sections[i]))
				return true;
		}
	}
	return false;
}

/* Words. Quotes and escapes are undone before specifiers are replaced, so the value of a specifier is never split and
 * its quotes mean nothing. Source: systemd.syntax(7), "QUOTING". */
struct splitter {
	const char *value;
	unsigned flags;
	size_t at;                      /* the next byte */
	struct buf word;
	size_t colons;                  /* of the word, which separate its parts */
	const char *odd;                /* the first unknown escape; NULL: none */
};

static void scan_escape(struct splitter *splitter)
{
	const char *text = splitter->value + splitter->at + 1;
	bool is_literal = splitter->flags & UNIT_WORDS_LITERAL, has_parts = splitter->flags & UNIT_WORDS_PARTS;
	size_t taken = 0;

	if (*text && (is_literal || (has_parts && strchr(": ", *text)))) {
		buf_char(&splitter->word, *text);
		taken = 1;
	} else if (!is_literal) {
		taken = c_escape_read(text, true, &splitter->word);
	}
	if (!taken) {                   /* it stays with the byte behind it, also a blank */
		taken = *text != '\0';
		buf_add(&splitter->word, text - 1, 1 + taken);
		splitter->odd = splitter->odd ? splitter->odd : text - 1;
	}
	splitter->at += 1 + taken;
}

/* Scans one word; specifiers stay. Returns NULL, or the message about the quote at splitter->at. */
static const char *scan_word(struct splitter *splitter, bool *is_quoted)
{
	const char *value = splitter->value;
	char quote = '\0', c;
	size_t opened = 0;

	buf_clear(&splitter->word);
	splitter->colons = 0;
	/* A word that is just an escaped semicolon does not separate commands. */
	if (value[splitter->at] == '\\' && value[splitter->at + 1] == ';' &&
	    (!value[splitter->at + 2] || is_blank(value[splitter->at + 2]))) {
		*is_quoted = true;
		splitter->at++;
	}
	while ((c = value[splitter->at]) && (quote || !is_blank(c))) {
		if (c == '\\') {
			*is_quoted = true;
			scan_escape(splitter);
			continue;
		}
		if (quote ? c == quote : c == '"' || c == '\'') {
			*is_quoted = true;
			quote = quote ? '\0' : c;
			opened = splitter->at;
		} else {
			buf_char(&splitter->word, c);
			splitter->colons += c == ':' && !(quote && splitter->flags & UNIT_WORDS_LITERAL);
		}
		splitter->at++;
	}
	if (quote)
		splitter->at = opened;
	return !quote ? NULL : quote == '"' ? "this \" is not closed" : "this ' is not closed";
}

static size_t count_colons(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == ':';
	return count;
}

const char *unit_split(struct pool *pool, const struct unit_names *names, const char *value, unsigned flags,
		       struct unit_split *split)
{
	struct splitter splitter = { .value = value, .flags = flags };
	struct unit_word *list = NULL;
	size_t count = 0, capacity = 0;
	struct buf expanded = { 0 };
	const char *wrong = NULL;

	while (!wrong && value[splitter.at += strspn(value + splitter.at, BLANKS)]) {
		struct unit_word word = { .offset = splitter.at };
		const char *text;
		size_t at = 0;

		wrong = scan_word(&splitter, &word.is_quoted);
		if (wrong)
			break;
		text = buf_string(&splitter.word);
		buf_clear(&expanded);
		wrong = unit_expand(names, text, &expanded, &at);
		if (wrong && !scan_is_word(value + word.offset, splitter.at - word.offset, text))
			at = 0;         /* where in a quoted word is not known */
		if (!wrong && flags & UNIT_WORDS_PARTS && count_colons(buf_string(&expanded)) != splitter.colons)
			wrong = "superd has no way to name a path with a colon in it";
		if (wrong)
			splitter.at = word.offset + at;
		word.text = pool_text(pool, buf_string(&expanded));
		array_add(list, count, capacity) = word;
	}
	if (!wrong) {
		split->list = pool_copy(pool, list, count * sizeof(*list));
		split->count = count;
	}
	split->odd = splitter.odd;
	split->wrong_at = wrong ? splitter.at : 0;
	buf_free(&splitter.word);
	buf_free(&expanded);
	free(list);
	return wrong;
}

/* Specifiers such as %i. The instance of a service with Accept=yes is only known when a client connects. So %i becomes
 * superd's template %{instance} if the option has templates, and is refused elsewhere. Source: systemd.unit(5),
 * "SPECIFIERS". */

#define MACHINE(letter, field, what) { letter, offsetof(struct specifier_values, field), what }

static const struct {
	char letter;
	size_t field;
	const char *unknown;            /* why it may be unknown */
} of_machine[] = {
	MACHINE('a', architecture, "%a: the architecture is not known here"),
	MACHINE('A', image_version, "%A: the version of the system's image is not known here"),
	MACHINE('b', boot_id, "%b: the boot id is not known here, as there is no /proc"),
	MACHINE('B', os_build_id, "%B: the system's build is not known here"),
	MACHINE('C', cache, "%C: the directory for caches is not known here: set XDG_CACHE_HOME or HOME"),
	MACHINE('D', data, "%D: the directory for shared data is not known here: set XDG_DATA_HOME or HOME"),
	MACHINE('E', configuration, "%E: the directory for settings is not known here: set XDG_CONFIG_HOME or HOME"),
	MACHINE('g', group, "%g: the group superd runs as has no name here"),
	MACHINE('G', group_id, "%G: the group superd runs as is not known here"),
	MACHINE('h', home, "%h: the home of the user superd runs as is not known here: set HOME"),
	MACHINE('H', host_name, "%H: the host's name is not known here"),
	MACHINE('l', short_host_name, "%l: the host's name is not known here"),
	MACHINE('L', logs, "%L: the directory for logs is not known here: set XDG_STATE_HOME or HOME"),
	MACHINE('m', machine_id, "%m: there is no machine id here: create /etc/machine-id"),
	MACHINE('M', image_id, "%M: the system's image is not known here"),
	MACHINE('o', os_id, "%o: the operating system is not known here"),
	MACHINE('q', pretty_host_name, "%q: the host's name is not known here"),
	MACHINE('s', shell, "%s: the shell of the user superd runs as is not known here"),
	MACHINE('S', state, "%S: the directory for state is not known here: set XDG_STATE_HOME or HOME"),
	MACHINE('t', runtime, "%t: the runtime directory is not known here: set XDG_RUNTIME_DIR"),
	MACHINE('T', temporary, "%T: the directory for temporary files is not known here"),
	MACHINE('u', user, "%u: the user superd runs as has no name here"),
	MACHINE('U', user_id, "%U: the user superd runs as is not known here"),
	MACHINE('v', kernel, "%v: the kernel's version is not known here"),
	MACHINE('V', lasting_temporary, "%V: the directory for lasting temporary files is not known here"),
	MACHINE('w', os_version_id, "%w: the system's version is not known here"),
	MACHINE('W', os_variant_id, "%W: the system's variant is not known here"),
};

static const char *add_machine_value(const struct specifier_values *machine, char letter, struct buf *out)
{
	for (size_t n = 0; n < sizeof(of_machine) / sizeof(*of_machine); n++) {
		const char *text = NULL;

		if (of_machine[n].letter != letter)
			continue;
		if (machine)
			memcpy(&text, (const char *)machine + of_machine[n].field, sizeof(text));
		if (text)
			buf_text(out, text);
		return text ? NULL : of_machine[n].unknown;
	}
	return "no specifier: a percent sign itself is written %%";
}

/* Adds an instance or prefix with its escapes "\x2d" and "-" undone. path: with a slash in front. Returns NULL, or the
 * message about a wrong escape. */
static const char *add_unescaped(const char *text, bool path, struct buf *out)
{
	const char *wrong = NULL;

	if (path && *text != '-')
		buf_char(out, '/');
	for (; *text; text++) {
		char c = text[0] == '\\' && text[1] == 'x' ? scan_hex_byte(text + 2) : '\0';

		if (*text == '\\' && !c)
			wrong = "in the unit's name, a backslash is not followed by \\xHH";
		buf_char(out, c ? c : *text == '-' ? '/' : *text);
		text += c ? 3 : 0;
	}
	return wrong;
}

/* Adds what a specifier means. Returns NULL, or why it has no meaning. */
static const char *add_specifier(const struct unit_names *names, char letter, struct buf *out)
{
	const struct unit *unit = names->unit;
	const struct specifier_values *machine = names->machine;
	const char *instance = unit->instance ? unit->instance : "", *dash = strrchr(unit->prefix, '-');
	const char *slash = unit->path ? strrchr(unit->path, '/') : NULL;

	switch (letter) {
	case 'n':
	case 'N':
		buf_add(out, unit->name, strlen(unit->name) - (letter == 'N' ? strlen(unit->suffix) + 1 : 0));
		return NULL;
	case 'i':
	case 'p':
	case 'j':
		buf_text(out, letter == 'i' ? instance : letter == 'j' && dash ? dash + 1 : unit->prefix);
		return NULL;
	case 'I':
	case 'P':
	case 'J':
		return add_unescaped(letter == 'I' ? instance : letter == 'J' && dash ? dash + 1 : unit->prefix, false,
				     out);
	case 'f':
		if (names->per_connection)
			return "%f: the instance is known only with its connection, and cannot become a path";
		return add_unescaped(*instance ? instance : unit->prefix, true, out);
	case 'y':
	case 'Y':
		if (!unit->path)
			return "the unit has no file, so %y and %Y have no value";
		if (letter == 'y')
			buf_text(out, unit->path);
		else if (slash)
			buf_add(out, unit->path, slash > unit->path ? (size_t)(slash - unit->path) : 1);
		else
			buf_char(out, '.');
		return NULL;
	case 'd':                       /* the path that superd/start/folders.c makes */
		if (!machine || !machine->credentials || !names->service)
			return "%d: the directory of its credentials is not known here";
		buf_addf(out, "%s/%s.service", machine->credentials, names->service);
		return NULL;
	case 'c':
	case 'r':
	case 'R':
		return "%c, %r and %R are no specifiers any more: they have no replacement";
	default:
		return add_machine_value(machine, letter, out);
	}
}

/* The same in a service of Accept=yes, for the specifiers that have the instance in them. */
static const char *add_connection_specifier(const struct unit_names *names, char letter, struct buf *out)
{
	if (!names->for_superd)
		return "the instance is known only with its connection: %i, %n and %N are possible in commands and the "
		       "environment";
	if (letter == 'n' || letter == 'N')
		buf_addf(out, "%s@", names->unit->prefix);
	buf_text(out, "%{instance}");
	if (letter == 'n')
		buf_addf(out, ".%s", names->unit->suffix);
	return NULL;
}

const char *unit_expand(const struct unit_names *names, const char *text, struct buf *out, size_t *at)
{
	struct buf plain = { 0 };
	const char *wrong = NULL, *c;

	for (c = text; *c && !wrong; c++) {
		if (*c != '%') {
			buf_char(out, *c);
			continue;
		}
		buf_clear(&plain);
		if (!c[1] || !strchr(LETTERS DIGITS "%", c[1]))
			buf_char(&plain, '%');  /* before anything else it stays */
		else if (*++c == '%')
			buf_char(&plain, '%');
		else if (names->per_connection && strchr("iInN", *c))
			wrong = add_connection_specifier(names, *c, out);
		else
			wrong = add_specifier(names, *c, &plain);
		for (const char *p = buf_string(&plain); *p; p++) {
			if (*p == '%' && names->for_superd)
				buf_char(out, '%');
			buf_char(out, *p);
		}
	}
	buf_free(&plain);
	*at = wrong ? (size_t)(c - 2 - text) : 0;
	return wrong;
}
