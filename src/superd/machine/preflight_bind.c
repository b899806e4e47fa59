/* Checks whether this machine lets superd answer a program's bind(2). */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "os/proc/bind_filter.h"
#include "os/proc/process.h"
#include "os/proc/user_notif.h"
#include "os/rights/capability.h"
#include "superd/machine/preflight_internal.h"
#include "superd/start/spawn.h"
#include "table/option/service_mark.h"

/* By a filter of a process of its own, as a container's filter may forbid filters. The kernel takes one filter with a
 * listener for a process and all its ancestors (EBUSY). */
static void refuse_bind(struct preflight *preflight, const struct service *service)
{
	int error = preflight->bind_error;

	preflight_report(preflight, SEVERITY_ERROR, service, "pass", "bind",
			 "this kernel, or the container, does not let superd answer bind(2): %s",
			 error < 0 ? "superd could not try it" : strerror(error));
	if (error == EBUSY)
		diags_hint(preflight->diags,
			   "the container's runtime answers system calls of this container already "
			   "(seccomp_unotify(2)), and Linux lets only one do so: turn that off, or put the program "
			   "behind redirect");
	else
		diags_hint(preflight->diags,
			   "it needs a container that allows seccomp(2) and, as with CAP_SYS_PTRACE, pidfd_getfd(2); "
			   "without them, put the program behind redirect");
}

void preflight_bind(struct preflight *preflight, const struct service *service)
{
	const char *wrong;

	if (service->exec->pass != PASS_BIND)
		return;
	if (!bind_is_supported()) {
		preflight_report(preflight, SEVERITY_ERROR, service, "pass", "bind",
				 "this superd was built without it");
		diags_hint(preflight->diags, "put the program behind redirect");
		return;
	}
	if (!process_list_is_possible()) {
		preflight_report(preflight, SEVERITY_ERROR, service, "pass", "bind",
				 "there is no /proc here, by which superd sees who binds");
		diags_hint(preflight->diags, "mount it, or put the program behind redirect");
		return;
	}
	wrong = preflight_check_own(preflight, PROGRAM_WORKER, NULL);
	if (wrong) {
		preflight_report(preflight, SEVERITY_ERROR, service, "pass", "bind", "%s", wrong);
		return;
	}
	if (!preflight->bind_tried)
		preflight->bind_error = spawn_probe(user_notif_try);
	preflight->bind_tried = true;
	if (preflight->bind_error) {
		refuse_bind(preflight, service);
		return;
	}
	if (service_mark(service, "no_new_privileges") && !service->groups->identity->no_new_privileges &&
	    !capability_held(CAP_SYS_ADMIN))
		preflight_report(preflight, SEVERITY_WARNING, service, "no_new_privileges", "no",
				 "pass = bind: without CAP_SYS_ADMIN superd starts the program with no_new_privileges");
}
