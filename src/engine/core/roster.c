/* Finding a keeper by its name: by its row, which the table finds, or among those that go on without a row in this
 * table. The latter are few, and are looked through one by one. */
#include "engine/core/roster.h"

#include <string.h>

#include "engine/service/keeper.h"

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
