/* Asks the loader in a process of its own, without rights and for a limited time: the program is a stranger's file, and
 * its headers are the loader's to read. */
#include "os/foreign/loader_list.h"

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/scan.h"
#include "os/foreign/fork_with_timeout.h"
#include "os/fs/interpreter.h"
#include "os/fs/memory_file.h"
#include "os/fs/path_trust.h"

#define NOBODY 65534
#define TIMEOUT 1000                    /* milliseconds */
#define ANSWER_MOST 16384               /* bytes; a long list is cut */

struct question {
	const char *loader, *program;
};

static _Noreturn void become_loader(const struct question *question, int out)
{
	const struct rlimit second = { 1, 1 };
	char *arguments[] = { (char *)(uintptr_t)question->loader, (char *)(uintptr_t)"--list",
			  (char *)(uintptr_t)question->program, NULL };
	char *environment[] = { NULL };
	bool drops = geteuid() == 0;

	if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0 || setrlimit(RLIMIT_CPU, &second) < 0 ||
	    (drops && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		       setresuid(NOBODY, NOBODY, NOBODY) < 0)))
		_exit(126);
	execve(question->loader, arguments, environment);
	_exit(127);
}

/* The loader ends at the first library that it misses. A path is the program's own, which nobody may not read. */
static void find_missing(const char *answer, struct buf *name)
{
	static const char *const errors[] = {
		"error while loading shared libraries: ",       /* glibc */
		"Error loading shared library ",                /* musl */
	};

	for (size_t n = 0; n < sizeof(errors) / sizeof(*errors) && !name->length; n++) {
		const char *at = strstr(answer, errors[n]);
		size_t length = at ? strcspn(at + strlen(errors[n]), ":\n") : 0;

		if (at && !memchr(at + strlen(errors[n]), '/', length))
			buf_add(name, at + strlen(errors[n]), length);
	}
}

/* A timed_work. */
static int ask_loader(const void *with, struct buf *why, struct buf *warnings)
{
	int out = memory_open("libraries", false), status;
	char answer[ANSWER_MOST];
	ssize_t length = 0;
	pid_t pid = out < 0 ? -1 : fork();

	(void)warnings;
	if (pid == 0)
		become_loader(with, out);
	if (pid > 0 && waitpid(pid, &status, 0) == pid)
		length = pread(out, answer, sizeof(answer) - 1, 0);
	answer[length > 0 ? length : 0] = '\0';
	find_missing(answer, why);
	fd_close(&out);
	errno = 0;
	return -1;
}

bool loader_misses_library(const char *program, struct buf *name)
{
	struct question question = { .program = program };
	struct buf warnings = { 0 };
	struct path_finding finding;
	struct interpreter found;
	char *mounts = path_mounts();
	bool is_known;

	interpreter_find(NULL, program, &found);
	is_known = found.kind == INTERPRETER_FOUND && !strncmp(scan_base_name(found.path), "ld", 2) &&
		   path_is_trusted(found.path, PATH_ANY_FLAW, mounts, &finding);
	question.loader = found.path;
	if (is_known)
		fork_with_timeout(ask_loader, &question, -1, TIMEOUT, name, &warnings);
	buf_free(&warnings);
	free(mounts);
	return name->length;
}
