/* Adds up the processes of an instance. */
#include "superd/instance/instance_usage.h"

#include "os/cgroup/resource_usage.h"
#include "superd/instance/shared_process.h"
#include "superd/process/process_tree.h"

static struct resource_usage usage_of(const struct instance *instance)
{
	struct usage_sum sum = USAGE_SUM;
	struct process_tree tree = { 0 };

	if (instance->cgroup.path)
		return resource_usage_of_cgroup(instance->cgroup.path, instance->cgroup.kept);
	if (instance->process)
		return shared_process_usage(instance->process);
	if (instance->child.pid > 1)
		process_tree_scan_below(&tree, instance->child.pid);
	for (size_t n = 0; n < tree.count && n < SUMMED_MOST; n++)
		usage_sum_add(&sum, tree.list[n].pid);
	process_tree_free(&tree);
	return sum.usage;
}

double instance_cpu(const struct instance *instance)
{
	return usage_of(instance).cpu;
}

int64_t instance_memory(const struct instance *instance)
{
	return usage_of(instance).memory;
}
