/* What a session asks: a line is VERB [--OPTION[=VALUE]]... [NAME]... Any process may have sent it, so what takes long
 * where there are many services is done in turns. */
#include "superd/daemon.h"

#include <fnmatch.h>
#include <math.h>

#define PATTERNS_MOST 128 /* bytes of all patterns: each is compared with all names in one turn */
#define EVENT_MOST 4096
#define FETCH_MOST 1. /* seconds that superd-output has for the lines of a log */
#define DAY INT64_C(86400000000) /* microseconds */
#define SINCE (DAY / 4)

/* ---- the services that a request means ---- */

static const struct service *find_in_table(const char *name)
{
	const struct service *row = table_find(superd.table, name);

	return row && !row->is_removed ? row : NULL;
}

const struct service *row_find(const char *name, struct svc **svc)
{
	struct svc *found = svc_find(name);

	if (svc)
		*svc = found;
	return found ? found->row : find_in_table(name);
}

/* How far next_row is, from zero on. */
struct cursor {
	size_t n; /* rows of the table */
	const struct svc *svc;
};

/* The rows of the table, then services by the row of an earlier one, then those that a reload has removed. NULL: no
 * more. */
static const struct service *next_row(struct cursor *at)
{
	while (at->n < superd.table->count) {
		const struct service *row = &superd.table->services[at->n++];
		struct svc *svc = svc_find(row->name);

		if (row->is_removed)
			continue;
		if (svc || !row->is_skipped || !skipped_of(superd.table, row)->is_kept)
			return svc ? svc->row : row;
	}
	while ((at->svc = svc_next(at->svc))) {
		if (!find_in_table(at->svc->row->name))
			return at->svc->row;
	}
	return NULL;
}

static bool is_pattern(const char *word)
{
	return strpbrk(word, "*?[");
}

/* Whether one of the first names of a request means the service. A pattern that some service has for its name means
 * that service alone. */
static bool means(const struct request *request, size_t count, const char *name)
{
	for (size_t n = 0; n < count; n++) {
		const char *word = request->names[n];

		if (!strcmp(word, name) ||
		    (is_pattern(word) && !row_find(word, NULL) && !fnmatch(word, name, FNM_NOESCAPE)))
			return true;
	}
	return false;
}

static bool wants(const struct session *session, const char *name)
{
	return !session->request.count || (name && means(&session->request, session->request.count, name));
}

static void refuse_name(struct session *session, const char *word)
{
	const char *dot = strrchr(word, '.');
	char stem[100], hint[300] = "";
	struct scan_nearest nearest = { .name = stem };
	const struct service *row;
	struct cursor at = { 0 };
	size_t length;

	if (is_pattern(word)) {
		session_fail(session, "unknown", "", "'%.100s': no service has such a name", word);
		return;
	}
	text_copy(stem, sizeof(stem), word);
	if (dot && (size_t)(dot - word) < sizeof(stem) && (!strcmp(dot, ".socket") || !strcmp(dot, ".service")))
		stem[dot - word] = '\0'; /* systemd's name of a unit */
	length = strlen(stem);
	nearest.most = length < 5 ? 2 : 4;
	while (strlen(word) < sizeof(stem) && (row = next_row(&at))) {
		/* echo@127.0.0.1, tftp-udp */
		if (!strncmp(stem, row->name, length) && strchr("@-", row->name[length])) {
			nearest.word = row->name;
			break;
		}
		scan_nearest_look(&nearest, row->name);
	}
	if (nearest.word)
		snprintf(hint, sizeof(hint), "did you mean %.200s?", nearest.word);
	session_fail(session, "unknown", hint, "'%.100s': there is no such service", word);
}

const char *session_next_name(struct session *session)
{
	const char *name;

	if (session->next >= session->names.length)
		return NULL;
	name = session->names.data + session->next;
	session->next += strlen(name) + 1;
	return name;
}

/* ---- questions ---- */

static void answer_some(struct session *session)
{
	do {
		const char *name = session_next_name(session);
		struct svc *svc = NULL;
		const struct service *row = name ? row_find(name, &svc) : NULL;

		if (!name) {
			session_done(session);
			return;
		}
		if (!row || (session->request.options & WITH_FAILED && !facts_have_failed(row, svc)))
			continue;
		if (session->answer == ANSWER_TIMELINE)
			facts_add_timeline(row, svc, (double)session->request.since / 1e6, &session->line);
		else if (session->answer == ANSWER_HEALTH)
			facts_add_health_of(row, svc, &session->line);
		else if (session->answer == ANSWER_ROW)
			facts_add_row(row, svc, session->right < RIGHT_ACT, &session->line);
		else
			facts_add_answer(row, svc, session->answer == ANSWER_STATUS ? DETAIL_WHOLE : DETAIL_LINE,
					 session->right < RIGHT_READ, &session->line);
		session_send(session);
	} while (session_may_go_on(session));
}

/* n: the index of the name that means it. One before may mean it, too. */
static void add_name(struct session *session, size_t n, const struct service *row)
{
	if (!means(&session->request, n, row->name))
		buf_add(&session->names, row->name, strlen(row->name) + 1);
}

/* Finds the services that the names mean, and answers for them. A name that means none refuses the request. */
static void select_names(struct session *session)
{
	struct request *request = &session->request;
	const struct service *row;
	struct cursor at = { 0 };
	size_t patterns = 0;

	while (!request->count && (row = next_row(&at)))
		add_name(session, 0, row);
	for (size_t n = 0; n < request->count; n++) {
		const char *word = request->names[n];
		bool is_meant = false;

		row = row_find(word, NULL);
		if (row) {
			add_name(session, n, row);
			continue;
		}
		patterns += is_pattern(word) ? strlen(word) : 0;
		if (patterns > PATTERNS_MOST) {
			session_fail(session, "usage", "", "patterns have at most %d bytes together", PATTERNS_MOST);
			return;
		}
		for (at = (struct cursor){ 0 }; is_pattern(word) && (row = next_row(&at));) {
			if (fnmatch(word, row->name, FNM_NOESCAPE))
				continue;
			add_name(session, n, row);
			is_meant = true;
		}
		if (!is_meant) {
			refuse_name(session, word);
			return;
		}
	}
	if (session->names.failed) {
		session_fail(session, "failed", "", "superd is out of memory");
		return;
	}
	session->does = ANSWERS;
	session->next = 0;
	if (session->answer == ANSWER_ORDER)
		orders_begin(session);
	else
		session->go_on = answer_some;
	session_wake(session);
}

static void ask_metrics(struct session *session)
{
	facts_add_superd(&session->line);
	session_send(session);
	select_names(session);
}

static void ask_health(struct session *session)
{
	if (session->request.count) {
		select_names(session);
		return;
	}
	facts_add_health(&session->line);
	session_send(session);
	session_done(session);
}

static void ask_version(struct session *session)
{
	struct buf *line = &session->line;

	json_text_field(line, "version", PACKAGE_VERSION);
	json_text_field(line, "build", build_id());
	json_count_field(line, "pid", (uint64_t)getpid());
	if (guard->pid > 0)
		json_count_field(line, "guard", (uint64_t)guard->pid);
	else
		json_null_field(line, "guard");
	json_text_field(line, "reload_refused", *superd.refused_reload ? superd.refused_reload : NULL);
	session_send(session);
	session_done(session);
}

/* ---- what was logged, and what is ---- */

struct found_line {
	const char *service;
	const struct ring_line *line;
};

/* In the order of their time, as those of a service come when somebody asks for them. */
static bool is_after(const struct ring_line *line, double at, uint64_t serial)
{
	return line->at > at || (line->at == at && line->serial > serial);
}

static int compare_found(const void *one, const void *other)
{
	const struct ring_line *left = ((const struct found_line *)one)->line;
	const struct ring_line *right = ((const struct found_line *)other)->line;

	return is_after(left, right->at, right->serial) - is_after(right, left->at, left->serial);
}

static void add_ring(struct found_line **list, size_t *count, const char *service, const struct ring *ring,
		     struct session *session)
{
	double since = session->request.since > 0 ? clock_wall() - (double)session->request.since / 1e6 : 0;
	struct found_line *larger = ring->room ? realloc(*list, (*count + ring->room) * sizeof(*larger)) : NULL;

	session->out.failed |= ring->room && !larger;
	if (!larger)
		return;
	*list = larger;
	for (unsigned n = 0; n < ring->room; n++) {
		const struct ring_line *line = &ring->lines[n];

		if (line->text && line->level <= session->request.level && line->at >= since &&
		    is_after(line, session->at, session->serial))
			(*list)[(*count)++] = (struct found_line){ service, line };
	}
}

/* The lines that are there, after the last one that was sent; the caller frees them. */
static struct found_line *find_lines(struct session *session, size_t *count)
{
	struct found_line *list = NULL;

	*count = 0;
	if (!session->request.count)
		add_ring(&list, count, NULL, &superd.ring, session);
	for (const struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc)) {
		if (svc->run->ring.room && wants(session, svc->row->name))
			add_ring(&list, count, svc->row->name, &svc->run->ring, session);
	}
	if (*count)
		qsort(list, *count, sizeof(*list), compare_found);
	return list;
}

/* The log is followed as deep as somebody wants it. */
void requests_follow_log(void)
{
	enum level level = LEVEL_INFO;
	bool is_followed = false;

	LIST_OF(const struct session, session, link, &superd.sessions) {
		/* Also before: what is logged meanwhile is in none of the answers. */
		bool follows = session->does != AWAITS_REQUEST && session->request.options & WITH_FOLLOW;

		is_followed |= follows;
		if (follows && session->request.level > level)
			level = session->request.level;
	}
	ring_begin(level, is_followed);
}

static void tell_dropped(struct session *session)
{
	session->go_on = NULL;
	json_count_field(&session->line, "dropped", session->dropped);
	session->dropped = 0;
	session_send(session);
}

/* Lines come and go between two turns, so each begins behind the last one that was sent. */
static void send_lines(struct session *session)
{
	size_t count, n = 0;
	struct found_line *list = find_lines(session, &count);

	for (; n < count && session_may_go_on(session); n++) {
		const struct ring_line *line = list[n].line;
		struct buf *out = &session->line;

		session->serial = line->serial;
		session->at = line->at;
		json_seconds_field(out, "at", line->at);
		json_text_field(out, "level", log_level_name(line->level));
		json_text_field(out, "service", list[n].service);
		if (!session->request.lines) /* events, one of which came just before it is told of each */
			json_text_field(out, "event", line->event);
		if (line->is_output)
			json_text_field(out, "from", "output");
		if (line->is_output && line->pid)
			json_count_field(out, "pid", (uint64_t)line->pid);
		json_text_field(out, "message", line->text);
		session_send(session);
	}
	free(list);
	if (n < count)
		return;
	if (!(session->request.options & WITH_FOLLOW)) {
		session_done(session);
		return;
	}
	session->does = FOLLOWS_LOG;
	session->go_on = NULL;
}

/* All that there is is known, or what is missing does not come. */
static void begin_lines(struct session *session)
{
	struct request *request = &session->request;
	struct found_line *list;
	size_t count;

	ev_timer_stop(superd.loop, &session->timeout);
	session->changed = session->late = NULL;
	list = find_lines(session, &count);
	if (!request->lines) {
		session->at = clock_wall();
		session->serial = superd.serial;
	} else if (count) {
		const struct ring_line *first =
			list[count > (size_t)request->lines ? count - (size_t)request->lines : 0].line;

		session->at = first->at;
		session->serial = first->serial - 1;
	}
	free(list);
	session->go_on = send_lines;
	session_wake(session);
}

/* Asks for the lines of each service, and waits for the last answer. */
static void fetch_lines(struct session *session)
{
	session->go_on = NULL;
	session->changed = fetch_lines;
	for (;;) {
		size_t at = session->next;
		const char *name = session_next_name(session);
		struct svc *svc = name ? svc_find(name) : NULL;

		if (!name)
			break;
		if (svc && !output_fetch(svc, &session->question)) {
			session->next = at;
			return;
		}
	}
	if (output_has_answered(session->question))
		begin_lines(session);
}

static void ask_log(struct session *session)
{
	struct request *request = &session->request;

	for (size_t n = 0; n < request->count; n++) {
		if (!is_pattern(request->names[n]) && !row_find(request->names[n], NULL)) {
			refuse_name(session, request->names[n]);
			return;
		}
	}
	session->does = ANSWERS;
	session->serial = 0;
	session->at = 0;
	session->next = session->question = 0;
	session->late = begin_lines;
	for (const struct svc *svc = request->lines ? svc_next(NULL) : NULL; svc; svc = svc_next(svc)) {
		if (svc->run->output && wants(session, svc->row->name))
			buf_add(&session->names, svc->row->name, strlen(svc->row->name) + 1);
	}
	session->out.failed |= session->names.failed;
	requests_follow_log();
	timer_begin(&session->timeout, FETCH_MOST);
	fetch_lines(session);
}

void control_log(const char *service, enum level level, const struct event *event, const char *text, size_t length)
{
	LIST_OF(struct session, session, link, &superd.sessions) {
		if (session->does != FOLLOWS_LOG || level > session->request.level || !wants(session, service))
			continue;
		if (session->dropped || session_unsent(session) >= SESSION_ROOM) {
			session->dropped++;
			session->go_on = tell_dropped;
			continue;
		}
		json_seconds_field(&session->line, "at", clock_wall());
		log_add_facts(&session->line, &(struct log_message){ level, event, text, length }, EVENT_MOST - 1);
		session_send(session);
	}
}

/* ---- reload, diff, upgrade: each is answered when it has ended, if the client is there still ---- */

static void send_diags(struct session *session, const struct diags *diags)
{
	for (size_t n = 0; n < diags->count; n++) {
		const struct diag *diag = &diags->list[n];
		struct buf *out = &session->line;

		json_text_field(out, "diagnostic", diag->message);
		json_text_field(out, "file", diag->file);
		json_count_field(out, "line", diag->line);
		json_count_field(out, "column", diag->column);
		json_text_field(out, "severity", severity_name(diag->severity));
		if (diag->hint)
			json_text_field(out, "hint", diag->hint);
		session_send(session);
	}
}

/* A service may open its sockets only later, behind commands: it is told of once it listens or has failed. */
static void report_changes(struct session *session)
{
	const struct changes *changes = session->changes;
	struct buf *line = &session->line, text = { 0 };
	size_t wrong = changes->counts[WRONG];

	while (session->next < changes->count && session_may_go_on(session)) {
		const struct service_change *change = &changes->list[session->next];
		struct svc *svc = svc_find(change->name);
		bool is_wrong = change->outcome == WRONG, is_bad = svc && svc->state == BINDING && !is_wrong;
		bool is_old = false;

		for (unsigned n = 0; svc && n < svc->socket_count; n++)
			is_old |= svc->sockets[n].is_old;
		if (svc && (svc_is_opening(svc) || lent_is_changing(svc) || (is_old && svc->state == STOPPING))) {
			session->go_on = NULL;
			session->changed = report_changes;
			buf_free(&text);
			return;
		}
		is_bad |= is_old;
		if (is_wrong)
			buf_addf(&text, "%s%s", change->text,
				 svc ? "; it keeps its previous configuration" : "; it is skipped");
		else if (is_old)
			buf_text(&text, "its socket keeps its old options until its program has ended");
		else if (is_bad)
			buf_text(&text, svc->run->reason);
		else if (svc && svc->removed)
			facts_describe_removed(svc, &text);
		else if (svc)
			facts_describe_outdated(svc, &text);
		session->failed += is_bad;
		json_text_field(line, "service", change->name);
		json_text_field(line, "result", outcome_words[is_bad ? WRONG : change->outcome]);
		json_flag_field(line, "ok", !is_bad && !is_wrong);
		json_text_field(line, "state", svc && svc->removed ? "leaving" : state_name(svc ? svc->state : OFF));
		if (*change->text && !is_wrong)
			json_lines_field(line, "options", change->text);
		if (text.length)
			json_text_field(line, "message", buf_string(&text));
		session_send(session);
		buf_clear(&text);
		session->next++;
	}
	buf_free(&text);
	if (session->next < changes->count)
		return;
	for (enum outcome n = 0; n < OUTCOMES; n++)
		json_count_field(line, outcome_words[n], changes->counts[n] + (n == WRONG ? session->failed : 0));
	session_send(session);
	if (session->failed)
		session_fail(session, "failed", "superd tries again by itself", "reloaded, but %u service%s failed",
			     session->failed, session->failed == 1 ? "" : "s");
	else if (wrong)
		session_fail(session, "failed", "", "reloaded, but %zu entr%s errors", wrong,
			     wrong == 1 ? "y has" : "ies have");
	else
		session_done(session);
}

static void on_diff_late(struct session *session)
{
	session_fail(session, "failed", "", "the configuration was not read in time");
}

/* A reading has ended, for a reload or (compared) a diff. */
void requests_read(unsigned number, bool good, const struct table *compared, struct diags *diags)
{
	char summary[DIAGS_SUMMARY_MOST];

	LIST_OF(struct session, session, link, &superd.sessions) {
		bool is_diff = session->late == on_diff_late;

		if (session->reading != number)
			continue;
		session->reading = 0;
		send_diags(session, diags);
		if (!good) {
			diags_summarize(diags, summary);
			session_fail(session, "failed", is_diff ? "" : "the previous configuration stays in effect",
				     "%s: %s", is_diff ? "cannot compare" : "not reloaded",
				     diags->errors		    ? summary
					     : superd_is_stopping() ? "superd is stopping"
								    : "out of memory");
		} else if (is_diff) {
			reload_describe(compared, session);
			session_done(session);
		} else {
			session->changes = superd.changes;
			session->changes->users++;
			session->next = session->failed = 0;
			session->go_on = report_changes;
			session_wake(session);
		}
	}
}

static void on_reading_late(struct session *session)
{
	char what[WAIT_NOTE_MOST];
	double seconds;

	if (session->changes && session->next < session->changes->count)
		session_fail(session, "failed", "superctl why tells what it waits for",
			     "reloaded, but not done in time: %s%s", session->changes->list[session->next].name,
			     session->next + 1 < session->changes->count ? ", ..." : "");
	else if (superd.reading && wait_note_read(what, &seconds))
		session_fail(session, "failed",
			     "the previous configuration stays in effect; the reload continues when it answers",
			     "not reloaded in time: %s does not answer", what);
	else
		session_fail(session, "failed", "", "not done in time, but under way");
}

static void await_reading(struct session *session, unsigned number, void (*late)(struct session *session))
{
	session->does = ANSWERS;
	session->late = late;
	session->reading = number;
}

static void ask_reload(struct session *session)
{
	if (session->request.count) {
		session->action = REFRESH;
		session->answer = ANSWER_ORDER;
		select_names(session);
	} else if (superd_is_stopping()) {
		session_fail(session, "busy", "", "superd is stopping");
	} else {
		superd_reopen(NULL);
		await_reading(session, reload_begin(), on_reading_late);
		if (session->request.options & WITH_NO_WAIT)
			session_done(session);
	}
}

static void ask_diff(struct session *session)
{
	unsigned number = reload_compare();

	session->go_on = NULL;
	session->changed = number ? NULL : ask_diff; /* behind the reading that is under way */
	await_reading(session, number, on_diff_late);
}

static void succeed(struct session *session, const char *text)
{
	json_flag_field(&session->line, "ok", true);
	json_text_field(&session->line, "message", text);
	session_send(session);
	session_done(session);
}

static void on_upgraded(void *context, bool good, const char *why)
{
	struct session *session = context;

	if (good)
		succeed(session, why);
	else
		session_fail(session, strncmp(why, "busy", 4) ? "failed" : "busy", "", "%s: %s",
			     session->request.options & WITH_CHECK ? "an upgrade would fail" : "not upgraded", why);
}

static void on_upgrade_late(struct session *session)
{
	session_fail(session, "failed", "",
		     session->request.options & WITH_CHECK
			     ? "the new superd has not answered in time"
			     : "not upgraded in time, but under way: see the log for the result");
}

static void ask_upgrade(struct session *session)
{
	session->does = ANSWERS;
	session->late = on_upgrade_late;
	upgrade_begin(session->request.options & WITH_CHECK, on_upgraded, session);
	if (session->does == ANSWERS && session->request.options & WITH_NO_WAIT)
		succeed(session, "under way");
}

static void ask_reopen(struct session *session)
{
	struct buf why = { 0 };

	if (superd_reopen(&why))
		session_done(session);
	else
		session_fail(session, "failed", "", "%s", buf_string(&why));
	buf_free(&why);
}

static void ask_shutdown(struct session *session)
{
	session_done(session);
	superd_stop(SIGTERM);
}

/* ---- requests ---- */

#define FIELD(member) CLI_FIELD(struct request, member)

static const char *scan_signal_number(const char *text, int64_t *number)
{
	int signal = 0;
	const char *wrong = scan_signal(text, &signal);

	*number = signal;
	return wrong;
}

/* In the order of enum request_option. */
static const struct cli_option options[] = {
	{ "no-wait", .argument = NULL },
	{ "check", .argument = NULL },
	{ "failed", .argument = NULL },
	{ "follow", .argument = NULL },
	{ "asleep", .argument = NULL },
	{ "awake", .argument = NULL },
	{ "timeout", .argument = "TIME", FIELD(timeout), .scan = scan_duration, .least = 100000, .most = DAY,
	  .refusal = "expected a time of 100ms to 1d" },
	{ "since", .argument = "TIME", FIELD(since), .scan = scan_duration, .least = 100000, .most = DAY,
	  .refusal = "expected a time of 100ms to 1d" },
	{ "lines", .argument = "NUMBER", FIELD(lines), .scan = scan_count, .most = 1000000,
	  .refusal = "expected a number of lines, at most 1000000" },
	{ "level", .argument = "LEVEL", FIELD(level), .words = "error warning notice info debug",
	  .refusal = "a level is error, warning, notice, info or debug" },
	{ "signal", .argument = "SIGNAL", FIELD(signal), .scan = scan_signal_number, .least = 1,
	  .refusal = "expected the name or number of a signal" },
};

static const struct cli known_options = { .options = options, .count = sizeof(options) / sizeof(*options) };

#define OPERATING (WITH_NO_WAIT | WITH_TIMEOUT)

enum { NO_NAMES, ANY_NAMES, SOME_NAMES };

static const struct request_verb {
	const char *name;
	enum right right; /* the least */
	int names;
	unsigned options;			/* enum request_option: those that it may have */
	void (*begin)(struct session *session); /* NULL: it answers for each service */
	enum answer answer;			/* ANSWER_ORDER: the action */
	enum action action;
} verbs[] = {
	{ "status", RIGHT_OVERVIEW, ANY_NAMES, 0, NULL, ANSWER_STATUS, WAIT_READY },
	{ "list", RIGHT_OVERVIEW, ANY_NAMES, WITH_FAILED, NULL, ANSWER_LIST, WAIT_READY },
	{ "show", RIGHT_READ, ANY_NAMES, 0, NULL, ANSWER_ROW, WAIT_READY },
	{ "why", RIGHT_OVERVIEW, ANY_NAMES, 0, NULL, ANSWER_STATUS, WAIT_READY },
	{ "timeline", RIGHT_OVERVIEW, ANY_NAMES, WITH_SINCE, NULL, ANSWER_TIMELINE, WAIT_READY },
	{ "metrics", RIGHT_OVERVIEW, ANY_NAMES, 0, ask_metrics, ANSWER_LIST, WAIT_READY },
	{ "health", RIGHT_READ, ANY_NAMES, 0, ask_health, ANSWER_HEALTH, WAIT_READY },
	{ "log", RIGHT_READ, ANY_NAMES, WITH_LINES | WITH_SINCE | WITH_FOLLOW | WITH_LEVEL, ask_log, ANSWER_ROW,
	  WAIT_READY },
	{ "version", RIGHT_READ, NO_NAMES, 0, ask_version, ANSWER_ROW, WAIT_READY },
	{ "start", RIGHT_ACT, SOME_NAMES, OPERATING, NULL, ANSWER_ORDER, START },
	{ "stop", RIGHT_ACT, SOME_NAMES, OPERATING, NULL, ANSWER_ORDER, STOP },
	{ "restart", RIGHT_ACT, SOME_NAMES, OPERATING, NULL, ANSWER_ORDER, RESTART },
	{ "hold", RIGHT_ACT, SOME_NAMES, OPERATING, NULL, ANSWER_ORDER, HOLD },
	{ "release", RIGHT_ACT, SOME_NAMES, OPERATING, NULL, ANSWER_ORDER, RELEASE },
	{ "drain", RIGHT_ACT, SOME_NAMES, OPERATING, NULL, ANSWER_ORDER, DRAIN },
	{ "freeze", RIGHT_ACT, SOME_NAMES, OPERATING, NULL, ANSWER_ORDER, FREEZE },
	{ "thaw", RIGHT_ACT, SOME_NAMES, OPERATING, NULL, ANSWER_ORDER, THAW },
	{ "sleep", RIGHT_ACT, SOME_NAMES, OPERATING, NULL, ANSWER_ORDER, SLEEP },
	{ "wake", RIGHT_ACT, SOME_NAMES, OPERATING, NULL, ANSWER_ORDER, WAKE },
	{ "wait", RIGHT_READ, SOME_NAMES, WITH_TIMEOUT | WITH_ASLEEP | WITH_AWAKE, NULL, ANSWER_ORDER, WAIT_READY },
	{ "signal", RIGHT_ACT, SOME_NAMES, WITH_SIGNAL, NULL, ANSWER_ORDER, SIGNAL },
	{ "enable", RIGHT_ACT, SOME_NAMES, OPERATING, NULL, ANSWER_ORDER, ENABLE },
	{ "disable", RIGHT_ACT, SOME_NAMES, OPERATING, NULL, ANSWER_ORDER, DISABLE },
	{ "reload", RIGHT_ACT, ANY_NAMES, OPERATING, ask_reload, ANSWER_ROW, WAIT_READY },
	{ "diff", RIGHT_ACT, NO_NAMES, WITH_TIMEOUT, ask_diff, ANSWER_ROW, WAIT_READY },
	{ "reopen", RIGHT_ACT, NO_NAMES, 0, ask_reopen, ANSWER_ROW, WAIT_READY },
	{ "upgrade", RIGHT_ACT, NO_NAMES, WITH_CHECK | OPERATING, ask_upgrade, ANSWER_ROW, WAIT_READY },
	{ "shutdown", RIGHT_ACT, NO_NAMES, OPERATING, ask_shutdown, ANSWER_ROW, WAIT_READY },
};

enum { VERBS = sizeof(verbs) / sizeof(*verbs) };

/* Reads an option, without its "--", of which a value is cut off. NULL, or why it is refused. */
static const char *read_option(struct request *request, char *word)
{
	char *value = strchr(word, '=');
	const struct cli_option *option;

	if (value)
		*value++ = '\0';
	option = cli_find(&known_options, word);
	if (!option)
		return "there is no such option";
	if (!value != !option->argument)
		return value ? "it has no value" : "it needs a value";
	request->options |= 1u << (option - options);
	return cli_set_field(option, request, value);
}

/* Splits a line into words. Returns the verb; NULL: it is refused. */
static const char *read_request(struct session *session, const char *line)
{
	struct request *request = &session->request;
	struct buf text = request->words;
	const char *wrong, *verb = NULL;
	bool reads_options = true;
	size_t count;
	char *word;

	buf_clear(&text);
	*request = (struct request){ .words = text, .level = LEVEL_INFO, .lines = 10 };
	wrong = shell_words_split_into(&request->words, line, &count);
	if (!wrong && request->words.failed)
		wrong = "out of memory";
	if (wrong) {
		session_fail(session, "usage", "", "%s", wrong);
		return NULL;
	}
	if (count > WORDS_MOST) {
		session_fail(session, "usage", "", "a request has at most %d words", WORDS_MOST);
		return NULL;
	}
	word = request->words.data;
	for (size_t n = 0, length; n < count; n++, word += length + 1) {
		length = strlen(word);
		if (reads_options && !strcmp(word, "--")) {
			reads_options = false;
		} else if (reads_options && !strncmp(word, "--", 2)) {
			wrong = read_option(request, word + 2);
			if (wrong) {
				session_fail(session, "usage", "", "%s: %s", word, wrong);
				return NULL;
			}
		} else if (!verb) {
			verb = word;
		} else {
			request->names[request->count++] = word;
		}
	}
	if (!verb)
		session_fail(session, "usage", "", "a request begins with a verb, as list");
	return verb;
}

void request_obey(struct session *session, const char *line)
{
	struct request *request = &session->request;
	const char *name = read_request(session, line), *wrong = NULL;
	const struct request_verb *verb = NULL;

	for (size_t n = 0; name && n < VERBS; n++) {
		if (!strcmp(verbs[n].name, name))
			verb = &verbs[n];
	}
	if (name && !verb) /* superctl has looked for one that is near */
		session_fail(session, "usage", "", "'%.100s' is no verb", name);
	if (!verb)
		return;
	if (verb->right > session->right) {
		session_fail(session, "denied", "", "%s: permission denied", verb->name);
		return;
	}
	if (request->options & ~verb->options)
		wrong = "it does not have that option";
	else if (verb->names == NO_NAMES && request->count)
		wrong = "it accepts no names";
	else if (verb->names == SOME_NAMES && !request->count)
		wrong = "it needs the name of a service, or a pattern";
	else if (verb->answer == ANSWER_ORDER && verb->action == SIGNAL && !request->signal)
		wrong = "it needs --signal=SIGNAL";
	if (wrong) {
		session_fail(session, "usage", "", "%s: %s", verb->name, wrong);
		return;
	}
	if (verb->right == RIGHT_ACT && !request->count && !(request->options & WITH_CHECK) && verb->begin != ask_diff)
		log_event(superd.log, LEVEL_NOTICE, &(struct event){ .name = "told" }, "uid %lu requested: %s",
			  (unsigned long)session->uid, verb->name);
	if (verb->answer == ANSWER_TIMELINE && request->since <= 0)
		request->since = SINCE;
	session->verb = verb->name;
	session->answer = verb->answer;
	session->action = verb->action;
	session->serial = 0;
	if (request->timeout > 0)
		timer_begin(&session->timeout, (double)request->timeout / 1e6);
	(verb->begin ? verb->begin : select_names)(session);
}
