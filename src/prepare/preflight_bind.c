/* Checks whether this machine lets superd answer a program's bind(2). */
#include <linux/capability.h>
#include <string.h>

#include "exec/bind/user_notif.h"
#include "exec/spawn/spawn.h"
#include "os/rights/capability.h"
#include "prepare/preflight_internal.h"

/* By a filter of a process of its own, as a container's filter may forbid filters. */
static const char *try_filter(const struct preflight *preflight)
{
	int error = spawn_probe(user_notif_try);

	if (error == 0)
		return "";
	return pool_textf(preflight->table->pool, "%s",
			  error < 0 ? "superd could not try it" : strerror(error));
}

void preflight_bind(struct preflight *preflight, const struct service *service)
{
	if (service->exec->pass != PASS_BIND)
		return;
	if (!preflight->bind_refusal)
		preflight->bind_refusal = try_filter(preflight);
	if (!preflight->bind_refusal || *preflight->bind_refusal) {
		preflight_report(preflight, SEVERITY_ERROR, service, "pass", "bind",
				 "this kernel, or the container, does not let superd answer bind(2): %s",
				 preflight->bind_refusal ? preflight->bind_refusal : "out of memory");
		diags_hint(preflight->diags,
			   "it takes Linux 5.9, and a container that allows seccomp(2) and, as with CAP_SYS_PTRACE, "
			   "pidfd_getfd(2); without them, put the program behind redirect");
		return;
	}
	if (preflight->bind_reported || service->groups->identity->no_new_privileges || capability_held(CAP_SYS_ADMIN))
		return;
	preflight->bind_reported = true;
	preflight_report(preflight, SEVERITY_WARNING, service, "pass", "bind",
			 "superd has no CAP_SYS_ADMIN, so the program runs with no_new_privileges: set-user-id "
			 "programs gain nothing in it");
}
