/* The keys of [Service], from systemd.service(5).
 *
 * The next client starts a service that has ended. So keys that only tune how systemd restarts a service are
 * harmless. */
#include "read/systemd/keys.h"

#define RELOAD "superd does not refresh a running service"
#define USB "superd creates no USB gadgets"
#define ACTION "superd does not reboot or power off the machine"

static const struct key_word types[] = {
	{ "simple", "simple" }, { "exec", "exec" }, { "notify", "notify" }, { "notify-reload", "notify-reload" },
	{ "forking", "forking" }, { "oneshot", "oneshot" }, { "idle", "simple" }, { "dbus", "exec" }, { 0 }
};

static const struct key_row keys[] = {
	{ "BusName", KEY_HARMLESS, .reason = "superd does not use D-Bus; Type=dbus means exec" },
	{ "BusPolicy SysVStartPriority", KEY_HARMLESS, .reason = "systemd has removed this key, too" },
	{ "ExecCondition ExecReload ExecStartPost ExecStartPre ExecStop ExecStopPost", KEY_DONE,
	  .form = FORM_COMMANDS },
	{ "ExecReloadPost", KEY_HARMLESS, .reason = RELOAD, .form = FORM_COMMANDS },
	{ "ExecStart", KEY_DONE, .reason = "with its prefixes; with Type=oneshot, the last of several",
	  APART },
	{ "ExitType", KEY_WARNED, .reason = "the service ends with its main process, as with main", .idle = "main" },
	{ "FailureAction StartLimitAction", KEY_WARNED, .reason = ACTION },
	{ "FileDescriptorStoreMax FileDescriptorStorePreserve NonBlocking NotifyAccess ReloadSignal RemainAfterExit "
	  "Restart RestartForceExitStatus RestartPreventExitStatus RuntimeMaxSec SuccessExitStatus TimeoutAbortSec "
	  "WatchdogSec", KEY_DONE, .option = NULL },
	{ "GuessMainPID", KEY_HARMLESS, .reason = "without PIDFile, the daemon is the one process left" },
	{ "LUOSession", KEY_WARNED, .reason = "superd does not support live updates of the kernel" },
	{ "OOMPolicy", KEY_DONE, .reason = "stop means kill; the default is continue" },
	{ "OpenFile", KEY_REFUSED, .reason = "the program opens its files itself; use LoadCredential for a secret" },
	{ "PIDFile", KEY_DONE, .reason = "a relative path starts at /run", APART },
	{ "PermissionsStartOnly", KEY_DONE, .reason = "the other commands run as with the prefix +", APART },
	{ "RebootArgument", KEY_HARMLESS, .reason = ACTION },
	{ "RefreshOnReload", KEY_HARMLESS, .reason = RELOAD },
	{ "RestartMaxDelaySec", KEY_DONE, APART },
	{ "RestartMode", KEY_HARMLESS,
	  .reason = "the next client starts the service again, after a failure once the pause is over" },
	{ "RestartRandomizedDelaySec", KEY_HARMLESS, .reason = "superd adds random time to each pause itself" },
	{ "RestartSec", KEY_DONE, .reason = "the first pause, which doubles", APART },
	{ "RestartSteps", KEY_HARMLESS, .reason = "superd's pauses double" },
	{ "RootDirectoryStartOnly", KEY_WARNED, .reason = "RootDirectory applies to all commands" },
	{ "RuntimeRandomizedExtraSec", KEY_HARMLESS, .reason = "RuntimeMaxSec is exact" },
	{ "Sockets", KEY_DONE, .reason = "further sockets, after those whose Service is this one", APART },
	{ "StartLimitBurst StartLimitIntervalSec", KEY_HARMLESS,
	  .reason = "superd pauses a service that fails repeatedly, and never gives up" },
	{ "TimeoutSec", KEY_DONE, .option = "timeout_stop", .reason = "sets TimeoutStartSec and TimeoutStopSec",
	  APART },
	{ "TimeoutStartFailureMode", KEY_HARMLESS, .reason = "superd stops a service that does not start in time" },
	{ "TimeoutStartSec", KEY_DONE, .reason = "0 means infinity", .zero = "infinity" },
	{ "TimeoutStopFailureMode", KEY_HARMLESS, .reason = "superd kills a service that does not stop in time" },
	{ "TimeoutStopSec", KEY_DONE, .reason = "0 means infinity; the default is 90 s", .zero = "infinity",
	  .absent = "90s" },
	{ "Type", KEY_DONE, .reason = "idle means simple, dbus means exec", .words = types, APART,
	  .wrong = "expected simple, exec, notify, notify-reload, forking, oneshot, idle or dbus" },
	{ "USBFunctionDescriptors USBFunctionStrings", KEY_REFUSED, .reason = USB },
};

const struct key_table unit_keys_service = { UNIT, "Service", "[Service]", keys, sizeof(keys) / sizeof(*keys) };
