/* Removes the directories, credentials and IPC objects that a service leaves. Several services may have the same
 * user, so the user's IPC objects go when none of these services runs. */
#include "superd/instance/cleanup.h"

#include <errno.h>
#include <string.h>

#include "os/host/foreign_file.h"
#include "superd/instance/service_list.h"
#include "superd/start/credentials.h"
#include "superd/start/directories.h"
#include "superd/start/removal.h"

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

/* done false: errno says why. */
static void note(const struct engine *engine, const char *service, bool done, const char *what)
{
	struct event event = { .name = "leftover", .service = service };

	if (!done)
		log_event(engine->log, LEVEL_WARNING, &event, "cannot remove %s: %s", what, strerror(errno));
}

static void remove_directories(const struct service_runtime *runtime, const struct service *row, bool stays)
{
	bool done = directories_remove(runtime->table, row, &runtime->engine->defaults, stays);

	note(runtime->engine, runtime->service->name, done, "runtime_directory");
}

void cleanup_remove_credentials(const struct service_runtime *runtime)
{
	bool done = credentials_remove(runtime->service, &runtime->engine->defaults);

	note(runtime->engine, runtime->service->name, done, "the folder of its credentials");
}

void cleanup_remove_tmp(const struct engine *engine, const char *service, uint64_t number)
{
	note(engine, service, private_tmp_remove(service, number), "the folders of private_tmp");
}

void cleanup_remove(struct service_runtime *runtime)
{
	const struct account *account = runtime->service->account;

	remove_directories(runtime, runtime->service, service_stays(runtime));
	cleanup_remove_credentials(runtime);
	if (runtime->service->groups->identity->remove_ipc && account && account->switches && account->uid &&
	    !is_user_busy(runtime, account->uid)) {
		note(runtime->engine, runtime->service->name, removal_of_ipc(account->uid), "IPC objects");
		runtime->engine->unsaved_engine = true; /* a start of this user's has to know of it */
	}
	if (runtime->service->groups->lifecycle->pid_file)
		foreign_unlink(runtime->service->groups->lifecycle->pid_file);
}

void cleanup_remove_last(struct service_runtime *runtime)
{
	if (runtime->run && runtime_is_empty(runtime))
		remove_directories(runtime, runtime->service, false);
}

void cleanup_remove_for_sockets(struct service_runtime *runtime)
{
	const struct service *row = service_prepared(runtime->service)->socket_row;

	if (row)
		remove_directories(runtime, row, false);
}
