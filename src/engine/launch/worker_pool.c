/* Processes that wait for another connection. superd alone decides when they end, by closing the channel: a process
 * that left by itself might do so while a connection is on its way to it. If one is killed meanwhile, superd reaps
 * it as any child. Its control group is remembered like those that only wait to be empty, so it is removed with the
 * process, whatever becomes of this superd. */
#include "engine/launch/worker_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "engine/core/fd_watch.h"
#include "engine/launch/instance_cgroup.h"

#define MOST 128                        /* standbys of a service; it had as many connections a moment ago */
#define PATIENCE 1.0                    /* seconds that a standby waits */

struct standby {
	struct list link;
	struct child child;
	struct engine *engine;
	struct worker_pool *standbys;
	struct alarm limit;
	int channel;
	struct instance_cgroup group;   /* a copy of its path; instance_cgroup_leave remembers the group itself */
};

void worker_pool_init(struct worker_pool *standbys)
{
	list_init(&standbys->list);
	standbys->count = 0;
}

/* The channel stays open. */
static void forget(struct standby *standby)
{
	alarm_stop(&standby->limit);
	child_table_remove(&standby->engine->children, &standby->child);
	list_remove(&standby->link);
	standby->standbys->count--;
	free(standby->group.path);
	free(standby);
}

static void dismiss(struct standby *standby)
{
	fd_close(&standby->channel);
	forget(standby);
}

static void on_limit(struct alarm *alarm)
{
	dismiss(container_of(alarm, struct standby, limit));
}

static void on_ended(struct child *child, int status)
{
	struct standby *standby = container_of(child, struct standby, child);

	(void)status;
	child->pid = 0;
	dismiss(standby);
}

/* NULL: out of memory. */
static struct standby *standby_new(struct engine *engine, pid_t pid, const struct instance_cgroup *group)
{
	struct standby *standby = calloc(1, sizeof(*standby));

	if (!standby)
		return NULL;
	standby->engine = engine;
	standby->child.pid = pid;
	standby->child.ended = on_ended;
	standby->group = *group;
	if (group->path)
		standby->group.path = strdup(group->path);
	if ((!group->path || standby->group.path) && child_table_add(&engine->children, &standby->child))
		return standby;
	free(standby->group.path);
	free(standby);
	return NULL;
}

bool worker_pool_add(struct worker_pool *standbys, struct engine *engine, pid_t pid, int channel,
		     struct instance_cgroup *group)
{
	struct standby *standby = standbys->count < MOST ? standby_new(engine, pid, group) : NULL;

	if (!standby)
		return false;
	standby->standbys = standbys;
	standby->channel = channel;
	instance_cgroup_leave(group, engine, 0, false);
	list_add(&standbys->list, &standby->link);
	standbys->count++;
	alarm_init(&standby->limit, engine, on_limit);
	alarm_set(&standby->limit, PATIENCE);
	return true;
}

bool worker_pool_take(struct worker_pool *standbys, pid_t *pid, int *channel, struct instance_cgroup *group)
{
	struct standby *standby;

	if (list_empty(&standbys->list))
		return false;
	standby = container_of(standbys->list.previous, struct standby, link);
	*pid = standby->child.pid;
	*channel = standby->channel;
	group->files = standby->group.files;
	if (standby->group.path)
		instance_cgroup_take_back(group, standby->engine, standby->group.path);
	forget(standby);
	return true;
}

void worker_pool_dismiss(struct worker_pool *standbys)
{
	LIST_EACH(link, &standbys->list)
		dismiss(container_of(link, struct standby, link));
}
