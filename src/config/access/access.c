/* Compiles address rules, and judges addresses and names by them.
 *
 * Compiled networks are sorted, networks inside another are dropped and halves are joined. So at most one network of
 * a list can hold an address, and a binary search finds it among thousands. Names come last: superd looks up a
 * client's name only if no network has decided. */
#include "config/access/access.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/array.h"
#include "config/access/access_rule.h"

/* One list, compiled. */
struct rules {
	const struct network *networks; /* sorted, none inside another */
	size_t count;
	words names;                    /* of hosts, and .domains */
};

struct access {
	struct rules permits, denials;
	bool restricts;                 /* there is an only_from */
};

/* A list while it is compiled. */
struct gathering {
	struct network *networks;
	size_t count, capacity;
	const char **names;
	size_t name_count;
	bool (*find)(void *context, const char *name, struct network *network);
	void *context;
};

static bool gather_network(struct gathering *gathering, const struct network *network)
{
	struct network *networks =
		array_grow(gathering->networks, &gathering->capacity, gathering->count, sizeof(*networks));

	if (!networks)
		return false;
	gathering->networks = networks;
	gathering->networks[gathering->count++] = *network;
	return true;
}

static bool gather_word(struct gathering *gathering, const char *word)
{
	struct access_rule parsed;
	struct network network;

	if (access_rule_read(word, &parsed))
		return true;            /* never kept by the type */
	for (size_t i = 0; i < parsed.count; i++) {
		if (!gather_network(gathering, &parsed.networks[i]))
			return false;
	}
	if (parsed.form == ACCESS_NETWORKS)
		return true;
	if (parsed.form == ACCESS_NAME && gathering->find && gathering->find(gathering->context, word, &network)) {
		network_mask(&network);
		return gather_network(gathering, &network);
	}
	gathering->names[gathering->name_count++] = word;
	return true;
}

static int compare_networks(const void *a, const void *b)
{
	const struct network *left = a, *right = b;
	int order = memcmp(left->address, right->address, sizeof(left->address));

	return order ? order : (left->bits > right->bits) - (left->bits < right->bits);
}

static bool network_holds(const struct network *network, const unsigned char address[16])
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	if (memcmp(network->address, address, whole) != 0)
		return false;
	return !rest || !((network->address[whole] ^ address[whole]) >> (8 - rest));
}

/* Two halves of one network, the lower one first. */
static bool networks_join(const struct network *low, const struct network *high)
{
	struct network both = *low;

	if (low->bits != high->bits || !low->bits)
		return false;
	both.bits--;
	return network_holds(&both, high->address);
}

/* Sorted, without those inside another, halves joined. The number that remains. */
static size_t merge_networks(struct network *networks, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(networks, count, sizeof(*networks), compare_networks);
	for (size_t i = 0; i < count; i++) {
		if (kept && network_holds(&networks[kept - 1], networks[i].address))
			continue;
		networks[kept++] = networks[i];
		while (kept > 1 && networks_join(&networks[kept - 2], &networks[kept - 1])) {
			kept--;
			networks[kept - 1].bits--;
			network_mask(&networks[kept - 1]);
		}
	}
	return kept;
}

static bool compile_rules(struct rules *rules, words list, struct gathering *gathering, struct pool *pool)
{
	bool ok = true;

	gathering->count = gathering->name_count = 0;
	gathering->names = calloc(words_count(list) + 1, sizeof(*gathering->names));
	if (!gathering->names)
		return false;
	for (; ok && list && *list; list++)
		ok = gather_word(gathering, *list);
	rules->count = merge_networks(gathering->networks, gathering->count);
	if (ok && rules->count) {
		rules->networks = pool_keep(pool, gathering->networks, rules->count * sizeof(*rules->networks));
		ok = rules->networks;
	}
	if (ok && gathering->name_count) {
		rules->names = pool_list(pool, gathering->names, gathering->name_count);
		ok = rules->names;
	}
	free(gathering->names);
	return ok;
}

const struct access *access_compile(words only_from, words no_access,
				    bool (*find)(void *context, const char *name, struct network *network),
				    void *context, struct pool *pool)
{
	struct gathering gathering = { .find = find, .context = context };
	const struct access *kept = NULL;
	struct access access;

	if (!only_from && !no_access)
		return NULL;
	memset(&access, 0, sizeof(access));
	access.restricts = only_from;
	if (compile_rules(&access.permits, only_from, &gathering, pool) &&
	    compile_rules(&access.denials, no_access, &gathering, pool))
		kept = pool_keep(pool, &access, sizeof(access));
	free(gathering.networks);
	return kept;
}

/* The last network that begins at or before the address is the only one that can hold it. */
static bool rules_hold(const struct rules *rules, const unsigned char address[16])
{
	size_t low = 0, high = rules->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(rules->networks[middle].address, address, 16) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && network_holds(&rules->networks[low - 1], address);
}

enum access_verdict access_judge(const struct access *access, const unsigned char address[16])
{
	bool permitted;

	if (!access)
		return ACCESS_PERMITTED;
	if (!address)
		return access->restricts ? ACCESS_DENIED : ACCESS_PERMITTED;
	if (rules_hold(&access->denials, address))
		return ACCESS_DENIED;
	permitted = !access->restricts || rules_hold(&access->permits, address);
	if (!permitted && !access->permits.names)
		return ACCESS_DENIED;
	return permitted && !access->denials.names ? ACCESS_PERMITTED : ACCESS_BY_NAME;
}

bool access_lists(const struct access *access, int family, const void *address)
{
	unsigned char whole[16] = { [10] = 0xff, [11] = 0xff };

	if (!access)
		return false;
	if (family == AF_INET)
		memcpy(whole + 12, address, 4);
	else
		memcpy(whole, address, sizeof(whole));
	return access_judge(access, whole) == ACCESS_PERMITTED;
}

/* Without the dot that may end a name. */
static size_t name_length(const char *name)
{
	size_t length = strlen(name);

	return length && name[length - 1] == '.' ? length - 1 : length;
}

static bool name_matches(const char *rule, const char *name)
{
	size_t length = name_length(name), rule_length = name_length(rule);

	if (rule[0] == '.')
		return length > rule_length && !strncasecmp(name + length - rule_length, rule, rule_length);
	return length == rule_length && !strncasecmp(name, rule, length);
}

static bool names_hold(words names, const char *name)
{
	for (; names && *names && name; names++) {
		if (name_matches(*names, name))
			return true;
	}
	return false;
}

enum access_verdict access_judge_name(const struct access *access, const unsigned char address[16], const char *name)
{
	enum access_verdict verdict = access_judge(access, address);

	if (verdict != ACCESS_BY_NAME)
		return verdict;
	if (names_hold(access->denials.names, name))
		return ACCESS_DENIED;
	if (!access->restricts || rules_hold(&access->permits, address) || names_hold(access->permits.names, name))
		return ACCESS_PERMITTED;
	return ACCESS_DENIED;
}

bool access_has_names(const struct access *access)
{
	return access && (access->permits.names || access->denials.names);
}

const struct network *access_networks(const struct access *access, bool denials, size_t *count)
{
	const struct rules *rules = denials ? &access->denials : &access->permits;
	static const struct network nowhere;

	*count = rules->count;
	if (!denials && !access->restricts)
		return NULL;
	return rules->networks ? rules->networks : &nowhere;
}
