/* superctl's parts that decide: amounts, columns, requests of HTTP, verbs, states. */
#include <math.h>

#include "superctl/superctl.h"
#include "tests/unit/unit.h"

static char text[256];

static const char *written(human_write *write, double number)
{
	struct buf out = { 0 };

	if (write)
		human_add(&out, write, number);
	else
		human_add_float(&out, number);
	snprintf(text, sizeof(text), "%s", buf_string(&out));
	buf_free(&out);
	return text;
}

Test(superctl_human_units, spans_have_two_units_at_most)
{
	cr_assert_str_eq(written(duration_write, 0), "0 s");
	cr_assert_str_eq(written(duration_write, 0.00032), "320 us");
	cr_assert_str_eq(written(duration_write, 0.00321), "3.2 ms");
	cr_assert_str_eq(written(duration_write, 0.321), "321 ms");
	cr_assert_str_eq(written(duration_write, 0.004), "4 ms");
	cr_assert_str_eq(written(duration_write, 0.0999), "100 ms");
	cr_assert_str_eq(written(duration_write, 0.9999), "1 s");
	cr_assert_str_eq(written(duration_write, 9.99), "10 s");
	cr_assert_str_eq(written(duration_write, 10), "10 s");
	cr_assert_str_eq(written(duration_write, 600), "10 min");
	cr_assert_str_eq(written(duration_write, 1.5), "1.5 s");
	cr_assert_str_eq(written(duration_write, 65), "1 min 5 s");
	cr_assert_str_eq(written(duration_write_whole, 3600), "1 h");
	cr_assert_str_eq(written(duration_write_whole, 3605), "1 h");
	cr_assert_str_eq(written(duration_write_whole, 2 * 86400 + 3 * 3600 + 59), "2 d 3 h");
	cr_assert_str_eq(written(duration_write_whole, 59.9), "59 s");
}

Test(superctl_human_units, what_no_clock_has_is_no_harm)
{
	cr_assert_str_eq(written(duration_write_whole, -5), "0 s");
	cr_assert_str_eq(written(duration_write_whole, 1e300), "?");
	cr_assert_str_eq(written(duration_write_whole, NAN), "?");
	cr_assert_str_eq(written(size_write, INFINITY), "?");
}

Test(superctl_human_units, a_time_has_the_date_if_that_is_not_today)
{
	const double noon = 1795176000; /* 2026-11-20 12:00:00 UTC */
	char out[TIME_TEXT_MOST];

	setenv("TZ", "UTC", 1);
	tzset();
	cr_expect_str_eq(time_write(out, noon - 1, noon), "11:59:59");
	cr_expect_str_eq(time_write(out, noon - 43200, noon), "00:00:00");
	cr_expect_str_eq(time_write(out, noon - 43201, noon), "Nov 19 23:59:59");
	cr_expect_str_eq(time_write(out, noon - 365 * 86400., noon), "2025-11-20 12:00:00");
	cr_expect_str_eq(time_write(out, noon, NAN), "2026-11-20 12:00:00");
	cr_expect_str_eq(time_write(out, NAN, noon), "an unknown time");
	cr_expect_str_eq(time_write_dated(out, noon), "Nov 20 12:00:00");
}

Test(superctl_human_units, bytes_are_of_1024)
{
	cr_assert_str_eq(written(size_write, 0), "0B");
	cr_assert_str_eq(written(size_write, 1023), "1023B");
	cr_assert_str_eq(written(size_write, 1024), "1.0K");
	cr_assert_str_eq(written(size_write, 1024 * 1024 - 1), "1.0M");
	cr_assert_str_eq(written(size_write, 12345678), "11.8M");
}

Test(superctl_human_units, floats_are_short_and_are_read_back_the_same)
{
	cr_assert_str_eq(written(NULL, 1), "1.0");
	cr_assert_str_eq(written(NULL, 10), "10.0");
	cr_assert_str_eq(written(NULL, -120000), "-120000.0");
	cr_assert_str_eq(written(NULL, 12345678), "12345678.0");
	cr_assert_str_eq(written(NULL, 0.005), "0.005");
	cr_assert_str_eq(written(NULL, 0.00001), "1e-05");
	cr_assert_str_eq(written(NULL, 0.1 + 0.2), "0.30000000000000004");
	cr_assert_str_eq(written(NULL, INFINITY), "+Inf");
}

static void add_cell(struct columns *columns, const char *cell)
{
	struct buf out = { 0 };

	buf_text(&out, cell);
	columns_add(columns, STYLE_PLAIN, &out);
	buf_free(&out);
}

static const char *printed(size_t width)
{
	static const struct column titles[] = { { .title = "NAME" },
						{ .title = "N", .right = true },
						{ .title = "WHAT" } };
	const struct screen screen = { .width = width };
	struct columns columns;
	struct buf out = { 0 };

	columns_begin(&columns, titles, 3);
	add_cell(&columns, "a");
	add_cell(&columns, "10");
	add_cell(&columns, "something long");
	add_cell(&columns, "longer");
	add_cell(&columns, "");
	add_cell(&columns, "");
	columns_print(&columns, &screen, "", &out);
	cr_assert_not(out.failed);
	snprintf(text, sizeof(text), "%s", buf_string(&out));
	columns_free(&columns);
	buf_free(&out);
	return text;
}

Test(superctl_columns, are_aligned_and_leave_nothing_at_the_end)
{
	cr_assert_str_eq(printed(0), "NAME     N  WHAT\na       10  something long\nlonger\n");
}

Test(superctl_columns, are_cut_on_a_narrow_terminal)
{
	cr_assert_str_eq(printed(20), "NAME     N  WHAT\na       10  somethi~\nlonger\n");
	cr_assert_str_eq(printed(11), "NAME     N\na       10\nlonger\n");
	cr_assert_str_eq(printed(9), "NAME\na       ~\nlonger\n");
	cr_assert_str_eq(printed(4), "NAME\na\nlon~\n");
}

static const char *printed_with_empty(size_t width)
{
	static const struct column titles[] = { { .title = "NAME" }, { .title = "QUEUE", .right = true },
						{ .title = "WHAT" } };
	const struct screen screen = { .width = width };
	struct columns columns;
	struct buf out = { 0 };

	columns_begin(&columns, titles, 3);
	add_cell(&columns, "a");
	add_cell(&columns, "");
	add_cell(&columns, "something long");
	columns_print(&columns, &screen, "", &out);
	snprintf(text, sizeof(text), "%s", buf_string(&out));
	columns_free(&columns);
	buf_free(&out);
	return text;
}

Test(superctl_columns, leave_out_what_is_empty)
{
	cr_assert_str_eq(printed_with_empty(0), "NAME  WHAT\na     something long\n");
	cr_assert_str_eq(printed_with_empty(26), "NAME  WHAT\na     something long\n");
	cr_assert_str_eq(printed_with_empty(15), "NAME  WHAT\na     somethin~\n");
}

static const char *endpoints_of(size_t most)
{
	json_t *object = json_loads("{\"listeners\":[{\"endpoint\":\"tcp:1\"},{\"endpoint\":\"tcp:2\"},"
				    "{\"endpoint\":\"tcp:3\",\"absent\":\"\\u001b[31m\"}]}", 0, NULL);
	struct buf out = { 0 };

	facts_add_endpoints(&out, object, most);
	snprintf(text, sizeof(text), "%s", buf_string(&out));
	buf_free(&out);
	json_decref(object);
	return text;
}

Test(superctl_facts, endpoints_are_whole_and_counted)
{
	cr_assert_str_eq(endpoints_of(3), "tcp:1 tcp:2 tcp:3 (\\x1b[31m)");
	cr_assert_str_eq(endpoints_of(1), "tcp:1 +2");
}

Test(superctl_sentence, has_members_and_choices)
{
	static const struct {
		const char *template, *text;
		bool is_so;
	} cases[] = {
		{ "pid {pid}, {name}: {end.reason}", "pid 7, web: lost", true },
		{ "{gone} and {none}", " and ", false },
		{ "[pid {none}|pid {pid}|never]", "pid 7", true },
		{ "[a {none}|b {gone}]", "", true },
		{ "[one[ {none}[ two]]|no] end", "one end", true },
		{ "{pids}; {names}", "1, 2; a, b", true },
		{ "{pid: client}, {one: client}", "7 clients, 1 client", true },
		{ "[{#zero}a number][{?zero}above]", "a number", true },
		{ "[{?on}on|off][{!on}off|on]{name=web}{pid=7}", "onon", true },
		{ "{name=we}", "", false },
		{ "{pid:bytes} {half:span}", "7B 500 ms", true },
		{ "{evil}", "a\\x1bb", true },
	};
	json_t *object = json_loads("{\"pid\":7,\"none\":null,\"name\":\"web\",\"end\":{\"reason\":\"lost\"},\"one\":1,"
				    "\"pids\":[1,2],\"names\":[\"a\",\"b\"],\"zero\":0,\"on\":true,\"half\":0.5,"
				    "\"evil\":\"a\\u001bb\"}", 0, NULL);

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
		struct buf out = { 0 };

		cr_expect_eq(template_add(&out, object, cases[n].template), cases[n].is_so, "%s", cases[n].template);
		cr_expect_str_eq(buf_string(&out), cases[n].text);
		buf_free(&out);
	}
	json_decref(object);
}

/* The word for a service of which this is known. */
static const char *word_of(const char *service)
{
	json_t *object = json_loads(service, 0, NULL);

	snprintf(text, sizeof(text), "%s", state_word_of(object)->word);
	json_decref(object);
	return text;
}

Test(superctl_state_words, a_service_that_listens_is_asleep_or_awake)
{
	cr_expect_str_eq(word_of("{\"state\":\"listening\",\"activations\":0,\"instances\":0}"), "asleep");
	cr_expect_str_eq(word_of("{\"state\":\"listening\",\"activations\":2,\"instances\":0}"), "asleep");
	cr_expect_str_eq(word_of("{\"state\":\"listening\",\"activations\":2,\"instances\":1}"), "awake");
	cr_expect_str_eq(word_of("{\"state\":\"listening\",\"activations\":2,\"instances\":[{}]}"), "awake");
	cr_expect_str_eq(word_of("{\"state\":\"running\"}"), "awake");
}

Test(superctl_state_words, a_pause_is_a_failure_or_a_limit)
{
	cr_expect_str_eq(word_of("{\"state\":\"backoff\",\"pause\":{\"failed\":true}}"), "failing");
	cr_expect_str_eq(word_of("{\"state\":\"backoff\",\"pause\":{\"failed\":false}}"), "paused");
	cr_expect_str_eq(word_of("{\"state\":\"binding\",\"pause\":{\"failed\":true}}"), "no port");
	cr_expect_str_eq(word_of("{\"state\":\"binding\",\"pause\":null}"), "opening");
}

Test(superctl_state_words, a_state_that_is_none_has_no_word)
{
	cr_expect_str_eq(word_of("{\"state\":\"new\"}"), "");
}

Test(superctl_facts, no_near_verb_ends_anything)
{
	static const char *const typed[] = { "edit",	 "sotp",    "stpo", "drian", "disabl",
					     "shutdwon", "restrat", "evit", "freez" };
	static const char *const ending[] = { "stop",	"restart", "hold",  "drain", "freeze",
					      "signal", "disable", "shutdown" };

	for (size_t n = 0; n < sizeof(typed) / sizeof(*typed); n++) {
		const char *hint = verb_hint(typed[n]);

		for (size_t i = 0; hint && i < sizeof(ending) / sizeof(*ending); i++)
			cr_expect_str_neq(hint, ending[i], "%s", typed[n]);
	}
	cr_assert_str_eq(verb_hint("statsu"), "status");
}

static int status_of(const char *head)
{
	return http_parse(head, strlen(head), "/metrics").status;
}

Test(superctl_http, takes_get_and_head_of_one_path)
{
	cr_assert_eq(status_of("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
	cr_assert_eq(status_of("GET /metrics?a=b%20c HTTP/1.0\n\n"), 200);
	cr_assert(http_parse("HEAD /metrics HTTP/1.1\r\n\r\n", 26, "/metrics").is_head);
	cr_assert_eq(status_of("GET /metricsx HTTP/1.1\r\n\r\n"), 404);
	cr_assert_eq(status_of("GET /metric HTTP/1.1\r\n\r\n"), 404);
	cr_assert_eq(status_of("get /metrics HTTP/1.1\r\n\r\n"), 405);
}

Test(superctl_http, takes_the_path_of_an_absolute_target)
{
	static const char *const roots[] = { "GET http://x HTTP/1.1\r\n\r\n", "GET HTTP://x?/metrics HTTP/1.1\r\n\r\n",
					     "GET http:// HTTP/1.1\r\n\r\n", "GET http://x/?a HTTP/1.1\r\n\r\n" };

	cr_assert_eq(status_of("GET http://x:80/metrics HTTP/1.1\r\n\r\n"), 200);
	cr_assert_eq(status_of("GET http://x/y/metrics HTTP/1.1\r\n\r\n"), 404);
	cr_assert_eq(status_of("GET http:/metrics HTTP/1.1\r\n\r\n"), 404);
	for (size_t n = 0; n < sizeof(roots) / sizeof(roots[0]); n++)
		cr_expect_eq(http_parse(roots[n], strlen(roots[n]), "/").status, 200, "%s", roots[n]);
}

Test(superctl_http, takes_nothing_for_what_it_is_not)
{
	static const char *const heads[] = {
		"\r\n\r\n",
		"GET\r\n\r\n",
		"GET /metrics\r\n\r\n",
		"GET  /metrics HTTP/1.1\r\n\r\n",
		"GET /metrics HTTP/1.1 \r\n\r\n",
		"GET /metrics http/1.1\r\n\r\n",
		"GET /met\trics HTTP/1.1\r\n\r\n",
		"GET /metrics\x80 HTTP/1.1\r\n\r\n",
		" GET /metrics HTTP/1.1\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		cr_assert_eq(status_of(heads[i]), 400, "%s", heads[i]);
	cr_assert_eq(http_parse("GET /met\0rics HTTP/1.1\n\n", 25, "/metrics").status, 400);
	cr_assert_eq(status_of("GET /metrics HTTP/2.0\r\n\r\n"), 505);
}

static const char *text_host(const char *host)
{
	snprintf(text, sizeof(text), "Host: %s\r\n", host);
	return text;
}

static bool is_own(const char *own)
{
	static const char *const names[] = { "status.example.org", NULL };
	char head[400];

	snprintf(head, sizeof(head), "GET / HTTP/1.1\r\n%s\r\n", own);
	return http_host_is_own(head, strlen(head), names);
}

Test(superctl_http, own_hosts_are_addresses_localhost_and_names_of_the_table)
{
	static const char *const own[] = { "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8090", "192.0.2.1:1",
					   "localhost", "LocalHost:80", "status.example.org",
					   "STATUS.example.org:443" };
	static const char *const strange[] = { "", ":80", "evil.example", "127.0.0.1.evil.example", "::1", "[::1",
					       "localhost.evil.example", "xstatus.example.org", "localhost:80:80",
					       "[127.0.0.1]", "status.example.org." };

	for (size_t n = 0; n < sizeof(own) / sizeof(own[0]); n++)
		cr_expect(is_own(text_host(own[n])), "%s", own[n]);
	for (size_t n = 0; n < sizeof(strange) / sizeof(strange[0]); n++)
		cr_expect_not(is_own(text_host(strange[n])), "%s", strange[n]);
	cr_expect_not(is_own(""));
	cr_expect_not(is_own("X: localhost\r\n"));
	cr_expect_not(is_own("Host: localhost\r\nhost: evil.example\r\n"));
}

static const char *decoded(const char *coded)
{
	struct buf out = { 0 };
	bool is_good = http_decode(coded, strlen(coded), &out);

	snprintf(text, sizeof(text), "%s", is_good ? buf_string(&out) : "(wrong)");
	buf_free(&out);
	return text;
}

Test(superctl_http, decodes_paths)
{
	struct http_request request = http_parse("GET /a%20b?x=1 HTTP/1.1\r\n\r\n", 27, NULL);

	cr_assert_str_eq(decoded("a%2Fb%c3%A9"), "a/b\xc3\xa9");
	cr_assert_str_eq(decoded("a+b"), "a+b");
	cr_assert_str_eq(decoded("%"), "(wrong)");
	cr_assert_str_eq(decoded("%4"), "(wrong)");
	cr_assert_str_eq(decoded("%4g"), "(wrong)");
	cr_assert_str_eq(decoded("%00"), "(wrong)");
	cr_assert_str_eq(decoded("%0a"), "(wrong)");
	cr_assert_eq(request.status, 200);
	cr_assert_eq(request.path.length, 6);
}

Test(superctl_html, escapes_what_means_something)
{
	struct buf out = { 0 };

	html_add(&out, "<a href=\"x\">&'\0\x1b\xff", 17);
	cr_assert_str_eq(buf_string(&out), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\\x00\\x1b\\xff");
	buf_clear(&out);
	html_url(&out, "a-b_c.d~E9/?#%<\"\xc3");
	cr_assert_str_eq(buf_string(&out), "a-b_c.d~E9%2F%3F%23%25%3C%22%C3");
	buf_free(&out);
}

Test(superctl_http, a_head_ends_in_an_empty_line)
{
	cr_assert(http_is_whole("GET / HTTP/1.1\r\n\r\n", 18));
	cr_assert(http_is_whole("GET / HTTP/1.1\n\n", 16));
	cr_assert_not(http_is_whole("GET / HTTP/1.1\r\n\r", 17));
	cr_assert_not(http_is_whole("", 0));
}

Test(superctl_verbs, what_others_call_it_is_known)
{
	for (size_t i = 0; i < verb_count; i++) {
		cr_assert_eq(verb_find(verbs[i].name), &verbs[i]);
		cr_assert_neq(!verbs[i].run, verbs[i].names != NAMES_VERBS);
	}
	cr_assert_str_eq(verb_hint("daemon-reload"), "reload");
	cr_assert_str_eq(verb_hint("relaod"), "reload");
	cr_assert_null(verb_hint("xyzzy"));
}

/* The words of an enum, such as the states of a service, as the control socket's schema has them. */
static json_t *known_words(const char *definition, json_t **schema)
{
	char path[512];
	json_t *states;

	snprintf(path, sizeof(path), "%s/contrib/doc/superd-control.schema.json", getenv("SRCDIR"));
	*schema = json_load_file(path, 0, NULL);
	states = json_object_get(json_object_get(json_object_get(*schema, "definitions"), definition), "enum");
	cr_assert_gt(json_array_size(states), 0, "%s", path);
	return states;
}

static size_t count_of(const char *in, const char *what)
{
	size_t count = 0;

	for (const char *at = in; (at = strstr(at, what)); at++)
		count++;
	return count;
}

Test(superctl_states, each_is_shown_and_counted)
{
	json_t *schema, *states = known_words("state", &schema);

	for (size_t i = 0; i < json_array_size(states); i++) {
		const char *state = json_string_value(json_array_get(states, i));
		json_t *lines = json_pack("[{s:s,s:s}]", "service", "web", "state", state);
		struct buf out = { 0 };

		metrics_compose(&out, lines);
		snprintf(text, sizeof(text), "{service=\"web\",superd_service_state=\"%s\"} 1\n", state);
		cr_expect_not_null(strstr(buf_string(&out), text), "%s has no sample", state);
		cr_expect_eq(count_of(buf_string(&out), ",superd_service_state="), json_array_size(states));
		cr_expect_str_neq(state_word_of(json_array_get(lines, 0))->word, "", "%s", state);
		cr_expect_eq(state_word_of(json_array_get(lines, 0))->style == STYLE_DIM, !strcmp(state, "off"),
			     "%s has no mark", state);
		buf_free(&out);
		json_decref(lines);
	}
	json_decref(schema);
}

/* What status' exit status says. */
Test(superctl_states, each_serves_or_does_not)
{
	static const char resting[] = " off binding closing backoff held skipped leaving condition ";
	json_t *schema, *states = known_words("state", &schema);

	for (size_t i = 0; i < json_array_size(states); i++) {
		const char *state = json_string_value(json_array_get(states, i));
		json_t *service = json_pack("{s:s}", "state", state);

		snprintf(text, sizeof(text), " %s ", state);
		cr_expect_eq(state_word_is_active(service), !strstr(resting, text), "%s", state);
		json_decref(service);
	}
	json_decref(schema);
}
