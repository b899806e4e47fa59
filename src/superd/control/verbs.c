/* The table of the protocol's verbs.
 *
 * `reload` without a name reads the table again. With a name it makes the service read its own configuration again. */
#include "superd/control/verbs.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/scan.h"
#include "superd/control/event_stream.h"
#include "superd/control/selection.h"
#include "superd/supervisor/supervisor.h"

enum wanted_names { NAMES_NONE, NAMES_ANY, NAMES_SOME };

#define WAITING (ASKS_NO_WAIT | ASKS_TIMEOUT)
#define OPERATING (WAITING | ASKS_PROGRESS)

static void begin_reload(struct session *session)
{
	if (session->request.name_count && session->request.options & ASKS_ALLOW_EMPTY)
		session_fail(session, CODE_USAGE, "", "reload: --allow-empty goes with no name of a service");
	else if (session->request.name_count)
		verb_operate_begin(session, OPERATOR_REFRESH);
	else
		verb_reload_begin(session);
}

static void begin_wait(struct session *session)
{
	unsigned options = session->request.options;

	verb_operate_begin(session, options & ASKS_ASLEEP ? OPERATOR_AWAIT_ASLEEP
				    : options & ASKS_AWAKE ? OPERATOR_AWAIT_AWAKE : OPERATOR_AWAIT_READY);
}

static void reopen_log(struct session *session)
{
	struct supervisor *supervisor = session->supervisor;
	struct buf why = { 0 };

	if (signals_reopen(supervisor, &why))
		session_done(session);
	else
		session_fail(session, CODE_FAILED, "", "cannot open the log %s again: %s",
			     log_file_path(supervisor->engine.log), buf_string(&why));
	buf_free(&why);
}

static void shut_down(struct session *session)
{
	session_done(session);
	line_io_flush(&session->io);
	supervisor_stop(session->supervisor, SIGTERM);
}

static const struct request_verb {
	const char *name;
	enum right right;               /* the least right that a client needs */
	enum wanted_names names;
	unsigned options;               /* enum request_option, those that the verb may have */
	void (*begin)(struct session *session); /* NULL: it answers for each service, or does `action` with it */
	enum answer answer;             /* if begin is NULL; 0: it does `action` */
	enum operator_action action;
} verbs[] = {
	{ "status", RIGHT_OVERVIEW, NAMES_ANY, 0, .answer = ANSWER_STATUS },
	{ "list", RIGHT_OVERVIEW, NAMES_ANY, ASKS_FAILED, .answer = ANSWER_LIST },
	{ "show", RIGHT_READ, NAMES_ANY, 0, .begin = verb_query_show },
	{ "why", RIGHT_OVERVIEW, NAMES_ANY, 0, .answer = ANSWER_STATUS },
	{ "timeline", RIGHT_OVERVIEW, NAMES_ANY, ASKS_SINCE | ASKS_CELLS, .answer = ANSWER_TIMELINE },
	{ "metrics", RIGHT_OVERVIEW, NAMES_ANY, 0, .begin = verb_query_metrics },
	{ "health", RIGHT_OVERVIEW, NAMES_ANY, 0, .begin = verb_query_health },
	{ "events", RIGHT_READ, NAMES_NONE, ASKS_SERVICE | ASKS_LEVEL, .begin = event_stream_events },
	{ "log", RIGHT_READ, NAMES_ANY, ASKS_LINES | ASKS_SINCE | ASKS_FOLLOW | ASKS_LEVEL, .begin = verb_log_begin },
	{ "top", RIGHT_READ, NAMES_NONE, ASKS_INTERVAL, .begin = event_stream_top },
	{ "version", RIGHT_READ, NAMES_NONE, 0, .begin = verb_query_version },
	{ "start", RIGHT_ACT, NAMES_SOME, OPERATING, .action = OPERATOR_START },
	{ "stop", RIGHT_ACT, NAMES_SOME, OPERATING, .action = OPERATOR_STOP },
	{ "restart", RIGHT_ACT, NAMES_SOME, OPERATING, .action = OPERATOR_RESTART },
	{ "hold", RIGHT_ACT, NAMES_SOME, OPERATING, .action = OPERATOR_HOLD },
	{ "release", RIGHT_ACT, NAMES_SOME, OPERATING, .action = OPERATOR_RELEASE },
	{ "drain", RIGHT_ACT, NAMES_SOME, OPERATING, .action = OPERATOR_DRAIN },
	{ "freeze", RIGHT_ACT, NAMES_SOME, OPERATING, .action = OPERATOR_FREEZE },
	{ "thaw", RIGHT_ACT, NAMES_SOME, OPERATING, .action = OPERATOR_THAW },
	{ "sleep", RIGHT_ACT, NAMES_SOME, OPERATING, .action = OPERATOR_SLEEP },
	{ "wake", RIGHT_ACT, NAMES_SOME, OPERATING, .action = OPERATOR_WAKE },
	{ "wait", RIGHT_READ, NAMES_SOME, ASKS_TIMEOUT | ASKS_PROGRESS | ASKS_ASLEEP | ASKS_AWAKE,
	  .begin = begin_wait },
	{ "signal", RIGHT_ACT, NAMES_SOME, ASKS_SIGNAL | ASKS_PROGRESS, .action = OPERATOR_SIGNAL },
	{ "enable", RIGHT_ACT, NAMES_SOME, OPERATING | ASKS_BOOT, .action = OPERATOR_ENABLE },
	{ "disable", RIGHT_ACT, NAMES_SOME, OPERATING | ASKS_BOOT, .action = OPERATOR_DISABLE },
	{ "reload", RIGHT_ACT, NAMES_ANY, OPERATING | ASKS_ALLOW_EMPTY, .begin = begin_reload },
	{ "diff", RIGHT_ACT, NAMES_NONE, ASKS_TIMEOUT, .begin = verb_diff_begin },
	{ "reopen", RIGHT_ACT, NAMES_NONE, 0, .begin = reopen_log },
	{ "upgrade", RIGHT_ACT, NAMES_NONE, ASKS_CHECK | WAITING, .begin = verb_upgrade_begin },
	{ "shutdown", RIGHT_ACT, NAMES_NONE, WAITING, .begin = shut_down },
};

#define VERBS (sizeof(verbs) / sizeof(*verbs))

static const struct request_verb *find_verb(const char *name)
{
	for (size_t n = 0; n < VERBS; n++) {
		if (!strcmp(verbs[n].name, name))
			return &verbs[n];
	}
	return NULL;
}

static void refuse_unknown(struct session *session, const char *name)
{
	struct scan_nearest nearest = { .name = name, .most = 3 };
	char hint[64] = "";

	for (size_t n = 0; n < VERBS && strlen(name) < 32; n++) {
		if (verbs[n].right <= RIGHT_READ)
			scan_nearest_look(&nearest, verbs[n].name);
	}
	if (nearest.word)
		snprintf(hint, sizeof(hint), "did you mean %s?", nearest.word);
	session_fail(session, CODE_USAGE, hint, "'%.100s' is no verb", name);
}

/* The reason to refuse a request; NULL: none. */
static const char *check_request(const struct request *request, const struct request_verb *verb)
{
	if (request->options & ~verb->options)
		return "it does not have that option";
	if (verb->names == NAMES_NONE && request->name_count)
		return "it accepts no names";
	if (verb->names == NAMES_SOME && !request->name_count)
		return "it needs the name of a service, or a pattern";
	if (!verb->begin && verb->action == OPERATOR_SIGNAL && !request->signal)
		return "it needs --signal=SIGNAL";
	return NULL;
}

/* Logs an order to superd itself. verb_operate logs orders to services, for each service. */
static void log_order_to_superd(const struct session *session, const struct request_verb *verb)
{
	const struct event event = { .name = "told" };

	if (verb->right == RIGHT_ACT && !session->request.name_count && !(session->request.options & ASKS_CHECK) &&
	    verb->begin != verb_diff_begin)
		log_event(session->supervisor->engine.log, LEVEL_NOTICE, &event, "uid %lu requested: %s",
			  (unsigned long)session->uid, verb->name);
}

void verbs_obey(struct session *session)
{
	const struct request *request = &session->request;
	const struct request_verb *verb = find_verb(request->verb);
	const char *wrong = verb ? check_request(request, verb) : NULL;

	if (verb && verb->right <= session->right && !wrong) {
		log_order_to_superd(session, verb);
		selection_complete(session);
		if (verb->begin)
			verb->begin(session);
		else if (verb->answer)
			verb_query_begin(session, verb->answer);
		else
			verb_operate_begin(session, verb->action);
	} else if (!verb) {
		refuse_unknown(session, request->verb);
	} else if (verb->right > session->right) {
		session_fail(session, CODE_DENIED, "run it as root, or as superd's own user",
			     "%s: permission denied: members of the control group may only read", verb->name);
	} else {
		session_fail(session, CODE_USAGE, "", "%s: %s", verb->name, wrong);
	}
}
