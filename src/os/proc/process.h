/* Facts about any process, from /proc (proc(5)): its relatives, its start time, its open files, its program. Without
 * /proc everything is unknown. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One process, by proc_pid_stat(5). */
struct process {
	pid_t pid, parent, group, session;
	int64_t start_time;             /* clock ticks since boot, as process_now */
	bool ended;                     /* it is a zombie: its parent has not waited for it yet */
	bool is_stopped;                /* its first thread is, by a signal, and not by a tracer */
	bool has_executed;              /* it has called exec since it was forked; false: no, or unknown */
};

/* The identity of an open file, independent of its descriptor and name. */
struct file_id {
	dev_t device;
	ino_t node;
};

enum holding { HOLDS_NONE, HOLDS, HOLDING_HIDDEN };     /* hidden: superd may not see its descriptors */

bool process_list_is_possible(void);    /* whether there is a /proc */
int64_t process_now(void);                              /* clock ticks since boot, as in /proc/PID/stat */
bool process_read(pid_t pid, struct process *process);  /* false: no such process */

/* The pids of all processes, or of superd's children, whichever thread started them. 0 ends the list. The caller frees
 * it. NULL: out of memory, no /proc, or a kernel that lists no children. */
pid_t *process_list_all(void);
pid_t *process_list_children(void);

/* As process_list_children, for another process; an empty list if it has ended. */
pid_t *process_list_children_of(pid_t pid);

typedef bool process_file(const struct file_id *file, void *context);   /* true: that is enough */

/* Calls `each` for every socket and pipe that the process has open, and if also_named for every file with a name. HOLDS:
 * a call has returned true. HOLDING_HIDDEN: some files are hidden. */
enum holding process_each_file(pid_t pid, bool also_named, process_file *each, void *context);

/* Whether the process has one of these files open. */
enum holding process_holds(pid_t pid, const struct file_id *files, size_t count);

dev_t process_socket_device(void);      /* the device that all sockets share; 0: unknown */

/* Identifies an open file by its number in an open folder /proc/PID/fd, without asking the file's own file system. All
 * zero unless it is a socket or a pipe or, if also_named is true, a file with a name. false and errno. */
bool process_find_file(int folder, const char *number, bool also_named, struct file_id *file);

/* Whether the process survives this signal, as it catches, ignores or blocks it; true if that is unknown. */
bool process_survives(pid_t pid, int signal);

bool process_is_named(pid_t pid, const char *program);          /* by /proc/PID/comm, which has 15 bytes */

/* Whether a process can run at the moment, by the states of all its threads (proc_pid_stat(5)). */
enum process_state {
	PROCESS_GONE,                   /* it has ended or does not exist; also without /proc */
	PROCESS_STOPPED,                /* every thread is stopped, by a signal or a tracer */
	PROCESS_BLOCKED,                /* some thread is in uninterruptible sleep (D), and no other runs */
	PROCESS_RUNS
};

enum process_state process_state(pid_t pid);
