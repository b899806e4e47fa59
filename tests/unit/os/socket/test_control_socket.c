/* The control socket's node: there when it may be, right before anybody can come, and gone with its owner. */
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>

#include "os/socket/socket.h"
#include "tests/unit/as_nobody.h"
#include "tests/unit/hang.h"
#include "tests/unit/unit.h"

#define NOBODY 65534

static char folder[64], path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static struct buf why;

static void begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/test-control-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/control", folder);
	why = (struct buf){ 0 };
}

static void end(void)
{
	unlink(path);
	rmdir(folder);
	buf_free(&why);
}

static int reach(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

TestSuite(control_socket, .init = begin, .fini = end);

Test(control_socket, is_its_owners_alone)
{
	struct control_socket made;
	struct stat status;
	int fd;

	cr_assert(control_socket_open(&made, path, &why), "%s", buf_string(&why));
	cr_assert_eq(lstat(path, &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0600u);
	fd = reach();
	cr_expect_geq(fd, 0);
	close(fd);
	control_socket_close(&made);
	cr_expect_lt(lstat(path, &status), 0);
}

Test(control_socket, takes_the_place_of_a_dead_one)
{
	struct control_socket dead, made;

	cr_assert(control_socket_open(&dead, path, &why));
	close(dead.fd);
	cr_assert(control_socket_open(&made, path, &why), "%s", buf_string(&why));
	cr_expect_geq(reach(), 0);
	control_socket_close(&made);
	free(dead.path);
}

Test(control_socket, leaves_a_living_one_alone)
{
	struct control_socket living, made;
	struct stat status;

	cr_assert(control_socket_open(&living, path, &why));
	cr_expect_not(control_socket_open(&made, path, &why));
	cr_expect_not_null(strstr(buf_string(&why), "answers there"));
	cr_expect_geq(reach(), 0);
	cr_expect_eq(lstat(path, &status), 0);
	control_socket_close(&living);
}

Test(control_socket, leaves_what_is_no_socket_alone)
{
	struct control_socket made;
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	fclose(file);
	cr_expect_not(control_socket_open(&made, path, &why));
	cr_expect_eq(access(path, F_OK), 0);
}

Test(control_socket, is_not_made_where_others_could_change_it)
{
	struct control_socket made;

	cr_assert_eq(chmod(folder, 0777), 0);
	cr_expect_not(control_socket_open(&made, path, &why));
	cr_expect_not_null(strstr(buf_string(&why), "other users can change"));
}

Test(control_socket, does_not_take_away_the_node_of_another)
{
	struct control_socket made, other;

	cr_assert(control_socket_open(&made, path, &why));
	cr_assert_eq(unlink(path), 0);
	cr_assert(control_socket_open(&other, path, &why));
	control_socket_close(&made);
	cr_expect_geq(reach(), 0);
	control_socket_close(&other);
}

Test(control_socket, goes_on_with_one_that_is_open)
{
	struct control_socket made, adopted;

	cr_assert(control_socket_open(&made, path, &why));
	cr_expect_not(control_socket_adopt(&adopted, "/run/another", made.fd));
	cr_assert(control_socket_adopt(&adopted, path, made.fd));
	control_socket_close(&adopted);
	cr_expect_lt(access(path, F_OK), 0);
	free(made.path);
}

/* The kernel's length of such an address is the whole of struct sockaddr_un. */
Test(control_socket, goes_on_with_one_of_the_longest_path)
{
	struct control_socket made, adopted;
	size_t length = strlen(path);

	memset(path + length, 'x', sizeof(path) - 1 - length);
	cr_assert(control_socket_open(&made, path, &why), "%s", buf_string(&why));
	cr_assert(control_socket_adopt(&adopted, path, made.fd));
	control_socket_close(&adopted);
	free(made.path);
}

Test(control_socket, knows_who_is_there)
{
	struct control_socket made;
	struct control_peer peer = { 0 };
	int near, far;

	cr_assert(control_socket_open(&made, path, &why));
	far = reach();
	near = accept(made.fd, NULL, NULL);
	cr_assert(control_socket_peer(near, &peer));
	cr_expect_eq(peer.uid, geteuid());
	cr_expect_eq(peer.pid, getpid());
	close(near);
	close(far);
	control_socket_close(&made);
}

static bool has_no_owner(void)
{
	pid_t pid;
	int fd;

	return !control_socket_has_owner(path, &pid, &fd) && fd < 0;
}

/* A member of root's control group may start a superd, too. */
Test(control_socket, of_root_is_no_other_superd_to_a_user)
{
	struct control_socket made;
	pid_t pid;
	int fd;

	cr_assert(control_socket_open(&made, path, &why), "%s", buf_string(&why));
	cr_assert(control_socket_has_owner(path, &pid, &fd));
	cr_expect_eq(pid, getpid());
	close(fd);
	if (geteuid())
		cr_skip_test("a test of two users needs root");
	cr_assert_eq(chmod(folder, 0755), 0);
	cr_assert_eq(chmod(path, 0666), 0);
	as_nobody(has_no_owner);
	control_socket_close(&made);
}

Test(control_socket, refuses_a_path_that_is_none)
{
	struct control_socket made;
	char much[300];

	memset(much, 'x', sizeof(much) - 1);
	much[0] = '/';
	much[sizeof(much) - 1] = '\0';
	cr_expect_not(control_socket_open(&made, "control", &why));
	cr_expect_not(control_socket_open(&made, much, &why));
	cr_expect_not(control_socket_open(&made, "/nonexistent/control", &why));
	cr_expect_eq(made.fd, -1);
}

static bool maps_all_users(void)
{
	unsigned long first = 1, count = 0;
	FILE *file = fopen("/proc/self/uid_map", "re");

	if (file && fscanf(file, "%lu %*u %lu", &first, &count) != 2)
		count = 0;
	if (file)
		fclose(file);
	return first == 0 && count == 4294967295UL;
}

/* A connection to a name in the abstract namespace; -1: nobody listens there. */
static int reach_name(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", name + 1);
	if (connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A process of nobody's that connects to this name, and stays until it is killed. */
static pid_t connect_as_nobody(const char *name)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0 || reach_name(name) < 0)
		_exit(1);
	for (;;)
		pause();
}

static uid_t user_of_next(int listener)
{
	struct pollfd ready = { .fd = listener, .events = POLLIN };
	struct control_peer peer = { 0 };
	int fd = poll(&ready, 1, HANG_MS) == 1 ? accept(listener, NULL, NULL) : -1;
	bool known = fd >= 0 && control_socket_peer(fd, &peer);

	close(fd);
	return known ? peer.uid : 0;
}

static bool leave_user_namespace(void)
{
	static const char map[] = "0 0 1\n";
	int fd;
	bool done;

	if (unshare(CLONE_NEWUSER) < 0)
		return false;
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	done = fd >= 0 && write(fd, map, sizeof(map) - 1) == (ssize_t)sizeof(map) - 1;
	close(fd);
	return done;
}

/* A user that is not mapped looks like nobody, and anybody can connect to an abstract name. */
Test(control_socket, nobody_counts_as_a_user_only_where_all_are_mapped, .timeout = 120)
{
	struct control_socket made;
	pid_t peers[2], namespaced;
	char name[64];
	int status;

	if (geteuid() != 0 || !maps_all_users())
		cr_skip_test("needs root, and all users mapped");
	snprintf(name, sizeof(name), "@test-nobody-%d", (int)getpid());
	cr_assert(control_socket_open(&made, name, &why), "%s", buf_string(&why));
	peers[0] = connect_as_nobody(name);
	cr_expect_eq(user_of_next(made.fd), NOBODY);
	peers[1] = connect_as_nobody(name);
	namespaced = fork();
	if (namespaced == 0)
		_exit(!leave_user_namespace() ? 77 : user_of_next(made.fd) == (uid_t)-1 ? 0 : 1);
	cr_assert_eq(waitpid(namespaced, &status, 0), namespaced);
	cr_expect(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77), "%d", status);
	for (int n = 0; n < 2; n++) {
		kill(peers[n], SIGKILL);
		waitpid(peers[n], NULL, 0);
	}
	control_socket_close(&made);
}

/* Where nothing can be written to, as in a container without any tmpfs. */
Test(control_socket, may_be_a_name_without_a_node)
{
	struct control_socket made, second, adopted;
	struct control_peer peer;
	char name[64];
	int fd, other;

	snprintf(name, sizeof(name), "@test-control-%d", (int)getpid());
	cr_assert(control_socket_open(&made, name, &why), "%s", buf_string(&why));
	fd = reach_name(name);
	cr_assert_geq(fd, 0);
	other = accept(made.fd, NULL, NULL);
	cr_assert(control_socket_peer(other, &peer));
	cr_expect(peer.uid == geteuid() || (geteuid() == NOBODY && !maps_all_users() && peer.uid == (uid_t)-1));

	cr_expect_not(control_socket_open(&second, name, &why), "two have one name");
	cr_expect_eq(errno, EADDRINUSE);
	cr_expect(strstr(buf_string(&why), "answers there"), "%s", buf_string(&why));

	cr_expect_not(control_socket_adopt(&adopted, "@another", made.fd));
	cr_expect_not(control_socket_adopt(&adopted, path, made.fd));
	cr_assert(control_socket_adopt(&adopted, name, dup(made.fd)));
	control_socket_close(&adopted);
	control_socket_close(&made);
	close(fd);
	close(other);
	cr_expect_lt(reach_name(name), 0);
}

Test(control_socket, a_name_is_neither_empty_nor_too_long)
{
	struct control_socket made;
	char name[120];

	memset(name, 'x', sizeof(name) - 1);
	name[0] = '@';
	name[sizeof(name) - 1] = '\0';
	cr_expect_not(control_socket_open(&made, name, &why));
	cr_expect_not(control_socket_open(&made, "@", &why));
	cr_expect_not(control_socket_open(&made, "control", &why));
	cr_expect(strstr(buf_string(&why), "begins with a slash"), "%s", buf_string(&why));
}
