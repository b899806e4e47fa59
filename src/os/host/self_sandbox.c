/* The parts of a sandbox behind its begin: resource limits, Landlock, and a filter of system calls
 * (self_sandbox_seccomp.c).
 *
 * Landlock's constants are those of Linux 6.12; superd asks a kernel that knows fewer for fewer (landlock(7)). */
#include "os/host/self_sandbox.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/host/self_sandbox_parts.h"

void self_sandbox_add_name_ports(struct self_sandbox *sandbox)
{
	static const uint16_t ports[] = { 53, 111, 389, 636, 853 };      /* DNS, NIS, LDAP, LDAPS, DNS over TLS */

	for (size_t n = 0; n < sizeof(ports) / sizeof(ports[0]) && sandbox->port_count < SANDBOX_PORTS; n++)
		sandbox->ports[sandbox->port_count++] = ports[n];
}

#ifdef SANITIZED
void self_sandbox_enter(const struct self_sandbox *sandbox)
{
	(void)sandbox;
}
#else
static void set_limit_to_zero(int resource)
{
	const struct rlimit none = { 0, 0 };

	setrlimit((__typeof__(RLIMIT_CORE))resource, &none);
}

/* Whether standard output or error is a file, which the program must be able to write to. */
static bool writes_to_file(void)
{
	struct stat status;

	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
			return true;
	}
	return false;
}

#ifdef SYS_landlock_create_ruleset
#define RULE_PATH 1                     /* LANDLOCK_RULE_PATH_BENEATH */
#define RULE_PORT 2                     /* LANDLOCK_RULE_NET_PORT, Linux 6.7 */
#define FS_READ ((UINT64_C(1) << 2) | (UINT64_C(1) << 3))       /* READ_FILE, READ_DIR */
#define NET_BIND UINT64_C(1)
#define NET_CONNECT UINT64_C(2)
#define SCOPE_ABSTRACT UINT64_C(1)      /* Linux 6.12 */
#define SCOPE_SIGNAL UINT64_C(2)

/* struct landlock_ruleset_attr of Linux 6.12. It has grown; older kernels accept the longer struct if the rest is 0. */
struct ruleset {
	uint64_t files, net, scoped;
};

/* struct landlock_path_beneath_attr, struct landlock_net_port_attr. */
struct path_rule {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed, port;
};

/* All file access rights of a version of Landlock's ABI; the first is 1. */
static uint64_t file_rights(long version)
{
	unsigned bits = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;

	return (UINT64_C(1) << bits) - 1;
}

static void allow_reading(int ruleset, const char *folder)
{
	struct path_rule rule = { .allowed = FS_READ, .folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) };

	if (rule.folder < 0)
		return;
	syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &rule, 0);
	close(rule.folder);
}

static void allow_port(int ruleset, uint64_t right, uint16_t port)
{
	const struct port_rule rule = { right, port };

	syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, &rule, 0);
}

static void restrict_objects(const struct self_sandbox *sandbox)
{
	long version = sandbox->rights & MAY_LOOK ? 0 : self_sandbox_landlock();
	struct ruleset wanted = { .files = version > 0 ? file_rights(version) : 0 };
	int ruleset;

	if (version <= 0)
		return;
	if (version >= 4)
		wanted.net = NET_BIND | NET_CONNECT;
	if (version >= 6)
		wanted.scoped = SCOPE_SIGNAL |
				(sandbox->rights & (MAY_ANSWER_UNIX | MAY_FIND_NAMES) ? 0 : SCOPE_ABSTRACT);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &wanted, sizeof(wanted), 0);
	if (ruleset < 0)
		return;
	if (sandbox->rights & (MAY_FIND_NAMES | MAY_READ_FILES))
		allow_reading(ruleset, "/");
	else if (sandbox->rights & MAY_READ_PROC)
		allow_reading(ruleset, "/proc");
	for (size_t n = 0; version >= 4 && n < sandbox->port_count; n++)
		allow_port(ruleset, NET_CONNECT, sandbox->ports[n]);
	if (version >= 4 && sandbox->rights & MAY_BIND)
		allow_port(ruleset, NET_BIND, 0);
	syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
}
#else
static void restrict_objects(const struct self_sandbox *sandbox)
{
	(void)sandbox;
}
#endif

void self_sandbox_enter(const struct self_sandbox *sandbox)
{
	if (!(sandbox->rights & MAY_WRITE_FILES) && !writes_to_file())
		set_limit_to_zero(RLIMIT_FSIZE);
	if (!(sandbox->rights & MAY_START_THREADS))
		set_limit_to_zero(RLIMIT_NPROC);
	restrict_objects(sandbox);
	self_sandbox_filter_calls(sandbox);
}
#endif
