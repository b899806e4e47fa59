/* Reads superd-rpc's command line. A number must fill its word, or its part of the word. */
#include "rpc/argv.h"

#include <string.h>

#include "lib/scan.h"

const char *const transport_names[TRANSPORTS] = {
	[TRANSPORT_TCP] = "tcp", [TRANSPORT_UDP] = "udp", [TRANSPORT_TCP6] = "tcp6", [TRANSPORT_UDP6] = "udp6",
};

static const char *read_program(const char *text, struct rpc_request *request)
{
	const char *slash = strchr(text, '/'), *dash = slash ? strchr(slash, '-') : NULL;
	size_t length = slash ? (size_t)(slash - text) : 0;

	if (!slash || !scan_unsigned(text, length, UINT32_MAX, &request->program))
		return "a program is a number and its version: 100002/2 or 100002/2-3";
	slash++;
	length = dash ? (size_t)(dash - slash) : strlen(slash);
	if (!scan_unsigned(slash, length, UINT32_MAX, &request->lowest))
		return "a version is a number, or two with - between them";
	request->highest = request->lowest;
	if (dash && !scan_unsigned(dash + 1, strlen(dash + 1), UINT32_MAX, &request->highest))
		return "a version is a number, or two with - between them";
	if (request->highest < request->lowest || request->highest - request->lowest >= RPC_VERSIONS_MOST)
		return "the lower of two versions must be first, and fewer than 100 may be between them";
	return NULL;
}

static bool read_transport(const char *text, size_t length, struct rpc_request *request)
{
	for (int n = 0; n < TRANSPORTS; n++) {
		if (scan_is_word(text, length, transport_names[n])) {
			request->transports[n] = true;
			return true;
		}
	}
	return false;
}

static const char *read_transports(const char *text, struct rpc_request *request)
{
	for (;;) {
		size_t length = strcspn(text, ",");

		if (!read_transport(text, length, request))
			return "a transport is tcp, udp, tcp6 or udp6, or several with commas between them";
		if (!text[length])
			return NULL;
		text += length + 1;
	}
}

const char *rpc_argv_read(const char *const *words, int count, struct rpc_request *request)
{
	const char *refusal;
	uint32_t port;

	*request = (struct rpc_request){ .set = false };
	if (count != 4)
		return "expected set or unset, a program with its version, transports and a port";
	request->set = !strcmp(words[0], "set");
	if (!request->set && strcmp(words[0], "unset"))
		return "expected set or unset";
	refusal = read_program(words[1], request);
	if (!refusal)
		refusal = read_transports(words[2], request);
	if (refusal)
		return refusal;
	if (!scan_unsigned(words[3], strlen(words[3]), UINT16_MAX, &port) || !port)
		return "a port is a number from 1 to 65535";
	request->port = (uint16_t)port;
	return NULL;
}
