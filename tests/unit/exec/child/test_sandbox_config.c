/* What a row's hardening comes to: the places a child goes through and in which order, what it loses, what it
 * shares with rows alike. Nothing is confined here; the behaviour tests look from inside. */
#include "tests/unit/rows.h"

#include <linux/capability.h>
#include <sched.h>

#include "exec/child/child.h"

TestSuite(confine, .init = set_up, .fini = tear_down);

static const struct sandbox_config *all_of(const char *options)
{
	const struct service *service =
		row("service a { listen = 7\nexec = \"/bin/cat\"\nuser = \"%u\"\n%s\n}\n", geteuid(), options);

	return service_prepared(service)->sandbox;
}

static bool is_control(const struct sandbox_mount *mount)
{
	const char *name = strstr(mount->path, "/superd/control");

	return name && !strcmp(name, "/superd/control");
}

/* Without what every row with mounts has. */
static const struct sandbox_config *sandbox(const char *options)
{
	static struct sandbox_config asked;
	static struct sandbox_mount mounts[64];
	const struct sandbox_config *all = all_of(options);
	size_t count = 0;

	if (!all)
		return NULL;
	cr_assert_leq(all->mount_count, 64u);
	asked = *all;
	for (size_t n = 0; n < all->mount_count; n++) {
		if (!is_control(&all->mounts[n]))
			mounts[count++] = all->mounts[n];
	}
	asked.mounts = mounts;
	asked.mount_count = count;
	return &asked;
}

Test(confine, hides_the_control_socket_where_there_are_mounts)
{
	const struct sandbox_config *confined = all_of("private_tmp = yes");
	bool hidden = false;

	for (size_t n = 0; n < confined->mount_count; n++)
		hidden |= is_control(&confined->mounts[n]);
	cr_expect(hidden);
	cr_expect_null(all_of("no_new_privileges = yes"));
}

static const struct sandbox_mount *find(const struct sandbox_config *confined, const char *path)
{
	for (size_t n = 0; confined && n < confined->mount_count; n++) {
		if (!strcmp(confined->mounts[n].path, path))
			return &confined->mounts[n];
	}
	return NULL;
}

Test(confine, a_row_without_hardening_has_none)
{
	cr_expect_null(sandbox(""));
	cr_expect_null(sandbox("no_new_privileges = yes\nkeyring_mode = private\n"));
	cr_expect_null(sandbox("protect_system = no\nrestrict_namespaces = no\nkeyring_mode = inherit\n"));
}

/* A second chroot leads out of the first. */
Test(confine, a_root_is_entered_by_a_mount)
{
	const struct sandbox_config *confined = sandbox("root_directory = \"/srv\"\n");

	if (confined) {                 /* superd may mount here */
		cr_expect_str_eq(confined->root, "/srv");
		cr_expect(confined->namespaces & CLONE_NEWNS);
	}
	cr_expect_null(sandbox("root_directory = \"/\"\n"));
}

Test(confine, what_lies_above_comes_first)
{
	const struct sandbox_config *confined = sandbox("read_only_paths = { \"/srv/b/c\", \"/srv\", \"/srv-x\" }\n"
							"read_write_paths = { \"/srv/b\" }\n");

	cr_assert_eq(confined->mount_count, 4);
	cr_expect_str_eq(confined->mounts[0].path, "/srv");
	cr_expect_str_eq(confined->mounts[1].path, "/srv/b");
	cr_expect_str_eq(confined->mounts[2].path, "/srv/b/c");
	cr_expect_str_eq(confined->mounts[3].path, "/srv-x");
	cr_expect(confined->mounts[1].marks & MOUNT_KEEPS && !confined->mounts[1].attributes);
	cr_expect_eq(confined->mounts[2].attributes, MOUNT_TREE_READ_ONLY);
}

Test(confine, what_changes_nothing_is_left_out)
{
	const struct sandbox_config *confined = sandbox("read_only_paths = { \"/srv\", \"/srv/b\" }\n"
							"read_write_paths = \"-/opt\"\n");

	cr_expect_eq(confined->mount_count, 1);
}

/* Its mount fails where the path is missing. */
Test(confine, what_must_be_there_is_not_left_out)
{
	const struct sandbox_config *confined = sandbox("read_write_paths = { \"/opt\", \"-/srv\" }\n");

	cr_assert_eq(confined->mount_count, 1);
	cr_expect_str_eq(confined->mounts[0].path, "/opt");
}

Test(confine, the_stricter_of_two_words_on_one_path_counts)
{
	const struct sandbox_config *confined = sandbox("read_only_paths = \"/srv\"\nread_write_paths = \"/srv/\"\n");

	cr_assert_eq(confined->mount_count, 1);
	cr_expect_eq(confined->mounts[0].attributes, MOUNT_TREE_READ_ONLY);
	cr_expect_not(confined->mounts[0].marks & MOUNT_KEEPS);
}

Test(confine, nothing_is_seen_below_what_is_hidden)
{
	const struct sandbox_config *confined =
		sandbox("inaccessible_paths = \"/srv\"\nread_write_paths = \"/srv/a\"\n"
			"bind_paths = \"/usr:/srv/b\"\n");

	cr_expect_eq(confined->mount_count, 1);
}

Test(confine, what_lies_below_a_covered_path_is_not_what_was_there)
{
	const struct sandbox_config *confined =
		sandbox("temporary_file_system = \"/srv:ro\"\nbind_paths = \"/usr:/srv/b\"\n"
			"read_only_paths = \"/srv/b/c\"\n");

	cr_assert_eq(confined->mount_count, 3);
	cr_expect_eq(confined->mounts[0].marks & (MOUNT_CLOSES | MOUNT_IN_NEW), MOUNT_CLOSES);
	cr_expect(confined->mounts[1].marks & confined->mounts[2].marks & MOUNT_IN_NEW);
	cr_expect_eq(confined->mounts[1].attributes, 0);
	cr_expect_eq(confined->mounts[2].attributes, MOUNT_TREE_READ_ONLY);
}

Test(confine, the_right_to_run_is_apart_from_that_to_write)
{
	const struct sandbox_config *confined =
		sandbox("no_exec_paths = \"/\"\nexec_paths = \"/opt\"\nprotect_system = strict\n");

	cr_expect_eq(find(confined, "/")->attributes, MOUNT_TREE_READ_ONLY | MOUNT_TREE_NO_EXEC);
	cr_expect_eq(find(confined, "/opt")->attributes, MOUNT_TREE_READ_ONLY);
	cr_expect(find(confined, "/opt")->marks & MOUNT_KEEPS);
	cr_expect_eq(find(confined, "/proc")->attributes, MOUNT_TREE_NO_EXEC);
}

Test(confine, paths_of_another_root_are_meant_there)
{
	const struct sandbox_config *confined =
		sandbox("root_directory = \"/srv/root\"\nread_only_paths = { \"/srv/root/a\", "
			"\"+/b\", \"/srv/c\" }\n");

	cr_assert_eq(confined->mount_count, 2);
	cr_expect_str_eq(confined->root, "/srv/root");
	cr_expect_str_eq(confined->mounts[0].path, "/a");
	cr_expect_str_eq(confined->mounts[1].path, "/b");
}

Test(confine, switches_take_capabilities)
{
	const struct sandbox_config *confined = sandbox("protect_clock = yes\nprotect_kernel_modules = yes\n");

	if (geteuid() == 0)
		cr_expect_eq(confined->dropped, UINT64_C(1) << CAP_SYS_TIME | UINT64_C(1) << CAP_WAKE_ALARM |
						UINT64_C(1) << CAP_SYS_MODULE);
	else
		cr_expect(confined->flags & PLAN_NO_NEW_PRIVILEGES);
}

Test(confine, namespaces_are_those_that_are_asked_for)
{
	cr_expect_eq(sandbox("private_network = yes\nprivate_mounts = no\n")->namespaces, CLONE_NEWNET);
	cr_expect_eq(sandbox("private_mounts = yes\n")->namespaces, CLONE_NEWNS);
	cr_expect_eq(sandbox("private_ipc = yes\n")->namespaces, CLONE_NEWIPC | CLONE_NEWNS);
	cr_expect_eq(sandbox("private_users = yes\n")->users, true);
}

/* What it mounts itself is nobody else's. */
Test(confine, paths_that_change_nothing_take_mounts_of_its_own)
{
	const struct sandbox_config *confined = sandbox("read_write_paths = { \"-/no/such/path\" }\n");

	cr_expect(confined && confined->namespaces & CLONE_NEWNS);
	skip_unless(geteuid() == 0, "needs root");
	confined = service_prepared(row("service a { listen = 7\nexec = \"/bin/cat\"\nuser = nobody\n"
					"root_directory = \"/srv\"\nread_write_paths = { \"+/tmp\" }\n}\n"))->sandbox;
	cr_expect(confined && confined->namespaces & CLONE_NEWNS);
}

/* The machine's would show the machine's interfaces. */
Test(confine, a_network_of_its_own_has_a_sys_of_its_own)
{
	const struct sandbox_config *confined = sandbox("private_network = yes\n");

	skip_unless(confined->namespaces & CLONE_NEWNS, "superd may mount nothing here");
	cr_expect_eq(confined->namespaces, CLONE_NEWNET | CLONE_NEWNS);
	cr_expect_eq(find(confined, "/sys")->content, CONTENT_SYS);
	cr_expect_eq(find(confined, "/sys/fs/cgroup")->content, CONTENT_BIND);
	cr_expect_str_eq(find(confined, "/sys/fs/cgroup")->source, "/sys/fs/cgroup");
	cr_expect_not(sandbox("private_network = yes\nprivate_mounts = no\n")->namespaces & CLONE_NEWNS);
	confined = sandbox("private_network = yes\nprivate_mounts = no\nprotect_system = yes\n");
	cr_expect_eq(find(confined, "/sys")->content, CONTENT_SYS);
}

Test(confine, a_sys_of_its_own_is_as_closed_as_the_machines)
{
	const struct sandbox_config *confined = sandbox("private_network = yes\nread_only_paths = { \"/\" }\n");

	skip_unless(find(confined, "/sys"), "superd may mount nothing here");
	cr_expect(find(confined, "/sys")->attributes & MOUNT_TREE_READ_ONLY);
	cr_expect(find(confined, "/sys/fs/cgroup")->attributes & MOUNT_TREE_READ_ONLY);
	confined = sandbox("private_network = yes\nprotect_kernel_tunables = yes\n");
	cr_expect(find(confined, "/sys")->attributes & MOUNT_TREE_READ_ONLY);
	cr_expect_eq(find(confined, "/sys/fs/cgroup")->attributes & MOUNT_TREE_READ_ONLY, 0);
	confined = sandbox("private_network = yes\nprotect_control_groups = yes\n");
	cr_expect_eq(find(confined, "/sys")->attributes & MOUNT_TREE_READ_ONLY, 0);
	cr_expect(find(confined, "/sys/fs/cgroup")->attributes & MOUNT_TREE_READ_ONLY);
	confined = sandbox("private_network = yes\ninaccessible_paths = { \"/sys\" }\n");
	cr_expect_eq(find(confined, "/sys")->content, CONTENT_INACCESSIBLE);
	cr_expect_null(find(confined, "/sys/fs/cgroup"));
}

Test(confine, rows_alike_share_one_filter)
{
	const struct sandbox_config *first, *second;

	skip_unless(build_has("libseccomp"), "built without libseccomp");
	first = service_prepared(row("service a { listen = 7\nexec = \"/bin/cat\"\n"
				     "system_call_filter = \"@system-service\"\n}\n"
				     "service b { listen = 9\nexec = \"/bin/cat\"\nsystem_call_filter = "
				     "\"@system-service\"\nprivate_tmp = yes\n}\n"))->sandbox;
	second = service_prepared(&table->services[1])->sandbox;
	cr_assert(first && second && first->filters && second->filters);
	cr_expect_eq(first->filters[0]->filter, second->filters[0]->filter);
	cr_expect_gt(first->filters[0]->len, 100);
	cr_expect_null(first->filters[1]);
}

Test(confine, a_list_of_calls_is_set_behind_what_the_switches_deny)
{
	const struct sandbox_config *confined;

	skip_unless(build_has("libseccomp"), "built without libseccomp");
	confined = sandbox("system_call_filter = \"@system-service\"\nrestrict_realtime = yes\n");
	cr_assert(confined->filters[0] && confined->filters[1]);
	cr_expect_null(confined->filters[2]);
	cr_expect_lt(confined->filters[0]->len, confined->filters[1]->len);
}

Test(confine, a_call_that_nobody_knows_can_not_be_denied)
{
	skip_unless(build_has("libseccomp"), "built without libseccomp");
	doubtful = true;
	sandbox("system_call_filter = \"~no_such_call\"\n");
	cr_expect_eq(diags.errors, 1);
	cr_expect(strstr(diags.list[0].message, "libseccomp here knows no system call 'no_such_call'"));
}
