/* superd where it is itself asked how it is, as under a service manager. */
#include <sys/resource.h>

#include "guarding.h"
#include "namespace.h"
#include "notifying.h"

static void expect_heard(int fd, const char *what)
{
	const char *said = datagram_next(fd);

	cr_assert(strstr(said, what), "'%s' is not in:\n%s", what, said);
}

Behaviour(sd_notify, superd_tells_whoever_started_it)
{
	const char *path = path_in("herald"), *table = web_table("", "");
	const char *const environment[] = { text_of("NOTIFY_SOCKET=%s", path), NULL };
	const struct setup setup = { .environment = environment };
	int fd = bind_unix(path, SOCK_DGRAM);
	struct superd *superd = superd_run_with(&setup, "%s", table);
	const char *said = datagram_next(fd);

	cr_assert(strstr(said, "READY=1\n"), "%s", said);
	cr_assert(strstr(said, text_of("MAINPID=%ld\n", (long)superd->pid)), "%s", said);
	cr_assert(strstr(said, "STATUS=1 service"), "%s", said);
	web_expect(superd, "env NOTIFY_SOCKET", "unset");
	cr_assert(superd_reload(superd, "%s", table));
	expect_heard(fd, "RELOADING=1\nMONOTONIC_USEC=");
	expect_heard(fd, "READY=1\n");
	superd_stop(superd);
	expect_heard(fd, "STOPPING=1\n");
	expect_heard(fd, "EXIT_STATUS=0");
	close(fd);
}

/* A manager that never hears READY=1 ends superd when its patience does. */
Behaviour(sd_notify, superd_reports_again_to_a_manager_whose_queue_was_full)
{
	const char *path = path_in("herald");
	const char *const environment[] = { text_of("NOTIFY_SOCKET=%s", path), NULL };
	const struct setup setup = { .environment = environment };
	int fd = bind_unix(path, SOCK_DGRAM), count = datagram_fill(path);
	struct superd *superd = superd_run_with(&setup, "%s", web_table("", ""));

	WAIT_UNTIL(superd_logged(superd, "cannot report to NOTIFY_SOCKET "));
	for (; count > 0; count--)
		cr_assert_str_eq(datagram_next(fd), "noise");
	expect_heard(fd, "READY=1\n");
	cr_assert_eq(superd_log_count(superd, "cannot report to NOTIFY_SOCKET "), 1);
}

Behaviour(sd_notify, superd_feeds_the_watchdog_it_is_asked_for)
{
	const char *path = path_in("herald");
	const char *const environment[] = { text_of("NOTIFY_SOCKET=%s", path), "WATCHDOG_USEC=200000", NULL };
	const struct setup setup = { .environment = environment };
	int fd = bind_unix(path, SOCK_DGRAM);
	struct superd *superd = superd_run_with(&setup, "%s", web_table("", ""));

	expect_heard(fd, "READY=1\n");
	for (int n = 0; n < 3; n++)
		cr_assert_str_eq(datagram_next(fd), "WATCHDOG=1");
	superd_stop(superd);
	close(fd);
}

/* Who is out of descriptors is not dead. */
Behaviour(sd_notify, the_watchdog_needs_no_further_descriptor)
{
	const char *path = path_in("herald");
	const char *const environment[] = { text_of("NOTIFY_SOCKET=%s", path), "WATCHDOG_USEC=200000", NULL };
	const struct setup setup = { .environment = environment };
	struct rlimit none, before;
	int fd = bind_unix(path, SOCK_DGRAM);
	struct superd *superd = superd_run_with(&setup, "%s", web_table("", ""));
	char text[64];

	expect_heard(fd, "READY=1\n");
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, NULL, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, &none, NULL), 0);
	while (recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0)
		;
	for (int n = 0; n < 3; n++)
		cr_assert_str_eq(datagram_next(fd), "WATCHDOG=1");
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, &before, NULL), 0);
}

/* What systemd goes by (NotifyAccess=main): who the kernel says has sent it. */
static pid_t sender_of_next(int fd, char text[static 1024])
{
	struct iovec part = { text, 1023 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct ucred sender = { 0 };
	ssize_t got;

	cr_assert(!client_is_quiet(fd, DEADLINE_MS), "nothing was said");
	got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	cr_assert_gt(got, 0, "%s", strerror(errno));
	text[got] = '\0';
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
		int given;

		if (at->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&sender, CMSG_DATA(at), sizeof(sender));
		} else {
			memcpy(&given, CMSG_DATA(at), sizeof(given));
			close(given);
		}
	}
	return sender.pid;
}

static int manager_socket(const char *path)
{
	int fd = bind_unix(path, SOCK_DGRAM), on = 1;

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	cr_assert_eq(chmod(path, 0666), 0);
	return fd;
}

/* Takes texts until one says this; each must be this process's. */
static void expect_from(int fd, pid_t pid, const char *what)
{
	char text[1024];

	do
		cr_assert_eq(sender_of_next(fd, text), pid, "%s", text);
	while (!strstr(text, what));
}

static void expect_guard_speaks(uid_t uid)
{
	const char *path = path_in("herald");
	const char *const arguments[] = { "--guard", "--fdstore=notify", NULL };
	const char *const environment[] = { text_of("NOTIFY_SOCKET=%s", path), "WATCHDOG_USEC=200000",
					    "WATCHDOG_PID=own", NULL };
	const struct setup setup = { .arguments = arguments, .environment = environment, .uid = uid };
	const char *table = text_of("service web { listen = \"127.0.0.1:0\" exec = \"%s\" accept = yes }\n",
				    backend("take"));
	int fd = manager_socket(path);
	struct superd *superd = superd_run_with(&setup, "%s", table);

	expect_from(fd, superd->pid, "FDSTORE=1\nFDNAME=superd/web/");
	expect_from(fd, superd->pid, text_of("MAINPID=%ld\n", (long)superd->pid));
	expect_from(fd, superd->pid, "WATCHDOG=1");
	cr_assert(superd_reload(superd, "%s", table));
	expect_from(fd, superd->pid, "RELOADING=1");
	expect_from(fd, superd->pid, "READY=1");
	superd_upgrade(superd);
	expect_from(fd, superd->pid, "READY=1");
	expect_from(fd, superd->pid, "WATCHDOG=1");
	superd_stop(superd);
	expect_from(fd, superd->pid, "STOPPING=1");
	expect_from(fd, superd->pid, "EXIT_STATUS=0");
	close(fd);
}

Behaviour(sd_notify, the_guard_sends_as_the_main_process)
{
	expect_guard_speaks(0);
}

BehaviourOfUsers(sd_notify, the_guard_sends_for_a_superd_without_rights)
{
	SKIP_WITHOUT(geteuid() == 0, "takes root, to start as another user");
	expect_guard_speaks(lone_user());
}

/* A superd that has no guard is itself the process that the manager has started. */
Behaviour(sd_notify, a_superd_without_a_guard_sends_itself)
{
	const char *path = path_in("herald");
	const char *const environment[] = { text_of("NOTIFY_SOCKET=%s", path), NULL };
	int fd = manager_socket(path);
	struct superd *superd = superd_run_with(&(struct setup){ .environment = environment }, "%s", web_table("", ""));

	expect_from(fd, superd->pid, "READY=1");
	superd_stop(superd);
	close(fd);
}

Behaviour(sd_notify, a_guard_that_stands_still_holds_nobody_up)
{
	const char *path = path_in("herald"), *table = web_table("", "");
	const char *const environment[] = { text_of("NOTIFY_SOCKET=%s", path), NULL };
	const char *const guarded[] = { "--guard", NULL };
	int fd = manager_socket(path);
	const struct setup setup = { .environment = environment, .arguments = guarded };
	struct superd *superd = superd_run_with(&setup, "%s", table);
	pid_t below = guarded_wait(superd);

	expect_from(fd, superd->pid, "READY=1");
	cr_assert_eq(kill(superd->pid, SIGSTOP), 0);
	cr_assert_eq(kill(below, SIGHUP), 0);
	superd_wait_log(superd, "superd: reloaded: ");
	web_expect(superd, "env NOTIFY_SOCKET", "unset");
	cr_assert_eq(kill(superd->pid, SIGCONT), 0);
	expect_from(fd, superd->pid, "READY=1");
	superd_stop(superd);
	close(fd);
}

/* A superd whose manager has a watchdog for its guard. */
static struct superd *run_watched(int fd, const char *path, const char *microseconds)
{
	const char *const arguments[] = { "--guard", NULL };
	const char *const environment[] = { text_of("NOTIFY_SOCKET=%s", path), "WATCHDOG_PID=own",
					    text_of("WATCHDOG_USEC=%s", microseconds), NULL };
	struct superd *superd = superd_run_with(
		&(struct setup){ .arguments = arguments, .environment = environment },
		"service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n", backend("talk"));

	expect_from(fd, superd->pid, "READY=1");
	return superd;
}

static void expect_next_superd(struct superd *superd, pid_t before, long instance)
{
	WAIT_UNTIL(guarded_pid(superd) > 0 && guarded_pid(superd) != before);
	cr_expect_eq(client_ask_pid(superd_port(superd, "web")), instance, "its instance goes on");
	cr_expect(!superd_has_ended(superd));
}

/* systemd's watchdog signal, to the process that it knows. */
Behaviour(sd_notify, abrt_to_the_guard_ends_a_superd_that_hangs_and_the_guard_goes_on)
{
	const char *path = path_in("herald");
	int fd = manager_socket(path);
	struct superd *superd = run_watched(fd, path, "600000000");
	long instance = client_ask_pid(superd_port(superd, "web"));
	pid_t before = guarded_wait(superd);

	cr_assert_eq(kill(before, SIGSTOP), 0);
	superd_signal(superd, SIGABRT);
	superd_wait_log(superd, "signal ABRT ended superd, and its guard restarted it");
	expect_next_superd(superd, before, instance);
	superd_stop(superd);
	close(fd);
}
