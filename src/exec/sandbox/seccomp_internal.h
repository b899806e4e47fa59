/* Shared by exec/sandbox/seccomp*: a filter while it is made, with a context for each architecture. */
#pragma once

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "config/service/service.h"

#define ARCHITECTURES_MOST 24

struct sock_filter;

/* A rule that superd checks by itself, in front of libseccomp's (seccomp_names.c). */
struct unified_rule {
	uint32_t architecture, number;  /* the number as the kernel gives it */
	uint32_t action;                /* SCMP_ACT_x, which are the kernel's own */
	unsigned argument;
	uint32_t mask, value;           /* of that argument's lower half; mask 0: whatever it is */
};

/* One filter over several architectures: a context each, merged at the end. */
struct seccomp_filter {
	uint32_t architectures[ARCHITECTURES_MOST];
	scmp_filter_ctx contexts[ARCHITECTURES_MOST];
	size_t count;
	struct unified_rule *unified;
	size_t unified_count, unified_capacity;
	int error;                      /* errno of what went wrong; 0: nothing */
};

enum call_kind {
	CALL_UNKNOWN,
	CALL_OLD,                       /* libseccomp's */
	CALL_UNIFIED,                   /* superd's own: its number is one on all architectures, or one alone has it */
};

enum call_kind seccomp_call_kind(const char *call);
unsigned seccomp_call_base(uint32_t architecture);      /* the lowest number of a system call */
const char *seccomp_unified_name(size_t n);             /* name of the nth unified call; NULL: no more */

/* As seccomp_filter_rule, of a unified call. One argument at most, its lower half masked. */
void seccomp_unified_rule(struct seccomp_filter *filter, size_t number, uint32_t action, const char *call,
			  unsigned count, const struct scmp_arg_cmp *arguments);

/* Writes their instructions, which fall through to what stands behind them. Gives how many; out NULL: counts alone. */
size_t seccomp_unified_write(const struct seccomp_filter *filter, struct sock_filter *out);

/* Whether this architecture makes sockets and the like through one call whose arguments lie in memory. */
bool seccomp_is_multiplexed(uint32_t architecture);

/* A rule of one architecture: this call gives this, when its arguments are so. One that the architecture lacks is
 * passed over. */
void seccomp_filter_rule(struct seccomp_filter *filter, size_t number, uint32_t action, const char *call,
			 unsigned count, const struct scmp_arg_cmp *arguments);

/* A rule without arguments for a call of all architectures. */
void seccomp_filter_call(struct seccomp_filter *filter, uint32_t action, const char *call);

/* Adds the rules of the switches and of restrict_address_families (seccomp_restrict.c). */
void seccomp_filter_restrict(struct seccomp_filter *filter, const struct service *service);
bool seccomp_filter_is_restricted(const struct service *service);

/* system_call_filter (seccomp_calls.c): the action for calls that are not in the list, and the rules of the list. */
uint32_t seccomp_filter_default(const struct service *service);
void seccomp_filter_list(struct seccomp_filter *filter, const struct service *service, struct diags *diags);
