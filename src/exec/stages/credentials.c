/* The folder that holds credentials, in memory where a tmpfs can be mounted.
 *
 * Without a mount the folder is visible to other starts. superd-exec then fills a folder beside the final place and
 * renames it when it is complete; if it finds a complete one there already, it uses that. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "exec/stages/stages.h"
#include "lib/buf.h"
#include "lib/fd.h"
#include "lib/glob.h"
#include "os/foreign/foreign.h"
#include "table/words/passed_fds.h"

/* The state of loading one service's credentials. */
struct credential_load {
	const struct credentials *credentials;
	const struct credentials_place *at;
	const struct credential *credential;            /* the one being loaded */
	int folder;                     /* descriptor of the folder to fill; -1: none yet */
	size_t size, files;             /* bytes and number of files so far */
	unsigned depth;                 /* of folders within the present source */
	struct buf name;                /* name of the present file */
	struct path_walk walk;          /* to the present source */
	int above;                      /* descriptor of the folder above; -1: none yet */
	struct buf place;               /* the folder's name while it is filled; it is renamed unless is_mounted */
	bool is_mounted, is_privileged; /* a tmpfs is mounted above; the command has all rights */
};

/* Fills the folder of credentials: from files, folders, sockets, credential stores and the configuration itself.
 * Source: systemd.exec(5), "Credentials". */

#define DEPTH_MOST 8                    /* levels of folders in a source */
#define FILES_MOST 1000

static int fail_with(int error)
{
	errno = error;
	return -1;
}

static bool is_loaded(const struct credential_load *loading, const char *name)
{
	struct stat status;

	return fstatat(loading->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int count_bytes(struct credential_load *loading, size_t length)
{
	loading->size += length;
	return loading->size > CREDENTIALS_SIZE ? fail_with(E2BIG) : 0;
}

/* Creates an empty file of the service's user with the present name. EEXIST: there is one. */
static int create_credential(struct credential_load *loading)
{
	const struct buf *name = &loading->name;
	int fd, error;

	if (name->failed || !credential_name_is_valid(buf_string(name), name->length))
		return fail_with(EINVAL);
	if (++loading->files > FILES_MOST || count_bytes(loading, name->length) < 0)
		return fail_with(E2BIG);
	if (!path_walk_pause(&loading->walk))
		return -1;
	fd = openat(loading->folder, name->data, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd >= 0 && (fchmod(fd, 0400) < 0 ||
			fchown(fd, loading->credentials->user, loading->credentials->group) < 0))
		fd_close(&fd);
	error = errno;
	if (!path_walk_resume(&loading->walk))
		fd_close(&fd);
	else
		errno = error;
	return fd;
}

static int copy_credential(struct credential_load *loading, int from)
{
	char bytes[16384];
	ssize_t got;
	int to = create_credential(loading);

	if (to < 0)
		return errno == EEXIST ? 0 : -1;        /* of two with one name the first counts */
	while ((got = read(from, bytes, sizeof(bytes))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || count_bytes(loading, (size_t)got) < 0 || !write_all(to, bytes, (size_t)got)) {
			close(to);
			return -1;
		}
	}
	return close(to);
}

/* Binds the socket to a name that tells the server which credential is requested, as systemd does: a random number, the
 * unit, the credential's name. */
static void bind_peer_name(const struct credential_load *loading, int fd)
{
	struct sockaddr_un own = { .sun_family = AF_UNIX };
	uint64_t number;
	int length;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
		number = (uint64_t)getpid();
	length = snprintf(own.sun_path + 1, sizeof(own.sun_path) - 1, "%016" PRIx64 "%s%s", number,
			  loading->credentials->unit, loading->credential->id);
	if (length < (int)sizeof(own.sun_path) - 1)     /* else a server that needs the name will report it */
		(void)bind(fd, (const struct sockaddr *)&own,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length));
}

/* Connects to the socket to which the walk has led. */
static int connect_to_socket(struct credential_load *loading)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", loading->walk.folder,
		     loading->walk.name) >= (int)sizeof(address.sun_path))
		return fail_with(ENAMETOOLONG);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	bind_peer_name(loading, fd);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		fd_close(&fd);
	return fd;
}

/* Opens a source by its path from the folder `at`; -1: from the root. What reads it has the rights that opened it. */
static int open_source(struct credential_load *loading, int at, const char *path, int flags)
{
	int node = path_walk(&loading->walk, at, path, PATH_STAYS_MISSING);
	int fd = node < 0 ? -1
			  : openat(loading->walk.folder, loading->walk.name,
				   O_RDONLY | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC | flags);

	fd_close(&node);
	return fd;
}

static int load_folder(struct credential_load *loading, int folder);

/* Loads an entry of a folder as NAME_FILE. true: it failed, with errno. */
static bool load_entry(void *context, int folder, const char *name)
{
	struct credential_load *loading = context;
	bool is_users = loading->walk.is_users;
	size_t before = loading->name.length;
	struct stat status;
	int fd = open_source(loading, folder, name, O_NONBLOCK);
	bool failed = fd < 0 || fstat(fd, &status) < 0;

	buf_addf(&loading->name, "_%s", name);
	if (!failed && S_ISDIR(status.st_mode))
		failed = load_folder(loading, fd) < 0;
	else if (!failed && S_ISREG(status.st_mode))
		failed = copy_credential(loading, fd) < 0;
	fd_close(&fd);
	buf_cut(&loading->name, before);
	return (!is_users && !path_walk_end(&loading->walk)) || failed;
}

static int load_folder(struct credential_load *loading, int folder)
{
	int result;

	if (loading->depth == DEPTH_MOST)
		return fail_with(ELOOP);
	loading->depth++;
	result = condition_any_entry(folder, load_entry, loading);
	loading->depth--;
	return result ? -1 : 0;
}

static int load_path(struct credential_load *loading, const char *path)
{
	struct stat status;
	int fd = open_source(loading, -1, path, 0), result = -1;

	if (fd < 0 && errno == ENXIO)
		fd = connect_to_socket(loading);
	if (fd >= 0 && fstat(fd, &status) == 0)
		result = S_ISDIR(status.st_mode) ? load_folder(loading, fd) : copy_credential(loading, fd);
	fd_close(&fd);
	return path_walk_end(&loading->walk) ? result : -1;
}

/* The machine's credential stores, superd's own first. */
static const char *credential_store(const struct credentials *credentials, size_t n)
{
	static const char *const stores[] = { "/etc/credstore", "/run/credstore", "/usr/local/lib/credstore",
					      "/usr/lib/credstore" };

	if (credentials->received && n-- == 0)
		return credentials->received;
	return n < sizeof(stores) / sizeof(*stores) ? stores[n] : NULL;
}

/* Loads it from the first store that has it. It is no error if none has. */
static int load_by_name(struct credential_load *loading, const char *name)
{
	const char *folder;

	for (size_t n = 0; (folder = credential_store(loading->credentials, n)); n++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
			return fail_with(ENAMETOOLONG);
		if (load_path(loading, path) == 0)
			return 0;
		if (errno != ENOENT && errno != ENOTDIR)
			return -1;
	}
	return 0;
}

static bool is_also_set(const struct credentials *credentials, const char *id)
{
	for (size_t n = 0; n < credentials->count; n++) {
		if (credentials->list[n].kind == CREDENTIAL_SET && !strcmp(credentials->list[n].id, id))
			return true;
	}
	return false;
}

static int load_credential(struct credential_load *loading)
{
	const struct credential *credential = loading->credential;
	int result;

	buf_text(&loading->name, credential->id);
	if (is_loaded(loading, credential->id))
		return 0;
	if (*credential->source != '/')
		return load_by_name(loading, credential->source);
	result = load_path(loading, credential->source);
	if (result < 0 && errno == ENOENT && is_also_set(loading->credentials, credential->id))
		return 0;
	return result;
}

static int set_credential(struct credential_load *loading)
{
	const struct credential *credential = loading->credential;
	int fd, result;

	buf_text(&loading->name, credential->id);
	if (is_loaded(loading, credential->id))
		return 0;
	fd = create_credential(loading);
	if (fd < 0 || count_bytes(loading, credential->length) < 0)
		return -1;
	result = write_all(fd, credential->source, credential->length) ? 0 : -1;
	return close(fd) < 0 ? -1 : result;
}

/* Loads all credentials into the open folder. 0, or -1 and errno, with the index of the failed one in job->fault. */
static int credentials_load_all(struct job *job, struct credential_load *loading)
{
	static int (*const loaders[])(struct credential_load *) = {
		[CREDENTIAL_LOADED] = load_credential,
		[CREDENTIAL_SET] = set_credential,
	};

	for (size_t n = 0; n < loading->credentials->count; n++) {
		job->fault.resource = (int)n;
		loading->credential = &loading->credentials->list[n];
		buf_clear(&loading->name);
		if (loaders[loading->credential->kind](loading) < 0)
			return -1;
	}
	return 0;
}

#define IN_MEMORY "mode=0755,size=2m,nr_inodes=1100"
#define NESTED_MOST 64                  /* nested folders; superd creates none deeper */

/* Limits where mounts of the credentials propagate to (mount_namespaces(7)). A command with all rights mounts for the
 * whole machine, so only the file system with the folder becomes a slave, from its mount point downwards; the loop
 * finds the mount point by going up. */
static bool make_mount_slave(const char *folder)
{
	if (chdir(folder) < 0)
		return false;
	for (unsigned n = 0; mount(NULL, ".", NULL, MS_SLAVE, NULL) < 0; n++) {
		if (errno != EINVAL || n == NESTED_MOST || chdir("..") < 0)
			return false;
	}
	return true;
}

static int open_parent_folder(const struct credential_load *loading)
{
	const struct credentials_place *at = loading->at;

	if (at->root)
		return credentials_open_below(at->root, at->above + strlen(at->root), true);
	mount_tree_make_folders(loading->walk.account, at->above);
	return open(at->above, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Mounts a tmpfs in a mount namespace of its own, where no other process sees it. */
static bool mount_tmpfs(const char *above, bool privileged)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (unshare(CLONE_NEWNS) < 0 || (!privileged && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0))
		return false;
	if (privileged && !make_mount_slave(above))
		return false;
	return mount("tmpfs", above, "tmpfs", flags, IN_MEMORY ",noswap") == 0 ||
	       mount("tmpfs", above, "tmpfs", flags, IN_MEMORY) == 0;
}

/* Mounts the tmpfs over the folder above, by its path, as mount(2) needs one. If the folder that is open is not covered
 * afterwards, the path led elsewhere. */
static int cover_parent(struct credential_load *loading)
{
	struct stat before, after;

	loading->above = open_parent_folder(loading);
	if (loading->above < 0)
		return -1;
	loading->is_mounted = mount_tmpfs(loading->at->above, loading->is_privileged);
	if (!loading->is_mounted)
		return 0;
	if (fstat(loading->above, &before) < 0)
		return -1;
	fd_close(&loading->above);
	loading->above = open_parent_folder(loading);
	if (loading->above < 0 || fstat(loading->above, &after) < 0)
		return -1;
	return before.st_dev == after.st_dev ? fail_with(ELOOP) : 0;
}

static const char *final_name(const struct credentials_place *at)
{
	return at->folder + strlen(at->above) + 1;
}

static int open_new_folder(struct credential_load *loading)
{
	if (cover_parent(loading) < 0)
		return -1;
	buf_text(&loading->place, final_name(loading->at));
	if (!loading->is_mounted)
		buf_addf(&loading->place, ".%016" PRIx64, (uint64_t)getpid());
	if (loading->place.failed)
		return fail_with(ENOMEM);
	if (mkdirat(loading->above, loading->place.data, 0700) < 0)
		return -1;
	loading->folder = openat(loading->above, loading->place.data,
				 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return loading->folder;
}

static int publish_folder(struct credential_load *loading)
{
	const struct credentials *credentials = loading->credentials;

	if (fchown(loading->folder, credentials->user, credentials->group) < 0 || fchmod(loading->folder, 0500) < 0)
		return -1;
	if (loading->is_mounted)
		return mount(NULL, loading->at->above, NULL,
			     MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	return renameat(loading->above, loading->place.data, loading->above, final_name(loading->at));
}

static bool unlink_entry(void *context, int folder, const char *name)
{
	(void)context;
	unlinkat(folder, name, 0);
	return false;
}

/* Removes a folder that is incomplete, or that another instance completed first. */
static void discard_folder(struct credential_load *loading)
{
	int error = errno, folder = openat(loading->above, loading->place.data,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (folder >= 0 && fchmod(folder, 0700) == 0)
		condition_any_entry(folder, unlink_entry, NULL);
	if (folder >= 0)
		close(folder);
	unlinkat(loading->above, loading->place.data, AT_REMOVEDIR);
	errno = error;
}

/* Whether another instance has completed the folder, and it still exists. */
static bool is_complete(const struct credential_load *loading)
{
	struct stat status;

	return fstatat(loading->above, final_name(loading->at), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(status.st_mode) && (status.st_mode & 0777) == 0500;
}

int credentials_load(struct job *job)
{
	struct credential_load loading = { .credentials = job->plan->credentials, .folder = -1, .above = -1,
					  .walk = { .account = job->plan->account, .folder = -1 } };
	mode_t before;
	int result, error;

	loading.is_privileged = job->command->flags & COMMAND_PRIVILEGED;
	loading.at = &loading.credentials->at[loading.is_privileged];
	before = umask(0);
	job->fault.resource = -1;
	result = open_new_folder(&loading) < 0 ? -1 : 0;
	if (result == 0 && !loading.is_mounted && is_complete(&loading)) {
		discard_folder(&loading);
	} else if (result == 0) {
		result = credentials_load_all(job, &loading);
		if (result == 0) {
			job->fault.resource = -1;
			result = publish_folder(&loading);
		}
		if (result < 0 && !loading.is_mounted) {
			error = errno;
			discard_folder(&loading);
			result = is_complete(&loading) ? 0 : fail_with(error);
		}
	}
	fd_close(&loading.folder);
	fd_close(&loading.above);
	buf_free(&loading.name);
	buf_free(&loading.place);
	if (result == 0)
		job->fault.resource = 0;
	umask(before);
	return result;
}
