/* With IPAddressDeny= an allowed address wins over a denied one; with no_access none does. So a denied network is
 * halved until no part of it contains an allowed address. */
#include "table/type/networks_without.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "table/words/resource_words.h"

#define DENIED_MOST 4096

/* The list of denied networks while it is built. */
struct deny_build {
	struct pool *pool;
	struct network *allowed;
	size_t allowed_count, allowed_capacity;
	const char **list;
	size_t count, capacity;
	bool failed;
};

static bool add_allowed(struct deny_build *build, const struct network *network)
{
	struct network *list =
		array_grow(build->allowed, &build->allowed_capacity, build->allowed_count, sizeof(*list));

	if (!list)
		return false;
	build->allowed = list;
	list[build->allowed_count++] = *network;
	return true;
}

/* Reads the allowed networks. An IPv6 network does not contain IPv4 networks in their mapped form. */
static void list_allowed(struct deny_build *build, words words_allowed)
{
	for (; words_allowed && *words_allowed && !build->failed; words_allowed++) {
		struct network networks[NETWORKS_MOST];
		size_t count = networks_read(*words_allowed, networks);

		for (size_t n = 0; n < count && !build->failed; n++)
			build->failed = !add_allowed(build, &networks[n]);
	}
}

static bool network_contains(const struct network *outer, const struct network *inner)
{
	unsigned whole = outer->bits / 8, rest = outer->bits % 8;

	if (outer->bits > inner->bits || memcmp(outer->address, inner->address, whole) != 0)
		return false;
	return !rest || !((outer->address[whole] ^ inner->address[whole]) >> (8 - rest));
}

static bool add_word(struct deny_build *build, const char *word)
{
	const char **list = array_grow(build->list, &build->capacity, build->count, sizeof(*list));

	if (!list || !word || build->count >= DENIED_MOST) {
		build->failed = true;
		return false;
	}
	build->list = list;
	list[build->count++] = word;
	return true;
}

static void add_network(struct deny_build *build, const struct network *network)
{
	bool v4 = network_is_v4(network);
	char text[INET6_ADDRSTRLEN];

	inet_ntop(v4 ? AF_INET : AF_INET6, network->address + (v4 ? 12 : 0), text, sizeof(text));
	add_word(build, pool_textf(build->pool, "%s/%u", text, network->bits - (v4 ? 96 : 0)));
}

static const struct network mapped = { .address = { [10] = 0xff, [11] = 0xff }, .bits = 96 };

/* Adds the parts of a network that no allowed network contains. */
static void add_denied_parts(struct deny_build *build, const struct network *network, bool v4)
{
	struct network half = *network;
	bool meets = !v4 && network_contains(network, &mapped);

	if (build->failed || (!v4 && network_contains(&mapped, network)))
		return;
	for (size_t n = 0; n < build->allowed_count; n++) {
		if (network_contains(&build->allowed[n], network) && network_is_v4(&build->allowed[n]) == v4)
			return;
		meets |= network_contains(network, &build->allowed[n]) && network_is_v4(&build->allowed[n]) == v4;
	}
	if (!meets) {
		add_network(build, network);
		return;
	}
	half.bits++;
	add_denied_parts(build, &half, v4);
	half.address[(half.bits - 1) / 8] |= (unsigned char)(0x80 >> (half.bits - 1) % 8);
	add_denied_parts(build, &half, v4);
}

static void list_denied(struct deny_build *build, words denied)
{
	for (; denied && *denied; denied++) {
		struct network networks[NETWORKS_MOST];
		size_t count = networks_read(*denied, networks);

		for (size_t n = 0; n < count; n++)
			add_denied_parts(build, &networks[n], network_is_v4(&networks[n]));
	}
}

words networks_without(words denied, words allowed, struct pool *pool, bool *failed)
{
	struct deny_build build = { .pool = pool };
	words kept = NULL;

	list_allowed(&build, allowed);
	list_denied(&build, denied);
	if (!build.failed && build.count)
		kept = pool_list(pool, build.list, build.count);
	*failed = build.failed || (build.count && !kept);
	free(build.list);
	free(build.allowed);
	return kept;
}
