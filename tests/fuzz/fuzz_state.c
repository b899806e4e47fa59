/* State streams from any bytes: each says the same when it is written and parsed again, and every value
 * read as a number or as bytes is within its bounds, or the fallback. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzzer.h"
#include "superd/main.h"

static void write_again(struct state_stream *stream, struct buf *out)
{
	for (size_t n = 0; n < stream->count; n++) {
		const struct state_section *section = &stream->sections[n];

		state_open_section(out, section->kind);
		for (size_t i = 0; i < section->count; i++)
			state_add(out, section->entries[i].key, section->entries[i].value);
	}
	require(!out->failed);
}

static void read_values(struct state_section *section)
{
	for (size_t n = 0; n < section->count; n++) {
		const char *key = section->entries[n].key;
		size_t length;
		int64_t number = state_number(section, key, -5, 300, 7);
		void *taken = state_take_bytes(section, key, 32, &length);

		require(number >= -5 && number <= 300);
		require(!taken || (length && length <= 32));
		free(taken);
	}
}

static bool read_copy(struct state_stream *stream, const void *text, size_t length)
{
	char *copy = malloc(length + 1);

	require(copy);
	memcpy(copy, text, length);
	copy[length] = '\0';
	return state_stream_parse(stream, copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = { 0 };
	struct state_stream stream, again;

	if (read_copy(&stream, data, size)) {
		write_again(&stream, &out);
		require(read_copy(&again, buf_string(&out), out.length));
		require(again.count == stream.count && again.entry_count == stream.entry_count);
		for (size_t n = 0; n < stream.entry_count; n++)
			require(!strcmp(stream.entries[n].value, again.entries[n].value));
		for (size_t n = 0; n < stream.count; n++)
			read_values(&stream.sections[n]);
		state_stream_free(&again);
	}
	state_stream_free(&stream);
	buf_free(&out);
	return 0;
}
