/* private_devices: a tmpfs on /dev with the few harmless device nodes.
 *
 * mknod(2) needs CAP_MKNOD, which containers lack. So the nodes are bind-mounted from the machine's /dev, and opened
 * while that is still visible. A node that is missing there is missing here too. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/stages/mount_tree.h"

static const struct { const char *path; bool recursive; } kept_devices[DEVICES] = {
	{ "/dev/null", false }, { "/dev/zero", false }, { "/dev/full", false }, { "/dev/random", false },
	{ "/dev/urandom", false }, { "/dev/tty", false }, { "/dev/pts", true }, { "/dev/shm", true },
	{ "/dev/mqueue", true }, { "/dev/hugepages", true }, { "/dev/ptmx", false }, { "/dev/log", false },
};

static const struct { const char *name, *target; } links[] = {
	{ "fd", "/proc/self/fd" }, { "stdin", "/proc/self/fd/0" }, { "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

int devices_take(const struct account *user, struct device_trees *devices)
{
	for (size_t n = 0; n < DEVICES; n++) {
		devices->of[n] = mount_tree_open(user, kept_devices[n].path, kept_devices[n].recursive);
		if (devices->of[n] < 0 && errno != ENOENT && errno != ENXIO)
			return -1;
	}
	return 0;
}

int devices_put(const struct account *user, const struct device_trees *devices, unsigned set)
{
	if (mount_new(user, "tmpfs", "/dev", MS_NOSUID | MS_NOEXEC | MS_STRICTATIME,
		      "mode=755,size=4m,nr_inodes=64k") < 0)
		return -1;
	for (size_t n = 0; n < DEVICES; n++) {
		if (devices->of[n] < 0)
			continue;
		mount_tree_make_place(user, kept_devices[n].path, devices->of[n]);
		if (mount_tree_set_attr(devices->of[n], set, 0) < 0 ||
		    mount_tree_attach(user, devices->of[n], kept_devices[n].path) < 0)
			return -1;
	}
	for (size_t n = 0; n < sizeof(links) / sizeof(links[0]); n++) {
		char name[16] = "/dev/";

		memcpy(name + 5, links[n].name, strlen(links[n].name) + 1);
		if (symlink(links[n].target, name) < 0)
			return -1;
	}
	return 0;
}
