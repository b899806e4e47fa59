/* Opens the notify socket of a service: in a folder that only root can change, under a name that cannot be guessed,
 * where the backend can see it. */
#include "superd/instance/notify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "exec/child/sandbox.h"
#include "lib/fd.h"
#include "os/socket/notify_dir.h"
#include "os/socket/notify_socket.h"
#include "superd/instance/start_resources.h"
#include "superd/loop/close_socket.h"

#define VARIABLE "NOTIFY_SOCKET="

static const struct state_field notify_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, notify, "fd", fd) },
	{ STATE_FIELD(notify, "variable", variable) },
	{ STATE_FIELD(notify, "released", released) },
};
const struct field_table notify_state = FIELD_TABLE("notify", notify, notify_fields);

static struct notify *notify_new(struct engine *engine, const char *service)
{
	struct notify *notify = calloc(1, sizeof(*notify));

	if (!notify)
		return NULL;
	notify->engine = engine;
	notify->fd = -1;
	list_init(&notify->notices);
	list_init(&notify->unheard);
	watch_init(&notify->watch, engine, NULL);       /* notify_join sets what they call */
	ev_set_priority(&notify->watch.io, EV_MAXPRI);
	alarm_init(&notify->pause, engine, NULL);
	alarm_init(&notify->hanging, engine, NULL);
	alarm_init(&notify->last, engine, NULL);
	notify->service = strdup(service);
	return notify;
}

static void notify_close(struct notify *notify)
{
	LIST_EACH(link, &notify->unheard)       /* their instances are freed with the socket */
		list_remove(link);
	if (notify->awaited)
		fd_receive_end(&notify->awaited->reception);
	free(notify->awaited);
	watch_stop(&notify->watch);
	alarm_stop(&notify->pause);
	alarm_stop(&notify->hanging);
	alarm_stop(&notify->last);
	if (notify->fd >= 0 && notify->variable && notify->variable[strlen(VARIABLE)] == '/')
		notify_dir_remove(notify->variable + strlen(VARIABLE));
	if (notify->service)
		close_socket_listener(notify->engine, notify->service, true, &notify->fd);
	else
		fd_close(&notify->fd);          /* no process has it yet */
	free(notify->variable);
	free(notify->service);
	free(notify);
}

static int open_path(struct notify *notify, const char *random, struct buf *variable)
{
	struct buf path = { 0 };
	int fd = -1;

	if (notify_dir_make(notify->engine->defaults.runtime_directory, &path)) {
		if (!notify->engine->launch->notify_dir_swept)
			notify_dir_sweep(path.data);
		notify->engine->launch->notify_dir_swept = true;
		buf_addf(&path, "/%s", random);
		if (!path.failed)
			fd = notify_socket_open(path.data);
	}
	if (fd >= 0)
		buf_addf(variable, VARIABLE "%s", path.data);
	buf_free(&path);
	return fd;
}

struct notify *notify_open(struct engine *engine, const struct service *service, struct buf *why)
{
	const struct sandbox_config *sandbox = service_prepared(service)->sandbox;
	/* An abstract socket belongs to a network namespace (unix(7)). */
	bool has_own_network = sandbox && service->groups->hardening->private_network;
	struct notify *notify = notify_new(engine, service->name);
	struct buf variable = { 0 };
	unsigned char chance[16];       /* only processes that get its name can find the socket */
	char random[2 * sizeof(chance) + 1];

	if (!notify || !notify->service)
		goto failed;
	if (getrandom(chance, sizeof(chance), GRND_NONBLOCK) != (ssize_t)sizeof(chance))
		goto failed;
	for (size_t n = 0; n < sizeof(chance); n++)
		snprintf(random + 2 * n, 3, "%02x", chance[n]);
	/* A service with another root cannot see the folder, unless it is mounted there (exec/child/sandbox). */
	if (!service->groups->environment->root_directory || (sandbox && sandbox->has_mounts))
		notify->fd = open_path(notify, random, &variable);
	if (notify->fd < 0 && !has_own_network) {
		buf_addf(&variable, VARIABLE "@superd/notify/%s", random);
		notify->fd = variable.failed ? -1 : notify_socket_open(strchr(variable.data, '@'));
	}
	notify->variable = buf_take(&variable);
	if (notify->fd >= 0 && notify->variable)
		return notify;
failed:
	buf_text(why, "opening a socket for its notifications");
	if (has_own_network)
		buf_addf(why, " below %s/superd, which must belong to root and be searchable by all",
			 engine->defaults.runtime_directory);
	buf_addf(why, ": %s", strerror(errno));
	if (notify)
		notify_close(notify);
	return NULL;
}

struct notify *notify_load(struct engine *engine, const char *service, struct state_section *section)
{
	struct notify *notify = notify_new(engine, service);

	if (!notify)
		return NULL;
	state_load(section, &notify_state, notify, engine->loop);
	if (notify->variable && strncmp(notify->variable, VARIABLE, strlen(VARIABLE)) != 0) {
		free(notify->variable);
		notify->variable = NULL;
	}
	if (notify->fd >= 0 && notify->service && notify->variable) {
		engine->launch->notify_dir_swept = true;        /* the sockets in the folder are this superd's */
		return notify;
	}
	notify_close(notify);
	return NULL;
}

void notify_close_unused(struct notify *notify)
{
	if (notify->released && !notify->busy && list_empty(&notify->notices))
		notify_close(notify);
}

void notify_release(struct notify *notify)
{
	if (!notify)
		return;
	notify->released = true;
	notify_close_unused(notify);
}

bool notify_is_receiving(const struct notify *notify)
{
	return notify && notify->awaited;
}
