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

bool notify_is_wanted(const struct service *service)
{
	return service_notify_access(service) != NOTIFY_NONE;
}

/* A random name, so that only processes that get it can find the socket. */
static bool choose_name(char name[33])
{
	unsigned char chance[16];

	if (getrandom(chance, sizeof(chance), GRND_NONBLOCK) != (ssize_t)sizeof(chance))
		return false;
	for (size_t n = 0; n < sizeof(chance); n++)
		snprintf(name + 2 * n, 3, "%02x", chance[n]);
	return true;
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

/* An abstract socket belongs to a network namespace (unix(7)). */
static bool has_own_network(const struct service *service)
{
	return service_prepared(service)->sandbox &&
	       (service->groups->hardening->private_network || service->groups->paths->network_namespace_path);
}

static bool open_socket(struct notify *notify, const struct service *service)
{
	struct buf variable = { 0 };
	char random[33];
	int fd = -1;

	if (!choose_name(random))
		return false;
	/* A service with another root cannot see the folder, unless it is mounted there (exec/child/sandbox). */
	if (!service->groups->environment->root_directory ||
	    (service_prepared(service)->sandbox && service_prepared(service)->sandbox->has_mounts))
		fd = open_path(notify, random, &variable);
	if (fd < 0 && !has_own_network(service)) {
		buf_addf(&variable, VARIABLE "@superd/notify/%s", random);
		fd = variable.failed ? -1 : notify_socket_open(strchr(variable.data, '@'));
	}
	notify->variable = buf_take(&variable);
	notify->io.fd = fd;
	return fd >= 0 && notify->variable;
}

void notify_rewatch(struct notify *notify)
{
	if (notify->io.fd < 0 || notify->awaited || ev_is_active(&notify->pause) || ev_is_active(&notify->hanging))
		ev_io_stop(notify->engine->loop, &notify->io);
	else
		ev_io_start(notify->engine->loop, &notify->io);
}

static void on_pause(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	notify_rewatch(timer->data);
}

bool notify_is_receiving(const struct notify *notify)
{
	return notify && notify->awaited;
}

static void notify_close(struct notify *notify)
{
	int fd = notify->io.fd;

	LIST_EACH(link, &notify->unheard)       /* their instances are freed with the socket */
		list_remove(link);
	if (notify->awaited)
		fd_receive_end(&notify->awaited->reception);
	free(notify->awaited);
	ev_io_stop(notify->engine->loop, &notify->io);
	ev_timer_stop(notify->engine->loop, &notify->pause);
	ev_timer_stop(notify->engine->loop, &notify->hanging);
	ev_timer_stop(notify->engine->loop, &notify->last);
	if (fd >= 0 && notify->variable && notify->variable[strlen(VARIABLE)] == '/')
		notify_dir_remove(notify->variable + strlen(VARIABLE));
	if (notify->service)
		close_socket_listener(notify->engine, notify->service, true, &fd);
	else
		fd_close(&fd);          /* no process has it yet */
	free(notify->variable);
	free(notify->service);
	free(notify);
}

static void describe_unopened(const struct engine *engine, const struct service *service, struct buf *why)
{
	buf_text(why, "opening a socket for its notifications");
	if (has_own_network(service))
		buf_addf(why, " below %s/superd, which must belong to root and be searchable by all",
			 engine->defaults.runtime_directory);
	buf_addf(why, ": %s", strerror(errno));
}

static struct notify *notify_new(struct engine *engine, const char *service)
{
	struct notify *notify = calloc(1, sizeof(*notify));

	if (!notify)
		return NULL;
	notify->engine = engine;
	list_init(&notify->notices);
	list_init(&notify->unheard);
	ev_init(&notify->pause, on_pause);
	ev_init(&notify->hanging, NULL);
	ev_init(&notify->last, NULL);
	notify->pause.data = notify->hanging.data = notify->last.data = notify;
	ev_init(&notify->io, NULL);     /* superd/instance/notify_receive reads it, from the first instance on */
	notify->io.fd = -1;
	notify->service = strdup(service);
	return notify;
}

static struct notify *listen_at(struct notify *notify)
{
	ev_io_set(&notify->io, notify->io.fd, EV_READ);
	ev_set_priority(&notify->io, EV_MAXPRI);
	notify->io.data = notify;
	return notify;
}

struct notify *notify_open(struct engine *engine, const struct service *service, struct buf *why)
{
	struct notify *notify = notify_new(engine, service->name);

	if (!notify) {
		buf_text(why, "out of memory");
		return NULL;
	}
	if (!notify->service || !open_socket(notify, service)) {
		describe_unopened(engine, service, why);
		notify_close(notify);
		return NULL;
	}
	return listen_at(notify);
}

struct notify *notify_resume(struct engine *engine, const char *service, const char *variable, int fd)
{
	struct notify *notify = notify_new(engine, service);

	if (!notify)
		return NULL;
	notify->variable = strdup(variable);
	if (!notify->service || !notify->variable || strncmp(variable, VARIABLE, strlen(VARIABLE)) != 0) {
		notify_close(notify);
		return NULL;
	}
	engine->launch->notify_dir_swept = true;    /* the sockets in the folder are this superd's */
	notify->io.fd = fd;
	return listen_at(notify);
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

static void save_socket(struct state_saver *saver, const void *object)
{
	save_fd(saver, "fd", ((const struct notify *)object)->io.fd);
}

static void save_variable(struct state_saver *saver, const void *object)
{
	const struct notify *notify = object;

	save_text(saver, "variable", notify->variable);
}

static const struct state_field notify_fields[] = {
	{ STATE_BY(notify, io, save_socket, NULL) },
	{ STATE_BY(notify, variable, save_variable, NULL) },
	{ STATE_FIELD(notify, "released", released) },
};
const struct field_table notify_state = FIELD_TABLE("notify", notify, notify_fields);
