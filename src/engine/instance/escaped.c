/* The processes that have left the group of their instance. Each is known by its pid and its start time, so that a
 * pid that is used again is not taken for it. */
#include "engine/instance/escaped.h"

#include <stdlib.h>
#include <unistd.h>

#include "exec/processes/clan.h"

static bool is_in_group(pid_t pid, pid_t main, pid_t group)
{
	return pid == main || (group > 1 && getpgid(pid) == group);
}

static void drop_gone(struct clan *clan)
{
	for (size_t n = clan->count; n-- > 0;) {
		if (!member_exists(&clan->list[n]))
			clan_drop(clan, n);
	}
}

/* Below those that are remembered as well: they may have begun others. */
void escaped_look(struct clan **escaped, pid_t main, pid_t group)
{
	struct clan *clan = *escaped;

	if (!clan)
		clan = *escaped = calloc(1, sizeof(*clan));
	if (!clan)
		return;
	drop_gone(clan);
	clan_look_below(clan, main);
	for (size_t n = clan->count; n-- > 0;) {
		if (is_in_group(clan->list[n].pid, main, group))
			clan_drop(clan, n);
	}
	if (!clan->count)
		escaped_free(escaped);
}

bool escaped_live(const struct clan *escaped)
{
	for (size_t n = 0; escaped && n < escaped->count; n++) {
		if (member_lives(&escaped->list[n]))
			return true;
	}
	return false;
}

void escaped_signal(const struct clan *escaped, int signal)
{
	for (size_t n = 0; escaped && n < escaped->count; n++)
		member_signal(&escaped->list[n], signal);
}

void escaped_free(struct clan **escaped)
{
	if (!*escaped)
		return;
	clan_free(*escaped);
	free(*escaped);
	*escaped = NULL;
}
