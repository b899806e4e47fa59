/* The transition table of an instance: only this table decides which state follows, and which action superd performs.
 * Like superd/instance/state_table it is data without code; superd/instance/instance_event performs the actions. An
 * empty cell is a bug; a legal no-op is IGNORE.
 *
 *   COND - PRE - LAUNCHED - STARTED, or WORK of a oneshot - POST - READY - REMAIN
 *   STOP_CMD - TERM - FINAL - KILL, or CLEAR - CLEAR_KILL where it has ended by itself
 *   LEAVE - STOP_POST - OVER
 *
 * An instance without commands takes the same way: a phase without commands is done at once. It leaves NEW when its
 * program runs. */
#pragma once

enum instance_state {
	INSTANCE_NEW,                   /* nothing has begun */
	INSTANCE_COND,                  /* exec_condition runs */
	INSTANCE_PRE,                   /* exec_start_pre runs */
	INSTANCE_LAUNCHED,              /* its main process has not reached execve(2) yet */
	INSTANCE_STARTED,               /* its program runs, and is not ready */
	INSTANCE_WORK,                  /* the program of a oneshot runs */
	INSTANCE_POST,                  /* exec_start_post runs */
	INSTANCE_READY,
	INSTANCE_REMAIN,                /* it has ended well, and counts as running (remain_after_exit) */
	INSTANCE_STOP_CMD,              /* stop: exec_stop runs beside its processes */
	INSTANCE_TERM,                  /* stop: its processes, and a command that runs, got kill_signal */
	INSTANCE_FINAL,                 /* its processes got final_kill_signal */
	INSTANCE_KILL,                  /* its processes got SIGKILL */
	INSTANCE_CLEAR,                 /* its main process has ended by itself; the others got kill_signal (kill_rest) */
	INSTANCE_CLEAR_KILL,            /* the others got SIGKILL */
	INSTANCE_LEAVE,                 /* no process is left: exec_stop runs */
	INSTANCE_STOP_POST,             /* no process is left: exec_stop_post runs */
	INSTANCE_OVER,                  /* its end is reported */
	INSTANCE_STATES
};

enum instance_event {
	ON_BEGIN,                       /* its start begins */
	ON_CMD_OK, ON_CMD_FAIL,         /* the commands of a phase have succeeded; one of them has failed */
	ON_UNMET,                       /* a condition forbids the start */
	ON_EXEC_OK,                     /* its program runs, which makes it ready */
	ON_EXEC_WAIT,                   /* its program runs, and will be ready later (type = forking, notify) */
	ON_EXEC_WORK,                   /* the program of a oneshot runs */
	ON_EXEC_FAIL,                   /* it could not be launched */
	ON_READY,
	ON_LEFT,                        /* its main process has ended, and superd has to end others that are left */
	/* No process of it is left, and no command of its start or stop: */
	ON_GONE_OK,                     /* it was ready and has succeeded */
	ON_GONE_REMAINS,                /* it was ready and has succeeded, with remain_after_exit */
	ON_GONE_WORKED,                 /* a oneshot with commands has succeeded */
	ON_GONE_FAIL,                   /* any other end */
	ON_TIMEOUT,                     /* its time limit is over */
	ON_STOP,                        /* superd stops it */
	ON_EXPIRE,                      /* timeout_stop is over: final_kill_signal is due */
	ON_KILL,                        /* superd kills it */
	INSTANCE_EVENTS
};

enum instance_action {
	DO_IMPOSSIBLE,                  /* an empty cell */
	DO_IGNORE,
	DO_RUN_COND, DO_RUN_PRE, DO_RUN_POST, DO_RUN_STOP, DO_RUN_STOP_POST,    /* run the commands of a phase */
	DO_LAUNCH,                      /* start its main process; gives an EXEC event */
	DO_NOTE_RUN,                    /* report to the owner (instance_ops) that the program runs */
	DO_NOTE_RUN_POST,               /* the same, and run the commands of exec_start_post */
	DO_TELL_READY,                  /* report to the owner that the start has succeeded */
	DO_FAIL_START,                  /* report to the owner that the start has failed */
	DO_LIMIT,                       /* report to the owner that the time limit is over */
	DO_REMAIN,                      /* remove the time limit */
	DO_SIGNAL,                      /* send kill_signal, and begin timeout_stop */
	DO_SIGNAL_FINAL,                /* send final_kill_signal, and begin timeout_stop again */
	DO_KILL,                        /* send SIGKILL to all of it, and begin the last time limit */
	DO_KILL_COMMAND,                /* send SIGKILL to the command that runs */
	DO_LINGER,                      /* wait for the end of the other processes of its group */
	DO_CLEAR,                       /* signal the others of its group, and wait for their end */
	DO_KILL_REST,                   /* send SIGKILL to the others of its group, and begin the last time limit */
	DO_GIVE_UP,                     /* continue without its processes, which hang in the kernel */
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
