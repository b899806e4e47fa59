/* Unix sockets: paths by other names, what a program does to the file of its socket, and all three types. */
#include "binding.h"

static struct superd *run(const char *endpoint, const char *options, const char *steps)
{
	struct superd *superd = bind_run(text_of("\"%s\"", endpoint), options, steps);

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static long ask_pid(const char *path, int type)
{
	int client = client_connect_unix(path, type);
	const char *answer;

	client_send(client, "who\n");
	answer = type == SOCK_STREAM ? client_line(client) : text_of("%s", client_rest(client));
	close(client);
	cr_assert_not_null(strstr(answer, " who"), "%s", answer);
	return strtol(answer, NULL, 10);
}

static void obey(const char *path, const char *steps)
{
	const char *answer = client_ask_unix(path, text_of("!%s\n", steps));

	cr_assert(strstr(answer, " ok"), "%s: %s\n%s", steps, answer, world_logs());
}

static ino_t node_of(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 ? status.st_ino : 0;
}

/* ---- types and names ---- */

BehaviourOfBind(paths, a_stream_socket)
{
	const char *path = path_in("web.sock");
	struct superd *superd = run(path, "", text_of("unix bind=%s listen=5 serve=poll", path));
	long pid = ask_pid(path, SOCK_STREAM);
	const char *details = client_ask_unix(path, "?\n");

	bind_expect(details, text_of("name=%s", path));
	cr_expect_eq(ask_pid(path, SOCK_STREAM), pid);
	superd_stop(superd);
}

BehaviourOfBind(paths, packets_in_sequence)
{
	const char *path = path_in("web.sock");
	struct superd *superd =
		run(text_of("seqpacket:%s", path), "", text_of("seqpacket bind=%s listen=5 serve=poll", path));

	ask_pid(path, SOCK_SEQPACKET);
	superd_stop(superd);
}

BehaviourOfBind(paths, datagrams)
{
	const char *path = path_in("web.sock"), *own = path_in("own.sock");
	struct superd *superd = run(text_of("unix-dgram:%s", path), "", text_of("dgram bind=%s serve=poll", path));
	int client;

	wait_node(path);
	client = datagram_client_unix(path, own);
	chmod(own, 0777);
	cr_expect_not_null(strstr(datagram_ask(client, "who"), " who"));
	close(client);
	unlink(own);
	superd_stop(superd);
}

static void expect_abstract(const char *kind, const char *opens, int type)
{
	const char *name = text_of("@superd-bind-%d", (int)getpid());
	struct superd *superd =
		run(text_of("%s%s", kind, name), "", text_of("%s bind=%s listen=5 serve=poll", opens, name));

	ask_pid(name, type);
	superd_stop(superd);
}

BehaviourOfBind(paths, abstract_names)
{
	expect_abstract("", "unix", SOCK_STREAM);
	expect_abstract("seqpacket:", "seqpacket", SOCK_SEQPACKET);
}

BehaviourOfBind(paths, an_abstract_name_of_datagrams)
{
	const char *name = text_of("@superd-bind-%d", (int)getpid()), *own = text_of("%s-own", name);
	struct superd *superd = run(text_of("unix-dgram:%s", name), "", text_of("dgram bind=%s serve=poll", name));
	int client = datagram_client_unix(name, own);

	cr_expect_not_null(strstr(datagram_ask(client, "who"), " who"));
	close(client);
	superd_stop(superd);
}

/* ---- the same path by other words ---- */

/* The program removes and binds superd's path by this name. */
static void expect_bound_as(const char *path, const char *before, const char *name)
{
	struct superd *superd =
		run(path, "", text_of("%s unix try-unlink=%s bind=%s listen=5 serve=poll", before, name, name));

	ask_pid(path, SOCK_STREAM);
	superd_wait_log(superd, text_of("binder: unlink=%s: ok", name));
	cr_expect(node_of(path));
	superd_stop(superd);
}

BehaviourOfBind(paths, a_folder_may_have_another_name)
{
	const char *folder = path_in("run"), *link = path_in("var-run");

	cr_assert(mkdir(folder, 0755) == 0 && symlink(folder, link) == 0);
	expect_bound_as(path_in("run/web.sock"), "", text_of("%s/web.sock", link));
}

BehaviourOfBind(paths, a_path_may_be_relative)
{
	const char *folder = path_in("run");

	cr_assert_eq(mkdir(folder, 0755), 0);
	expect_bound_as(path_in("run/web.sock"), text_of("chdir=%s", folder), "./web.sock");
}

BehaviourOfBind(paths, a_relative_path_may_lead_through_an_absolute_link)
{
	const char *folder = path_in("run"), *work = path_in("work");

	cr_assert(mkdir(folder, 0755) == 0 && mkdir(work, 0755) == 0 && symlink(folder, path_in("work/run")) == 0);
	expect_bound_as(path_in("run/web.sock"), text_of("chdir=%s", work), "run/web.sock");
}

/* An address of 12 bytes, as those of netlink. */
BehaviourOfBind(paths, a_relative_path_may_have_any_length)
{
	const char *folder = path_in("run");

	cr_assert_eq(mkdir(folder, 0755), 0);
	expect_bound_as(path_in("run/nine.sock"), text_of("chdir=%s", folder), "nine.sock");
}

/* A path that is longer than sun_path is named so. */
BehaviourOfBind(paths, a_folder_may_be_a_descriptor)
{
	const char *folder = path_in("run");

	cr_assert_eq(mkdir(folder, 0755), 0);
	expect_bound_as(path_in("run/web.sock"), text_of("folder=30,%s", folder), "/proc/self/fd/30/web.sock");
}

BehaviourOfBind(paths, another_path_is_the_programs)
{
	const char *path = path_in("web.sock"), *other = path_in("other.sock");
	struct superd *superd =
		run(path, "", text_of("unix bind=%s listen=5 unix bind=%s listen=5 serve=poll", other, path));
	long pid = ask_pid(path, SOCK_STREAM);

	cr_expect_eq(ask_pid(other, SOCK_STREAM), pid);
	obey(path, text_of("unlink=%s", other));
	cr_expect_not(node_of(other));
	superd_stop(superd);
}

BehaviourOfBind(paths, binds_says_another_path)
{
	const char *path = path_in("web.sock"), *other = path_in("other.sock");
	struct superd *superd =
		run(path, text_of("binds = { \"%s\" }", other),
		    text_of("unix try-unlink=%s bind=%s mode=0600,%s listen=5 serve=poll", other, other, path));

	ask_pid(path, SOCK_STREAM);
	cr_expect_not(node_of(other));
	superd_stop(superd);
}

BehaviourOfBind(paths, a_folder_that_is_not_there_is_the_programs_mistake)
{
	const char *path = path_in("web.sock");
	struct superd *superd = run(path, "timeout_start = 1h",
				    text_of("unix try-bind=%s/no/web.sock bind=%s listen=5 serve=poll", path, path));

	ask_pid(path, SOCK_STREAM);
	superd_wait_log(superd, text_of("binder: bind=%s/no/web.sock: Not a directory", path));
}

/* ---- the file ---- */

static void expect_unlinked(const char *unlinks)
{
	const char *path = path_in("web.sock");
	struct superd *superd =
		run(path, "", text_of("try-%s=%s unix bind=%s listen=5 serve=poll", unlinks, path, path));
	ino_t node = node_of(path);
	long pid = ask_pid(path, SOCK_STREAM);

	superd_wait_log(superd, text_of("binder: %s=%s: ok", unlinks, path));
	obey(path, text_of("%s=%s", unlinks, path));
	cr_expect_eq(node_of(path), node);
	cr_expect_eq(ask_pid(path, SOCK_STREAM), pid);
	superd_stop(superd);
}

BehaviourOfBind(paths, the_program_may_remove_the_file)
{
	expect_unlinked("unlink");
}

BehaviourOfBind(paths, so_it_may_by_unlinkat)
{
	expect_unlinked("unlinkat");
}

BehaviourOfBind(paths, other_files_are_removed)
{
	const char *path = path_in("web.sock"), *file = write_file("lock", "%s", "");
	struct superd *superd = run(path, "", text_of("unix bind=%s listen=5 unlink=%s serve=poll", path, file));

	ask_pid(path, SOCK_STREAM);
	cr_expect_not(node_of(file));
	superd_stop(superd);
}

BehaviourOfBind(paths, nobody_answers_before_the_program_has_bound)
{
	const char *path = path_in("web.sock");
	struct superd *superd = run(
		path, "", text_of("try-connect=%s unix bind=%s listen=5 try-connect=%s serve=poll", path, path, path));

	ask_pid(path, SOCK_STREAM);
	superd_wait_log(superd, text_of("binder: connect=%s: Connection refused", path));
	superd_wait_log(superd, text_of("binder: connect=%s: ok", path));
}

BehaviourOfBind(paths, the_file_is_the_users)
{
	const char *path = path_in("web.sock");
	struct superd *superd;
	struct stat status;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	superd = run(path, "user = \"65533\"", text_of("unix bind=%s mode=0640,%s listen=5 serve=poll", path, path));
	ask_pid(path, SOCK_STREAM);
	cr_assert_eq(lstat(path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0640);
	cr_expect_eq(status.st_uid, 65533);
	superd_stop(superd);
}

BehaviourOfBind(paths, unless_the_table_names_another_owner)
{
	const char *path = path_in("web.sock");
	struct superd *superd;
	struct stat status;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	superd = run(path, "user = \"65533\"\n socket_user = \"65532\"",
		     text_of("unix bind=%s listen=5 serve=poll", path));
	ask_pid(path, SOCK_STREAM);
	cr_assert_eq(lstat(path, &status), 0);
	cr_expect_eq(status.st_uid, 65532);
	superd_stop(superd);
}

BehaviourOfBind(paths, an_ordinary_user_changes_the_mode)
{
	const char *path = path_in("web.sock");
	struct superd *superd = run(path, "", text_of("unix bind=%s mode=0600,%s listen=5 serve=poll", path, path));
	struct stat status;

	ask_pid(path, SOCK_STREAM);
	cr_assert_eq(lstat(path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0600);
	superd_stop(superd);
}
