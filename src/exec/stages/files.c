/* What a start makes and opens for its service: folders, credentials, and the files of its standard streams. */

#include "exec/stages/stages.h"

#include <dirent.h>
#include <sys/syscall.h>

/* ---- folders ----
 *
 * Makes the folders of a service: runtime, state, cache, logs, configuration.
 *
 * Those below the base may belong to the service's user, who could put a symlink anywhere, or mount a file system that
 * never answers. So this walks down by descriptor, part by part, and never follows a link there; and it is the start
 * that waits, and not superd. */

/* Whether others may move another folder of theirs, or of root's, to a name in this one. */
static bool is_shared(int folder)
{
	struct stat status;

	return fstat(folder, &status) < 0 || (!(status.st_mode & S_ISVTX) &&
		(status.st_mode & S_IWOTH || (status.st_mode & S_IWGRP && status.st_gid != 0)));
}

/* Makes each missing part of the path below the base. *is_new: the last part was missing; *is_moved: it was not, and
 * others may have moved it there. A descriptor of it, or -1. */
static int make_path(int base, char *path, bool *is_new, bool *is_moved)
{
	int at = fcntl(base, F_DUPFD_CLOEXEC, 3), next;
	char *part;

	*is_new = false;
	while (at >= 0 && (part = strsep(&path, "/"))) {
		if (!*part)
			continue;
		*is_new = mkdirat(at, part, 0755) == 0;
		*is_moved = !*is_new && is_shared(at);
		next = *is_new || errno == EEXIST ? openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
						  : -1;
		fd_close(&at);
		at = next;
	}
	return at;
}

bool folder_link_leads_to(int at, const char *link, const char *target)
{
	char there[PATH_MAX];
	ssize_t length = readlinkat(at, link, there, sizeof(there) - 1);

	if (length < 0)
		return false;
	there[length] = '\0';
	return !strcmp(there, target);
}

static bool make_link(int base, const struct own_folder *folder)
{
	char *slash = strrchr(folder->link, '/'), *last = slash ? slash + 1 : folder->link;
	bool is_new, is_moved, good;
	int at;

	if (slash)
		*slash = '\0';
	at = slash ? make_path(base, folder->link, &is_new, &is_moved) : fcntl(base, F_DUPFD_CLOEXEC, 3);
	good = at >= 0 && (symlinkat(folder->target, at, last) == 0 ||
			   (errno == EEXIST && folder_link_leads_to(at, last, folder->target)));
	fd_close(&at);
	return good;
}

#define DEPTH_MOST 200                  /* nested folders, each with two descriptors; what is deeper stays as it is */

/* Not a socket or FIFO: it may be the table's, which says whose it is. And no file of root's that has other names: one
 * who may write here might have given it this one. */
static bool goes_over(const struct stat *status)
{
	return S_ISDIR(status->st_mode) || S_ISLNK(status->st_mode) ||
	       (S_ISREG(status->st_mode) && (status->st_uid || status->st_nlink == 1));
}

/* Gives what lies in a folder, and is this owner's, to the user, as systemd does: else the earlier user of a service
 * could change what its program relies on. What is anybody else's stays so, and other file systems are not entered.
 * account NULL: it only looks whether there is something to give, which fails. */
static bool give_contents(int folder, uid_t owner, const struct account *account, int depth)
{
	const struct { uint64_t flags, mode, resolve; } how = {
		O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, 1 | 8 /* RESOLVE_NO_XDEV, BENEATH */
	};
	int list = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = list < 0 ? NULL : fdopendir(list);
	bool good = stream;
	struct dirent *entry;
	struct stat status;

	while (good && (entry = readdir(stream))) {
		int at;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		at = (int)syscall(__NR_openat2, list, entry->d_name, &how, sizeof(how));
		if (at < 0 || fstat(at, &status) < 0)
			good = errno == ENOENT || errno == EXDEV;
		else if (status.st_uid == owner && !account)
			good = (errno = EPERM, false);
		else if (status.st_uid == owner && goes_over(&status))
			good = (!S_ISDIR(status.st_mode) || !depth || give_contents(at, owner, account, depth - 1)) &&
			       fchownat(at, "", account->uid, account->gid, AT_EMPTY_PATH) == 0;
		fd_close(&at);
	}
	if (stream)
		closedir(stream);
	else
		fd_close(&list);
	return good;
}

/* Makes one, and opens it. -1 and errno. The base is the administrator's, so symlinks to it are followed; if creating
 * it fails, so does opening. An existing folder keeps its mode unless the table sets one. */
static int own_folder_make(const struct own_folder *folder, const struct account *account)
{
	struct stat status;
	int base, fd = -1;
	bool is_new = false, is_moved = false;

	fd_make_parents(folder->base, 0755);
	mkdir(folder->base, 0755);
	base = open(folder->base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base >= 0)
		fd = make_path(base, folder->name, &is_new, &is_moved);
	if (fd >= 0 && (((is_new || folder->sets_mode) && fchmod(fd, folder->mode) < 0) ||
			(folder->is_owned && account &&
			 (fstat(fd, &status) < 0 ||
			  (status.st_uid != account->uid &&
			   !give_contents(fd, status.st_uid, is_moved ? NULL : account, DEPTH_MOST)) ||
			  fchown(fd, account->uid, account->gid) < 0)) ||
			(folder->link && !make_link(base, folder))))
		fd_close(&fd);
	fd_close(&base);
	return fd;
}

int folders_make(struct job *job)
{
	for (size_t n = 0; n < job->plan->folder_count; n++) {
		int fd = own_folder_make(&job->plan->folders[n], job->plan->account);

		job->fault.resource = (int)n;
		if (fd < 0)
			return -1;
		fd_close(&fd);
	}
	return 0;
}

/* ---- credentials ----
 *
 * Fills the folder of a service's credentials: from files, credential stores and the configuration itself. Source:
 * systemd.exec(5), "Credentials".
 *
 * The folder is one for all instances, and the user's, who may put anything there. So each credential is written beside
 * its name, by a name that no other start uses, and renamed: an instance that runs already reads the old one or the new
 * one, starts at the same time do not mix what they load, and no link is followed. */

/* The state of loading one service's credentials. */
struct credential_load {
	const struct credentials *credentials;
	const struct account *account;  /* of the service; NULL: superd's own */
	const struct credential *credential;            /* the one being loaded */
	int folder;                     /* descriptor of the folder to fill */
	size_t size;                    /* bytes so far */
};

static int fail_with(int error)
{
	errno = error;
	return -1;
}

static int count_bytes(struct credential_load *loading, size_t length)
{
	loading->size += length;
	return loading->size > CREDENTIALS_SIZE ? fail_with(E2BIG) : 0;
}

static bool copy_bytes(struct credential_load *loading, int from, int to)
{
	char bytes[16384];
	ssize_t got;

	while ((got = read(from, bytes, sizeof(bytes))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || count_bytes(loading, (size_t)got) < 0 || !write_all(to, bytes, (size_t)got))
			return false;
	}
	return true;
}

/* Writes a file of the service's user. from: -1: the value of the present credential. */
static int put_credential(struct credential_load *loading, int from)
{
	const struct credential *set = loading->credential;
	const char *name = set->id;
	const struct account *account = loading->account;
	char beside[24];                        /* no credential has such a name */
	bool good;
	int fd;

	if (!credential_name_is_valid(name, strlen(name)))
		return fail_with(EINVAL);
	if (count_bytes(loading, strlen(name)) < 0)
		return -1;
	snprintf(beside, sizeof(beside), ":%ld", (long)getpid());
	unlinkat(loading->folder, beside, 0);
	fd = openat(loading->folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	good = fd >= 0 && (from >= 0 ? copy_bytes(loading, from, fd)
				     : count_bytes(loading, set->length) == 0 &&
					       write_all(fd, set->source, set->length));
	good = good && fchmod(fd, 0400) == 0 && (!account || fchown(fd, account->uid, account->gid) == 0) &&
	       renameat(loading->folder, beside, loading->folder, name) == 0;
	if (fd >= 0 && !good)
		unlinkat(loading->folder, beside, 0);
	fd_close(&fd);
	return good ? 0 : -1;
}

static int load_path(struct credential_load *loading, const char *path)
{
	int fd = path_open_to_read(path, loading->account);
	int result = fd < 0 ? -1 : put_credential(loading, fd);

	fd_close(&fd);
	return result;
}

/* Loads it from the first store that has it: superd's own credentials, then the machine's. It is no error if none
 * has. */
static int load_by_name(struct credential_load *loading)
{
	const char *const stores[] = { loading->credentials->received, "/etc/credstore", "/run/credstore",
				       "/usr/local/lib/credstore", "/usr/lib/credstore" };
	char path[PATH_MAX];

	for (size_t n = 0; n < sizeof(stores) / sizeof(*stores); n++) {
		if (!stores[n])
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", stores[n], loading->credential->source) >= (int)sizeof(path))
			return fail_with(ENAMETOOLONG);
		if (load_path(loading, path) == 0)
			return 0;
		if (errno != ENOENT && errno != ENOTDIR)
			return -1;
	}
	return 0;
}

/* Whether the list has one of this kind and name from here on. */
static bool has_from(const struct credentials *credentials, size_t from, unsigned kind, const char *id)
{
	for (size_t n = from; n < credentials->count; n++) {
		if (credentials->list[n].kind == kind && !strcmp(credentials->list[n].id, id))
			return true;
	}
	return false;
}

/* 0, or -1 and errno. */
static int load_credential(struct credential_load *loading, size_t number)
{
	const struct credentials *credentials = loading->credentials;
	const struct credential *credential = loading->credential = &credentials->list[number];

	if (has_from(credentials, number + 1, credential->kind, credential->id))
		return 0;
	if (credential->kind == CREDENTIAL_SET)
		return put_credential(loading, -1);
	if (*credential->source != '/')
		return load_by_name(loading);
	if (load_path(loading, credential->source) == 0)
		return 0;
	return errno == ENOENT && has_from(credentials, 0, CREDENTIAL_SET, credential->id) ? 0 : -1;
}

int credentials_load(struct job *job)
{
	struct credential_load loading = { .credentials = job->plan->credentials, .account = job->plan->account };
	mode_t before = umask(0);
	int result;

	job->fault.resource = -1;
	loading.folder = own_folder_make(&loading.credentials->folder, loading.account);
	result = loading.folder < 0 ? -1 : 0;
	for (size_t n = 0; result == 0 && n < loading.credentials->count; n++) {
		job->fault.resource = (int)n;
		result = load_credential(&loading, n);
	}
	fd_close(&loading.folder);
	if (result == 0)
		job->fault.resource = 0;
	umask(before);
	return result;
}

/* ---- streams ----
 *
 * Opens the files that are a service's input, output or error. By whose rights is judged here, as the folder may be one
 * that this start has made, or given to its user. */

#define STREAM_FILE_MODE 0640           /* mode of a file that superd creates */

int streams_open(struct job *job)
{
	static int wanted[CHILD_DESCRIPTORS];

	if (job->wanted_count > CHILD_DESCRIPTORS) {
		errno = EMFILE;
		return -1;
	}
	memcpy(wanted, job->wanted, (size_t)job->wanted_count * sizeof(*wanted));
	job->wanted = wanted;
	for (int n = 0; n <= STDERR_FILENO; n++) {
		const struct stream_file *file = &job->files[n];

		if (!file->path)
			continue;
		wanted[n] = file->is_same ? wanted[n - 1]
					  : path_open_stream(file->path, file->flags, STREAM_FILE_MODE,
							     job->plan->account);
		job->fault.resource = n;
		if (wanted[n] < 0)
			return -1;
	}
	return 0;
}
