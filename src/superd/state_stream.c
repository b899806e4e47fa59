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

static const char *parse_line(struct state_stream *stream, char *line)
{
	size_t length = strlen(line);
	char *equals;

	if (*line == '[') {
		if (length < 3 || line[length - 1] != ']' || !is_key(line + 1, length - 2))
			return "it is no [SECTION]";
		line[length - 1] = '\0';
		stream->sections[stream->count++] = (struct state_section){
			.kind = line + 1,
			.entries = stream->entries + stream->entry_count,
		};
		return NULL;
	}
	equals = strchr(line, '=');
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

const char *state_stream_parse(struct state_stream *stream, char *text, size_t length, struct buf *why)
{
	size_t sections = 0, lines = 0, head = strlen(format_prefix), number = 1;
	char *end = strchr(text, '\n');
	int64_t format;

	*stream = (struct state_stream){ .text = text };
	errno = EBADMSG;
	if (length > STATE_STREAM_MOST)
		return "it is too long";
	if (strlen(text) != length)
		return "it holds a NUL";
	for (const char *at = text; *at; at++) {
		lines += *at == '\n';
		sections += *at == '\n' && at[1] == '[';
	}
	stream->sections = calloc(sections + 1, sizeof(*stream->sections));
	stream->entries = calloc(lines + 1, sizeof(*stream->entries));
	if (!stream->sections || !stream->entries) {
		errno = ENOMEM;
		return "out of memory";
	}
	if (!end || strncmp(text, format_prefix, head) != 0)
		return "it is no ledger";
	*end = '\0';
	if (scan_count(text + head, &format))
		return "it is no ledger";
	if (format != STATE_STREAM_FORMAT) {
		buf_addf(why, "it is of format %lld, and this superd reads format %d", (long long)format,
			 STATE_STREAM_FORMAT);
		return buf_string(why);
	}
	for (char *at = end + 1; (end = strchr(at, '\n')); at = end + 1) {
		const char *wrong;

		number++;
		*end = '\0';
		if (!strcmp(at, "."))
			return end[1] ? "there is more after its end" : NULL;
		wrong = parse_line(stream, at);
		if (wrong) {
			buf_addf(why, "line %zu: %s", number, wrong);
			return buf_string(why);
		}
	}
	return "its end is missing";
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
		if (!strcmp(section->entries[n].key, key))
			return section->entries[n].value;
	}
	return NULL;
}

int64_t state_number(struct state_section *section, const char *key, int64_t least, int64_t most, int64_t fallback)
{
	const char *text = state_text(section, key);
	int64_t number;

	return text && !scan_count(text, &number) && number >= least && number <= most ? number : fallback;
}

void *state_take_bytes(struct state_section *section, const char *key, size_t most, size_t *length)
{
	static const char digits[] = "0123456789abcdef";
	const char *text = state_text(section, key);
	size_t count = text ? strlen(text) : 0;
	unsigned char *bytes;

	*length = count / 2;
	if (!count || count % 2 || *length > most || strspn(text, digits) != count)
		return NULL;
	bytes = malloc(*length);
	for (size_t n = 0; bytes && n < *length; n++)
		bytes[n] = (unsigned char)((strchr(digits, text[2 * n]) - digits) << 4 |
					   (strchr(digits, text[2 * n + 1]) - digits));
	return bytes;
}
