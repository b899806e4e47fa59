/* The list of orphans. A process of any service, or of none in the table, may have a port. The kernel tells which
 * process has it, and the control group tells the service. */
#include "engine/orphans/orphan.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/engine.h"
#include "os/cgroup/cgroup_delegation.h"
#include "os/proc/port_owner.h"
#include "os/proc/process.h"

#define SOCKETS_MOST 16

void orphans_init(struct engine *engine, struct orphans *orphans)
{
	engine->orphans = orphans;
	list_init(&orphans->list);
}

struct orphan *orphan_add(struct engine *engine, const char *group, const char *service)
{
	struct orphan *orphan = calloc(1, sizeof(*orphan));

	if (!orphan)
		return NULL;
	list_init(&orphan->link);
	orphan->group = strdup(group);
	orphan->service = service ? strdup(service) : NULL;
	if (!orphan->group || (service && !orphan->service)) {
		orphan_free(orphan);
		return NULL;
	}
	list_add(&engine->orphans->list, &orphan->link);
	return orphan;
}

void orphan_free(struct orphan *orphan)
{
	list_remove(&orphan->link);
	free(orphan->group);
	free(orphan->service);
	free(orphan->wanted_by);
	free(orphan);
}

struct holder_search {
	struct file_id sockets[SOCKETS_MOST];
	size_t count;
	pid_t found;
};

static bool note_holder(void *context, long pid)
{
	struct holder_search *search = context;

	if (pid > 0 && process_holds((pid_t)pid, search->sockets, search->count) == HOLDS)
		search->found = (pid_t)pid;
	return !search->found;
}

struct orphan *orphan_find(const struct engine *engine, const char *service, const struct endpoint *address,
			   pid_t *holder)
{
	bool has_port = address->kind == ENDPOINT_TCP || address->kind == ENDPOINT_UDP;
	struct holder_search search = { .count = 0 };

	if (has_port && !list_empty(&engine->orphans->list))
		search.count = port_sockets(endpoint_accepts(address) ? IPPROTO_TCP : IPPROTO_UDP, address->port,
					    search.sockets, SOCKETS_MOST);
	LIST_EACH(link, &engine->orphans->list) {
		struct orphan *orphan = container_of(link, struct orphan, link);

		if (search.count)
			cgroup_each_process(orphan->group, note_holder, &search);
		*holder = search.found ? search.found : orphan->pid;
		if (search.found || (!has_port && orphan->service && !strcmp(orphan->service, service)))
			return orphan;
	}
	return NULL;
}

void orphan_explain(const struct engine *engine, const char *service, const struct endpoint *address, struct buf *why)
{
	pid_t holder;
	const struct orphan *orphan = orphan_find(engine, service, address, &holder);

	if (!orphan)
		return;
	if (holder)
		buf_addf(why, ": pid %ld was left by a superd that was killed", (long)holder);
	else
		buf_text(why, ": a process that a superd which was killed has left has it");
	if (orphan->ends)
		buf_text(why, ", and is being ended");
	else
		buf_addf(why, "; superctl evict %s ends it", service);
}

static void save_wanted_by(struct state_saver *saver, const void *object)
{
	const struct orphan *orphan = object;

	if (orphan->ends)
		save_text(saver, "wanted_by", orphan->wanted_by);
}

/* An orphan that was being stopped is stopped again. */
static const struct state_field orphan_fields[] = {
	{ STATE_FIELD(orphan, "group", group) },
	{ STATE_FIELD(orphan, "service", service) },
	{ STATE_FIELD(orphan, "pid", pid), .most = INT32_MAX },
	{ STATE_BY(orphan, wanted_by, save_wanted_by, NULL) },
	{ STATE_NONE(orphan, link, "listed anew") },
	{ STATE_NONE(orphan, ends, "the key wanted_by") },
	{ STATE_NONE(orphan, killed, "ended again, with all of its time") },
	{ STATE_NONE(orphan, until, "ended again, with all of its time") },
};
const struct field_table orphan_state = FIELD_TABLE("orphan", orphan, orphan_fields);
