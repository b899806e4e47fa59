/* Channels. The hard thing is trust: the other end read what a stranger said. So a name is looked up and nothing else,
 * and of connections only the very one is taken that this instance was started for.
 *
 * The end of an instance may be heard of before its last words: they are read then. */
#include "engine/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "engine/listing.h"
#include "engine/mux.h"
#include "engine/record.h"
#include "sys/channel_end.h"
#include "sys/memory_file.h"
#include "sys/plan.h"

#define NAME_MOST 256                   /* of a service, by tcpmux */
#define PACKETS_MOST 4                  /* in one turn: a client has but one thing to say */

struct channel {
	ev_io io;                       /* our end; watched for tcpmux alone */
	struct keeper *keeper;
	ino_t connection;               /* of the client; 0: it was given back already */
};

static void give_names(struct channel *channel)
{
	struct engine *engine = channel->keeper->engine;
	struct buf text = { 0 };
	int file;

	listing_mux_names(engine, &text);
	file = text.failed ? -1 : memory_file(buf_string(&text), text.length);
	if (file >= 0)
		channel_give(channel->io.fd, file);     /* where it can't be given, the other end says so */
	fd_close(&file);
	buf_free(&text);
}

/* false: there is no more. */
static bool take_packet(struct channel *channel)
{
	char name[NAME_MOST + 1];
	int descriptor;
	ssize_t length = channel_take(channel->io.fd, name, NAME_MOST, &descriptor);

	if (length <= 0)
		return false;
	name[length] = '\0';
	if (descriptor < 0) {
		if (!strcmp(name, "help"))
			give_names(channel);
		return true;
	}
	if (!channel->connection || channel_identify(descriptor) != channel->connection) {
		close(descriptor);
		return true;
	}
	channel->connection = 0;
	mux_serve(channel->keeper, name, descriptor);
	return true;
}

static void on_packet(struct ev_loop *loop, ev_io *io, int events)
{
	struct channel *channel = io->data;

	(void)events;
	if (!take_packet(channel) && errno != EAGAIN && errno != EINTR)
		ev_io_stop(loop, io);
}

/* "in=3 out=20\n". false: it is something else, or nothing, as when the process was killed. */
static bool read_traffic(const char *text, uint64_t *in, uint64_t *out)
{
	char *end;

	if (strncmp(text, "in=", 3) != 0)
		return false;
	*in = strtoull(text + 3, &end, 10);
	if (strncmp(end, " out=", 5) != 0)
		return false;
	*out = strtoull(end + 5, &end, 10);
	return !strcmp(end, "\n");
}

static void hear_traffic(struct channel *channel)
{
	char text[64];
	ssize_t length = read(channel->io.fd, text, sizeof(text) - 1);
	uint64_t in, out;

	if (length <= 0)
		return;
	text[length] = '\0';
	if (read_traffic(text, &in, &out))
		record_traffic(channel->keeper, in, out);
}

static bool is_mux(const struct service *service)
{
	return service->what->builtin && !strcmp(service->what->builtin[0], "tcpmux");
}

static void channel_free(struct instance *instance)
{
	struct channel *channel = instance->channel;
	int fd = channel->io.fd;

	ev_io_stop(channel->keeper->engine->loop, &channel->io);
	fd_close(&fd);
	free(channel);
	instance->channel = NULL;
}

void channel_finish(struct instance *instance)
{
	struct channel *channel = instance->channel;

	if (!channel)
		return;
	if (!ev_is_active(&channel->io))
		hear_traffic(channel);
	for (int n = 0; n < PACKETS_MOST && ev_is_active(&channel->io); n++) {
		if (!take_packet(channel))
			break;
	}
	channel_free(instance);
}

/* The child's end, at a place of its own behind the sockets. */
static bool hand_over(struct wiring *wiring, int fd, struct buf *why)
{
	if (wiring_add(wiring, fd))
		return true;
	buf_addf(why, "passing a channel: %s", strerror(errno));
	return false;
}

static bool open_list(struct keeper *keeper, struct wiring *wiring, struct buf *why)
{
	struct buf text = { 0 };
	int file;

	if (!strcmp(keeper->service->what->builtin[0], "servers"))
		listing_servers(keeper->engine, &text);
	else
		listing_services(keeper->engine, &text);
	errno = ENOMEM;
	file = text.failed ? -1 : memory_file(buf_string(&text), text.length);
	buf_free(&text);
	if (file < 0) {
		buf_addf(why, "making its list: %s", strerror(errno));
		return false;
	}
	return hand_over(wiring, file, why);
}

static bool open_ends(struct keeper *keeper, int ends[2])
{
	return (is_mux(keeper->service) ? channel_pair(ends) : fd_pipe(ends)) == 0;
}

/* The packets of tcpmux are watched for; the one line of a redirect comes with its end. */
static struct channel *channel_new(struct keeper *keeper, struct instance *instance, const struct client *client,
				   int fd)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	if (!channel)
		return NULL;
	channel->keeper = keeper;
	channel->connection = channel_identify(client->fd);
	ev_io_init(&channel->io, on_packet, fd, EV_READ);
	channel->io.data = channel;
	if (is_mux(keeper->service))
		ev_io_start(keeper->engine->loop, &channel->io);
	instance->channel = channel;
	instance->close_channel = channel_free;
	return channel;
}

bool channel_open(struct keeper *keeper, struct instance *instance, struct wiring *wiring, const struct client *client,
		  struct buf *why)
{
	int ends[2];

	if (plan_channel(keeper->service) < 0)
		return true;
	if (!keeper->service->what->redirect && !is_mux(keeper->service))
		return open_list(keeper, wiring, why);
	if (!open_ends(keeper, ends)) {
		buf_addf(why, "opening a channel: %s", strerror(errno));
		return false;
	}
	ends[0] = fd_raise(ends[0], FD_HIGH);
	if (!channel_new(keeper, instance, client, ends[0])) {
		buf_text(why, "opening a channel: out of memory");
		fd_close(&ends[0]);
		fd_close(&ends[1]);
		return false;
	}
	if (hand_over(wiring, ends[1], why))
		return true;
	channel_free(instance);
	return false;
}
