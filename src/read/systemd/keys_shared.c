/* The keys of systemd.exec(5), systemd.kill(5) and systemd.resource-control(5).
 *
 * A key without an option is refused, unless the service may do no more without it than with it. */
#include "read/systemd/keys.h"

#define COUNTED "superd does no accounting by unit"
#define NETWORK "superd loads no BPF programs"
#define LOGGED "superd logs each line with the service's name, at one level"
#define OLD_GROUPS "it needs control groups v1"
#define NAMESPACE "use PrivateNetwork and the other Private keys"

static const struct key_word kill_modes[] = {
	{ "control-group", "group" }, { "mixed", "mixed" }, { "process", "process" }, { "none", "none" }, { 0 }
};

static const struct key_row keys[] = {
	{ "AmbientCapabilities AppArmorProfile BindPaths BindReadOnlyPaths CPUQuota CPUQuotaPeriodSec "
	  "CPUSchedulingPolicy CPUWeight CacheDirectory CacheDirectoryMode CapabilityBoundingSet "
	  "ConfigurationDirectory ConfigurationDirectoryMode Delegate DeviceAllow DevicePolicy DynamicUser "
	  "ExecPaths FinalKillSignal Group InaccessiblePaths KillSignal LimitAS LimitCORE LimitCPU LimitDATA "
	  "LimitFSIZE LimitLOCKS LimitMEMLOCK LimitMSGQUEUE LimitNOFILE LimitNPROC LimitRSS LimitRTPRIO LimitRTTIME "
	  "LimitSIGPENDING LimitSTACK LockPersonality LogRateLimitBurst LogRateLimitIntervalSec LogsDirectory "
	  "LogsDirectoryMode MemoryDenyWriteExecute MemoryHigh MemoryLow MemoryMax MemoryMin MemorySwapMax "
	  "MountAPIVFS Nice NoExecPaths NoNewPrivileges OOMScoreAdjust PrivateDevices PrivateIPC PrivateMounts "
	  "PrivateNetwork PrivateTmp PrivateUsers ProcSubset ProtectClock ProtectControlGroups ProtectHome "
	  "ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ProtectProc ProtectSystem "
	  "ReadOnlyPaths ReadWritePaths RemoveIPC RestrictAddressFamilies RestrictNamespaces RestrictRealtime "
	  "RestrictSUIDSGID RootDirectory RuntimeDirectory RuntimeDirectoryMode RuntimeDirectoryPreserve "
	  "SELinuxContext SendSIGHUP SendSIGKILL StateDirectory StateDirectoryMode SupplementaryGroups "
	  "SyslogFacility SyslogIdentifier SyslogLevel SystemCallArchitectures SystemCallErrorNumber "
	  "SystemCallFilter TasksMax TemporaryFileSystem UMask User WatchdogSignal WorkingDirectory", KEY_DONE,
	  .option = NULL },
	{ "BPFDelegateAttachments BPFDelegateCommands BPFDelegateMaps BPFDelegatePrograms", KEY_WARNED,
	  .reason = NETWORK },
	{ "BPFProgram BindNetworkInterface IPEgressFilterPath IPIngressFilterPath PrivateBPF RestrictFileSystems "
	  "RestrictNetworkInterfaces SocketBindAllow SocketBindDeny", KEY_REFUSED, .reason = NETWORK },
	{ "BindLogSockets", KEY_HARMLESS, .reason = "superd logs the output itself, without a journal" },
	{ "BlockIOAccounting CPUAccounting CPUPressureThresholdSec CPUPressureWatch CacheDirectoryAccounting "
	  "IOAccounting IOPressureThresholdSec IOPressureWatch IPAccounting LogsDirectoryAccounting MemoryAccounting "
	  "MemoryPressureThresholdSec MemoryPressureWatch StateDirectoryAccounting TasksAccounting", KEY_HARMLESS,
	  .reason = COUNTED },
	{ "BlockIODeviceWeight BlockIOWeight CPUShares", KEY_WARNED, .reason = OLD_GROUPS },
	{ "BlockIOReadBandwidth BlockIOWriteBandwidth", KEY_REFUSED, .reason = OLD_GROUPS },
	{ "AllowedCPUs AllowedMemoryNodes CPUAffinity CPUSetPartition NUMAMask NUMAPolicy TimerSlackNSec", KEY_WARNED,
	  .reason = "the service inherits superd's setting" },
	{ "CPUSchedulingPriority", KEY_WARNED, .reason = "the priority of fifo and rr is 1, the lowest" },
	{ "CPUSchedulingResetOnFork", KEY_WARNED, .reason = "child processes inherit the policy" },
	{ "CacheDirectoryQuota LogsDirectoryQuota", KEY_WARNED, .reason = "superd sets no quotas" },
	{ "Capabilities NetClass", KEY_HARMLESS, .reason = "systemd has removed this key, too" },
	{ "CoredumpFilter", KEY_WARNED, .reason = "use LimitCORE" },
	{ "CoredumpReceive", KEY_HARMLESS, .reason = "superd forwards no core dumps" },
	{ "DefaultMemoryLow DefaultMemoryMin DefaultStartupMemoryLow", KEY_HARMLESS,
	  .reason = "it applies to units below this one" },
	{ "DelegateNamespaces", KEY_WARNED, .reason = NAMESPACE },
	{ "DelegateSubgroup", KEY_WARNED, .reason = "superd delegates the service's own group" },
	{ "DisableControllers", KEY_HARMLESS, .reason = "a service may use its control group as it likes" },
	{ "Environment IOSchedulingClass SetCredential", KEY_DONE, APART },
	{ "EnvironmentFile LoadCredential", KEY_DONE, .form = FORM_WHOLE },
	{ "ExecSearchPath", KEY_DONE, .reason = "also sets PATH; the default is systemd's search path",
	  APART },
	{ "ExtensionDirectories ExtensionImagePolicy ExtensionImages MountImagePolicy MountImages RootEphemeral "
	  "RootHash RootHashSignature RootImage RootImageOptions RootImagePolicy RootMStack RootVerity", KEY_REFUSED,
	  .reason = "superd mounts no images; use RootDirectory" },
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
	{ "KillMode", KEY_DONE, .reason = "control-group and mixed also set kill_rest", .words = kill_modes,
	  .wrong = "expected control-group, mixed, process or none" },
	{ "LimitNICE", KEY_DONE, .reason = "also as +1 or -5", APART },
	{ "LoadCredentialEncrypted SetCredentialEncrypted", KEY_REFUSED,
	  .reason = "superd has no key to decrypt it; use LoadCredential or SetCredential" },
	{ "LogExtraFields LogNamespace", KEY_HARMLESS, .reason = LOGGED },
	{ "LogFilterPatterns LogLevelMax", KEY_WARNED, .reason = LOGGED },
	{ "ManagedOOMMemoryPressure ManagedOOMMemoryPressureDurationSec ManagedOOMMemoryPressureLimit "
	  "ManagedOOMPreference ManagedOOMSwap OOMRules", KEY_HARMLESS,
	  .reason = "the kernel's OOM killer decides; see oom_score_adjust" },
	{ "MemoryKSM", KEY_WARNED, .reason = "superd does not change the kernel's sharing of memory" },
	{ "MemoryTHP", KEY_WARNED, .reason = "superd does not change the kernel's use of huge pages" },
	{ "MemoryZSwapMax MemoryZSwapWriteback", KEY_WARNED, .reason = "use MemorySwapMax" },
	{ "MountFlags", KEY_WARNED, .reason = "mounts of the service never reach the machine", .idle = "shared" },
	{ "NFTSet", KEY_WARNED, .reason = "superd fills no nftables sets" },
	{ "NetworkNamespacePath", KEY_REFUSED, .reason = "use PrivateNetwork, or ip-netns(8) in ExecStart" },
	{ "PAMName", KEY_REFUSED, .reason = "superd opens no PAM sessions" },
	{ "PassEnvironment", KEY_DONE, .form = FORM_VARIABLES },
	{ "Personality", KEY_WARNED, .reason = "use setarch(8) in ExecStart" },
	{ "PrivatePIDs", KEY_REFUSED, .reason = "use ProtectProc" },
	{ "RestartKillSignal", KEY_WARNED, .reason = "superd ends a program by KillSignal, before a restart as well" },
	{ "SecureBits", KEY_REFUSED, .reason = "use NoNewPrivileges and CapabilityBoundingSet" },
	{ "SetLoginEnvironment", KEY_HARMLESS, .reason = "HOME, USER, LOGNAME and SHELL are always set" },
	{ "Slice", KEY_HARMLESS, .reason = "superd has no slices" },
	{ "SmackProcessLabel", KEY_REFUSED, .reason = "superd sets no Smack labels" },
	{ "StandardError StandardOutput", KEY_DONE, .reason = "journal, kmsg and syslog mean superd's log",
	  .form = FORM_STREAM },
	{ "StandardInput", KEY_DONE, .reason = "socket means pass = inetd", .form = FORM_STREAM },
	{ "StandardInputData StandardInputText", KEY_REFUSED, .reason = "use StandardInput=file:PATH" },
	{ "StartupAllowedCPUs StartupAllowedMemoryNodes StartupBlockIOWeight StartupCPUShares StartupCPUWeight "
	  "StartupIOWeight StartupMemoryHigh StartupMemoryLow StartupMemoryMax StartupMemorySwapMax "
	  "StartupMemoryZSwapMax", KEY_HARMLESS, .reason = "superd does not treat the machine's startup specially" },
	{ "StateDirectoryQuota", KEY_WARNED, .reason = COUNTED },
	{ "SystemCallLog", KEY_WARNED, .reason = "use SystemCallFilter" },
	{ "TTYColumns TTYPath TTYReset TTYRows TTYVHangup TTYVTDisallocate UtmpIdentifier UtmpMode", KEY_HARMLESS,
	  .reason = "superd allocates no terminal" },
	{ "TimeoutCleanSec", KEY_HARMLESS, .reason = "superd has no clean command" },
	{ "UnsetEnvironment", KEY_DONE, .form = FORM_VARIABLES, .denies = true },
};

const struct key_table unit_keys_shared = {
	UNIT, "Service", "[Service] and the commands of [Socket]", keys, sizeof(keys) / sizeof(*keys)
};
