/* Finds the instance that a message comes from. The kernel vouches for the sender's pid; superd looks for it among
 * main processes and commands, then by session, group and ancestors. If the sender has ended by now, none of these
 * can be looked up, and the socket decides, if its service has a single instance. */
#include "superd/instance/notify_sender.h"

#include <unistd.h>

#include "os/proc/process.h"
#include "superd/process/process_tree.h"

#define ANCESTORS_MOST 32

/* Whether a pid, session or group belongs to the instance. Its first process began its session, and the group that it
 * had before its main process moved is still its own. */
static bool has_id(const struct instance *instance, pid_t id)
{
	return id > 1 &&
		(id == instance->pid || id == instance->child.pid || id == instance->groups.group ||
		 id == instance->groups.former || id == instance_command(instance));
}

static struct notify_state *find_holder(const struct list *notices, pid_t id)
{
	LIST_EACH(link, notices) {
		struct notify_state *notice = container_of(link, struct notify_state, link);

		if (has_id(notice->instance, id))
			return notice;
	}
	return NULL;
}

static struct notify_state *find_by_ancestors(const struct list *notices, pid_t pid)
{
	struct process process;
	struct notify_state *notice;

	for (int n = 0; n < ANCESTORS_MOST && pid > 1 && pid != getpid() && process_read(pid, &process); n++) {
		notice = find_holder(notices, process.pid);
		if (!notice)
			notice = find_holder(notices, process.group);
		if (!notice)
			notice = find_holder(notices, process.session);
		if (notice)
			return notice;
		pid = process.parent;
	}
	return NULL;
}

struct notify_state *notify_sender_find(const struct list *notices, pid_t pid, uid_t uid, enum role *role)
{
	struct notify_state *notice;

	*role = ROLE_OTHER;
	LIST_EACH(link, notices) {
		notice = container_of(link, struct notify_state, link);
		if (notice->instance->pid == pid) {
			*role = ROLE_MAIN;
			return notice;
		}
		if (instance_command(notice->instance) == pid) {
			*role = ROLE_COMMAND;
			return notice;
		}
	}
	notice = find_by_ancestors(notices, pid);
	if (notice || !list_has_one(notices))
		return notice;
	notice = container_of(notices->next, struct notify_state, link);
	return uid == 0 || uid == notice->instance->user ? notice : NULL;
}

bool notify_sender_is_of(const struct list *notices, const struct notify_state *notice, pid_t pid)
{
	const struct notify_state *match = find_by_ancestors(notices, pid);
	struct process_proof proof = instance_proof(notice->instance);

	return match ? match == notice : process_is_proved(&proof, pid);
}

bool notify_sender_is_allowed(const struct notify_state *notice, enum role role)
{
	switch ((enum notify_access)notice->access) {
	case NOTIFY_NONE:
		return false;
	case NOTIFY_MAIN:
		return role == ROLE_MAIN;
	case NOTIFY_EXEC:
		return role != ROLE_OTHER;
	case NOTIFY_ALL:
		break;
	}
	return true;
}
