/* The child's part of a control group: creates the group, writes what its cgroup settings has, and moves the child in.
 * If an earlier command of the same instance has created the group, the child only moves in. Async-signal-safe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "os/bpf/cgroup_bpf.h"

struct cgroup_delegation;
struct job;

/* A line for a file of the group. */
struct cgroup_attribute {
	const char *file, *text;
	const char *option;             /* option that the line is for, for messages */
	bool optional;                  /* left out where the kernel has no such file */
};

/* The settings of a control group, made by exec/resources/cgroup_settings. */
struct cgroup_settings {
	const struct cgroup_delegation *place;
	bool has_group;                 /* a group of its own is made at each start */
	bool optional;                  /* the group is for freezing only; without it signals do that */
	const struct cgroup_attribute *list;
	size_t count;
	unsigned controllers;           /* enum controller: those that the list needs */
	struct cgroup_bpf_program programs[CGROUP_BPF_KINDS];
	bool delegates;                 /* delegate: the group belongs to the service's user */
};

/* A fault's resource in STAGE_CGROUP, but for the number of a line of the cgroup settings. */
#define CGROUP_ITSELF (-1)              /* the group could not be made or entered */
#define CGROUP_PROGRAMS 1000            /* + enum cgroup_bpf_kind: a program of the kernel */

int cgroup_join(struct job *job);       /* 0, or -1 and errno */

int cgroup_enter(int group);            /* moves the caller into an open group; 0, or -1 and errno */
