/* superd-rpc: tells rpcbind(8) where an RPC program is to be found, or that it is no more. superd starts it, as rpcbind
 * may be slow or hang:
 *
 *	superd-rpc set|unset PROGRAM/LOWEST[-HIGHEST] TRANSPORT[,TRANSPORT] PORT
 *
 * A transport is tcp, udp, tcp6 or udp6. It exits 0 when all is as it should be, and says on stderr what it took from
 * another program or could not do. It exits 3 when rpcbind has refused something to this user: superd then starts it as
 * root, for whom rpcbind does all, but without capabilities. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "helper/rpc/argv.h"
#include "helper/rpc/registration.h"
#include "os/host/self_sandbox.h"

#define SECONDS_MOST 10
#define RPCBIND_PORT 111

int main(int argc, char **argv)
{
	static const int statuses[] = {
		[REGISTRATION_DONE] = EXIT_SUCCESS, [REGISTRATION_FAILED] = EXIT_FAILURE, [REGISTRATION_REFUSED] = 3,
	};
	struct self_sandbox sandbox = { .finds_names = true, .ports = { RPCBIND_PORT }, .port_count = 1 };
	struct rpc_request request;
	const char *wrong = rpc_argv_read((const char *const *)argv + 1, argc - 1, &request);

	self_sandbox_begin();
	if (wrong) {
		fprintf(stderr, "%s\n"
			"usage: superd-rpc set|unset program/version[-version] transport[,transport] port\n", wrong);
		return 2;
	}
	alarm(SECONDS_MOST);
	self_sandbox_enter(&sandbox);
	return statuses[registration_obey(&request)];
}
