/* `diff`: reads and compares the table as a reload does, and reports what a reload would change, option by option. It
 * changes nothing.
 *
 * To compare and to answer takes several turns, and a reload may come between two of them. So the request holds both
 * tables, and gives up a comparison that a reload has overtaken. */
#include "superd/control/verbs.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "superd/control/server.h"
#include "table/endpoint/endpoint.h"
#include "table/option/option_table.h"
#include "table/services/diff.h"

/* A service that a reload would change. */
struct difference {
	enum diff_kind diff;
	const struct service *before, *after; /* NULL: it is added, or removed; a removed one may have disable = yes */
	struct table *table;            /* the table of `before`, held */
};

static const char reloaded_meanwhile[] = "a reload was requested meanwhile: try again";

struct diff_request {
	struct table_wait wait;
	struct table *after;            /* the table as read, held; NULL: it has errors */
	struct service_comparison comparison;
	bool is_compared;               /* the comparison is complete */
	struct difference *list;        /* owned */
	size_t count, capacity;
	size_t at;                      /* number of differences that are reported */
	bool failed;                    /* memory was lacking for the list */
	struct table *before;           /* the table that runs, held, for its settings of superd itself */
	bool settings_sent;             /* those of superd itself are reported */
	struct reload_counts counts;    /* numbers of services */
};

static void note_difference(void *context, enum diff_kind diff, struct service_runtime *runtime,
			    const struct service *service)
{
	struct diff_request *request = context;
	struct difference *larger;

	request->counts.unchanged += diff == DIFF_SAME;
	request->counts.changed += diff == DIFF_CHANGED || diff == DIFF_SOCKETS;
	request->counts.added += diff == DIFF_ADDED;
	request->counts.removed += diff == DIFF_REMOVED;
	if (diff == DIFF_SAME || request->failed)
		return;
	larger = array_grow(request->list, &request->capacity, request->count, sizeof(*request->list));
	request->failed = !larger;
	if (!larger)
		return;
	request->list = larger;
	larger[request->count++] = (struct difference){
		diff, runtime ? runtime->service : NULL, service, runtime ? runtime->table : NULL,
	};
	if (runtime)
		runtime->table->users++;
}

/* The index of the first socket whose option differs, as the comparison names it. */
static size_t find_socket(const struct directive *directive, const struct difference *difference)
{
	const struct service *before = difference->before, *after = difference->after;

	for (size_t i = 0; i < before->socket_count && i < after->socket_count; i++) {
		const struct listen *a = &before->sockets[i], *b = &after->sockets[i];

		if (!type_equal(directive->type, (const char *)a->options + directive->offset,
					    (const char *)b->options + directive->offset) ||
		    !listen_owner_equal(a, b))
			return i;
	}
	return 0;
}

static void add_sockets(const struct service *service, bool names, struct buf *out)
{
	for (size_t i = 0; i < service->socket_count; i++) {
		buf_text(out, i ? ", " : "");
		if (names)
			buf_text(out, service->sockets[i].name);
		else
			endpoint_format(service->sockets[i].endpoint, out);
	}
}

/* Adds the value that a service has for this word of service_compare, as superd.conf writes it. */
static void add_value(const struct difference *difference, const struct service *service, const char *name,
		      struct buf *out)
{
	const struct directive *directive = directive_find(NATIVE, name);
	const struct account *account = service->account;

	if (!strcmp(name, "listen") || !strcmp(name, "socket")) {
		add_sockets(service, *name == 's', out);
	} else if (!directive) {        /* "account": the name is the same, and its numbers differ */
		if (account)
			buf_addf(out, "uid %lu, gid %lu, %zu groups", (unsigned long)account->uid,
				 (unsigned long)account->gid, account->group_count);
	} else if (directive->group != GROUP_SOCKETS) {
		type_format(directive, directive_field(directive, service), out);
	} else if (service->socket_count) {
		const struct listen *listen = &service->sockets[find_socket(directive, difference)];

		type_format(directive, (const char *)listen->options + directive->offset, out);
		if (!strcmp(name, "socket_user") && listen_prepared(listen)->owner != (uid_t)-1)
			buf_addf(out, " (uid %lu)", (unsigned long)listen_prepared(listen)->owner);
		else if (!strcmp(name, "socket_group") && listen_prepared(listen)->owner_group != (gid_t)-1)
			buf_addf(out, " (gid %lu)", (unsigned long)listen_prepared(listen)->owner_group);
	}
}

/* Adds an option with its two values, of which it frees the text. An empty one is null. */
static void add_option(struct buf *line, const char *name, struct buf *before, struct buf *after)
{
	json_object_open(line);
	json_text_field(line, "option", name);
	json_text_field(line, "before", before->length ? buf_string(before) : NULL);
	json_text_field(line, "after", after->length ? buf_string(after) : NULL);
	json_object_close(line);
	line->failed |= before->failed || after->failed;
	buf_free(before);
	buf_free(after);
}

static void add_options(const struct difference *difference, struct buf *line)
{
	struct buf names = { 0 };
	char *word, *rest;

	if (difference->diff == DIFF_REMOVED)
		buf_text(&names, "disable");
	else
		service_compare(difference->before, difference->after, &names);
	line->failed |= names.failed;
	word = names.length ? strtok_r(names.data, " ", &rest) : NULL;
	for (; word; word = strtok_r(NULL, " ", &rest)) {
		struct buf before = { 0 }, after = { 0 };

		add_value(difference, difference->before, word, &before);
		add_value(difference, difference->after, word, &after);
		add_option(line, word, &before, &after);
	}
	buf_free(&names);
}

static void send_difference(struct session *session, const struct difference *difference)
{
	const struct service *service = difference->after ? difference->after : difference->before;
	struct buf *line = &session->line;

	json_object_open(line);
	json_text_field(line, "service", service->name);
	json_text_field(line, "result", diff_name(difference->diff));
	json_list_field(line, "options");
	if (difference->before && difference->after)
		add_options(difference, line);
	json_list_close(line);
	json_object_close(line);
	session_send_line(session);
}

static void add_setting(const struct globals *settings, enum global global, struct buf *value)
{
	if (global_is_set(settings, global))
		type_format(&global_directives[global], global_value(settings, global), value);
}

/* Whether a reload would change it. What only a start sets is a warning among the diagnostics. */
static bool setting_changes(const struct globals *before, const struct globals *after, enum global global)
{
	const struct directive *directive = &global_directives[global];

	return directive->change != CHANGE_START &&
	       !type_equal(directive->type, global_value(before, global), global_value(after, global));
}

/* Sends what a reload would change of superd { }, if anything. */
static void send_settings(struct session *session, const struct globals *before, const struct globals *after)
{
	struct buf *line = &session->line;
	bool any = false;

	for (int n = 0; n < GLOBALS; n++) {
		enum global global = (enum global)n;
		struct buf was = { 0 }, is = { 0 };

		if (!setting_changes(before, after, global))
			continue;
		if (!any) {
			json_object_open(line);
			json_text_field(line, "block", "superd");
			json_text_field(line, "result", "changed");
			json_list_field(line, "options");
		}
		any = true;
		add_setting(before, global, &was);
		add_setting(after, global, &is);
		add_option(line, global_directives[n].name[NATIVE], &was, &is);
	}
	if (!any)
		return;
	json_list_close(line);
	json_object_close(line);
	session_send_line(session);
}

/* false: it takes another turn, or the request was answered. */
static bool go_on_comparing(struct diff_request *request)
{
	switch (service_comparison_go_on(&request->comparison, TURN_SECONDS, note_difference, request)) {
	case COMPARISON_GOES_ON:
		return false;
	case COMPARISON_COMPLETE:
		break;
	case COMPARISON_OUTDATED:
		session_fail(request->wait.session, CODE_BUSY, "", "%s", reloaded_meanwhile);
		return false;
	}
	request->is_compared = true;
	return true;
}

static void on_diff_room(struct session *session)
{
	struct diff_request *request = session->state;
	double begun = clock_now();

	if (!table_wait_is_over(&request->wait))
		return;
	if (*request->wait.errors) {
		session_fail(session, CODE_FAILED, "", "cannot compare: %s", request->wait.errors);
		return;
	}
	if (request->after && !request->is_compared && !go_on_comparing(request))
		return;
	if (!request->after || request->failed || request->wait.lines.failed) {
		session_fail(session, CODE_FAILED, "", "cannot compare: out of memory");
		return;
	}
	if (!request->settings_sent)
		send_settings(session, &request->before->settings, &request->after->settings);
	request->settings_sent = true;
	while (request->at < request->count) {
		if (!line_io_has_room(&session->io) || clock_now() - begun > TURN_SECONDS)
			return;
		send_difference(session, &request->list[request->at++]);
	}
	json_object_open(&session->line);
	reload_counts_add(&request->counts, &session->line);
	json_object_close(&session->line);
	session_send_line(session);
	session_done(session);
}

static void on_diff_timeout(struct alarm *alarm)
{
	const struct diff_request *request = container_of(alarm, struct diff_request, wait.timeout);

	session_fail(request->wait.session, CODE_FAILED, "", "%s", request->wait.table_was_read ?
		     "the comparison was not sent in time" : "the configuration was not read in time");
}

static void on_diff_free(struct session *session)
{
	struct diff_request *request = session->state;

	table_wait_end(&request->wait);
	for (size_t n = 0; n < request->count; n++) {
		if (request->list[n].table)
			table_release(request->list[n].table);
	}
	if (request->after)
		table_release(request->after);
	if (request->before)
		table_release(request->before);
	free(request->list);
	free(request);
}

static const struct request_ops diff_ops = { .room = on_diff_room, .free = on_diff_free };

/* Takes over the table that was read. */
static void take_table(struct diff_request *request, struct table *table, const struct diags *diags)
{
	struct supervisor *supervisor = request->wait.session->supervisor;

	table_wait_hear(&request->wait, diags);
	if (!table)
		return;
	request->after = table;
	table->users++;
	request->before = supervisor->table;
	request->before->users++;
	if (!diags->errors)
		service_comparison_begin(&request->comparison, &supervisor->service_list, supervisor->table, table);
}

void verb_diff_end(struct server *server, struct table *table, const struct diags *diags)
{
	LIST_EACH(link, &server->sessions) {
		struct session *session = container_of(link, struct session, link);
		struct diff_request *request = session->state;

		if (session->ops != &diff_ops || request->wait.table_was_read)
			continue;
		if (!table && !diags->errors) {
			session_fail(session, CODE_BUSY, "", "%s", reloaded_meanwhile);
			continue;
		}
		take_table(request, table, diags);      /* only one request waits at a time */
		return;
	}
	table_free(table);              /* the client has gone */
}

void verb_diff_begin(struct session *session)
{
	struct supervisor *supervisor = session->supervisor;
	struct diff_request *request = calloc(1, sizeof(*request));

	if (!request || !supervisor_preview(supervisor)) {
		session_fail(session, request ? CODE_BUSY : CODE_FAILED, "", "%s",
			     request ? "superd is reading the configuration: try again" : "out of memory");
		free(request);
		return;
	}
	table_wait_begin(&request->wait, session, on_diff_timeout);
	session_begin(session, &diff_ops, request, false);
}
