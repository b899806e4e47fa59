/* The cheap answers come first, from the kernel's own memory: a stranger can neither keep superd from answering nor
 * make it spend much. Sources: proc_pid_status(5), proc_pid_ns(5), namespaces(7). */
#include "worker/bind/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static ino_t inode_at(int proc, const char *name, dev_t *device)
{
	struct stat status;

	if (fstatat(proc, name, &status, 0) < 0)
		return 0;
	if (device)
		*device = status.st_dev;
	return status.st_ino;
}

static void read_namespaces(int proc, struct caller_place *place)
{
	*place = (struct caller_place){
		.user = inode_at(proc, "ns/user", NULL), .network = inode_at(proc, "ns/net", NULL),
		.mount = inode_at(proc, "ns/mnt", NULL),
	};
}

static void read_root(int proc, struct caller_place *place)
{
	place->root = inode_at(proc, "root", &place->root_device);
}

static int open_proc(const char *process)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%s", process);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void caller_place_read_own(struct caller_place *own)
{
	int proc = open_proc("self");

	read_namespaces(proc, own);
	read_root(proc, own);
	if (proc >= 0)
		close(proc);
}

/* The place that the service's processes have to be in. */
static struct caller_place home_of(const struct caller_rule *rule, const struct caller_place *own)
{
	struct caller_place home;
	char process[16];
	int proc;

	if (!rule->is_apart)
		return *own;
	snprintf(process, sizeof(process), "%ld", (long)rule->program);
	proc = open_proc(process);
	read_namespaces(proc, &home);
	read_root(proc, &home);
	if (proc >= 0)
		close(proc);
	if (!rule->has_network)
		home.network = own->network;
	return home;
}

enum caller_kind caller_find(struct target_process *target, const struct caller_rule *rule,
			     const struct caller_place *own, uid_t *uid)
{
	struct target_status status;
	struct caller_place home, place;
	bool is_main, has_user, is_path_at_home;

	if (!target_read_status(target, &status))
		return CALLER_IS_HIDDEN;
	*uid = status.uid;
	is_main = status.process == rule->program;
	has_user = status.uid == rule->uid && (status.uid == 0 || status.gid == rule->gid);
	/* A daemon of root's may have given up its user; another one runs a program with a set-user-id bit. */
	if (!has_user && !(is_main && rule->uid == 0))
		return CALLER_IS_OTHER_USER;
	if (rule->is_complete && !is_main && status.parent != rule->program)
		return CALLER_IS_LATE;
	if (!target_inspect(target))
		return CALLER_IS_HIDDEN;
	home = home_of(rule, own);
	read_namespaces(target->proc, &place);
	if (!place.user || place.user != home.user || place.network != home.network)
		return CALLER_IS_ELSEWHERE;
	/* A root may be in a file system that never answers: only one of the service's own user gets so far. */
	read_root(target->proc, &place);
	is_path_at_home = place.mount == home.mount &&
		(is_main || (place.root == home.root && place.root_device == home.root_device));
	return is_path_at_home ? CALLER_IS_OWN : CALLER_HAS_NO_PATHS;
}
