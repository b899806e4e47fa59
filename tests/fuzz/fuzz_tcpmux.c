/* The first line of a tcpmux connection from any bytes: the first byte is the length of a segment. A name is visible
 * ASCII, no byte behind its line is consumed, and the segments make no difference. */

#include "builtin/builtin.h"
#include "fuzzer.h"
#include "pieces.h"

/* Whether what was consumed is the name and one line end: LF or CR LF. */
static bool is_line(const char *name, const uint8_t *bytes, size_t consumed)
{
	size_t length = strlen(name);

	if (consumed <= length || memcmp(bytes, name, length) != 0)
		return false;
	if (consumed == length + 2)
		return bytes[length] == '\r' && bytes[length + 1] == '\n';
	return consumed == length + 1 && bytes[length] == '\n';
}

static void check_name(const struct buf *name)
{
	require(name->length && name->length <= MUX_NAME_MOST && strlen(name->data) == name->length);
	for (size_t n = 0; n < name->length; n++)
		require(name->data[n] > ' ' && name->data[n] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf name = { 0 }, whole = { 0 };
	size_t consumed;
	enum request_state heard;

	if (!size)
		return 0;
	peer_begin(data + 1, size - 1, data[0] + 1u);
	heard = tcpmux_read(-1, &name);
	consumed = peer.at;
	require(consumed <= MUX_NAME_MOST + 2 && heard != REQUEST_PARTIAL);
	if (heard == REQUEST_COMPLETE) {
		check_name(&name);
		require(is_line(name.data, data + 1, consumed));
	}
	peer_begin(data + 1, size - 1, size);
	require(tcpmux_read(-1, &whole) == heard && peer.at == consumed);
	require(heard != REQUEST_COMPLETE || !strcmp(name.data, whole.data));
	buf_free(&name);
	buf_free(&whole);
	return 0;
}
