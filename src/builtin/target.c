/* Finds the addresses of a redirect's target, and connects to them. */
#include "builtin/target.h"

#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "builtin/builtin.h"
#include "lib/fd.h"

static void set_path(struct redirect_target *target)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(target->host);

	if (length >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, target->host, length);
	if (target->host[0] == '@')
		address.sun_path[0] = '\0';
	else
		length++;
	memcpy(&target->addresses[0], &address, sizeof(address));
	target->lengths[0] = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	target->count = 1;
}

static int find_addresses(struct redirect_target *target, int flags)
{
	const struct addrinfo wanted = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags };
	struct addrinfo *list = NULL;
	int error = getaddrinfo(target->host, target->port, &wanted, &list);

	if (error)
		return error;
	target->count = target->good = 0;
	for (const struct addrinfo *at = list; at && target->count < TARGET_ADDRESSES; at = at->ai_next) {
		memcpy(&target->addresses[target->count], at->ai_addr, at->ai_addrlen);
		target->lengths[target->count++] = at->ai_addrlen;
	}
	freeaddrinfo(list);
	return 0;
}

void target_find(struct redirect_target *target)
{
	int error;

	if (!target->port) {
		set_path(target);
		return;
	}
	error = find_addresses(target, AI_NUMERICHOST | AI_NUMERICSERV);
	if (error)
		error = find_addresses(target, 0);
	if (error)
		builtin_log("cannot find %s port %s: %s", target->host, target->port,
			    error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
}

int target_connect(const struct redirect_target *target, size_t index, int type)
{
	const struct sockaddr *address = (const struct sockaddr *)&target->addresses[index];
	int fd = socket(address->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, address, target->lengths[index]) == 0 || errno == EINPROGRESS)
		return fd;
	fd_close(&fd);
	return -1;
}
