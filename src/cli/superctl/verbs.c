/* The table of superctl's verbs.
 *
 * A query verb without a name means every service. A verb that changes something requires a name. */
#include "cli/superctl/verbs.h"

#include <string.h>

#include "base/scan.h"
#include "cli/superctl/views.h"

#define ACTS (MAY_NO_WAIT | MAY_TIMEOUT)
#define DISTANCE_MOST 2 /* edit distance between a mistyped verb and the one suggested */

const struct verb verbs[] = {
	{ "status", NAMES_ANY, 0, "what a service does, at length; without a name the list of all", view_status },
	{ "list", NAMES_ANY, MAY_NAMES, "a line a service: state, sockets, queues, instances", view_list },
	{ "show", NAMES_ANY, 0, "the options a service has, and where each was written", view_show },
	{ "why", NAMES_ANY, 0, "why a service is in its state, in words", view_why },
	{ "idle", NAMES_ANY, 0, "how a service would fare with an idle_timeout, by what was seen", view_idle },
	{ "top", NAMES_NONE, MAY_INTERVAL | MAY_COUNT | MAY_SORT | MAY_TIMEOUT,
	  "the busy services, over and over", view_top },
	{ "events", NAMES_NONE, MAY_SERVICE | MAY_LEVEL | MAY_TIMEOUT,
	  "what happens from now on, as the log has it", view_events },
	{ "health", NAMES_ANY, 0, "whether all is well, in one line and at most 5 seconds", view_health },
	{ "metrics", NAMES_ANY, MAY_HTTP | MAY_FORMAT, "counters and histograms for Prometheus", view_metrics },
	{ "start", NAMES_SOME, ACTS, "start an instance now, without a client", view_act },
	{ "stop", NAMES_SOME, ACTS, "stop the instances; the next client starts another", view_act },
	{ "restart", NAMES_SOME, ACTS, "stop and start again; clients wait meanwhile", view_act },
	{ "hold", NAMES_SOME, ACTS, "start nothing more, clients wait in the queue", view_act },
	{ "release", NAMES_SOME, ACTS, "end a hold: who waits is served", view_act },
	{ "drain", NAMES_SOME, ACTS, "hold, wait until the instances have ended by themselves, go on", view_act },
	{ "freeze", NAMES_SOME, ACTS, "stop the instances' processes where they are", view_act },
	{ "thaw", NAMES_SOME, ACTS, "let frozen instances go on", view_act },
	{ "enable", NAMES_SOME, ACTS, "open a service's sockets again", view_act },
	{ "disable", NAMES_SOME, ACTS, "close a service's sockets until enable", view_act },
	{ "evict", NAMES_SOME, ACTS, "end what a superd that was killed has left at a service's addresses", view_act },
	{ "reload", NAMES_ANY, ACTS, "read the table again; with a name have that service reload", view_reload },
	{ "reopen", NAMES_NONE, 0, "open the log again, as after a rotation, and do nothing else", view_act },
	{ "upgrade", NAMES_NONE, MAY_CHECK | ACTS, "run the new superd in the place of the old", view_upgrade },
	{ "shutdown", NAMES_NONE, ACTS, "stop all instances and end superd", view_shutdown },
	{ "version", NAMES_NONE, 0, "the versions of superctl and of superd", view_version },
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

const char *verb_hint(const char *name)
{
	/* Names of the same verbs in systemctl(1), supervisorctl and others. */
	static const struct {
		const char *foreign, *here;
	} others[] = {
		{ "list-units", "list" }, { "list-sockets", "list" },
		{ "ps", "list" },	  { "ls", "list" },
		{ "kill", "stop" },	  { "daemon-reload", "reload" },
		{ "cat", "show" },	  { "is-active", "status" },
		{ "journal", "events" },  { "logs", "events" },
		{ "tail", "events" },	  { "pause", "hold" },
		{ "resume", "release" },  { "daemon-reexec", "upgrade" },
		{ "quit", "shutdown" },	  { "exit", "shutdown" },
		{ "reread", "reload" },	  { "update", "reload" },
		{ "unfreeze", "thaw" },	  { "unhold", "release" },
	};
	const char *nearest = NULL;
	unsigned most = DISTANCE_MOST;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!strcmp(others[i].foreign, name))
			return others[i].here;
	}
	for (size_t i = 0; i < verb_count; i++) {
		unsigned distance = scan_distance(verbs[i].name, name, most);

		if (distance > most || (nearest && distance == most))
			continue;
		nearest = verbs[i].name;
		most = distance;
	}
	return nearest;
}
