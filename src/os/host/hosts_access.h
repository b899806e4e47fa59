/* Whether hosts.allow or hosts.deny (hosts_access(5)) contain any rule. Without a rule, superd need not ask libwrap. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

/* Both files as they were read last. A zeroed struct has read none. */
struct hosts_access {
	unsigned changes;               /* number of changes seen in either file */
	struct seen_file {
		dev_t device;
		ino_t inode;
		off_t size;
		struct timespec changed;        /* st_ctim */
		bool known, has_rule;           /* the file exists and the fields are valid; it has a rule */
		bool settled;                   /* the file was read well after its last change */
	} files[2];                     /* hosts.allow, hosts.deny */
};

/* Reads the files again if they have changed. A file that cannot be read counts as having rules. */
bool hosts_access_has_rules(struct hosts_access *files);
