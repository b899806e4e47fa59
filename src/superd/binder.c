/* pass = bind: the program's filter stops its bind(2), and a superd-bind of the instance answers with superd's socket
 * (src/bind). superd hears of each answer over a channel, and opens what a program of one IP version needs. */
#include "superd/daemon.h"

#include <linux/capability.h>

#include "bind/bind.h"

#define HINT_SOON 10. /* seconds: a program that cannot have its port ends soon */
/* What superd-bind looks at other processes with: process_vm_readv(2), pidfd_getfd(2), /proc. */
#define TO_LOOK (UINT64_C(1) << CAP_SYS_PTRACE | UINT64_C(1) << CAP_DAC_READ_SEARCH)
#define SETTLES .25    /* seconds without a bind, until superd looks what the program has kept */
#define QUIET 3.       /* seconds without a new bind, until superd says what is wrong with the last */
#define SERVED_MOST 64 /* sockets: the bits of `bound_set` */
#define REPORTS 64     /* in a turn of the loop: it looks into its program, and may be that one's */
#define SERVED_WHY "pass = bind serves at most 64 sockets"

/* ---- one IP version of a port without an address ---- */

/* A row's socket for both IP versions, as one for one of them. */
struct narrowed {
	struct listen listen;
	struct endpoint endpoint, address;
};

static bool is_dual(const struct listen *listen)
{
	return endpoint_is_inet(listen->address) && listen->address->family == FAMILY_ANY &&
		!listen->address->address && listen->options->ipv6_only != IPV6_ONLY_YES;
}

/* Its row says this; what it is for stays. */
void binder_take_row(struct socket *socket, const struct listen *listen)
{
	struct narrowed *narrowed = socket->family && is_dual(listen) ? malloc(sizeof(*narrowed)) : NULL;

	if (socket->run->narrowed != narrowed) {
		free(socket->run->narrowed);
		socket->run->narrowed = narrowed;
	}
	socket->listen = listen;
	if (!narrowed) {
		socket->family = 0;
		return;
	}
	*narrowed = (struct narrowed){ *listen, *listen->endpoint, *listen->address };
	narrowed->endpoint.family = narrowed->address.family = socket->family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	narrowed->listen.endpoint = &narrowed->endpoint;
	narrowed->listen.address = &narrowed->address;
	socket->listen = &narrowed->listen;
}

static struct socket *find_socket(struct svc *svc, unsigned row, int family)
{
	EACH_SOCKET(socket, svc) {
		if (socket->number == row && socket->family == family)
			return socket;
	}
	return NULL;
}

/* The socket of a row for both IP versions that is for this one alone, or again for both (0); it may not be open. If
 * there is none yet, this instance is to try it beside the others of its row (tries; 0: none is). NULL: the row is
 * none, or there is no room. */
struct socket *binder_socket_of(struct svc *svc, unsigned row, int family, uint64_t tries)
{
	struct socket *socket = row < svc->row->socket_count ? &svc->sockets[row] : NULL, *found;

	if (!socket || !is_dual(&svc->row->sockets[row]))
		return NULL;
	if ((found = find_socket(svc, row, family)))
		return found;
	/* A second one of a row stands behind all rows. */
	if (socket->family || tries) {
		if (svc->socket_count >= SERVED_MOST || !(socket = svc_add_socket(svc)))
			return NULL;
		socket->number = (uint16_t)row;
		socket->run->tries = tries;
	}
	socket->family = (uint8_t)family;
	binder_take_row(socket, &svc->row->sockets[row]);
	return socket;
}

static void add_entry(struct buf *message, const struct socket *socket, const struct socket_address *name)
{
	struct bind_entry entry = { .number = BIND_NUMBER(socket->number, socket->family),
				    .flags = (listen_prepared(socket->listen)->rules ? BIND_LOCKS : 0) |
					    (socket->run->narrowed || is_dual(socket->listen) ? BIND_DUAL : 0) |
					    (socket->run->tries ? BIND_TRIAL : 0) };

	if (name)
		entry.address = *name;
	buf_add(message, &entry, sizeof(entry));
	if (!message->failed)
		((struct bind_order *)(void *)message->data)->count++;
}

/* The socket, and the addresses of `binds`: two for one that names any address of both IP versions. */
static void add_socket(struct buf *message, const struct socket *socket)
{
	struct pool *pool = pool_new();
	const struct endpoint *endpoint;
	struct socket_address address;

	add_entry(message, socket, NULL);
	for (words text = socket->listen->options->binds; pool && text && *text; text++) {
		if (endpoint_parse(*text, pool, &endpoint))
			continue;
		for (int n = 0; n < 1 + endpoint_is_inet(endpoint); n++) {
			if (socket_address_make(endpoint, n ? AF_INET : AF_INET6, &address))
				add_entry(message, socket, &address);
		}
	}
	pool_free(pool);
}

static bool send_order(int channel, struct buf *message, const int *fds, size_t count)
{
	bool sent =
		!message->failed && fd_message_send(channel, message->data, message->length, fds, count, MSG_DONTWAIT);

	buf_free(message);
	return sent;
}

static struct buf order_of(unsigned word)
{
	struct bind_order order = { .word = word, .superd = getpid() };
	struct buf message = { 0 };

	buf_add(&message, &order, sizeof(order));
	return message;
}

static void tell(const struct instance *instance, unsigned word)
{
	struct buf message = order_of(word);

	send_order(instance->binder_fd, &message, NULL, 0);
}

/* ---- sockets that a program tries ---- */

/* Its bit goes, as those behind it get other places. */
static void forget_place(struct svc *svc, size_t place)
{
	uint64_t below = (UINT64_C(1) << place) - 1;

	LIST_OF(struct instance, instance, link, &svc->run->instances)
		instance->bound_set = (instance->bound_set & below) | (instance->bound_set >> 1 & ~below);
}

static void drop_socket(struct socket *socket)
{
	struct svc *svc = socket->svc;

	socket_close(socket);
	forget_place(svc, (size_t)(socket - svc->sockets));
	svc_drop_socket(socket);
}

/* Those that this instance tries, or with 0 any. What is open beside them has all clients who wait. */
static bool end_trials(struct svc *svc, uint64_t instance)
{
	bool any = false;

	for (unsigned n = svc->socket_count; n-- > svc->row->socket_count;) {
		struct socket *socket = &svc->sockets[n];

		if (!socket->run->tries || (instance && socket->run->tries != instance))
			continue;
		drop_socket(socket);
		any = true;
	}
	return any;
}

static void on_settled(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	tell(timer->data, BIND_SETTLE);
}

/* What the program has kept is known once it binds nothing for a moment. */
static void settle_soon(struct instance *instance)
{
	EACH_SOCKET(socket, instance->svc) {
		if (socket->run->tries == instance->number)
			timer_call(&instance->settles, SETTLES, on_settled, instance);
	}
}

/* Binds a socket beside those of its row. superd-bind lets that be meanwhile, by SO_REUSEPORT: were they closed before,
 * any local user could take the port in between, and who only looks whether it is free would close it to the other IP
 * version, and reset who waits. What stays is that superd's own user, mostly root, may share the port by SO_REUSEPORT
 * until all of them are closed, as the kernel keeps that in the port's bucket (inet_csk_get_port). The kernel passes
 * IPv4 clients to the new one; they are held back until it is known to stay. Of IPv6 the one before gets all. */
static int open_beside(const struct socket *socket, struct buf *why)
{
	struct socket_options options = *socket->listen->options;
	struct listen beside = *socket->listen;
	struct buf warnings = { 0 };
	int fd;

	options.reuse_port = true;
	beside.options = &options;
	fd = bind_listen(&beside, why, &warnings);
	buf_free(&warnings);
	if (fd >= 0 && !socket->listen->options->reuse_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){ 0 }, sizeof(int));
	if (fd >= 0 && socket->family == AF_INET && socket->listen->address->kind == ENDPOINT_TCP)
		setsockopt(fd, IPPROTO_IP, IP_MINTTL, &(int){ BIND_HELD_BACK }, sizeof(int));
	return fd_raise(fd, FD_LISTENER);
}

/* superd-bind waits for a socket of this IP version alone, or of both again. */
static void open_for(struct instance *instance, const struct bind_note *report)
{
	struct svc *svc = instance->svc;
	struct socket *socket = NULL;
	struct buf why = { 0 }, message = order_of(BIND_SOCKET);

	if (svc->run->current != instance || instance->ends)
		buf_text(&why, "it is being stopped");
	else if (!(socket = binder_socket_of(svc, BIND_ROW(report->number), report->family, instance->number)))
		buf_text(&why, SERVED_WHY);
	if (socket && socket->fd < 0) {
		socket->fd = open_beside(socket, &why);
		socket->lent = false;
		clients_forget(socket);
		if (socket->fd >= 0) {
			journal_socket(socket);
			rpc_announce(socket, false);
		} else if (socket->run->tries) {
			drop_socket(socket);
			socket = NULL;
		}
	}
	if (socket && socket->fd >= 0)
		add_socket(&message, socket);
	else
		svc_echo(svc, LEVEL_ERROR, "bound", "pid %ld binds %s, for which superd cannot open a socket: %s",
			 (long)report->pid, report->text, buf_string(&why));
	if (!send_order(instance->binder_fd, &message, socket ? &socket->fd : NULL, socket && socket->fd >= 0))
		svc_say(svc, LEVEL_ERROR, "bound", "superd-bind does not answer: %s", strerror(errno));
	settle_soon(instance);
	buf_free(&why);
}

/* The addresses of a row as they are open, for its `listen`. */
static void write_listen(const struct svc *svc, unsigned row, struct buf *out)
{
	unsigned count = 0, written = 0;

	EACH_SOCKET(socket, svc)
		count += socket->number == row && socket->fd >= 0;
	EACH_SOCKET(socket, svc) {
		if (socket->number != row || socket->fd < 0)
			continue;
		buf_text(out, written++ ? ", \"" : count > 1 ? "{ \"" : "\"");
		endpoint_format(socket->listen->endpoint, out);
		buf_text(out, written < count || count == 1 ? "\"" : "\" }");
	}
}

/* The program has kept what it has tried, and no other of its row that has the same clients: the others close, and who
 * waits there is reset, as the kernel passes nobody on. It stays so for the programs after this one. */
static void keep(struct instance *instance, struct socket *socket, const struct bind_note *report)
{
	struct svc *svc = instance->svc;
	struct socket *own = &svc->sockets[socket->number];
	size_t place = (size_t)(socket - svc->sockets);
	bool resets = !socket->family || !own->family, tries = false;
	struct buf text = { 0 }, listen = { 0 };

	socket->run->tries = 0;
	journal_socket(socket);
	if (resets) {
		struct socket before = *own;
		uint64_t bits = instance->bound_set >> place & 1;

		svc_unwatch(svc);
		*own = *socket;
		*socket = before;
		instance->bound_set = (instance->bound_set & ~(UINT64_C(1) << before.number)) | bits << before.number;
		drop_socket(socket);
	}
	for (unsigned n = svc->socket_count; n-- > svc->row->socket_count && !own->family;) {
		if (svc->sockets[n].number == own->number)
			drop_socket(&svc->sockets[n]); /* it is for the second IP version */
	}
	EACH_SOCKET(other, svc)
		tries |= other->number == own->number && other->run->tries;
	write_listen(svc, own->number, &listen);
	endpoint_format((resets ? own : socket)->listen->endpoint, &text);
	svc_say(svc, LEVEL_NOTICE, "bound", "pid %ld binds %s, an address of %s: superd listens on %s for it%s%s%s%s",
		(long)report->pid, report->text, own->family ? "one IP version" : "both IP versions", buf_string(&text),
		resets ? ", and who waited was reset" : "", own->family && !tries ? "; write listen = " : "",
		own->family && !tries ? buf_string(&listen) : "",
		own->family && !tries ? " to have it so from the start" : "");
	buf_free(&text);
	buf_free(&listen);
	binder_launched(instance);
}

/* ---- what it reports ---- */

/* It has bound none of this row's sockets, or only tries one. */
static bool lacks(const struct instance *instance, unsigned n)
{
	const struct svc *svc = instance->svc;

	for (unsigned other = 0; other < svc->socket_count && other < SERVED_MOST; other++) {
		if (svc->sockets[other].number == svc->sockets[n].number && !svc->sockets[other].run->tries &&
		    instance->bound_set >> other & 1)
			return false;
	}
	return svc->sockets[n].fd >= 0;
}

bool binder_is_missing(const struct instance *instance)
{
	bool missing = false;

	for (unsigned n = 0; n < instance->svc->socket_count && instance->row->exec->pass == PASS_BIND; n++)
		missing |= lacks(instance, n);
	return missing;
}

void binder_describe_missing(const struct instance *instance, struct buf *out)
{
	const struct svc *svc = instance->svc;
	const char *between = "it has not bound ";
	bool missing = false;

	for (unsigned n = 0; n < svc->socket_count && !*instance->advice; n++) {
		if (!lacks(instance, n))
			continue;
		buf_text(out, between);
		endpoint_format(svc->sockets[n].listen->endpoint, out);
		between = ", nor ";
		missing = true;
	}
	if (missing)
		buf_text(out, instance->others);
	buf_text(out, instance->advice);
}

void binder_describe_bound(const struct instance *instance, struct buf *out)
{
	const struct svc *svc = instance->svc;

	binder_describe_missing(instance, out);
	for (unsigned n = 0; n < svc->socket_count && !binder_is_missing(instance); n++) {
		if (!(instance->bound_set >> n & 1))
			continue;
		buf_text(out, out->length ? ", " : "it has bound ");
		endpoint_format(svc->sockets[n].listen->endpoint, out);
	}
	if (!binder_is_missing(instance))
		buf_text(out, instance->differs);
}

/* Clients wait at a socket that it had, and no process of it has it. */
void binder_describe_lost(struct instance *instance, unsigned n, struct buf *out)
{
	pid_t *processes = instance_processes(instance);
	struct stat status;
	bool held = !processes || fstat(instance->svc->sockets[n].fd, &status) < 0;

	for (pid_t *at = processes; !held && *at; at++)
		held = process_holds(*at, status.st_ino) != HOLDS_NONE;
	free(processes);
	if (held)
		return;
	buf_text(out, "no process of it has ");
	endpoint_format(instance->svc->sockets[n].listen->endpoint, out);
	buf_text(out, " any more: clients wait for one that binds it");
}

static void on_quiet(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct instance *instance = timer->data;
	struct buf text = { 0 };

	(void)loop, (void)events;
	binder_describe_missing(instance, &text);
	if (text.length && !instance->told && !*instance->advice && (instance->bound_set || *instance->others)) {
		instance->told = true;
		svc_say(instance->svc, LEVEL_WARNING, "bound",
			"%s. superd still waits: correct the port in its command or in listen, or "
			"write the port that it binds in binds",
			buf_string(&text));
	}
	buf_free(&text);
}

/* It was refused: what is to be written. */
static void advise(struct instance *instance, const struct bind_note *report, const struct listen *listen)
{
	const char *text = report->text + (strncmp(report->text, "tcp:", 4) ? 0 : 4);
	struct buf own = { 0 };

	endpoint_format(listen->endpoint, &own);
	if (report->event == BIND_WIDE && *report->more)
		snprintf(instance->advice, sizeof(instance->advice), "%s is open to more than it asked for, %s %s",
			 buf_string(&own), text, report->more);
	else if (report->event == BIND_WIDE)
		snprintf(instance->advice, sizeof(instance->advice),
			 "it asked for %s alone, and %s is for all addresses: write listen = \"%s\" (with -l: -l %s), "
			 "or "
			 "binds = \"%s\" to serve all of them",
			 report->text, buf_string(&own), text, text, text);
	else
		snprintf(instance->advice, sizeof(instance->advice),
			 "it opened an IPv%d socket for %s, and %s is none: write an IPv%d address in listen",
			 report->family == AF_INET ? 4 : 6, report->text, buf_string(&own),
			 report->family == AF_INET ? 4 : 6);
	svc_say(instance->svc, LEVEL_WARNING, "bound", "pid %ld is refused its bind: %s", (long)report->pid,
		instance->advice);
	buf_free(&own);
}

/* Whether it has bound all that is open; then it is ready. */
void binder_launched(struct instance *instance)
{
	if (!binder_is_missing(instance) && !service_notifies(instance->row) && !service_awaits_ready(instance->row) &&
	    instance->row->exec->type != TYPE_FORKING)
		instance_be_ready(instance);
}

/* That is open, or was. A superd-bind that an older superd has started numbers them by their places. */
static struct socket *socket_of(struct svc *svc, unsigned number)
{
	struct socket *found = find_socket(svc, BIND_ROW(number), (int)BIND_FAMILY_OF(number));

	if (!found && number < svc->socket_count)
		found = &svc->sockets[number];
	return found && found - svc->sockets < SERVED_MOST ? found : NULL;
}

static void take_report(struct instance *instance, const struct bind_note *report)
{
	struct svc *svc = instance->svc;
	struct socket *socket = socket_of(svc, report->number);
	unsigned place = socket ? (unsigned)(socket - svc->sockets) : 0;
	struct buf text = { 0 };
	long pid = report->pid;
	size_t length = strlen(instance->differs);

	if (report->event == BIND_OVER)
		io_stop(&instance->binder_io);
	if (!socket && report->event != BIND_OTHER && report->event != BIND_LISTENS && report->event != BIND_FAULT &&
	    report->event != BIND_NEEDS)
		return;
	/* A row has room for these: superd-bind reads the memory of others, and is not believed. */
	if (report->event == BIND_NEEDS && report->family != AF_INET && report->family != AF_INET6 && report->family)
		return;
	switch (report->event) {
	case BIND_GIVEN:
		*instance->advice = '\0';
		socket->lent = true;
		endpoint_format(socket->listen->endpoint, &text);
		if (pid && strcmp(report->text, buf_string(&text)) != 0) {
			svc_echo(svc, svc->run->activations <= 1 ? LEVEL_INFO : LEVEL_DEBUG, "bound",
				 "pid %ld binds %s and receives %s", pid, report->text, buf_string(&text));
			if (!(instance->bound_set >> place & 1))
				snprintf(instance->differs + length, sizeof(instance->differs) - length,
					 "; it asked for %s and got superd's socket %s", report->text,
					 buf_string(&text));
		}
		if (*report->more)
			svc_echo(svc, svc->run->activations <= 1 ? LEVEL_NOTICE : LEVEL_DEBUG, "bound",
				 "pid %ld binds %s with options that superd does not carry over to its socket: %s", pid,
				 report->text, report->more);
		if (!(instance->bound_set >> place & 1))
			timer_call(&instance->quiet, QUIET, on_quiet, instance);
		instance->bound_set |= UINT64_C(1) << place;
		settle_soon(instance);
		binder_launched(instance);
		break;
	case BIND_KEPT:
		if (socket->run->tries == instance->number)
			keep(instance, socket, report);
		break;
	case BIND_DROPPED:
		if (socket->run->tries == instance->number)
			drop_socket(socket);
		break;
	case BIND_NEEDS:
		open_for(instance, report);
		break;
	case BIND_OTHER:
		if (!strstr(instance->others, report->more)) {
			length = strlen(instance->others);
			snprintf(instance->others + length, sizeof(instance->others) - length, "; %s", report->more);
			timer_call(&instance->quiet, QUIET, on_quiet, instance);
		}
		break;
	case BIND_LISTENS: /* of one that has its sockets it is its own business */
		length = strlen(instance->others);
		if (instance->bound_set || strstr(instance->others, report->text))
			break;
		snprintf(instance->others + length, sizeof(instance->others) - length,
			 "; it listens at %s itself: if it does so as superd answered at its own port, use redirect",
			 report->text);
		svc_echo(svc, LEVEL_NOTICE, "bound", "pid %ld has not bound its sockets, and listens at %s itself", pid,
			 report->text);
		break;
	case BIND_WIDE:
	case BIND_FAMILY:
		advise(instance, report, socket->listen);
		break;
	case BIND_FAULT:
		svc_say(svc, LEVEL_WARNING, "bound", "%s", report->more);
		break;
	case BIND_OVER:
		break;
	}
	buf_free(&text);
	svc_changed(svc);
}

/* Also when its program has ended, which is judged by this. */
void binder_hear(struct instance *instance)
{
	struct bind_note report;
	struct process process;
	unsigned reports = 0;
	ssize_t got;

	if (!ev_is_active(&instance->binder_io))
		return;
	while ((got = recv(instance->binder_fd, &report, sizeof(report), MSG_DONTWAIT)) == (ssize_t)sizeof(report)) {
		report.text[sizeof(report.text) - 1] = report.more[sizeof(report.more) - 1] = '\0';
		take_report(instance, &report);
		if (++reports == REPORTS)
			return;
	}
	if (!ev_is_active(&instance->binder_io) || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	io_stop(&instance->binder_io);
	if (got || instance->ends || !process_read(instance->main.pid, &process) || process.ended)
		return;
	svc_say(instance->svc, LEVEL_ERROR, "bound",
		"superd-bind has ended: what its program binds from now on fails (ENOSYS)");
	if (end_trials(instance->svc, instance->number)) { /* nobody lets clients in there */
		svc_say(instance->svc, LEVEL_NOTICE, "stopping", "stopping pid %ld: it has a socket without clients",
			(long)instance->pid);
		instance_stop(instance);
	}
}

static void on_report(struct io *io)
{
	binder_hear(io->data);
}

/* ---- its life ---- */

/* A superd before has left it. */
void binder_resume(struct instance *instance)
{
	tell(instance, BIND_TELL);
	settle_soon(instance);
	io_call(&instance->binder_io, instance->binder_fd, on_report, instance);
}

/* The group in which the superd-binds of a service have its cpu_quota and cpu_weight: they outlive what is killed in
 * the instances' own. The caller frees it. */
static char *share_group(const struct svc *svc)
{
	return superd.cgroups.base ? cgroups_instance_path(&superd.cgroups, svc->row->name, 0) : NULL;
}

/* Its service goes. */
void binder_forget(struct svc *svc)
{
	char *group = svc->row->exec->pass == PASS_BIND ? share_group(svc) : NULL;

	if (group)
		cgroup_remove(group);
	free(group);
}

/* Starts it before the program, whose child sends it the filter: *filter is that child's end. false: with errno 0 for a
 * reason that stays. */
bool binder_begin(struct instance *instance, const struct plan *plan, int *filter, struct buf *why)
{
	char *group = cgroup_settings_share(instance->row) ? share_group(instance->svc) : NULL;
	const struct own_program *program = program_get(PROGRAM_BIND);
	const struct account *account = instance->row->account;
	struct svc *svc = instance->svc;
	struct buf message = order_of(BIND_BEGIN);
	struct bind_order *order = (void *)message.data;
	int ends[2], filters[2], fds[FD_MESSAGE_MOST], count = 1;
	bool sent;
	pid_t pid;

	end_trials(svc, 0);
	errno = order ? 0 : ENOMEM;
	if (program->fd < 0) {
		program_describe_missing(PROGRAM_BIND, why);
		goto fail;
	}
	if (svc->socket_count > SERVED_MOST) {
		buf_text(why, SERVED_WHY);
		goto fail;
	}
	if (!order || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		goto fail;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, filters) < 0) {
		close(ends[0]);
		close(ends[1]);
		goto fail;
	}
	order->uid = account ? account->uid : geteuid();
	order->gid = account ? account->gid : getegid();
	order->any_network = plan_gives_network(instance->row);
	if (instance->cgroup && !instance->row->groups->resources->delegate &&
	    strlen(instance->cgroup) < sizeof(order->group))
		strcpy(order->group, instance->cgroup);
	fds[0] = filters[1];
	EACH_SOCKET(socket, svc) {
		if (socket->fd < 0)
			continue;
		fds[count++] = socket->fd;
		fd_set_nonblocking(socket->fd, socket->listen->options->non_blocking);
		add_socket(&message, socket);
	}
	sent = send_order(ends[0], &message, fds, (size_t)count);
	fd_close(&filters[1]);
	if (group &&
	    ((mkdir(group, 0755) < 0 && errno != EEXIST) || !cgroup_settings_write_share(instance->row, group)))
		sent = false;
	/* Without CAP_SYS_PTRACE the kernel wants all capabilities of those at whom it looks. */
	pid = sent ? own_program_begin(program, ends[1], capability_held(CAP_SYS_PTRACE) ? TO_LOOK : UINT64_MAX,
				       &(struct own_share){ plan, group })
		   : -1;
	free(group);
	*filter = filters[0];
	if (pid < 0) {
		buf_addf(why, "starting superd-bind: %s", strerror(errno));
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	close(ends[1]);
	instance->binder_fd = fd_raise(ends[0], FD_HIGH);
	instance->binder = pid;
	io_call(&instance->binder_io, instance->binder_fd, on_report, instance);
	return true;
fail:
	free(group);
	buf_free(&message);
	return false;
}

/* It is being stopped: it is given no socket any more, and superd-bind has none. That itself lives on as long as
 * something of the instance does. */
void binder_leave(struct instance *instance)
{
	ev_timer_stop(superd.loop, &instance->settles);
	if (instance->row->exec->pass == PASS_BIND)
		end_trials(instance->svc, instance->number);
	if (instance->binder_fd >= 0)
		tell(instance, BIND_LEAVE);
}

void binder_end(struct instance *instance)
{
	ev_timer_stop(superd.loop, &instance->quiet);
	binder_leave(instance);
	if (instance->binder_fd >= 0)
		io_stop(&instance->binder_io);
	fd_close(&instance->binder_fd);
}

static bool holds_listener(const struct instance *instance, pid_t pid)
{
	bool holds = false;

	EACH_SOCKET(socket, instance->svc) {
		struct stat status;

		holds = holds ||
			(socket->lent && socket->fd >= 0 && fstat(socket->fd, &status) == 0 &&
			 process_holds(pid, status.st_ino) == HOLDS);
	}
	return holds && !process_is_named(pid, "superd-bind");
}

static pid_t child_with_listener(const struct instance *instance, pid_t parent)
{
	pid_t *pids = process_list_children_of(parent), found = 0;

	for (pid_t *at = pids; at && *at && !found; at++) {
		if (instance_may_follow(instance, *at, parent) && holds_listener(instance, *at))
			found = *at;
	}
	free(pids);
	return found;
}

/* Its program has ended, and has left a daemon: a process that superd has inherited, and that has a socket which no
 * other program has. That is the main process from now on. With kill_leftovers what is left is ended anyway, and
 * what kill_mode spares may stay. The process between two forks may just be ending: it has no socket any more, and
 * superd has not inherited its child yet, or only after it has read the list. */
bool binder_follow_daemon(struct instance *instance)
{
	struct svc *svc = instance->svc;
	const struct service *row = instance->row;
	bool spares = row->exec->type != TYPE_FORKING && row->groups->lifecycle->kill_mode >= KILL_PROCESS;
	bool looks = !row->exec->accept && !spares &&
		(row->exec->pass == PASS_BIND || !row->groups->restart->kill_leftovers);
	pid_t found = 0;

	looks = looks && (!instance->cgroup || instance_cgroup_lives(instance));
	for (unsigned pass = 0; pass < 2 && looks && !found; pass++) {
		pid_t *pids = instance->cgroup ? instance_processes(instance) : process_list_children(guard->pid);

		for (pid_t *at = pids; at && *at && !found; at++) {
			if (instance->cgroup || instance_may_follow(instance, *at, guard->pid))
				found = holds_listener(instance, *at) ? *at
					: instance->cgroup	      ? 0
								      : child_with_listener(instance, *at);
		}
		free(pids);
	}
	if (!found)
		return false;
	instance_follow(instance, found);
	snprintf(instance->advice, sizeof(instance->advice),
		 "its program went into the background: pid %ld is stopped; let it stay in the foreground "
		 "(nginx: daemon off), or set type = forking",
		 (long)found);
	if (instance->row->exec->type != TYPE_FORKING)
		svc_say(svc, LEVEL_WARNING, "background", "%s", instance->advice);
	return true;
}

/* Why an instance may have failed: the commonest first mistake is that its program binds the port that superd has bound
 * before. Its last line has strerror's "Address already in use", or the like; where superd does not read it, an early
 * end has to do. */
void binder_hint(struct instance *instance, double lasted, struct buf *out)
{
	const struct service *row = instance->row;
	struct svc *svc = instance->svc;
	bool is_heard = row->groups->streams->error.kind != STREAM_INHERIT;
	const char *hint = is_heard
		? ": the program tried to open the port that superd holds: set pass = bind (with -l: --bind)"
		: "; if it opens its port itself: pass = bind (with -l: --bind)";

	if (*instance->advice) {
		buf_addf(out, "; %s", instance->advice);
	} else if (row->exec->pass == PASS_BIND && row->exec->type != TYPE_FORKING && instance->reached < READY &&
		   WIFEXITED(instance->status) && !WEXITSTATUS(instance->status)) {
		hint = "; if it goes into the background, let it stay in the foreground, or set type = forking";
		buf_text(out, hint);
		if (svc->run->failure_count)
			svc->run->last_failures[0].hint = hint;
	}
	if (*instance->advice || row->exec->pass == PASS_BIND || row->exec->accept || row->exec->redirect ||
	    !svc->socket_count || !svc->run->failure_count || *svc->run->last_failures[0].why ||
	    (is_heard ? !strcasestr(svc->run->last_line, "in use")
		      : !WIFEXITED(instance->status) || !WEXITSTATUS(instance->status) || lasted >= HINT_SOON))
		return;
	buf_text(out, hint);
	svc->run->last_failures[0].hint = hint;
}
