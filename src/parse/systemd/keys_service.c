/* The keys of [Service], from systemd.service(5).
 *
 * The next client starts a service that has ended. So keys that only tune how systemd restarts a service are
 * harmless. */
#include "parse/systemd/keys.h"

#define BACK "what has ended is started by its next client, after a failure when the pause is over"
#define RELOAD "superd starts with what is there when somebody connects, and reloads no running service"
#define COMMANDS "superd runs the service's program alone"
#define USB "superd makes no USB gadgets"
#define ACTION "superd neither reboots nor ends the machine for a service"
#define LIMIT "a service that fails again and again is paused, and never shut for good"

static const struct unit_key keys[] = {
	{ "BusName", KEY_HARMLESS, .reason = "superd does not talk to D-Bus: Type=dbus is as exec" },
	{ "BusPolicy", KEY_HARMLESS, .reason = "systemd has none of it any more" },
	{ "ExecCondition", KEY_DONE, NULL, NULL },
	{ "ExecReload", KEY_DONE, NULL, NULL },
	{ "ExecReloadPost", KEY_HARMLESS, .reason = RELOAD },
	{ "ExecStart", KEY_DONE, NULL, "with its prefixes; of several with Type=oneshot the last" },
	{ "ExecStartPost", KEY_DONE, NULL, NULL },
	{ "ExecStartPre", KEY_DONE, NULL, NULL },
	{ "ExecStop", KEY_DONE, NULL, NULL },
	{ "ExecStopPost", KEY_DONE, NULL, NULL },
	{ "ExitType", KEY_DONE, .reason = "main; cgroup is warned of: the end of the main process is the service's" },
	{ "FailureAction", KEY_WARNED, .reason = ACTION },
	{ "FileDescriptorStoreMax", KEY_DONE, NULL, NULL },
	{ "FileDescriptorStorePreserve", KEY_DONE, NULL, NULL },
	{ "GuessMainPID", KEY_HARMLESS, .reason = "of a daemon without PIDFile superd follows all it started" },
	{ "LUOSession", KEY_WARNED, .reason = "superd takes no part in live updates of the kernel" },
	{ "NonBlocking", KEY_DONE, NULL, NULL },
	{ "NotifyAccess", KEY_DONE, NULL, NULL },
	{ "OOMPolicy", KEY_DONE, NULL, "stop is as kill; continue where it is not said" },
	{ "OpenFile", KEY_DONE, NULL, "without quotes; not where a socket is standard input" },
	{ "PIDFile", KEY_DONE, NULL, "relative to /run" },
	{ "PermissionsStartOnly", KEY_DONE, .reason = "the other commands are as with the prefix +" },
	{ "RebootArgument", KEY_HARMLESS, .reason = ACTION },
	{ "RefreshOnReload", KEY_HARMLESS, .reason = RELOAD },
	{ "ReloadSignal", KEY_DONE, NULL, NULL },
	{ "RemainAfterExit", KEY_DONE, NULL, NULL },
	{ "Restart", KEY_DONE, NULL, NULL },
	{ "RestartForceExitStatus", KEY_DONE, NULL, NULL },
	{ "RestartMaxDelaySec", KEY_DONE, NULL, NULL },
	{ "RestartMode", KEY_HARMLESS, .reason = BACK },
	{ "RestartPreventExitStatus", KEY_DONE, NULL, NULL },
	{ "RestartRandomizedDelaySec", KEY_HARMLESS, .reason = "superd's pauses vary by themselves" },
	{ "RestartSec", KEY_DONE, NULL, "the first pause, which doubles" },
	{ "RestartSteps", KEY_HARMLESS, .reason = "superd's pauses double" },
	{ "RootDirectoryStartOnly", KEY_WARNED, .reason = "RootDirectory is that of all commands" },
	{ "RuntimeMaxSec", KEY_DONE, NULL, NULL },
	{ "RuntimeRandomizedExtraSec", KEY_HARMLESS, .reason = "RuntimeMaxSec is exact" },
	{ "Sockets", KEY_DONE, .reason = "further sockets the service gets, behind those that name it" },
	{ "StartLimitAction", KEY_WARNED, .reason = ACTION },
	{ "StartLimitBurst", KEY_HARMLESS, .reason = LIMIT },
	{ "StartLimitIntervalSec", KEY_HARMLESS, .reason = LIMIT },
	{ "SuccessExitStatus", KEY_DONE, NULL, NULL },
	{ "SysVStartPriority", KEY_HARMLESS, .reason = "systemd has none of it any more" },
	{ "TimeoutAbortSec", KEY_DONE, NULL, NULL },
	{ "TimeoutSec", KEY_DONE, "timeout_stop", "TimeoutStartSec and TimeoutStopSec" },
	{ "TimeoutStartFailureMode", KEY_HARMLESS, .reason = "what does not start in time is stopped" },
	{ "TimeoutStartSec", KEY_DONE, NULL, "0 is infinity" },
	{ "TimeoutStopFailureMode", KEY_HARMLESS, .reason = "what does not stop in time is killed" },
	{ "TimeoutStopSec", KEY_DONE, NULL, "0 is infinity; 90 s where it is not said" },
	{ "Type", KEY_DONE, NULL, "idle is simple, dbus is exec" },
	{ "USBFunctionDescriptors", KEY_REFUSED, .reason = USB },
	{ "USBFunctionStrings", KEY_REFUSED, .reason = USB },
	{ "WatchdogSec", KEY_DONE, NULL, NULL },
};

const struct unit_keys unit_keys_service = { "Service", "[Service]", keys, sizeof(keys) / sizeof(*keys) };
