/* The commands of a phase, one after the other: around a start and a stop, around sockets, exec_reload, exec_ready and
 * idle_unless. Who begins them hears of it once, when all have ended well or one has failed. Each has a limit, or the
 * phase of its instance has one. One that is over it gets SIGTERM, then SIGKILL, and is given up if it does not end by
 * that: it has become a user whom superd may not kill, or hangs in the kernel. */
#include "superd/daemon.h"

#define TERM_PATIENCE 2000000 /* microseconds that a command may take to end by SIGTERM */

static const struct service *row_of(const struct commands *commands)
{
	return commands->of ? commands->of->row : commands->svc->row;
}

static bool are_of_sockets(const struct commands *commands)
{
	return commands->phase >= PHASE_SOCKET_START_PRE;
}

/* Whether nobody waits for the next one: what they are for ends. */
static bool are_over(const struct commands *commands)
{
	const struct run *run = commands->svc->run;

	if (are_of_sockets(commands))
		return run->socket_dropped;
	if (commands->phase == PHASE_RELOAD)
		return !run->current || run->current->ends || run->current->pid != run->refresh.pid;
	return commands->of && commands->of->ends && commands->of->phase < EXEC_STOP;
}

static void on_late(struct ev_loop *loop, ev_timer *timer, int events);

static void set_limit(struct commands *commands, int64_t microseconds)
{
	if (commands->of && commands->phase != PHASE_READY)
		instance_limit(commands->of, microseconds);
	else
		timer_limit(&commands->limit, microseconds, on_late, commands);
}

static const char *find_text(const struct commands *commands)
{
	words texts = service_commands(row_of(commands), commands->phase);

	/* A reload may have taken that away. */
	return commands->next && commands->next <= words_count(texts) ? texts[commands->next - 1] : "a former command";
}

static void run_next(struct commands *commands)
{
	struct instance *of = commands->of;
	struct buf why = { 0 };
	enum result result = RESULT_SUCCESS;

	commands->late = IN_TIME;
	while (!are_over(commands) &&
	       commands->next < words_count(service_commands(row_of(commands), commands->phase))) {
		unsigned flags = 0, number = commands->next++;

		command_prefix(find_text(commands), &flags);
		buf_clear(&why);
		result = command_run(commands, number, &why);
		if (result == RESULT_SUCCESS) {
			if (commands->seconds > 0)
				set_limit(commands, (int64_t)(commands->seconds * 1e6));
			buf_free(&why);
			return;
		}
		commands->status = -1;
		if (!(flags & COMMAND_IGNORES_FAILURE) ||
		    (of && (of->lack || instance_checks_conditions(of, commands->phase, number))))
			break;
		result = RESULT_SUCCESS;
	}
	commands->done(commands, result, result ? buf_string(&why) : "");
	buf_free(&why);
}

/* A process of it has ended; pid 0: it hangs. */
static void on_end(struct child *child, int status, const struct rusage *used)
{
	struct commands *commands = container_of(child, struct commands, child);
	struct instance *of = commands->of;
	struct svc *svc = commands->svc;
	const struct service *row = row_of(commands);
	const char *text = find_text(commands), *option = command_option(commands->phase);
	bool stops = commands->phase == PHASE_STOP || commands->phase == PHASE_STOP_POST, checks, ignored;
	struct fault fault = { .stage = STAGE_NONE };
	enum result result;
	struct buf why = { 0 };
	unsigned flags = 0;
	char what[48];

	(void)used;
	ev_timer_stop(superd.loop, &commands->limit);
	/* What it has left behind, unless its number is another's by now, as the guard has reaped it. */
	if (of && child->pid && kill(child->pid, 0) < 0 && errno == ESRCH)
		kill(-child->pid, SIGKILL);
	if (of)
		notify_read(svc);
	child->pid = 0;
	if (of)
		fault = instance_take_fault(of);
	else if (are_of_sockets(commands))
		command_leave(commands);
	if (fault.stage == STAGE_CONDITIONS)
		of->was_kept = true;
	if (commands->phase != PHASE_READY)
		output_drain(svc, are_of_sockets(commands), status != 0 && commands->phase != PHASE_IDLE_UNLESS);
	commands->status = commands->late ? -1 : status;
	command_prefix(text, &flags);
	checks = of && commands->next && instance_checks_conditions(of, commands->phase, commands->next - 1);
	ignored = flags & COMMAND_IGNORES_FAILURE && !(fault.stage && fault.stage < STAGE_CONDITIONS && checks);
	status_describe(status, what);
	if (are_of_sockets(commands)) /* success_exit_status is the program's */
		result = status && !ignored ? RESULT_EXIT_CODE : RESULT_SUCCESS;
	else
		result = result_of_end(row, commands->phase == PHASE_CONDITION ? CONDITION : READY, true, ignored,
				       status);
	if (commands->late)
		result = RESULT_TIMEOUT;
	else if (fault.stage == STAGE_CONDITIONS)
		result = fault.error ? RESULT_EXIT_CODE : RESULT_CONDITION;
	else if (fault.stage && !ignored)
		result = RESULT_EXIT_CODE;
	if (are_over(commands)) {
		commands->done(commands, RESULT_SUCCESS, "");
		return;
	}
	if (result == RESULT_SUCCESS) {
		if (fault.stage)
			describe_command_fault(row, commands->phase, &fault, &why);
		if (ignored && status)
			svc_say(svc, LEVEL_INFO, "command", "%s: %.150s: %s", option, text,
				fault.stage ? buf_string(&why) : what);
		buf_free(&why);
		run_next(commands);
		return;
	}
	if (fault.stage != STAGE_CONDITIONS && commands->phase != PHASE_READY)
		buf_addf(&why, "%s: %.100s: ", option, text);
	if (fault.stage)
		describe_command_fault(row, commands->phase, &fault, &why);
	else if (commands->late && commands->phase != PHASE_READY && commands->phase != PHASE_IDLE_UNLESS)
		buf_addf(&why, "it was not done within %s",
			 option_name_of(row, stops ? "timeout_stop" : "timeout_start"));
	else
		buf_text(&why, commands->late ? "it was not done in time" : what);
	commands->done(commands, result, buf_string(&why));
	buf_free(&why);
}

/* The time of the one that runs is over. */
void commands_late(struct commands *commands)
{
	struct child *child = &commands->child;

	if (commands->late == IS_KILLED) {
		child_give_up(commands->svc, child, child->pid);
		on_end(child, SIGKILL, NULL);
		return;
	}
	commands->late = commands->late ? IS_KILLED : IS_OVERDUE;
	child_signal(child, commands->late == IS_KILLED ? SIGKILL : SIGTERM);
	set_limit(commands, commands->late == IS_KILLED ? KILL_PATIENCE : TERM_PATIENCE);
}

static void on_late(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	commands_late(timer->data);
}

/* The one that runs is to end, in so many microseconds; 0: the usual ones. */
void commands_end(struct commands *commands, int64_t microseconds)
{
	if (!commands->child.pid)
		return;
	commands->late = IN_TIME;
	commands_late(commands);
	if (microseconds)
		set_limit(commands, microseconds);
}

/* Nobody waits for them any more, nor for the end of the one that runs. */
void commands_drop(struct commands *commands)
{
	child_signal(&commands->child, SIGKILL);
	child_forget(&commands->child);
	ev_timer_stop(superd.loop, &commands->limit);
}

/* of: NULL: they are the service's. seconds: of each; 0: no limit but that of the phase of its instance. */
void commands_set(struct commands *commands, struct svc *svc, struct instance *of, enum command_phase phase,
		  double seconds, commands_callback *done)
{
	commands->svc = svc;
	commands->of = of;
	commands->phase = phase;
	commands->seconds = seconds;
	commands->done = done;
	commands->child.ended = on_end;
}

/* Runs them, from the first; `done` may be called before that returns. */
void commands_begin(struct commands *commands, struct svc *svc, struct instance *of, enum command_phase phase,
		    double seconds, commands_callback *done)
{
	commands_set(commands, svc, of, phase, seconds, done);
	commands->next = 0;
	run_next(commands);
}

/* After commands_set: those of the superd before. pid: of the one that runs; 0: none does. */
void commands_resume(struct commands *commands, pid_t pid)
{
	if (!pid) {
		run_next(commands);
		return;
	}
	child_watch(&commands->child, pid);
	if (commands->seconds > 0)
		set_limit(commands, (int64_t)(commands->seconds * 1e6));
}

/* It was killed, and superd may not kill it, or it hangs in the kernel. */
void child_give_up(struct svc *svc, struct child *child, pid_t pid)
{
	svc_say(svc, LEVEL_ERROR, "hanging", "pid %ld was killed and does not end: superd no longer waits for it",
		(long)pid);
	child_forget(child);
}
