/* The transition table of an instance. Each entry: state, event, next state, action. */
#include "superd/instance/instance_table.h"

#include <assert.h>

#define TO(state, then) { .next = INSTANCE_##state, .action = DO_##then }
#define STAY(state, reason) { .next = INSTANCE_##state, .action = DO_IGNORE, .why = reason }

#define STOPPING "it is being stopped"
#define ENDING "it ends already"
#define MAINPID "of a process that MAINPID named too early"
#define COMMAND "the command must end; the next event shows whether a process is left"
#define NOTHING_LEFT "no process is left; its end is checked again after each command"
#define QUICK "it reached its program before SIGKILL reached it"

#define ENDS(state) \
	[ON_LEFT] = STAY(state, NOTHING_LEFT), [ON_GONE_OK] = STAY(state, NOTHING_LEFT), \
	[ON_GONE_REMAINS] = STAY(state, NOTHING_LEFT), [ON_GONE_WORKED] = STAY(state, NOTHING_LEFT), \
	[ON_GONE_FAIL] = STAY(state, NOTHING_LEFT), [ON_UNMET] = STAY(state, NOTHING_LEFT), \
	[ON_STOP] = STAY(state, ENDING)

const struct instance_step instance_table[INSTANCE_STATES][INSTANCE_EVENTS] = {
	[INSTANCE_NEW] = {
		[ON_BEGIN] = TO(COND, RUN_COND),
		/* Without commands: the starter tells its owner itself. */
		[ON_EXEC_OK] = TO(READY, IGNORE),       [ON_EXEC_WAIT] = TO(STARTED, IGNORE),
		[ON_EXEC_WORK] = TO(WORK, IGNORE),
		[ON_STOP] = TO(TERM, SIGNAL),           [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_COND] = {
		[ON_CMD_OK] = TO(PRE, RUN_PRE),         [ON_CMD_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_UNMET] = TO(OVER, REPORT),          [ON_TIMEOUT] = TO(COND, LIMIT),
		[ON_LEFT] = STAY(COND, MAINPID),
		[ON_STOP] = TO(TERM, SIGNAL),           [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_PRE] = {
		[ON_CMD_OK] = TO(LAUNCHED, LAUNCH),     [ON_CMD_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_UNMET] = TO(OVER, REPORT),          [ON_TIMEOUT] = TO(PRE, LIMIT),
		[ON_LEFT] = STAY(PRE, MAINPID),
		[ON_STOP] = TO(TERM, SIGNAL),           [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_LAUNCHED] = {
		[ON_EXEC_OK] = TO(POST, NOTE_RUN_POST), [ON_EXEC_WAIT] = TO(STARTED, NOTE_RUN),
		[ON_EXEC_WORK] = TO(WORK, NOTE_RUN),    [ON_EXEC_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_READY] = STAY(LAUNCHED, "it comes before the report of its start: EXEC_OK follows"),
		[ON_UNMET] = TO(OVER, REPORT),
		[ON_LEFT] = TO(CLEAR, CLEAR),           [ON_GONE_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_TIMEOUT] = TO(LAUNCHED, LIMIT),
		[ON_STOP] = TO(KILL, KILL),             /* it reacts to nothing else yet */
		[ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_STARTED] = {
		[ON_READY] = TO(POST, RUN_POST),
		[ON_LEFT] = TO(CLEAR, CLEAR),           [ON_GONE_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_TIMEOUT] = TO(STARTED, LIMIT),
		[ON_STOP] = TO(TERM, SIGNAL),           [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_WORK] = {
		[ON_GONE_WORKED] = TO(POST, RUN_POST),
		[ON_LEFT] = TO(CLEAR, CLEAR),           [ON_GONE_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_TIMEOUT] = TO(WORK, LIMIT),
		[ON_STOP] = TO(TERM, SIGNAL),           [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_POST] = {
		[ON_CMD_OK] = TO(READY, TELL_READY),
		[ON_CMD_FAIL] = TO(POST, FAIL_START),   /* STOP follows, or GONE_FAIL */
		[ON_LEFT] = TO(CLEAR, CLEAR),           [ON_GONE_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_TIMEOUT] = TO(POST, LIMIT),
		[ON_STOP] = TO(TERM, SIGNAL),           [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_READY] = {
		[ON_GONE_OK] = TO(LEAVE, RUN_STOP),     [ON_GONE_REMAINS] = TO(REMAIN, REMAIN),
		[ON_LEFT] = TO(CLEAR, CLEAR),           [ON_GONE_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_TIMEOUT] = TO(READY, LIMIT),
		[ON_STOP] = TO(STOP_CMD, RUN_STOP),     [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_REMAIN] = {
		/* Of a process that MAINPID named since. */
		[ON_LEFT] = TO(CLEAR, CLEAR),           [ON_GONE_OK] = TO(STOP_POST, RUN_STOP_POST),
		[ON_GONE_REMAINS] = TO(STOP_POST, RUN_STOP_POST),
		[ON_GONE_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_TIMEOUT] = TO(REMAIN, LIMIT),
		[ON_STOP] = TO(LEAVE, RUN_STOP),        [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_STOP_CMD] = {
		[ON_CMD_OK] = TO(TERM, SIGNAL),         [ON_CMD_FAIL] = TO(TERM, SIGNAL),
		[ON_LEFT] = TO(STOP_CMD, LINGER),       [ON_GONE_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_TIMEOUT] = TO(STOP_CMD, LIMIT),     [ON_EXPIRE] = TO(FINAL, SIGNAL_FINAL),
		[ON_STOP] = STAY(STOP_CMD, STOPPING),   [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_TERM] = {
		[ON_CMD_OK] = STAY(TERM, COMMAND),      [ON_CMD_FAIL] = STAY(TERM, COMMAND),
		[ON_UNMET] = TO(OVER, REPORT),          /* of the command before its program that runs */
		[ON_LEFT] = TO(TERM, LINGER),           [ON_GONE_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_TIMEOUT] = TO(TERM, LIMIT),         [ON_EXPIRE] = TO(FINAL, SIGNAL_FINAL),
		[ON_STOP] = STAY(TERM, STOPPING),       [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_FINAL] = {
		[ON_CMD_OK] = STAY(FINAL, COMMAND),     [ON_CMD_FAIL] = STAY(FINAL, COMMAND),
		[ON_UNMET] = TO(OVER, REPORT),
		[ON_LEFT] = TO(FINAL, LINGER),          [ON_GONE_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_TIMEOUT] = TO(FINAL, LIMIT),        [ON_EXPIRE] = TO(KILL, KILL),
		[ON_STOP] = STAY(FINAL, STOPPING),      [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_KILL] = {
		[ON_CMD_OK] = STAY(KILL, COMMAND),      [ON_CMD_FAIL] = STAY(KILL, COMMAND),
		[ON_EXEC_OK] = STAY(KILL, QUICK),
		[ON_EXEC_WAIT] = STAY(KILL, QUICK),     [ON_EXEC_WORK] = STAY(KILL, QUICK),
		[ON_UNMET] = TO(OVER, REPORT),
		[ON_LEFT] = TO(KILL, LINGER),           [ON_GONE_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_TIMEOUT] = TO(KILL, GIVE_UP),       [ON_EXPIRE] = TO(KILL, KILL),
		[ON_STOP] = STAY(KILL, STOPPING),       [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_CLEAR] = {
		[ON_CMD_OK] = TO(CLEAR, TELL_READY),    /* exec_start_post has outlived the main process */
		[ON_CMD_FAIL] = TO(CLEAR, FAIL_START),
		[ON_LEFT] = TO(CLEAR, CLEAR),           /* the end of another main process, which MAINPID named since */
		[ON_GONE_OK] = TO(LEAVE, RUN_STOP),     [ON_GONE_REMAINS] = TO(REMAIN, REMAIN),
		[ON_GONE_WORKED] = TO(POST, RUN_POST),  [ON_GONE_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_UNMET] = TO(OVER, REPORT),
		[ON_TIMEOUT] = TO(CLEAR_KILL, KILL_REST),
		[ON_STOP] = STAY(CLEAR, ENDING),
		[ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_CLEAR_KILL] = {
		[ON_CMD_OK] = TO(CLEAR_KILL, TELL_READY),
		[ON_CMD_FAIL] = TO(CLEAR_KILL, FAIL_START),
		[ON_LEFT] = TO(CLEAR_KILL, KILL_REST),
		[ON_GONE_OK] = TO(LEAVE, RUN_STOP),     [ON_GONE_REMAINS] = TO(REMAIN, REMAIN),
		[ON_GONE_WORKED] = TO(POST, RUN_POST),  [ON_GONE_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		[ON_UNMET] = TO(OVER, REPORT),
		[ON_TIMEOUT] = TO(CLEAR_KILL, GIVE_UP),
		[ON_STOP] = STAY(CLEAR_KILL, ENDING),   [ON_KILL] = TO(KILL, KILL),
	},
	[INSTANCE_LEAVE] = {
		[ON_CMD_OK] = TO(STOP_POST, RUN_STOP_POST),
		[ON_CMD_FAIL] = TO(STOP_POST, RUN_STOP_POST),
		ENDS(LEAVE),
		[ON_TIMEOUT] = TO(LEAVE, LIMIT),        [ON_EXPIRE] = TO(LEAVE, KILL_COMMAND),
		[ON_KILL] = TO(LEAVE, KILL_COMMAND),
	},
	[INSTANCE_STOP_POST] = {
		[ON_CMD_OK] = TO(OVER, REPORT),         [ON_CMD_FAIL] = TO(OVER, REPORT),
		ENDS(STOP_POST),
		[ON_TIMEOUT] = TO(STOP_POST, LIMIT),    [ON_EXPIRE] = TO(STOP_POST, KILL_COMMAND),
		[ON_KILL] = TO(STOP_POST, KILL_COMMAND),
	},
	[INSTANCE_OVER] = {
		ENDS(OVER),
		[ON_TIMEOUT] = STAY(OVER, ENDING),      [ON_EXPIRE] = STAY(OVER, ENDING),
		[ON_KILL] = STAY(OVER, ENDING),
	},
};

static const char *const state_names[] = {
	"new", "cond", "pre", "launched", "started", "work", "post", "ready", "remain",
	"stop_cmd", "term", "final", "kill",	  "clear",   "clear_kill", "leave", "stop_post", "over",
};
static_assert(sizeof(state_names) / sizeof(*state_names) == INSTANCE_STATES, "every state has a name");

static const char *const event_names[] = {
	"begin", "cmd_ok", "cmd_fail", "unmet", "exec_ok", "exec_wait", "exec_work", "exec_fail", "ready",
	"left", "gone_ok", "gone_remains", "gone_worked", "gone_fail", "timeout", "stop", "expire", "kill",
};
static_assert(sizeof(event_names) / sizeof(*event_names) == INSTANCE_EVENTS, "every event has a name");

const char *instance_state_name(enum instance_state state)
{
	return state_names[state];
}

const char *instance_event_name(enum instance_event event)
{
	return event_names[event];
}
