/* `superctl diff`: what a reload would change, option by option, without doing it. */
#include "superd/daemon.h"

#include <string.h>

#include "lib/json.h"
#include "table/endpoint/endpoint.h"
#include "table/option/service_settings.h"
#include "table/services/diff.h"
#include "table/services/service_conf.h"

static void add_sockets(const struct service *row, bool names, struct buf *out)
{
	for (size_t n = 0; n < row->socket_count; n++) {
		buf_text(out, n ? ", " : "");
		if (names)
			buf_text(out, row->sockets[n].name);
		else
			endpoint_format(row->sockets[n].endpoint, out);
	}
}

/* The first socket whose option differs, as the comparison names it. */
static size_t find_socket(const struct option_def *option, const struct service *a, const struct service *b)
{
	for (size_t n = 0; n < a->socket_count && n < b->socket_count; n++) {
		if (!type_equal(option, (const char *)a->sockets[n].options + option->offset,
				(const char *)b->sockets[n].options + option->offset))
			return n;
	}
	return 0;
}

/* The value that a row has for a word of service_compare, as superd.conf writes it. */
static void add_value(const struct service *row, const char *name, size_t socket, struct buf *out)
{
	const struct option_def *option = option_find(NATIVE, name);

	if (!strcmp(name, "listen") || !strcmp(name, "socket"))
		add_sockets(row, *name == 's', out);
	else if (!option && row->account)
		buf_addf(out, "uid %lu, gid %lu, %zu groups", (unsigned long)row->account->uid,
			 (unsigned long)row->account->gid, row->account->group_count);
	else if (option && option->group != GROUP_SOCKETS)
		conf_value_add(out, row, option, 0, option_field(option, row));
	else if (option && row->socket_count)
		conf_value_add(out, row, option, service_listen_block(row, &row->sockets[socket]),
			       (const char *)row->sockets[socket].options + option->offset);
}

static void add_option(struct buf *line, const char *name, struct buf *before, struct buf *after)
{
	json_object_open(line);
	json_text_field(line, "option", name);
	json_text_field(line, "before", before->length ? buf_string(before) : NULL);
	json_text_field(line, "after", after->length ? buf_string(after) : NULL);
	json_object_close(line);
	buf_free(before);
	buf_free(after);
}

static void add_settings(const struct globals *before, const struct globals *after, struct buf *line)
{
	for (int n = 0; n < GLOBALS; n++) {
		const struct option_def *option = &global_option_defs[n];
		struct buf was = { 0 }, is = { 0 };

		if (option->change == CHANGE_START ||
		    type_equal(option, global_value(before, (enum global)n),
			       global_value(after, (enum global)n)))
			continue;
		if (!line->length) {
			json_text_field(line, "block", "superd");
			json_text_field(line, "result", "changed");
			json_list_field(line, "options");
		}
		if (global_is_set(before, (enum global)n))
			type_format(option, global_value(before, (enum global)n), &was);
		if (global_is_set(after, (enum global)n))
			type_format(option, global_value(after, (enum global)n), &is);
		add_option(line, option->name[NATIVE], &was, &is);
	}
	if (line->length)
		json_list_close(line);
}

static enum diff_kind differs(struct svc *svc, const struct service *row)
{
	enum diff_kind kind = service_compare(svc->row, row, NULL);

	return kind != DIFF_SAME && svc->row->exec->accept != row->exec->accept ? DIFF_SOCKETS : kind;
}

static void add_row(struct svc *svc, const struct service *row, struct buf *line, size_t counts[4])
{
	static const char *const outcomes[] = { [DIFF_ADDED] = "added",
						[DIFF_REMOVED] = "removed",
						[DIFF_CHANGED] = "changed",
						[DIFF_SOCKETS] = "changed" };
	enum diff_kind kind = !svc ? DIFF_ADDED : !row || service_is_off(row) ? DIFF_REMOVED : differs(svc, row);
	struct buf names = { 0 };

	counts[kind == DIFF_SAME ? 0 : kind == DIFF_ADDED ? 2 : kind == DIFF_REMOVED ? 3 : 1]++;
	if (kind == DIFF_SAME)
		return;
	json_text_field(line, "service", row ? row->name : svc->row->name);
	json_text_field(line, "result", outcomes[kind]);
	json_list_field(line, "options");
	if (kind == DIFF_REMOVED && row)
		buf_text(&names, "disable");
	else if (svc && row)
		service_compare(svc->row, row, &names);
	for (char *at, *word = names.length ? strtok_r(names.data, " ", &at) : NULL; word;
	     word = strtok_r(NULL, " ", &at)) {
		const struct option_def *option = option_find(NATIVE, word);
		size_t socket =
			option && option->group == GROUP_SOCKETS ? find_socket(option, svc->row, row) : 0;
		struct buf before = { 0 }, after = { 0 };

		add_value(svc->row, word, socket, &before);
		add_value(row, word, socket, &after);
		add_option(line, word, &before, &after);
	}
	json_list_close(line);
	buf_free(&names);
}

/* send is called for each line, of which it gets the members, and empties it. */
void diff_write(const struct table *after, struct buf *line, void (*send)(void *context), void *context)
{
	static const char *const names[] = { "unchanged", "changed", "added", "removed" };
	size_t counts[4] = { 0 };

	add_settings(&superd.table->settings, &after->settings, line);
	if (line->length)
		send(context);
	LIST_EACH(link, &superd.services) {
		struct svc *svc = container_of(link, struct svc, link);

		add_row(svc, table_find(after, svc->row->name), line, counts);
		if (line->length)
			send(context);
	}
	for (size_t n = 0; n < after->count; n++) {
		const struct svc *svc = svc_find(after->services[n].name);

		if (service_is_off(&after->services[n]) || (svc && !svc->removed))
			continue;
		add_row(NULL, &after->services[n], line, counts);
		send(context);
	}
	for (int n = 0; n < 4; n++)
		json_count_field(line, names[n], counts[n]);
	send(context);
}
