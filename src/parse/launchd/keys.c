/* The table of launchd's keys, and functions to look them up.
 *
 * A key that starts a job (at a time, by a file or an event) cannot be ignored, because without it the job would never
 * run. A key that only tunes how macOS treats the job can be ignored. */
#include "parse/launchd/keys.h"

#include <string.h>

#include "parse/launchd/plist.h"

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

static const struct key_row job[] = {
	{ "AbandonProcessGroup", KEY_DONE, .option = "kill_mode", .kinds = BOOL,
	  .reason = "true is process; else kill_rest is set" },
	{ "AssociatedBundleIdentifiers", KEY_HARMLESS, .reason = TELLS, .kinds = STRING | ARRAY },
	{ "BeginTransactionAtShutdown", KEY_HARMLESS, .reason = TRANSACTIONS, .kinds = BOOL },
	{ "BundleProgram", KEY_REFUSED, .reason = "bundles exist on macOS only; use Program", .kinds = STRING },
	{ "CFBundleIdentifier", KEY_HARMLESS, .reason = TELLS, .kinds = STRING },
	{ "Debug", KEY_HARMLESS, .reason = DEBUGGING, .kinds = BOOL },
	{ "DisableASLR", KEY_WARNED, .reason = "superd leaves the layout of memory to the kernel", .kinds = BOOL },
	{ "Disabled", KEY_DONE, .kinds = BOOL },
	{ "DrainMessagesOnCrash", KEY_HARMLESS, .reason = MACH, .kinds = ANY },
	{ "EnableGlobbing", KEY_REFUSED, .reason = "superd expands no patterns in arguments", .kinds = BOOL },
	{ "EnablePressuredExit", KEY_HARMLESS, .reason = TRANSACTIONS, .kinds = BOOL },
	{ "EnableTransactions", KEY_HARMLESS, .reason = TRANSACTIONS, .kinds = BOOL },
	{ "EnvironmentVariables", KEY_DONE, .kinds = DICT },
	{ "ExitTimeOut", KEY_DONE, .reason = "0 means no limit; the default is 20 s", .kinds = INTEGER },
	{ "GroupName", KEY_DONE, .kinds = STRING },
	{ "HardResourceLimits", KEY_DONE, .option = "rlimit_*", .kinds = DICT },
	{ "HopefullyExitsFirst", KEY_HARMLESS, .reason = EXITS, .kinds = BOOL },
	{ "HopefullyExitsLast", KEY_HARMLESS, .reason = EXITS, .kinds = BOOL },
	{ "IgnoreProcessGroupAtShutdown", KEY_HARMLESS, .reason = EXITS, .kinds = BOOL },
	{ "InitGroups", KEY_DONE, .kinds = BOOL },
	{ "JetsamProperties", KEY_WARNED, .reason = HINT, .kinds = DICT },
	{ "JoinGUISession", KEY_HARMLESS, .reason = "superd has no login sessions", .kinds = BOOL },
	{ "KeepAlive", KEY_DONE, .option = "start", .kinds = BOOL | DICT,
	  .reason = "true is boot, with restart = always" },
	{ "Label", KEY_DONE, .option = "service", .reason = "the service's name", .kinds = STRING },
	{ "LaunchEvents", KEY_REFUSED, .reason = BY_ITSELF, .kinds = DICT },
	{ "LaunchOnlyOnce", KEY_WARNED, .reason = BACK, .kinds = BOOL },
	{ "LegacyTimers", KEY_HARMLESS, .reason = HINT, .kinds = BOOL },
	{ "LimitLoadFromHardware", KEY_REFUSED, .reason = MACHINE, .kinds = DICT },
	{ "LimitLoadFromHosts", KEY_REFUSED, .reason = MACHINE, .kinds = ARRAY },
	{ "LimitLoadToHardware", KEY_REFUSED, .reason = MACHINE, .kinds = DICT },
	{ "LimitLoadToHosts", KEY_REFUSED, .reason = MACHINE, .kinds = ARRAY },
	{ "LimitLoadToSessionType", KEY_HARMLESS, .reason = "superd has no login sessions", .kinds = STRING | ARRAY },
	{ "LowPriorityBackgroundIO", KEY_DONE, .option = "io_scheduling", .kinds = BOOL,
	  .reason = "true is best-effort:7" },
	{ "LowPriorityIO", KEY_DONE, .option = "io_scheduling", .reason = "true is best-effort:7", .kinds = BOOL },
	{ "MachExceptionHandler", KEY_HARMLESS, .reason = MACH, .kinds = STRING },
	{ "MachServices", KEY_WARNED, .reason = MACH, .kinds = DICT },
	{ "MaterializeDatalessFiles", KEY_HARMLESS, .reason = "dataless files exist on macOS only", .kinds = BOOL },
	{ "MultipleInstances", KEY_WARNED, .kinds = BOOL,
	  .reason = "a service that accepts its own connections runs once" },
	{ "Nice", KEY_DONE, .kinds = INTEGER },
	{ "OnDemand", KEY_DONE, .option = "start", .reason = "the older form of KeepAlive, inverted", .kinds = BOOL },
	{ "POSIXSpawnType", KEY_HARMLESS, .reason = HINT, .kinds = STRING },
	{ "ProcessType", KEY_HARMLESS, .reason = HINT, .kinds = STRING },
	{ "Program", KEY_DONE, .option = "exec", .kinds = STRING,
	  .reason = "the first of ProgramArguments is then argv0" },
	{ "ProgramArguments", KEY_DONE, .kinds = ARRAY,
	  .reason = "superd searches for a program without a slash in /usr/bin, /bin, /usr/sbin and /sbin" },
	{ "QueueDirectories", KEY_REFUSED, .reason = BY_ITSELF, .kinds = ARRAY },
	{ "RootDirectory", KEY_DONE, .kinds = STRING },
	{ "RunAtLoad", KEY_DONE, .kinds = BOOL,
	  .reason = "true means boot; a job without Sockets and KeepAlive is a oneshot" },
	{ "SHAuthorizationRight", KEY_HARMLESS, .kinds = STRING,
	  .reason = "it controls on macOS who may enable the job" },
	{ "SandboxContainer", KEY_REFUSED, .reason = SANDBOX, .kinds = STRING },
	{ "SandboxFlags", KEY_REFUSED, .reason = SANDBOX, .kinds = ANY },
	{ "SandboxProfile", KEY_REFUSED, .reason = SANDBOX, .kinds = STRING },
	{ "ServiceDescription", KEY_HARMLESS, .reason = TELLS, .kinds = STRING },
	{ "ServiceIPC", KEY_HARMLESS, .kinds = BOOL,
	  .reason = "superd passes the sockets by LISTEN_FDS and LISTEN_FDNAMES" },
	{ "SessionCreate", KEY_HARMLESS, .reason = "superd starts each instance in its own session", .kinds = BOOL },
	{ "Sockets", KEY_DONE, .option = "socket", .kinds = DICT },
	{ "SoftResourceLimits", KEY_DONE, .option = "rlimit_*", .kinds = DICT },
	{ "SpawnConstraint", KEY_REFUSED, .reason = "superd does not check signatures of programs", .kinds = DICT },
	{ "StandardErrorPath", KEY_DONE, .reason = "append; /dev/null means null", .kinds = STRING },
	{ "StandardInPath", KEY_DONE, .kinds = STRING },
	{ "StandardOutPath", KEY_DONE, .reason = "append; /dev/null means null", .kinds = STRING },
	{ "StartCalendarInterval", KEY_REFUSED, .reason = BY_ITSELF, .kinds = DICT | ARRAY },
	{ "StartInterval", KEY_REFUSED, .reason = BY_ITSELF, .kinds = INTEGER },
	{ "StartOnMount", KEY_REFUSED, .reason = BY_ITSELF, .kinds = BOOL },
	{ "ThrottleInterval", KEY_DONE, .kinds = INTEGER,
	  .reason = "the first pause, which doubles; the default is superd's" },
	{ "TimeOut", KEY_DONE, .kinds = INTEGER,
	  .reason = "superd stops the job after this time without connections; 0 means no limit" },
	{ "Umask", KEY_DONE, .reason = "an integer is decimal; a string may be octal", .kinds = INTEGER | STRING },
	{ "UserEnvironmentVariables", KEY_WARNED, .kinds = DICT,
	  .reason = "it changes other jobs of a login session only" },
	{ "UserName", KEY_DONE, .kinds = STRING },
	{ "WaitForDebugger", KEY_WARNED, .reason = "superd starts the program at once", .kinds = BOOL },
	{ "WatchPaths", KEY_REFUSED, .reason = BY_ITSELF, .kinds = ARRAY },
	{ "WorkingDirectory", KEY_DONE, .kinds = STRING },
	{ "inetdCompatibility", KEY_DONE, .option = "pass", .reason = "inetd", .kinds = DICT },
};

static const struct key_row sockets[] = {
	{ "Bonjour", KEY_WARNED, .reason = BONJOUR, .kinds = BOOL | STRING | ARRAY },
	{ "MulticastGroup", KEY_DONE, .option = "multicast_group", .kinds = STRING,
	  .reason = "an address; SockFamily may be missing" },
	{ "ReceivePacketInfo", KEY_DONE, .option = "pass_packet_info", .kinds = BOOL },
	{ "Rendezvous", KEY_WARNED, .reason = BONJOUR, .kinds = BOOL | STRING | ARRAY },
	{ "SecureSocketWithKey", KEY_DONE, .option = "listen", .kinds = STRING,
	  .reason = "a path below superd's runtime directory that only the job's user may connect to; the "
	  "variable is set for this job, not for all" },
	{ "SockFamily", KEY_DONE, .option = "listen", .kinds = STRING,
	  .reason = "IPv4, IPv6, IPv4v6 or Unix; if missing, one socket for each family" },
	{ "SockNodeName", KEY_DONE, .option = "listen", .kinds = STRING,
	  .reason = "a host; each of its addresses has a socket of the same name" },
	{ "SockPassive", KEY_DONE, .option = "listen", .kinds = BOOL,
	  .reason = "true; superd refuses false, a socket that connects" },
	{ "SockPathGroup", KEY_DONE, .kinds = INTEGER | STRING },
	{ "SockPathMode", KEY_DONE, .kinds = INTEGER,
	  .reason = "decimal, without the file type's bits; the default is 0700" },
	{ "SockPathName", KEY_DONE, .option = "listen", .kinds = STRING },
	{ "SockPathOwner", KEY_DONE, .kinds = INTEGER | STRING },
	{ "SockProtocol", KEY_DONE, .option = "listen", .kinds = STRING,
	  .reason = "TCP or UDP, and must match SockType" },
	{ "SockServiceName", KEY_DONE, .kinds = STRING | INTEGER },
	{ "SockType", KEY_DONE, .option = "listen", .reason = "stream, dgram or seqpacket", .kinds = STRING },
};

static const struct key_row inetd[] = {
	{ "Instances", KEY_DONE, .kinds = INTEGER },
	{ "Wait", KEY_DONE, .reason = "false is accept = yes", .kinds = BOOL },
};

static const struct key_row keep_alive[] = {
	{ "AfterInitialDemand", KEY_DONE, .option = "start", .reason = "true is demand", .kinds = BOOL },
	{ "Crashed", KEY_DONE, .option = "restart", .kinds = BOOL,
	  .reason = "true is on-abnormal, false always; start is boot" },
	{ "NetworkState", KEY_HARMLESS, .reason = "launchd ignores it, too", .kinds = BOOL },
	{ "OtherJobActive", KEY_WARNED, .reason = "superd has no dependencies between services", .kinds = DICT },
	{ "OtherJobEnabled", KEY_WARNED, .reason = "superd has no dependencies between services", .kinds = DICT },
	{ "PathState", KEY_WARNED, .reason = "superd does not watch files", .kinds = DICT },
	{ "SuccessfulExit", KEY_DONE, .option = "restart", .kinds = BOOL,
	  .reason = "true is on-success, false on-failure; start is boot; with Crashed the word that covers both" },
};

static const struct key_row limits[] = {
	{ "CPU", KEY_DONE, .option = "rlimit_cpu", .kinds = INTEGER },
	{ "Core", KEY_DONE, .option = "rlimit_core", .kinds = INTEGER },
	{ "Data", KEY_DONE, .option = "rlimit_data", .kinds = INTEGER },
	{ "FileSize", KEY_DONE, .option = "rlimit_fsize", .kinds = INTEGER },
	{ "MemoryLock", KEY_DONE, .option = "rlimit_memlock", .kinds = INTEGER },
	{ "NumberOfFiles", KEY_DONE, .option = "rlimit_nofile", .kinds = INTEGER },
	{ "NumberOfProcesses", KEY_DONE, .option = "rlimit_nproc", .kinds = INTEGER },
	{ "ResidentSetSize", KEY_DONE, .option = "rlimit_rss", .kinds = INTEGER },
	{ "Stack", KEY_DONE, .option = "rlimit_stack", .kinds = INTEGER },
};

#define KEYS(list) list, sizeof(list) / sizeof(*(list))

const struct key_table launchd_keys[LAUNCHD_DICTIONARIES] = {
	[LAUNCHD_JOB] = { LAUNCHD, NULL, "Keys of a job", KEYS(job) },
	[LAUNCHD_SOCKETS] = { LAUNCHD, "Sockets", "Keys of a socket", KEYS(sockets) },
	[LAUNCHD_INETD] = { LAUNCHD, "inetdCompatibility", "Keys of inetdCompatibility", KEYS(inetd) },
	[LAUNCHD_KEEP_ALIVE] = { LAUNCHD, "KeepAlive", "Keys of KeepAlive", KEYS(keep_alive) },
	[LAUNCHD_LIMITS] = { LAUNCHD, "SoftResourceLimits", "Keys of SoftResourceLimits and HardResourceLimits",
			     KEYS(limits) },
};

const struct key_row *launchd_key_find(const struct key_table *keys, const char *key)
{
	if (!strcmp(key, "InetdCompatibility"))
		key = "inetdCompatibility";
	return key_find(keys, key);
}
