/* Runs the main command. superd passes signals on to it; signals that superd handles itself only if the command has
 * a handler (proc(5), SigCgt in /proc/PID/status).
 *
 * The process group of the command is the foreground group of the terminal. ^Z therefore stops the command alone,
 * and the shell that started superd as a job would not notice. So superd stops the whole job when the command stops. */
#include "superd/supervisor/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/list.h"
#include "lib/scan.h"
#include "os/guard/guard_link.h"
#include "os/rights/raw_syscall.h"
#include "superd/loop/unreaped.h"
#include "superd/start/spawn.h"

/* Takes the terminal back from this group alone: superd may have been put into the background meanwhile. SIGTTOU is
 * blocked (libev's signalfd), so tcsetpgrp(3) from the background does not stop superd. */
static void take_terminal_back(pid_t group)
{
	if (group > 1 && tcgetpgrp(STDIN_FILENO) == group)
		tcsetpgrp(STDIN_FILENO, getpgrp());
}

static void on_ended(struct child *child, int status)
{
	struct main_command *command = container_of(child, struct main_command, child);

	child->pid = 0;
	command->exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	take_terminal_back(command->group);
	command->ended(command);
}

bool command_start(struct main_command *command, struct engine *engine, char *const *argv)
{
	static const int streams[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	struct spawn_request launch = { .wanted = streams, .wanted_count = 3, .remote_port = -1 };

	command->engine = engine;
	command->child.ended = on_ended;
	command->exit_status = 126;
	command->plan = plan_command(argv, &engine->defaults);
	if (!command->plan) {
		log_error(engine->log, "cannot start %s: out of memory", argv[0]);
		return false;
	}
	command->plan->ambient = engine->defaults.ambient;      /* the command gets the same capabilities */
	if (has_own_keyring)            /* superd's own keyring takes no keys */
		command->plan->keyring = KEYRING_PRIVATE;
	launch.plan = command->plan;
	launch.noted = guard_note_command();
	unreaped_start(engine, &launch);
	if (launch.pid < 0) {
		if (launch.noted)
			*launch.noted = 0;
		command->exit_status = launch.fault.error == ENOENT ? 127 : 126;
		log_error(engine->log, "cannot start %s: %s: %s", argv[0], stage_name(launch.fault.stage),
			  strerror(launch.fault.error));
		return false;
	}
	command->child.pid = command->group = launch.pid;
	command->has_terminal = command->plan->takes_terminal;
	child_table_add(&engine->children, &command->child);
	return true;
}

void command_resume(struct main_command *command, struct engine *engine, const struct child *child, pid_t group)
{
	command->engine = engine;
	command->child.ended = on_ended;
	command->child.pid = child->pid;
	command->child.born = child->born;
	command->group = group;
	command->has_terminal = tcgetpgrp(STDIN_FILENO) == group;
	child_table_resume(&engine->children, &command->child);
}

void command_signal(struct main_command *command, int signal)
{
	if (command->child.pid > 1)
		kill(command->child.pid, signal);
}

static bool has_handler(pid_t pid, int signal)
{
	static const char caught[] = "SigCgt:";
	unsigned long long mask = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, caught, sizeof(caught) - 1))
			mask = strtoull(line + sizeof(caught) - 1, NULL, 16);
	}
	fclose(file);
	return mask >> (signal - 1) & 1;
}

void command_signal_gently(struct main_command *command, int signal)
{
	if (command->child.pid > 1 && has_handler(command->child.pid, signal))
		kill(command->child.pid, signal);
}

void command_note_stop(struct main_command *command, int signal)
{
	char name[32];

	if (!command->has_terminal || getsid(0) == guard_first_pid()) {
		log_notice(command->engine->log,
			   "the main command was stopped by signal %s; SIGCONT to superd continues it",
			   scan_signal_name(signal, name));
		return;
	}
	take_terminal_back(command->group);
	kill(0, SIGSTOP);               /* the whole job, as ^Z would have done */
}

void command_continue(struct main_command *command)
{
	if (command->child.pid <= 1)
		return;
	if (command->has_terminal && tcgetpgrp(STDIN_FILENO) == getpgrp())
		tcsetpgrp(STDIN_FILENO, command->group);
	if (kill(-command->group, SIGCONT) < 0)
		kill(command->child.pid, SIGCONT);
}

void command_free(struct main_command *command)
{
	child_table_remove(&command->engine->children, &command->child);
	plan_free(command->plan);
	command->plan = NULL;
}
