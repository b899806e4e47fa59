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

bool service_need(const struct service *service, size_t number, struct need *need)
{
	const struct lifecycle_options *own = service->groups->lifecycle;

	*need = (struct need){ 0 };
	for (size_t n = 0; n <= service->socket_count; n++) {
		const struct listen *socket = n ? &service->sockets[n - 1] : NULL;
		const struct socket_options *options = socket ? socket->options : NULL;
		words beside = socket ? options->socket_beside : own->beside;

		need->required = take(socket ? options->socket_requires : own->requires, &number, &need->name);
		if (!need->required && !take(socket ? options->socket_wants : own->wants, &number, &need->name))
			continue;
		need->socket = socket;
		need->option = socket ? need->required ? "socket_requires" : "socket_wants"
				      : need->required ? "requires" : "wants";
		need->order = words_have(beside, need->name) ? NEED_BESIDE : NEED_BEFORE;
		return true;
	}
	return false;
}
