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
	/* Clock ticks of processor time, and those of the children that it has reaped. */
	int64_t user_time, system_time, reaped_user_time, reaped_system_time;
	char state;                     /* of its first thread */
	bool ended;                     /* it is a zombie: its parent has not waited for it yet */
};

/* Pids, in an array that grows; a zeroed struct is empty, and the owner frees the list. */
struct pids {
	pid_t *list;
	size_t count, capacity;
};

bool pids_add(struct pids *pids, pid_t pid);            /* false: out of memory */
bool pids_add_below(struct pids *pids);                 /* what those have started, and so on; false: out of memory */

/* Adds the pids that a file of the kernel's lists. A process of another pid namespace is 0 there. false and errno. */
bool pids_read(struct pids *pids, const char *path);

enum holding { HOLDS_NONE, HOLDS, HOLDING_HIDDEN };     /* hidden: superd may not see its descriptors */

bool process_list_is_possible(void);    /* whether there is a /proc */
int64_t process_now(void);                              /* clock ticks since boot, as in /proc/PID/stat */
/* The text of a file in /proc/PID, for the caller to free(); pid 0: of superd itself. NULL and errno. */
char *process_file(pid_t pid, const char *name);
bool process_read(pid_t pid, struct process *process);  /* false: no such process */

/* The pids of all processes, or of the children of superd, whichever thread started them, and of its guard (0: none),
 * which has those of a superd before. 0 ends the list. The caller frees it. NULL: out of memory, no /proc, or a kernel
 * that lists no children. */
pid_t *process_list_all(void);
pid_t *process_list_children(pid_t guard);

/* As process_list_children, for another process; an empty list if it has ended. */
pid_t *process_list_children_of(pid_t pid);

typedef bool process_socket(ino_t node, void *context);  /* true: that is enough */

/* Calls `each` for every socket that the process has open. HOLDS: a call has returned true. HOLDING_HIDDEN: some
 * descriptors are hidden. */
enum holding process_each_socket(pid_t pid, process_socket *each, void *context);

/* Whether the process has this socket open. */
enum holding process_holds(pid_t pid, ino_t node);

/* Sets *node to that of the socket with this number in an open folder /proc/PID/fd, without asking the file itself; 0: it
 * is none. false and errno. */
bool process_find_socket(int folder, const char *number, ino_t *node);

/* Whether the process survives this signal, as it catches, ignores or blocks it; true if that is unknown. */
bool process_survives(pid_t pid, int signal);

/* The process of a thread, and the thread's real, effective and saved user. false: unknown. */
bool process_read_users(pid_t thread, pid_t *process, uid_t users[3]);

#define PROCESS_NAME 16                 /* bytes of a name with its NUL */

const char *process_name(pid_t pid, char name[PROCESS_NAME]);   /* /proc/PID/comm; "": unknown. Returns name */
bool process_is_named(pid_t pid, const char *program);

/* Whether a process can run at the moment, by the states of all its threads (proc_pid_stat(5)). */
enum process_state {
	PROCESS_GONE,                   /* it has ended or does not exist; also without /proc */
	PROCESS_STOPPED,                /* every thread is stopped, by a signal or a tracer */
	PROCESS_BLOCKED,                /* some thread is in uninterruptible sleep (D), and no other runs */
	PROCESS_RUNS
};

enum process_state process_state(pid_t pid);

/* Whether a process that appears to be root, or superd's user, also has superd's rights. A process in a user namespace,
 * with fewer capabilities, or behind a seccomp filter appears under the same uid. */

/* Whether the process is in superd's user namespace, has all capabilities that superd is permitted, and no seccomp filter
 * that superd does not have. false also if that is unknown: without /proc, if it has ended, or if it is in another pid
 * namespace (pid 0). */
bool process_has_superds_rights(pid_t pid);

/* pidfds: descriptors that refer to processes, also to processes that are not superd's children (pidfd_open(2)). */

/* A pidfd of this process, close-on-exec. -1 and errno: no such process, or a filter denies the call. */
int pidfd_of(pid_t pid);

/* pidfd_send_signal(2): as kill(2). false and errno. */
bool pidfd_signal(int fd, int signal);

/* pidfd_getfd(2): duplicates descriptor `fd` of the pidfd's process. For helper processes only, as closing the copy may
 * block. -1 and errno, also without the right to trace the process. */
int pidfd_copy(int pidfd, int fd);

/* Starts a process right inside a control group (CLONE_INTO_CGROUP, clone(2), Linux 5.7). Such a process is never
 * outside the group, and does not wait for the kernel's locks as one that moves there later. */

/* Whether superd starts processes right in a control group: the kernel and superd's rights allow it, and superd was not
 * built to start processes by fork(2). Tested once. Otherwise the child joins its group itself
 * (exec/child/child). errno where it is false: a shortage (error_is_shortage)
 * may pass. */
bool clone_into_cgroup_is_possible(void);

/* Whether a process that is started in this group survives. As of Linux 6.18, if the parent's group or the new one was
 * ever killed as a whole (cgroup.kill), the kernel takes the new process for one that escaped that kill. errno where it
 * does not: that of the start; 0: it was started. */
bool clone_into_cgroup_survives(int group);

/* As clone(2): calls `run`, which must not return, on the stack of `size` bytes that begins at `stack`. group: an open
 * folder. -1 and errno; ENOSYS on other processors than x86-64. */
pid_t clone_into_cgroup(int (*run)(void *), char *stack, size_t size, unsigned flags, void *argument, int group);
