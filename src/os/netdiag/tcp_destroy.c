/* Reports of closed TCP connections: the netlink groups SKNLGRP_INET_TCP_DESTROY and SKNLGRP_INET6_TCP_DESTROY
 * (sock_diag(7)), with a classic BPF program in front.
 *
 * The kernel runs the program for each connection of the machine that ends. So the program halves the list of ports
 * down to a few that it compares one by one. It is written forwards: a jump over a half that is not written yet is an
 * unconditional one, which may have any length. */
#include "os/netdiag/netdiag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>

#define FEW_PORTS 32                    /* ports compared one by one */
#define EVERYTHING 0xffffffffu
#define READS_MOST 256                  /* messages in a row; the rest is read next time */
#define HEAD_SIZE 128                   /* bytes of a message that are read */
#define PORT_AT (NLMSG_HDRLEN + offsetof(struct inet_diag_msg, id.idiag_sport))

static void emit_search(struct bpf_code *program, const uint16_t *ports, size_t count)
{
	size_t half = count / 2, jump;

	if (count <= FEW_PORTS) {
		for (size_t n = 0; n < count; n++)
			bpf_emit(program, BPF_JMP | BPF_JEQ | BPF_K, ports[n], (unsigned)(count - n), 0);
		bpf_emit(program, BPF_RET | BPF_K, 0, 0, 0);
		bpf_emit(program, BPF_RET | BPF_K, EVERYTHING, 0, 0);
		return;
	}
	bpf_emit(program, BPF_JMP | BPF_JGE | BPF_K, ports[half], 0, 1);
	jump = bpf_emit(program, BPF_JMP | BPF_JA, 0, 0, 0);
	emit_search(program, ports, half);
	program->list[jump].k = (uint32_t)(program->length - jump - 1);
	emit_search(program, ports + half, count - half);
}

int tcp_destroy_subscribe(int fd, const uint16_t *ports, size_t count)
{
	struct bpf_code *program = calloc(1, sizeof(*program));
	struct sock_fprog given;
	int result;

	if (!program)
		return -1;
	bpf_emit(program, BPF_LD | BPF_H | BPF_ABS, PORT_AT, 0, 0);
	emit_search(program, ports, count);
	if (program->length > BPF_MAXINSNS) {
		program->length = 0;
		bpf_emit(program, BPF_RET | BPF_K, EVERYTHING, 0, 0);
	}
	given = (struct sock_fprog){ (unsigned short)program->length, program->list };
	result = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &given, sizeof(given));
	free(program);
	return result;
}

int tcp_destroy_open(void)
{
	struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1u << (SKNLGRP_INET_TCP_DESTROY - 1) | 1u << (SKNLGRP_INET6_TCP_DESTROY - 1),
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -1;
	if (tcp_destroy_subscribe(fd, NULL, 0) == 0 && bind(fd, (struct sockaddr *)&groups, sizeof(groups)) == 0)
		return fd;
	close(fd);
	return -1;
}

union message_head {
	struct nlmsghdr header;
	char bytes[HEAD_SIZE];
};

bool tcp_destroy_read(int fd, void (*gone)(void *context, const struct inet_diag_msg *closed), void *context)
{
	const size_t least = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(struct inet_diag_msg)));
	bool complete = true;
	union message_head head;

	for (int n = 0; n < READS_MOST; n++) {
		struct sockaddr_nl sender = { 0 };
		socklen_t size = sizeof(sender);
		ssize_t got = recvfrom(fd, &head, sizeof(head), MSG_DONTWAIT, (struct sockaddr *)&sender, &size);

		if (got < 0 && errno == ENOBUFS)
			complete = false;
		else if (got < 0 && errno != EINTR)
			break;
		/* From the kernel. */
		else if (got >= (ssize_t)least && size == sizeof(sender) && sender.nl_pid == 0 &&
			 head.header.nlmsg_type == SOCK_DIAG_BY_FAMILY && head.header.nlmsg_len >= least)
			gone(context, NLMSG_DATA(&head.header));
	}
	return complete;
}
