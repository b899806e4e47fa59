/* Tells s6-fdholderd, which speaks a protocol of its own, by the programs of s6: s6-fdholder-store passes its standard
 * input, s6-fdholder-delete names what goes. One runs at a time, beside superd, and superd kills one that does not end.
 *
 * Exit status 1 means that the daemon refuses. It refuses a name that it has: one of a superd that was killed before it
 * could take the name out, or of one that was started without s6-fdholder-getdump. That socket goes first. */
#include "engine/listener/store_s6.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "engine/listener/helper_job.h"
#include "engine/listener/listeners.h"
#include "os/host/path_search.h"

#define ANSWER_MS "5000"                /* -t of the programs: milliseconds for the daemon's answer */
#define DEADLINE 10.                    /* seconds until superd kills a program, as it may hang before it counts them */
#define REFUSED 1                       /* exit status of the programs: the daemon refuses */

enum store_work { STORE_GIVES, STORE_CLEARS, STORE_TAKES_OUT };

struct store_s6 {
	char *give, *take_out;          /* paths of s6-fdholder-store and s6-fdholder-delete, owned */
	struct helper_job job;          /* the program that runs */
	enum store_work work;           /* what it does */
	struct stored *current;         /* the entry that it runs for; NULL: none runs */
	struct alarm deadline;          /* of the program */
};

static char *find_program(struct socket_store *store, const char *name)
{
	struct buf path = { 0 };
	char *found = NULL;

	if (path_search(name, engine_variable(store->engine, "PATH"), &path))
		found = buf_take(&path);
	else
		log_error(store->engine->log,
			  "--fdstore: %s of s6 is missing: superd stores no listener in %s", name, store->socket);
	buf_free(&path);
	return found;
}

static void start_program(struct socket_store *store, struct stored *stored, enum store_work work)
{
	struct store_s6 *s6 = store->s6;
	bool gives = work == STORE_GIVES;
	const char *const argv[] = {
		gives ? s6->give : s6->take_out, "-t", ANSWER_MS, store->socket, stored->name, NULL,
	};
	struct buf why = { 0 };

	s6->work = work;
	s6->job.input = gives ? stored->fd : -1;
	if (helper_job_start_path(&s6->job, argv, &why)) {
		s6->current = stored;
		stored->is_current = true;
		alarm_set(&s6->deadline, DEADLINE);
	} else {
		stored_try_later(store, stored, buf_string(&why));
	}
	buf_free(&why);
}

void store_s6_work(struct socket_store *store)
{
	struct stored *stored = store->s6->current ? NULL : stored_next(store);

	if (stored)
		start_program(store, stored, stored->fd < 0 ? STORE_TAKES_OUT : STORE_GIVES);
}

/* What is refused to be taken out stays there as long as s6-fdholderd runs, or is gone already. */
static void log_refusal(struct socket_store *store, const struct stored *stored, const char *text)
{
	struct event event = { .name = "store_failed", .reason = text };

	log_event(store->engine->log, LEVEL_WARNING, &event, "s6-fdholderd at %s did not remove %s: %s",
		  store->socket, stored->name, text);
}

/* The listener may have been closed while the program ran: then it is taken out next. */
static void finish_give(struct socket_store *store, struct stored *stored, const char *text)
{
	int status = store->s6->job.status;

	if (stored->fd < 0) {
		stored->is_in = true;
	} else if (status == 0) {
		stored_finish(store, stored);
	} else if (status == REFUSED && !stored->is_in) {
		stored->is_in = true;
		start_program(store, stored, STORE_CLEARS);
	} else {
		stored->is_in = false;
		stored_try_later(store, stored, text);
	}
}

static void on_ended(struct helper_job *job, bool done, const char *text)
{
	struct store_s6 *s6 = container_of(job, struct store_s6, job);
	struct socket_store *store = job->engine->listeners->store;
	struct stored *stored = s6->current;

	s6->current = NULL;
	stored->is_current = false;
	alarm_stop(&s6->deadline);
	if (s6->work == STORE_GIVES) {
		finish_give(store, stored, text);
	} else if (s6->work == STORE_CLEARS && stored->fd >= 0) {
		start_program(store, stored, STORE_GIVES);
	} else if (done || job->status == REFUSED) {
		if (!done)
			log_refusal(store, stored, text);
		stored_finish(store, stored);
	} else {
		stored_try_later(store, stored, text);
	}
	if (!s6->current)
		stored_wake(store);
}

static void on_deadline(struct alarm *alarm)
{
	struct store_s6 *s6 = container_of(alarm, struct store_s6, deadline);

	if (s6->current)
		kill(s6->job.child.pid, SIGKILL);
}

bool store_s6_begin(struct socket_store *store)
{
	struct store_s6 *s6 = store->s6 = calloc(1, sizeof(*s6));

	if (!s6) {
		log_error(store->engine->log, "--fdstore: superd stores no listener in %s: out of memory",
			  store->socket);
		return false;
	}
	helper_job_init(&s6->job, store->engine, on_ended);
	alarm_init(&s6->deadline, store->engine, on_deadline);
	s6->give = find_program(store, "s6-fdholder-store");
	s6->take_out = s6->give ? find_program(store, "s6-fdholder-delete") : NULL;
	if (s6->take_out)
		return true;
	store_s6_free(store);
	return false;
}

/* What was interrupted may have happened: what was being given is given again, in place of itself. */
void store_s6_set_aside(struct socket_store *store)
{
	struct store_s6 *s6 = store->s6;

	helper_job_abandon(&s6->job);
	alarm_stop(&s6->deadline);
	if (s6->current && s6->current->fd >= 0)
		s6->current->is_in = false;
	if (s6->current)
		s6->current->is_current = false;
	s6->current = NULL;
}

bool store_s6_is_busy(const struct socket_store *store)
{
	return store->s6 && store->s6->current;
}

void store_s6_free(struct socket_store *store)
{
	struct store_s6 *s6 = store->s6;

	if (!s6)
		return;
	store_s6_set_aside(store);
	free(s6->give);
	free(s6->take_out);
	free(s6);
	store->s6 = NULL;
}
