/* Names and numbers of Linux's address families; the numbers are the same on every architecture. */
#include "table/words/address_family.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#ifndef AF_MCTP
#define AF_MCTP 45
#endif

#define FAMILY(name) { name, #name },

static const struct { int number; const char *name;
} families[] = {
	FAMILY(AF_UNSPEC) FAMILY(AF_UNIX) FAMILY(AF_INET) FAMILY(AF_AX25) FAMILY(AF_IPX) FAMILY(AF_APPLETALK) FAMILY(
		AF_NETROM) FAMILY(AF_BRIDGE) FAMILY(AF_ATMPVC) FAMILY(AF_X25) FAMILY(AF_INET6) FAMILY(AF_ROSE)
		FAMILY(AF_NETBEUI) FAMILY(AF_SECURITY) FAMILY(AF_KEY) FAMILY(AF_NETLINK) FAMILY(AF_PACKET) FAMILY(
			AF_ECONET) FAMILY(AF_ATMSVC) FAMILY(AF_RDS) FAMILY(AF_IRDA) FAMILY(AF_PPPOX) FAMILY(AF_WANPIPE)
			FAMILY(AF_LLC) FAMILY(AF_IB) FAMILY(AF_MPLS) FAMILY(AF_CAN) FAMILY(AF_TIPC) FAMILY(AF_BLUETOOTH)
				FAMILY(AF_IUCV) FAMILY(AF_RXRPC) FAMILY(AF_ISDN) FAMILY(AF_PHONET) FAMILY(AF_IEEE802154)
					FAMILY(AF_CAIF) FAMILY(AF_ALG) FAMILY(AF_NFC) FAMILY(AF_VSOCK) FAMILY(AF_KCM)
						FAMILY(AF_QIPCRTR) FAMILY(AF_SMC) FAMILY(AF_XDP){ AF_UNIX, "AF_LOCAL" },
	{ AF_NETLINK, "AF_ROUTE" },
	FAMILY(AF_MCTP)
};

bool address_family_find(const char *name, int *out)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (!strcmp(families[i].name, name)) {
			*out = families[i].number;
			return true;
		}
	}
	return false;
}
