/* A control group with room for a few processes (pids.max), as a container or a systemd unit has it: clients wait and
 * are all served, and superd neither ends nor spins meanwhile. */
#include "controlling.h"
#include "harness.h"
#include "load.h"
#include "superctl.h"

enum { CLIENTS = 40 };

static bool write_group(const char *group, const char *file, const char *text)
{
	FILE *out = fopen(text_of("%s/%s", group, file), "we");
	bool good = out && fputs(text, out) >= 0;

	return out && fclose(out) == 0 && good;
}

/* Makes a group below this test's own, in cgroup v1 or v2. NULL: that is not possible here. */
static const char *make_group(const char *limit)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	const char *group = NULL;
	char line[512], *path;

	while (file && !group && fgets(line, sizeof(line), file)) {
		bool is_v1 = strstr(line, ":pids:");

		if (!is_v1 && !strstr(line, "::"))
			continue;
		line[strcspn(line, "\n")] = '\0';
		path = strchr(strchr(line, ':') + 1, ':') + 1;
		group = text_of("/sys/fs/cgroup%s%s/superd-test.%ld", is_v1 ? "/pids" : "", path, (long)getpid());
		if (mkdir(group, 0755) == 0 && write_group(group, "pids.max", limit))
			break;
		rmdir(group);
		group = NULL;
	}
	if (file)
		fclose(file);
	return group;
}

static struct superd *run_in_group(const char *group, const char *table)
{
	const char *const arguments[] = { "--control", control_path(), NULL };
	struct setup setup = { .arguments = arguments, .clock = true };

	setup.program = write_file("superd", "#!/bin/sh\necho $$ >%s/cgroup.procs\nexec %s \"$@\"\n", group,
				   superd_path());
	cr_assert_eq(chmod(setup.program, 0755), 0);
	return superd_run_with(&setup, "%s", table);
}

Behaviour(exhaustion_processes, a_full_group_loses_nobody)
{
	const char *group = geteuid() == 0 && !running_sanitized() ? make_group("9") : NULL;
	struct superd *superd;
	struct load *load;
	struct tally tally;

	SKIP_WITHOUT(group, "needs root and a control group with a limit of processes");
	superd = run_in_group(group, text_of("service each {\n listen = \"127.0.0.1:0\"\n accept = yes\n"
					     " backoff_max = 300ms\n exec = \"%s\"\n}\n", backend("-d 100 stdio")));
	load = load_start(&(struct load_plan){ .port = superd_port(superd, "each"), .threads = 30,
					       .connections = CLIENTS });
	superd_wait_log(superd, "each: cannot start: ");
	superd_wait_log(superd, "Resource temporarily unavailable");
	WAIT_UNTIL(SUPERCTL(control_path(), "list").status == 0);
	clock_settle(superd);           /* while clients wait */
	tally = load_wait(load);
	tally_expect_all_served(&tally);
	superd_stop(superd);
	WAIT_UNTIL(rmdir(group) == 0);
}
