/* Applies a new table to running services. Unchanged services continue; changed ones adopt their new entry. superd
 * keeps a socket if its endpoint is still in the table, even under another service, and binds new sockets before it
 * closes old ones. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "superd/instance/service_list.h"
#include "superd/service/runtime_event.h"
#include "table/services/diff.h"
#include "table/services/table.h"

struct reload_counts {
	size_t unchanged, changed, added, removed;
	size_t wrong;                   /* entries with errors: of `unchanged`, and those that were left out before */
	size_t logged;                  /* number of changes reported so far */
};

#define RELOAD_WRONG (DIFF_REMOVED + 1) /* in the report of a reload, beside enum diff_kind: its entry has errors */

/* Builds the service list of the first table, and sends ENABLE to every runtime. false: out of memory. */
bool service_list_build(struct service_list *service_list, struct engine *engine, struct table *table);

/* Called before service_list_reload: has another process let the addresses be shared of instances that then run on with
 * their sockets. Thaws these. is_whole: `after` is a table; else rows of one that come in. true: that is done, or has failed. false: it
 * comes to that within a second or so, and services hear of it (RESTORED). */
bool service_list_prepare(struct service_list *service_list, const struct table *after, bool is_whole);

/* Turns the service list of the table `before` into that of `after`, and counts the changes. Runtimes of removed
 * services leave the list, and are freed when their instances have ended. A service whose entry was left out for its
 * errors continues with its old entry, and counts as unchanged, unless another service has its address now. false: out
 * of memory; nothing was changed. */
bool service_list_reload(struct service_list *service_list, struct engine *engine, struct table *before,
			 struct table *after, struct reload_counts *counts);

/* Called for each change that a reload would make to a service: DIFF_ADDED without a runtime, DIFF_REMOVED without an
 * entry, or with one that has disable = yes. */
typedef void service_compared(void *context, enum diff_kind diff, struct service_runtime *runtime,
			      const struct service *service);

/* A comparison of the services with those of the table `after`, as service_list_reload does. It changes nothing, and
 * may take several turns of the loop. Everything is borrowed. */
struct service_comparison {
	const struct service_list *service_list;
	const struct table *before, *after;
	uint64_t generation;            /* of the list, when the comparison began */
	size_t at, old_at;              /* how many entries of `after`, and of the list, are compared */
};

void service_comparison_begin(struct service_comparison *comparison, const struct service_list *service_list,
			      const struct table *before, const struct table *after);

enum comparison_progress {
	COMPARISON_GOES_ON,             /* it takes another turn */
	COMPARISON_COMPLETE,
	COMPARISON_OUTDATED             /* a reload has changed the list: it cannot go on */
};

/* Goes on for so many seconds, and reports what it finds. */
enum comparison_progress service_comparison_go_on(struct service_comparison *comparison, double seconds,
						  service_compared *compared, void *context);

/* Whether a service of the table has no runtime, for lack of memory; and adds the missing ones. */
bool service_list_lacks(const struct service_list *service_list, const struct table *table);
void service_list_complete(struct service_list *service_list, struct engine *engine, struct table *table);

/* Opens the sockets anew, as a reload does, whose files a process has removed or replaced, after inotify(7) has reported
 * them (superd/socket/socket_path_watch). */
void service_list_repair_paths(struct service_list *service_list);

void service_list_free(struct service_list *service_list); /* also frees the runtimes */
