/* Reads the ELF note NT_GNU_BUILD_ID (elf(5)). Libraries have such a note, too; dl_iterate_phdr(3) lists the program
 * first. */
#include "base/build_id.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#define DIGITS 12                       /* hexadecimal, of the build id's 40 */

static char id[DIGITS + 1], version[sizeof(PACKAGE_VERSION) + DIGITS + 16];

static size_t align_note(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static void read_notes(const char *at, size_t left)
{
	ElfW(Nhdr) note;

	while (left >= sizeof(note)) {
		memcpy(&note, at, sizeof(note));
		size_t name = sizeof(note), text = name + align_note(note.n_namesz);
		size_t end = text + align_note(note.n_descsz);

		if (end > left)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && !memcmp(at + name, "GNU", 4) &&
		    note.n_descsz >= DIGITS / 2) {
			for (size_t n = 0; n < DIGITS / 2; n++)
				snprintf(id + 2 * n, 3, "%02x", (unsigned char)at[text + n]);
			return;
		}
		at += end;
		left -= end;
	}
}

static int read_program(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size, (void)context;
	for (size_t n = 0; n < info->dlpi_phnum && !*id; n++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[n];

		if (part->p_type == PT_NOTE)
			read_notes((const char *)info->dlpi_addr + part->p_vaddr, part->p_filesz);
	}
	return 1;                       /* stop behind the program */
}

const char *build_id(void)
{
	if (!*id)
		dl_iterate_phdr(read_program, NULL);
	return id;
}

const char *build_version(void)
{
	if (!*version && *build_id())
		snprintf(version, sizeof(version), "%s (build %s)", PACKAGE_VERSION, build_id());
	else if (!*version)
		snprintf(version, sizeof(version), "%s", PACKAGE_VERSION);
	return version;
}
