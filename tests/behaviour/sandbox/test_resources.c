/* What a backend may use: control groups where there are any, and what stands in for them; users that are made up,
 * folders, scheduling. Seen from inside by a shell. */
#include <dirent.h>
#include <limits.h>

#include "harness.h"

#define SKIP_WITHOUT_ROOT() SKIP_WITHOUT(geteuid() == 0, "needs root")

/* A service whose client gets what this script prints. */
static const char *shell_service(const char *options, const char *script)
{
	return text_of("service it {\n listen = \"127.0.0.1:0\"\n accept = yes\n%s\n"
		       " exec = { \"/bin/sh\", \"-c\", \"%s\" }\n}\n",
		       options, script);
}

static const char *ask(struct superd *superd)
{
	return client_rest(client_connect(superd_port(superd, "it")));
}

static const char *answer_of(const char *options, const char *script)
{
	struct superd *superd = superd_run("%s", shell_service(options, script));
	const char *answer = ask(superd);

	superd_stop(superd);
	return answer;
}

/* What superd says of an option on this machine. */
static const char *check_of(const char *options)
{
	const char *table = write_file("checked.conf", "%s", shell_service(options, "true"));
	struct outcome outcome = SUPERD_ANSWER("--check", "-f", table);

	return text_of("%s%s", outcome.out, outcome.err);
}

static bool has_groups(void)
{
	return geteuid() == 0 && !strstr(check_of("user = root\n device_policy = closed"), "device_policy = closed:");
}

static bool has_controllers(void)
{
	return has_groups() && !strstr(check_of("user = root\n tasks_max = 7\n memory_max = 64M"), "warning: it: ");
}

#define SKIP_WITHOUT_GROUPS() SKIP_WITHOUT(has_groups(), "there is no writable control group here")

/* Of the second hierarchy: where it is mounted is where superd's group lies. */
static const char *group_in(const char *answer)
{
	const char *at = strstr(answer, "0::");

	return at ? text_of("%.*s", (int)strcspn(at + 3, "\n"), at + 3) : "";
}

static const char *group_folder(const char *answer)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

	for (size_t n = 0; n < 2; n++) {
		const char *folder = text_of("%s%s", mounts[n], group_in(answer));

		if (access(text_of("%s/cgroup.procs", folder), F_OK) == 0)
			return folder;
	}
	return NULL;
}

/* The line of the second hierarchy, of who waits for a word from us. */
static const char *group_line(int client)
{
	const char *line;

	do
		line = client_line(client);
	while (strncmp(line, "0::", 3) != 0);
	return line;
}

Behaviour(resources, an_instance_has_a_group_of_its_own_that_goes_with_it)
{
	struct superd *superd;
	const char *lines[2];
	int clients[2];

	SKIP_WITHOUT_GROUPS();
	superd = superd_run("%s",
			    shell_service("user = root\n device_policy = closed", "cat /proc/self/cgroup; read x"));
	for (int n = 0; n < 2; n++) {
		clients[n] = client_connect(superd_port(superd, "it"));
		lines[n] = group_line(clients[n]);
		cr_expect(strstr(group_in(lines[n]), "/it-"), "%s", lines[n]);
		cr_assert(group_folder(lines[n]));
	}
	cr_expect_str_neq(lines[0], lines[1], "each has its own");
	close(clients[1]);
	WAIT_UNTIL(!group_folder(lines[1]));
	cr_expect(group_folder(lines[0]));
	superd_stop(superd);
	cr_expect_not(group_folder(lines[0]));
	close(clients[0]);
}

static const char *group_of(long pid)
{
	return group_folder(read_text(text_of("/proc/%ld/cgroup", pid)));
}

Behaviour(resources, groups_go_over_an_upgrade)
{
	static const char table[] = "%sservice kept {\n listen = \"127.0.0.1:0\"\n user = root\n exec = \"%s\"\n}\n";
	struct superd *superd;
	const char *own, *kept;
	int client;
	long pid;

	SKIP_WITHOUT_GROUPS();
	SKIP_WITHOUT(!running_sanitized(), "sanitized, superd starts what asks for none in no control group");
	own = shell_service("user = root\n device_policy = closed", "cat /proc/self/cgroup; read x");
	superd = superd_run(table, own, backend("serve"));
	client = client_connect(superd_port(superd, "it"));
	own = group_folder(group_line(client));
	pid = client_ask_pid(superd_port(superd, "kept"));
	kept = group_of(pid);
	cr_assert(own && kept && strcmp(own, kept) != 0);
	superd_upgrade(superd);
	superd_upgrade(superd);
	cr_expect(access(own, F_OK) == 0 && access(kept, F_OK) == 0);
	close(client);
	WAIT_UNTIL(access(own, F_OK) != 0);
	cr_assert_eq(kill((pid_t)pid, SIGTERM), 0);
	WAIT_UNTIL(superd_processes(superd) == 0);
	client_ask_pid(superd_port(superd, "kept"));    /* perhaps in the same group, which is empty */
	superd_stop(superd);
	cr_expect_neq(access(kept, F_OK), 0);
}

Behaviour(resources, who_asks_for_nothing_has_no_group)
{
	SKIP_WITHOUT_GROUPS();
	cr_expect_not(strstr(answer_of("user = root", "cat /proc/self/cgroup"), "/it-"));
}

Behaviour(resources, devices_are_those_that_are_allowed)
{
	static const char script[] =
		"(: </dev/zero) && echo zero; (: </dev/kmsg) && echo kmsg; (: </dev/urandom) && echo random";

	SKIP_WITHOUT_GROUPS();
	SKIP_WITHOUT(access("/dev/kmsg", R_OK) == 0, "there is no /dev/kmsg");
	cr_expect(strstr(answer_of("user = root", script), "kmsg\n"));
	cr_expect_str_eq(answer_of("user = root\n device_policy = closed", script), "zero\nrandom\n");
	cr_expect_str_eq(answer_of("user = root\n device_policy = strict\n device_allow = \"/dev/zero r\"", script),
			 "zero\n");
	cr_expect_str_eq(answer_of("user = root\n device_allow = { \"/dev/kmsg r\" }", script), "zero\nkmsg\nrandom\n");
}

Behaviour(resources, packets_go_where_they_may)
{
	static const char script[] =            /* bash reads ~/.bashrc where its input is a socket */
		"bash --norc -c 'for a in 127.0.0.1 127.0.0.2; do (echo x >/dev/udp/$a/9) 2>/dev/null && echo $a; "
		"done'";

	SKIP_WITHOUT_GROUPS();
	SKIP_WITHOUT(access("/bin/bash", X_OK) == 0, "there is no bash");
	cr_expect_str_eq(answer_of("user = root", script), "127.0.0.1\n127.0.0.2\n");
	cr_expect_str_eq(answer_of("user = root\n ip_address_deny = any\n ip_address_allow = \"127.0.0.1\"", script),
			 "127.0.0.1\n");
	cr_expect_str_eq(answer_of("user = root\n ip_address_deny = \"127.0.0.2\"", script), "127.0.0.1\n");
}

/* The rules are for the sockets that the backend opens: no_access is for those that it receives. */
Behaviour(resources, a_client_comes_in_though_the_backend_cannot_go_there)
{
	struct superd *superd;

	SKIP_WITHOUT_GROUPS();
	superd = superd_run("%s", shell_service("user = root\n ip_address_deny = any", "echo in"));
	cr_expect_str_eq(ask(superd), "in\n");
}

/* It has left its process group and its session, and superd would not find it by either. */
static const char hiding[] = "setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $!; "
			     "until grep -q sleep /proc/$!/comm; do sleep 0.01; done; %s";

static pid_t find_hidden(const char *answer)
{
	pid_t hidden = (pid_t)strtol(answer, NULL, 10);

	cr_assert_gt(hidden, 1, "%s", answer);
	return hidden;
}

Behaviour(resources, what_hides_from_superd_ends_with_its_instance)
{
	struct superd *superd;
	pid_t hidden;

	SKIP_WITHOUT_GROUPS();
	superd = superd_run("%s", shell_service("user = root\n device_policy = closed\n kill_rest = yes",
						text_of(hiding, "true")));
	hidden = find_hidden(ask(superd));
	WAIT_UNTIL(!process_lives(hidden));
}

Behaviour(resources, what_hides_from_superd_does_not_outlive_a_stop)
{
	struct superd *superd;
	pid_t hidden;
	int client;

	SKIP_WITHOUT_GROUPS();
	superd = superd_run("%s", shell_service("user = root\n device_policy = closed", text_of(hiding, "read x")));
	client = client_connect(superd_port(superd, "it"));
	hidden = find_hidden(client_line(client));
	superd_stop(superd);
	cr_expect_not(process_lives(hidden));
	close(client);
}

Behaviour(resources, limits_are_the_groups_or_the_nearest_there_is)
{
	const char *options = text_of("user = \"%d\"\n tasks_max = 9\n memory_max = 512M", (int)lone_user());
	const char *answer;

	SKIP_WITHOUT_ROOT();
	SKIP_WITHOUT(!running_sanitized(), "a sanitizer's programs need more than a limit leaves");
	if (has_controllers()) {
		answer = answer_of(options,
				   "D=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup); cat $D/pids.max $D/memory.max");
		cr_expect_str_eq(answer, "9\n536870912\n");
		return;
	}
	answer = check_of(options);
	cr_expect(strstr(answer, "tasks_max = 9: ") && strstr(answer, "the limit applies to the processes of its user "
								      "(RLIMIT_NPROC)"),
		  "%s", answer);
	cr_expect_not_null(strstr(answer, "memory_max = 512M: "), "%s", answer);
	answer = answer_of(options, "grep -E 'Max processes' /proc/self/limits | tr -s ' '");
	cr_expect_str_eq(answer, "Max processes 9 9 processes \n");
}

Behaviour(resources, a_reload_changes_the_limits_of_what_runs)
{
	const char *folder, *script = "cat /proc/self/cgroup; read x";
	struct superd *superd;
	int client;

	SKIP_WITHOUT(has_controllers(), "there is no control group with controllers here");
	superd = superd_run("%s", shell_service("user = root\n tasks_max = 9\n memory_high = 100M", script));
	client = client_connect(superd_port(superd, "it"));
	folder = group_folder(group_line(client));
	cr_assert(folder);
	cr_assert(superd_reload(superd, "%s", shell_service("user = root\n tasks_max = 20", script)));
	cr_expect_str_eq(read_text(text_of("%s/pids.max", folder)), "20\n");
	cr_expect_str_eq(read_text(text_of("%s/memory.high", folder)), "max\n", "nobody says it any more");
	close(client);
}

Behaviour(resources, what_protects_and_cannot_be_had_starts_nothing)
{
	const char *table;
	struct outcome outcome;

	SKIP_WITHOUT(geteuid() != 0 || !has_groups(), "there are control groups here");
	table = write_file("refused.conf", "%s", shell_service("device_policy = closed", "true"));
	outcome = SUPERD_ANSWER("--check", "-f", table);
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "it: device_policy = closed: "), "%s", outcome.err);
}

static const char *local_state(const char *base)
{
	const char *state = getenv("SUPERD_LOCALSTATEDIR");

	return text_of("%s/%s", state ? state : "/var", base);
}

static void forget(const char *name)
{
	static const char *const bases[] = { "lib", "cache", "log" };

	for (size_t n = 0; n < 3; n++) {
		const char *folder = local_state(bases[n]);

		unlink(text_of("%s/%s/f", folder, name));
		unlink(text_of("%s/%s-link", folder, name));
		rmdir(text_of("%s/%s", folder, name));
	}
}

Behaviour(resources, a_made_up_user_is_nobody_else_and_the_same_again)
{
	const char *name = text_of("superd-test-%ld", (long)getpid()), *before = NULL;
	const char *options = text_of("dynamic_user = yes\n state_directory = \"%s\"", name);
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0 && namespace_allowed(), "needs root and namespaces");
	superd = superd_run("%s",
			    shell_service(options,
					  "id -u; echo $HOME $USER; touch $STATE_DIRECTORY/f && stat -c %u "
					  "$STATE_DIRECTORY/f; touch /usr/f 2>/dev/null || echo read-only; "
					  "grep NoNewPrivs /proc/self/status | cut -f2"));
	for (int n = 0; n < 2; n++) {
		const char *answer = ask(superd);
		long id = strtol(answer, NULL, 10);

		cr_expect(id >= 61184 && id <= 65519, "%s", answer);
		cr_expect_str_eq(answer, text_of("%ld\n/ it\n%ld\nread-only\n1\n", id, id));
		cr_expect(!before || !strcmp(before, answer));
		before = answer;
	}
	superd_stop(superd);
	forget(name);
}

Behaviour(resources, what_a_made_up_user_leaves_of_shared_memory_goes_with_it)
{
	const char *name = text_of("superd-test-%ld", (long)getpid());
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0 && namespace_allowed(), "needs root and namespaces");
	SKIP_WITHOUT(access("/dev/shm", W_OK) == 0, "there is no /dev/shm");
	superd = superd_run(
		"%s",
		shell_service("dynamic_user = yes", text_of("echo x >/dev/shm/%s && ls /dev/shm/%s", name, name)));
	cr_expect_str_eq(ask(superd), text_of("/dev/shm/%s\n", name));
	WAIT_UNTIL(access(text_of("/dev/shm/%s", name), F_OK) < 0);
}

Behaviour(resources, folders_are_made_told_and_linked)
{
	const char *name = text_of("superd-test-%ld", (long)getpid()), *answer;
	const char *options =
		text_of("user = \"65534\"\n cache_directory = \"%s:%s-link\"\n cache_directory_mode = 0750\n"
			" logs_directory = \"%s\"",
			name, name, name);

	SKIP_WITHOUT_ROOT();
	answer = answer_of(options,
			   "stat -c '%u %a' $CACHE_DIRECTORY; echo ${LOGS_DIRECTORY##*/var/}; "
			   "readlink $CACHE_DIRECTORY-link");
	cr_expect_str_eq(answer, text_of("65534 750\nlog/%s\n%s\n", name, name));
	forget(name);
}

Behaviour(resources, a_folder_is_there_before_the_file_of_output_in_it)
{
	const char *name = text_of("superd-test-%ld", (long)getpid());
	const char *options = text_of("user = \"65534\"\n logs_directory = \"%s\"\n"
				      " error = \"append:%s/%s/f\"", name, local_state("log"), name);

	SKIP_WITHOUT_ROOT();
	cr_expect_str_eq(answer_of(options, "echo said >&2; cat $LOGS_DIRECTORY/f; stat -c %u $LOGS_DIRECTORY/f"),
			 "said\n65534\n");
	forget(name);
}

Behaviour(resources, a_folder_is_there_before_the_conditions)
{
	const char *name = text_of("superd-test-%ld", (long)getpid());
	const char *options = text_of("user = \"65534\"\n state_directory = \"%s\"\n"
				      " condition = \"PathExists=%s/%s\"", name, local_state("lib"), name);

	SKIP_WITHOUT_ROOT();
	cr_expect_str_eq(answer_of(options, "echo here"), "here\n");
	forget(name);
}

/* The check before a start says of a link that is not there yet that it is missing; it may be removed later. */
static struct superd *run_unchecked(const char *options, const char *script)
{
	static const char *const arguments[] = { "--no-preflight", NULL };
	const struct setup setup = { .arguments = arguments };

	return superd_run_with(&setup, "%s", shell_service(options, script));
}

/* The link is the same folder by another path, and may be missing as the folder itself. */
Behaviour(resources, a_file_of_output_may_be_named_by_the_folders_link)
{
	const char *name = text_of("superd-test-%ld", (long)getpid());
	const char *options = text_of("user = root\n logs_directory = \"%s:%s-link\"\n error = \"append:%s/%s-link/f\"",
				      name, name, local_state("log"), name);
	struct superd *superd;

	SKIP_WITHOUT_ROOT();
	superd = run_unchecked(options, "echo said >&2; cat $LOGS_DIRECTORY/f; stat -c %u $LOGS_DIRECTORY/f");
	cr_expect_str_eq(ask(superd), "said\n0\n");
	superd_stop(superd);
	forget(name);
}

Behaviour(resources, a_file_in_a_folder_that_stays_roots_is_opened_with_roots_rights)
{
	const char *name = text_of("superd-test-%ld", (long)getpid());
	const char *base = getenv("SUPERD_SYSCONFDIR"), *folder = text_of("%s/%s", base ? base : "/etc", name);
	const char *options = text_of("user = \"65534\"\n configuration_directory = \"%s\"\n"
				      " error = \"append:%s/f\"", name, folder);

	SKIP_WITHOUT_ROOT();
	cr_expect_str_eq(answer_of(options, "echo said >&2; stat -c '%u %s' $CONFIGURATION_DIRECTORY/f"), "0 5\n");
	unlink(text_of("%s/f", folder));
	rmdir(folder);
}

/* Else its user could lead superd's rights elsewhere. */
Behaviour(resources, a_file_in_the_users_folder_is_opened_with_the_users_rights)
{
	const char *name = text_of("superd-test-%ld", (long)getpid());
	const char *folder = text_of("%s/%s", local_state("log"), name), *secret = write_file("secret", "%s", "");
	const char *options = text_of("user = \"65534\"\n logs_directory = \"%s:%s-link\"\n"
				      " error = \"append:%s-link/f\"", name, name, folder);
	struct superd *superd;

	SKIP_WITHOUT_ROOT();
	chmod(secret, 0600);
	mkdir(folder, 0755);
	cr_assert_eq(symlink(secret, text_of("%s/f", folder)), 0);
	superd = run_unchecked(options, "echo said >&2");
	close(client_connect(superd_port(superd, "it")));
	superd_wait_log(superd, text_of(": %s-link/f: Permission denied", folder));
	superd_stop(superd);
	cr_expect_str_eq(read_text(secret), "");
	forget(name);
}

Behaviour(resources, a_folder_that_cannot_be_made_fails_the_start_by_its_name)
{
	const char *name = text_of("superd-test-%ld", (long)getpid());
	const char *path = text_of("%s/%s", local_state("lib"), name);
	struct superd *superd;

	SKIP_WITHOUT_ROOT();
	close(creat(path, 0600));
	superd = superd_run("%s", shell_service(text_of("state_directory = \"%s/in\"", name), "true"));
	close(client_connect(superd_port(superd, "it")));
	superd_wait_log(superd, text_of("it: cannot start: state_directory: %s/in: Not a directory (", path));
	superd_stop(superd);
	unlink(path);
}

Behaviour(resources, scheduling_is_what_was_asked_for)
{
	SKIP_WITHOUT_ROOT();
	cr_expect_str_eq(answer_of("user = root\n ignore_sigpipe = yes", "grep SigIgn /proc/self/status | cut -f2"),
			 "0000000000001000\n");
	cr_expect_str_eq(answer_of("user = root\n cpu_scheduling_policy = batch", "cut -d' ' -f41 /proc/self/stat"),
			 "3\n");
	cr_expect_str_eq(answer_of("user = root\n cpu_scheduling_policy = idle", "cut -d' ' -f41 /proc/self/stat"),
			 "5\n");
}
