/* The first line of a tcpmux connection from any bytes: the first byte is the length of a segment. A name is visible
 * ASCII, no byte behind its line is consumed, and the segments make no difference. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "builtin/tcpmux.h"
#include "fuzzer.h"
#include "pieces.h"

/* Whether what was consumed is the name and one line end: LF, CR, CR LF or NUL. */
static bool is_line(const char *name, const uint8_t *bytes, size_t consumed)
{
	size_t length = strlen(name);

	if (consumed <= length || memcmp(bytes, name, length) != 0)
		return false;
	if (consumed == length + 2)
		return bytes[length] == '\r' && bytes[length + 1] == '\n';
	return consumed == length + 1 && memchr("\r\n", bytes[length], 3);
}

static void check_name(const char *name)
{
	size_t length = strnlen(name, MUX_NAME_MOST + 1);

	require(length && length <= MUX_NAME_MOST);
	for (size_t n = 0; n < length; n++)
		require(name[n] > ' ' && name[n] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[MUX_NAME_MOST + 1], whole[MUX_NAME_MOST + 1];
	size_t consumed;
	bool is_name;

	if (!size)
		return 0;
	peer_begin(data + 1, size - 1, data[0] + 1u);
	is_name = tcpmux_read_name(-1, name, 0);
	consumed = peer.at;
	require(consumed <= MUX_NAME_MOST + 2);
	if (is_name) {
		check_name(name);
		require(is_line(name, data + 1, consumed));
	}
	peer_begin(data + 1, size - 1, size);
	require(tcpmux_read_name(-1, whole, 0) == is_name && peer.at == consumed);
	require(!is_name || !strcmp(name, whole));
	return 0;
}
