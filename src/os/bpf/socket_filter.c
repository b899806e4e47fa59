/* Networks as a classic BPF program, for SO_ATTACH_FILTER (socket(7)).
 *
 * The kernel takes 4096 instructions at most, and a conditional jump reaches 255 instructions. The program also runs
 * for each packet of admitted connections, so it must stay quick with a thousand networks. The networks become a trie
 * of 32-bit words, each level a binary search. The program is written from its end to its beginning, so the target of
 * each jump is known when the jump is written. */
#include "os/bpf/socket_filter.h"

#include <errno.h>

#ifdef HAVE_LINUX_FILTER_H
#include <arpa/inet.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define REACH 240                       /* of a conditional jump, with room for what comes between two of them */
#define MAPPED_WORD 3                   /* IPv4 is the last word of ::ffff:a.b.c.d */
#define IPV4_SOURCE 0                   /* bytes into the IP header, where an address's word 0 is or would be */
#define IPV6_SOURCE 8

struct filter_program {
	struct sock_filter code[BPF_MAXINSNS];
	unsigned start;                 /* of what is written: it grows downwards */
	bool full, exhausted;
};

/* Where a test leads to; `nearest` is that place, or a jump to it that is within reach. */
struct way {
	unsigned there, nearest;
};

/* Networks that agree in the words before this one, and where the packet's address is. */
struct level {
	const struct network *networks;
	size_t count;
	unsigned word, source;
	struct way *yes, *no;
};

/* One range of a level's word; where it does not end there, the networks that have this word and differ behind. */
struct filter_item {
	uint32_t low, high;
	bool ends;
	const struct network *networks;
	size_t count;
};

static unsigned emit(struct filter_program *program, unsigned code, uint32_t k, unsigned yes, unsigned no)
{
	unsigned at = program->start - 1;

	if (!program->start) {
		program->full = true;
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
	return emit(program, BPF_JMP | BPF_JA, target - program->start, 0, 0);
}

/* A place that leads where `target` is and that what is written next can reach. */
static unsigned reach(struct filter_program *program, unsigned target)
{
	return target > program->start + REACH ? emit_jump(program, target) : target;
}

static unsigned reach_way(struct filter_program *program, struct way *way)
{
	if (way->nearest > program->start + REACH)
		way->nearest = emit_jump(program, way->there);
	return way->nearest;
}

static uint32_t word_of(const struct network *network, unsigned word)
{
	uint32_t value;

	memcpy(&value, &network->address[(size_t)4 * word], sizeof(value));
	return ntohl(value);
}

/* Takes the networks of a level together that have one word. */
static size_t level_items(const struct level *level, struct filter_item *items)
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
		items[count++] = (struct filter_item){
			.low = low, .high = bits < 32 ? low | 0xffffffffu >> bits : low, .ends = bits <= 32,
			.networks = network, .count = 1,
		};
	}
	return count;
}

static unsigned emit_level(struct filter_program *program, const struct level *level);

/* Whether the word is in this item; that it is not below is known, but of the first. */
static unsigned emit_item(struct filter_program *program, const struct level *level, const struct filter_item *item,
			  bool first)
{
	unsigned yes, no, entry;

	if (!item->ends) {
		struct level next = *level;

		next.networks = item->networks;
		next.count = item->count;
		next.word++;
		yes = emit_level(program, &next);
		no = reach_way(program, level->no);
		return emit(program, BPF_JMP | BPF_JEQ | BPF_K, item->low, reach(program, yes), no);
	}
	yes = reach_way(program, level->yes);
	no = reach_way(program, level->no);
	entry = emit(program, BPF_JMP | BPF_JGT | BPF_K, item->high, no, yes);
	if (!first || !item->low)
		return entry;
	no = reach_way(program, level->no);
	return emit(program, BPF_JMP | BPF_JGE | BPF_K, item->low, entry, no);
}

static unsigned emit_search(struct filter_program *program, const struct level *level, const struct filter_item *items,
			    size_t count, bool first)
{
	unsigned high, low;

	if (count == 1)
		return emit_item(program, level, items, first);
	high = emit_search(program, level, items + count / 2, count - count / 2, false);
	low = emit_search(program, level, items, count / 2, first);
	high = reach(program, high);
	return emit(program, BPF_JMP | BPF_JGE | BPF_K, items[count / 2].low, high, low);
}

static unsigned emit_level(struct filter_program *program, const struct level *level)
{
	struct filter_item *items = calloc(level->count, sizeof(*items));

	if (!items) {
		program->exhausted = true;
		return 0;
	}
	emit_search(program, level, items, level_items(level, items), true);
	free(items);
	return emit(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + level->source + 4 * level->word, 0, 0);
}

static const unsigned char mapped[16] = { [10] = 0xff, [11] = 0xff };

static bool network_is_mapped(const struct network *network)
{
	return network->bits >= 96 && !memcmp(network->address, mapped, 12);
}

/* Whether it holds all of IPv4. */
static bool network_holds_ipv4(const struct network *network)
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	if (network->bits > 96 || memcmp(network->address, mapped, whole) != 0)
		return false;
	return !rest || !((network->address[whole] ^ mapped[whole]) >> (8 - rest));
}

/* The test of one list for packets of one family. Where it begins. */
static unsigned emit_list(struct filter_program *program, const struct network *networks, size_t count, bool ipv4,
			  struct way *yes, struct way *no)
{
	struct network *mine = calloc(count + 1, sizeof(*mine));
	struct level level = { mine, 0, ipv4 ? MAPPED_WORD : 0, ipv4 ? IPV4_SOURCE : IPV6_SOURCE, yes, no };
	bool all = false;
	unsigned entry = no->there;

	if (!mine) {
		program->exhausted = true;
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		all |= ipv4 && network_holds_ipv4(&networks[i]);
		if (network_is_mapped(&networks[i]) == ipv4)
			mine[level.count++] = networks[i];
	}
	if (all)
		entry = yes->there;
	else if (level.count)
		entry = emit_level(program, &level);
	free(mine);
	return entry;
}

/* Denials, then permits. Where it begins. */
static unsigned emit_family(struct filter_program *program, const struct access *access, bool ipv4, unsigned take,
			    unsigned drop)
{
	struct way yes = { take, take }, no = { drop, drop };
	const struct network *networks;
	unsigned permits = take;
	size_t count;

	networks = access_networks(access, false, &count);
	if (networks)
		permits = emit_list(program, networks, count, ipv4, &yes, &no);
	yes = (struct way){ permits, permits };
	networks = access_networks(access, true, &count);
	return emit_list(program, networks, count, ipv4, &no, &yes);
}

static void program_write(struct filter_program *program, const struct access *access, int family)
{
	unsigned take, drop, ipv4, ipv6, other;

	program->start = BPF_MAXINSNS;
	drop = emit(program, BPF_RET | BPF_K, 0, 0, 0);
	take = emit(program, BPF_RET | BPF_K, UINT32_MAX, 0, 0);
	ipv6 = family == AF_INET6 ? emit_family(program, access, false, take, drop) : drop;
	ipv4 = emit_family(program, access, true, take, drop);
	drop = reach(program, drop);
	ipv6 = reach(program, ipv6);
	other = emit(program, BPF_JMP | BPF_JEQ | BPF_K, 6, ipv6, drop);
	ipv4 = reach(program, ipv4);
	emit(program, BPF_JMP | BPF_JEQ | BPF_K, 4, ipv4, other);
	/* The packet's own version: an IPv6 socket gets those of IPv4 as they are. */
	emit(program, BPF_ALU | BPF_RSH | BPF_K, 4, 0, 0);
	emit(program, BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF, 0, 0);
}

static const struct sock_fprog *program_keep(const struct filter_program *program, struct pool *pool)
{
	struct sock_fprog kept;
	unsigned length = BPF_MAXINSNS - program->start;
	const struct sock_filter *code = pool_keep(pool, program->code + program->start, length * sizeof(*code));
	struct sock_filter *own = NULL;

	if (!code)
		return NULL;
	memcpy(&own, &code, sizeof(own));       /* the kernel's struct has it without const */
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
		if (program->full)
			buf_text(why, "there are more networks than a filter of the kernel holds");
		else if (!program->exhausted)
			kept = program_keep(program, pool);
	}
	free(program);
	if (!kept && !why->length)
		buf_text(why, "out of memory");
	return kept;
}

int socket_filter_attach(int fd, const struct sock_fprog *filter)
{
	int unused = 0;

	if (filter)
		return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof(*filter));
	if (setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)) == 0 || errno == ENOENT)
		return 0;
	return -1;
}

bool socket_filter_equal(const struct sock_fprog *a, const struct sock_fprog *b)
{
	if (a == b)
		return true;
	return a && b && a->len == b->len && !memcmp(a->filter, b->filter, a->len * sizeof(*a->filter));
}
#else
const struct sock_fprog *socket_filter_compile(const struct access *access, int family, struct pool *pool,
					       struct buf *why)
{
	(void)access, (void)family, (void)pool;
	buf_text(why, "superd was built without the kernel's socket filters");
	return NULL;
}

int socket_filter_attach(int fd, const struct sock_fprog *filter)
{
	(void)fd;
	errno = ENOPROTOOPT;
	return filter ? -1 : 0;
}

bool socket_filter_equal(const struct sock_fprog *a, const struct sock_fprog *b)
{
	return a == b;
}
#endif
