/* The options that are files of a control group. Private to exec/resources/cgroup_settings*. */
#pragma once

#include "base/buf.h"
#include "exec/resources/cgroup_settings.h"

struct cgroup_file {
	const char *option, *file;
	unsigned controller;            /* enum controller */
	const char *usual;              /* the kernel's default; NULL: io.max, a line per device */
	bool optional;                  /* some kernels lack the file */
	/* Writes the row's text, a line for each write(2); nothing if the row does not set the option. */
	void (*write)(const struct service *service, struct buf *out);
};

extern const struct cgroup_file cgroup_file_list[];
extern const size_t cgroup_file_count;

/* Whether the file has any text for this row. */
bool cgroup_file_is_set(const struct cgroup_file *file, const struct service *service);

/* Bytes of memory and number of tasks of this machine, for percentages; SCAN_INFINITY: unknown. */
int64_t machine_memory(void);
int64_t machine_tasks(void);

int64_t amount_resolve(const struct amount *amount, int64_t whole);     /* -1: unset; SCAN_INFINITY */

/* The disk a path is or lies on, as major and minor. false and errno. */
bool device_find_disk(const char *path, size_t length, unsigned *major, unsigned *minor);
