/* Computes the capabilities that a service needs, one function a reason. Source: capabilities(7).
 *
 * Nothing may be left out: if a capability is missing, a listener cannot be reopened, hours after the table was read.
 * So where the need depends on the machine, such as on who owns a folder, the capability is included. */
#include "os/rights/required_caps.h"

#include <linux/capability.h>
#include <stdbool.h>

#include "table/type/type.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)

/* To create nodes and folders with an owner and a mode, and to reach files in any user's folders. */
#define FILES (CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(DAC_READ_SEARCH) | CAP(FOWNER) | CAP(FSETID))

#define PRIORITY_UNPRIVILEGED 6                 /* highest SO_PRIORITY that needs no CAP_NET_ADMIN (socket(7)) */
#define VSOCK_PRIVILEGED_PORTS 1024            /* ports below need CAP_NET_BIND_SERVICE (vsock(7)) */

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
		return address->group < VSOCK_PRIVILEGED_PORTS ? CAP(NET_BIND_SERVICE) : 0;
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

static uint64_t by_options(const struct socket_options *options)
{
	uint64_t required = 0;

	if (options->mark >= 0 || options->priority > PRIORITY_UNPRIVILEGED ||
	    options->receive_buffer > 0 || options->send_buffer > 0)
		required |= CAP(NET_ADMIN);
	if (options->transparent)
		required |= CAP(NET_ADMIN) | CAP(NET_RAW);
	if (options->bind_to_device)    /* to set it back where a backend has changed it */
		required |= CAP(NET_RAW);
	return required;
}

/* superd-exec makes all folders, and superd removes these. */
static bool leaves_folders(const struct service *service)
{
	return service->groups->environment->runtime_directory;
}

static bool has_files(const struct service *service)
{
	const struct stream_options *streams = service->groups->streams;
	const struct log_options *logging = service->groups->logging;
	const struct passed_fds_options *passed_fds = service->groups->passed_fds;

	return streams->input.path || streams->output.path || streams->error.path ||
		(logging->log_type && logging->log_type->path) || service->groups->lifecycle->pid_file ||
		passed_fds->load_credential || passed_fds->set_credential;
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

/* superd loads these BPF programs as a trial before it reports that they are enforced. */
static uint64_t by_cgroup_filters(const struct cgroup_filter_options *cgroup_filters)
{
	if (!cgroup_filters->device_allow && !cgroup_filters->device_policy && !cgroup_filters->ip_address_allow &&
	    !cgroup_filters->ip_address_deny)
		return 0;
	return CAP(BPF) | CAP(NET_ADMIN);
}

/* Every service has processes, perhaps another user's, and pipes, of which a user may have only few of the default size
 * (pipe(7), pipe-user-pages-soft). */
uint64_t required_caps_of(const struct service *service, int port_start)
{
	uint64_t required = CAPS_TO_KILL | CAP(SYS_RESOURCE) | by_cgroup_filters(service->groups->cgroup_filters);

	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		required |= by_address(listen->address, port_start) | by_options(listen->options);
		if (listen_prepared(listen)->rules)      /* some kernels allow socket filters only with these */
			required |= CAP(NET_ADMIN) | CAP(NET_RAW);
	}
	/* It may fork; then superd looks for the holders of its sockets in /proc/PID/fd. */
	if (has_commands(service))
		required |= CAPS_TO_LOOK;
	/* Its control group's folder may lack write permission. */
	if (has_commands(service) || service_prepared(service)->cgroup_settings)
		required |= CAP(DAC_OVERRIDE);
	if (leaves_folders(service) || has_files(service) ||
	    (service_prepared(service)->socket_row && leaves_folders(service_prepared(service)->socket_row)))
		required |= FILES;
	if (reads_files(service))
		required |= CAP(DAC_READ_SEARCH);
	return required;
}
