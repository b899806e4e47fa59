/* superd-rpc: registers an RPC program at rpcbind(8), or withdraws it. superd runs it as a process of its own, because
 * rpcbind may be slow or hang:
 *
 *	superd-rpc set|unset PROGRAM/LOWEST[-HIGHEST] TRANSPORT[,TRANSPORT] PORT
 *
 * A transport is tcp, udp, tcp6 or udp6. It prints to stderr what failed, and what it took over from another program.
 * Exit status: 0 success; 1 failure; 2 wrong usage; 3 rpcbind refused this user. After 3 superd runs it again as root,
 * whom rpcbind refuses nothing, but without capabilities. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "os/host/program.h"
#include "os/host/self_sandbox.h"
#include "rpc/argv.h"
#include "rpc/registration.h"

#define SECONDS_MOST 10                 /* lifetime of the process */
#define RPCBIND_PORT 111

int main(int argc, char **argv)
{
	static const int statuses[] = {
		[REGISTRATION_DONE] = EXIT_SUCCESS, [REGISTRATION_FAILED] = EXIT_FAILURE, [REGISTRATION_REFUSED] = 3,
	};
	struct self_sandbox sandbox = {
		.rights = MAY_FIND_NAMES | MAY_SEND, .ports = { RPCBIND_PORT }, .port_count = 1,
	};
	struct rpc_request request;
	const char *refusal;

	program_begin("superd-rpc", false, &argc, argv);
	refusal = rpc_argv_read((const char *const *)argv + 1, argc - 1, &request);
	if (refusal) {
		fprintf(stderr, "%s\n"
			"usage: superd-rpc set|unset program/version[-version] transport[,transport] port\n", refusal);
		return 2;
	}
	alarm(SECONDS_MOST);
	prctl(PR_SET_PDEATHSIG, SIGKILL);       /* the next superd does its work anew */
	self_sandbox_enter(&sandbox);
	return statuses[registration_apply(&request)];
}
