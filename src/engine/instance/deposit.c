/* Decides whether a service may store descriptors, and when they are dropped. Its row may change meanwhile, so the
 * row is looked at each time. */
#include "engine/instance/deposit.h"

static void say(const struct keeper *keeper, enum level level, const char *why)
{
	struct event event = { .name = "store", .service = keeper->service->name };

	log_event(keeper->engine->log, level, &event, "a descriptor is not kept: %s", why);
}

static struct store *store_of(struct keeper *keeper)
{
	struct store **place = &keeper->activity->means.store;

	if (!*place)
		*place = store_new(keeper->engine, keeper->service->name);
	return *place;
}

void deposit_take(struct keeper *keeper, const struct notify_message *message, struct received *received, uid_t user)
{
	struct store *store;

	if (!message->store && !message->remove)
		return;
	if (keeper->service->exec->accept) {
		say(keeper, LEVEL_WARNING, "that needs accept = no");
		return;
	}
	store = store_of(keeper);
	if (!store)
		say(keeper, LEVEL_ERROR, "out of memory");
	else if (message->remove && message->name.at)
		store_remove(store, message->name);
	else if (message->store && !message->remove && received)
		store_take(store, message, received, user,
			   keeper->service->groups->lifecycle->file_descriptor_store_max);
}

void deposit_begin_run(struct keeper *keeper)
{
	struct store *store = keeper->activity->means.store;

	if (store)
		store_keep_own(store, service_user(keeper->service));
}

void deposit_end_run(struct keeper *keeper, bool well)
{
	struct store *store = keeper->activity->means.store;
	unsigned preserve = keeper->service->groups->lifecycle->file_descriptor_store_preserve;

	if (store && (preserve == PRESERVE_NO || (preserve == PRESERVE_ON_SUCCESS && !well)))
		store_empty(store);
}
