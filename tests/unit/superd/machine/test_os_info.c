/* This machine as unit files speak of it. */
#include "tests/unit/as_nobody.h"
#include "tests/unit/pool_fixture.h"

#include <sys/utsname.h>

#include "superd/machine/machine.h"

static struct specifier_values machine;

static void look(void)
{
	cr_assert(os_info_read(&machine, NULL, pool));
}

TestSuite(machine, .init = open_pool, .fini = close_pool);

Test(machine, tells_what_uname_tells)
{
	struct utsname names;

	look();
	cr_assert_eq(uname(&names), 0);
	cr_expect_str_eq(machine.kernel, names.release);
	cr_expect_str_eq(machine.host_name, *names.nodename ? names.nodename : "localhost");
	cr_expect_null(strchr(machine.short_host_name, '.'));
	cr_expect_eq(strncmp(machine.short_host_name, machine.host_name, strlen(machine.short_host_name)), 0);
	if (!strcmp(names.machine, "x86_64"))
		cr_expect_str_eq(machine.architecture, "x86-64");
	cr_expect_not_null(machine.architecture);
	cr_expect_not_null(machine.pretty_host_name);
}

Test(machine, gives_ids_as_thirty_two_digits_or_not_at_all)
{
	const char *ids[2];

	look();
	ids[0] = machine.machine_id;
	ids[1] = machine.boot_id;
	for (int n = 0; n < 2; n++) {
		if (ids[n]) {
			cr_expect_eq(strlen(ids[n]), 32, "%s", ids[n]);
			cr_expect_eq(strspn(ids[n], "0123456789abcdef"), 32, "%s", ids[n]);
		}
	}
	if (access("/proc/sys/kernel/random/boot_id", R_OK) == 0)
		cr_expect_not_null(machine.boot_id);
}

Test(machine, knows_the_system_by_os_release)
{
	look();
	cr_expect(machine.os_id && *machine.os_id);
	cr_expect(machine.os_version_id && machine.os_build_id && machine.os_variant_id);
	cr_expect(machine.image_id && machine.image_version);
	cr_expect_null(strchr(machine.os_version_id, '"'));
}

/* As in systemd.unit(5), without what systemd's bus interface fills for one boot. */
static const char *const system_path[] = {
	"/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/generator.early",
	"/etc/systemd/system", "/run/systemd/system", "/run/systemd/generator", "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/generator.late", NULL,
};
static const char *const user_path[] = {
	"/c/systemd/user.control", "/run/user/7/systemd/user.control", "/run/user/7/systemd/generator.early",
	"/c/systemd/user", "/etc/xdg/systemd/user", "/etc/systemd/user", "/run/user/7/systemd/user",
	"/run/systemd/user", "/run/user/7/systemd/generator", "/h/.local/share/systemd/user",
	"/usr/local/share/systemd/user", "/usr/share/systemd/user", "/usr/local/lib/systemd/user",
	"/usr/lib/systemd/user", "/run/user/7/systemd/generator.late", NULL,
};

/* The number of folders if a path begins with these; 0: it does not. */
static size_t begins_with(const char *const *path, const char *const *wanted)
{
	size_t n = 0;

	for (; path && wanted[n]; n++) {
		if (!path[n] || strcmp(path[n], wanted[n]) != 0)
			return 0;
	}
	return n;
}

Test(machine, means_the_system_when_root_asks)
{
	const char *const *path;
	size_t count;

	if (getuid())
		cr_skip_test("root alone is meant");
	setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
	setenv("XDG_STATE_HOME", "/nowhere", 1);
	setenv("HOME", "/nowhere", 1);
	unsetenv("SYSTEMD_UNIT_PATH");
	look();
	cr_expect_str_eq(machine.user, "root");
	cr_expect_str_eq(machine.user_id, "0");
	cr_expect_str_eq(machine.home, "/root");
	cr_expect_str_eq(machine.runtime, "/run");
	cr_expect_str_eq(machine.state, "/var/lib");
	cr_expect_str_eq(machine.cache, "/var/cache");
	cr_expect_str_eq(machine.logs, "/var/log");
	cr_expect_str_eq(machine.configuration, "/etc");
	cr_expect_str_eq(machine.data, "/usr/share");
	path = os_info_unit_path(&machine, pool);
	count = begins_with(path, system_path);
	cr_expect(count && !path[count]);
}

static bool has(const char *const *path, const char *folder)
{
	for (; *path; path++) {
		if (!strcmp(*path, folder))
			return true;
	}
	return false;
}

static bool start_kit_its_own(void)
{
	const char *const *path, *const *longer;
	size_t count;

	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	setenv("XDG_CONFIG_HOME", "/c", 1);
	unsetenv("XDG_CACHE_HOME");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_DATA_HOME");
	unsetenv("XDG_DATA_DIRS");
	unsetenv("XDG_CONFIG_DIRS");
	unsetenv("SYSTEMD_UNIT_PATH");
	setenv("HOME", "/h", 1);
	if (!os_info_read(&machine, NULL, pool))
		return false;
	path = os_info_unit_path(&machine, pool);
	count = begins_with(path, user_path);
	setenv("SYSTEMD_UNIT_PATH", "/a:", 1);
	longer = os_info_unit_path(&machine, pool);
	if (strcmp(longer[0], "/a") != 0 || begins_with(longer + 1, user_path) != count)
		return false;
	return count && begins_with(path + count, system_path) && !strcmp(machine.runtime, "/run/user/7") &&
		!strcmp(machine.configuration, "/c") && !strcmp(machine.cache, "/h/.cache") &&
		!strcmp(machine.state, "/h/.local/state") && !strcmp(machine.logs, "/h/.local/state/log") &&
		!strcmp(machine.data, "/h/.local/share") &&
		!strcmp(machine.home, "/h") && strcmp(machine.user_id, "0") != 0;
}

Test(machine, means_a_users_own_folders_otherwise)
{
	as_nobody(start_kit_its_own);
}

Test(machine, takes_the_search_path_of_the_environment)
{
	const char *const *path;

	look();
	setenv("SYSTEMD_UNIT_PATH", "/a:relative:/b/c", 1);
	path = os_info_unit_path(&machine, pool);
	cr_assert_not_null(path);
	cr_expect_str_eq(path[0], "/a");
	cr_expect_str_eq(path[1], "/b/c");
	cr_expect_null(path[2]);
	setenv("SYSTEMD_UNIT_PATH", "/a:", 1);
	path = os_info_unit_path(&machine, pool);
	cr_expect_str_eq(path[0], "/a");
	cr_expect(has(path, "/usr/lib/systemd/system"));
}

Test(machine, takes_a_folder_for_temporary_files_that_is_there)
{
	setenv("TMPDIR", "/nowhere/at/all", 1);
	setenv("TEMP", "/usr", 1);
	unsetenv("TMP");
	look();
	cr_expect_str_eq(machine.temporary, "/usr");
	cr_expect_str_eq(machine.lasting_temporary, "/usr");
	unsetenv("TEMP");
	unsetenv("TMPDIR");
	look();
	cr_expect_str_eq(machine.temporary, "/tmp");
	cr_expect_str_eq(machine.lasting_temporary, "/var/tmp");
}
