/* Carries a drain over an upgrade. The kernel's numbers of the clients' connections go over with the sockets, as the
 * next superd could not tell these clients from later ones. */
#include "engine/drain/drain.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "engine/drain/drain_parts.h"
#include "engine/upgrade/carry.h"
#include "engine/upgrade/resume.h"

static void carry_socket(struct carry *carry, const struct parted *socket)
{
	carry_fd(carry, "fd", socket->fd);
	carry_number(carry, "younger", socket->fd >= 0 && socket->younger);
}

void drain_carry(struct carry *carry, const struct instance *instance)
{
	const struct drain *drain = instance->drain;

	if (!drain)
		return;
	ledger_open(&carry->text, "drain");
	for (size_t n = 0; n < drain->count; n++)
		carry_socket(carry, &drain->sockets[n]);
	ledger_add_bytes(&carry->text, "guests", drain->query.guests.list,
			 drain->query.guests.count * sizeof(*drain->query.guests.list));
	carry_number(carry, "failed", drain->query.guests.failed);
	carry_number(carry, "noted", drain_knows_clients(drain));
	carry_number(carry, "patient", drain->patient);
	carry_number(carry, "unknown", drain->unknown);
	carry_number(carry, "told", drain->told);
	carry_number(carry, "lent", drain->lent);
	carry_number(carry, "rests", drain->rests);
}

/* A mark "younger" belongs to the socket before it. */
static struct parted *take_sockets(struct ledger_section *section, size_t *count)
{
	struct parted *sockets = malloc((section->count + 1) * sizeof(*sockets));

	*count = 0;
	for (size_t n = 0; sockets && n < section->count; n++) {
		struct ledger_entry *entry = &section->entries[n];
		int fd = !strcmp(entry->key, "fd") ? resume_fd_of(section, entry) : -1;

		if (fd >= 0)
			sockets[(*count)++] = (struct parted){ .fd = fd };
		else if (*count && !strcmp(entry->key, "younger"))
			sockets[*count - 1].younger = entry->used = true;
	}
	return sockets;
}

static void take_guests(struct drain *drain, struct ledger_section *section)
{
	struct guests *guests = &drain->query.guests;
	size_t length;

	guests->list = ledger_take_bytes(section, "guests", LEDGER_MOST, &length);
	guests->count = guests->room = guests->list ? length / sizeof(*guests->list) : 0;
	guests_sort(guests);
	guests->failed = ledger_flag(section, "failed");
	if (ledger_flag(section, "noted"))
		conn_query_seek(&drain->query);
	drain->patient = ledger_flag(section, "patient");
	drain->unknown = ledger_flag(section, "unknown");
}

void drain_resume(struct instance *instance, struct ledger_section *section)
{
	size_t count;
	struct parted *sockets = take_sockets(section, &count);
	struct drain *drain = sockets && !instance->drain ? drain_make(instance, count) : NULL;

	if (!drain) {
		for (size_t n = 0; sockets && n < count; n++)
			fd_close(&sockets[n].fd);
		free(sockets);
		return;
	}
	drain_start(drain, sockets, count);
	take_guests(drain, section);
	drain->lent = ledger_flag(section, "lent");
	drain->rests = ledger_flag(section, "rests");
	if (!drain->rests)
		drain_look_later(drain);
	if (ledger_flag(section, "told"))
		drain_end(instance);
}
