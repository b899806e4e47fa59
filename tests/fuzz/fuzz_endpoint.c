/* Endpoints from any bytes. What parses must print in a form that parses to the very same endpoint, and equality, hash
 * and clash must agree with that; what doesn't parse must come with a reason. */

#include "fuzzer.h"
#include "table/endpoint/endpoint.h"

static void check_round_trip(const struct endpoint *endpoint, struct pool *pool)
{
	const struct endpoint *again = NULL;
	struct buf text = { 0 };

	endpoint_format(endpoint, &text);
	require(!text.failed);
	require(endpoint_parse(buf_string(&text), pool, &again) == NULL);
	require(again == endpoint);
	require(endpoint_equal(endpoint, again));
	if (endpoint->port || endpoint->port_name || endpoint_is_path(endpoint))
		require(endpoint_clash(endpoint, again));
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct pool *pool = pool_new();
	const struct endpoint *endpoint = NULL;

	require(text && pool);
	memcpy(text, data, size);
	text[size] = '\0';

	const char *reason = endpoint_parse(text, pool, &endpoint);
	require(reason ? *reason != '\0' : endpoint != NULL);
	if (!reason)
		check_round_trip(endpoint, pool);
	pool_free(pool);
	free(text);
	return 0;
}
