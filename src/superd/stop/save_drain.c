/* Saves and loads a drain for an upgrade. The socket cookies of the clients are saved with the sockets, because the
 * next superd could not distinguish these clients from later ones. */
#include "superd/stop/drain.h"

#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "superd/saved/state_load.h"
#include "superd/stop/drain_internal.h"

static void save_sockets(struct state_saver *saver, const void *object)
{
	const struct drain *drain = object;

	for (size_t n = 0; n < drain->count; n++) {
		save_fd(saver, "fd", drain->sockets[n].fd);
		save_number(saver, "younger", drain->sockets[n].fd >= 0 && drain->sockets[n].younger);
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
	const struct drain *drain = object;
	const struct cookie_set *cookies = conn_query_followed(&drain->query);
	uint64_t *ids = calloc(cookies->count + 1, sizeof(*ids));

	for (size_t n = 0; ids && n < cookies->count; n++)
		ids[n] = cookies->list[n] & ~COOKIE_HELD;
	saver->text.failed |= !ids;
	if (ids)
		state_add_bytes(&saver->text, "guests", ids, cookies->count * sizeof(*ids));
	free(ids);
	save_number(saver, "failed", cookies->failed);
	save_number(saver, "noted", drain_knows_clients(drain));
}

static void load_guests(struct state_section *section, void *object)
{
	struct drain *drain = object;
	struct cookie_set *cookies = &drain->query.cookies;
	size_t length;

	cookies->list = state_take_bytes(section, "guests", STATE_STREAM_MOST, &length);
	cookies->count = cookies->room = cookies->list ? length / sizeof(*cookies->list) : 0;
	cookie_set_sort(cookies);
	cookies->failed = state_flag(section, "failed");
	if (state_flag(section, "noted"))
		conn_query_seek(&drain->query);
}

static void save_ending(struct state_saver *saver, const void *object)
{
	save_number(saver, "told", ((const struct drain *)object)->ending);
}

static const struct state_field drain_fields[] = {
	{ STATE_BY(drain, sockets, save_sockets, NULL) },
	{ STATE_BY(drain, query, save_guests, load_guests) },
	{ STATE_BY(drain, ending, save_ending, NULL) },
	{ STATE_FIELD(drain, "patient", waits_if_unknown) },
	{ STATE_FIELD(drain, "unknown", unknown) },
	{ STATE_FIELD(drain, "lent", has_copies) },
	{ STATE_FIELD(drain, "rests", paused) },
	{ STATE_NONE(drain, instance, "the one in front of it") },
	{ STATE_NONE(drain, timer, "begins anew with the next look") },
	{ STATE_NONE(drain, wait, "begins anew with the next look") },
	{ STATE_NONE(drain, deadline, "begins anew where it was told to end") },
	{ STATE_NONE(drain, held, "listed anew") },
	{ STATE_NONE(drain, clear, "begins anew with the next look") },
	{ STATE_NONE(drain, activations, "its clients pass for the successor's") },
	{ STATE_NONE(drain, has_own, "its clients pass for the successor's") },
	{ STATE_NONE(drain, count, "as many as there are sockets") },
};
const struct field_table drain_state = FIELD_TABLE("drain", drain, drain_fields);

void drain_load(struct instance *instance, struct state_section *section)
{
	size_t count;
	struct drained_socket *sockets = take_sockets(section, &count);
	struct drain *drain = sockets && !instance->drain ? drain_make(instance, count) : NULL;

	if (!drain) {
		for (size_t n = 0; sockets && n < count; n++)
			fd_close(&sockets[n].fd);
		free(sockets);
		return;
	}
	drain_start(drain, sockets, count);
	state_load(section, &drain_state, drain, NULL);
	if (!drain->paused)
		drain_look_later(drain);
	if (state_flag(section, "told"))
		drain_end(instance);
}
