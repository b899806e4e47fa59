/* Removes the directories, credentials and IPC objects that a service leaves. Several services may have the same
 * user, so the user's IPC objects go when none of these services runs. */
#include "engine/instance/leavings.h"

#include "engine/runtime/roster.h"
#include "exec/dirs/credentials.h"
#include "exec/dirs/directories.h"
#include "exec/dirs/user_ipc.h"

/* The service stays: it is neither removed nor being closed. */
static bool stays(const struct keeper *keeper)
{
	return !keeper->removed && !keeper->engine->stopping && keeper->state != CLOSING && keeper->state != OFF;
}

static bool is_user_busy(const struct keeper *keeper, uid_t uid)
{
	const struct roster *roster = keeper->engine->roster;

	for (size_t n = 0; roster && n < roster->count; n++) {
		struct keeper *other = roster->keepers[n];

		if (other && other != keeper && other->service->account && other->service->account->uid == uid &&
		    !keeper_is_empty(other))
			return true;
	}
	return false;
}

static void remove_ipc(const struct keeper *keeper)
{
	const struct account *account = keeper->service->account;

	if (keeper->service->groups->identity->remove_ipc && account && account->switches &&
	    !is_user_busy(keeper, account->uid))
		user_ipc_remove(account->uid);
}

void leavings_remove(struct keeper *keeper)
{
	bool at_once = keeper->engine->stopping;

	directories_remove(keeper->table, keeper->service, &keeper->engine->defaults, stays(keeper), at_once);
	credentials_remove(keeper->service, &keeper->engine->defaults, at_once);
	remove_ipc(keeper);
}

void leavings_remove_last(struct keeper *keeper)
{
	if (keeper->activity && keeper_is_empty(keeper))
		directories_remove(keeper->table, keeper->service, &keeper->engine->defaults, false,
				   keeper->engine->stopping);
}
