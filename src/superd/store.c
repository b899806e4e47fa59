/* superd's listeners in the store of the service manager that has started it (FDSTORE=1 of sd_pid_notify_with_fds(3)):
 * a superd that is killed or restarted gets them back, and with them who waits. The manager answers nothing. FDPOLL=0
 * keeps it from dropping a socket that has an error pending, as a datagram socket may. */
#include "superd/daemon.h"

#define MOST 4000	 /* superd takes at most 4096 descriptors at its start */
#define NUMBER_ROOM 12	 /* bytes for "~2", which tells two of one name apart */
#define HASH_LENGTH 17	 /* bytes of "~" and a hash */
#define PAUSE_MIN 200000 /* microseconds between two tries, least and most */
#define PAUSE_MAX 60000000

static struct {
	const char *socket; /* NOTIFY_SOCKET; NULL: there is no store */
	size_t count, most; /* in the store; which it holds */
	char **removed;	    /* names that are to be taken out, and could not be yet */
	size_t removed_count;
	ev_timer next;
	struct backoff backoff;
	bool is_full;
} store;

/* A name is what a person reads, too: the endpoint as in the table, with what a name must not have replaced. A colon
 * separates names in LISTEN_FDNAMES, and a tilde is followed by a number. */
void store_name_make(const char *service, const struct endpoint *endpoint, char name[STORE_NAME_MOST + 1])
{
	const size_t most = STORE_NAME_MOST - NUMBER_ROOM;
	struct buf text = { 0 };
	size_t length;

	buf_addf(&text, STORED_PREFIX "%s/", service);
	endpoint_format(endpoint, &text);
	length = snprintf(name, most + 1, "%s", buf_string(&text)) < 0 ? 0 : strlen(name);
	for (char *at = name; at < name + length; at++)
		*at = *at == ':' ? ',' : *at <= ' ' || *at > '~' ? '_' : *at == '~' ? '-' : *at;
	if (text.length > most)
		snprintf(name + most - HASH_LENGTH, HASH_LENGTH + 1, "-%016" PRIx64,
			 hash_bytes(HASH_START, text.data, text.length));
	buf_free(&text);
}

bool store_name_is(const char *name, const char *made)
{
	size_t length = strlen(made);

	return !strncmp(name, made, length) && (!name[length] || name[length] == '~');
}

static bool tell(const char *name, int fd)
{
	char text[STORE_NAME_MOST + 64];

	snprintf(text, sizeof(text), fd < 0 ? "FDSTOREREMOVE=1\nFDNAME=%s" : "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
	if (guard_notify(store.socket, text, fd)) {
		backoff_reset(&store.backoff);
		return true;
	}
	log_event(superd.log, store.backoff.failures ? LEVEL_DEBUG : LEVEL_WARNING,
		  &(struct event){ .name = "store_failed" },
		  fd < 0 ? "cannot remove %s from the store at %s: %s: superd tries again"
			 : "cannot store %s at %s: %s: superd tries again",
		  name, store.socket, strerror(errno));
	timer_begin(&store.next, backoff_next(&store.backoff, PAUSE_MIN, PAUSE_MAX, jitter()));
	return false;
}

static void give(struct socket *socket)
{
	socket->is_stored = tell(socket->run->stored, socket->fd);
	if (socket->is_stored)
		journal_socket(socket);
}

/* What goes is first, as the store may be full. */
static void on_next(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	while (!ev_is_active(&store.next) && store.removed_count && tell(store.removed[store.removed_count - 1], -1))
		free(store.removed[--store.removed_count]);
	LIST_EACH(link, &superd.services) {
		struct svc *svc = container_of(link, struct svc, link);

		for (unsigned n = 0; !ev_is_active(&store.next) && n < svc->socket_count; n++) {
			if (svc->sockets[n].run->stored && !svc->sockets[n].is_stored)
				give(&svc->sockets[n]);
		}
	}
}

/* where: none, notify, or NULL: where the manager says that it keeps them (FDSTORE=). */
void store_begin(const char *where)
{
	const char *said = getenv("FDSTORE");
	int64_t room = 0;

	if (said && (scan_count(said, &room) || room < 0))
		room = 0;
	ev_init(&store.next, on_next);
	if (where && !strcmp(where, "none"))
		return;
	store.socket = getenv("NOTIFY_SOCKET");
	store.most = room && room < MOST ? (size_t)room : MOST;
	if (where && (!store.socket || !*store.socket))
		log_warn(superd.log,
			 "--fdstore=notify: no service manager has set NOTIFY_SOCKET: a superd that is killed loses "
			 "the clients that wait");
	if (!store.socket || !*store.socket || (!where && !room))
		store.socket = NULL;
}

void store_give(struct socket *socket)
{
	char made[STORE_NAME_MOST + 1], name[STORE_NAME_MOST + 16];
	bool taken = true;

	if (!store.socket || socket->run->stored || socket->inherited)
		return;
	store_name_make(socket->svc->row->name, socket->listen->endpoint, made);
	if (store.count >= store.most) {
		if (!store.is_full)
			log_event(superd.log, LEVEL_WARNING, &(struct event){ .name = "store_failed" },
				  "the store at %s has room for %zu sockets: the clients of %s, and of later sockets, "
				  "are lost if superd is killed; set a larger FileDescriptorStoreMax= in superd's unit",
				  store.socket, store.most, made);
		store.is_full = true;
		return;
	}
	for (unsigned number = 1; taken; number++) {
		snprintf(name, sizeof(name), number == 1 ? "%s" : "%s~%u", made, number);
		taken = false;
		for (unsigned n = 0; n < socket->svc->socket_count && !taken; n++)
			taken = socket->svc->sockets[n].run->stored &&
				!strcmp(socket->svc->sockets[n].run->stored, name);
		for (size_t n = 0; n < store.removed_count && !taken; n++)
			taken = !strcmp(store.removed[n], name);
	}
	socket->run->stored = strdup(name);
	store.count += socket->run->stored != NULL;
	if (socket->run->stored && !ev_is_active(&store.next))
		give(socket);
}

/* It came from the store, or a superd before had given it. */
void store_note(struct socket *socket, const char *name)
{
	free(socket->run->stored);
	socket->run->stored = strdup(name);
	socket->is_stored = true;
	store.count++;
}

static void take_out(char *name)
{
	char **larger;

	if (!ev_is_active(&store.next) && tell(name, -1)) {
		free(name);
		return;
	}
	larger = realloc(store.removed, (store.removed_count + 1) * sizeof(*larger));
	if (!larger)
		return;
	store.removed = larger;
	store.removed[store.removed_count++] = name;
}

/* Before it is closed. true: the store keeps it, as superd ends. */
bool store_take_out(struct socket *socket)
{
	bool is_in = socket->is_stored, ends = superd_is_stopping();
	char *name = socket->run->stored;

	socket->run->stored = NULL;
	socket->is_stored = false;
	store.count -= name != NULL;
	store.is_full = false;
	if (name && is_in && !ends && store.socket)
		take_out(name);
	else
		free(name);
	return is_in && ends;
}

/* Closes what something other than superd has put into the store. What superd has stored is its own user's, and of its
 * network. systemd passes what is in a store behind the sockets of socket units, which it makes as root. */
void store_refuse_foreign(void)
{
	for (size_t n = 0; n < superd.inherited.count; n++) {
		struct listen_fd *inherited = &superd.inherited.list[n];
		enum socket_origin origin;
		struct buf text = { 0 }, why = { 0 };
		uid_t uid;

		if (inherited->fd < 0 || inherited->from == OF_SUPERD)
			continue;
		origin = socket_origin(inherited->fd, &uid);
		if (origin == ORIGIN_USER && (inherited->from == OF_STORE || (getenv("FDSTORE") && uid != 0)))
			buf_addf(&why, "user %lu has made it, not superd's user, %lu", (unsigned long)uid,
				 (unsigned long)geteuid());
		else if (origin == ORIGIN_NETWORK && inherited->from == OF_STORE)
			buf_text(&why, "it is of another network namespace than superd");
		if (why.length) {
			listen_fd_describe(inherited, &text);
			log_event(superd.log, LEVEL_WARNING, &(struct event){ .name = "store_refused" },
				  "a socket from the store (%s) is refused and closed, as something other than superd "
				  "has stored it: %s; see NotifyAccess= in superd's unit",
				  buf_string(&text), buf_string(&why));
			inherited->from = OF_STORE; /* whatever its name says */
			store_drop(inherited);
		}
		buf_free(&text);
		buf_free(&why);
	}
}

/* Closes one that no service has. */
void store_drop(struct listen_fd *inherited)
{
	if (inherited->from == OF_STORE && inherited->name && store.socket) {
		take_out(inherited->name);
		inherited->name = NULL;
	}
	journal_drop("fd", inherited->fd);
	fd_close(&inherited->fd);
}
