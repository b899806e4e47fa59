/* The child's part of a control group: it creates the group, writes the group's settings, and moves itself in. If an
 * earlier command of the same instance has created the group, the child only moves in. Async-signal-safe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "os/bpf/cgroup_bpf.h"

struct cgroup_delegation;
struct job;

/* A text to write to a file of the group. */
struct cgroup_attribute {
	const char *file, *text;        /* file name, such as memory.max; borrowed */
	const char *option;             /* option that it comes from, for messages */
	bool optional;                  /* ignored if the kernel has no such file */
};

/* The settings of a service's control group, made by superd/start/cgroup_settings and shared by its starts. */
struct cgroup_settings {
	const struct cgroup_delegation *place;  /* where superd may create groups */
	bool has_group;                 /* each start creates a group */
	const struct cgroup_attribute *list;
	size_t count;                   /* of the list */
	unsigned controllers;           /* controllers (enum controller) that the list needs */
	struct cgroup_bpf_program programs[CGROUP_BPF_KINDS];   /* by kind; count 0: none */
	bool delegates;                 /* delegate (Delegate=): the group belongs to the service's user */
};

/* Values of fault.resource in STAGE_CGROUP; other values are indexes in the list. */
#define CGROUP_ITSELF (-1)              /* the group could not be created or entered */
#define CGROUP_PROGRAMS 1000            /* + enum cgroup_bpf_kind: this BPF program could not be attached */

int cgroup_join(struct job *job);       /* 0, or -1 and errno */

int cgroup_enter(int group);            /* moves the caller into an open group; 0, or -1 and errno */
