/* The keys of units and what superd does with each, and the keys under their older names. One that is an option has its
 * name as .name[UNIT] in the row of that option as well (table/option/option_table.c), which says what its value is.
 * build.c applies the keys (apply_key); those that are APART have functions in socket.c, service.c and commands.c. */
#include "read/systemd/internal.h"

#define APART .form = FORM_APART
#define ACTION "superd does not reboot or power off the machine"
#define USB "superd creates no USB gadgets"
#define NETWORK "superd loads no BPF programs"
#define OLD_GROUPS "it needs control groups v1"
#define IMAGES "superd mounts no images; use RootDirectory"
#define NAMESPACE "use PrivateNetwork and the other Private keys"

/* The keys of [Unit], of every type of unit.
 *
 * Many of them order units and jobs. superd starts a service when a client connects, in no order, so these keys are
 * harmless. Only between a unit and what it needs do After and Before count: pairs.c reads them and all keys about
 * other units. Conditions decide whether a service may run. */
static const struct key_row of_unit[] = {
	{ "After Before", KEY_HARMLESS, .option = NULL, .stays = true },
	{ "AllowIsolate CollectMode DefaultDependencies Description Documentation "
	  "FailureActionExitStatus IgnoreOnIsolate IgnoreOnSnapshot JobRunningTimeoutSec JobTimeoutAction "
	  "JobTimeoutRebootArgument JobTimeoutSec OnFailureIsolate OnFailureJobMode OnSuccessJobMode "
	  "RebootArgument RefuseManualStart RefuseManualStop RequiresMountsFor RequiresOverridable "
	  "SourcePath StartLimitBurst StartLimitIntervalSec SuccessActionExitStatus WantsMountsFor",
	  KEY_HARMLESS, .option = NULL },
	{ "AssertACPower AssertArchitecture AssertControlGroupController AssertCPUFeature AssertCPUPressure AssertCPUs "
	  "AssertCredential AssertFirmware AssertFirstBoot AssertFraction AssertGroup AssertHost AssertIOPressure "
	  "AssertKernelModuleLoaded AssertKernelVersion AssertMachineTag AssertMemory AssertMemoryPressure "
	  "AssertNeedsUpdate AssertOSRelease AssertPathIsEncrypted AssertSecurity AssertVersion ConditionACPower "
	  "ConditionArchitecture ConditionControlGroupController ConditionCPUFeature ConditionCPUPressure "
	  "ConditionCPUs ConditionCredential ConditionFirmware ConditionFirstBoot ConditionFraction ConditionGroup "
	  "ConditionHost ConditionIOPressure ConditionKernelModuleLoaded ConditionKernelVersion ConditionMachineTag "
	  "ConditionMemory ConditionMemoryPressure ConditionNeedsUpdate ConditionOSRelease ConditionPathIsEncrypted "
	  "ConditionSecurity ConditionVersion", KEY_REFUSED, .form = FORM_CONDITION,
	  .reason = "superd does not check it; ExecCondition= runs a program that does" },
	{ "AssertCapability AssertDirectoryNotEmpty AssertEnvironment AssertFileIsExecutable AssertFileNotEmpty "
	  "AssertKernelCommandLine AssertPathExists AssertPathExistsGlob AssertPathIsDirectory AssertPathIsMountPoint "
	  "AssertPathIsReadWrite AssertPathIsSocket AssertPathIsSymbolicLink AssertUser AssertVirtualization "
	  "ConditionCapability ConditionDirectoryNotEmpty ConditionEnvironment ConditionFileIsExecutable "
	  "ConditionFileNotEmpty ConditionKernelCommandLine ConditionPathExists ConditionPathExistsGlob "
	  "ConditionPathIsDirectory ConditionPathIsMountPoint ConditionPathIsReadWrite ConditionPathIsSocket "
	  "ConditionPathIsSymbolicLink ConditionUser ConditionVirtualization",
	  KEY_DONE, .option = "condition", .form = FORM_CONDITION },
	{ "BindsTo", KEY_DONE, .option = "requires",
	  .reason = "superd does not stop the service when the other one ends, and starts it if a condition skips that",
	  .form = FORM_UNITS },
	{ "Conflicts", KEY_WARNED, .reason = "superd stops no unit for another", .form = FORM_UNITS },
	{ "FailureAction StartLimitAction SuccessAction", KEY_WARNED, .reason = ACTION },
	{ "JoinsNamespaceOf", KEY_WARNED, .form = FORM_UNITS,
	  .reason = "services do not share namespaces, and in one of its own the service may not reach the other" },
	{ "OnFailure OnSuccess", KEY_WARNED, .reason = "superd starts no other unit after a failure or success" },
	{ "PartOf", KEY_WARNED, .reason = "superd does not stop or restart a unit with another", .form = FORM_UNITS },
	{ "PropagatesReloadTo ReloadPropagatedFrom", KEY_WARNED, .reason = "superd does not reload a unit with another",
	  .form = FORM_UNITS },
	{ "PropagatesStopTo StopPropagatedFrom", KEY_WARNED, .reason = "superd does not stop a unit with another",
	  .form = FORM_UNITS },
	{ "Requires", KEY_DONE, .option = "requires", .form = FORM_UNITS },
	{ "Requisite RequisiteOverridable", KEY_WARNED, .reason = "superd does not check that the other unit runs",
	  .form = FORM_UNITS },
	{ "StopWhenUnneeded", KEY_DONE, .option = "start", APART },
	{ "SurviveFinalKillSignal", KEY_WARNED, .reason = "superd stops all processes of a service when it ends" },
	{ "Upholds", KEY_WARNED, .reason = "superd starts the other unit, but not again after its end",
	  .form = FORM_UNITS },
	{ "Wants", KEY_DONE, .option = "wants", .form = FORM_UNITS },
};

const struct key_table unit_keys_unit = {
	UNIT, "Unit", "[Unit]", of_unit, sizeof(of_unit) / sizeof(*of_unit)
};

/* The keys of [Service], from systemd.service(5).
 *
 * The next client starts a service that has ended. So keys that only tune how systemd restarts a service are
 * harmless. */
static const struct key_word types[] = {
	{ "simple", "simple" }, { "exec", "exec" }, { "notify", "notify" }, { "notify-reload", "notify-reload" },
	{ "forking", "forking" }, { "oneshot", "oneshot" }, { "idle", "simple" }, { "dbus", "exec" }, { 0 }
};

static const struct key_word levels[] = {
	{ "emerg", "emerg" }, { "alert", "alert" }, { "crit", "crit" }, { "err", "err" }, { "warning", "warning" },
	{ "notice", "notice" }, { "info", "info" }, { "debug", "debug" }, { "0", "emerg" }, { "1", "alert" },
	{ "2", "crit" }, { "3", "err" }, { "4", "warning" }, { "5", "notice" }, { "6", "info" }, { "7", "debug" }, { 0 }
};

static const struct key_row of_service[] = {
	{ "BusName BusPolicy ExecReloadPost GuessMainPID RebootArgument RefreshOnReload RestartMode "
	  "RestartRandomizedDelaySec RestartSteps RuntimeRandomizedExtraSec StartLimitBurst "
	  "StartLimitIntervalSec SysVStartPriority TimeoutStartFailureMode TimeoutStopFailureMode",
	  KEY_HARMLESS, .option = NULL },
	{ "ExecCondition ExecReload ExecStartPost ExecStartPre ExecStop ExecStopPost", KEY_DONE,
	  .form = FORM_COMMANDS },
	{ "ExecStart", KEY_DONE, .reason = "with its prefixes; with Type=oneshot, the last of several",
	  APART },
	{ "ExitType", KEY_WARNED, .reason = "the service ends with its main process, as with main", .idle = "main" },
	{ "FailureAction StartLimitAction", KEY_WARNED, .reason = ACTION },
	{ "FileDescriptorStoreMax FileDescriptorStorePreserve NonBlocking NotifyAccess ReloadSignal RemainAfterExit "
	  "Restart RestartForceExitStatus RestartPreventExitStatus SuccessExitStatus TimeoutAbortSec "
	  "WatchdogSec", KEY_DONE, .option = NULL },
	{ "LUOSession", KEY_WARNED, .reason = "superd does not support live updates of the kernel" },
	{ "OOMPolicy", KEY_DONE, .reason = "stop means kill; the default is continue" },
	{ "OpenFile", KEY_REFUSED, .reason = "the program opens its files itself; use LoadCredential for a secret" },
	{ "PIDFile", KEY_DONE, .reason = "a relative path starts at /run", APART },
	{ "PermissionsStartOnly", KEY_DONE, .reason = "the other commands run as with the prefix +", APART },
	{ "RestartMaxDelaySec", KEY_DONE, APART },
	{ "RestartSec", KEY_DONE, .reason = "the first pause, which doubles", APART },
	{ "RootDirectoryStartOnly", KEY_WARNED, .reason = "RootDirectory applies to all commands" },
	{ "RuntimeMaxSec", KEY_DONE, .reason = "0 ends the service at once, as with systemd", .zero = "1us" },
	{ "Sockets", KEY_DONE, .reason = "further sockets, after those whose Service is this one", APART,
	  .stays = true },
	{ "TimeoutSec", KEY_DONE, .option = "timeout_stop", .reason = "sets TimeoutStartSec and TimeoutStopSec",
	  APART },
	{ "TimeoutStartSec", KEY_DONE, .reason = "0 means infinity", .zero = "infinity" },
	{ "TimeoutStopSec", KEY_DONE, .reason = "0 means infinity; the default is 90 s", .zero = "infinity",
	  .absent = "90s" },
	{ "Type", KEY_DONE, .reason = "idle means simple, dbus means exec", .words = types, APART,
	  .wrong = "expected simple, exec, notify, notify-reload, forking, oneshot, idle or dbus" },
	{ "USBFunctionDescriptors USBFunctionStrings", KEY_REFUSED, .reason = USB },
};

const struct key_table unit_keys_service = {
	UNIT, "Service", "[Service]", of_service, sizeof(of_service) / sizeof(*of_service)
};

/* The keys of [Socket], from systemd.socket(5).
 *
 * Some keys mean the service's commands in [Service] and the socket's commands in [Socket]. This table has entries for
 * them with the second meaning. */
static const struct key_word ipv6_only[] = { { "default", NULL }, { "ipv6-only", "yes" }, { "both", "no" }, { 0 } };

static const struct key_row of_socket[] = {
	{ "DeferTrigger DeferTriggerMaxSec", KEY_HARMLESS, .option = NULL },
	{ "Accept", KEY_DONE, .reason = "yes needs a template of the service", APART, .stays = true },
	{ "AcceptFileDescriptors", KEY_REFUSED, .reason = "superd cannot keep clients from passing descriptors",
	  .idle = "yes", .stays = true },
	{ "Backlog", KEY_DONE, .reason = "the default is the kernel's maximum", APART },
	{ "BindIPv6Only", KEY_DONE, .reason = "default, both, ipv6-only, or yes and no", .words = ipv6_only,
	  .takes_bool = true, .wrong = "expected default, both or ipv6-only" },
	{ "BPFProgram IPEgressFilterPath IPIngressFilterPath SocketBindAllow SocketBindDeny", KEY_REFUSED,
	  .reason = NETWORK },
	{ "BindNetworkInterface RestrictNetworkInterfaces", KEY_REFUSED, .reason = "use BindToDevice" },
	{ "BindToDevice Broadcast DeferAcceptSec DirectoryMode FreeBind KeepAlive "
	  "KeepAliveIntervalSec KeepAliveProbes KeepAliveTimeSec NoDelay PassCredentials "
	  "PassPacketInfo Priority ReceiveBuffer RemoveOnStop ReusePort SendBuffer SocketGroup "
	  "SocketMode SocketUser Symlinks Transparent Writable", KEY_DONE, .option = NULL },
	{ "ExecStartPost ExecStartPre ExecStopPost", KEY_DONE, .form = FORM_COMMANDS },
	{ "ExecStopPre", KEY_REFUSED, .reason = "use ExecStopPost" },
	{ "FileDescriptorName", KEY_DONE, .option = "socket",
	  .reason = "the name of the socket { }; with Accept=yes it is connection", APART },
	{ "FlushPending", KEY_WARNED, .reason = "clients that wait start the next instance", .idle = "no" },
	{ "IPAddressAllow", KEY_DONE, .form = FORM_NETWORKS, .option = "only_from",
	  .reason = "the clients of this socket" },
	{ "IPAddressDeny", KEY_DONE, .form = FORM_NETWORKS, .option = "no_access",
	  .reason = "the clients of this socket", .denies = true },
	{ "IPTOS", KEY_WARNED, .reason = "packets have the kernel's type of service; use Priority" },
	{ "IPTTL", KEY_REFUSED, .reason = "packets have the kernel's time to live", .stays = true },
	{ "ListenDatagram ListenFIFO ListenMessageQueue ListenNetlink ListenSequentialPacket ListenSpecial "
	  "ListenStream", KEY_DONE, .option = "listen", .form = FORM_ADDRESS },
	{ "ListenUSBFunction", KEY_REFUSED, .reason = "superd creates no USB gadgets" },
	{ "Mark", KEY_REFUSED, .reason = "superd marks no packets; rules can name the port", .stays = true },
	{ "MaxConnections", KEY_DONE, .option = "instances",
	  .reason = "with Accept=yes, default 64; superd closes connections above it", APART },
	{ "MaxConnectionsPerSource", KEY_DONE, .option = "per_source", .reason = "with Accept=yes; 0 means no limit",
	  APART },
	{ "MessageQueueMaxMessages MessageQueueMessageSize", KEY_WARNED,
	  .reason = "fs.mqueue.msg_default and fs.mqueue.msgsize_default are for all" },
	{ "NFTSet", KEY_WARNED, .reason = "superd fills no nftables sets" },
	{ "NetworkNamespacePath", KEY_REFUSED, .reason = "superd opens its sockets in its own network" },
	{ "PassFileDescriptorsToExec", KEY_WARNED, .reason = "socket commands receive no descriptors" },
	{ "PassPIDFD", KEY_WARNED, .reason = "use PassCredentials" },
	{ "PassSecurity", KEY_WARNED, .reason = "use PassCredentials", .idle = "no" },
	{ "PipeSize", KEY_WARNED, .reason = "the fifo has the kernel's size" },
	{ "PollLimitBurst PollLimitIntervalSec", KEY_WARNED,
	  .reason = "use TriggerLimitBurst, at which the service pauses" },
	{ "TriggerLimitBurst", KEY_DONE, .option = "trigger_limit_burst",
	  .reason = "if set; at the limit the service pauses", APART },
	{ "TriggerLimitIntervalSec", KEY_DONE, .option = "trigger_limit_interval",
	  .reason = "if set", APART },
	{ "PrivateNetwork", KEY_REFUSED, .reason = "a socket in a private network could have no clients",
	  .stays = true },
	{ "SELinuxContextFromNet", KEY_REFUSED, .reason = "all connections of a service run in one context",
	  .stays = true },
	{ "Service", KEY_DONE, .reason = "the service that receives the socket", APART, .stays = true },
	{ "SmackLabel SmackLabelIPIn SmackLabelIPOut", KEY_WARNED, .reason = "superd sets no Smack labels" },
	{ "SocketProtocol", KEY_DONE, .reason = "sctp; superd has no other protocols", .option = "listen", APART,
	  .stays = true },
	{ "TCPCongestion", KEY_WARNED, .reason = "use net.ipv4.tcp_congestion_control of sysctl(8)" },
	{ "TimeoutSec", KEY_WARNED, .reason = "the commands of a socket have the time of the service's start" },
	{ "Timestamping", KEY_WARNED, .reason = "superd asks for no times of arrival", .idle = "off" },
	{ "XAttrAccept XAttrEntryPoint XAttrListen", KEY_WARNED,
	  .reason = "superd sets no extended attributes of sockets" },
};

const struct key_table unit_keys_socket = {
	UNIT, "Socket", "[Socket]", of_socket, sizeof(of_socket) / sizeof(*of_socket)
};

/* The keys of systemd.exec(5), systemd.kill(5) and systemd.resource-control(5).
 *
 * A key without an option is refused, unless the service may do no more without it than with it. */
static const struct key_word kill_modes[] = {
	{ "control-group", "group" }, { "mixed", "mixed" }, { "process", "process" }, { "none", "none" }, { 0 }
};

static const struct key_row of_shared[] = {
	{ "BindLogSockets BlockIOAccounting CPUAccounting CPUPressureThresholdSec CPUPressureWatch "
	  "CacheDirectoryAccounting Capabilities CoredumpReceive DefaultMemoryLow DefaultMemoryMin "
	  "DefaultStartupMemoryLow DisableControllers IOAccounting IOPressureThresholdSec IOPressureWatch "
	  "IPAccounting LogExtraFields LogNamespace LogsDirectoryAccounting ManagedOOMMemoryPressure "
	  "ManagedOOMMemoryPressureDurationSec ManagedOOMMemoryPressureLimit ManagedOOMPreference "
	  "ManagedOOMSwap MemoryAccounting MemoryPressureThresholdSec MemoryPressureWatch NetClass "
	  "OOMRules SetLoginEnvironment StartupAllowedCPUs StartupAllowedMemoryNodes "
	  "StartupBlockIOWeight StartupCPUShares StartupCPUWeight StartupIOWeight StartupMemoryHigh "
	  "StartupMemoryLow StartupMemoryMax StartupMemorySwapMax StartupMemoryZSwapMax "
	  "StateDirectoryAccounting TTYColumns TTYPath TTYReset TTYRows TTYVHangup TTYVTDisallocate "
	  "TasksAccounting TimeoutCleanSec UtmpIdentifier UtmpMode", KEY_HARMLESS, .option = NULL },
	{ "AmbientCapabilities AppArmorProfile BindPaths BindReadOnlyPaths CPUQuota "
	  "CPUSchedulingPolicy CPUWeight CacheDirectory CacheDirectoryMode CapabilityBoundingSet "
	  "ConfigurationDirectory ConfigurationDirectoryMode Delegate DeviceAllow DevicePolicy DynamicUser "
	  "ExecPaths FinalKillSignal Group InaccessiblePaths KillSignal LimitAS LimitCORE LimitCPU LimitDATA "
	  "LimitFSIZE LimitLOCKS LimitMEMLOCK LimitMSGQUEUE LimitNICE "
	  "LimitNOFILE LimitNPROC LimitRSS LimitRTPRIO LimitRTTIME "
	  "LimitSIGPENDING LimitSTACK LockPersonality LogRateLimitBurst LogRateLimitIntervalSec LogsDirectory "
	  "LogsDirectoryMode MemoryDenyWriteExecute MemoryHigh MemoryMax MemorySwapMax "
	  "MountAPIVFS Nice NoExecPaths NoNewPrivileges OOMScoreAdjust PrivateDevices PrivateIPC PrivateMounts "
	  "PrivateNetwork PrivateTmp PrivateUsers ProcSubset ProtectClock ProtectControlGroups ProtectHome "
	  "ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ProtectProc ProtectSystem "
	  "ReadOnlyPaths ReadWritePaths RemoveIPC RestrictAddressFamilies RestrictNamespaces RestrictRealtime "
	  "RestrictSUIDSGID RootDirectory RuntimeDirectory RuntimeDirectoryMode RuntimeDirectoryPreserve "
	  "SELinuxContext SendSIGHUP SendSIGKILL StateDirectory StateDirectoryMode SupplementaryGroups "
	  "SyslogIdentifier SystemCallArchitectures SystemCallErrorNumber "
	  "SystemCallFilter TasksMax TemporaryFileSystem UMask User WatchdogSignal WorkingDirectory", KEY_DONE,
	  .option = NULL },
	{ "BPFDelegateAttachments BPFDelegateCommands BPFDelegateMaps BPFDelegatePrograms", KEY_WARNED,
	  .reason = NETWORK },
	{ "BPFProgram BindNetworkInterface IPEgressFilterPath IPIngressFilterPath RestrictFileSystems "
	  "RestrictNetworkInterfaces SocketBindAllow SocketBindDeny", KEY_REFUSED, .reason = NETWORK },
	{ "PrivateBPF", KEY_REFUSED, .reason = NETWORK, .stays = true },
	{ "BlockIODeviceWeight BlockIOWeight CPUShares", KEY_WARNED, .reason = OLD_GROUPS },
	{ "BlockIOReadBandwidth BlockIOWriteBandwidth", KEY_REFUSED, .reason = OLD_GROUPS },
	{ "AllowedCPUs AllowedMemoryNodes CPUAffinity CPUSetPartition NUMAMask NUMAPolicy TimerSlackNSec", KEY_WARNED,
	  .reason = "the service inherits superd's setting" },
	{ "CPUQuotaPeriodSec", KEY_WARNED, .reason = "the period is 100 ms" },
	{ "CPUSchedulingPriority", KEY_WARNED, .reason = "the priority of fifo and rr is 1, the lowest" },
	{ "CPUSchedulingResetOnFork", KEY_WARNED, .reason = "child processes inherit the policy" },
	{ "CacheDirectoryQuota LogsDirectoryQuota", KEY_WARNED, .reason = "superd sets no quotas" },
	{ "CoredumpFilter", KEY_WARNED, .reason = "use LimitCORE" },
	{ "MemoryLow MemoryMin", KEY_WARNED,
	  .reason = "MemoryMax= and MemoryHigh= keep others from taking the memory" },
	{ "DelegateNamespaces", KEY_WARNED, .reason = NAMESPACE },
	{ "DelegateSubgroup", KEY_WARNED, .reason = "superd delegates the service's own group" },
	{ "Environment IOSchedulingClass", KEY_DONE, APART },
	{ "EnvironmentFile LoadCredential SetCredential", KEY_DONE, .form = FORM_WHOLE },
	{ "ExecSearchPath", KEY_DONE, .reason = "also sets PATH; the default is systemd's search path",
	  APART },
	{ "ExtensionDirectories ExtensionImagePolicy ExtensionImages MountImagePolicy MountImages RootHash "
	  "RootHashSignature RootImage RootImageOptions RootImagePolicy RootMStack RootVerity", KEY_REFUSED,
	  .reason = IMAGES },
	{ "RootEphemeral", KEY_REFUSED, .reason = IMAGES, .stays = true },
	{ "IODeviceLatencyTargetSec IODeviceWeight IOWeight", KEY_WARNED, .reason = "use IOSchedulingClass" },
	{ "IOReadBandwidthMax IOReadIOPSMax IOWriteBandwidthMax IOWriteIOPSMax", KEY_REFUSED,
	  .reason = "superd limits no disks; use IOSchedulingClass" },
	{ "IOSchedulingPriority", KEY_DONE, .option = "io_scheduling", APART },
	{ "IPAddressAllow", KEY_DONE, .form = FORM_NETWORKS, .option = "ip_address_allow",
	  .reason = "for sockets that the service opens itself" },
	{ "IPAddressDeny", KEY_DONE, .form = FORM_NETWORKS, .option = "ip_address_deny",
	  .reason = "for sockets that the service opens itself", .denies = true },
	{ "IPCNamespacePath UserNamespacePath", KEY_REFUSED, .reason = NAMESPACE },
	{ "IgnoreSIGPIPE SyslogLevelPrefix", KEY_DONE, .reason = "the default is yes", .absent = "yes" },
	{ "ImportCredential", KEY_WARNED, .reason = "use LoadCredential" },
	{ "KeyringMode", KEY_DONE, .absent = "private" },
	{ "KillMode", KEY_DONE, .reason = "control-group and mixed also set kill_leftovers", .words = kill_modes,
	  .wrong = "expected control-group, mixed, process or none" },
	{ "LoadCredentialEncrypted SetCredentialEncrypted", KEY_REFUSED,
	  .reason = "superd has no key to decrypt it; use LoadCredential or SetCredential" },
	{ "LogFilterPatterns LogLevelMax", KEY_WARNED,
	  .reason = "superd logs each line with the service's name, at one level" },
	{ "MemoryKSM", KEY_WARNED, .reason = "superd does not change the kernel's sharing of memory" },
	{ "MemoryTHP", KEY_WARNED, .reason = "superd does not change the kernel's use of huge pages" },
	{ "MemoryZSwapMax MemoryZSwapWriteback", KEY_WARNED, .reason = "use MemorySwapMax" },
	{ "MountFlags", KEY_WARNED, .reason = "mounts of the service never reach the machine", .idle = "shared" },
	{ "NFTSet", KEY_WARNED, .reason = "superd fills no nftables sets" },
	{ "NetworkNamespacePath", KEY_REFUSED, .reason = "use PrivateNetwork, or ip-netns(8) in ExecStart" },
	{ "PAMName", KEY_REFUSED, .reason = "superd opens no PAM sessions" },
	{ "PassEnvironment", KEY_DONE, .form = FORM_VARIABLES },
	{ "Personality", KEY_WARNED, .reason = "use setarch(8) in ExecStart" },
	{ "PrivatePIDs", KEY_REFUSED, .reason = "use ProtectProc", .stays = true },
	{ "RestartKillSignal", KEY_WARNED, .reason = "superd ends a program by KillSignal, before a restart as well" },
	{ "SecureBits", KEY_REFUSED, .reason = "use NoNewPrivileges and CapabilityBoundingSet" },
	{ "Slice", KEY_WARNED, .reason = "the service's control group is below superd's own", .idle = "system.slice" },
	{ "SmackProcessLabel", KEY_REFUSED, .reason = "superd sets no Smack labels" },
	{ "StandardError StandardOutput", KEY_DONE, .reason = "journal, kmsg and syslog mean superd's log",
	  .form = FORM_STREAM },
	{ "StandardInput", KEY_DONE, .reason = "socket means pass = inetd", .form = FORM_STREAM },
	{ "StandardInputData StandardInputText", KEY_REFUSED, .reason = "use StandardInput=file:PATH" },
	{ "StateDirectoryQuota", KEY_WARNED, .reason = "superd does no accounting by unit" },
	{ "SyslogLevel", KEY_DONE, .reason = "a word or its number", .words = levels,
	  .wrong = "expected one of emerg, alert, crit, err, warning, notice, info or debug, or 0 to 7" },
	{ "SyslogFacility", KEY_WARNED, .reason = "the log has one facility for all, as in log = \"syslog:local0\"" },
	{ "SystemCallLog", KEY_WARNED, .reason = "use SystemCallFilter" },
	{ "UnsetEnvironment", KEY_DONE, .form = FORM_VARIABLES, .denies = true },
};

const struct key_table unit_keys_shared = {
	UNIT, "Service", "[Service]: how its programs run", of_shared, sizeof(of_shared) / sizeof(*of_shared)
};

static const struct key_row of_install[] = {
	{ "Alias Also DefaultInstance RequiredBy UpheldBy WantedBy", KEY_HARMLESS, .option = NULL },
};

static const struct key_table unit_keys_install = {
	UNIT, "Install", "[Install]", of_install, sizeof(of_install) / sizeof(*of_install)
};

const struct key_table *const unit_keys[KEYS_SECTIONS] = {
	[KEYS_UNIT] = &unit_keys_unit,	   [KEYS_SOCKET] = &unit_keys_socket,	[KEYS_SERVICE] = &unit_keys_service,
	[KEYS_SHARED] = &unit_keys_shared, [KEYS_INSTALL] = &unit_keys_install,
};

/* Older names of keys, and the current ones. */
static const char *const older_names[][2] = {
	{ "BindTo", "BindsTo" },
	{ "InaccessibleDirectories", "InaccessiblePaths" },
	{ "MemoryLimit", "MemoryMax" },
	{ "PropagateReloadFrom", "ReloadPropagatedFrom" },
	{ "PropagateReloadTo", "PropagatesReloadTo" },
	{ "ReadOnlyDirectories", "ReadOnlyPaths" },
	{ "ReadWriteDirectories", "ReadWritePaths" },
	{ "StartLimitInterval", "StartLimitIntervalSec" },
};

/* The current name of a key, for an older name; other names stay. */
static const char *key_today(const char *key)
{
	for (size_t n = 0; n < sizeof(older_names) / sizeof(*older_names); n++) {
		if (!strcmp(older_names[n][0], key))
			return older_names[n][1];
	}
	return key;
}

static const struct key_table *keys_of(const char *section)
{
	for (int n = 0; n < KEYS_SECTIONS; n++) {
		if (!strcmp(unit_keys[n]->section, section))
			return unit_keys[n];
	}
	return NULL;
}

static bool has_shared(const struct key_table *keys)
{
	return keys == unit_keys[KEYS_SOCKET] || keys == unit_keys[KEYS_SERVICE];
}

const struct key_row *unit_key_find(const char *section, const char *key)
{
	const struct key_table *keys = keys_of(section);
	const struct key_row *found;

	if (!keys)
		return NULL;
	key = key_today(key);
	found = key_find(keys, key);
	return found || !has_shared(keys) ? found : key_find(unit_keys[KEYS_SHARED], key);
}

bool unit_key_is_shared(const struct key_row *key)
{
	struct key_list shared = key_list(unit_keys[KEYS_SHARED]);

	return key >= shared.list && key < shared.list + shared.count;
}

const char *unit_key_option(const char *section, const struct key_row *key)
{
	return key_option(unit_key_is_shared(key) ? unit_keys[KEYS_SHARED] : keys_of(section), key);
}

const char *unit_key_suggest(const char *section, const char *key)
{
	const struct key_table *keys = keys_of(section);
	struct scan_nearest nearest = scan_nearest_begin(key);

	if (keys)
		key_nearest_look(&nearest, keys);
	if (keys && has_shared(keys))
		key_nearest_look(&nearest, unit_keys[KEYS_SHARED]);
	return nearest.word;
}

const char *unit_key_section(const char *section, const char *key)
{
	for (int n = 0; n < KEYS_SECTIONS; n++) {
		const struct key_table *keys = unit_keys[n];

		if (!strcmp(keys->section, section))
			continue;
		if (key_find(keys, key_today(key)))
			return keys->section;
	}
	return NULL;
}

bool unit_is_listen(const struct unit_assignment *assignment)
{
	return assignment->row && !strncmp(assignment->key, "Listen", 6);
}

bool unit_listens(const struct unit *unit)
{
	bool listens = false;

	for (size_t n = 0; n < unit->count; n++) {
		if (unit_is_listen(&unit->list[n]))
			listens = *unit->list[n].value;
	}
	return listens;
}
