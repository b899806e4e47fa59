/* exec beside redirect: a superd-builtin has the listeners and relays clients to the program. Its reports say whether
 * the program answers. */
#include "superd/daemon.h"

#define RETRY_LEAST 100000 /* microseconds until the next start */
#define RETRY_MOST 10000000
#define LEAVE_MOST 5. /* seconds that a relay may take to end; it keeps a second for its clients' last bytes */
#define REPORTS 64    /* in a turn of the loop */

/* By the timer of exec_ready, or with its next run. */
static void start_later(struct instance *instance)
{
	double pause = backoff_next(&instance->relay.failed, RETRY_LEAST, RETRY_MOST, 0);

	instance->relay.up = false;
	if (instance->phase != STARTED || !service_commands(instance->row, PHASE_READY))
		timer_begin(&instance->ready, pause);
}

static void close_channel(struct instance *instance)
{
	if (instance->relay.fd <= 0)
		return;
	io_stop(&instance->relay.io);
	fd_close(&instance->relay.fd);
}

static void on_relay_end(struct child *child, int status, const struct rusage *used)
{
	struct instance *instance = container_of(child, struct instance, relay.child);
	char text[48];

	(void)used;
	child->pid = 0;
	close_channel(instance);
	journal_instance(instance);
	if (instance->ends || instance->phase > REMAINS)
		return;
	status_describe(status, text);
	svc_say(instance->svc, LEVEL_WARNING, "relay", "relay: %s", text);
	start_later(instance);
}

/* "up busy=1 error=0 count=3 flows=0 served=7 received=120 sent=4096\n". */
static void on_relay_report(struct io *io)
{
	struct instance *instance = io->data;
	unsigned long connections, flows;
	uint64_t relayed[3];
	char text[161], word[5];
	ssize_t got = 1;
	int error;

	for (int n = 0; n < REPORTS && (got = recv(io->fd, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0; n++) {
		text[got] = '\0';
		if (sscanf(text,
			   "%4s busy=%*9d error=%9d count=%9lu flows=%9lu served=%18" SCNu64 " received=%18" SCNu64
			   " sent=%18" SCNu64,
			   word, &error, &connections, &flows, &relayed[0], &relayed[1], &relayed[2]) < 7)
			continue;
		for (int i = 0; i < 3; i++) {
			if (relayed[i] > instance->relay.relayed[i])
				instance->svc->run->relayed[i] += relayed[i] - instance->relay.relayed[i];
			instance->relay.relayed[i] = relayed[i];
		}
		instance->relay.up = !strcmp(word, "up");
		instance->relay.error = error;
		instance->relay.connections = connections;
		instance->relay.flows = flows;
		if (instance->relay.up) {
			backoff_reset(&instance->relay.failed);
			if (service_awaits_target(instance->row))
				instance_be_ready(instance);
		}
		svc_changed(instance->svc);
	}
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		io_stop(io);
}

/* A byte asks for a report: one that a superd before has started says no more by itself than what is new. */
void relay_follow(struct instance *instance, pid_t pid, int fd)
{
	instance->relay.fd = fd;
	instance->relay.child.ended = on_relay_end;
	child_watch(&instance->relay.child, pid);
	io_call(&instance->relay.io, fd, on_relay_report, instance);
	send(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void relay_begin(struct instance *instance)
{
	struct svc *svc = instance->svc;
	struct plan_sockets sockets = { .instance = NULL };
	uint16_t *loops;
	struct buf why = { 0 };
	int count = 4, channel;
	struct spawn_request request = { 0 };
	struct plan *plan;
	pid_t pid = -1;

	/* What it took beside a frozen program nobody would answer, and superd would not see. */
	if (!service_is_relayed(instance->row) || instance->relay.child.pid || instance->ends ||
	    instance_is_frozen(instance))
		return;
	loops = find_loop_ports(instance->row, &sockets);
	plan = plan_relay(instance->row, service_prepared(instance->row)->relay, &superd.defaults, &sockets, &why);
	if (plan) { /* most instances have none, and pay for no array */
		int wanted[CHILD_DESCRIPTORS] = { superd.null_in, superd.null_out, superd.null_out };

		if (output_open(svc) >= 0)
			wanted[2] = svc->run->output->write_end;
		for (unsigned n = 0; n < svc->socket_count && count < CHILD_DESCRIPTORS; n++) {
			if (svc->sockets[n].fd < 0)
				continue;
			clients_name(&svc->sockets[n]);
			wanted[count++] = svc->sockets[n].fd;
			svc->sockets[n].lent = true;
		}
		request.plan = plan;
		request.wanted_count = count;
		request.listen_count = (unsigned)count - 3;
		request.names = "LISTEN_FDNAMES=";
		pid = launch_own(&request, svc, wanted, 3, &channel);
	}
	if (pid > 0) {
		memset(instance->relay.relayed, 0, sizeof(instance->relay.relayed));
		relay_follow(instance, pid, channel);
		journal_instance(instance);
	} else {
		svc_say(svc, LEVEL_ERROR, "relay", "its relay cannot be started: %s",
			plan ? strerror(request.fault.error) : buf_string(&why));
		start_later(instance);
	}
	plan_free(plan);
	free(loops);
	buf_free(&why);
}

static void on_left(struct helper *relay, int status)
{
	if (status != HELPER_LATE)
		free(relay);
}

/* The program is stopped: so is its relay, with the clients that it has. One that did not end would take the clients of
 * the next. */
void relay_stop(struct instance *instance, bool forget)
{
	pid_t pid = instance->relay.child.pid;
	struct helper *left = pid && forget ? calloc(1, sizeof(*left)) : NULL;

	child_signal(&instance->relay.child, forget && !left ? SIGKILL : SIGTERM);
	if (!forget)
		return;
	close_channel(instance);
	child_forget(&instance->relay.child);
	if (!left)
		return;
	child_watch(&left->child, pid);
	helper_limit(left, LEAVE_MOST, on_left);
}

void relay_describe(const struct instance *instance, struct buf *out)
{
	const struct service *row = instance->row;

	if (!instance->relay.child.pid) {
		buf_text(out, "its relay does not run");
		return;
	}
	buf_text(out, "connect to ");
	buf_addf(out, row->exec->redirect[1] ? "%s:%s" : "%s", row->exec->redirect[0], row->exec->redirect[1]);
	buf_addf(out, ": %s; let the program listen there, or name the address where it does in %s",
		 instance->relay.error ? strerror(instance->relay.error) : "no answer",
		 option_name_of(row, "redirect"));
	origin_cite(service_origin(row, "redirect"), out);
}
