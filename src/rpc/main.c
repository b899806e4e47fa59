/* superd-rpc: registers an RPC program at rpcbind(8), or withdraws it. superd runs it as a process of its own, because
 * rpcbind may be slow or hang:
 *
 *	superd-rpc set|unset PROGRAM/LOWEST[-HIGHEST] TRANSPORT[,TRANSPORT] PORT
 *
 * A transport is tcp, udp, tcp6 or udp6. It prints to stderr what failed, and what it took over from another program.
 * Exit status: 0 success; 1 failure; 2 wrong usage; 3 rpcbind refused this user. After 3 superd runs it again as root,
 * whom rpcbind refuses nothing, but without capabilities. */
#include <sys/prctl.h>

#include "os/host/host.h"
#include "rpc/registration.h"

#define SECONDS_MOST 10                 /* lifetime of the process */
#define RPCBIND_PORT 111

/* superd has checked the words. */
static bool read_request(char **fields, struct rpc_request *request)
{
	int read = sscanf(fields[1], "%" SCNu32 "/%" SCNu32 "-%" SCNu32, &request->program, &request->lowest,
			  &request->highest);

	request->set = !strcmp(fields[0], "set");
	if (read == 2)
		request->highest = request->lowest;
	for (const char *word; (word = strsep(&fields[2], ","));) {
		for (int n = 0; n < TRANSPORTS; n++)
			request->transports[n] |= !strcmp(word, transport_names[n]);
	}
	return (request->set || !strcmp(fields[0], "unset")) && read >= 2 && request->highest >= request->lowest &&
	       request->highest - request->lowest < RPC_VERSIONS_MOST &&
	       sscanf(fields[3], "%" SCNu16, &request->port) == 1 && request->port;
}

int main(int argc, char **argv)
{
	struct self_sandbox sandbox = {
		.rights = MAY_FIND_NAMES | MAY_SEND, .ports = { RPCBIND_PORT }, .port_count = 1,
	};
	struct rpc_request request = { .set = false };

	program_begin("superd-rpc", false, &argc, argv);
	if (argc != 5 || !read_request(argv + 1, &request)) {
		fputs("usage: superd-rpc set|unset program/version[-version] transport[,transport] port\n", stderr);
		return 2;
	}
	alarm(SECONDS_MOST);
	prctl(PR_SET_PDEATHSIG, SIGKILL);       /* the next superd does its work anew */
	self_sandbox_enter(&sandbox);
	return (int)registration_apply(&request);
}
