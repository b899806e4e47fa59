/* The program is classic BPF (bpf(2), seccomp(2)), and the same table of numbers tells later which call was
 * stopped. Sources of the numbers: the kernel's syscall tables (syscall_64.tbl, syscall_32.tbl, unistd.h of
 * asm-generic, syscall.tbl of arm) and linux/net.h for socketcall(2). */
#include "os/proc/bind_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define NO_CALL (-1)                    /* the architecture has no such call */
#define X32 0x40000000                  /* bit of a number of the x32 calls, which have the architecture of amd64 */
#define SOCKETCALL_BIND 2
#define SOCKETCALL_CONNECT 3
#define SOCKETCALL_LISTEN 4
#define NETLINK_LENGTH 12               /* of struct sockaddr_nl, which getaddrinfo(3) binds */

struct architecture {
	uint32_t id;                    /* AUDIT_ARCH_x */
	int bind, listen, connect, unlink, unlinkat, socketcall;
};

/* The architectures whose programs run on one kernel. */
static const struct architecture architectures[] = {
#if defined(__x86_64__) || defined(__i386__)
	{ AUDIT_ARCH_X86_64, 49, 50, 42, 87, 263, NO_CALL },
	{ AUDIT_ARCH_X86_64, X32 | 49, X32 | 50, X32 | 42, X32 | 87, X32 | 263, NO_CALL },
	{ AUDIT_ARCH_I386, 361, 363, 362, 10, 301, 102 },
#elif defined(__aarch64__) || defined(__arm__)
	{ AUDIT_ARCH_AARCH64, 200, 201, 203, NO_CALL, 35, NO_CALL },
	{ AUDIT_ARCH_ARM, 282, 284, 283, 10, 328, NO_CALL },
#elif defined(__riscv) && __riscv_xlen == 64
	{ AUDIT_ARCH_RISCV64, 200, 201, 203, NO_CALL, 35, NO_CALL },
#else
	{ 0, NO_CALL, NO_CALL, NO_CALL, NO_CALL, NO_CALL, NO_CALL },
#endif
};

#define ARCHITECTURES (sizeof(architectures) / sizeof(architectures[0]))
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

/* Arguments are 64 bits long, and those of a 32-bit call have nothing in the upper half. */
static size_t argument(size_t n)
{
	const union {
		uint16_t number;
		unsigned char first;
	} order = { .number = 1 };

	return offsetof(struct seccomp_data, args) + n * sizeof(uint64_t) + (order.first ? 0 : sizeof(uint32_t));
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

	if (number == NO_CALL)
		return;
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

static void add_socketcall(struct program *program, int number, bool has_paths)
{
	unsigned short jump = program->count;

	if (number == NO_CALL)
		return;
	add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 0);
	add_load(program, argument(0));
	add_stop(program, SOCKETCALL_BIND);
	add_stop(program, SOCKETCALL_LISTEN);
	add_stop(program, has_paths ? SOCKETCALL_CONNECT : NO_CALL);
	add_action(program, SECCOMP_RET_ALLOW);
	program->list[jump].jf = (uint8_t)(program->count - jump - 1);
}

static void add_architecture(struct program *program, const struct architecture *architecture, bool has_paths)
{
	static const uint32_t netlink[] = { NETLINK_LENGTH };
	static const uint32_t no_paths[] = { sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6), NETLINK_LENGTH };
	unsigned short jump;

	add_load(program, offsetof(struct seccomp_data, arch));
	jump = program->count;
	add(program, BPF_JMP | BPF_JEQ | BPF_K, architecture->id, 0, 0);
	add_load(program, offsetof(struct seccomp_data, nr));
	add_stop(program, architecture->listen);
	if (has_paths) {
		add_stop(program, architecture->unlink);
		add_stop(program, architecture->unlinkat);
	}
	add_socketcall(program, architecture->socketcall, has_paths);
	if (has_paths) {
		add_stop(program, architecture->bind);  /* a relative path may be as long as an address of netlink */
		add_stop_unless(program, architecture->connect, no_paths, 3);
	} else {
		add_stop_unless(program, architecture->bind, netlink, 1);
	}
	program->list[jump].jf = (uint8_t)(program->count - jump - 1);
}

bool bind_is_supported(void)
{
	return true;
}

struct sock_fprog *bind_filter_make(bool has_paths, const uint32_t *lengths, size_t count)
{
	struct program program = { .lengths = lengths, .length_count = count };
	struct sock_fprog *made;
	size_t size;

	if (!architectures[0].id) {
		errno = ENOTSUP;
		return NULL;
	}
	for (size_t n = 0; n < ARCHITECTURES; n++)
		add_architecture(&program, &architectures[n], has_paths);
	add_action(&program, SECCOMP_RET_ALLOW);
	size = program.count * sizeof(program.list[0]);
	made = malloc(sizeof(*made) + size);
	if (!made)
		return NULL;
	*made = (struct sock_fprog){ program.count, (struct sock_filter *)(void *)(made + 1) };
	memcpy(made->filter, program.list, size);
	return made;
}

/* These calls have their arguments in one order on all architectures. */
static struct trapped_call plain_call(enum trapped kind, const uint64_t *arguments)
{
	struct trapped_call call = { .kind = kind, .fd = (int)arguments[0], .at = arguments[1],
		.length = arguments[2] };

	switch (kind) {
	case TRAPPED_UNLINK:
		call.fd = AT_FDCWD;
		call.at = arguments[0];
		break;
	case TRAPPED_BIND:
	case TRAPPED_CONNECT:
		call.length = (uint32_t)arguments[2];
		break;
	default:
		break;
	}
	return call;
}

static bool read_socketcall(const struct user_call *call, struct trapped_call *out, read_memory *read, void *context)
{
	static const struct {
		enum trapped kind;
		unsigned words;         /* arguments of the call */
	} calls[] = {
		[SOCKETCALL_BIND] = { TRAPPED_BIND, 3 },       [SOCKETCALL_CONNECT] = { TRAPPED_CONNECT, 3 },
		[SOCKETCALL_LISTEN] = { TRAPPED_LISTEN, 2 },
	};
	uint64_t number = call->arguments[0];
	uint32_t words[3] = { 0 };
	uint64_t arguments[3];

	if (number > SOCKETCALL_LISTEN || !calls[number].kind)
		return true;
	if (!read(context, call->arguments[1], words, calls[number].words * sizeof(words[0])))
		return false;
	for (size_t n = 0; n < 3; n++)
		arguments[n] = words[n];
	*out = plain_call(calls[number].kind, arguments);
	return true;
}

static enum trapped kind_of(const struct architecture *architecture, int number)
{
	return number == architecture->bind							 ? TRAPPED_BIND
		: number == architecture->listen						 ? TRAPPED_LISTEN
		: number == architecture->connect						 ? TRAPPED_CONNECT
		: number == architecture->unlink || number == architecture->unlinkat		 ? TRAPPED_UNLINK
												 : TRAPPED_NONE;
}

bool trapped_call_read(const struct user_call *call, struct trapped_call *out, read_memory *read, void *context)
{
	*out = (struct trapped_call){ .kind = TRAPPED_NONE };
	for (size_t n = 0; n < ARCHITECTURES; n++) {
		const struct architecture *architecture = &architectures[n];
		enum trapped kind = kind_of(architecture, call->number);

		if (architecture->id != call->architecture || call->number == NO_CALL)
			continue;
		if (call->number == architecture->socketcall)
			return read_socketcall(call, out, read, context);
		if (!kind)
			continue;
		*out = plain_call(kind, call->arguments);
		if (call->number == architecture->unlinkat) {
			out->kind = call->arguments[2] ? TRAPPED_NONE : TRAPPED_UNLINK;       /* AT_REMOVEDIR */
			out->fd = (int)call->arguments[0];
			out->at = call->arguments[1];
		}
		return true;
	}
	return true;
}
