/* Finds and opens the programs that belong to superd, such as superd-builtin.
 *
 * An installed superd takes them from the configured folder. A superd elsewhere (a build folder, below DESTDIR, a
 * copied tree) also searches near itself. It runs what it finds with its own rights. So it trusts the folder beside its
 * own only if nobody else can change it: otherwise any user who may write to /tmp could put a /tmp/libexec beside a
 * superd that root tries out in /tmp/x.
 *
 * A package manager replaces files by new ones (rename(2)), so the files that are open stay as they are. */
#include "os/host/host.h"

#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#define LIBEXEC_DIRS 3

static struct {
	pthread_mutex_t lock;           /* the loop and the thread that reads a table ask */
	bool are_open;
	atomic_uint found;              /* opened so far */
	struct own_program list[PROGRAMS];
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

/* The folders to search, in order; "": none. */
struct libexec_dirs {
	char path[LIBEXEC_DIRS][PATH_MAX];
};

enum { BESIDE, OWN, CONFIGURED };

static void list_dirs(struct libexec_dirs *dirs)
{
	const char *executed = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	char *own = dirs->path[OWN], *slash;
	ssize_t length = readlink("/proc/self/exe", own, PATH_MAX - 1);

	memset(dirs->path[BESIDE], 0, PATH_MAX);
	own[length > 0 ? length : 0] = '\0';
	if (length <= 0 && executed && *executed == '/' && strlen(executed) < PATH_MAX) /* there is no /proc */
		memcpy(own, executed, strlen(executed) + 1);
	snprintf(dirs->path[CONFIGURED], PATH_MAX, "%s", PKGLIBEXECDIR);
	slash = strrchr(own, '/');
	if (slash)
		*slash = '\0';
	if (!slash || !strcmp(own, SBINDIR))
		*own = '\0';
	else if (snprintf(dirs->path[BESIDE], PATH_MAX, "%.*s/libexec/superd",
			  (int)(strrchr(own, '/') ? strrchr(own, '/') - own : 0), own) >= PATH_MAX)
		*dirs->path[BESIDE] = '\0';
}

/* Whether superd's programs may lie there. Who can change the configured folder, or superd's own, could replace superd
 * as well. */
static bool is_trusted_dir(const struct libexec_dirs *dirs, size_t n)
{
	struct path_finding finding;
	char inside[PATH_MAX];

	return n != BESIDE || (snprintf(inside, sizeof(inside), "%s/.", dirs->path[n]) < (int)sizeof(inside) &&
			       path_is_trusted(inside, PATH_OPEN_FLAWS, &finding));
}

/* Looks for the program in the folders. */
static void find_program(const struct libexec_dirs *dirs, struct own_program *program)
{
	struct stat status;
	char path[PATH_MAX];

	program->error = ENOENT;
	for (size_t n = 0; n < LIBEXEC_DIRS && program->fd < 0; n++) {
		if (!dirs->path[n][0] || !is_trusted_dir(dirs, n) ||
		    snprintf(path, sizeof(path), "%s/%s", dirs->path[n], program->name) >= (int)sizeof(path))
			continue;
		program->fd = fd_raise(open(path, O_PATH | O_CLOEXEC), FD_HIGH);
		if (program->fd >= 0 &&
		    (fstat(program->fd, &status) < 0 || !S_ISREG(status.st_mode) || !(status.st_mode & 0111))) {
			fd_close(&program->fd);
			errno = EACCES;         /* it is no program */
		}
		if (program->fd < 0 && program->error == ENOENT && errno != ENOTDIR)
			program->error = errno;
	}
	program->path = program->fd < 0 ? NULL : strdup(path);
	if (program->fd >= 0 && !program->path) {
		fd_close(&program->fd);
		program->error = ENOMEM;
	}
	programs.found += program->fd >= 0;
}

unsigned programs_found(void)
{
	return programs.found;
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

	program->error = is_left_out(program) ? ENOENT : ENOMEM;
	if (dirs) {
		list_dirs(dirs);
		find_program(dirs, program);
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
		if (!is_trusted_dir(dirs, n))
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
	char file[PATH_MAX];
	ssize_t length;

	self_sandbox_begin();
	if (program_take_word(name, argc, argv) || (!has_word && by_hand))
		return;
	/* The path that superd has opened may lead to another file by now. */
	length = readlink("/proc/self/exe", file, sizeof(file) - 1);
	file[length > 0 ? length : 0] = '\0';
	fprintf(stderr, "%s is of build %s, and was started by a superd of another build: install superd and its "
		"programs from one package, then upgrade superd (superctl upgrade)\n", *file ? file : name, build_id());
	exit(PROGRAM_OTHER_BUILD);
}

/* The path of superd's own program, and the exec of a new version of it.
 *
 * /proc/self/exe refers to the running file, but an upgrade replaces the file at the path, which is often a link. So
 * the path that was executed comes first (AT_EXECFN of getauxval(3)), as long as it leads to the running file. */

char *self_exe_path(void)
{
	static const char self[] = "/proc/self/exe", deleted[] = " (deleted)";
	const char *executed = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	char here[PATH_MAX] = "", path[2 * PATH_MAX];
	struct stat named, running;
	size_t end = strlen(deleted);
	ssize_t length;

	/* Without /proc it is unknown whether the path leads to the running file, and the path is accepted. */
	if (executed && strncmp(executed, "/dev/fd/", 8) != 0 && (*executed == '/' || getcwd(here, sizeof(here))) &&
	    snprintf(path, sizeof(path), "%s%s%s", here, *here ? "/" : "", executed) < (int)sizeof(path) &&
	    access(path, X_OK) == 0 && stat(path, &named) == 0 && S_ISREG(named.st_mode) &&
	    (stat(self, &running) < 0 || (named.st_dev == running.st_dev && named.st_ino == running.st_ino)))
		return strdup(path);
	length = readlink(self, path, sizeof(path) - 1);
	if (length < 0)
		return NULL;
	path[length] = '\0';
	if ((size_t)length > end && !strcmp(path + length - end, deleted))
		path[(size_t)length - end] = '\0';
	return strdup(path);
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
