/* Shared by filter: a filter while it is made, with a libseccomp context for each architecture. */
#pragma once

#include <seccomp.h>

#include "table/service/service.h"

#define ARCHITECTURES_MOST 24

/* A filter for several architectures, each with a context; merged at the end. */
struct seccomp_filter {
	uint32_t architectures[ARCHITECTURES_MOST];
	scmp_filter_ctx contexts[ARCHITECTURES_MOST];
	size_t count;
	uint32_t unknown[FILTER_UNKNOWN_MOST];  /* indices of words that name no call */
	size_t unknown_count;
	int error;                      /* errno of the first failure; 0: none */
};

#define CALLS_MOST 512                  /* above the numbers that all architectures share; but for x32, none has higher ones */

unsigned seccomp_call_base(uint32_t architecture);      /* lowest number of a system call */

/* Adds a rule for the architecture at `index`, as seccomp_rule_add_array(3): this action, if the arguments match. Does
 * nothing if the architecture or this libseccomp lacks the call. */
void seccomp_filter_rule(struct seccomp_filter *filter, size_t index, uint32_t action, int call, unsigned count,
			 const struct scmp_arg_cmp *arguments);

/* Adds the rules of the hardening switches and of restrict_address_families (restrict.c). */
void seccomp_filter_restrict(struct seccomp_filter *filter, const struct filter_request *request);

/* A list as system_call_filter has it (calls.c): the action for calls that it does not name, and its rules. error: errno
 * or ERRNO_KILL of calls that are denied. */
uint32_t seccomp_list_default(words list, int64_t error);
void seccomp_filter_list(struct seccomp_filter *filter, words list, int64_t error);
