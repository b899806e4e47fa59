/* The table of launchd's keys, and functions to look them up.
 *
 * A key that starts a job (at a time, by a file or an event) cannot be ignored, because without it the job would never
 * run. A key that only tunes how macOS treats the job can be ignored. */
#include "read/launchd/keys.h"

#include <string.h>

#include "read/launchd/plist.h"

#define BOOL PLIST_BOOL
#define INTEGER PLIST_INTEGER
#define STRING PLIST_STRING
#define ARRAY PLIST_ARRAY
#define DICT PLIST_DICT
#define ANY 0xffu
#define APART .form = FORM_APART
#define ADDRESS .form = FORM_ADDRESS, .option = "listen"
#define KEYS_IN(dictionary) .form = FORM_DICTIONARY, .keys = &launchd_keys[dictionary]

#define BY_ITSELF "superd starts jobs on a connection only, not by time, files or events"
#define MACHINE "superd does not compare the machine's name or model"
#define SANDBOX "superd cannot enforce macOS sandboxes"
#define MACH "Mach services exist on macOS only"
#define HINT "it tunes how macOS schedules the job"
#define NO_PATH "expected a path that starts with /"
#define TELLS "it only describes the job"

static const struct key_word null_device[] = { { "/dev/null", "null" }, { 0 } };
static const struct key_word low_priority[] = { { "yes", "best-effort:7" }, { "no", NULL }, { 0 } };
static const struct key_word only_yes[] = { { "yes", "yes" }, { "no", NULL }, { 0 } };

static const struct key_row job[] = {
	{ "AbandonProcessGroup", KEY_DONE, APART, .option = "kill_mode", .kinds = BOOL,
	  .reason = "true is process; else kill_rest is set" },
	{ "AssociatedBundleIdentifiers", KEY_HARMLESS, .kinds = STRING | ARRAY, .reason = TELLS },
	{ "BeginTransactionAtShutdown EnablePressuredExit EnableTransactions", KEY_HARMLESS, .kinds = BOOL,
	  .reason = "a program may exit at any time; the next client starts it again" },
	{ "BundleProgram", KEY_REFUSED, .kinds = STRING, .reason = "bundles exist on macOS only; use Program" },
	{ "CFBundleIdentifier ServiceDescription", KEY_HARMLESS, .kinds = STRING, .reason = TELLS },
	{ "Debug", KEY_HARMLESS, .kinds = BOOL, .reason = "use superd's --log-level" },
	{ "DisableASLR", KEY_WARNED, .kinds = BOOL, .reason = "superd leaves the layout of memory to the kernel" },
	{ "Disabled InitGroups", KEY_DONE, .kinds = BOOL },
	{ "DrainMessagesOnCrash", KEY_HARMLESS, .kinds = ANY, .reason = MACH },
	{ "EnableGlobbing", KEY_REFUSED, .kinds = BOOL, .reason = "superd expands no patterns in arguments" },
	{ "EnvironmentVariables", KEY_DONE, APART, .kinds = DICT },
	{ "ExitTimeOut", KEY_DONE, .kinds = INTEGER, .reason = "0 means no limit; the default is 20 s",
	  .zero = "infinity", .absent = "20" },
	{ "GroupName RootDirectory UserName WorkingDirectory", KEY_DONE, .kinds = STRING },
	{ "HardResourceLimits SoftResourceLimits", KEY_DONE, KEYS_IN(LAUNCHD_LIMITS), .option = "rlimit_*",
	  .kinds = DICT },
	{ "HopefullyExitsFirst HopefullyExitsLast IgnoreProcessGroupAtShutdown", KEY_HARMLESS, .kinds = BOOL,
	  .reason = "superd stops all services at the same time" },
	{ "JetsamProperties", KEY_WARNED, .kinds = DICT, .reason = HINT },
	{ "JoinGUISession", KEY_HARMLESS, .kinds = BOOL, .reason = "superd has no login sessions" },
	{ "KeepAlive", KEY_DONE, KEYS_IN(LAUNCHD_KEEP_ALIVE), .option = "start", .kinds = BOOL | DICT,
	  .reason = "true is boot, with restart = always" },
	{ "Label", KEY_DONE, APART, .option = "service", .kinds = STRING, .reason = "the service's name" },
	{ "LaunchEvents", KEY_REFUSED, .kinds = DICT, .reason = BY_ITSELF },
	{ "LaunchOnlyOnce", KEY_WARNED, .kinds = BOOL,
	  .reason = "the next client starts the program again, after a failure once the pause is over" },
	{ "LegacyTimers", KEY_HARMLESS, .kinds = BOOL, .reason = HINT },
	{ "LimitLoadFromHardware LimitLoadToHardware", KEY_REFUSED, .kinds = DICT, .reason = MACHINE },
	{ "LimitLoadFromHosts LimitLoadToHosts", KEY_REFUSED, .kinds = ARRAY, .reason = MACHINE },
	{ "LimitLoadToSessionType", KEY_HARMLESS, .kinds = STRING | ARRAY, .reason = "superd has no login sessions" },
	{ "LowPriorityBackgroundIO LowPriorityIO", KEY_DONE, .option = "io_scheduling", .kinds = BOOL,
	  .reason = "true is best-effort:7", .words = low_priority },
	{ "MachExceptionHandler", KEY_HARMLESS, .kinds = STRING, .reason = MACH },
	{ "MachServices", KEY_WARNED, .kinds = DICT, .reason = MACH },
	{ "MaterializeDatalessFiles", KEY_HARMLESS, .kinds = BOOL, .reason = "dataless files exist on macOS only" },
	{ "MultipleInstances", KEY_WARNED, .kinds = BOOL,
	  .reason = "a service that accepts its own connections runs once" },
	{ "Nice", KEY_DONE, .kinds = INTEGER },
	{ "OnDemand", KEY_DONE, APART, .option = "start", .kinds = BOOL,
	  .reason = "the older form of KeepAlive, inverted" },
	{ "POSIXSpawnType ProcessType", KEY_HARMLESS, .kinds = STRING, .reason = HINT },
	{ "Program", KEY_DONE, APART, .option = "exec", .kinds = STRING,
	  .reason = "the first of ProgramArguments is then argv0" },
	{ "ProgramArguments", KEY_DONE, APART, .kinds = ARRAY,
	  .reason = "superd searches for a program without a slash in /usr/bin, /bin, /usr/sbin and /sbin" },
	{ "QueueDirectories WatchPaths", KEY_REFUSED, .kinds = ARRAY, .reason = BY_ITSELF },
	{ "RunAtLoad", KEY_DONE, APART, .kinds = BOOL,
	  .reason = "true means boot; a job without Sockets and KeepAlive is a oneshot" },
	{ "SHAuthorizationRight", KEY_HARMLESS, .kinds = STRING,
	  .reason = "it controls on macOS who may enable the job" },
	{ "SandboxContainer SandboxProfile", KEY_REFUSED, .kinds = STRING, .reason = SANDBOX },
	{ "SandboxFlags", KEY_REFUSED, .kinds = ANY, .reason = SANDBOX },
	{ "ServiceIPC", KEY_HARMLESS, .kinds = BOOL,
	  .reason = "superd passes the sockets by LISTEN_FDS and LISTEN_FDNAMES" },
	{ "SessionCreate", KEY_HARMLESS, .kinds = BOOL, .reason = "superd starts each instance in its own session" },
	{ "Sockets", KEY_DONE, APART, .option = "socket", .kinds = DICT },
	{ "SpawnConstraint", KEY_REFUSED, .kinds = DICT, .reason = "superd does not check signatures of programs" },
	{ "StandardErrorPath StandardOutPath", KEY_DONE, .kinds = STRING, .reason = "append; /dev/null means null",
	  .words = null_device, .path = "append:", .wrong = NO_PATH },
	{ "StandardInPath", KEY_DONE, .kinds = STRING, .words = null_device, .path = "file:", .wrong = NO_PATH },
	{ "StartCalendarInterval", KEY_REFUSED, .kinds = DICT | ARRAY, .reason = BY_ITSELF },
	{ "StartInterval", KEY_REFUSED, .kinds = INTEGER, .reason = BY_ITSELF },
	{ "StartOnMount", KEY_REFUSED, .kinds = BOOL, .reason = BY_ITSELF },
	{ "ThrottleInterval", KEY_DONE, APART, .kinds = INTEGER,
	  .reason = "the first pause, which doubles; the default is superd's" },
	{ "TimeOut", KEY_DONE, APART, .kinds = INTEGER,
	  .reason = "superd stops the job after this time without connections; 0 means no limit" },
	{ "Umask", KEY_DONE, APART, .kinds = INTEGER | STRING,
	  .reason = "an integer is decimal; a string may be octal" },
	{ "UserEnvironmentVariables", KEY_WARNED, .kinds = DICT,
	  .reason = "it changes other jobs of a login session only" },
	{ "WaitForDebugger", KEY_WARNED, .kinds = BOOL, .reason = "superd starts the program at once" },
	{ "inetdCompatibility", KEY_DONE, KEYS_IN(LAUNCHD_INETD), .option = "pass", .kinds = DICT,
	  .reason = "inetd" },
};

static const struct key_word families[] = {
	{ "IPv4", "4" }, { "IPv6", "6" }, { "IPv4v6", "" }, { "Unix", "unix" }, { 0 }
};
static const struct key_word protocols[] = { { "TCP", "stream" }, { "UDP", "dgram" }, { 0 } };
static const struct key_word types[] = {
	{ "stream", "stream" }, { "dgram", "dgram" }, { "seqpacket", "seqpacket" }, { 0 }
};

static const struct key_row sockets[] = {
	{ "Bonjour Rendezvous", KEY_WARNED, .kinds = BOOL | STRING | ARRAY,
	  .reason = "superd announces nothing by multicast DNS; use a service file of avahi-daemon(8)" },
	{ "MulticastGroup", KEY_DONE, .option = "multicast_group", .kinds = STRING, .flags = SOCKET_INET,
	  .reason = "an address; SockFamily may be missing" },
	{ "ReceivePacketInfo", KEY_DONE, .option = "pass_packet_info", .kinds = BOOL, .flags = SOCKET_INET,
	  .words = only_yes },
	{ "SecureSocketWithKey", KEY_DONE, ADDRESS, .kinds = STRING,
	  .reason = "a path below superd's runtime directory that only the job's user may connect to; "
	  "the variable is set for this job, not for all" },
	{ "SockFamily", KEY_DONE, ADDRESS, .kinds = STRING, .words = families, .folds_case = true,
	  .reason = "IPv4, IPv6, IPv4v6 or Unix; if missing, one socket for each family",
	  .wrong = "expected IPv4, IPv6, IPv4v6 or Unix" },
	{ "SockNodeName", KEY_DONE, ADDRESS, .kinds = STRING, .flags = SOCKET_INET,
	  .reason = "a host; of several addresses the first, with a warning" },
	{ "SockPassive", KEY_DONE, ADDRESS, .kinds = BOOL,
	  .reason = "true; superd refuses false, a socket that connects" },
	{ "SockPathGroup SockPathOwner", KEY_DONE, .kinds = INTEGER | STRING, .flags = SOCKET_UNIX },
	{ "SockPathMode", KEY_DONE, APART, .kinds = INTEGER, .flags = SOCKET_UNIX,
	  .reason = "decimal, without the file type's bits; the default is 0700" },
	{ "SockPathName", KEY_DONE, ADDRESS, .kinds = STRING },
	{ "SockProtocol", KEY_DONE, ADDRESS, .kinds = STRING, .flags = SOCKET_INET, .words = protocols,
	  .folds_case = true, .reason = "TCP or UDP, and must match SockType", .wrong = "expected TCP or UDP" },
	{ "SockServiceName", KEY_DONE, .form = FORM_ADDRESS, .kinds = STRING | INTEGER, .flags = SOCKET_INET },
	{ "SockType", KEY_DONE, ADDRESS, .kinds = STRING, .words = types, .folds_case = true,
	  .reason = "stream, dgram or seqpacket", .wrong = "expected stream, dgram or seqpacket" },
};

static const struct key_row inetd[] = {
	{ "Instances", KEY_DONE, .kinds = INTEGER },
	{ "Wait", KEY_DONE, APART, .kinds = BOOL, .reason = "false is accept = yes" },
};

static const struct key_row keep_alive[] = {
	{ "AfterInitialDemand", KEY_DONE, APART, .option = "start", .kinds = BOOL, .reason = "true is demand" },
	{ "Crashed", KEY_DONE, APART, .option = "restart", .kinds = BOOL,
	  .reason = "true is on-abnormal, false always (warning); start is boot" },
	{ "NetworkState", KEY_HARMLESS, .kinds = BOOL, .reason = "launchd ignores it, too" },
	{ "OtherJobActive OtherJobEnabled", KEY_WARNED, .kinds = DICT,
	  .reason = "superd starts no job by the state of another" },
	{ "PathState", KEY_WARNED, .kinds = DICT, .reason = "superd does not watch files" },
	{ "SuccessfulExit", KEY_DONE, APART, .option = "restart", .kinds = BOOL,
	  .reason = "true is on-success, false on-failure; start is boot; with Crashed the word that covers both" },
};

/* Of each key the values of both dictionaries become one option (run.c). */
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
