/* --guard below a service manager, which knows who sends it what. */
#include <poll.h>
#include <sys/un.h>

#include "guarding.h"
#include "harness.h"

#define WEB "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n}\n"

static int manage(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "%s", strerror(errno));
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	return fd;
}

/* Waits for a message with this text. Returns its sender. */
static pid_t hear(int fd, const char *what)
{
	for (;;) {
		struct pollfd ready = { fd, POLLIN, 0 };
		char text[512], control[CMSG_SPACE(sizeof(struct ucred))];
		struct iovec part = { text, sizeof(text) - 1 };
		struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
					  .msg_controllen = sizeof(control) };
		struct ucred sender = { 0 };
		ssize_t length;

		cr_assert_eq(poll(&ready, 1, DEADLINE_MS), 1, "'%s' was not said\n%s", what, world_logs());
		length = recvmsg(fd, &message, 0);
		cr_assert_gt(length, 0);
		text[length] = '\0';
		if (!strstr(text, what))
			continue;
		cr_assert_not_null(CMSG_FIRSTHDR(&message));
		memcpy(&sender, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(sender));
		return sender.pid;
	}
}

/* A manager takes the end of the main process for that of all, so superd ends with it. */
Behaviour(guard_places, a_service_manager_has_the_guard_as_the_main_process)
{
	const char *path = path_in("herald");
	const char *const arguments[] = { "--guard", NULL };
	const char *environment[] = { text_of("NOTIFY_SOCKET=%s", path), "WATCHDOG_USEC=1000000", NULL };
	const struct setup setup = { .arguments = arguments, .environment = environment };
	int fd = manage(path);
	struct superd *superd = superd_run_with(&setup, WEB, backend("talk"));
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	cr_expect_eq(hear(fd, text_of("READY=1\nMAINPID=%ld\n", (long)superd->pid)), superd->pid);
	hear(fd, "WATCHDOG=1");
	guarded_kill(superd);
	cr_expect_eq(hear(fd, text_of("MAINPID=%ld\n", (long)superd->pid)), superd->pid, "%s", world_logs());
	hear(fd, "WATCHDOG=1");
	cr_expect_eq(client_ask_pid(port), pid);
	superd_signal(superd, SIGHUP);
	hear(fd, "RELOADING=1");
	hear(fd, "READY=1");
	guarded_kill_guard(superd);
	cr_expect(!process_lives((pid_t)pid), "%s", world_logs());
	close(fd);
}
