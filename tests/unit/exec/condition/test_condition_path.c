/* Patterns of paths, as systemd's conditions have them: those of glob(7), and braces. */
#include "exec/stages/stages.h"
#include "tests/unit/unit.h"

#include <sys/resource.h>

static char folder[] = "/tmp/superd-condition-XXXXXX";

static void make_files(void)
{
	static const char *const names[] = { "main.cvd", "daily.cld", "a{b}", ".hidden" };
	char path[128];

	cr_assert_not_null(mkdtemp(folder));
	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[n]);
		close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	}
}

static void remove_files(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
}

static void expect(const char *pattern, bool exists)
{
	char path[8192];

	snprintf(path, sizeof(path), "%s/%s", folder, pattern);
	cr_expect_eq(condition_kind_holds(CONDITION_PATH_EXISTS_GLOB, path), exists, "%s", pattern);
}

TestSuite(condition_path, .init = make_files, .fini = remove_files);

Test(condition_path, takes_patterns)
{
	expect("main.cvd", true);
	expect("main.c[vl]d", true);
	expect("*.cld", true);
	expect("*.inc", false);
	expect("?hidden", false);
	expect(".h*", true);
}

Test(condition_path, takes_one_alternative_or_another)
{
	expect("main.{c[vl]d,inc}", true);
	expect("main.{inc,c[vl]d}", true);
	expect("main.{inc,exc}", false);
	expect("{main,daily}.cld", true);
	expect("{main,weekly}.cld", false);
	expect("{m{ai,o}n,weekly}.c{v,l}d", true);
	expect("main{,.inc}", false);
	expect("main.cvd{.inc,}", true);
}

Test(condition_path, takes_braces_that_are_none_as_they_are)
{
	expect("main.{cvd", false);
	expect("main.cvd}", false);
	expect("a{b}", false);
	expect("ab", false);
}

Test(condition_path, bounds_what_braces_make)
{
	char pattern[5000];

	memset(pattern, 'x', sizeof(pattern));
	memcpy(pattern, "{a,b}", 5);
	pattern[sizeof(pattern) - 1] = '\0';
	expect(pattern, false);
	expect("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", false);
}

/* In a process of its own that gets no more memory: others may fill such a folder. */
static int find_without_memory(void)
{
	const struct rlimit none = { 0, 0 };
	char pattern[128];

	snprintf(pattern, sizeof(pattern), "%s/many/*", folder);
	if (setrlimit(RLIMIT_AS, &none) < 0)
		return 2;
	return condition_kind_holds(CONDITION_PATH_EXISTS_GLOB, pattern) ? 0 : 1;
}

Test(condition_path, takes_the_first_of_many)
{
	char path[128];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/many", folder);
	cr_assert_eq(mkdir(path, 0700), 0);
	for (int n = 0; n < 40000; n++) {
		snprintf(path, sizeof(path), "%s/many/a_file_with_a_rather_long_name_%d", folder, n);
		cr_assert_eq(mknod(path, S_IFREG | 0600, 0), 0);
	}
	pid = fork();
	if (pid == 0)
		_exit(find_without_memory());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static bool take(void *context, int at, const char *name)
{
	(void)context, (void)at;
	return !strcmp(name, "main.cvd");
}

/* The kernel does not list a folder that was removed. */
Test(condition_path, tells_a_folder_that_cannot_be_read_from_an_empty_one)
{
	char path[128];
	int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_expect_eq(condition_any_entry(at, take, NULL), 1);
	close(at);
	snprintf(path, sizeof(path), "%s/empty", folder);
	cr_assert_eq(mkdir(path, 0700), 0);
	at = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_expect_eq(condition_any_entry(at, take, NULL), 0);
	cr_assert_eq(rmdir(path), 0);
	errno = 0;
	cr_expect_eq(condition_any_entry(at, take, NULL), -1);
	cr_expect_eq(errno, ENOENT);
	close(at);
}
