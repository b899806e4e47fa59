/* The keys about when a job starts, stops and restarts.
 *
 * KeepAlive, in several forms, decides both when a job starts and after which exits it starts again. A job that
 * restarts after some exit must first start before any client connects. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/scan.h"
#include "read/launchd/job.h"

#define PAUSE_USUAL 30 /* superd's longest pause, in seconds */
#define PAUSE_MOST 86400

static const struct plist *keep_alive_value(const struct plist *keep_alive, const char *key)
{
	return launchd_find(&launchd_keys[LAUNCHD_KEEP_ALIVE], keep_alive, key);
}

/* The key that makes the job start without a client; NULL: none. */
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
	if (launchd_bool(keep_alive_value(keep_alive, "AfterInitialDemand"), false))
		return NULL;
	return keep_alive_value(keep_alive, "SuccessfulExit") || keep_alive_value(keep_alive, "Crashed") ? keep_alive
													 : NULL;
}

/* The value of the option restart; NULL: only the next client starts the job again. */
static const char *find_restart(const struct launchd_job *job)
{
	const struct plist *keep_alive = launchd_value(job, "KeepAlive"), *success, *crashed;

	if (!launchd_bool(launchd_value(job, "OnDemand"), true))
		return "always";
	if (!keep_alive)
		return NULL;
	if (keep_alive->kind == PLIST_BOOL)
		return keep_alive->number ? "always" : NULL;
	success = keep_alive_value(keep_alive, "SuccessfulExit");
	crashed = keep_alive_value(keep_alive, "Crashed");
	if (success && (!crashed || (crashed->number && !success->number)))
		return success->number ? "on-success" : "on-failure";
	if (crashed)
		return crashed->number && !success ? "on-abnormal" : "always";
	return NULL;
}

/* Whether a job without sockets runs once: it does not restart after a clean exit, and no client can start it. */
static bool runs_once(const char *restart)
{
	return !restart || !strcmp(restart, "on-failure") || !strcmp(restart, "on-abnormal");
}

/* No word of restart means each end but a crash. */
static void warn_of_crashed(struct launchd_job *job, const struct plist *keep_alive, const char *restart)
{
	const struct plist *crashed = keep_alive && keep_alive->kind == PLIST_DICT
		? keep_alive_value(keep_alive, "Crashed") : NULL;

	if (crashed && !crashed->number && restart && !strcmp(restart, "always"))
		launchd_warn(job, crashed->key_at, "Crashed is false, but superd restarts the job after a crash, too");
}

static void set_start(struct launchd_job *job)
{
	const struct plist *keep_alive = launchd_value(job, "KeepAlive"), *start = find_start(job);
	const struct plist *sockets = launchd_value(job, "Sockets"), *said;
	const char *restart = find_restart(job);

	if (start && job->accepts) {
		launchd_warn(job, start->key_at,
			     "%s is left out: with inetdCompatibility and Wait false each connection has "
			     "an instance of its own",
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
	warn_of_crashed(job, keep_alive, restart);
	said = keep_alive ? keep_alive : start;
	if (restart && !job->accepts)
		launchd_set(job, "restart", restart, said ? said->at : job->root->at);
}

static void set_stop(struct launchd_job *job)
{
	const struct plist *abandons = launchd_value(job, "AbandonProcessGroup");

	keys_set_absent(&launchd_keys[LAUNCHD_JOB], job->builder, job->root->at, job->reading->diags);
	if (launchd_bool(abandons, false))
		launchd_set(job, "kill_mode", "process", abandons->at);
	else
		launchd_set(job, "kill_rest", "yes", abandons ? abandons->at : job->root->at);
}

/* ThrottleInterval is the first pause before a restart. The longest pause must not be shorter. */
static void set_restart_pause(struct launchd_job *job)
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

/* TimeOut: launchd tells it the job, which then should exit when idle. A job for a single connection does so anyway. */
static void set_idle_exit(struct launchd_job *job)
{
	const struct plist *idle = launchd_value(job, "TimeOut"), *sockets = launchd_value(job, "Sockets");
	const char *reason = NULL;

	if (!idle || idle->number <= 0)
		return;
	if (job->accepts)
		reason = "with inetdCompatibility and Wait false an instance ends with its connection";
	else if (!sockets || !sockets->first)
		reason = "without Sockets it has no clients";
	else if (job->hides_clients)
		reason = "the users of a unix datagram socket cannot be counted";
	else if (find_restart(job))
		reason = "KeepAlive has it started again";
	if (reason)
		launchd_warn(job, idle->key_at, "%s is left out: %s", idle->key, reason);
	else
		launchd_set(job, "idle_timeout", idle->text, idle->at);
}

void launchd_build_lifecycle(struct launchd_job *job)
{
	set_start(job);
	set_stop(job);
	set_restart_pause(job);
	set_idle_exit(job);
}
