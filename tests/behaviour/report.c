/* The backend that reports all it was given: its arguments, environment, descriptors, signals, identity, limits.
 * One "key=value" a line, ended by "end=1", written beside FILE and renamed, so whoever sees FILE sees all of it.
 *
 *   report FILE          writes FILE, then serves whoever activated it: one connection or datagram, answered "reported"
 *   report --stay FILE   writes FILE, then stays until it is killed, and answers nobody
 *   report -             writes to standard output and ends: the client itself gets the report
 *
 * The hard thing is to look without changing what is seen: descriptors are listed before anything is opened. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "passed.h"

enum { DESCRIPTORS_MOST = 512 };

extern char **environ;

static int descriptors[DESCRIPTORS_MOST];
static int descriptor_count;

static void list_descriptors(void)
{
	for (int fd = 0; fd < 65536 && descriptor_count < DESCRIPTORS_MOST; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			descriptors[descriptor_count++] = fd;
	}
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFSOCK:
		return "socket";
	case S_IFIFO:
		return "fifo";
	case S_IFREG:
		return "file";
	case S_IFCHR:
		return "device";
	case S_IFDIR:
		return "directory";
	}
	return "other";
}

static void write_unix_address(FILE *out, const struct sockaddr_un *address, socklen_t length)
{
	if (length <= offsetof(struct sockaddr_un, sun_path))
		fputs("unnamed", out);
	else if (address->sun_path[0] == '\0')
		fprintf(out, "@%.*s", (int)(length - offsetof(struct sockaddr_un, sun_path) - 1),
			address->sun_path + 1);
	else
		fputs(address->sun_path, out);
}

static void write_address(FILE *out, int fd, bool peer)
{
	struct sockaddr_storage storage = { 0 };
	socklen_t length = sizeof(storage);
	char text[INET6_ADDRSTRLEN];

	if (peer ? getpeername(fd, (struct sockaddr *)&storage, &length)
		 : getsockname(fd, (struct sockaddr *)&storage, &length)) {
		fputs("none", out);
	} else if (storage.ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)&storage;

		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		fprintf(out, "%s:%d", text, ntohs(in->sin_port));
	} else if (storage.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&storage;

		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		fprintf(out, "[%s]:%d", text, ntohs(in6->sin6_port));
	} else if (storage.ss_family == AF_UNIX) {
		write_unix_address(out, (const struct sockaddr_un *)&storage, length);
	} else {
		fprintf(out, "family %d", storage.ss_family);
	}
}

static void write_socket(FILE *out, int fd)
{
	static const char *const types[] = { [SOCK_STREAM] = "stream", [SOCK_DGRAM] = "datagram", [SOCK_RAW] = "raw",
					     [SOCK_SEQPACKET] = "seqpacket" };
	int type = passed_socket_type(fd);

	fprintf(out, "fd.%d.type=%s\n", fd, type > 0 && type <= SOCK_SEQPACKET && types[type] ? types[type] : "other");
	fprintf(out, "fd.%d.listening=%d\n", fd, passed_listens(fd));
	fprintf(out, "fd.%d.address=", fd);
	write_address(out, fd, false);
	fprintf(out, "\nfd.%d.peer=", fd);
	write_address(out, fd, true);
	fputc('\n', out);
}

static void write_target(FILE *out, int fd)
{
	char link[64], target[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, target, sizeof(target) - 1);
	if (length >= 0)
		fprintf(out, "fd.%d.target=%.*s\n", fd, (int)length, target);
}

static void write_descriptors(FILE *out)
{
	static const char *const access[] = { [O_RDONLY] = "read", [O_WRONLY] = "write", [O_RDWR] = "both" };

	fputs("fds=", out);
	for (int i = 0; i < descriptor_count; i++)
		fprintf(out, "%s%d", i ? " " : "", descriptors[i]);
	fputc('\n', out);
	for (int i = 0; i < descriptor_count; i++) {
		int fd = descriptors[i], flags = fcntl(fd, F_GETFL);
		struct stat status;

		if (fstat(fd, &status) < 0)
			continue;
		fprintf(out, "fd.%d.kind=%s\n", fd, kind_of(status.st_mode));
		fprintf(out, "fd.%d.access=%s\n", fd, (flags & O_ACCMODE) < 3 ? access[flags & O_ACCMODE] : "none");
		fprintf(out, "fd.%d.cloexec=%d\n", fd, (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
		fprintf(out, "fd.%d.nonblock=%d\n", fd, (flags & O_NONBLOCK) != 0);
		fprintf(out, "fd.%d.append=%d\n", fd, (flags & O_APPEND) != 0);
		write_target(out, fd);
		if (S_ISSOCK(status.st_mode))
			write_socket(out, fd);
	}
}

/* Values may hold newlines: they are written as \n, and a backslash as \\. */
static void write_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '\\')
			fputs("\\\\", out);
		else
			fputc(*text, out);
	}
	fputc('\n', out);
}

static void write_words(FILE *out, int argc, char **argv)
{
	fprintf(out, "argc=%d\n", argc);
	for (int i = 0; i < argc; i++) {
		fprintf(out, "argv.%d=", i);
		write_escaped(out, argv[i]);
	}
	fputs("environment=", out);
	for (char **entry = environ; *entry; entry++)
		fprintf(out, "%s%.*s", entry == environ ? "" : " ", (int)strcspn(*entry, "="), *entry);
	fputc('\n', out);
	for (char **entry = environ; *entry; entry++) {
		fputs("env.", out);
		write_escaped(out, *entry);
	}
}

static void write_signals(FILE *out)
{
	sigset_t blocked;

	fputs("blocked=", out);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int number = 1; number < NSIG; number++) {
		if (sigismember(&blocked, number) == 1)
			fprintf(out, "%d ", number);
	}
	fputs("\nnot_default=", out);
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			fprintf(out, "%d ", number);
	}
	fputc('\n', out);
}

static void write_identity(FILE *out)
{
	uid_t real, effective, saved;
	gid_t groups[256];
	int count = getgroups(256, groups);
	const char *told = getenv("LISTEN_PID");

	getresuid(&real, &effective, &saved);
	fprintf(out, "uid=%u %u %u\n", real, effective, saved);
	getresgid(&real, &effective, &saved);
	fprintf(out, "gid=%u %u %u\n", real, effective, saved);
	fputs("groups=", out);
	for (int i = 0; i < count; i++)
		fprintf(out, "%s%u", i ? " " : "", groups[i]);
	fprintf(out, "\npid=%d\nppid=%d\n", getpid(), getppid());
	fprintf(out, "session_leader=%d\ngroup_leader=%d\n", getsid(0) == getpid(), getpgid(0) == getpid());
	fprintf(out, "listen_pid_own=%d\n", told && strtol(told, NULL, 10) == getpid());
	fprintf(out, "no_new_privileges=%d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static void write_surroundings(FILE *out)
{
	char directory[PATH_MAX];
	mode_t mask = umask(0);

	umask(mask);
	fprintf(out, "umask=%04o\n", mask);
	fprintf(out, "cwd=%s\n", getcwd(directory, sizeof(directory)) ? directory : "?");
	fprintf(out, "nice=%d\n", getpriority(PRIO_PROCESS, 0));
}

static void write_limit(FILE *out, const char *name, rlim_t value)
{
	if (value == RLIM_INFINITY)
		fprintf(out, "%sinfinity", name);
	else
		fprintf(out, "%s%llu", name, (unsigned long long)value);
}

static void write_limits(FILE *out)
{
	static const struct {
		const char *name;
		int number;
	} limits[] = {
		{ "as", RLIMIT_AS }, { "core", RLIMIT_CORE }, { "cpu", RLIMIT_CPU }, { "data", RLIMIT_DATA },
		{ "fsize", RLIMIT_FSIZE }, { "memlock", RLIMIT_MEMLOCK }, { "nofile", RLIMIT_NOFILE },
		{ "nproc", RLIMIT_NPROC }, { "stack", RLIMIT_STACK },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct rlimit limit;

		if (getrlimit(limits[i].number, &limit) < 0)
			continue;
		fprintf(out, "rlimit.%s", limits[i].name);
		write_limit(out, "=", limit.rlim_cur);
		write_limit(out, ":", limit.rlim_max);
		fputc('\n', out);
	}
}

/* The kernel's own words: capabilities, and what /proc shows of signals. */
static void write_proc(FILE *out)
{
	FILE *status = fopen("/proc/self/status", "re"), *score = fopen("/proc/self/oom_score_adj", "re");
	char line[512];

	while (status && fgets(line, sizeof(line), status)) {
		char *value = strchr(line, ':');

		if (!value || (strncmp(line, "Cap", 3) != 0 && strncmp(line, "Sig", 3) != 0))
			continue;
		*value++ = '\0';
		fprintf(out, "proc.%s=%s", line, value + strspn(value, " \t"));
	}
	if (score && fgets(line, sizeof(line), score))
		fprintf(out, "oom_score_adj=%s", line);
	if (status)
		fclose(status);
	if (score)
		fclose(score);
}

static int write_report(FILE *out, int argc, char **argv)
{
	write_words(out, argc, argv);
	write_descriptors(out);
	write_signals(out);
	write_identity(out);
	write_surroundings(out);
	write_limits(out);
	write_proc(out);
	fputs("end=1\n", out);
	return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}

static int write_file(const char *path, int argc, char **argv)
{
	char beside[PATH_MAX];
	FILE *out;

	snprintf(beside, sizeof(beside), "%s.new", path);
	out = fopen(beside, "we");
	if (!out || write_report(out, argc, argv) < 0 || fclose(out) != 0 || rename(beside, path) < 0) {
		fprintf(stderr, "report: %s: %s\n", beside, strerror(errno));
		return -1;
	}
	return 0;
}

/* Takes what activated this backend out of the queue and answers it. */
static void serve_one(void)
{
	static const char answer[] = "reported\n";
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);
	struct passed passed;
	char rest[4096];
	int fd, client;

	passed_find(&passed);
	fd = passed.count ? passed_wait(&passed, 10000) : -1;
	if (fd < 0)
		return;
	if (passed_socket_type(fd) < 0) {
		(void)!read(fd, rest, sizeof(rest));
	} else if (passed_socket_type(fd) == SOCK_DGRAM) {
		recvfrom(fd, rest, sizeof(rest), 0, (struct sockaddr *)&peer, &length);
		sendto(fd, answer, strlen(answer), 0, (struct sockaddr *)&peer, length);
	} else {
		client = passed_listens(fd) ? accept(fd, NULL, NULL) : fd;
		if (send(client, answer, strlen(answer), MSG_NOSIGNAL) > 0)
			shutdown(client, SHUT_WR);
		while (read(client, rest, sizeof(rest)) > 0)
			;
	}
}

int main(int argc, char **argv)
{
	int stays = argc > 1 && strcmp(argv[1], "--stay") == 0;
	const char *path = argc > 1 + stays ? argv[1 + stays] : NULL;

	list_descriptors();
	if (!path) {
		fputs("usage: report [--stay] FILE|-\n", stderr);
		return 2;
	}
	if (strcmp(path, "-") == 0)
		return write_report(stdout, argc, argv) < 0;
	if (write_file(path, argc, argv) < 0)
		return 1;
	if (!stays)
		serve_one();
	while (stays && pause() < 0)
		;
	return 0;
}
