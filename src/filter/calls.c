/* system_call_filter: a list of allowed or denied system calls. Each word adds to, or removes from, the result of the
 * words before it. So the whole list is evaluated first, call by call, and turned into rules at the end. */
#include "filter/internal.h"

#define NAME_MOST 64                    /* no call and no group has such a long name */
#define KNOWN_MOST 1024                 /* numbers to try for @known; no architecture has as many */
#define DEPTH_MOST 4                    /* nested groups */

/* A call that the list names, and how it is handled. */
struct named_call {
	int number;                     /* libseccomp's, of all architectures */
	bool denied;
	int64_t error;                  /* errno or ERRNO_KILL of a denied call */
};

struct call_list {
	const struct seccomp_filter *filter;    /* whose architectures count for CALL_GROUP_ALL */
	struct named_call *list;
	size_t count, capacity;
	bool failed;
};

static void set_call(struct call_list *calls, struct named_call call)
{
	struct named_call *list;
	size_t n = 0;

	while (n < calls->count && calls->list[n].number != call.number)
		n++;
	if (n == calls->count) {
		list = array_grow(calls->list, &calls->capacity, calls->count, sizeof(*list));
		calls->failed |= !list;
		if (!list)
			return;
		calls->list = list;
		calls->count++;
	}
	calls->list[n] = call;
}

/* Sets a call, or the calls of a group. call: how they are handled. false: there is no such call. */
static bool set_name(struct call_list *calls, const char *word, size_t length, struct named_call call, int depth)
{
	const struct seccomp_filter *filter = calls->filter;
	const struct syscall_group *group;
	char name[NAME_MOST] = "", *known;

	if (length < sizeof(name))
		memcpy(name, word, length);
	if (*name != '@') {
		call.number = seccomp_syscall_resolve_name(name);
		if (call.number != __NR_SCMP_ERROR)
			set_call(calls, call);
		return call.number != __NR_SCMP_ERROR;
	}
	/* All calls of the filter's architectures, as each has calls that others lack. */
	for (size_t n = 0; !strcmp(name, CALL_GROUP_ALL) && n < filter->count * KNOWN_MOST; n++) {
		uint32_t architecture = filter->architectures[n / KNOWN_MOST];

		known = seccomp_syscall_resolve_num_arch(architecture, (int)(n % KNOWN_MOST +
									     seccomp_call_base(architecture)));
		if (known)
			set_name(calls, known, strlen(known), call, depth);
		free(known);
	}
	group = depth < DEPTH_MOST ? syscall_group_find(name) : NULL;
	for (const char *part = group ? group->calls : ""; *part; part += strspn(part, " ")) {
		set_name(calls, part, strcspn(part, " "), call, depth + 1);
		part += strcspn(part, " ");
	}
	return true;
}

static uint32_t deny_action(int64_t error)
{
	return error == ERRNO_KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO((uint16_t)error);
}

uint32_t seccomp_list_default(words list, int64_t error)
{
	return signed_list_denies(list) ? SCMP_ACT_ALLOW : deny_action(error);
}

void seccomp_filter_list(struct seccomp_filter *filter, words list, int64_t error)
{
	uint32_t usual = seccomp_list_default(list, error), action;
	struct call_list calls = { .filter = filter };

	/* No program can start, sleep or exit without these. */
	if (!signed_list_denies(list))
		set_name(&calls, "@default", strlen("@default"), (struct named_call){ 0 }, 0);
	for (size_t n = 0; list[n]; n++) {
		struct named_call call = { .denied = *list[n] == '~', .error = error };
		const char *word = list[n] + (*list[n] == '~' || *list[n] == '+');
		size_t length = strcspn(word, ":");

		if (word[length])
			errno_scan(word + length + 1, &call.error);
		if (set_name(&calls, word, length, call, 0))
			continue;
		if (filter->unknown_count < FILTER_UNKNOWN_MOST) /* superd reports it */
			filter->unknown[filter->unknown_count++] = (uint32_t)n;
		else
			filter->error = E2BIG;
	}
	for (size_t n = 0; n < calls.count; n++) {
		action = calls.list[n].denied ? deny_action(calls.list[n].error) : SCMP_ACT_ALLOW;
		if (action == usual)            /* libseccomp refuses a rule with the default action */
			continue;
		for (size_t i = 0; i < filter->count; i++)
			seccomp_filter_rule(filter, i, action, calls.list[n].number, 0, NULL);
	}
	if (calls.failed)
		filter->error = ENOMEM;
	free(calls.list);
}
