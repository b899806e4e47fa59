/* Requests of HTTP from any bytes. Each request has a status that has a reason phrase, and nothing behind the head
 * changes it. What the status page takes from a request lies within it: the path, and its decoded text,
 * which has no control character. Two Host fields name no server. */

#include "fuzzer.h"
#include "superctl/superctl.h"

#define PATH "/metrics"

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

static void check_decoded(bool ok, const struct buf *out, size_t most)
{
	require(!ok || out->length <= most);
	for (size_t n = 0; ok && n < out->length; n++)
		require((unsigned char)out->data[n] >= 0x20 && out->data[n] != 0x7f);
}

/* What builtin = status does with a request before it asks superd. */
static void check_page(const char *text, size_t length)
{
	static const char *const names[] = { "status.example", NULL }, *const none[] = { NULL };
	struct http_request request = http_parse(text, length, NULL);
	struct buf name = { 0 };
	struct substring host = { 0 };
	size_t hosts = http_field(text, length, "Host", &host);

	require(http_reason(request.status)[0]);
	require(!hosts || (host.at >= text && host.at + host.length <= text + length));
	require(!http_host_is_own(text, length, none) || http_host_is_own(text, length, names));
	require(!http_host_is_own(text, length, names) || hosts == 1);
	if (request.path.length) {
		require(request.path.at >= text && request.path.at + request.path.length <= text + length);
		check_decoded(http_decode(request.path.at, request.path.length, &name), &name, request.path.length);
	}
	buf_free(&name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* of its own size, so that a read behind it is seen */
	struct http_request request, head;
	size_t end;

	require(text);
	if (size)
		memcpy(text, data, size);
	request = http_parse(text, size, PATH);
	check_status(&request, text);
	check_page(text, size);
	end = size <= HTTP_REQUEST_MOST ? find_end(text, size) : 0;
	if (end) {
		head = http_parse(text, end, PATH);
		require(head.status == request.status && head.is_head == request.is_head);
	}
	free(text);
	return 0;
}
