/* Finds a runtime by name: by its entry in the table, or among the runtimes that go on without an entry there. The
 * latter are few, so their names are compared one by one. */
#include "superd/instance/service_list.h"

#include <string.h>

#include "superd/instance/runtime.h"

struct service_runtime **service_list_place(const struct service_list *service_list, const struct table *table,
					    const char *name)
{
	const struct service *service = table_find(table, name);

	if (service)
		return &service_list->runtimes[service - table->services];
	for (size_t n = table->count; n < service_list->count; n++) {
		if (service_list->runtimes[n] && !strcmp(service_list->runtimes[n]->service->name, name))
			return &service_list->runtimes[n];
	}
	return NULL;
}

struct service_runtime *service_list_find(const struct service_list *service_list, const struct table *table,
					  const char *name)
{
	struct service_runtime **place = service_list->runtimes ? service_list_place(service_list, table, name) : NULL;

	return place ? *place : NULL;
}

struct service_runtime *service_list_find_leaving(const struct service_list *service_list, const char *name)
{
	LIST_EACH(link, &service_list->leaving) {
		if (!strcmp(runtime_leaving(link)->service->name, name))
			return runtime_leaving(link);
	}
	return NULL;
}
