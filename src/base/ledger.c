/* Writes and parses ledgers.
 *
 * The parser counts sections and lines before it allocates, and keeps them in two arrays, so the memory is bounded
 * by a few times the size of the text, even of a hostile one. */
#include "base/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"

static const char first_words[] = "superd ledger ";

void ledger_begin(struct buf *out)
{
	buf_addf(out, "%s%d\n", first_words, LEDGER_FORMAT);
}

void ledger_open(struct buf *out, const char *kind)
{
	buf_addf(out, "[%s]\n", kind);
}

void ledger_add(struct buf *out, const char *key, const char *value)
{
	buf_addf(out, "%s=", key);
	while (*value) {
		size_t plain = strcspn(value, "\n\\");

		buf_add(out, value, plain);
		value += plain;
		if (!*value)
			break;
		buf_text(out, *value == '\n' ? "\\n" : "\\\\");
		value++;
	}
	buf_char(out, '\n');
}

void ledger_add_bytes(struct buf *out, const char *key, const void *bytes, size_t length)
{
	buf_addf(out, "%s=", key);
	for (size_t n = 0; n < length; n++)
		buf_addf(out, "%02x", ((const unsigned char *)bytes)[n]);
	buf_char(out, '\n');
}

void ledger_add_number(struct buf *out, const char *key, int64_t value)
{
	buf_addf(out, "%s=%lld\n", key, (long long)value);
}

void ledger_add_real(struct buf *out, const char *key, double value)
{
	buf_addf(out, "%s=%.9f\n", key, value);
}

void ledger_end(struct buf *out)
{
	buf_text(out, ".\n");
}

/* Replaces the escapes \n and \\ of a value in place. false: a backslash stands before another character. */
static bool unescape(char *value)
{
	char *to = value;

	for (const char *from = value; *from; from++) {
		if (*from != '\\') {
			*to++ = *from;
			continue;
		}
		from++;
		if (*from != 'n' && *from != '\\')
			return false;
		*to++ = *from == 'n' ? '\n' : '\\';
	}
	*to = '\0';
	return true;
}

static bool is_word(const char *text, size_t length)
{
	for (size_t n = 0; n < length; n++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", text[n]))
			return false;
	}
	return length;
}

static const char *parse_section(struct ledger *ledger, char *line)
{
	size_t length = strlen(line);

	if (length < 3 || line[length - 1] != ']' || !is_word(line + 1, length - 2))
		return "it is no [SECTION]";
	line[length - 1] = '\0';
	ledger->sections[ledger->count++] = (struct ledger_section){
		.kind = line + 1, .entries = ledger->entries + ledger->entry_count, .ledger = ledger,
	};
	return NULL;
}

static const char *parse_entry(struct ledger *ledger, char *line)
{
	char *equals = strchr(line, '=');

	if (!ledger->count)
		return "it stands before the first [SECTION]";
	if (!equals || !is_word(line, (size_t)(equals - line)))
		return "it is no KEY=VALUE";
	*equals = '\0';
	if (!unescape(equals + 1))
		return "a backslash has n or another behind it";
	ledger->entries[ledger->entry_count++] = (struct ledger_entry){ .key = line, .value = equals + 1 };
	ledger->sections[ledger->count - 1].count++;
	return NULL;
}

static const char *parse_lines(struct ledger *ledger, char *at, struct buf *why)
{
	size_t number = 1;

	for (char *end; (end = strchr(at, '\n')); at = end + 1) {
		const char *wrong;

		number++;
		*end = '\0';
		if (!strcmp(at, "."))
			return end[1] ? "there is more behind its end" : NULL;
		wrong = *at == '[' ? parse_section(ledger, at) : parse_entry(ledger, at);
		if (wrong) {
			buf_addf(why, "line %zu: %s", number, wrong);
			return buf_string(why);
		}
	}
	return "its end is missing";
}

/* Allocates both arrays for as many sections and entries as the text can have at most. */
static bool make_room(struct ledger *ledger, const char *text)
{
	size_t sections = 0, lines = 0;

	for (const char *at = text; *at; at++) {
		lines += *at == '\n';
		sections += *at == '\n' && at[1] == '[';
	}
	ledger->sections = calloc(sections + 1, sizeof(*ledger->sections));
	ledger->entries = calloc(lines + 1, sizeof(*ledger->entries));
	return ledger->sections && ledger->entries;
}

/* Checks the first line, and gives the line behind it; NULL: the text has another format, and *wrong says which. */
static char *skip_first(char *text, struct buf *why, const char **wrong)
{
	size_t head = strlen(first_words);
	char *end = strchr(text, '\n');
	int64_t format;

	*wrong = "it is no ledger";
	if (!end || strncmp(text, first_words, head) != 0)
		return NULL;
	*end = '\0';
	if (scan_count(text + head, &format))
		return NULL;
	if (format == LEDGER_FORMAT)
		return end + 1;
	buf_addf(why, "it is of format %lld, and this superd reads format %d", (long long)format, LEDGER_FORMAT);
	*wrong = buf_string(why);
	return NULL;
}

const char *ledger_parse(struct ledger *ledger, char *text, size_t length, struct buf *why)
{
	const char *wrong;

	*ledger = (struct ledger){ .text = text };
	if (length > LEDGER_MOST)
		return "it is too long";
	if (strlen(text) != length)
		return "it holds a NUL";
	if (!make_room(ledger, text))
		return "out of memory";
	text = skip_first(text, why, &wrong);
	return text ? parse_lines(ledger, text, why) : wrong;
}

void ledger_free(struct ledger *ledger)
{
	free(ledger->text);
	free(ledger->sections);
	free(ledger->entries);
	*ledger = (struct ledger){ 0 };
}

const char *ledger_text(struct ledger_section *section, const char *key)
{
	for (size_t n = 0; n < section->count; n++) {
		struct ledger_entry *entry = &section->entries[n];

		if (strcmp(entry->key, key) != 0)
			continue;
		entry->used = true;
		return entry->value;
	}
	return NULL;
}

void ledger_note_flaw(struct ledger_section *section, const char *key)
{
	if (section->ledger->flaw)
		return;
	section->ledger->flawed = section;
	section->ledger->flaw = key;
}

int64_t ledger_number(struct ledger_section *section, const char *key, int64_t least, int64_t most, int64_t fallback)
{
	const char *text = ledger_text(section, key);
	int64_t number;

	if (!text)
		return fallback;
	if (!scan_count(text, &number) && number >= least && number <= most)
		return number;
	ledger_note_flaw(section, key);
	return fallback;
}

double ledger_real(struct ledger_section *section, const char *key, double fallback)
{
	const char *text = ledger_text(section, key);
	double number;
	char *end;

	if (!text)
		return fallback;
	number = strtod(text, &end);
	if (*text && !*end && !isnan(number))
		return number;
	ledger_note_flaw(section, key);
	return fallback;
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool read_hex(const char *text, unsigned char *out, size_t length)
{
	for (size_t n = 0; n < length; n++) {
		int high = digit(text[2 * n]), low = high < 0 ? -1 : digit(text[2 * n + 1]);

		if (low < 0)
			return false;
		out[n] = (unsigned char)(high << 4 | low);
	}
	return true;
}

bool ledger_bytes(struct ledger_section *section, const char *key, void *out, size_t length)
{
	const char *text = ledger_text(section, key);

	if (!text)
		return false;
	if (strlen(text) == 2 * length && read_hex(text, out, length))
		return true;
	ledger_note_flaw(section, key);
	return false;
}

void *ledger_take_bytes(struct ledger_section *section, const char *key, size_t most, size_t *length)
{
	const char *text = ledger_text(section, key);
	size_t digits = text ? strlen(text) : 0;
	unsigned char *bytes;

	*length = digits / 2;
	if (!digits)
		return NULL;
	bytes = digits % 2 || *length > most ? NULL : malloc(*length);
	if (bytes && read_hex(text, bytes, *length))
		return bytes;
	free(bytes);
	ledger_note_flaw(section, key);
	return NULL;
}
