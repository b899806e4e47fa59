/* Starts the process of a relay, hears its reports, and starts another if it ends.
 *
 * The process reads what strangers send, so its reports are bounded numbers, which are shown, and decide only when the
 * program counts as ready and whether it is idle. */
#include "superd/instance/relay.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/fd.h"
#include "lib/number.h"
#include "lib/scan.h"
#include "os/socket/fd_channel.h"
#include "superd/instance/instance.h"
#include "superd/loop/events.h"
#include "superd/loop/exit_result.h"
#include "superd/loop/unreaped.h"
#include "superd/machine/helper_user.h"
#include "superd/instance/start_request.h"
#include "superd/instance/runtime.h"
#include "superd/start/spawn.h"
#include "superd/start/plan.h"
#include "table/option/option_name.h"

/* Seconds. */
#define RETRY_FIRST .1                  /* until the next start of a process, doubled each time … */
#define RETRY_MOST 10.                  /* … up to this */

#define REPORT_MOST 160                 /* bytes of a report */

static struct service_runtime *runtime_of(const struct relay_process *relay)
{
	return relay->instance->context;
}

static void log_relay(const struct relay_process *relay, enum level level, const char *what)
{
	struct event event = { .name = "relay", .service = relay->instance->service->name, .pid = relay->child.pid,
			       .reason = what };

	log_event(relay->engine->log, level, &event, "relay pid %ld: %s", (long)event.pid, what);
}

/* ---- reports ---- */

static void note_answer(struct relay_process *relay)
{
	struct instance *instance = relay->instance;
	bool is_first = !relay->was_up;

	relay->was_up = true;
	relay->failures = 0;
	alarm_stop(&relay->limit);
	if (is_first && service_awaits_target(instance->service) && instance_is_starting(instance))
		instance_be_ready(instance);
}

static void count_relayed(struct relay_process *relay, const struct relayed *now)
{
	struct relayed *sum = &runtime_of(relay)->run->stats.relayed, before = relay->relayed;

	if (now->connections < before.connections || now->received < before.received || now->sent < before.sent)
		return;
	sum->connections += now->connections - before.connections;
	sum->received += now->received - before.received;
	sum->sent += now->sent - before.sent;
	relay->relayed = *now;
}

/* "up busy=1 error=0 count=3 flows=0 served=7 received=120 sent=4096\n". */
static void take_report(struct relay_process *relay, const char *text)
{
	unsigned long connections, flows;
	struct relayed relayed;
	char word[5];
	int error;

	if (sscanf(text,
		   "%4s busy=%*9d error=%9d count=%9lu flows=%9lu served=%18" SCNu64 " received=%18" SCNu64
		   " sent=%18" SCNu64,
		   word, &error, &connections, &flows, &relayed.connections, &relayed.received, &relayed.sent) < 7 ||
	    (strcmp(word, "up") != 0 && strcmp(word, "down") != 0))
		return;
	count_relayed(relay, &relayed);
	relay->up = !strcmp(word, "up");
	relay->error = error;
	relay->connections = connections;
	relay->flows = flows;
	if (relay->up)
		note_answer(relay);
}

static void on_channel(struct watch *watch, bool readable, bool writable)
{
	struct relay_process *relay = container_of(watch, struct relay_process, watch);
	char text[REPORT_MOST + 1];
	ssize_t length = fd_channel_receive(relay->channel, text, REPORT_MOST);

	(void)readable, (void)writable;
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length <= 0) {
		watch_stop(watch);      /* the end of the process follows */
		return;
	}
	text[length] = '\0';
	take_report(relay, text);
}

/* ---- the process ---- */

/* The channel, then the listeners, from descriptor 3 on. */
static bool wire(struct relay_process *relay, struct fd_map *fd_map, int channel)
{
	struct service_runtime *runtime = runtime_of(relay);
	const struct start_kit *kit = &runtime->run->kit;
	const struct output *log = kit->outputs[KIT_LOG];

	if (!fd_map_room(fd_map, runtime->listener_count + 1)) {
		fd_close(&channel);
		errno = ENOMEM;
		return false;
	}
	fd_map->wanted[0] = relay->engine->null_input;
	fd_map->wanted[1] = relay->engine->null_output;
	fd_map->wanted[2] = log ? fd_map_low(fd_map, log->write_end) : relay->engine->null_output;
	fd_map->count = 3;
	fd_map->wanted[fd_map->count++] = fd_map_low(fd_map, fd_map_own(fd_map, channel));
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (listener_is_open(&runtime->listeners[n]))
			fd_map->wanted[fd_map->count++] = fd_map_low(fd_map, runtime->listeners[n].fd);
	}
	for (int n = 0; n < fd_map->count; n++) {
		if (fd_map->wanted[n] < 0)
			return false;
	}
	return true;
}

static bool launch(struct relay_process *relay, int channel, struct buf *why)
{
	struct fd_map fd_map = { .wanted = fd_map.small };
	struct spawn_request request = { .remote_port = -1, .pid = -1, .report = -1 };

	if (!wire(relay, &fd_map, channel)) {
		buf_addf(why, "passing sockets: %s", strerror(errno));
		fd_map_close(&fd_map);
		return false;
	}
	request.plan = relay->plan;
	request.wanted = fd_map.wanted;
	request.wanted_count = fd_map.count;
	request.listen_count = (unsigned)fd_map.count - 3;
	request.names = "LISTEN_FDNAMES=";
	unreaped_start(relay->engine, &request);
	fd_map_close(&fd_map);
	if (request.report >= 0)
		fd_close(&request.report);
	if (request.pid < 0) {
		buf_addf(why, "%s: %s", stage_name(request.fault.stage), fault_reason(&request.fault));
		return false;
	}
	relay->child.pid = request.pid;
	child_table_add(&relay->engine->children, &relay->child);
	return true;
}

static void start_later(struct relay_process *relay)
{
	double wait = RETRY_FIRST * (double)(1u << (relay->failures < 8 ? relay->failures : 8));

	relay->failures++;
	relay->up = false;
	relay->connections = relay->flows = 0;
	relay->relayed = (struct relayed){ 0 };
	alarm_set(&relay->timer, number_min(wait, RETRY_MOST));
}

static bool try_start(struct relay_process *relay, struct buf *why)
{
	const struct service *service = relay->instance->service;
	int ends[2];

	plan_free(relay->plan);         /* its rules may be those of before a reload */
	relay->plan = runtime_plan_relay(runtime_of(relay), helper_user_of_relay(service, &relay->account), why);
	if (!relay->plan)
		return false;
	if (fd_channel_pair(ends) < 0) {
		buf_addf(why, "opening a channel: %s", strerror(errno));
		return false;
	}
	ends[0] = fd_raise(ends[0], FD_HIGH);
	if (!launch(relay, ends[1], why)) {
		fd_close(&ends[0]);
		return false;
	}
	relay->channel = ends[0];
	watch_set(&relay->watch, relay->channel, true, false);
	return true;
}

static void start_process(struct relay_process *relay)
{
	struct buf why = { 0 }, what = { 0 };

	if (try_start(relay, &why)) {
		log_relay(relay, LEVEL_DEBUG, "started");
	} else {
		buf_addf(&what, "cannot be started: %s", buf_string(&why));
		log_relay(relay, LEVEL_ERROR, buf_string(&what));
		start_later(relay);
	}
	buf_free(&why);
	buf_free(&what);
}

static void on_timer(struct alarm *alarm)
{
	start_process(container_of(alarm, struct relay_process, timer));
}

static void on_ended(struct child *child, int status)
{
	struct relay_process *relay = container_of(child, struct relay_process, child);
	char text[48];

	if (!relay->instance) {
		struct engine *engine = relay->engine;

		child->pid = 0;
		relay_free(relay);
		engine->events.ended |= engine->stopping;
		events_feed(engine);
		return;
	}
	status_describe(status, text);
	log_relay(relay, LEVEL_WARNING, text);
	child->pid = 0;
	relay_close_channel(relay);
	start_later(relay);
}

static void set_limit(struct relay_process *relay)
{
	int64_t limit = relay->instance->service->groups->lifecycle->timeout_start;

	if (limit > 0 && limit != SCAN_INFINITY && !service_awaits_target(relay->instance->service))
		alarm_set(&relay->limit, (double)limit / 1e6);
}

/* The program is ready by its type, and does not answer. */
static void on_limit(struct alarm *alarm)
{
	struct relay_process *relay = container_of(alarm, struct relay_process, limit);
	struct instance *instance = relay->instance;
	struct buf what = { 0 };

	if (instance->facts.stopped)
		return;
	if (!instance->facts.ready && instance->state != INSTANCE_READY) { /* its own start has a time limit, too */
		set_limit(relay);
		return;
	}
	buf_addf(&what, "nothing has answered within %s: ", option_name_of(instance->service, "timeout_start"));
	relay_describe_silence(relay, &what);
	log_relay(relay, LEVEL_NOTICE, buf_string(&what));
	buf_free(&what);
	instance->facts.failed = true;
	instance->ops->limit(instance);
}

static struct relay_process *make_relay(struct instance *instance)
{
	struct relay_process *relay = calloc(1, sizeof(*relay));

	if (!relay)
		return NULL;
	list_init(&relay->link);
	list_add(&instance->engine->instances->relays, &relay->link);
	relay->engine = instance->engine;
	relay->instance = instance;
	relay->child.ended = on_ended;
	relay->channel = -1;
	watch_init(&relay->watch, relay->engine, on_channel);
	alarm_init(&relay->timer, relay->engine, on_timer);
	alarm_init(&relay->limit, relay->engine, on_limit);
	instance->relay = relay;
	return relay;
}

bool relay_begin(struct instance *instance)
{
	struct relay_process *relay;

	if (!service_is_relayed(instance->service) || instance->relay)
		return true;
	relay = make_relay(instance);
	if (!relay)
		return false;
	set_limit(relay);
	start_process(relay);
	return true;
}

/* An instance that is being stopped has no relay any more. That of a removed service goes on without superd. */
bool relay_load(struct instance *instance, struct state_section *section)
{
	bool goes_on = !instance->facts.stopped && service_is_relayed(instance->service);
	struct relay_process *relay = goes_on ? make_relay(instance) : NULL;
	int fd = -1;

	if (!relay) {
		fd = load_fd(section, "relay_fd");
		fd_close(&fd);
		return !goes_on;
	}
	state_load(section, &relay_state, relay, NULL);
	if (!relay->was_up)
		set_limit(relay);
	if (relay->channel < 0 || relay->child.pid <= 1) {
		relay->child.pid = 0;
		fd_close(&relay->channel);
		start_later(relay);
		return true;
	}
	child_table_resume(&relay->engine->children, &relay->child);
	relay->up = relay->was_up;
	watch_set(&relay->watch, relay->channel, true, false);
	send(relay->channel, RELAY_REPORT, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	return true;
}

#define FIELD(key, path) STATE_FIELD(relay_process, key, path)

static const struct state_field relay_fields[] = {
	{ FIELD("relay", child.pid), .least = 2, .most = INT32_MAX },
	{ FIELD("relay_born", child.born), .most = STATE_NUMBER_MOST, .missing = STATE_NUMBER_MOST },
	{ STATE_FIELD_AS(STATE_FD, relay_process, "relay_fd", channel) },
	{ FIELD("relay_up", was_up) },
	{ FIELD("relay_served", relayed.connections) },
	{ FIELD("relay_received", relayed.received) },
	{ FIELD("relay_sent", relayed.sent) },
};
const struct field_table relay_state = FIELD_TABLE(NULL, relay_process, relay_fields);
