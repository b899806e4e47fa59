/* Words of resources and devices: shares, rules for devices, networks. table/type defines the
 * functions to check options; superd/start parses the words again. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/service/access.h"

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
