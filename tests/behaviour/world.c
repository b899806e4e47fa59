/* The test's folder and what may be left in it, the texts tests are made of, and the last look at processes. The
 * hard thing is the order of the end: superd first, then the look for whatever outlived it, then the folder; and a
 * test that failed half way is cleaned up after just the same, by world_end. */
#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <time.h>

#include "harness.h"

enum { DECLARED_MOST = 512, OWN_UMASK = 022, BESIDE_MS = 5000 };

static char folder[64];
static const char *declared[DECLARED_MOST];
static size_t declared_count;

/* Texts live as long as the test, which a leak checker built into it would take for leaks; superd has its own. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void pause_a_moment(void)
{
	const struct timespec moment = { .tv_nsec = 3000000 };

	nanosleep(&moment, NULL);
}

bool running_sanitized(void)
{
	const char *sanitized = getenv("SANITIZED");

	return sanitized && strcmp(sanitized, "yes") == 0;
}

/* By the program interpreter that its file names. */
bool superd_has_musl(void)
{
	static const char musl[] = "/ld-musl-";
	const char *path = getenv("SUPERD_BIN");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char start[4096];
	ssize_t length = fd < 0 ? -1 : read(fd, start, sizeof(start));

	cr_assert_gt(length, 0, "%s: %s", path ? path : "SUPERD_BIN", strerror(errno));
	close(fd);
	return memmem(start, (size_t)length, musl, sizeof(musl) - 1);
}

const char *error_text(int error)
{
	static const struct {
		int error;
		const char *text;
	} musl[] = {
		{ EADDRINUSE, "Address in use" },
		{ EBUSY, "Resource busy" },
		{ ELOOP, "Symbolic link loop" },
		{ EMFILE, "No file descriptors available" },
		{ EMSGSIZE, "Message too large" },
		{ ENOMEM, "Out of memory" },
		{ ETIMEDOUT, "Operation timed out" },
	};

	for (size_t n = 0; superd_has_musl() && n < sizeof(musl) / sizeof(*musl); n++) {
		if (musl[n].error == error)
			return musl[n].text;
	}
	return strerror(error);
}

static mode_t inherited_umask;

void world_restore_umask(void)
{
	mode_t now = umask(inherited_umask);

	if (now != OWN_UMASK)           /* a test has set one for superd */
		umask(now);
}

void world_begin(void)
{
	const char *top = getenv("TMPDIR");

	setvbuf(stderr, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	/* A shell without job control ignores the first two for what it runs in the background, and nohup the third. */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	/* Paths of unix sockets are short, so a deep TMPDIR is no good. */
	snprintf(folder, sizeof(folder), "%s/superd-XXXXXX", top && strlen(top) < 24 ? top : "/tmp");
	cr_assert_not_null(mkdtemp(folder), "%s: %s", folder, strerror(errno));
	cr_assert_eq(chmod(folder, 01777), 0);
	inherited_umask = umask(OWN_UMASK);
}

const char *text_of_list(const char *format, va_list arguments)
{
	char *text;

	cr_assert(vasprintf(&text, format, arguments) >= 0, "out of memory");
	return text;
}

const char *text_of(const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = text_of_list(format, arguments);
	va_end(arguments);
	return text;
}

const char *path_in(const char *format, ...)
{
	va_list arguments;
	const char *path;

	va_start(arguments, format);
	path = text_of("%s/%s", folder, text_of_list(format, arguments));
	va_end(arguments);
	for (size_t n = 0; n < declared_count; n++)
		if (!strcmp(declared[n], path))
			return declared[n];
	cr_assert_lt(declared_count, DECLARED_MOST);
	return declared[declared_count++] = path;
}

static void write_bytes(const char *path, const char *text, size_t length)
{
	FILE *file;

	if (!*folder) { /* a file of scenarios, as its tests are counted: an assertion there would wait for ever */
		fprintf(stderr, "%s is written outside of a test\n", path);
		exit(99);
	}
	file = fopen(path, "we");
	cr_assert_not_null(file, "%s: %s", path, strerror(errno));
	cr_assert_eq(fwrite(text, 1, length, file), length, "%s: %s", path, strerror(errno));
	cr_assert_eq(fclose(file), 0, "%s: %s", path, strerror(errno));
}

const char *write_file(const char *name, const char *format, ...)
{
	const char *path = path_in("%s", name);
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = text_of_list(format, arguments);
	va_end(arguments);
	write_bytes(path, text, strlen(text));
	return path;
}

const char *read_text(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0)
		text = strdup("");
	fclose(file);
	cr_assert_not_null(text, "out of memory");
	return text;
}

size_t count_lines(const char *path)
{
	const char *text = read_text(path);
	size_t lines = 0;

	for (; text && *text; text++)
		lines += *text == '\n';
	return lines;
}

static bool is_open_node(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && (status.st_mode & 0777) != 0;
}

void wait_node(const char *path)
{
	WAIT_UNTIL(is_open_node(path));
}

const char *own_user(void)
{
	return text_of("%u", geteuid());
}

uid_t lone_user(void)
{
	return 40000 + (uid_t)getpid() % 20000;
}

int listen_at(const char *ip, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && inet_pton(AF_INET, ip, &address.sin_addr) == 1);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 16) == 0)
		return fd;
	close(fd);
	return -1;
}

int listen_on(int port)
{
	return listen_at("127.0.0.1", port);
}

/* Whether nobody else has this block of ports, in which case it is this process's until it ends. An abstract socket is
 * held where ports are, in the network namespace, whoever the user is and whatever his pid; without them, all are
 * taken as free. */
static bool reserve_ports(int block)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int length = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "superd-test-ports-%d", block);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t size;

	cr_assert(fd >= 0);
	size = offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length;
	if (bind(fd, (struct sockaddr *)&name, (socklen_t)size) == 0 || errno != EADDRINUSE)
		return true;
	close(fd);
	return false;
}

/* Tests run side by side, in namespaces of pids, too, and between this and the bind of a program another test could
 * take the port: each has blocks of its own. */
/* Without SO_REUSEADDR: a program of the test may bind without it, and an earlier test's connection in TIME-WAIT would
 * be in its way. */
static bool is_free(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool free;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(fd >= 0);
	free = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 16) == 0;
	close(fd);
	return free;
}

int free_port(void)
{
	enum { FIRST = 10000, BLOCKS = 312, BLOCK = 64 };
	static int next, end, block = -1;

	for (;;) {
		for (int tried = 0; next == end; tried++) {
			cr_assert_lt(tried, BLOCKS, "all ports for tests are reserved");
			block = block < 0 ? getpid() % BLOCKS : (block + 1) % BLOCKS;
			if (reserve_ports(block)) {
				next = FIRST + block * BLOCK;
				end = next + BLOCK;
			}
		}
		if (is_free(next++))
			return next - 1;
	}
}

static const char *environment_path(const char *name)
{
	const char *path = getenv(name);

	cr_assert_not_null(path, "%s is not set: run the tests by make check", name);
	return path;
}

bool superd_has_groups(void)
{
	write_file("daemon.conf", "service daemon { listen = \"127.0.0.1:0\" exec = \"/bin/sh\" type = forking }\n");
	return SUPERD_ANSWER("--check", "-f", path_in("daemon.conf")).status == 0;
}

const char *superd_build_word(void)
{
	const char *version = strstr(SUPERD_ANSWER("--version").out, "(build ");

	cr_assert_not_null(version);
	return text_of("--build=%.12s", version + strlen("(build "));
}

const char *superd_path(void)
{
	return environment_path("SUPERD_BIN");
}

void copy_program(const char *from, const char *to)
{
	char bytes[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ssize_t got;

	SKIP_WITHOUT(in >= 0 || errno != EACCES, "this user may run superd's programs, and not copy them");
	cr_assert(in >= 0 && out >= 0, "%s, %s", from, to);
	while ((got = read(in, bytes, sizeof(bytes))) > 0)
		cr_assert_eq(write(out, bytes, (size_t)got), got);
	close(in);
	cr_assert_eq(close(out), 0);
}

const char *superd_called(const char *name)
{
	const char *link = path_in("%s", name);

	cr_assert(symlink(superd_path(), link) == 0 || errno == EEXIST, "%s: %s", link, strerror(errno));
	return link;
}

const char *backend(const char *format, ...)
{
	va_list arguments;
	char *rest;
	int length;
	const char *text;

	va_start(arguments, format);
	length = vasprintf(&rest, format, arguments);
	va_end(arguments);
	cr_assert(length >= 0, "out of memory");
	text = text_of("%s/backend %s", environment_path("SUPERD_TESTDIR"), rest);
	free(rest);
	return text;
}

const char *report_to(const char *path)
{
	return text_of("%s/report %s", environment_path("SUPERD_TESTDIR"), path);
}

const char *example(const char *name)
{
	const char *path = text_of("%s/%s", environment_path("SUPERD_EXAMPLES"), name);
	struct stat status;

	if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
		return path;
	return text_of("%s/contrib/examples/%s", environment_path("BUILDDIR"), name);
}

const char *replaced(const char *text, const char *what, const char *with)
{
	const char *found = strstr(text, what), *result = "";

	cr_assert_not_null(found, "%s is not in: %s", what, text);
	for (; found; found = strstr(text, what)) {
		result = text_of("%s%.*s%s", result, (int)(found - text), text, with);
		text = found + strlen(what);
	}
	return text_of("%s%s", result, text);
}

const char *example_table(const char *name)
{
	const char *text = read_text(text_of("%s/%s", environment_path("SUPERD_CONF"), name));

	cr_assert_not_null(text, "conf/%s: %s", name, strerror(errno));
	if (strstr(text, "@CHECKOUT@"))
		text = replaced(text, "@CHECKOUT@", text_of("%s/../..", environment_path("SUPERD_EXAMPLES")));
	if (strstr(text, "@BUILD@"))
		text = replaced(text, "@BUILD@", environment_path("BUILDDIR"));
	return text;
}

/* With a control socket come the files of what is held and disabled when superd ends. */
static bool is_declared(const char *path)
{
	const char *dot = strrchr(path, '.');
	bool is_of_orders = dot && (!strcmp(dot, ".held") || !strcmp(dot, ".disabled"));
	size_t length = is_of_orders ? (size_t)(dot - path) : strlen(path);

	for (size_t i = 0; i < declared_count; i++) {
		if (strncmp(declared[i], path, length) == 0 &&
		    (declared[i][length] == '\0' || declared[i][length] == '/'))
			return true;
	}
	return false;
}

/* What is disabled outlives a restart of the machine, if superd is root's. */
static void remove_disabled(void)
{
	const char *state = getenv("SUPERD_LOCALSTATEDIR"), *name = "";

	for (const char *at = folder + 1; *at; at++)
		name = *at == '-' ? text_of("%s%%2d", name) : text_of("%s%c", name, *at == '/' ? '-' : *at);
	if (geteuid() == 0)
		unlink(text_of("%s/lib/superd/%s-control.disabled", state ? state : "/var", name));
}

static const char *undeclared;

static int look_at(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	if (place->level > 0 && !is_declared(path))
		undeclared = text_of("%s", path);
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

/* What superd has beside it may be about to end when superd has, as may a program that it asks about a table; who has
 * just gone has no name. */
static bool is_about_to_end(pid_t pid)
{
	static const char *const asked[] = { "superd-exec --build=", "superd-filter --build=", "superd-read --build=" };
	char name[256] = "";

	process_name(pid, name, sizeof(name));
	for (size_t n = 0; n < sizeof(asked) / sizeof(*asked); n++) {
		if (!strncmp(name, asked[n], strlen(asked[n])))
			return true;
	}
	return !*name || process_is_beside(pid, NULL);
}

static size_t find_left(pid_t *left, size_t most)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return process_descendants(getpid(), left, most);
}

static size_t wait_for_those_beside(pid_t *left, size_t most)
{
	long long until = now_ms() + (running_sanitized() ? BESIDE_MS : DEADLINE_MS);
	size_t count = find_left(left, most);

	while (count > 0 && is_about_to_end(left[0]) && now_ms() < until) {
		poll(NULL, 0, 5);
		count = find_left(left, most);
	}
	/* A sanitizer's own locks may be held by another thread when superd forks: such a child waits for ever. */
	for (size_t n = 0; n < count && running_sanitized(); n++) {
		if (process_is_beside(left[n], NULL))
			kill(left[n], SIGKILL);
	}
	while (running_sanitized() && count > 0 && is_about_to_end(left[0]) && now_ms() < until + BESIDE_MS) {
		poll(NULL, 0, 5);
		count = find_left(left, most);
	}
	return count;
}

void world_check(void)
{
	pid_t left[8];
	size_t count = wait_for_those_beside(left, 8);
	char name[256] = "";

	if (count > 0)
		process_name(left[0], name, sizeof(name));
	cr_assert_eq(count, 0, "%zu processes outlived their superd; the first is %d: %s\n%s", count, left[0], name,
		     world_logs());
	remove_disabled();
	nftw(folder, look_at, 16, FTW_PHYS | FTW_MOUNT);
	cr_assert_null(undeclared, "left behind: %s", undeclared);
	cr_assert_null(strstr(world_logs(), "this is a bug of superd"), "%s", world_logs());
	cr_assert_null(strstr(world_logs(), "could not be killed"), "%s", world_logs());
	/* of a sanitizer that cannot write its report (tests/sanitized.c) */
	cr_assert_null(strstr(world_logs(), "ERROR: Can't open file"), "%s", world_logs());
}

/* A mount in the test's own namespace may show what is the machine's, so nothing is removed below one. false: one
 * could not be taken away. */
static bool unmount_below(const char *top)
{
	size_t length = strlen(top);

	for (int round = 0; round < 100; round++) {
		FILE *mounts = fopen("/proc/self/mountinfo", "re");
		char line[8192], place[4096] = "", found[4096];

		while (mounts && fgets(line, sizeof(line), mounts)) {
			if (sscanf(line, "%*s %*s %*s %*s %4095s", found) == 1 && !strncmp(found, top, length) &&
			    (found[length] == '/' || !found[length]))
				memcpy(place, found, sizeof(place));
		}
		if (!mounts)
			return false;
		fclose(mounts);
		if (!*place)
			return true;
		if (umount2(place, MNT_DETACH) < 0)
			return false;
	}
	return false;
}

void world_end(void)
{
	pid_t left[256];

	/* Parents first would leave orphans behind a snapshot, so look again until nobody is left. */
	for (int round = 0; round < 200; round++) {
		size_t count = process_descendants(getpid(), left, 256);

		for (size_t i = 0; i < count && i < 256; i++)
			kill(left[i], SIGKILL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (count == 0)
			break;
		pause_a_moment();
	}
	if (folder[0] && unmount_below(folder))
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	else if (folder[0])
		fprintf(stderr, "%s is left: something is still mounted there\n", folder);
}
