/* What the files of this folder call of each other. */
#pragma once

#include "superd/supervisor/supervisor.h"

/* reaper.c */

/* Begins to hear of the ends of children, and the guard's messages, if there is a guard. */
void reaper_begin(struct supervisor *supervisor);

/* Called when the services of the previous superd are loaded. That superd may have reaped a process in its last moment:
 * this reports its end. Processes of a lost guard are children of another process: this watches them. */
void reaper_take_lost(struct supervisor *supervisor);

/* Checks whether the guard runs, and starts another one if it does not. Called when superd serves, because the guard
 * may have ended before superd could notice, and after each SIGCHLD without a child. */
void reaper_look_at_guard(struct supervisor *supervisor);

/* left_out_check.c */

void left_out_check_init(struct left_out_check *check, struct supervisor *supervisor);

/* Called when there is a first table, or another one. */
void left_out_check_begin(struct left_out_check *check);

/* Puts rows of the child's answer, which this owns, into the table. NULL: there are none. Returns whether any came in;
 * the caller then makes their services. */
bool left_out_check_take(struct left_out_check *check, struct table *found);

void left_out_check_end(struct left_out_check *check);         /* at the end of superd */

/* main_command.c */

/* Starts the command with superd's own streams and environment, in a process group of its own, which takes superd's
 * place in the foreground of the terminal. false: that failed and was logged; exit_status is 126 or 127. */
bool command_start(struct main_command *command, struct engine *engine, char *const *argv);

/* Takes over the command of the superd before. */
void command_resume(struct main_command *command, struct engine *engine, const struct child *child, pid_t group);

void command_signal(struct main_command *command, int signal);  /* does nothing if the command does not run */

/* Passes a signal on if the command has a handler for it: a signal that superd handles itself must not kill the
 * command. */
void command_signal_gently(struct main_command *command, int signal);

/* Called when the command was stopped, as by ^Z. If a shell waits for superd as a job, superd stops, too. */
void command_note_stop(struct main_command *command, int signal);

/* Called on SIGCONT: continues the command, in the foreground if superd is there. */
void command_continue(struct main_command *command);
void command_free(struct main_command *command);

/* persona.c */

/* Whether this persona handles a signal that superd itself does not; else superd does not watch it. */
bool persona_handles(const struct supervisor *supervisor, int signal);

/* Handles a signal of this persona. Returns the signal that superd itself must handle; 0: none. */
int persona_handle(struct supervisor *supervisor, int signal);

/* If logs_xinetd_lines is set: log xinetd's lines. counts NULL: the reload failed. */
void persona_log_started(const struct supervisor *supervisor);
void persona_log_reading(const struct supervisor *supervisor);
void persona_log_reloaded(const struct supervisor *supervisor, const struct reload_counts *counts);
void persona_log_end(const struct supervisor *supervisor);

/* sd_notify.c */

/* Called when the loop and the environment exist. */
void sd_notify_begin(struct sd_notify *sd_notify, struct engine *engine, const struct service_list *service_list);

void sd_notify_ready(struct sd_notify *sd_notify); /* after superd has tried every socket, and after a reload */
void sd_notify_reloading(struct sd_notify *sd_notify);
void sd_notify_stopping(struct sd_notify *sd_notify);
void sd_notify_end(struct sd_notify *sd_notify, int exit_status);

/* shutdown.c */

void shutdown_init(struct supervisor *supervisor);

/* Begins the stop, without a delay. signal: for the main command. */
void shutdown_begin(struct supervisor *supervisor, int signal);

/* Called when a process has ended: begins the sweep, or ends superd, when it is time. */
void shutdown_check(struct supervisor *supervisor);

void shutdown_free(struct supervisor *supervisor);

/* signals.c */

void signals_start(struct ev_loop *loop, ev_signal *watcher);   /* ev_signal_start, also where the signal is blocked */

void terminal_init(struct terminal *terminal);

/* had_one: the superd before had it open, and has died; if it is gone, it has hung up since. A daemon has none. */
void terminal_open(struct terminal *terminal, struct ev_loop *loop, bool had_one);

void terminal_close(struct terminal *terminal, struct ev_loop *loop);

/* state_dump.c */

/* Writes a line of JSON for each service (service_list.describe), and one with their number: to out, or if it is NULL,
 * to the log, without services that were never started if there are many. */
void state_dump(struct engine *engine, struct buf *out);
