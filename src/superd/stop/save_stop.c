/* Saves and loads a stop for an upgrade. The socket cookies of the clients are saved with the sockets, because the
 * next superd could not distinguish these clients from later ones. */
#include "superd/stop/stop.h"

#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "superd/saved/state_load.h"
#include "superd/stop/stop_internal.h"

static void save_sockets(struct state_saver *saver, const void *object)
{
	const struct stop *stop = object;

	for (size_t n = 0; n < stop->count; n++) {
		save_fd(saver, "fd", stop->sockets[n].fd);
		save_number(saver, "younger", stop->sockets[n].fd >= 0 && stop->sockets[n].younger);
	}
}

/* A mark "younger" belongs to the socket before it. */
static struct drained_socket *take_sockets(struct state_section *section, size_t *count)
{
	struct drained_socket *sockets = malloc((section->count + 1) * sizeof(*sockets));

	*count = 0;
	for (size_t n = 0; sockets && n < section->count; n++) {
		struct state_entry *entry = &section->entries[n];
		int fd = !strcmp(entry->key, "fd") ? load_fd_of(section, entry) : -1;

		if (fd >= 0)
			sockets[(*count)++] = (struct drained_socket){ .fd = fd };
		else if (*count && !strcmp(entry->key, "younger"))
			sockets[*count - 1].younger = entry->used = true;
	}
	return sockets;
}

static void save_guests(struct state_saver *saver, const void *object)
{
	const struct stop *stop = object;
	const struct cookie_set *cookies = conn_query_followed(&stop->query);
	uint64_t *ids = calloc(cookies->count + 1, sizeof(*ids));

	for (size_t n = 0; ids && n < cookies->count; n++)
		ids[n] = cookies->list[n] & ~COOKIE_HELD;
	saver->text.failed |= !ids;
	if (ids)
		state_add_bytes(&saver->text, "guests", ids, cookies->count * sizeof(*ids));
	free(ids);
	save_number(saver, "failed", cookies->failed);
	save_number(saver, "noted", stop_knows_clients(stop));
}

static void load_guests(struct state_section *section, void *object)
{
	struct stop *stop = object;
	struct cookie_set *cookies = &stop->query.cookies;
	size_t length;

	cookies->list = state_take_bytes(section, "guests", STATE_STREAM_MOST, &length);
	cookies->count = cookies->room = cookies->list ? length / sizeof(*cookies->list) : 0;
	cookie_set_sort(cookies);
	cookies->failed = state_flag(section, "failed");
	if (state_flag(section, "noted"))
		conn_query_seek(&stop->query);
}

static const struct state_field stop_fields[] = {
	{ STATE_BY(stop, sockets, save_sockets, NULL) },
	{ STATE_BY(stop, query, save_guests, load_guests) },
	{ STATE_FIELD(stop, "reason", reason), .most = STOP_RELOAD },
	{ STATE_FIELD(stop, "phase", phase), .most = STOP_DONE },
	{ STATE_NONE(stop, instance, "the one in front of it") },
	{ STATE_NONE(stop, clear, "begins anew with the next look") },
	{ STATE_NONE(stop, timer, "begins anew with the next look") },
	{ STATE_NONE(stop, deadline, "begins anew with the phase") },
	{ STATE_NONE(stop, turns, "begins anew with the phase") },
	{ STATE_NONE(stop, turns_due, "begins anew with the phase") },
	{ STATE_NONE(stop, resting, "looked at anew") },
	{ STATE_NONE(stop, activations, "its clients pass for the successor's") },
	{ STATE_NONE(stop, held, "listed anew") },
	{ STATE_NONE(stop, count, "as many as there are sockets") },
};
const struct field_table stop_state = FIELD_TABLE("drain", stop, stop_fields);

void stop_save(struct state_saver *saver, const struct instance *instance)
{
	if (instance->stop && instance->stop->sockets)
		state_save(saver, &stop_state, instance->stop);
}

void stop_load(struct instance *instance, struct state_section *section)
{
	size_t count;
	struct drained_socket *sockets = take_sockets(section, &count);
	struct stop *stop = sockets && !instance->stop ? stop_make(instance, STOP_DRAIN, sockets, count) : NULL;

	if (!stop) {
		stop_close_sockets(sockets, count);
		return;
	}
	state_load(section, &stop_state, stop, NULL);
	if (stop->phase == STOP_SERVE || stop->phase == STOP_END)
		stop_look_later(stop);
}
