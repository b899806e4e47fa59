/* The type of multicast groups: addresses, each with %IFACE or without. Other addresses are refused here; the kernel
 * would refuse them only when superd opens the socket. */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "table/type/type_internal.h"

static bool is_group(const char *address)
{
	struct in6_addr in6;
	struct in_addr in;

	if (inet_pton(AF_INET, address, &in) == 1)
		return IN_MULTICAST(ntohl(in.s_addr));
	return inet_pton(AF_INET6, address, &in6) == 1 && IN6_IS_ADDR_MULTICAST(&in6);
}

static const char *group_refuse(const char *word)
{
	size_t length = strcspn(word, "%");
	char address[INET6_ADDRSTRLEN];

	if (length >= sizeof(address))
		return "expected an address from 224.0.0.0 to 239.255.255.255, or one that begins with ff";
	memcpy(address, word, length);
	address[length] = '\0';
	if (!is_group(address))
		return "expected an address from 224.0.0.0 to 239.255.255.255, or one that begins with ff";
	if (word[length] && (!word[length + 1] || strlen(word + length + 1) >= IF_NAMESIZE))
		return "the % must be followed by the name of an interface";
	return NULL;
}

const struct type type_multicast = {
	.name = "list of addresses", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse = group_refuse,
};
