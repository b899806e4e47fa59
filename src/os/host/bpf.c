/* Compiles networks to a classic BPF program for SO_ATTACH_FILTER (socket(7)): one test behind the other, each with its
 * verdict. The program also runs for each packet of established connections. */
#include "os/host/host.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <sys/syscall.h>

#define MAPPED_WORD 3                   /* IPv4 is the last word of ::ffff:a.b.c.d */
#define IPV4_SOURCE 0                   /* offset in the IP header of where the address's word 0 would be */
#define IPV6_SOURCE 8
#define TAKE UINT32_MAX                 /* all bytes of a packet */
#define DROP 0

/* Emits the verdict on the packets of a network, whose words from `word` on tell it. All others go on behind it. */
static void emit_network(struct bpf_code *program, const struct network *network, unsigned word, unsigned source,
			 uint32_t verdict)
{
	unsigned more = 1;              /* instructions behind these up to the verdict */

	for (unsigned n = word; 32 * n < network->bits; n++)
		more += network->bits - 32 * n < 32 ? 3 : 2;
	for (; 32 * word < network->bits; word++) {
		unsigned bits = network->bits - 32 * word;
		uint32_t low;

		memcpy(&low, &network->address[(size_t)4 * word], sizeof(low));
		low = ntohl(low);
		bpf_emit(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + source + 4 * word, 0, 0);
		more -= bits < 32 ? 3 : 2;
		if (bits < 32) {
			bpf_emit(program, BPF_JMP | BPF_JGE | BPF_K, low, 0, more + 1);
			bpf_emit(program, BPF_JMP | BPF_JGT | BPF_K, low | UINT32_MAX >> bits, more, 0);
		} else {
			bpf_emit(program, BPF_JMP | BPF_JEQ | BPF_K, low, 0, more);
		}
	}
	bpf_emit(program, BPF_RET | BPF_K, verdict, 0, 0);
}

static const unsigned char mapped[16] = { [10] = 0xff, [11] = 0xff };

static bool network_is_mapped(const struct network *network)
{
	return network->bits >= 96 && !memcmp(network->address, mapped, 12);
}

/* Whether the network contains all of IPv4 (::ffff:0:0/96). */
static bool network_holds_ipv4(const struct network *network)
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	if (network->bits > 96 || memcmp(network->address, mapped, whole) != 0)
		return false;
	return !rest || !((network->address[whole] ^ mapped[whole]) >> (8 - rest));
}

/* Emits a list of networks for packets of one IP version. */
static void emit_list(struct bpf_code *program, const struct network *networks, size_t count, bool ipv4,
		      uint32_t verdict)
{
	for (size_t n = 0; n < count; n++) {
		if (ipv4 && (network_is_mapped(&networks[n]) || network_holds_ipv4(&networks[n])))
			emit_network(program, &networks[n], MAPPED_WORD, IPV4_SOURCE, verdict);
		else if (!ipv4 && !network_is_mapped(&networks[n]))
			emit_network(program, &networks[n], 0, IPV6_SOURCE, verdict);
	}
}

/* Emits the rules for an IP version: no_access first, then only_from. */
static void emit_rules(struct bpf_code *program, const struct access *access, bool ipv4)
{
	const struct network *networks;
	size_t count;

	networks = access_networks(access, true, &count);
	emit_list(program, networks, count, ipv4, DROP);
	networks = access_networks(access, false, &count);
	if (networks)
		emit_list(program, networks, count, ipv4, TAKE);
	bpf_emit(program, BPF_RET | BPF_K, networks ? DROP : TAKE, 0, 0);
}

static const struct sock_fprog *program_keep(const struct bpf_code *program, struct pool *pool)
{
	struct sock_fprog kept;
	const struct sock_filter *code = pool_keep(pool, program->list, program->length * sizeof(*code));
	struct sock_filter *own = NULL;

	if (!code)
		return NULL;
	memcpy(&own, &code, sizeof(own));       /* struct sock_fprog has a pointer to non-const */
	memset(&kept, 0, sizeof(kept));
	kept.len = (unsigned short)program->length;
	kept.filter = own;
	return pool_keep(pool, &kept, sizeof(kept));
}

const struct sock_fprog *socket_filter_compile(const struct access *access, int family, struct pool *pool,
					       struct buf *why)
{
	struct bpf_code *program = calloc(1, sizeof(*program));
	const struct sock_fprog *kept = NULL;
	size_t jump;

	if (access_has_names(access)) {
		buf_text(why, "names of hosts are for connections that superd accepts");
	} else if (program) {
		/* The version field of the packet decides: an IPv6 socket receives IPv4 packets as they are. */
		bpf_emit(program, BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF, 0, 0);
		bpf_emit(program, BPF_ALU | BPF_RSH | BPF_K, 4, 0, 0);
		bpf_emit(program, BPF_JMP | BPF_JEQ | BPF_K, 4, 1, 0);
		jump = bpf_emit(program, BPF_JMP | BPF_JA, 0, 0, 0);
		emit_rules(program, access, true);
		program->list[jump].k = (uint32_t)(program->length - jump - 1);
		if (family == AF_INET6)
			bpf_emit(program, BPF_JMP | BPF_JEQ | BPF_K, 6, 1, 0);
		bpf_emit(program, BPF_RET | BPF_K, DROP, 0, 0);
		if (family == AF_INET6)
			emit_rules(program, access, false);
		if (program->length > BPF_MAXINSNS)
			buf_text(why, "there are more networks than a filter of the kernel holds");
		else
			kept = program_keep(program, pool);
	}
	free(program);
	if (!kept && !why->length)
		buf_text(why, "out of memory");
	return kept;
}

/* Whether the socket has this filter already. */
static bool has_filter(int fd, const struct sock_fprog *filter)
{
	struct sock_filter code[BPF_MAXINSNS];
	struct sock_fprog now = { .filter = code };
	socklen_t count = BPF_MAXINSNS; /* of instructions, not of bytes */
	bool has;

	has = getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, code, &count) == 0;
	now.len = (unsigned short)count;
	return has && socket_filter_equal(&now, filter);
}

int socket_filter_attach(int fd, const struct sock_fprog *filter)
{
	int unused = 0;

	if (!filter)
		return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)) == 0 || errno == ENOENT
			? 0 : -1;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof(*filter)) == 0)
		return 0;
	if (errno != EPERM || !socket_filter_is_locked(fd))
		return -1;
	if (has_filter(fd, filter))
		return 0;
	errno = EPERM;
	return -1;
}

bool socket_filter_lock(int fd)
{
	return setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &(int){ 1 }, sizeof(int)) == 0;
}

bool socket_filter_is_locked(int fd)
{
	int locked = 0;
	socklen_t length = sizeof(locked);

	return getsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &locked, &length) == 0 && locked;
}

bool socket_filter_equal(const struct sock_fprog *a, const struct sock_fprog *b)
{
	if (a == b)
		return true;
	return a && b && a->len == b->len && !memcmp(a->filter, b->filter, a->len * sizeof(*a->filter));
}

/* bpf(2), which libc does not wrap. The kernel refuses an argument whose unused bytes are not 0, so the whole union is
 * cleared with memset. */

static const unsigned types[CGROUP_BPF_KINDS] = {
	[CGROUP_BPF_DEVICES] = BPF_PROG_TYPE_CGROUP_DEVICE,
	[CGROUP_BPF_INGRESS] = BPF_PROG_TYPE_CGROUP_SKB,
	[CGROUP_BPF_EGRESS] = BPF_PROG_TYPE_CGROUP_SKB,
};
static const unsigned attachments[CGROUP_BPF_KINDS] = {
	[CGROUP_BPF_DEVICES] = BPF_CGROUP_DEVICE,
	[CGROUP_BPF_INGRESS] = BPF_CGROUP_INET_INGRESS,
	[CGROUP_BPF_EGRESS] = BPF_CGROUP_INET_EGRESS,
};

static int load_program(const struct cgroup_bpf_program *program, enum cgroup_bpf_kind kind)
{
	static const char license[] = "GPL";
	union bpf_attr argument;

	memset(&argument, 0, sizeof(argument));
	argument.prog_type = types[kind];
	argument.insn_cnt = (uint32_t)program->count;
	argument.insns = (uint64_t)(uintptr_t)program->code;
	argument.license = (uint64_t)(uintptr_t)license;
	argument.expected_attach_type = attachments[kind];
	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &argument, sizeof(argument));
}

/* BPF_F_ALLOW_MULTI: groups above this one, and those that the service makes below it, may have programs, too. The
 * kernel runs all of them, and all have to agree. */
static int attach_program(int loaded_fd, enum cgroup_bpf_kind kind, int group)
{
	union bpf_attr argument;

	memset(&argument, 0, sizeof(argument));
	argument.target_fd = (uint32_t)group;
	argument.attach_bpf_fd = (uint32_t)loaded_fd;
	argument.attach_type = attachments[kind];
	argument.attach_flags = BPF_F_ALLOW_MULTI;
	return (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &argument, sizeof(argument));
}

int cgroup_bpf_attach(const struct cgroup_bpf_program *program, enum cgroup_bpf_kind kind, int group)
{
	int loaded_fd = load_program(program, kind), result;

	if (loaded_fd < 0)
		return -1;
	result = attach_program(loaded_fd, kind, group);
	close(loaded_fd);
	return result;
}

bool cgroup_bpf_is_possible(enum cgroup_bpf_kind kind)
{
	static const struct bpf_insn yes[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	const struct cgroup_bpf_program program = { yes, sizeof(yes) / sizeof(*yes) };
	int loaded_fd = load_program(&program, kind);
	bool possible;

	if (loaded_fd < 0) /* nothing is left out for a lack of descriptors or memory: a start shows that */
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
	/* Older kernels ask for CAP_NET_ADMIN here alone: they do so before they see that this is no group. */
	possible = attach_program(loaded_fd, kind, -1) == 0 || errno != EPERM;
	close(loaded_fd);
	errno = EPERM;
	return possible;
}
