/* The start and the end of a job.
 *
 * KeepAlive decides both when a job starts and after which ends it starts again, in several forms. A job that is to
 * start again after some end must start once before any client connects. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "parse/launchd/job.h"

#define STOP_USUAL 20  /* launchd's ExitTimeOut, in seconds */
#define PAUSE_USUAL 30 /* superd's longest pause, in seconds */
#define PAUSE_MOST 86400

static const struct plist *alive(const struct plist *keep_alive, const char *key)
{
	return launchd_find(&launchd_keys[LAUNCHD_KEEP_ALIVE], keep_alive, key);
}

/* Which key has the job start by itself; NULL: none. */
static const struct plist *find_start(struct launchd_job *job)
{
	const struct plist *at_load = launchd_value(job, "RunAtLoad"), *keep_alive = launchd_value(job, "KeepAlive");
	const struct plist *on_demand = launchd_value(job, "OnDemand");

	if (launchd_bool(at_load, false))
		return at_load;
	if (!launchd_bool(on_demand, true))
		return on_demand;
	if (!keep_alive)
		return NULL;
	if (keep_alive->kind == PLIST_BOOL)
		return keep_alive->number ? keep_alive : NULL;
	if (launchd_bool(alive(keep_alive, "AfterInitialDemand"), false))
		return NULL;
	return alive(keep_alive, "SuccessfulExit") || alive(keep_alive, "Crashed") ? keep_alive : NULL;
}

/* The ends after which it is to start again at once; NULL: its next client decides. */
static const char *find_restart(const struct launchd_job *job)
{
	const struct plist *keep_alive = launchd_value(job, "KeepAlive"), *success, *crashed;

	if (!launchd_bool(launchd_value(job, "OnDemand"), true))
		return "always";
	if (!keep_alive)
		return NULL;
	if (keep_alive->kind == PLIST_BOOL)
		return keep_alive->number ? "always" : NULL;
	success = alive(keep_alive, "SuccessfulExit");
	crashed = alive(keep_alive, "Crashed");
	if (success && (!crashed || (crashed->number && !success->number)))
		return success->number ? "on-success" : "on-failure";
	if (crashed)
		return crashed->number && !success ? "on-abnormal" : "always";
	return NULL;
}

/* A job without sockets that is not to go on after a good end has nobody else to start it again: it runs once. */
static bool runs_once(const char *restart)
{
	return !restart || !strcmp(restart, "on-failure") || !strcmp(restart, "on-abnormal");
}

static void take_start(struct launchd_job *job)
{
	const struct plist *keep_alive = launchd_value(job, "KeepAlive"), *start = find_start(job);
	const struct plist *sockets = launchd_value(job, "Sockets"), *said;
	const char *restart = find_restart(job);

	if (keep_alive && keep_alive->kind == PLIST_DICT)
		launchd_check_keys(job, &launchd_keys[LAUNCHD_KEEP_ALIVE], keep_alive);
	if (start && job->accepts) {
		launchd_warn(job, start->key_at,
			     "%s is left out: with inetdCompatibility and Wait false each connection has "
			     "a backend of its own",
			     start->key);
		return;
	}
	if (start)
		launchd_set(job, "start", "boot", start->at);
	else if ((!sockets || !sockets->first) && !launchd_is_odd(job, "Sockets") &&
		 !launchd_is_odd(job, "KeepAlive") && !launchd_is_odd(job, "RunAtLoad"))
		launchd_refuse(job, job->root->at,
			       "%s: nothing starts it: it has no Sockets, and neither RunAtLoad nor "
			       "KeepAlive",
			       job->label);
	if (start && !job->sockets && runs_once(restart))
		launchd_set(job, "type", "oneshot", start->at);
	said = keep_alive ? keep_alive : start;
	if (restart && !job->accepts)
		launchd_set(job, "restart", restart, said ? said->at : job->root->at);
}

static void take_stop(struct launchd_job *job)
{
	const struct plist *said = launchd_value(job, "ExitTimeOut"),
			   *abandons = launchd_value(job, "AbandonProcessGroup");

	if (said && !said->number)
		launchd_set(job, "timeout_stop", "infinity", said->at);
	else if (said)
		launchd_set(job, "timeout_stop", said->text, said->at);
	else
		launchd_setf(job, "timeout_stop", job->root->at, "%d", STOP_USUAL);
	if (launchd_bool(abandons, false))
		launchd_set(job, "kill_mode", "process", abandons->at);
	else
		launchd_set(job, "kill_rest", "yes", abandons ? abandons->at : job->root->at);
}

/* The first pause; the longest is no shorter. */
static void take_pause(struct launchd_job *job)
{
	const struct plist *said = launchd_value(job, "ThrottleInterval");

	if (!said)
		return;
	if (said->number < 0 || said->number > PAUSE_MOST) {
		launchd_refuse(job, said->at, "ThrottleInterval: %" PRId64 ": it is from 0 to %d seconds", said->number,
			       PAUSE_MOST);
		return;
	}
	launchd_setf(job, "backoff_min", said->at, said->number ? "%" PRId64 : "1ms", said->number);
	if (said->number > PAUSE_USUAL)
		launchd_setf(job, "backoff_max", said->at, "%" PRId64, said->number);
}

static void take_disk(struct launchd_job *job)
{
	const struct plist *low = launchd_value(job, "LowPriorityIO");

	if (!launchd_bool(low, false))
		low = launchd_value(job, "LowPriorityBackgroundIO");
	if (launchd_bool(low, false))
		launchd_set(job, "io_scheduling", "best-effort:7", low->at);
}

/* launchd tells it to the job, which is to end by itself; one with a connection of its own does so anyway. */
static void take_idle(struct launchd_job *job)
{
	const struct plist *idle = launchd_value(job, "TimeOut"), *sockets = launchd_value(job, "Sockets");
	const char *reason = NULL;

	if (!idle || idle->number <= 0)
		return;
	if (job->accepts)
		reason = "with inetdCompatibility and Wait false a backend ends with its connection";
	else if (!sockets || !sockets->first)
		reason = "without Sockets nobody can be connected";
	else if (job->hides_clients)
		reason = "nobody can tell who is connected to a unix socket of datagrams";
	else if (find_restart(job))
		reason = "KeepAlive has it started again";
	if (reason)
		launchd_warn(job, idle->key_at, "%s is left out: %s", idle->key, reason);
	else
		launchd_set(job, "idle_timeout", idle->text, idle->at);
}

void launchd_build_lifecycle(struct launchd_job *job)
{
	const struct plist *disabled = launchd_value(job, "Disabled");

	if (disabled)
		launchd_set(job, "disable", disabled->number ? "yes" : "no", disabled->at);
	take_start(job);
	take_stop(job);
	take_pause(job);
	take_disk(job);
	take_idle(job);
}
