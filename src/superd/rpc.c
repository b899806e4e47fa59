/* rpc/ endpoints: rpcbind(8) tells clients the port of each, which superd has registered, and withdraws when the socket
 * closes. superd-rpc does that, one at a time, as rpcbind may be slow, hang, or start later.
 *
 * It is started by a timer, not where a socket opens or closes. So a reload that does both has asked for both before,
 * and the withdrawal comes first: a late one would take away the new registration of the same port.
 *
 * The superd behind this one registers what is open again, which changes nothing where rpcbind knows it. What was to be
 * withdrawn stays registered then. */
#include "superd/daemon.h"

#define PAUSE_MIN 1000000 /* microseconds between two tries, least and most */
#define PAUSE_MAX 60000000
#define PATIENCE 15. /* seconds; superd-rpc ends by itself sooner */
#define REFUSED 3    /* its exit status: rpcbind refuses this user */
#define TEXT_MOST 1000 /* bytes of what it prints */
#define READS 64       /* of it in a turn of the loop */

static struct {
	struct helper helper;	      /* superd-rpc */
	struct registration *current; /* for which it runs; NULL: none */
	bool sets, as_own_user;	      /* it registers; it runs as its own user, else as superd's */
	struct io io;
	struct buf text;
	ev_timer next;
} rpc;

static void on_next(struct ev_loop *loop, ev_timer *timer, int events);

static void wake_at(double due)
{
	double now = clock_now();

	timer_call(&rpc.next, due > now ? due - now : 0, on_next, NULL);
}

static void drop_registration(struct registration *one)
{
	list_remove(&one->link);
	free(one->service);
	free(one);
}

static void log_registration(const struct registration *one, enum level level, const char *name, const char *text,
			     const char *why)
{
	struct event event = { .name = name, .service = one->service, .reason = why };

	log_event(superd.log, level, &event, "%s: %s at %s port %s%s%s", text, one->program, one->transports, one->port,
		  why ? ": " : "", why ? why : "");
}

/* Until an administrator withdraws it (rpcinfo -d), clients that ask rpcbind get a port that nobody serves. */
static void give_up(struct registration *one, const char *why)
{
	if (one->known == IS_SET)
		log_registration(one, LEVEL_WARNING, "left_registered", "stays registered with rpcbind", why);
	drop_registration(one);
}

/* superd-rpc has ended, or could not be started. text: what it has said. */
static void note_done(bool done, const char *text)
{
	struct registration *one = rpc.current;
	struct event event = { .name = "registered", .service = one->service };

	rpc.current = NULL;
	wake_at(0);
	if (!rpc.sets && done) {
		if (one->known == IS_SET)
			log_registration(one, LEVEL_INFO, "withdrawn", "withdrawn from rpcbind", NULL);
		drop_registration(one);
	} else if (!rpc.sets) {
		/* A rpcbind that does not answer has forgotten all, unless it comes back by a warm start. */
		give_up(one, text);
	} else if (done) {
		if (*text)
			log_event(superd.log, LEVEL_NOTICE, &event, "rpcbind: %s", text);
		log_registration(one, one->known == WAS_TOLD ? LEVEL_DEBUG : LEVEL_INFO, "registered",
				 "registered with rpcbind", NULL);
		one->known = IS_SET;
	} else if (one->fd >= 0) { /* else its socket was closed meanwhile, and this is withdrawn */
		event.name = "register_error";
		event.reason = text;
		log_event(superd.log, one->backoff.failures ? LEVEL_DEBUG : LEVEL_WARNING, &event,
			  "cannot register %s with rpcbind, which is tried again and again: %s", one->program, text);
		one->due = clock_now() + backoff_next(&one->backoff, PAUSE_MIN, PAUSE_MAX, jitter());
	}
}

/* Once in a turn of the loop, and when superd-rpc has ended: then the rest of it is there. */
static void on_output(struct io *io)
{
	char text[TEXT_MOST];
	ssize_t got = 1;

	for (int n = 0; n < READS && (got = read(io->fd, text, sizeof(text))) > 0; n++) {
		if (rpc.text.length < TEXT_MOST)
			buf_add(&rpc.text, text, (size_t)got);
	}
	if (got == 0)
		io_stop(io);
}

static void start_program(const struct account *account);

static void on_ended(struct helper *helper, int status)
{
	struct buf text = { 0 };

	(void)helper;
	if (status == HELPER_LATE) /* its end follows */
		return;
	on_output(&rpc.io);
	io_stop(&rpc.io);
	close(rpc.io.fd);
	if (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED && rpc.as_own_user) {
		start_program(NULL);
		return;
	}
	for (const char *line = buf_string(&rpc.text); *line; line += strspn(line, "\n")) {
		size_t length = strcspn(line, "\n");

		buf_text(&text, text.length ? "; " : "");
		buf_visible(&text, line, length);
		line += length;
	}
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGKILL))
		buf_addf(&text, "%sthere was no answer in time", text.length ? "; " : "");
	else if (status && !text.length)
		buf_text(&text, "it has failed without a word");
	note_done(status == 0, buf_string(&text));
	buf_free(&text);
}

/* account NULL: superd's own, which rpcbind may accept where it refuses superd-rpc's. */
static void start_program(const struct account *account)
{
	const struct registration *one = rpc.current;
	const char *const arguments[] = { rpc.sets ? "set" : "unset", one->program, one->transports, one->port, NULL };
	int wanted[3] = { superd.null_in, superd.null_out }, channel;
	struct spawn_request request = { .wanted_count = 3 };
	struct buf why = { 0 };
	struct plan *plan;
	pid_t pid = -1;

	request.plan = plan = plan_own_program(PROGRAM_RPC, arguments, account, &superd.defaults.nofile, &why);
	if (plan)
		pid = launch_own(&request, NULL, wanted, STDERR_FILENO, &channel);
	if (plan && pid < 0)
		buf_addf(&why, "cannot start %s: %s: %s", plan->main.program, stage_name(request.fault.stage),
			 strerror(request.fault.error));
	plan_free(plan);
	if (pid < 0) {
		note_done(false, buf_string(&why));
	} else {
		rpc.as_own_user = account;
		buf_clear(&rpc.text);
		io_call(&rpc.io, channel, on_output, NULL);
		child_watch(&rpc.helper.child, pid);
		helper_limit(&rpc.helper, PATIENCE, on_ended);
	}
	buf_free(&why);
}

/* Begins the next. Those that are to be withdrawn come first. When superd ends, all are withdrawn. */
static void on_next(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct registration *first = NULL;

	(void)loop, (void)timer, (void)events;
	if (rpc.current)
		return;
	LIST_OF(struct registration, one, link, &superd.registrations) {
		if ((one->fd < 0 || (one->known != IS_SET && !superd_is_stopping())) &&
		    (!first || one->due < first->due))
			first = one;
	}
	if (!first) {
		superd_check_end();
	} else if (first->due > clock_now()) {
		wake_at(first->due);
	} else {
		rpc.current = first;
		rpc.sets = first->fd >= 0;
		first->known = first->known == IS_NEW ? IS_TRIED : first->known;
		start_program(helper_user_account(HELPER_USER_RPC));
	}
}

/* It is open. again: the superd before has registered it. */
void rpc_announce(struct socket *socket, bool again)
{
	const char *transport = socket->listen->endpoint->kind == ENDPOINT_RPC_TCP ? "tcp" : "udp";
	const struct endpoint *address = socket->listen->address;
	const struct socket_address *name;
	struct registration *one;
	bool ipv4, ipv6;

	if (!endpoint_is_rpc(socket->listen->endpoint))
		return;
	name = clients_name(socket);
	one = name->length ? calloc(1, sizeof(*one)) : NULL;
	if (!one || !(one->service = strdup(socket->svc->row->name))) {
		free(one);
		svc_say(socket->svc, LEVEL_ERROR, "register_error", "cannot be registered with rpcbind: %s",
			name->length ? strerror(ENOMEM) : "the kernel does not tell its port");
		return;
	}
	ipv6 = name->any.sa_family == AF_INET6;
	ipv4 = !ipv6 || !bind_wants_v6only(socket->listen);
	one->fd = socket->fd;
	one->known = again ? WAS_TOLD : IS_NEW;
	one->due = clock_now();
	snprintf(one->program, sizeof(one->program),
		 address->group == address->highest ? "%" PRIu32 "/%" PRIu32 : "%" PRIu32 "/%" PRIu32 "-%" PRIu32,
		 address->number, address->group, address->highest);
	snprintf(one->transports, sizeof(one->transports), "%s%s%s%s", ipv4 ? transport : "",
		 ipv4 && ipv6 ? "," : "", ipv6 ? transport : "", ipv6 ? "6" : "");
	snprintf(one->port, sizeof(one->port), "%d", socket_address_port(name));
	list_add(&superd.registrations, &one->link);
	wake_at(0);
}

/* The socket with this descriptor closes. */
void rpc_withdraw(int fd)
{
	LIST_OF(struct registration, one, link, &superd.registrations) {
		if (one->fd != fd)
			continue;
		if (one->known == IS_NEW) { /* rpcbind does not know it */
			drop_registration(one);
			continue;
		}
		one->fd = -1;
		one->due = 0; /* before all registrations */
		wake_at(0);
	}
}

/* Whether one is to be withdrawn, or superd-rpc runs. */
bool rpc_owes(void)
{
	LIST_OF(struct registration, one, link, &superd.registrations) {
		if (one->fd < 0)
			return true;
	}
	return rpc.current;
}

/* superd ends: what waits is tried now. */
void rpc_go_on(void)
{
	wake_at(0);
}

/* superd ends, and withdraws nothing any more. */
void rpc_leave(const char *why)
{
	if (rpc.current) {
		helper_drop(&rpc.helper);
		io_stop(&rpc.io);
		close(rpc.io.fd);
	}
	rpc.current = NULL;
	LIST_OF(struct registration, one, link, &superd.registrations)
		give_up(one, why);
}
