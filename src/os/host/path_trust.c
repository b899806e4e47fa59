/* Follows a path as path_resolution(7) describes, without ever entering a folder that another user controls. Mounts are
 * judged when they are crossed, by the text of mountinfo: a query to the mounted file system itself may wait for ever.
 *
 * In a sticky folder such as /tmp, a file that superd created is safe, as other users cannot replace it. A missing file
 * belongs to whoever creates it first, so superd creates it before it trusts it. */
#include "os/host/host.h"

#include <endian.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#define LINKS_MOST 40                   /* as the kernel: MAXSYMLINKS */
#define MOUNTS_MOST (4 << 20)
#define FUSE 0x65735546                 /* FUSE_SUPER_MAGIC */
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
	bool has_mounts;                /* they are given, and are not read */
	const char *mounts;             /* text of mountinfo, if given; NULL: unknown */
	path_group_test *is_empty;      /* NULL: every group but root's has members */
	void *context;                  /* its own */
	int links;                      /* links followed so far, LINKS_MOST at most */
	/* `known` is sticky and others may write it, so a name in it must be owned by superd or root. */
	bool is_shared;
	struct path_finding *finding;
};

/* The loop and the threads that read tables share them; they are used and replaced under this lock. */
static pthread_mutex_t mounts_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char *text;                     /* of mountinfo; NULL: unknown */
	struct buf automounts;          /* the mount points of autofs among them, each between two newlines */
	double read_at;
} known_mounts;

/* The mounts of this process, at most so many seconds old, or older where they cannot be read now. NULL and errno: as
 * without /proc. */
static const char *read_mounts(double seconds)
{
	double now = clock_now();
	char *text = NULL, point[PATH_MAX];
	size_t length;

	if (!known_mounts.text || now - known_mounts.read_at >= seconds)
		text = fd_read_file("/proc/self/mountinfo", MOUNTS_MOST, &length);
	if (!text)
		return known_mounts.text;
	free(known_mounts.text);
	known_mounts.text = text;
	known_mounts.read_at = now;
	buf_clear(&known_mounts.automounts);
	for (const char *at = text; (at = strstr(at, " - autofs ")); at++) {
		const char *line = memrchr(text, '\n', (size_t)(at - text));

		if (sscanf(line ? line + 1 : text, "%*s %*s %*s %*s %4095s", point) == 1)
			buf_addf(&known_mounts.automounts, "\n%s\n", point);
	}
	return text;
}

/* Whether an automounter has offered this folder, and has mounted nothing there (autofs(5)): its mount is the last one
 * there. While it tries to mount something for another process, a look at the folder waits, AT_NO_AUTOMOUNT or not. */
static bool is_automount(const struct walk *walk, const char *path)
{
	const char *mounts = walk->mounts;
	char text[PATH_MAX + 2];
	bool is = false;

	if (!walk->has_mounts) {
		snprintf(text, sizeof(text), "\n%s\n", path);
		pthread_mutex_lock(&mounts_lock);
		mounts = read_mounts(CACHE_SECONDS);
		mounts = mounts && strstr(buf_string(&known_mounts.automounts), text) ? read_mounts(0) : NULL;
	}
	for (const char *line = mounts; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *dash = strstr(line, " - ");

		if (dash && sscanf(line, "%*s %*s %*s %*s %4095s", text) == 1 && !strcmp(text, path))
			is = !strncmp(dash, " - autofs ", strlen(" - autofs "));
	}
	if (!walk->has_mounts)
		pthread_mutex_unlock(&mounts_lock);
	return is;
}

static bool is_local_system(const char *system)
{
	size_t length = strcspn(system, " \n");

	for (size_t n = 0; n < sizeof(local_systems) / sizeof(*local_systems); n++) {
		if (strlen(local_systems[n]) == length && !memcmp(local_systems[n], system, length))
			return true;
	}
	return false;
}

/* Finds the type of the file system of this mount; NULL: there is none. */
static const char *find_mount(const char *mounts, uint64_t id)
{
	for (const char *line = mounts; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *dash = strtoull(line, NULL, 10) == id ? strstr(line, " - ") : NULL;

		if (dash)
			return dash + strlen(" - ");
	}
	return NULL;
}

/* In a user namespace, users without a number there, among them the machine's root, appear as nobody (overflowuid,
 * user_namespaces(7)). Then nobody's files are the machine's. This does not hold if nobody itself has a number in the
 * namespace. */
static bool nobody_is_outside(void)
{
	static atomic_int known = -1;
	int found = known;

	if (found < 0) {
		errno = 0;
		found = !id_map_has_uids(NOBODY, 1);
		if (!error_is_shortage(errno))
			known = found;
	}
	return found;
}

bool path_uid_is_own(uid_t owner)
{
	return owner == 0 || owner == geteuid() || (owner == NOBODY && nobody_is_outside());
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

static void report_broken(struct walk *walk, const char *path, int error)
{
	report_flaw(walk, PATH_BROKEN, path, NULL);
	walk->finding->error = error;
}

static bool report_remote(struct walk *walk, const char *path, const char *system)
{
	static const char word[] = "user_id=";  /* of a FUSE (fuse(4)): a user mounted it unless it is root's */
	const char *end = system + strcspn(system, "\n"), *at = strstr(system, word);
	uid_t owner = at && at < end ? (uid_t)strtoul(at + sizeof(word) - 1, NULL, 10) : 0;

	if (!report_flaw(walk, PATH_REMOTE, path, NULL) && !(owner && report_flaw(walk, PATH_MOUNTED, path, NULL)))
		return false;
	walk->finding->flaw = PATH_REMOTE;
	walk->finding->owner = owner;
	snprintf(walk->finding->system, sizeof(walk->finding->system), "%.*s", (int)strcspn(system, " \n"), system);
	return true;
}

/* Whether the mount that was found there is remote. The list of mounts may be some seconds old, so it is read again if
 * it lacks that mount. The root of a file system that a user mounted just now may look like root's folder: until its
 * server was asked, its owner is 0. So an unknown mount is not entered. The root itself is never checked: if it hangs,
 * superd hangs anyway. */
static bool leads_to_remote(struct walk *walk, const char *path, uint64_t mount)
{
	const char *mounts = walk->mounts, *system;
	struct statfs status;
	bool remote;

	errno = 0;
	if (!mount)
		return false;
	if (!walk->has_mounts) {
		pthread_mutex_lock(&mounts_lock);
		mounts = read_mounts(CACHE_SECONDS);
		if (mounts && !find_mount(mounts, mount))
			mounts = read_mounts(0);
	}
	system = find_mount(mounts, mount);
	remote = mounts && !(system && is_local_system(system)) &&
		 report_remote(walk, path, system ? system : "unknown");
	if (!walk->has_mounts)
		pthread_mutex_unlock(&mounts_lock);
	if (!mounts && error_is_shortage(errno)) {
		report_broken(walk, path, errno);
		return true;
	}
	/* Without /proc, as in a root_directory, a process that may wait asks the file system itself. */
	if (!mounts)
		return walk->flaws & PATH_MOUNTED && statfs(path, &status) == 0 && status.f_type == FUSE &&
		       report_remote(walk, path, "fuse user_id=65534");
	return remote;
}

/* Group lists do not show who is in a group: not those who have it as their first, nor programs and services that run
 * with it. */
static bool is_harmless_group(const struct walk *walk, gid_t group)
{
	return group == 0 || (walk->is_empty && walk->is_empty(walk->context, group));
}

/* The list of acl(5) as the kernel's xattr has it: struct posix_acl_xattr_entry behind four bytes. */
struct list_entry {
	uint16_t tag, rights;
	uint32_t id;
};

enum { LIST_USER = 0x2, LIST_OWNING_GROUP = 0x4, LIST_GROUP = 0x8, LIST_WRITE = 2 };

#define LIST_MOST 8000                  /* entries; 64 KiB */

/* Whether a folder that its mode lets a group write has others who may. Where there is an access list, that right of
 * the mode only bounds those of the list. */
static bool group_is_flawed(struct walk *walk, const char *path, const struct stat *status)
{
	size_t size = sizeof(uint32_t) + LIST_MOST * sizeof(struct list_entry);
	char *text = malloc(size);
	ssize_t length = text ? getxattr(path, "system.posix_acl_access", text, size) : -1;
	bool is_flawed = false;

	if (length < 0 && errno != ENODATA && errno != ENOTSUP) {
		report_broken(walk, path, errno);
		is_flawed = true;
	}
	if (length < 0 && !is_flawed)
		is_flawed = !is_harmless_group(walk, status->st_gid) && report_flaw(walk, PATH_GROUP, path, status);
	for (ssize_t at = sizeof(uint32_t); !is_flawed && at + (ssize_t)sizeof(struct list_entry) <= length;
	     at += sizeof(struct list_entry)) {
		struct stat listed = *status;
		struct list_entry entry;

		memcpy(&entry, text + at, sizeof(entry));
		entry.tag = le16toh(entry.tag);
		entry.id = le32toh(entry.id);
		if (!(le16toh(entry.rights) & LIST_WRITE))
			continue;
		/* -1: it has no number in this user namespace. */
		listed.st_uid = entry.id == UINT32_MAX ? NOBODY : entry.id;
		listed.st_gid = entry.tag == LIST_GROUP ? entry.id : status->st_gid;
		if (entry.tag == LIST_USER && !path_uid_is_own(listed.st_uid))
			is_flawed = walk->finding->is_listed = report_flaw(walk, PATH_OWNER, path, &listed);
		else if ((entry.tag == LIST_GROUP || entry.tag == LIST_OWNING_GROUP) &&
			 !is_harmless_group(walk, listed.st_gid))
			is_flawed = report_flaw(walk, PATH_GROUP, path, &listed);
	}
	free(text);
	return is_flawed;
}

static bool folder_is_flawed(struct walk *walk, const char *path, const struct stat *status)
{
	bool sticky = status->st_mode & S_ISVTX;

	if (!path_uid_is_own(status->st_uid) && report_flaw(walk, PATH_OWNER, path, status))
		return true;
	if (!sticky && (status->st_mode & S_IWOTH) && report_flaw(walk, PATH_WORLD, path, status))
		return true;
	if (!sticky && (status->st_mode & S_IWGRP) && group_is_flawed(walk, path, status))
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

/* struct statx of Linux 5.8, as headers may be older. */
struct known_status {
	uint32_t mask, block;
	uint64_t attributes;
	uint32_t links, uid, gid;
	uint16_t mode, unused;
	uint64_t inode, size, blocks, known_attributes, times[8];
	uint32_t special_major, special_minor, device_major, device_minor;
	uint64_t mount, more[13];
};

#define KNOWN (0x1 | 0x2 | 0x8 | 0x10 | 0x1000) /* STATX_TYPE, _MODE, _UID, _GID, _MNT_ID */
#define MOUNT_ROOT 0x2000               /* STATX_ATTR_MOUNT_ROOT */
#define DONT_ASK 0x4000                 /* AT_STATX_DONT_SYNC */

static int stat_at(int at, const char *path, int flags, struct stat *status, uint64_t *mount)
{
	struct known_status known;

	if (syscall(SYS_statx, at, path, flags, KNOWN, &known) < 0)
		return -1;
	*status = (struct stat){ .st_mode = known.mode, .st_uid = known.uid, .st_gid = known.gid };
	*mount = known.attributes & MOUNT_ROOT ? known.mount : 0;
	return 0;
}

int path_stat_mount(const char *path, int flags, struct stat *status, uint64_t *mount)
{
	return stat_at(AT_FDCWD, path, flags, status, mount);
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
		walk->is_shared = false;
	}
	return true;
}

/* Walks one name further. false: the walk ends here, with a flaw or without. */
static bool walk_name(struct walk *walk, const char *name, bool is_last)
{
	char path[PATH_MAX];
	struct stat status;
	uint64_t mount;
	char *slash;

	if (!strcmp(name, "."))
		return true;
	if (!strcmp(name, "..")) {
		slash = strrchr(walk->known, '/');
		if (slash)
			*slash = '\0';
		walk->is_shared = false;
		if (!*walk->known)
			return true;
		if (path_stat_mount(walk->known, AT_SYMLINK_NOFOLLOW | DONT_ASK, &status, &mount) == 0)
			return !folder_is_flawed(walk, walk->known, &status); /* it may be sticky */
		report_broken(walk, walk->known, errno);
		return false;
	}
	if (snprintf(path, sizeof(path), "%s/%s", walk->known, name) >= (int)sizeof(path)) {
		report_flaw(walk, PATH_BROKEN, walk->known, NULL);
		return false;
	}
	if (is_automount(walk, path) && report_remote(walk, path, "autofs"))
		return false;
	/* FUSE (fuse_update_get_attr) and NFS answer without asking their server. */
	if (path_stat_mount(path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | DONT_ASK, &status, &mount) < 0) {
		/* A name that does not exist is no flaw unless others could create it. */
		if (errno != ENOENT && errno != ENOTDIR)
			report_broken(walk, path, errno);
		else if (walk->is_shared && report_flaw(walk, PATH_WORLD, walk->known, NULL))
			walk->finding->missing = is_last ? LAST_MISSING : FOLDER_MISSING;
		return false;
	}
	if (leads_to_remote(walk, path, mount))
		return false;
	if (walk->is_shared && !path_uid_is_own(status.st_uid) && report_flaw(walk, PATH_WORLD, walk->known, &status))
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
		return true;
	}
	if (!path_uid_is_own(status.st_uid) || (status.st_mode & (S_IWGRP | S_IWOTH)))
		report_flaw(walk, PATH_FILE, path, &status);
	return false;
}

static bool walk_path(struct walk *walk, const char *path)
{
	char name[NAME_MAX + 1];
	bool is_last;

	*walk->finding = (struct path_finding){ .flaw = PATH_NO_FLAW };
	if (*path != '/' || snprintf(walk->rest, sizeof(walk->rest), "%s", path) >= (int)sizeof(walk->rest)) {
		report_broken(walk, path, *path == '/' ? ENAMETOOLONG : EINVAL);
		return false;
	}
	while (next_name(walk, name, &is_last) && walk_name(walk, name, is_last))
		;
	walk->finding->is_sticky = walk->is_shared;
	return walk->finding->flaw == PATH_NO_FLAW;
}

bool path_is_trusted(const char *path, unsigned flaws, struct path_finding *finding)
{
	return path_is_trusted_but(path, flaws, NULL, NULL, finding);
}

bool path_is_trusted_but(const char *path, unsigned flaws, path_group_test *is_empty, void *context,
			 struct path_finding *finding)
{
	struct walk walk = { .flaws = flaws, .finding = finding, .is_empty = is_empty, .context = context };

	return walk_path(&walk, path);
}

bool path_folder_is_trusted(const char *path, unsigned flaws, struct path_finding *finding)
{
	struct walk walk = { .flaws = flaws, .finding = finding };
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	/* The dot makes the folder itself a part of the way. */
	*finding = (struct path_finding){ .flaw = PATH_BROKEN, .error = ENAMETOOLONG };
	if (snprintf(folder, sizeof(folder), "%.*s.", slash ? (int)(slash - path + 1) : 0, path) >= (int)sizeof(folder))
		return false;
	if (walk_path(&walk, folder))
		return true;
	finding->is_last = !walk.rest[strspn(walk.rest, "/.")] && !strstr(walk.rest, "..");
	return false;
}

bool path_is_trusted_by(const char *mounts, const char *path, unsigned flaws, struct path_finding *finding)
{
	struct walk walk = { .flaws = flaws, .mounts = mounts, .has_mounts = true, .finding = finding };

	return walk_path(&walk, path);
}

void path_finding_describe(const struct path_finding *finding, struct buf *out)
{
	switch (finding->flaw) {
	case PATH_OWNER:
	case PATH_FILE:
		if (finding->is_listed)
			buf_addf(out, "%s can be written by user %lu", finding->place, (unsigned long)finding->owner);
		else if (!path_uid_is_own(finding->owner))
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
	default:
		buf_text(out, "nothing is wrong with it");
		break;
	}
}

/* ---- opening ---- */

bool path_is_shared(const struct path_finding *finding)
{
	return finding->flaw == PATH_GROUP || finding->is_listed ||
	       (finding->flaw == PATH_WORLD && !finding->missing && path_uid_is_own(finding->owner));
}

#define TRIES 5                         /* if each time somebody makes or removes the file in between */

/* Whether the file system of this open file answers, and it is root's, superd's or this account's. */
static bool is_ours(struct walk *walk, int fd, const char *path, const struct account *account)
{
	struct stat status;
	uint64_t mount;
	bool is;

	if (stat_at(fd, "", AT_EMPTY_PATH | DONT_ASK, &status, &mount) < 0)
		return false;
	is = !leads_to_remote(walk, path, mount) &&
	     (path_uid_is_own(status.st_uid) || (account && account->uid == status.st_uid));
	errno = EPERM;
	return is;
}

/* What is open by O_PATH already, opened for use. Nobody can mount something over that in between. */
static int open_again(int file, int flags)
{
	char link[32];

	if (flags & O_PATH)
		return fcntl(file, F_DUPFD_CLOEXEC, 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	return open(link, flags & ~(O_NOFOLLOW | O_CREAT | O_TRUNC));
}

/* A regular file with one name: a member of the group may have moved it here from another folder that the group may
 * write, but neither led the way to it nor linked it. Without that move he could not read it either. */
static int open_last(struct walk *walk, int folder, const char *name, int flags, mode_t mode,
		     const struct account *account)
{
	int file = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), fd = -1;
	bool reads = !(flags & O_PATH) && (flags & O_ACCMODE) != O_WRONLY;
	char path[PATH_MAX];
	struct stat status;

	if (file < 0)
		return errno == ENOENT && flags & O_CREAT
			? openat(folder, name, flags | O_EXCL | O_NOFOLLOW, mode) : -1;
	snprintf(path, sizeof(path), "%.*s/%s", PATH_MAX - NAME_MAX - 2, walk->known, name);
	if (!is_ours(walk, file, path, account) || fstat(file, &status) < 0)
		goto out;
	errno = S_ISLNK(status.st_mode) ? ELOOP : EPERM;
	if (S_ISREG(status.st_mode) && status.st_nlink == 1 &&
	    (!reads || status.st_mode & S_IROTH || (account && account->uid == status.st_uid)))
		fd = open_again(file, flags);
out:
	fd_close(&file);
	return fd;
}

/* Goes on by descriptor, name by name and along no link, from the folder of root's that others may write. */
static int open_below(struct walk *walk, int flags, mode_t mode, const struct account *account)
{
	const struct path_finding *finding = walk->finding;
	char name[NAME_MAX + 1];
	int folder, next, fd = -1;
	size_t length;
	bool is_last;

	errno = finding->error ? finding->error : EPERM;
	if (!path_is_shared(finding) && !(finding->flaw == PATH_OWNER && account && finding->owner == account->uid))
		return -1;
	snprintf(walk->known, sizeof(walk->known), "%s", finding->place);
	folder = open(walk->known, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	while (folder >= 0 && is_ours(walk, folder, walk->known, account) && next_name(walk, name, &is_last)) {
		if (is_last) {
			fd = open_last(walk, folder, name, flags, mode, account);
			break;
		}
		if (!strcmp(name, "."))
			continue;
		errno = EPERM;
		if (!strcmp(name, "..") || strlen(walk->known) + strlen(name) + 2 > sizeof(walk->known))
			break;
		length = strlen(walk->known);
		snprintf(walk->known + length, sizeof(walk->known) - length, "/%s", name);
		errno = ELOOP;
		next = is_automount(walk, walk->known)
			? -1 : openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 && errno == ENOTDIR)
			errno = ELOOP;  /* of a link, too */
		fd_close(&folder);
		folder = next;
	}
	fd_close(&folder);
	return fd;
}

int path_open(const char *path, int flags, mode_t mode, const struct account *account, struct path_finding *finding)
{
	struct walk walk;
	struct stat status;
	int fd = -1;

	flags |= O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	for (int n = 0; n < TRIES && fd < 0; n++) {
		walk = (struct walk){ .flaws = PATH_OPEN_FLAWS, .finding = finding };
		errno = ENOENT;
		if (walk_path(&walk, path))
			fd = open(path, flags & ~O_TRUNC, mode);
		else if (finding->missing == LAST_MISSING && flags & O_CREAT) /* new, so it is superd's */
			fd = open(path, flags | O_EXCL | O_NOFOLLOW, mode);
		else if (!finding->missing)
			fd = open_below(&walk, flags, mode, account);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	/* Somebody may have given a file of root's this name in a sticky folder. */
	if (fd >= 0 && finding->is_sticky && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_nlink > 1) {
		fd_close(&fd);
		errno = EPERM;
	}
	if (fd >= 0 && flags & O_TRUNC && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && ftruncate(fd, 0) < 0)
		fd_close(&fd);
	return fd;
}

int own_file_open(const char *path, int flags, mode_t mode, struct buf *why)
{
	struct path_finding finding = { .flaw = PATH_NO_FLAW };
	char whole[PATH_MAX], here[PATH_MAX];
	int fd, error;

	if (*path != '/' && getcwd(here, sizeof(here)) &&
	    snprintf(whole, sizeof(whole), "%s/%s", here, path) < (int)sizeof(whole))
		path = whole;
	fd = path_open(path, flags, mode, NULL, &finding);
	error = errno;
	if (fd >= 0)
		return fd;
	if (finding.flaw == PATH_NO_FLAW || finding.missing || error == ENOENT || error == EISDIR) {
		buf_text(why, strerror(error));
	} else {
		path_finding_describe(&finding, why);
		if (finding.flaw == PATH_REMOTE)
			buf_text(why, ": a file of superd must be on a file system of this machine");
		else if (!finding.error)
			buf_text(why, path_is_shared(&finding)
					      ? ": there superd follows no link, and uses only a regular file of "
						"root's or its own with one name, to read it one that all may read"
					      : ", who could replace it by a link: a file of superd must be in "
						"directories of root");
	}
	errno = error;
	return -1;
}

bool own_file_is_safe(const char *path, struct buf *why)
{
	struct buf reason = { 0 };
	int fd = own_file_open(path, O_PATH, 0, &reason);
	bool good = fd >= 0 || errno == ENOENT;

	if (!good)
		buf_text(why, buf_string(&reason));
	buf_free(&reason);
	fd_close(&fd);
	return good;
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
