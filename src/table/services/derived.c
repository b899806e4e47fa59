/* Defaults that depend on other options of the row. */
#include "table/services/derived.h"

#include <stddef.h>

bool directive_is_field(const struct directive *directive, enum option_group group, size_t offset)
{
	return directive->group == group && directive->offset == offset;
}

unsigned derived_pass(const struct exec_options *exec)
{
	return exec->accept ? PASS_INETD : PASS_SYSTEMD;
}

/* A program that binds its own address asks for the addresses of packets only when the first one waits already. */
bool derived_packet_info(const struct exec_options *exec)
{
	return exec->pass == PASS_BIND;
}

/* A machine without IPv6 needs only the other socket. */
bool derived_optional(const struct service *row, const struct listen *listen)
{
	return listen_is_second_family(row, listen);
}

/* No errors go to a client by default. */
const struct stream *derived_error(const struct stream *output, bool sets_output, bool defaults_set_error,
				   const struct stream *fallback)
{
	return !defaults_set_error && sets_output && output->kind != STREAM_SOCKET ? output : fallback;
}

bool derived_takes_default(const struct exec_options *exec, const struct directive *directive)
{
	if (directive_is_field(directive, GROUP_ACCESS, offsetof(struct access_options, instances)) ||
	    directive_is_field(directive, GROUP_ACCESS, offsetof(struct access_options, overload)))
		return exec->accept;
	if (directive_is_field(directive, GROUP_STREAMS, offsetof(struct stream_options, error)))
		return exec->exec || (!exec->builtin && !exec->redirect);
	return true;
}
