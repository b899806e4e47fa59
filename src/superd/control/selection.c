/* The services that a request's names and patterns mean.
 *
 * A pattern must be matched against every service, of which there may be ten thousand. That takes several turns of at
 * most TURN_SECONDS, so that no pattern holds up the loop. Plain names are looked up at once. */
#include "superd/control/selection.h"

#include <stdint.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/glob.h"
#include "lib/scan.h"
#include "superd/service/runtime_event.h"

#define PATTERNS_MOST 32                /* names in a request with patterns; there is a bit for each */
#define PATTERN_MOST 255                /* characters; a longer one matches nothing */

static bool matches_pattern(const char *pattern, const char *name)
{
	return strnlen(pattern, PATTERN_MOST + 1) <= PATTERN_MOST && glob_matches(pattern, name, FNM_NOESCAPE);
}

static void add_name(struct selection *selection, const char *name)
{
	buf_add(&selection->names, name, strlen(name) + 1);
	selection->count++;
}

struct service_match selection_find(const struct supervisor *supervisor, const char *name)
{
	const struct table *table = supervisor->table;
	struct service_match match = { .runtime = service_list_find(&supervisor->service_list, table, name) };
	const struct service *row = table_find(table, name);

	if (!match.runtime)
		match.runtime = service_list_find_leaving(&supervisor->service_list, name);
	if (row)
		match.left_out = left_out_of(table, row);
	else if (match.runtime)
		match.left_out = table_find_left_out(table, match.runtime->service);
	if (match.left_out && match.left_out->is_kept && !match.runtime)
		return (struct service_match){ 0 }; /* its service has another name, as its host was not read */
	match.row = match.runtime ? match.runtime->service : row;
	return match;
}

const char *service_match_state(const struct service_match *match)
{
	if (match->left_out && !match->runtime)
		return "left out";
	return match->runtime ? runtime_state_name(match->runtime) : state_name(OFF);
}

/* The number of places for rows and runtimes: the runtime of a service without a row may stand behind the rows. */
static size_t served_count(const struct supervisor *supervisor)
{
	size_t rows = supervisor->table->count, runtimes = supervisor->service_list.count;

	return runtimes > rows ? runtimes : rows;
}

/* The next service that a reload has removed and that still runs. If a row has the same name again, that row counts. */
static const struct service *next_leaving(const struct supervisor *supervisor, struct list **link)
{
	struct list *leaving = (struct list *)(size_t)&supervisor->service_list.leaving;

	for (*link = *link ? (*link)->next : leaving->next; *link != leaving; *link = (*link)->next) {
		const struct service *row = runtime_leaving(*link)->service;

		if (!table_find(supervisor->table, row->name))
			return row;
	}
	return NULL;
}

static size_t leaving_count(const struct supervisor *supervisor)
{
	struct list *link = NULL;
	size_t count = 0;

	while (next_leaving(supervisor, &link))
		count++;
	return count;
}

static const struct service *leaving_at(const struct supervisor *supervisor, size_t n)
{
	struct list *link = NULL;
	const struct service *row;

	while ((row = next_leaving(supervisor, &link)) && n--)
		;
	return row;
}

static size_t row_count(const struct supervisor *supervisor)
{
	return served_count(supervisor) + leaving_count(supervisor);
}

/* The row at this index: first the rows of the table, then services that run by the row of an earlier table, then
 * services that a reload has removed. NULL: none at this index. */
static const struct service *row_at(const struct supervisor *supervisor, size_t n)
{
	const struct service_list *service_list = &supervisor->service_list;
	const struct service *row = n < supervisor->table->count ? &supervisor->table->services[n] : NULL;

	if (n >= served_count(supervisor))
		return leaving_at(supervisor, n - served_count(supervisor));
	if (n < service_list->count && service_list->runtimes[n])
		return service_list->runtimes[n]->service;
	return row && row->is_left_out && left_out_of(supervisor->table, row)->is_kept ? NULL : row;
}

/* The service with the most similar name, for a hint. It searches for at most TURN_SECONDS. NULL: no name is
 * similar. */
static const char *nearest_name(const struct supervisor *supervisor, const char *name)
{
	struct scan_nearest nearest = { .name = name, .most = strlen(name) < 5 ? 2 : 4 };
	double begun = clock_now();
	size_t count = row_count(supervisor);

	for (size_t n = 0; strlen(name) < 100 && n < count && clock_now() - begun <= TURN_SECONDS; n++) {
		const struct service *row = row_at(supervisor, n);

		if (row)
			scan_nearest_look(&nearest, row->name);
	}
	return nearest.word;
}

/* The names that are this word with more behind the letter `behind`: echo@127.0.0.1, tftp-udp. Returns the first;
 * *count: how many there are, 2 for more. It searches for at most TURN_SECONDS. */
static const char *find_long_name(const struct supervisor *supervisor, const char *word, char behind, unsigned *count)
{
	size_t length = strlen(word);
	double begun = clock_now();
	size_t rows = row_count(supervisor);
	const char *first = NULL;

	*count = 0;
	for (size_t n = 0; *word && n < rows && *count < 2; n++) {
		const struct service *row = row_at(supervisor, n);

		if (row && !strncmp(word, row->name, length) && row->name[length] == behind && !(*count)++)
			first = row->name;
		if (clock_now() - begun > TURN_SECONDS)
			break;
	}
	return first;
}

/* Adds the only name that is this one with an address behind. Returns its place in request->long_names; SIZE_MAX: the
 * name stays. */
static size_t complete_name(struct session *session, const char *word)
{
	struct buf *names = &session->request.long_names;
	size_t place = names->length;
	const char *name;
	unsigned count;

	if (!word || glob_is_pattern(word) || selection_find(session->supervisor, word).row)
		return SIZE_MAX;
	name = find_long_name(session->supervisor, word, '@', &count);
	if (count != 1)
		return SIZE_MAX;
	buf_add(names, name, strlen(name) + 1);
	return place;
}

void selection_complete(struct session *session)
{
	struct request *request = &session->request;
	size_t places[REQUEST_WORDS], service = complete_name(session, request->service);

	for (size_t n = 0; n < request->name_count; n++)
		places[n] = complete_name(session, request->names[n]);
	if (request->long_names.failed)
		return;
	if (service != SIZE_MAX)
		request->service = request->long_names.data + service;
	for (size_t n = 0; n < request->name_count; n++) {
		if (places[n] != SIZE_MAX)
			request->names[n] = request->long_names.data + places[n];
	}
}

/* The service that a name seems to mean, for a hint: systemd's name of a unit, else the beginning of a name, else the
 * nearest one. *count: how many services have this name with an address behind, 2 for more. NULL: none is like it. */
static const char *find_meant(const struct supervisor *supervisor, const char *name, unsigned *count)
{
	const char *dot = strrchr(name, '.'), *near;
	const struct service *row;
	unsigned longer;
	char stem[100];

	if (dot && (size_t)(dot - name) < sizeof(stem) && (!strcmp(dot, ".socket") || !strcmp(dot, ".service"))) {
		memcpy(stem, name, (size_t)(dot - name));
		stem[dot - name] = '\0';
		name = stem;
		row = selection_find(supervisor, name).row;
		if (row)
			return row->name;
	}
	near = find_long_name(supervisor, name, '@', count);
	if (!near)
		near = find_long_name(supervisor, name, '-', &longer);
	return near ? near : nearest_name(supervisor, name);
}

void selection_refuse(struct session *session, const char *name)
{
	bool is_pattern = glob_is_pattern(name);
	unsigned count = 0;
	const char *near = is_pattern ? NULL : find_meant(session->supervisor, name, &count);
	struct buf hint = { 0 };

	if (near)
		buf_addf(&hint, "did you mean %s%s?", near, count > 1 ? ", or another of this name" : "");
	if (is_pattern)
		session_fail(session, CODE_UNKNOWN, "", "'%.100s': no service has such a name", name);
	else
		session_fail(session, CODE_UNKNOWN, buf_string(&hint), "'%.100s': there is no such service", name);
	buf_free(&hint);
}

/* A pattern that some service has for its name means that service alone. */
static bool is_name(const struct supervisor *supervisor, const char *word)
{
	return !glob_is_pattern(word) || selection_find(supervisor, word).row;
}

static bool word_means(const char *word, bool is_name, const char *name)
{
	return is_name ? !strcmp(word, name) : matches_pattern(word, name);
}

bool selection_means(const struct supervisor *supervisor, const char *word, const char *name)
{
	return word_means(word, is_name(supervisor, word), name);
}

bool selection_wants(const struct session *session, const char *name)
{
	const struct request *request = &session->request;
	bool wants = !request->name_count;

	for (size_t n = 0; name && !wants && n < request->name_count; n++)
		wants = selection_means(session->supervisor, request->names[n], name);
	return wants;
}

bool selection_exists(const struct supervisor *supervisor, const char *name)
{
	double begun = clock_now();
	size_t count = row_count(supervisor);

	if (is_name(supervisor, name))
		return selection_find(supervisor, name).row;
	for (size_t n = 0; n < count; n++) {
		const struct service *row = row_at(supervisor, n);

		if ((row && matches_pattern(name, row->name)) || clock_now() - begun > TURN_SECONDS)
			return true;
	}
	return false;
}

/* Keeps or refuses a name that means no service. true: the selection goes on. */
static bool note_missing(struct selection *selection, struct session *session, const char *name)
{
	if (!selection->allows_missing)
		selection_refuse(session, name);
	else
		buf_add(&selection->missing, name, strlen(name) + 1);
	return selection->allows_missing;
}

bool selection_refuse_missing(const struct selection *selection, struct session *session)
{
	const struct buf *missing = &selection->missing;
	struct buf text = { 0 };

	if (!missing->length)
		return false;
	if (missing->length == strlen(missing->data) + 1) {
		selection_refuse(session, missing->data);
		return true;
	}
	for (size_t at = 0; at < missing->length; at += strlen(missing->data + at) + 1)
		buf_addf(&text, "%s'%.100s'", at ? ", " : "", missing->data + at);
	session_fail(session, CODE_UNKNOWN, "", "%s: there are no such services", buf_string(&text));
	buf_free(&text);
	return true;
}

/* Selects the services of plain names, each once. */
static bool select_named(struct selection *selection, struct session *session)
{
	const struct request *request = &session->request;
	const struct service *rows[REQUEST_WORDS];

	for (size_t n = 0; n < request->name_count; n++) {
		size_t before = 0;

		rows[n] = selection_find(session->supervisor, request->names[n]).row;
		if (!rows[n] && !note_missing(selection, session, request->names[n]))
			return false;
		if (!rows[n])
			continue;
		while (before < n && rows[before] != rows[n])
			before++;
		if (before == n)
			add_name(selection, rows[n]->name);
	}
	return true;
}

static void match_row(struct selection *selection, const struct request *request, const struct service *row)
{
	uint32_t by = 0;

	for (size_t i = 0; i < request->name_count; i++)
		by |= (uint32_t)word_means(request->names[i], selection->are_names >> i & 1, row->name) << i;
	if (by || !request->name_count)
		add_name(selection, row->name);
	selection->matched |= by;
}

static void begin_gathering(struct selection *selection, const struct session *session)
{
	const struct request *request = &session->request;

	*selection = (struct selection){
		.is_gathering = true,
		.changes = session->supervisor->service_list.generation,
		.allows_missing = selection->allows_missing,
	};
	for (size_t i = 0; i < request->name_count; i++)
		selection->are_names |= (uint32_t)is_name(session->supervisor, request->names[i]) << i;
}

/* Matches rows for one turn, from the start if the table has changed. false: the request was refused. */
static bool gather_rows(struct selection *selection, struct session *session)
{
	const struct supervisor *supervisor = session->supervisor;
	const struct request *request = &session->request;
	double begun = clock_now();
	size_t count = row_count(supervisor);

	if (selection->changes != supervisor->service_list.generation) {
		selection_free(selection);
		begin_gathering(selection, session);
	}
	for (; selection->row < count; selection->row++) {
		const struct service *row = row_at(supervisor, selection->row);

		if (clock_now() - begun > TURN_SECONDS)
			return true;
		if (row)
			match_row(selection, request, row);
	}
	selection->is_gathering = false;
	for (size_t i = 0; i < request->name_count; i++) {
		if (selection->matched >> i & 1)
			continue;
		if (!note_missing(selection, session, request->names[i]))
			return false;
	}
	return true;
}

static bool select_matching(struct selection *selection, struct session *session)
{
	begin_gathering(selection, session);
	return gather_rows(selection, session);
}

static bool has_pattern(const struct session *session)
{
	const struct request *request = &session->request;

	for (size_t n = 0; n < request->name_count; n++) {
		if (!is_name(session->supervisor, request->names[n]))
			return true;
	}
	return !request->name_count;
}

bool selection_is_bounded(struct session *session)
{
	if (session->request.name_count <= PATTERNS_MOST || !has_pattern(session))
		return true;
	session_fail(session, CODE_USAGE, "", "at most %d names may be given beside patterns", PATTERNS_MOST);
	return false;
}

bool selection_make(struct selection *selection, struct session *session, bool allows_missing)
{
	bool good;

	*selection = (struct selection){ .allows_missing = allows_missing };
	if (!selection_is_bounded(session))
		return false;
	good = has_pattern(session) ? select_matching(selection, session)
					      : select_named(selection, session);
	if (good && !(selection->names.failed || selection->missing.failed))
		return true;
	if (good)
		session_fail(session, CODE_FAILED, "", "out of memory");
	selection_free(selection);
	return false;
}

bool selection_go_on(struct selection *selection, struct session *session)
{
	if (!selection->is_gathering)
		return true;
	if (!gather_rows(selection, session) || selection->is_gathering)
		return false;
	if (selection->names.failed || selection->missing.failed)
		session_fail(session, CODE_FAILED, "", "out of memory");
	return session->ops;
}

const char *selection_next(struct selection *selection)
{
	const char *name;

	if (selection->at >= selection->names.length)
		return NULL;
	name = selection->names.data + selection->at;
	selection->at += strlen(name) + 1;
	return name;
}

void selection_free(struct selection *selection)
{
	buf_free(&selection->names);
	buf_free(&selection->missing);
}
