/* The small services over datagrams.
 *
 * The sender's address may be forged. So a source gets a limited number of replies in a second, and a port that might
 * reply in turn gets none (builtin/sender.h). */
#include "builtin/datagram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "builtin/pktinfo.h"
#include "builtin/services.h"
#include "builtin/text.h"
#include "lib/clock.h"

#define BATCH 64                        /* datagrams in one call of datagrams_serve */

ssize_t echo_dgram(const struct settings *settings, const char *request, size_t length, char *reply, size_t size)
{
	(void)settings, (void)size;
	memcpy(reply, request, length);
	return (ssize_t)length;
}

ssize_t discard_dgram(const struct settings *settings, const char *request, size_t length, char *reply, size_t size)
{
	(void)settings, (void)request, (void)length, (void)reply, (void)size;
	return -1;
}

/* RFC 864 sends a random number of up to 512 characters. superd sends no more than it received, because a longer reply
 * would amplify forged requests. */
ssize_t chargen_dgram(const struct settings *settings, const char *request, size_t length, char *reply, size_t size)
{
	char turn[CHARGEN_TURN];

	(void)request, (void)size;
	chargen_fill(turn, settings->options.xinetd_text);
	length = length < 512 ? length : 512;
	memcpy(reply, turn, length);
	return (ssize_t)length;
}

ssize_t daytime_dgram(const struct settings *settings, const char *request, size_t length, char *reply, size_t size)
{
	(void)request, (void)length;
	return (ssize_t)daytime_text(time(NULL), settings->options.xinetd_text, reply, size);
}

ssize_t time_dgram(const struct settings *settings, const char *request, size_t length, char *reply, size_t size)
{
	unsigned char bytes[4];

	(void)settings, (void)request, (void)length, (void)size;
	time_bytes(time(NULL), bytes);
	memcpy(reply, bytes, sizeof(bytes));
	return sizeof(bytes);
}

struct datagrams *datagrams_new(const struct settings *settings)
{
	struct datagrams *datagrams = calloc(1, sizeof(*datagrams));

	if (!datagrams)
		return NULL;
	datagrams->settings = settings;
	if (getrandom(&datagrams->replies.seed, sizeof(datagrams->replies.seed), GRND_NONBLOCK) < 0)
		datagrams->replies.seed = (uint64_t)clock_ms();
	return datagrams;
}

static void answer_datagram(struct datagrams *datagrams, int fd, const struct sender *sender, struct pktinfo *pktinfo,
			    size_t length)
{
	const struct settings *settings = datagrams->settings;
	ssize_t size = settings->builtin->dgram(settings, datagrams->request, length, datagrams->reply,
						sizeof(datagrams->reply));

	if (size >= 0)
		pktinfo_send(pktinfo, fd, sender, datagrams->reply, (size_t)size);
}

/* Receives and answers one datagram. false: none is waiting. */
static bool serve_datagram(struct datagrams *datagrams, int fd)
{
	struct sender sender;
	struct pktinfo pktinfo;
	ssize_t got = pktinfo_receive(&pktinfo, fd, &sender, datagrams->request, sizeof(datagrams->request));
	const char *refusal;

	if (got < 0)
		return errno == ECONNREFUSED;   /* an earlier reply met a closed port */
	if (pktinfo.truncated || pktinfo.to_many || datagrams->settings->builtin->dgram == discard_dgram)
		return true;
	refusal = sender_refuse(&sender, 0, datagrams->settings);
	if (!refusal && !sender_is_allowed(&sender, datagrams->settings))
		refusal = "only_from and no_access do not let it in";
	if (replies_allow(&datagrams->replies, &sender, refusal, true))
		answer_datagram(datagrams, fd, &sender, &pktinfo, (size_t)got);
	return true;
}

void datagrams_serve(struct datagrams *datagrams, int fd)
{
	for (int n = 0; n < BATCH && serve_datagram(datagrams, fd); n++)
		continue;
}
