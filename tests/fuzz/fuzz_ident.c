/* Answers of ident servers from any bytes: no read behind them, and whatever comes of it is one short line of visible
 * ASCII with something in it; nothing behind the first line counts. */
#include <stdint.h>
#include <string.h>

#include "lookup/lookup.h"
#include "fuzzer.h"

static bool same(const struct ident_reply *a, const struct ident_reply *b)
{
	return a->known == b->known && !strcmp(a->text, b->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct ident_reply reply, again;
	size_t length, end = 0;

	ident_reply_read(bytes, size, 6193, 23, &reply);
	length = strnlen(reply.text, sizeof(reply.text));
	require(length > 0 && length < sizeof(reply.text));
	for (size_t i = 0; i < length; i++)
		require(reply.text[i] >= ' ' && reply.text[i] < 0x7f);

	while (end < size && bytes[end] != '\r' && bytes[end] != '\n')
		end++;
	require(ident_reply_is_whole(bytes, size) == (end < size || size >= IDENT_REPLY_MOST));
	if (end == 0)
		return 0;
	ident_reply_read(bytes, end, 6193, 23, &again);
	require(same(&reply, &again));
	return 0;
}
