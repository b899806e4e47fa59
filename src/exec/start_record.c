/* The structs of a start, and where their pointers lead. What a stage of superd-exec reads must be in these tables. */
#include "exec/exec.h"

#include <linux/bpf.h>

#define START_MOST (64 << 20) /* bytes of a start */

/* A struct with these pointers; a pointer to a text, to a list of texts, to one struct, to as many as `number` says. */
#define POINTERS(...) \
	(const struct record_pointer[]) \
	{ \
		__VA_ARGS__, \
		{ \
			0 \
		} \
	}
#define TYPE(name, ...) \
	{ \
		sizeof(struct name), POINTERS(__VA_ARGS__) \
	}
#define TEXT(name, member) \
	{ \
		offsetof(struct name, member), RECORD_TEXT, &record_byte, 0 \
	}
#define TEXTS(name, member) \
	{ \
		offsetof(struct name, member), RECORD_LIST, &record_text, 0 \
	}
#define ONE(name, member, type) \
	{ \
		offsetof(struct name, member), RECORD_ONE, type, 0 \
	}
#define MANY(name, member, number, type) \
	{ \
		offsetof(struct name, member), COUNT(sizeof(((struct name *)0)->number)), type, \
			offsetof(struct name, number) \
	}
#define COUNT(bytes) ((bytes) == 2 ? RECORD_COUNT_2 : (bytes) == 4 ? RECORD_COUNT_4 : RECORD_COUNT_8)

static const struct record_type four_bytes = { 4, NULL }, eight_bytes = { 8, NULL };
_Static_assert(sizeof(gid_t) == 4 && sizeof(int) == 4, "a group and a descriptor have four bytes");
_Static_assert(sizeof(struct sock_filter) == 8 && sizeof(struct bpf_insn) == 8, "an instruction has eight bytes");

static const struct record_type filter = TYPE(sock_fprog, MANY(sock_fprog, filter, len, &eight_bytes));
static const struct record_type filter_pointer = { sizeof(void *), POINTERS({ 0, RECORD_ONE, &filter, 0 }) };
static const struct record_type rules = TYPE(socket_rules, ONE(socket_rules, filter, &filter));
static const struct record_type condition = TYPE(condition, TEXT(condition, parameter));
static const struct record_type account = TYPE(account, TEXT(account, name), TEXT(account, home), TEXT(account, shell),
					       MANY(account, groups, group_count, &four_bytes));
static const struct record_type folder = TYPE(own_folder, TEXT(own_folder, base), TEXT(own_folder, name),
					      TEXT(own_folder, link), TEXT(own_folder, target));
static const struct record_type credential =
	TYPE(credential, TEXT(credential, id), MANY(credential, source, length, &record_byte));
static const struct record_type credentials =
	TYPE(credentials, TEXT(credentials, folder.base), TEXT(credentials, folder.name),
	     TEXT(credentials, received), MANY(credentials, list, count, &credential));
static const struct record_type mounted = TYPE(sandbox_mount, TEXT(sandbox_mount, path), TEXT(sandbox_mount, option),
					       TEXT(sandbox_mount, source), TEXT(sandbox_mount, data));
static const struct record_type sandbox =
	TYPE(sandbox_config, TEXT(sandbox_config, root), TEXT(sandbox_config, profile),
	     MANY(sandbox_config, mounts, mount_count, &mounted),
	     { offsetof(struct sandbox_config, filters), RECORD_LIST, &filter_pointer, 0 });
static const struct record_type attribute = TYPE(cgroup_attribute, TEXT(cgroup_attribute, file),
						 TEXT(cgroup_attribute, text), TEXT(cgroup_attribute, option));
static const struct record_type settings =
	TYPE(cgroup_settings, MANY(cgroup_settings, list, count, &attribute),
	     MANY(cgroup_settings, programs[0].code, programs[0].count, &eight_bytes),
	     MANY(cgroup_settings, programs[1].code, programs[1].count, &eight_bytes),
	     MANY(cgroup_settings, programs[2].code, programs[2].count, &eight_bytes));
static const struct record_type signals = { sizeof(struct inherited_signals), NULL };
static const struct record_type files = {
	3 * sizeof(struct stream_file),
	POINTERS({ offsetof(struct stream_file, path), RECORD_TEXT, &record_byte, 0 },
		 { sizeof(struct stream_file) + offsetof(struct stream_file, path), RECORD_TEXT, &record_byte, 0 },
		 { 2 * sizeof(struct stream_file) + offsetof(struct stream_file, path), RECORD_TEXT, &record_byte, 0 }),
};
static const struct record_type command = TYPE(plan_command, TEXT(plan_command, program));
static const struct record_type planned =
	TYPE(plan, MANY(plan, conditions, condition_count, &condition), ONE(plan, account, &account), TEXT(plan, root),
	     TEXT(plan, directory), ONE(plan, bind_filter, &filter), MANY(plan, folders, folder_count, &folder),
	     ONE(plan, credentials, &credentials), ONE(plan, sandbox, &sandbox), ONE(plan, cgroup_settings, &settings),
	     ONE(plan, signals, &signals));

/* What is written first. */
struct written {
	struct job job;
	bool has_keyring;
	size_t places[3]; /* in the environment, of the variables that hold the child's pid */
};

static const struct record_type started =
	TYPE(written, MANY(written, job.wanted, job.wanted_count, &four_bytes), ONE(written, job.files, &files),
	     MANY(written, job.rules, job.rules_count, &rules), ONE(written, job.command, &command),
	     TEXTS(written, job.argv), TEXTS(written, job.environment), TEXT(written, job.notify),
	     TEXT(written, job.group), ONE(written, job.plan, &planned));

/* The variables, with the texts in the job. */
static void find_own(struct job *job, char *texts[3])
{
	texts[0] = job->watchdog_pid;
	texts[1] = job->listen_pid;
	texts[2] = job->exec_pid;
}

void start_write(const struct job *job, struct buf *out)
{
	struct plan_command run = *job->command;
	struct plan plan = *job->plan;
	struct written start;
	char *texts[3];

	memset(&start, 0, sizeof(start));
	start.job = *job;
	start.has_keyring = has_own_keyring;
	find_own((struct job *)(uintptr_t)job, texts);
	for (size_t n = 0; n < 3; n++) {
		while (job->environment && job->environment[start.places[n]] &&
		       job->environment[start.places[n]] != texts[n])
			start.places[n]++;
	}
	memset(&plan.main, 0, sizeof(plan.main));
	memset(plan.commands, 0, sizeof(plan.commands));
	plan.environment = NULL;
	plan.unset = NULL;
	plan.text = run.text = NULL;
	run.argv = NULL;
	start.job.plan = &plan;
	start.job.command = &run;
	start.job.executor_environment = NULL;
	start.job.report = start.job.record = -1;
	buf_add(out, &start, sizeof(start));
	record_write(out, &started, &start);
}

bool start_read_text(const char *text, size_t length, struct pool *pool, struct job *job)
{
	struct record record = { text, length, pool };
	size_t count = 0;
	struct written start;
	char *texts[3];

	errno = EPROTO;
	if (!pool || !record_take(&record, &start, sizeof(start)) || !record_read(&record, &started, &start) ||
	    record.left)
		return false;
	*job = start.job;
	has_own_keyring = start.has_keyring;
	find_own(job, texts);
	while (job->environment && job->environment[count])
		count++;
	for (size_t n = 0; n < 3; n++) {
		if (start.places[n] < count)
			job->environment[start.places[n]] = texts[n];
	}
	return true;
}

bool start_read(int file, struct job *job)
{
	size_t length;
	char *text = fd_read_all(file, START_MOST, &length);

	return text && start_read_text(text, length, pool_new(), job);
}
