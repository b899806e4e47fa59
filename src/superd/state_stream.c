/* Writes and parses state streams. The parser counts sections and lines before it allocates, and stores them in two
 * arrays. So the memory is bounded by a few times the size of the text, even of a hostile one. */
#include "superd/main.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"

static const char format_prefix[] = "superd ledger ";

void state_stream_begin(struct buf *out)
{
	buf_addf(out, "%s%d\n", format_prefix, STATE_STREAM_FORMAT);
}

void state_open_section(struct buf *out, const char *kind)
{
	buf_addf(out, "[%s]\n", kind);
}

void state_add(struct buf *out, const char *key, const char *value)
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

void state_add_bytes(struct buf *out, const char *key, const void *bytes, size_t length)
{
	buf_addf(out, "%s=", key);
	for (size_t n = 0; n < length; n++)
		buf_addf(out, "%02x", ((const unsigned char *)bytes)[n]);
	buf_char(out, '\n');
}

void state_add_number(struct buf *out, const char *key, int64_t value)
{
	buf_addf(out, "%s=%lld\n", key, (long long)value);
}

void state_stream_end(struct buf *out)
{
	buf_text(out, ".\n");
}

/* Replaces the escapes \n and \\ of a value in place. false: a backslash precedes another character. */
static bool unescape_value(char *value)
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

static bool is_key(const char *text, size_t length)
{
	for (size_t n = 0; n < length; n++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", text[n]))
			return false;
	}
	return length;
}

static const char *parse_section(struct state_stream *stream, char *line)
{
	size_t length = strlen(line);

	if (length < 3 || line[length - 1] != ']' || !is_key(line + 1, length - 2))
		return "it is no [SECTION]";
	line[length - 1] = '\0';
	stream->sections[stream->count++] = (struct state_section){
		.kind = line + 1, .entries = stream->entries + stream->entry_count,
	};
	return NULL;
}

static const char *parse_entry(struct state_stream *stream, char *line)
{
	char *equals = strchr(line, '=');

	if (!stream->count)
		return "it comes before the first [SECTION]";
	if (!equals || !is_key(line, (size_t)(equals - line)))
		return "it is no KEY=VALUE";
	*equals = '\0';
	if (!unescape_value(equals + 1))
		return "n or another backslash must follow a backslash";
	stream->entries[stream->entry_count++] = (struct state_entry){ .key = line, .value = equals + 1 };
	stream->sections[stream->count - 1].count++;
	return NULL;
}

static const char *parse_lines(struct state_stream *stream, char *at, struct buf *why)
{
	size_t number = 1;

	for (char *end; (end = strchr(at, '\n')); at = end + 1) {
		const char *wrong;

		number++;
		*end = '\0';
		if (!strcmp(at, "."))
			return end[1] ? "there is more after its end" : NULL;
		wrong = *at == '[' ? parse_section(stream, at) : parse_entry(stream, at);
		if (wrong) {
			buf_addf(why, "line %zu: %s", number, wrong);
			return buf_string(why);
		}
	}
	return "its end is missing";
}

/* Allocates both arrays for the most sections and entries that the text can have. */
static bool allocate_entries(struct state_stream *stream, const char *text)
{
	size_t sections = 0, lines = 0;

	for (const char *at = text; *at; at++) {
		lines += *at == '\n';
		sections += *at == '\n' && at[1] == '[';
	}
	stream->sections = calloc(sections + 1, sizeof(*stream->sections));
	stream->entries = calloc(lines + 1, sizeof(*stream->entries));
	return stream->sections && stream->entries;
}

/* Checks the first line, and returns the line behind it. NULL: the text has another format, and *wrong describes it. */
static char *skip_format(char *text, struct buf *why, const char **wrong)
{
	size_t head = strlen(format_prefix);
	char *end = strchr(text, '\n');
	int64_t format;

	*wrong = "it is no ledger";
	if (!end || strncmp(text, format_prefix, head) != 0)
		return NULL;
	*end = '\0';
	if (scan_count(text + head, &format))
		return NULL;
	if (format == STATE_STREAM_FORMAT)
		return end + 1;
	buf_addf(why, "it is of format %lld, and this superd reads format %d", (long long)format, STATE_STREAM_FORMAT);
	*wrong = buf_string(why);
	return NULL;
}

const char *state_stream_parse(struct state_stream *stream, char *text, size_t length, struct buf *why)
{
	const char *wrong;

	*stream = (struct state_stream){ .text = text };
	errno = EBADMSG;
	if (length > STATE_STREAM_MOST)
		return "it is too long";
	if (strlen(text) != length)
		return "it holds a NUL";
	if (!allocate_entries(stream, text)) {
		errno = ENOMEM;
		return "out of memory";
	}
	text = skip_format(text, why, &wrong);
	wrong = text ? parse_lines(stream, text, why) : wrong;
	errno = EBADMSG;
	return wrong;
}

void state_stream_free(struct state_stream *stream)
{
	free(stream->text);
	free(stream->sections);
	free(stream->entries);
	*stream = (struct state_stream){ 0 };
}

const char *state_text(struct state_section *section, const char *key)
{
	for (size_t n = 0; n < section->count; n++) {
		struct state_entry *entry = &section->entries[n];

		if (strcmp(entry->key, key) != 0)
			continue;
		return entry->value;
	}
	return NULL;
}

int64_t state_number(struct state_section *section, const char *key, int64_t least, int64_t most, int64_t fallback)
{
	const char *text = state_text(section, key);
	int64_t number;

	if (!text)
		return fallback;
	if (!scan_count(text, &number) && number >= least && number <= most)
		return number;
	return fallback;
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool read_hex(const char *text, unsigned char *out, size_t length)
{
	for (size_t n = 0; n < length; n++) {
		int high = hex_value(text[2 * n]), low = high < 0 ? -1 : hex_value(text[2 * n + 1]);

		if (low < 0)
			return false;
		out[n] = (unsigned char)(high << 4 | low);
	}
	return true;
}

void *state_take_bytes(struct state_section *section, const char *key, size_t most, size_t *length)
{
	const char *text = state_text(section, key);
	size_t digits = text ? strlen(text) : 0;
	unsigned char *bytes;

	*length = digits / 2;
	if (!digits)
		return NULL;
	bytes = digits % 2 || *length > most ? NULL : malloc(*length);
	if (bytes && read_hex(text, bytes, *length))
		return bytes;
	free(bytes);
	return NULL;
}
