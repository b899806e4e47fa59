/* socket_type, protocol, port, bind, v6only and the families of flags: an endpoint.
 *
 * Without a family some xinetds listen on IPv4 alone, others with one socket for both, where IPv4 clients arrive
 * with mapped addresses that old servers do not understand. Where superd accepts, two sockets serve each client
 * under its own address; a server that accepts itself can have only one. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/scan.h"
#include "parse/xinetd/service.h"

static const char *const socket_types[] = { "stream", "dgram", "raw", "seqpacket", NULL };

/* The word of a value that takes one. */
static const char *word_of(const struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct xinetd_value *value = xinetd_value_of(service, attribute);

	return value ? value->words[0] : NULL;
}

/* Names of protocols(5) in any case of letters; those that mean something here as they are there. */
static const char *plain_protocol(const char *word)
{
	static const char *const known[] = { "tcp", "udp", "sctp", NULL };
	int number = word ? xinetd_word_find(known, word) : -1;

	return number < 0 ? word : known[number];
}

/* Either says the other, where it is TCP or UDP. */
static bool infer(struct xinetd_service *service, const char *type)
{
	if (!type && service->protocol && !strcmp(service->protocol, "udp"))
		service->socket = XINETD_DGRAM;
	else if (!type && service->protocol &&
		 (!strcmp(service->protocol, "tcp") || !strcmp(service->protocol, "sctp")))
		service->socket = XINETD_STREAM;
	else if (!service->protocol && type && service->socket == XINETD_STREAM)
		service->protocol = "tcp";
	else if (!service->protocol && type && service->socket == XINETD_DGRAM)
		service->protocol = "udp";
	else if (!type || !service->protocol)
		return false;
	return true;
}

static bool is_pair(const struct xinetd_service *service)
{
	switch (service->socket) {
	case XINETD_STREAM:
		return !strcmp(service->protocol, "tcp") || !strcmp(service->protocol, "sctp");
	case XINETD_DGRAM:
		return !strcmp(service->protocol, "udp");
	case XINETD_RAW:
		return true;
	case XINETD_SEQPACKET:
		return false;
	}
	return false;
}

static bool find_type(struct xinetd_service *service, const char *type)
{
	int number = type ? xinetd_word_find(socket_types, type) : 0;

	if (number >= 0) {
		service->socket = (enum xinetd_socket)number;
		return true;
	}
	xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_SOCKET_TYPE),
			    "socket_type: '%s': it is stream, dgram, raw or seqpacket", type);
	return false;
}

static bool find_pair(struct xinetd_service *service)
{
	const char *type = word_of(service, ATTR_SOCKET_TYPE);

	service->protocol = plain_protocol(word_of(service, ATTR_PROTOCOL));
	if (!find_type(service, type))
		return false;
	if (!infer(service, type))
		return xinetd_needs(service, type ? ATTR_PROTOCOL : ATTR_SOCKET_TYPE);
	if (is_pair(service))
		return true;
	xinetd_entry_refuse(service->entry, xinetd_place(service, type ? ATTR_SOCKET_TYPE : ATTR_PROTOCOL),
			    "%s: socket_type = %s does not go with protocol = %s", service->entry->label,
			    socket_types[service->socket], service->protocol);
	if (service->socket == XINETD_SEQPACKET && !strcmp(service->protocol, "sctp"))
		diags_hint(&service->entry->said, "superd serves SCTP with socket_type = stream");
	return false;
}

bool xinetd_find_socket(struct xinetd_service *service)
{
	if (find_pair(service))
		return true;
	service->socket = XINETD_STREAM;
	service->protocol = "tcp";
	return false;
}

/* Whether only IPv6 is meant. xinetd that know v6only take any mention of it for a yes. */
static void find_v6only(struct xinetd_service *service)
{
	const char *word = word_of(service, ATTR_V6ONLY);

	if (word && scan_bool(word, &service->v6only))
		xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_V6ONLY), "v6only: '%s': it is yes or no",
				    word);
	if (word && service->reading->compat == COMPAT_XINETD)
		service->v6only = true;
}

/* The suffix of the protocol: "4", "6" or "". Both flags together mean IPv6, and IPv4 on a machine without it. */
static const char *find_family(struct xinetd_service *service)
{
	unsigned families = service->flags & (FLAG_IPV4 | FLAG_IPV6);

	if (families == FLAG_IPV4)
		return "4";
	return service->v6only ? "6" : "";
}

/* Whether what has the shape of a number, with an interface behind it or not, is an address. */
static bool is_address(const char *bind, size_t length)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (length >= sizeof(text))
		return bind[strspn(bind, "0123456789.:")];
	memcpy(text, bind, length);
	text[length] = '\0';
	if (strchr(text, ':'))
		return inet_pton(AF_INET6, text, &address) == 1;
	return text[strspn(text, "0123456789.")] || inet_pton(AF_INET, text, &address) == 1;
}

/* The host in front of the port and the interface behind it. false: refused. */
static bool find_host(struct xinetd_service *service, struct buf *host, struct buf *scope)
{
	const struct xinetd_value *value = xinetd_value_of(service, ATTR_BIND);
	const char *bind = value ? value->words[0] : "";
	size_t length = strcspn(bind, "%");

	if (!value)
		return true;
	if (!is_address(bind, length)) {
		xinetd_entry_refuse(service->entry, value->word_at[0], "bind: '%s' is no address", bind);
		return false;
	}
	if (memchr(bind, ':', length))
		buf_addf(host, "[%.*s]:", (int)length, bind);
	else
		buf_addf(host, "%.*s:", (int)length, bind);
	buf_text(scope, bind + length);
	return true;
}

/* A port as a number, or the name of the service. NULL: refused. */
static const char *find_port(struct xinetd_service *service)
{
	const char *port = word_of(service, ATTR_PORT);

	if (port) {
		const char *digits = port + strspn(port, "0");

		if (port[strspn(port, "0123456789")] || strlen(digits) > 5 ||
		    (strlen(digits) == 5 && strcmp(digits, "65535") > 0)) {
			xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_PORT),
					    "port: '%s': it is a number from 0 to 65535", port);
			return NULL;
		}
		return *digits ? digits : "0";
	}
	if (service->type & IS_UNLISTED && !xinetd_needs(service, ATTR_PORT))
		return NULL;
	return service->entry->name;
}

static void listen_at(struct xinetd_service *service, const char *prefix, const char *family, const char *rest)
{
	const char *text = pool_textf(service->xinetd->pool, "%s%s:%s", prefix, family, rest);
	enum xinetd_attribute from = xinetd_value_of(service, ATTR_BIND) ? ATTR_BIND : ATTR_PORT;

	if (text)
		xinetd_set_text(service, "listen", text, xinetd_place(service, from));
	else
		service->xinetd->failed = true;
}

/* IPv4 and, where the machine has it, IPv6, by two sockets. */
static void listen_twice(struct xinetd_service *service, const char *port)
{
	struct origin at = xinetd_place(service, ATTR_PORT);

	listen_at(service, service->protocol, "4", port);
	builder_open_socket(service->builder, NULL, at);
	listen_at(service, service->protocol, "6", port);
	xinetd_set_text(service, "optional", "yes", at);
	builder_close_socket(service->builder, &service->entry->said);
}

/* A name has addresses of both families, of which the flag picks one; an address is of its own, whatever is said. */
static const char *find_bound_family(struct xinetd_service *service, const char *bind, const char *family)
{
	unsigned families = service->flags & (FLAG_IPV4 | FLAG_IPV6);
	bool is_ipv6 = strchr(bind, ':'), is_ipv4 = !bind[strspn(bind, "0123456789.")];
	const struct xinetd_value *v6only = xinetd_value_of(service, ATTR_V6ONLY);

	if ((service->v6only && !is_ipv4) || (!is_ipv4 && !is_ipv6))
		return families == FLAG_IPV6 ? "6" : family;
	if (service->v6only && !v6only->is_inherited)
		diag_warning(&service->entry->said, v6only->at,
			     "v6only: it is bound to %s, which is of IPv4, and that counts", bind);
	if (families == (is_ipv4 ? FLAG_IPV6 : FLAG_IPV4))
		diag_warning(&service->entry->said, xinetd_place(service, ATTR_FLAGS),
			     "flags: %s: it is bound to %s, which is of the other family, and that counts",
			     is_ipv4 ? "IPv6" : "IPv4", bind);
	return "";
}

/* Listens with one socket, of the given family or of both. */
static void listen_once(struct xinetd_service *service, const char *port)
{
	const char *family = find_family(service), *bind = word_of(service, ATTR_BIND);
	struct buf host = { 0 }, scope = { 0 }, rest = { 0 };
	bool good = find_host(service, &host, &scope);

	if (bind)
		family = find_bound_family(service, bind, family);
	buf_addf(&rest, "%s%s%s", buf_string(&host), port, buf_string(&scope));
	if (host.failed || scope.failed || rest.failed)
		service->xinetd->failed = true;
	else if (good)
		listen_at(service, service->protocol, family, buf_string(&rest));
	buf_free(&host);
	buf_free(&scope);
	buf_free(&rest);
}

static void set_inet(struct xinetd_service *service)
{
	bool says_family =
		service->flags & (FLAG_IPV4 | FLAG_IPV6) || xinetd_value_of(service, ATTR_BIND) || service->v6only;
	const char *port = find_port(service);

	if (!port)
		return;
	if (!says_family && service->accepts && service->reading->compat != COMPAT_XINETD)
		listen_twice(service, port);
	else
		listen_once(service, port);
}

/* It belongs to the protocol, so a port is none of its business. */
static void set_raw(struct xinetd_service *service)
{
	const char *bind = word_of(service, ATTR_BIND);
	const char *rest =
		bind ? pool_textf(service->xinetd->pool, "%s@%s", service->protocol, bind) : service->protocol;

	if (rest)
		listen_at(service, "raw", find_family(service), rest);
	else
		service->xinetd->failed = true;
}

static void set_mux(struct xinetd_service *service)
{
	bool plus = service->type & IS_TCPMUXPLUS;
	const char *rest = pool_textf(service->xinetd->pool, "%s%s", plus ? "+" : "", service->entry->name);

	if (strcmp(service->protocol, "tcp") != 0)
		xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_PROTOCOL),
				    "%s: a service of tcpmux has protocol = tcp", service->entry->label);
	if (!(service->type & IS_UNLISTED))
		diag_note(&service->entry->said, xinetd_place(service, ATTR_TYPE),
			  "xinetd takes a service of tcpmux only with UNLISTED beside it");
	if (rest)
		listen_at(service, "tcpmux", "", rest);
	else
		service->xinetd->failed = true;
}

/* The program's number where it is in no rpc(5), or its name. NULL: refused. */
static const char *find_rpc_program(struct xinetd_service *service)
{
	const char *number = word_of(service, ATTR_RPC_NUMBER);

	if (!(service->type & IS_UNLISTED))
		return service->entry->name;
	if (!xinetd_needs(service, ATTR_RPC_NUMBER))
		return NULL;
	if (number[strspn(number, "0123456789")])
		xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_RPC_NUMBER),
				    "rpc_number: '%s' is no number", number);
	else
		return number;
	return NULL;
}

static void set_rpc(struct xinetd_service *service)
{
	const char *versions = word_of(service, ATTR_RPC_VERSION), *program = find_rpc_program(service), *rest;
	bool both = service->flags & FLAG_IPV6;

	if (xinetd_value_of(service, ATTR_BIND))
		xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_BIND),
				    "bind: superd cannot bind a service of RPC to one address");
	if (xinetd_value_of(service, ATTR_PORT))
		diag_warning(&service->entry->said, xinetd_place(service, ATTR_PORT),
			     "port: a service of RPC listens where the system chooses");
	if (!xinetd_needs(service, ATTR_RPC_VERSION) || !program)
		return;
	rest = pool_textf(service->xinetd->pool, "%s/%s", program, versions);
	if (rest)
		listen_at(service, service->socket == XINETD_DGRAM ? "rpc/udp" : "rpc/tcp",
			  both ? find_family(service) : "4", rest);
	else
		service->xinetd->failed = true;
}

/* Options that speak of TCP mean nothing elsewhere, as xinetd.conf(5) has it. */
static void set_options(struct xinetd_service *service)
{
	struct origin at = xinetd_place(service, ATTR_FLAGS);

	if (strcmp(service->protocol, "tcp") != 0 || service->type & (IS_TCPMUX | IS_TCPMUXPLUS))
		return;
	if (service->flags & FLAG_NODELAY)
		xinetd_set_text(service, "no_delay", "yes", at);
	if (service->flags & FLAG_KEEPALIVE)
		xinetd_set_text(service, "keep_alive", "yes", at);
}

void xinetd_set_sockets(struct xinetd_service *service)
{
	find_v6only(service);
	if (service->type & IS_RPC)
		set_rpc(service);
	else if (service->type & (IS_TCPMUX | IS_TCPMUXPLUS))
		set_mux(service);
	else if (service->socket == XINETD_RAW)
		set_raw(service);
	else
		set_inet(service);
	set_options(service);
}
