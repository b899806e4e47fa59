/* superctl why: the state of a service in sentences, from superd's line of status.
 *
 * Each sentence about a state also names the event that would change it. */
#include "superctl/why.h"

#include <string.h>

#include "superctl/each_view.h"
#include "superctl/facts.h"
#include "superctl/human_units.h"
#include "superctl/json_reply.h"
#include "superctl/state_words.h"
#include "superctl/views.h"

#define HINT_AFTER 5. /* seconds after a start; until then a queue is normal */

/* An older superd sends no instance. */
static void add_pid(struct buf *out, const json_t *instance)
{
	if (json_reply_has_number(instance, "pid"))
		buf_addf(out, "pid %.0f", json_reply_number(instance, "pid"));
	else
		buf_text(out, "it");
}

/* Adds names behind the text: "it waits for db, cache". */
static void add_names(struct buf *out, const char *before, const json_t *names)
{
	for (size_t n = 0; n < json_array_size(names); n++) {
		buf_text(out, n ? ", " : before);
		json_reply_show(out, json_array_get(names, n));
	}
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

/* Adds "an operator (uid 0) has held it for 5 min: WHAT", and, if the order cannot be stored, why it ends with superd.
 * What each boot disables the next superd disables, too. */
static void add_lock(struct buf *out, const json_t *service, const char *kind, const char *what)
{
	const json_t *lock = find_lock(service, kind);

	buf_text(out, "an operator ");
	if (json_reply_has_number(lock, "uid"))
		buf_addf(out, "(uid %.0f) ", json_reply_number(lock, "uid"));
	buf_addf(out, "has %s it", kind);
	if (lock) {
		buf_text(out, " for ");
		facts_add_lapse(out, facts_now(service) - json_reply_number(lock, "since"));
	}
	buf_addf(out, ": %s", what);
	if (!find_lock(service, "disabled at boot"))
		facts_add_text(out, "; this ends with superd: ", lock, "ends_with_superd", "");
}

static void add_off(struct buf *out, const json_t *service)
{
	if (!json_reply_has_number(service, "for")) {
		buf_text(out, "disabled: the configuration has disable = yes");
		facts_add_text(out, " (", service, "disabled_at", ")");
	} else if (json_reply_flag(service, "enabled")) {
		buf_text(out, "it is not in use");
	} else {
		add_lock(out, service, "disabled", "enable opens its sockets again");
	}
}

static void add_binding(struct buf *out, const json_t *service)
{
	if (json_reply_flag(service, "socket_commands"))
		buf_text(out, "its commands before its sockets are open run");
	else if (json_reply_flag(service, "socket_conditions"))
		buf_text(out, "the conditions of its sockets are being checked");
	else
		facts_add_pause(out, service);
}

static bool has_open_socket(const json_t *service)
{
	const json_t *list = json_reply_list(service, "listeners");

	for (size_t n = 0; n < json_array_size(list); n++) {
		if (json_reply_flag(json_array_get(list, n), "open"))
			return true;
	}
	return false;
}

static void add_listening(struct buf *out, const json_t *service)
{
	const json_t *background = json_reply_object(service, "background");
	bool has_sockets = json_array_size(json_reply_list(service, "listeners"));

	if (has_sockets && !has_open_socket(service)) {
		buf_text(out, "it has no open socket, so no client can reach it");
	} else if (json_reply_flag(service, "accept")) {
		buf_text(out, "it waits for clients, and starts an instance for each");
	} else if (background) {
		buf_text(out, json_reply_flag(background, "serves")
				      ? "no instance runs, and superd starts none for its clients"
				      : "no instance runs: the next client starts one");
	} else {
		buf_text(out, has_sockets ? "nothing runs: the next client starts it"
					  : "nothing runs, and it has no socket: start starts it");
	}
}

static void add_place(struct buf *out, const json_t *service, const json_t *line)
{
	static const char *const ordinals[] = {
		"", "next", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
	};
	size_t place = (size_t)json_reply_count(service, "place");

	if (!place)
		buf_addf(out, "more than %.0f are before it in line", json_reply_number(line, "more_than"));
	else if (place < sizeof(ordinals) / sizeof(*ordinals))
		buf_addf(out, "it is the %s in line", ordinals[place]);
	else
		buf_addf(out, "it is number %zu in line", place);
}

/* Adds "4 others start now, and no more do at once (max_starting = 4); it is the third in line". */
static void add_queued(struct buf *out, const json_t *service)
{
	const json_t *line = json_reply_object(service, "line");
	double starting = json_reply_number(line, "starting");

	if (!line)
		return;
	if (json_reply_flag(line, "memory_short"))
		buf_text(out, "memory is short: it starts when there is room, or nothing that runs can go; ");
	else
		buf_addf(out, "%.0f other%s now, and no more do at once (%s %.0f); ", starting,
			 starting == 1 ? " starts" : "s start",
			 json_reply_is(line, "limit", "default")	 ? "max_starting, by default"
			 : json_reply_is(line, "limit", "configuration") ? "max_starting ="
									 : "superd --max-starting",
			 json_reply_number(line, "most"));
	add_place(out, service, line);
}

/* Adds "; relaying 3 clients to 127.0.0.1:6380". */
static void add_relay(struct buf *out, const json_t *instance)
{
	if (json_reply_object(instance, "relay"))
		buf_text(out, "; ");
	facts_add_relay(out, instance);
}

static void add_starting(struct buf *out, const json_t *service)
{
	const json_t *current = facts_current(service);

	if (json_reply_has_number(current, "pid")) {
		add_pid(out, current);
		buf_text(out, " is not ready yet");
	} else {
		buf_text(out, "the commands before its program run");
	}
	facts_add_text(out, ": ", current, "waits_for", "");
	add_relay(out, current);
}

/* false: its main process runs, or was not started yet. */
static bool add_ended(struct buf *out, const json_t *instance)
{
	if (!*json_reply_text(instance, "still_runs"))
		return false;
	add_pid(out, instance);
	buf_text(out, json_reply_is(instance, "still_runs", "command")
			      ? " has ended, and a command after it runs"
			      : " has ended, and other processes of it still run");
	return true;
}

static void add_running(struct buf *out, const json_t *service)
{
	const json_t *current = facts_current(service);

	if (json_reply_flag(current, "remains")) {
		buf_text(out, "its program has done its work");
	} else if (!add_ended(out, current)) {
		add_pid(out, current);
		buf_text(out, json_reply_object(current, "relay") ? " runs"
			      : json_array_size(json_reply_list(service, "listeners"))
				      ? " has its sockets and serves its clients itself"
				      : " runs, and has no socket to serve");
	}
	add_relay(out, current);
	facts_add_text(out, "; its status: ", current, "says", "");
	facts_add_text(out, "; ", service, "wanted_by", " wants it");
	if (json_reply_flag(service, "held"))
		buf_text(out, "; it is held, so it is not started again when that has ended");
}

static void add_stopping(struct buf *out, const json_t *service)
{
	const json_t *current = facts_current(service);

	const json_t *stop = json_reply_object(current, "stop");
	bool waits = json_reply_is(stop, "phase", "earlier") || json_reply_is(stop, "phase", "address");
	const char *lack = json_reply_text(current, "no_second_socket");

	if (add_ended(out, current))
		return;
	if (!json_reply_is(current, "state", "stopping") && json_reply_has_number(current, "pid")) {
		buf_text(out, waits || *lack ? "new clients still come to it"
				      : stop ? "new clients wait for the next instance"
					     : "it is about to be stopped");
	} else if (json_reply_has_number(current, "pid")) {
		add_pid(out, current);
		buf_text(out, " has been requested to stop, and is still running");
		buf_text(out, *lack ? "; new clients still come to it" : "");
	} else {
		buf_text(out, "commands before or after its program have been requested to end, and still run");
	}
	facts_add_text(out, ", as there is no second socket: ", current, "no_second_socket", "");
}

static void add_frozen(struct buf *out, const json_t *service)
{
	add_pid(out, facts_current(service));
	buf_text(out, " is frozen: a client or superctl thaw wakes it");
}

static void add_held(struct buf *out, const json_t *service)
{
	if (json_reply_flag(service, "drains"))
		buf_text(out, "it drains: clients queue until its instances have ended");
	else
		add_lock(out, service, "held", "clients queue until release");
}

/* "left out" has its own sentences. */
static const struct {
	const char *state;
	void (*add)(struct buf *out, const json_t *service);    /* NULL: the text says all */
	const char *text;
} states[] = {
	{ "off", add_off, NULL },
	{ "binding", add_binding, NULL },
	{ "listening", add_listening, NULL },
	{ "condition", add_listening, NULL },
	{ "queued", add_queued, NULL },
	{ "starting", add_starting, NULL },
	{ "running", add_running, NULL },
	{ "stopping", add_stopping, NULL },
	{ "closing", NULL, "its sockets are closed, and its instances are ending" },
	{ "backoff", facts_add_pause, NULL },
	{ "frozen", add_frozen, NULL },
	{ "held", add_held, NULL },
	{ "full", NULL, "it has as many instances as it may: clients queue until one ends" },
};

static void add_state(struct buf *out, const json_t *service)
{
	const json_t *waits_for = json_reply_list(service, "waits_for");

	bool is_each = json_is_true(json_object_get(service, "accept")) && json_reply_is(service, "state", "listening");

	/* With accept = yes its age is that of its sockets, not of its last instance. */
	if (json_reply_has_number(service, "for")) {
		if (*state_word_of(service)->word)
			buf_text(out, state_word_of(service)->word);
		else
			json_reply_show_text(out, service, "state");
		if (!is_each) {
			buf_text(out, " for ");
			facts_add_lapse(out, json_reply_number(service, "for"));
		}
		buf_text(out, ": ");
	}
	if (json_array_size(waits_for)) {
		add_names(out, "it waits for ", waits_for);
		buf_text(out, " (wants)");
		return;
	}
	for (size_t n = 0; n < sizeof(states) / sizeof(*states); n++) {
		if (!json_reply_is(service, "state", states[n].state))
			continue;
		if (states[n].add)
			states[n].add(out, service);
		else
			buf_text(out, states[n].text);
	}
	facts_add_text(out, "a reload has removed it; ", service, "removed", "");
}

static void add_queue(struct buf *out, const json_t *service)
{
	double queued;

	if (facts_queue(service, &queued) && queued > 0)
		buf_addf(out, "%.0f client%s wait%s in its queue", queued, queued == 1 ? "" : "s",
			 queued == 1 ? "s" : "");
}

/* Adds the usual reason why clients queue although the program runs: the program opens a port of its own. */
static void add_own_port_hint(struct buf *out, const json_t *service)
{
	const json_t *last = json_reply_object(service, "last_activation");
	const char *where = json_reply_is(service, "pass", "inetd") ? "at its standard input"
								    : "at descriptor 3, as LISTEN_FDS announces";

	if (!json_object_get(service, "opened_port"))
		return;
	if (json_reply_number(service, "opened_port") > 0) {
		add_pid(out, facts_current(service));
		buf_addf(out,
			 " listens at port %.0f itself: its program must accept %s, and must not open a port of its "
			 "own; or set pass = bind",
			 json_reply_number(service, "opened_port"), where);
	} else if (facts_now(service) - json_reply_number(last, "at") >= HINT_AFTER) {
		buf_addf(out,
			 "if no client is ever served: its program must accept %s; a program that opens its own port "
			 "does not",
			 where);
	}
}

/* Adds the listeners that a program with pass = bind has, or those that it lacks. */
static void add_binds(struct buf *out, const json_t *service)
{
	const json_t *current = facts_current(service), *binds = json_reply_list(current, "binds");

	if (*json_reply_text(current, "unbound")) {
		json_reply_show_text(out, current, "unbound");
		return;
	}
	for (size_t n = 0; n < json_array_size(binds); n++) {
		const json_t *bind = json_array_get(binds, n);

		buf_text(out, n ? ", " : "it has bound ");
		json_reply_show_text(out, bind, "asked");
		if (!json_reply_is(bind, "asked", json_reply_text(bind, "endpoint")))
			facts_add_text(out, " and has ", bind, "endpoint", "");
		facts_add_text(out, ", ", bind, "note", "");
	}
}

static void add_warm(struct buf *out, const json_t *service)
{
	const json_t *warm = json_reply_object(service, "warm");

	if (*json_reply_text(warm, "obstacle"))
		facts_add_text(out, "warm: ", warm, "obstacle", "");
	else
		facts_add_warm(out, service);
}

static void add_in_row(struct buf *out, const json_t *service)
{
	if (json_reply_flag(service, "accept") && json_reply_number(service, "failed_in_row") > 1)
		buf_addf(out, "the last %.0f instances all failed", json_reply_number(service, "failed_in_row"));
}

/* Adds the reason why the service is left out, or runs by its previous configuration. */
static void add_left_out(struct buf *out, const json_t *service)
{
	facts_add_text(out, json_reply_has_number(service, "for")
				    ? "its configuration has errors now, so the previous one stays in effect: "
				    : "left out, so no client is served: ", service, "left_out", "");
}

/* Adds what brings it back. */
static void add_remedy(struct buf *out, const json_t *service)
{
	bool may_return = json_reply_flag(service, "may_return");

	if (*json_reply_text(service, "left_out"))
		buf_text(out, may_return ? "superd checks this from time to time, and serves it as soon as it can; a "
					   "reload checks at once"
					 : "correct its configuration, then superctl reload");
}

static bool next_absence(struct buf *out, const json_t *service, size_t *at)
{
	const json_t *list = json_reply_list(service, "listeners");

	if (*at >= json_array_size(list) || json_reply_is(service, "state", "backoff"))
		return false;
	facts_add_socket_fault(out, json_array_get(list, (*at)++));
	return true;
}

/* With accept = no a service pauses after a failure, and the state has it. */
static bool next_failure(struct buf *out, const json_t *service, size_t *at)
{
	return json_reply_flag(service, "accept") && facts_next_failure(out, service, at);
}

static void add_outdated(struct buf *out, const json_t *service)
{
	(void)facts_add_outdated(out, service);
}

/* The sentences in their order. One that `next` writes stands for each thing that there is. */
static const struct {
	const char *before;
	void (*add)(struct buf *out, const json_t *service);
	bool (*next)(struct buf *out, const json_t *service, size_t *at);
	const char *key, *object;       /* a text of the service, or of an object of it */
} sentences[] = {
	{ "", .add = add_state },
	{ "", .add = add_left_out },
	{ "", .add = add_remedy },
	{ "", .next = facts_next_stop },
	{ "", .next = next_absence },
	{ "", .add = add_queue },
	{ "", .add = add_own_port_hint },
	{ "", .add = add_binds },
	{ "", .key = "text", .object = "background" },
	{ "", .add = add_warm },
	{ "", .add = facts_add_idle },
	{ "", .add = facts_add_probes },
	{ "", .add = add_outdated },
	{ "", .next = facts_next_outdated },
	{ "last started ", .add = facts_add_last_start },
	{ "last ended ", .add = facts_add_last_exit },
	{ "last printed: ", .key = "last_line" },
	{ "", .add = add_in_row },
	{ "failed ", .next = next_failure },
};

void why_add(struct buf *out, const json_t *service, const char *end)
{
	struct buf text = { 0 };

	for (size_t n = 0; n < sizeof(sentences) / sizeof(*sentences); n++) {
		size_t at = 0;
		bool more;

		do {
			more = sentences[n].next && sentences[n].next(&text, service, &at);
			if (sentences[n].add)
				sentences[n].add(&text, service);
			if (sentences[n].object)
				facts_add_text(&text, "", json_reply_object(service, sentences[n].object),
					       sentences[n].key, "");
			else if (sentences[n].key)
				facts_add_text(&text, "", service, sentences[n].key, "");
			if (text.length)
				buf_addf(out, "%s%s%s", sentences[n].before, buf_string(&text), end);
			buf_clear(&text);
		} while (more);
	}
	buf_free(&text);
}

static void add_why(struct buf *out, const struct each_view *view, const json_t *service)
{
	screen_set(&view->screen, out, STYLE_BOLD);
	json_reply_show_text(out, service, "service");
	screen_set(&view->screen, out, STYLE_PLAIN);
	buf_text(out, ": ");
	why_add(out, service, "\n  ");
	(void)buf_cut(out, out->length - strlen("  "));
}

enum ctl_status view_why(const struct superctl_options *options)
{
	struct each_view view = { .options = options, .add = add_why };

	return each_view_run(&view, "status");
}
