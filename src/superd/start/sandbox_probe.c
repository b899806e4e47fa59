/* Finds out what the machine allows, before anything depends on it. superd-exec tries it. */
#include "superd/start/sandbox_probe.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "lib/build_id.h"
#include "lib/build_info.h"
#include "lib/fd.h"
#include "os/host/program.h"
#include "os/rights/capability.h"
#include "os/rights/raw_syscall.h"
#include "superd/start/spawn.h"
#include "table/option/option_table.h"

static const struct { const char *option; unsigned needs;
} needs[] = {
	{ "private_tmp", SANDBOX_NEEDS_MOUNTS },
	{ "private_devices", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_FILTER },
	{ "private_ipc", SANDBOX_NEEDS_QUEUES | SANDBOX_NEEDS_MOUNTS },
	{ "private_mounts", SANDBOX_NEEDS_MOUNTS },
	{ "private_network", SANDBOX_NEEDS_NETWORK },
	{ "private_users", SANDBOX_NEEDS_USERS },
	{ "protect_system", SANDBOX_NEEDS_MOUNTS },
	{ "protect_home", SANDBOX_NEEDS_MOUNTS },
	{ "protect_kernel_tunables", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_FILTER },
	{ "protect_kernel_modules", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_FILTER },
	{ "protect_kernel_logs", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_FILTER },
	{ "protect_control_groups", SANDBOX_NEEDS_MOUNTS },
	{ "protect_clock", SANDBOX_NEEDS_FILTER },
	{ "protect_hostname", SANDBOX_NEEDS_NAME | SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_FILTER },
	{ "protect_proc", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_PROC },
	{ "proc_subset", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_PROC },
	{ "read_only_paths", SANDBOX_NEEDS_MOUNTS },
	{ "read_write_paths", SANDBOX_NEEDS_MOUNTS },
	{ "inaccessible_paths", SANDBOX_NEEDS_MOUNTS },
	{ "exec_paths", SANDBOX_NEEDS_MOUNTS },
	{ "no_exec_paths", SANDBOX_NEEDS_MOUNTS },
	{ "bind_paths", SANDBOX_NEEDS_MOUNTS },
	{ "bind_read_only_paths", SANDBOX_NEEDS_MOUNTS },
	{ "temporary_file_system", SANDBOX_NEEDS_MOUNTS },
	{ "mount_api_vfs", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_PROC },
	{ "system_call_filter", SANDBOX_NEEDS_FILTER },
	{ "system_call_architectures", SANDBOX_NEEDS_FILTER },
	{ "restrict_address_families", SANDBOX_NEEDS_FILTER },
	{ "restrict_namespaces", SANDBOX_NEEDS_FILTER },
	{ "restrict_realtime", SANDBOX_NEEDS_FILTER },
	{ "restrict_suid_sgid", SANDBOX_NEEDS_FILTER },
	{ "memory_deny_write_execute", SANDBOX_NEEDS_FILTER },
	{ "lock_personality", SANDBOX_NEEDS_FILTER },
	{ "apparmor_profile", SANDBOX_NEEDS_PROFILE },
	{ "selinux_context", SANDBOX_NEEDS_CONTEXT },
};

static const char *const reasons[] = {
	"superd may not create mounts of its own here (a mount namespace, and Linux 5.12 or later)",
	"superd may not create a network namespace here", "superd may not create an IPC namespace here",
	"superd may not create a namespace for the host's name here", "superd may not create a user namespace here",
	"this kernel does not filter system calls",
	"there is no AppArmor here", "superd sets no SELinux context",
	"only root or CAP_SETUID can map more than one user",
	"only root or CAP_SYS_ADMIN can mount a new /proc",
};

static const char *reason_of(size_t bit)
{
	if (1u << bit == SANDBOX_NEEDS_FILTER && !build_has("libseccomp"))
		return "this superd was built without superd-filter (libseccomp)";
	return reasons[bit];
}

static bool has_profiles(void)
{
	size_t length;
	char *text = fd_read_file("/sys/module/apparmor/parameters/enabled", 16, &length);
	bool enabled = text && *text == 'Y';

	free(text);
	return enabled;
}

static void note_program_flaw(struct sandbox_support *support, const struct own_program *program)
{
	struct buf flaw = { 0 };

	if (program->fd < 0)
		program_describe_missing(PROGRAM_EXEC, &flaw);
	else
		buf_text(&flaw, raw_keeps_capabilities() ? "superd-exec does not answer, or is of another build"
							 : RAW_KEEPS_NONE);
	snprintf(support->program_flaw, sizeof(support->program_flaw), "%s", buf_string(&flaw));
	buf_free(&flaw);
}

static void probe_machine(struct sandbox_support *support)
{
	const struct own_program *program = program_get(PROGRAM_EXEC);
	char by_users[] = "--probe-users", privileged[] = "--probe";
	char *argv[] = { (char *)(uintptr_t)program->name, (char *)(uintptr_t)build_word(), by_users, NULL };
	int lacking = -1;

	support->probed = true;
	support->privileged = capability_held(CAP_SYS_ADMIN);   /* superd-exec gets it */
	if (support->privileged)
		argv[2] = privileged;
	if (program->fd >= 0 && raw_keeps_capabilities())
		lacking = spawn_ask(program->fd, argv);
	if (lacking < 0)
		note_program_flaw(support, program);
	support->lacking = (lacking < 0 ? SANDBOX_PROBED : (unsigned)lacking & SANDBOX_PROBED) | SANDBOX_NEEDS_CONTEXT;
	if (!build_has("libseccomp") || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 || lacking < 0)
		support->lacking |= SANDBOX_NEEDS_FILTER;
	if (!has_profiles() || lacking < 0)
		support->lacking |= SANDBOX_NEEDS_PROFILE;
	if (!capability_held(CAP_SETUID) || !capability_held(CAP_SETGID))
		support->lacking |= SANDBOX_NEEDS_ALL_USERS;
	if (!support->privileged)
		support->lacking |= SANDBOX_NEEDS_PROC;
}

unsigned sandbox_support_missing(struct sandbox_support *support)
{
	if (!support->probed)
		probe_machine(support);
	return support->lacking;
}

bool sandbox_support_privileged(struct sandbox_support *support)
{
	if (!support->probed)
		probe_machine(support);
	return support->privileged;
}

/* Whether the value begins with "-": then the means may be missing. */
static bool is_optional_value(const struct directive *directive, const void *field)
{
	const char *text = directive->type == &type_text ? *(const char *const *)field : NULL;

	return text && *text == '-';
}

static unsigned needs_of(size_t n, const struct service *service, struct pool *scratch)
{
	const struct directive *directive = directive_find(NATIVE, needs[n].option);
	const void *field = directive_field(directive, service);
	const struct hardening_options *hardening = service->groups->hardening;
	bool every_user = hardening->private_users == PRIVATE_USERS_IDENTITY ||
			  hardening->private_users == PRIVATE_USERS_FULL;

	if (directive_is_default(directive, field, scratch) || is_optional_value(directive, field))
		return 0;
	return needs[n].needs | (needs[n].needs == SANDBOX_NEEDS_USERS && every_user ? SANDBOX_NEEDS_ALL_USERS : 0);
}

void sandbox_support_compare(struct sandbox_support *support, const struct service *service, struct pool *scratch,
			     sandbox_support_say *say, void *context)
{
	unsigned all = 0;

	if (service->groups == support->plain_groups)
		return;
	for (size_t n = 0; n < sizeof(needs) / sizeof(needs[0]); n++) {
		unsigned wanted = needs_of(n, service, scratch);
		unsigned lacking = wanted ? wanted & sandbox_support_missing(support) : 0;

		all |= wanted;
		for (size_t bit = 0; lacking && bit < sizeof(reasons) / sizeof(reasons[0]); bit++) {
			if (!(lacking >> bit & 1))
				continue;
			say(context, service, needs[n].option,
			    *support->program_flaw ? support->program_flaw : reason_of(bit));
			break;
		}
	}
	support->plain_groups = all ? NULL : service->groups;
}
