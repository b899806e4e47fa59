/* The seccomp filter of a service with pass = bind: it stops the calls below and allows all else. A kernel runs the
 * calls of its 32-bit architecture, too, with numbers of their own; there they may be calls of socketcall(2).
 *
 * What a program does by io_uring(7) passes by every filter: a bind and a listen since Linux 6.11, an accept long
 * before. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock_fprog;
struct user_call;

enum trapped { TRAPPED_NONE, TRAPPED_BIND, TRAPPED_LISTEN, TRAPPED_CONNECT, TRAPPED_UNLINK };

bool bind_is_supported(void);           /* false: configure has left pass = bind out (bind_filter_none.c) */

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

/* Reads `size` bytes of the process's memory. false: that failed. */
typedef bool read_memory(void *context, uint64_t at, void *out, size_t size);

/* Finds out the call. The arguments of socketcall(2) are in the process's memory. false: they cannot be read. */
bool trapped_call_read(const struct user_call *call, struct trapped_call *out, read_memory *read, void *context);
