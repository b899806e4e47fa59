/* Merges ip_address_allow and ip_address_deny into no_access.
 *
 * With ip_address_deny an allowed address wins over a denied one; with no_access none does. So a denied network is
 * halved until no part of it contains an allowed address. */
#include "prepare/ip_address_deny.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "config/words/resource_words.h"

#define DENIED_MOST 4096

struct denying {
	struct pool *pool;
	struct network *allowed;
	size_t allowed_count, allowed_capacity;
	const char **list;
	size_t count, capacity;
	bool failed;
};

static bool add_allowed(struct denying *denying, const struct network *network)
{
	struct network *list =
		array_grow(denying->allowed, &denying->allowed_capacity, denying->allowed_count, sizeof(*list));

	if (!list)
		return false;
	denying->allowed = list;
	list[denying->allowed_count++] = *network;
	return true;
}

/* A network of IPv6 does not mean those of IPv4 that are written as such. */
static void list_allowed(struct denying *denying, words words_allowed)
{
	for (; words_allowed && *words_allowed && !denying->failed; words_allowed++) {
		struct network networks[NETWORKS_MOST];
		size_t count = networks_read(*words_allowed, networks);

		for (size_t n = 0; n < count && !denying->failed; n++)
			denying->failed = !add_allowed(denying, &networks[n]);
	}
}

static bool contains(const struct network *outer, const struct network *inner)
{
	unsigned whole = outer->bits / 8, rest = outer->bits % 8;

	if (outer->bits > inner->bits || memcmp(outer->address, inner->address, whole) != 0)
		return false;
	return !rest || !((outer->address[whole] ^ inner->address[whole]) >> (8 - rest));
}

static bool add_word(struct denying *denying, const char *word)
{
	const char **list = array_grow(denying->list, &denying->capacity, denying->count, sizeof(*list));

	if (!list || !word || denying->count >= DENIED_MOST) {
		denying->failed = true;
		return false;
	}
	denying->list = list;
	list[denying->count++] = word;
	return true;
}

static void emit(struct denying *denying, const struct network *network)
{
	bool v4 = network_is_v4(network);
	char text[INET6_ADDRSTRLEN];

	inet_ntop(v4 ? AF_INET : AF_INET6, network->address + (v4 ? 12 : 0), text, sizeof(text));
	add_word(denying, pool_textf(denying->pool, "%s/%u", text, network->bits - (v4 ? 96 : 0)));
}

static const struct network mapped = { .address = { [10] = 0xff, [11] = 0xff }, .bits = 96 };

/* Adds the parts of a network that no allowed network contains. */
static void subtract(struct denying *denying, const struct network *network, bool v4)
{
	struct network half = *network;
	bool meets = !v4 && contains(network, &mapped);

	if (denying->failed || (!v4 && contains(&mapped, network)))
		return;
	for (size_t n = 0; n < denying->allowed_count; n++) {
		if (contains(&denying->allowed[n], network) && network_is_v4(&denying->allowed[n]) == v4)
			return;
		meets |= contains(network, &denying->allowed[n]) && network_is_v4(&denying->allowed[n]) == v4;
	}
	if (!meets) {
		emit(denying, network);
		return;
	}
	half.bits++;
	subtract(denying, &half, v4);
	half.address[(half.bits - 1) / 8] |= (unsigned char)(0x80 >> (half.bits - 1) % 8);
	subtract(denying, &half, v4);
}

static void list_denied(struct denying *denying, words denied)
{
	for (; denied && *denied; denied++) {
		struct network networks[NETWORKS_MOST];
		size_t count = networks_read(*denied, networks);

		for (size_t n = 0; n < count; n++)
			subtract(denying, &networks[n], network_is_v4(&networks[n]));
	}
}

words ip_address_denied(const struct service *service, struct pool *pool, bool *failed)
{
	const struct cgroup_filter_options *cgroup_filters = service->groups->cgroup_filters;
	words own = service->groups->access->no_access, kept = NULL;
	struct denying denying = { .pool = pool };

	*failed = false;
	if (!cgroup_filters->ip_address_deny)
		return own;
	for (words word = own; word && *word; word++)
		add_word(&denying, *word);
	list_allowed(&denying, cgroup_filters->ip_address_allow);
	list_denied(&denying, cgroup_filters->ip_address_deny);
	if (!denying.failed && denying.count)
		kept = pool_list(pool, denying.list, denying.count);
	*failed = denying.failed || (denying.count && !kept);
	free(denying.list);
	free(denying.allowed);
	return kept;
}
