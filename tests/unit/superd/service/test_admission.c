/* The order of the gate: a client that every rule refuses is refused for the first, then for the second, and so on, and
 * who was refused is counted nowhere. */
#include "tests/unit/rows.h"

#include <arpa/inet.h>
#include <math.h>

#include "lib/clock.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission.h"
#include "superd/service/admission_state.h"
#include "superd/service/pending.h"
#include "superd/service/sensor.h"
#include "superd/instance/start_resources.h"
#include "superd/socket/listeners.h"
#include "superd/service/runtime_event.h"

TestSuite(admission, .init = set_up, .fini = tear_down);

static struct engine engine;
static struct start_resources launch;
static struct listeners listeners;
static struct instances instances;
static struct admission admission;

static struct service_runtime *open_keeper(const char *options)
{
	const struct service *service = row("service s {\n listen = \"127.0.0.1:1234\"\n accept = yes\n"
					    " exec = \"/bin/true\"\n user = \"%u\"\n%s\n}\n",
					    geteuid(), options);
	struct service_runtime *runtime;

	if (!engine.loop) {
		engine.loop = ev_default_loop(0);
		engine.listeners = &listeners;
		start_resources_init(&engine, &launch);
		instances_init(&engine, &instances);
		admission_init(&engine, &admission);
	}
	table->users++;
	runtime = runtime_new(&engine, table, service);
	cr_assert(runtime && accept_state_make(runtime));
	return runtime;
}

static void close_keeper(struct service_runtime *runtime)
{
	runtime_free(runtime);
	cr_expect_eq(instances.by_source.used, 0u, "somebody is still counted");
	admission_free(&engine);
	engine = (struct engine){ 0 };
	admission = (struct admission){ 0 };
}

static struct pending_client pending_from(const char *address)
{
	struct pending_client guest = { .client = { .fd = 0, .length = sizeof(struct sockaddr_in) } };

	if (strchr(address, ':')) {
		guest.client.length = sizeof(struct sockaddr_in6);
		guest.client.peer.in6.sin6_family = AF_INET6;
		cr_assert_eq(inet_pton(AF_INET6, address, &guest.client.peer.in6.sin6_addr), 1);
		return guest;
	}
	guest.client.peer.in.sin_family = AF_INET;
	cr_assert_eq(inet_pton(AF_INET, address, &guest.client.peer.in.sin_addr), 1);
	return guest;
}

static struct pending_client *at_door(struct service_runtime *runtime, struct pending_client *guest)
{
	guest->listener = runtime->listeners;
	return guest;
}

static enum refusal judge(struct service_runtime *runtime, const char *address)
{
	struct pending_client guest = pending_from(address);
	enum refusal refusal = admission_judge(runtime, at_door(runtime, &guest));

	pending_dismiss(runtime, &guest);
	return refusal;
}

/* The minute that is not now, for a day of which only that one is open. */
static const char *other_minute(void)
{
	static char text[16];
	unsigned minute = (time_cache_minute(&(struct time_cache){ 0 }, ev_time()) + 720) % 1440;

	snprintf(text, sizeof(text), "%02u:%02u-%02u:%02u", minute / 60, minute % 60, minute / 60, minute % 60);
	return text;
}

Test(admission, refuses_by_the_first_rule_in_the_manuals_order)
{
	char options[512];
	struct service_runtime *runtime;
	struct pending_client first = pending_from("127.0.0.1");
	const unsigned char *source;
	const char *other = other_minute();

	snprintf(options, sizeof(options),
		 "only_from = { \"127.0.0.1\", \"127.0.0.9\" }\n access_times = { \"%s\" }\n per_source = 1\n"
		 " per_source_cpm = 1\n max_load = 0.001\n instances = 1\n overload = refuse\n",
		 other);
	runtime = open_keeper(options);
	admission.time_cache = (struct time_cache){ 0 };
	cr_expect_eq(judge(runtime, "127.0.0.2"), REFUSED_ADDRESS);
	source = (const unsigned char[SOURCE_SIZE]){ [10] = 0xff, 0xff, 127, 0, 0, 2 };
	address_lru_note(&admission.denied, 0, source, clock_now(), clock_now() + 60);
	admission.denied_prefixes[64] = true;
	cr_expect_eq(judge(runtime, "127.0.0.2"), REFUSED_SENSOR);
	cr_expect_eq(judge(runtime, "127.0.0.3"), REFUSED_ADDRESS);
	cr_expect_eq(judge(runtime, "127.0.0.1"), REFUSED_TIME);
	admission.time_cache = (struct time_cache){ .from = 0,
					 .until = INT64_MAX,
					 .looked = clock_now() + 1e6,
					 .load = 5000,
					 .minute = (unsigned)strtoul(other, NULL, 10) * 60 +
						 (unsigned)strtoul(other + 3, NULL, 10) };
	cr_expect_eq(judge(runtime, "127.0.0.1"), REFUSED_LOAD);
	admission.time_cache.load = 0;
	cr_expect_eq(admission_judge(runtime, at_door(runtime, &first)), ADMITTED);
	cr_expect_eq(runtime->instance_count, 1u);
	cr_expect_eq(judge(runtime, "127.0.0.1"), REFUSED_PER_SOURCE);
	cr_expect_eq(judge(runtime, "127.0.0.9"), REFUSED_INSTANCES);
	pending_dismiss(runtime, &first);
	cr_expect_eq(judge(runtime, "127.0.0.1"), REFUSED_PER_SOURCE_CPM);
	cr_expect_eq(runtime->instance_count, 0u);
	close_keeper(runtime);
}

Test(admission, counts_nobody_who_is_refused)
{
	struct service_runtime *runtime =
		open_keeper("per_source = 1\n per_source_cpm = 2\n instances = 1\n overload = refuse\n"
			    " cps = { 2, 10 }\n");
	struct pending_client first = pending_from("127.0.0.1");

	cr_assert_eq(admission_judge(runtime, at_door(runtime, &first)), ADMITTED);
	for (int n = 0; n < 10; n++) {
		cr_expect_eq(judge(runtime, "127.0.0.1"), REFUSED_PER_SOURCE);
		cr_expect_eq(judge(runtime, "127.0.0.2"), REFUSED_INSTANCES);
	}
	cr_expect_eq(runtime->run->accept->rate.count, 1);
	cr_expect_eq(runtime->instance_count, 1u);
	pending_dismiss(runtime, &first);
	cr_expect_eq(judge(runtime, "127.0.0.2"), ADMITTED, "its refusals were no connections of its minute");
	cr_expect_eq(judge(runtime, "127.0.0.2"), ADMITTED);
	cr_expect_eq(judge(runtime, "127.0.0.2"), REFUSED_PER_SOURCE_CPM);
	cr_expect_eq(judge(runtime, "127.0.0.1"), ADMITTED);
	close_keeper(runtime);
}

Test(admission, judges_who_has_passed_by_room_alone)
{
	struct service_runtime *runtime =
		open_keeper("no_access = { \"127.0.0.1\" }\n per_source_cpm = 1\n instances = 1\n"
			    " overload = refuse\n");
	struct pending_client guest = pending_from("127.0.0.1"), second = pending_from("127.0.0.1");

	guest.progress = second.progress = ADMISSION_PASSED;
	cr_expect_eq(admission_judge(runtime, at_door(runtime, &guest)), ADMITTED);
	cr_expect_eq(admission_judge(runtime, at_door(runtime, &second)), REFUSED_INSTANCES);
	pending_dismiss(runtime, &guest);
	cr_expect_eq(admission_judge(runtime, at_door(runtime, &second)), ADMITTED);
	pending_dismiss(runtime, &second);
	close_keeper(runtime);
}

Test(admission, asks_only_what_the_rules_need)
{
	struct service_runtime *runtime = open_keeper("only_from = { \"127.0.0.1\", \".example.org\" }\n");
	struct pending_client known = pending_from("127.0.0.1"), unknown = pending_from("127.0.0.2");
	struct lookup_reply advice = { 0 };

	cr_expect_eq(admission_judge(runtime, at_door(runtime, &known)), ADMITTED);
	cr_expect(!admission_has_questions(&known));
	cr_expect_eq(admission_judge(runtime, at_door(runtime, &unknown)), ADMITTED, "for now");
	cr_expect(unknown.asked.name && !unknown.asked.ident && !unknown.asked.libwrap);
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &unknown), &advice),
		     REFUSED_NAME_UNASKED, "no answer is a no");
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &unknown), NULL), REFUSED_NAME_UNASKED);
	advice.has_name = true;
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &unknown), &advice),
		     REFUSED_ADDRESS, "it has no name");
	advice.knows_name = true;
	strcpy(advice.name, "host.example.org");
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &unknown), &advice), ADMITTED);
	strcpy(advice.name, "host.example.com");
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &unknown), &advice), REFUSED_ADDRESS);
	pending_dismiss(runtime, &known);
	pending_dismiss(runtime, &unknown);
	close_keeper(runtime);
}

Test(admission, takes_a_no_for_a_name_that_was_not_looked_up)
{
	struct service_runtime *runtime = open_keeper("no_access = { \".example.org\" }\n");
	struct pending_client guest = pending_from("127.0.0.2");
	struct lookup_reply advice = { 0 };

	cr_expect_eq(admission_judge(runtime, at_door(runtime, &guest)), ADMITTED);
	cr_expect(guest.asked.name);
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &guest), &advice), REFUSED_NAME_UNASKED);
	advice.has_name = true;
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &guest), &advice),
		     ADMITTED, "it has no name, so not that one");
	pending_dismiss(runtime, &guest);
	close_keeper(runtime);
}

Test(admission, needs_an_answer_for_id_only_and_libwrap)
{
	struct service_runtime *runtime = open_keeper("id_only = yes\n");
	struct pending_client guest = pending_from("127.0.0.2");
	struct lookup_reply advice = { .has_user = true };

	cr_expect_eq(admission_judge(runtime, at_door(runtime, &guest)), ADMITTED);
	cr_expect(guest.asked.ident);
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &guest), &advice), REFUSED_IDENT);
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &guest), NULL), REFUSED_IDENT_UNASKED);
	advice.knows_user = true;
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &guest), &advice), ADMITTED);
	guest.asked.libwrap = "in.testd";
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &guest), &advice), REFUSED_LIBWRAP_UNASKED);
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &guest), NULL), REFUSED_LIBWRAP_UNASKED);
	advice.has_libwrap = true;
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &guest), &advice), REFUSED_LIBWRAP);
	advice.twisted = true;
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &guest), &advice), REFUSED_TWIST);
	advice.allowed = true;
	cr_expect_eq(admission_conclude(runtime, at_door(runtime, &guest), &advice), ADMITTED);
	pending_dismiss(runtime, &guest);
	close_keeper(runtime);
}

Test(sensor, keeps_a_whole_network_of_ipv6_out_and_an_address_of_ipv4)
{
	struct service_runtime *runtime = open_keeper("deny_time = 1h\n");
	struct pending_client six = pending_from("2001:db8::1"), four = pending_from("192.0.2.1");

	cr_expect(!sensor_denies(&engine, &six.client));
	sensor_touch(runtime, &six.client);
	sensor_touch(runtime, &four.client);
	cr_expect(sensor_denies(&engine, &six.client));
	cr_expect(sensor_denies(&engine, &four.client));
	cr_expect(sensor_denies(&engine, &(struct client[]){ pending_from("2001:db8::ffff:2").client }[0]));
	cr_expect(!sensor_denies(&engine, &(struct client[]){ pending_from("2001:db8:0:1::1").client }[0]));
	cr_expect(sensor_denies(&engine, &(struct client[]){ pending_from("::ffff:192.0.2.1").client }[0]));
	cr_expect(!sensor_denies(&engine, &(struct client[]){ pending_from("192.0.2.2").client }[0]));
	close_keeper(runtime);
}

/* Forged senders are many: none of them takes the place of an address that is kept out, nor has it let in sooner. */
Test(sensor, an_unproven_sender_pushes_nobody_out)
{
	struct service_runtime *runtime = open_keeper("deny_time = 1h\n");
	struct pending_client first = pending_from("192.0.2.1"), late = pending_from("192.0.2.2");
	unsigned char source[SOURCE_SIZE] = { 0 };

	sensor_touch(runtime, &first.client);
	address_lru_note(&admission.denied, 0, (const unsigned char[SOURCE_SIZE]){ [10] = 0xff, 0xff, 192, 0, 2, 3 },
			 clock_now(), INFINITY);
	for (unsigned n = 0; admission.denied.count < SENSOR_MOST; n++) {
		memcpy(source, &n, sizeof(n));
		source[SOURCE_SIZE - 1] = 1;
		address_lru_note(&admission.denied, 0, source, clock_now(), INFINITY);
	}
	sensor_touch_unproven(runtime, &late.client);
	cr_expect(sensor_denies(&engine, &first.client));
	cr_expect_not(sensor_denies(&engine, &late.client));
	sensor_touch_unproven(runtime, &(struct client[]){ pending_from("192.0.2.3").client }[0]);
	cr_expect(isinf(address_lru_find(&admission.denied, 0,
					 (const unsigned char[SOURCE_SIZE]){ [10] = 0xff, 0xff, 192, 0, 2, 3 },
					 clock_now())->until));
	sensor_touch(runtime, &late.client);
	cr_expect(sensor_denies(&engine, &late.client));
	close_keeper(runtime);
}

Test(sensor, only_logs_where_the_time_is_zero)
{
	struct service_runtime *runtime = open_keeper("deny_time = 0\n");
	struct pending_client guest = pending_from("192.0.2.1");

	sensor_touch(runtime, &guest.client);
	cr_expect_eq(admission.denied.count, 0u);
	close_keeper(runtime);
}
