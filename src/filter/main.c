/* superd-filter: compiles filters of system calls for superd, which therefore does not link libseccomp. superd starts
 * it while it reads a table, as soon as a service needs a filter that superd does not have yet. Its standard input is
 * the channel (table/service/filter_request). It exits when superd closes that, and at a request that it cannot read:
 * that is of another superd. */
#include <seccomp.h>
#include <sys/mman.h>

#include "filter/filter.h"
#include "os/host/host.h"

#define SECONDS_MOST 60                 /* for one request, if superd does not end it before */

_Static_assert(sizeof(struct sock_filter) == FILTER_INSTRUCTION, "the size of an instruction");

/* false: the request is of another superd, or superd has ended. */
static bool answer_request(char *text, int scratch)
{
	_Alignas(16) char answer[FILTER_ANSWER_MOST];
	struct filter_request request;
	struct pool *pool = pool_new();
	size_t length = 0;

	if (pool && filter_request_read(text, pool, &request))
		length = filter_compile(&request, scratch, answer);
	pool_free(pool);
	return length && send(STDIN_FILENO, answer, length, MSG_NOSIGNAL) == (ssize_t)length;
}

int main(int argc, char **argv)
{
	char text[FILTER_REQUEST_MOST + 1];
	const struct self_sandbox sandbox = { .rights = MAY_WRITE_FILES };      /* one that is open, in memory */
	socklen_t size = sizeof(int);
	ssize_t length;
	int type, scratch;

	program_begin("superd-filter", false, &argc, argv);
	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_SEQPACKET) {
		fprintf(stderr, "superd-filter: superd starts it, for filters of system calls\n");
		return 2;
	}
	seccomp_api_get();              /* asks the kernel for what it supports, and keeps the answer */
	scratch = memfd_create("filter", MFD_CLOEXEC);
	if (scratch < 0) {
		perror("superd-filter: cannot create a file in memory");
		return EXIT_FAILURE;
	}
	self_sandbox_enter(&sandbox);
	for (;;) {
		alarm(0);
		length = recv(STDIN_FILENO, text, FILTER_REQUEST_MOST, 0);
		if (length <= 0)
			return length ? EXIT_FAILURE : EXIT_SUCCESS;
		text[length] = '\0';
		alarm(SECONDS_MOST);
		if (!answer_request(text, scratch))
			return EXIT_FAILURE;
	}
}
