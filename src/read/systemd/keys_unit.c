/* The keys of [Unit], of every type of unit.
 *
 * Many of them order units and jobs. superd starts a service when a client connects, in no order, so these keys are
 * harmless. Conditions decide whether a service may run. depend.c reads the keys about other units. */
#include "read/systemd/keys.h"

#define ACTION "superd does not reboot or power off the machine"
#define OTHERS "superd starts no other unit after a failure or success"

static const struct key_row keys[] = {
	{ "After Before", KEY_HARMLESS, .reason = "superd orders only services of which one needs the other" },
	{ "DefaultDependencies RequiresOverridable", KEY_HARMLESS, .reason = "superd starts services on demand" },
	{ "AllowIsolate IgnoreOnIsolate IgnoreOnSnapshot JobRunningTimeoutSec JobTimeoutAction "
	  "JobTimeoutRebootArgument JobTimeoutSec", KEY_HARMLESS, .reason = "superd has no job queue" },
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
	  .reason = "superd does not stop the service when the other one ends", .form = FORM_UNITS },
	{ "CollectMode", KEY_HARMLESS, .reason = "superd keeps no unit after its end" },
	{ "Conflicts", KEY_WARNED, .reason = "superd stops no unit for another", .form = FORM_UNITS },
	{ "Description Documentation SourcePath", KEY_HARMLESS, .reason = "it only describes the unit" },
	{ "FailureAction StartLimitAction SuccessAction", KEY_WARNED, .reason = ACTION },
	{ "FailureActionExitStatus RebootArgument SuccessActionExitStatus", KEY_HARMLESS, .reason = ACTION },
	{ "JoinsNamespaceOf", KEY_REFUSED, APART,
	  .reason = "services do not share namespaces, and in one of its own the service may not reach the other" },
	{ "OnFailure OnSuccess", KEY_WARNED, .reason = OTHERS },
	{ "OnFailureIsolate OnFailureJobMode OnSuccessJobMode", KEY_HARMLESS, .reason = OTHERS },
	{ "PartOf", KEY_WARNED, .reason = "superd does not stop or restart a unit with another", .form = FORM_UNITS },
	{ "PropagatesReloadTo ReloadPropagatedFrom", KEY_WARNED, .reason = "superd does not reload a unit with another",
	  .form = FORM_UNITS },
	{ "PropagatesStopTo StopPropagatedFrom", KEY_WARNED, .reason = "superd does not stop a unit with another",
	  .form = FORM_UNITS },
	{ "RefuseManualStart RefuseManualStop", KEY_HARMLESS, .reason = "superd has no such restriction on operators" },
	{ "Requires", KEY_DONE, .option = "requires", .form = FORM_UNITS },
	{ "RequiresMountsFor WantsMountsFor", KEY_HARMLESS,
	  .reason = "superd mounts no file systems; mount them before it starts" },
	{ "Requisite RequisiteOverridable", KEY_WARNED, .reason = "superd does not check that the other unit runs",
	  .form = FORM_UNITS },
	{ "StartLimitBurst StartLimitIntervalSec", KEY_HARMLESS,
	  .reason = "superd pauses a service that fails repeatedly, and never gives up" },
	{ "StopWhenUnneeded", KEY_DONE, .option = "start", APART },
	{ "SurviveFinalKillSignal", KEY_WARNED, .reason = "superd stops all processes of a service when it ends" },
	{ "Upholds", KEY_WARNED, .reason = "superd starts the other unit, but not again after its end",
	  .form = FORM_UNITS },
	{ "Wants", KEY_DONE, .option = "wants", .form = FORM_UNITS },
};

const struct key_table unit_keys_unit = { UNIT, "Unit", "[Unit]", keys, sizeof(keys) / sizeof(*keys) };
