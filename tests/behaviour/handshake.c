/* Segments by raw(7), and what comes back by packet(7). No kernel may answer at the address of the client: a
 * route leads to it over the loopback interface, where its packets are seen and then dropped, as nobody has it. */
#include "handshake.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "harness.h"

#define SERVER "127.0.0.1"
#define CLIENT "10.99.0.2"
#define FIRST_PORT 20000

struct handshake {
	int out, in;
	uint16_t port, own_port;
	uint32_t next, expected;
};

struct segment {
	struct iphdr ip;
	struct tcphdr tcp;
	char data[128];
};

bool handshake_allowed(void)
{
	struct rtentry route = { .rt_flags = RTF_UP | RTF_HOST, .rt_dev = (char[]){ "lo" } };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(CLIENT) };
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	bool allowed;

	memcpy(&route.rt_dst, &address, sizeof(address));
	allowed = fd >= 0 && ioctl(fd, SIOCADDRT, &route) == 0;
	if (fd >= 0)
		close(fd);
	return allowed;
}

static uint32_t sum_up(uint32_t sum, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	for (size_t n = 0; n < length; n++)
		sum += n % 2 ? at[n] : (uint32_t)at[n] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint16_t checksum(const struct segment *segment, size_t length)
{
	uint32_t sum = sum_up(IPPROTO_TCP + (uint32_t)length, &segment->ip.saddr, 8);

	return htons((uint16_t)~sum_up(sum, &segment->tcp, length));
}

static void send_segment(struct handshake *handshake, const struct tcphdr *flags, const char *data)
{
	struct segment segment = { .tcp = *flags };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(SERVER) };
	size_t size = strlen(data), length = sizeof(segment.tcp) + size;

	cr_assert_leq(size, sizeof(segment.data));
	memcpy(segment.data, data, size);
	segment.ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP,
		.saddr = inet_addr(CLIENT), .daddr = inet_addr(SERVER),
		.tot_len = htons((uint16_t)(sizeof(segment.ip) + length)),
	};
	segment.tcp.source = htons(handshake->own_port);
	segment.tcp.dest = htons(handshake->port);
	segment.tcp.seq = htonl(handshake->next);
	segment.tcp.ack_seq = htonl(handshake->expected);
	segment.tcp.doff = 5;
	segment.tcp.window = 0xffff;
	segment.tcp.check = checksum(&segment, length);
	length += sizeof(segment.ip);
	cr_assert_eq(sendto(handshake->out, &segment, length, 0, (struct sockaddr *)&to, sizeof(to)), (ssize_t)length);
	handshake->next += (uint32_t)size + flags->syn;
}

/* The next one of this connection; its data is ended by a NUL. */
static struct segment await_segment(const struct handshake *handshake)
{
	long long until = now_ms() + DEADLINE_MS;

	for (;;) {
		struct pollfd wait = { .fd = handshake->in, .events = POLLIN };
		struct sockaddr_ll from = { 0 };
		socklen_t size = sizeof(from);
		struct segment segment = { 0 };

		cr_assert(now_ms() < until && poll(&wait, 1, (int)(until - now_ms())) > 0, "nothing comes\n%s",
			  world_logs());
		recvfrom(handshake->in, &segment, sizeof(segment) - 1, 0, (struct sockaddr *)&from, &size);
		if (from.sll_pkttype != PACKET_OUTGOING && segment.ip.protocol == IPPROTO_TCP &&
		    segment.ip.daddr == inet_addr(CLIENT) && segment.tcp.dest == htons(handshake->own_port))
			return segment;
	}
}

struct handshake *handshake_begin(int port)
{
	struct sockaddr_ll lo = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE_IP), .sll_ifindex = (int)if_nametoindex("lo"),
	};
	static uint16_t last = FIRST_PORT;
	struct handshake *handshake = calloc(1, sizeof(*handshake));
	struct segment answer;

	cr_assert_not_null(handshake);
	*handshake = (struct handshake){
		.out = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW),
		.in = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETHERTYPE_IP)),
		.port = (uint16_t)port, .own_port = ++last, .next = 1000,
	};
	cr_assert_eq(bind(handshake->in, (struct sockaddr *)&lo, sizeof(lo)), 0);
	send_segment(handshake, &(struct tcphdr){ .syn = 1 }, "");
	answer = await_segment(handshake);
	cr_assert(answer.tcp.syn && answer.tcp.ack, "%s", world_logs());
	handshake->expected = ntohl(answer.tcp.seq) + 1;
	return handshake;
}

void handshake_confirm(struct handshake *handshake)
{
	send_segment(handshake, &(struct tcphdr){ .ack = 1 }, "");
}

/* An answer whose beginning is not what comes next was sent before, to the SYN. */
const char *handshake_finish(struct handshake *handshake, const char *line)
{
	const char *text = NULL;
	struct segment segment;

	send_segment(handshake, &(struct tcphdr){ .ack = 1, .psh = 1 }, line);
	do {
		segment = await_segment(handshake);
		if (!segment.tcp.rst && ntohl(segment.tcp.seq) == handshake->expected)
			text = text_of("%s", (const char *)&segment.tcp + 4 * segment.tcp.doff);
	} while (!segment.tcp.rst && (!text || !*text));
	if (!segment.tcp.rst)           /* it is over for the server, too */
		send_segment(handshake, &(struct tcphdr){ .rst = 1, .ack = 1 }, "");
	close(handshake->in);
	close(handshake->out);
	free(handshake);
	return segment.tcp.rst ? NULL : text;
}
