/* Starts the helper process and waits for its answer for LOOK_SECONDS. A connection whose lock somebody keeps makes the
 * helper hang; then the answer is "unknown". */
#include "superd/stop/client_look.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "superd/instance/runtime.h"

#define LOOK_SECONDS 1.                 /* a helper that does not hang takes some milliseconds */

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

static void on_news(struct worker_wait *helper, bool late)
{
	struct client_look *look = container_of(helper, struct client_look, helper);
	struct client_count_answer answer = { 0 };

	if (!late)
		client_count_hear(&helper->process, &answer);
	worker_wait_end(helper);
	look->done(look, &answer);
}

void client_look_init(struct client_look *look, struct engine *engine,
		      void (*done)(struct client_look *look, const struct client_count_answer *answer))
{
	*look = (struct client_look){ .done = done };
	worker_wait_init(&look->helper, engine, on_news);
}

bool client_look_start(struct client_look *look, struct conn_query *query, size_t count, uint32_t quiet_after,
		       const pid_t *pids)
{
	const char *service = query->runtime->service->name;
	struct client_count_request request = {
		.conns = query->conns, .count = count, .quiet_after = quiet_after, .by_turn = look->by_turn,
		.pids = pids,
	};
	struct file_id *known;
	bool started;

	while (pids && pids[request.pid_count])
		request.pid_count++;
	request.known = known = runtime_list_sockets(query->runtime, &request.known_count);
	conn_query_set_wanted(query);
	started = known && worker_wait_begin(&look->helper, client_count_begin(&request, worker_owner(service)),
						     service, LOOK_SECONDS);
	for (size_t n = 0; n < query->count; n++)
		query->conns[n].cookies = NULL;
	free(known);
	return started;
}

bool client_look_is_open(const struct client_look *look)
{
	return look->helper.process.channel >= 0;
}

void client_look_cancel(struct client_look *look)
{
	worker_wait_end(&look->helper);
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
