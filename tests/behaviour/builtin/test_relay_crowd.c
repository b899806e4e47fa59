/* Ten thousand connections through one relay at once: each gets its own bytes back, superd answers meanwhile, and when
 * all have gone the relay has given back what it had for them. A relay needs two descriptors for each. */
#include <sys/resource.h>

#include "controlling.h"
#include "superctl.h"

enum {
	CROWD = 10000,
	CROWD_LEAST = 9000,
	RELAY_DESCRIPTORS = 100,        /* of a relay beside its connections */
	TEST_DESCRIPTORS = 1000,        /* of this test beside its clients */
	KIB_MOST = 8,                   /* memory of the relay for each connection */
};

/* An echo server for as many connections as there may be. */
static const char *server_script(void)
{
	return write_file("echo.py", "%s",
			  "import resource, selectors, socket, sys\n"
			  "most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
			  "resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))\n"
			  "listener = socket.socket()\n"
			  "listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
			  "listener.bind(('127.0.0.1', int(sys.argv[1])))\n"
			  "listener.listen(4096)\n"
			  "selector = selectors.EpollSelector()\n"
			  "selector.register(listener, selectors.EVENT_READ)\n"
			  "while True:\n"
			  "    for key, _ in selector.select():\n"
			  "        if key.fileobj is listener:\n"
			  "            selector.register(listener.accept()[0], selectors.EVENT_READ)\n"
			  "            continue\n"
			  "        got = key.fileobj.recv(65536)\n"
			  "        if got:\n"
			  "            key.fileobj.sendall(got)\n"
			  "        else:\n"
			  "            selector.unregister(key.fileobj)\n"
			  "            key.fileobj.close()\n");
}

/* How many connections a relay may have here. */
static size_t raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max < TEST_DESCRIPTORS)
		return 0;
	if (limit.rlim_max >= 2 * CROWD + RELAY_DESCRIPTORS)
		return CROWD;
	return (size_t)(limit.rlim_max - RELAY_DESCRIPTORS) / 2;
}

static unsigned long number_behind(const char *text, const char *name)
{
	const char *at = text ? strstr(text, name) : NULL;

	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static unsigned long relay_fact(const char *name)
{
	return number_behind(strstr(control_once("status app"), "\"relay\":"), name);
}

static unsigned long memory_kib(pid_t pid)
{
	return number_behind(read_text(text_of("/proc/%d/status", (int)pid)), "VmRSS:");
}

static void expect_answer(int client, size_t number)
{
	cr_assert_str_eq(client_line(client), text_of("I am %zu", number));
}

static void say_all(const int *clients, size_t count)
{
	for (size_t n = 0; n < count; n++)
		client_send(clients[n], text_of("I am %zu\n", n));
	for (size_t n = 0; n < count; n++)
		expect_answer(clients[n], n);
}

Behaviour(relay_crowd, ten_thousand_have_one_relay)
{
	static int clients[CROWD];
	size_t crowd = raise_limit(), descriptors;
	const char *python = find_program("python3-minimal", "python3");
	unsigned long memory, each;
	struct superd *superd;
	int target, port;
	pid_t relay;

	SKIP_WITHOUT(python && !running_sanitized(), "needs python3, and superd without sanitizers");
	SKIP_WITHOUT(crowd >= CROWD_LEAST, "a relay may not have 20000 descriptors here (ulimit -Hn)");
	target = free_port();
	superd = controlled_run("service app {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n exec = \"%s %s %d\"\n"
				" redirect = \"127.0.0.1 %d\"\n}\n",
				own_user(), python, server_script(), target, target);
	port = superd_port(superd, "app");
	cr_assert_str_eq(client_ask(port, "first\n"), "first");
	WAIT_UNTIL(relay_fact("\"connections\":") == 0);
	relay = (pid_t)relay_fact("\"pid\":");
	descriptors = process_fd_count(relay);
	memory = memory_kib(relay);

	for (size_t n = 0; n < crowd; n++)
		clients[n] = client_connect(port);
	say_all(clients, crowd);
	WAIT_UNTIL(relay_fact("\"connections\":") == crowd);
	/* They stay until this test lets them go, so whoever waited for them would not answer. */
	cr_assert(strstr(why_of("app"), text_of("relaying %zu clients", crowd)));
	each = (memory_kib(relay) - memory) * 1024 / crowd;
	cr_log_info("%zu connections, each %lu bytes of the relay\n", crowd, each);
	cr_expect_lt(each, KIB_MOST * 1024);
	say_all(clients, crowd);

	for (size_t n = 0; n < crowd; n++)
		close(clients[n]);
	WAIT_UNTIL(relay_fact("\"connections\":") == 0);
	WAIT_UNTIL(process_fd_count(relay) == descriptors);
	cr_log_info("%lu KiB of memory before them, %lu KiB behind them\n", memory, memory_kib(relay));
	cr_assert_str_eq(client_ask(port, "last\n"), "last");
	cr_expect_eq(relay_fact("\"pid\":"), (unsigned long)relay);
}
