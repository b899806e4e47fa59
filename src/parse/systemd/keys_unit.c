/* The keys of [Unit], of every type of unit.
 *
 * Many of them order units and jobs. superd starts a service when a client connects, in no order, so these keys are
 * harmless. Conditions decide whether a service may run. depend.c reads the keys about other units. */
#include "parse/systemd/keys.h"

#define CONDITION(name) { name, KEY_DONE, "condition", NULL }

/* Of services without a socket, which are read along. */

#define UNSEEN(name, why) { name, KEY_REFUSED, NULL, why }

#define FEATURES "superd does not read the CPU's feature bits; use ConditionArchitecture"
#define GIVEN "superd searches for credentials when it starts a service, not before"
#define FIRMWARE "superd does not read firmware tables"
#define FRACTION "superd does not hash machine ids; use ConditionHost"
#define TAGS "superd knows no machine tags; use ConditionHost"
#define CIPHER "superd does not check the disk below a file system"

#define ORDER "superd starts services on demand and ignores ordering"
#define JOB "superd has no job queue"
#define LIMIT "superd pauses a service that fails repeatedly, and never gives up"
#define ACTION "superd does not reboot or power off the machine"
#define OTHERS "superd starts no other unit after a failure or success"
#define MOUNTS "superd mounts no file systems; mount them before it starts"
#define BY_HAND "superd has no such restriction on operators"

static const struct unit_key keys[] = {
	{ "After", KEY_HARMLESS, .reason = ORDER },
	{ "AllowIsolate", KEY_HARMLESS, .reason = JOB },
	CONDITION("AssertACPower"),
	CONDITION("AssertArchitecture"),
	UNSEEN("AssertCPUFeature", FEATURES),
	CONDITION("AssertCPUPressure"),
	CONDITION("AssertCPUs"),
	CONDITION("AssertCapability"),
	CONDITION("AssertControlGroupController"),
	UNSEEN("AssertCredential", GIVEN),
	CONDITION("AssertDirectoryNotEmpty"),
	CONDITION("AssertEnvironment"),
	CONDITION("AssertFileIsExecutable"),
	CONDITION("AssertFileNotEmpty"),
	UNSEEN("AssertFirmware", FIRMWARE),
	CONDITION("AssertFirstBoot"),
	UNSEEN("AssertFraction", FRACTION),
	CONDITION("AssertGroup"),
	CONDITION("AssertHost"),
	CONDITION("AssertIOPressure"),
	CONDITION("AssertKernelCommandLine"),
	CONDITION("AssertKernelModuleLoaded"),
	CONDITION("AssertKernelVersion"),
	UNSEEN("AssertMachineTag", TAGS),
	CONDITION("AssertMemory"),
	CONDITION("AssertMemoryPressure"),
	CONDITION("AssertNeedsUpdate"),
	CONDITION("AssertOSRelease"),
	CONDITION("AssertPathExists"),
	CONDITION("AssertPathExistsGlob"),
	CONDITION("AssertPathIsDirectory"),
	UNSEEN("AssertPathIsEncrypted", CIPHER),
	CONDITION("AssertPathIsMountPoint"),
	CONDITION("AssertPathIsReadWrite"),
	CONDITION("AssertPathIsSocket"),
	CONDITION("AssertPathIsSymbolicLink"),
	CONDITION("AssertSecurity"),
	CONDITION("AssertUser"),
	CONDITION("AssertVersion"),
	CONDITION("AssertVirtualization"),
	{ "Before", KEY_HARMLESS, .reason = ORDER },
	{ "BindsTo", KEY_DONE, "requires", "superd does not stop the service when the other one ends" },
	{ "CollectMode", KEY_HARMLESS, .reason = "superd keeps no unit after its end" },
	CONDITION("ConditionACPower"),
	CONDITION("ConditionArchitecture"),
	UNSEEN("ConditionCPUFeature", FEATURES),
	CONDITION("ConditionCPUPressure"),
	CONDITION("ConditionCPUs"),
	CONDITION("ConditionCapability"),
	CONDITION("ConditionControlGroupController"),
	UNSEEN("ConditionCredential", GIVEN),
	CONDITION("ConditionDirectoryNotEmpty"),
	CONDITION("ConditionEnvironment"),
	CONDITION("ConditionFileIsExecutable"),
	CONDITION("ConditionFileNotEmpty"),
	UNSEEN("ConditionFirmware", FIRMWARE),
	CONDITION("ConditionFirstBoot"),
	UNSEEN("ConditionFraction", FRACTION),
	CONDITION("ConditionGroup"),
	CONDITION("ConditionHost"),
	CONDITION("ConditionIOPressure"),
	CONDITION("ConditionKernelCommandLine"),
	CONDITION("ConditionKernelModuleLoaded"),
	CONDITION("ConditionKernelVersion"),
	UNSEEN("ConditionMachineTag", TAGS),
	CONDITION("ConditionMemory"),
	CONDITION("ConditionMemoryPressure"),
	CONDITION("ConditionNeedsUpdate"),
	CONDITION("ConditionOSRelease"),
	CONDITION("ConditionPathExists"),
	CONDITION("ConditionPathExistsGlob"),
	CONDITION("ConditionPathIsDirectory"),
	UNSEEN("ConditionPathIsEncrypted", CIPHER),
	CONDITION("ConditionPathIsMountPoint"),
	CONDITION("ConditionPathIsReadWrite"),
	CONDITION("ConditionPathIsSocket"),
	CONDITION("ConditionPathIsSymbolicLink"),
	CONDITION("ConditionSecurity"),
	CONDITION("ConditionUser"),
	CONDITION("ConditionVersion"),
	CONDITION("ConditionVirtualization"),
	{ "Conflicts", KEY_WARNED, .reason = "superd stops no unit for another" },
	{ "DefaultDependencies", KEY_HARMLESS, .reason = ORDER },
	{ "Description", KEY_HARMLESS, .reason = "it only describes the unit" },
	{ "Documentation", KEY_HARMLESS, .reason = "it only describes the unit" },
	{ "FailureAction", KEY_WARNED, .reason = ACTION },
	{ "FailureActionExitStatus", KEY_HARMLESS, .reason = ACTION },
	{ "IgnoreOnIsolate", KEY_HARMLESS, .reason = JOB },
	{ "IgnoreOnSnapshot", KEY_HARMLESS, .reason = JOB },
	{ "JobRunningTimeoutSec", KEY_HARMLESS, .reason = JOB },
	{ "JobTimeoutAction", KEY_HARMLESS, .reason = JOB },
	{ "JobTimeoutRebootArgument", KEY_HARMLESS, .reason = JOB },
	{ "JobTimeoutSec", KEY_HARMLESS, .reason = JOB },
	{ "JoinsNamespaceOf", KEY_WARNED, .reason = "services do not share namespaces" },
	{ "OnFailure", KEY_WARNED, .reason = OTHERS },
	{ "OnFailureIsolate", KEY_HARMLESS, .reason = OTHERS },
	{ "OnFailureJobMode", KEY_HARMLESS, .reason = OTHERS },
	{ "OnSuccess", KEY_WARNED, .reason = OTHERS },
	{ "OnSuccessJobMode", KEY_HARMLESS, .reason = OTHERS },
	{ "PartOf", KEY_WARNED, .reason = "superd does not stop or restart a unit with another" },
	{ "PropagatesReloadTo", KEY_WARNED, .reason = "superd does not reload a unit with another" },
	{ "PropagatesStopTo", KEY_WARNED, .reason = "superd does not stop a unit with another" },
	{ "RebootArgument", KEY_HARMLESS, .reason = ACTION },
	{ "RefuseManualStart", KEY_HARMLESS, .reason = BY_HAND },
	{ "RefuseManualStop", KEY_HARMLESS, .reason = BY_HAND },
	{ "ReloadPropagatedFrom", KEY_WARNED, .reason = "superd does not reload a unit with another" },
	{ "Requires", KEY_DONE, "requires", NULL },
	{ "RequiresMountsFor", KEY_HARMLESS, .reason = MOUNTS },
	{ "RequiresOverridable", KEY_HARMLESS, .reason = ORDER },
	{ "Requisite", KEY_WARNED, .reason = "superd does not check that the other unit runs" },
	{ "RequisiteOverridable", KEY_WARNED, .reason = "superd does not check that the other unit runs" },
	{ "SourcePath", KEY_HARMLESS, .reason = "it only describes the unit" },
	{ "StartLimitAction", KEY_WARNED, .reason = ACTION },
	{ "StartLimitBurst", KEY_HARMLESS, .reason = LIMIT },
	{ "StartLimitIntervalSec", KEY_HARMLESS, .reason = LIMIT },
	{ "StopPropagatedFrom", KEY_WARNED, .reason = "superd does not stop a unit with another" },
	{ "StopWhenUnneeded", KEY_DONE, "start", NULL },
	{ "SuccessAction", KEY_WARNED, .reason = ACTION },
	{ "SuccessActionExitStatus", KEY_HARMLESS, .reason = ACTION },
	{ "SurviveFinalKillSignal", KEY_WARNED, .reason = "no process of a service outlives superd" },
	{ "Upholds", KEY_WARNED, .reason = "superd starts the other unit, but not again after its end" },
	{ "Wants", KEY_DONE, "wants", NULL },
	{ "WantsMountsFor", KEY_HARMLESS, .reason = MOUNTS },
};

const struct unit_keys unit_keys_unit = { "Unit", "[Unit]", keys, sizeof(keys) / sizeof(*keys) };
