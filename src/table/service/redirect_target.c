/* Decides by numeric addresses alone: what a name leads to is known to the machine, not to the table. */
#include "table/service/redirect_target.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/scan.h"

/* A numeric host as IPv6 has it. A connect(2) to any address leads to this machine. */
static bool read_host(const char *host, struct in6_addr *out)
{
	int family = scan_address(host, strlen(host), out);

	if (family == AF_INET && !memcmp(&out->s6_addr[12], "\0\0\0", 4))
		memcpy(&out->s6_addr[12], "\177\0\0\1", 4);
	if (IN6_IS_ADDR_UNSPECIFIED(out))
		*out = in6addr_loopback;
	return family;
}

static bool is_loopback(const struct in6_addr *address)
{
	return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

/* Whether a connection to this host and port arrives at the socket. Behind a wildcard address are all of this machine,
 * of which only the loopback ones are known here. */
static bool is_reached(const struct listen *listen, const char *host, const char *port)
{
	struct endpoint own = *listen->endpoint, target = { .kind = own.kind };
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	int64_t number;

	if ((own.kind != ENDPOINT_TCP && own.kind != ENDPOINT_UDP) || !read_host(host, &address))
		return false;
	if (is_loopback(&address) ? own.interface && strcmp(own.interface, "lo") != 0 : !own.address)
		return false;
	if (listen->options->bind_to_device && strcmp(listen->options->bind_to_device, "lo") != 0)
		return false;
	if (listen->options->ipv6_only == IPV6_ONLY_YES && !own.address)
		own.family = FAMILY_IPV6;
	target.address = inet_ntop(AF_INET6, &address, text, sizeof(text));
	if (scan_count(port, &number))
		target.port_name = port;
	else
		target.port = number > 0 && number <= UINT16_MAX ? (uint16_t)number : 0;
	return endpoint_clash(&own, &target);
}

bool service_redirects_to(const struct service *service, const struct listen *listen)
{
	/* In a network namespace of its own the same address is another. */
	bool is_elsewhere = service->groups->hardening->private_network;
	words target = service->exec->redirect;

	if (!target)
		return false;
	if (target[1])
		return !is_elsewhere && is_reached(listen, target[0], target[1]);
	return listen->endpoint->kind == ENDPOINT_UNIX && !strcmp(listen->endpoint->address, target[0]);
}
