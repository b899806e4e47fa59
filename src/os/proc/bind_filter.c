/* The program is classic BPF (bpf(2), seccomp(2)), for the calls of superd's own architecture. Those of another one
 * that the kernel runs as well pass by it. */
#include "os/proc/bind_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#define NO_CALL (-1)                    /* the architecture has no such call */
#define NETLINK_LENGTH 12               /* of struct sockaddr_nl, which getaddrinfo(3) binds */

#if defined(__x86_64__) && !defined(__ILP32__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__AARCH64EL__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#define ARCHITECTURE 0                  /* pass = bind is not for this one */
#endif
#ifdef SYS_unlink
#define UNLINK SYS_unlink
#else
#define UNLINK NO_CALL
#endif

#define PROGRAM_MOST 256

struct program {
	struct sock_filter list[PROGRAM_MOST];
	unsigned short count;
	const uint32_t *lengths;        /* of addresses of unix listeners */
	size_t length_count;
};

static void add(struct program *program, uint16_t code, uint32_t value, uint8_t then, uint8_t otherwise)
{
	program->list[program->count++] = (struct sock_filter)BPF_JUMP(code, value, then, otherwise);
}

static void add_load(struct program *program, size_t offset)
{
	add(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void add_action(struct program *program, uint32_t action)
{
	add(program, BPF_RET | BPF_K, action, 0, 0);
}

/* Stops the call with this number, which has been loaded. */
static void add_stop(struct program *program, int number)
{
	if (number == NO_CALL)
		return;
	add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1);
	add_action(program, SECCOMP_RET_USER_NOTIF);
}

/* The lower half of an argument: all of these architectures are little-endian. */
static size_t argument(size_t n)
{
	return offsetof(struct seccomp_data, args) + n * sizeof(uint64_t);
}

static bool is_of_listener(const struct program *program, uint32_t length)
{
	for (size_t n = 0; n < program->length_count; n++) {
		if (program->lengths[n] == length)
			return true;
	}
	return false;
}

/* The same for a call with an address, unless its length shows that it is of another family. */
static void add_stop_unless(struct program *program, int number, const uint32_t *lengths, size_t count)
{
	unsigned short jump = program->count;

	add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 0);
	add_load(program, argument(2));
	for (size_t n = 0; n < count; n++) {
		if (is_of_listener(program, lengths[n]))
			continue;
		add(program, BPF_JMP | BPF_JEQ | BPF_K, lengths[n], 0, 1);
		add_action(program, SECCOMP_RET_ALLOW);
	}
	add_action(program, SECCOMP_RET_USER_NOTIF);
	program->list[jump].jf = (uint8_t)(program->count - jump - 1);
}

struct sock_fprog *bind_filter_make(bool has_paths, const uint32_t *lengths, size_t count)
{
	static const uint32_t netlink[] = { NETLINK_LENGTH };
	static const uint32_t no_paths[] = { sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6), NETLINK_LENGTH };
	struct program program = { .lengths = lengths, .length_count = count };
	struct sock_fprog *made;
	size_t size;

	if (!ARCHITECTURE) {
		errno = ENOTSUP;
		return NULL;
	}
	add_load(&program, offsetof(struct seccomp_data, arch));
	add(&program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	add_action(&program, SECCOMP_RET_ALLOW);
	add_load(&program, offsetof(struct seccomp_data, nr));
	add_stop(&program, SYS_listen);
	if (has_paths) {
		add_stop(&program, UNLINK);
		add_stop(&program, SYS_unlinkat);
		add_stop(&program, SYS_bind);   /* a relative path may be as long as an address of netlink */
		add_stop_unless(&program, SYS_connect, no_paths, 3);
	} else {
		add_stop_unless(&program, SYS_bind, netlink, 1);
	}
	add_action(&program, SECCOMP_RET_ALLOW);
	size = program.count * sizeof(program.list[0]);
	made = malloc(sizeof(*made) + size);
	if (!made)
		return NULL;
	*made = (struct sock_fprog){ program.count, (struct sock_filter *)(void *)(made + 1) };
	memcpy(made->filter, program.list, size);
	return made;
}

struct trapped_call trapped_call_read(const struct user_call *call)
{
	const uint64_t *arguments = call->arguments;
	struct trapped_call out = { .fd = (int)arguments[0], .at = arguments[1], .length = (uint32_t)arguments[2] };

	if (call->architecture != ARCHITECTURE)
		return (struct trapped_call){ .kind = TRAPPED_NONE };
	if (call->number == SYS_bind) {
		out.kind = TRAPPED_BIND;
	} else if (call->number == SYS_listen) {
		out.kind = TRAPPED_LISTEN;
	} else if (call->number == SYS_connect) {
		out.kind = TRAPPED_CONNECT;
	} else if (call->number == SYS_unlinkat && !arguments[2]) {      /* without AT_REMOVEDIR */
		out.kind = TRAPPED_UNLINK;
	} else if (call->number == UNLINK && UNLINK != NO_CALL) {
		out.kind = TRAPPED_UNLINK;
		out.fd = AT_FDCWD;
		out.at = arguments[0];
	}
	return out;
}
