/* Idle workers. superd alone decides when they end, by closing the channel: a process that exited by itself might do
 * so while a connection is on its way to it. If one is killed, superd reaps it like any child. Its control group is
 * noted as one that waits to be empty, so it is removed with the process, also by a later superd. */
#include "engine/launch/worker_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "engine/core/fd_watch.h"
#include "engine/launch/instance_cgroup.h"

#define WORKERS_MOST 128                /* workers of a service */
#define IDLE_SECONDS 1.0                /* seconds that a worker waits */

struct idle_worker {
	struct list link;
	struct child child;
	struct engine *engine;
	struct worker_pool *pool;
	struct alarm limit;
	int channel;
	struct instance_cgroup group;   /* a copy of its path; instance_cgroup_leave has noted the group itself */
};

void worker_pool_init(struct worker_pool *pool)
{
	list_init(&pool->list);
	pool->count = 0;
}

/* Frees the worker; its channel stays open. */
static void worker_forget(struct idle_worker *worker)
{
	alarm_stop(&worker->limit);
	child_table_remove(&worker->engine->children, &worker->child);
	list_remove(&worker->link);
	worker->pool->count--;
	free(worker->group.path);
	free(worker);
}

static void worker_dismiss(struct idle_worker *worker)
{
	fd_close(&worker->channel);
	worker_forget(worker);
}

static void on_limit(struct alarm *alarm)
{
	worker_dismiss(container_of(alarm, struct idle_worker, limit));
}

static void on_ended(struct child *child, int status)
{
	struct idle_worker *worker = container_of(child, struct idle_worker, child);

	(void)status;
	child->pid = 0;
	worker_dismiss(worker);
}

/* NULL: out of memory. */
static struct idle_worker *worker_new(struct engine *engine, pid_t pid, const struct instance_cgroup *group)
{
	struct idle_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->engine = engine;
	worker->child.pid = pid;
	worker->child.ended = on_ended;
	worker->group = *group;
	if (group->path)
		worker->group.path = strdup(group->path);
	if (group->path && !worker->group.path) {
		free(worker);
		return NULL;
	}
	child_table_add(&engine->children, &worker->child);
	return worker;
}

bool worker_pool_add(struct worker_pool *pool, struct engine *engine, pid_t pid, int channel,
		     struct instance_cgroup *group)
{
	struct idle_worker *worker = pool->count < WORKERS_MOST ? worker_new(engine, pid, group) : NULL;

	if (!worker)
		return false;
	worker->pool = pool;
	worker->channel = channel;
	instance_cgroup_leave(group, engine, 0, false);
	list_add(&pool->list, &worker->link);
	pool->count++;
	alarm_init(&worker->limit, engine, on_limit);
	alarm_set(&worker->limit, IDLE_SECONDS);
	return true;
}

bool worker_pool_take(struct worker_pool *pool, pid_t *pid, int *channel, struct instance_cgroup *group)
{
	struct idle_worker *worker;

	if (list_empty(&pool->list))
		return false;
	worker = container_of(pool->list.previous, struct idle_worker, link);
	*pid = worker->child.pid;
	*channel = worker->channel;
	group->files = worker->group.files;
	if (worker->group.path)
		instance_cgroup_take_back(group, worker->engine, worker->group.path);
	worker_forget(worker);
	return true;
}

void worker_pool_dismiss(struct worker_pool *pool)
{
	LIST_EACH(link, &pool->list)
		worker_dismiss(container_of(link, struct idle_worker, link));
}
