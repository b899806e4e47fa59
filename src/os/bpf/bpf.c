/* Compiles networks to a classic BPF program for SO_ATTACH_FILTER (socket(7)).
 *
 * The kernel takes 4096 instructions at most, and a conditional jump reaches 255 instructions. The program also runs
 * for each packet of established connections, so it must stay fast with a thousand networks. So the networks become a
 * trie of 32-bit words, with a binary search at each level. The program is written from its end to its beginning, so
 * the target of each jump is known when the jump is written. */
#include "os/bpf/bpf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Instructions that a conditional jump may span, with room for what is emitted between two jumps. */
#define REACH 240
#define MAPPED_WORD 3                   /* IPv4 is the last word of ::ffff:a.b.c.d */
#define IPV4_SOURCE 0                   /* offset in the IP header of the address's word 0, or of where it would be */
#define IPV6_SOURCE 8

struct filter_program {
	struct sock_filter code[BPF_MAXINSNS];
	unsigned start;                 /* index of the first instruction; the program grows downwards */
	int error;                      /* E2BIG: more than BPF_MAXINSNS instructions; ENOMEM */
};

/* The target of a test's jumps, as indexes of instructions. `nearest` is the target, or a BPF_JA to it that is within
 * reach. */
struct jump_target {
	unsigned target, nearest;
};

/* One level of the trie: networks that agree in all words before `word`. `source` is the offset of the packet's
 * address. */
struct trie_level {
	const struct network *networks;
	size_t count;
	unsigned word, source;          /* the level's word, from 0; IPV4_SOURCE or IPV6_SOURCE */
	struct jump_target *yes, *no;
};

/* One range of values of a level's word. If `ends` is false, the networks go on: they share this word and differ in the
 * words behind it. */
struct filter_item {
	uint32_t low, high;
	bool ends;
	const struct network *networks;
	size_t count;
};

static unsigned emit_instruction(struct filter_program *program, unsigned code, uint32_t k, unsigned yes, unsigned no)
{
	unsigned at = program->start - 1;

	if (!program->start) {
		program->error = E2BIG;
		return 0;
	}
	program->code[at] = (struct sock_filter){ .code = (uint16_t)code, .k = k };
	if (yes)
		program->code[at].jt = (uint8_t)(yes - at - 1);
	if (no)
		program->code[at].jf = (uint8_t)(no - at - 1);
	program->start = at;
	return at;
}

static unsigned emit_jump(struct filter_program *program, unsigned target)
{
	return emit_instruction(program, BPF_JMP | BPF_JA, target - program->start, 0, 0);
}

/* An instruction that leads to `target` and that the next emitted instruction can reach. */
static unsigned reach_index(struct filter_program *program, unsigned target)
{
	return target > program->start + REACH ? emit_jump(program, target) : target;
}

static unsigned reach_target(struct filter_program *program, struct jump_target *to)
{
	if (to->nearest > program->start + REACH)
		to->nearest = emit_jump(program, to->target);
	return to->nearest;
}

static uint32_t word_of(const struct network *network, unsigned word)
{
	uint32_t value;

	memcpy(&value, &network->address[(size_t)4 * word], sizeof(value));
	return ntohl(value);
}

/* Groups a level's networks by their word. Returns the number of items. */
static size_t level_items(const struct trie_level *level, struct filter_item *items)
{
	size_t count = 0;

	for (size_t i = 0; i < level->count; i++) {
		const struct network *network = &level->networks[i];
		unsigned bits = network->bits - 32 * level->word;
		uint32_t low = word_of(network, level->word);

		if (count && !items[count - 1].ends && items[count - 1].low == low) {
			items[count - 1].count++;
			continue;
		}
		items[count] = (struct filter_item){
			.low = low, .high = bits < 32 ? low | 0xffffffffu >> bits : low, .ends = bits <= 32,
			.networks = network, .count = 1,
		};
		count++;
	}
	return count;
}

static unsigned emit_level(struct filter_program *program, const struct trie_level *level);

/* Emits the test whether the word is in this item. The search has already tested the lower bound, except for the first
 * item. */
static unsigned emit_item(struct filter_program *program, const struct trie_level *level,
			  const struct filter_item *item, bool first)
{
	unsigned yes, no, entry;

	if (!item->ends) {
		struct trie_level next = *level;

		next.networks = item->networks;
		next.count = item->count;
		next.word++;
		yes = emit_level(program, &next);
		no = reach_target(program, level->no);
		return emit_instruction(program, BPF_JMP | BPF_JEQ | BPF_K, item->low, reach_index(program, yes), no);
	}
	yes = reach_target(program, level->yes);
	no = reach_target(program, level->no);
	entry = emit_instruction(program, BPF_JMP | BPF_JGT | BPF_K, item->high, no, yes);
	if (!first || !item->low)
		return entry;
	no = reach_target(program, level->no);
	return emit_instruction(program, BPF_JMP | BPF_JGE | BPF_K, item->low, entry, no);
}

static unsigned emit_search(struct filter_program *program, const struct trie_level *level,
			    const struct filter_item *items, size_t count, bool first)
{
	unsigned high, low;

	if (count == 1)
		return emit_item(program, level, items, first);
	high = emit_search(program, level, items + count / 2, count - count / 2, false);
	low = emit_search(program, level, items, count / 2, first);
	high = reach_index(program, high);
	return emit_instruction(program, BPF_JMP | BPF_JGE | BPF_K, items[count / 2].low, high, low);
}

static unsigned emit_level(struct filter_program *program, const struct trie_level *level)
{
	struct filter_item *items = calloc(level->count, sizeof(*items));

	if (!items) {
		program->error = ENOMEM;
		return 0;
	}
	emit_search(program, level, items, level_items(level, items), true);
	free(items);
	return emit_instruction(program, BPF_LD | BPF_W | BPF_ABS,
				(uint32_t)SKF_NET_OFF + level->source + 4 * level->word, 0, 0);
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

/* Emits the test of one list of networks for packets of the IP version of list->source. Returns the index of its first
 * instruction. */
static unsigned emit_list(struct filter_program *program, const struct trie_level *list)
{
	bool ipv4 = list->source == IPV4_SOURCE, all = false;
	struct network *mine = calloc(list->count + 1, sizeof(*mine));
	struct trie_level level = *list;
	unsigned entry = list->no->target;

	if (!mine) {
		program->error = ENOMEM;
		return 0;
	}
	level.networks = mine;
	level.count = 0;
	for (size_t i = 0; i < list->count; i++) {
		all |= ipv4 && network_holds_ipv4(&list->networks[i]);
		if (network_is_mapped(&list->networks[i]) == ipv4)
			mine[level.count++] = list->networks[i];
	}
	if (all)
		entry = list->yes->target;
	else if (level.count)
		entry = emit_level(program, &level);
	free(mine);
	return entry;
}

/* Emits a family's rules: no_access first, then only_from. Returns the index of the first instruction. */
static unsigned emit_family(struct filter_program *program, const struct access *access, bool ipv4, unsigned take,
			    unsigned drop)
{
	struct jump_target yes = { take, take }, no = { drop, drop };
	struct trie_level list = { .word = ipv4 ? MAPPED_WORD : 0, .source = ipv4 ? IPV4_SOURCE : IPV6_SOURCE,
				   .yes = &yes, .no = &no };
	unsigned permits = take;

	list.networks = access_networks(access, false, &list.count);
	if (list.networks)
		permits = emit_list(program, &list);
	yes = (struct jump_target){ permits, permits };
	list.networks = access_networks(access, true, &list.count);
	list.yes = &no;
	list.no = &yes;
	return emit_list(program, &list);
}

static void program_write(struct filter_program *program, const struct access *access, int family)
{
	unsigned take, drop, ipv4, ipv6, other;

	program->start = BPF_MAXINSNS;
	drop = emit_instruction(program, BPF_RET | BPF_K, 0, 0, 0);
	take = emit_instruction(program, BPF_RET | BPF_K, UINT32_MAX, 0, 0);
	ipv6 = family == AF_INET6 ? emit_family(program, access, false, take, drop) : drop;
	ipv4 = emit_family(program, access, true, take, drop);
	drop = reach_index(program, drop);
	ipv6 = reach_index(program, ipv6);
	other = emit_instruction(program, BPF_JMP | BPF_JEQ | BPF_K, 6, ipv6, drop);
	ipv4 = reach_index(program, ipv4);
	emit_instruction(program, BPF_JMP | BPF_JEQ | BPF_K, 4, ipv4, other);
	/* The version field of the packet: an IPv6 socket receives IPv4 packets as they are. */
	emit_instruction(program, BPF_ALU | BPF_RSH | BPF_K, 4, 0, 0);
	emit_instruction(program, BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF, 0, 0);
}

static const struct sock_fprog *program_keep(const struct filter_program *program, struct pool *pool)
{
	struct sock_fprog kept;
	unsigned length = BPF_MAXINSNS - program->start;
	const struct sock_filter *code = pool_keep(pool, program->code + program->start, length * sizeof(*code));
	struct sock_filter *own = NULL;

	if (!code)
		return NULL;
	memcpy(&own, &code, sizeof(own));       /* struct sock_fprog has a pointer to non-const */
	memset(&kept, 0, sizeof(kept));
	kept.len = (unsigned short)length;
	kept.filter = own;
	return pool_keep(pool, &kept, sizeof(kept));
}

const struct sock_fprog *socket_filter_compile(const struct access *access, int family, struct pool *pool,
					       struct buf *why)
{
	struct filter_program *program = calloc(1, sizeof(*program));
	const struct sock_fprog *kept = NULL;

	if (access_has_names(access)) {
		buf_text(why, "names of hosts are for connections that superd accepts");
	} else if (program) {
		program_write(program, access, family);
		if (program->error == E2BIG)
			buf_text(why, "there are more networks than a filter of the kernel holds");
		else if (!program->error)
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

/* BPF_F_ALLOW_MULTI: the commands of one instance share its group, and each attaches the program again. The kernel runs
 * all of them, and all have to agree. */
int cgroup_bpf_attach(const struct cgroup_bpf_program *program, enum cgroup_bpf_kind kind, int group)
{
	union bpf_attr argument;
	int loaded_fd = load_program(program, kind), result;

	if (loaded_fd < 0)
		return -1;
	memset(&argument, 0, sizeof(argument));
	argument.target_fd = (uint32_t)group;
	argument.attach_bpf_fd = (uint32_t)loaded_fd;
	argument.attach_type = attachments[kind];
	argument.attach_flags = BPF_F_ALLOW_MULTI;
	result = (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &argument, sizeof(argument));
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

	if (loaded_fd < 0)
		return false;
	close(loaded_fd);
	return true;
}
