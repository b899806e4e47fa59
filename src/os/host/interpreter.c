/* What the kernel opens together with a program, and paths inside another root. Sources: execve(2), elf(5). */
#include "os/host/host.h"

#include <elf.h>
#include <link.h>
#include <sys/syscall.h>

#define HEADERS_MOST 4096               /* the kernel wants the program headers within one page */
#define OWN_CLASS (sizeof(ElfW(Addr)) == 8 ? ELFCLASS64 : ELFCLASS32)

#define RESOLVE_INSIDE 0x10u            /* RESOLVE_IN_ROOT */

static int root_path_open(const char *root, const char *path, int flags)
{
	uint64_t how[3] = { (unsigned)(flags | O_CLOEXEC), 0, RESOLVE_INSIDE };
	int folder, fd;

	if (!root)
		return open(path, flags | O_CLOEXEC);
	folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -1;
	fd = (int)syscall(__NR_openat2, folder, path, how, sizeof(how));
	fd_close(&folder);
	return fd;
}

int root_path_stat(const char *root, const char *path, struct stat *status)
{
	int fd, result;

	if (!root)
		return stat(path, status);
	fd = root_path_open(root, path, O_PATH);
	if (fd < 0)
		return -1;
	result = fstat(fd, status);
	fd_close(&fd);
	return result;
}

/* The text of the segment PT_INTERP. A program of another size of words is not read. */
static enum interpreter read_elf(int fd, const char *text, size_t length, char path[PATH_MAX])
{
	ElfW(Phdr) segment;
	ElfW(Ehdr) head;

	if (length < sizeof(head) || text[EI_CLASS] != OWN_CLASS)
		return INTERPRETER_UNKNOWN;
	memcpy(&head, text, sizeof(head));
	for (size_t n = 0; n < head.e_phnum; n++) {
		if (head.e_phoff > length || head.e_phoff + (n + 1) * sizeof(segment) > length)
			return INTERPRETER_UNKNOWN;
		memcpy(&segment, text + head.e_phoff + n * sizeof(segment), sizeof(segment));
		if (segment.p_type != PT_INTERP)
			continue;
		length = segment.p_filesz;
		if (!length || length > PATH_MAX ||
		    pread(fd, path, length, (off_t)segment.p_offset) != (ssize_t)length || path[length - 1])
			return INTERPRETER_UNKNOWN;
		return INTERPRETER_FOUND;
	}
	return INTERPRETER_NONE;
}

enum interpreter interpreter_find(const char *root, const char *program, char path[PATH_MAX])
{
	enum interpreter found = INTERPRETER_UNKNOWN;
	char text[HEADERS_MOST + 1], *word = text + 2;
	struct stat status;
	ssize_t length;
	int fd;

	if (root_path_stat(root, program, &status) < 0 || !S_ISREG(status.st_mode))
		return INTERPRETER_NONE; /* execve(2) reports this */
	fd = root_path_open(root, program, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	length = fd < 0 ? -1 : pread(fd, text, HEADERS_MOST, 0);
	if (length >= 0) {
		text[length] = '\0';
		if (text[0] == '#' && text[1] == '!') {
			/* One that a text does not name is none: execve(2) reports it. */
			word += strspn(word, " \t");
			snprintf(path, PATH_MAX, "%.*s", (int)strcspn(word, " \t\n"), word);
			found = *path ? INTERPRETER_FOUND : INTERPRETER_NONE;
		} else if (!strncmp(text, ELFMAG, SELFMAG)) {
			found = read_elf(fd, text, (size_t)length, path);
		} else {
			found = INTERPRETER_NONE;
		}
	}
	fd_close(&fd);
	return found;
}

bool interpreter_is_missing(const char *root, const char *path, struct buf *why)
{
	size_t length = strlen(path);
	bool is_dos = length && path[length - 1] == '\r';
	struct stat status;

	if (*path != '/' || root_path_stat(root, path, &status) == 0 || errno != ENOENT)
		return false;
	buf_addf(why, "its interpreter '%.*s%s is not there", (int)(length - is_dos), path,
		 is_dos ? "\\r' (the file has DOS line ends)" : "'");
	return true;
}
