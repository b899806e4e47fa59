/* The values of a start. There is one function for each struct, which writes or reads its members in their order. */
#include "exec/record/start_record.h"

#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>

#include "exec/child/child.h"
#include "lib/record.h"
#include "os/rights/rights.h"

#define CONDITIONS_MOST UINT16_MAX      /* of a service */
#define GROUPS_MOST 65536               /* NGROUPS_MAX */

struct condition_list {
	struct condition *list;
	size_t count;
};

static void condition_record(struct record *record, struct condition *condition)
{
	NUMBER(record, condition, kind, 0, CONDITION_KINDS - 1);
	FLAG(record, condition, is_assert);
	NUMBER(record, condition, alternative, 0, ALTERNATIVES_MOST);
	FLAG(record, condition, is_negated);
	TEXT(record, condition, parameter);
}

static void condition_list_record(struct record *record, struct condition_list *list)
{
	struct condition *conditions;

	ARRAY(record, list, list, count, CONDITIONS_MOST, conditions);
	for (size_t n = 0; n < list->count; n++)
		condition_record(record, &conditions[n]);
}

#define LIST_MOST 1000000               /* arguments, variables, groups, credentials */
#define FILTERS_MOST 8                  /* of one service */
#define INSTRUCTIONS_MOST 65535         /* of a filter or a BPF program */

static void cgroup_record(struct record *record, struct cgroup_settings *settings)
{
	struct cgroup_attribute *list;

	ARRAY(record, settings, list, count, LIST_MOST, list);
	for (size_t n = 0; n < settings->count; n++) {
		TEXT(record, &list[n], file);
		TEXT(record, &list[n], text);
		FLAG(record, &list[n], optional);
	}
	for (int kind = 0; kind < CGROUP_BPF_KINDS; kind++) {
		struct cgroup_bpf_program *program = &settings->programs[kind];

		BLOCK(record, program, code, count, INSTRUCTIONS_MOST);
	}
	FLAG(record, settings, delegates);
}

static void credential_record(struct record *record, struct credential *credential)
{
	size_t length = !credential->source ? 0 : credential->kind == CREDENTIAL_SET ? credential->length
										     : strlen(credential->source);
	const char *source = credential->source;

	NUMBER(record, credential, kind, 0, CREDENTIAL_SET);
	TEXT(record, credential, id);
	record_bytes(record, "source", &source, &length);
	if (record_reads(record)) {
		credential->source = (char *)(uintptr_t)source;
		credential->length = length;
	}
	record_demand(record, "source", source);
}

static void credentials_record(struct record *record, struct credentials *credentials)
{
	struct credential *list;

	for (int n = 0; n < 2; n++) {
		TEXT(record, &credentials->at[n], above);
		TEXT(record, &credentials->at[n], folder);
		OPTIONAL_TEXT(record, &credentials->at[n], root);
	}
	TEXT(record, credentials, unit);
	OPTIONAL_TEXT(record, credentials, received);
	UNSIGNED(record, credentials, user);
	UNSIGNED(record, credentials, group);
	ARRAY(record, credentials, list, count, LIST_MOST, list);
	for (size_t n = 0; n < credentials->count; n++)
		credential_record(record, &list[n]);
}

static void folder_record(struct record *record, struct own_folder *folder)
{
	TEXT(record, folder, base);
	TEXT(record, folder, name);
	OPTIONAL_TEXT(record, folder, link);
	OPTIONAL_TEXT(record, folder, target);
	record_demand(record, "target", folder->target || !folder->link);
	NUMBER(record, folder, mode, 0, 07777);
	FLAG(record, folder, sets_mode);
	FLAG(record, folder, is_owned);
}

static void mount_record(struct record *record, struct sandbox_mount *mount)
{
	TEXT(record, mount, path);
	OPTIONAL_TEXT(record, mount, source);
	OPTIONAL_TEXT(record, mount, data);
	NUMBER(record, mount, content, 0, CONTENT_AS_BEFORE);
	if (mount->content == CONTENT_BIND || mount->content == CONTENT_PRIVATE_TMP)
		record_demand(record, "source", mount->source);
	ANY(record, mount, flags);
	UNSIGNED(record, mount, attributes);
	UNSIGNED(record, mount, restored);
	FLAG(record, mount, before);
	FLAG(record, mount, recursive);
	FLAG(record, mount, optional);
	FLAG(record, mount, closes);
	FLAG(record, mount, closes_kept);
	FLAG(record, mount, in_new_content);
}

/* The list ends with a NULL. */
static void filters_record(struct record *record, struct sandbox_config *sandbox)
{
	const struct sock_fprog **list;
	struct sock_fprog *filter;
	size_t count = 0;

	while (!record_reads(record) && sandbox->filters && sandbox->filters[count])
		count++;
	list = record_array(record, (struct record_array){ "filters", sizeof(*list), FILTERS_MOST }, sandbox->filters,
			    &count);
	for (size_t n = 0; n < count; n++) {
		struct { const struct sock_fprog *program; } at = { list[n] };

		STRUCT(record, &at, program, filter);
		if (filter)
			BLOCK(record, filter, filter, len, INSTRUCTIONS_MOST);
		if (record_reads(record))
			list[n] = at.program;
	}
	if (record_reads(record))
		sandbox->filters = list;
}

static void sandbox_record(struct record *record, struct sandbox_config *sandbox)
{
	struct sandbox_mount *mounts;

	UNSIGNED(record, sandbox, namespaces);
	FLAG(record, sandbox, users_first);
	NUMBER(record, sandbox, users, 0, USERS_FULL);
	FLAG(record, sandbox, has_mounts);
	OPTIONAL_TEXT(record, sandbox, root);
	ARRAY(record, sandbox, mounts, mount_count, SANDBOX_MOUNTS_MOST, mounts);
	for (size_t n = 0; n < sandbox->mount_count; n++)
		mount_record(record, &mounts[n]);
	OPTIONAL_TEXT(record, sandbox, profile);
	filters_record(record, sandbox);
	FLAG(record, sandbox, refuses_executable_memory);
}

static void limits_record(struct record *record, struct plan *plan)
{
	NUMBER(record, plan, limit_count, 0, RLIMITS);
	for (size_t n = 0; n < plan->limit_count; n++) {
		struct plan_limit *limit = &plan->limits[n];

		NUMBER(record, limit, resource, 0, RLIMITS - 1);
		ANY(record, limit, value.rlim_cur);
		ANY(record, limit, value.rlim_max);
	}
}

static void oom_score_record(struct record *record, struct plan *plan)
{
	const char *text = plan->oom_score;

	record_text(record, "oom_score", &text);
	if (record_reads(record))
		snprintf(plan->oom_score, sizeof(plan->oom_score), "%s", text ? text : "");
	FLAG(record, plan, oom_score_optional);
}

static void plan_record(struct record *record, struct plan *plan)
{
	struct condition_list conditions = { plan->conditions, plan->condition_count };
	struct account *account;
	struct sock_fprog *bind_filter;
	struct own_folder *folders;
	struct credentials *credentials;
	struct sandbox_config *sandbox;
	struct cgroup_settings *cgroup_settings;

	condition_list_record(record, &conditions);
	if (record_reads(record)) {
		plan->conditions = conditions.list;
		plan->condition_count = conditions.count;
	}
	STRUCT(record, plan, account, account);
	if (account) { /* without names */
		UNSIGNED(record, account, uid);
		UNSIGNED(record, account, gid);
		FLAG(record, account, keeps_groups);
		FLAG(record, account, switches);
		BLOCK(record, account, groups, group_count, GROUPS_MOST);
	}
	OPTIONAL_TEXT(record, plan, root);
	OPTIONAL_TEXT(record, plan, directory);
	FLAG(record, plan, directory_optional);
	UNSIGNED(record, plan, umask);
	INT(record, plan, nice);
	limits_record(record, plan);
	oom_score_record(record, plan);
	INT(record, plan, io_priority);
	ANY(record, plan, ambient);
	ANY(record, plan, bounding);
	FLAG(record, plan, no_new_privileges);
	STRUCT(record, plan, bind_filter, bind_filter);
	if (bind_filter)
		BLOCK(record, bind_filter, filter, len, INSTRUCTIONS_MOST);
	FLAG(record, plan, bind_needs_tracer);
	NUMBER(record, plan, keyring, 0, KEYRING_SHARED);
	ARRAY(record, plan, folders, folder_count, LIST_MOST, folders);
	for (size_t n = 0; n < plan->folder_count; n++)
		folder_record(record, &folders[n]);
	STRUCT(record, plan, credentials, credentials);
	if (credentials)
		credentials_record(record, credentials);
	STRUCT(record, plan, sandbox, sandbox);
	if (sandbox)
		sandbox_record(record, sandbox);
	STRUCT(record, plan, cgroup_settings, cgroup_settings);
	if (cgroup_settings)
		cgroup_record(record, cgroup_settings);
	INT(record, plan, cpu_policy);
	INT(record, plan, cpu_priority);
	FLAG(record, plan, ignores_sigpipe);
	LIST(record, plan, open_paths, OPEN_PATHS_MOST);
}

static void streams_record(struct record *record, struct job *job)
{
	struct stream_file *files;
	size_t count = job->files ? 3 : 0;

	files = record_array(record, (struct record_array){ "files", sizeof(*files), 3 }, job->files, &count);
	for (size_t n = 0; n < count; n++) {
		OPTIONAL_TEXT(record, &files[n], path);
		INT(record, &files[n], flags);
		FLAG(record, &files[n], is_same);
	}
	if (record_reads(record))
		job->files = count == 3 ? files : NULL;
}

static void rules_record(struct record *record, struct job *job)
{
	struct socket_rules *list;
	struct sock_fprog *made;

	ARRAY(record, job, rules, rules_count, CHILD_DESCRIPTORS, list);
	for (size_t n = 0; n < job->rules_count; n++) {
		NUMBER(record, &list[n], fd, 0, INT_MAX);
		STRUCT(record, &list[n], filter, made);
		record_demand(record, "filter", made);
		if (made)
			BLOCK(record, made, filter, len, INSTRUCTIONS_MOST);
	}
}

/* The variables, and which of them have the child's pid. */
static void environment_record(struct record *record, struct job *job)
{
	char *const texts[] = { job->watchdog_pid, job->listen_pid, job->exec_pid, job->pidfd_id };
	size_t count = 0;

	LIST(record, job, environment, LIST_MOST);
	while (job->environment && job->environment[count])
		count++;
	for (size_t n = 0; n < sizeof(texts) / sizeof(*texts); n++) {
		struct { size_t place; } at = { 0 };

		while (!record_reads(record) && at.place < count && job->environment[at.place] != texts[n])
			at.place++;
		NUMBER(record, &at, place, 0, (int64_t)count);
		if (record_reads(record) && at.place < count)
			job->environment[at.place] = texts[n];
		if (record_reads(record) && texts[n] == job->pidfd_id)
			job->pidfd_id_at = job->environment ? &job->environment[at.place] : NULL;
	}
	FLAG(record, job, listen);
	FLAG(record, job, tells_unit);
	FLAG(record, job, watched);
	record_demand(record, "environment", job->environment || !job->listen);
}

static void command_record(struct record *record, struct plan_command *command)
{
	TEXT(record, command, program);
	NUMBER(record, command, flags, 0, COMMAND_ARGV0 * 2 - 1);
}

void start_record(struct record *record, struct job *job)
{
	struct { bool has_keyring; } superd = { has_own_keyring };
	struct plan_command *command;
	struct plan *plan;

	FLAG(record, &superd, has_keyring);
	if (record_reads(record))
		has_own_keyring = superd.has_keyring;
	BLOCK(record, job, wanted, wanted_count, CHILD_DESCRIPTORS);
	streams_record(record, job);
	rules_record(record, job);
	FLAG(record, job, checks);
	NUMBER(record, job, after, 0, INT_MAX);
	NUMBER(record, job, file, 0, INT_MAX);
	STRUCT(record, job, command, command);
	record_demand(record, "command", command);
	if (command)
		command_record(record, command);
	LIST(record, job, argv, LIST_MOST);
	environment_record(record, job);
	NUMBER(record, job, filter_channel, 0, INT_MAX);
	OPTIONAL_TEXT(record, job, notify);
	ANY(record, job, private_id);
	OPTIONAL_TEXT(record, job, group);
	STRUCT(record, job, plan, plan);
	record_demand(record, "plan", plan);
	if (plan)
		plan_record(record, plan);
}
