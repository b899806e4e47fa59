/* The child's first stage: it creates the service's control group, writes the limits, and moves itself in.
 *
 * The limits come before the move, so the program never runs without them. The child does this, not superd, because a
 * move may block in the kernel (cgroup_threadgroup_rwsem). */
#include "exec/child/cgroup_join.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "os/bpf/cgroup_bpf.h"

static int write_group_file(int group, const char *file, const char *text)
{
	int fd = openat(group, file, O_WRONLY | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, text, strlen(text));
	close(fd);
	return written < 0 ? -1 : 0;
}

int cgroup_enter(int group)
{
	return write_group_file(group, "cgroup.procs", "0");
}

static int write_settings(struct job *job, const struct cgroup_settings *cgroup_settings, int group)
{
	for (size_t n = 0; n < cgroup_settings->count; n++) {
		const struct cgroup_attribute *line = &cgroup_settings->list[n];

		job->fault.resource = (int)n;
		if (write_group_file(group, line->file, line->text) < 0 && !(line->optional && errno == ENOENT))
			return -1;
	}
	for (enum cgroup_bpf_kind kind = 0; kind < CGROUP_BPF_KINDS; kind++) {
		job->fault.resource = CGROUP_PROGRAMS + (int)kind;
		if (cgroup_settings->programs[kind].count &&
		    cgroup_bpf_attach(&cgroup_settings->programs[kind], kind, group) < 0)
			return -1;
	}
	job->fault.resource = CGROUP_ITSELF;
	return 0;
}

/* Gives the user the files for groups below (cgroups(7), "Delegation"), not those with the group's own limits. */
static int give_to_user(int group, const struct account *account)
{
	static const char *const files[] = { "", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };

	for (size_t n = 0; n < sizeof(files) / sizeof(*files); n++) {
		int flags = *files[n] ? 0 : AT_EMPTY_PATH;

		if (syscall(SYS_fchownat, group, files[n], account->uid, account->gid, flags) < 0)
			return -1;
	}
	return 0;
}

int cgroup_join(struct job *job)
{
	const struct cgroup_settings *cgroup_settings = job->plan->cgroup_settings;
	const struct account *account = job->plan->account;
	bool is_new = false;
	int group, result = 0;

	job->fault.resource = CGROUP_ITSELF;
	if (syscall(SYS_mkdirat, AT_FDCWD, job->group, 0755) == 0)
		is_new = true;
	else if (errno != EEXIST)
		return -1;
	group = open(job->group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group < 0)
		return -1;
	if (is_new)
		result = write_settings(job, cgroup_settings, group);
	if (is_new && result == 0 && cgroup_settings->delegates && account && account->switches)
		result = give_to_user(group, account);
	if (result == 0)
		result = cgroup_enter(group);
	close(group);
	return result;
}
