/* superd reports the result of an order as a word, with the facts that it leads to. Here are the sentences. */
#include "superctl/order.h"

#include "superctl/facts.h"
#include "superctl/human_units.h"
#include "superctl/json_reply.h"

static bool is_in(const json_t *line, const char *state)
{
	return json_reply_is(line, "state", state);
}

static bool is_held(const json_t *line)
{
	return json_reply_flag(line, "held");
}

static void add_pid(struct buf *out, const json_t *line)
{
	if (json_reply_has_number(line, "pid"))
		buf_addf(out, ", pid %.0f", json_reply_number(line, "pid"));
}

static void add_runs(struct buf *out, const json_t *line)
{
	add_pid(out, line);
	buf_text(out, ": stop it first, or add --stop");
}

static void add_ending(struct buf *out, const json_t *line)
{
	facts_add_ending(out, json_reply_object(line, "last_exit"));
}

static void add_unbound(struct buf *out, const json_t *line)
{
	if (!*json_reply_text(line, "reason"))
		buf_text(out, "its sockets are not open yet");
	else
		facts_add_text(out, json_reply_number(line, "open") > 0 ? "not all of its sockets are open: "
									: "it does not listen: ",
			       line, "reason", "; superd tries again");
}

static void add_lasting(struct buf *out, const json_t *line)
{
	facts_add_text(out, "; this ends with superd: ", line, "ends_with_superd", "");
}

/* Adds what the program has left in the background, and kill_mode spares. */
static void add_background(struct buf *out, const json_t *line)
{
	double pid = json_reply_number(json_reply_object(line, "background"), "pid");

	if (pid > 0)
		buf_addf(out, "; pid %.0f, which its program has left in the background, still runs", pid);
}

static void add_stopped(struct buf *out, const json_t *line)
{
	if (facts_instances(line)) {
		buf_text(out, "stopped; clients have started it again");
	} else if (is_in(line, "off")) {
		buf_text(out, "stopped");
	} else if (is_in(line, "binding")) {
		buf_text(out, "no instance runs; ");
		add_unbound(out, line);
	} else {
		buf_text(out, is_held(line)		? "stopped; it is held, so nothing starts it"
			      : is_in(line, "backoff") ? "no instance runs; superd tries again after the pause"
			      : json_reply_number(line, "sockets") > 0
				      ? "stopped; it listens, and the next client starts it again"
				      : "stopped, until it is started again");
	}
	add_background(out, line);
}

static void add_stopped_for_start(struct buf *out, const json_t *line)
{
	buf_text(out, is_held(line)			 ? "stopped; it is held, and starts when it is released"
		      : json_reply_flag(line, "accept") ? "its instances have ended; each client starts one"
							: "it did not run: the next client starts it");
}

static void add_held(struct buf *out, const json_t *line)
{
	buf_text(out, is_in(line, "binding") ? "held, but " : "held: its clients queue until it is released");
	if (is_in(line, "binding"))
		add_unbound(out, line);
	else if (facts_instances(line) && !is_in(line, "stopping"))
		buf_text(out, json_reply_flag(line, "accept") ? "; the instances it has run on"
							      : "; the instance it has runs on, and serves");
	add_lasting(out, line);
}

static void add_released(struct buf *out, const json_t *line)
{
	if (is_in(line, "binding")) {
		buf_text(out, "; ");
		add_unbound(out, line);
	}
	if (json_reply_is(line, "result", "released"))
		add_lasting(out, line);
}

static void add_drained(struct buf *out, const json_t *line)
{
	if (is_in(line, "binding")) {
		buf_text(out, "no instance runs; ");
		add_unbound(out, line);
	} else {
		buf_text(out, is_held(line) ? "drained; it is held, so its clients queue"
					    : "drained: its clients are served again");
	}
	if (!json_reply_flag(line, "accept") && json_reply_flag(line, "retired"))
		buf_text(out, "; an instance from before a reload runs on: stop or restart ends it");
}

static void add_enabled(struct buf *out, const json_t *line)
{
	buf_text(out, is_held(line) ? "enabled, and held" : "enabled");
	add_lasting(out, line);
}

static void add_disabled(struct buf *out, const json_t *line)
{
	buf_text(out, "disabled: its sockets are closed until it is enabled");
	if (facts_instances(line))
		buf_text(out, "; the instances it has run on (on_remove)");
	add_lasting(out, line);
}

static void add_not_stored(struct buf *out, const json_t *line)
{
	bool is_enabled = json_reply_flag(line, "enabled");

	(is_enabled ? add_enabled : add_disabled)(out, line);
	facts_add_text(out, is_enabled ? "; but the next superd disables it again: "
				       : "; but not when the machine restarts: ", line, "reason", "");
}

static void add_undone(struct buf *out, const json_t *line)
{
	buf_text(out, json_reply_flag(line, "enabled") ? "it was enabled in the meantime"
						       : "it was disabled in the meantime");
}

static void add_signalled(struct buf *out, const json_t *line)
{
	const json_t *pids = json_reply_list(line, "pids");
	double count = json_reply_number(line, "signalled"), named = (double)json_array_size(pids);

	facts_add_text(out, "sent SIG", line, "signal", " to pid ");
	for (size_t n = 0; n < json_array_size(pids); n++)
		buf_addf(out, "%s%.0f", n ? ", " : "", json_number_value(json_array_get(pids, n)));
	if (count > named)
		buf_addf(out, " and %.0f more", count - named);
	if (is_in(line, "frozen") && !json_reply_is(line, "signal", "KILL"))
		buf_text(out, "; it is frozen, and receives the signal when it is thawed");
}

static void add_needs_no_refresh(struct buf *out, const json_t *line)
{
	buf_text(out, !json_reply_has_number(line, "for") ? "it does not run: the configuration has disable = yes"
		      : json_reply_flag(line, "accept")
			      ? "accept = yes: the next client's instance reads its configuration anyway"
			      : "it does not run: its next start reads its configuration anyway");
}

static void add_unconfigured(struct buf *out, const json_t *line)
{
	facts_add_text(out, " (", line, "disabled_at", ")");
	buf_text(out, ": change it there, and reload");
}

static void add_asleep(struct buf *out, const json_t *line)
{
	buf_text(out, is_in(line, "frozen") ? "frozen" : "asleep");
}

static const struct {
	const char *result, *text;
	void (*add)(struct buf *out, const json_t *line);       /* what follows the text */
	const char *key, *after;        /* a text of the line that follows, and what follows that */
} results[] = {
	{ "under-way", .text = "under way" },
	{ "started", .text = "started", .add = add_pid },
	{ "continues", .text = "it continues", .add = add_pid },
	{ "ended", .text = "it was started, and has ended: ", .add = add_ending },
	{ "runs-already", .text = "it runs already", .add = add_pid },
	{ "listens", .text = "it listens: each client starts an instance" },
	{ "stopped", .add = add_stopped },
	{ "stopped-for-start", .add = add_stopped_for_start },
	{ "gone", .text = "stopped, and removed" },
	{ "held", .add = add_held },
	{ "released", .text = "released", .add = add_released },
	{ "not-held", .text = "it was not held", .add = add_released },
	{ "drained", .add = add_drained },
	{ "frozen", .text = "frozen until the next client, or until it is thawed" },
	{ "frozen-already", .text = "it is frozen already" },
	{ "thawed", .text = "thawed" },
	{ "not-frozen", .text = "it was not frozen" },
	{ "enabled", .add = add_enabled },
	{ "enabled-already", .text = "it is enabled already" },
	{ "disabled", .add = add_disabled },
	{ "disabled-already", .text = "it is disabled already" },
	{ "signalled", .add = add_signalled },
	{ "refreshed", .key = "reason" },
	{ "needs-no-refresh", .add = add_needs_no_refresh },
	{ "awake", .text = "awake" },
	{ "asleep", .add = add_asleep },
	{ "failed", .key = "reason" },
	{ "not-started", .text = "it was not started: it is ", .key = "state" },
	{ "start-failed", .text = "failed: ", .key = "reason" },
	{ "unbound", .add = add_unbound },
	{ "is-held", .text = "it is held: release it first" },
	{ "is-disabled", .text = "it is disabled: enable it first" },
	{ "is-removed",
	  .text = "a reload has removed it: stop ends its instances; a reload adds it again if the configuration has "
		  "it" },
	{ "is-frozen", .text = "it is frozen: thaw it first, then it can read" },
	{ "unsettled", .text = "its instance is starting or ending: try again when the service runs" },
	{ "ends", .text = "it has ended" },
	{ "undone", .add = add_undone },
	{ "no-memory", .text = "out of memory" },
	{ "superd-stops", .text = "superd is stopping" },
	{ "no-socket", .text = "it has no socket, so superd knows of no client to wait for: stop or restart it" },
	{ "fixed-socket",
	  .text = "its instance accepts its clients itself, and superd cannot keep them from a socket of this kind; "
		  "restart loses no client in the queue" },
	{ "no-drain", .text = "clients cannot be kept from its instance: ", .key = "reason",
	  .after = "; restart loses no client in the queue" },
	{ "not-drained", .text = "clients cannot be kept from its instance, which runs on; the log has the reason" },
	{ "is-each", .text = "each of its clients has an instance, and superd does not freeze these" },
	{ "freeze-failed", .text = "it could not be frozen, or continues already; the log has the reason" },
	{ "no-process", .text = "no process of it runs" },
	{ "no-command", .text = "it has no exec_reload, and its type is not notify-reload" },
	{ "busy", .text = "it is reading its configuration again already" },
	{ "not-stored", .add = add_not_stored },
	{ "left-out", .text = "it is left out: ", .key = "left_out" },
	{ "unconfigured", .text = "the configuration has disable = yes", .add = add_unconfigured },
	{ "vanished", .text = "a reload has removed it meanwhile" },
	/* Of run. */
	{ "no-program", .text = "superd serves its clients itself: it has no program to run" },
	{ "is-run", .text = "an operator runs it in the foreground already" },
	{ "runs", .text = "it runs already", .add = add_runs },
	{ "ends-clients", .text = "each of its clients has an instance, which --stop would end: leave it out" },
	{ "interrupted", .text = "it was not started: interrupted" },
};

/* Adds what a stop has cost. */
static void add_cost(struct buf *out, const json_t *line)
{
	double parted = json_reply_number(line, "parted"), killed = json_reply_number(line, "killed");

	if (parted > 0)
		buf_addf(out, "; %.0f client%s did not leave the stopped instance", parted, parted == 1 ? "" : "s");
	if (killed > 0)
		buf_addf(out, "; %.0f instance%s did not end by timeout_stop and %s killed", killed,
			 killed == 1 ? "" : "s", killed == 1 ? "was" : "were");
}

void order_add(struct buf *out, const json_t *line, bool at_boot)
{
	size_t n = 0;

	json_reply_show_text(out, line, "service");
	buf_text(out, ": ");
	if (*json_reply_text(line, "message")) {
		json_reply_show_text(out, line, "message");
		return;
	}
	while (n < sizeof(results) / sizeof(*results) && !json_reply_is(line, "result", results[n].result))
		n++;
	if (n == sizeof(results) / sizeof(*results)) {
		json_reply_show_text(out, line, "state");
		return;
	}
	buf_text(out, results[n].text ? results[n].text : "");
	if (results[n].add)
		results[n].add(out, line);
	if (results[n].key)
		json_reply_show_text(out, line, results[n].key);
	if (results[n].after)
		buf_text(out, results[n].after);
	if (at_boot && json_reply_flag(line, "ok") && !json_reply_is(line, "result", "under-way"))
		buf_text(out, json_reply_flag(line, "enabled") ? "; also when superd starts"
							       : "; also at each start of superd");
	add_cost(out, line);
}

/* Adds when an instance that has not ended yet is killed. */
static void add_limit(struct buf *out, const json_t *waiting)
{
	if (json_reply_is(waiting, "phase", "killed"))
		buf_text(out, "; it was killed, and the kernel has not let it go yet");
	else if (json_reply_is(waiting, "phase", "serves"))
		buf_text(out, ": it may serve its clients first, for 2 s in which none leaves");
	else if (json_reply_has_number(waiting, "left")) {
		buf_text(out, "; in ");
		human_units_add_span(out, json_reply_number(waiting, "left"));
		buf_text(out, json_reply_is(waiting, "phase", "left-alone") ? " it is left to itself"
									    : " it is killed");
	} else if (json_reply_is(waiting, "phase", "stops"))
		buf_text(out, "; timeout_stop = infinity sets no limit");
}

static void add_awaited(struct buf *out, const json_t *waiting)
{
	double others = json_reply_number(waiting, "others");

	buf_addf(out, "pid %.0f", json_reply_number(waiting, "pid"));
	facts_add_text(out, ", for ", waiting, "peer", ",");
	if (others > 0)
		buf_addf(out, " and %.0f more have", others);
	else
		buf_text(out, " has");
	buf_text(out, json_reply_flag(waiting, "drains") ? " clients still" : " not ended");
	if (!json_reply_flag(waiting, "drains"))
		add_limit(out, waiting);
}

bool order_add_waiting(struct buf *out, const json_t *line)
{
	const json_t *waiting = json_reply_object(line, "waiting");
	double background = json_reply_number(json_reply_object(waiting, "background"), "pid");

	if (!waiting)
		return false;
	json_reply_show_text(out, line, "service");
	buf_text(out, ": waiting: ");
	if (background > 0)
		buf_addf(out, "pid %.0f, which its program has left in the background, has not ended", background);
	else if (json_reply_has_number(waiting, "pid"))
		add_awaited(out, waiting);
	else
		facts_add_text(out, "it is ", line, "state", "");
	return true;
}
