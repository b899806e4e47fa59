/* A small RPC server as inetd starts them: socket 0 is a listening or a datagram socket ("wait"), or a connection. It
 * answers its program's NULLPROC alone, tells nobody of itself, and ends when nobody has asked for a while.
 *
 *	rpc_backend listener|datagram|connection PROGRAM VERSION */
#include <netconfig.h>
#include <rpc/rpc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IDLE_SECONDS = 1 };

static void leave(int signal)
{
	(void)signal;
	_exit(EXIT_SUCCESS);
}

static void dispatch(struct svc_req *request, SVCXPRT *transport)
{
	alarm(IDLE_SECONDS);
	if (request->rq_proc == NULLPROC)
		svc_sendreply(transport, (xdrproc_t)(void (*)(void))xdr_void, NULL);
	else
		svcerr_noproc(transport);
}

static SVCXPRT *make_transport(const char *kind)
{
	if (!strcmp(kind, "connection"))
		return svc_fd_create(STDIN_FILENO, 0, 0);
	return svc_tli_create(STDIN_FILENO, getnetconfigent(!strcmp(kind, "datagram") ? "udp" : "tcp"), NULL, 0, 0);
}

int main(int argc, char **argv)
{
	SVCXPRT *transport = argc == 4 ? make_transport(argv[1]) : NULL;

	if (!transport || !svc_reg(transport, strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), dispatch, NULL)) {
		fprintf(stderr, "rpc_backend: cannot serve\n");
		return EXIT_FAILURE;
	}
	signal(SIGALRM, leave);
	alarm(IDLE_SECONDS);
	svc_run();
	return EXIT_SUCCESS;
}
