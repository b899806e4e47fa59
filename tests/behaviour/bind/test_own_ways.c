/* Servers with ways of their own to be told of descriptors: nginx, haproxy, php-fpm, and what Upstart's said. The
 * tables are those of conf/ and the configurations those of contrib/examples, with the addresses and folders of a test
 * put in. */
#include "harness.h"
#include "reading.h"

/* A table of conf/ as this user, with the configuration of the test in place of the checkout's. */
static const char *table_of(const char *name, const char *configuration, const char *text)
{
	const char *table = replaced(example_table(text_of("%s.conf", name)),
				     text_of("%s/../../contrib/examples/%s", getenv("SUPERD_EXAMPLES"), configuration),
				     write_file(text_of("own-%s", configuration), "%s", text));

	return replaced(table, "\"nobody\"", text_of("\"%s\"", own_user()));
}

static const char *configuration_of(const char *name)
{
	const char *text = read_text(example(name));

	cr_assert(text);
	return text;
}

static const char *page(int port)
{
	int client = client_connect(port);
	const char *said;

	client_send(client, "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
	said = client_rest(client);
	close(client);
	return said;
}

static void expect_in(const char *text, const char *part)
{
	cr_assert_not_null(strstr(text, part), "'%s' is not in: %s\n%s", part, text, world_logs());
}

Behaviour(own_ways, nginx_takes_its_socket_by_NGINX)
{
	static const char *const left[] = { "pid", "body", "proxy", "fastcgi", "uwsgi", "scgi" };
	const char *address = text_of("127.0.0.1:%d", free_port()), *folder = path_in("nginx"), *table, *text;
	struct superd *superd;

	SKIP_WITHOUT(access("/usr/sbin/nginx", X_OK) == 0, "there is no nginx here (Debian: nginx-light)");
	cr_assert_eq(mkdir(folder, 0700), 0);
	for (size_t n = 0; n < sizeof(left) / sizeof(*left); n++)
		path_in("nginx/%s", left[n]);
	text = replaced(replaced(configuration_of("nginx.conf"), "/run/superd-nginx", folder), "127.0.0.1:8091",
			address);
	table = replaced(table_of("nginx", "nginx.conf", text), "127.0.0.1:8091", address);
	superd = superd_run("%s", replaced(table, "{ \"superd-nginx\" }", "{ }"));
	expect_in(page(superd_port(superd, "nginx")), "Hello from nginx");
	superd_wait_log(superd, "using inherited sockets");
	expect_in(page(superd_port(superd, "nginx")), "Hello from nginx");
}

Behaviour(own_ways, haproxy_takes_its_sockets_by_their_numbers)
{
	const char *table;
	struct superd *superd;

	SKIP_WITHOUT(access("/usr/sbin/haproxy", X_OK) == 0, "there is no haproxy here (Debian: haproxy)");
	table = table_of("haproxy", "haproxy.cfg", configuration_of("haproxy.cfg"));
	table = replaced(replaced(table, "127.0.0.1:8092", "127.0.0.1:0"), "127.0.0.1:8093", "127.0.0.1:0");
	superd = superd_run("%s", table);
	expect_in(page(superd_nth_port(superd, "haproxy", 0)), "Hello from haproxy");
	expect_in(page(superd_nth_port(superd, "haproxy", 1)), "Statistics Report");
}

/* A question of FastCGI that the server answers itself: how many requests it takes on one connection. */
static void ask_fastcgi(const char *path)
{
	static const char question[] = "\1\11\0\0\0\21\0\0\17\0FCGI_MPXS_CONNS";
	int client;
	char answer[64];
	ssize_t got;

	wait_node(path);
	client = client_connect_unix(path, SOCK_STREAM);
	cr_assert_eq(write(client, question, sizeof(question) - 1), (ssize_t)sizeof(question) - 1);
	got = recv(client, answer, sizeof(answer), 0);
	cr_assert_gt(got, 8, "%s", world_logs());
	cr_expect_eq(answer[1], 10, "no FCGI_GET_VALUES_RESULT");
	cr_expect(memmem(answer, (size_t)got, "FCGI_MPXS_CONNS0", 16));
	close(client);
}

Behaviour(own_ways, php_fpm_takes_its_socket_by_FPM_SOCKETS)
{
	const char *path = path_in("php.sock"), *table, *text;
	struct superd *superd;

	SKIP_WITHOUT(access("/usr/sbin/php-fpm8.2", X_OK) == 0, "there is no php-fpm8.2 here (Debian: php-fpm)");
	path_in("log");
	text = replaced(replaced(configuration_of("php-fpm.conf"), "/run/superd-php-fpm.sock", path),
			"/run/superd-php-fpm/log", path_in("log"));
	table = replaced(table_of("php-fpm", "php-fpm.conf", text), "/run/superd-php-fpm.sock", path);
	if (geteuid() == 0)
		table = replaced(table, " -F ", " -F -R ");
	if (geteuid() == 0)
		write_file("own-php-fpm.conf", "%s\nuser = %s\n", text, "nobody");
	superd = superd_run("%s", replaced(table, "{ \"superd-php-fpm\" }", "{ }"));
	ask_fastcgi(path);
	ask_fastcgi(path);
	superd_stop(superd);
}

Behaviour(own_ways, what_upstart_said_is_said_by_a_template)
{
	const char *report = path_in("report");
	struct superd *superd = superd_run("service a { listen = \"127.0.0.1:0\" exec = \"%s\" "
					   "env = { \"UPSTART_FDS=%%{fd}\", \"UPSTART_EVENTS=socket\" } }",
					   report_to(report));

	client_ask(superd_port(superd, "a"), "x\n");
	reading_expect(reading_wait(report), "env.UPSTART_FDS", "3");
	reading_expect(reading_wait(report), "env.UPSTART_EVENTS", "socket");
}
