/* superd's own state, at SIGUSR1: a line for each service. */
#include "superd/supervisor/internal.h"

#include "lib/json.h"
#include "lib/log/log.h"
#include "superd/instance/instance.h"
#include "superd/instance/runtime.h"
#include "superd/instance/service_list.h"
#include "superd/service/runtime_event.h"

#define MANY 100                        /* services in a table that is not logged whole */

static void dump_service(struct engine *engine, struct service_runtime *runtime, struct buf *out)
{
	const struct event event = { .name = "state", .service = runtime->service->name,
				     .reason = runtime_state_name(runtime) };
	struct buf row = { 0 };

	engine->service_list->describe(runtime, &row);
	if (out)
		buf_addf(out, "%s\n", buf_string(&row));
	else
		log_event(engine->log, LEVEL_NOTICE, &event, "%s", buf_string(&row));
	buf_free(&row);
}

void state_dump(struct engine *engine, struct buf *out)
{
	const struct event event = { .name = "state" };
	const struct service_list *service_list = engine->service_list;
	size_t services = 0, unlisted = 0;
	struct buf sum = { 0 };

	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];
		bool is_listed = runtime && (out || runtime->run || runtime_state(runtime) != LISTENING ||
					     service_list->count <= MANY);

		services += runtime != NULL;
		unlisted += runtime && !is_listed;
		if (is_listed)
			dump_service(engine, runtime, out);
	}
	LIST_EACH(link, &engine->service_list->leaving)
		dump_service(engine, runtime_leaving(link), out);
	json_object_open(&sum);
	json_count_field(&sum, "services", services);
	json_count_field(&sum, "unlisted", unlisted);
	json_count_field(&sum, "instances", engine->instances->count - engine->instances->ahead);
	json_object_close(&sum);
	if (out)
		buf_addf(out, "%s\n", buf_string(&sum));
	else
		log_event(engine->log, LEVEL_NOTICE, &event, "%s", buf_string(&sum));
	buf_free(&sum);
}
