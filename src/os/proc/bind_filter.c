/* The program is classic BPF (bpf(2), seccomp(2)), for the calls of superd's own architecture. Those of another one
 * that the kernel runs as well pass by it. */
#include "os/proc/proc.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
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

/* Stops the call with this number, which has been loaded. */
static void add_stop(struct bpf_code *program, int number)
{
	if (number == NO_CALL)
		return;
	bpf_emit(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1);
	bpf_emit(program, BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0);
}

struct sock_fprog *bind_filter_make(bool has_paths, const uint32_t *lengths, size_t count)
{
	/* Lengths of addresses of other families, whose call is the kernel's; a relative path may be as long as an
	 * address of netlink. The lower half of an argument is first, as all of these machines are little-endian. */
	static const uint32_t others[] = { NETLINK_LENGTH, sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6) };
	struct bpf_code program = { .length = 0 };
	struct sock_fprog *made;
	size_t size, jump;

	if (!ARCHITECTURE) {
		errno = ENOTSUP;
		return NULL;
	}
	bpf_emit(&program, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	bpf_emit(&program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	bpf_emit(&program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	bpf_emit(&program, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	add_stop(&program, SYS_listen);
	if (has_paths) {
		add_stop(&program, UNLINK);
		add_stop(&program, SYS_unlinkat);
		add_stop(&program, SYS_bind);
	}
	jump = bpf_emit(&program, BPF_JMP | BPF_JEQ | BPF_K, has_paths ? SYS_connect : SYS_bind, 0, 0);
	bpf_emit(&program, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2]), 0, 0);
	for (size_t n = 0; n < (has_paths ? sizeof(others) / sizeof(*others) : 1); n++) {
		bool is_of_listener = false;

		for (size_t i = 0; i < count; i++)
			is_of_listener |= lengths[i] == others[n];
		if (is_of_listener)
			continue;
		bpf_emit(&program, BPF_JMP | BPF_JEQ | BPF_K, others[n], 0, 1);
		bpf_emit(&program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	}
	bpf_emit(&program, BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0);
	program.list[jump].jf = (uint8_t)(program.length - jump - 1);
	bpf_emit(&program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	size = program.length * sizeof(program.list[0]);
	made = malloc(sizeof(*made) + size);
	if (!made)
		return NULL;
	*made = (struct sock_fprog){ (unsigned short)program.length, (struct sock_filter *)(void *)(made + 1) };
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
