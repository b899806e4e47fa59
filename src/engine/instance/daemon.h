/* type = forking: from the first process to the daemon it leaves behind. Until that is settled the instance has a
 * kin (engine/instance/kin): who is followed may end with 0 and leave another, or the start fails, and then all it brought
 * is stopped before the instance is over. */
#pragma once

#include <stdbool.h>

#include "config/table/table.h"
#include "engine/instance/instance.h"
#include "engine/instance/search.h"
#include "engine/listener/listener.h"

/* Before the first process is started; other types are left alone. Removes the pid file of an earlier start, which
 * would name the wrong process. The row of now is held in its table until the end of the search, whatever a reload
 * makes of the service meanwhile. false: out of memory. */
bool daemon_expect(struct instance *instance, struct table *table, const struct listener *listeners,
		   unsigned listener_count);

struct search *daemon_search(const struct instance *instance);  /* NULL: there is none (any more) */

/* A search that another superd has begun, of a phase yet to be set, under the row of now. NULL: out of memory. */
struct search *daemon_resume(struct instance *instance, struct table *table);
