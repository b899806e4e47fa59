/* Decides which senders of datagrams get an answer, and how many.
 *
 * A sender can forge its address and port. So addresses and ports that no honest client has are refused, even if
 * only_from allows them. */
#include "base/hash.h"
#include "helper/builtin/sender.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define PROBES 8                        /* slots that one source may use */

static bool is_mapped(const unsigned char bytes[16])
{
	static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(bytes, prefix, sizeof(prefix));
}

bool sender_bytes(const struct sender *sender, unsigned char bytes[16])
{
	memset(bytes, 0, 16);
	switch (sender->length ? sender->address.any.sa_family : AF_UNSPEC) {
	case AF_INET:
		bytes[10] = bytes[11] = 0xff;
		memcpy(bytes + 12, &sender->address.in.sin_addr, 4);
		return true;
	case AF_INET6:
		memcpy(bytes, &sender->address.in6.sin6_addr, 16);
		return true;
	default:
		return false;
	}
}

static in_port_t sender_port(const struct sender *sender)
{
	if (sender->address.any.sa_family == AF_INET)
		return ntohs(sender->address.in.sin_port);
	return ntohs(sender->address.in6.sin6_port);
}

void sender_describe(const struct sender *sender, char text[SENDER_TEXT])
{
	char address[INET6_ADDRSTRLEN] = "";
	unsigned char bytes[16];

	if (!sender_bytes(sender, bytes)) {
		strcpy(text, "a local client");
		return;
	}
	if (is_mapped(bytes))
		inet_ntop(AF_INET, bytes + 12, address, sizeof(address));
	else
		inet_ntop(AF_INET6, bytes, address, sizeof(address));
	snprintf(text, SENDER_TEXT, "%s port %u", address, sender_port(sender));
}

/* Whether no host can have the address: 0.0.0.0/8, multicast, reserved and broadcast; ff00::/8 and ::. */
static bool is_unusable_source(const unsigned char bytes[16])
{
	static const unsigned char zero[16];

	if (is_mapped(bytes))
		return bytes[12] == 0 || bytes[12] >= 224;
	return bytes[0] == 0xff || !memcmp(bytes, zero, sizeof(zero));
}

/* Whether the service on this port may reply to a reply, and so on without end. Ports below 1024 are services. */
static bool may_loop(in_port_t port, const struct settings *settings)
{
	for (size_t n = 0; n < settings->loop_count; n++) {
		if (settings->loops[n] == port)
			return true;
	}
	return port < 1024;
}

const char *sender_refuse(const struct sender *sender, const struct settings *settings)
{
	unsigned char bytes[16];

	if (!sender_bytes(sender, bytes)) {
		if (access_judge(settings->access, NULL) != ACCESS_PERMITTED)
			return "only_from and no_access do not let it in";
		return sender->length > sizeof(sa_family_t) ? NULL : "it has no address to answer to";
	}
	if (is_unusable_source(bytes))
		return "that is not the address of a host";
	if (may_loop(sender_port(sender), settings))
		return "a sender at that port may answer the answer, and so on";
	if (access_judge(settings->access, bytes) != ACCESS_PERMITTED)
		return "only_from and no_access do not let it in";
	return NULL;
}

static size_t hash_source(uint64_t seed, const unsigned char source[16])
{
	uint64_t h = hash_bytes(HASH_START ^ seed, source, 16);

	return (size_t)(h ^ h >> 29);
}

/* The slot of this source, or one that is unused in this second; NULL: other sources use them all. */
static struct replied *find_slot(struct replies *replies, const unsigned char source[16], int64_t second)
{
	size_t at = hash_source(replies->seed, source);
	struct replied *free_one = NULL;

	for (size_t n = 0; n < PROBES; n++) {
		struct replied *slot = &replies->sources[(at + n) % SOURCES_AT_ONCE];

		if (slot->second == second && !memcmp(slot->source, source, 16))
			return slot;
		if (slot->second != second && !free_one)
			free_one = slot;
	}
	return free_one;
}

bool replies_count(struct replies *replies, const unsigned char bytes[16], int64_t second)
{
	unsigned char source[16];
	struct replied *slot;

	memcpy(source, bytes, 16);
	if (!is_mapped(source))
		memset(source + 8, 0, 8);
	slot = find_slot(replies, source, second);
	if (!slot)
		return false;
	if (slot->second != second || memcmp(slot->source, source, 16) != 0) {
		memcpy(slot->source, source, 16);
		slot->second = second;
		slot->count = 0;
	}
	return slot->count++ < REPLIES_A_SECOND;
}
