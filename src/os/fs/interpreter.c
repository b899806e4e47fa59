/* Reads a program's first bytes as execve(2) does. It reports a program as not executable only if that is certain:
 * binfmt_misc may know further formats. Sources: execve(2), elf(5). */
#include "os/fs/fs.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/scan.h"

/* Bytes read of a program; the kernel wants the program headers within one page. */
#define HEADERS_MOST 4096
#define BINFMT_FOLDER "/proc/sys/fs/binfmt_misc"

/* env(1) would look for a program whose name ends in \r, and a shell rejects it as an option; other interpreters ignore
 * it. */
static bool is_confused_by_dos(const char *interpreter)
{
	return scan_ends_with(interpreter, "/env") || scan_ends_with(interpreter, "sh");
}

/* Reads the interpreter and the end of its arguments from the #! line, as execve(2) does. */
static void read_script(const char *text, size_t length, struct interpreter *found)
{
	size_t from = 2, count = 0, end;

	while (from < length && (text[from] == ' ' || text[from] == '\t'))
		from++;
	while (from + count < length && !strchr(" \t\n", text[from + count]) && count < PATH_MAX - 1)
		count++;
	for (end = from + count; end < length && text[end] != '\n'; end++)
		;
	memcpy(found->path, text + from, count);
	found->path[count] = '\0';
	found->is_split_wrong = end > from + count && text[end - 1] == '\r' && is_confused_by_dos(found->path);
	found->kind = count ? INTERPRETER_FOUND : INTERPRETER_MISSING;
}

/* The offsets and sizes of the fields, by ELF class (elf(5)). */
static const struct elf_layout {
	size_t word;                    /* bytes of an offset, or of a size */
	size_t e_phoff, e_phnum, phdr, p_offset, p_filesz;
} elf_layouts[] = {
	[ELFCLASS32] = { sizeof(Elf32_Off), offsetof(Elf32_Ehdr, e_phoff), offsetof(Elf32_Ehdr, e_phnum),
			 sizeof(Elf32_Phdr), offsetof(Elf32_Phdr, p_offset), offsetof(Elf32_Phdr, p_filesz) },
	[ELFCLASS64] = { sizeof(Elf64_Off), offsetof(Elf64_Ehdr, e_phoff), offsetof(Elf64_Ehdr, e_phnum),
			 sizeof(Elf64_Phdr), offsetof(Elf64_Phdr, p_offset), offsetof(Elf64_Phdr, p_filesz) },
};

static uint64_t read_elf_word(const char *at, size_t bytes)
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

/* Finds the offset and size of the file's PT_INTERP segment. false: it has none. */
static bool find_interpreter_segment(const char *text, size_t length, uint64_t *offset, uint64_t *size)
{
	const struct elf_layout *layout = &elf_layouts[text[EI_CLASS] == ELFCLASS64 ? ELFCLASS64 : ELFCLASS32];
	uint64_t first = read_elf_word(text + layout->e_phoff, layout->word);
	Elf32_Half count;

	memcpy(&count, text + layout->e_phnum, sizeof(count));
	for (size_t n = 0; n < count && first <= length && first + (n + 1) * layout->phdr <= length; n++) {
		const char *segment = text + first + n * layout->phdr;

		if (read_elf_word(segment, sizeof(Elf32_Word)) != PT_INTERP)   /* p_type is first in both */
			continue;
		*offset = read_elf_word(segment + layout->p_offset, layout->word);
		*size = read_elf_word(segment + layout->p_filesz, layout->word);
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

/* Every binary format of the kernel has a NUL this early. A truncated ELF file is left to execve(2). */
static bool looks_like_text(const char *text, size_t length)
{
	return (!length || text[0] != '\177') && !memchr(text, '\0', length < 256 ? length : 256);
}

void interpreter_find(const char *root, const char *program, struct interpreter *found)
{
	char text[HEADERS_MOST];
	struct stat status;
	ssize_t length;
	int fd;

	found->is_split_wrong = false;
	found->kind = INTERPRETER_NONE;
	if (root_path_stat(root, program, &status) < 0 || !S_ISREG(status.st_mode))
		return;                 /* execve(2) reports this */
	fd = root_path_open(root, program, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		found->kind = errno == ENOENT ? INTERPRETER_NONE : INTERPRETER_UNKNOWN;
		return;
	}
	length = pread(fd, text, sizeof(text), 0);
	if (length >= 2 && text[0] == '#' && text[1] == '!')
		read_script(text, (size_t)length, found);
	else if (length > 0 && find_loader(fd, text, (size_t)length, found->path))
		found->kind = INTERPRETER_FOUND;
	else if (length >= 0 && looks_like_text(text, (size_t)length))
		found->kind = INTERPRETER_MISSING;
	fd_close(&fd);
}

/* Whether the administrator has registered formats in binfmt_misc. */
static bool has_binfmt_misc_formats(void)
{
	DIR *folder = opendir(BINFMT_FOLDER);
	bool has = false;

	for (struct dirent *entry; folder && (entry = readdir(folder));)
		has |= entry->d_name[0] != '.' && strcmp(entry->d_name, "register") && strcmp(entry->d_name, "status");
	if (folder)
		closedir(folder);
	return has;
}

static void add_quoted_path(struct buf *out, const char *path)
{
	size_t length = strlen(path);
	bool is_dos = length && path[length - 1] == '\r';

	buf_addf(out, "'%.*s%s'", (int)(length - is_dos), path, is_dos ? "\\r" : "");
	if (is_dos)
		buf_text(out, " (the file has DOS line ends)");
}

/* Checks an interpreter that was found in an existing file; true with the reason in why. */
static bool report_interpreter(const struct interpreter *found, const char *whose, struct buf *why)
{
	if (found->kind == INTERPRETER_MISSING && !has_binfmt_misc_formats())
		buf_addf(why, "%s does not begin with #! and an interpreter, and is no binary program", whose);
	else if (found->is_split_wrong)
		buf_addf(why, "%s has DOS line ends: a \\r ends the arguments of %s", whose, found->path);
	else
		return false;
	return true;
}

bool interpreter_is_wrong(const char *root, const char *program,
			  bool (*may_look)(const void *context, const char *path), const void *context, struct buf *why)
{
	struct interpreter found;
	struct stat status;

	interpreter_find(root, program, &found);
	if (report_interpreter(&found, "it", why))
		return true;
	for (int depth = 0; depth < INTERPRETERS_MOST; depth++) {
		if (found.kind != INTERPRETER_FOUND || *found.path != '/')
			return false;
		if (may_look && !may_look(context, found.path))
			return false;
		if (root_path_stat(root, found.path, &status) < 0) {
			int error = errno;

			buf_text(why, depth ? "the interpreter of its interpreter, " : "its interpreter ");
			add_quoted_path(why, found.path);
			if (error == ENOENT)
				buf_text(why, depth ? ", is not there" : " is not there");
			else
				buf_addf(why, ": %s", strerror(error));
			return true;
		}
		interpreter_find(root, found.path, &found);
		if (report_interpreter(&found, "its interpreter", why))
			return true;
	}
	return false;
}

/* openat2(2) with RESOLVE_IN_ROOT. On a kernel without it, absolute links start at superd's own root. */

#define RESOLVE_INSIDE 0x10u            /* RESOLVE_IN_ROOT */

int root_path_open(const char *root, const char *path, int flags)
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
