/* What the parts of sys/seccomp share: a filter on its way, for each architecture by itself. */
#pragma once

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "model/service.h"

#define ARCHITECTURES_MOST 24

/* One filter over several architectures: a context each, merged at the end. */
struct filter {
	uint32_t architectures[ARCHITECTURES_MOST];
	scmp_filter_ctx contexts[ARCHITECTURES_MOST];
	size_t count;
	int error;                      /* errno of what went wrong; 0: nothing */
};

/* Its number as libseccomp has it, which is this machine's, or one below 0 of a call that others have; __NR_SCMP_ERROR:
 * nobody knows it. */
int seccomp_call_number(const char *call);
bool seccomp_is_young(const char *call);                /* libseccomp itself does not know it */

/* Whether this architecture makes sockets and the like through one call whose arguments lie in memory. */
bool seccomp_is_multiplexed(uint32_t architecture);

/* A rule of one architecture: this call gives this, when its arguments are so. One that the architecture lacks is
 * passed over. */
void filter_rule(struct filter *filter, size_t number, uint32_t action, const char *call, unsigned count,
		 const struct scmp_arg_cmp *arguments);

/* The same without arguments for a call of all of them. */
void filter_call(struct filter *filter, uint32_t action, const char *call);

/* What the switches and restrict_address_families deny (seccomp_restrict.c). */
void filter_restrict(struct filter *filter, const struct service *service);
bool filter_is_restricted(const struct service *service);

/* system_call_filter: the allowed or the denied (seccomp_calls.c). Gives what becomes of all others in *usual. */
uint32_t filter_usual(const struct service *service);
void filter_list(struct filter *filter, const struct service *service, struct diags *diags);
