/* Unix sockets, fifos and special files, in a folder of each test's own: modes, owners, stale
 * and living nodes. What needs root is skipped without it. */
#include "tests/unit/bind_fixture.h"

#include "os/socket/internal.h"
#include "tests/unit/automounter.h"

TestSuite(bind_unix, .init = set_up, .fini = tear_down, .timeout = 120);

Test(bind_unix, gives_a_unix_node_its_mode_whatever_the_umask)
{
	struct listen listen = listen_at("unix", "a.sock");
	mode_t before = umask(0077);
	int fd;

	options.socket_mode = 0662;
	fd = opened(&listen);
	cr_expect_eq(node_of(&listen).st_mode, S_IFSOCK | 0662);
	cr_expect_eq(umask(before), 0077, "the umask is put back");
	close(fd);
}

Test(bind_unix, keeps_the_path_as_the_name_of_a_unix_socket)
{
	struct listen listen = listen_at("unix", "a.sock");
	int fd = opened(&listen);
	struct sockaddr_un address;
	socklen_t length = sizeof(address);

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	cr_expect_str_eq(address.sun_path, listen.address->address);
	close(fd);
}

Test(bind_unix, gives_a_unix_node_its_owner)
{
	struct listen listen = listen_at("unix", "a.sock");
	int fd;

	skip_unless(geteuid() == 0, "giving a node away needs root");
	give_to(&listen, 12, 34);
	fd = opened(&listen);
	cr_expect_eq(node_of(&listen).st_uid, 12);
	cr_expect_eq(node_of(&listen).st_gid, 34);
	cr_expect_eq(node_of(&listen).st_mode & 07777, 0666);
	close(fd);
}

Test(bind_unix, makes_missing_folders_with_directory_mode)
{
	struct listen listen = listen_at("unix", "x/y/a.sock");
	struct stat status;
	mode_t before = umask(0077);
	int fd;

	options.directory_mode = 0711;
	fd = opened(&listen);
	umask(before);
	cr_assert_eq(stat(pool_textf(pool, "%s/x/y", folder), &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0711);
	close(fd);
}

Test(bind_unix, replaces_a_stale_socket_of_every_type)
{
	const char *kinds[] = { "unix", "unix-dgram", "seqpacket" };

	for (size_t i = 0; i < 3; i++) {
		struct listen listen = listen_at(kinds[i], "a.sock");
		int fd;

		close(opened(&listen));
		cr_assert(S_ISSOCK(node_of(&listen).st_mode));
		fd = opened(&listen);
		close(fd);
	}
}

Test(bind_unix, never_steals_a_socket_somebody_serves)
{
	const char *kinds[] = { "unix", "unix-dgram", "seqpacket" };

	for (size_t i = 0; i < 3; i++) {
		struct listen listen = listen_at(kinds[i], "a.sock"), other = listen_at(kinds[(i + 1) % 3], "a.sock");
		int fd = opened(&listen);
		ino_t node = node_of(&listen).st_ino;

		refused(&listen, EADDRINUSE, "a living server listens on");
		refused(&other, EADDRINUSE, "a living server listens on");
		cr_expect_eq(node_of(&listen).st_ino, node);
		close(fd);
	}
}

Test(bind_unix, looks_at_a_socket_somebody_serves_without_becoming_its_client)
{
	struct listen listen = listen_at("unix", "a.sock");
	int fd = opened(&listen);

	refused(&listen, EADDRINUSE, "a living server listens on");
	cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	cr_expect(accept(fd, NULL, NULL) < 0 && errno == EAGAIN);
	close(fd);
}

Test(bind_unix, replaces_a_socket_that_was_shut_down_while_its_program_has_it)
{
	struct listen listen = listen_at("unix", "a.sock");
	int fd = opened(&listen);

	cr_assert_eq(shutdown(fd, SHUT_RDWR), 0);
	close(opened(&listen));
	close(fd);
}

Test(bind_unix, does_not_take_a_full_queue_for_a_dead_server)
{
	struct listen listen = listen_at("unix", "a.sock");
	int fd, clients[8];

	options.backlog = 0;
	fd = opened(&listen);
	for (int i = 0; i < 8; i++) {
		struct sockaddr_un address = { .sun_family = AF_UNIX };

		clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		strcpy(address.sun_path, listen.address->address);
		(void)connect(clients[i], (struct sockaddr *)&address, sizeof(address)); /* EAGAIN for most */
	}
	refused(&listen, EADDRINUSE, "a living server listens on");
	for (int i = 0; i < 8; i++)
		close(clients[i]);
	close(fd);
}

Test(bind_unix, never_replaces_what_is_no_socket)
{
	struct listen listen = listen_at("unix", "a.sock");
	const char *path = listen.address->address;

	close(open(path, O_CREAT | O_WRONLY, 0600));
	refused(&listen, EEXIST, "is no socket; superd replaces sockets only");
	cr_expect(S_ISREG(node_of(&listen).st_mode));
	unlink(path);
	cr_assert_eq(symlink("/nonexistent", path), 0);
	refused(&listen, EEXIST, "is no socket");
	unlink(path);
	cr_assert_eq(mkdir(path, 0700), 0);
	refused(&listen, EEXIST, "is no socket");
}

Test(bind_unix, leaves_no_node_behind_when_it_fails)
{
	struct listen listen = listen_at("unix", "a.sock");
	int status;
	pid_t pid;

	skip_unless(geteuid() == 0, "becoming a user that may not give nodes away needs root");
	give_to(&listen, 0, (gid_t)-1);
	cr_assert_eq(chmod(folder, 0777), 0);
	pid = fork();
	if (pid == 0) {
		bool told = setresuid(65534, 65534, 65534) == 0 && bind_listen(&listen, &why, &warnings) < 0 &&
			    errno == EPERM && strstr(buf_string(&why), "setting the owner");

		_exit(told ? 0 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
	cr_expect_lt(access(listen.address->address, F_OK), 0);
}

Test(bind_unix, makes_and_replaces_symlinks)
{
	struct listen listen = listen_at("unix", "a.sock");
	const char *links[] = { pool_textf(pool, "%s/sub/one", folder), pool_textf(pool, "%s/two", folder),
				pool_textf(pool, "%s/file", folder), NULL };
	char target[128] = "";
	int fd;

	cr_assert_eq(symlink("/elsewhere", links[1]), 0);
	close(open(links[2], O_CREAT | O_WRONLY, 0600));
	options.symlinks = links;
	options.remove_on_stop = true;
	fd = opened(&listen);
	cr_expect_gt(readlink(links[0], target, sizeof(target) - 1), 0);
	cr_expect_str_eq(target, listen.address->address);
	cr_expect_gt(readlink(links[1], target, sizeof(target) - 1), 0);
	cr_expect_str_eq(target, listen.address->address);
	cr_expect(strstr(buf_string(&warnings), "file: File exists"), "%s", buf_string(&warnings));
	cr_expect_null(strstr(buf_string(&warnings), "two"));
	bind_remove(fd, &listen);
	cr_expect_lt(access(links[0], F_OK), 0);
	cr_expect_lt(readlink(links[1], target, sizeof(target)), 0);
	cr_expect_eq(access(links[2], F_OK), 0);
	close(fd);
}

Test(bind_unix, removes_a_node_only_where_asked_and_ours)
{
	struct listen listen = listen_at("unix", "a.sock");
	const char *path = listen.address->address;
	int fd = opened(&listen), other;

	bind_remove(fd, &listen);
	cr_expect(S_ISSOCK(node_of(&listen).st_mode), "remove_on_stop is off");
	options.remove_on_stop = true;
	cr_assert_eq(unlink(path), 0);
	other = opened(&listen);
	bind_remove(fd, &listen);
	cr_expect(S_ISSOCK(node_of(&listen).st_mode), "the node is another socket's by now");
	bind_remove(other, &listen);
	cr_expect_lt(access(path, F_OK), 0);
	close(other);
	close(fd);
}

Test(bind_unix, serves_abstract_names_without_a_node)
{
	struct listen listen = listen_of(pool_textf(pool, "@superd-test-%d", (int)getpid()));
	int fd = opened(&listen);

	refused(&listen, EADDRINUSE, "another socket has the name @superd-test-");
	cr_expect(bind_matches(fd, &listen));
	options.remove_on_stop = true;
	bind_remove(fd, &listen);
	close(fd);
}

Test(bind_unix, makes_a_fifo_with_its_mode)
{
	struct listen listen = listen_at("fifo", "f");
	mode_t before = umask(0077);
	int fd, other;

	options.socket_mode = 0622;
	fd = opened(&listen);
	umask(before);
	cr_expect_eq(warnings.length, 0);
	cr_expect_eq(node_of(&listen).st_mode, S_IFIFO | 0622);
	other = opened(&listen);
	cr_expect(bind_matches(other, &listen), "a fifo that is there is taken over");
	options.remove_on_stop = true;
	bind_remove(fd, &listen);
	cr_expect_lt(access(listen.address->address, F_OK), 0);
	close(other);
	close(fd);
}

Test(bind_unix, leaves_nothing_beside_a_fifo)
{
	struct listen listen = listen_at("fifo", "sub/f");

	close(opened(&listen));
	unlink(listen.address->address);
	cr_expect_eq(rmdir(pool_textf(pool, "%s/sub", folder)), 0, "%s", strerror(errno));
}

Test(bind_unix, refuses_a_fifo_of_another_user)
{
	struct listen listen = listen_at("fifo", "f");

	skip_unless(geteuid() == 0, "giving a fifo away needs root");
	cr_assert_eq(mkfifo(listen.address->address, 0666), 0);
	cr_assert_eq(chown(listen.address->address, 65534, 65534), 0);
	refused(&listen, EEXIST, "belongs to user 65534, not 0");
	give_to(&listen, 65534, 65534);
	close(opened(&listen));
}

Test(bind_unix, refuses_a_file_where_a_fifo_should_be)
{
	struct listen listen = listen_at("fifo", "f");

	close(open(listen.address->address, O_CREAT | O_WRONLY, 0600));
	refused(&listen, EEXIST, "is not a fifo");
}

Test(bind_unix, opens_special_files_that_can_be_watched)
{
	struct listen listen = listen_of("special:/proc/self/mounts");
	int fd = opened(&listen);

	cr_expect(bind_matches(fd, &listen));
	close(fd);
	listen = listen_at("special", "plain");
	refused(&listen, ENOENT, "plain");
	close(open(listen.address->address, O_CREAT | O_WRONLY, 0600));
	refused(&listen, EPERM, "never reports new data");
	listen = listen_of("special:/tmp");
	refused(&listen, EINVAL, "neither a file nor a character device");
}

Test(bind_unix, does_not_recognise_a_unix_socket_whose_node_is_gone)
{
	struct listen listen = listen_at("unix", "a.sock"), dgram = listen_at("unix-dgram", "a.sock");
	int fd = opened(&listen);

	cr_expect(bind_matches(fd, &listen));
	cr_expect_not(bind_matches(fd, &dgram));
	unlink(listen.address->address);
	cr_expect_not(bind_matches(fd, &listen));
	close(fd);
}

Test(bind_unix, changes_mode_and_owner_of_an_open_node)
{
	struct listen before = listen_at("unix", "a.sock"), after = before;
	struct socket_options changed = options;
	const char *links[] = { pool_textf(pool, "%s/link", folder), NULL };
	int fd = opened(&before);

	changed.socket_mode = 0600;
	changed.symlinks = links;
	after.options = &changed;
	if (geteuid() == 0)
		give_to(&after, 12, (gid_t)-1);
	cr_expect_eq(bind_adjust(fd, &before, &after, false, &why, &warnings), 0);
	cr_expect_eq(warnings.length, 0, "%s", buf_string(&warnings));
	cr_expect_eq(node_of(&after).st_mode & 07777, 0600);
	cr_expect_eq(node_of(&after).st_uid, geteuid() == 0 ? 12 : geteuid());
	cr_expect_eq(access(links[0], F_OK), 0);
	close(fd);
}

/* What takes the name right after it was bound, where that can be a link to another's file. */
Test(bind_unix, gives_nothing_else_its_owner_and_mode)
{
	struct listen listen = listen_at("unix", "a.sock");
	const char *path = listen.address->address, *other = pool_textf(pool, "%s/other", folder);
	struct stat status;
	int fd = opened(&listen), another;

	options.socket_mode = 0666;
	cr_expect_eq(node_set_permissions(fd, &listen, 0, &why), 0, "%s", buf_string(&why));
	close(open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	cr_assert(unlink(path) == 0 && link(other, path) == 0);
	cr_expect_eq(node_set_permissions(fd, &listen, 0, &why), -1);
	cr_assert_eq(stat(other, &status), 0);
	cr_expect_eq(status.st_mode, S_IFREG | 0600u);
	cr_assert(unlink(path) == 0 && symlink(other, path) == 0);
	cr_expect_eq(node_set_permissions(fd, &listen, 0, &why), -1);
	cr_assert(stat(other, &status) == 0 && unlink(path) == 0);
	cr_expect_eq(status.st_mode, S_IFREG | 0600u);
	options.socket_mode = 0600;
	listen = listen_at("unix", "b.sock");
	another = opened(&listen);
	cr_assert_eq(link(listen.address->address, path), 0);
	options.socket_mode = 0666;
	listen = listen_at("unix", "a.sock");
	buf_clear(&why);
	cr_expect_eq(node_set_permissions(fd, &listen, 0, &why), -1);
	cr_expect(strstr(buf_string(&why), "is another's by now"), "%s", buf_string(&why));
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode, S_IFSOCK | 0600u);
	close(another);
	close(fd);
}

static bool is_no_match(const void *with)
{
	int ends[2];

	return pipe(ends) == 0 && !bind_matches(ends[0], with);
}

Test(bind_unix, does_not_wait_for_the_folder_of_a_fifo_that_it_may_have_been_given)
{
	struct listen listen = listen_at("fifo", "own/fifo");
	char place[128];

	snprintf(place, sizeof(place), "%s/own", folder);
	cr_assert_eq(mkdir(place, 0755), 0);
	cr_expect(passes_automounter(place, is_no_match, &listen));
}

/* In a folder of others, where it is not looked for. */
Test(bind_unix, knows_a_fifo_in_a_folder_of_others_by_its_name)
{
	struct listen listen = listen_at("fifo", "own/fifo"), other = listen_at("fifo", "own/other");
	char place[128], path[128];
	int fd;

	skip_unless(geteuid() == 0, "needs root");
	snprintf(place, sizeof(place), "%s/own", folder);
	snprintf(path, sizeof(path), "%s/own/fifo", folder);
	cr_assert_eq(mkdir(place, 0755), 0);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(chown(place, 12345, 12345), 0);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	cr_expect(bind_matches(fd, &listen));
	cr_expect_not(bind_matches(fd, &other));
	cr_assert_eq(unlink(path), 0);
	cr_expect_not(bind_matches(fd, &listen));
	close(fd);
}
