/* The processes to freeze of an instance. An orphan may belong to any instance; if another instance is known by it,
 * or has its group or session, it belongs to that one. */
#include "engine/freeze/frost_target.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/instance/notice.h"

const char *frost_target_obstacle(const struct keeper *keeper)
{
	const struct instance *instance = keeper->activity ? keeper->activity->current : NULL;

	if (keeper->state == FROZEN)
		return "it is frozen already";
	if (keeper->state != RUNNING || !instance || instance->child.pid <= 0)
		return "nothing of it runs";
	if (instance->stopping || instance->clears || (instance->notice && instance->notice->stopping))
		return "it is about to end";
	if (instance->control > 0)
		return "a command beside it runs";
	if (instance->notice && instance->notice->reloading)
		return "it reloads";
	return NULL;
}

/* A process that another instance is known by, or that is in its group. */
static bool is_others(void *context, pid_t pid)
{
	const struct instance *instance = context;
	const struct child *child = children_find(&instance->engine->children, pid);
	pid_t group = getpgid(pid), session = getsid(pid);

	if (child)
		return child != &instance->child;
	if (group == instance->group || session == instance->group)
		return false;
	return instance_has_group(instance->engine, group) || instance_has_group(instance->engine, session);
}

static bool take_sockets(struct frost_target *target, const struct keeper *keeper)
{
	struct stat status;
	size_t count = 0;

	target->sockets = calloc(keeper->listener_count + 1, sizeof(*target->sockets));
	for (size_t n = 0; target->sockets && n < keeper->listener_count; n++) {
		if (listener_is_open(&keeper->listeners[n]) && fstat(keeper->listeners[n].io.fd, &status) == 0)
			target->sockets[count++] = (struct file_id){ status.st_dev, status.st_ino };
	}
	target->root.sockets = target->sockets;
	target->root.socket_count = count;
	return target->sockets;
}

bool frost_target_take(struct frost_target *target, struct keeper *keeper)
{
	struct instance *instance = keeper->activity->current;

	frost_target_free(target);
	target->root = (struct clan_root){
		.main = instance->child.pid, .groups = { instance->group, instance->former_group },
		.first = instance->service->what->pass == PASS_SYSTEMD ? instance->pid : 0,
		.is_others = is_others, .context = instance,
	};
	return take_sockets(target, keeper);
}

void frost_target_free(struct frost_target *target)
{
	free(target->sockets);
	*target = (struct frost_target){ 0 };
}
