/* superctl why: the state of a service in sentences, from superd's line of status.
 *
 * Each sentence about a state also names the event that would change it. */
#include "superctl/superctl.h"

#include <math.h>

#define LONG_WAIT .1  /* seconds from a request to the start that are worth telling */
#define HINT_AFTER 5. /* seconds after a start; until then a queue is normal */
#define PID "[pid {pid}|it]"

#define NEXT_TRY \
	"[{?pause}[{pause.reason}][; it tries again in {pause.left:span}|; superd does not start it again: " \
	"superctl start does]]"
#define OUTDATED \
	"[{?outdated}{outdated: instance} run[{outdated=1}s] with the previous configuration" \
	"[{state=leaving}|: superctl restart {service}]]"

/* A fact of a service: a template, or what `add` adds. */
struct fact {
	const char *label;
	const char *template;
	void (*add)(struct buf *out, const json_t *service);
};

/* Nothing: there is nothing to say. */
static void fact_add(struct buf *out, const struct fact *fact, const json_t *service)
{
	if (fact->add)
		fact->add(out, service);
	else
		(void)template_add(out, service, fact->template);
}

static void add_last_start(struct buf *out, const json_t *service)
{
	const json_t *last = json_reply_object(service, "last_activation");
	double wait = json_reply_number(last, "wait");

	(void)template_add(out, service, "[{last_activation.at:ago}[ by {last_activation.by}]]");
	if (wait >= LONG_WAIT)
		(void)template_add(out, last, ", {wait:span} after it was wanted");
	if (json_reply_has_number(last, "latency")) {
		buf_text(out, ", ready after ");
		human_add(out, duration_write,
			  fmax(json_reply_number(last, "latency") - (wait >= LONG_WAIT ? wait : 0), 0));
	}
}

static void add_last_exit(struct buf *out, const json_t *service)
{
	bool ended = template_add(
		out, service,
		"[{last_exit.at:ago} with " ENDING_OF("last_exit.") "[, after {last_exit.lasted:span}]]{?last_exit}");

	/* A service that pauses after the failure has it in the reason of its pause. */
	if (ended && !json_reply_object(service, "pause") &&
	    !json_reply_is(json_reply_object(service, "last_exit"), "result", "success"))
		json_reply_show_text(out, json_array_get(json_reply_list(service, "last_failures"), 0), "hint");
}

/* The number of failures right behind this one, which are older, with the same reason why nothing could be started. */
static size_t count_same(const json_t *failures, size_t first)
{
	const char *reason = json_reply_text(json_array_get(failures, first), "reason");
	size_t next = first + 1;

	while (*reason && next < json_array_size(failures) &&
	       json_reply_is(json_array_get(failures, next), "reason", reason))
		next++;
	return next - first - 1;
}

/* With accept = no a service pauses after a failure, and the state has it. */
static void add_failures(struct buf *out, const json_t *service, const char *end)
{
	const json_t *failures = json_reply_list(service, "last_failures");
	size_t count = json_reply_flag(service, "accept") ? json_array_size(failures) : 0, same;

	for (size_t n = 0; n < count; n += same + 1) {
		const json_t *failure = json_array_get(failures, n);

		same = count_same(failures, n);
		buf_text(out, "failed ");
		template_add_ago(out, reply_now(service), json_reply_number(failure, "at"));
		(void)template_add(out, failure, ": [pid {pid}, ][for {peer}, ]" ENDING_OF(""));
		if (same) {
			buf_addf(out, "; the same happened %zu time%s before, first ", same, same == 1 ? "" : "s");
			template_add_ago(out, reply_now(service),
					 json_reply_number(json_array_get(failures, n + same), "at"));
		}
		buf_text(out, end);
	}
}

/* Adds when the idle_timeout ends: "; it sleeps 30 s after the last one leaves", "; it sleeps in 18 s". */
static void add_countdown(struct buf *out, const json_t *idle)
{
	double connections = json_reply_number(idle, "connections"), timeout = json_reply_number(idle, "timeout");
	bool are_quiet = json_reply_is(idle, "means", "quiet") && connections > 0;
	double left = timeout - json_reply_number(idle, "for");

	buf_text(out, json_reply_is(idle, "action", "freeze") ? "; superd will freeze it " : "; it sleeps ");
	if (json_reply_has_number(idle, "for") && left <= 0) {
		buf_text(out, "now");
	} else if (json_reply_has_number(idle, "for")) {
		buf_text(out, "in ");
		human_add(out, duration_write, left);
	} else {
		buf_text(out, connections > 0 && !are_quiet ? "" : "after ");
		human_add(out, duration_write, timeout);
		buf_text(out,
			 are_quiet		   ? " without any data"
				 : connections > 0 ? " after the last one leaves"
						   : " without a client");
	}
}

static void add_idle(struct buf *out, const json_t *service)
{
	const json_t *idle = json_reply_object(service, "idle");
	const json_t *relay = json_reply_object(facts_current(service), "relay");
	bool is_quiet = json_reply_has_number(idle, "for");

	if (!idle)
		return;
	if (json_reply_number(idle, "connections") > 0) {
		(void)template_add(out, idle, "{connections: client}[ ({peers})]");
		if (json_reply_is(idle, "means", "quiet"))
			buf_text(out, is_quiet ? "; nothing has moved for " : "; data has moved lately");
		else
			is_quiet = false;
	} else if (is_quiet) {
		buf_text(out, "no clients for ");
	} else if (json_reply_number(relay, "connections") + json_reply_number(relay, "flows") > 0) {
		buf_text(out, "its relay has clients");
	} else {
		buf_text(out,
			 json_reply_has_number(idle, "connections") ? "no clients" : "clients are not counted yet");
	}
	if (is_quiet)
		human_add(out, duration_write, json_reply_number(idle, "for"));
	if (json_reply_is(idle, "standing", "busy"))
		(void)template_add(out, idle, "[; not idle: {busy}]");
	else if (!json_reply_is(idle, "standing", "frozen"))
		add_countdown(out, idle);
	(void)template_add(out, service,
			   "[; it also listens at {other_sockets} itself: superd does not wake it there]");
}

static const json_t *find_lock(const json_t *service, const char *kind)
{
	const json_t *locks = json_reply_list(service, "locks");

	for (size_t n = 0; n < json_array_size(locks); n++) {
		if (json_reply_is(json_array_get(locks, n), "lock", kind))
			return json_array_get(locks, n);
	}
	return NULL;
}

/* The order of an operator that has led to the state; NULL: none, as in a drain, or not known. */
static const json_t *deciding_lock(const json_t *service)
{
	if (json_reply_is(service, "state", "off"))
		return find_lock(service, "disabled");
	if (json_reply_is(service, "state", "held") && !json_reply_flag(service, "drains"))
		return find_lock(service, "held");
	return NULL;
}

static void add_off(struct buf *out, const json_t *service)
{
	if (json_reply_has_number(service, "for") && !json_reply_flag(service, "enabled"))
		buf_text(out, "superctl enable opens its sockets");
	else
		(void)template_add(out, service,
				   "[{#for}it is not in use|disabled: the configuration has disable = yes"
				   "[ ({disabled_at})]]");
}

static void add_listening(struct buf *out, const json_t *service)
{
	const json_t *list = json_reply_list(service, "listeners");
	bool is_open = !json_array_size(list);

	for (size_t n = 0; n < json_array_size(list); n++)
		is_open |= json_reply_flag(json_array_get(list, n), "open");
	if (!is_open)
		buf_text(out, "it has no open socket, so no client can reach it");
	else
		(void)template_add(out, service,
				   "[{builtin=sensor}it is a sensor: all services refuse an address that connects here "
				   "(deny_time)|"
				   "{?accept}it waits for clients, and starts an instance for each|"
				   "nothing runs: it starts in {next_start:span}"
				   "[{?listeners}, or with the next client]|"
				   "{?listeners}nothing runs: the next client starts it|"
				   "nothing runs, and it has no socket: start starts it]");
}

/* Adds "; relaying 3 clients to 127.0.0.1:6380". */
static void add_relay(struct buf *out, const json_t *instance)
{
	(void)template_add(out, instance, "[{?relay}; ]");
	facts_add_relay(out, instance);
}

static void add_starting(struct buf *out, const json_t *service)
{
	const json_t *current = facts_current(service);

	(void)template_add(out, current,
			   "[pid {pid} is not ready yet|the commands before its program run]"
			   "[: {waits_for}]");
	add_relay(out, current);
}

/* false: its main process runs, or was not started yet. */
static bool add_ended(struct buf *out, const json_t *instance)
{
	return template_add(out, instance,
			    "[{?still_runs}" PID " has ended, and [{still_runs=command}a command after it runs|"
			    "other processes of it still run]]{?still_runs}");
}

#define IS_HELD "{?held}; it is held, so it is not started again when that has ended"

static void add_running(struct buf *out, const json_t *service)
{
	const json_t *current = facts_current(service);
	bool has_sockets = json_array_size(json_reply_list(service, "listeners"));

	if (json_reply_flag(current, "remains"))
		buf_text(out, "its program has done its work");
	else if (json_reply_is(service, "pass", "bind"))
		(void)template_add(out, current, PID " runs");
	else if (!add_ended(out, current))
		(void)template_add(out, current,
				   has_sockets ? PID "[{?relay} runs| has its sockets and serves its clients itself]"
					       : PID " runs[{?relay}|, and has no socket to serve]");
	add_relay(out, current);
	(void)template_add(out, current, "[; its status: {says}]");
	(void)template_add(out, service, "[{?drains}; it drains: it is stopped once nobody is connected|" IS_HELD "]");
}

#define ENDING_COMMANDS "commands before or after its program have been requested to end, and still run"

static void add_stopping(struct buf *out, const json_t *service)
{
	const json_t *current = facts_current(service);

	if (!add_ended(out, current))
		(void)template_add(
			out, current,
			"[{state=stopping}[pid {pid} has been requested to stop, and is still running|" ENDING_COMMANDS
			"]|"
			"{#pid}it is about to be stopped|" ENDING_COMMANDS "]");
}

static void add_frozen(struct buf *out, const json_t *service)
{
	(void)template_add(out, facts_current(service), PID " is frozen: a client or superctl thaw wakes it");
	(void)template_add(out, service, "[" IS_HELD "]");
}

static void add_held(struct buf *out, const json_t *service)
{
	if (json_reply_flag(service, "drains"))
		buf_text(out, "it drains: clients queue until its instances have ended");
	else
		buf_text(out, "clients queue until superctl release");
}

/* By the word for the state. Of what is skipped, the fault says all. */
static const struct fact states[] = {
	{ "off", .add = add_off },
	{ "binding",
	  .template = "[{?socket_commands}its commands before its sockets are open run|"
		      "[last tried {pause.at:ago}: ]" NEXT_TRY "]" },
	{ "listening", .add = add_listening },
	{ "condition", .add = add_listening },
	{ "queued",
	  .template = "[{line.starting: other} [{line.starting=1}starts|start] now, and no more do at once "
		      "(max_starting = {line.most})]" },
	{ "starting", .add = add_starting },
	{ "running", .add = add_running },
	{ "stopping", .add = add_stopping },
	{ "closing", .template = "its sockets are closed, and its instances are ending" },
	{ "backoff", .template = NEXT_TRY },
	{ "frozen", .add = add_frozen },
	{ "held", .add = add_held },
	{ "full", .template = "it has as many instances as it may: clients queue until one ends" },
};

/* Adds how long the state has lasted, or when an operator ordered it: one time, as the state follows the order, and a
 * second one would differ a little. With accept = yes the age is that of the sockets, not of the last instance. */
static void add_age(struct buf *out, const json_t *service)
{
	bool is_each = json_is_true(json_object_get(service, "accept")) && json_reply_is(service, "state", "listening");
	const json_t *lock = deciding_lock(service);

	if (lock) {
		buf_char(out, ' ');
		template_add_lapse(out, reply_now(service) - json_reply_number(lock, "since"));
		(void)template_add(out, lock, " ago by an operator[ (uid {uid})]");
	} else if (!is_each) {
		buf_text(out, " for ");
		template_add_lapse(out, json_reply_number(service, "for"));
	}
}

static void add_state(struct buf *out, const json_t *service)
{
	if (json_reply_has_number(service, "for")) {
		if (*state_word_of(service)->word)
			buf_text(out, state_word_of(service)->word);
		else
			json_reply_show_text(out, service, "state");
		add_age(out, service);
		buf_text(out, ": ");
	}
	(void)template_add(out, service, "[it waits for {waits_for} (wants)]");
	if (json_array_size(json_reply_list(service, "waits_for")))
		return;
	for (size_t n = 0; n < sizeof(states) / sizeof(*states); n++) {
		if (json_reply_is(service, "state", states[n].label))
			fact_add(out, &states[n], service);
	}
	(void)template_add(out, service, "[a reload has removed it; {removed}]");
}

/* And what may be wrong, if a program has had some time and superd knows of nothing. */
static void add_queue(struct buf *out, const json_t *service)
{
	double started = json_reply_number(json_reply_object(service, "last_activation"), "at"), queued;

	if (!facts_queue(service, &queued) || queued <= 0)
		return;
	buf_addf(out, "%.0f client%s wait%s in its queue", queued, queued == 1 ? "" : "s", queued == 1 ? "s" : "");
	if (json_reply_is(service, "state", "running") && !json_reply_is(service, "pass", "bind") &&
	    !*json_reply_text(service, "fault") && !json_reply_object(facts_current(service), "relay") &&
	    reply_now(service) - started >= HINT_AFTER)
		(void)template_add(out, service,
				   "; if none is ever served: its program must accept at "
				   "[{pass=inetd}its standard input|descriptor 3, as LISTEN_FDS "
				   "announces], and not at a port of its own");
}

/* The sentences in their order, each with the words before it; the last failures follow. */
static const struct fact sentences[] = {
	{ "", .add = add_state },
	/* What superd finds wrong; the state has what a pause is for. */
	{ "", .template = "[{!pause}{fault}|its configuration has an error now: {skipped}|{closed}|{binds}]" },
	{ "", .template = "[{?skipped}correct that, then superctl reload]" },
	{ "", .add = add_queue },
	{ "", .add = add_idle },
	{ "",
	  .template = "[{?probes}{probes: connection} [{probes=1}was closed as a probe|were closed as probes], and "
		      "woke nothing (probe_from)]" },
	{ "", .template = OUTDATED },
	{ "last started ", .add = add_last_start },
	{ "last ended ", .add = add_last_exit },
	{ "last printed: ", .template = "[{last_line}]" },
};

void why_add(struct buf *out, const json_t *service, const char *end)
{
	struct buf text = { 0 };

	for (size_t n = 0; n < sizeof(sentences) / sizeof(*sentences); n++) {
		fact_add(&text, &sentences[n], service);
		if (text.length)
			buf_addf(out, "%s%s%s", sentences[n].label, buf_string(&text), end);
		buf_clear(&text);
	}
	buf_free(&text);
	add_failures(out, service, end);
}
