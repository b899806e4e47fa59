/* The names of the stages of a start. They are not in exec/child, which holds only what runs there. */
#include "superd/spawn/spawn.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const char *const names[] = {
	"",
	"filling in variables",
	"writing the start for superd-exec",
	"starting a process",
	"running superd-exec",
	"waiting for a removal",
	"looking at conditions",
	"loading credentials",
	"opening streams",
	"preparing a user namespace",
	"joining a control group",
	"passing descriptors",
	"waiting to be held",
	"making a session",
	"setting nice",
	"setting oom_score_adjust",
	"setting cpu_affinity",
	"setting io_scheduling",
	"setting cpu_scheduling_policy",
	"setting personality",
	"setting apparmor_profile",
	"making namespaces",
	"mounting",
	"changing the root",
	"setting limits",
	"setting groups",
	"making a user namespace",
	"setting the capability bounding set",
	"setting user",
	"resetting signals",
	"becoming the user",
	"changing directory",
	"setting ambient capabilities",
	"setting secure_bits",
	"joining a keyring",
	"setting no_new_privileges",
	"watching for bind(2)",
	"filtering system calls",
	"exec",
};
static_assert(sizeof(names) / sizeof(*names) == STAGES, "every stage has a name");

const char *stage_name(enum stage stage)
{
	return names[stage];
}

const char *fault_reason(const struct fault *fault)
{
	return fault->error == ETIMEDOUT ? "it took too long, and was ended" : strerror(fault->error);
}
