/* Whether hosts.allow or hosts.deny have any rule at all: without one, nobody needs to be asked what they say. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

/* Both files as they were seen last. A zeroed struct has seen none. */
struct hosts_access {
	unsigned changes;               /* number of changes seen in either file */
	struct seen_file {
		dev_t device;
		ino_t inode;
		off_t size;
		struct timespec changed;
		bool known, has_rule;
	} files[2];
};

/* Whether hosts.allow and hosts.deny may turn away some client of this daemon; where it can't be known, they may. Reads
 * both files. */
bool hosts_access_may_deny(const char *daemon);

/* Looks at the files afresh where they have changed; one that can't be read counts as having rules. */
bool hosts_access_has_rules(struct hosts_access *wraps);
