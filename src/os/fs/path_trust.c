/* Following a path as path_resolution(7) does, without ever entering what somebody else answers for. Mounts are judged
 * before they are crossed, by the text of mountinfo: asking the mounted file system itself may wait for ever. */
#include "os/fs/path_trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"

#define LINKS_MOST 40                   /* as the kernel: MAXSYMLINKS */
#define MOUNTS_MOST (4 << 20)
#define NOBODY 65534u                   /* as whom the kernel shows owners that have no number here */

/* File systems that the kernel serves by itself from memory or a local disk. */
static const char *const local[] = {
	"bcachefs", "bdev", "binfmt_misc", "bpf", "btrfs", "cgroup", "cgroup2", "configfs", "cramfs", "debugfs",
	"devpts", "devtmpfs", "efivarfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hugetlbfs",
	"iso9660", "jfs", "mqueue", "msdos", "nilfs2", "ntfs3", "overlay", "proc", "pstore", "ramfs",
	"reiserfs", "romfs", "rootfs", "securityfs", "squashfs", "sysfs", "tmpfs", "tracefs", "ubifs", "udf",
	"vfat", "xfs", "zfs",
};

/* A walk: what is known to be good, and what is still to be followed from there. */
struct walk {
	char known[PATH_MAX];           /* "" is / */
	char rest[PATH_MAX];
	unsigned flaws;
	const char *mounts;
	char *fresh;                    /* mounts, where those given turned out to be too old; NULL: they have not */
	dev_t device;                   /* of known */
	bool counts_groups;             /* all of them; else only the account's */
	const struct account *account;
	int links;
	bool is_shared;                 /* known is sticky and others write it: what is in it has to be ours */
	struct path_finding *finding;
};

char *path_mounts(void)
{
	size_t length;

	return fd_read_file("/proc/self/mountinfo", MOUNTS_MOST, &length);
}

static bool is_local(const char *system, size_t length)
{
	for (size_t n = 0; n < sizeof(local) / sizeof(*local); n++) {
		if (strlen(local[n]) == length && !memcmp(local[n], system, length))
			return true;
	}
	return false;
}

/* Compares a name with one of mountinfo, where blanks and backslashes are octal. */
static bool is_name(const char *name, const char *text, const char *end)
{
	for (; *name && text < end; name++, text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '\\' && end - text > 3) {
			byte = (unsigned char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 3;
		}
		if ((unsigned char)*name != byte)
			return false;
	}
	return !*name && text == end;
}

struct mounted {
	const char *system;             /* its kind, of this length; NULL: nothing is mounted there */
	size_t length;
	unsigned major, minor;
};

/* What is mounted at this very path, the last one where there are several. */
static struct mounted mounted_at(const char *mounts, const char *path)
{
	struct mounted mounted = { 0 };

	for (const char *line = mounts; line && *line;) {
		const char *end = line + strcspn(line, "\n"), *field = line, *device = line, *dash;

		for (int n = 0; n < 4 && field < end; n++) {
			if (n == 2)
				device = field;
			field += strcspn(field, " \n");
			field += *field == ' ';
		}
		dash = field < end ? strstr(field, " - ") : NULL;
		if (dash && dash < end && is_name(path, field, field + strcspn(field, " \n"))) {
			mounted.system = dash + 3;
			mounted.length = strcspn(mounted.system, " \n");
			sscanf(device, "%u:%u", &mounted.major, &mounted.minor);
		}
		line = *end ? end + 1 : end;
	}
	return mounted;
}

/* In a user namespace root of the machine may have no number: it is shown as nobody (overflowuid), and so is whoever
 * else is outside. What they own there is the machine's. Not so where nobody has a number here. */
static bool nobody_is_outside(void)
{
	static atomic_int known = -1;
	unsigned long long inside, outside, count;
	char *text, *line, *rest;
	size_t length;
	int result = 1;

	if (known >= 0)
		return known;
	text = fd_read_file("/proc/self/uid_map", 1 << 16, &length);
	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "%llu %llu %llu", &inside, &outside, &count) == 3 && inside <= NOBODY &&
		    NOBODY - inside < count)
			result = 0;
	}
	known = text ? result : 0;
	free(text);
	return known;
}

static bool is_own(uid_t owner)
{
	return owner == 0 || owner == geteuid() || (owner == NOBODY && nobody_is_outside());
}

static bool is_ours(const struct stat *status)
{
	return is_own(status->st_uid);
}

static bool found(struct walk *walk, enum path_flaw flaw, const char *place, const struct stat *status)
{
	struct path_finding *finding = walk->finding;

	if (flaw != PATH_BROKEN && !(walk->flaws & flaw))
		return false;
	finding->flaw = flaw;
	snprintf(finding->place, sizeof(finding->place), "%s", *place ? place : "/");
	finding->owner = status ? status->st_uid : 0;
	finding->group = status ? status->st_gid : 0;
	return true;
}

/* What fuse tells in its options; a user of his own has mounted it where that is not root's number. */
static uid_t mounted_by(const char *system)
{
	static const char word[] = "user_id=";
	const char *end = system + strcspn(system, "\n"), *at = strstr(system, word);

	return at && at < end ? (uid_t)strtoul(at + sizeof(word) - 1, NULL, 10) : 0;
}

static bool find_remote(struct walk *walk, const char *path, const char *system, size_t length)
{
	if (!found(walk, PATH_REMOTE, path, NULL))
		return false;
	snprintf(walk->finding->system, sizeof(walk->finding->system), "%.*s", (int)length, system);
	walk->finding->owner = mounted_by(system);
	return true;
}

/* The root itself is never judged: where it hangs, superd hangs anyway. */
static bool is_remote(struct walk *walk, const char *path)
{
	struct mounted mounted = mounted_at(walk->mounts, path);

	return mounted.system && !is_local(mounted.system, mounted.length) &&
	       find_remote(walk, path, mounted.system, mounted.length);
}

/* A group that can't harm this caller. */
static bool is_far(const struct walk *walk, gid_t group)
{
	const struct account *account = walk->account;

	if (walk->counts_groups)
		return false;
	if (!account || account->gid == group)
		return !account;
	for (size_t n = 0; n < account->group_count; n++) {
		if (account->groups[n] == group)
			return false;
	}
	return true;
}

static bool folder_is_flawed(struct walk *walk, const char *path, const struct stat *status)
{
	bool sticky = status->st_mode & S_ISVTX;

	if (!is_ours(status) && found(walk, PATH_OWNER, path, status))
		return true;
	if (!sticky && (status->st_mode & S_IWOTH) && found(walk, PATH_WORLD, path, status))
		return true;
	if (!sticky && (status->st_mode & S_IWGRP) && !is_far(walk, status->st_gid) &&
	    found(walk, PATH_GROUP, path, status))
		return true;
	walk->is_shared = sticky && (status->st_mode & (S_IWGRP | S_IWOTH));
	return false;
}

/* Takes the next name off what is to be followed; false: there is none. */
static bool next_name(struct walk *walk, char name[NAME_MAX + 1], bool *is_last)
{
	size_t skip = strspn(walk->rest, "/"), length = strcspn(walk->rest + skip, "/");
	const char *behind = walk->rest + skip + length;

	if (!length)
		return false;
	if (length > NAME_MAX) {
		found(walk, PATH_BROKEN, walk->rest, NULL);
		return false;
	}
	memcpy(name, walk->rest + skip, length);
	name[length] = '\0';
	*is_last = !behind[strspn(behind, "/")];
	memmove(walk->rest, behind, strlen(behind) + 1);
	return true;
}

/* A folder of a user is looked at when it stands last, and he may mount a file system of his own there just before,
 * where mountinfo had none yet. So its server is not asked: FUSE (fuse_update_get_attr) and NFS give what they know. */
#ifdef HAVE_STATX
static int look(const char *path, struct stat *status, bool *is_root)
{
	struct statx known;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		  STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID, &known) < 0)
		return errno == ENOSYS ? lstat(path, status) : -1;
	*status = (struct stat){ .st_mode = known.stx_mode, .st_uid = known.stx_uid, .st_gid = known.stx_gid,
				 .st_dev = makedev(known.stx_dev_major, known.stx_dev_minor) };
#ifdef STATX_ATTR_MOUNT_ROOT
	*is_root = known.stx_attributes & STATX_ATTR_MOUNT_ROOT;
#endif
	return 0;
}
#else
static int look(const char *path, struct stat *status, bool *is_root)
{
	(void)is_root;
	return lstat(path, status);
}
#endif

/* known has become another one, which was entered before. */
static void note_device(struct walk *walk)
{
	struct stat status = { 0 };
	bool is_root;

	look(*walk->known ? walk->known : "/", &status, &is_root);
	walk->device = status.st_dev;
}

static bool follow_link(struct walk *walk, const char *path)
{
	char target[PATH_MAX], whole[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	if (length <= 0 || length == (ssize_t)sizeof(target) - 1 || ++walk->links > LINKS_MOST)
		return false;
	target[length] = '\0';
	if (snprintf(whole, sizeof(whole), "%s/%s", target, walk->rest) >= (int)sizeof(whole))
		return false;
	memcpy(walk->rest, whole, strlen(whole) + 1);
	if (*target == '/') {
		walk->known[0] = '\0';
		note_device(walk);
	}
	return true;
}

/* What is not there can't be followed any further. It is no flaw, unless others could make it. */
static void end_at_nothing(struct walk *walk, const char *path, bool is_last)
{
	if (errno != ENOENT && errno != ENOTDIR)
		found(walk, PATH_BROKEN, path, NULL);
	else if (walk->is_shared)
		walk->finding->is_absent = found(walk, PATH_WORLD, walk->known, NULL);
	walk->finding->is_missing = walk->finding->is_absent && is_last;
}

static bool is_device_of(const struct mounted *mounted, const struct stat *status)
{
	static const char btrfs[] = "btrfs"; /* its volumes have devices of their own, which mountinfo does not tell */

	if (!mounted->system)
		return false;
	return makedev(mounted->major, mounted->minor) == status->st_dev ||
	       (mounted->length == strlen(btrfs) && !memcmp(mounted->system, btrfs, strlen(btrfs)));
}

/* The root of a file system that a user mounted may look like a folder of root's: until its server was asked, its owner
 * is 0. So one of which the list of mounts does not know is not entered, and a list may be some seconds old. */
static bool is_unknown_mount(struct walk *walk, const char *path, const struct stat *status, bool is_root)
{
	struct mounted mounted = mounted_at(walk->mounts, path);

	if (!walk->mounts || (!is_root && status->st_dev == walk->device) || is_device_of(&mounted, status))
		return false;
	free(walk->fresh);
	walk->mounts = walk->fresh = path_mounts();
	mounted = mounted_at(walk->mounts, path);
	if (!walk->mounts || is_device_of(&mounted, status))
		return is_remote(walk, path);
	return is_root && find_remote(walk, path, "unknown", strlen("unknown"));
}

/* One name further. false: it ends here, with a flaw or without. */
static bool step(struct walk *walk, const char *name, bool is_last)
{
	char path[PATH_MAX];
	struct stat status;
	bool is_root = false;
	char *slash;

	if (!strcmp(name, "."))
		return true;
	if (!strcmp(name, "..")) {
		slash = strrchr(walk->known, '/');
		if (slash)
			*slash = '\0';
		walk->is_shared = false; /* it was ours */
		note_device(walk);
		return true;
	}
	if (snprintf(path, sizeof(path), "%s/%s", walk->known, name) >= (int)sizeof(path)) {
		found(walk, PATH_BROKEN, walk->known, NULL);
		return false;
	}
	if (is_remote(walk, path))
		return false;
	if (look(path, &status, &is_root) < 0) {
		end_at_nothing(walk, path, is_last);
		return false;
	}
	if (is_unknown_mount(walk, path, &status, is_root))
		return false;
	if (walk->is_shared && !is_ours(&status) && found(walk, PATH_WORLD, walk->known, &status))
		return false;
	if (S_ISLNK(status.st_mode)) {
		if (follow_link(walk, path))
			return true;
		found(walk, PATH_BROKEN, path, &status);
		return false;
	}
	if (S_ISDIR(status.st_mode) && !is_last) {
		if (folder_is_flawed(walk, path, &status))
			return false;
		memcpy(walk->known, path, strlen(path) + 1);
		walk->device = status.st_dev;
		return true;
	}
	if (!is_ours(&status) || (status.st_mode & (S_IWGRP | S_IWOTH)))
		found(walk, PATH_FILE, path, &status);
	return false;
}

static bool follow(struct walk *walk, const char *path)
{
	char name[NAME_MAX + 1];
	bool is_last;

	*walk->finding = (struct path_finding){ .flaw = PATH_NO_FLAW };
	if (*path != '/' || snprintf(walk->rest, sizeof(walk->rest), "%s", path) >= (int)sizeof(walk->rest)) {
		found(walk, PATH_BROKEN, path, NULL);
		return false;
	}
	note_device(walk);
	while (next_name(walk, name, &is_last) && step(walk, name, is_last))
		;
	free(walk->fresh);
	return walk->finding->flaw == PATH_NO_FLAW;
}

bool path_is_trusted(const char *path, unsigned flaws, const char *mounts, struct path_finding *finding)
{
	struct walk walk = { .flaws = flaws, .mounts = mounts, .finding = finding, .counts_groups = true };

	return follow(&walk, path);
}

bool path_is_trusted_for(const char *path, unsigned flaws, const struct account *account, const char *mounts,
			 struct path_finding *finding)
{
	struct walk walk = { .flaws = flaws, .mounts = mounts, .finding = finding, .account = account };

	return follow(&walk, path);
}

void path_finding_describe(const struct path_finding *finding, struct buf *out)
{
	switch (finding->flaw) {
	case PATH_OWNER:
	case PATH_FILE:
		if (!is_own(finding->owner))
			buf_addf(out, "%s belongs to user %lu", finding->place, (unsigned long)finding->owner);
		else
			buf_addf(out, "%s can be written by others", finding->place);
		break;
	case PATH_GROUP:
		buf_addf(out, "%s can be written by group %lu", finding->place, (unsigned long)finding->group);
		break;
	case PATH_WORLD:
		buf_addf(out, "%s can be written by everybody", finding->place);
		break;
	case PATH_REMOTE:
		buf_addf(out, "%s is a file system of type %s, which may not answer", finding->place, finding->system);
		break;
	case PATH_BROKEN:
		buf_addf(out, "%s cannot be followed", finding->place);
		break;
	case PATH_NO_FLAW:
		buf_text(out, "nothing is wrong with it");
		break;
	}
}
