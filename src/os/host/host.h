/* The machine, and superd's rights on it. */
#pragma once

#include <linux/filter.h>
#include <netdb.h>

#include "table/service/service.h"

/* ---- rights.c, raw_syscall.c ---- */

/* superd's own capabilities (capabilities(7)), as the kernel reports them: root may lack some, and another user may
 * have some. */

/* The sets of the calling thread, bit CAP_x, by the raw system calls: async-signal-safe. false and errno. */
struct capability_sets {
	uint64_t effective, permitted, inheritable;
};

bool capabilities_read(struct capability_sets *sets);
bool capabilities_write(const struct capability_sets *sets);

/* Whether superd has this capability (CAP_x of <linux/capability.h>) in its permitted set, so that superd or a child
 * can raise it, or a backend can be given it. */
bool capability_held(int capability);

/* Whether the service runs as root and may signal any process. If it does not, superd must not signal a pid that the
 * service reports. */
bool capability_kills(const struct service *service);

/* The lowest port that needs no privilege: net.ipv4.ip_unprivileged_port_start (ip(7)); 1024 if that cannot be read. */
int capability_port_start(void);

/* superd's own privileges: its capabilities, those that its children would inherit, and whether other processes of its
 * user may trace it. Source: capabilities(7).
 *
 * A child inherits its parent's ambient and inheritable sets, and an exec adds from both. superd empties both when it
 * starts, before it has threads. Then its children inherit nothing, and no start pays a system call for it. superd
 * remembers both sets for programs that take its own place: its successor in an upgrade, and the main command (process
 * defaults). */

/* Empties the ambient and the inheritable set. To be called first, while there is one thread. Returns the former
 * ambient set, bit CAP_x. If the kernel refuses, each child empties them itself, or its start fails
 * (os/host/raw_syscall). */
uint64_t own_privileges_clear_inheritable(void);

/* Replaces the session keyring that superd was started with by an empty one that takes no keys (keyctl(2),
 * session-keyring(7)): backends must not reach the keys of the user who started superd, nor share keys with each other.
 * Does nothing if superd may not change users: then all backends have superd's user anyway. */
void own_privileges_leave_keyring(void);

/* Keeps other processes of superd's user from tracing it, from its files in /proc, and from its core files
 * (PR_SET_DUMPABLE, prctl(2)). */
void own_privileges_hide_process(void);

/* The effective set of the loop's thread. Capabilities that only children use (namespaces, mounts, changes of the user)
 * stay permitted, and each child raises them again (raw_raise_effective). The bounding set stays as it is, as a later
 * table may have a backend of root's that keeps all of it.
 *
 * A thread inherits the set of the thread that creates it. Threads that live on call own_privileges_use themselves. */
void own_privileges_use(uint64_t capabilities); /* bit CAP_x; capabilities that are not permitted are ignored */
void own_privileges_use_all(void);

/* Makes all permitted capabilities effective. Returns the former effective set, for own_privileges_use. */
uint64_t own_privileges_raise(void);

/* Drops all capabilities but these (bit CAP_x) for good: for processes beside superd. */
void own_privileges_drop_others(uint64_t capabilities);

/* For superd's own exec: the first restores both sets as superd found them, the second empties them again if the exec
 * failed. */
void own_privileges_restore_inheritable(void);
void own_privileges_clear_inheritable_again(void);

/* The ids of superd's user namespace (user_namespaces(7)). A process cannot change to an id that is not mapped there:
 * setresuid(2), setresgid(2) and setgroups(2) fail with EINVAL. */

/* Whether one line of the map contains all `count` ids from `first`; true without /proc. */
bool id_map_has_uids(unsigned first, unsigned count);
bool id_map_has_gids(unsigned first, unsigned count);

/* System calls for a child between fork and exec that libc lacks, or wraps with more than the child may do. All are
 * async-signal-safe and return 0, or -1 and errno. Where a Linux feature is missing, the fallback fails with ENOTSUP or
 * ENOSYS. */

/* Whether a child may inherit ambient or inheritable capabilities from superd; then each child empties both sets
 * itself. own_privileges_clear_inheritable sets it to false once superd's own sets are empty, which saves each start
 * the calls. */
extern bool inheritable_caps_possible;

/* Whether superd's session keyring is its own, empty, and takes no keys, so that a child may keep it. Set by
 * own_privileges_leave_keyring. */
extern bool has_own_keyring;

/* CLOSE_RANGE_UNSHARE: own descriptor table with a copy of those below `from` (close_range(2)). */
int raw_unshare_fds(unsigned from);
/* Makes all permitted capabilities effective in a child, as superd has lowered its own (os/host/rights). */
void raw_raise_effective(void);

/* Executes one of superd's own programs, given by its descriptor, with superd's rights, also if superd is not root (the
 * ambient set of capabilities(7)), and with superd's environment, without what steers the loader (ld.so(8)). Returns -1
 * and errno. */
int raw_execute_own(int program, char *const *argv);
/* The same with this environment, for a child in superd's memory. */
int raw_execute_own_with(int program, char *const *argv, char *const *environment);

/* SIGKILL for the calling process, unless it has executed a program by then; it ends one that is stopped, too. */
int raw_kill_unless_executed(unsigned seconds);

/* Makes the child dumpable (PR_SET_DUMPABLE, prctl(2)): its user then owns the files in /proc/self that the child may
 * have to write. */
void raw_set_dumpable(void);

/* As setgroups(2), setresgid(2) and setresuid(2), but for the calling thread only, and a process whose memory was not
 * dumpable stays so. */
int raw_set_groups(size_t count, const gid_t *groups);
int raw_set_gid(gid_t gid);                             /* real, effective and saved */
int raw_set_egid(gid_t gid);                            /* effective only */
int raw_set_uid(uid_t uid);
int raw_set_euid(uid_t uid);                            /* effective only */
/* Executes the file that this descriptor leads to, which is close-on-exec: a program, and no script (execveat(2)). */
int raw_execute(int fd, char *const *argv, char *const *environment);

/* ---- fs ---- */

/* Whether a path leads where the administrator meant: which users, apart from root and superd's own, can change what
 * one of its names refers to, or make a process that looks it up wait.
 *
 * superd may open, stat or execute a path itself only if no flaw is found. Otherwise the owner of a folder on the way
 * could put a link there, or mount a file system of his own (FUSE) that never answers. */

struct stat;

/* Flaws of a path, as bits; callers ask for those that matter to them. */
enum path_flaw {
	PATH_NO_FLAW = 0,
	PATH_OWNER = 1,         /* a folder on the way belongs to another user, or its access list lets one write */
	PATH_GROUP = 2,         /* a group but root's may write to a folder on the way, which is not sticky */
	PATH_WORLD = 4,         /* everyone may write to a folder on the way, which is not sticky */
	PATH_REMOTE = 8,        /* it is on FUSE, on a network file system, or on one of a kind that superd does not know */
	PATH_MOUNTED = 128,     /* the same, if a user has mounted it; the finding is PATH_REMOTE */
	PATH_FILE = 16,         /* the file itself belongs to another user, or others can write it */
	PATH_BROKEN = 32,       /* it is too long, has too many links, or cannot be examined; always reported */
};

#define PATH_ANY_FLAW (PATH_OWNER | PATH_GROUP | PATH_WORLD | PATH_REMOTE | PATH_FILE)

/* The first flaw of a path, filled in by path_is_trusted. */
struct path_finding {
	enum path_flaw flaw;            /* PATH_NO_FLAW: none */
	char place[PATH_MAX];           /* the flawed folder or file, as a path without links */
	uid_t owner;                    /* owner of `place`; with PATH_REMOTE the user who mounted a FUSE, 0 if unknown */
	gid_t group;                    /* group of `place` */
	bool is_listed;                 /* with PATH_OWNER: its access list (acl(5)) lets `owner` write */
	bool is_sticky;                 /* without a flaw: others may write the file's folder, which is sticky */
	bool is_last;                   /* of path_folder_is_trusted: `place` is the folder of the last name */
	int error;                      /* with PATH_BROKEN: errno of the look that failed; 0: too long, or too many links */
	char system[32];                /* with PATH_REMOTE: type of the file system, as in proc_pid_mountinfo(5) */
	/* With PATH_WORLD: a name does not exist in `place`, which is sticky; superd can create it first. */
	enum { NAMES_EXIST, FOLDER_MISSING, LAST_MISSING } missing;
};

/* Whether it is root, superd's own user, or in a user namespace a user of the machine outside. */
bool path_uid_is_own(uid_t owner);

/* Type, mode and owner by statx(2), with its flags. *mount: the mount whose root it is, as in mountinfo; 0: it is none. */
int path_stat_mount(const char *path, int flags, struct stat *status, uint64_t *mount);

/* Follows an absolute path from /, folder by folder and link by link. Stops before it enters a folder that is not
 * trusted, so it never waits for another user's file system. A name that does not exist is no flaw if no other user
 * could create it. true: no flaw. Every group but root's is somebody's: a user's first group, and that of a program or a
 * service, are in no list of members. */
bool path_is_trusted(const char *path, unsigned flaws, struct path_finding *finding);

/* The same, but a group that is_empty says has no members does not count. */
typedef bool path_group_test(void *context, gid_t group);
bool path_is_trusted_but(const char *path, unsigned flaws, path_group_test *is_empty, void *context,
			 struct path_finding *finding);

/* The same for the folder that the path's last name is in, for work on that name. */
bool path_folder_is_trusted(const char *path, unsigned flaws, struct path_finding *finding);

/* The same with this text of mountinfo, and all that is mounted later is unknown; for tests. */
bool path_is_trusted_by(const char *mounts, const char *path, unsigned flaws, struct path_finding *finding);

/* Appends the finding: "/home/u/bin belongs to user 1000", with the file system or group where that matters. */
void path_finding_describe(const struct path_finding *finding, struct buf *out);

/* The flaws by which another user could redirect a path, or make the process that opens it wait. */
#define PATH_OPEN_FLAWS (PATH_OWNER | PATH_GROUP | PATH_WORLD | PATH_REMOTE)

/* Whether the finding is a folder of root's or superd's own that others may write, too. */
bool path_is_shared(const struct path_finding *finding);

/* Opens a file with superd's rights, as open(2), so that nobody else chooses which one, and it never waits. From the first
 * folder of root's on that others may write, no link is followed, and no mount entered that may not answer; the file must
 * be a regular one with one name that belongs to root, superd's user or `account`, and to read it, it must be that
 * account's or for all to read. So Ubuntu's /var/log, which the group syslog may write, can have superd's files. Folders
 * of other users are not entered, but for the account's. With O_PATH it only looks. account: for whom the file is opened;
 * NULL: for strangers. -1 and errno, with the flaw in `finding`. */
int path_open(const char *path, int flags, mode_t mode, const struct account *account, struct path_finding *finding);

/* Opens a file of superd's own, such as its log, its pid file or a banner. The path may be relative. -1 and errno, with the
 * reason in why. */
int own_file_open(const char *path, int flags, mode_t mode, struct buf *why);

/* Whether that would be refused; a file may be missing. false with the reason in why. */
bool own_file_is_safe(const char *path, struct buf *why);

/* Appends the finding behind a path: ": /home/u belongs to user 1000, who could lead it elsewhere". */
void path_finding_add(const struct path_finding *finding, struct buf *out);

/* Files of superd's own at well-known paths that no other user can influence: links that others could make are never
 * followed, and files of other users are never written. */

/* Whether only root and superd's own user can change what this absolute path refers to: its folder, and all folders
 * above, must belong to them, or be sticky. false with the reason in why. */
bool private_folder_is_safe(const char *path, struct buf *why);

/* Writes a whole file, first beside the path and then renamed, so that it replaces a link, too; if that fails, the old
 * file stays. Makes the folder if it is missing, and returns when the disk has the file. Only its owner may read it. The
 * folder must be safe as above. length 0: removes the file, if there is one. false with the reason in why. */
bool private_file_put(const char *path, const char *text, size_t length, struct buf *why);

/* The text of such a file, NUL-terminated, for the caller to free(). NULL: it does not exist. NULL with the reason in
 * why, and errno: it is not trusted, as another user could have written it, is no regular file, has more than `most`
 * bytes, or cannot be read. */
char *private_file_get(const char *path, size_t most, size_t *length, struct buf *why);

/* Texts as files without a name (memfd_create(2)): for a child to read, or to survive an exec. */

/* A close-on-exec descriptor to read the text from, which nobody can change. -1 and errno. */
int memory_file(const char *text, size_t length);

/* The interpreter that the kernel opens together with a program: the one that a script names after #!, or the loader
 * that an ELF file names in PT_INTERP. If it is missing, execve(2) fails with ENOENT although the program exists.
 *
 * These functions open and read files, which may block: the caller first makes sure that they may. */

#define INTERPRETERS_MOST 5             /* interpreters of interpreters; with more, execve(2) fails with ELOOP */

enum interpreter {
	INTERPRETER_NONE,               /* it needs none, or it is not a file that could be executed */
	INTERPRETER_FOUND,              /* the path may be relative, or end with the \r of DOS line ends */
	INTERPRETER_UNKNOWN,            /* it cannot be read, or is for a machine with other words */
};

/* Looks below `root`, a root_directory; NULL: superd's own root. `program` may be `path`. */
enum interpreter interpreter_find(const char *root, const char *program, char path[PATH_MAX]);

/* Whether this interpreter does not exist. true with the reason in why: "its interpreter '/bin/sh\r' (the file has DOS
 * line ends) is not there". */
bool interpreter_is_missing(const char *root, const char *path, struct buf *why);

/* stat(2) of a path as a process with this root_directory would see it (openat2(2), RESOLVE_IN_ROOT): absolute links
 * start at that root. root NULL: superd's own root. The lookup may block; the caller first makes sure that it may. */
int root_path_stat(const char *root, const char *path, struct stat *status);

/* The folder for files that last until the next boot. superd keeps its own in "superd" below it. */

const char *runtime_dir(void);          /* "/run"; for an unprivileged superd the user's (XDG_RUNTIME_DIR) */

/* ---- foreign.c ---- */

/* What may hang, or lies in folders of other users: a process of its own does it, with the rights of their owner
 * (foreign_run). In front of that are helpers for every forked child: its report, its descriptors, its end, its memory. */

/* Opens a pipe, both ends close-on-exec and non-blocking. The writing end gets a number of at least `least`: the child
 * arranges its own descriptors below that, and a report must never reach a client. false and errno. */
bool fork_fds_open_report(int ends[2], int least);

/* Closes all descriptors from 3 on except those in `kept` (entries of -1 are ignored), `also` and `file` (0 or -1: none). A child
 * that waits calls it: as long as it holds a copy of a socket or pipe, the other end sees no end of file. */
void fork_fds_close_others(const int *kept, int count, int also, int file);

/* Waits for a child that is about to end, by polling waitpid(2), and writes its wait status unless status is NULL.
 * false: it did not end in time; the loop reaps it later. */
bool waitpid_timeout(pid_t pid, int milliseconds, int *status);

/* Memory that superd shares with its guard. A forked process that meets what strangers made, or becomes another user, must
 * not be able to write to it: it loses it. */

/* Notes the mapping, which lives as long as the process. There is one. */
void fork_memory_note(void *memory, size_t length);

/* Call it in a forked child that continues with superd's code: removes the mapping. */
void fork_memory_unshare(void);

/* Work on paths that lead through folders of other users. Such a user can put links there, or mount a file system that
 * never answers. So a separate, short-lived process does the work, with the rights of the folder's owner. */

/* Whether other users can change where this path's folder leads, for work on the name in it that follows no link there: a
 * group that may write that folder alone changes no way. Fills in `finding`. */
bool path_is_foreign(const char *path, struct path_finding *finding);

/* Also follows the last name of the path, for work on what it leads to. */
bool path_leads_to_foreign(const char *path, struct path_finding *finding);

/* Chooses the rights for a path with this finding: those of the owner of the first folder that is not superd's. If all
 * users may write to that folder, the rights of uid; if a group may, those of `known`. The owner's groups are found by
 * `known` (act_as_whom). Fills in `account` and returns it. NULL: superd's own rights are no greater. */
const struct account *foreign_actor(const struct path_finding *finding, uid_t uid, const struct account *known,
				    struct account *account);

#define WORK_TEXT_MOST (128 << 10)          /* bytes of a work's text at most; EFBIG */

/* The work. Returns a descriptor (a socket or a FIFO), or -1 and errno. It runs in a copy of superd's memory without
 * superd's descriptors. */
typedef int foreign_work(const void *with, struct buf *why);

/* Runs work on this path in a process of its own, which keeps one descriptor open (-1: none). Returns the work's
 * descriptor, which the caller owns, or -1 and the work's errno, with its reason in why. ETIMEDOUT: it took longer than a
 * second, and was killed. Then work on the same path fails at once for some seconds. passes_fd: without it superd takes
 * no descriptor, whose close may hang, from a process that another user's file has taken over. */
int foreign_fork(const char *path, foreign_work *work, const void *with, int kept, bool passes_fd, struct buf *why);

/* Runs work here if no other user can change where the path leads, else in such a process with the rights of the
 * folder's owner (`known`: as for foreign_actor). follows: the last name of the path, too. The work sets errno to 0 if it
 * is done, and adds to text. false and errno. */
bool foreign_run(const char *path, bool follows, const struct account *known, foreign_work *work, const void *with,
		 struct buf *text);

/* As such a timeout does, for work that was too long in all. */
void foreign_give_up(const char *path);

/* Lets a forked process act with a user's rights for a while, so that it opens only files that the user could open. For
 * a process forked by fork(2) only: not for superd itself, nor for a child that shares superd's memory (CLONE_VM).
 * Source: credentials(7), capabilities(7). */

/* The rights from before act_as_begin, which writes them, for act_as_end. */
struct act_as {
	uid_t uid;                      /* effective user */
	gid_t gid;                      /* effective group */
	int group_count;                /* number of supplementary groups */
	const struct account *account;  /* the user to act as, borrowed; NULL: nothing was changed */
	uint64_t capabilities;          /* effective set */
	struct account owner;           /* act_as_owner's */
};

/* The account of the user who can lead a path elsewhere: `known` if it is his, as its groups are, else one without a
 * group: that of his folder proves nothing about him. known NULL: nobody's groups are known. It also serves for a user who
 * has no number in this user namespace, whom no process can become: what it reaches is no secret from its service. */
struct account act_as_whom(uid_t user, const struct account *known);

/* Takes on the account's user, groups and rights, and gives them back. account NULL: nothing changes. The real user
 * stays superd's, so that the user cannot signal the process. false and errno: the process must end. */
bool act_as_begin(struct act_as *before, const struct account *account);
bool act_as_end(const struct act_as *before);

/* Opens what the configuration names for this account to read, in such a process: with superd's rights if no other user
 * can lead the path elsewhere, else with those of the service, or of the folder's owner. A service of root or superd's own
 * user has no smaller ones: as path_open. -1 and errno. */
int path_open_to_read(const char *path, const struct account *known);

/* The same for a standard stream, which may be a fifo or, with its connection, a socket. A service of root has a stream
 * only in folders of root's. */
int path_open_stream(const char *path, int flags, mode_t mode, const struct account *account);

/* The same with the rights of whoever can lead this path elsewhere (foreign_actor, with this `known`), for work on what
 * it leads to; nothing changes if there is nobody. Fills in `finding`, whose flaw is then 0. Keeps errno at the end. */
bool act_as_owner(struct act_as *before, const char *path, const struct account *known, struct path_finding *finding);

/* ---- foreign_file.c ---- */

/* Files that other users may lead elsewhere: superd itself does the work if no other user can change the path or its
 * target, else a fork of it, with the rights of the folder's owner and for at most a second (foreign_fork). errno
 * ETIMEDOUT: it did not finish in time. */

/* As fd_read_file: the text of the file, at most `most` bytes, for the caller to free(). account: the service's, which
 * has its groups (foreign_actor). NULL and errno. */
char *foreign_read_file(const char *path, const struct account *account, size_t most, size_t *length);

/* Appends the names that match a pattern (glob(3)), sorted, each followed by a NUL. false and errno; ENOENT: no match. */
bool foreign_glob(const char *pattern, struct buf *names);

int foreign_unlink(const char *path);           /* unlink(2): 0, or -1 and errno */

/* ---- program.c ---- */

/* superd's own programs, such as superd-builtin. superd opens them once, when it starts or is upgraded, and executes
 * these files until it is upgraded itself, whatever is installed at their paths meanwhile.
 *
 * A superd in SBINDIR takes them from PKGLIBEXECDIR. A superd elsewhere, in a tree that was moved or is not yet
 * installed, first looks in ../libexec/superd beside its own folder, if nobody else may write there, and in its own
 * folder. Then it looks in PKGLIBEXECDIR. */

enum program {
	PROGRAM_LOOKUP, PROGRAM_BIND, PROGRAM_BUILTIN, PROGRAM_EXEC, PROGRAM_FILTER, PROGRAM_OUTPUT, PROGRAM_READ,
	PROGRAM_RPC, PROGRAM_WEB, PROGRAMS
};

#define PROGRAM_OTHER_BUILD 99          /* exit status of a program that superd of another build has started */

struct own_program {
	const char *name;               /* superd-builtin */
	const char *path;               /* of the file that was opened; NULL: none was */
	int fd;                         /* to be executed (O_PATH); -1: it was not found, or for `error` */
	int error;                      /* the first error other than ENOENT; else ENOENT */
};

/* Opens all programs, the first time that it is called. kept: a descriptor for each that the superd before had open,
 * and that is executed in place of what is installed by now; -1: none. NULL: there are none. */
void programs_open(const int *kept);

/* The program; opens all if programs_open was not called before, and looks again for one that was not found. Any thread
 * may ask. */
const struct own_program *program_get(enum program which);

/* The same without looking again: the loop may ask, where a folder may not answer. */
const struct own_program *program_known(enum program which);

/* How many were opened so far. Any thread may find one that was missing. */
unsigned programs_found(void);

/* Appends a message: "superd's own program superd-builtin is missing; superd searched /usr/libexec/superd, …". */
void program_describe_missing(enum program which, struct buf *out);

/* Appends what PROGRAM_OTHER_BUILD means, and what to do. */
void program_describe_other(enum program which, struct buf *out);

/* The begin of each of superd's own programs. */

/* Names the process and takes the word alone, for a program that becomes another one. false: it is that of another
 * build, or of none. */
bool program_take_word(const char *name, int *argc, char **argv);

/* The first call of main: confines the process (self_sandbox_begin), names it, and takes the first word of its
 * arguments, that of superd's build (build_word), out of argv. Another first word is that of another build, or of none:
 * the process ends with PROGRAM_OTHER_BUILD and a message. by_hand: the program may be run without a word, too. */
void program_begin(const char *name, bool by_hand, int *argc, char **argv);

/* The program file that superd was started from, which is a new version once superd was upgraded, and its execution. */

/* Its absolute path, for the caller to free(). To be called at the start: the path that was executed counts if it leads
 * to the running file, else /proc/self/exe. NULL and errno. */
char *self_exe_path(void);

#define OWN_NAME_MOST 15                /* bytes of a process's name, without the NUL (TASK_COMM_LEN) */

/* Sets the name that ps(1) shows for this process (PR_SET_NAME, prctl(2)); an exec sets it again. */
void self_exe_set_name(const char *name);

/* Lets these descriptors stay open over an exec, or sets them close-on-exec. */
void self_exe_pass(const int *fds, size_t count, bool passed);

/* Finds a program named without a slash by a PATH, for commands of the command line only: the configuration names
 * programs by absolute paths. */

/* Writes the program's path: `name` itself if it has a slash, else the first executable file of that name in `path`
 * (NULL: a default). false if there is none; `out` is then `name`. */
bool path_search(const char *name, const char *path, struct buf *out);

/* ---- self_sandbox.c ---- */

/* The sandbox of superd's own programs. Before a process reads any data from a stranger, it drops new privileges, files,
 * other programs, and every system call that its work does not need, and no other process may trace it. A program does
 * this itself, because only it knows when it has opened everything that it needs.
 *
 * Parts that the kernel lacks are left out, and superd --version names them; the helper's own user, the empty
 * bounding set and no_new_privs remain. A build with sanitizers has no sandbox, as their runtimes trace and write
 * files. Sources: landlock(7), seccomp(2), prctl(2). */

#define SANDBOX_PORTS 8

/* The rights that a program still needs beside its open descriptors, memory and time. contrib/doc/privileges.md says who has which. */
enum self_right {
	MAY_SEND = 1 << 0,              /* messages to an address, and descriptors */
	MAY_CONTROL = 1 << 1,           /* requests to a filter of system calls that is open */
	MAY_WRITE_FILES = 1 << 2,       /* files that are open may grow */
	MAY_TAKE_CLIENTS = 1 << 3,      /* accepts connections, and waits for many at once (epoll(7)) */
	MAY_CONNECT = 1 << 4,           /* to IPv4 and IPv6 addresses */
	MAY_CONNECT_UNIX = 1 << 5,
	MAY_ANSWER_UNIX = 1 << 6,       /* sends datagrams to unix sockets, abstract ones too */
	MAY_BIND = 1 << 7,              /* TCP sockets to an address, with port 0 (the kernel's choice) */
	/* Looks up hosts: opens files for reading, loads modules of NSS (nss(5)), creates sockets of any
	 * kind. */
	MAY_FIND_NAMES = 1 << 8,
	MAY_CHANGE_USER = 1 << 9,       /* as far as its capabilities allow, and these, which the change would take away */
	MAY_READ_FILES = 1 << 10,       /* opens any file for reading that its user may open */
	MAY_QUERY = 1 << 11,            /* creates sockets, to query the kernel */
	/* Reads memory, descriptors and /proc entries of other processes. A process in a Landlock domain may not do
	 * that (landlock(7), "Ptrace restrictions"), so it has none. */
	MAY_LOOK = 1 << 12,
};

/* A zeroed struct allows nothing but open descriptors. */
struct self_sandbox {
	unsigned rights;                /* of enum self_right */
	uint16_t ports[SANDBOX_PORTS];  /* the only TCP ports that it connects to */
	size_t port_count;
};

/* To be called first in main: no process of the same user may trace this one, read its memory or copy its descriptors;
 * it gets no new privileges and leaves no core. A program that it executes is free again, except for new privileges. */
void self_sandbox_begin(void);

/* Applies the rest of the sandbox. It cannot be undone. A part that the kernel has, and cannot apply now, as for lack of
 * memory or descriptors, ends the process with EXIT_FAILURE and a message. */
void self_sandbox_enter(const struct self_sandbox *sandbox);

/* Whether this build and this kernel have the two parts of a sandbox: a filter of system calls, and Landlock. Apply
 * nothing. */
bool self_sandbox_can_filter(void);
bool self_sandbox_can_restrict(void);

/* Adds the TCP ports that a name lookup may need. */
void self_sandbox_add_name_ports(struct self_sandbox *sandbox);

/* ---- bpf.c ---- */

/* Address rules that the kernel applies before superd sees a client: a classic BPF program on the listening socket
 * (socket(7), SO_ATTACH_FILTER). The kernel drops a packet that is not allowed before it queues it: for TCP the SYN,
 * for UDP the datagram. Used for accept = no with only_from or no_access. Below: programs of control groups, for devices
 * and packets. */

/* A program of classic BPF while it is made. */
struct bpf_code {
	struct sock_filter list[BPF_MAXINSNS];
	size_t length;                  /* more than BPF_MAXINSNS: it does not fit, and `list` is of no use */
};

/* Appends an instruction, and returns its place; 0: there is no room. yes, no: how many to skip. */
static inline size_t bpf_emit(struct bpf_code *code, unsigned operation, uint32_t k, unsigned yes, unsigned no)
{
	if (code->length++ >= BPF_MAXINSNS)
		return 0;
	code->list[code->length - 1] = (struct sock_filter){ (uint16_t)operation, (uint8_t)yes, (uint8_t)no, k };
	return code->length - 1;
}

/* Compiles a program that passes only what `access` permits, for a socket of this family (AF_INET, AF_INET6). The
 * program lies in the pool. NULL with the reason in why: the rules contain host names or interfaces, there are more networks than the
 * kernel's 4096 instructions (BPF_MAXINSNS) hold, or memory is short. */
const struct sock_fprog *socket_filter_compile(const struct access *access, int family, struct pool *pool,
					       struct buf *why);

/* Sets the filter of a socket; NULL removes it. 0, or -1 and errno; EPERM: another one is locked. */
int socket_filter_attach(int fd, const struct sock_fprog *filter);

/* Locks the filter, for all who have the socket and for ever: SO_LOCK_FILTER of socket(7). false and errno. */
bool socket_filter_lock(int fd);
bool socket_filter_is_locked(int fd);

/* Whether both are the same program; NULL is no program. */
bool socket_filter_equal(const struct sock_fprog *a, const struct sock_fprog *b);

/* BPF programs (bpf(2)) that filter a control group's device accesses and IP packets: BPF_PROG_TYPE_CGROUP_DEVICE and
 * BPF_PROG_TYPE_CGROUP_SKB. Async-signal-safe, as the child attaches them. ENOSYS where superd was built without
 * bpf(2). */

struct bpf_insn;

enum cgroup_bpf_kind { CGROUP_BPF_DEVICES, CGROUP_BPF_INGRESS, CGROUP_BPF_EGRESS, CGROUP_BPF_KINDS };

/* A BPF program, borrowed from the caller that assembled it. */
struct cgroup_bpf_program {
	const struct bpf_insn *code;
	size_t count;                   /* number of instructions; 0: no program */
};

/* Loads a program and attaches it to a control group, given by its descriptor, beside those that are attached already.
 * 0, or -1 and errno. */
int cgroup_bpf_attach(const struct cgroup_bpf_program *program, enum cgroup_bpf_kind kind, int group);

/* Whether this kernel lets superd load and attach programs of this kind. It loads one and drops it again. false and
 * errno. */
bool cgroup_bpf_is_possible(enum cgroup_bpf_kind kind);

/* ---- signals.c ---- */

/* The signals that superd handles while it runs (signal(7)): one list for the loop that watches them, and for the child
 * that resets them to their defaults. What each of them does says superd/loop.c. */

/* The nth handled signal, from 0; 0 behind the last. Async-signal-safe. */
int signals_handled(size_t n);

/* Whether the signal ends superd: TERM, INT, QUIT, PWR, RTMIN + 3. */
bool signal_is_stop(int signal);

/* Whether the signal means nothing to superd. superd handles it because its default action would end superd, and
 * because the main command may need it. */
bool signal_is_stray(int signal);

/* ---- hosts_access.c ---- */

/* hosts.allow and hosts.deny (hosts_access(5)). Without a rule in them superd need not ask
 * superd-lookup, which asks libwrap (lookup/libwrap.c). */

/* Whether they have any rule. A file that cannot be read counts as having one. */
bool hosts_access_has_rules(void);

/* A number that is another one after each change of a file. */
uint64_t hosts_access_version(void);

/* ---- rpc_number ---- */

/* Numbers of RPC programs by rpc(5), or by whatever else NSS asks. A libc without the call knows none, so the table has to
 * have the number. */

static inline bool rpc_number_find(const char *name, uint32_t *number)
{
#ifdef HAVE_GETRPCBYNAME_R
	struct rpcent entry, *found = NULL;
	char room[4096];

	if (getrpcbyname_r(name, &entry, room, sizeof(room), &found) || !found)
		return false;
	*number = (uint32_t)found->r_number;
	return true;
#else
	(void)name, (void)number;
	return false;
#endif
}
