/* Answers system calls of another process: seccomp_unotify(2). A filter of that process stops a call, and superd reads
 * it. superd passes the call on to the kernel, answers it in the kernel's place, or first puts a descriptor into the
 * process.
 *
 * Linux has all of it since 5.9. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

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

/* Whether no process has the filter any more. */
bool user_notif_is_over(int notif);

/* Receives the next call. Blocks if none waits, so poll(2) for POLLIN first. false and errno; ENOENT: the thread was
 * interrupted, and there is nothing to answer. */
bool user_notif_receive(int notif, struct user_call *call);

/* Asks the kernel to switch from the caller to the answering process, and back, on one processor (Linux 6.6). If the
 * kernel cannot, calls take somewhat longer. */
void user_notif_hurry(int notif);

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
