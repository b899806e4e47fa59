/* Runs superd-advise, one process for each client. The reply, the process and the service's runtime may end in any
 * order. The client goes back to its runtime once: when the reply or the runtime ends, whichever is first. The
 * question is freed when the process was reaped. */
#include "superd/service/lookup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/build_id.h"
#include "lib/fd.h"
#include "os/host/program.h"
#include "os/socket/fd_channel.h"
#include "superd/service/admission_state.h"
#include "superd/loop/fd_watch.h"
#include "superd/loop/unreaped.h"
#include "superd/machine/helper_user.h"
#include "superd/start/spawn.h"

#define IDENT_SECONDS "10"

/* The start data that all lookups share. */
struct lookup_helper {
	struct plan plan;
	char *environment[4];           /* environment of the plan, and room for the variables of a start */
};

struct lookup_question {
	struct list link;               /* in engine->admission->lookups */
	struct child child;             /* superd-advise; pid 0: it has ended */
	struct engine *engine;
	struct service_runtime *runtime; /* NULL: the client was given back */
	struct pending_client pending;
	void (*done)(struct service_runtime *runtime, struct pending_client *pending,
		     const struct lookup_reply *reply);
	ev_io io;                       /* watches the reply; fd -1: it has ended */
	struct alarm limit;
	size_t length;                  /* bytes of text */
	char text[LOOKUP_REPLY_MOST];
};

static void free_question(struct lookup_question *question)
{
	list_remove(&question->link);
	free(question);
}

/* superd-advise is superd's own program, but its answers contain strangers' text: every length is checked, and a
 * character that is not visible ASCII becomes a question mark. */
static const char *skip_prefix(const char *line, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(line, prefix, length) ? NULL : line + length;
}

/* Copies a text. false: it is too long to be valid. */
static bool keep_text(char *to, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length >= size)
		return false;
	for (size_t n = 0; n <= length; n++)
		to[n] = !text[n] || (text[n] >= ' ' && text[n] <= '~') ? text[n] : '?';
	return true;
}

static bool read_name(const char *name, struct lookup_reply *reply)
{
	if (!keep_text(reply->name, sizeof(reply->name), name))
		return false;
	return reply->has_name = reply->knows_name = true;
}

static bool read_user(const char *user, bool known, struct lookup_reply *reply)
{
	if (!keep_text(reply->user, sizeof(reply->user), user))
		return false;
	reply->knows_user = known;
	return reply->has_user = true;
}

bool lookup_reply_parse_line(const char *line, struct lookup_reply *reply)
{
	const char *rest;

	if (!strcmp(line, "name"))
		return reply->has_name = true;
	if (!strcmp(line, "libwrap allow"))
		return reply->has_libwrap = reply->allowed = true;
	if (!strcmp(line, "libwrap deny"))
		return reply->has_libwrap = true;
	if (!strcmp(line, "libwrap twist"))
		return reply->twisted = true;
	if ((rest = skip_prefix(line, "name ")) && *rest)
		return read_name(rest, reply);
	if ((rest = skip_prefix(line, "ident yes ")) && *rest)
		return read_user(rest, true, reply);
	if ((rest = skip_prefix(line, "ident no ")))
		return read_user(rest, false, reply);
	return false;
}

static void parse_reply(struct lookup_question *question, struct lookup_reply *reply)
{
	char *at = question->text, *end = at + question->length, *newline;

	while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
		*newline = '\0';
		if (strlen(at) == (size_t)(newline - at))
			lookup_reply_parse_line(at, reply);
		at = newline + 1;
	}
}

static void kill_process(struct lookup_question *question)
{
	if (question->child.pid > 1)
		kill(-question->child.pid, SIGKILL);
}

/* Gives the client back. Frees the question, if its process has ended; else on_helper_ended does. */
static void finish_question(struct lookup_question *question, bool cancelled)
{
	struct service_runtime *runtime = question->runtime;
	struct lookup_reply reply = { .has_name = false };
	struct pending_client pending = question->pending;
	int fd = question->io.fd;

	alarm_stop(&question->limit);
	ev_io_stop(question->engine->loop, &question->io);
	fd_close(&fd);
	question->runtime = NULL;
	question->engine->admission->ident_lookups -= question->pending.asked.ident;
	if (!cancelled)
		parse_reply(question, &reply);
	question->done(runtime, &pending, cancelled ? NULL : &reply);
	if (!question->child.pid)
		free_question(question);
}

/* Receives what has come. false: the reply has ended. */
static bool read_reply(struct lookup_question *question)
{
	ssize_t got;

	do {
		got = fd_channel_receive(question->io.fd, question->text + question->length,
					 sizeof(question->text) - question->length);
		question->length += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	if (got == 0 || errno == EAGAIN)
		return got < 0;
	kill_process(question);         /* it is none of superd-advise's packets */
	return false;
}

/* Whether this turn of the loop has time for what a reply may cost, which is a start. If not, the next one hears of the
 * reply again. Each turn takes one, as the time may be used up before. */
static bool may_finish(struct engine *engine)
{
	unsigned turn = ev_iteration(engine->loop);
	bool is_first = turn != engine->admission->reply_turn;

	engine->admission->reply_turn = turn;
	return is_first || start_time_room(&engine->start_time, engine->loop, START_TIME_ALL, 1);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct lookup_question *question = io->data;

	(void)loop, (void)events;
	if (may_finish(question->engine) && !read_reply(question))
		finish_question(question, false);
}

static void on_time_limit(struct alarm *alarm)
{
	struct lookup_question *question = container_of(alarm, struct lookup_question, limit);

	read_reply(question);
	kill_process(question);
	finish_question(question, false);
}

static void log_other_build(const struct engine *engine)
{
	struct buf text = { 0 };

	program_describe_other(PROGRAM_ADVISE, &text);
	log_error(engine->log, "%s", buf_string(&text));
	buf_free(&text);
}

static void on_helper_ended(struct child *child, int status)
{
	struct lookup_question *question = container_of(child, struct lookup_question, child);

	child->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == PROGRAM_OTHER_BUILD)
		log_other_build(question->engine);
	if (!question->runtime) {
		free_question(question);
		return;
	}
	if (!may_finish(question->engine))
		return;                 /* the end of the reply is reported in the next turn */
	read_reply(question);
	finish_question(question, false);
}

static struct lookup_helper *make_helper(struct engine *engine)
{
	static const char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const struct own_program *program = program_get(PROGRAM_ADVISE);
	struct lookup_helper *helper = NULL;

	errno = program->error;
	if (program->fd >= 0)
		helper = calloc(1, sizeof(*helper));
	if (!helper)
		return NULL;
	helper->environment[0] = (char *)(uintptr_t)path;
	helper->plan = (struct plan){
		.main = { .program = program->path, .file = program->fd },
		.environment = helper->environment, .environment_count = 1,
		.account = helper_user_account(HELPER_USER_ADVISE), .umask = 022, .io_priority = -1,
		.cpu_policy = -1, .bounding = plan_own_bounding(0), .no_new_privileges = true,
		.limit_count = 1, .limits = { { RLIMIT_NOFILE, engine->defaults.nofile } },
	};
	engine->admission->lookup_helper = helper;
	return helper;
}

/* Starts superd-advise. Returns its pid; -1: it could not be started, and the log says why. */
static pid_t start_helper(struct engine *engine, const struct pending_client *pending, int text)
{
	char name[] = "-n", libwrap[] = "-w", ident[] = "-i", seconds[] = IDENT_SECONDS;
	const struct lookup_questions *asked = &pending->asked;
	const int wanted[] = { pending->client.fd, engine->null_output, engine->null_output, text, pending->client.fd };
	char *argv[9], **at = argv;
	struct spawn_request launch = { .wanted = wanted, .wanted_count = 5, .remote_port = -1, .pid = -1 };
	struct plan plan = engine->admission->lookup_helper->plan;

	*at++ = (char *)(uintptr_t)program_get(PROGRAM_ADVISE)->name;
	*at++ = (char *)(uintptr_t)build_word();
	if (asked->name)
		*at++ = name;
	if (asked->libwrap) {
		*at++ = libwrap;
		*at++ = (char *)(uintptr_t)asked->libwrap;
	}
	if (asked->ident) {
		*at++ = ident;
		*at++ = seconds;
	}
	*at = NULL;
	plan.main.argv = argv;
	launch.plan = &plan;
	unreaped_start(engine, &launch);
	if (launch.pid < 0)
		log_error(engine->log, "cannot start %s: %s: %s", plan.main.program, stage_name(launch.fault.stage),
			  strerror(launch.fault.error));
	return launch.pid;
}

static struct lookup_question *new_question(struct service_runtime *runtime, const struct pending_client *pending,
					    int text)
{
	struct lookup_question *question = malloc(sizeof(*question));

	if (!question)
		return NULL;
	question->engine = runtime->engine;
	question->runtime = runtime;
	question->pending = *pending;
	question->child = (struct child){ .ended = on_helper_ended };
	question->length = 0;
	list_init(&question->link);
	ev_io_init(&question->io, on_readable, text, EV_READ);
	question->io.data = question;
	alarm_init(&question->limit, runtime->engine, on_time_limit);
	return question;
}

/* Starts the lookup. The caller closes the process's end afterwards, so that only the process has it. */
static bool begin_question(struct lookup_question *question, int end)
{
	struct engine *engine = question->engine;
	pid_t pid = start_helper(engine, &question->pending, end);

	if (pid < 0)
		return false;
	question->child.pid = pid;
	child_table_add(&engine->children, &question->child);
	list_add(&engine->admission->lookups, &question->link);
	engine->admission->ident_lookups += question->pending.asked.ident;
	ev_io_start(engine->loop, &question->io);
	alarm_set(&question->limit, LOOKUP_SECONDS);
	return true;
}

static void log_failure(struct engine *engine, const struct service_runtime *runtime, int error)
{
	log_error(engine->log, "%s: cannot look up a client: %s", runtime->service->name, strerror(error));
}

bool lookup_may_ask_ident(const struct engine *engine)
{
	const struct admission *admission = engine->admission;

	return !admission->ident_limit || admission->ident_lookups < admission->ident_limit;
}

bool lookup_ask(struct service_runtime *runtime, const struct pending_client *pending,
		void (*done)(struct service_runtime *runtime, struct pending_client *pending,
			     const struct lookup_reply *reply))
{
	struct engine *engine = runtime->engine;
	struct lookup_question *question = NULL;
	int ends[2] = { -1, -1 };
	bool good;

	if (!engine->admission->lookup_helper && !make_helper(engine)) {
		log_error(engine->log, "%s: cannot look up a client: superd-advise: %s", runtime->service->name,
			  strerror(errno));
		return false;
	}
	if (fd_channel_pair(ends) == 0)
		question = new_question(runtime, pending, ends[0] = fd_raise(ends[0], FD_HIGH));
	if (!question) {
		log_failure(engine, runtime, errno);
		fd_close(&ends[0]);
		fd_close(&ends[1]);
		return false;
	}
	question->done = done;
	good = begin_question(question, ends[1]);
	fd_close(&ends[1]);
	if (!good) {
		fd_close(&ends[0]);
		free(question);
		return false;
	}
	question->pending.client.fd = fd_raise(question->pending.client.fd, FD_HIGH);
	return true;
}

void lookup_cancel(struct service_runtime *runtime)
{
	LIST_EACH(link, &runtime->engine->admission->lookups) {
		struct lookup_question *question = container_of(link, struct lookup_question, link);

		if (question->runtime != runtime)
			continue;
		kill_process(question);
		finish_question(question, true);
	}
}

void lookup_free(struct engine *engine)
{
	struct admission *admission = engine->admission;

	LIST_EACH(link, &admission->lookups) {
		struct lookup_question *question = container_of(link, struct lookup_question, link);

		child_table_remove(&engine->children, &question->child);
		free_question(question);
	}
	free(admission->lookup_helper);
	admission->lookup_helper = NULL;
}
