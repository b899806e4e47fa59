/* Servers as they are, each at a port of all addresses and at one of 127.0.0.1. */
#include <netinet/in.h>
#include <pwd.h>
#include <sys/stat.h>

#include "binding.h"
#include "namespace.h"
#include "superctl.h"

enum { ROUNDS = 3 };

/* A server, and what it answers. */
struct server {
	const char *command; /* with ADDRESS and PORT */
	const char *all;     /* ADDRESS that means all */
	const char *options;
	const char *asks, *says;
	size_t size;	    /* of a question with NUL bytes */
	bool is_ipv4_alone; /* its socket for all addresses */
};

#define HTTP .asks = "GET / HTTP/1.0\r\n\r\n", .says = "HTTP/1."

static bool is_answered(const char *address, int port, const struct server *server)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bool is_six = strchr(address, ':');
	int client = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[64] = "";
	ssize_t got = -1;

	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &(const struct timeval){ .tv_sec = DEADLINE_MS / 1000 },
		   sizeof(struct timeval));
	six.sin6_port = four.sin_port = htons((uint16_t)port);
	if (connect(client, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
		    is_six ? sizeof(six) : sizeof(four)) == 0 &&
	    send(client, server->asks, server->size ? server->size : strlen(server->asks), MSG_NOSIGNAL) > 0)
		got = recv(client, text, sizeof(text) - 1, 0);
	close(client);
	return got > 0 && !strncmp(text, server->says, strlen(server->says));
}

static const char *filled(const char *text, const char *address, int port)
{
	while (strstr(text, "ADDRESS"))
		text = replaced(text, "ADDRESS", address);
	while (strstr(text, "PORT"))
		text = replaced(text, "PORT", text_of("%d", port));
	return text;
}

/* Sleeps and wakes, and always serves; the first client may be reset where superd opens another socket for it. */
static void expect_served(const struct server *server, const char *listens, const char *address, int port)
{
	struct superd *superd = controlled_run(
		"service web {\n listen = \"%s\"\n pass = bind\n timeout_start = 5min\n exec = \"%s\"\n %s\n}\n",
		listens, filled(server->command, address, port),
		filled(server->options ? server->options : "", address, port));
	bool is_all = !strchr(listens, '.');

	superd_wait_log(superd, "web: listening on ");
	WAIT_UNTIL(is_answered("127.0.0.1", port, server));
	for (int n = 0; n < ROUNDS; n++) {
		cr_expect(is_answered("127.0.0.1", port, server), "%s at %s\n%s", server->command, listens,
			  world_logs());
		if (is_all && !server->is_ipv4_alone)
			cr_expect(is_answered("::1", port, server), "%s at %s\n%s", server->command, listens,
				  world_logs());
		cr_expect(control_is_done(control_once("stop web")), "%s", world_logs());
	}
	cr_expect_not(superd_logged(superd, "is refused"), "%s", world_logs());
	superd_stop(superd);
}

static void expect_at_both(const struct server *server)
{
	int port = free_port(), other = free_port();

	SKIP_WITHOUT(access(text_of("%s/superd-bind", getenv("SUPERD_LIBEXEC")), X_OK) == 0,
		     "this superd has no superd-bind");
	expect_served(server, text_of("%d", port), server->all, port);
	expect_served(server, text_of("127.0.0.1:%d", other), "127.0.0.1", other);
	cr_expect_eq(program_answer((const char *const[]){ "/bin/rm", "-rf", path_in("work"), NULL }).status, 0);
}

/* A program in the PATH; NULL: it is not here. */
static const char *find(const char *name)
{
	char *folders = strdup(text_of("%s:/usr/sbin", getenv("PATH"))), *rest = folders, *folder;
	const char *found = NULL;

	while (!found && (folder = strsep(&rest, ":"))) {
		if (access(text_of("%s/%s", folder, name), X_OK) == 0)
			found = text_of("%s/%s", folder, name);
	}
	free(folders);
	return found;
}

BehaviourOfBind(bind_servers, node)
{
	SKIP_WITHOUT(find("node"), "node is not installed");
	write_file("hello.js", "%s",
		   "require('http').createServer((q, a) => a.end('hello')).listen(process.argv[3], process.argv[2] || "
		   "undefined)");
	expect_at_both(&(struct server){
		.command = text_of("%s %s 'ADDRESS' PORT", find("node"), path_in("hello.js")), .all = "", HTTP });
}

BehaviourOfBind(bind_servers, python)
{
	const char *python = find_program("python3-minimal", "python3");

	SKIP_WITHOUT(python, "python3 is not installed");
	expect_at_both(&(struct server){
		.command = text_of("%s -m http.server --bind ADDRESS -d %s PORT", python, path_in(".")),
		.all = "0.0.0.0",
		.is_ipv4_alone = true,
		HTTP });
	expect_at_both(&(struct server){
		.command = text_of("%s -m http.server --bind ADDRESS -d %s PORT", python, path_in(".")),
		.all = "::",
		HTTP });
}

BehaviourOfBind(bind_servers, java)
{
	SKIP_WITHOUT(find("java") && find("javac"), "java and javac are not installed");
	write_file("Hello.java", "%s",
		   "import com.sun.net.httpserver.HttpServer;\nimport java.net.InetSocketAddress;\n"
		   "class Hello { public static void main(String[] a) throws Exception {\n"
		   " int port = Integer.parseInt(a[1]);\n"
		   " HttpServer s = HttpServer.create(a[0].isEmpty() ? new InetSocketAddress(port) : new "
		   "InetSocketAddress(a[0], "
		   "port), 0);\n"
		   " s.createContext(\"/\", e -> { e.sendResponseHeaders(200, 5); "
		   "e.getResponseBody().write(\"hello\".getBytes()); "
		   "e.close(); });\n s.start(); } }\n");
	cr_assert_eq(program_answer(
			     (const char *const[]){ find("javac"), "-d", path_in("work"), path_in("Hello.java"), NULL })
			     .status,
		     0);
	expect_at_both(&(struct server){
		.command = text_of("%s -cp %s Hello 'ADDRESS' PORT", find("java"), path_in("work")), .all = "", HTTP });
}

BehaviourOfBind(bind_servers, go)
{
	const char *arguments[] = { find("go"), "build", "-o", path_in("hello"), path_in("hello.go"), NULL };

	SKIP_WITHOUT(find("go"), "go is not installed");
	write_file("hello.go", "%s",
		   "package main\nimport (\"net/http\"; \"os\")\nfunc main() {\n http.HandleFunc(\"/\", func(w "
		   "http.ResponseWriter, "
		   "_ *http.Request) { w.Write([]byte(\"hello\")) })\n "
		   "panic(http.ListenAndServe(os.Args[1]+\":\"+os.Args[2], nil))\n}\n");
	setenv("GOCACHE", path_in("work"), 0);
	setenv("GO111MODULE", "off", 1);
	cr_assert_eq(program_answer(arguments).status, 0);
	expect_at_both(&(struct server){ .command = text_of("%s 'ADDRESS' PORT", path_in("hello")), .all = "", HTTP });
}

static void expect_nginx(const char *listens, bool is_ipv4_alone)
{
	const char *folder = path_in("work");

	cr_assert_eq(mkdir(folder, 0755), 0);
	write_file(text_of("nginx%d.conf", is_ipv4_alone),
		   "daemon off; pid %s/pid; error_log stderr; user root;\nevents {}\nhttp { access_log off;\n"
		   " client_body_temp_path %s/1; proxy_temp_path %s/2; fastcgi_temp_path %s/3; uwsgi_temp_path %s/4;\n"
		   " scgi_temp_path %s/5; include %s/listen.conf; }\n",
		   folder, folder, folder, folder, folder, folder, folder);
	expect_at_both(&(struct server){
		.command = text_of(
			"/bin/sh -c 'echo \\\"server { %s return 200 hello; }\\\" >%s/listen.conf; exec %s -c %s'",
			listens, folder, find("nginx"), path_in("nginx%d.conf", is_ipv4_alone)),
		.all = "0.0.0.0",
		.is_ipv4_alone = is_ipv4_alone,
		HTTP });
}

BehaviourOfBind(bind_servers, nginx)
{
	SKIP_WITHOUT(geteuid() == 0 && find("nginx"), "needs root and nginx");
	expect_nginx("listen ADDRESS:PORT;", true);
	expect_nginx("listen ADDRESS:PORT; listen [::]:PORT;", false);
}

BehaviourOfBind(bind_servers, redis)
{
	SKIP_WITHOUT(find("redis-server"), "redis-server is not installed");
	expect_at_both(&(struct server){
		.command = text_of("%s --port PORT --bind ADDRESS --protected-mode no --save \\\"\\\" --dir %s",
				   find("redis-server"), path_in(".")),
		.all = "* -::*",
		.asks = "PING\r\n",
		.says = "+PONG" });
}

/* Neither initdb nor postgres runs as root. */
BehaviourOfBind(bind_servers, postgresql)
{
	static const char *const places[] = { "/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin",
					      "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/14/bin" };
	const struct passwd *nobody = getpwnam("nobody"); /* it needs a name */
	const char *place = NULL, *data = path_in("work"), *cluster;

	for (size_t n = 0; n < sizeof(places) / sizeof(*places) && !place; n++)
		place = access(text_of("%s/initdb", places[n]), X_OK) == 0 ? places[n] : NULL;
	SKIP_WITHOUT(place && nobody && namespace_users(),
		     "needs PostgreSQL, root, and a build that every user can reach");
	cr_assert(mkdir(data, 0700) == 0 && chown(data, nobody->pw_uid, nobody->pw_gid) == 0);
	cluster = text_of("%s/cluster", data);
	cr_assert_eq(program_answer((const char *const[]){ "/usr/bin/setpriv", text_of("--reuid=%u", nobody->pw_uid),
							   text_of("--regid=%u", nobody->pw_gid), "--clear-groups",
							   text_of("%s/initdb", place), "-D", cluster, "-U", "web",
							   "-A", "trust", "--no-sync", NULL })
			     .status,
		     0);
	/* An SSLRequest, and the refusal. */
	expect_at_both(&(struct server){
		.command = text_of(
			"%s/postgres -D %s -p PORT -c 'listen_addresses=ADDRESS' -c 'unix_socket_directories=%s'",
			place, cluster, data),
		.all = "*",
		.options = "user = nobody working_directory = \"/\"",
		.asks = "\0\0\0\x08\x04\xd2\x16\x2f",
		.size = 8,
		.says = "N" });
}
