/* ip_address_allow and ip_address_deny as BPF programs for the packets of a control group's sockets
 * (BPF_PROG_TYPE_CGROUP_SKB).
 *
 * bpf_skb_load_bytes() copies the packet's address to the stack once; each network is compared with that copy, 32 bits
 * at a time. Allowed networks come first, as they win (systemd.resource-control(5)). */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "superd/start/bpf_asm.h"
#include "superd/start/bpf_program.h"
#include "table/words/resource_words.h"

#define PROTOCOL_IPV4 0x0800 /* linux/if_ether.h */
#define PROTOCOL_IPV6 0x86dd
#define STACK (-16) /* stack offset of the packet's address */

/* Where an IP header has its addresses. */
struct ip_header {
	unsigned protocol;
	int source, target, length; /* offsets, and bytes of an address */
};

static const struct ip_header ipv4 = { PROTOCOL_IPV4, 12, 16, 4 }, ipv6 = { PROTOCOL_IPV6, 8, 24, 16 };

static uint32_t read_word(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Emits: r2 = this word of the address, as a number. */
static void emit_load_word(struct bpf_asm *code, int at)
{
	bpf_asm_add(code,
		    (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
				    .dst_reg = BPF_REG_2,
				    .src_reg = BPF_REG_10,
				    .off = (short)(STACK + at) });
	bpf_asm_add(code, (struct bpf_insn){ .code = BPF_ALU | BPF_END | BPF_TO_BE, .dst_reg = BPF_REG_2, .imm = 32 });
}

/* Emits: return `verdict` if the address is in the network. */
static void emit_network(struct bpf_asm *code, const struct network *network, bool v4, int verdict)
{
	unsigned bits = network->bits - (v4 ? 96 : 0);
	const unsigned char *bytes = network->address + (v4 ? 12 : 0);
	size_t jumps[4], count = 0;

	for (int at = 0; bits; at += 4) {
		unsigned here = bits < 32 ? bits : 32;
		uint32_t mask = ~UINT32_C(0) << (32 - here);

		emit_load_word(code, at);
		bpf_asm_add(
			code,
			(struct bpf_insn){ .code = BPF_ALU | BPF_AND | BPF_K, .dst_reg = BPF_REG_2, .imm = (int)mask });
		jumps[count++] = code->count;
		bpf_asm_add(code,
			    (struct bpf_insn){ .code = BPF_JMP32 | BPF_JNE | BPF_K,
					    .dst_reg = BPF_REG_2,
					    .imm = (int)(read_word(bytes + at) & mask) });
		bits -= here;
	}
	bpf_asm_return(code, verdict);
	while (count)
		bpf_asm_land(code, jumps[--count]);
}

/* Emits a list of networks. true: the last one contains all addresses, and nothing may follow. */
static bool emit_networks(struct bpf_asm *code, words list, bool v4, int verdict)
{
	for (; list && *list && code->count < CODE_MOST; list++) {
		struct network networks[NETWORKS_MOST];
		size_t count = networks_read(*list, networks);

		for (size_t n = 0; n < count; n++) {
			if (network_is_v4(&networks[n]) != v4)
				continue;
			emit_network(code, &networks[n], v4, verdict);
			if (networks[n].bits == (v4 ? 96 : 0))
				return true;
		}
	}
	return false;
}

/* Emits the rules of one IP version. A packet that is too short for an address is dropped. */
static void emit_family(struct bpf_asm *code, const struct cgroup_filter_options *cgroup_filters,
			const struct ip_header *header, bool incoming)
{
	const int offset = incoming ? header->source : header->target;
	size_t other = code->count, broken;

	bpf_asm_add(code,
		    (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_K,
				    .dst_reg = BPF_REG_7,
				    .imm = htons((uint16_t)header->protocol) });
	bpf_asm_add(
		code,
		(struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_6 });
	bpf_asm_add(code,
		    (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = offset });
	bpf_asm_add(
		code,
		(struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_3, .src_reg = BPF_REG_10 });
	bpf_asm_add(code, (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD, .dst_reg = BPF_REG_3, .imm = STACK });
	bpf_asm_add(
		code,
		(struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = header->length });
	bpf_asm_add(code, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_skb_load_bytes });
	broken = code->count;
	bpf_asm_add(code, (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 });
	if (!emit_networks(code, cgroup_filters->ip_address_allow, header == &ipv4, 1) &&
	    !emit_networks(code, cgroup_filters->ip_address_deny, header == &ipv4, 0))
		bpf_asm_return(code, 1);
	bpf_asm_land(code, broken);
	bpf_asm_return(code, 0);
	bpf_asm_land(code, other);
}

static bool compile_filter(const struct cgroup_filter_options *cgroup_filters, struct pool *pool, bool incoming,
			   struct cgroup_bpf_program *program)
{
	struct bpf_asm code = { 0 };

	bpf_asm_add(
		&code,
		(struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_1 });
	bpf_asm_add(&code,
		    (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
				    .dst_reg = BPF_REG_7,
				    .src_reg = BPF_REG_6,
				    .off = offsetof(struct __sk_buff, protocol) });
	emit_family(&code, cgroup_filters, &ipv4, incoming);
	emit_family(&code, cgroup_filters, &ipv6, incoming);
	bpf_asm_return(&code, 1);
	if (code.count >= CODE_MOST) {
		free(code.list);
		errno = E2BIG;
		return false;
	}
	errno = ENOMEM;
	return bpf_asm_keep(&code, pool, program);
}

int ip_filters_make(const struct cgroup_filter_options *cgroup_filters, struct pool *pool,
		    struct cgroup_bpf_program *ingress, struct cgroup_bpf_program *egress)
{
	if (!cgroup_filters->ip_address_deny)
		return 0;
	if (compile_filter(cgroup_filters, pool, true, ingress) && compile_filter(cgroup_filters, pool, false, egress))
		return 0;
	return errno;
}
