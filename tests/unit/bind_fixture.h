/* What the tests of binding share: a folder and options of each test's own, and a listen from a
 * text. */
#pragma once

#include <netinet/tcp.h>

#include "os/socket/socket.h"
#include "tests/unit/unit.h"

static struct pool *pool;
static struct buf why, warnings;
static char folder[64];
static struct socket_options options;

static inline void set_up(void)
{
	pool = pool_new();
	strcpy(folder, "/tmp/superd-bind-XXXXXX");
	cr_assert(mkdtemp(folder));
	options = (struct socket_options){
		.backlog = 4096, .socket_mode = 0666, .directory_mode = 0755,
		.priority = -1,
	};
}

static inline void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
	buf_free(&why);
	buf_free(&warnings);
	pool_free(pool);
}

/* Criterion leaves out tear_down where a test is skipped. */
static inline void skip_unless(bool possible, const char *reason)
{
	if (possible)
		return;
	tear_down();
	cr_skip_test("%s", reason);
}

static inline struct listen listen_of(const char *text)
{
	struct listen listen = { .options = &options, .name = "test" };
	const char *wrong = endpoint_parse(text, pool, &listen.endpoint);

	cr_assert_null(wrong, "%s: %s", text, wrong);
	listen.address = listen.endpoint;
	return listen;
}

static inline struct listen listen_at(const char *kind, const char *name)
{
	return listen_of(pool_textf(pool, "%s:%s/%s", kind, folder, name));
}

static inline void set_rules(struct listen *listen, const struct sock_fprog *rules)
{
	struct listen_prepared prepared = *listen_prepared(listen);

	prepared.rules = rules;
	cr_assert(listen_prepare(listen, pool, prepared));
}

/* -1: superd's */
static inline void give_to(struct listen *listen, uid_t owner, gid_t group)
{
	struct listen_prepared prepared = { .owner = owner, .owner_group = group };

	cr_assert(listen_prepare(listen, pool, prepared));
}

static inline int opened(const struct listen *listen)
{
	int fd;

	buf_clear(&why);
	buf_clear(&warnings);
	fd = bind_listen(listen, &why, &warnings);
	cr_assert_geq(fd, 0, "%s", buf_string(&why));
	cr_assert_eq(why.length, 0);
	return fd;
}

static inline void refused(const struct listen *listen, int error, const char *text)
{
	int fd;

	buf_clear(&why);
	errno = 0;
	fd = bind_listen(listen, &why, &warnings);
	cr_assert_eq(fd, -1);
	cr_assert_eq(errno, error, "errno is %s: %s", strerror(errno), buf_string(&why));
	cr_assert(strstr(buf_string(&why), text), "'%s' is not in '%s'", text, buf_string(&why));
}

static inline int option_of(int fd, int level, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	cr_assert_eq(getsockopt(fd, level, option, &value, &length), 0);
	return value;
}

static inline int port_of(int fd)
{
	struct sockaddr_in6 address = { 0 };
	socklen_t length = sizeof(address);

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	return ntohs(address.sin6_port);
}

static inline int connected(int family, int type, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	int result = family == AF_INET ? connect(fd, (struct sockaddr *)&in, sizeof(in))
				       : connect(fd, (struct sockaddr *)&in6, sizeof(in6));

	if (result == 0)
		return fd;
	close(fd);
	return -1;
}

static inline int unix_connected(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static inline struct stat node_of(const struct listen *listen)
{
	struct stat status;

	cr_assert_eq(lstat(listen->address->address, &status), 0, "%s: %s", listen->address->address, strerror(errno));
	return status;
}

static inline void describe(int fd, const struct listen *listen, struct buf *out)
{
	struct socket_address name = { .length = sizeof(name.storage) };

	cr_assert_eq(getsockname(fd, &name.any, &name.length), 0);
	bind_describe(fd, &name, listen, out);
}

/* prefix is all in front of the port. */
static inline bool described(int fd, const struct listen *listen, const char *prefix)
{
	struct buf text = { 0 };
	char wanted[128];
	bool same;

	snprintf(wanted, sizeof(wanted), "%s%d", prefix, port_of(fd));
	describe(fd, listen, &text);
	same = !strcmp(buf_string(&text), wanted);
	if (!same)
		fprintf(stderr, "%s is not %s\n", buf_string(&text), wanted);
	buf_free(&text);
	return same;
}

