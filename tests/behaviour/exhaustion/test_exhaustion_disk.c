/* A full disk, of 64 kB and few inodes, below all that superd writes: clients are served all the while, what could not
 * be written is told, and all goes on once there is room. */
#include <sys/mount.h>

#include "controlling.h"
#include "harness.h"
#include "private.h"
#include "superctl.h"

enum { WAKES_MOST = 20 }; /* in ten minutes */

static const char *disk(const char *name)
{
	return path_in("disk/%s", name);
}

static void mount_disk(void)
{
	const char *folder = path_in("disk");

	SKIP_WITHOUT(private_enter(), "needs root, and mounts of its own");
	cr_assert_eq(mkdir(folder, 0755), 0);
	cr_assert_eq(mount("disk", folder, "tmpfs", MS_NOSUID, "size=64k,nr_inodes=32,mode=0755"), 0, "%s",
		     strerror(errno));
}

/* Takes what is left: the inodes first, then the blocks. */
static void fill(void)
{
	static const char block[512];
	int fd = open(disk("fill"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), number = 0;

	cr_assert_geq(fd, 0, "%s", strerror(errno));
	while (mkdir(text_of("%s.%d", disk("full"), number++), 0700) == 0)
		;
	cr_assert_eq(errno, ENOSPC);
	for (size_t size = sizeof(block); size; size = size > 1 ? size / 2 : 0) {
		while (write(fd, block, size) == (ssize_t)size)
			;
		cr_assert_eq(errno, ENOSPC);
	}
	close(fd);
}

static void empty(void)
{
	unlink(disk("fill"));
	for (int number = 0; rmdir(text_of("%s.%d", disk("full"), number)) == 0; number++)
		;
}

static const char *each(const char *listen, const char *more)
{
	return text_of("service each {\n listen = \"%s\"\n accept = yes\n exec = \"%s\"\n%s\n}\n", listen,
		       backend("stdio"), more);
}

Behaviour(exhaustion_disk, superds_log_goes_on_when_there_is_room)
{
	int port = free_port();
	const char *log, *arguments[3] = { "--log" };
	struct setup setup = { .arguments = arguments, .clock = true };
	struct superd *superd;
	unsigned long wakes;

	mount_disk();
	log = disk("log");
	arguments[1] = text_of("file:%s", log);
	superd = superd_run_with(&setup, "%s", each(text_of("127.0.0.1:%d", port), ""));
	WAIT_UNTIL(client_can_connect(port));
	client_ask_pid(port);
	fill();
	for (int n = 0; n < 40; n++)
		client_ask_pid(port);
	clock_advance(superd, HOUR_MS);
	wakes = clock_wakes();
	for (int n = 0; n < 10; n++)
		clock_advance(superd, MINUTE_MS);
	cr_assert_leq(clock_wakes() - wakes, WAKES_MOST);
	cr_assert_not(superd_has_ended(superd));
	cr_assert_lt(count_lines(log), 2u * 41u, "the disk is not full");
	empty();
	/* Every client has the line of its start and that of its end. */
	CLOCK_UNTIL(superd, MINUTE_MS, 10, count_lines(log) >= 2 * 41);
	client_ask_pid(port);
	superd_stop(superd);
	cr_assert_not_null(strstr(read_text(log), "ended with status 0"), "%s", read_text(log));
	umount2(path_in("disk"), MNT_DETACH);
}

/* Nobody who reads the log hears of that there: superctl health tells, and standard error. */
Behaviour(exhaustion_disk, a_log_without_room_is_told)
{
	const char *fifo = path_in("fifo"), *told;
	struct superd *superd;
	int fd;

	mount_disk();
	told = text_of("the log %s: No space left on device since ", disk("log"));
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	superd = controlled_run("superd { log = \"file:%s\" }\n"
				"service web { start = boot log_rate_limit_burst = 0\n"
				"exec = \"/bin/sh -c 'read -r x <%s; seq 8000; read -r x <%s; echo on'\" }\n",
				disk("log"), fifo, fifo);
	WAIT_UNTIL((fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) >= 0);
	fill();
	cr_assert_eq(dprintf(fd, "go\n"), 3);
	close(fd);
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "health").out, told));
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "health").out, " lines dropped"));
	cr_expect_not_null(strstr(SUPERCTL(control_path(), "health").out, "degraded"));
	cr_expect_eq(superd_log_count(superd, text_of("superd: %s", told)), 1);
	empty(); /* but what waits needs more than there was */
	cr_assert_eq(mount(NULL, path_in("disk"), NULL, MS_REMOUNT, "size=4m"), 0, "%s", strerror(errno));
	WAIT_UNTIL(!strstr(SUPERCTL(control_path(), "health").out, told));
	WAIT_UNTIL((fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) >= 0);
	cr_assert_eq(dprintf(fd, "go\n"), 3);
	close(fd);
	WAIT_UNTIL(strstr(read_text(disk("log")), "]: on\n"));
	superd_stop(superd);
	umount2(path_in("disk"), MNT_DETACH);
}

Behaviour(exhaustion_disk, records_of_clients_are_missed_and_counted)
{
	struct superd *superd;
	const char *records;
	int port;

	mount_disk();
	records = disk("records");
	close(open(records, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	fill();
	superd = clock_run("%s", each("127.0.0.1:0", text_of("log_type = { FILE, \"%s\" }\n"
							    "log_on_success = { HOST, EXIT }", records)));
	port = superd_port(superd, "each");
	for (int n = 0; n < 20; n++)
		client_ask_pid(port);
	superd_wait_log(superd, text_of("each: warning: cannot log to %s: No space left on device", records));
	empty();
	CLOCK_UNTIL(superd, MINUTE_MS, 20, (client_ask_pid(port), count_lines(records) >= 4));
	superd_stop(superd);
	umount2(path_in("disk"), MNT_DETACH);
}

Behaviour(exhaustion_disk, a_pid_file_that_cannot_be_written_is_a_plain_refusal)
{
	struct outcome outcome;
	const char *table;

	mount_disk();
	table = write_file("superd.conf", "%s", each(text_of("127.0.0.1:%d", free_port()), ""));
	close(open(disk("pid"), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	fill();
	outcome = SUPERD_ANSWER("-f", table, "--control", "none", "--pid-file", disk("pid"));
	cr_assert_neq(outcome.status, 0);
	cr_assert(strstr(outcome.err, disk("pid")) && strstr(outcome.err, "No space left on device"), "%d: %s",
		  outcome.status, outcome.err);
	umount2(path_in("disk"), MNT_DETACH);
}

/* A path is bound, a control socket opened, and an operator's order kept, all on it. */
Behaviour(exhaustion_disk, sockets_and_orders_are_tried_again)
{
	const char *arguments[3] = { "--control" };
	struct setup setup = { .arguments = arguments, .clock = true };
	const char *control, *path, *kept;
	struct superd *superd;
	int port = free_port();

	mount_disk();
	arguments[1] = control = disk("control");
	path = disk("each");
	kept = text_of("service kept {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n}\n", port, backend("take 1"));
	superd = superd_run_with(&setup, "%s", kept);
	WAIT_UNTIL(client_can_connect_unix(control));
	clock_settle(superd);           /* what it, or a copy of it, still has open would make room later */
	fill();
	cr_assert(superd_reload(superd, "%s%s", kept, each(path, "")));
	superd_wait_log(superd, text_of("each: cannot listen on %s", path));
	superd_wait_log(superd, "No space left on device");
	client_ask_pid(port);
	cr_assert_eq(SUPERCTL(control, "hold", "kept").status, 0);
	superd_wait_log(
		superd,
		text_of("cannot write %s.held: No space left on device: the next superd will not know", control));
	empty();
	CLOCK_UNTIL(superd, MINUTE_MS, 20, client_can_connect_unix(path));
	client_ask_unix(path, "again\n");
	cr_assert_eq(SUPERCTL(control, "release", "kept").status, 0);
	WAIT_UNTIL(client_can_connect(port));
	client_ask_pid(port);
	superd_stop(superd);
	umount2(path_in("disk"), MNT_DETACH);
}
