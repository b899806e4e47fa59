/* THE table of an instance: the only place that knows what follows in its life, and what is done on the way. As
 * engine/runtime/state_table it holds words, not code, so it is pure; engine/instance/instance_event performs them. An
 * empty cell is a bug, a legal no-op says IGNORE.
 *
 *   COND - PRE - LAUNCHED - STARTED, or WORK of a oneshot - POST - READY - REMAIN
 *   STOP_CMD - TERM - FINAL - KILL, or CLEAR - CLEAR_KILL where it has ended by itself
 *   LEAVE - STOP_POST - OVER
 *
 * An instance without commands goes the same way: a phase that has no command is done at once. Only its program runs
 * from the beginning (NEW). */
#pragma once

enum instance_state {
	INSTANCE_NEW,                   /* nothing of it has begun */
	INSTANCE_COND,                  /* exec_condition runs */
	INSTANCE_PRE,                   /* exec_start_pre runs */
	INSTANCE_LAUNCHED,              /* its process is on the way to its program */
	INSTANCE_STARTED,               /* its program runs, and is not ready */
	INSTANCE_WORK,                  /* the program of a oneshot runs */
	INSTANCE_POST,                  /* exec_start_post runs */
	INSTANCE_READY,
	INSTANCE_REMAIN,                /* it has ended well, and counts as running (remain_after_exit) */
	INSTANCE_STOP_CMD,              /* it has to stop: exec_stop runs beside its processes */
	INSTANCE_TERM,                  /* it has to stop: its processes got the signal, and a command is told to end */
	INSTANCE_FINAL,                 /* its processes got final_kill_signal */
	INSTANCE_KILL,                  /* its processes got SIGKILL */
	INSTANCE_CLEAR,                 /* its main process has ended by itself, the others got the signal (kill_rest) */
	INSTANCE_CLEAR_KILL,            /* the others got SIGKILL */
	INSTANCE_LEAVE,                 /* no process is left: exec_stop runs */
	INSTANCE_STOP_POST,             /* no process is left: exec_stop_post runs */
	INSTANCE_OVER,                  /* its end is reported */
	INSTANCE_STATES
};

enum instance_event {
	ON_BEGIN,                       /* its commands begin */
	ON_CMD_OK, ON_CMD_FAIL,         /* the commands of a phase are done, or one has failed */
	ON_UNMET,                       /* a condition forbids the start */
	ON_EXEC_OK,                     /* its program runs, which makes it ready */
	ON_EXEC_WAIT,                   /* its program runs, and will be ready later (type = forking, notify) */
	ON_EXEC_WORK,                   /* the program of a oneshot runs */
	ON_EXEC_FAIL,                   /* it could not be launched */
	ON_READY,
	ON_LEFT,                        /* its main process has ended, and others are left that have to end */
	/* No process of it is left, nor a command of its start or stop: */
	ON_GONE_OK,                     /* it was ready and has ended well */
	ON_GONE_REMAINS,                /* the same with remain_after_exit */
	ON_GONE_WORKED,                 /* a oneshot with commands has done its work */
	ON_GONE_FAIL,                   /* any other end */
	ON_TIMEOUT,                     /* its time limit is over */
	ON_STOP,                        /* it has to end */
	ON_EXPIRE,                      /* the time for its end is over: final_kill_signal is due */
	ON_KILL,                        /* it has to end at once */
	INSTANCE_EVENTS
};

enum instance_action {
	DO_IMPOSSIBLE,                  /* an empty cell */
	DO_IGNORE,
	DO_RUN_COND, DO_RUN_PRE, DO_RUN_POST, DO_RUN_STOP, DO_RUN_STOP_POST,    /* run the commands of a phase */
	DO_LAUNCH,                      /* start its main process; gives an EXEC event */
	DO_NOTE_RUN,                    /* its owner hears that its program runs */
	DO_NOTE_RUN_POST,               /* the same, and run the commands of exec_start_post */
	DO_TELL_READY,                  /* its owner hears that its start has succeeded */
	DO_FAIL_START,                  /* its owner hears that it has to end */
	DO_LIMIT,                       /* its owner hears that its time is over */
	DO_REMAIN,                      /* it has no time limit any more */
	DO_SIGNAL,                      /* kill_signal, and the time limit of the stop */
	DO_SIGNAL_FINAL,                /* final_kill_signal, and the time limit anew */
	DO_KILL,                        /* SIGKILL to all of it, and a last time limit */
	DO_KILL_COMMAND,                /* SIGKILL to the command that runs */
	DO_LINGER,                      /* wait for the end of the others of its group */
	DO_CLEAR,                       /* signal the others of its group, and wait for their end */
	DO_KILL_REST,                   /* SIGKILL to the others of its group, and a last time limit */
	DO_GIVE_UP,                     /* its processes hang in the kernel: go on without them */
	DO_REPORT,                      /* report its end */
	INSTANCE_ACTIONS
};

struct instance_step {
	unsigned char next, action;     /* enum instance_state, enum instance_action */
	const char *why;                /* why a cell does nothing; NULL: it does something */
};

extern const struct instance_step instance_table[INSTANCE_STATES][INSTANCE_EVENTS];

const char *instance_state_name(enum instance_state state);
const char *instance_event_name(enum instance_event event);
const char *instance_action_name(enum instance_action action);
