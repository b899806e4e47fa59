/* superd's own small services over datagrams, and descriptors that somebody sends in one. The rest is in
 * builtin_datagram.tcl. */
#include "harness.h"

static void send_descriptors(int client)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} control = {
		.header = { .cmsg_len = CMSG_LEN(8 * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS }
	};
	struct iovec part = { (char[]){ 'x' }, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	const int sent[8] = { client, client, client, client, client, client, client, client };

	memcpy(CMSG_DATA(&control.header), sent, sizeof(sent));
	cr_assert_eq(sendmsg(client, &message, 0), 1, "%s", strerror(errno));
}

Behaviour(builtin_datagram, descriptors_that_somebody_sends_are_not_kept)
{
	const char *path = path_in("small"), *own = path_in("own");
	struct superd *superd = superd_run("service small { listen = \"unix-dgram:%s\" user = \"%s\" builtin = echo }",
					   path, own_user());
	size_t before;
	pid_t server;
	int client;

	wait_node(path);
	client = datagram_client_unix(path, own);
	cr_assert_str_eq(datagram_ask(client, "hello"), "hello");
	WAIT_UNTIL(superd_others(superd, &server, 1) == 1);
	before = process_fd_count(server);
	for (int n = 0; n < 10; n++)
		send_descriptors(client);
	while (strcmp(datagram_ask(client, "over"), "over"))
		continue;
	cr_assert_eq(process_fd_count(server), before);
	close(client);
	unlink(own);
}
