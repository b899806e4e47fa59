/* The options that are files of a control group (cgroup-v2.rst). Private to superd/start/cgroup_settings*. */
#pragma once

#include "lib/buf.h"
#include "superd/start/cgroup_settings.h"

/* An option and its file. */
struct cgroup_file {
	const char *option, *file;
	unsigned controller;            /* the file's controller, enum controller */
	const char *default_text;       /* text that restores the kernel's default; NULL: io.max, which has a line for each device */
	bool optional;                  /* some kernels lack the file */
	/* Appends the service's text, a line for each write(2); nothing if the service does not set the option. */
	void (*write)(const struct service *service, struct buf *out);
};

extern const struct cgroup_file cgroup_file_list[];
extern const size_t cgroup_file_count;

/* Whether the service has any text for the file. */
bool cgroup_file_is_set(const struct cgroup_file *file, const struct service *service);

/* This machine's memory in bytes, and number of tasks, for percentages; SCAN_INFINITY: unknown. */
int64_t machine_memory(void);
int64_t machine_tasks(void);

/* The amount itself, or its share of `whole`; -1: unset; SCAN_INFINITY. */
int64_t amount_resolve(const struct amount *amount, int64_t whole);

/* The disk that a path is, or whose file system it is on, as major and minor number. false and errno. */
bool device_find_disk(const char *path, size_t length, unsigned *major, unsigned *minor);
