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

bool seccomp_call_is_known(const char *call);
unsigned seccomp_call_base(uint32_t architecture);      /* lowest number of a system call */

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
