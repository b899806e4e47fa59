/* Shared by filter: a filter while it is made, with a libseccomp context for each architecture. */
#pragma once

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/words/filter_request.h"

#define ARCHITECTURES_MOST 24

struct sock_filter;

/* A rule that is compiled here, in front of libseccomp's (names.c). */
struct unified_rule {
	uint32_t architecture, number;  /* SCMP_ARCH_x; the call's number as the kernel reports it */
	uint32_t action;                /* SCMP_ACT_x, which equal SECCOMP_RET_x */
	unsigned argument;              /* number of the argument, from 0 */
	uint32_t mask, value;           /* compared with the argument's lower half; mask 0: any value */
};

/* A filter for several architectures, each with a context; merged at the end. */
struct seccomp_filter {
	uint32_t architectures[ARCHITECTURES_MOST];
	scmp_filter_ctx contexts[ARCHITECTURES_MOST];
	size_t count;
	struct unified_rule *unified;
	size_t unified_count, unified_capacity;
	uint32_t unknown[FILTER_UNKNOWN_MOST];  /* indices of words that name no call */
	size_t unknown_count;
	int error;                      /* errno of the first failure; 0: none */
};

/* How a system call is handled, by its name. */
enum call_kind {
	CALL_UNKNOWN,
	CALL_OLD,                       /* libseccomp handles it */
	CALL_UNIFIED,                   /* names.c handles it: its number is the same on all architectures, or only one has it */
};

enum call_kind seccomp_call_kind(const char *call);
unsigned seccomp_call_base(uint32_t architecture);      /* lowest number of a system call */
const char *seccomp_unified_name(size_t n);             /* name of the nth unified call; NULL: there are no more */

/* As seccomp_filter_rule, for a unified call: with one argument at most, whose lower half is masked. */
void seccomp_unified_rule(struct seccomp_filter *filter, size_t number, uint32_t action, const char *call,
			  unsigned count, const struct scmp_arg_cmp *arguments);

/* Writes the instructions of the unified rules, which fall through to the instructions behind them. Returns their
 * number; out NULL: counts only. */
size_t seccomp_unified_write(const struct seccomp_filter *filter, struct sock_filter *out);

/* Whether this architecture has socketcall(2) and ipc(2): one call for many, whose arguments are in memory. */
bool seccomp_is_multiplexed(uint32_t architecture);

/* Adds a rule for architecture `number`, as seccomp_rule_add_array(3): this action, if the arguments match. Does
 * nothing if the architecture lacks the call. */
void seccomp_filter_rule(struct seccomp_filter *filter, size_t number, uint32_t action, const char *call,
			 unsigned count, const struct scmp_arg_cmp *arguments);

/* Adds a rule without arguments for all architectures. */
void seccomp_filter_call(struct seccomp_filter *filter, uint32_t action, const char *call);

/* Adds the rules of the hardening switches and of restrict_address_families (restrict.c). */
void seccomp_filter_restrict(struct seccomp_filter *filter, const struct filter_request *request);

/* system_call_filter (calls.c): the action for calls that the list does not name, and the list's rules. */
uint32_t seccomp_filter_default(const struct filter_request *request);
void seccomp_filter_list(struct seccomp_filter *filter, const struct filter_request *request);
