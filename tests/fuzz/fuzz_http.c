/* Requests of HTTP from any bytes. Each request has a status that has a reason phrase, a weight lies between 0 and
 * 1, and nothing behind the head changes either. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/superctl/http.h"
#include "fuzzer.h"

#define PATH "/metrics"
#define TYPE "application/openmetrics-text"

/* The length of the head with its empty line. */
static size_t find_end(const char *text, size_t length)
{
	for (size_t end = 1; end <= length; end++) {
		if (http_is_whole(text, end))
			return end;
	}
	return 0;
}

static void check_status(const struct http_request *request, const char *text)
{
	const char *reason = http_reason(request->status);

	require((request->status == 400) == !strcmp(reason, "Bad Request"));
	require(request->status != 200 || !strncmp(text, request->is_head ? "HEAD " PATH : "GET " PATH, strlen(PATH)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* of its own size, so that a read behind it is seen */
	struct http_request request, head;
	size_t end;
	double weight;

	require(text);
	if (size)
		memcpy(text, data, size);
	request = http_parse(text, size, PATH);
	check_status(&request, text);
	weight = http_accepts(text, size, TYPE);
	require(weight == -1 || (weight >= 0 && weight <= 1));
	end = size <= HTTP_REQUEST_MOST ? find_end(text, size) : 0;
	if (end) {
		head = http_parse(text, end, PATH);
		require(head.status == request.status && head.is_head == request.is_head);
		require(http_accepts(text, end, TYPE) == weight);
	}
	free(text);
	return 0;
}
