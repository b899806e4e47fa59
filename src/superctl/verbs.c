/* The table of superctl's verbs.
 *
 * A query verb without a name means every service. A verb that changes something requires a name. */
#include "superctl/verbs.h"

#include <string.h>

#include "lib/scan.h"
#include "superctl/views.h"

#define ACTS (MAY_NO_WAIT | MAY_TIMEOUT)

const struct verb verbs[] = {
	{ "status", NAMES_ANY, 0, "show services in detail; without a name, list all", view_status },
	{ "list", NAMES_ANY, MAY_NAMES | MAY_FAILED | MAY_FILTER | MAY_SORT,
	  "list services with their state, ports and processes", view_list },
	{ "show", NAMES_ANY, 0, "print the options of services, and where each is set", view_show },
	{ "why", NAMES_ANY, 0, "explain the state: what it waits for, what went wrong, when it will sleep", view_why },
	{ "history", NAMES_ANY, MAY_SINCE, "list the last sleeps: when, how long, and who woke the service",
	  view_history },
	{ "top", NAMES_NONE, MAY_INTERVAL | MAY_COUNT | MAY_SORT | MAY_TIMEOUT,
	  "show memory and processor time, and refresh", view_top },
	{ "log", NAMES_ANY, MAY_COUNT | MAY_SINCE | MAY_FOLLOW | MAY_LEVEL | MAY_TIMEOUT,
	  "print the last log lines of services; -f follows", view_log },
	{ "events", NAMES_NONE, MAY_SERVICE | MAY_LEVEL | MAY_TIMEOUT,
	  "print log lines as they come", view_events },
	{ "health", NAMES_ANY, 0,
	  "print healthy, degraded or unhealthy, with the reasons", view_health },
	{ "metrics", NAMES_ANY, 0,
	  "print counters and histograms for Prometheus", view_metrics },
	{ "connect", NAMES_SOME, 0, "connect standard input and output to a service, as a client", view_connect },
	{ "start", NAMES_SOME, ACTS, "start a service now, without a client", view_act },
	{ "stop", NAMES_SOME, ENDS | ACTS, "stop a service; the next client starts it again", view_act },
	{ "restart", NAMES_SOME, ENDS | ACTS,
	  "stop a service and start it again; clients wait meanwhile", view_act },
	{ "hold", NAMES_SOME, ENDS | ACTS, "start nothing more; clients wait until release", view_act },
	{ "release", NAMES_SOME, ACTS, "end a hold; the waiting clients are served", view_act },
	{ "drain", NAMES_SOME, ENDS | ACTS,
	  "stop a service once its clients have left; new clients wait, and are served then", view_act },
	{ "freeze", NAMES_SOME, ENDS | ACTS, "freeze the processes of a service until the next client", view_act },
	{ "thaw", NAMES_SOME, ACTS, "thaw a frozen service", view_act },
	{ "sleep", NAMES_SOME, ENDS | ACTS, "freeze or stop a service, by its idle_action", view_act },
	{ "wake", NAMES_SOME, ACTS, "thaw or start a service", view_act },
	{ "wait", NAMES_SOME, MAY_TIMEOUT | MAY_FILTER | MAY_READY,
	  "wait until a service would serve a client, runs or sleeps", view_act },
	{ "signal", NAMES_SIGNAL, ENDS, "send a signal, such as HUP, to the main process", view_signal },
	{ "enable", NAMES_SOME, ACTS | MAY_BOOT, "open the ports of a service again", view_act },
	{ "disable", NAMES_SOME, ENDS | ACTS | MAY_BOOT, "close the ports of a service until enable", view_act },
	{ "reload", NAMES_ANY, ACTS | MAY_ALLOW_EMPTY | MAY_CHECK,
	  "read superd's configuration again; with NAME, make that service read its own", view_reload },
	{ "diff", NAMES_NONE, MAY_TIMEOUT, "print what a reload would change", view_diff },
	{ "reopen", NAMES_NONE, 0, "open the log files again, after a rotation", view_act },
	{ "upgrade", NAMES_NONE, MAY_CHECK | ACTS,
	  "replace superd by the installed version; no client notices", view_upgrade },
	{ "shutdown", NAMES_NONE, ENDS | ACTS, "stop all services and superd", view_shutdown },
	{ "version", NAMES_NONE, MAY_VERBOSE,
	  "print the versions of superctl and superd, and whether a guard runs", view_version },
	{ "help", NAMES_VERBS, 0, "print this help, or the options of a verb", NULL },
};

const size_t verb_count = sizeof(verbs) / sizeof(verbs[0]);

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < verb_count; i++) {
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	}
	return NULL;
}

const char *verb_instead(const char *name)
{
	static const struct {
		const char *gone, *instead;
	} gone[] = {
		{ "run", "'superctl start' starts a service, and 'superctl log -f' follows its output" },
		{ "idle", "'superctl why' has the time without clients, and builtin = status what sleep saves" },
		{ "timeline", "'superctl history' lists the sleeps, and builtin = status shows the bars" },
	};

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		if (!strcmp(gone[i].gone, name))
			return gone[i].instead;
	}
	return NULL;
}

const char *verb_hint(const char *name)
{
	/* Names of the same verbs in systemctl(1), supervisorctl and others. */
	static const struct {
		const char *foreign, *here;
	} others[] = {
		{ "list-units", "list" }, { "list-sockets", "list" },
		{ "ps", "list" },	  { "ls", "list" },
		{ "kill", "signal" },	  { "daemon-reload", "reload" },
		{ "cat", "show" },	  { "is-active", "status" },
		{ "journal", "log" },	  { "logs", "log" },
		{ "tail", "log" },	  { "pause", "hold" },
		{ "resume", "release" },  { "daemon-reexec", "upgrade" },
		{ "quit", "shutdown" },	  { "exit", "shutdown" },
		{ "reread", "reload" },	  { "update", "reload" },
		{ "unfreeze", "thaw" },	  { "unhold", "release" },
	};
	struct scan_nearest nearest = { .name = name, .most = 3 };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!strcmp(others[i].foreign, name))
			return others[i].here;
	}
	for (size_t i = 0; i < verb_count; i++) {
		bool is_like = *name == *verbs[i].name || scan_distance(verbs[i].name, name, 1) <= 1;

		if (is_like && !(verbs[i].options & ENDS))
			scan_nearest_look(&nearest, verbs[i].name);
	}
	return nearest.word;
}
