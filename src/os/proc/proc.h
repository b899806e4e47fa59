/* Processes and control groups. */
#pragma once

#include "os/host/host.h"

/* ---- process.c ---- */

/* Facts about any process, from /proc (proc(5)): its relatives, its start time, its open files, its program. Without
 * /proc everything is unknown. */

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
bool pids_add_below(struct pids *pids);			/* what those have started, and so on; false: a shortage */

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

/* The id of the process's group of cgroup v2, also if it has ended (Linux 6.15); 0: the kernel does not tell. */
uint64_t pidfd_cgroup(int fd);

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

/* ---- cgroup.c, resource_usage.c ---- */

/* The control groups of superd's instances (cgroups(7), v2). They lie in a base folder below superd's own group, which
 * is created for the first instance that needs one. Each instance has a group there; a service may also keep one from
 * instance to instance. The child writes the group's settings (exec/child/child). */

/* Where superd may create control groups: below its own group of the unified hierarchy (cgroup v2), if that is
 * delegated to it. superd looks again when it loads a table that needs groups. Looking changes nothing. */

/* Controllers of cgroup v2, as bits (the kernel's cgroup-v2.rst, "Controllers"). */
enum controller {
	CONTROLLER_CPU = 1 << 0, CONTROLLER_CPUSET = 1 << 1, CONTROLLER_IO = 1 << 2, CONTROLLER_MEMORY = 1 << 3,
	CONTROLLER_PIDS = 1 << 4
};

#define CONTROLLERS 5
extern const char *const controller_names[CONTROLLERS];        /* by bit */

struct cgroup_delegation {
	const char *path;               /* path of superd's own group, in the pool; NULL: superd can create no group */
	/* The group is the hierarchy's root, which may hold processes and still enable controllers for groups below. */
	bool is_root;
	unsigned controllers;           /* controllers that groups below it can have */
	const char *wrong;              /* why `path` is NULL, or why `controllers` is 0; a constant text */
};

/* Looks for superd's group. Never NULL unless out of memory. */
const struct cgroup_delegation *cgroup_delegation_find(struct pool *pool);

/* Finds superd's own group in the hierarchy of a controller of cgroup v1, "" for that of cgroup v2. false: there is
 * none, or it cannot be seen: *wrong says why, or NULL: errno does. */
bool cgroup_find_own(const char *controller, char *path, size_t size, const char **wrong);

/* Whether the process is in this group, the path of one of superd's, or in a group below it. */
bool cgroup_holds(const char *group, pid_t pid);

/* Whether the group, or one below it, has this id (pidfd_cgroup). */
bool cgroup_has_id(const char *path, uint64_t id);

/* Whether the path is a group of any hierarchy. A group of cgroup v2 with groups below it has no processes of its own,
 * so its cgroup.procs proves nothing. */
bool cgroup_is_group(const char *path);

/* Adds the pids of the processes in the group itself. false and errno: not all could be read. */
bool cgroup_processes(const char *path, struct pids *pids);

/* Writes a text to a group's file. false and errno. */
bool cgroup_write(const char *folder, const char *file, const char *text);

/* superd's guard, by whose pid its groups are named, and which is known to be alive; 0: superd's own pid. */
void cgroup_name_after(pid_t guard);

/* The name of superd's base folder: CGROUP_BASE, the pid that they are named after, cgroup_parent_suffix, and ".NUMBER" if that name is
 * still in use. superd's own processes are in CGROUP_LEAF below it. */
#define CGROUP_BASE "superd-"
#define CGROUP_LEAF "superd"

/* Writes "" in the initial pid namespace, else "-NUMBER" (its inode, pid_namespaces(7)): the pids of several
 * namespaces may meet in one folder. size: at least 24. */
void cgroup_parent_suffix(char *text, size_t size);

/* All control groups of this superd. A zeroed struct is valid; cgroups_end frees its contents. */
struct cgroups {
	char *own;                      /* path of superd's own group; NULL: no base exists yet */
	char *base;                     /* path of the folder below `own` that holds all groups */
	/* Superd has moved itself to a group below `base`, as a group with controllers may hold no processes. */
	bool moved;
	unsigned enabled;               /* controllers (enum controller) that the groups in `base` have */
	unsigned passed;                /* controllers that superd has enabled in the cgroup.subtree_control of its own group */
	/* Whether services can keep groups, and processes can be started right in them. */
	enum { NOT_PROBED, KEEPS_NONE, KEEPS_GROUPS } probed;
};

/* Whether services can keep a group. The first call tries it and creates the base, even if no service asks for a
 * group; so does the next one, if memory, descriptors or processes were short. */
bool cgroups_probe(struct cgroups *cgroups);

/* Creates the base in this place and enables these controllers (enum controller). false with the reason in why, which
 * begins with the option: "tasks_max: ...". */
bool cgroups_prepare(struct cgroups *cgroups, const struct cgroup_delegation *place, unsigned controllers,
		     const char *option, struct buf *why);

/* The path of the group of a service's instance with this number, for the caller to free(). Does not create the group.
 * NULL: out of memory. */
char *cgroups_instance_path(const struct cgroups *cgroups, const char *service, uint64_t number);

/* Opens the group that a service keeps with O_PATH, for starts only; it is created if it is missing. -1 and errno. */
int cgroup_service_open(const char *path);

/* Removes all empty groups; if none is left, also undoes the changes to superd's own group. */
void cgroups_end(struct cgroups *cgroups);

#define CGROUP_DEPTH_MOST 32            /* levels of groups below one */

bool cgroup_is_populated(const char *path); /* or cannot be asked for a shortage; false also where there is none */
bool cgroup_signal(const char *path, int signal);       /* to each of its processes, and of the groups below it; false: not to all */
void cgroup_kill(const char *path);             /* SIGKILL for all of them, also for processes that they fork meanwhile */
bool cgroup_remove(const char *path);           /* with the groups below it; true: it is gone */

/* The base folder: the parent of all control groups of one superd. */

#define CGROUP_NAME_MOST 200            /* bytes of a group's name in it at most */

/* Creates the base folder below `own`, superd's own group, with superd's pid in its name. If processes are still in that
 * of an earlier superd with this pid, chooses another name. Returns the path for the caller to free(); NULL and errno. */
char *cgroup_parent_claim(const char *own);

/* Memory and CPU time of a process or a control group, from /proc and the group's files. Values are below 0 if they are
 * unknown, as without /proc. */

struct resource_usage {
	/* Resident bytes; of a group what memory.current counts, else what its processes have; -1: unknown. */
	int64_t memory;
	double cpu;                     /* CPU seconds since its start; below 0: unknown */
};

struct resource_usage resource_usage_of_process(pid_t pid);

/* The usage of a control group. is_shared: the group had other processes before, so only the present processes' CPU
 * time counts. */
struct resource_usage resource_usage_of_cgroup(const char *path, bool is_shared);

#define OOM_SCORE_TEXT 8                /* bytes of an oom_score_adj as a text */

/* ---- port_owner.c ---- */

/* Finds the processes that have ports, as ss -p does: by sock_diag(7) and /proc. */

struct buf;

/* The TCP listeners and the UDP sockets of this machine's network, and the processes that have them. A search for all
 * at once, for a table of many services; port_owner is for one port. */
struct port_socket {
	uint8_t protocol;               /* IPPROTO_TCP or IPPROTO_UDP */
	enum endpoint_family family;    /* ANY: of IPv6, and it takes IPv4 clients too */
	uint16_t port;
	unsigned interface;             /* index of the one that it is bound to; 0: none */
	uint8_t address[16];            /* network order; the first 4 bytes of an IPv4 socket count */
	ino_t node;
	pid_t holder;                   /* a process that has it; 0: unknown, or only root may see it */
	bool has_superd;                /* one of those that have it is this process, or a superd (port_table_find_holders) */
};

struct port_table {
	struct port_socket *list;       /* owned; by port */
	size_t count, capacity;
};

/* Lists the sockets. false: the kernel does not list them, or out of memory. */
bool port_table_read(struct port_table *ports);

/* Whether the socket is in the way of one at this address: their kinds, ports, families, interfaces and hosts meet. */
bool port_socket_blocks(const struct port_socket *socket, const struct endpoint *wanted);

/* Sets their holders. Reads the descriptors of every process, and follows none.
 * only_own: of all superds, only this process sets has_superd. */
void port_table_find_holders(struct port_table *ports, bool only_own);

/* The index of the first socket with a port of at least this number; count: none. */
size_t port_table_first(const struct port_table *ports, uint16_t port);

void port_table_free(struct port_table *ports);

void process_describe(pid_t pid, struct buf *out);      /* appends "pid 4711 (nginx)", also "(nginx, stopped until SIGCONT)" */

/* The first process that has a socket which keeps superd from this TCP or UDP address. Of TCP only listeners count. 0: it
 * is unknown, as only root sees all processes' descriptors, or such searches have taken so much time lately that the loop
 * would suffer. */
pid_t port_owner(const struct endpoint *address);

/* The TCP port of a listening socket that the process has, and superd does not. 0: none, or unknown as above. */
uint16_t process_own_port(pid_t pid);

/* ---- bind_filter.c, user_notif.c ---- */

/* The seccomp filter of a service with pass = bind: it stops the calls below and allows all else.
 *
 * What a program does by io_uring(7) passes by every filter: a bind and a listen since Linux 6.11, an accept long
 * before. */

struct sock_fprog;
struct user_call;

enum trapped { TRAPPED_NONE, TRAPPED_BIND, TRAPPED_LISTEN, TRAPPED_CONNECT, TRAPPED_UNLINK };

/* Makes the program, as one block for the caller to free(). It stops bind(2) and listen(2); has_paths: a listener has a
 * path, so also unlink(2), and connect(2) of a unix socket. The length of an address can show that superd has no
 * listener of its family; the kernel then executes the call: a bind without has_paths, and a connect.
 * lengths: the possible lengths of an address of a unix listener; calls with these are stopped. NULL and errno: ENOMEM;
 * ENOTSUP: superd does not know this machine's architecture. */
struct sock_fprog *bind_filter_make(bool has_paths, const uint32_t *lengths, size_t count);

/* A stopped call, by its arguments. */
struct trapped_call {
	enum trapped kind;
	int fd;                         /* descriptor; UNLINK: that of the folder, or AT_FDCWD */
	uint64_t at;                    /* where the address is in the process's memory; UNLINK: the path */
	uint64_t length;                /* BIND, CONNECT: length of the address */
};

/* Finds out the call. TRAPPED_NONE: it is none that superd answers. */
struct trapped_call trapped_call_read(const struct user_call *call);

/* Answers system calls of another process: seccomp_unotify(2). A filter of that process stops a call, and superd reads
 * it. superd passes the call on to the kernel, answers it in the kernel's place, or first puts a descriptor into the
 * process.
 *
 * Linux has all of it since 5.9. */

/* A call that waits for its answer. */
struct user_call {
	uint64_t id;                    /* its number, for the answer */
	pid_t thread;                   /* thread that made it (gettid(2)), as this process sees it; 0: not visible from here */
	uint32_t architecture;          /* AUDIT_ARCH_x */
	int number;                     /* of the system call, of that architecture */
	uint64_t arguments[6];
};

/* Tries whether this kernel, and the filters that superd itself runs under, allow all of it: 0, or an errno. For a
 * process of its own (spawn_probe), which has the filter from then on. */
int user_notif_try(void);

/* Receives the next call. Blocks if none waits, so poll(2) for POLLIN first. false and errno; ENOENT: the thread was
 * interrupted, and there is nothing to answer. */
bool user_notif_receive(int notif, struct user_call *call);

/* Whether the call still waits. Data read from its thread before is valid only if this is true: the thread may have
 * ended, and its number may belong to another one. */
bool user_notif_is_waiting(int notif, uint64_t id);

/* The kernel executes the call, with the contents that the thread's memory has by then. Never blocks. */
bool user_notif_let_go(int notif, uint64_t id);

/* The call returns -1 and this errno; 0: it returns 0. Never blocks. */
bool user_notif_answer(int notif, uint64_t id, int error);

/* Puts a copy of fd in the place of the process's descriptor `at`, which is closed there. Blocks until the thread has
 * done it, which may have to wait for processor time. false and errno. */
bool user_notif_place_fd(int notif, uint64_t id, int fd, int at, bool close_on_exec);
