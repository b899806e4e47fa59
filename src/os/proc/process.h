/* Facts about any process, from /proc: its place among others, its start, the files it has open, its program. Without
 * /proc nothing is known. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t pid, parent, group, session;
	int64_t start_time;             /* as process_now */
	bool ended;                     /* a zombie: nobody has waited for it yet */
};

/* A file as the kernel knows it, whatever its number or name. */
struct file_id {
	dev_t device;
	ino_t node;
};

enum holding { HOLDS_NONE, HOLDS, HOLDING_HIDDEN };     /* hidden: superd may not look */

bool process_list_is_possible(void);    /* there is a /proc */
int64_t process_now(void);                              /* clock ticks since boot, as in /proc/PID/stat */
bool process_read(pid_t pid, struct process *process);  /* false: there is none (any more) */

/* The pids of all processes, or of our children, whichever thread started them; 0 ends the list. NULL: no memory, or no
 * /proc, or its kernel lists no children. free() it. */
pid_t *process_list_all(void);
pid_t *process_list_children(void);

/* As process_list_children, of another process; an empty list if it is gone. */
pid_t *process_list_children_of(pid_t pid);

/* Whether the process has one of these files open. */
enum holding process_holds(pid_t pid, const struct file_id *files, size_t count);

/* Which file a descriptor is, by its number in an open folder /proc/PID/fd, without asking the file's own system: all
 * zero for one that is neither a socket nor a pipe, nor, where also_named says so, of a name. false and errno. */
bool process_find_file(int folder, const char *number, bool also_named, struct file_id *file);

/* Whether it lives on after this signal: it catches, ignores or blocks it; also where that can't be seen. */
bool process_survives(pid_t pid, int signal);

bool process_is_named(pid_t pid, const char *program);          /* as the kernel has it, cut off */

/* The next two wait for as long as the process wants them to, and are for exec/processes/process_query alone. */

/* Whether its program, or the one it was forked from, was started with this NAME=value; false where that can't be
 * seen. */
bool process_has_variable(pid_t pid, const char *variable);

/* Whether it runs this command: its program's name, and the arguments behind it. A process may change both. */
bool process_has_command(pid_t pid, const char *const *command);
