/* superctl against a superd that says what is written down here: what a person sees, what a program gets, and how it
 * ends. What the real one answers is test_superctl_real's. */
#include "recorded.h"
#include "superctl.h"

#define WEB \
	"{\"service\":\"web\",\"state\":\"running\",\"since\":1000000000.5,\"for\":195.25,\"held\":false,\"enabled\":" \
	"true," \
	"\"source\":\"/etc/superd.conf:12\",\"accept\":false,\"type\":\"notify\",\"exec\":[\"/usr/sbin/webd\",\"a " \
	"b\"]," \
	"\"listeners\":[{\"endpoint\":\"tcp:80\",\"name\":\"http\",\"open\":true,\"queue\":3,\"queue_limit\":128}," \
	"{\"endpoint\":\"/run/web.sock\",\"name\":\"admin\",\"open\":true,\"queue\":null,\"queue_limit\":null}]," \
	"\"instances\":[{\"pid\":4711,\"state\":\"running\",\"since\":1000000100,\"age\":95.75,\"memory\":12345678," \
	"\"cpu\":1.25,\"peer\":null,\"says\":\"serving\\u001b[31m 7\"}]," \
	"\"memory\":12345678,\"cpu\":1.25," \
	"\"activations\":17,\"accepted\":0,\"failures\":2,\"refused\":{\"only_from\":3,\"cps\":0}," \
	"\"last_activation\":{\"at\":1000000100,\"by\":\"192.0.2.7\",\"wait\":0.5,\"latency\":0.50321}," \
	"\"last_exit\":{\"at\":1000000050,\"status\":null,\"signal\":\"KILL\",\"result\":\"killed\",\"lasted\":12.5}," \
	"\"pause\":null,\"idle\":{\"timeout\":300,\"action\":\"stop\",\"connections\":2,\"peers\":\"10.0.0.5, " \
	"10.0.0.9\",\"for\":null}," \
	"\"latency\":{\"count\":17,\"sum\":0.1,\"buckets\":[[0.001,1],[0.01,9],[1,17]]}," \
	"\"log\":[{\"at\":1000000100,\"level\":\"info\",\"text\":\"started, pid 4711\"}]}\n"
#define BROKEN \
	"{\"service\":\"db\\\\\\\"\",\"state\":\"backoff\",\"since\":1000000000,\"for\":5,\"held\":false,\"enabled\":" \
	"true," \
	"\"source\":null,\"accept\":false,\"type\":\"simple\",\"exec\":[\"/bin/" \
	"false\"],\"listeners\":[],\"instances\":[]," \
	"\"activations\":4,\"accepted\":0,\"failures\":4,\"refused\":{},\"last_activation\":null,\"last_exit\":null," \
	"\"pause\":{\"reason\":\"it failed\",\"left\":12.5},\"idle\":null,\"latency\":null,\"log\":[]}\n"
#define SHORT \
	"{\"service\":\"web\",\"state\":\"running\",\"for\":195,\"listeners\":[{\"endpoint\":\"tcp:80\",\"queue\":3}," \
	"{\"endpoint\":\"/run/web.sock\",\"queue\":null}],\"instances\":1,\"activations\":17,\"exec\":[\"/usr/sbin/" \
	"webd\"]}\n" \
	"{\"service\":\"a-much-longer-name\",\"state\":\"listening\",\"for\":5,\"listeners\":[],\"instances\":0," \
	"\"activations\":0,\"exec\":[\"/bin/cat\"]}\n"

#define AT_WORK(name, state) \
	"{\"service\":\"" name "\",\"state\":\"" state "\",\"for\":5,\"listeners\":[],\"instances\":2," \
	"\"activations\":2,\"exec\":[]}\n"

/* The answers of one test, gone with it. */
static struct outcome asked(const char *verb, const char *answer, const char *const *arguments)
{
	const struct recording recordings[] = { { verb, answer }, { 0 } };
	struct recorded recorded = recorded_run(RECORDED_GREETING, recordings);
	struct outcome outcome = superctl_answer(recorded.path, arguments);

	recorded_stop(&recorded);
	return outcome;
}

#define ASKED(verb, answer, ...) asked(verb, answer, (const char *const[]){ __VA_ARGS__, NULL })

static void expect(const char *text, const char *part)
{
	cr_assert_not_null(strstr(text, part), "there is no \"%s\" in:\n%s", part, text);
}

Behaviour(superctl, prints_its_help_where_it_is_asked_for_nothing)
{
	struct outcome help = SUPERCTL("/nowhere", "--help"), verb = SUPERCTL("/nowhere", "help"),
		       bare = SUPERCTL("/nowhere", NULL);

	expect(help.out, "usage: superctl ");
	cr_assert(verb.status == 0 && !strcmp(verb.out, help.out) && !*verb.err, "%s%s", verb.out, verb.err);
	cr_assert(bare.status == 2 && !strcmp(bare.out, help.out) && !*bare.err, "%s%s", bare.out, bare.err);
}

Behaviour(superctl, helps_with_single_verbs)
{
	struct outcome outcome = SUPERCTL("/nowhere", "help", "log", "version");

	cr_assert_eq(outcome.status, 0);
	expect(outcome.out,
	       "usage: superctl [OPTION]... log [NAME]...\n\nprint the last log lines of services; -f follows\n");
	expect(outcome.out, " log: the number of lines (10)\n");
	expect(outcome.out, "-f, --follow");
	expect(outcome.out, "\n\nusage: superctl [OPTION]... version\n\nprint the versions of superctl and superd, and "
			    "whether a guard runs\n");
	cr_expect_null(strstr(outcome.out, "--sort"), "%s", outcome.out);
	cr_expect_null(strstr(outcome.out, "--control"), "%s", outcome.out);
	expect(SUPERCTL("/nowhere", "help", "help").out, "help [VERB]...\n");
	expect(SUPERCTL("/nowhere", "help", "signal").out, "signal NAME... SIGNAL\n\nsend");
	outcome = SUPERCTL("/nowhere", "help", "list", "lgo");
	cr_assert_eq(outcome.status, 2);
	cr_expect_str_eq(outcome.out, "");
	expect(outcome.err, "superctl: 'lgo': there is no such verb: did you mean 'log'?\n");
	cr_expect_eq(SUPERCTL("/nowhere", "help", "--no-wait", "stop").status, 2);
}

Behaviour(superctl, knows_which_verb_and_option_were_meant)
{
	struct outcome outcome = SUPERCTL("/nowhere", "stauts");

	cr_assert_eq(outcome.status, 2);
	expect(outcome.err, "superctl: 'stauts': there is no such verb: did you mean 'status'?\n");
	expect(SUPERCTL("/nowhere", "daemon-reload").err, "did you mean 'reload'?");
	outcome = SUPERCTL("/nowhere", "run", "web");
	cr_assert_eq(outcome.status, 2);
	expect(outcome.err, "superctl: 'run': there is no such verb: did you mean 'start'?");
	expect(SUPERCTL("/nowhere", "help", "timeline").err, "did you mean 'history'?");
	expect(SUPERCTL("/nowhere", "--jsn", "list").err, "did you mean '--json'?");
	outcome = SUPERCTL("/nowhere", "stop");
	cr_assert_eq(outcome.status, 2);
	expect(outcome.err, "superctl stop '*'");
	outcome = SUPERCTL("/nowhere", "stop", "--names", "web");
	cr_assert_eq(outcome.status, 2);
	expect(outcome.err, "--names does not go with stop; it is for list");
	cr_assert_eq(SUPERCTL("/nowhere", "stop", "a\nshutdown").status, 2);
	cr_assert_eq(SUPERCTL("/nowhere", "--json").status, 2);
	cr_assert_eq(SUPERCTL("/nowhere", "--help").status, 0);
}

Behaviour(superctl, says_what_is_not_there)
{
	const struct recording none[] = { { 0 } };
	struct recorded recorded = recorded_run("220 mail.example ESMTP\n", none);
	struct outcome outcome = SUPERCTL(recorded.path, "list");

	cr_assert_eq(outcome.status, 4);
	expect(outcome.err, "it is no superd that answers there");
	recorded_stop(&recorded);
	outcome = SUPERCTL(recorded.path, "list");
	cr_assert_eq(outcome.status, 4);
	expect(outcome.err, "Connection refused: nothing listens there");
	outcome = SUPERCTL(path_in("nothing"), "list");
	cr_assert_eq(outcome.status, 4);
	expect(outcome.err, "No such file or directory: "
			    "superd does not run, or was started with another --control");
	recorded = recorded_run("{\"superd\":\"10\",\"protocol\":3,\"pid\":1}\n", none);
	outcome = SUPERCTL(recorded.path, "list");
	cr_assert_eq(outcome.status, 1);
	expect(outcome.err, "speaks another protocol");
	recorded_stop(&recorded);
	recorded = recorded_run("{\"error\":\"uid 7 may not\",\"code\":\"denied\"}\n", none);
	outcome = SUPERCTL(recorded.path, "list");
	cr_assert_eq(outcome.status, 1);
	cr_assert_str_eq(outcome.err, "superctl: uid 7 may not\n");
	recorded_stop(&recorded);
}

Behaviour(superctl, says_what_superd_refused)
{
	struct outcome outcome = ASKED("status",
				       "{\"error\":\"webb: there is no such service\",\"code\":\"unknown\","
				       "\"hint\":\"did you mean 'web'?\"}\n",
				       "status", "webb");

	cr_assert_eq(outcome.status, 1);
	cr_assert_str_eq(outcome.err, "superctl: webb: there is no such service: did you mean 'web'?\n");
	cr_assert_eq(ASKED("nothing", "", "status", "web").status, 2);
	outcome = ASKED("status", WEB, "list");
	cr_assert_eq(outcome.status, 2);
	outcome = ASKED("list", "", "list");
	cr_assert_eq(outcome.status, 1);
	expect(outcome.err, "closed the connection before the end of its answer");
	outcome = ASKED("list", "<html>\n", "list");
	cr_assert_eq(outcome.status, 1);
	expect(outcome.err, "a line that is not a JSON object");
}

Behaviour(superctl, status_tells_all_of_a_service)
{
	struct outcome outcome = ASKED("status web", WEB RECORDED_DONE, "status", "web");
	static const char *const lines[] = {
		" web - /usr/sbin/webd 'a b'\n",
		"Configuration: /etc/superd.conf:12; enabled; type notify, one instance for all\n",
		"State: awake since ",
		"; 3 min 15 s ago\n",
		"Listen: tcp:80 (http), 3 waiting of at most 128\n",
		"               /run/web.sock (admin)\n",
		"4711  running  1 min 35 s   11.8M  1.3 s  serving\\x1b[31m 7\n",
		"Started: 17 times, 2 of them failed, ready after 5.9 ms on average\n",
		") by 192.0.2.7, 500 ms after it was wanted, ready after 3.2 ms\n",
		") with signal KILL (killed), after 12 s\n",
		"Refused: 3 for only_from\n",
		"Idle: 2 clients (10.0.0.5, 10.0.0.9); it sleeps 5 min after the last one leaves\n",
		" started, pid 4711\n",
	};

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect(outcome.out, lines[i]);
	cr_assert_null(strchr(outcome.out, '\033'), "a file has no colours, and a terminal is not obeyed");
	expect(ASKED("status web", WEB RECORDED_DONE, "--color=always", "status", "web").out, "\033[1mweb\033[0m");
}

Behaviour(superctl, status_is_3_for_what_would_serve_nobody)
{
	struct outcome outcome = ASKED("status", WEB BROKEN RECORDED_DONE, "status", "*");

	cr_assert_eq(outcome.status, 3);
	expect(outcome.out, "Pause: it failed; it tries again in 12 s\n");
	cr_assert_eq(ASKED("status", BROKEN RECORDED_DONE, "--json", "status", "db").status, 3);
	cr_assert_eq(ASKED("status", WEB RECORDED_DONE, "--json", "status", "web").status, 0);
}

Behaviour(superctl, list_has_columns_and_names_alone)
{
	struct outcome outcome = ASKED("list", SHORT RECORDED_DONE, "status");

	cr_assert_eq(outcome.status, 0);
	expect(outcome.out,
	       "SERVICE             STATE   LISTENS ON            LAST USED         FOR  QUEUE  INST  STARTS  "
	       "COMMAND\n");
	expect(outcome.out, "awake   tcp:80 /run/web.sock             3 min 15 s      3     1      17  "
			    "/usr/sbin/webd\n");
	expect(outcome.out, "a-much-longer-name  asleep                            never         5 s  ");
	expect(outcome.out, "\n2 services: 1 asleep, 1 awake\n");
	cr_assert_str_eq(ASKED("list", SHORT RECORDED_DONE, "list", "--names").out, "web\na-much-longer-name\n");
	expect(ASKED("list", RECORDED_DONE, "list").out, "superd has no services\n");
	outcome = ASKED("list", AT_WORK("each", "listening") AT_WORK("most", "full") RECORDED_DONE, "list");
	expect(outcome.out, strstr(outcome.out, "●") ? "●  each     awake" : "*  each     awake");
	expect(outcome.out, strstr(outcome.out, "●") ? "●  most     full" : "*  most     full");
}

#define LISTED(name, state, starts, memory, used, more) \
	"{\"service\":\"" name "\",\"state\":\"" state "\",\"since\":1000,\"for\":500,\"listeners\":[{\"endpoint\":" \
	"\"tcp:127.0.0.1:8001\",\"queue\":0}],\"instances\":0,\"activations\":" starts ",\"exec\":[\"/usr/bin/" name \
	"\",\"--serve\",\"--port=8001\"],\"memory\":" memory ",\"cpu\":null,\"last_used\":" used more "}\n"
#define HOUSE \
	LISTED("photos", "frozen", "3", "104857600", "1200", "") \
	LISTED("wiki", "listening", "2", "null", "900.5", "") \
	LISTED("never", "listening", "0", "null", "null", "") \
	LISTED("broken", "backoff", "9", "null", "null", ",\"pause\":{\"failed\":true,\"reason\":\"\",\"left\":12.4}") \
	LISTED("taken", "binding", "0", "null", "null", ",\"pause\":{\"failed\":true,\"reason\":\"\",\"left\":5}") \
	LISTED("mail", "running", "1", "58720256", "1500", ",\"held\":true") RECORDED_DONE

Behaviour(superctl, list_has_the_words_of_people_and_totals)
{
	static const char *const lines[] = {
		"  photos   frozen                  tcp:127.0.0.1:8001  100.0M       5 min  8 min 20 s ",
		"  wiki     asleep                  tcp:127.0.0.1:8001          9 min 59 s ",
		"  never    asleep                  tcp:127.0.0.1:8001               never ",
		"  broken   failing, retry in 12 s ",
		"  taken    no port, retry in 5 s ",
		"  mail     awake, held             tcp:127.0.0.1:8001   56.0M         now ",
		"\n6 services: 2 asleep, 1 frozen (100.0M), 1 awake (56.0M), 1 failing, 1 no port\n",
	};
	struct outcome outcome = ASKED("list", HOUSE, "list");

	for (size_t n = 0; n < sizeof(lines) / sizeof(*lines); n++)
		expect(outcome.out, lines[n]);
	cr_expect_null(strstr(outcome.out, "QUEUE"), "an empty column:\n%s", outcome.out);
	cr_expect_str_eq(ASKED("list", HOUSE, "list", "--names", "--asleep").out, "photos\nwiki\nnever\n");
	cr_expect_str_eq(ASKED("list", HOUSE, "list", "--names", "--awake").out, "mail\n");
	cr_expect_str_eq(ASKED("list", RECORDED_DONE, "list", "--awake").out, "no service is awake\n");
	cr_expect_str_eq(ASKED("list", HOUSE, "list", "--names", "--sort=memory").out,
			 "photos\nmail\nbroken\nnever\ntaken\nwiki\n");
	cr_expect_str_eq(ASKED("list", HOUSE, "list", "--names", "--sort=used").out,
			 "mail\nphotos\nwiki\nbroken\nnever\ntaken\n");
	cr_expect_str_eq(ASKED("list", HOUSE, "list", "--names", "--sort=state").out,
			 "never\nwiki\nphotos\nmail\nbroken\ntaken\n");
	cr_expect_str_eq(ASKED("list", HOUSE, "list", "--names", "--sort=name", "--awake", "--asleep").out,
			 "mail\nnever\nphotos\nwiki\n");
	outcome = ASKED("list", HOUSE, "--json", "list", "--asleep");
	cr_expect_eq(outcome.status, 2);
	expect(outcome.err, "--json prints the answer of superd as it is");
}

/* The end of a good answer is no service, for which a filter such as jq would take it; an error is printed. */
Behaviour(superctl, json_is_what_superd_sent)
{
	struct outcome outcome = ASKED("status", WEB BROKEN RECORDED_DONE, "--json", "status", "*");

	cr_assert_str_eq(outcome.out, WEB BROKEN);
	outcome = ASKED("list", "{\"error\":\"no\",\"code\":\"busy\"}\n", "list", "--json");
	cr_assert_str_eq(outcome.out, "{\"error\":\"no\",\"code\":\"busy\"}\n");
	cr_assert_eq(outcome.status, 1);
	outcome = ASKED("shutdown", RECORDED_DONE, "--json", "--no-wait", "shutdown");
	cr_assert_str_eq(outcome.out, "");
	cr_assert_eq(outcome.status, 0);
	outcome = ASKED("stop", "{\"service\":\"web\",\"ok\":true}\n" RECORDED_DONE, "--json", "stop", "web");
	cr_assert_str_eq(outcome.out, "{\"service\":\"web\",\"ok\":true}\n");
}

/* A line about web; ' stands for ". */
static const char *line_with(const char *members)
{
	char *line = (char *)(size_t)text_of("{'service':'web',%s}\n%s", members, RECORDED_DONE);

	for (char *at = line; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	return line;
}

Behaviour(superctl, explains_a_state_with_one_time)
{
	static const struct {
		const char *line, *said;
	} lines[] = {
		{ "'state':'off','enabled':false,'since':99.9,'for':0.5,'locks':[{'lock':'disabled','uid':0,'since':"
		  "99.8}]",
		  "disabled 600 ms ago by an operator (uid 0): superctl enable opens its sockets" },
		{ "'state':'off','enabled':false,'since':95,'for':5",
		  "disabled for 5 s: superctl enable opens its sockets" },
		{ "'state':'held','since':95,'for':5,'drains':true,'locks':[{'lock':'held','uid':7,'since':40}]",
		  "held for 5 s: it drains: clients queue until its instances have ended" },
		{ "'state':'running','since':95,'for':5,'instances':[{'pid':9,'current':true,'binds':["
		  "{'asked':'tcp:80','endpoint':'tcp:80'},{'asked':'tcp:81','endpoint':'tcp:81'},"
		  "{'asked':'tcp:[::]:3000','endpoint':'tcp:3000'},{'asked':'tcp:82','endpoint':'tcp:82'}]}]",
		  "awake for 5 s: pid 9 runs, and has no socket to serve\n  it has bound tcp:80, tcp:81; it asked for "
		  "tcp:[::]:3000 and got superd's socket tcp:3000; it has bound tcp:82" },
		{ "'state':'running','since':95,'for':5,'instances':[{'pid':9,'current':true}],'idle':{'standing':"
		  "'unused','timeout':5,'action':'freeze','connections':0,'counted':0,'for':0.3}",
		  "awake for 5 s: pid 9 runs, and has no socket to serve\n  no clients for 300 ms; superd will freeze "
		  "it in 4.7 s" },
	};

	for (size_t n = 0; n < sizeof(lines) / sizeof(*lines); n++) {
		struct outcome outcome = ASKED("status web", line_with(lines[n].line), "why", "web");

		cr_expect_str_eq(outcome.out, text_of("web: %s\n", lines[n].said));
	}
}

Behaviour(superctl, acts_and_says_what_failed)
{
	static const struct recording recordings[] = {
		{ "stop",
		  "{\"service\":\"web\",\"ok\":true,\"state\":\"listening\",\"message\":\"stopped\"}\n"
		  "{\"service\":\"db\",\"ok\":false,\"state\":\"held\",\"message\":\"it is held\"}\n" RECORDED_DONE },
		{ "hold", "{\"service\":\"web\",\"ok\":true,\"state\":\"held\",\"message\":\"\"}\n" RECORDED_DONE },
		{ "shutdown", "" },
		{ 0 }
	};
	struct recorded recorded = recorded_run(RECORDED_GREETING, recordings);
	struct outcome outcome = SUPERCTL(recorded.path, "stop", "--timeout=1min", "--no-wait", "web", "d b");

	cr_assert_eq(outcome.status, 1);
	cr_assert_str_eq(outcome.out, "web: stopped\n");
	cr_assert_str_eq(outcome.err, "db: it is held\n");
	outcome = SUPERCTL(recorded.path, "hold", "web", "--timeout=1500ms");
	cr_assert_eq(outcome.status, 0);
	cr_assert_str_eq(outcome.out, "web: held\n");
	cr_assert_eq(SUPERCTL(recorded.path, "shutdown").status, 0, "a superd that has ended has done it");
	cr_assert_str_eq(read_text(recorded.requests),
			 "stop --no-wait --timeout=60 web 'd b'\n"
			 "hold --timeout=1.500000 web\nshutdown\n");
	recorded_stop(&recorded);
}

/* A file system or server that does not answer may hold the reading for ever. */
Behaviour(superctl, reload_waits_for_a_minute_unless_it_is_told_otherwise)
{
	const struct recording recordings[] = { { "reload", RECORDED_DONE }, { 0 } };
	struct recorded recorded = recorded_run(RECORDED_GREETING, recordings);

	SUPERCTL(recorded.path, "reload");
	SUPERCTL(recorded.path, "--timeout", "5min", "reload");
	SUPERCTL(recorded.path, "--timeout", "infinity", "reload");
	SUPERCTL(recorded.path, "--no-wait", "reload");
	SUPERCTL(recorded.path, "reload", "web");
	cr_assert_str_eq(read_text(recorded.requests), "reload --timeout=60\nreload --timeout=300\nreload\n"
						       "reload --no-wait\nreload web\n");
	recorded_stop(&recorded);
}

Behaviour(superctl, reload_names_the_place_of_a_mistake)
{
	struct outcome outcome =
		ASKED("reload",
		      "{\"diagnostic\":\"unknown option 'lisen'\",\"file\":\"/etc/superd.conf\",\"line\":3,"
		      "\"column\":5,\"severity\":\"error\",\"hint\":\"did you mean 'listen'?\"}\n"
		      "{\"error\":\"not reloaded\",\"code\":\"failed\"}\n",
		      "reload");

	cr_assert_eq(outcome.status, 1);
	cr_assert_str_eq(outcome.err,
			 "/etc/superd.conf:3:5: error: unknown option 'lisen'\n"
			 "  hint: did you mean 'listen'?\nsuperctl: not reloaded\n");
	outcome = ASKED("reload",
			"{\"service\":\"web\",\"result\":\"added\"}\n{\"service\":\"db\",\"result\":\"failed\","
			"\"message\":\"tcp:1: in use\"}\n{\"unchanged\":40}\n" RECORDED_DONE,
			"reload");
	cr_assert_eq(outcome.status, 1);
	cr_assert_str_eq(outcome.out, "web: added\n40 unchanged\n");
	cr_assert_str_eq(outcome.err, "db: failed: tcp:1: in use\n");
}

#define NOTE_TOLD "{\"diagnostic\":\"runs as root\",\"severity\":\"note\"}\n"
#define WARNING_TOLD "{\"diagnostic\":\"nobody listens\",\"severity\":\"warning\"}\n"

/* A reload comes often, and its notes are the same each time. */
Behaviour(superctl, notes_are_for_a_look_before_the_reload)
{
	struct outcome reloaded = ASKED("reload", NOTE_TOLD WARNING_TOLD "{\"unchanged\":1}\n" RECORDED_DONE, "reload"),
		       looked = ASKED("diff", NOTE_TOLD WARNING_TOLD RECORDED_DONE, "diff");

	cr_expect_str_eq(reloaded.err, "warning: nobody listens\n");
	cr_expect_str_eq(looked.err, "note: runs as root\nwarning: nobody listens\n");
}

Behaviour(superctl, health_is_a_line_for_each_reason_whatever_comes)
{
	struct outcome outcome = ASKED("health", "{\"healthy\":true,\"reasons\":[]}\n" RECORDED_DONE, "health");

	cr_assert_eq(outcome.status, 0);
	cr_assert_str_eq(outcome.out, "healthy\n");
	outcome = ASKED("health",
			"{\"healthy\":false,\"faults\":2,\"reasons\":[\"web: a\\nb\",\"c\"]}\n" RECORDED_DONE,
			"health");
	cr_assert_eq(outcome.status, 3);
	cr_assert_str_eq(outcome.out, "unhealthy: 2 faults\nweb: a\\x0ab\nc\n");
	outcome = ASKED("health", "{\"healthy\":false,\"reasons\":[\"web: a\\nb\"]}\n" RECORDED_DONE, "health");
	cr_assert_str_eq(outcome.out, "unhealthy: web: a\\x0ab\n");
	outcome = ASKED("health",
			"{\"healthy\":false,\"faults\":8,\"reasons\":[\"web: a\",\"and 7 more\"]}\n" RECORDED_DONE,
			"health");
	cr_assert_str_eq(outcome.out, "unhealthy: 8 faults\nweb: a\nand 7 more\n");
	outcome = SUPERCTL(path_in("nothing"), "health");
	cr_assert_eq(outcome.status, 4);
	expect(outcome.out, "unhealthy: cannot reach superd at ");
}

/* It waits for 5 s. */
Behaviour(superctl, health_is_told_where_superd_does_not_answer)
{
	static const struct recording silence[] = { { "health", NULL }, { 0 } };
	struct recorded recorded = recorded_run(RECORDED_GREETING, silence);
	struct program program = SUPERCTL_BEGIN(true, recorded.path, "health");
	struct outcome outcome;

	WAIT_UNTIL(count_lines(recorded.requests) == 1);
	for (int n = 0; n < 10 && process_lives(program.pid); n++) {
		WAIT_UNTIL(clock_has_waiter(program.pid) || !process_lives(program.pid));
		cr_assert(n > 0 || process_lives(program.pid));
		clock_move(SECOND_MS);
	}
	outcome = program_end(&program);
	cr_assert_eq(outcome.status, 1);
	expect(outcome.out, "unhealthy: superd at ");
	recorded_stop(&recorded);
}

Behaviour(superctl, events_and_reasons_are_shown_as_text)
{
	struct outcome outcome = ASKED("log --lines=0 --follow --level=warning 'a b'",
				       "{\"at\":1000000000,\"level\":\"warning\",\"event\":\"x\",\"service\":\"a "
				       "b\",\"message\":\"m\\u0007\"}\n" RECORDED_DONE,
				       "events", "a b", "--level=warning");

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	expect(outcome.out, " a b: m\\x07\n");
	outcome = ASKED("status web",
			"{\"service\":\"web\",\"state\":\"held\",\"since\":95,\"for\":5,\"locks\":[{\"lock\":\"held\","
			"\"uid\":7,\"since\":40}],\"listeners\":[{\"open\":true,\"queue\":2,"
			"\"queue_limit\":9,\"parked\":1}]}\n" RECORDED_DONE, "why", "web");
	cr_assert_str_eq(outcome.out, "web: held 1 min ago by an operator (uid 7): clients queue until superctl "
				      "release\n  3 clients wait in its queue\n");
	outcome = ASKED("status web",
			"{\"service\":\"web\",\"state\":\"listening\",\"activations\":1,\"since\":95,\"for\":5,"
			"\"listeners\":[{\"open\":true}]}\n" RECORDED_DONE, "why", "web");
	cr_assert_str_eq(outcome.out, "web: asleep for 5 s: nothing runs: the next client starts it\n");
	outcome = ASKED("show",
			"{\"service\":\"web\",\"options\":{},\"sources\":{},"
			"\"text\":\"# /t:1\\nservice web {\\n\\t# /t:2\\n\\tnice = 5\\u0007\\n}\\n\"}\n" RECORDED_DONE,
			"show", "web");
	cr_assert_str_eq(outcome.out, "# /t:1\nservice web {\n\t# /t:2\n\tnice = 5\\x07\n}\n");
}

Behaviour(superctl, metrics_are_read_by_prometheus)
{
	static const char *const samples[] = {
		"superd_info{version=\"9.9\"} 1",
		"superd_start_time_seconds{} 1000000000.5\n",
		"superd_cpu_seconds_total{} 0.25\n",
		"superd_log_dropped_total{} 12.0\n",
		"superd_service_state{service=\"web\",superd_service_state=\"running\"} 1",
		"superd_service_state{service=\"web\",superd_service_state=\"held\"} 0",
		"superd_service_activations_total{service=\"web\"} 17",
		"superd_service_refused_total{reason=\"only_from\",service=\"web\"} 3",
		"superd_service_memory_bytes{service=\"web\"} 12345678",
		"superd_listener_queue{endpoint=\"tcp:80\",service=\"web\",socket=\"0\"} 3",
		"superd_service_activation_latency_seconds_bucket{le=\"1.0\",service=\"web\"} 17",
		"superd_service_activation_latency_seconds_bucket{le=\"+Inf\",service=\"web\"} 17",
		"superd_service_activation_latency_seconds_count{service=\"web\"} 17",
		"superd_service_failures_total{service=\"db\\\"\"} 4",
		"superd_service_pause_seconds{service=\"db\\\"\"} 12.5",
	};

	struct outcome outcome = ASKED("metrics",
				       "{\"superd\":{\"started\":1000000000.5,\"memory\":1048576,\"cpu\":0.25,"
				       "\"log_dropped\":12}}\n" WEB BROKEN RECORDED_DONE,
				       "metrics");
	const char *read;

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	read = metrics_read(outcome.out);
	if (!read)
		cr_skip_test("python3 has no prometheus_client (Debian: python3-prometheus-client)");
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		expect(read, samples[i]);
}
