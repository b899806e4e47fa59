/* A program that goes into the background ends its first process, and superd believes that the service has ended. What
 * it leaves is known by its sockets and its user: superd adopts it (PR_SET_CHILD_SUBREAPER), and it has the listeners
 * open. */
#include "superd/instance/background.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/scan.h"
#include "os/rights/capability.h"
#include "superd/instance/instance.h"
#include "superd/loop/fd_watch.h"
#include "superd/process/process_tree.h"
#include "superd/instance/runtime.h"
#include "table/option/option_name.h"

#define SETTLED .5                      /* seconds for those that are about to end, or to fork once more */
#define SERVING_LOOK 1.                 /* seconds between two looks whether they still serve (pass = bind) */
#define END_LOOK .05                    /* seconds between two looks whether they have ended */
#define KILL_TIMEOUT 5.                 /* seconds from SIGKILL until superd gives up */

enum phase { BACKGROUND_SEEN, BACKGROUND_REPORTED, BACKGROUND_ENDING, BACKGROUND_KILLED };

struct background {
	struct service_runtime *runtime;
	struct process_tree tree;
	enum phase phase;
	struct alarm alarm;             /* next look; not set: superd looks only when it is asked */
	double until;                   /* loop time of SIGKILL, then of giving up */
};

static struct background *background_of(const struct service_runtime *runtime)
{
	return runtime->run ? runtime->run->background : NULL;
}

struct search {
	const struct engine *engine;
	bool met_unknown;               /* a child of superd's belongs to no instance */
};

/* Whether a child of superd's belongs to an instance. */
static bool is_others(void *context, pid_t pid)
{
	struct search *search = context;
	const struct engine *engine = search->engine;

	if (child_table_find(&engine->children, pid) || instance_has_group(engine, getpgid(pid)) ||
	    instance_has_group(engine, getsid(pid)))
		return true;
	search->met_unknown = true;
	return false;
}

static bool identify_socket(const struct listener *listener, struct file_id *id)
{
	struct stat status;

	if (!listener_is_open(listener) || fstat(listener->fd, &status) < 0)
		return false;
	*id = (struct file_id){ status.st_dev, status.st_ino };
	return true;
}

/* Adds processes that have a listener, and their descendants. A daemon of type = forking is an instance. false: superd
 * has no child that could be such a process, or the parent of one. */
static bool add_holders(const struct service_runtime *runtime, struct process_tree *tree)
{
	struct file_id *sockets = calloc(runtime->listener_count + 1, sizeof(*sockets));
	struct search search = { .engine = runtime->engine };
	struct process_tree_root root = { .proof.user = service_user(runtime->service),
					  .proof.is_any_user = capability_kills(runtime->service), .sockets = sockets,
					  .is_others = is_others, .context = &search };

	for (size_t n = 0; sockets && n < runtime->listener_count; n++)
		root.socket_count += identify_socket(&runtime->listeners[n], &sockets[root.socket_count]);
	if (root.socket_count && runtime->service->exec->type != TYPE_FORKING)
		process_tree_scan(tree, &root);
	free(sockets);
	return search.met_unknown;
}

static void drop_ended(struct process_tree *tree)
{
	for (size_t n = tree->count; n-- > 0;) {
		if (!tree_process_lives(&tree->list[n]))
			process_tree_drop(tree, n);
	}
}

/* false: none is left. */
static bool find_again(struct background *background)
{
	drop_ended(&background->tree);
	(void)add_holders(background->runtime, &background->tree);
	return background->tree.count;
}

/* The next start may have waited, and an operator. TIMER comes by the timer, which a start stops: one that comes before
 * must not get it. */
static void tell_ended(struct service_runtime *runtime)
{
	runtime_post(runtime, LOOK);
	if (runtime_state(runtime) == LISTENING)
		runtime_start_timer(runtime, 0);
	watch_wake_changes(runtime->engine);
}

/* Looks again. false: none is left, and the service has no struct background any more. Whoever looks first tells of
 * that, as the alarm has gone with them. */
static bool look_again(struct background *background)
{
	struct service_runtime *runtime = background->runtime;

	if (find_again(background))
		return true;
	background_free(runtime);
	tell_ended(runtime);
	return false;
}

static void log_one(const struct background *background, enum level level, const char *what)
{
	const struct service_runtime *runtime = background->runtime;
	struct event event = { .name = "background", .service = runtime->service->name,
			       .pid = background->tree.list[0].pid };

	log_event(runtime->engine->log, level, &event, "pid %ld, which its program has left in the background, %s",
		  (long)event.pid, what);
}

static void add_holder(const struct background *background, struct buf *out)
{
	const struct service_runtime *runtime = background->runtime;
	pid_t pid = background->tree.list[0].pid;
	struct file_id socket;

	buf_addf(out, "its program went into the background: pid %ld still has ", (long)pid);
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (!identify_socket(&runtime->listeners[n], &socket) || process_holds(pid, &socket, 1) != HOLDS)
			continue;
		endpoint_format(runtime->listeners[n].listen->endpoint, out);
		return;
	}
	buf_text(out, "its processes");         /* it has closed its own, and its children have them */
}

static void add_sentence(const struct background *background, struct buf *out)
{
	const struct service *service = background->runtime->service;

	add_holder(background, out);
	buf_text(out, "; let it stay in the foreground (nginx: daemon off)");
	if (service->dialect == LAUNCHD)        /* which has no word for it */
		return;
	buf_text(out, ", or set ");
	option_name_add(service, "type", "forking", out);
}

static void report(struct background *background)
{
	const struct service_runtime *runtime = background->runtime;
	struct event event = { .name = "background", .service = runtime->service->name,
			       .pid = background->tree.list[0].pid };
	struct buf text = { 0 };

	background->phase = BACKGROUND_REPORTED;
	add_sentence(background, &text);
	log_event(runtime->engine->log, LEVEL_WARNING, &event, "%s", buf_string(&text));
	buf_free(&text);
}

static void signal_all(const struct background *background, int signal)
{
	for (size_t n = 0; n < background->tree.count; n++)
		tree_process_signal(&background->tree.list[n], signal);
}

static void give_up(struct background *background)
{
	log_one(background, LEVEL_ERROR, "was killed and does not end");
	background->phase = BACKGROUND_REPORTED;
	alarm_set(&background->alarm, SERVING_LOOK);
	tell_ended(background->runtime);
}

static void go_on_ending(struct background *background)
{
	bool is_over = clock_now() >= background->until;
	bool kills = background->runtime->service->groups->restart->send_sigkill;

	if (!look_again(background))
		return;
	if (is_over && (background->phase == BACKGROUND_KILLED || !kills)) {
		give_up(background);
		return;
	}
	if (is_over) {
		log_one(background, LEVEL_WARNING, "has not ended in time: killed");
		background->phase = BACKGROUND_KILLED;
		background->until = clock_now() + KILL_TIMEOUT;
	}
	if (background->phase == BACKGROUND_KILLED)
		signal_all(background, SIGKILL);
	alarm_set(&background->alarm, END_LOOK);
}

static void on_alarm(struct alarm *alarm)
{
	struct background *background = container_of(alarm, struct background, alarm);

	if (background->phase >= BACKGROUND_ENDING) {
		go_on_ending(background);
		return;
	}
	if (!look_again(background))
		return;
	if (background->phase == BACKGROUND_SEEN)
		report(background);
	if (background->runtime->service->exec->pass == PASS_BIND)
		alarm_set(&background->alarm, SERVING_LOOK);
}

static struct background *background_make(struct service_runtime *runtime)
{
	struct background *background = calloc(1, sizeof(*background));

	if (!background)
		return NULL;
	background->runtime = runtime;
	alarm_init(&background->alarm, runtime->engine, on_alarm);
	runtime->run->background = background;
	return background;
}

void background_look(struct service_runtime *runtime)
{
	struct background *background = background_of(runtime);

	if (!runtime->listener_count || runtime->service->exec->type == TYPE_FORKING || runtime->engine->stopping)
		return;
	if (!background)
		background = background_make(runtime);
	if (!background || background->phase >= BACKGROUND_ENDING)
		return;
	drop_ended(&background->tree);
	/* A process between two forks may end during the search, whose list of children has not its child yet. */
	if (add_holders(runtime, &background->tree))
		(void)find_again(background);
	if (!background->tree.count) {
		background_free(runtime);
		return;
	}
	background->phase = BACKGROUND_SEEN;
	alarm_set(&background->alarm, SETTLED);
}

/* A reload may have set pass since they were reported: then nothing would tell when they have ended. */
bool background_serves(const struct service_runtime *runtime)
{
	struct background *background = background_of(runtime);

	return background && runtime->service->exec->pass == PASS_BIND && alarm_is_set(&background->alarm);
}

pid_t background_pid(const struct service_runtime *runtime)
{
	struct background *background = background_of(runtime);

	return background && look_again(background) ? background->tree.list[0].pid : 0;
}

bool background_describe(const struct service_runtime *runtime, struct buf *out)
{
	struct background *background = background_of(runtime);

	if (!background || background->phase == BACKGROUND_SEEN || !look_again(background))
		return false;
	add_sentence(background, out);
	return true;
}

void background_end(struct service_runtime *runtime)
{
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;
	struct background *background = background_of(runtime);

	if (!background || background->phase >= BACKGROUND_ENDING || lifecycle->kill_mode == KILL_NONE ||
	    !look_again(background))
		return;
	log_one(background, LEVEL_NOTICE, "is being stopped");
	background->phase = BACKGROUND_ENDING;
	background->until = lifecycle->timeout_stop == SCAN_INFINITY ? HUGE_VAL
						: clock_now() + (double)lifecycle->timeout_stop / 1e6;
	signal_all(background, lifecycle->kill_signal);
	signal_all(background, SIGCONT);        /* a stopped process hears nothing else */
	alarm_set(&background->alarm, END_LOOK);
}

bool background_is_ending(const struct service_runtime *runtime)
{
	const struct background *background = background_of(runtime);

	return background && background->phase >= BACKGROUND_ENDING;
}

/* The processes are found again by their sockets. Those that were being ended are reported as before. */
void background_save(struct state_saver *saver, const void *object)
{
	const struct service_run *run = object;

	if (run->background)
		state_add_number(&saver->text, "background", run->background->phase == BACKGROUND_SEEN ? 1 : 2);
}

void background_load(struct state_section *section, void *object)
{
	struct service_run *run = object;
	int64_t phase = state_number(section, "background", 0, 2, 0);
	struct background *background = phase ? background_make(run->runtime) : NULL;

	if (!background)
		return;
	background->phase = phase == 1 ? BACKGROUND_SEEN : BACKGROUND_REPORTED;
	alarm_set(&background->alarm, SETTLED);
}

void background_free(struct service_runtime *runtime)
{
	struct background *background = background_of(runtime);

	if (!background)
		return;
	alarm_stop(&background->alarm);
	process_tree_free(&background->tree);
	free(background);
	runtime->run->background = NULL;
}
