/* The options that are files of a control group. Private to exec/resources/allotment*. */
#pragma once

#include "base/buf.h"
#include "exec/resources/allotment.h"

struct group_file {
	const char *option, *file;
	unsigned controller;            /* enum controller */
	const char *usual;              /* what it has when nothing is said */
	bool optional;                  /* kernels are made without it */
	/* Writes the text of a row, several lines of a file that takes one at a time; nothing: the row does not say it. */
	void (*write)(const struct service *service, struct buf *out);
};

extern const struct group_file group_files[];
extern const size_t group_file_count;

/* Whether a row says it, and of options that are a switch or a word other than the usual. */
bool group_file_is_said(const struct group_file *file, const struct service *service);

/* How much memory and how many tasks there are, of which a share is one. */
int64_t machine_memory(void);
int64_t machine_tasks(void);

int64_t amount_settle(const struct amount *amount, int64_t whole);      /* -1: unset; SCAN_INFINITY */

/* The disk a path is or lies on, as major and minor. false and errno. */
bool device_find_disk(const char *path, size_t length, unsigned *major, unsigned *minor);
