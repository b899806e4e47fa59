/* Follows a path as path_resolution(7) describes, without ever entering a folder that another user controls. Mounts are
 * judged before they are crossed, by the text of mountinfo: a query to the mounted file system itself may wait for
 * ever.
 *
 * In a sticky folder such as /tmp, a file that superd created is safe, as other users cannot replace it. A missing file
 * belongs to whoever creates it first, so superd creates it before it trusts it. */
#include "os/fs/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"

#define LINKS_MOST 40                   /* as the kernel: MAXSYMLINKS */
#define MOUNTS_MOST (4 << 20)
#define CACHE_SECONDS 5                 /* mounts below root's folders are root's, so an old list does no harm */
/* Overflowuid: the kernel reports it for owners without a number in this user namespace. */
#define NOBODY 65534u

/* File systems that the kernel serves itself, from memory or a local disk. */
static const char *const local_systems[] = {
	"bcachefs", "bdev", "binfmt_misc", "bpf", "btrfs", "cgroup", "cgroup2", "configfs", "cramfs", "debugfs",
	"devpts", "devtmpfs", "efivarfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hugetlbfs",
	"iso9660", "jfs", "mqueue", "msdos", "nilfs2", "ntfs3", "overlay", "proc", "pstore", "ramfs",
	"reiserfs", "romfs", "rootfs", "securityfs", "squashfs", "sysfs", "tmpfs", "tracefs", "ubifs", "udf",
	"vfat", "xfs", "zfs",
};

/* The state of a walk along a path. */
struct walk {
	char known[PATH_MAX];           /* the folder reached, which is trusted, without links; "": / */
	char rest[PATH_MAX];            /* the names to follow from there */
	unsigned flaws;                 /* enum path_flaw: those to look for */
	const char *mounts;             /* path_mounts; NULL: unknown */
	/* Mounts, read again because those given were too old; NULL: not read again; freed at the end. */
	char *reread;
	dev_t device;                   /* device of `known` */
	bool counts_groups;             /* every group that may write is a flaw; else only the account's groups */
	const struct account *account;
	int links;                      /* links followed so far, LINKS_MOST at most */
	/* `known` is sticky and others may write it, so a name in it must be owned by superd or root. */
	bool is_shared;
	struct path_finding *finding;
};

char *path_mounts(void)
{
	size_t length;

	return fd_read_file("/proc/self/mountinfo", MOUNTS_MOST, &length);
}

const char *path_mounts_cached(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static char *mounts, *before;
	static double read_at;
	double now = clock_now();
	const char *result;

	pthread_mutex_lock(&lock);
	if (!mounts || now - read_at >= CACHE_SECONDS) {
		free(before);
		before = mounts;
		mounts = path_mounts();
		read_at = now;
	}
	result = mounts;
	pthread_mutex_unlock(&lock);
	return result;
}

static bool is_local_system(const char *system, size_t length)
{
	for (size_t n = 0; n < sizeof(local_systems) / sizeof(*local_systems); n++) {
		if (strlen(local_systems[n]) == length && !memcmp(local_systems[n], system, length))
			return true;
	}
	return false;
}

/* Compares a name with one of mountinfo, which writes blanks and backslashes in octal (proc_pid_mountinfo(5)). */
static bool equals_mountinfo_name(const char *name, const char *text, const char *end)
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
	/* Type of the file system, `length` bytes in `mounts`; NULL: nothing is mounted there. */
	const char *system;
	size_t length;
	unsigned major, minor;
};

/* Finds the mount at exactly this path, the last one if there are several. */
static struct mounted find_mount_at(const char *mounts, const char *path)
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
		if (dash && dash < end && equals_mountinfo_name(path, field, field + strcspn(field, " \n"))) {
			mounted.system = dash + 3;
			mounted.length = strcspn(mounted.system, " \n");
			sscanf(device, "%u:%u", &mounted.major, &mounted.minor);
		}
		line = *end ? end + 1 : end;
	}
	return mounted;
}

/* In a user namespace, users without a number there, among them the machine's root, appear as nobody (overflowuid,
 * user_namespaces(7)). Then nobody's files are the machine's. This does not hold if nobody itself has a number in the
 * namespace. */
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

bool path_uid_is_own(uid_t owner)
{
	return owner == 0 || owner == geteuid() || (owner == NOBODY && nobody_is_outside());
}

static bool is_owned_by_us(const struct stat *status)
{
	return path_uid_is_own(status->st_uid);
}

static bool report_flaw(struct walk *walk, enum path_flaw flaw, const char *place, const struct stat *status)
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

/* The mount option user_id of a FUSE (fuse(4)): a user mounted it unless it is root's. */
static uid_t fuse_owner(const char *system)
{
	static const char word[] = "user_id=";
	const char *end = system + strcspn(system, "\n"), *at = strstr(system, word);

	return at && at < end ? (uid_t)strtoul(at + sizeof(word) - 1, NULL, 10) : 0;
}

uid_t path_fuse_user(const char *mounts, dev_t device)
{
	unsigned major, minor;

	for (const char *line = mounts; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (sscanf(line, "%*u %*u %u:%u", &major, &minor) == 2 && makedev(major, minor) == device)
			return fuse_owner(line);
	}
	return 0;
}

static void report_broken(struct walk *walk, const char *path, int error)
{
	report_flaw(walk, PATH_BROKEN, path, NULL);
	walk->finding->error = error;
}

static bool report_remote(struct walk *walk, const char *path, const char *system, size_t length)
{
	if (!report_flaw(walk, PATH_REMOTE, path, NULL))
		return false;
	snprintf(walk->finding->system, sizeof(walk->finding->system), "%.*s", (int)length, system);
	walk->finding->owner = fuse_owner(system);
	return true;
}

/* The root itself is never checked: if it hangs, superd hangs anyway. */
static bool is_remote(struct walk *walk, const char *path)
{
	struct mounted mounted = find_mount_at(walk->mounts, path);

	return mounted.system && !is_local_system(mounted.system, mounted.length) &&
	       report_remote(walk, path, mounted.system, mounted.length);
}

/* Whether a group that may write is no danger to the caller: it is not one of the account's. */
static bool is_harmless_group(const struct walk *walk, gid_t group)
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

	if (!is_owned_by_us(status) && report_flaw(walk, PATH_OWNER, path, status))
		return true;
	if (!sticky && (status->st_mode & S_IWOTH) && report_flaw(walk, PATH_WORLD, path, status))
		return true;
	if (!sticky && (status->st_mode & S_IWGRP) && !is_harmless_group(walk, status->st_gid) &&
	    report_flaw(walk, PATH_GROUP, path, status))
		return true;
	walk->is_shared = sticky && (status->st_mode & (S_IWGRP | S_IWOTH));
	return false;
}

/* Cuts the next name off walk->rest. false: there is none. */
static bool next_name(struct walk *walk, char name[NAME_MAX + 1], bool *is_last)
{
	size_t skip = strspn(walk->rest, "/"), length = strcspn(walk->rest + skip, "/");
	const char *behind = walk->rest + skip + length;

	if (!length)
		return false;
	if (length > NAME_MAX) {
		report_broken(walk, walk->rest, 0);
		return false;
	}
	memcpy(name, walk->rest + skip, length);
	name[length] = '\0';
	*is_last = !behind[strspn(behind, "/")];
	memmove(walk->rest, behind, strlen(behind) + 1);
	return true;
}

/* A user may mount a file system on his folder just before this call, too late for mountinfo. FUSE
 * (fuse_update_get_attr) and NFS then answer without asking their server (AT_STATX_DONT_SYNC). */
#ifdef HAVE_STATX
int path_stat_cached(int at, const char *path, struct stat *status, bool *is_root)
{
	struct statx known;

	if (statx(at, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		  STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID, &known) < 0)
		return errno == ENOSYS ? fstatat(at, path, status, AT_SYMLINK_NOFOLLOW) : -1;
	*status = (struct stat){ .st_mode = known.stx_mode, .st_uid = known.stx_uid, .st_gid = known.stx_gid,
				 .st_dev = makedev(known.stx_dev_major, known.stx_dev_minor) };
#ifdef STATX_ATTR_MOUNT_ROOT
	*is_root = known.stx_attributes & STATX_ATTR_MOUNT_ROOT;
#endif
	return 0;
}
#else
int path_stat_cached(int at, const char *path, struct stat *status, bool *is_root)
{
	(void)is_root;
	return fstatat(at, path, status, AT_SYMLINK_NOFOLLOW);
}
#endif

/* Updates walk->device after walk->known went back to a folder that was entered before. */
static void update_device(struct walk *walk)
{
	struct stat status = { 0 };
	bool is_root;

	path_stat_cached(AT_FDCWD, *walk->known ? walk->known : "/", &status, &is_root);
	walk->device = status.st_dev;
}

static bool follow_link(struct walk *walk, const char *path)
{
	char target[PATH_MAX], whole[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	walk->finding->error = length < 0 ? errno : 0;
	if (length <= 0 || length == (ssize_t)sizeof(target) - 1 || ++walk->links > LINKS_MOST)
		return false;
	target[length] = '\0';
	if (snprintf(whole, sizeof(whole), "%s/%s", target, walk->rest) >= (int)sizeof(whole))
		return false;
	memcpy(walk->rest, whole, strlen(whole) + 1);
	if (*target == '/') {
		walk->known[0] = '\0';
		update_device(walk);
	}
	return true;
}

/* The walk ends at a name that does not exist. That is no flaw unless others could create it. */
static void end_at_missing(struct walk *walk, const char *path, bool is_last)
{
	if (errno != ENOENT && errno != ENOTDIR)
		report_broken(walk, path, errno);
	else if (walk->is_shared)
		walk->finding->is_absent = report_flaw(walk, PATH_WORLD, walk->known, NULL);
	walk->finding->is_missing = walk->finding->is_absent && is_last;
}

static bool is_on_device(const struct mounted *mounted, const struct stat *status)
{
	static const char btrfs[] = "btrfs"; /* its subvolumes have devices that mountinfo does not show */

	if (!mounted->system)
		return false;
	return makedev(mounted->major, mounted->minor) == status->st_dev ||
	       (mounted->length == strlen(btrfs) && !memcmp(mounted->system, btrfs, strlen(btrfs)));
}

/* Whether the path is a mount that the list of mounts lacks. The list may be some seconds old, so it is read again. The
 * root of a file system that a user mounted just now may look like root's folder: until its server was asked, its owner
 * is 0. So an unknown mount is not entered. */
static bool is_unknown_mount(struct walk *walk, const char *path, const struct stat *status, bool is_root)
{
	struct mounted mounted = find_mount_at(walk->mounts, path);

	if (!walk->mounts || (!is_root && status->st_dev == walk->device) || is_on_device(&mounted, status))
		return false;
	free(walk->reread);
	walk->mounts = walk->reread = path_mounts();
	mounted = find_mount_at(walk->mounts, path);
	if (!walk->mounts || is_on_device(&mounted, status))
		return is_remote(walk, path);
	return is_root && report_remote(walk, path, "unknown", strlen("unknown"));
}

/* Walks one name further. false: the walk ends here, with a flaw or without. */
static bool walk_name(struct walk *walk, const char *name, bool is_last)
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
		walk->is_shared = false; /* superd came through it, so it was trusted */
		update_device(walk);
		return true;
	}
	if (snprintf(path, sizeof(path), "%s/%s", walk->known, name) >= (int)sizeof(path)) {
		report_flaw(walk, PATH_BROKEN, walk->known, NULL);
		return false;
	}
	if (is_remote(walk, path))
		return false;
	if (path_stat_cached(AT_FDCWD, path, &status, &is_root) < 0) {
		end_at_missing(walk, path, is_last);
		return false;
	}
	if (is_unknown_mount(walk, path, &status, is_root))
		return false;
	if (walk->is_shared && !is_owned_by_us(&status) && report_flaw(walk, PATH_WORLD, walk->known, &status))
		return false;
	if (S_ISLNK(status.st_mode)) {
		if (follow_link(walk, path))
			return true;
		report_flaw(walk, PATH_BROKEN, path, &status);  /* with the error that follow_link has noted */
		return false;
	}
	if (S_ISDIR(status.st_mode) && !is_last) {
		if (folder_is_flawed(walk, path, &status))
			return false;
		memcpy(walk->known, path, strlen(path) + 1);
		walk->device = status.st_dev;
		return true;
	}
	if (!is_owned_by_us(&status) || (status.st_mode & (S_IWGRP | S_IWOTH)))
		report_flaw(walk, PATH_FILE, path, &status);
	return false;
}

static bool walk_path(struct walk *walk, const char *path)
{
	char name[NAME_MAX + 1];
	bool is_last;

	*walk->finding = (struct path_finding){ .flaw = PATH_NO_FLAW };
	if (*path != '/' || snprintf(walk->rest, sizeof(walk->rest), "%s", path) >= (int)sizeof(walk->rest)) {
		report_flaw(walk, PATH_BROKEN, path, NULL);
		return false;
	}
	update_device(walk);
	while (next_name(walk, name, &is_last) && walk_name(walk, name, is_last))
		;
	free(walk->reread);
	return walk->finding->flaw == PATH_NO_FLAW;
}

bool path_is_trusted(const char *path, unsigned flaws, const char *mounts, struct path_finding *finding)
{
	struct walk walk = { .flaws = flaws, .mounts = mounts, .finding = finding, .counts_groups = true };

	return walk_path(&walk, path);
}

bool path_is_trusted_for(const char *path, unsigned flaws, const struct account *account, const char *mounts,
			 struct path_finding *finding)
{
	struct walk walk = { .flaws = flaws, .mounts = mounts, .finding = finding, .account = account };

	return walk_path(&walk, path);
}

void path_finding_describe(const struct path_finding *finding, struct buf *out)
{
	switch (finding->flaw) {
	case PATH_OWNER:
	case PATH_FILE:
		if (!path_uid_is_own(finding->owner))
			buf_addf(out, "%s belongs to user %lu", finding->place, (unsigned long)finding->owner);
		else
			buf_addf(out, "%s can be written by others", finding->place);
		break;
	case PATH_GROUP:
		buf_addf(out, "%s can be written by group %lu", finding->place, (unsigned long)finding->group);
		break;
	case PATH_WORLD:
		buf_addf(out, "%s can be written by all users", finding->place);
		break;
	case PATH_REMOTE:
		buf_addf(out, "%s is a file system of type %s, which may not answer", finding->place, finding->system);
		break;
	case PATH_BROKEN:
		buf_addf(out, "%s cannot be followed", finding->place);
		if (finding->error)
			buf_addf(out, ": %s", strerror(finding->error));
		break;
	case PATH_NO_FLAW:
		buf_text(out, "nothing is wrong with it");
		break;
	}
}

/* Creates the file only if it is new, and follows no link: so superd owns it if this succeeds. */
static bool create_file(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, mode);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool path_is_open_to_us(const char *path, mode_t mode, const struct account *account, const char *mounts,
			struct path_finding *finding)
{
	if (path_is_trusted_for(path, PATH_OPEN_FLAWS, account, mounts, finding))
		return true;
	return mode && finding->is_missing && create_file(path, mode) &&
	       path_is_trusted_for(path, PATH_OPEN_FLAWS, account, mounts, finding);
}

/* Another, unprivileged user's rights are no danger; nor is a file system that root has mounted. */
enum path_opener path_opener_by(const struct account *account, const struct path_finding *finding)
{
	bool is_other_user = account && account->switches && account->uid != 0 && account->uid != geteuid();

	return is_other_user || (finding->flaw == PATH_REMOTE && finding->owner == 0) ? PATH_OPENED_BY_CHILD
										   : PATH_REFUSED;
}

enum path_opener path_opener(const char *path, mode_t mode, const struct account *account, const char *mounts,
			     struct path_finding *finding)
{
	if (account && !account->switches)
		account = NULL;
	if (path_is_open_to_us(path, mode, account, mounts, finding))
		return PATH_OPENED_BY_SUPERD;
	return path_opener_by(account, finding);
}

void path_finding_add(const struct path_finding *finding, struct buf *out)
{
	buf_text(out, ": ");
	path_finding_describe(finding, out);
	if (finding->flaw == PATH_OWNER || finding->flaw == PATH_GROUP || finding->flaw == PATH_WORLD)
		buf_text(out, ", who could replace it by a link");
}

/* The folder for runtime files: /run, as configured, or the user's own. XDG_RUNTIME_DIR counts only if superd's real
 * user is not root and it holds an absolute path. */

const char *runtime_dir(void)
{
	const char *own = getuid() ? getenv("XDG_RUNTIME_DIR") : NULL;

	return own && *own == '/' ? own : RUNSTATEDIR;
}
