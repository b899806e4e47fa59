/* The words of results. The schema of the control socket has them in the same order. */
#include "superd/service/order_result.h"

static const char *const result_words[ORDER_RESULTS] = {
	[ORDER_UNDER_WAY] = "under-way", [ORDER_STARTED] = "started", [ORDER_CONTINUES] = "continues",
	[ORDER_ENDED] = "ended", [ORDER_RUNS_ALREADY] = "runs-already", [ORDER_LISTENS] = "listens",
	[ORDER_STOPPED] = "stopped", [ORDER_STOPPED_FOR_START] = "stopped-for-start", [ORDER_GONE] = "gone",
	[ORDER_HELD] = "held", [ORDER_RELEASED] = "released", [ORDER_NOT_HELD] = "not-held",
	[ORDER_DRAINED] = "drained", [ORDER_FROZEN] = "frozen", [ORDER_FROZEN_ALREADY] = "frozen-already",
	[ORDER_THAWED] = "thawed", [ORDER_NOT_FROZEN] = "not-frozen", [ORDER_ENABLED] = "enabled",
	[ORDER_ENABLED_ALREADY] = "enabled-already", [ORDER_DISABLED] = "disabled",
	[ORDER_DISABLED_ALREADY] = "disabled-already", [ORDER_SIGNALLED] = "signalled",
	[ORDER_REFRESHED] = "refreshed", [ORDER_NEEDS_NO_REFRESH] = "needs-no-refresh", [ORDER_AWAKE] = "awake",
	[ORDER_ASLEEP] = "asleep", [ORDER_FAILED] = "failed", [ORDER_NOT_STARTED] = "not-started",
	[ORDER_START_FAILED] = "start-failed", [ORDER_UNBOUND] = "unbound", [ORDER_IS_HELD] = "is-held",
	[ORDER_IS_DISABLED] = "is-disabled", [ORDER_IS_REMOVED] = "is-removed", [ORDER_IS_FROZEN] = "is-frozen",
	[ORDER_UNSETTLED] = "unsettled", [ORDER_ENDS] = "ends", [ORDER_UNDONE] = "undone",
	[ORDER_NO_MEMORY] = "no-memory", [ORDER_SUPERD_STOPS] = "superd-stops", [ORDER_NO_SOCKET] = "no-socket",
	[ORDER_FIXED_SOCKET] = "fixed-socket", [ORDER_NO_DRAIN] = "no-drain", [ORDER_NOT_DRAINED] = "not-drained",
	[ORDER_IS_EACH] = "is-each", [ORDER_FREEZE_FAILED] = "freeze-failed", [ORDER_NO_PROCESS] = "no-process",
	[ORDER_NO_COMMAND] = "no-command", [ORDER_BUSY] = "busy", [ORDER_NOT_STORED] = "not-stored",
	[ORDER_LEFT_OUT] = "left-out", [ORDER_UNCONFIGURED] = "unconfigured", [ORDER_VANISHED] = "vanished",
};

const char *order_result_word(enum order_result result)
{
	return result_words[result];
}
