/* The first promise with real servers that can't end by themselves, each under all disturbances at random (see
 * disturbing.h) but stops and restarts under load, at which most of them cut off whom they serve. Their clients want a
 * whole answer, which is longer than a packet. One that is not installed is skipped. */

#include "disturbing.h"

enum { BODY = 20000 };                  /* bytes */

static size_t ask_http(char *request, size_t serial, unsigned client)
{
	return (size_t)snprintf(request, LOAD_REQUEST_MOST, "GET /body.txt?%zu.%u HTTP/1.0\r\nHost: localhost\r\n\r\n",
				serial, client);
}

static bool is_body(const char *text, size_t length)
{
	return length == BODY && strspn(text, "x") == BODY - 1 && text[BODY - 1] == '\n';
}

static bool answers_http(const char *answer, size_t length, const char *request)
{
	const char *body = strstr(answer, "\r\n\r\n");

	(void)request;
	return !strncmp(answer, "HTTP/1.", 7) && !strncmp(answer + 8, " 200 ", 5) && body &&
		is_body(body + 4, length - (size_t)(body + 4 - answer));
}

static const struct dialogue http = { ask_http, answers_http };

/* FastCGI: records of eight bytes and what they hold. */
enum record { BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };

static size_t add_record(char *out, enum record type, const char *content, size_t length)
{
	const unsigned char header[8] = {
		1, (unsigned char)type, 0, 1, (unsigned char)(length >> 8), (unsigned char)length, 0, 0
	};

	memcpy(out, header, sizeof(header));
	memcpy(out + sizeof(header), content, length);
	return sizeof(header) + length;
}

static size_t add_parameter(char *out, const char *name, const char *value)
{
	out[0] = (char)strlen(name);
	out[1] = (char)strlen(value);
	memcpy(out + 2, name, strlen(name));
	memcpy(out + 2 + strlen(name), value, strlen(value));
	return 2 + strlen(name) + strlen(value);
}

static const char *the_script;

static size_t ask_fcgi(char *request, size_t serial, unsigned client)
{
	char parameters[LOAD_REQUEST_MOST / 2];
	size_t length = add_parameter(parameters, "SCRIPT_FILENAME", the_script), asked;

	(void)serial, (void)client;
	length += add_parameter(parameters + length, "REQUEST_METHOD", "GET");
	asked = add_record(request, BEGIN, "\0\1\0\0\0\0\0", 8);
	asked += add_record(request + asked, PARAMS, parameters, length);
	asked += add_record(request + asked, PARAMS, "", 0);
	return asked + add_record(request + asked, STDIN, "", 0);
}

/* What the script has printed, and behind it the end of the request. */
static bool answers_fcgi(const char *answer, size_t length, const char *request)
{
	char text[LOAD_ANSWER_MOST + 1];
	size_t has = 0, at = 0;
	const char *body;
	bool ended = false;

	(void)request;
	while (at + 8 <= length) {
		const unsigned char *header = (const unsigned char *)answer + at;
		size_t content = (size_t)(header[4] << 8 | header[5]);

		if (at + 8 + content > length)
			return false;
		if (header[1] == STDOUT) {
			memcpy(text + has, answer + at + 8, content);
			has += content;
		}
		ended = ended || header[1] == END;
		at += 8 + content + header[6];
	}
	text[has] = '\0';
	body = strstr(text, "\r\n\r\n");
	return ended && body && is_body(body + 4, has - (size_t)(body + 4 - text));
}

static const struct dialogue fcgi = { ask_fcgi, answers_fcgi };

static const char *body_file(void)
{
	static char text[BODY + 1];

	memset(text, 'x', BODY - 1);
	text[BODY - 1] = '\n';
	return write_file("body.txt", "%s", text);
}

/* In one run of it they are stopped when they idle, in another frozen. */
static const char *often_idle(const char *more)
{
	return text_of("%s\n %s", idling(getpid() % 2 ? "stop" : "freeze"), more);
}

static void see_no_loss_at(struct world *world, size_t clients)
{
	world->clients = clients;
	world->most = 16;
	SEE_NO_LOSS(world, do_nothing, order_upgrade, order_hold, order_drain, order_freeze, order_reload);
}

static void see_no_loss_over_http(const char *program, const char *more, size_t clients)
{
	int port = free_port();
	const struct place place = { "web", text_of("127.0.0.1:%d", port), { .port = port, .dialogue = &http } };
	struct world world = world_at(&place, program, often_idle(more));

	see_no_loss_at(&world, clients);
}

Behaviour(daemons, python)
{
	SKIP_WITHOUT(access("/usr/bin/python3", X_OK) == 0, "there is no python3 here");
	body_file();
	write_file("web.py", "%s",
		   "import functools, socket\n"
		   "from http.server import ThreadingHTTPServer, SimpleHTTPRequestHandler\n"
		   "class Handler(SimpleHTTPRequestHandler):\n"
		   "    def log_message(self, *words): pass\n"
		   "server = ThreadingHTTPServer(('127.0.0.1', 0), Handler, bind_and_activate=False)\n"
		   "server.socket = socket.socket(fileno=3)\n"
		   "server.serve_forever()\n");
	see_no_loss_over_http(text_of("/usr/bin/python3 %s", path_in("web.py")),
			      text_of("working_directory = \"%s\"", path_in(".")), 100);
}

Behaviour(daemons, node)
{
	SKIP_WITHOUT(access("/usr/bin/node", X_OK) == 0, "there is no node here (Debian: nodejs)");
	write_file("web.js", "%s",
		   "const body = 'x'.repeat(19999) + '\\n';\n"
		   "require('http').createServer((request, response) => {\n"
		   "    response.writeHead(200);\n"
		   "    response.write(body.slice(0, 5000));\n"
		   "    setTimeout(() => response.end(body.slice(5000)), 2);\n"
		   "}).listen({ fd: 3 });\n");
	see_no_loss_over_http(text_of("/usr/bin/node %s", path_in("web.js")), "", 150);
}

Behaviour(daemons, gunicorn)
{
	SKIP_WITHOUT(access("/usr/bin/gunicorn", X_OK) == 0, "there is no gunicorn here (Debian: gunicorn)");
	write_file("app.py", "%s",
		   "def app(environ, start_response):\n"
		   "    start_response('200 OK', [('Content-Length', '20000')])\n"
		   "    return [b'x' * 9999, b'x' * 10000, b'\\n']\n");
	path_in("__pycache__");
	see_no_loss_over_http(
		text_of("/usr/bin/gunicorn --workers 2 --log-level error --chdir %s app:app", path_in(".")),
		"env = { \"PYTHONDONTWRITEBYTECODE=1\" }", 60);
}

Behaviour(daemons, nginx)
{
	static const char *const left[] = { "pid", "body", "proxy", "fastcgi", "uwsgi", "scgi" };
	int port = free_port();
	const char *address = text_of("127.0.0.1:%d", port), *folder = path_in("nginx"), *text;
	const struct place place = { "web", address, { .port = port, .dialogue = &http } };
	struct world world;

	SKIP_WITHOUT(access("/usr/sbin/nginx", X_OK) == 0, "there is no nginx here (Debian: nginx-light)");
	cr_assert(mkdir(folder, 0755) == 0 && chmod(path_in("."), 0755) == 0 && chmod(body_file(), 0644) == 0);
	for (size_t n = 0; n < sizeof(left) / sizeof(*left); n++)
		path_in("nginx/%s", left[n]);
	text = replaced(replaced(read_text(example("nginx.conf")), "/run/superd-nginx", folder), "127.0.0.1:8091",
			address);
	write_file("nginx.conf", "%s",
		   replaced(text, "return 200 \"Hello from nginx\\n\";", text_of("root %s;", path_in("."))));
	world = world_at(&place, text_of("/usr/sbin/nginx -e stderr -c %s -g 'daemon off;'", path_in("nginx.conf")),
			 often_idle("env = \"NGINX=%{fd};\"\n kill_signal = QUIT"));
	see_no_loss_at(&world, 300);
}

Behaviour(daemons, fcgiwrap)
{
	const char *path = path_in("fcgi.sock");
	const struct place place = { "fcgi", path, { .path = path, .dialogue = &fcgi } };
	struct world world;

	SKIP_WITHOUT(access("/usr/sbin/fcgiwrap", X_OK) == 0, "there is no fcgiwrap here (Debian: fcgiwrap)");
	SKIP_WITHOUT(geteuid() == 0, "a twin of a unix socket needs root");
	the_script = write_file("script", "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nexec cat %s\n",
				body_file());
	cr_assert_eq(chmod(the_script, 0755), 0);
	world = world_at(&place, "/usr/sbin/fcgiwrap", often_idle("pass = inetd"));
	see_no_loss_at(&world, 150);
}
