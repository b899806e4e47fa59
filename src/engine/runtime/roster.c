/* Finds a keeper by name: by its row in the table, or among the keepers that go on without a row there. The latter
 * are few, and are compared one by one. */
#include "engine/runtime/roster.h"

#include <string.h>

#include "engine/runtime/runtime.h"

struct keeper **roster_place(const struct roster *roster, const struct table *table, const char *name)
{
	const struct service *service = table_find(table, name);

	if (service)
		return &roster->keepers[service - table->services];
	for (size_t n = table->count; n < roster->count; n++) {
		if (roster->keepers[n] && !strcmp(roster->keepers[n]->service->name, name))
			return &roster->keepers[n];
	}
	return NULL;
}

struct keeper *roster_find(const struct roster *roster, const struct table *table, const char *name)
{
	struct keeper **place = roster->keepers ? roster_place(roster, table, name) : NULL;

	return place ? *place : NULL;
}
