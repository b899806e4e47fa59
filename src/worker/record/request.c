/* The values of each request. A function for each struct writes or reads its members in their order. */
#include "worker/record/request.h"

#include <linux/filter.h>
#include <string.h>

#include "lib/record_members.h"
#include "os/socket/bind.h"
#include "os/socket/socket_options.h"
#include "table/access/access.h"

#define LISTENERS_MOST 65536            /* of a service */
#define NETWORKS_MOST 1000000           /* of probe_from */
#define LIST_MOST 8000000               /* processes of a service, or connections */

/* Bytes of a fixed number. */
static void fixed_record(struct record *record, const char *key, void *bytes, size_t size)
{
	const char *found = bytes;
	size_t length = size;

	record_bytes(record, key, &found, &length);
	record_demand(record, key, length == size);
	if (record_reads(record) && !record->flaw)
		memcpy(bytes, found, size);
}

static void conn_record(struct record *record, struct conn_count *conn)
{
	NUMBER(record, conn, kind, 0, CONN_KINDS - 1);
	FLAG(record, conn, is_wildcard);
	FLAG(record, conn, takes_ipv4);
	NUMBER(record, conn, family, 0, UINT8_MAX);
	NUMBER(record, conn, port, 0, UINT16_MAX);
	UNSIGNED(record, conn, interface);
	if (conn->kind == CONN_UNIX) {
		UNSIGNED(record, conn, inode);
		NUMBER(record, conn, length, 0, sizeof(conn->name));
		fixed_record(record, "name", conn->name, sizeof(conn->name));
	} else {
		fixed_record(record, "address", conn->address, sizeof(conn->address));
	}
	NUMBER(record, conn, which, 0, CONN_WHICH_ACCEPTED);
	FLAG(record, conn, only_known);
	FLAG(record, conn, skips_known);
	FLAG(record, conn, wants_words);
	FLAG(record, conn, skips_left);
}

/* Addresses whose connections do not count: names do not matter, as in access_lists. */
static void probes_record(struct record *record, const struct access **probes)
{
	struct { bool has_probes; struct network *probes; size_t count; } list = { .has_probes = *probes };

	if (*probes)
		list.probes = (struct network *)(uintptr_t)access_networks(*probes, false, &list.count);
	FLAG(record, &list, has_probes);
	BLOCK(record, &list, probes, count, NETWORKS_MOST);
	if (!record_reads(record) || !list.has_probes)
		return;
	for (size_t n = 0; n < list.count; n++)
		record_demand(record, "probes", list.probes[n].bits <= 128);
	*probes = access_of_networks(list.probes, list.count, record->pool);
	record_demand(record, "probes", *probes);
}

static bool looks_up_cookies(const struct conn_count *conn)
{
	return conn->only_known || conn->skips_known;
}

/* Listeners, and what counts of them. A list of cookies that would be noted is of no use in another process. */
static void conns_record(struct record *record, struct conn_count **conns, size_t *count)
{
	const struct record_array array = { "conns", sizeof(**conns), LISTENERS_MOST };
	struct conn_count *made = record_array(record, array, *conns, count);
	const struct access *probes = *count ? made->probes : NULL;
	struct cookie_set none = { 0 }, *cookies = &none;

	if (record_reads(record))
		cookies = pool_alloc(record->pool, sizeof(*cookies));
	else if (*count && made->cookies && looks_up_cookies(made))
		cookies = made->cookies;
	record_demand(record, "conns", cookies);
	if (record->flaw)
		return;
	probes_record(record, &probes);
	BLOCK(record, cookies, list, count, LIST_MOST);
	for (size_t n = 0; n < *count; n++) {
		conn_record(record, &made[n]);
		if (!record_reads(record))
			continue;
		made[n].probes = probes;
		made[n].cookies = looks_up_cookies(&made[n]) ? cookies : NULL;
	}
	if (record_reads(record))
		*conns = made;
}

void count_request_record(struct record *record, struct client_count_request *request)
{
	conns_record(record, &request->conns, &request->count);
	UNSIGNED(record, request, quiet_after);
	FLAG(record, request, by_turn);
	BLOCK(record, request, pids, pid_count, LIST_MOST);
	BLOCK(record, request, known, known_count, LISTENERS_MOST);
}

static void listen_record(struct record *record, struct listen *listen)
{
	struct endpoint *endpoint, *address;
	struct socket_options *options;
	struct listen_prepared *prepared;
	struct sock_fprog *rules;

	STRUCT(record, listen, endpoint, endpoint);
	STRUCT(record, listen, address, address);
	STRUCT(record, listen, options, options);
	STRUCT(record, listen, prepared, prepared);
	record_demand(record, "listen", endpoint && address && options);
	if (record->flaw)
		return;
	OPTIONAL_TEXT(record, endpoint, interface);
	NUMBER(record, address, kind, 0, ENDPOINT_KINDS - 1);
	OPTIONAL_TEXT(record, address, address);
	socket_options_record(record, options);
	if (!prepared)
		return;
	STRUCT(record, prepared, rules, rules);
	if (rules)
		BLOCK(record, rules, filter, len, BPF_MAXINSNS);
	FLAG(record, prepared, gets_options);
}

void restore_task_record(struct record *record, struct restore_task *task)
{
	struct listen *listen, *before;

	FLAG(record, task, clears);
	FLAG(record, task, is_lent);
	UNSIGNED(record, task, drops);
	NUMBER(record, task, work, RESTORE, RESTORE_SHUT_EMPTY);
	STRUCT(record, task, listen, listen);
	record_demand(record, "listen", listen || (task->work >= RESTORE_SHUT && !task->drops));
	if (listen && !record->flaw)
		listen_record(record, listen);
	STRUCT(record, task, before, before);
	if (before && !record->flaw)
		listen_record(record, before);
}

void receive_request_record(struct record *record, struct receive_request *request)
{
	NUMBER(record, request, purpose, 0, RECEIVE_PROCESS);
}

void socket_watch_request_record(struct record *record, struct socket_watch_request *request)
{
	BLOCK(record, request, pids, pid_count, LIST_MOST);
	NUMBER(record, request, relay, 0, INT_MAX);
	BLOCK(record, request, known, known_count, LISTENERS_MOST);
	conns_record(record, &request->listeners, &request->listener_count);
	FLAG(record, request, has_ends);
}

void page_out_request_record(struct record *record, struct page_out_request *request)
{
	BLOCK(record, request, pids, pid_count, LIST_MOST);
	OPTIONAL_TEXT(record, request, group);
}

void output_request_record(struct record *record, struct output_request *request)
{
	NUMBER(record, request, slots, 0, OUTPUT_SLOTS);
}

