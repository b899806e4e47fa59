/* superd reports the result of an order as a word, with the facts that it leads to. Here are the sentences. */
#include "superctl/order.h"

#include "superctl/facts.h"
#include "superctl/json_reply.h"
#include "superctl/sentence.h"
#include "superctl/state_words.h"

#define LASTING "[; this ends with superd: {ends_with_superd}]"
#define UNBOUND \
	"[{!reason}its sockets are not open yet|" \
	"[{?open}not all of its sockets are open|it does not listen]: {reason}; superd tries again]"
#define ENABLED "[{?held}enabled, and held|enabled]" LASTING
#define STAYS "[{?disabled_at_boot}; each start of superd disables it again, until superctl enable --boot]"
#define DISABLED \
	"disabled: its sockets are closed until it is enabled[{?instances}; the instances it has run on (on_remove)]" \
	LASTING

static const struct {
	const char *result, *sentence;
} results[] = {
	{ "under-way", "under way" },
	{ "started", "started[, pid {pid}]" },
	{ "continues", "it continues[, pid {pid}]" },
	{ "ended", "it was started, and has ended: " ENDING_OF("last_exit.") },
	{ "runs-already", "it runs already[, pid {pid}]" },
	{ "listens", "it listens: each client starts an instance" },
	{ "stopped",
	  "[{?instances}stopped; clients have started it again|{state=off}stopped|"
	  "{state=binding}no instance runs; " UNBOUND "|{?held}stopped; it is held, so nothing starts it|"
	  "{state=backoff}no instance runs; superd tries again after the pause|"
	  "{?sockets}stopped; it listens, and the next client starts it again|stopped, until it is started again]" },
	{ "stopped-for-start",
	  "[{?held}stopped; it is held, and starts when it is released|"
	  "{?accept}its instances have ended; each client starts one|it did not run: the next client starts it]" },
	{ "gone", "stopped, and removed" },
	{ "held",
	  "[{state=binding}held, but " UNBOUND "|held: its clients queue until it is released"
	  "[{state=stopping}|{?instances}[{?accept}; the instances it has run on|"
	  "; the instance it has runs on, and serves]]]" LASTING },
	{ "released", "released[{state=binding}; " UNBOUND "]" LASTING },
	{ "not-held", "it was not held[{state=binding}; " UNBOUND "]" },
	{ "drained",
	  "[{state=binding}no instance runs; " UNBOUND "|{?held}drained; it is held, so its clients queue|"
	  "drained: it was stopped once its clients had left, and serves again]"
	  "[{!accept}{?retired}; an instance from before a reload runs on: stop or restart ends it]" },
	{ "frozen", "frozen until the next client, or until it is thawed" },
	{ "frozen-already", "it is frozen already" },
	{ "thawed", "thawed" },
	{ "not-frozen", "it was not frozen" },
	{ "enabled", ENABLED STAYS },
	{ "enabled-already", "it is enabled already" STAYS },
	{ "disabled", DISABLED },
	{ "disabled-already", "it is disabled already" },
	{ "signalled", "[sent SIG{signal} to pid ][{pids}]" },
	{ "refreshed", "{reason}" },
	{ "needs-no-refresh",
	  "[{#for}[{?accept}accept = yes: the next client's instance reads its configuration anyway|"
	  "it does not run: its next start reads its configuration anyway]|"
	  "it does not run: the configuration has disable = yes]" },
	{ "awake", "awake" },
	{ "asleep", "[{state=frozen}frozen|asleep]" },
	{ "failed", "{reason}" },
	{ "not-started", "it was not started: " },
	{ "start-failed", "failed: {reason}" },
	{ "unbound", "[{?enabled}it is enabled, but ]" UNBOUND },
	{ "is-held", "it is held: release it first" },
	{ "is-disabled", "it is disabled: enable it first" },
	{ "is-removed",
	  "a reload has removed it: stop ends its instances; a reload adds it again if the configuration has it" },
	{ "is-frozen", "it is frozen: thaw it first, then it can read" },
	{ "unsettled", "its instance is starting or ending: try again when the service runs" },
	{ "ends", "it has ended" },
	{ "undone", "[{?enabled}it was enabled in the meantime|it was disabled in the meantime]" },
	{ "no-memory", "out of memory" },
	{ "superd-stops", "superd is stopping" },
	{ "is-each", "each of its clients has an instance, and superd does not freeze these" },
	{ "freeze-failed", "it could not be frozen, or continues already; the log has the reason" },
	{ "no-process", "no process of it runs" },
	{ "no-command", "it has no exec_reload, and its type is not notify-reload" },
	{ "busy", "it is reading its configuration again already" },
	{ "not-stored",
	  "[{?enabled}" ENABLED "[; but the next superd disables it again: {reason}]|"
	  DISABLED "[; but not when the machine restarts: {reason}]]" },
	{ "left-out", "it is left out: {left_out}" },
	{ "unconfigured", "the configuration has disable = yes[ ({disabled_at})]: change it there, and reload" },
	{ "vanished", "a reload has removed it meanwhile" },
};

/* Adds how many processes the list does not name. */
static void add_signalled(struct buf *out, const json_t *line)
{
	double more = json_reply_number(line, "signalled") - (double)json_array_size(json_reply_list(line, "pids"));

	if (more > 0)
		buf_addf(out, " and %.0f more", more);
	(void)sentence_add(out, line, "[{state=frozen}[{signal=KILL}|"
				      "; it is frozen, and receives the signal when it is thawed]]");
}

void order_add(struct buf *out, const json_t *line, bool at_boot)
{
	size_t n = 0;

	if (sentence_add(out, line, "[{service}]: {message}"))
		return;
	while (n < sizeof(results) / sizeof(*results) && !json_reply_is(line, "result", results[n].result))
		n++;
	if (n == sizeof(results) / sizeof(*results)) {
		json_reply_show_text(out, line, "state");
		return;
	}
	(void)sentence_add(out, line, results[n].sentence);
	if (json_reply_is(line, "result", "not-started"))
		state_word_add_sentence(out, line);
	if (json_reply_is(line, "result", "signalled"))
		add_signalled(out, line);
	if (at_boot)
		(void)sentence_add(out, line, "[{?ok}[{result=under-way}|{?enabled}; also when superd starts|"
					      "; also at each start of superd]]");
	/* What a stop has cost. */
	(void)sentence_add(out, line, "[{?killed}; {killed: instance} did not end by timeout_stop and "
				      "[{killed=1}was|were] killed]");
}

bool order_add_waiting(struct buf *out, const json_t *line)
{
	size_t before;

	if (!json_reply_object(line, "waiting"))
		return false;
	(void)sentence_add(out, line, "[{service}]: waiting: ");
	before = out->length;
	(void)sentence_add(out, line,
			   "[pid {waiting.pid}[, for {waiting.peer},]"
			   "[{?waiting.others} and {waiting.others} more have| has]"
			   "[{?waiting.drains} clients still| not ended"
			   "[{waiting.phase=killed}; it was killed, and the kernel has not let it go yet|"
			   "{waiting.phase=serves}: it has not been asked to end yet|"
			   "; in {waiting.left:span} [{waiting.phase=left-alone}it is left to itself|it is killed]|"
			   "{?waiting.unlimited}; timeout_stop = infinity sets no limit]]]");
	if (out->length > before)
		return true;
	state_word_add_sentence(out, line);
	(void)sentence_add(out, line, "[{?pause}[, and tries again in {pause.left:span}|, until superctl start]]");
	return true;
}
