/* Runs a fuzzer over files instead of over what libFuzzer makes up: its corpus, as a part of
 * `make check-world`, or a crash given by hand.
 *
 * With arguments, those files or folders are read; without, the corpus of the program's own name (fuzz_NAME reads
 * corpus/NAME below tests/fuzz of SRCDIR) and, for readers of tables, those that superd ships and the cases of
 * tests/read. An empty corpus fails: a replay that replays nothing proves nothing. */
#include <dirent.h>

#include "fuzzer.h"
#include "lib/lib.h"

#define INPUT_MOST (16u << 20)

static bool replay_file(const char *path, size_t *count)
{
	size_t length;
	char *text = fd_read_file(path, INPUT_MOST, &length);

	if (!text) {
		fprintf(stderr, "%s: cannot read: %s\n", path, strerror(errno));
		return false;
	}
	/* A block of exactly this size, so that a sanitizer sees the first byte read behind it. */
	uint8_t *data = malloc(length ? length : 1);
	if (!data) {
		free(text);
		fprintf(stderr, "%s: cannot read: out of memory\n", path);
		return false;
	}
	memcpy(data, text, length);
	free(text);
	LLVMFuzzerTestOneInput(data, length);
	free(data);
	++*count;
	return true;
}

static int is_file(const struct dirent *entry)
{
	return entry->d_type != DT_DIR && entry->d_name[0] != '.';
}

static bool replay_folder(const char *path, size_t *count)
{
	struct dirent **names;
	int found = scandir(path, &names, is_file, alphasort);
	bool fine = found >= 0;

	if (!fine)
		fprintf(stderr, "%s: cannot read: %s\n", path, strerror(errno));
	for (int i = 0; i < found; i++) {
		char file[4096];

		if (snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name) < (int)sizeof(file))
			fine &= replay_file(file, count);
		free(names[i]);
	}
	if (found >= 0)
		free(names);
	return fine;
}

static bool replay(const char *path, size_t *count)
{
	struct stat info;

	if (stat(path, &info) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	return S_ISDIR(info.st_mode) ? replay_folder(path, count) : replay_file(path, count);
}

static bool replay_corpus(const char *program, size_t *count)
{
	static const struct {
		const char *name, *folder;
	} more[] = {
		{ "native", "conf" }, { "native", "tests/read/superd" }, { "inetd", "tests/read/inetd" },
		{ "xinetd", "tests/read/xinetd" },
	};
	const char *root = getenv("SRCDIR");
	const char *name = strrchr(program, '_');
	char path[4096];

	if (!name)
		return false;
	if (snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", root ? root : ".", name + 1) >= (int)sizeof(path))
		return false;
	if (!replay(path, count) || *count == 0)
		return false;
	for (size_t n = 0; n < sizeof(more) / sizeof(*more); n++) {
		if (!strcmp(name + 1, more[n].name) &&
		    (snprintf(path, sizeof(path), "%s/%s", root ? root : ".", more[n].folder) >= (int)sizeof(path) ||
		     !replay(path, count)))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	size_t count = 0;
	bool fine = true;

	if (argc == 1)
		fine = replay_corpus(argv[0], &count);
	for (int i = 1; i < argc; i++)
		fine &= replay(argv[i], &count);
	printf("%zu inputs\n", count);
	return fine && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
