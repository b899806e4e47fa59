/* Compares two rows of one name for a reload, option by option, by the table of options.
 *
 * A change may be in no option: the name of a user or a port is the same, but its number has changed. So the comparison
 * includes the results of superd/machine/resolve. */
#include "table/services/diff.h"

#include <string.h>

#include "table/option/option_table.h"

static void why_add(struct buf *why, const char *name)
{
	if (!why)
		return;
	if (why->length)
		buf_char(why, ' ');
	buf_text(why, name);
}

static const void *group_field(const struct option_def *option, const void *group)
{
	return (const char *)group + option->offset;
}

/* A walk through the options in which two rows differ, but those of sockets; or through those of two sockets. */
struct comparison {
	const struct service *rows[2];  /* NULL: of sockets */
	const struct socket_options *sockets[2];
	bool exec_alone;                /* the other groups are equal; GROUP_EXEC is the first chapter */
	size_t next;
};

/* NULL: there are no more. */
static const struct option_def *next_difference(struct comparison *walk)
{
	while (walk->next < option_count) {
		const struct option_def *option = &option_defs[walk->next++];
		const void *a = walk->sockets[0], *b = walk->sockets[1];

		if (walk->exec_alone && option->chapter != CHAPTER_EXEC)
			break;
		if (option->flags & STRUCTURE || (option->group == GROUP_SOCKETS) != !walk->rows[0])
			continue;
		if (walk->rows[0]) {
			a = service_group(walk->rows[0], option->group);
			b = service_group(walk->rows[1], option->group);
		}
		if (a != b && !type_equal(option, group_field(option, a), group_field(option, b)))
			return option;
	}
	return NULL;
}

/* Adds each option that differs to why; with why NULL, stops at the first. */
static bool walk_is_empty(struct comparison walk, struct buf *why)
{
	const struct option_def *option = next_difference(&walk);
	bool is_empty = !option;

	for (; option && why; option = next_difference(&walk))
		why_add(why, option->name[NATIVE]);
	return is_empty;
}

bool socket_options_equal(const struct socket_options *before, const struct socket_options *after)
{
	return before == after || walk_is_empty((struct comparison){ .sockets = { before, after } }, NULL);
}

bool socket_options_need_rebind(const struct socket_options *before, const struct socket_options *after)
{
	struct comparison walk = { .sockets = { before, after } };
	const struct option_def *option;

	while (before != after && (option = next_difference(&walk))) {
		if (option->change == CHANGE_REBIND)
			return true;
	}
	return false;
}

static bool listens_at_same(const struct listen *a, const struct listen *b)
{
	bool are_numeric = a->address == a->endpoint && b->address == b->endpoint;

	return endpoint_equal(a->endpoint, b->endpoint) && (are_numeric || endpoint_equal(a->address, b->address));
}

static enum diff_kind options_compare(struct diff_cache *known, const struct listen *a, const struct listen *b,
				      struct buf *why)
{
	if ((known->options[0] != a->options || known->options[1] != b->options) &&
	    !walk_is_empty((struct comparison){ .sockets = { a->options, b->options } }, why))
		return socket_options_need_rebind(a->options, b->options) ? DIFF_SOCKETS : DIFF_CHANGED;
	known->options[0] = a->options;
	known->options[1] = b->options;
	if (listen_owner_equal(a, b))
		return DIFF_SAME;
	why_add(why, listen_prepared(a)->owner != listen_prepared(b)->owner ? "socket_user" : "socket_group");
	return DIFF_CHANGED;
}

/* Compares the sockets in their order, which is the order of descriptors. why gets only the options of the first socket
 * that differs. */
static enum diff_kind sockets_compare(struct diff_cache *known, const struct service *before,
				      const struct service *after, struct buf *why)
{
	enum diff_kind diff = DIFF_SAME;

	if (before->socket_count != after->socket_count) {
		why_add(why, "listen");
		return DIFF_SOCKETS;
	}
	for (size_t i = 0; i < before->socket_count; i++) {
		const struct listen *a = &before->sockets[i], *b = &after->sockets[i];
		enum diff_kind one;

		if (!listens_at_same(a, b)) {
			why_add(why, "listen");
			return DIFF_SOCKETS;
		}
		one = options_compare(known, a, b, diff == DIFF_SAME ? why : NULL);
		diff = one > diff ? one : diff;
	}
	return diff;
}

static bool socket_names_equal(const struct service *before, const struct service *after)
{
	for (size_t i = 0; i < before->socket_count && i < after->socket_count; i++) {
		if (strcmp(before->sockets[i].name, after->sockets[i].name) != 0)
			return false;
	}
	return true;
}

/* Before superd/machine/resolve there are no accounts, and the comparison of names is enough. */
static bool accounts_equal(const struct account *a, const struct account *b)
{
	if (!a || !b || a == b)
		return true;
	if (a->uid != b->uid || a->gid != b->gid || a->switches != b->switches)
		return false;
	if (a->group_count != b->group_count)
		return false;
	return !a->group_count || !memcmp(a->groups, b->groups, a->group_count * sizeof(*a->groups));
}

/* Whether they differ in what no option names. */
static bool others_differ(const struct service *before, const struct service *after, struct buf *why)
{
	bool names_equal = socket_names_equal(before, after);
	bool users_equal = accounts_equal(before->account, after->account);

	if (!names_equal)
		why_add(why, "socket");
	if (!users_equal)
		why_add(why, "account");
	return !names_equal || !users_equal;
}

static bool groups_equal(struct diff_cache *known, const struct service *before, const struct service *after,
			struct buf *why)
{
	struct comparison walk = { .rows = { before, after } };

	walk.exec_alone = known->groups[0] && known->groups[0] == before->groups && known->groups[1] == after->groups;
	if (!walk_is_empty(walk, why))
		return false;
	known->groups[0] = before->groups;
	known->groups[1] = after->groups;
	return true;
}

/* Returns the highest kind of difference. */
static enum diff_kind compare_rows(struct diff_cache *known, const struct service *before, const struct service *after,
			      struct buf *why)
{
	enum diff_kind diff = groups_equal(known, before, after, why) ? DIFF_SAME : DIFF_CHANGED, sockets;

	if (others_differ(before, after, why))
		diff = DIFF_CHANGED;
	sockets = sockets_compare(known, before, after, why);
	return sockets > diff ? sockets : diff;
}

enum diff_kind service_compare(const struct service *before, const struct service *after, struct buf *why)
{
	struct diff_cache known = { 0 };

	return compare_rows(&known, before, after, why);
}

enum diff_kind service_compare_next(struct diff_cache *known, const struct service *before, const struct service *after)
{
	return compare_rows(known, before, after, NULL);
}

/* Whether a start sets the option. A redirect with accept = no counts its clients itself (per_source). */
static bool is_set_at_start(const struct option_def *option, const struct service *service)
{
	const char *name = option->name[NATIVE];

	if (option->change == CHANGE_LIVE && service->exec->redirect && !service->exec->accept)
		return name && (!strcmp(name, "per_source") || !strcmp(name, "per_source_prefix"));
	return option->change == CHANGE_NEXT;
}

bool service_runs_differently(const struct service *before, const struct service *after, struct buf *why)
{
	struct comparison walk = { .rows = { before, after } };
	const struct option_def *option;
	bool differs = false;

	while ((option = next_difference(&walk))) {
		if (!is_set_at_start(option, after))
			continue;
		why_add(why, option->name[NATIVE]);
		differs = true;
	}
	return others_differ(before, after, why) || differs;
}
