/* The table of launchd's keys, and functions to look them up.
 *
 * A key that starts a job (at a time, by a file or an event) cannot be ignored, because without it the job would never
 * run. A key that only tunes how macOS treats the job can be ignored. */
#include "parse/launchd/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "config/option/option_table.h"
#include "parse/launchd/plist.h"

#define NAME_MOST 96 /* bytes of "Dictionary.Key" */

#define BOOL PLIST_BOOL
#define INTEGER PLIST_INTEGER
#define STRING PLIST_STRING
#define ARRAY PLIST_ARRAY
#define DICT PLIST_DICT
#define ANY 0xffu

#define BY_ITSELF "superd starts jobs on a connection only, not by time, files or events"
#define MACHINE "superd does not compare the machine's name or model"
#define SANDBOX "superd cannot enforce macOS sandboxes"
#define MACH "Mach services exist on macOS only"
#define TRANSACTIONS "a program may exit at any time; the next client starts it again"
#define HINT "it tunes how macOS schedules the job"
#define TELLS "it only describes the job"
#define BONJOUR "superd announces nothing by multicast DNS; use a service file of avahi-daemon(8)"
#define EXITS "superd stops all services at the same time"
#define BACK "the next client starts the program again, after a failure once the pause is over"
#define DEBUGGING "use superd's --log-level"

static const struct launchd_key job[] = {
	{ "AbandonProcessGroup", BOOL, KEY_DONE, "kill_mode", "true is process; else kill_rest is set" },
	{ "AssociatedBundleIdentifiers", STRING | ARRAY, KEY_HARMLESS, .reason = TELLS },
	{ "BeginTransactionAtShutdown", BOOL, KEY_HARMLESS, .reason = TRANSACTIONS },
	{ "BundleProgram", STRING, KEY_REFUSED, .reason = "bundles exist on macOS only; use Program" },
	{ "CFBundleIdentifier", STRING, KEY_HARMLESS, .reason = TELLS },
	{ "Debug", BOOL, KEY_HARMLESS, .reason = DEBUGGING },
	{ "DisableASLR", BOOL, KEY_WARNED, .reason = "superd leaves the layout of memory to the kernel" },
	{ "Disabled", BOOL, KEY_DONE, NULL, NULL },
	{ "DrainMessagesOnCrash", ANY, KEY_HARMLESS, .reason = MACH },
	{ "EnableGlobbing", BOOL, KEY_REFUSED, .reason = "superd expands no patterns in arguments" },
	{ "EnablePressuredExit", BOOL, KEY_HARMLESS, .reason = TRANSACTIONS },
	{ "EnableTransactions", BOOL, KEY_HARMLESS, .reason = TRANSACTIONS },
	{ "EnvironmentVariables", DICT, KEY_DONE, NULL, NULL },
	{ "ExitTimeOut", INTEGER, KEY_DONE, NULL, "0 means no limit; the default is 20 s" },
	{ "GroupName", STRING, KEY_DONE, NULL, NULL },
	{ "HardResourceLimits", DICT, KEY_DONE, "rlimit_*", NULL },
	{ "HopefullyExitsFirst", BOOL, KEY_HARMLESS, .reason = EXITS },
	{ "HopefullyExitsLast", BOOL, KEY_HARMLESS, .reason = EXITS },
	{ "IgnoreProcessGroupAtShutdown", BOOL, KEY_HARMLESS, .reason = EXITS },
	{ "InitGroups", BOOL, KEY_DONE, NULL, NULL },
	{ "JetsamProperties", DICT, KEY_WARNED, .reason = HINT },
	{ "JoinGUISession", BOOL, KEY_HARMLESS, .reason = "superd has no login sessions" },
	{ "KeepAlive", BOOL | DICT, KEY_DONE, "start", "true is boot, with restart = always" },
	{ "Label", STRING, KEY_DONE, "service", "the service's name" },
	{ "LaunchEvents", DICT, KEY_REFUSED, .reason = BY_ITSELF },
	{ "LaunchOnlyOnce", BOOL, KEY_WARNED, .reason = BACK },
	{ "LegacyTimers", BOOL, KEY_HARMLESS, .reason = HINT },
	{ "LimitLoadFromHardware", DICT, KEY_REFUSED, .reason = MACHINE },
	{ "LimitLoadFromHosts", ARRAY, KEY_REFUSED, .reason = MACHINE },
	{ "LimitLoadToHardware", DICT, KEY_REFUSED, .reason = MACHINE },
	{ "LimitLoadToHosts", ARRAY, KEY_REFUSED, .reason = MACHINE },
	{ "LimitLoadToSessionType", STRING | ARRAY, KEY_HARMLESS, .reason = "superd has no login sessions" },
	{ "LowPriorityBackgroundIO", BOOL, KEY_DONE, "io_scheduling", "true is best-effort:7" },
	{ "LowPriorityIO", BOOL, KEY_DONE, "io_scheduling", "true is best-effort:7" },
	{ "MachExceptionHandler", STRING, KEY_HARMLESS, .reason = MACH },
	{ "MachServices", DICT, KEY_WARNED, .reason = MACH },
	{ "MaterializeDatalessFiles", BOOL, KEY_HARMLESS, .reason = "dataless files exist on macOS only" },
	{ "MultipleInstances", BOOL, KEY_WARNED, .reason = "a service that accepts its own connections runs once" },
	{ "Nice", INTEGER, KEY_DONE, NULL, NULL },
	{ "OnDemand", BOOL, KEY_DONE, "start", "the older form of KeepAlive, inverted" },
	{ "POSIXSpawnType", STRING, KEY_HARMLESS, .reason = HINT },
	{ "ProcessType", STRING, KEY_HARMLESS, .reason = HINT },
	{ "Program", STRING, KEY_DONE, "exec", "the first of ProgramArguments is then argv0" },
	{ "ProgramArguments", ARRAY, KEY_DONE, NULL,
	  "superd searches for a program without a slash in /usr/bin, /bin, "
	  "/usr/sbin and /sbin" },
	{ "QueueDirectories", ARRAY, KEY_REFUSED, .reason = BY_ITSELF },
	{ "RootDirectory", STRING, KEY_DONE, NULL, NULL },
	{ "RunAtLoad", BOOL, KEY_DONE, NULL,
	  "true means boot; a job without Sockets and KeepAlive is a oneshot" },
	{ "SHAuthorizationRight", STRING, KEY_HARMLESS, .reason = "it controls on macOS who may enable the job" },
	{ "SandboxContainer", STRING, KEY_REFUSED, .reason = SANDBOX },
	{ "SandboxFlags", ANY, KEY_REFUSED, .reason = SANDBOX },
	{ "SandboxProfile", STRING, KEY_REFUSED, .reason = SANDBOX },
	{ "ServiceDescription", STRING, KEY_HARMLESS, .reason = TELLS },
	{ "ServiceIPC", BOOL, KEY_HARMLESS, .reason = "superd passes the sockets by LISTEN_FDS and LISTEN_FDNAMES" },
	{ "SessionCreate", BOOL, KEY_HARMLESS, .reason = "superd starts each instance in its own session" },
	{ "Sockets", DICT, KEY_DONE, "socket", NULL },
	{ "SoftResourceLimits", DICT, KEY_DONE, "rlimit_*", NULL },
	{ "SpawnConstraint", DICT, KEY_REFUSED, .reason = "superd does not check signatures of programs" },
	{ "StandardErrorPath", STRING, KEY_DONE, NULL, "append; /dev/null means null" },
	{ "StandardInPath", STRING, KEY_DONE, NULL, NULL },
	{ "StandardOutPath", STRING, KEY_DONE, NULL, "append; /dev/null means null" },
	{ "StartCalendarInterval", DICT | ARRAY, KEY_REFUSED, .reason = BY_ITSELF },
	{ "StartInterval", INTEGER, KEY_REFUSED, .reason = BY_ITSELF },
	{ "StartOnMount", BOOL, KEY_REFUSED, .reason = BY_ITSELF },
	{ "ThrottleInterval", INTEGER, KEY_DONE, NULL,
	  "the first pause, which doubles; the default is superd's" },
	{ "TimeOut", INTEGER, KEY_DONE, NULL,
	  "superd stops the job after this time without connections; 0 means no limit" },
	{ "Umask", INTEGER | STRING, KEY_DONE, NULL, "an integer is decimal; a string may be octal" },
	{ "UserEnvironmentVariables", DICT, KEY_WARNED, .reason = "it changes other jobs of a login session only" },
	{ "UserName", STRING, KEY_DONE, NULL, NULL },
	{ "WaitForDebugger", BOOL, KEY_WARNED, .reason = "superd starts the program at once" },
	{ "WatchPaths", ARRAY, KEY_REFUSED, .reason = BY_ITSELF },
	{ "WorkingDirectory", STRING, KEY_DONE, NULL, NULL },
	{ "inetdCompatibility", DICT, KEY_DONE, "pass", "inetd" },
};

static const struct launchd_key sockets[] = {
	{ "Bonjour", BOOL | STRING | ARRAY, KEY_WARNED, .reason = BONJOUR },
	{ "MulticastGroup", STRING, KEY_DONE, "multicast_group", "an address; SockFamily may be missing" },
	{ "ReceivePacketInfo", BOOL, KEY_DONE, "pass_packet_info", NULL },
	{ "Rendezvous", BOOL | STRING | ARRAY, KEY_WARNED, .reason = BONJOUR },
	{ "SecureSocketWithKey", STRING, KEY_DONE, "listen",
	  "a path below superd's runtime directory that only the job's "
	  "user may connect to; the variable is set for this job, not for all" },
	{ "SockFamily", STRING, KEY_DONE, "listen",
	  "IPv4, IPv6, IPv4v6 or Unix; if missing, one socket for each family" },
	{ "SockNodeName", STRING, KEY_DONE, "listen", "a host; each of its addresses has a socket of the same name" },
	{ "SockPassive", BOOL, KEY_DONE, "listen", "true; superd refuses false, a socket that connects" },
	{ "SockPathGroup", INTEGER | STRING, KEY_DONE, NULL, NULL },
	{ "SockPathMode", INTEGER, KEY_DONE, NULL,
	  "decimal, without the file type's bits; the default is 0700" },
	{ "SockPathName", STRING, KEY_DONE, "listen", NULL },
	{ "SockPathOwner", INTEGER | STRING, KEY_DONE, NULL, NULL },
	{ "SockProtocol", STRING, KEY_DONE, "listen", "TCP or UDP, and must match SockType" },
	{ "SockServiceName", STRING | INTEGER, KEY_DONE, NULL, NULL },
	{ "SockType", STRING, KEY_DONE, "listen", "stream, dgram or seqpacket" },
};

static const struct launchd_key inetd[] = {
	{ "Instances", INTEGER, KEY_DONE, NULL, NULL },
	{ "Wait", BOOL, KEY_DONE, NULL, "false is accept = yes" },
};

static const struct launchd_key keep_alive[] = {
	{ "AfterInitialDemand", BOOL, KEY_DONE, "start", "true is demand" },
	{ "Crashed", BOOL, KEY_DONE, "restart", "true is on-abnormal, false always; start is boot" },
	{ "NetworkState", BOOL, KEY_HARMLESS, .reason = "launchd ignores it, too" },
	{ "OtherJobActive", DICT, KEY_WARNED, .reason = "superd has no dependencies between services" },
	{ "OtherJobEnabled", DICT, KEY_WARNED, .reason = "superd has no dependencies between services" },
	{ "PathState", DICT, KEY_WARNED, .reason = "superd does not watch files" },
	{ "SuccessfulExit", BOOL, KEY_DONE, "restart",
	  "true is on-success, false on-failure; start is boot; with Crashed the word that covers both" },
};

static const struct launchd_key limits[] = {
	{ "CPU", INTEGER, KEY_DONE, "rlimit_cpu", NULL },
	{ "Core", INTEGER, KEY_DONE, "rlimit_core", NULL },
	{ "Data", INTEGER, KEY_DONE, "rlimit_data", NULL },
	{ "FileSize", INTEGER, KEY_DONE, "rlimit_fsize", NULL },
	{ "MemoryLock", INTEGER, KEY_DONE, "rlimit_memlock", NULL },
	{ "NumberOfFiles", INTEGER, KEY_DONE, "rlimit_nofile", NULL },
	{ "NumberOfProcesses", INTEGER, KEY_DONE, "rlimit_nproc", NULL },
	{ "ResidentSetSize", INTEGER, KEY_DONE, "rlimit_rss", NULL },
	{ "Stack", INTEGER, KEY_DONE, "rlimit_stack", NULL },
};

#define KEYS(list) list, sizeof(list) / sizeof(*(list))

const struct launchd_keys launchd_keys[LAUNCHD_DICTIONARIES] = {
	[LAUNCHD_JOB] = { NULL, "Keys of a job", KEYS(job) },
	[LAUNCHD_SOCKETS] = { "Sockets", "Keys of a socket", KEYS(sockets) },
	[LAUNCHD_INETD] = { "inetdCompatibility", "Keys of inetdCompatibility", KEYS(inetd) },
	[LAUNCHD_KEEP_ALIVE] = { "KeepAlive", "Keys of KeepAlive", KEYS(keep_alive) },
	[LAUNCHD_LIMITS] = { "SoftResourceLimits", "Keys of SoftResourceLimits and HardResourceLimits", KEYS(limits) },
};

static int compare_key(const void *name, const void *entry)
{
	return strcmp(name, ((const struct launchd_key *)entry)->key);
}

const struct launchd_key *launchd_key_find(const struct launchd_keys *keys, const char *key)
{
	if (!strcmp(key, "InetdCompatibility"))
		key = "inetdCompatibility";
	return bsearch(key, keys->list, keys->count, sizeof(*keys->list), compare_key);
}

const char *launchd_key_option(const struct launchd_keys *keys, const struct launchd_key *key)
{
	const struct directive *directive;
	char name[NAME_MOST];

	if (key->option)
		return key->option;
	snprintf(name, sizeof(name), "%s%s%s", keys->prefix ? keys->prefix : "", keys->prefix ? "." : "", key->key);
	directive = directive_find(LAUNCHD, name);
	return directive ? directive->name[NATIVE] : NULL;
}

/* Whether superd has the option. The table of directives lacks "service", a keyword, and "rlimit_*", many options. */
static bool has_option(const char *option)
{
	return directive_find(NATIVE, option) || !strcmp(option, "service") || !strcmp(option, "rlimit_*");
}

enum key_status launchd_key_status(const struct launchd_keys *keys, const struct launchd_key *key)
{
	const char *option = launchd_key_option(keys, key);

	if (option && has_option(option))
		return KEY_DONE;
	return key->class == KEY_DONE ? KEY_REFUSED : key->class;
}

const struct launchd_key *launchd_key_suggest(const struct launchd_keys *keys, const char *key)
{
	size_t length = strlen(key);
	unsigned most = length < 4 ? 1 : length < 8 ? 2 : 3;
	const struct launchd_key *nearest = NULL;

	for (size_t n = 0; n < keys->count; n++) {
		unsigned distance = scan_distance(key, keys->list[n].key, most);

		if (distance > most || distance >= strlen(keys->list[n].key))
			continue;
		nearest = &keys->list[n];
		if (!distance)
			break;
		most = distance - 1;
	}
	return nearest;
}
