/* Finds processes that serve several clients. */
#include "superd/instance/shared_process.h"

struct shared_process *shared_process_find(const struct list *shared, pid_t pid)
{
	for (struct list *link = shared->next; link != shared; link = link->next) {
		struct shared_process *process = container_of(link, struct shared_process, all);

		if (process->child.pid == pid)
			return process;
	}
	return NULL;
}

struct resource_usage shared_process_usage(const struct shared_process *process)
{
	struct resource_usage usage = resource_usage_of_process(process->child.pid);

	if (usage.memory > 0)
		usage.memory /= (int64_t)process->count;
	if (usage.cpu > 0)
		usage.cpu /= (double)process->count;
	return usage;
}

bool shared_process_serves(const struct shared_process *process, uint64_t socket)
{
	for (size_t n = 0; n < process->count; n++) {
		if (process->clients[n].socket == socket)
			return true;
	}
	return false;
}
