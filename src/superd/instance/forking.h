/* type = forking: finds the daemon that the first process leaves. Until the daemon is settled, instance->search is set:
 * the followed process may exit with 0 and leave another one. If the start fails, superd stops all of its processes
 * before the instance ends. */
#pragma once

#include <stdbool.h>

#include "superd/instance/forking_search.h"
#include "superd/instance/instance.h"
#include "table/services/table.h"

/* Begins the search. Call it before the first process is started; for other types it does nothing. Removes the pid file
 * of an earlier start, which would name the wrong process. The search holds a reference to the table until it ends,
 * because a reload may replace the table meanwhile. false: out of memory. */
bool forking_expect(struct instance *instance, struct table *table);

/* Looks for the daemon after the followed process has ended with this wait status. true: the instance continues. */
bool forking_find(struct instance *instance, int status);

/* Makes the search that the superd before had, or of a start that it made as it died: a pid file may be there already.
 * The caller sets its phase. NULL: out of memory. */
struct forking_search *forking_load(struct instance *instance, struct table *table);
