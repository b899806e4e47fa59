/* Real servers that can't end by themselves: each is started by a client, left alone as long as one is connected, ended
 * once nobody is, and started again. One that is not installed is skipped. */
#include "harness.h"

#define QUESTION "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

/* A connection that stays open behind its answer. */
static int connect_and_ask(int port)
{
	int client = client_connect(port);

	client_send(client, QUESTION);
	while (*client_line(client) != '\r')
		;
	return client;
}

/* Several times the five minutes. n: of its stops before. */
static void expect_awake(struct superd *superd, size_t n)
{
	for (int step = 0; step < 8; step++) {
		clock_advance(superd, 4 * MINUTE_MS);
		superd_expect_count(superd, "stopping pid ", n);
	}
}

static void wait_for_end(struct superd *superd, size_t n)
{
	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_log_count(superd, "stopping pid ") > n);
	superd_wait_log(superd, "no client has been connected for ");
	WAIT_UNTIL(superd_processes(superd) == 0);
}

static void expect_to_sleep_and_wake(struct superd *superd, const char *service)
{
	int port = superd_port(superd, service), client;

	for (size_t n = 0; n < 2; n++) {
		client = connect_and_ask(port);
		expect_awake(superd, n);
		close(client);
		wait_for_end(superd, n);
	}
	superd_stop(superd);
}

static struct superd *run_with(const char *exec, const char *more)
{
	return clock_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" idle_timeout = 5min %s }", exec, more);
}

Behaviour(idle_daemons, python_with_a_thread_a_client)
{
	SKIP_WITHOUT(access("/usr/bin/python3", X_OK) == 0, "there is no python3 here");
	write_file("web.py", "%s", "import socket, sys\n"
		   "from http.server import ThreadingHTTPServer, SimpleHTTPRequestHandler\n"
		   "class Handler(SimpleHTTPRequestHandler):\n"
		   "    protocol_version = 'HTTP/1.1'\n"
		   "    def do_GET(self):\n"
		   "        self.send_response(204)\n"
		   "        self.end_headers()\n"
		   "server = ThreadingHTTPServer(('127.0.0.1', 0), Handler, bind_and_activate=False)\n"
		   "server.socket = socket.socket(fileno=3)\n"
		   "server.serve_forever()\n");
	expect_to_sleep_and_wake(run_with(text_of("/usr/bin/python3 %s", path_in("web.py")), ""), "web");
}

Behaviour(idle_daemons, node)
{
	SKIP_WITHOUT(access("/usr/bin/node", X_OK) == 0, "there is no node here (Debian: nodejs)");
	write_file("web.js", "%s",
		   "require('http').createServer({ keepAliveTimeout: 60000 }, (request, response) => {\n"
		   "    response.writeHead(204);\n"
		   "    response.end();\n"
		   "}).listen({ fd: 3 });\n");
	expect_to_sleep_and_wake(run_with(text_of("/usr/bin/node %s", path_in("web.js")), ""), "web");
}

Behaviour(idle_daemons, gunicorn_with_several_workers)
{
	SKIP_WITHOUT(access("/usr/bin/gunicorn", X_OK) == 0, "there is no gunicorn here (Debian: gunicorn)");
	write_file("app.py", "%s", "def app(environ, start_response):\n"
		   "    start_response('204 No Content', [])\n"
		   "    return []\n");
	path_in("__pycache__");
	expect_to_sleep_and_wake(run_with(text_of("/usr/bin/gunicorn --workers 3 --threads 2 --keep-alive 60 "
						  "--chdir %s app:app", path_in(".")),
					  "env = { \"PYTHONDONTWRITEBYTECODE=1\" }"), "web");
}

/* nginx finishes whom it serves at its signal. */
Behaviour(idle_daemons, nginx_with_a_master_and_a_worker)
{
	static const char *const left[] = { "pid", "body", "proxy", "fastcgi", "uwsgi", "scgi" };
	const char *address = text_of("127.0.0.1:%d", free_port()), *folder = path_in("nginx"), *text;

	SKIP_WITHOUT(access("/usr/sbin/nginx", X_OK) == 0, "there is no nginx here (Debian: nginx-light)");
	cr_assert_eq(mkdir(folder, 0700), 0);
	for (size_t n = 0; n < sizeof(left) / sizeof(*left); n++)
		path_in("nginx/%s", left[n]);
	text = replaced(replaced(read_text(example("nginx.conf")), "/run/superd-nginx", folder), "127.0.0.1:8091",
			address);
	write_file("nginx.conf", "%s", text);
	expect_to_sleep_and_wake(clock_run("service web { listen = \"%s\" exec = \"/usr/sbin/nginx -e stderr -c %s "
					   "-g 'daemon off;'\" env = { \"NGINX=%%{fd};\" } kill_signal = QUIT "
					   "idle_timeout = 5min }",
					   address, path_in("nginx.conf")),
				 "web");
}

Behaviour(idle_daemons, fcgiwrap_on_a_unix_socket)
{
	const char *path = path_in("fcgi.sock");
	struct superd *superd;
	int client;

	SKIP_WITHOUT(access("/usr/sbin/fcgiwrap", X_OK) == 0, "there is no fcgiwrap here (Debian: fcgiwrap)");
	superd = clock_run("service fcgi { listen = \"%s\" pass = inetd exec = \"/usr/sbin/fcgiwrap\" "
			   "idle_timeout = 5min }",
			   path);
	wait_node(path);
	for (size_t n = 0; n < 2; n++) {
		client = client_connect_unix(path, SOCK_STREAM);
		superd_wait_log(superd, "fcgi: started");
		expect_awake(superd, n);
		close(client);
		wait_for_end(superd, n);
	}
}

/* The table of conf/ as it stands, but for min_awake. */
Behaviour(idle_daemons, idle_conf_does_what_it_says)
{
	const char *table, *user = text_of("\"%s\"", own_user());
	struct superd *superd;
	int http, ruby, client;

	SKIP_WITHOUT(access("/usr/bin/python3", X_OK) == 0 && access("/usr/bin/ruby", X_OK) == 0,
		     "there is no python3 or no ruby here");
	table = replaced(example_table("idle.conf"), "\"nobody\"", user);
	table = replaced(replaced(table, "127.0.0.1:8094", "127.0.0.1:0"), "127.0.0.1:8095", "127.0.0.1:0");
	table = replaced(replaced(table, "127.0.0.1:8096", "127.0.0.1:0"), "min_awake    = 30s", "min_awake = 1h");
	superd = clock_run("%s", table);
	http = superd_port(superd, "http");
	ruby = superd_port(superd, "ruby");
	close(connect_and_ask(http));
	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_logged(superd, "http: stopping pid "));
	client = client_connect(ruby);
	client_send(client, "hello\n");
	client_line(client);
	close(client);
	for (int n = 0; n < 14; n++) {
		clock_advance(superd, 4 * MINUTE_MS);
		cr_assert_not(superd_logged(superd, "is frozen until a client connects"), "%s", world_logs());
	}
	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_logged(superd, "is frozen until a client connects"));
	superd_wait_log(superd, "ruby: pid ");
	superd_wait_log(superd, "is frozen until a client connects");
	client = client_connect(ruby);
	client_send(client, "hello\n");
	client_line(client);
	close(client);
}
