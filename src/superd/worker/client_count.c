/* The channel carries one request and one answer. */
#include "superd/worker/client_count.h"

#include <arpa/inet.h>
#include <string.h>

struct worker_process client_count_begin(const struct client_count_request *request, uint64_t owner)
{
	struct client_count_request written = *request;
	struct record record = { 0 };

	count_request_record(&record, &written);
	return worker_process_begin(request->pids ? WORKER_COUNT_OWN : WORKER_COUNT, owner, &record, NULL, 0);
}

/* Reduces an own port to its identity and its count. false: it is none. */
static bool own_port_check(struct conn_count *own)
{
	static const unsigned char none[sizeof(own->address)];
	struct conn_count clean = { .kind = own->kind, .count = own->count };

	if (own->kind == CONN_UNIX) {
		if (!own->length || own->length > sizeof(own->name))
			return false;
		clean.inode = own->inode;
		clean.length = own->length;
		memcpy(clean.name, own->name, own->length);
	} else if (own->kind == CONN_TCP && (own->family == AF_INET || own->family == AF_INET6)) {
		clean.family = own->family;
		clean.port = own->port;
		clean.interface = own->interface;
		memcpy(clean.address, own->address, own->family == AF_INET ? 4 : 16);
		clean.is_wildcard = !memcmp(clean.address, none, sizeof(none));
	} else {
		return false;
	}
	*own = clean;
	return true;
}

void client_count_hear(const struct worker_process *helper, struct client_count_answer *answer)
{
	static const struct answer_field fields[] = {
		ANSWER_FLAG(client_count_answer, known),
		ANSWER_NUMBER(client_count_answer, own_count, 0, OWN_PORTS_MOST),
	};
	static const struct answer_form form = ANSWER_FORM("superd-count", struct client_count_answer, fields);
	bool good = worker_process_hear(helper, &form, answer, NULL, NULL) > 0;

	for (size_t n = 0; good && n < answer->own_count; n++) {
		good = own_port_check(&answer->own[n]);
		if (!good)
			worker_process_refuse(helper, &form, "own");
	}
	if (!good)
		*answer = (struct client_count_answer){ 0 };
}

void own_port_describe(const struct conn_count *own, struct buf *out)
{
	char address[INET6_ADDRSTRLEN] = "";

	if (own->kind == CONN_UNIX) {
		buf_addf(out, "unix:%s%.*s", own->name[0] ? "" : "@", (int)own->length - !own->name[0],
			 own->name + !own->name[0]);
		return;
	}
	if (!own->is_wildcard)
		inet_ntop(own->family, own->address, address, sizeof(address));
	buf_addf(out, "tcp:%s%s%s%s%u", own->family == AF_INET6 && *address ? "[" : "", address,
		 own->family == AF_INET6 && *address ? "]" : "", *address ? ":" : "", own->port);
}
