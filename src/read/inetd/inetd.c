/* Makes entries of the lines of inetd.conf, and builders of the entries.
 *
 * A bad line is one error, at the field that is wrong. The reader skips the line with its continuation lines and reads
 * the rest of the file as if it were not there. */
#include "read/inetd/inetd.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"
#include "read/inetd/entry.h"
#include "table/reading/reading.h"

#define FIELDS 6 /* the least number of fields of an entry */

/* Whether a bad line may have been meant as HOSTS:, the addresses of all entries below it. */
static bool may_be_hosts(const struct inetd_line *line)
{
	return line->count <= 2 &&
		(strpbrk(line->words[0].text, ".:,") || !strcmp(line->words[line->count - 1].text, ":"));
}

/* Reports a line with too few fields. If its second word is no type of socket, that is reported instead. */
static bool refuse_fields(struct inetd *inetd, struct inetd_entry *entry)
{
	static const char *const missing[FIELDS] = {
		"", "the type of its socket", "its protocol", "wait or nowait", "its user", "its program"
	};
	const struct inetd_line *line = &inetd->line;
	const struct inetd_word *last = &line->words[line->count - 1];
	struct origin end = inetd_shift(last->at, strlen(last->text));

	if (line->count > 1 && !inetd_take_type(inetd, entry, line->words[1].text, line->words[1].at))
		return false;
	if (line->at.column > 1)
		return inetd_refuse(inetd, line->at,
				    "%s: this line begins with a blank, but there is none it could continue",
				    entry->service);
	inetd_refuse(inetd, end, "%s: %s is missing", entry->service, missing[line->count]);
	diags_hint(inetd->reading->diags,
		   may_be_hosts(line)
			   ? INETD_FIELDS ", and addresses for all that follow are HOSTS: alone"
			   : INETD_FIELDS);
	return false;
}

static bool read_fields(struct inetd *inetd, struct inetd_entry *entry)
{
	const struct inetd_word *word = inetd->line.words;
	const char *hosts;

	if (inetd->line.count < FIELDS)
		return refuse_fields(inetd, entry);
	return inetd_take_type(inetd, entry, word[1].text, word[1].at) &&
		inetd_take_protocol(inetd, entry, word[2].text, word[2].at) &&
		inetd_take_address(inetd, entry, word[0].text, word[0].at, &hosts) &&
		inetd_take_wait(inetd, entry, word[3].text, word[3].at) &&
		inetd_take_user(inetd, entry, word[4].text, word[4].at) &&
		inetd_take_program(inetd, entry, &word[5], word + FIELDS, inetd->line.count - FIELDS) &&
		inetd_expand(inetd, entry, hosts, word[0].at);
}

/* Reads a line "HOSTS:" with default addresses. "*:" resets them to any. */
static bool read_default_hosts(struct inetd *inetd)
{
	const struct inetd_word *word = &inetd->line.words[0];
	size_t length = strlen(word->text);
	const char *hosts;

	if (inetd->line.count != 1 || !length || word->text[length - 1] != ':')
		return false;
	hosts = inetd_keep(inetd, word->text, length - 1);
	inetd->hosts = *hosts ? hosts : "*";
	return true;
}

/* Reads NetBSD's ".include PATTERN". */
static bool read_directive(struct inetd *inetd)
{
	const struct inetd_line *line = &inetd->line;
	struct inetd_entries *entries = inetd_entries(inetd->reading);
	const struct inetd *outer = entries->outer;

	if (strcmp(line->words[0].text, ".include") != 0)
		return inetd_refuse(inetd, line->at, "%s: there is no such directive: known is .include",
				    line->words[0].text);
	if (line->count < 2 || !*line->words[1].text)
		return inetd_refuse(inetd, inetd_shift(line->at, 8), ".include: a path is missing");
	reading_note(inetd->reading, (struct note){ NOTE_SHARED, .at = line->at });
	entries->outer = inetd;
	include_files(inetd->reading, &reader_inetd, line->words[1].text, line->words[1].at);
	entries->outer = outer;
	return true;
}

/* A line that begins with #: a comment, or with FreeBSD and NetBSD an IPsec policy ("#@ in ipsec ...") for the entries
 * below it. */
static void read_comment(struct inetd *inetd, size_t at)
{
	const struct source_file *source = inetd->source;
	size_t end = source_line_end(source, at), start = at + 2;

	if (end - at < 2 || source->text[at + 1] != '@')
		return;
	while (start < end && inetd_is_blank(source->text[start]))
		start++;
	if (start == end)
		inetd->policy = (struct origin){ 0 };
	else if (end - start > 3 &&
		 (!strncmp(source->text + start, "in ", 3) || !strncmp(source->text + start, "out ", 4)))
		inetd->policy = source_origin(source, at);
}

static void note_quotes(struct inetd *inetd)
{
	if (inetd->line.has_quotes)
		inetd_note(inetd, INETD_NOTE_QUOTES, inetd->line.at,
			   "quotes hold a word together here, as with GNU, FreeBSD and "
			   "NetBSD; OpenBSD's and busybox's inetd hand them on (see --compat)");
}

/* The likely name of a broken entry's service, from its first field; NULL: unknown. */
static const char *name_of_field(const char *field)
{
	const char *mark = strrchr(field, *field == '/' ? '/' : ':');
	const char *name = mark ? mark + 1 : field;

	for (const char *at = name; *at; at++) {
		if (!isgraph((unsigned char)*at))
			return NULL;
	}
	return *name ? name : NULL;
}

/* A bad line is left out with --keep-going. But if it may have been HOSTS:, the services below it would listen on all
 * addresses, so --keep-going must not go on. */
static void leave_out_line(struct inetd *inetd)
{
	if (may_be_hosts(&inetd->line))
		reading_note(inetd->reading, (struct note){ NOTE_VITAL, .at = inetd->line.at });
	else
		reading_leave_out(inetd->reading, inetd->line.at, name_of_field(inetd->line.words[0].text));
}

/* The same for a line that could not be split into words; one with few words may have been HOSTS: too. */
static void leave_out_unsplit_line(struct inetd *inetd, size_t at)
{
	const char *text = inetd->source->text;
	size_t end = source_line_end(inetd->source, at), count = 0;
	bool is_directive = text[at] == '.';

	for (; at < end; at++)
		count += !inetd_is_blank(text[at]) && (at + 1 == end || inetd_is_blank(text[at + 1]));
	if (count <= 2 && !is_directive)
		reading_note(inetd->reading, (struct note){ NOTE_VITAL, .at = inetd->line.at });
	else
		reading_leave_out(inetd->reading, inetd->line.at, NULL);
}

/* false: the bytes from start to end are not all text (reported). */
static bool check_text(const struct inetd *inetd, size_t start, size_t end)
{
	const struct source_flaw *flaw = source_flaw(inetd->source, start, end);

	if (flaw)
		source_refuse_flaw(inetd->source, flaw, inetd->reading->diags);
	return !flaw;
}

/* Reads a line of fields. Returns the offset of the next line. */
static size_t read_field_line(struct inetd *inetd, size_t at)
{
	const struct inetd_cutter cutter = {
		.source = inetd->source,
		.dialect = inetd->dialect,
		.pool = inetd_entries(inetd->reading)->pool,
		.diags = inetd->reading->diags,
		.joins = inetd->reading->compat == COMPAT_NONE,
	};
	struct inetd_entry entry;

	if (!inetd_line_read(&inetd->line, &cutter, at)) {
		leave_out_unsplit_line(inetd, at);
		return inetd->line.end;
	}
	if (!inetd->line.count)
		return inetd->line.end;
	if (!check_text(inetd, at, inetd->line.end)) {
		leave_out_line(inetd);
		return inetd->line.end;
	}
	entry = inetd_entry_new(inetd->dialect, inetd->line.words[0].text, inetd->line.at);
	note_quotes(inetd);
	if (inetd->line.words[0].text[0] == '.') {
		if (!read_directive(inetd))
			reading_leave_out(inetd->reading, inetd->line.at, NULL);
	} else if (!read_default_hosts(inetd) && !read_fields(inetd, &entry)) {
		leave_out_line(inetd);
	}
	return inetd->line.end;
}

/* Whether the second word is the on or off of NetBSD's notation SERVICE on KEY = VALUE, KEY = VALUE; over any number of
 * lines. *word: its offset. */
static bool is_keyed(const struct source_file *source, size_t at, size_t *word)
{
	const char *text = source->text + at;
	size_t first = strcspn(text, " \t\r\n"), gap = strspn(text + first, " \t");
	size_t length = gap ? strcspn(text + first + gap, " \t\r\n#") : 0;

	*word = at + first + gap;
	return scan_is_word(source->text + *word, length, "on") || scan_is_word(source->text + *word, length, "off");
}

static bool begins_entry(const struct source_file *source, size_t at)
{
	const char *text = source->text + at;

	return !inetd_is_blank(*text) && *text != '#' &&
	       (scan_begins_with(text, strcspn(text, " \t\r\n"), ".include") ||
		inetd_begins_entry(text, source->text + source_line_end(source, at)));
}

/* A line such as 127.0.0.1: or #@ in ipsec, which restricts the entries behind it: the entry that it seems to belong to
 * has no end then. */
static bool is_rule_of_others(const struct source_file *source, size_t at)
{
	const char *text = source->text + at;
	size_t length = strcspn(text, " \t\r\n");

	return !strncmp(text, "#@", 2) || (length && *text != '#' && text[length - 1] == ':' &&
					   text[length + strspn(text + length, " \t\r")] == '\n');
}

/* Returns the offset behind the semicolon of a definition in that notation, or of the line of another entry; *ended
 * is whether it has a semicolon. */
static size_t skip_keys(const struct source_file *source, size_t at, bool *ended)
{
	const char *text = source->text;
	bool rules = false;
	char quote = '\0';

	for (*ended = false; at < source->length && !*ended; at++) {
		if (text[at] == '\n' && begins_entry(source, at + 1))
			return at + 1;
		rules |= text[at] == '\n' && is_rule_of_others(source, at + 1);
		if (text[at] == '\n' || text[at] == quote)
			quote = '\0';
		else if (quote)
			at += text[at] == '\\' && (text[at + 1] == quote || text[at + 1] == '\\');
		else if (text[at] == '"' || text[at] == '\'')
			quote = text[at];
		else if (text[at] == '#')
			at = source_line_end(source, at) - 1;
		else
			*ended = text[at] == ';';
	}
	*ended &= !rules;
	return at;
}

/* Refuses a definition as a whole. Without a semicolon it may have swallowed a line HOSTS:. */
static size_t refuse_keys(struct inetd *inetd, size_t at, size_t word)
{
	const char *text = inetd->source->text;
	struct origin place = source_origin(inetd->source, at);
	const char *field = inetd_keep(inetd, text + at, strcspn(text + at, " \t"));
	bool ended;
	size_t behind = skip_keys(inetd->source, word, &ended);

	inetd_refuse(inetd, source_origin(inetd->source, word),
		     "%s: superd does not read NetBSD's notation with on, off and KEY = VALUE", field);
	diags_hint(inetd->reading->diags, INETD_FIELDS ", or write a service { } in superd.conf");
	if (ended)
		reading_leave_out(inetd->reading, place, name_of_field(field));
	else
		reading_note(inetd->reading, (struct note){ NOTE_VITAL, .at = place });
	return behind;
}

/* Reads the next entry, comment or directive, behind any blanks. Returns the offset behind it. */
static size_t read_next_entry(struct inetd *inetd, size_t at)
{
	const struct source_file *source = inetd->source;
	size_t behind, word;

	while (at < source->length && (inetd_is_blank(source->text[at]) || source->text[at] == '\n'))
		at++;
	if (at == source->length)
		return at;
	if (source->text[at] == '#') {
		read_comment(inetd, at);
		behind = source_line_end(source, at);
		return behind < source->length ? behind + 1 : behind;
	}
	if (source->text[at] != '.' && is_keyed(source, at, &word))
		return refuse_keys(inetd, at, word);
	return read_field_line(inetd, at);
}

static struct inetd_entries *make_entries(struct reading *reading)
{
	void **state = reading_state(reading, inetd_entries_free);
	struct inetd_entries *entries = *state;
	struct pool *pool;

	if (entries)
		return entries;
	pool = pool_new();
	*state = entries = pool_alloc(pool, sizeof(*entries));
	entries->pool = pool;
	return entries;
}

bool inetd_read_source(struct reading *reading, const struct source_file *source)
{
	struct inetd inetd = { .reading = reading, .source = source, .dialect = inetd_dialect(reading->compat) };
	const struct inetd_entries *entries = make_entries(reading);
	size_t at = 0;

	if (entries->outer) {
		inetd.hosts = entries->outer->hosts;
		inetd.policy = entries->outer->policy;
	}
	while (at < source->length)
		at = read_next_entry(&inetd, at);
	inetd_line_free(&inetd.line);
	return true;
}

static bool inetd_read(struct reading *reading, const char *path)
{
	return reading_load(reading, path, source_load_in_parts, inetd_read_source);
}

/* Takes every file of /etc/inetd.d but copies, which would replace the entries of the original. */
static bool inetd_takes(struct reading *reading, const char *path, const char *name)
{
	if (reading_may_be_table(name))
		return true;
	if (*name != '.')
		diag_warning(reading->diags, ((struct origin){ .file = path }),
			     "it is left out: by its name it is a copy that an editor or a package left behind");
	return false;
}

static void inetd_finish(struct reading *reading)
{
	struct inetd_entries *entries = inetd_entries(reading);

	if (!entries)
		return;
	inetd_apply_precedence(reading, entries);
	for (size_t i = 0; i < entries->count; i++) {
		if (!entries->list[i].is_dropped)
			inetd_build(reading, &entries->list[i]);
	}
	reading_drop_state(reading, inetd_entries_free);
	reading->pending = 0;
}

const struct reader reader_inetd = {
	.recognises = inetd_recognises,
	.takes = inetd_takes,
	.passes_over = true,
	.read = inetd_read,
	.finish = inetd_finish,
};
