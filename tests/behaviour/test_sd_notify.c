/* superd where it is itself asked how it is, as under a service manager. */
#include <sys/resource.h>

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
