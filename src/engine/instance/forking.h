/* type = forking: finds the daemon that the first process leaves. Until it is settled the instance has a kin
 * (engine/instance/fork_match): the followed process may exit with 0 and leave another, or the start fails, and then
 * all of its processes are stopped before the instance is over. */
#pragma once

#include <stdbool.h>

#include "config/table/table.h"
#include "engine/instance/forking_search.h"
#include "engine/instance/instance.h"
#include "engine/listener/listener.h"

/* Before the first process is started; other types are left alone. Removes the pid file of an earlier start, which
 * would name the wrong process. The row of now is held in its table until the end of the search, whatever a reload
 * makes of the service meanwhile. false: out of memory. */
bool forking_expect(struct instance *instance, struct table *table, const struct listener *listeners,
		    unsigned listener_count);

/* The followed process has ended. true: the instance goes on. */
bool forking_find(struct instance *instance, int status);

/* Resumes a search of another superd under the present row; the caller sets its phase. NULL: out of memory. */
struct forking_search *forking_load(struct instance *instance, struct table *table);
