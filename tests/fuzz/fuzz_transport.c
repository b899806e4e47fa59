/* The bytes of a control socket as superctl takes lines from them, in segments of any length: the first two bytes are
 * the length of a segment. The segments make no difference, and the lines are those of the text but for one without an
 * end. */

#include "fuzzer.h"
#include "pieces.h"
#include "superctl/superctl.h"

int __wrap_poll(struct pollfd *list, nfds_t count, int timeout);

/* There is always more, or the end. */
int __wrap_poll(struct pollfd *list, nfds_t count, int timeout)
{
	require(count == 1 && timeout < 0);
	list->revents = list->events;
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctl_client client = { .fd = -1 };
	size_t at = 2, length;
	enum line_result result;
	char *line;

	if (size < 2)
		return 0;
	peer_begin(data + 2, size - 2, ((size_t)data[0] << 8 | data[1]) + 1);
	while ((result = client_take_line(&client, CLIENT_FOREVER, &line, &length)) == LINE_TAKEN) {
		require(length < size - at && data[at + length] == '\n' && line[length] == '\0');
		require(!memcmp(line, data + at, length) && !memchr(line, '\n', length));
		at += length + 1;
	}
	require(result == LINE_END && !memchr(data + at, '\n', size - at));
	require(client.input.length == size - at);
	client_close(&client);
	return 0;
}
