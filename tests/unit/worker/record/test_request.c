/* Requests as texts: what superd writes, superd-worker reads, and nothing that is not whole. */
#include "tests/unit/pool_fixture.h"

#include <linux/filter.h>
#include <netinet/in.h>

#include "os/socket/bind.h"
#include "table/access/access.h"
#include "worker/record/bind_request.h"
#include "worker/record/hold_request.h"
#include "worker/record/request.h"

TestSuite(request, .init = open_pool, .fini = close_pool);

static char *text;                      /* of the request written last, in the pool */
static size_t length;

static void keep_text(struct record *record)
{
	cr_assert_not(record->out.failed);
	length = record->out.length;
	text = pool_copy(pool, record->out.data, length + 1);
	buf_free(&record->out);
}

/* What is wrong with what was read; NULL: nothing is. */
static const char *flaw_of(const struct record *record)
{
	return record->flaw ? record->flaw : record_is_read(record) ? NULL : "what is behind it";
}

static void write_count(struct client_count_request request)
{
	struct record record = { 0 };

	count_request_record(&record, &request);
	cr_assert_null(record.flaw, "%s", record.flaw);
	keep_text(&record);
}

static const char *read_count(struct client_count_request *request)
{
	struct record record = record_of(text, length, pool);

	*request = (struct client_count_request){ 0 };
	count_request_record(&record, request);
	return flaw_of(&record);
}

static void expect_flaw(struct client_count_request request, const char *flaw)
{
	struct client_count_request read;
	const char *found;

	write_count(request);
	found = read_count(&read);
	cr_expect_str_eq(found ? found : "none", flaw);
}

Test(request, of_a_count_arrives_whole)
{
	uint64_t held[] = { 7, 9 | COOKIE_HELD };
	struct cookie_set cookies = { .list = held, .count = 2 };
	const char *const from[] = { "10.0.0.0/8", "::1", NULL };
	const struct access *probes = access_compile(from, NULL, NULL, NULL, pool);
	struct conn_count conns[] = {
		{ .kind = CONN_TCP, .family = AF_INET6, .port = 65535, .takes_ipv4 = true, .interface = 3,
		  .address = { [15] = 1 }, .which = CONN_WHICH_ACCEPTED, .skips_known = true, .skips_left = true,
		  .probes = probes, .cookies = &cookies },
		{ .kind = CONN_UNIX, .inode = UINT32_MAX, .length = 3, .name = { 0, 'a', 'b' }, .skips_known = true,
		  .wants_words = true, .probes = probes, .cookies = &cookies },
	};
	const pid_t pids[] = { 1, 4194304 };
	const struct file_id known = { 8, 99 };
	struct client_count_request read;
	const unsigned char inside[4] = { 10, 1, 2, 3 }, outside[4] = { 11, 1, 2, 3 };

	write_count((struct client_count_request){ conns, 2, 1500, true, pids, 2, &known, 1 });
	cr_assert_null(read_count(&read));
	cr_assert_eq(read.count, 2);
	for (int n = 0; n < 2; n++) {
		struct conn_count *conn = &read.conns[n];

		cr_expect(access_lists(conn->probes, AF_INET, inside));
		cr_expect_not(access_lists(conn->probes, AF_INET, outside));
		cr_assert_eq(conn->cookies->count, 2);
		cr_expect_arr_eq(conn->cookies->list, held, sizeof(held));
		conn->probes = probes;
		conn->cookies = &cookies;
		cr_expect(conn_count_is_same(conn, &conns[n]));
		cr_expect_eq(conn->which, conns[n].which);
		cr_expect(conn->skips_known && !conn->only_known);
		cr_expect_eq(conn->wants_words, conns[n].wants_words);
		cr_expect_eq(conn->skips_left, conns[n].skips_left);
		cr_expect_eq(conn->takes_ipv4, conns[n].takes_ipv4);
	}
	cr_expect_eq(read.quiet_after, 1500);
	cr_expect(read.by_turn);
	cr_assert_eq(read.pid_count, 2);
	cr_expect_arr_eq(read.pids, pids, sizeof(pids));
	cr_assert_eq(read.known_count, 1);
	cr_expect(read.known->device == 8 && read.known->node == 99);
}

/* Cookies that a count is to note would be another process's. */
Test(request, of_a_count_has_no_more_than_is_looked_up)
{
	struct cookie_set noted = { .list = (uint64_t[]){ 7 }, .count = 1 };
	struct conn_count conn = { .kind = CONN_TCP, .cookies = &noted };
	struct client_count_request read;

	write_count((struct client_count_request){ .conns = &conn, .count = 1 });
	cr_assert_null(read_count(&read));
	cr_expect_null(read.conns->cookies);
	cr_expect_null(read.conns->probes);
	cr_expect_null(read.pids);
	write_count((struct client_count_request){ 0 });
	cr_assert_null(read_count(&read));
	cr_expect_eq(read.count, 0);
}

Test(request, of_a_count_has_bounds)
{
	struct conn_count conn = { .kind = CONN_KINDS };

	expect_flaw((struct client_count_request){ .conns = &conn, .count = 1 }, "kind");
	conn = (struct conn_count){ .kind = CONN_UNIX, .length = sizeof(conn.name) + 1 };
	expect_flaw((struct client_count_request){ .conns = &conn, .count = 1 }, "length");
	conn = (struct conn_count){ .kind = CONN_TCP, .which = CONN_WHICH_ACCEPTED + 1 };
	expect_flaw((struct client_count_request){ .conns = &conn, .count = 1 }, "which");
	conn = (struct conn_count){ .kind = CONN_TCP,
				    .probes = access_of_networks(&(struct network){ .bits = 129 }, 1, pool) };
	expect_flaw((struct client_count_request){ .conns = &conn, .count = 1 }, "probes");
}

/* Each byte less is a flaw, and so is one more. */
Test(request, that_is_cut_is_refused)
{
	struct conn_count conn = { .kind = CONN_UNIX, .only_known = true };
	struct client_count_request read;
	const char *written;
	const pid_t pid = 1;
	size_t whole;

	write_count((struct client_count_request){ .conns = &conn, .count = 1, .pids = &pid, .pid_count = 1 });
	written = text;
	whole = length;
	for (length = 0; length <= whole + 1; length++) {
		text = pool_alloc(pool, whole + 2);
		memcpy(text, written, length < whole ? length : whole);
		cr_expect_eq(read_count(&read) != NULL, length != whole, "with %zu bytes", length);
	}
}

/* ---- restore ---- */

static void write_restore(struct restore_task task)
{
	struct record record = { 0 };

	restore_task_record(&record, &task);
	keep_text(&record);
}

static const char *read_restore(struct restore_task *task)
{
	struct record record = record_of(text, length, pool);

	*task = (struct restore_task){ 0 };
	restore_task_record(&record, task);
	return flaw_of(&record);
}

Test(request, to_restore_a_listener_arrives_with_all_that_is_set)
{
	const struct endpoint written = { .kind = ENDPOINT_TCP, .interface = "eth0", .address = "written" };
	const struct endpoint address = { .kind = ENDPOINT_TCP, .address = "fe80::1" };
	static const char *const groups[] = { "239.1.2.3", "ff02::1%lo", NULL };
	static const struct socket_options options = {
		.backlog = 5, .bind_to_device = "lo", .free_bind = true, .transparent = true, .keep_alive = true,
		.keep_alive_time = 1, .keep_alive_interval = 2, .keep_alive_probes = 3, .no_delay = true,
		.defer_accept = 4, .priority = -1, .mark = 7, .ip_tos = 8, .ip_ttl = 255, .receive_buffer = 10,
		.send_buffer = 11, .broadcast = true, .pass_credentials = true, .pass_packet_info = true,
		.multicast_group = groups,
		.intercept = true, .pass_security = true, .timestamping = 2, .socket_user = "nobody",
	};
	struct sock_filter filter[] = { { 6, 0, 0, 0 } };
	const struct sock_fprog rules = { 1, filter };
	const struct listen_prepared prepared = { .rules = &rules, .gets_options = true };
	const struct listen listen = { .endpoint = &written, .address = &address, .options = &options,
				       .prepared = &prepared };
	struct socket_options read;
	struct restore_task task;

	write_restore((struct restore_task){ .fd = 9, .listen = &listen, .before = &listen, .clears = true,
					     .is_lent = true, .drops = 7, .work = RESTORE_CHANGE });
	cr_assert_null(read_restore(&task));
	cr_expect_eq(task.work, RESTORE_CHANGE);
	cr_expect_eq(task.drops, 7);
	cr_expect_str_eq(task.before->options->multicast_group[1], "ff02::1%lo");
	cr_expect(task.is_lent && task.clears && listen_prepared(task.listen)->gets_options);
	cr_expect_str_eq(task.listen->endpoint->interface, "eth0");
	cr_expect_null(task.listen->endpoint->address, "it is not needed");
	cr_expect_str_eq(task.listen->address->address, "fe80::1");
	cr_expect_eq(task.listen->address->kind, ENDPOINT_TCP);
	cr_assert_eq(listen_prepared(task.listen)->rules->len, 1);
	cr_expect_arr_eq(listen_prepared(task.listen)->rules->filter, filter, sizeof(filter));
	read = *task.listen->options;
	cr_expect_str_eq(read.bind_to_device, "lo");
	cr_expect_null(read.socket_user, "nor is this");
	cr_expect_str_eq(read.multicast_group[0], "239.1.2.3");
	cr_expect_null(read.multicast_group[2]);
	read.multicast_group = options.multicast_group;
	read.bind_to_device = options.bind_to_device;
	read.socket_user = options.socket_user;
	cr_expect_arr_eq(&read, &options, sizeof(read));
	write_restore((struct restore_task){ .listen = &(struct listen){ .endpoint = &written, .address = &address } });
	cr_expect_str_eq(read_restore(&task), "listen", "without options");
	write_restore((struct restore_task){ .work = RESTORE });
	cr_expect_str_eq(read_restore(&task), "listen", "there is none");
	write_restore((struct restore_task){ .work = RESTORE_SHUT });
	cr_expect_null(read_restore(&task));
	cr_expect(task.work == RESTORE_SHUT && !task.listen);
	write_restore((struct restore_task){ .work = RESTORE_SHUT, .drops = 1 });
	cr_expect_not_null(read_restore(&task), "of what kind are those?");
}

/* What is wrong with a request to hold that is read; NULL: nothing is. */
static const char *pass_hold(struct hold_request *request)
{
	struct record record = { 0 };

	hold_request_record(&record, request);
	keep_text(&record);
	record = record_of(text, length, pool);
	*request = (struct hold_request){ 0 };
	hold_request_record(&record, request);
	return flaw_of(&record);
}

Test(request, to_hold_a_program_has_its_places)
{
	struct hold_request request = { .program = 7, .limit_ms = 5000, .places = { 0, 1, 9, 3 }, .place_count = 4 };

	cr_expect_null(pass_hold(&request));
	cr_expect_eq(request.program, 7);
	cr_expect_eq(request.limit_ms, 5000);
	cr_expect_arr_eq(request.places, ((int[]){ 0, 1, 9, 3 }), sizeof(request.places));
	request.place_count = 0;
	cr_expect_str_eq(pass_hold(&request), "place_count");
	request = (struct hold_request){ .place_count = 1 };
	cr_expect_str_eq(pass_hold(&request), "program");
	request = (struct hold_request){ .program = 7, .places = { -1 }, .place_count = 1 };
	cr_expect_str_eq(pass_hold(&request), "places[n]");
}

/* The same of one for pass = bind. */
static const char *pass_bind(struct bind_request *request)
{
	struct record record = { 0 };

	bind_request_record(&record, request);
	keep_text(&record);
	record = record_of(text, length, pool);
	*request = (struct bind_request){ 0 };
	bind_request_record(&record, request);
	return flaw_of(&record);
}

Test(request, for_pass_bind_has_its_offers_and_whose_calls_it_answers)
{
	struct socket_address address = { .length = sizeof(address.in), .in.sin_port = 7, .in.sin_family = AF_INET };
	struct bind_offer offers[] = {
		{ .fd = 9, .given = true, .addresses = &address, .count = 1 }, { .fd = -1, .locks = true },
	};
	struct bind_request request = {
		.offers = offers, .count = 2,
		.rule = { .uid = 1, .gid = 2, .is_apart = true, .has_network = true, .program = 3,
			  .is_complete = true },
	};

	cr_expect_null(pass_bind(&request));
	cr_assert_eq(request.count, 2);
	cr_expect_eq(request.offers[0].fd, 0, "its socket follows");
	cr_expect(request.offers[0].given && !request.offers[0].locks);
	cr_assert_eq(request.offers[0].count, 1);
	cr_expect_eq(request.offers[0].addresses->in.sin_port, 7);
	cr_expect_eq(request.offers[1].fd, -1);
	cr_expect(request.offers[1].locks && !request.offers[1].count);
	cr_expect_eq(request.rule.uid, 1);
	cr_expect_eq(request.rule.gid, 2);
	cr_expect_eq(request.rule.program, 3);
	cr_expect(request.rule.is_apart && request.rule.has_network && request.rule.is_complete);
	address.length = sizeof(address.storage) + 1;
	cr_expect_str_eq(pass_bind(&(struct bind_request){ .offers = offers, .count = 1 }), "addresses");
}
