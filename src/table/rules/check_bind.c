/* Rules of pass = bind and binds. The addresses of `binds` are compared with what a program passes to bind(2), so
 * they are numbers, and of the kind that the socket has. No two sockets have the same, as the first gets every bind.
 *
 * The program has superd's filter of system calls and that of its hardening. The kernel asks both, and an error or a
 * kill goes before superd's answer (seccomp(2)). So hardening must not deny the calls by which a program gets its
 * sockets. */
#include <string.h>
#include <sys/socket.h>

#include "lib/buf.h"
#include "lib/pool.h"
#include "lib/scan.h"
#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"
#include "table/words/address_family.h"
#include "table/words/command_prefix.h"
#include "table/words/sandbox_words.h"
#include "table/words/syscall_groups.h"

/* Sockets whose bind(2) superd answers. */
#define BOUND (unsigned)(KIND(TCP) | KIND(UDP) | KIND(SCTP) | KINDS_UNIX)

/* rule_listen has refused a service that waits for clients and has nowhere to. */
static void check_sockets(const struct service *service, struct diags *diags)
{
	if (service->socket_count || service->exec->start == START_DEMAND || service->exec->accept ||
	    service_is_unclear(service, "start") || service_mark(service, "socket"))
		return;
	service_refuse(service, "pass", diags,
		       "pass = bind needs a socket in listen: superd answers the binds of its own sockets alone");
	service_hint(service, diags, "write the address that the program binds in listen, or remove pass");
}

static bool is_hardened(const struct service *service)
{
	unsigned flags = 0;

	if (service->groups->commands->exec_prefix)
		command_prefix(service->groups->commands->exec_prefix, &flags);
	return !(flags & COMMAND_PRIVILEGED);
}

static void check_calls(const struct service *service, struct diags *diags)
{
	words list = service->groups->syscalls->system_call_filter;
	const char *missing = syscall_list_denies(list, "socket") ? "socket"
			      : syscall_list_denies(list, "bind") ? "bind"
								  : NULL;

	if (!list || service_is_unclear(service, "system_call_filter"))
		return;
	if (missing) {
		service_refuse(service, "system_call_filter", diags,
			       "system_call_filter denies %s(2), by which a program with pass = bind receives its "
			       "socket",
			       missing);
		service_hint(service, diags, "allow socket, bind, listen and accept4, which are in @network-io");
		return;
	}
	if (!service_find_socket(service, KINDS_ACCEPTING))
		return;
	if (syscall_list_denies(list, "listen")) {
		diag_warning(diags, service_origin(service, "system_call_filter"),
			     "%s: system_call_filter denies listen(2), which most programs call after their bind(2)",
			     service->name);
		service_hint(service, diags, "allow listen, unless the program does not call it, such as haproxy");
	}
	if (syscall_list_denies(list, "accept") && syscall_list_denies(list, "accept4")) {
		diag_warning(diags, service_origin(service, "system_call_filter"),
			     "%s: system_call_filter denies accept(2) and accept4(2), so the program can accept "
			     "clients by io_uring(7) alone", service->name);
		service_hint(service, diags, "allow accept and accept4");
	}
}

/* As filter/restrict.c reads the list: its last word of a family decides. */
static bool denies_family(words list, int family)
{
	bool denied = !signed_list_denies(list);
	int found;

	for (; *list; list++) {
		const char *word = *list;

		if (address_family_find(word + (*word == '~' || *word == '+'), &found) && found == family)
			denied = *word == '~';
	}
	return denied;
}

/* What a program must be allowed for a socket; NULL: the list allows it. An IPv6 socket may be for IPv4 clients. */
static const char *find_denied_family(words list, const struct endpoint *endpoint)
{
	if (!endpoint_is_inet(endpoint))
		return denies_family(list, AF_UNIX) ? "AF_UNIX" : NULL;
	if (!denies_family(list, AF_INET6))
		return NULL;
	if (endpoint->family == FAMILY_IPV6)
		return "AF_INET6";
	return denies_family(list, AF_INET) ? "AF_INET and AF_INET6" : NULL;
}

static void check_families(const struct service *service, struct diags *diags)
{
	words list = service->groups->syscalls->restrict_address_families;

	if (!list || service_is_unclear(service, "restrict_address_families"))
		return;
	for (size_t n = 0; n < service->socket_count; n++) {
		const char *denied = find_denied_family(list, service->sockets[n].endpoint);
		char text[ENDPOINT_TEXT];

		if (!denied || !endpoint_is(service->sockets[n].endpoint, BOUND))
			continue;
		service_refuse(service, "restrict_address_families", diags,
			       "restrict_address_families denies %s: with pass = bind the program opens a socket "
			       "itself for %s", denied, endpoint_text(service->sockets[n].endpoint, text));
		service_hint(service, diags, "allow the families of its sockets");
		return;
	}
}

static const struct rule_row programs[] = {
	{ "pass = bind", NOT_WITH, "accept = yes", .hint = "set accept = no, or remove it",
	  .says = "pass = bind: a program that binds its own address accepts its clients itself" },
	{ "pass = bind", NOT_WITH, "redirect", .hint = "remove one of them",
	  .says = "pass = bind and redirect exclude each other: a program receives its sockets, or a relay connects "
		  "clients to it" },
	{ "pass = bind", NOT_WITH, "builtin", .otherwise = true,
	  .says = "pass = bind is for a program in exec, and this is a builtin" },
	{ "type = oneshot", NOT_WITH, "pass = bind",
	  .says = "type = oneshot: with pass = bind a service is a server that stays" },
};

static bool is_number(const char *address)
{
	struct in6_addr room;

	return scan_address(address, strlen(address), &room);
}

/* What is wrong with an address of `binds`; NULL: nothing. */
static const char *address_refuse(const struct endpoint *endpoint, const struct endpoint *meant)
{
	if (endpoint->kind != meant->kind)
		return "it is of another kind than the socket";
	if (endpoint->interface)
		return "a program binds an address, not an interface";
	if (endpoint->port_name || (endpoint_is_inet(endpoint) && endpoint->address && !is_number(endpoint->address)))
		return "it needs numbers, as a program passes them to bind(2)";
	if (endpoint_has_port(endpoint) && !endpoint->port)
		return "it has no port";
	if (endpoint_is_below_runtime(endpoint))
		return "expected a path as the program has it";
	return NULL;
}

static void check_addresses(const struct service *service, const struct listen *listen, struct pool *pool,
			    struct diags *diags)
{
	for (words text = listen->options->binds; text && *text; text++) {
		struct origin at = service_listen_origin(service, listen, "binds");
		const struct endpoint *endpoint;
		const char *wrong = endpoint_parse(*text, pool, &endpoint);

		if (wrong) {
			diag_error(diags, at, "%s: binds: %s", service->name, wrong);   /* it quotes the text */
			continue;
		}
		wrong = address_refuse(endpoint, listen->endpoint);
		if (wrong)
			diag_error(diags, at, "%s: binds: '%s': %s", service->name, *text, wrong);
	}
}

/* ---- which socket a bind means ---- */

/* An address by which a program means a socket. */
struct meaning {
	const struct listen *listen;
	const struct endpoint *endpoint;
};

/* A program cannot know a port that the kernel chooses. */
static void check_port(const struct service *service, const struct listen *listen, struct diags *diags)
{
	const struct endpoint *endpoint = listen->endpoint;
	char text[ENDPOINT_TEXT];

	if (listen->options->binds || !endpoint_is(endpoint, BOUND) || !endpoint_has_port(endpoint) || endpoint->port ||
	    endpoint->port_name)
		return;
	diag_error(diags, listen->at, "%s: pass = bind: %s: the kernel chooses this port, so no program can bind it",
		   service->name, endpoint_text(endpoint, text));
	service_hint(service, diags, "name a port, or write the address that the program binds in binds");
}

/* Of a listener: an IPv4 socket, one for IPv6 alone, or one that could take both. A bind prefers its own. */
static enum endpoint_family socket_family(const struct listen *listen)
{
	const struct endpoint *endpoint = listen->endpoint;
	bool alone = listen->options->ipv6_only == IPV6_ONLY_DEFAULT
			     ? endpoint->family == FAMILY_IPV6 && !endpoint->address
			     : listen->options->ipv6_only == IPV6_ONLY_YES;

	return endpoint->family == FAMILY_IPV4 ? FAMILY_IPV4 : alone ? FAMILY_IPV6 : FAMILY_ANY;
}

/* What a host's name stands for is not known yet. */
static bool is_name(const struct endpoint *endpoint)
{
	return endpoint->address && !is_number(endpoint->address);
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_same_meaning(const struct meaning *a, const struct meaning *b)
{
	const struct endpoint *one = a->endpoint, *two = b->endpoint;

	if (one->kind != two->kind || !is_same_text(one->address, two->address))
		return false;
	if (!endpoint_is_inet(one))
		return true;
	if (is_name(a->listen->endpoint) || is_name(b->listen->endpoint))
		return false;
	return one->port && one->port == two->port && socket_family(a->listen) == socket_family(b->listen) &&
	       (one->family == two->family || one->family == FAMILY_ANY || two->family == FAMILY_ANY);
}

static bool is_listened_on(const struct meaning *meaning)
{
	return meaning->endpoint == meaning->listen->endpoint;
}

static void refuse_meaning(const struct service *service, const struct meaning *first, const struct meaning *second,
			   struct diags *diags)
{
	char asked[ENDPOINT_TEXT], gets[ENDPOINT_TEXT], never[ENDPOINT_TEXT];
	const struct listen *binding = is_listened_on(second) ? first->listen : second->listen;

	diag_error(diags, service_listen_origin(service, binding, "binds"),
		   "%s: pass = bind: a bind of %s means both %s and %s, and the program never receives the second",
		   service->name, endpoint_text(second->endpoint, asked), endpoint_text(first->listen->endpoint, gets),
		   endpoint_text(second->listen->endpoint, never));
	service_hint(service, diags, "set a different address in binds of each socket");
}

/* Each address beside those of the sockets before. That two listen on one address is another rule's. */
static void check_meanings(const struct service *service, struct pool *pool, struct diags *diags)
{
	size_t count = 0, most = service->socket_count;
	struct meaning *list;

	for (size_t n = 0; n < service->socket_count; n++)
		most += words_count(service->sockets[n].options->binds);
	list = most > service->socket_count ? pool_alloc(pool, most * sizeof(*list)) : NULL;
	for (size_t n = 0; list && n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];
		size_t before = count;

		list[count++] = (struct meaning){ listen, listen->endpoint };
		for (words text = listen->options->binds; text && *text; text++) {
			list[count].listen = listen;
			count += !endpoint_parse(*text, pool, &list[count].endpoint);
		}
		for (size_t at = before; at < count; at++) {
			for (size_t other = 0; other < before; other++) {
				if (is_listened_on(&list[other]) && is_listened_on(&list[at]))
					continue;
				if (is_same_meaning(&list[other], &list[at])) {
					refuse_meaning(service, &list[other], &list[at], diags);
					return;
				}
			}
		}
	}
}

void rule_bind(const struct service *service, struct diags *diags)
{
	struct pool *pool;

	if (service_is_unclear(service, "pass") || service_is_unclear(service, "listen"))
		return;
	if (service->exec->pass == PASS_BIND && !service_is_unclear(service, "accept")) {
		check_rows(service, programs, diags);
		sockets_refuse(service, ~BOUND,
			       "pass = bind: %s: superd answers a bind(2) of TCP, UDP, SCTP and unix sockets only",
			       NULL, diags);
		check_sockets(service, diags);
	}
	if (service->exec->pass == PASS_BIND && is_hardened(service)) {
		check_calls(service, diags);
		check_families(service, diags);
	}
	pool = pool_new();
	for (size_t n = 0; pool && n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		if (service->exec->pass == PASS_BIND)
			check_port(service, listen, diags);
		if (!listen->options->binds)
			continue;
		if (service->exec->pass != PASS_BIND) {
			service_refuse(service, "binds", diags, "binds needs pass = bind");
			service_hint(service, diags, "set pass = bind, or remove binds");
			break;
		}
		check_addresses(service, listen, pool, diags);
	}
	if (pool && service->exec->pass == PASS_BIND)
		check_meanings(service, pool, diags);
	pool_free(pool);
}
