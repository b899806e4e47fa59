/* Finds and opens the programs that belong to superd, such as superd-builtin.
 *
 * An installed superd takes them from the configured folder. A superd elsewhere (a build folder, below DESTDIR, a
 * copied tree) also searches near itself. It runs what it finds with its own rights. So it trusts a folder only if
 * those who can change it could also replace superd itself: otherwise any user who may write to /tmp could put a
 * /tmp/libexec beside a superd that root tries out in /tmp/x.
 *
 * A package manager replaces files by new ones (rename(2)), so the files that are open stay as they are. */
#include "os/host/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/build_id.h"
#include "lib/fd.h"
#include "os/fs/fs.h"
#include "os/host/self_sandbox.h"
#include "os/rights/rights.h"

#define LIBEXEC_DIRS 4

static struct {
	pthread_mutex_t lock;           /* the loop and the thread that reads a table ask */
	bool are_open;
	struct own_program list[PROGRAMS];
	int checked[PROGRAMS];          /* descriptor for which is_other is known; 0: none */
	bool is_other[PROGRAMS];
} programs = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.list = {
		[PROGRAM_LOOKUP] = { .name = "superd-lookup", .fd = -1 },
		[PROGRAM_BIND] = { .name = "superd-bind", .fd = -1 },
		[PROGRAM_BUILTIN] = { .name = "superd-builtin", .fd = -1 },
		[PROGRAM_EXEC] = { .name = "superd-exec", .fd = -1 },
		[PROGRAM_FILTER] = { .name = "superd-filter", .fd = -1 },
		[PROGRAM_OUTPUT] = { .name = "superd-output", .fd = -1 },
		[PROGRAM_READ] = { .name = "superd-read", .fd = -1 },
		[PROGRAM_RPC] = { .name = "superd-rpc", .fd = -1 },
		[PROGRAM_WEB] = { .name = "superd-web", .fd = -1 },
	},
};

struct libexec_dirs {
	char path[LIBEXEC_DIRS][PATH_MAX]; /* folders to search, in order; "": none */
};

/* Finds the folder of superd's own program. false: it is unknown or too long. */
static bool find_own_folder(char folder[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	const char *started = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	char *slash;

	if (length > 0)
		folder[length] = '\0';
	else if (started && started[0] == '/' && strlen(started) < PATH_MAX)
		/* No /proc: the path given to execve(2), see getauxval(3). */
		memcpy(folder, started, strlen(started) + 1);
	else
		return false;
	slash = strrchr(folder, '/');
	if (folder[0] != '/' || !slash)
		return false;
	*slash = '\0';
	return true;
}

/* Sets a folder to the first `length` characters of `folder`, then `rest`. */
static void set_dir(char dir[PATH_MAX], const char *folder, size_t length, const char *rest)
{
	if (snprintf(dir, PATH_MAX, "%.*s%s", (int)length, folder, rest) >= PATH_MAX)
		dir[0] = '\0';
}

/* Whether nobody can change a folder who could not change superd's own. */
static bool is_as_safe_as_own(const char *folder, const struct stat *own)
{
	const mode_t writes = S_IWGRP | S_IWOTH;
	struct stat status;

	return stat(folder, &status) == 0 && status.st_uid == own->st_uid && status.st_gid == own->st_gid &&
	       !(status.st_mode & ~own->st_mode & writes);
}

/* Whether superd's programs may lie there. Writes its path without links, which could be changed afterwards. */
static bool is_trusted_dir(const char *dir, char real[PATH_MAX])
{
	char folder[PATH_MAX], above[PATH_MAX];
	struct path_finding finding;
	struct stat own;

	memcpy(real, dir, strlen(dir) + 1);
	if (!strcmp(dir, PKGLIBEXECDIR))
		return true;            /* the configured folder is always trusted */
	if (!realpath(dir, real) || !find_own_folder(folder) || stat(folder, &own) < 0 ||
	    snprintf(above, sizeof(above), "%s/.", real) >= (int)sizeof(above))
		return false;
	if (!strcmp(real, folder) || path_is_trusted(above, PATH_OPEN_FLAWS | PATH_EACH_GROUP, NULL, &finding))
		return true;
	snprintf(above, sizeof(above), "%.*s", (int)(strrchr(real, '/') - real), real);
	return is_as_safe_as_own(real, &own) && is_as_safe_as_own(above, &own);
}

static void list_dirs(struct libexec_dirs *dirs)
{
	static const char sbin[] = SBINDIR;
	char folder[PATH_MAX];
	size_t length, end = sizeof(sbin) - 1;

	memset(dirs, 0, sizeof(*dirs));
	set_dir(dirs->path[LIBEXEC_DIRS - 1], "", 0, PKGLIBEXECDIR);
	if (!find_own_folder(folder) || !strcmp(folder, sbin))
		return;
	length = strlen(folder);
	if (length > end && !strcmp(folder + length - end, sbin))
		set_dir(dirs->path[0], folder, length - end, PKGLIBEXECDIR);
	set_dir(dirs->path[2], folder, length, "");
	while (length && folder[length - 1] != '/')
		length--;
	set_dir(dirs->path[1], folder, length, "libexec/superd");
	if (!strcmp(dirs->path[1], dirs->path[0]))
		dirs->path[1][0] = '\0';
}

/* Opens the program at this path. -1 and errno: EACCES, too, for a file that is no program. */
static int open_program(const char *dir, const char *name, char path[PATH_MAX], struct stat *status)
{
	int fd = -1, error;

	errno = ENAMETOOLONG;
	if (snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX)
		fd = open(path, O_PATH | O_CLOEXEC);
	error = fd >= 0 && fstat(fd, status) < 0 ? errno : EACCES;
	if (fd < 0 || (error == EACCES && S_ISREG(status->st_mode) && status->st_mode & 0111))
		return fd;
	close(fd);
	errno = error;
	return -1;
}

/* Looks for the program in the folders. */
static void find_program(const struct libexec_dirs *dirs, struct own_program *program, struct stat *status)
{
	char path[PATH_MAX], real[PATH_MAX], other[PATH_MAX];

	program->error = ENOENT;
	for (size_t n = 0; n < LIBEXEC_DIRS && program->fd < 0; n++) {
		int fd;

		if (!dirs->path[n][0])
			continue;
		errno = 0;
		fd = open_program(dirs->path[n], program->name, path, status);
		if (fd >= 0 && is_trusted_dir(dirs->path[n], real)) {
			program->fd = fd_raise(open_program(real, program->name, other, status), FD_HIGH);
			program->path = program->fd < 0 ? NULL : strdup(path);
		}
		if (program->fd < 0 && program->error == ENOENT && errno && errno != ENOTDIR)
			program->error = errno;
		fd_close(&fd);
	}
	if (program->fd >= 0 && !program->path) {
		fd_close(&program->fd);
		program->error = ENOMEM;
	}
}

/* Whether configure was told to leave it out. */
static bool is_left_out(const struct own_program *program)
{
	const char *found = strstr(PROGRAMS_LEFT_OUT, program->name);

	return found && found[strlen(program->name)] == ' ';
}

static void open_one(struct own_program *program)
{
	struct libexec_dirs *dirs = is_left_out(program) ? NULL : malloc(sizeof(*dirs));
	struct stat status = { 0 };

	program->error = is_left_out(program) ? ENOENT : ENOMEM;
	if (dirs) {
		list_dirs(dirs);
		find_program(dirs, program, &status);
	}
	free(dirs);
}

void programs_open(const int *kept)
{
	int taken[PROGRAMS];

	if (programs.are_open)
		return;
	programs.are_open = true;
	fd_ensure_standard();
	/* Before one is opened, as that gets the number of one that is closed. */
	for (size_t n = 0; n < PROGRAMS; n++)
		taken[n] = kept && kept[n] > STDERR_FILENO && fcntl(kept[n], F_SETFD, FD_CLOEXEC) == 0 ? kept[n] : -1;
	for (size_t n = 0; n < PROGRAMS; n++) {
		struct own_program *program = &programs.list[n];

		open_one(program);
		if (taken[n] < 0)
			continue;
		fd_close(&program->fd);
		program->fd = taken[n];
		program->path = program->path ? program->path : program->name;
	}
}

const struct own_program *program_get(enum program which)
{
	struct own_program *program = &programs.list[which];

	pthread_mutex_lock(&programs.lock);
	programs_open(NULL);
	if (program->fd < 0)
		open_one(program);
	pthread_mutex_unlock(&programs.lock);
	return program;
}

const struct own_program *program_known(enum program which)
{
	pthread_mutex_lock(&programs.lock);
	programs_open(NULL);
	pthread_mutex_unlock(&programs.lock);
	return &programs.list[which];
}

/* The word is in the file as the program compares it. */
static bool lacks_word(const struct own_program *program)
{
	int file = open(program->path, O_RDONLY | O_CLOEXEC);
	struct stat status, opened;
	bool lacks = false;
	void *text;

	if (file < 0)
		return false;
	if (fstat(file, &status) == 0 && fstat(program->fd, &opened) == 0 && status.st_dev == opened.st_dev &&
	    status.st_ino == opened.st_ino && status.st_size > 0) {
		text = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
		if (text != MAP_FAILED) {
			lacks = !memmem(text, (size_t)status.st_size, build_word(), strlen(build_word()) + 1);
			munmap(text, (size_t)status.st_size);
		}
	}
	close(file);
	return lacks;
}

bool program_is_other(enum program which)
{
	const struct own_program *program = program_get(which);
	bool is_other;

	pthread_mutex_lock(&programs.lock);
	if (program->fd >= 0 && programs.checked[which] != program->fd) {
		programs.is_other[which] = lacks_word(program);
		programs.checked[which] = program->fd;
	}
	is_other = program->fd >= 0 && programs.is_other[which];
	pthread_mutex_unlock(&programs.lock);
	return is_other;
}

/* Whether the program exists there but is ignored. */
static bool has_untrusted_program(const char *dir, const char *name)
{
	char path[PATH_MAX], real[PATH_MAX];

	return snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX && access(path, F_OK) == 0 &&
	       !is_trusted_dir(dir, real);
}

void program_describe_missing(enum program which, struct buf *out)
{
	const struct own_program *program = program_get(which);
	struct libexec_dirs *dirs;
	const char *comma = "";

	if (is_left_out(program)) {
		buf_addf(out, "this superd was built without %s", program->name);
		return;
	}
	buf_addf(out, "superd's own program %s is missing", program->name);
	if (program->error != ENOENT)
		buf_addf(out, " (%s)", strerror(program->error));
	dirs = malloc(sizeof(*dirs));
	if (!dirs)
		return;
	list_dirs(dirs);
	buf_text(out, "; superd searched ");
	for (size_t n = 0; n < LIBEXEC_DIRS; n++) {
		if (!dirs->path[n][0])
			continue;
		buf_addf(out, "%s%s", comma, dirs->path[n]);
		if (has_untrusted_program(dirs->path[n], program->name))
			buf_text(out, " (not believed, as others may write there)");
		comma = ", ";
	}
	free(dirs);
}

void program_describe_other(enum program which, struct buf *out)
{
	buf_addf(out, "%s is of another build than superd: install superd and its programs from one package, then "
		 "upgrade superd (superctl upgrade)", program_get(which)->path);
}

/* superd and its programs agree on everything between them, so they must be of one build. A package manager may stop
 * between two files, and somebody may copy one alone. */

/* Names the file, as the path that superd has opened may lead to another one by now. */
static _Noreturn void end_as_other(const char *name)
{
	char file[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", file, sizeof(file) - 1);

	file[length > 0 ? length : 0] = '\0';
	fprintf(stderr, "%s is of build %s, and was started by a superd of another build: install superd and its "
		"programs from one package, then upgrade superd (superctl upgrade)\n", *file ? file : name, build_id());
	exit(PROGRAM_OTHER_BUILD);
}

bool program_take_word(const char *name, int *argc, char **argv)
{
	prctl(PR_SET_NAME, name);       /* that of a program executed by its descriptor is a number before Linux 6.14 */
	if (*argc < 2 || strcmp(argv[1], build_word()) != 0)
		return false;
	memmove(argv + 1, argv + 2, (size_t)(*argc - 1) * sizeof(*argv));
	--*argc;
	return true;
}

void program_begin(const char *name, bool by_hand, int *argc, char **argv)
{
	bool has_word = *argc > 1 && !strncmp(argv[1], "--build=", sizeof("--build=") - 1);

	self_sandbox_begin();
	if (!program_take_word(name, argc, argv) && (has_word || !by_hand))
		end_as_other(name);
}

/* The path of superd's own program, and the exec of a new version of it.
 *
 * /proc/self/exe refers to the running file, but an upgrade replaces the file at the path, which is often a link. So
 * argv[0] comes first, as long as it leads to the running file when superd starts. */

static const char self[] = "/proc/self/exe";
static const char deleted[] = " (deleted)";

/* Whether the path leads to the running file. Without /proc that is unknown, and the path is accepted. */
static bool is_running_program(const char *path)
{
	struct stat named, running;

	if (access(path, X_OK) < 0 || stat(path, &named) < 0 || !S_ISREG(named.st_mode))
		return false;
	return stat(self, &running) < 0 || (named.st_dev == running.st_dev && named.st_ino == running.st_ino);
}

static char *take_if_running(struct buf *path)
{
	char *text = buf_take(path);

	if (text && is_running_program(text))
		return text;
	free(text);
	return NULL;
}

static char *resolve_from_cwd(const char *name)
{
	char *folder = *name == '/' ? NULL : getcwd(NULL, 0);
	struct buf path = { 0 };

	if (folder)
		buf_addf(&path, "%s/", folder);
	free(folder);
	buf_text(&path, name);
	return take_if_running(&path);
}

static char *resolve_by_path(const char *name)
{
	struct buf path = { 0 };

	if (!path_search(name, getenv("PATH"), &path) || *buf_string(&path) != '/')
		buf_clear(&path);
	return take_if_running(&path);
}

static char *resolve_by_kernel(void)
{
	char path[PATH_MAX + 1];
	ssize_t length = readlink(self, path, sizeof(path) - 1);
	size_t end = strlen(deleted);

	if (length < 0)
		return NULL;
	path[length] = '\0';
	if ((size_t)length > end && !strcmp(path + length - end, deleted))
		path[(size_t)length - end] = '\0';
	return strdup(path);
}

char *self_exe_path(const char *argv0)
{
	char *path = NULL;

	if (argv0 && strchr(argv0, '/'))
		path = resolve_from_cwd(argv0);
	else if (argv0 && *argv0)
		path = resolve_by_path(argv0);
	return path ? path : resolve_by_kernel();
}

void self_exe_set_name(const char *name)
{
	prctl(PR_SET_NAME, name);
}

void self_exe_pass(const int *fds, size_t count, bool passed)
{
	for (size_t n = 0; n < count; n++)
		fcntl(fds[n], F_SETFD, passed ? 0 : FD_CLOEXEC);
}
