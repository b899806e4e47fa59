/* superd's listeners in the store of the program that started it: a superd that is killed, or restarted, loses no
 * client that waits. The test is the service manager, with a store as systemd's. */
#include <netinet/in.h>
#include <sched.h>
#include <sys/un.h>

#include "controlling.h"
#include "harness.h"
#include "namespace.h"

enum { KEPT_MOST = 32 };

#define EACH "service %s { listen = \"%s\" exec = \"%s\" accept = yes }\n"

struct manager {
	const char *path;               /* of its NOTIFY_SOCKET */
	int fd;
	size_t count;                   /* descriptors in the store */
	int fds[KEPT_MOST];
	char names[KEPT_MOST][256];
	size_t ready, given, twice, removed;    /* messages so far; `twice`: of those given, it had it already */
};

static void manage(struct manager *manager)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*manager = (struct manager){ .path = path_in("herald") };
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", manager->path);
	manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert(manager->fd >= 0 && bind(manager->fd, (struct sockaddr *)&address, sizeof(address)) == 0, "%s",
		  strerror(errno));
}

static bool is_same(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* As systemd: a descriptor that is there already is dropped, whatever name it has now. */
static void keep(struct manager *manager, int fd, const char *name)
{
	manager->given++;
	for (size_t n = 0; n < manager->count; n++) {
		cr_assert(strcmp(manager->names[n], name) || is_same(manager->fds[n], fd), "two sockets are %s", name);
		if (is_same(manager->fds[n], fd)) {
			manager->twice++;
			close(fd);
			return;
		}
	}
	cr_assert_lt(manager->count, (size_t)KEPT_MOST);
	manager->fds[manager->count] = fd;
	snprintf(manager->names[manager->count++], sizeof(manager->names[0]), "%s", name);
}

static void drop(struct manager *manager, const char *name)
{
	size_t kept = 0;

	manager->removed++;
	for (size_t n = 0; n < manager->count; n++) {
		if (!strcmp(manager->names[n], name)) {
			close(manager->fds[n]);
			continue;
		}
		manager->fds[kept] = manager->fds[n];
		memmove(manager->names[kept++], manager->names[n], sizeof(manager->names[0]));
	}
	manager->count = kept;
}

static const char *value_of(const char *text, const char *key)
{
	const char *found = strstr(text, key);

	cr_assert(found, "no %s in: %s", key, text);
	found += strlen(key);
	return text_of("%.*s", (int)strcspn(found, "\n"), found);
}

static void expect_legal(const char *name)
{
	cr_assert(*name && strlen(name) <= 255, "%s", name);
	for (const char *at = name; *at; at++)
		cr_assert(*at > ' ' && *at <= '~' && *at != ':', "%s", name);
}

/* Takes all that waits. */
static void hear(struct manager *manager)
{
	char text[1024];
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} rights;
	ssize_t got;

	for (;;) {
		struct iovec part = { text, sizeof(text) - 1 };
		struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights,
					  .msg_controllen = sizeof(rights) };
		struct cmsghdr *header;
		int fd = -1;

		got = recvmsg(manager->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (got < 0)
			break;
		text[got] = '\0';
		header = CMSG_FIRSTHDR(&message);
		if (header && header->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(header), sizeof(fd));
		manager->ready += strstr(text, "READY=1") != NULL;
		if (strstr(text, "FDSTORE=1")) {
			cr_assert_geq(fd, 0);
			cr_assert_str_eq(value_of(text, "FDPOLL="), "0");
			expect_legal(value_of(text, "FDNAME="));
			keep(manager, fd, value_of(text, "FDNAME="));
		} else if (strstr(text, "FDSTOREREMOVE=1")) {
			drop(manager, value_of(text, "FDNAME="));
		}
	}
	cr_assert_eq(errno, EAGAIN);
}

static bool has(struct manager *manager, const char *name)
{
	hear(manager);
	for (size_t n = 0; n < manager->count; n++) {
		if (!strcmp(manager->names[n], name))
			return true;
	}
	return false;
}

static bool has_heard(struct manager *manager, size_t ready)
{
	hear(manager);
	return manager->ready >= ready;
}

static bool keeps(struct manager *manager, size_t count)
{
	hear(manager);
	return manager->count == count;
}

static const char *names_of(const struct manager *manager)
{
	const char *text = "";

	for (size_t n = 0; n < manager->count; n++)
		text = text_of("%s%s%s", text, n ? ":" : "", manager->names[n]);
	return text;
}

/* Starts superd with what the store has; returns when it is ready. */
static struct superd *start_with(struct manager *manager, const char *const *environment,
				 const char *const *arguments, const char *table)
{
	const char *variables[8] = { text_of("NOTIFY_SOCKET=%s", manager->path),
				     text_of("LISTEN_FDNAMES=%s", names_of(manager)) };
	struct setup setup = { .environment = variables, .arguments = arguments };
	size_t ready = manager->ready;
	struct superd *superd;

	for (size_t n = 0; environment && environment[n]; n++)
		variables[2 + n] = environment[n];
	if (manager->count)
		setup.listeners = manager->fds;
	setup.listener_count = manager->count;
	superd = superd_run_with(&setup, "%s", table);
	WAIT_UNTIL(superd_has_ended(superd) || has_heard(manager, ready + 1));
	return superd;
}

static const char *const with_store[] = { "FDSTORE=32", NULL };

static struct superd *start_stored(struct manager *manager, const char *table)
{
	return start_with(manager, with_store, NULL, table);
}

static void kill_hard(struct superd *superd)
{
	superd_signal(superd, SIGKILL);
	cr_assert_eq(superd_wait_exit(superd), 128 + SIGKILL);
}

static void dismiss(struct manager *manager)
{
	for (size_t n = 0; n < manager->count; n++)
		close(manager->fds[n]);
	close(manager->fd);
}

/* Without the pid in front. */
static const char *datagram_answer(int fd)
{
	char answer[64] = "";

	cr_assert(!client_sees_end(fd));
	cr_assert_gt(recv(fd, answer, sizeof(answer) - 1, 0), 0);
	cr_assert_not_null(strchr(answer, ' '), "%s", answer);
	return text_of("%s", strchr(answer, ' ') + 1);
}

Behaviour(socket_store, clients_in_the_queues_survive_a_killed_superd)
{
	const char *path = path_in("socket"), *lines = backend("lines");
	const char *table = text_of(EACH EACH EACH EACH,
				    "one", "127.0.0.1:0", lines, "two", "127.0.0.1:0", lines, "local", path, lines,
				    "small", "udp:127.0.0.1:0", backend("take"));
	struct manager manager;
	struct superd *superd;
	int ports[3], clients[3], datagrams;

	manage(&manager);
	superd = start_stored(&manager, table);
	ports[0] = superd_port(superd, "one");
	ports[1] = superd_port(superd, "two");
	ports[2] = superd_port(superd, "small");
	cr_assert_eq(manager.count, 4, "before it is ready: %s", names_of(&manager));
	cr_assert(has(&manager, "superd/one/tcp,127.0.0.1,0"), "%s", names_of(&manager));
	cr_assert(has(&manager, text_of("superd/local/%s", path)), "%s", names_of(&manager));
	cr_assert(has(&manager, "superd/small/udp,127.0.0.1,0"), "%s", names_of(&manager));
	datagrams = datagram_client(ports[2]);
	for (int n = 0; n < 3; n++) {
		kill_hard(superd);
		clients[0] = client_connect(ports[0]);
		clients[1] = client_connect(ports[1]);
		clients[2] = client_connect_unix(path, SOCK_STREAM);
		for (int i = 0; i < 3; i++)
			client_send(clients[i], text_of("hello %d\n", i));
		client_send(datagrams, text_of("datagram %d", n));
		superd = start_stored(&manager, table);
		for (int i = 0; i < 3; i++) {
			cr_expect_not_null(strstr(client_line(clients[i]), text_of("hello %d", i)));
			close(clients[i]);
		}
		cr_expect_str_eq(datagram_answer(datagrams), text_of("datagram %d", n));
		cr_expect_eq(superd_port(superd, "one"), ports[0]);
		cr_expect_eq(superd_port(superd, "two"), ports[1]);
	}
	superd_stop(superd);
	hear(&manager);
	cr_expect_eq(manager.count, 4);
	cr_expect_eq(manager.given, 4, "what came back is not given again");
	cr_expect_eq(manager.removed, 0);
	close(datagrams);
	dismiss(&manager);
	unlink(path);
}

Behaviour(socket_store, clients_that_come_while_superd_is_restarted_are_served)
{
	const char *table = text_of(EACH, "one", "127.0.0.1:0", backend("lines"));
	struct manager manager;
	struct superd *superd;
	int port, client;

	manage(&manager);
	superd = start_stored(&manager, table);
	port = superd_port(superd, "one");
	superd_stop(superd);
	client = client_connect(port);
	client_send(client, "hello\n");
	superd = start_stored(&manager, table);
	cr_expect_not_null(strstr(client_line(client), " hello"));
	cr_expect(superd_logged(superd, "(from the store)"));
	close(client);
	superd_stop(superd);
	dismiss(&manager);
}

Behaviour(socket_store, a_listener_that_closes_is_taken_out)
{
	const char *lines = backend("lines");
	const char *two = text_of(EACH EACH, "one", "127.0.0.1:0", lines, "two", "127.0.0.1:0", lines);
	struct manager manager;
	struct superd *superd;
	int port;

	manage(&manager);
	superd = start_stored(&manager, two);
	port = superd_port(superd, "two");
	cr_assert_eq(manager.count, 2);
	cr_assert(superd_reload(superd, EACH, "one", "127.0.0.1:0", lines));
	WAIT_UNTIL(keeps(&manager, 1));
	cr_expect(has(&manager, "superd/one/tcp,127.0.0.1,0"));
	client_wait_refused(port);
	cr_assert(superd_reload(superd, "%s", two));
	WAIT_UNTIL(keeps(&manager, 2));
	port = superd_port(superd, "two");
	cr_assert(superd_reload(superd, EACH EACH, "one", "127.0.0.1:0", lines, "two", "127.0.0.2:0", lines));
	WAIT_UNTIL(has(&manager, "superd/two/tcp,127.0.0.2,0") && keeps(&manager, 2));
	cr_expect(!client_can_connect(port));
	superd_stop(superd);
	dismiss(&manager);
}

/* The socket keeps the name that it was given under. */
Behaviour(socket_store, a_listener_goes_to_another_service_without_a_word)
{
	const char *lines = backend("lines"), *address = text_of("127.0.0.1:%d", free_port());
	struct manager manager;
	struct superd *superd;
	int client;

	manage(&manager);
	superd = start_stored(&manager, text_of(EACH, "one", address, lines));
	cr_assert(superd_reload(superd, EACH, "other", address, lines));
	kill_hard(superd);
	client = client_connect((int)strtol(strchr(address, ':') + 1, NULL, 10));
	superd = start_stored(&manager, text_of(EACH, "other", address, lines));
	client_send(client, "hello\n");
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
	superd_stop(superd);
	cr_expect_eq(manager.given, 1);
	cr_expect_eq(manager.removed, 0);
	dismiss(&manager);
}

Behaviour(socket_store, an_upgrade_gives_nothing_twice_and_loses_nothing)
{
	const char *lines = backend("lines");
	const char *two = text_of(EACH EACH, "one", "127.0.0.1:0", lines, "two", "127.0.0.1:0", lines);
	struct manager manager;
	struct superd *superd;

	manage(&manager);
	superd = start_stored(&manager, two);
	for (int n = 0; n < 2; n++) {
		size_t ready = manager.ready;

		superd_upgrade(superd);
		WAIT_UNTIL(has_heard(&manager, ready + 1));
		cr_expect_eq(manager.given, 2);
	}
	cr_assert(superd_reload(superd, EACH, "one", "127.0.0.1:0", lines));
	WAIT_UNTIL(keeps(&manager, 1));
	cr_expect_eq(manager.removed, 1);
	superd_stop(superd);
	dismiss(&manager);
}

Behaviour(socket_store, what_no_service_wants_any_more_is_closed_and_taken_out)
{
	const char *lines = backend("lines");
	struct manager manager;
	struct superd *superd;
	int port;

	manage(&manager);
	superd = start_stored(&manager, text_of(EACH EACH, "one", "127.0.0.1:0", lines, "two", "127.0.0.1:0", lines));
	port = superd_port(superd, "two");
	kill_hard(superd);
	cr_assert(client_can_connect(port));
	superd = start_stored(&manager, text_of(EACH, "one", "127.0.0.1:0", lines));
	superd_wait_log(superd, text_of("a socket from the store (superd/two/tcp,127.0.0.1,0, 127.0.0.1:%d) belongs to "
					"no service any more: closed", port));
	WAIT_UNTIL(keeps(&manager, 1));
	WAIT_UNTIL(!client_can_connect(port)); /* a process that superd forks just then has a copy for a moment */
	superd_stop(superd);
	dismiss(&manager);
}

/* A command that runs before the socket is opened. */
Behaviour(socket_store, a_service_that_takes_its_socket_later_gets_it)
{
	const char *table = text_of("service one { listen = \"127.0.0.1:0\" exec = \"%s\" accept = yes\n"
				    "socket_exec_start_pre = \"/bin/sleep 0.3\" }\n", backend("lines"));
	struct manager manager;
	struct superd *superd;
	int port, client;

	manage(&manager);
	superd = start_stored(&manager, table);
	port = superd_port(superd, "one");
	WAIT_UNTIL(keeps(&manager, 1));
	kill_hard(superd);
	client = client_connect(port);
	client_send(client, "hello\n");
	superd = start_stored(&manager, table);
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
	superd_stop(superd);
	cr_expect_eq(manager.removed, 0);
	dismiss(&manager);
}

Behaviour(socket_store, nothing_is_given_unless_a_manager_says_that_it_keeps_it)
{
	const char *table = text_of(EACH, "one", "127.0.0.1:0", backend("lines"));
	const char *const none[] = { "--fdstore=none", NULL }, *const notify[] = { "--fdstore=notify", NULL };
	struct manager manager;
	struct superd *superd;

	manage(&manager);
	superd = start_with(&manager, NULL, NULL, table);
	superd_stop(superd);
	hear(&manager);
	cr_assert_eq(manager.given, 0);
	superd = start_with(&manager, with_store, none, table);
	superd_stop(superd);
	hear(&manager);
	cr_assert_eq(manager.given, 0);
	superd = start_with(&manager, NULL, notify, table);
	cr_assert_eq(manager.given, 1);
	superd_stop(superd);
	dismiss(&manager);
	superd = superd_run_with(&(struct setup){ .arguments = notify }, "%s", table);
	superd_wait_log(superd, "no service manager has set NOTIFY_SOCKET");
}

Behaviour(socket_store, what_a_socket_activates_is_not_given_to_the_store)
{
	struct manager manager;
	struct superd *superd;
	int listener = listen_on(free_port()), client;
	struct sockaddr_in own;
	socklen_t length = sizeof(own);
	const char *table;

	cr_assert_eq(getsockname(listener, (struct sockaddr *)&own, &length), 0);
	table = text_of(EACH, "one", text_of("127.0.0.1:%d", ntohs(own.sin_port)), backend("lines"));
	manage(&manager);
	manager.fds[manager.count] = listener;
	snprintf(manager.names[manager.count++], sizeof(manager.names[0]), "superd.socket");
	superd = start_stored(&manager, table);
	client = client_connect(ntohs(own.sin_port));
	client_send(client, "hello\n");
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
	superd_stop(superd);
	hear(&manager);
	cr_expect_eq(manager.given, 0);
	cr_expect_eq(manager.removed, 0);
	dismiss(&manager);
}

/* What a backend could put into systemd's store if the unit let it (NotifyAccess=all): its own user's. */
static int foreign_listener(int port)
{
	int fd = listen_on(port);

	cr_assert_eq(fchown(fd, 65534, (gid_t)-1), 0, "%s", strerror(errno));
	return fd;
}

/* A listener at this port in a network of its own. */
static int listener_elsewhere(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd;

	cr_assert(here >= 0 && unshare(CLONE_NEWNET) == 0, "%s", strerror(errno));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 1) == 0, "%s",
		  strerror(errno));
	cr_assert_eq(setns(here, CLONE_NEWNET), 0);
	close(here);
	return fd;
}

/* Starts superd with this socket in the store under this name, and a service at the address of it. */
static struct superd *start_with_one(struct manager *manager, int fd, const char *name, const char *address)
{
	manage(manager);
	manager->fds[manager->count] = fd;
	snprintf(manager->names[manager->count++], sizeof(manager->names[0]), "%s", name);
	return start_stored(manager, text_of(EACH, "one", address, backend("lines")));
}

static void expect_served(int port)
{
	int client = client_connect(port);

	client_send(client, "hello\n");
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
}

static void expect_refused(struct superd *superd, const char *why)
{
	superd_wait_log(superd, text_of("is refused and closed, as something other than superd has stored it: %s; see "
					"NotifyAccess= in superd's unit", why));
}

Behaviour(socket_store, a_socket_of_another_user_is_refused_whatever_its_name)
{
	static const char *const names[] = { "superd/one/tcp,127.0.0.1", "superd/other/tcp", "one", "stored" };

	SKIP_WITHOUT(geteuid() == 0, "takes root, to give a socket to another user");
	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		int port = free_port();
		struct manager manager;
		struct superd *superd = start_with_one(&manager, foreign_listener(port), names[n],
						       text_of("127.0.0.1:%d", port));

		expect_refused(superd, "user 65534 has made it, not superd's user, 0");
		WAIT_UNTIL(!has(&manager, names[n]));
		superd_wait_log(superd, "listening on");        /* as soon as the store has closed it */
		expect_served(port);
		superd_stop(superd);
		dismiss(&manager);
		unlink(manager.path);
	}
}

Behaviour(socket_store, a_socket_of_another_network_is_refused)
{
	int port = free_port();
	struct manager manager;
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "takes root, to make a network");
	superd = start_with_one(&manager, listener_elsewhere(port), "superd/one/tcp", text_of("tcp4:%d", port));
	expect_refused(superd, "it is of another network namespace than superd");
	expect_served(port);
	WAIT_UNTIL(!has(&manager, "superd/one/tcp"));
	superd_stop(superd);
	dismiss(&manager);
}

/* systemd makes the sockets of its socket units as root, and of the machine's network for a unit that has another. */
Behaviour(socket_store, roots_sockets_of_any_network_are_taken_from_a_socket_unit)
{
	int port = free_port();
	struct manager manager;
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "takes root, to make a network");
	superd = start_with_one(&manager, listener_elsewhere(port), "superd.socket", text_of("tcp4:%d", port));
	cr_expect(!superd_logged(superd, "is refused"), "%s", world_logs());
	cr_expect(!client_can_connect(port), "it is the other network's");
	superd_stop(superd);
	dismiss(&manager);
}

BehaviourOfUsers(socket_store, roots_sockets_of_a_socket_unit_are_taken_by_a_superd_of_a_user_and_none_of_the_store)
{
	int port = free_port();
	const char *address = text_of("127.0.0.1:%d", port), *path = path_in("herald");
	int listener = listen_on(port);
	const char *variables[] = { text_of("NOTIFY_SOCKET=%s", path), "FDSTORE=32", "LISTEN_FDNAMES=superd.socket",
				    NULL };
	struct setup setup = { .environment = variables, .listener = listener, .uid = lone_user() };
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "takes root, to start as another user");
	superd = superd_run_with(&setup, EACH, "one", address, backend("lines"));
	superd_wait_log(superd, "listening on");
	expect_served(port);
	superd_stop(superd);
	variables[2] = "LISTEN_FDNAMES=superd/one/tcp";
	superd = superd_run_with(&setup, EACH, "one", "127.0.0.1:0", backend("lines"));
	superd_wait_log(superd, text_of("user 0 has made it, not superd's user, %lu", (unsigned long)lone_user()));
	superd_stop(superd);
	close(listener);
}

/* Who starts superd without a store may give it what he has. */
Behaviour(socket_store, without_a_store_a_socket_may_be_anybodys)
{
	const char *variables[] = { "LISTEN_FDNAMES=web", NULL };
	int port = free_port(), listener;
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "takes root, to give a socket to another user");
	listener = foreign_listener(port);
	superd = superd_run_with(&(struct setup){ .environment = variables, .listener = listener }, EACH, "one",
				 text_of("127.0.0.1:%d", port), backend("lines"));
	superd_wait_log(superd, "listening on");
	close(listener);
	expect_served(port);
	superd_stop(superd);
}

/* superd-bind makes such a socket as the owner of the folder. */
BehaviourOfUsers(socket_store, a_socket_in_another_users_folder_comes_back)
{
	const char *folder = path_in("of-nobody"), *path = text_of("%s/socket", folder), *table;
	struct manager manager;
	struct superd *superd;
	int client;

	SKIP_WITHOUT(geteuid() == 0, "takes root, to give a folder to another user");
	path_in("of-nobody/socket");
	cr_assert(mkdir(folder, 0755) == 0 && chown(folder, 65534, 65534) == 0, "%s", strerror(errno));
	table = text_of(EACH, "one", path, backend("lines"));
	manage(&manager);
	superd = start_stored(&manager, table);
	kill_hard(superd);
	client = client_connect_unix(path, SOCK_STREAM);
	client_send(client, "hello\n");
	superd = start_stored(&manager, table);
	cr_expect(superd_logged(superd, "(from the store)"), "%s", world_logs());
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
	superd_stop(superd);
	dismiss(&manager);
	unlink(path);
	rmdir(folder);
}

Behaviour(socket_store, no_more_is_given_than_the_manager_keeps)
{
	const char *lines = backend("lines");
	const char *const small[] = { "FDSTORE=2", NULL };
	struct manager manager;
	struct superd *superd;

	manage(&manager);
	superd = start_with(&manager, small, NULL,
			    text_of(EACH EACH EACH EACH, "one", "127.0.0.1:0", lines, "two", "127.0.0.1:0", lines,
				    "three", "127.0.0.1:0", lines, "four", "127.0.0.1:0", lines));
	cr_expect_eq(manager.given, 2);
	cr_expect_eq(superd_log_count(superd, "FileDescriptorStoreMax="), 1, "%s", world_logs());
	cr_expect_gt(superd_port(superd, "four"), 0);
	superd_stop(superd);
	dismiss(&manager);
}

/* The guard waits for it, and superd for nobody. */
Behaviour(socket_store, a_manager_whose_queue_is_full_is_told_later_and_holds_nobody_up)
{
	const char *lines = backend("lines"), *one = text_of(EACH, "one", "127.0.0.1:0", lines);
	const char *two = text_of(EACH EACH, "one", "127.0.0.1:0", lines, "two", "127.0.0.1:0", lines);
	struct manager manager;
	struct superd *superd;
	int port;

	manage(&manager);
	superd = start_stored(&manager, one);
	cr_assert_gt(datagram_fill(manager.path), 0);
	cr_assert(superd_reload(superd, "%s", two));
	WAIT_UNTIL(superd_logged(superd, "superd-guard: cannot report to NOTIFY_SOCKET "));
	port = superd_port(superd, "two");
	for (int n = 0; n < 3; n++)
		cr_assert_gt(client_ask_pid(port), 0);
	WAIT_UNTIL(keeps(&manager, 2));
	cr_expect_eq(superd_log_count(superd, "superd-guard: cannot report to NOTIFY_SOCKET "), 1);
	cr_assert_gt(datagram_fill(manager.path), 0);
	cr_assert(superd_reload(superd, "%s", one));
	client_wait_refused(port);
	WAIT_UNTIL(keeps(&manager, 1));
	superd_stop(superd);
	dismiss(&manager);
}

/* The guard's child that is superd itself; 0: there is none now. */
static pid_t below_guard(const struct superd *superd)
{
	pid_t pids[64];
	size_t count = process_descendants(superd->pid, pids, 64);

	for (size_t n = 0; n < count && n < 64; n++) {
		const char *name = read_text(text_of("/proc/%ld/comm", (long)pids[n]));

		if (name && !strcmp(name, "superd\n") && process_lives(pids[n]))
			return pids[n];
	}
	return 0;
}

/* The guard keeps the sockets when superd dies, and the store when both do. */
Behaviour(socket_store, works_beside_a_guard)
{
	const char *const guarded[] = { "--guard", NULL };
	const char *table = text_of(EACH, "one", "127.0.0.1:0", backend("lines"));
	struct manager manager;
	struct superd *superd;
	size_t ready;
	int port, client;
	pid_t pid;

	manage(&manager);
	superd = start_with(&manager, with_store, guarded, table);
	port = superd_port(superd, "one");
	for (int n = 0; n < 3; n++) {
		ready = manager.ready;
		WAIT_UNTIL((pid = below_guard(superd)) > 0);
		cr_assert_eq(kill(pid, SIGKILL), 0);
		WAIT_UNTIL(has_heard(&manager, ready + 1));
		cr_assert_gt(client_ask_pid(port), 0);
		cr_expect(keeps(&manager, 1));
	}
	cr_expect_eq(manager.removed, 0);
	/* One that stands still gets no other guard when its guard dies, so both are gone. */
	pid = below_guard(superd);
	cr_assert_eq(kill(pid, SIGSTOP), 0);
	kill_hard(superd);
	kill(pid, SIGKILL);
	WAIT_UNTIL(waitpid(pid, NULL, WNOHANG) == pid || errno == ECHILD);
	client = client_connect(port);
	client_send(client, "hello\n");
	superd = start_with(&manager, with_store, guarded, table);
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
	superd_stop(superd);
	hear(&manager);
	cr_expect_eq(manager.given - manager.twice, 1);
	dismiss(&manager);
}

BehaviourOfUsers(socket_store, a_backend_of_another_user_that_lives_on_holds_nobody_up)
{
	const char *table = text_of("service talk { listen = \"127.0.0.1:0\" exec = \"%s\" user = \"%s\" }\n",
				    backend("talk"), own_user());
	struct manager manager;
	struct superd *superd;
	long left;
	int port;

	manage(&manager);
	superd = start_stored(&manager, table);
	port = superd_port(superd, "talk");
	left = client_ask_pid(port);
	kill_hard(superd);
	superd = start_stored(&manager, table);
	cr_expect_eq(superd_port(superd, "talk"), port);
	cr_expect_gt(client_ask_pid(port), 0);
	cr_expect(!superd_logged(superd, "no service any more"));
	superd_stop(superd);
	if (process_lives((pid_t)left))
		kill((pid_t)left, SIGKILL);
	WAIT_UNTIL(waitpid((pid_t)left, NULL, WNOHANG) == (pid_t)left || errno == ECHILD);
	dismiss(&manager);
}
