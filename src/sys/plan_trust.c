/* Whether a start by a plan can be kept waiting by others than root and superd's own user. Such a start never shares
 * superd's memory: the thread that starts it would wait for its exec, and what hangs in a file system that does not
 * answer is not ended by SIGKILL either.
 *
 * A plan is judged when it is made: on a way of root's folders alone only root can change what a path leads to. What
 * root mounts later is seen when the plan is judged again. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_ELF_H
#include <elf.h>
#endif

#include "base/fd.h"
#include "sys/path_trust.h"
#include "sys/plan.h"
#include "sys/spawn.h"

#define HEADERS_MOST 4096               /* bytes that are read of a program: the kernel wants its headers in one page */
#define PROGRAMS_MOST 6                 /* interpreters of interpreters: execve(2) allows 5 */
#define MOUNTS_SECONDS 1                /* the list of mounts serves all plans of so long */

/* Ten thousand plans made at once read it once. */
static const char *mounts_of_now(void)
{
	static char *mounts;
	static time_t read_at;
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!mounts || now.tv_sec < read_at || now.tv_sec > read_at + MOUNTS_SECONDS) {
		free(mounts);
		mounts = path_mounts();
		read_at = now.tv_sec;
	}
	return mounts;
}

static bool is_trusted(const char *path, const char *mounts)
{
	struct path_finding finding;

	return path_is_trusted(path, PATH_ANY_FLAW, mounts, &finding);
}

/* Takes what stands between the blanks behind `script`. */
static void find_script_interpreter(const char *text, size_t length, char path[PATH_MAX])
{
	size_t from = 2, count = 0;

	while (from < length && (text[from] == ' ' || text[from] == '\t'))
		from++;
	while (from + count < length && !strchr(" \t\n", text[from + count]) && count < PATH_MAX - 1)
		count++;
	memcpy(path, text + from, count);
	path[count] = '\0';
}

#ifdef HAVE_ELF_H
/* Where a file of a class has what is asked of it. */
static const struct layout {
	size_t word;                    /* bytes of an offset, or of a size */
	size_t e_phoff, e_phnum, phdr, p_offset, p_filesz;
} layouts[] = {
	[ELFCLASS32] = { sizeof(Elf32_Off), offsetof(Elf32_Ehdr, e_phoff), offsetof(Elf32_Ehdr, e_phnum),
			 sizeof(Elf32_Phdr), offsetof(Elf32_Phdr, p_offset), offsetof(Elf32_Phdr, p_filesz) },
	[ELFCLASS64] = { sizeof(Elf64_Off), offsetof(Elf64_Ehdr, e_phoff), offsetof(Elf64_Ehdr, e_phnum),
			 sizeof(Elf64_Phdr), offsetof(Elf64_Phdr, p_offset), offsetof(Elf64_Phdr, p_filesz) },
};

static uint64_t take_word(const char *at, size_t bytes)
{
	uint32_t word;
	uint64_t wide;

	if (bytes == sizeof(wide)) {
		memcpy(&wide, at, sizeof(wide));
		return wide;
	}
	memcpy(&word, at, sizeof(word));
	return word;
}

/* The file's own offset and size of its PT_INTERP; false: it has none. */
static bool find_interpreter_segment(const char *text, size_t length, uint64_t *offset, uint64_t *size)
{
	const struct layout *layout = &layouts[text[EI_CLASS] == ELFCLASS64 ? ELFCLASS64 : ELFCLASS32];
	uint64_t first = take_word(text + layout->e_phoff, layout->word);
	Elf32_Half count;

	memcpy(&count, text + layout->e_phnum, sizeof(count));
	for (size_t n = 0; n < count && first <= length && first + (n + 1) * layout->phdr <= length; n++) {
		const char *segment = text + first + n * layout->phdr;

		if (take_word(segment, sizeof(Elf32_Word)) != PT_INTERP)       /* p_type is first in both */
			continue;
		*offset = take_word(segment + layout->p_offset, layout->word);
		*size = take_word(segment + layout->p_filesz, layout->word);
		return true;
	}
	return false;
}

static bool find_loader(int fd, const char *text, size_t length, char path[PATH_MAX])
{
	uint64_t offset = 0, size = 0;

	if (length < sizeof(Elf64_Ehdr) || memcmp(text, ELFMAG, SELFMAG) != 0 ||
	    !find_interpreter_segment(text, length, &offset, &size) || size < 2 || size > PATH_MAX)
		return false;
	return pread(fd, path, size, (off_t)offset) == (ssize_t)size && path[size - 1] == '\0';
}
#else
static bool find_loader(int fd, const char *text, size_t length, char path[PATH_MAX])
{
	(void)fd, (void)text, (void)length, (void)path;
	return false;
}
#endif

static const char script[] = { '#', '!' };

enum interpreter { INTERPRETER_NONE, INTERPRETER_FOUND, INTERPRETER_UNKNOWN };

/* Whom the kernel opens along with a program, which is trusted itself. */
static enum interpreter find_interpreter(const char *program, char path[PATH_MAX])
{
	char text[HEADERS_MOST];
	enum interpreter found = INTERPRETER_NONE;
	struct stat status;
	ssize_t length;
	int fd;

	if (stat(program, &status) < 0 || !S_ISREG(status.st_mode))
		return INTERPRETER_NONE;        /* it can't be executed */
	fd = open(program, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? INTERPRETER_NONE : INTERPRETER_UNKNOWN;
	length = pread(fd, text, sizeof(text), 0);
	if (length > 2 && !memcmp(text, script, sizeof(script))) {
		find_script_interpreter(text, (size_t)length, path);
		found = INTERPRETER_FOUND;
	} else if (length > 0 && find_loader(fd, text, (size_t)length, path)) {
		found = INTERPRETER_FOUND;
	}
	fd_close(&fd);
	return found;
}

static bool is_program_trusted(const char *program, const char *mounts)
{
	char path[PATH_MAX];

	for (int depth = 0; depth < PROGRAMS_MOST; depth++) {
		if (!*program)
			return true;    /* it is nowhere */
		if (!is_trusted(program, mounts))
			return false;
		switch (find_interpreter(program, path)) {
		case INTERPRETER_NONE:
			return true;
		case INTERPRETER_UNKNOWN:
			return false;
		case INTERPRETER_FOUND:
			program = path;
		}
	}
	return true;                            /* ELOOP, says the kernel */
}

static bool are_commands_trusted(const struct plan *plan, const char *mounts)
{
	for (int phase = 0; phase < PHASES; phase++) {
		for (size_t n = 0; n < plan->commands[phase].count; n++) {
			if (!is_program_trusted(plan->commands[phase].list[n].program, mounts))
				return false;
		}
	}
	return true;
}

/* Links lead elsewhere in another root, so nothing there is followed from here. */
static bool is_plan_trusted(const struct plan *plan)
{
	const char *mounts = mounts_of_now();

	return !plan->root && (!plan->directory || is_trusted(plan->directory, mounts)) &&
	       is_program_trusted(plan->main.program, mounts) && are_commands_trusted(plan, mounts);
}

void plan_judge(struct plan *plan)
{
	if (plan->may_hang)
		return;
	plan->may_hang = !is_plan_trusted(plan);
	plan->apart |= plan->may_hang;
}
