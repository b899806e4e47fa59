/* system_call_filter: a list of allowed or denied system calls. Each word adds to, or removes from, the result of the
 * words before it. So the whole list is evaluated first, name by name, and turned into rules at the end. */

#include "filter/internal.h"

#define NAME_MOST 64
#define KNOWN_MOST 1024                 /* numbers to try for @known; no architecture has as many */
#define DEPTH_MOST 4                    /* nested groups */

/* How a call is handled. */
struct verdict {
	bool denied;
	int64_t error;                  /* errno or ERRNO_KILL of a denied call; NO_ERROR: the service's */
};

/* A call that the list names. */
struct named_call {
	char name[NAME_MOST];
	struct verdict verdict;
};

enum { NO_ERROR = -2 };

/* The calls that the list names, and how. */
struct call_list {
	const struct seccomp_filter *filter;    /* whose architectures count for CALL_GROUP_ALL */
	struct named_call *list;
	size_t count, capacity;
	bool failed;
};

static struct named_call *find_call(struct call_list *calls, const char *name, size_t length)
{
	for (size_t n = 0; n < calls->count; n++) {
		if (!strncmp(calls->list[n].name, name, length) && !calls->list[n].name[length])
			return &calls->list[n];
	}
	return NULL;
}

static void set_call(struct call_list *calls, const char *name, size_t length, struct verdict verdict)
{
	struct named_call *named = length < NAME_MOST ? find_call(calls, name, length) : NULL, *list;

	if (length >= NAME_MOST)
		return;                 /* no call has such a long name; note_unknown reports it */
	if (!named) {
		list = array_grow(calls->list, &calls->capacity, calls->count, sizeof(*list));
		if (!list) {
			calls->failed = true;
			return;
		}
		calls->list = list;
		named = &list[calls->count++];
		memset(named, 0, sizeof(*named));
		memcpy(named->name, name, length);
	}
	named->verdict = verdict;
}

/* Adds all calls of the filter's architectures, as each has calls that others lack. */
static void set_all_known(struct call_list *calls, struct verdict verdict)
{
	const struct seccomp_filter *filter = calls->filter;

	for (size_t n = 0; n < filter->count * KNOWN_MOST; n++) {
		uint32_t architecture = filter->architectures[n / KNOWN_MOST];
		int number = (int)(n % KNOWN_MOST + seccomp_call_base(architecture));
		char *name = seccomp_syscall_resolve_num_arch(architecture, number);

		if (name)
			set_call(calls, name, strlen(name), verdict);
		free(name);
	}
}

static void set_group(struct call_list *calls, const char *name, size_t length, struct verdict verdict, int depth)
{
	char text[NAME_MOST];
	const struct syscall_group *group;

	if (length >= sizeof(text) || depth > DEPTH_MOST)
		return;
	memcpy(text, name, length);
	text[length] = '\0';
	if (!strcmp(text, CALL_GROUP_ALL)) {
		set_all_known(calls, verdict);
		return;
	}
	group = syscall_group_find(text);
	for (const char *call = group ? group->calls : ""; *call; call += strspn(call, " ")) {
		size_t part = strcspn(call, " ");

		if (*call == '@')
			set_group(calls, call, part, verdict, depth + 1);
		else
			set_call(calls, call, part, verdict);
		call += part;
	}
}

/* Notes the index of a word whose name is unknown; superd reports it. */
static void note_unknown(struct seccomp_filter *filter, size_t index, const char *name, size_t length)
{
	char text[NAME_MOST] = "";

	if (length < sizeof(text))
		memcpy(text, name, length);
	if (*text && seccomp_call_is_known(text))
		return;
	if (filter->unknown_count < FILTER_UNKNOWN_MOST)
		filter->unknown[filter->unknown_count++] = (uint32_t)index;
	else
		filter->error = E2BIG;
}

static void read_word(struct call_list *calls, struct seccomp_filter *filter, size_t index, const char *word)
{
	struct verdict verdict = { .denied = *word == '~', .error = NO_ERROR };
	size_t length;

	word += verdict.denied || *word == '+';
	length = strcspn(word, ":");
	if (word[length])
		errno_scan(word + length + 1, &verdict.error);
	if (*word == '@') {
		set_group(calls, word, length, verdict, 0);
		return;
	}
	note_unknown(filter, index, word, length);
	set_call(calls, word, length, verdict);
}

static uint32_t deny_action(int64_t error)
{
	return error == ERRNO_KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO((uint16_t)error);
}

uint32_t seccomp_filter_default(const struct filter_request *request)
{
	return signed_list_denies(request->calls) ? SCMP_ACT_ALLOW : deny_action(request->error);
}

void seccomp_filter_list(struct seccomp_filter *filter, const struct filter_request *request)
{
	struct call_list calls = { .filter = filter };

	/* No program can start, sleep or exit without these. */
	if (!signed_list_denies(request->calls))
		set_group(&calls, "@default", strlen("@default"), (struct verdict){ .error = NO_ERROR }, 0);
	for (size_t n = 0; request->calls[n]; n++)
		read_word(&calls, filter, n, request->calls[n]);
	for (size_t n = 0; n < calls.count; n++) {
		struct verdict verdict = calls.list[n].verdict;
		int64_t error = verdict.error == NO_ERROR ? request->error : verdict.error;
		uint32_t action = verdict.denied ? deny_action(error) : SCMP_ACT_ALLOW;

		if (action != seccomp_filter_default(request)) /* libseccomp refuses a rule with the default action */
			seccomp_filter_call(filter, action, calls.list[n].name);
	}
	if (calls.failed)
		filter->error = ENOMEM;
	free(calls.list);
}
