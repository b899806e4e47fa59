/* One control group a service: each instance is started in it, all that hides in it ends with a stop, and it is there
 * for the next. Where there are none everything goes as well, and nobody hears of it. */
#include <dirent.h>
#include <limits.h>

#include "controlling.h"
#include "harness.h"

#define NOBODY 65534

static const char *mount_point(void)
{
	return access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
}

/* The group of the second hierarchy that a process is in, as a folder; "" for none. */
static const char *folder_of(long pid)
{
	const char *text = read_text(text_of("/proc/%ld/cgroup", pid)), *at = text ? strstr(text, "0::/") : NULL;

	return at ? text_of("%s%.*s", mount_point(), (int)strcspn(at + 3, "\n"), at + 3) : "";
}

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && !strcmp(text + length - tail, end);
}

static size_t count_in(const char *folder)
{
	return count_lines(text_of("%s/cgroup.procs", folder));
}

/* Another than the main process; 0: there is none. */
static long stray_in(const char *folder, long main)
{
	const char *text = read_text(text_of("%s/cgroup.procs", folder));
	char *rest;
	long pid;

	for (; text && (pid = strtol(text, &rest, 10)) > 0; text = rest) {
		if (pid != main)
			return pid;
	}
	return 0;
}

static struct superd *run(const char *exec, const char *options)
{
	SKIP_WITHOUT(geteuid() == 0, "needs root, to make control groups");
	return controlled_run("defaults { user = root }\nservice it {\n listen = \"127.0.0.1:0\"\n exec = %s\n%s\n}\n",
			      exec, options);
}

/* In a session of its own, where neither its parent's end nor a signal to the group of processes comes. */
static const char *with_a_stray(void)
{
	return text_of("{ \"/bin/sh\", \"-c\", \"setsid sleep 600 & exec %s\" }", backend("serve"));
}

static long ask(struct superd *superd)
{
	return client_ask_pid(superd_port(superd, "it"));
}

/* As superd says where it has groups: the first instance is in one. */
static bool has_groups(struct superd *superd)
{
	return ends_in(folder_of(ask(superd)), "/it.service");
}

#define SKIP_WITHOUT_GROUPS(superd) \
	do { \
		if (!has_groups(superd)) { \
			superd_stop(superd); \
			SKIP_WITHOUT(false, "superd has no control groups here, or nothing is started right in one"); \
		} \
	} while (0)

Behaviour(service_group, is_kept_from_one_instance_to_the_next)
{
	struct superd *superd = run(text_of("\"%s\"", backend("serve")), "");
	const char *folder;
	struct stat first, second;
	long before, after;

	SKIP_WITHOUT_GROUPS(superd);
	before = ask(superd);
	folder = folder_of(before);
	/* In a namespace of processes, that namespace's number follows. */
	cr_expect(strstr(folder, text_of("/superd-%ld/", (long)superd->pid)) ||
		  strstr(folder, text_of("/superd-%ld-", (long)superd->pid)), "%s", folder);
	cr_assert_eq(stat(folder, &first), 0);
	cr_expect(control_is_done(control_once("stop it")));
	WAIT_UNTIL(!process_lives((pid_t)before));
	cr_assert_eq(stat(folder, &second), 0, "it is there for the next");
	after = ask(superd);
	cr_expect_neq(before, after);
	cr_expect_str_eq(folder_of(after), folder);
	cr_assert_eq(stat(folder, &second), 0);
	cr_expect_eq(first.st_ino, second.st_ino);
	superd_stop(superd);
	cr_expect_neq(access(folder, F_OK), 0);
}

Behaviour(service_group, a_stop_ends_whoever_hides_in_it)
{
	struct superd *superd = run(with_a_stray(), "");
	const char *folder, *status;
	long first, second;

	SKIP_WITHOUT_GROUPS(superd);
	first = ask(superd);
	folder = folder_of(first);
	WAIT_UNTIL(count_in(folder) == 2);
	status = control_once("status it");
	cr_expect_gt(strtoll(control_value(status, "memory"), NULL, 10), 0);
	cr_expect_geq(strtod(control_value(status, "cpu"), NULL), 0);
	cr_expect(control_is_done(control_once("stop it")));
	WAIT_UNTIL(access(folder, F_OK) < 0 || count_in(folder) == 0);
	second = ask(superd);
	cr_expect_neq(first, second);
	cr_expect_eq(ask(superd), second, "it goes on: what the first was ended by is not for it");
}

/* A kernel may take whoever is started in a group that was killed for one that was to be killed with it. */
Behaviour(service_group, one_that_was_killed_by_others_is_not_used_again)
{
	struct superd *superd = run(text_of("\"%s\"", backend("serve")), "");
	const char *order;
	long first, second;
	int fd;

	SKIP_WITHOUT_GROUPS(superd);
	first = ask(superd);
	order = text_of("%s/cgroup.kill", folder_of(first));
	fd = open(order, O_WRONLY | O_CLOEXEC);
	SKIP_WITHOUT(fd >= 0, "this kernel kills no groups");
	cr_assert_eq(write(fd, "1", 1), 1);
	close(fd);
	WAIT_UNTIL(!process_lives((pid_t)first));
	second = ask(superd);
	cr_expect_neq(first, second);
	cr_expect_eq(ask(superd), second);
	cr_expect_eq(superd_log_count(superd, "signal KILL after"), 1);
}

Behaviour(service_group, whom_an_instance_has_left_is_not_mixed_with_the_next)
{
	struct superd *superd = run(with_a_stray(), "kill_mode = process");
	const char *before, *after;
	long first, second, stray;

	SKIP_WITHOUT_GROUPS(superd);
	first = ask(superd);
	before = folder_of(first);
	WAIT_UNTIL(count_in(before) == 2);
	cr_expect(control_is_done(control_once("stop it")));
	WAIT_UNTIL(!process_lives((pid_t)first));
	stray = stray_in(before, first);
	cr_assert_gt(stray, 1);
	second = ask(superd);
	after = folder_of(second);
	cr_expect_str_neq(before, after);
	cr_expect(strstr(after, "/it-"), "%s", after);
	cr_expect(process_lives((pid_t)stray));
	kill((pid_t)stray, SIGKILL);
	WAIT_UNTIL(access(before, F_OK) < 0);
	WAIT_UNTIL(stray_in(after, second) > 1);
	kill((pid_t)stray_in(after, second), SIGKILL);
}

Behaviour(service_group, an_upgrade_keeps_it)
{
	struct superd *superd = run(text_of("\"%s\"", backend("serve")), "");
	const char *folder;
	long pid;

	SKIP_WITHOUT_GROUPS(superd);
	pid = ask(superd);
	folder = folder_of(pid);
	superd_signal(superd, SIGUSR2);
	superd_wait_log(superd, "superd: upgraded from ");
	cr_expect_eq(ask(superd), pid);
	cr_expect_str_eq(folder_of(pid), folder);
	cr_expect(control_is_done(control_once("restart it")));
	cr_expect_str_eq(folder_of(ask(superd)), folder);
	superd_stop(superd);
	cr_expect_neq(access(folder, F_OK), 0);
}

static void stop(const char *service, long pid)
{
	cr_expect(control_is_done(control_once("stop %s", service)));
	WAIT_UNTIL(!process_lives((pid_t)pid));
}

/* A service that is started often is found without a look at its path. */
Behaviour(service_group, that_somebody_takes_away_between_two_starts_is_made_again)
{
	struct superd *superd = run(text_of("\"%s\"", backend("serve")), "");
	const char *folder;
	long pid;

	SKIP_WITHOUT_GROUPS(superd);
	for (int n = 0; n < 3; n++) {
		pid = ask(superd);
		stop("it", pid);
	}
	folder = folder_of(pid = ask(superd));
	cr_expect(ends_in(folder, "/it.service"), "%s", folder);
	stop("it", pid);
	cr_assert_eq(rmdir(folder), 0);
	for (int n = 0; n < 2; n++) {
		pid = ask(superd);
		cr_expect_str_eq(folder_of(pid), folder);
		cr_expect_eq(count_in(folder), 1);
		stop("it", pid);
	}
	superd_stop(superd);
	cr_expect_neq(access(folder, F_OK), 0);
}

/* Those of superd's descriptors that are in a folder or below it. */
static size_t count_descriptors(struct superd *superd, const char *folder)
{
	DIR *stream = opendir(text_of("/proc/%ld/fd", (long)superd->pid));
	struct dirent *entry;
	char target[PATH_MAX];
	size_t count = 0;

	while (stream && (entry = readdir(stream))) {
		ssize_t length = readlinkat(dirfd(stream), entry->d_name, target, sizeof(target));

		count += length > (ssize_t)strlen(folder) && !strncmp(target, folder, strlen(folder));
	}
	closedir(stream);
	return count;
}

#define SERVICES 20
#define OPEN_MOST 32                    /* descriptors */

Behaviour(service_group, is_kept_open_of_few_services)
{
	const char *table = "defaults { user = root }\n", *base;
	struct superd *superd;
	long pid = 0;

	SKIP_WITHOUT(geteuid() == 0, "needs root, to make control groups");
	for (int n = 0; n < SERVICES; n++)
		table = text_of("%sservice it%d { listen = \"127.0.0.1:0\" exec = \"%s\" }\n", table, n,
				backend("serve"));
	superd = controlled_run("%s", table);
	pid = client_ask_pid(superd_port(superd, "it0"));
	base = folder_of(pid);
	if (!ends_in(base, "/it0.service")) {
		superd_stop(superd);
		SKIP_WITHOUT(false, "superd has no control groups here, or nothing is started right in one");
	}
	base = text_of("%.*s", (int)(strlen(base) - strlen("it0.service")), base);
	for (int n = 0; n < 2 * SERVICES; n++) {
		const char *name = text_of("it%d", n / 2);

		pid = client_ask_pid(superd_port(superd, name));
		cr_expect(ends_in(folder_of(pid), text_of("/%s.service", name)));
		stop(name, pid);
		cr_expect_leq(count_descriptors(superd, base), OPEN_MOST);
	}
}

Behaviour(service_group, of_a_service_that_is_gone_goes)
{
	const char *exec = text_of("\"%s\"", backend("serve")), *folder;
	struct superd *superd = run(exec, "on_remove = stop");

	SKIP_WITHOUT_GROUPS(superd);
	folder = folder_of(ask(superd));
	cr_expect(superd_reload(superd, "service other { listen = \"127.0.0.1:0\" user = root exec = %s }\n", exec));
	WAIT_UNTIL(access(folder, F_OK) < 0);
}

/* The first life of the service lasts until its client has gone, and is not to end with the second's. */
Behaviour(service_group, of_a_service_that_was_gone_and_is_back_is_another_while_somebody_is_in_the_first)
{
	const char *exec = text_of("\"%s\"", backend("talk")), *before;
	struct superd *superd = run(exec, "on_remove = finish");
	long first, second;
	int client, other;

	SKIP_WITHOUT_GROUPS(superd);
	client = client_connect(superd_port(superd, "it"));
	client_send(client, "who\n");
	first = strtol(client_line(client), NULL, 10);
	before = folder_of(first);
	cr_expect(superd_reload(superd, "service other { listen = \"127.0.0.1:0\" user = root exec = %s }\n", exec));
	cr_expect(superd_reload(superd, "service it { listen = \"127.0.0.2:0\" user = root exec = %s }\n", exec));
	other = client_connect_to("127.0.0.2", superd_port(superd, "it"));
	client_send(other, "who\n");
	second = strtol(client_line(other), NULL, 10);
	cr_assert_neq(first, second);
	cr_expect_str_neq(folder_of(second), before);
	cr_expect_eq(kill((pid_t)second, SIGTERM), 0);
	WAIT_UNTIL(!process_lives((pid_t)second));
	client_send(client, "still\n");
	cr_expect_eq(strtol(client_line(client), NULL, 10), first);
	close(client);
	close(other);
}

BehaviourOfUsers(service_group, without_any_all_goes_by_process_groups)
{
	static const struct setup as_nobody = { .uid = NOBODY };
	struct superd *superd;
	long pid;

	SKIP_WITHOUT(geteuid() == 0, "needs root, to be somebody else");
	superd = superd_run_with(&as_nobody, "service it { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
				 backend("serve"));
	pid = ask(superd);
	cr_expect_not(strstr(folder_of(pid), "it.service"));
	superd_stop(superd);
	cr_expect_not(process_lives((pid_t)pid));
	cr_expect_not(superd_logged(superd, "group"));
	cr_expect_not(superd_logged(superd, "warning"));
}
