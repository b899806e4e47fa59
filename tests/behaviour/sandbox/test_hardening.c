/* Hardening, seen from inside: a probe tries under every option what it must not, and the same without. */
#include "controlling.h"
#include "harness.h"
#include "probing.h"

#define OTHER 65534
#define GROUP 4321

#define SKIP_WITHOUT_ROOT() SKIP_WITHOUT(geteuid() == 0 && namespace_allowed(), "needs root and namespaces")

Behaviour(hardening, tmp_of_its_own)
{
	SKIP_WITHOUT_ROOT();
	PROBE_ALL("root", ((const struct probing[]){
		{ "private_tmp = yes", "list:/tmp", "0", NULL },
		{ "private_tmp = yes", "list:/var/tmp", "0", NULL },
		{ "private_tmp = yes", "write:/tmp", "ok", "ok" },
		{ "private_tmp = disconnected", "list:/tmp", "0", NULL },
		{ "private_tmp = disconnected", "write:/var/tmp", "ok", "ok" },
	}));
}

/* The test's own folder is there, as it is below /tmp. */
Behaviour(hardening, tmp_of_its_own_leaves_nothing_behind)
{
	struct superd *superd;

	SKIP_WITHOUT_ROOT();
	superd = superd_run(
		"service left {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = root\n private_tmp = yes\n"
		" exec = { \"/bin/sh\", \"-c\", \"mkdir -p /tmp/a/b; echo x >/tmp/a/b/c; ls -d /tmp/a\" }\n}\n");
	cr_assert_str_eq(client_rest(client_connect(superd_port(superd, "left"))), "/tmp/a\n");
	WAIT_UNTIL(system("ls -d /tmp/superd-left-* /var/tmp/superd-left-* >/dev/null 2>&1") != 0);
}

Behaviour(hardening, commands_beside_an_instance_have_its_tmp)
{
	struct superd *superd;

	SKIP_WITHOUT_ROOT();
	superd = controlled_run(
		"service beside {\n listen = \"127.0.0.1:0\"\n user = root\n private_tmp = yes\n"
		" socket_exec_start_pre = \"/bin/sh -c 'ls -A /tmp; : >/tmp/sockets'\"\n"
		" exec_start_pre = \"/bin/sh -c 'ls -A /tmp; : >/tmp/mine'\"\n"
		" exec = \"/bin/sleep 1000\"\n exec_reload = \"/bin/sh -c 'ls -A /tmp'\"\n}\n");
	cr_assert(control_is_done(control_once("start beside")));
	cr_assert(control_is_done(control_once("reload beside")));
	superd_wait_log(superd, "]: mine");
	cr_expect_eq(superd_log_count(superd, "]: sockets"), 0);
	superd_stop(superd);
	WAIT_UNTIL(system("ls -d /tmp/superd-beside-* /var/tmp/superd-beside-* >/dev/null 2>&1") != 0);
}

Behaviour(hardening, each_connection_has_a_tmp_of_its_own)
{
	struct superd *superd;
	int port;

	SKIP_WITHOUT_ROOT();
	superd =
		superd_run("service own {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = root\n private_tmp = yes\n"
			   " exec = { \"/bin/sh\", \"-c\", \"ls /tmp; >/tmp/seen; echo; read x\" }\n}\n");
	port = superd_port(superd, "own");
	for (int n = 0; n < 2; n++)
		cr_assert_str_eq(client_line(client_connect(port)), "");
}

Behaviour(hardening, system_is_read_only)
{
	SKIP_WITHOUT_ROOT();
	PROBE_ALL("root", ((const struct probing[]){
		{ "protect_system = yes", "write:/usr", "EROFS", "ok" },
		{ "protect_system = yes", "write:/etc", "ok", "ok" },
		{ "protect_system = full", "write:/etc", "EROFS", "ok" },
		{ "protect_system = full", "write:/var", "ok", "ok" },
		{ "protect_system = strict", "write:/var", "EROFS", "ok" },
		{ "protect_system = strict", "write:/tmp", "EROFS", "ok" },
		{ "protect_system = strict", "open-to-write:/proc/self/comm", "ok", "ok" },
		{ "protect_system = strict\nprivate_tmp = yes", "write:/tmp", "ok", "ok" },
		{ "protect_system = strict\nread_write_paths = { \"/var/tmp\" }", "write:/var/tmp", "ok", "ok" },
		{ "protect_system = strict\nread_write_paths = { \"/var/tmp\" }", "write:/var", "EROFS", "ok" },
	}));
}

/* Also where nothing above it is read-only, as with a unit of systemd. */
Behaviour(hardening, a_writable_path_must_be_there)
{
	struct superd *superd;
	int client;

	SKIP_WITHOUT_ROOT();
	superd = superd_run("service a { listen = \"127.0.0.1:0\" accept = yes user = root exec = \"/bin/cat\"\n"
			    "read_write_paths = \"/no/such/path\" }\n"
			    "service b { listen = \"127.0.0.1:0\" accept = yes user = root exec = \"/bin/cat\"\n"
			    "read_write_paths = \"-/no/such/path\" }\n");
	client = client_connect(superd_port(superd, "a"));
	superd_wait_log(superd, "a: cannot start: mounting: /no/such/path: No such file or directory");
	close(client);
	cr_expect_str_eq(client_ask(superd_port(superd, "b"), "hello\n"), "hello");
}

Behaviour(hardening, homes_are_hidden)
{
	SKIP_WITHOUT_ROOT();
	PROBE_ALL("root", ((const struct probing[]){
		{ "protect_home = yes", "list:/root", "0", NULL },
		{ "protect_home = yes", "write:/root", "EROFS", "ok" },
		{ "protect_home = read-only", "write:/root", "EROFS", "ok" },
		{ "protect_home = read-only", "list:/root", "=", NULL },
		{ "protect_home = tmpfs", "list:/root", "0", NULL },
		{ "protect_home = tmpfs", "write:/root", "EROFS", "ok" },
	}));
}

Behaviour(hardening, devices_are_few)
{
	SKIP_WITHOUT_ROOT();
	PROBE_ALL("root", ((const struct probing[]){
		{ "private_devices = yes", "open:/dev/kmsg", "ENOENT", NULL },
		{ "private_devices = yes", "open-to-write:/dev/null", "ok", "ok" },
		{ "private_devices = yes", "open:/dev/urandom", "ok", "ok" },
		{ "private_devices = yes", "write:/dev", "EROFS", "ok" },
		{ "private_devices = yes", "write:/dev/shm", "ok", "ok" },
		{ "private_devices = yes\nexec_paths = { \"/dev/shm\" }", "write:/dev/shm", "ok", "ok" },
		{ "private_devices = yes\nread_only_paths = { \"/dev\" }", "write:/dev/shm", "EROFS", "ok" },
		{ "private_devices = yes\nread_only_paths = { \"/dev\" }", "open-to-write:/dev/null", "ok", "ok" },
		{ "private_devices = yes\nread_only_paths = { \"/dev\" }\nread_write_paths = { \"/dev/shm\" }",
		  "write:/dev/shm", "ok", "ok" },
		{ "private_devices = yes", "node:/var/tmp", "EPERM", NULL },
		{ "private_devices = yes", "bound:27", "0", NULL },
		{ "private_devices = yes", "ports", "EPERM", NULL },
	}));
}

Behaviour(hardening, namespaces_of_its_own)
{
	SKIP_WITHOUT_ROOT();
	PROBE_ALL("root", ((const struct probing[]){
		{ "private_network = yes", "namespace:net", "~", NULL },
		{ "private_network = yes", "interfaces", "1", NULL },
		{ "private_network = yes", "list:/sys/devices/virtual/net", "1", NULL },
		{ "private_network = yes\nprivate_mounts = no\nprotect_system = yes", "list:/sys/devices/virtual/net",
		  "1", NULL },
		{ "private_network = yes", "list:/sys/fs/cgroup", "=", NULL },
		{ "private_ipc = yes", "namespace:ipc", "~", NULL },
		{ "private_mounts = yes", "namespace:mnt", "~", NULL },
		{ "private_users = yes", "namespace:user", "~", NULL },
		{ "private_users = yes", "read:/proc/self/setgroups", "deny", NULL },
		{ "private_users = identity", "read:/proc/self/setgroups", "allow", NULL },
		{ "private_users = yes", "user", "0", "0" },
		{ "private_users = yes", "node:/var/tmp", "EPERM", NULL },
		{ "private_users = identity", "read:/proc/self/uid_map", "         0          0      65536", NULL },
		{ "private_users = full", "read:/proc/self/uid_map", "         0          0 4294967295", NULL },
		{ "protect_hostname = yes", "namespace:uts", "~", NULL },
		{ "protect_hostname = yes", "host-name", "EPERM", "ok" },
		{ "protect_hostname = yes", "open-to-write:/proc/sys/kernel/hostname", "EROFS", NULL },
	}));
}

Behaviour(hardening, the_kernel_is_out_of_reach)
{
	SKIP_WITHOUT_ROOT();
	PROBE_ALL("root", ((const struct probing[]){
		{ "protect_kernel_tunables = yes", "open-to-write:/proc/sys/vm/swappiness", "EROFS", "ok" },
		{ "protect_kernel_tunables = yes", "open:/proc/kcore", "!ok", NULL },
		{ "protect_kernel_tunables = yes", "open-to-write:/sys/kernel/mm/ksm/run", "!ok", NULL },
		{ "protect_kernel_modules = yes", "module", "EPERM", NULL },
		{ "protect_kernel_modules = yes", "bound:16", "0", NULL },
		{ "protect_kernel_logs = yes", "kernel-log", "EPERM", "ok" },
		{ "protect_kernel_logs = yes", "open:/dev/kmsg", "!ok", NULL },
		{ "protect_kernel_logs = yes", "bound:34", "0", NULL },
		{ "protect_control_groups = yes", "write:/sys/fs/cgroup", "!ok", NULL },
		{ "protect_clock = yes", "clock", "EPERM", "ok" },
		{ "protect_clock = yes", "bound:25", "0", NULL },
	}));
}

Behaviour(hardening, of_proc_little_is_seen)
{
	SKIP_WITHOUT(namespace_users() && namespace_allowed(), "needs root, and others who can read what was built");
	PROBE_ALL("nobody", ((const struct probing[]){
		{ "protect_proc = invisible", "open:/proc/1/status", "ENOENT", "ok" },
		{ "protect_proc = noaccess", "open:/proc/1/status", "EPERM", "ok" },
		{ "protect_proc = invisible", "open:/proc/self/status", "ok", "ok" },
		{ "proc_subset = pid", "open:/proc/meminfo", "ENOENT", "ok" },
		{ "proc_subset = pid", "open:/proc/self/status", "ok", "ok" },
	}));
}

Behaviour(hardening, paths_are_as_they_are_told)
{
	const char *inner = path_in("inner"), *file = path_in("inner/file"), *kept = path_in("inner/kept"), *options;

	SKIP_WITHOUT_ROOT();
	cr_assert_eq(mkdir(inner, 0777), 0);
	cr_assert_eq(mkdir(kept, 0777), 0);
	write_file("inner/file", "secret\n");
	options = text_of("read_only_paths = \"%s\"\nread_write_paths = { \"%s\", \"-/no/such/path\" }", inner, kept);
	PROBE_ALL(
		"root",
		((const struct probing[]){
			{ options, text_of("write:%s", inner), "EROFS", "ok" },
			{ options, text_of("write:%s", kept), "ok", "ok" },
			{ options, text_of("read:%s", file), "secret", "secret" },
			{ text_of("inaccessible_paths = \"%s\"", file), text_of("read:%s", file), "EACCES", "secret" },
			{ text_of("inaccessible_paths = \"%s\"", inner), text_of("read:%s", file), "ENOENT", "secret" },
			{ text_of("inaccessible_paths = \"%s\"", inner), text_of("list:%s", inner), "0", "2" },
			{ text_of("temporary_file_system = \"%s:ro\"", inner), text_of("list:%s", inner), "0", "2" },
			{ text_of("temporary_file_system = \"%s:ro\"", inner), text_of("write:%s", inner), "EROFS",
			  "ok" },
			{ text_of("temporary_file_system = \"%s\"", inner), text_of("write:%s", inner), "ok", "ok" },
			{ text_of("bind_paths = \"%s:%s\"", inner, kept), text_of("read:%s/file", kept), "secret",
			  "ENOENT" },
			{ text_of("bind_paths = \"%s:%s\"", inner, kept), text_of("write:%s", kept), "ok", "ok" },
			{ text_of("bind_read_only_paths = \"%s:%s\"", inner, kept), text_of("write:%s", kept), "EROFS",
			  "ok" },
			{ text_of("temporary_file_system = \"%s\"\nbind_paths = \"%s\"", inner, kept),
			  text_of("list:%s", inner), "1", "2" },
			{ "no_exec_paths = \"/\"\nexec_paths = { \"/usr\", \"/mnt\" }", "run:/bin/true", "ok", "ok" },
			{ "no_exec_paths = \"/usr/bin\"", "run:/bin/true", "EACCES", "ok" },
		}));
}

/* Root's link leads into a folder of another user, who puts a link to a folder of root's in the place of his own. */
Behaviour(hardening, nothing_of_root_is_bound_by_a_users_link)
{
	const char *theirs = path_in("theirs"), *own = path_in("theirs/own"), *closed = path_in("closed");
	const char *link = path_in("link"), *to = path_in("to");
	struct superd *superd;

	SKIP_WITHOUT_ROOT();
	cr_assert(mkdir(theirs, 0755) == 0 && mkdir(own, 0755) == 0 && mkdir(closed, 0700) == 0);
	cr_assert(mkdir(path_in("closed/folder"), 0755) == 0 && mkdir(to, 0755) == 0 && symlink(own, link) == 0);
	cr_assert(chown(theirs, OTHER, OTHER) == 0 && chown(own, OTHER, OTHER) == 0);
	write_file("theirs/own/file", "%s", "mine");
	write_file("closed/folder/file", "%s", "hidden");
	superd = superd_run("service a {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = \"%d\"\n"
			    " bind_paths = \"%s:%s\"\n exec = \"/bin/cat %s/file\"\n}\n",
			    OTHER, link, to, to);
	cr_expect_str_eq(client_rest(client_connect(superd_port(superd, "a"))), "mine");
	cr_assert(unlink(path_in("theirs/own/file")) == 0 && rmdir(own) == 0);
	cr_assert(symlink(path_in("closed/folder"), own) == 0 && lchown(own, OTHER, OTHER) == 0);
	close(client_connect(superd_port(superd, "a")));
	superd_wait_log(superd, text_of("mounting: %s: Permission denied", link));
}

/* The folder is the user's, and lies in one that his group alone may enter. */
Behaviour(hardening, a_users_path_is_reached_with_his_groups)
{
	const char *theirs = path_in("theirs"), *shared = path_in("theirs/shared");
	const char *data = path_in("theirs/shared/data");

	SKIP_WITHOUT_ROOT();
	cr_assert(mkdir(theirs, 0755) == 0 && mkdir(shared, 0750) == 0 && mkdir(data, 0755) == 0);
	cr_assert(chown(theirs, OTHER, OTHER) == 0 && chown(shared, 0, GROUP) == 0 && chown(data, OTHER, OTHER) == 0);
	cr_assert(chmod(shared, 0750) == 0);
	for (int n = 0; n < 2; n++) {
		struct superd *superd =
			superd_run("service a {\n listen = \"127.0.0.1:0\"\n accept = yes\n"
				   " user = \"%d\"\n %s = \"%d\"\n"
				   " protect_system = strict\n read_write_paths = \"%s\"\n"
				   " exec = \"/bin/sh -c 'cd %s && : >file && ls && rm file'\"\n}\n",
				   OTHER, n ? "supplementary_groups" : "group", GROUP, data, data);
		cr_expect_str_eq(client_rest(client_connect(superd_port(superd, "a"))), "file\n");
		superd_stop(superd);
	}
}

Behaviour(hardening, its_own_folders_are_there_whatever_is_closed)
{
	struct superd *superd;

	SKIP_WITHOUT_ROOT();
	superd =
		superd_run("service own {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = root\n"
			   " protect_system = strict\n temporary_file_system = \"/run:ro\"\n"
			   " runtime_directory = \"superd-own-%d\"\n"
			   " exec = { \"/bin/sh\", \"-c\", \": >$RUNTIME_DIRECTORY/x && ls $RUNTIME_DIRECTORY\" }\n}\n",
			   getpid());
	cr_assert_str_eq(client_rest(client_connect(superd_port(superd, "own"))), "x\n");
}

Behaviour(hardening, what_is_missing_fails_the_start_by_its_name)
{
	struct superd *superd;

	SKIP_WITHOUT_ROOT();
	superd = superd_run("service web {\n listen = \"127.0.0.1:0\"\n user = root\n exec = \"%s\"\n"
			    " read_only_paths = \"/no/such/path\"\n}\n", backend("once"));
	close(client_connect(superd_port(superd, "web")));
	superd_wait_log(superd, "cannot start: mounting: /no/such/path: No such file or directory (");
}

Behaviour(hardening, rights_are_given_away_for_good)
{
	SKIP_WITHOUT_ROOT();
	PROBE_ALL("root", ((const struct probing[]){
		{ "keyring_mode = private", "keyring", "~", NULL },
		{ "no_new_privileges = yes", "no-new-privileges", "1", "0" },
	}));
}
