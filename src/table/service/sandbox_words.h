/* Words of options for hardening, devices and networks, which their types (table/option/type_sandbox, type_network) have
 * checked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/service/access.h"
#include "table/service/service.h"

/* A word of bind_paths: SOURCE[:TARGET[:rbind|norbind]]. Its parts are borrowed from the word. */
struct bind_path {
	const char *source, *target;
	size_t source_length, target_length;
	bool optional;                  /* the source may be missing */
	bool recursive;                 /* with the mounts below it: MS_REC of mount(2) */
};

bool bind_path_read(const char *word, struct bind_path *out);

/* Returns the path of a word of read_only_paths and others behind its prefix. optional (-): it may be missing; inside
 * (+): it is below root_directory. */
const char *protected_path(const char *word, bool *optional, bool *inside);

/* Whether a list of signed words denies its words and allows the rest; otherwise it allows only its words. */
static inline bool signed_list_denies(words list)
{
	return list && list[0] && list[0][0] == '~';
}

/* For restrict_address_families: finds the number of a family such as "AF_INET" (address_families(7)). false: unknown. */
bool address_family_find(const char *name, int *out);

/* For system_call_error_number. */
enum { ERRNO_KILL = -1, ERRNO_MOST = 4095 };    /* kill the process; the kernel's highest error (MAX_ERRNO) */

/* Reads "EPERM", a number from 0 to 4095, or "kill". false: it is none of them. */
bool errno_scan(const char *text, int64_t *out);

/* Returns the name of an error; NULL: it has none. */
const char *errno_name(int64_t number);

/* The groups of system calls for system_call_filter, with names that begin with @. Source: systemd.exec(5),
 * SystemCallFilter=. */
struct syscall_group {
	const char *name;               /* with its @ */
	const char *calls;              /* calls and groups, separated by blanks */
};

/* The group of all calls, which is not in the list. */
#define CALL_GROUP_ALL "@known"

extern const struct syscall_group syscall_groups[];
extern const size_t syscall_group_count;

/* Finds a group by its name. NULL: unknown. */
const struct syscall_group *syscall_group_find(const char *name);

#define WHOLE 10000                     /* 100 % in hundredths of a percent */

/* Bits of the kernel's BPF_DEVCG_ACC_x. */
enum device_right { DEVICE_MKNOD = 1 << 0, DEVICE_READ = 1 << 1, DEVICE_WRITE = 1 << 2 };

/* "/dev/null rw", "char-pts rw", "block-*". name is borrowed from the word. */
struct device_rule {
	const char *name;               /* a path; with is_kind, a pattern of names in /proc/devices */
	size_t length;
	bool is_kind, is_block;         /* char-NAME or block-NAME; block-NAME */
	unsigned rights;                /* enum device_right */
};

bool device_rule_read(const char *word, struct device_rule *rule);

#define NETWORKS_MOST 2                 /* networks of a word */

/* Reads any, localhost, link-local, multicast, or an address with or without /BITS. Returns the number of networks; 0:
 * it is none of these. */
size_t networks_read(const char *word, struct network networks[NETWORKS_MOST]);

bool network_is_v4(const struct network *network);
