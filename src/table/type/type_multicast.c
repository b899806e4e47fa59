/* The type of multicast groups: addresses, each with %IFACE or without. Other addresses are refused here; the kernel
 * would refuse them only when superd opens the socket. */
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/scan.h"
#include "table/type/type_internal.h"

static const char *group_refuse(const char *word)
{
	size_t length = strcspn(word, "%");
	struct in6_addr address;
	int family = scan_address(word, length, &address);
	bool is_group = family == AF_INET ? address.s6_addr[12] >> 4 == 14
					  : family == AF_INET6 && IN6_IS_ADDR_MULTICAST(&address);

	if (!is_group)
		return "expected an address from 224.0.0.0 to 239.255.255.255, or one that begins with ff";
	if (word[length] && (!word[length + 1] || strlen(word + length + 1) >= IF_NAMESIZE))
		return "the % must be followed by the name of an interface";
	return NULL;
}

const struct type type_multicast = {
	.name = "list of addresses", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse = group_refuse,
};
