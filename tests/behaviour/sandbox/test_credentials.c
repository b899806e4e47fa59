/* Credentials: what a backend finds in their folder, who else can see it, and what is left of it. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/un.h>

#include "unit_files.h"

#define SKIP_WITHOUT_ROOT() SKIP_WITHOUT(geteuid() == 0 && namespace_allowed(), "needs root and namespaces")

/* Where superd has them: that of root for each test apart. Of an ordinary user the session's, if any, may be another
 * user's. */
static void make_folder(void)
{
	if (geteuid() == 0) {
		SKIP_WITHOUT(namespace_allowed(), "needs namespaces: without them all tests of root share a folder");
		cr_assert_eq(unshare(CLONE_NEWNS), 0);
		cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
		cr_assert_eq(mount("tmpfs", "/run", "tmpfs", 0, "mode=755"), 0);
		return;
	}
	cr_assert(mkdir(path_in("runtime"), 0700) == 0 || errno == EEXIST);
	path_in("runtime/credentials"); /* it stays, as it may hold those of others */
	cr_assert_eq(setenv("XDG_RUNTIME_DIR", path_in("runtime"), 1), 0);
}

/* What a shell says in the place of the backend, as this user. */
static struct superd *run_with(bool with_clock, const char *user, const char *options, const char *script)
{
	make_folder();
	return superd_run_with(&(struct setup){ .clock = with_clock },
			       "service secret {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = \"%s\"\n"
			       " exec = { \"/bin/sh\", \"-c\", \"%s\" }\n %s\n}\n",
			       user, script, options);
}

static struct superd *run(const char *user, const char *options, const char *script)
{
	return run_with(false, user, options, script);
}

static const char *said(const char *user, const char *options, const char *script)
{
	struct superd *superd = run(user, options, script);
	const char *answer = client_rest(client_connect(superd_port(superd, "secret")));

	superd_stop(superd);
	return answer;
}

#define OTHER 65534

#define LIST "cd $CREDENTIALS_DIRECTORY || exit; for f in *; do echo $f=$(cat $f); done"

Behaviour(credentials, files_folders_and_values_become_files)
{
	const char *file = write_file("file", "%s", "one"), *folder = path_in("folder");

	cr_assert_eq(mkdir(folder, 0700), 0);
	write_file("folder/a", "%s", "two");
	write_file("folder/b", "%s", "three");
	cr_expect_str_eq(said(own_user(),
			      text_of("load_credential = { \"x:%s\", \"y:%s\" }\n set_credential = \"z:f\\\\x6fur\"",
				      file, folder),
			      LIST),
			 "x=one\ny_a=two\ny_b=three\nz=four\n");
}

Behaviour(credentials, what_is_set_stands_in_for_what_cannot_be_loaded)
{
	const char *file = write_file("file", "%s", "loaded");

	cr_expect_str_eq(said(own_user(),
			      text_of("load_credential = { \"a:%s\", \"b:%s\", \"nowhere\" }\n"
				      " set_credential = { \"a:set\", \"b:set\" }",
				      file, path_in("missing")),
			      LIST),
			 "a=loaded\nb=set\n");
}

Behaviour(credentials, a_missing_one_lets_clients_wait)
{
	const char *missing = path_in("missing");
	struct superd *superd =
		run_with(true, own_user(),
			 text_of("load_credential = \"a:%s\"\n backoff_min = 1h\n backoff_max = 1h", missing), LIST);
	int client = client_connect(superd_port(superd, "secret"));

	superd_wait_log(superd, text_of("loading credentials: a:%s: No such file or directory (%s:6)", missing,
					superd->table));
	clock_settle(superd);
	write_file("missing", "%s", "there");
	cr_expect(client_is_quiet(client, 0), "%s", world_logs());
	clock_advance(superd, 2 * HOUR_MS);
	cr_expect_str_eq(client_rest(client), "a=there\n");
}

Behaviour(credentials, more_than_a_mebibyte_is_refused)
{
	const char *big = path_in("big");
	struct superd *superd = run(own_user(), text_of("load_credential = \"a:%s\"", big), LIST);
	int client;

	write_file("big", "%s", "");
	cr_assert_eq(truncate(big, (1 << 20) - 1), 0);          /* its name has one byte, too */
	cr_expect_str_eq(client_rest(client_connect(superd_port(superd, "secret"))), "a=\n");
	cr_assert_eq(truncate(big, 1 << 20), 0);
	client = client_connect(superd_port(superd, "secret"));
	superd_wait_log(superd, "loading credentials: a:");
	superd_wait_log(superd, "Argument list too long");
	close(client);
}

/* A unix socket from which credentials come. */
static int make_source(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(server, 1), 0);
	return server;
}

Behaviour(credentials, a_socket_is_told_who_asks)
{
	struct sockaddr_un peer = { 0 };
	socklen_t length = sizeof(peer);
	const char *path = path_in("source.sock");
	int server = make_source(path), source, client;
	struct superd *superd;

	superd = run(own_user(), text_of("load_credential = \"token:%s\"", path), LIST);
	client = client_connect(superd_port(superd, "secret"));
	source = accept(server, (struct sockaddr *)&peer, &length);
	cr_assert_geq(source, 0);
	cr_expect_eq(peer.sun_path[0], '\0');
	cr_expect_eq(length, offsetof(struct sockaddr_un, sun_path) + 1 + 16 + strlen("/unit/secret.service/token"));
	cr_expect_eq(memcmp(peer.sun_path + 17, "/unit/secret.service/token", 26), 0);
	client_send(source, "of the source");
	close(source);
	cr_expect_str_eq(client_rest(client), "token=of the source\n");
	close(server);
}

/* The source holds up the start until the socket is another service's. */
Behaviour(credentials, who_waits_for_a_start_that_fails_after_a_reload_goes_along_with_the_socket)
{
	static const char *const arguments[] = { "--no-preflight", NULL };
	const struct setup setup = { .arguments = arguments };
	const char *path = path_in("source.sock");
	int port = free_port(), server = make_source(path), source, client;
	struct superd *superd;

	make_folder();
	superd = superd_run_with(&setup,
				 "service secret {\n listen = \"127.0.0.1:%d\"\n accept = yes\n user = \"%s\"\n"
				 " exec = \"%s\"\n load_credential = \"token:%s\"\n}\n",
				 port, own_user(), path_in("missing"), path);
	superd_wait_log(superd, "secret: listening on ");
	client = client_connect(port);
	client_send(client, "who\n");
	source = accept(server, NULL, NULL);
	cr_assert_geq(source, 0);
	cr_assert(superd_reload(superd, "service renamed { listen = \"127.0.0.1:%d\" exec = \"%s\" accept = yes }\n",
				port, backend("stdio")));
	close(source);
	cr_expect_not_null(strstr(client_line(client), " who"));
	close(client);
	close(server);
}

/* The folder and its files are the user's alone, and go with the last instance. */
Behaviour(credentials, nobody_else_sees_them_and_nothing_is_left)
{
	struct superd *superd;
	const char *folder;
	struct stat status;
	int clients[2];

	SKIP_WITHOUT_ROOT();
	superd = run(text_of("%d", OTHER), "set_credential = \"a:b\"",
		     "cd $CREDENTIALS_DIRECTORY; pwd; cat a; echo; read x");
	for (int n = 0; n < 2; n++) {
		clients[n] = client_connect(superd_port(superd, "secret"));
		folder = client_line(clients[n]);
		cr_expect_str_eq(client_line(clients[n]), "b");
	}
	cr_assert_eq(stat(folder, &status), 0);
	cr_expect_eq(status.st_mode, S_IFDIR | 0700);
	cr_expect_eq(status.st_uid, (uid_t)OTHER);
	cr_assert_eq(stat(text_of("%s/a", folder), &status), 0);
	cr_expect_eq(status.st_mode, S_IFREG | 0400);
	cr_expect_eq(status.st_uid, (uid_t)OTHER);
	close(clients[0]);
	WAIT_UNTIL(superd_processes(superd) == 1);
	cr_expect_eq(access(text_of("%s/a", folder), F_OK), 0, "they went before the last instance");
	close(clients[1]);
	WAIT_UNTIL(access(folder, F_OK) != 0);
}

/* The user may put anything into the folder while an instance runs. */
Behaviour(credentials, a_link_in_their_folder_leads_nowhere)
{
	const char *precious = write_file("precious", "%s", "kept"), *folder;
	struct superd *superd;
	int client, other;

	SKIP_WITHOUT_ROOT();
	superd = run(text_of("%d", OTHER), "set_credential = \"a:b\"",
		     "cd $CREDENTIALS_DIRECTORY; pwd; cat a; echo; read x");
	client = client_connect(superd_port(superd, "secret"));
	folder = client_line(client);
	cr_assert_str_eq(client_line(client), "b");
	cr_assert_eq(unlink(text_of("%s/a", folder)), 0);
	cr_assert_eq(symlink(precious, text_of("%s/a", folder)), 0);
	cr_assert_eq(symlink(precious, text_of("%s/:new", folder)), 0);
	other = client_connect(superd_port(superd, "secret"));
	cr_assert_str_eq(client_line(other), folder);
	cr_expect_str_eq(client_line(other), "b");
	close(other);
	cr_expect_str_eq(read_text(precious), "kept");
	close(client);
	WAIT_UNTIL(access(folder, F_OK) != 0);
	cr_expect_str_eq(read_text(precious), "kept");
}

/* Another view of the files has them at the same place. */
Behaviour(credentials, they_go_along_into_a_hardened_view)
{
	SKIP_WITHOUT_ROOT();
	cr_expect_str_eq(said("root",
			      "set_credential = \"a:b\"\n protect_system = strict\n private_tmp = yes\n"
			      " temporary_file_system = { \"/run\", \"/var\" }",
			      LIST),
			 "a=b\n");
	cr_expect_str_eq(said("root", "set_credential = \"a:b\"\n private_network = yes\n private_users = yes", LIST),
			 "a=b\n");
	cr_expect_str_eq(said(text_of("%d", OTHER), "set_credential = \"a:b\"\n root_directory = \"/.\"", LIST),
			 "a=b\n");
}

/* Of a superd that is not root. */
Behaviour(credentials, are_in_the_runtime_folder_of_an_ordinary_user)
{
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	superd = superd_run_with(&(struct setup){ .uid = 65534, .environment = (const char *const[]){
						  text_of("XDG_RUNTIME_DIR=%s", path_in("runtime")), NULL } },
				 "service secret {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = \"65534\"\n"
				 " exec = { \"/bin/sh\", \"-c\", \"cat $CREDENTIALS_DIRECTORY/a\" }\n"
				 " set_credential = \"a:b\\n\"\n}\n");
	path_in("runtime/credentials"); /* it stays, as it may hold those of others */
	cr_assert_eq(mkdir(path_in("runtime"), 0700), 0);
	cr_assert_eq(chown(path_in("runtime"), 65534, 65534), 0);
	cr_expect_str_eq(client_rest(client_connect(superd_port(superd, "secret"))), "b\n");
	WAIT_UNTIL(access(path_in("runtime/credentials/secret.service"), F_OK) != 0);
}

Behaviour(credentials, a_unit_names_their_folder_and_its_commands_have_them)
{
	const char *seen = path_in("seen"), *answer;
	int port = free_port(), client;
	struct superd *superd;

	make_folder();
	write_pair("a", text_of("ListenStream=127.0.0.1:%d\nAccept=yes\n", port),
		   text_of("StandardInput=socket\nSetCredential=pass word:x\nSetCredential=key:a b\\n%%m\n"
			   "Environment=KEY=%%d/key\nExecStartPre=/bin/sh -c 'cat %%d/key >%s'\n"
			   "ExecStart=/bin/sh -c 'cat ${KEY}; test $$CREDENTIALS_DIRECTORY = %%d && echo same'",
			   seen));
	superd = units_run("a.socket", NULL);
	superd_port(superd, "a");
	client = client_connect(port);
	answer = client_rest(client);
	cr_expect_str_eq(answer, "a b\n%msame\n");
	cr_expect_str_eq(read_text(seen), "a b\n%m");
}

/* Also where the service sees another view of the files. */
Behaviour(credentials, a_command_with_all_rights_has_them_too)
{
	const char *seen = path_in("seen");
	struct superd *superd;

	SKIP_WITHOUT_ROOT();
	for (int hardened = 0; hardened < 2; hardened++) {
		superd = run(own_user(),
			     text_of("set_credential = \"a:b\"\n %s\n exec_start_pre = \"+/bin/sh -c 'cat "
				     "$CREDENTIALS_DIRECTORY/a >%s'\"",
				     hardened ? "protect_system = strict\n private_tmp = yes" : "", seen),
			     LIST);
		cr_expect_str_eq(client_rest(client_connect(superd_port(superd, "secret"))), "a=b\n");
		cr_expect_str_eq(read_text(seen), "b");
		superd_stop(superd);
		cr_assert_eq(unlink(seen), 0);
	}
}

static void make_foreign(const char *path, const char *leads_to)
{
	cr_assert_eq(leads_to ? symlink(leads_to, path) : mkdir(path, 0755), 0);
	cr_assert_eq(lchown(path, OTHER, OTHER), 0);
}

/* Root's link leads into a folder of another user, who puts a link in the place of the file. */
Behaviour(credentials, a_users_link_leads_to_no_file_of_root)
{
	const char *secret = write_file("secret", "%s", "hidden"), *folder = path_in("theirs"), *own = path_in("own");
	const char *key, *link = path_in("link");
	struct superd *superd;

	SKIP_WITHOUT_ROOT();
	make_foreign(folder, NULL);
	key = write_file("theirs/key", "%s", "mine");
	cr_assert(chown(key, OTHER, OTHER) == 0 && chmod(key, 0600) == 0 && symlink(key, link) == 0);
	make_foreign(own, key);
	cr_assert_eq(chmod(secret, 0600), 0);
	superd = run(text_of("%d", OTHER), text_of("load_credential = { \"x:%s\", \"y:%s\" }", link, own), LIST);
	cr_expect_str_eq(client_rest(client_connect(superd_port(superd, "secret"))), "x=mine\ny=mine\n");
	cr_assert_eq(unlink(key), 0);
	make_foreign(key, secret);
	close(client_connect(superd_port(superd, "secret")));
	superd_wait_log(superd, "Permission denied");
}

/* The first start, which finds no folder, decides nothing for the next one. */
Behaviour(credentials, nor_one_in_a_folder_that_the_service_gets_later)
{
	const char *secret = write_file("secret", "%s", "hidden"), *name = "credentials-get-it-later";
	const char *key = text_of("/run/%s/key", name);
	struct superd *superd;

	SKIP_WITHOUT_ROOT();
	cr_assert_eq(chmod(secret, 0600), 0);
	superd = run(text_of("%d", OTHER),
		     text_of("runtime_directory = \"%s\"\n runtime_directory_preserve = yes\n"
			     " load_credential = \"x:%s\"\n set_credential = \"x:set\"", name, key),
		     LIST);
	cr_expect_str_eq(client_rest(client_connect(superd_port(superd, "secret"))), "x=set\n");
	make_foreign(key, secret);
	close(client_connect(superd_port(superd, "secret")));
	superd_wait_log(superd, "Permission denied");
	superd_stop(superd);
	cr_expect(unlink(key) == 0 && rmdir(text_of("/run/%s", name)) == 0);
}

Behaviour(credentials, a_users_folder_is_read_with_his_rights)
{
	const char *folder = path_in("theirs"), *kept;
	struct superd *superd;

	SKIP_WITHOUT_ROOT();
	make_foreign(folder, NULL);
	write_file("theirs/a", "%s", "for all");
	superd = run(text_of("%d", OTHER), text_of("load_credential = \"x:%s\"", folder), LIST);
	cr_expect_str_eq(client_rest(client_connect(superd_port(superd, "secret"))), "x_a=for all\n");
	kept = write_file("theirs/b", "%s", "root's");
	cr_assert_eq(chmod(kept, 0600), 0);
	close(client_connect(superd_port(superd, "secret")));
	superd_wait_log(superd, "Permission denied");
}

Behaviour(credentials, are_there_over_an_upgrade_and_go_with_their_instance)
{
	const char *file = write_file("file", "%s", "one");
	struct superd *superd = run(own_user(), text_of("load_credential = \"x:%s\"", file),
				    "echo ready; read x; cat $CREDENTIALS_DIRECTORY/x");
	int client = client_connect(superd_port(superd, "secret"));

	cr_assert_str_eq(client_line(client), "ready");
	superd_upgrade(superd);
	client_send(client, "go\n");
	cr_assert_str_eq(client_rest(client), "one");
	close(client);
	client = client_connect(superd_port(superd, "secret"));
	client_send(client, "go\n");
	cr_assert_str_eq(client_rest(client), "ready\none");
	close(client);
}
