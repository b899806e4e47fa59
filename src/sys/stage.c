/* The names of the stages, apart from sys/child so that the child's object holds nothing but what runs there. */
#include "sys/child.h"

#include <assert.h>

static const char *const names[] = {
	"",
	"starting a process",
	"passing descriptors",
	"making a session",
	"setting priority",
	"setting limits",
	"changing the root",
	"setting capabilities",
	"setting groups",
	"setting user",
	"changing directory",
	"resetting signals",
	"exec",
};
static_assert(sizeof(names) / sizeof(*names) == STAGES, "every stage has a name");

const char *stage_name(enum stage stage)
{
	return names[stage];
}
