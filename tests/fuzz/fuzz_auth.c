/* Requests to the ident server from any bytes: the first byte is the length of a segment. The answer is one line of
 * visible ASCII that repeats the ports, and the segments make no difference. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "builtin/auth.h"
#include "fuzzer.h"

static const struct settings settings = {
	.options = { .timeout = 1000000, .fallback = "nobody", .system = "UNIX" },
	.channel = -1,
};

/* What has come of the request grows by `piece` bytes. Returns the answer, "" for none. */
static const char *ask(const uint8_t *bytes, size_t size, size_t piece)
{
	static struct buf answer;
	enum heard heard = HEARD_PART;

	buf_clear(&answer);
	for (size_t have = 0; have < size && have < LINE_MOST && heard == HEARD_PART;) {
		struct buf request = { 0 };

		have = have + piece < size ? have + piece : size;
		have = have < LINE_MOST ? have : LINE_MOST;
		buf_add(&request, bytes, have);
		require(!request.failed);
		heard = auth_answer(&settings, -1, &request, &answer);
		buf_free(&request);
	}
	require((heard == HEARD_ALL) == (answer.length > 0));
	return buf_string(&answer);
}

static void check_answer(const char *answer, const uint8_t *bytes, size_t size)
{
	static const char *const ends[] = { "USERID : UNIX : nobody", "ERROR : INVALID-PORT", "ERROR : UNKNOWN-ERROR" };
	unsigned local = 0, remote = 0;
	struct port_pair ports = { 0 };
	const uint8_t *end = memchr(bytes, '\n', size);
	size_t length = strlen(answer), matches = 0;
	char expected[128];
	bool is_request;

	require(end && length > 2 && !strcmp(answer + length - 2, "\r\n") &&
		strchr(answer, '\r') == answer + length - 2);
	require(sscanf(answer, "%u , %u : ", &local, &remote) == 2 && local <= 65535 && remote <= 65535);
	is_request = auth_parse((const char *)bytes, (size_t)(end - bytes) - (end > bytes && end[-1] == '\r'), &ports);
	require(ports.local == local && ports.remote == remote);
	for (size_t n = 0; n < sizeof(ends) / sizeof(*ends); n++) {
		snprintf(expected, sizeof(expected), "%u , %u : %s\r\n", local, remote, ends[n]);
		matches += !strcmp(answer, expected) && (n == 2) == !is_request && (n == 0) <= (local && remote);
	}
	require(matches == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char first[512];

	if (!size)
		return 0;
	snprintf(first, sizeof(first), "%s", ask(data + 1, size - 1, data[0] + 1u));
	require(!strcmp(ask(data + 1, size - 1, size), first));
	if (*first)
		check_answer(first, data + 1, size - 1);
	else
		require(size > 1000 || !memchr(data + 1, '\n', size - 1));
	return 0;
}
