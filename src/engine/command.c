/* The main command. Its signals come from outside by superd; where the kernel can tell (proc(5)) whether it has a
 * handler, those that superd acts on itself are passed on too. */
#include "engine/command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/list.h"
#include "sys/spawn.h"

static void on_ended(struct child *child, int status)
{
	struct command *command = container_of(child, struct command, child);

	child->pid = 0;
	command->exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (isatty(STDIN_FILENO))
		tcsetpgrp(STDIN_FILENO, getpgrp());
	command->ended(command);
}

bool command_start(struct command *command, struct engine *engine, char *const *argv)
{
	static const int streams[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	struct launch launch = { .wanted = streams, .wanted_count = 3, .remote_port = -1 };

	command->engine = engine;
	command->child.ended = on_ended;
	command->exit_status = 126;
	command->plan = plan_command(argv, &engine->heritage);
	if (!command->plan) {
		log_error(engine->log, "cannot start %s: out of memory", argv[0]);
		return false;
	}
	launch.plan = command->plan;
	spawn_start(&launch);
	if (launch.pid < 0) {
		command->exit_status = launch.fault.error == ENOENT ? 127 : 126;
		log_error(engine->log, "cannot start %s: %s: %s", argv[0], stage_name(launch.fault.stage),
			  strerror(launch.fault.error));
		return false;
	}
	command->child.pid = launch.pid;
	return children_add(&engine->children, &command->child);
}

void command_signal(struct command *command, int signal)
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

void command_signal_gently(struct command *command, int signal)
{
	if (command->child.pid > 1 && has_handler(command->child.pid, signal))
		kill(command->child.pid, signal);
}

void command_free(struct command *command)
{
	children_remove(&command->engine->children, &command->child);
	plan_free(command->plan);
	command->plan = NULL;
}
