/* Paths that superd walks part by part. What users do with them: tests/security/secret-symlink, sandbox-symlink. */
#include "os/foreign/foreign.h"
#include "tests/unit/automounter.h"
#include "tests/unit/unit.h"

static bool walk(const void *path)
{
	struct path_walk walk = { .folder = -1 };
	int place = path_walk(&walk, -1, path, PATH_STAYS_MISSING);

	return path_walk_end(&walk) && place >= 0;
}

TestSuite(path_walk, .timeout = 60);

/* Else a start would find the empty folder in place of what is mounted there. */
Test(path_walk, mounts_what_an_automounter_offers)
{
	char folder[] = "/tmp/superd-walk-XXXXXX", inside[sizeof(folder) + sizeof("/file")];

	cr_assert(mkdtemp(folder));
	snprintf(inside, sizeof(inside), "%s/file", folder);
	cr_expect(asks_automounter(folder, walk, folder));
	cr_expect(asks_automounter(folder, walk, inside));
	cr_expect_eq(rmdir(folder), 0);
}
