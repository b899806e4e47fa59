/* Writes and parses state streams. The parser counts sections and lines before it allocates, and stores them in two
 * arrays, so the memory is a few times the size of the text. */
#include "superd/main.h"

#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"

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

/* Replaces the escapes \n and \\ of a value in place. */
static void unescape_value(char *value)
{
	char *to = value;

	for (const char *from = value; *from; from++) {
		if (from[0] == '\\' && from[1])
			*to++ = *++from == 'n' ? '\n' : *from;
		else
			*to++ = *from;
	}
	*to = '\0';
}

bool state_stream_parse(struct state_stream *stream, char *text)
{
	size_t sections = 0, lines = 0;
	char *end;

	*stream = (struct state_stream){ .text = text };
	for (const char *at = text; (at = strchr(at, '\n')); at++) {
		lines++;
		sections += at[1] == '[';
	}
	stream->sections = calloc(sections + 1, sizeof(*stream->sections));
	stream->entries = calloc(lines + 1, sizeof(*stream->entries));
	if (!stream->sections || !stream->entries)
		return false;
	for (char *line = text; (end = strchr(line, '\n')); line = end + 1) {
		char *value;

		*end = '\0';
		value = strchr(line, '=');
		if (*line == '[') {
			line[strcspn(line, "]")] = '\0';
			stream->sections[stream->count++] = (struct state_section){
				.kind = line + 1,
				.entries = stream->entries + stream->entry_count,
			};
		} else if (value && stream->count) {
			*value++ = '\0';
			unescape_value(value);
			stream->entries[stream->entry_count++] = (struct state_entry){ .key = line, .value = value };
			stream->sections[stream->count - 1].count++;
		}
	}
	return stream->count;
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
