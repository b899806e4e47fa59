/* One function a reason. Nothing may be left out: a capability that is missing is a listener that is
 * not opened again, hours after the table was read. So where it depends on the machine, as on who owns a folder, the
 * row has it. Source: capabilities(7). */
#include "os/rights/required_caps.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include "config/type/type.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)
#define CAP_BPF_NUMBER 39               /* of Linux 5.8 */

/* Nodes and folders that get an owner and a mode, and files wherever they lie. */
#define FILES (CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(DAC_READ_SEARCH) | CAP(FOWNER) | CAP(FSETID))

#define PRIORITY_FREE 6                 /* socket(7): SO_PRIORITY above takes CAP_NET_ADMIN */
#define VSOCK_PORTS_LOW 1024            /* vsock(7) */

uint64_t required_caps_always(void)
{
	return CAPS_TO_KILL;
}

static uint64_t by_address(const struct endpoint *address, int port_start)
{
	switch ((enum endpoint_kind)address->kind) {
	case ENDPOINT_TCP:
	case ENDPOINT_UDP:
	case ENDPOINT_SCTP:
	case ENDPOINT_RPC_TCP:
	case ENDPOINT_RPC_UDP:
		return address->port && address->port < port_start ? CAP(NET_BIND_SERVICE) : 0;
	case ENDPOINT_VSOCK:
		return address->group < VSOCK_PORTS_LOW ? CAP(NET_BIND_SERVICE) : 0;
	case ENDPOINT_UNIX:
	case ENDPOINT_UNIX_DGRAM:
	case ENDPOINT_SEQPACKET:
		return endpoint_is_path(address) ? FILES | CAP(NET_ADMIN) : 0;  /* SIOCUNIXFILE (os/socket/bind_node) */
	case ENDPOINT_FIFO:
	case ENDPOINT_SPECIAL:
	case ENDPOINT_MQUEUE:
		return FILES;
	case ENDPOINT_NETLINK:
		return CAP(NET_ADMIN);
	case ENDPOINT_RAW:
		return CAP(NET_RAW);
	case ENDPOINT_TCPMUX:
	case ENDPOINT_KINDS:
		break;
	}
	return 0;
}

/* Attributes of a socket (xattr_…) are not here: os/socket/xattr raises all that is permitted for each. */
static uint64_t by_options(const struct socket_options *options)
{
	uint64_t required = 0;

	if (options->mark >= 0 || options->priority > PRIORITY_FREE || options->tcp_congestion ||
	    options->receive_buffer > 0 || options->send_buffer > 0)
		required |= CAP(NET_ADMIN);
	if (options->transparent)
		required |= CAP(NET_ADMIN) | CAP(NET_RAW);
	if (options->bind_to_device)    /* before Linux 5.7 */
		required |= CAP(NET_RAW);
	return required;
}

static bool has_folders(const struct service *service)
{
	const struct environment_options *around = service->groups->environment;
	const struct directory_options *folders = service->groups->directories;

	return around->runtime_directory || around->state_directory || folders->cache_directory ||
	       folders->logs_directory || folders->configuration_directory;
}

static bool has_files(const struct service *service)
{
	const struct stream_options *streams = service->groups->streams;
	const struct log_options *logging = service->groups->logging;
	const struct passed_fds_options *passed_fds = service->groups->passed_fds;

	return streams->input.path || streams->output.path || streams->error.path ||
		(logging->log_type && logging->log_type->path) || service->groups->lifecycle->pid_file ||
		passed_fds->open_file || passed_fds->load_credential || passed_fds->set_credential ||
		passed_fds->import_credential;
}

static bool reads_files(const struct service *service)
{
	const struct access_options *access = service->groups->access;

	return access->banner || access->banner_success || access->banner_fail || access->libwrap ||
	       service->groups->environment->environment_file;
}

static bool has_commands(const struct service *service)
{
	for (int phase = 0; phase < PHASES; phase++) {
		if (service->groups->commands->of[phase])
			return true;
	}
	return service->exec->exec;
}

/* device_allow, device_policy and addresses are programs of the kernel's, which superd tries before it says that they
 * are kept to. */
static uint64_t by_cgroup_filters(const struct cgroup_filter_options *cgroup_filters)
{
	uint64_t loading = prctl(PR_CAPBSET_READ, CAP_BPF_NUMBER, 0, 0, 0) >= 0 ? UINT64_C(1) << CAP_BPF_NUMBER :
										  CAP(SYS_ADMIN);

	if (!cgroup_filters->device_allow && !cgroup_filters->device_policy && !cgroup_filters->ip_address_allow &&
	    !cgroup_filters->ip_address_deny)
		return 0;
	return loading | CAP(NET_ADMIN);
}

/* Each has processes, which may be another user's, and pipes, of which the kernel lets a user have few of the usual
 * size (pipe(7), pipe-user-pages-soft). */
uint64_t required_caps_of(const struct service *service, int port_start)
{
	uint64_t required = CAPS_TO_KILL | CAP(SYS_RESOURCE) | by_cgroup_filters(service->groups->cgroup_filters);

	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		required |= by_address(listen->address, port_start) | by_options(listen->options);
		if (listen->rules)      /* some kernels let nobody else put a filter on a socket */
			required |= CAP(NET_ADMIN) | CAP(NET_RAW);
	}
	if (has_commands(service))      /* it may fork, and who holds its sockets is looked up in /proc/PID/fd */
		required |= CAPS_TO_LOOK;
	if (has_commands(service) || service->cgroup_settings)  /* the folder of its control group may lack w */
		required |= CAP(DAC_OVERRIDE);
	if (has_folders(service) || has_files(service))
		required |= FILES;
	if (reads_files(service))
		required |= CAP(DAC_READ_SEARCH);
	if (service->groups->identity->remove_ipc)
		required |= CAP(SYS_ADMIN) | FILES;
	return required;
}
