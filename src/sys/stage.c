/* The names of the stages, apart from sys/child so that the child's object holds nothing but what runs there. */
#include "sys/child.h"

#include <assert.h>

static const char *const names[] = {
	"",
	"starting a process",
	"passing descriptors",
	"making a session",
	"setting nice",
	"setting oom_score_adjust",
	"setting cpu_affinity",
	"setting io_scheduling",
	"setting limits",
	"changing the root",
	"setting the capability bounding set",
	"setting groups",
	"setting user",
	"changing directory",
	"resetting signals",
	"becoming the user",
	"setting ambient capabilities",
	"setting no_new_privileges",
	"exec",
};
static_assert(sizeof(names) / sizeof(*names) == STAGES, "every stage has a name");

const char *stage_name(enum stage stage)
{
	return names[stage];
}
