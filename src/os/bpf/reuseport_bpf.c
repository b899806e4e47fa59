/* The BPF program and its map (BPF_MAP_TYPE_REUSEPORT_SOCKARRAY), which holds the one socket that the program selects.
 *
 * A socket can be in one such map only. When a program is replaced, its map keeps the socket for some milliseconds
 * more. So each selection creates a new map, and superd keeps no descriptor of it. */
#include "os/bpf/reuseport_bpf.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/rights/own_privileges.h"

#ifdef HAVE_STRUCT_SK_REUSEPORT_MD_MIGRATING_SK
#include <linux/bpf.h>

/* The kernel refuses an argument whose unused bytes are not 0, so the callers clear the whole union. */
static int call_bpf(int command, union bpf_attr *argument)
{
	return (int)syscall(SYS_bpf, command, argument, sizeof(*argument));
}

static int make_map(int fd)
{
	uint32_t key = 0;
	uint64_t value = (uint64_t)fd;
	union bpf_attr argument;
	int map;

	memset(&argument, 0, sizeof(argument));
	argument.map_type = BPF_MAP_TYPE_REUSEPORT_SOCKARRAY;
	argument.key_size = sizeof(key);
	argument.value_size = sizeof(value);
	argument.max_entries = 1;
	map = call_bpf(BPF_MAP_CREATE, &argument);
	if (map < 0)
		return -1;
	memset(&argument, 0, sizeof(argument));
	argument.map_fd = (uint32_t)map;
	argument.key = (uint64_t)(uintptr_t)&key;
	argument.value = (uint64_t)(uintptr_t)&value;
	argument.flags = BPF_ANY;
	if (call_bpf(BPF_MAP_UPDATE_ELEM, &argument) < 0)
		fd_close(&map);
	return map;
}

/* The program: sk_select_reuseport(context, map, key 0, no flags), then SK_PASS. If the map is empty because its socket
 * was closed, the kernel selects by itself. The first instruction reads migrating_sk, so that kernels before 5.14
 * refuse the program: they would load it, and move no client. Initializers leave out what is 0: BPF_IMM and BPF_K. */
static int load_program(int map)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_1,
		  .off = offsetof(struct sk_reuseport_md, migrating_sk) },
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .off = -4, .imm = 0 },
		{ .code = BPF_LD | BPF_DW, .dst_reg = BPF_REG_2, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map },
		{ 0 },          /* the second half of the 64-bit load */
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_3, .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD, .dst_reg = BPF_REG_3, .imm = -4 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_sk_select_reuseport },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = SK_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	static const char license[] = "GPL";
	union bpf_attr argument;

	memset(&argument, 0, sizeof(argument));
	argument.prog_type = BPF_PROG_TYPE_SK_REUSEPORT;
	argument.expected_attach_type = BPF_SK_REUSEPORT_SELECT_OR_MIGRATE;
	argument.insns = (uint64_t)(uintptr_t)code;
	argument.insn_cnt = sizeof(code) / sizeof(*code);
	argument.license = (uint64_t)(uintptr_t)license;
	return call_bpf(BPF_PROG_LOAD, &argument);
}

/* Keeps errno. */
static void restore_privileges(uint64_t before)
{
	int error = errno;

	own_privileges_use(before);
	errno = error;
}

/* Needed, as a map may outlive its descriptor for a moment. */
static void empty_map(int map)
{
	uint32_t key = 0;
	union bpf_attr argument;
	int error = errno;

	memset(&argument, 0, sizeof(argument));
	argument.map_fd = (uint32_t)map;
	argument.key = (uint64_t)(uintptr_t)&key;
	call_bpf(BPF_MAP_DELETE_ELEM, &argument);
	errno = error;
}

/* Raises CAP_BPF for this call only: superd uses it for nothing else. */
int reuseport_bpf_select(int fd)
{
	uint64_t before = own_privileges_raise();
	int map = make_map(fd), program = map < 0 ? -1 : load_program(map), result = -1;

	if (program >= 0)
		result = setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &program, sizeof(program));
	if (map >= 0 && result < 0)
		empty_map(map);
	fd_close(&program);
	fd_close(&map);
	restore_privileges(before);
	return result;
}

bool reuseport_bpf_has_selected(int fd)
{
	uint64_t before = own_privileges_raise();
	int map = make_map(fd);

	if (map >= 0)
		empty_map(map);
	restore_privileges(before);
	if (map < 0)
		return errno == EBUSY;
	fd_close(&map);
	return false;
}
#else
bool reuseport_bpf_has_selected(int fd)
{
	(void)fd;
	return false;
}

int reuseport_bpf_select(int fd)
{
	(void)fd;
	errno = ENOSYS;
	return -1;
}
#endif
