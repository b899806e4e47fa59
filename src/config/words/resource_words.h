/* Words of resources and devices: shares, limits of a device, rules for devices, networks by number. Their types read
 * them to check an option; exec/resources reads them again for this machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/access/access.h"

#define WHOLE 10000                     /* hundredths of per cent */

/* "12.5%" in hundredths of per cent. false: it is none. */
bool percent_scan(const char *text, int64_t *hundredths);

/* "PATH 10M", as many bytes or operations a second. */
struct device_limit {
	const char *path;
	size_t path_length;
	int64_t most;                   /* SCAN_INFINITY: as many as there are */
};

bool device_limit_read(const char *word, struct device_limit *limit);

enum device_right { DEVICE_MKNOD = 1 << 0, DEVICE_READ = 1 << 1, DEVICE_WRITE = 1 << 2 };      /* as the kernel's BPF_DEVCG_ACC_x */

/* "/dev/null rw", "char-pts rw", "block-*". */
struct device_rule {
	const char *name;               /* a path; of a kind, the pattern of its names in /proc/devices */
	size_t length;
	bool is_kind, is_block;
	unsigned rights;                /* enum device_right */
};

bool device_rule_read(const char *word, struct device_rule *rule);

#define NETWORKS_MOST 2

/* any, localhost, link-local, multicast, or an address with or without the bits of its network. How many it stands for; 0: it
 * is none of these. */
size_t networks_read(const char *word, struct network networks[NETWORKS_MOST]);

bool network_is_v4(const struct network *network);
