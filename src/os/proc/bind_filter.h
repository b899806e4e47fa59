/* The seccomp filter of a service with pass = bind: it stops the calls below and allows all else.
 *
 * What a program does by io_uring(7) passes by every filter: a bind and a listen since Linux 6.11, an accept long
 * before. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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
