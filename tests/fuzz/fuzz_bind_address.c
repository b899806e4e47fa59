/* An address as a program passes it to bind(2), of any length, for a listener of superd's at any address: the first
 * bytes are the two kinds of socket and the first address's length. A wish that was read is as long as its family
 * says, prints within its room and in printable characters, and fits itself; a fit is the same whatever stands behind
 * the address. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzzer.h"
#include "worker/bind/address.h"

static struct bind_kind kind_of(uint8_t byte)
{
	static const struct bind_kind kinds[] = {
		{ AF_INET, SOCK_STREAM, IPPROTO_TCP, false },
		{ AF_INET6, SOCK_STREAM, IPPROTO_TCP, false },
		{ AF_INET6, SOCK_STREAM, IPPROTO_TCP, true },
		{ AF_INET, SOCK_DGRAM, IPPROTO_UDP, false },
		{ AF_INET6, SOCK_DGRAM, IPPROTO_UDP, false },
		{ AF_UNIX, SOCK_STREAM, 0, false },
		{ AF_UNIX, SOCK_DGRAM, 0, false },
		{ AF_NETLINK, SOCK_RAW, 0, false },
	};

	return kinds[byte % (sizeof(kinds) / sizeof(kinds[0]))];
}

/* Of superd's own sockets the kernel says the address, so it is a proper one. */
static bool read_own(struct socket_address *address, const struct bind_kind *kind, const uint8_t *bytes, size_t size)
{
	struct bind_wish wish = { .kind = *kind };

	if (!bind_wish_read(&wish, bytes, size))
		return false;
	*address = wish.address;
	return true;
}

static void check_text(const struct bind_wish *wish)
{
	char text[BIND_TEXT];

	memset(text, 1, sizeof(text));
	bind_wish_format(wish, text);
	require(memchr(text, '\0', sizeof(text)));
	require(*text);
	for (const char *at = text; *at; at++)
		require(*at >= ' ' && *at <= '~');
}

static void check_wish(const struct bind_wish *wish)
{
	const struct socket_address *address = &wish->address;
	bool has_port = address->any.sa_family == AF_UNIX || address->in.sin_port;

	require(address->length <= sizeof(struct sockaddr_un));
	require(address->any.sa_family == AF_UNIX || address->any.sa_family == AF_INET ||
		address->any.sa_family == AF_INET6);
	require(bind_wish_fit(wish, &wish->kind, address, wish->device, wish->folder) == (has_port ? FITS : FITS_NOT));
	check_text(wish);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bind_kind kind;
	struct bind_wish wish = { .device = 1, .folder = 2 }, again;
	struct socket_address own;
	uint8_t *asked, padded[sizeof(struct sockaddr_storage)] = { 0 };
	size_t length;

	if (size < 3)
		return 0;
	wish.kind = kind_of(data[0]);
	kind = kind_of(data[1]);
	length = data[2] < size - 3 ? data[2] : size - 3;
	asked = malloc(length ? length : 1); /* apart, so that a sanitizer sees what is read behind it */
	require(asked);
	memcpy(asked, data + 3, length);
	again = wish;
	if (bind_wish_read(&wish, asked, length)) {
		enum bind_fit fit = FITS_NOT;

		check_wish(&wish);
		if (read_own(&own, &kind, data + 3 + length, size - 3 - length)) {
			fit = bind_wish_fit(&wish, &kind, &own, 1, 2);
			require(fit <= FITS);
			require(bind_wish_fit(&wish, &kind, &own, 1, 3) <= fit);
		}
		if (wish.address.any.sa_family != AF_UNIX && length < sizeof(padded)) {
			memset(padded, 0xff, sizeof(padded));
			memcpy(padded, asked, length);
			memset(padded + length, 0, wish.kind.domain == AF_INET6 && length < 28 ? 28 - length : 0);
			require(bind_wish_read(&again, padded, sizeof(padded)));
			require(again.address.length == wish.address.length);
			require(!fit || bind_wish_fit(&again, &kind, &own, 1, 2) == fit);
		}
	}
	free(asked);
	return 0;
}
