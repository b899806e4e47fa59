/* For systems on which two processes cannot share their descriptors: superd runs without a guard. */
#include "os/guard/guard.h"
#include "os/guard/guard_standby.h"

#include <errno.h>

bool guard_begin(int page, char *const *arguments, const char *name)
{
	(void)page, (void)arguments, (void)name;
	errno = ENOSYS;
	return false;
}

void guard_standby_begin(const char *program, char *const *arguments, char *const *environment)
{
	(void)program, (void)arguments, (void)environment;
}

void guard_standby_end(void)
{
}
