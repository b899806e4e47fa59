/* Each is known by its number and its beginning, so that a number that comes again is not taken for it. */
#include "engine/escaped.h"

#include <stdlib.h>
#include <unistd.h>

#include "engine/instance.h"
#include "sys/clan.h"

static bool is_in_group(const struct instance *instance, pid_t pid)
{
	pid_t group = getpgid(pid);

	return pid == instance->child.pid || (group > 1 && group == instance->group);
}

/* Who is gone, or also who can be told by the group. */
static void drop(const struct instance *instance, struct clan *clan, bool in_group)
{
	for (size_t n = clan->count; n-- > 0;) {
		if ((in_group && is_in_group(instance, clan->list[n].pid)) || !member_exists(&clan->list[n]))
			clan_drop(clan, n);
	}
}

/* Below those that are remembered as well: they may have begun others. */
void escaped_look(struct instance *instance)
{
	struct clan *clan = instance->escaped;

	if (!clan)
		clan = instance->escaped = calloc(1, sizeof(*clan));
	if (!clan)
		return;
	drop(instance, clan, false);
	clan_look_below(clan, instance->child.pid);
	drop(instance, clan, true);
	if (!clan->count)
		escaped_free(instance);
}

bool escaped_live(const struct instance *instance)
{
	const struct clan *clan = instance->escaped;

	for (size_t n = 0; clan && n < clan->count; n++) {
		if (member_lives(&clan->list[n]))
			return true;
	}
	return false;
}

void escaped_signal(const struct instance *instance, int signal)
{
	const struct clan *clan = instance->escaped;

	for (size_t n = 0; clan && n < clan->count; n++)
		member_signal(&clan->list[n], signal);
}

void escaped_free(struct instance *instance)
{
	if (!instance->escaped)
		return;
	clan_free(instance->escaped);
	free(instance->escaped);
	instance->escaped = NULL;
}
