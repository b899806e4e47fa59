/* The needs of a service as one list, whichever options have them. */
#include "table/service/service.h"

/* Whether the number leads into this list, which sets the name; else counts it down by those of the list. */
static bool take(words list, size_t *number, const char **name)
{
	size_t count = words_count(list);

	if (*number < count) {
		*name = list[*number];
		return true;
	}
	*number -= count;
	return false;
}

static bool socket_need(const struct listen *socket, size_t *number, struct need *need)
{
	const struct socket_options *options = socket->options;

	need->required = take(options->socket_requires, number, &need->name);
	if (!need->required && !take(options->socket_wants, number, &need->name))
		return false;
	need->socket = socket;
	need->option = need->required ? "socket_requires" : "socket_wants";
	need->order = words_have(options->socket_beside, need->name) ? NEED_BESIDE : NEED_BEFORE;
	return true;
}

bool service_need(const struct service *service, size_t number, struct need *need)
{
	const struct lifecycle_options *own = service->groups->lifecycle;

	*need = (struct need){ 0 };
	need->required = take(own->requires, &number, &need->name);
	if (need->required || take(own->wants, &number, &need->name)) {
		need->option = need->required ? "requires" : "wants";
		need->order = words_have(own->beside, need->name) ? NEED_BESIDE : NEED_BEFORE;
		return true;
	}
	for (size_t n = 0; n < service->socket_count; n++) {
		if (socket_need(&service->sockets[n], &number, need))
			return true;
	}
	return false;
}
