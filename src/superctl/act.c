/* superctl's verbs that change something: start, stop, hold and the like, upgrade, shutdown.
 *
 * superd answers when the work is done, which may be never. superd measures --timeout and reports its end. If superd
 * does not answer at all, superctl gives up some time later. */
#include "superctl/superctl.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/scan.h"

/* superd reports the result of an order as a word, with the facts that it leads to. Here are the sentences. */

#define LASTING "[; this ends with superd: {ends_with_superd}]"
#define UNBOUND \
	"[{!reason}its sockets are not open yet|" \
	"[{?open}not all of its sockets are open|it does not listen]: {reason}; superd tries again]"
#define ENABLED "[{?held}enabled, and held|enabled]" LASTING
#define DISABLED \
	"disabled: its sockets are closed until it is enabled[{?instances}; the instances it has run on (on_remove)]" \
	LASTING

static const struct {
	const char *result, *template;
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
	  "drained: it was stopped once its clients had left, and serves again]" },
	{ "frozen", "frozen until the next client, or until it is thawed" },
	{ "frozen-already", "it is frozen already" },
	{ "thawed", "thawed" },
	{ "not-frozen", "it was not frozen" },
	{ "enabled", ENABLED },
	{ "enabled-already", "it is enabled already" },
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
	{ "skipped", "it is skipped: {skipped}" },
	{ "unconfigured", "the configuration has disable = yes[ ({disabled_at})]: change it there, and reload" },
	{ "vanished", "a reload has removed it meanwhile" },
};

/* Adds how many processes the list does not name. */
static void add_signalled(struct buf *out, const json_t *line)
{
	double more = json_reply_number(line, "signalled") - (double)json_array_size(json_reply_list(line, "pids"));

	if (more > 0)
		buf_addf(out, " and %.0f more", more);
	(void)template_add(out, line, "[{state=frozen}[{signal=KILL}|"
				      "; it is frozen, and receives the signal when it is thawed]]");
}

void order_add(struct buf *out, const json_t *line)
{
	size_t n = 0;

	if (template_add(out, line, "[{service}]: {message}"))
		return;
	while (n < sizeof(results) / sizeof(*results) && !json_reply_is(line, "result", results[n].result))
		n++;
	if (n == sizeof(results) / sizeof(*results)) {
		json_reply_show_text(out, line, "state");
		return;
	}
	(void)template_add(out, line, results[n].template);
	if (json_reply_is(line, "result", "not-started"))
		state_word_add_sentence(out, line);
	if (json_reply_is(line, "result", "signalled"))
		add_signalled(out, line);
	/* What a stop has cost. */
	(void)template_add(out, line, "[{?killed}; {killed: instance} did not end by timeout_stop and "
				      "[{killed=1}was|were] killed]");
}

struct act_view {
	const struct superctl_options *options;
	size_t failed;                  /* number of services that failed */
};

static bool show_result(void *context, const json_t *line, struct reply_text *text)
{
	struct act_view *view = context;
	bool ok = json_reply_flag(line, "ok");
	struct buf *out = ok ? &text->out : &text->err;

	view->failed += !ok;
	if (*json_reply_text(line, "service")) {
		order_add(out, line);
		buf_char(out, '\n');
	}
	return true;
}

/* verb_text: as sent, with options that client_ask does not add. */
static enum ctl_status act(const struct superctl_options *options, const char *verb_text)
{
	struct act_view view = { .options = options };
	struct buf verb = { 0 };
	enum ctl_status status;

	buf_text(&verb, verb_text);
	if (options->asleep_only)
		buf_text(&verb, " --asleep");
	if (options->awake_only)
		buf_text(&verb, " --awake");
	status = client_ask(options, buf_string(&verb), show_result, &view);
	buf_free(&verb);
	return status == CTL_DONE && view.failed ? CTL_FAILED : status;
}

enum ctl_status verb_act(const struct superctl_options *options)
{
	return act(options, options->verb->name);
}

/* The last word of the command line is the signal. */
enum ctl_status verb_signal(const struct superctl_options *options)
{
	struct superctl_options others = *options;
	const char *why, *word = options->names[options->name_count - 1];
	struct buf verb = { 0 };
	enum ctl_status status;
	int signal;

	if (options->name_count < 2) {
		fprintf(stderr, "superctl: signal: which signal? As in: superctl signal %s HUP\n", word);
		return CTL_USAGE;
	}
	why = scan_signal(word, &signal);
	if (why) {
		fprintf(stderr, "superctl: signal: '%s': %s\n", word, why);
		return CTL_USAGE;
	}
	others.name_count--;
	buf_addf(&verb, "signal --signal=%d", signal);
	status = act(&others, buf_string(&verb));
	buf_free(&verb);
	return status;
}

static volatile sig_atomic_t superd_pid;

static void on_sigterm(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_code == SI_USER && info->si_pid == superd_pid)
		_exit(CTL_DONE);
	raise(signal);
}

/* At its end superd kills its own children, and as PID 1 all processes of its container. If superctl is one of them, a
 * SIGTERM from superd means that the shutdown works, and superctl exits with 0. */
static void expect_sigterm(const struct ctl_client *client)
{
	struct sigaction action = { .sa_sigaction = on_sigterm, .sa_flags = SA_SIGINFO | SA_RESETHAND };

	superd_pid = json_reply_count(client->greeting, "pid");
	sigaction(SIGTERM, &action, NULL);
}

/* The answer to "shutdown" is the end of the connection: superd has ended. */
enum ctl_status verb_shutdown(const struct superctl_options *options)
{
	struct ctl_client client = {
		.until = options->timeout < 0 ? CLIENT_FOREVER : clock_ms() + options->timeout / 1000,
		.timeout = CLIENT_FOREVER,
	};
	enum ctl_status status = client_open(&client, options);

	if (status != CTL_DONE)
		return status;
	client.quiet = true;
	expect_sigterm(&client);
	status = client_send(&client, "shutdown");
	do {
		if (status == CTL_DONE)
			status = client_read(&client, NULL, NULL);
	} while (status == CTL_DONE && !options->no_wait);
	if (client.connection_lost)
		status = CTL_DONE;
	else if (client.is_late)
		fprintf(stderr, "superctl: superd has not ended in time; it is still ending\n");
	else if (status != CTL_DONE)
		fprintf(stderr, "superctl: %s\n", buf_string(&client.why));
	client_close(&client);
	buf_free(&client.why);
	return status;
}

static bool show_upgrade(void *context, const json_t *line, struct reply_text *text)
{
	struct act_view *view = context;

	view->failed += json_is_false(json_object_get(line, "ok"));
	(void)template_add(&text->out, line, "[superd: {message}\n]");
	return true;
}

/* superd has gone: either the new one says at its greeting that it has taken over, or another one is there, or none. */
static enum ctl_status check_takeover(struct ctl_client *client)
{
	const struct superctl_options *options = client->options;
	const char *from;
	struct buf line = { 0 };
	bool printed;

	client_close(client);
	client->quiet = false;
	if (client_open(client, options) != CTL_DONE)
		return CTL_FAILED;
	from = json_reply_text(client->greeting, "upgraded_from");
	if (!*from) {
		fprintf(stderr, "superctl: not upgraded: superd has ended, and another one, pid %.0f, is at %s\n",
			json_reply_number(client->greeting, "pid"), options->control);
		return CTL_FAILED;
	}
	buf_text(&line, options->json ? "{\"ok\":true,\"message\":\"upgraded from " : "superd: upgraded from ");
	json_reply_show_text(&line, client->greeting, "upgraded_from");
	buf_text(&line, " to ");
	json_reply_show_text(&line, client->greeting, "superd");
	buf_text(&line, options->json ? "\"}\n" : "\n");
	printed = client_print(&line);
	buf_free(&line);
	return printed ? CTL_DONE : CTL_FAILED;
}

static enum ctl_status read_upgrade(struct ctl_client *client, struct act_view *view)
{
	enum ctl_status status;

	client->quiet = true;
	status = client_read(client, show_upgrade, view);
	if (client->connection_lost && !client->options->check)
		status = check_takeover(client);
	else if (status != CTL_DONE && client->why.length)
		fprintf(stderr, "superctl: %s\n", buf_string(&client->why));
	buf_free(&client->why);
	return status;
}

enum ctl_status verb_upgrade(const struct superctl_options *options)
{
	struct ctl_client client = { 0 };
	struct act_view view = { .options = options };
	enum ctl_status status =
		client_begin(&client, options, options->check ? "upgrade --check" : "upgrade");

	if (status != CTL_DONE)
		return status;
	status = read_upgrade(&client, &view);
	client_close(&client);
	return status == CTL_DONE && view.failed ? CTL_FAILED : status;
}
