/* superd at a terminal: as PID 1 of a container that has one, and as the job of a shell. What is typed must come to
 * whom it is meant for. The terminal is a real one, whose other side the test holds. */
#include <termios.h>

#include "guarding.h"
#include "harness.h"

#define WEB "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n}\n"
#define NEED_NAMESPACES SKIP_WITHOUT(namespace_allowed(), "no namespaces here")
#define NEED_BASH SKIP_WITHOUT(access("/bin/bash", X_OK) == 0, "bash is not installed")

#define INTERRUPT "\003"
#define SUSPEND "\032"
#define END_OF_FILE "\004"

Behaviour(terminal, an_interrupt_stops_pid_1)
{
	struct terminal terminal = terminal_open();
	const struct setup setup = { .pid1 = true, .terminal = terminal.side };
	struct superd *superd;

	NEED_NAMESPACES;
	superd = superd_run_with(&setup, WEB, backend("serve"));
	client_ask(superd_port(superd, "web"), "hello\n");
	terminal_type(&terminal, INTERRUPT);
	cr_assert_eq(superd_wait_exit(superd), 0, "%s", world_logs());
	terminal_close(&terminal);
}

#define READS "trap 'echo interrupted' INT; echo main is ready; while read -r line; do echo \"got $line\"; done"

Behaviour(terminal, a_main_command_reads_what_is_typed)
{
	const char *const arguments[] = { "--", "/bin/bash", "-c", READS "; exit 3", NULL };
	struct terminal terminal = terminal_open();
	const struct setup setup = { .pid1 = true, .terminal = terminal.side, .arguments = arguments };
	struct superd *superd;

	NEED_NAMESPACES;
	NEED_BASH;
	superd = superd_run_with(&setup, WEB, backend("serve"));
	superd_wait_log(superd, "main is ready");
	terminal_type(&terminal, "one\n");
	superd_wait_log(superd, "got one");
	/* bash runs no trap for a signal that comes shortly before its read(2): it waits for the next one. */
	WAIT_UNTIL((terminal_type(&terminal, INTERRUPT), superd_logged(superd, "interrupted")));
	terminal_type(&terminal, "two\n");
	superd_wait_log(superd, "got two");
	client_ask(superd_port(superd, "web"), "hello\n");
	terminal_type(&terminal, END_OF_FILE);
	cr_assert_eq(superd_wait_exit(superd), 3, "%s", world_logs());
	terminal_close(&terminal);
}

Behaviour(terminal, a_main_command_that_is_interrupted_ends_superd)
{
	const char *const arguments[] = { "--", "/bin/sh", "-c", "echo main is ready; exec sleep 1000", NULL };
	struct terminal terminal = terminal_open();
	const struct setup setup = { .pid1 = true, .terminal = terminal.side, .arguments = arguments };
	struct superd *superd;

	NEED_NAMESPACES;
	superd = superd_run_with(&setup, WEB, backend("serve"));
	superd_wait_log(superd, "main is ready");
	terminal_type(&terminal, INTERRUPT);
	cr_assert_eq(superd_wait_exit(superd), 128 + SIGINT, "%s", world_logs());
	terminal_close(&terminal);
}

/* As PID 1, which no SIGSTOP stops, the guard would not wait either. */
Behaviour(terminal, a_superd_that_is_stopped_leaves_it_to_the_main_command)
{
	const char *const arguments[] = { "--guard", "--", "/bin/sh", "-c", "echo main is ready; exec sleep 1000",
					  NULL };
	struct terminal terminal = terminal_open();
	const struct setup setup = { .terminal = terminal.side, .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, WEB, backend("serve"));
	pid_t group;

	superd_wait_log(superd, "main is ready");
	group = tcgetpgrp(terminal.keyboard);
	cr_assert_neq(group, superd->pid);
	kill(guarded_wait(superd), SIGSTOP);
	WAIT_UNTIL(process_is_stopped(superd->pid));
	cr_assert_eq(tcgetpgrp(terminal.keyboard), group);
	kill(superd->pid, SIGCONT);
	terminal_type(&terminal, INTERRUPT);
	cr_assert_eq(superd_wait_exit(superd), 128 + SIGINT, "%s", world_logs());
	terminal_close(&terminal);
}

/* There is no shell that could continue it, so superd says who can. */
Behaviour(terminal, a_main_command_that_is_suspended_goes_on_by_a_cont_to_pid_1)
{
	const char *const arguments[] = { "--", "/bin/bash", "-c", READS, NULL };
	struct terminal terminal = terminal_open();
	const struct setup setup = { .pid1 = true, .terminal = terminal.side, .arguments = arguments };
	struct superd *superd;

	NEED_NAMESPACES;
	NEED_BASH;
	superd = superd_run_with(&setup, WEB, backend("serve"));
	superd_wait_log(superd, "main is ready");
	terminal_type(&terminal, SUSPEND);
	superd_wait_log(superd, "the main command was stopped by signal TSTP; SIGCONT to superd continues it");
	client_ask(superd_port(superd, "web"), "hello\n");
	superd_signal(superd, SIGCONT);
	terminal_type(&terminal, "two\n");
	superd_wait_log(superd, "got two");
	terminal_type(&terminal, END_OF_FILE);
	cr_assert_eq(superd_wait_exit(superd), 0, "%s", world_logs());
	terminal_close(&terminal);
}

/* The end of a terminal, as of a window that is closed, is no order to read the table again. */
Behaviour(terminal, superd_ends_with_its_terminal)
{
	struct terminal terminal = terminal_open();
	const struct setup setup = { .terminal = terminal.side };
	struct superd *superd = superd_run_with(&setup, WEB, backend("serve"));

	client_ask(superd_port(superd, "web"), "hello\n");
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "reloaded: 1 unchanged");
	terminal_close(&terminal);
	cr_assert_eq(superd_wait_exit(superd), 0, "%s", world_logs());
	cr_assert_eq(superd_log_count(superd, "reloaded: "), 1);
}

/* As one that nohup(1) has started. */
Behaviour(terminal, superd_outlives_its_terminal_where_hup_was_ignored)
{
	struct terminal terminal = terminal_open();
	const char *shell = write_file("nohup", "#!/bin/sh\ntrap '' HUP\nexec %s \"$@\"\n", superd_path());
	const struct setup setup = { .program = shell, .terminal = terminal.side };
	struct superd *superd;

	cr_assert_eq(chmod(shell, 0755), 0);
	superd = superd_run_with(&setup, WEB, backend("serve"));
	client_ask(superd_port(superd, "web"), "hello\n");
	terminal_close(&terminal);
	superd_wait_log(superd, "reloaded: 1 unchanged");
}

/* superd, and the main command below it, as jobs of a shell at this terminal; $@ is superd's command line. The shell
 * finds its terminal by its standard error. */
static struct superd *run_in_shell(const struct terminal *terminal, const char *script, const char *const *arguments)
{
	const char *command = text_of("%s \"$@\" 2>&3", superd_path());
	const char *shell = write_file("shell", "#!/bin/bash\nexec 3>&2 2>/dev/tty\nset -m\n%s\n",
				       replaced(script, "SUPERD", command));
	const struct setup setup = { .program = shell, .terminal = terminal->side, .arguments = arguments };

	cr_assert_eq(chmod(shell, 0755), 0);
	return superd_run_with(&setup, WEB, backend("serve"));
}

Behaviour(terminal, a_shell_hears_that_the_main_command_was_suspended_and_continues_both)
{
	const char *const arguments[] = { "--", "/bin/bash", "-c", READS "; exit 3", NULL };
	struct terminal terminal = terminal_open();
	struct superd *shell;

	NEED_BASH;
	shell = run_in_shell(&terminal, "SUPERD\necho \"the job gives $?\"\nread -r line\necho \"shell got $line\"\n"
			     "fg\necho \"the job gives $?\"", arguments);
	superd_wait_log(shell, "main is ready");
	terminal_type(&terminal, "one\n");
	superd_wait_log(shell, "got one");
	terminal_type(&terminal, SUSPEND);
	superd_wait_log(shell, text_of("the job gives %d", 128 + SIGSTOP));
	terminal_type(&terminal, "two\n");
	superd_wait_log(shell, "shell got two");
	terminal_type(&terminal, "three\n");
	superd_wait_log(shell, "got three");
	terminal_type(&terminal, END_OF_FILE);
	superd_wait_log(shell, "the job gives 3");
	cr_assert_eq(superd_wait_exit(shell), 0, "%s", world_logs());
	terminal_close(&terminal);
}

Behaviour(terminal, a_job_in_the_background_leaves_the_terminal_to_its_shell)
{
	const char *const arguments[] = { "--", "/bin/sh", "-c", "echo main is ready; exec sleep 1000", NULL };
	struct terminal terminal = terminal_open();
	struct superd *shell;

	NEED_BASH;
	shell = run_in_shell(&terminal, "SUPERD &\nread -r line\necho \"shell got $line\"\nread -r line\n"
			     "echo \"shell got $line\"\nkill %1\nwait %1\necho \"the job gives $?\"", arguments);
	superd_wait_log(shell, "main is ready");
	terminal_type(&terminal, "one\n"); /* this read began before there was a main command */
	superd_wait_log(shell, "shell got one");
	terminal_type(&terminal, "two\n");
	superd_wait_log(shell, "shell got two");
	superd_wait_log(shell, text_of("the job gives %d", 128 + SIGTERM));
	cr_assert_eq(superd_wait_exit(shell), 0, "%s", world_logs());
	terminal_close(&terminal);
}
