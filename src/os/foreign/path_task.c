/* Writes and reads the task. */
#include "os/foreign/path_task.h"

#include "lib/record_members.h"
#include "os/foreign/fork_with_timeout.h"

#define GROUPS_MOST 65536               /* NGROUPS_MAX */

void account_record(struct record *record, struct account *account)
{
	UNSIGNED(record, account, uid);
	UNSIGNED(record, account, gid);
	FLAG(record, account, keeps_groups);
	FLAG(record, account, switches);
	BLOCK(record, account, groups, group_count, GROUPS_MOST);
}

void path_task_record(struct record *record, struct path_task *task)
{
	struct account *account;

	NUMBER(record, task, work, 0, PATH_WORKS - 1);
	TEXT(record, task, path);
	NUMBER(record, task, most, 0, WORK_TEXT_MOST);
	OPTIONAL_TEXT(record, task, loader);
	record_demand(record, "loader", task->work != PATH_LIBRARIES || task->loader);
	STRUCT(record, task, account, account);
	if (account)
		account_record(record, account);
}
