/* Decides whether a service may store descriptors, and when they are dropped. A reload may
 * change its configuration, so that is read each time. */
#include "superd/instance/fdstore_policy.h"

static void log_not_kept(const struct service_runtime *runtime, enum level level, const char *why)
{
	struct event event = { .name = "store", .service = runtime->service->name };

	log_event(runtime->engine->log, level, &event, "a descriptor is not kept: %s", why);
}

static struct fdstore *fdstore_of(struct service_runtime *runtime)
{
	struct fdstore **place = &runtime->run->kit.store;

	if (!*place)
		*place = fdstore_new(runtime->engine, runtime->service->name);
	return *place;
}

void fdstore_policy_take(struct service_runtime *runtime, const struct notify_message *message,
			 struct received *received, uid_t user)
{
	struct fdstore *store;

	if (!message->store && !message->remove)
		return;
	if (runtime->service->exec->accept) {
		log_not_kept(runtime, LEVEL_WARNING, "that needs accept = no");
		return;
	}
	store = fdstore_of(runtime);
	if (!store)
		log_not_kept(runtime, LEVEL_ERROR, "out of memory");
	else if (message->remove && message->name.at)
		fdstore_remove(store, message->name);
	else if (message->store && !message->remove && received)
		fdstore_take(store, message, received, user,
			     runtime->service->groups->lifecycle->file_descriptor_store_max);
}

void fdstore_policy_begin_run(struct service_runtime *runtime)
{
	struct fdstore *store = runtime->run->kit.store;

	if (store)
		fdstore_keep_own(store, service_user(runtime->service));
}

void fdstore_policy_end_run(struct service_runtime *runtime, bool well)
{
	struct fdstore *store = runtime->run->kit.store;
	unsigned preserve = runtime->service->groups->lifecycle->file_descriptor_store_preserve;

	if (store && (preserve == PRESERVE_NO || (preserve == PRESERVE_ON_SUCCESS && !well)))
		fdstore_empty(store);
}
