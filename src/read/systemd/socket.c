/* Makes a socket { } of superd.conf of each [Socket]: its addresses, its name, its options.
 *
 * A service's descriptors have the order of its Listen…= lines of all kinds. An empty line of any kind drops all lines
 * before it. */
#include <inttypes.h>
#include <string.h>

#include "lib/scan.h"
#include "read/systemd/internal.h"

static bool is_stream_key(const char *key)
{
	return !strcmp(key, "ListenStream") || !strcmp(key, "ListenSequentialPacket");
}

static void add_listen(struct unit_builder *builder, const struct unit_assignment *assignment, const char *protocol,
		       struct word_list *list)
{
	const char *text = unit_value(builder, assignment), *wrong;
	struct origin at = unit_place(assignment, 0);
	struct buf endpoint = { 0 };

	if (!text)
		return;
	if (builder->accepts && !is_stream_key(assignment->key))
		unit_refuse(builder, at,
			    "%s: there are no connections to accept there: with Accept=yes all that listens "
			    "is ListenStream or ListenSequentialPacket",
			    assignment->key);
	wrong = unit_address(assignment->key, protocol, text, &endpoint);
	if (wrong)
		unit_refuse(builder, at, "%s: '%s': %s", assignment->key, text, wrong);
	else
		word_list_add(list, buf_keep(&endpoint, builder->pool), at);
	buf_free(&endpoint);
}

/* The addresses of the Listen…= lines; mistakes are reported. */
static struct word_list read_addresses(struct unit_builder *builder)
{
	const struct unit_assignment *said = unit_assigned(builder, "Socket", "SocketProtocol");
	bool is_sctp = said && !strcmp(said->value, "sctp");
	struct unit_lines lines = {
		.unit = builder->unit, .section = "Socket", .key = "Listen", .form = FORM_ADDRESS,
	};
	const struct unit_assignment *assignment;
	struct word_list list = { 0 };

	if (said && !is_sctp)
		unit_refuse(builder, unit_place(said, 0), "SocketProtocol: '%s': superd opens TCP, UDP and SCTP: "
			    "expected sctp", said->value);
	while ((assignment = unit_line_next(&lines))) {
		if (!list.count)
			list.at = assignment->at;
		if (*assignment->value)
			add_listen(builder, assignment, is_sctp ? "sctp" : NULL, &list);
	}
	return list;
}

/* Whether the clients of a socket have addresses. */
static bool has_addresses(const char *endpoint)
{
	return !strncmp(endpoint, "tcp:", 4) || !strncmp(endpoint, "udp:", 4) || !strncmp(endpoint, "sctp:", 5);
}

/* Takes the addresses from *at on that go into one block; as a rule these are all. The rules of addresses hold for the
 * sockets whose clients have some, and superd.conf has none in a block with others: these are a block of their own. */
static void take_addresses(struct unit_builder *builder, const struct word_list *all, size_t *at)
{
	bool divides = unit_assigned(builder, "Socket", "IPAddressDeny");
	struct word_list block = { .at = all->at };

	builder->has_addresses = false;
	for (; *at < all->count; ++*at) {
		bool has = has_addresses(all->words[*at]);

		if (divides && block.count && has != builder->has_addresses)
			break;
		builder->has_addresses |= has;
		word_list_add(&block, all->words[*at], all->places[*at]);
	}
	if (block.count)
		unit_set_list(builder, "listen", &block);
	word_list_free(&block);
}

/* Without Backlog= the backlog is as large as the kernel allows; the kernel reduces a larger number, see listen(2). */
static void set_backlog(struct unit_builder *builder)
{
	const struct unit_assignment *said = unit_assigned(builder, "Socket", "Backlog");
	struct origin at = said ? unit_place(said, 0) : unit_start(builder->unit);
	int64_t number = INT32_MAX;

	if (said && (scan_count(said->value, &number) || number < 0 || number > UINT32_MAX)) {
		unit_refuse(builder, at, "Backlog: '%s': expected a number from 0 to 4294967295", said->value);
		return;
	}
	unit_setf(builder, "backlog", at, "%" PRId64, number > INT32_MAX ? INT32_MAX : number < 1 ? 1 : number);
}

/* The name of the socket's descriptors in $LISTEN_FDNAMES. */
static const char *descriptor_name(struct unit_builder *builder)
{
	const struct unit_assignment *said = unit_assigned(builder, "Socket", "FileDescriptorName");

	if (said)
		return unit_value(builder, said);
	return builder->accepts ? "connection" : builder->unit->name;
}

static bool has_streams(const struct unit *unit)
{
	for (size_t n = 0; n < unit->count; n++) {
		if (unit_is_listen(&unit->list[n]) && is_stream_key(unit->list[n].key))
			return true;
	}
	return false;
}

/* Sets what the unit says of the sockets of a block. */
static void set_socket_options(struct unit_builder *builder, const struct unit *unit)
{
	if (has_streams(unit))
		set_backlog(builder);
	unit_apply_keys(builder, "Socket");
	unit_build_socket_access(builder);
	unit_build_conditions(builder, "socket_condition");
	unit_build_socket_needs(builder);
	/* A unit that fails does not take the others with it. */
	if (builder->socket_count > 1)
		unit_set(builder, "optional", "yes", unit_start(unit));
}

static void build_socket(struct unit_builder *builder, const struct unit *unit)
{
	struct diags unheard = { 0 }, *heard = builder->reading->diags;
	bool is_said = false, goes_on = true;
	size_t at = 0;

	unit_builder_turn(builder, unit);
	unit_report_sections(builder, "Socket");
	while (goes_on) {
		struct word_list addresses;

		builder_open_socket(builder->builder, descriptor_name(builder), unit_start(unit));
		builder->reading->diags = at ? &unheard : heard;
		addresses = read_addresses(builder);
		builder->reading->diags = heard;
		take_addresses(builder, &addresses, &at);
		goes_on = at < addresses.count;
		/* A mistake is one of all blocks, or of those with addresses. */
		if (is_said || (!builder->has_addresses && goes_on))
			builder->reading->diags = &unheard;
		else
			is_said = true;
		set_socket_options(builder, unit);
		builder->reading->diags = heard;
		builder_close_socket(builder->builder, addresses.count ? heard : &unheard);
		word_list_free(&addresses);
	}
	diags_free(&unheard);
	unit_apply_common_keys(builder);
}

const char *unit_fifo_path(struct unit_builder *builder, const char *name)
{
	const struct unit *before = builder->unit;
	const char *path = NULL;

	for (size_t n = 0; n < builder->fifo_count && !path; n++) {
		const struct unit_assignment *said;
		const char *own;

		unit_builder_turn(builder, builder->fifos[n]);
		said = unit_assigned(builder, "Socket", "ListenFIFO");
		own = descriptor_name(builder);
		path = said && own && !strcmp(own, name) ? unit_value(builder, said) : NULL;
	}
	unit_builder_turn(builder, before);
	return path;
}

void unit_build_sockets(struct unit_builder *builder)
{
	for (size_t n = 0; n < builder->socket_count; n++)
		build_socket(builder, builder->sockets[n]);
	unit_build_socket_commands(builder);
}
