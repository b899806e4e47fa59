/* Log watchers know inetd's line for a server that is "looping" by heart, so superd logs it to the letter, whatever
 * table the service is from. Only for units superd uses words of its own. */
#include "superd/service/socket_rest.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/socket_address.h"
#include "superd/service/accept_state.h"

static const char *protocol_of(const struct endpoint *endpoint)
{
	bool ipv6 = endpoint->family == FAMILY_IPV6;

	switch ((enum endpoint_kind)endpoint->kind) {
	case ENDPOINT_TCP:
	case ENDPOINT_RPC_TCP:
	case ENDPOINT_TCPMUX:
		return ipv6 ? "tcp6" : "tcp";
	case ENDPOINT_UDP:
	case ENDPOINT_RPC_UDP:
		return ipv6 ? "udp6" : "udp";
	case ENDPOINT_SCTP:
		return "sctp";
	case ENDPOINT_RAW:
		return "raw";
	default:
		return "unix";
	}
}

size_t socket_rest_inetd_name(const char *name)
{
	static const char *const kinds[] = {
		"-rpc-tcp", "-rpc-udp", "-rpc-tcp6", "-rpc-udp6", "-tcp", "-udp", "-tcp6", "-udp6",
		"-sctp", "-tcpmux", "-unix-dgram", "-unix", "-seqpacket",
	};
	size_t length = strcspn(name, "@");

	for (size_t n = 0; n < sizeof(kinds) / sizeof(*kinds); n++) {
		size_t suffix = strlen(kinds[n]);

		if (length > suffix && !memcmp(name + length - suffix, kinds[n], suffix))
			return length - suffix;
	}
	return length;
}

/* The counts of the socket; NULL: it has counted nothing. */
static struct socket_rate *rate_of(const struct service_runtime *runtime, const struct listener *listener)
{
	const struct accept_state *state = accept_state_find(runtime);

	return state && state->sockets ? &state->sockets[listener - runtime->listeners] : NULL;
}

bool socket_rest_make(struct service_runtime *runtime)
{
	struct accept_state *state = runtime->run->accept;

	if (state->sockets)
		return true;
	state->sockets = calloc(runtime->listener_count + 1, sizeof(*state->sockets));
	for (unsigned n = 0; state->sockets && n < runtime->listener_count; n++)
		state->sockets[n].number = n;
	return state->sockets;
}

void socket_rest_forget(struct service_runtime *runtime)
{
	struct accept_state *state = accept_state_find(runtime);

	if (!state)
		return;
	free(state->sockets);
	state->sockets = NULL;
}

static double interval_of(const struct listener *listener)
{
	return (double)listener->listen->options->trigger_limit_interval / 1e6;
}

void socket_rest_count(struct service_runtime *runtime, const struct listener *listener)
{
	if (listener->listen->options->trigger_limit_burst == UNLIMITED)
		return;
	if (socket_rest_make(runtime))
		rate_limit_count(&rate_of(runtime, listener)->rate, interval_of(listener), clock_now());
	else
		events_starve(runtime->engine);
}

bool socket_rest_is_due(const struct service_runtime *runtime, const struct listener *listener)
{
	static const struct rate_limit none;
	const struct socket_rate *rate = rate_of(runtime, listener);

	return rate_limit_is_reached(rate ? &rate->rate : &none, listener->listen->options->trigger_limit_burst,
				     interval_of(listener), clock_now());
}

/* OpenBSD's inetd: "Cannot close it -- there are thieves on the system." */
static bool keeps_port(const struct listener *listener)
{
	struct socket_address address;

	return listener_has_socket(listener) && foreign_socket_name(listener->fd, &address) &&
	       address.any.sa_family == AF_INET && socket_address_port(&address) >= IPPORT_RESERVED;
}

bool socket_rest_turns_away(const struct service_runtime *runtime, const struct listener *listener)
{
	return listener->listen->options->trigger_limit_action == LIMIT_CLOSE_RESERVED &&
	       socket_rest_is_due(runtime, listener) && keeps_port(listener);
}

double socket_rest_left(const struct service_runtime *runtime, const struct listener *listener)
{
	const struct socket_rate *rate = rate_of(runtime, listener);
	double left = rate && rate->rests_until > 0 ? rate->rests_until - clock_now() : 0;

	return left > 0 ? left : 0;
}

bool socket_rest_closes(const struct service_runtime *runtime, const struct listener *listener)
{
	unsigned action = listener->listen->options->trigger_limit_action;

	return socket_rest_left(runtime, listener) > 0 &&
	       (action == LIMIT_CLOSE || (action == LIMIT_CLOSE_RESERVED && !keeps_port(listener)));
}

double socket_rest_of_all(const struct service_runtime *runtime)
{
	double first = 0;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		double left = socket_rest_left(runtime, &runtime->listeners[n]);

		if (left <= 0 && listener_is_open(&runtime->listeners[n]))
			return 0;
		if (left > 0 && (first == 0 || left < first))
			first = left;
	}
	return first;
}

void socket_rest_describe(const struct service_runtime *runtime, const struct listener *listener, struct buf *out)
{
	char span[DURATION_MOST];

	if (runtime->listener_count > 1)
		buf_addf(out, "%s: ", listener->listen->name);
	buf_addf(out, "more than %" PRId64 " %s in %s", listener->listen->options->trigger_limit_burst,
		 runtime->service->exec->accept ? "connections" : "starts",
		 duration_write(span, interval_of(listener)));
}

static void log_rest(struct service_runtime *runtime, const struct listener *listener, double seconds)
{
	const struct service *service = runtime->service;
	bool in_minutes = seconds >= 60 && listener->listen->options->trigger_limit_pause % 60000000 == 0;
	bool is_unit = service->groups->environment->unit_environment;
	struct event event = { .name = "limited", .service = service->name, .reason = "trigger_limit" };
	struct buf reason = { 0 };
	char span[DURATION_MOST];

	socket_rest_describe(runtime, listener, &reason);
	runtime_pause(runtime, "%s", buf_string(&reason));
	event.is_alone = !is_unit;
	event.has_duration = true;
	event.duration = seconds;
	if (is_unit)
		log_event(runtime->engine->log, LEVEL_NOTICE, &event, "%s: it rests for %s, and clients wait",
			  buf_string(&reason), duration_write(span, seconds));
	else
		log_event(runtime->engine->log, LEVEL_NOTICE, &event,
			  "%.*s/%s server failing (looping), service terminated for %.15g %s",
			  (int)socket_rest_inetd_name(service->name), service->name,
			  protocol_of(listener->listen->endpoint), in_minutes ? seconds / 60 : seconds,
			  in_minutes ? "min" : "s");
	buf_free(&reason);
}

void socket_rest_begin(struct service_runtime *runtime, struct listener *listener)
{
	double seconds = (double)listener->listen->options->trigger_limit_pause / 1e6;

	if (!socket_rest_make(runtime)) {
		events_starve(runtime->engine);
		return;
	}
	*rate_of(runtime, listener) = (struct socket_rate){
		.number = (unsigned)(listener - runtime->listeners), .rests_until = clock_now() + seconds,
	};
	runtime_note_change(runtime);
	log_rest(runtime, listener, seconds);
	if (socket_rest_closes(runtime, listener))
		runtime_post(runtime, RESTS);
}
