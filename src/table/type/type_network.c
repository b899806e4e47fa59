/* The type of networks that a backend may exchange packets with: IPAddressAllow= of systemd.resource-control(5). Its
 * words differ from those of only_from: 10.0.0.0 is one address here, and there are no names. */
#include <stdio.h>
#include <string.h>

#include "lib/scan.h"
#include "table/access/access.h"
#include "table/type/type_internal.h"
#include "table/words/resource_words.h"

static const struct {
	const char *word;
	const char *networks[NETWORKS_MOST];
} words_of_networks[] = {
	{ "any", { "0.0.0.0/0", "::/0" } },
	{ "localhost", { "127.0.0.0/8", "::1/128" } },
	{ "link-local", { "169.254.0.0/16", "fe80::/64" } },
	{ "multicast", { "224.0.0.0/4", "ff00::/8" } },
};

static bool network_read(const char *word, struct network *network)
{
	size_t length = strcspn(word, "/");
	struct in6_addr address;
	int family = scan_address(word, length, &address);
	int64_t most = family == AF_INET ? 32 : 128, bits = most;

	if (!family || (word[length] && (scan_count(word + length + 1, &bits) || bits < 0 || bits > most)))
		return false;
	memcpy(network->address, &address, sizeof(address));
	network->bits = (unsigned)(bits + 128 - most);
	network_mask(network);
	return true;
}

size_t networks_read(const char *word, struct network networks[NETWORKS_MOST])
{
	for (size_t n = 0; n < sizeof(words_of_networks) / sizeof(*words_of_networks); n++) {
		if (strcmp(words_of_networks[n].word, word) != 0)
			continue;
		for (size_t i = 0; i < NETWORKS_MOST; i++)
			network_read(words_of_networks[n].networks[i], &networks[i]);
		return NETWORKS_MOST;
	}
	return network_read(word, &networks[0]);
}

bool network_is_v4(const struct network *network)
{
	return network->bits >= 96 && !memcmp(network->address, "\0\0\0\0\0\0\0\0\0\0\377\377", 12);
}

static const char *network_refuse(const char *word)
{
	struct network networks[NETWORKS_MOST];

	if (networks_read(word, networks))
		return NULL;
	return "expected an address, a network as 192.0.2.0/24, or any, localhost, link-local or multicast";
}

const struct type type_networks = {
	.name = "list of networks", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse = network_refuse,
};
