/* Which signals superd handles. The hard thing is that it is asked between fork and exec too: a table and a
 * comparison, nothing that allocates or locks. SIGRTMIN + 3, by which a container's runtime says "halt", is no
 * constant: libc keeps some of the first for itself and tells where its own end. */
#include "sys/signals.h"

#include <assert.h>
#include <signal.h>

static const int fixed[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGUSR1, SIGUSR2, SIGPIPE,
	SIGALRM, SIGTERM, SIGCHLD, SIGTTIN, SIGTTOU, SIGWINCH, SIGCONT,
#ifdef SIGPWR
	SIGPWR,
#endif
};

#define FIXED (sizeof(fixed) / sizeof(*fixed))
static_assert(FIXED < SIGNALS_MOST, "there is room for SIGRTMIN + 3");

int signals_handled(size_t n)
{
	if (n < FIXED)
		return fixed[n];
#ifdef SIGRTMIN
	if (n == FIXED)
		return SIGRTMIN + 3;
#endif
	return 0;
}
