/* system_call_filter: a list of allowed or denied system calls. Each word adds to, or takes from, the result of the
 * words before it. So the whole list is worked out first, name by name, and turned into rules at the end. */
#ifdef HAVE_LIBSECCOMP
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "config/option/service_mark.h"
#include "config/words/errno_name.h"
#include "config/words/sandbox_words.h"
#include "config/words/syscall_groups.h"
#include "exec/sandbox/seccomp_internal.h"

#define NAME_MOST 64
#define CALLS_MOST 1024                 /* numbers that are looked at for @known; no architecture has as many */
#define DEPTH_MOST 4                    /* of groups in groups */

/* A call that is not as all the others. */
struct special {
	char name[NAME_MOST];
	int64_t error;                  /* of its own; NO_ERROR: the service's */
	bool denied;
};

enum { NO_ERROR = -2 };

struct specials {
	struct special *list;
	size_t count, capacity;
	bool denies;                    /* what is not named is allowed */
	bool failed;
};

static struct special *find(struct specials *specials, const char *name, size_t length)
{
	for (size_t n = 0; n < specials->count; n++) {
		if (!strncmp(specials->list[n].name, name, length) && !specials->list[n].name[length])
			return &specials->list[n];
	}
	return NULL;
}

static void set(struct specials *specials, const char *name, size_t length, bool denied, int64_t error)
{
	struct special *special = length < NAME_MOST ? find(specials, name, length) : NULL, *list;

	if (length >= NAME_MOST)
		return;                 /* no call has such a name; check_name reports it */
	if (!special) {
		list = array_grow(specials->list, &specials->capacity, specials->count, sizeof(*list));
		if (!list) {
			specials->failed = true;
			return;
		}
		specials->list = list;
		special = &list[specials->count++];
		memset(special, 0, sizeof(*special));
		memcpy(special->name, name, length);
	}
	special->denied = denied;
	special->error = error;
}

/* Names of all the filter's architectures, as each has calls that others lack. */
static void set_all_known(struct specials *specials, const struct seccomp_filter *filter, bool denied, int64_t error)
{
	const char *young;

	for (size_t n = 0; n < filter->count * CALLS_MOST; n++) {
		uint32_t architecture = filter->architectures[n / CALLS_MOST];
		int number = (int)(n % CALLS_MOST + seccomp_call_base(architecture));
		char *name = seccomp_syscall_resolve_num_arch(architecture, number);

		if (name)
			set(specials, name, strlen(name), denied, error);
		free(name);
	}
	for (size_t n = 0; (young = seccomp_unified_name(n)); n++)
		set(specials, young, strlen(young), denied, error);
}

static void set_group(struct specials *specials, const struct seccomp_filter *filter, const char *name, size_t length,
		      bool denied, int64_t error, int depth)
{
	char text[NAME_MOST];
	const struct syscall_group *group;

	if (length >= sizeof(text) || depth > DEPTH_MOST)
		return;
	memcpy(text, name, length);
	text[length] = '\0';
	if (!strcmp(text, CALL_GROUP_ALL)) {
		set_all_known(specials, filter, denied, error);
		return;
	}
	group = syscall_group_find(text);
	for (const char *call = group ? group->calls : ""; *call; call += strspn(call, " ")) {
		size_t part = strcspn(call, " ");

		if (*call == '@')
			set_group(specials, filter, call, part, denied, error, depth + 1);
		else
			set(specials, call, part, denied, error);
		call += part;
	}
}

/* A name that only this table knows. What was to be denied must not be allowed for a slip. */
static void check_name(const struct service *service, const char *name, size_t length, bool denied, struct diags *diags)
{
	char text[NAME_MOST] = "";

	if (length < sizeof(text))
		memcpy(text, name, length);
	if (*text && seccomp_call_kind(text) != CALL_UNKNOWN)
		return;
	diags_add(diags, denied ? SEVERITY_ERROR : SEVERITY_WARNING, service_origin(service, "system_call_filter"),
		  "%s: system_call_filter: libseccomp here knows no system call '%.*s'%s", service->name, (int)length,
		  name, denied ? ", so it can't be denied" : "; it is left out");
}

static void read_word(struct specials *specials, const struct seccomp_filter *filter, const struct service *service,
		      const char *word, struct diags *diags)
{
	bool denied = *word == '~';
	int64_t error = NO_ERROR;
	size_t length;

	word += denied || *word == '+';
	length = strcspn(word, ":");
	if (word[length])
		errno_scan(word + length + 1, &error);
	if (*word == '@') {
		set_group(specials, filter, word, length, denied, error, 0);
		return;
	}
	check_name(service, word, length, denied, diags);
	set(specials, word, length, denied, error);
}

static uint32_t action(int64_t error)
{
	return error == ERRNO_KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO((uint16_t)error);
}

uint32_t seccomp_filter_default(const struct service *service)
{
	const struct syscall_options *calls = service->groups->syscalls;

	return signed_list_denies(calls->system_call_filter) ? SCMP_ACT_ALLOW : action(calls->system_call_error_number);
}

void seccomp_filter_list(struct seccomp_filter *filter, const struct service *service, struct diags *diags)
{
	const struct syscall_options *calls = service->groups->syscalls;
	struct specials specials = { .denies = signed_list_denies(calls->system_call_filter) };

	/* Nothing starts, sleeps or ends without these. */
	if (!specials.denies)
		set_group(&specials, filter, "@default", strlen("@default"), false, NO_ERROR, 0);
	for (words word = calls->system_call_filter; *word; word++)
		read_word(&specials, filter, service, *word, diags);
	for (size_t n = 0; n < specials.count; n++) {
		const struct special *special = &specials.list[n];
		int64_t error = special->error == NO_ERROR ? calls->system_call_error_number : special->error;
		uint32_t chosen = special->denied ? action(error) : SCMP_ACT_ALLOW;

		if (chosen != seccomp_filter_default(service)) /* libseccomp refuses what says nothing */
			seccomp_filter_call(filter, chosen, special->name);
	}
	if (specials.failed)
		filter->error = ENOMEM;
	free(specials.list);
}
#else
typedef int no_libseccomp;              /* C wants something in a file */
#endif
