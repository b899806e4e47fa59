/* Thaws the instance that has the listeners, without a client. In state FROZEN the state tables do that. Before it,
 * idle_timeout or an operator is freezing the instance. */
#include "superd/service/service_thaw.h"

#include "superd/service/runtime_event.h"
#include "superd/stop/freeze.h"
#include "superd/stop/idle.h"

/* Also restarts the idle time that may be about to freeze the instance. */
bool service_thaw(struct service_runtime *runtime)
{
	if (!freeze_is_under_way(runtime) && !freeze_is_frozen(runtime))
		return false;
	if (runtime_state(runtime) == FROZEN) {
		runtime_event(runtime, ENABLE);
		if (!runtime->engine->quiet)
			history_set_client(&runtime->run->history, true, "operator");
		return true;
	}
	idle_forget(runtime);
	freeze_thaw(runtime);
	idle_follow(runtime);
	return true;
}

void service_freeze_set_aside(struct service_runtime *runtime)
{
	runtime->refreeze = freeze_is_operators(runtime);
	service_thaw(runtime);
}
