/* superd-rpc: tells rpcbind(8) where an RPC program is to be found, or that it is no more. superd starts it, as rpcbind
 * may be slow or hang:
 *
 *	superd-rpc set|unset PROGRAM/LOWEST[-HIGHEST] TRANSPORT[,TRANSPORT] PORT
 *
 * A transport is tcp, udp, tcp6 or udp6. It exits 0 when all is as it should be, and says on stderr what it took from
 * another program or could not do. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rpc/order.h"
#include "rpc/registration.h"

#define SECONDS_MOST 10

int main(int argc, char **argv)
{
	struct order order;
	const char *wrong = order_read((const char *const *)argv + 1, argc - 1, &order);

	if (wrong) {
		fprintf(stderr, "%s\n"
			"usage: superd-rpc set|unset program/version[-version] transport[,transport] port\n", wrong);
		return 2;
	}
	alarm(SECONDS_MOST);
	return registration_obey(&order) ? EXIT_SUCCESS : EXIT_FAILURE;
}
