/* The attributes socket_type, protocol, port, bind, v6only and the families in flags, as endpoints.
 *
 * If an entry names no family, some versions of xinetd listen on IPv4 alone. Others have one socket for both families,
 * where IPv4 clients get mapped addresses that old servers do not understand. Where superd accepts, it opens one socket
 * for each family, so that each client has its own address. A server that accepts itself can have only one socket. */
#include <netinet/in.h>
#include <string.h>

#include "lib/scan.h"
#include "read/xinetd/service.h"
#include "table/reading/word_list.h"

static const char *const socket_types[] = { "stream", "dgram", "raw", "seqpacket", NULL };

/* The first word of an attribute's value; NULL: not set. */
static const char *value_word(const struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct xinetd_value *value = xinetd_value_of(service, attribute);

	return value ? value->words[0] : NULL;
}

/* Names of protocols(5). tcp, udp and sctp are known case-insensitively and become lower case. */
static const char *plain_protocol(const char *word)
{
	static const char *const known[] = { "tcp", "udp", "sctp", NULL };
	int number = word ? xinetd_word_find(known, word) : -1;

	return number < 0 ? word : known[number];
}

/* Either of socket type and protocol may be missing: the first pair with the other one is meant. */
static bool find_type_and_protocol(struct xinetd_service *service)
{
	static const struct {
		enum xinetd_socket socket;
		const char *protocol;
	} pairs[] = { { XINETD_STREAM, "tcp" }, { XINETD_STREAM, "sctp" }, { XINETD_DGRAM, "udp" } };
	const char *type = value_word(service, ATTR_SOCKET_TYPE);
	const char *protocol = plain_protocol(value_word(service, ATTR_PROTOCOL));
	int number = type ? xinetd_word_find(socket_types, type) : 0;

	if (number < 0) {
		xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_SOCKET_TYPE),
				    "socket_type: '%s': expected stream, dgram, raw or seqpacket", type);
		return false;
	}
	service->socket = (enum xinetd_socket)number;
	service->protocol = protocol;
	for (size_t n = 0; (type || protocol) && n < sizeof(pairs) / sizeof(*pairs); n++) {
		if ((type && pairs[n].socket != service->socket) ||
		    (protocol && strcmp(pairs[n].protocol, protocol) != 0))
			continue;
		service->socket = pairs[n].socket;
		service->protocol = pairs[n].protocol;
		return true;
	}
	if (!type || !protocol)
		return xinetd_needs(service, type ? ATTR_PROTOCOL : ATTR_SOCKET_TYPE);
	if (service->socket == XINETD_RAW)
		return true;
	xinetd_entry_refuse(service->entry, xinetd_place(service, type ? ATTR_SOCKET_TYPE : ATTR_PROTOCOL),
			    "%s: socket_type = %s does not go with protocol = %s", service->entry->label,
			    socket_types[service->socket], service->protocol);
	if (service->socket == XINETD_SEQPACKET && !strcmp(service->protocol, "sctp"))
		diags_hint(&service->entry->diags, "superd serves SCTP with socket_type = stream");
	return false;
}

bool xinetd_find_socket(struct xinetd_service *service)
{
	if (find_type_and_protocol(service))
		return true;
	service->socket = XINETD_STREAM;
	service->protocol = "tcp";
	return false;
}

/* Sets v6only. Versions of xinetd that know v6only take any value of it for yes. */
static void find_v6only(struct xinetd_service *service)
{
	service->v6only = xinetd_is_yes(service, ATTR_V6ONLY);
	if (xinetd_value_of(service, ATTR_V6ONLY) && service->reading->compat == COMPAT_XINETD)
		service->v6only = true;
}

/* The suffix of the protocol in an endpoint: "4", "6" or "". IPv4 and IPv6 together mean "": a socket for both
 * families, or for IPv4 on a machine without IPv6. */
static const char *family_suffix(struct xinetd_service *service)
{
	unsigned families = service->flags & (FLAG_IPV4 | FLAG_IPV6);

	if (families == FLAG_IPV4)
		return "4";
	return service->v6only ? "6" : "";
}

/* false: the text looks like a numeric address but is none. Host names pass. */
static bool may_be_address(const char *bind, size_t length)
{
	struct in6_addr address;
	bool is_name = !memchr(bind, ':', length) && strspn(bind, "0123456789.") < length;

	return is_name || scan_address(bind, length, &address);
}

/* The port as a number, or the name of the service. NULL: refused. */
static const char *find_port(struct xinetd_service *service)
{
	const char *port = value_word(service, ATTR_PORT);

	if (port) {
		const char *digits = port + strspn(port, "0");

		if (port[strspn(port, "0123456789")] || strlen(digits) > 5 ||
		    (strlen(digits) == 5 && strcmp(digits, "65535") > 0)) {
			xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_PORT),
					    "port: '%s': expected a number from 0 to 65535", port);
			return NULL;
		}
		return *digits ? digits : "0";
	}
	if (service->type & IS_UNLISTED && !xinetd_needs(service, ATTR_PORT))
		return NULL;
	return service->entry->name;
}

/* Without UNLISTED xinetd refuses an entry that services(5) lacks, or has with another port. port: the number in the
 * text; NULL: none. */
static void report_not_in_services(struct xinetd_service *service, const char *port)
{
	const char *name = service->entry->name;
	struct origin at = xinetd_place(service, port ? ATTR_PORT : ATTR_PROTOCOL);
	int64_t wanted = 0;
	int known;

	if (service->type & IS_UNLISTED || service->entry->is_disabled)
		return;
	known = reading_service_port(service->reading, name, service->protocol);
	if (port)
		scan_count(port, &wanted);
	if (known < 0 || (known > 0 && (!port || known == wanted)))
		return;
	if (known == 0)
		diag_warning(&service->entry->diags, at,
			     "%s: xinetd does not run this service, as services(5) has no %s/%s; superd runs it",
			     service->entry->label, name, service->protocol);
	else
		diag_warning(&service->entry->diags, at,
			     "%s: xinetd does not run this service, as %s/%s has port %d in services(5), not %s; "
			     "superd runs it",
			     service->entry->label, name, service->protocol, known, port);
	diags_hint(&service->entry->diags, "with type = UNLISTED the service needs no entry in services(5)");
}

/* text: the endpoint. */
static void set_listen(struct xinetd_service *service, const char *text)
{
	enum xinetd_attribute from = xinetd_value_of(service, ATTR_BIND) ? ATTR_BIND : ATTR_PORT;

	xinetd_set_text(service, "listen", text, xinetd_place(service, from));
}

/* Listens with one socket for IPv4 and, if the machine has it, one for IPv6. */
static void listen_per_family(struct xinetd_service *service, const char *port)
{
	const struct origin at = xinetd_place(service, ATTR_PORT);
	const struct origin places[] = { at, at };
	const char *list[] = { pool_textf(service->xinetd->pool, "%s4:%s", service->protocol, port),
			       pool_textf(service->xinetd->pool, "%s6:%s", service->protocol, port) };

	builder_set(service->builder, "listen",
		    &(struct value){ .words = list, .count = 2, .is_list = true, .at = at, .word_at = places },
		    &service->entry->diags);
}

/* The suffix of the protocol with bind. A host name may have addresses of both families, and the flag picks one. The
 * family of an address holds, whatever the flags say. */
static const char *bound_family_suffix(struct xinetd_service *service, const char *bind, const char *family)
{
	unsigned families = service->flags & (FLAG_IPV4 | FLAG_IPV6);
	bool is_ipv6 = strchr(bind, ':'), is_ipv4 = !bind[strspn(bind, "0123456789.")];
	const struct xinetd_value *v6only = xinetd_value_of(service, ATTR_V6ONLY);

	if ((service->v6only && !is_ipv4) || (!is_ipv4 && !is_ipv6))
		return families == FLAG_IPV6 ? "6" : family;
	if (service->v6only && !v6only->is_inherited)
		diag_warning(&service->entry->diags, v6only->at,
			     "v6only: it is bound to %s, which is of IPv4, and that counts", bind);
	if (families == (is_ipv4 ? FLAG_IPV6 : FLAG_IPV4))
		diag_warning(&service->entry->diags, xinetd_place(service, ATTR_FLAGS),
			     "flags: %s: it is bound to %s, which is of the other family, and that counts",
			     is_ipv4 ? "IPv6" : "IPv4", bind);
	return "";
}

/* Listens with one socket, for the given family or for both. */
static void listen_with_one_socket(struct xinetd_service *service, const char *port)
{
	const char *family = family_suffix(service), *bind = value_word(service, ATTR_BIND);
	struct buf endpoint = { 0 };

	if (bind && !may_be_address(bind, strcspn(bind, "%"))) {
		xinetd_entry_refuse(service->entry, service->values[ATTR_BIND].word_at[0], "bind: '%s' is no address",
				    bind);
		return;
	}
	if (bind)
		family = bound_family_suffix(service, bind, family);
	endpoint_add(&endpoint, service->protocol, family, bind, port);
	set_listen(service, buf_keep(&endpoint, service->xinetd->pool));
}

static void set_inet_sockets(struct xinetd_service *service)
{
	bool says_family =
		service->flags & (FLAG_IPV4 | FLAG_IPV6) || xinetd_value_of(service, ATTR_BIND) || service->v6only;
	const char *port = find_port(service);

	if (!port)
		return;
	if (value_word(service, ATTR_PORT))     /* else it is looked up in services(5) later, as its address needs it */
		report_not_in_services(service, port);
	if (!says_family && service->accepts && service->reading->compat != COMPAT_XINETD)
		listen_per_family(service, port);
	else
		listen_with_one_socket(service, port);
}

/* A raw socket has a protocol and no port. */
static void set_raw_socket(struct xinetd_service *service)
{
	const char *bind = value_word(service, ATTR_BIND);

	report_not_in_services(service, NULL);
	set_listen(service, pool_textf(service->xinetd->pool, "raw%s:%s%s%s", family_suffix(service),
				       service->protocol, bind ? "@" : "", bind ? bind : ""));
}

static void set_tcpmux(struct xinetd_service *service)
{
	if (strcmp(service->protocol, "tcp") != 0)
		xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_PROTOCOL),
				    "%s: a service of tcpmux has protocol = tcp", service->entry->label);
	if (!(service->type & IS_UNLISTED))
		diag_note(&service->entry->diags, xinetd_place(service, ATTR_TYPE),
			  "xinetd accepts a service of tcpmux only with UNLISTED");
	set_listen(service, pool_textf(service->xinetd->pool, "tcpmux:%s%s",
				       service->type & IS_TCPMUXPLUS ? "+" : "", service->entry->name));
}

/* The RPC program: its number with UNLISTED, else its name in rpc(5). NULL: refused. */
static const char *find_rpc_program(struct xinetd_service *service)
{
	const char *number = value_word(service, ATTR_RPC_NUMBER);

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

static void set_rpc_socket(struct xinetd_service *service)
{
	const char *versions = value_word(service, ATTR_RPC_VERSION), *program = find_rpc_program(service);
	bool both = service->flags & FLAG_IPV6;

	if (xinetd_value_of(service, ATTR_BIND))
		xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_BIND),
				    "bind: superd cannot bind a service of RPC to one address");
	if (xinetd_value_of(service, ATTR_PORT))
		diag_warning(&service->entry->diags, xinetd_place(service, ATTR_PORT),
			     "port: a service of RPC listens where the system chooses");
	if (!xinetd_needs(service, ATTR_RPC_VERSION) || !program)
		return;
	set_listen(service, pool_textf(service->xinetd->pool, "%s%s:%s/%s",
				       service->socket == XINETD_DGRAM ? "rpc/udp" : "rpc/tcp",
				       both ? family_suffix(service) : "4", program, versions));
}

/* Flags for TCP alone. Elsewhere they mean nothing, see xinetd.conf(5). */
static void set_tcp_options(struct xinetd_service *service)
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
	if (!(service->type & IS_RPC)) {
		xinetd_say_useless(service, ATTR_RPC_VERSION, SEVERITY_WARNING, "without type = RPC");
		xinetd_say_useless(service, ATTR_RPC_NUMBER, SEVERITY_WARNING, "without type = RPC");
	}
	if (service->type & IS_RPC)
		set_rpc_socket(service);
	else if (service->type & (IS_TCPMUX | IS_TCPMUXPLUS))
		set_tcpmux(service);
	else if (service->socket == XINETD_RAW)
		set_raw_socket(service);
	else
		set_inet_sockets(service);
	set_tcp_options(service);
}
