/* Compares two rows of one name for a reload, option by option, by the table of options.
 *
 * A change may be in no option: the name of a user or a port is the same, but its number has changed. So the comparison
 * includes the results of superd/machine/resolve. */
#include "table/services/services.h"

#define VALUE_MOST 200                  /* bytes of a value in a line: many services may have a long one */

/* Adds a line "NAME: OLD -> NEW", or the name alone if the texts do not show the difference. */
static void why_add(struct buf *why, const char *name, struct buf *before, struct buf *after)
{
	const char *before_end, *after_end;

	if (why) {
		buf_addf(why, "%s%s", why->length ? "\n" : "", name);
		why->failed |= before->failed || after->failed;
		if (strcmp(buf_string(before), buf_string(after)) != 0) {
			before_end = buf_cut(before, VALUE_MOST) ? "..." : "";
			after_end = buf_cut(after, VALUE_MOST) ? "..." : "";
			buf_addf(why, ": %s%s -> %s%s", buf_string(before), before_end, buf_string(after), after_end);
		}
	}
	buf_free(before);
	buf_free(after);
}

static void why_add_name(struct buf *why, const char *name)
{
	why_add(why, name, &(struct buf){ 0 }, &(struct buf){ 0 });
}

void diff_add_option(struct buf *why, const struct option_def *option, const void *before, const void *after)
{
	struct buf old = { 0 }, new = { 0 };

	if (why && !(option->flags & HOLDS_SECRETS)) {
		type_format(option, before, &old);
		type_format(option, after, &new);
	}
	why_add(why, option->name[NATIVE], &old, &new);
}

static void add_endpoints(const struct service *row, struct buf *out)
{
	for (size_t n = 0; n < row->socket_count; n++) {
		buf_text(out, n ? ", " : "");
		endpoint_format(row->sockets[n].endpoint, out);
	}
}

static enum diff_kind other_endpoints(struct buf *why, const struct service *before, const struct service *after)
{
	struct buf old = { 0 }, new = { 0 };

	if (why) {
		add_endpoints(before, &old);
		add_endpoints(after, &new);
	}
	why_add(why, "listen", &old, &new);
	return DIFF_SOCKETS;
}

/* Compares an option of two structs of its group, and adds it to why if it differs. Returns its enum change as a bit, 0
 * if it is equal. */
static unsigned option_change(const struct option_def *option, const void *a, const void *b, struct buf *why)
{
	const char *before = (const char *)a + option->offset, *after = (const char *)b + option->offset;

	if (a == b || type_equal(option, before, after))
		return 0;
	if (why)
		diff_add_option(why, option, before, after);
	return 1u << option->change;
}

/* The changes of all options but those of sockets, as bits. exec_alone: the other groups are equal; GROUP_EXEC is the
 * first chapter. */
static unsigned row_changes(const struct service *before, const struct service *after, bool exec_alone, struct buf *why)
{
	unsigned changes = 0;

	for (const struct option_def *option = option_defs; option < option_defs + option_count; option++) {
		if (exec_alone && option->chapter != CHAPTER_EXEC)
			break;
		if (option_has_value(option) && option->group != GROUP_SOCKETS)
			changes |= option_change(option, service_group(before, option->group),
						 service_group(after, option->group), why);
	}
	return changes;
}

static unsigned socket_changes(const struct socket_options *before, const struct socket_options *after, struct buf *why)
{
	unsigned changes = 0;

	for (const struct option_def *option = option_defs; option < option_defs + option_count; option++) {
		if (option_has_value(option) && option->group == GROUP_SOCKETS)
			changes |= option_change(option, before, after, why);
	}
	return changes;
}

bool socket_options_equal(const struct socket_options *before, const struct socket_options *after)
{
	return before == after || !socket_changes(before, after, NULL);
}

bool socket_options_need_rebind(const struct socket_options *before, const struct socket_options *after)
{
	return before != after && socket_changes(before, after, NULL) & 1u << CHANGE_REBIND;
}

static enum diff_kind options_compare(struct diff_cache *known, const struct listen *a, const struct listen *b,
				      struct buf *why)
{
	bool is_known = known->options[0] == a->options && known->options[1] == b->options;
	unsigned changes = is_known ? 0 : socket_changes(a->options, b->options, why);

	if (changes)
		return changes & 1u << CHANGE_REBIND ? DIFF_SOCKETS : DIFF_CHANGED;
	known->options[0] = a->options;
	known->options[1] = b->options;
	if (listen_owner_equal(a, b))
		return DIFF_SAME;
	why_add_name(why, listen_prepared(a)->owner != listen_prepared(b)->owner ? "socket_user" : "socket_group");
	return DIFF_CHANGED;
}

/* Compares the sockets in their order, which is the order of descriptors. why gets only the options of the first socket
 * that differs. */
static enum diff_kind sockets_compare(struct diff_cache *known, const struct service *before,
				      const struct service *after, struct buf *why)
{
	enum diff_kind diff = DIFF_SAME;

	if (before->socket_count != after->socket_count)
		return other_endpoints(why, before, after);
	for (size_t i = 0; i < before->socket_count; i++) {
		const struct listen *a = &before->sockets[i], *b = &after->sockets[i];
		enum diff_kind one;

		if (!endpoint_equal(a->endpoint, b->endpoint) || !endpoint_equal(a->address, b->address))
			return other_endpoints(why, before, after);
		one = options_compare(known, a, b, diff == DIFF_SAME ? why : NULL);
		diff = one > diff ? one : diff;
	}
	return diff;
}

/* Before superd/machine/resolve there are no accounts, and the comparison of names is enough. */
static bool accounts_equal(const struct account *a, const struct account *b)
{
	if (!a || !b || a == b)
		return true;
	if (a->uid != b->uid || a->gid != b->gid || a->switches != b->switches || a->group_count != b->group_count)
		return false;
	return !a->group_count || !memcmp(a->groups, b->groups, a->group_count * sizeof(*a->groups));
}

/* Whether they differ in what no option names. */
static bool others_differ(const struct service *before, const struct service *after, struct buf *why)
{
	bool names_equal = true, users_equal = accounts_equal(before->account, after->account);

	for (size_t i = 0; i < before->socket_count && i < after->socket_count; i++)
		names_equal &= !strcmp(before->sockets[i].name, after->sockets[i].name);
	if (!names_equal)
		why_add_name(why, "socket");
	if (!users_equal)
		why_add_name(why, "account");
	return !names_equal || !users_equal;
}

enum diff_kind service_compare_next(struct diff_cache *known, const struct service *before,
				    const struct service *after, struct buf *why)
{
	bool exec_alone = known->groups[0] && known->groups[0] == before->groups && known->groups[1] == after->groups;
	bool differs = row_changes(before, after, exec_alone, why);
	enum diff_kind diff, sockets;

	if (!differs) {
		known->groups[0] = before->groups;
		known->groups[1] = after->groups;
	}
	differs |= others_differ(before, after, why);
	diff = differs ? DIFF_CHANGED : DIFF_SAME;
	sockets = sockets_compare(known, before, after, why);
	return sockets > diff ? sockets : diff;
}

enum diff_kind service_compare(const struct service *before, const struct service *after, struct buf *why)
{
	struct diff_cache known = { 0 };

	return service_compare_next(&known, before, after, why);
}

/* A redirect with accept = no counts its clients itself, so a start sets the limits of that. */
bool service_runs_differently(const struct service *before, const struct service *after)
{
	const struct access_options *old = before->groups->access, *new = after->groups->access;
	bool is_relay = after->exec->redirect && !after->exec->accept;

	return row_changes(before, after, false, NULL) & 1u << CHANGE_NEXT || others_differ(before, after, NULL) ||
	       (is_relay && (old->per_source != new->per_source || old->per_source_prefix != new->per_source_prefix));
}
