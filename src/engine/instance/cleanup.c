/* Removes the directories, credentials and IPC objects that a service leaves. Several services may have the same
 * user, so the user's IPC objects go when none of these services runs. */
#include "engine/instance/cleanup.h"

#include "engine/runtime/service_list.h"
#include "exec/dirs/credentials.h"
#include "exec/dirs/directories.h"
#include "exec/dirs/user_ipc.h"
#include "os/foreign/foreign_path.h"

/* The service stays: it is neither removed nor being closed. */
static bool service_stays(const struct service_runtime *runtime)
{
	return !runtime_is_removed(runtime) && !runtime->engine->stopping && runtime_state(runtime) != CLOSING &&
		runtime_state(runtime) != OFF;
}

static bool is_user_busy(const struct service_runtime *runtime, uid_t uid)
{
	const struct service_list *service_list = runtime->engine->service_list;

	for (size_t n = 0; service_list && n < service_list->count; n++) {
		struct service_runtime *other = service_list->runtimes[n];

		if (other && other != runtime && other->service->account && other->service->account->uid == uid &&
		    !runtime_is_empty(other))
			return true;
	}
	return false;
}

static void remove_ipc(const struct service_runtime *runtime)
{
	const struct account *account = runtime->service->account;

	if (runtime->service->groups->identity->remove_ipc && account && account->switches &&
	    !is_user_busy(runtime, account->uid))
		user_ipc_remove(account->uid);
}

void cleanup_remove(struct service_runtime *runtime)
{
	bool at_once = runtime->engine->stopping;

	directories_remove(runtime->table, runtime->service, &runtime->engine->defaults, service_stays(runtime),
			   at_once);
	credentials_remove(runtime->service, &runtime->engine->defaults, at_once);
	remove_ipc(runtime);
	if (runtime->service->groups->lifecycle->pid_file)
		foreign_unlink(runtime->service->groups->lifecycle->pid_file);
}

void cleanup_remove_last(struct service_runtime *runtime)
{
	if (runtime->run && runtime_is_empty(runtime))
		directories_remove(runtime->table, runtime->service, &runtime->engine->defaults, false,
				   runtime->engine->stopping);
}

void cleanup_remove_for_sockets(struct service_runtime *runtime)
{
	const struct service *row = service_prepared(runtime->service)->socket_row;

	if (row)
		directories_remove(runtime->table, row, &runtime->engine->defaults, false, runtime->engine->stopping);
}
