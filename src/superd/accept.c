/* accept = yes: a client is accepted, checked, maybe asked about (superd-lookup), and becomes an instance; or it is
 * refused. One whose program cannot be started now is kept.
 *
 * With accept = no the kernel applies only_from and no_access (superd/machine/access.c), and pause_at_limit (service.c)
 * holds for the limits; of datagrams the first one is judged here (accept_judge_datagrams). */
#include "superd/daemon.h"

#include <math.h>
#include <sys/auxv.h>

#define BANNER_MOST (64 << 10)
#define BATCH 32       /* clients of one socket in a turn of the loop */
#define PARKED_MOST 64 /* clients of a service that wait for its program */
#define ADVICE_SECONDS 30.
#define MINUTES_MOST 4096 /* addresses that are counted by the minute, or denied by a sensor */

#define REFUSED_ASKED 16 /* refused clients whose user is asked for at once */
#define TOLD 60.	 /* seconds that the answer about a sender counts */
#define AGAIN 1.	 /* seconds until one of whom superd could not ask is looked at again */
#define CANNOT_ASK "cannot ask about its clients"

/* ---- addresses that are remembered: per_source_rate, sensors, answers about senders ---- */

static struct {
	struct remembered {
		uint64_t whose;
		unsigned char source[SOURCE_SIZE];
		double until;
		int64_t count;
	} all[MINUTES_MOST];
	/* Of hashes: at random, so that nobody can choose whose entry he replaces; 0: none yet. */
	uint64_t start;
	unsigned char prefixes[129], prefix_count; /* by which sensors have denied sources: bits */
} known;

/* The entry of an address; with `make` in the place of what has expired, or would expire first among its neighbours. */
static struct remembered *remember(uint64_t whose, const unsigned char source[SOURCE_SIZE], bool make)
{
	struct remembered *oldest = NULL;
	double now = clock_now();
	uint64_t hash;

	if (!known.start) {
		memcpy(&known.start, (const void *)getauxval(AT_RANDOM), sizeof(known.start));
		known.start |= 1;
	}
	hash = hash_bytes(hash_bytes(known.start, source, SOURCE_SIZE), &whose, sizeof(whose));
	for (int n = 0; n < 8; n++) {
		struct remembered *one = &known.all[((hash >> 32) + (uint64_t)n) % MINUTES_MOST];

		if (one->until > now && one->whose == whose && !memcmp(one->source, source, SOURCE_SIZE))
			return one;
		if (!oldest || one->until < oldest->until)
			oldest = one;
	}
	if (!make)
		return NULL;
	*oldest = (struct remembered){ .whose = whose };
	memcpy(oldest->source, source, SOURCE_SIZE);
	return oldest;
}

static bool is_denied(const struct client *client)
{
	unsigned char source[SOURCE_SIZE];

	for (unsigned n = 0; n < known.prefix_count; n++) {
		if (client_source(client, known.prefixes[n], source) && remember(known.prefixes[n], source, false))
			return true;
	}
	return false;
}

static void deny(const struct client *client, int64_t prefix, double until)
{
	unsigned char source[SOURCE_SIZE];
	unsigned n = 0;

	if (!client_source(client, (unsigned)prefix, source))
		return;
	while (n < known.prefix_count && known.prefixes[n] != prefix)
		n++;
	known.prefixes[n] = (unsigned char)prefix;
	known.prefix_count += n == known.prefix_count;
	remember((uint64_t)prefix, source, true)->until = until;
}

int64_t load_average(void)
{
	double load;

	return getloadavg(&load, 1) == 1 ? (int64_t)(load * 1000) : -1;
}

/* ---- refusing ---- */

enum banner { BANNER, BANNER_SUCCESS, BANNER_FAIL };

/* One that cannot be read is told of once. */
static void send_banner(struct svc *svc, enum banner which, int fd)
{
	static const char *const options[] = { "banner", "banner_success", "banner_fail" };
	const struct access_options *access = svc->row->groups->access;
	const char *path =
		((const char *const[]){ access->banner, access->banner_success, access->banner_fail })[which];
	struct buf why = { 0 };
	size_t length;
	char *text = NULL;
	int file;

	if (!path || fd < 0)
		return;
	file = own_file_open(path, O_RDONLY, 0, &why);
	if (file >= 0 && !(text = fd_read_regular(file, BANNER_MOST, &length)))
		buf_text(&why, errno == EINVAL ? "it is no regular file" : strerror(errno));
	if (text)
		send(fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (!(svc->run->banners_told & 1u << which))
		svc_say(svc, LEVEL_WARNING, "warning", "cannot read %s: %s: %s: clients are not sent it",
			options[which], path, buf_string(&why));
	svc->run->banners_told |= text ? 0 : (unsigned char)(1u << which);
	buf_free(&why);
	free(text);
}

static const char mux_sorry[] = "-Service not available\r\n";

struct questions {
	enum { OF_CLIENT, OF_SENDER, OF_REFUSED } whom; /* OF_REFUSED: only the log wants to know */
	bool name, ident;
	const char *libwrap;
	struct remembered *minute; /* in which who is admitted counts */
	uint64_t sender;	   /* of a datagram: as whose the answer is remembered */
};

static int ask_adviser(struct svc *svc, struct socket *socket, struct client *client, const struct questions *asked);
static unsigned refused_asked;

/* Whether xinetd's record of one who was refused is due: with superd's own line; and called as xinetd each source has
 * one a minute, as programs that lock out addresses count these. */
static bool record_is_due(struct svc *svc, const struct client *client, bool due)
{
	unsigned char source[SOURCE_SIZE];
	char more[LOG_RATE_LIMIT_MORE];
	struct remembered *named;
	double now = clock_now();

	if (superd.options->invoked_as != AS_XINETD ||
	    !client_source(client, (unsigned)svc->row->groups->access->per_source_prefix, source))
		return due;
	named = remember((uint64_t)(uintptr_t)svc | 1, source, true);
	due |= named->until <= now && svc_line_is_due(svc, LINE_FAIL, now, more);
	if (due)
		named->until = now + 60;
	return due;
}

/* has_user: its ident server was asked already. */
static void refuse_client(struct svc *svc, struct client *client, enum refusal refusal, bool has_user)
{
	const struct access_options *access = svc->row->groups->access;
	bool asks = !has_user && client->fd >= 0 && svc->row->groups->logging->log_on_failure & FAILURE_USERID &&
		refusal != REFUSED_TWIST && refusal != REFUSED_CLOSED && refusal != REFUSED_UNKEPT &&
		refused_asked < REFUSED_ASKED;
	struct event event = { .name = "refused", .service = svc->row->name };
	char address[128], reason[256], more[LOG_RATE_LIMIT_MORE] = "";
	bool due = svc_line_is_due(svc, LINE_REFUSED + refusal, clock_now(), more);
	const char *peer = address;

	client_address(client, address, sizeof(address));
	peer = *address ? address : "a local client";
	event.peer = address;
	event.reason = refusal_words[refusal].text;
	if (refusal == REFUSED_PER_SOURCE_RATE || refusal == REFUSED_PER_SOURCE) {
		const char *span = refusal == REFUSED_PER_SOURCE ? "" : "/min";

		snprintf(reason, sizeof(reason), "%.64s from %s exceeded counts%s (limit %lld%s)", svc->row->name, peer,
			 span, (long long)(*span ? access->per_source_rate : access->per_source), span);
		event.reason = reason;
	}
	svc->run->refused[refusal]++;
	if (due)
		log_event(superd.log, LEVEL_NOTICE, &event, "refused %s: %s%s", peer, event.reason, more);
	if (*refusal_words[refusal].word && refusal != REFUSED_IDENT)
		record_refusal(svc, client_port(client) >= 0 ? address : NULL, refusal_words[refusal].word,
			       record_is_due(svc, client, due));
	if (client->fd >= 0 && client->asks_mux)
		send(client->fd, mux_sorry, sizeof(mux_sorry) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (client->fd >= 0 && access->banner_fail && refusal != REFUSED_TWIST) {
		send_banner(svc, BANNER_FAIL, client->fd);
		client_shut_and_drain(client);
	}
	if (!asks || ask_adviser(svc, svc->sockets, client, &(struct questions){ .whom = OF_REFUSED, .ident = true }))
		close_apart(svc, &client->fd);
}

static void refuse(struct svc *svc, struct client *client, enum refusal refusal)
{
	refuse_client(svc, client, refusal, false);
}

/* ---- the checks ---- */

static const unsigned char *whole_address(const struct client *client, unsigned char address[SOURCE_SIZE])
{
	if (!client->peer.length || (client->peer.any.sa_family != AF_INET && client->peer.any.sa_family != AF_INET6))
		return NULL;
	return client_source(client, 128, address) ? address : NULL;
}

static bool is_source_full(const struct svc *svc, const struct client *client)
{
	const struct access_options *options = svc->row->groups->access;
	unsigned char source[SOURCE_SIZE];

	return options->per_source != UNLIMITED &&
		client_source(client, (unsigned)options->per_source_prefix, source) &&
		source_count_count(&superd.sources, svc, source) >= (uint64_t)options->per_source;
}

/* All that a client passes, in this order: what a socket waits for (pause_at_limit, service.c); trigger_limit and
 * the room for another instance (accept_batch); accept(2); probe_from and cps (screen_client); deny_time and the
 * banner (check_client); what is judged here; and names, libwrap and ident, for which superd-lookup is asked
 * (conclude_advice); at last per_source once more (start_for_client). */
static enum refusal judge_client(struct svc *svc, struct socket *socket, struct client *client, struct questions *asked)
{
	const struct access_options *options = svc->row->groups->access;
	enum access_verdict verdict;
	unsigned char address[SOURCE_SIZE];
	time_t wall = time(NULL);
	struct tm local;

	if (is_denied(client))
		return REFUSED_SENSOR;
	verdict = access_judge(listen_prepared(socket->listen)->access, whole_address(client, address));
	if (verdict == ACCESS_DENIED)
		return REFUSED_ADDRESS;
	asked->name = verdict == ACCESS_BY_NAME;
	if (options->access_times && localtime_r(&wall, &local) &&
	    !times_include(options->access_times, (unsigned)(local.tm_hour * 60 + local.tm_min)))
		return REFUSED_TIME;
	if (superd.options->process_limit && superd.instances >= (size_t)superd.options->process_limit)
		return REFUSED_PROCESSES;
	if (is_source_full(svc, client))
		return REFUSED_PER_SOURCE;
	if (options->per_source_rate != UNLIMITED &&
	    client_source(client, (unsigned)options->per_source_prefix, address)) {
		asked->minute = remember((uint64_t)(uintptr_t)svc, address, true);
		if (asked->minute->until <= clock_now())
			asked->minute->until = clock_now() + 60;
		if (asked->minute->count >= options->per_source_rate && !client->is_counted)
			return REFUSED_PER_SOURCE_RATE;
	}
	if (options->max_load && load_average() >= options->max_load)
		return REFUSED_LOAD;
	if (svc_is_full(svc))
		return REFUSED_INSTANCES;
	if (options->libwrap && hosts_access_has_rules())
		asked->libwrap = options->libwrap;
	asked->ident = options->id_only || svc->row->groups->logging->log_on_success & SUCCESS_USERID;
	return ADMITTED;
}

/* As in xinetd, the next superd does not know who was kept out. */
static void note_touch(struct svc *svc, struct client *client)
{
	int64_t time = svc->row->groups->access->deny_time;
	char peer[128], more[LOG_RATE_LIMIT_MORE] = "";
	bool due = svc_line_is_due(svc, LINE_REFUSED + REFUSED_SENSOR, clock_now(), more);

	client_address(client, peer, sizeof(peer));
	if (time)
		deny(client, svc->row->groups->access->per_source_prefix,
		     time == SCAN_INFINITY ? INFINITY : clock_now() + (double)time / 1e6);
	if (due) {
		svc_say(svc, LEVEL_NOTICE, "sensor", "touched by %s%s", *peer ? peer : "a local client", more);
		record_sensor(svc, peer, time == SCAN_INFINITY ? -1 : time / 60000000);
	}
	record_refusal(svc, peer, "address", record_is_due(svc, client, due));
	close_apart(svc, &client->fd);
}

/* ---- serving ---- */

/* A client that cannot be served now: it waits here, as far as there is room, and for a superd behind this one. */
void accept_park(struct svc *svc, struct socket *socket, struct client *client, bool judged)
{
	if (svc->run->parked_count >= PARKED_MOST ||
	    (!svc->run->parked && !(svc->run->parked = calloc(PARKED_MOST, sizeof(*svc->run->parked))))) {
		refuse(svc, client, REFUSED_UNKEPT);
		return;
	}
	svc->run->parked[svc->run->parked_count] = (struct parked){ *client, socket, judged };
	journal_parked(svc, &svc->run->parked[svc->run->parked_count++]);
	client->fd = -1;
}

static struct parked take_parked(struct svc *svc)
{
	struct parked first = svc->run->parked[0];

	memmove(svc->run->parked, svc->run->parked + 1, --svc->run->parked_count * sizeof(first));
	journal_drop("client", first.client.fd);
	return first;
}

/* A client of a unix socket: "uid 110, psql". */
static void describe_local(int fd, char *text, size_t size)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t length = sizeof(peer);
	char name[PROCESS_NAME];

	*text = '\0';
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || peer.uid == (uid_t)-1)
		return;
	process_name(peer.pid, name);
	snprintf(text, size, "uid %lu%s%s", (unsigned long)peer.uid, *name ? ", " : "", name);
}

/* A client that has passed all checks. */
static void start_for_client(struct svc *svc, struct socket *socket, struct client *client)
{
	const struct access_options *options = svc->row->groups->access;
	struct instance *instance;

	if (is_source_full(svc, client)) { /* others of it were asked about, or waited, at the same time */
		refuse(svc, client, REFUSED_PER_SOURCE);
		return;
	}
	instance = instance_new(svc);
	if (!instance) {
		if (client->fd >= 0) /* else it is a datagram, which waits in the queue */
			accept_park(svc, socket, client, true);
		limits_lack(svc, "cannot start", ENOMEM);
		return;
	}
	instance->socket = socket;
	instance->client = *client;
	client->fd = -1;
	svc->run->count++;
	client_address(&instance->client, instance->peer, sizeof(instance->peer));
	if (!*instance->peer)
		describe_local(instance->client.fd, svc->run->last_peer, sizeof(svc->run->last_peer));
	if (options->per_source != UNLIMITED &&
	    client_source(&instance->client, (unsigned)options->per_source_prefix, instance->source))
		instance->counted = source_count_enter(&superd.sources, svc, instance->source, options->per_source);
	if (instance->client.asks_mux && socket->listen->endpoint->address[0] == '+') {
		send(instance->client.fd, "+Go\r\n", 5, MSG_DONTWAIT | MSG_NOSIGNAL);
		instance->client.asks_mux = false;
	}
	if (instance->client.fd >= 0)
		send_banner(svc, BANNER_SUCCESS, instance->client.fd);
	instance_start(instance);
}

/* ---- superd-lookup ---- */

struct advice {
	struct helper helper;
	struct svc *svc;  /* OF_CLIENT: as one of whose it counts; NULL: it has gone */
	struct list link; /* in asking, if it has that */
	bool again;	  /* the row is another by now: its rules decide */
	const char *service;
	const struct listen *listen; /* of its row */
	struct table *table;	     /* of both; held until it is concluded; then NULL */
	struct client client;
	struct questions asked;
	struct io io;
	char text[2048];
	size_t length;
};

static struct list asking = { &asking, &asking };

/* Of the sockets of this row the one at an address of the row before; NULL: there is none any more. */
static struct socket *find_same(const struct service *row, struct socket *sockets, const struct listen *before)
{
	for (unsigned n = 0; n < row->socket_count; n++) {
		if (endpoint_equal(row->sockets[n].endpoint, before->endpoint))
			return &sockets[n];
	}
	return NULL;
}

/* Where it came, as the table is now; NULL: nobody is served there any more. */
static struct socket *find_asked(const struct advice *advice)
{
	struct svc *svc = svc_find(advice->service);

	if (!svc || svc_bar(svc) < BAR_HELD || !svc->socket_count ||
	    (advice->asked.whom != OF_SENDER && !svc->row->exec->accept))
		return NULL;
	return find_same(svc->row, svc->sockets, advice->listen);
}

/* The service gets these sockets, of another row; NULL: none. Who has come goes along with his address. */
void accept_move(struct svc *svc, const struct service *row, struct socket *sockets)
{
	struct parked *parked = svc->run->parked;
	size_t kept = 0;

	LIST_OF(struct instance, instance, link, &svc->run->instances) {
		struct socket *before = instance->socket;

		if (!before)
			continue;
		instance->socket = sockets ? find_same(row, sockets, before->listen) : NULL;
		if (!instance->socket) /* its client has it alone: any will do */
			instance->socket = sockets;
		svc->run->count -= !sockets && svc->run->count;
	}
	for (size_t n = 0; n < svc->run->parked_count; n++) {
		struct parked one = parked[n];

		one.socket = sockets && row->exec->accept ? find_same(row, sockets, one.socket->listen) : NULL;
		if (one.socket) {
			parked[kept++] = one;
			continue;
		}
		journal_drop("client", one.client.fd);
		refuse(svc, &one.client, REFUSED_CLOSED);
	}
	svc->run->parked_count = kept;
}

/* Its row is another now: who was let in by the one before, or is asked about, is judged once more. */
void accept_judge_again(struct svc *svc)
{
	for (size_t n = 0; n < svc->run->parked_count; n++)
		svc->run->parked[n].judged = false;
	LIST_OF(struct advice, advice, link, &asking)
		advice->again |= advice->svc == svc;
}

/* It goes. */
void accept_forget(struct svc *svc)
{
	free(svc->run->parked);
	LIST_OF(struct advice, advice, link, &asking) {
		if (advice->svc == svc)
			advice->svc = NULL;
	}
}

static void conclude_advice(struct advice *advice)
{
	struct svc *svc = svc_find(advice->service);
	struct socket *socket = find_asked(advice);
	const struct access *access;
	unsigned char address[SOURCE_SIZE];
	const unsigned char *whole = whole_address(&advice->client, address);
	const char *name = NULL, *wrap = "", *user = NULL; /* NULL, "": no answer; an empty name: it has none */
	bool knows_user = false, twisted, is_judged;
	char peer[128];
	enum refusal refusal = ADMITTED;

	superd.asking--;
	list_remove(&advice->link);
	io_stop(&advice->io);
	ev_timer_stop(superd.loop, &advice->helper.limit);
	close(advice->io.fd);
	refused_asked -= advice->asked.whom == OF_REFUSED;
	advice->text[advice->length] = '\0';
	for (char *at, *line = strtok_r(advice->text, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
		for (char *c = line; *c; c++)
			*c = *c >= ' ' && *c <= '~' ? *c : '?';
		if (!strncmp(line, "name", 4)) {
			name = line + 4 + strspn(line + 4, " ");
		} else if (!strncmp(line, "libwrap ", 8)) {
			wrap = line + 8;
		} else if (!strncmp(line, "ident ", 6)) {
			knows_user = !strncmp(line, "ident yes ", 10);
			user = line + (knows_user ? 10 : strnlen(line, 9));
		}
	}
	twisted = !strcmp(wrap, "twist");
	is_judged = !strcmp(wrap, "allow") || !strcmp(wrap, "deny");
	/* With twist it goes on with the client. What hosts.allow has started in the background runs to its end. */
	if (advice->helper.child.pid && !twisted)
		kill(advice->helper.child.pid, SIGKILL);
	client_address(&advice->client, peer, sizeof(peer));
	if (advice->asked.whom == OF_REFUSED) {
		if (svc && user)
			record_user(svc, peer, false, knows_user, user);
		close_apart(svc, &advice->client.fd);
		goto over;
	}
	for (unsigned n = 0; advice->asked.whom == OF_SENDER && svc && n < svc->socket_count; n++) {
		if (svc->sockets[n].datagram == ASKED_ABOUT)
			svc->sockets[n].datagram = AWAITED;
	}
	if (advice->svc)
		advice->svc->run->count--;
	if (!socket) {
		if (svc && advice->asked.whom == OF_CLIENT)
			refuse(svc, &advice->client, REFUSED_CLOSED);
		else if (!svc)
			log_notice(superd.log, "%s: refused %s: %s", advice->service, peer,
				   refusal_words[REFUSED_CLOSED].text);
		close_apart(svc, &advice->client.fd);
		goto over;
	}
	if ((advice->again || advice->svc != svc) && advice->asked.whom == OF_CLIENT && !twisted) {
		accept_park(svc, socket, &advice->client, false);
		svc_go_on(svc);
		goto over;
	}
	access = listen_prepared(socket->listen)->access;
	if (advice->asked.name && !name)
		refusal = REFUSED_NAME_UNASKED;
	else if (advice->asked.name && access_judge_name(access, whole, *name ? name : NULL) != ACCESS_PERMITTED)
		refusal = REFUSED_ADDRESS;
	else if (advice->asked.libwrap && strcmp(wrap, "allow") != 0)
		refusal = twisted ? REFUSED_TWIST : is_judged ? REFUSED_LIBWRAP : REFUSED_LIBWRAP_UNASKED;
	else if (advice->asked.ident && svc->row->groups->access->id_only && !knows_user)
		refusal = user ? REFUSED_IDENT : REFUSED_IDENT_UNASKED;
	if (advice->asked.whom == OF_SENDER) { /* its datagram is looked at once more */
		struct remembered *told = remember(advice->asked.sender, whole, true);

		told->until = clock_now() + TOLD;
		told->count = refusal;
		close(advice->client.fd);
		svc_go_on(svc);
		goto over;
	}
	if (is_judged && !svc->row->groups->logging->log_on_success && !svc->row->groups->logging->log_on_failure)
		record_wrapped(svc, !refusal, peer);
	if (user)
		record_user(svc, peer, !refusal, knows_user, user);
	if (refusal)
		refuse_client(svc, &advice->client, refusal, advice->asked.ident);
	else if (svc->state == LISTENING || svc->state == FULL || svc->state == QUEUED)
		start_for_client(svc, socket, &advice->client);
	else
		accept_park(svc, socket, &advice->client, true);
	svc_go_on(svc);
over:
	table_release(advice->table);
	advice->table = NULL;
	if (!advice->helper.child.pid)
		free(advice);
}

static void on_advice(struct io *io)
{
	struct advice *advice = io->data;
	ssize_t got;

	while ((got = read(io->fd, advice->text + advice->length, sizeof(advice->text) - 1 - advice->length)) > 0)
		advice->length += (size_t)got;
	if (got == 0 || errno != EAGAIN || advice->length == sizeof(advice->text) - 1)
		conclude_advice(advice);
}

static void on_adviser(struct helper *helper, int status)
{
	struct advice *advice = container_of(helper, struct advice, helper);
	static bool told;
	struct buf text = { 0 };

	if (status == HELPER_LATE) {
		conclude_advice(advice);
		return;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == PROGRAM_OTHER_BUILD && !told) {
		told = true;
		program_describe_other(PROGRAM_LOOKUP, &text);
		log_error(superd.log, "%s", buf_string(&text));
		buf_free(&text);
	}
	if (!advice->table)
		free(advice);
}

/* 0: the client is the advice's now. Else superd-lookup cannot be started, as this errno says. */
static int ask_adviser(struct svc *svc, struct socket *socket, struct client *client, const struct questions *asked)
{
	const char *arguments[6] = { NULL }, **at = arguments;
	struct advice *advice = calloc(1, sizeof(*advice));
	struct spawn_request request = { .wanted_count = 5, .fault.error = advice ? ENOENT : ENOMEM };
	int wanted[5] = { client->fd, superd.null_out, superd.null_out, -1, client->fd }, channel;
	struct buf why = { 0 };
	char more[LOG_RATE_LIMIT_MORE];
	struct plan *plan;
	pid_t pid = -1;

	if (asked->name)
		*at++ = "-n";
	if (asked->libwrap) {
		*at++ = "-w";
		*at++ = asked->libwrap;
	}
	if (asked->ident) {
		*at++ = "-i";
		*at++ = "10";
	}
	request.plan = plan = plan_own_program(PROGRAM_LOOKUP, arguments, helper_user_account(HELPER_USER_LOOKUP),
					       &superd.defaults.nofile, &why);
	if (!plan && log_rate_limit_is_due(&svc->run->note_limit, more))
		svc_say(svc, LEVEL_ERROR, "lookup", CANNOT_ASK ": %s%s", buf_string(&why), more);
	buf_free(&why);
	if (plan && advice)
		pid = launch_own(&request, NULL, wanted, 3, &channel);
	plan_free(plan);
	if (pid < 0) {
		free(advice);
		return request.fault.error ? request.fault.error : EIO;
	}
	*advice = (struct advice){
		.service = svc->row->name,
		.listen = &svc->row->sockets[socket->number],
		.table = svc->table,
		.client = *client,
		.asked = *asked,
	};
	client->fd = -1;
	refused_asked += asked->whom == OF_REFUSED;
	if (asked->whom == OF_CLIENT) {
		list_add(&asking, &advice->link);
		advice->svc = svc;
		svc->run->count++;
	}
	superd.asking++;
	advice->table->users++;
	child_watch(&advice->helper.child, pid);
	helper_limit(&advice->helper, ADVICE_SECONDS, on_adviser);
	io_call(&advice->io, channel, on_advice, advice);
	return 0;
}

/* ---- who waits here ---- */

void accept_drop_parked(struct svc *svc, enum refusal refusal)
{
	while (svc->run->parked_count) {
		struct parked first = take_parked(svc);

		refuse(svc, &first.client, refusal);
	}
}

/* Before superd becomes another program, which asks about them again. */
void accept_leave(void)
{
	LIST_OF(struct advice, advice, link, &asking) {
		struct socket *socket = find_asked(advice);

		if (advice->helper.child.pid)
			kill(advice->helper.child.pid, SIGKILL);
		if (advice->svc && socket)
			accept_park(advice->svc, socket, &advice->client, false);
	}
}

/* The start of an instance has failed, and its client is still superd's. A datagram waits in its socket. */
void accept_park_again(struct instance *instance)
{
	if (instance->client.fd < 0)
		return;
	if (instance->counted) /* he counts again when he is let in */
		source_count_leave(&superd.sources, instance->svc, instance->source);
	instance->counted = false;
	if (instance->socket && svc_bar(instance->svc) >= BAR_HELD && instance->svc->row->exec->accept)
		accept_park(instance->svc, instance->socket, &instance->client, true);
	else
		refuse(instance->svc, &instance->client, REFUSED_CLOSED);
}

/* cps: true: the service pauses now, and clients wait. client: who has come; NULL: a program takes them. */
bool accept_pause_at_cps(struct svc *svc, const struct client *client)
{
	const struct access_options *access = svc->row->groups->access;
	double pause = (double)access->cps.pause / 1e6;
	char address[128] = "";

	if (!rate_limit_is_reached(&svc->run->rate, access->cps.number, 1., clock_now()))
		return false;
	if (client)
		client_address(client, address, sizeof(address));
	svc_set_reason(svc, "more than %" PRId64 " connections in a second", access->cps.number);
	record_refusal(svc, *address ? address : NULL, "connections per second", true);
	log_event(superd.log, LEVEL_NOTICE,
		  &(struct event){ .name = "limited",
				   .service = svc->row->name,
				   .reason = "cps",
				   .is_alone = true,
				   .has_duration = true,
				   .duration = pause },
		  "Deactivating service %s due to excessive incoming connections.  Restarting in %.15g seconds.",
		  svc->row->name, pause);
	svc->run->rate = (struct rate_limit){ 0 };
	svc_pause(svc, pause);
	svc->run->pause = PAUSE_CPS;
	return true;
}

/* What counts for this client: it is refused, asked about, or gets its instance. */
static void check_client(struct svc *svc, struct socket *socket, struct client *client)
{
	struct questions asked = { 0 };
	enum refusal refusal;
	int error = 0;

	svc->run->accepted += !client->is_counted;
	if (svc->row->groups->access->deny_time >= 0) {
		note_touch(svc, client);
		return;
	}
	if (!client->is_counted)
		send_banner(svc, BANNER, client->fd);
	refusal = judge_client(svc, socket, client, &asked);
	if (refusal) {
		refuse(svc, client, refusal);
		return;
	}
	if (!client->is_counted)
		rate_limit_count(&svc->run->rate, 1., clock_now());
	if (asked.minute)
		asked.minute->count += !client->is_counted;
	client->is_counted = true;
	if (asked.name || asked.libwrap || asked.ident) {
		error = ask_adviser(svc, socket, client, &asked);
		if (!error)
			return;
	}
	if (limits_are_meant(error)) {
		accept_park(svc, socket, client, false);
		limits_lack(svc, CANNOT_ASK, error);
	} else if (asked.name || asked.libwrap || svc->row->groups->access->id_only) {
		refuse(svc, client,
		       asked.name	       ? REFUSED_NAME_UNASKED
			       : asked.libwrap ? REFUSED_LIBWRAP_UNASKED
					       : REFUSED_IDENT_UNASKED);
	} else {
		start_for_client(svc, socket, client);
	}
}

void accept_start_parked(struct svc *svc)
{
	while (svc->run->parked_count && svc->state == LISTENING) {
		struct parked first = svc->run->parked[0];

		/* Who was let in once is not refused for the end of an instance that was to be his. */
		if (first.judged || first.client.is_counted ? svc_is_full(svc) : svc_queues(svc))
			return;
		if (!first.judged &&
		    (svc_pause_at_trigger(first.socket) || accept_pause_at_cps(svc, &first.client)))
			return;
		if (!limits_allow(svc)) {
			limits_wait(svc);
			return;
		}
		take_parked(svc);
		if (svc->row->groups->access->deny_time >= 0) { /* it has become a sensor meanwhile */
			note_touch(svc, &first.client);
			continue;
		}
		svc_count_trigger(first.socket);
		if (first.judged)
			start_for_client(svc, first.socket, &first.client);
		else
			check_client(svc, first.socket, &first.client);
		if (svc->run->backoff.failures)
			break; /* one at a time, until one has succeeded */
	}
}

/* What counts for all clients of the service: probes are closed, and cps pauses it, with this client kept. false: it
 * pauses now. */
static bool screen_client(struct svc *svc, struct socket *socket, struct client *client)
{
	const struct access *probes = service_prepared(svc->row)->probes;
	unsigned char address[SOURCE_SIZE];

	if (probes && whole_address(client, address) && access_judge(probes, address) == ACCESS_PERMITTED) {
		close_apart(svc, &client->fd);
		svc->run->probes++;
		return true;
	}
	if (accept_pause_at_cps(svc, client)) {
		accept_park(svc, socket, client, false);
		return false;
	}
	svc_count_trigger(socket);
	check_client(svc, socket, client);
	return true;
}

/* Tells one datagram from another, by its sender and its beginning. */
uint64_t accept_first_datagram(const struct socket *socket)
{
	struct sockaddr_storage sender = { 0 };
	socklen_t length = sizeof(sender);
	char bytes[64];
	ssize_t got = socket->fd < 0 ? -1
				     : recvfrom(socket->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT,
						(struct sockaddr *)&sender, &length);

	return got < 0 ? 0 : hash_bytes(hash_bytes(HASH_START, bytes, (size_t)got), &sender, length) | 1;
}

/* "": none waits. */
void accept_describe_sender(const struct svc *svc, char *text, size_t size)
{
	struct client sender = { .fd = -1 };

	*text = '\0';
	EACH_SOCKET(socket, svc) {
		if (!*text && socket->fd >= 0 && endpoint_is_datagram(socket->listen->address) &&
		    client_peek(socket->fd, &sender))
			client_address(&sender, text, size);
	}
}

/* A socket that tells superd-lookup who it is about. */
static int connect_to(const struct client *sender)
{
	int fd = socket(sender->peer.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, &sender->peer.any, sender->peer.length) < 0)
		fd_close(&fd);
	return fd;
}

/* Whether a program may start for this datagram; or later: superd-lookup is asked about its sender, or cannot be now.
 * It stays in the queue then, and is looked at again. One that is refused is dropped. */
enum verdict { STARTS, WAITS, DROPPED };

static enum verdict judge_datagram(struct svc *svc, struct socket *socket, struct client *sender)
{
	struct questions asked = { 0 };
	enum refusal refusal;
	unsigned char address[SOURCE_SIZE];
	const unsigned char *whole = whole_address(sender, address);
	char byte, more[LOG_RATE_LIMIT_MORE];
	struct remembered *told = NULL;
	struct client named = *sender;
	int error = 0;

	if (svc->row->groups->access->deny_time >= 0) {
		note_touch(svc, sender);
		goto drop;
	}
	refusal = judge_client(svc, socket, sender, &asked);
	if (!refusal && (asked.name || asked.libwrap)) {
		refusal = asked.name ? REFUSED_NAME_UNASKED : REFUSED_LIBWRAP_UNASKED;
		asked.ident = false; /* nobody is connected */
		asked.whom = OF_SENDER;
		asked.sender = hash_bytes(HASH_START, &socket->listen, sizeof(socket->listen));
		asked.sender = hash_bytes(asked.sender, &superd.loaded, sizeof(superd.loaded));
		asked.sender = hash_add(asked.sender, hosts_access_version()) | 1;
		if (whole && (told = remember(asked.sender, whole, false))) {
			refusal = (enum refusal)told->count;
		} else if (whole) {
			named.fd = connect_to(sender);
			error = named.fd < 0 ? errno : ask_adviser(svc, socket, &named, &asked);
			fd_close(&named.fd);
			if (!error) {
				socket->datagram = ASKED_ABOUT;
				socket_watch(socket, false);
				return WAITS;
			}
		}
	}
	if (limits_are_meant(error)) {
		if (log_rate_limit_is_due(&svc->run->note_limit, more))
			svc_say(svc, LEVEL_WARNING, "exhausted", CANNOT_ASK ": %s: its clients wait%s", strerror(error),
				more);
		svc_set_reason(svc, CANNOT_ASK ": %s", strerror(error));
		svc_pause(svc, AGAIN);
		return WAITS;
	}
	if (!refusal) {
		if (asked.minute)
			asked.minute->count++;
		return STARTS;
	}
	refuse(svc, sender, refusal);
drop:
	recv(socket->fd, &byte, 1, MSG_DONTWAIT);
	return DROPPED;
}

/* A datagram: the instance gets the socket, and superd does not watch it until that has ended. */
static void start_for_datagram(struct svc *svc, struct socket *socket)
{
	struct client sender = { .fd = -1 };

	if (!client_peek(socket->fd, &sender) || accept_pause_at_cps(svc, &sender) ||
	    judge_datagram(svc, socket, &sender) != STARTS)
		return;
	svc_count_trigger(socket);
	rate_limit_count(&svc->run->rate, 1., clock_now());
	socket_watch(socket, false);
	socket->datagram = TAKEN;
	socket->run->first = accept_first_datagram(socket);
	start_for_client(svc, socket, &sender);
	if (svc->state != LISTENING)
		socket->datagram = AWAITED;
}

/* Accepts who waits there, up to BATCH, or starts an instance for a datagram. */
static void accept_batch(struct svc *svc, struct socket *socket)
{
	struct client client;

	if (socket->fd < 0 || socket->datagram != AWAITED)
		return;
	/* Mostly there is one. To look costs less than accept4(2), which makes a socket before it finds nobody. */
	for (int n = 0; n < BATCH && svc->state == LISTENING && (n != 1 || socket_is_readable(socket)); n++) {
		if (svc_pause_at_trigger(socket))
			return;
		if (svc_queues(svc))
			break;
		if (!limits_allow(svc)) {
			limits_wait(svc);
			return;
		}
		if (!endpoint_accepts(socket->listen->endpoint)) {
			start_for_datagram(svc, socket);
			return;
		}
		if (socket->lent) {
			socket_watch(socket, false); /* until no process has it, and the service settles */
			return;
		}
		switch (client_accept(socket->fd, socket->listen, &client)) {
		case ACCEPTED:
			if (!screen_client(svc, socket, &client))
				return;
			break;
		case ACCEPT_AGAIN:
			break;
		case ACCEPT_EXHAUSTED:
			limits_lack(svc, "cannot accept", errno);
			return;
		case ACCEPT_BROKEN:
			socket_close(socket);
			svc_open(svc);
			return;
		case ACCEPT_NOTHING:
			n = BATCH;
		}
	}
	if (svc->state == LISTENING && svc_queues(svc))
		svc_settle(svc);
}

void accept_clients(struct svc *svc, struct socket *socket)
{
	instances_gather();
	accept_batch(svc, socket);
	instances_start_gathered();
}

/* accept = no: the sender of the first datagram, while no program has the socket. Those whom the rules refuse are
 * dropped, and logged. */
bool accept_judge_datagrams(struct svc *svc)
{
	EACH_SOCKET(socket, svc) {
		enum verdict verdict = DROPPED;
		struct client sender;

		errno = 0;
		if (socket->listen->address->kind != ENDPOINT_UDP && socket->fd >= 0 &&
		    poll(&(struct pollfd){ socket->fd, POLLIN, 0 }, 1, 0) != 0)
			return true;
		if (socket->fd < 0 || socket->listen->address->kind != ENDPOINT_UDP)
			continue;
		for (int n = 0;
		     n < BATCH && verdict == DROPPED && socket->datagram == AWAITED && client_peek(socket->fd, &sender);
		     n++)
			verdict = judge_datagram(svc, socket, &sender);
		if (verdict == STARTS)
			return true;
		loop_rest(errno);
	}
	return false;
}

/* ---- what builtins ask ---- */

static void list_all(const char *what, struct buf *out)
{
	LIST_OF(struct svc, svc, link, &superd.services) {
		if (!strcmp(what, "servers")) {
			LIST_OF(const struct instance, instance, link, &svc->run->instances) {
				buf_addf(out, "%s %ld %.0f\n", svc->row->name, (long)instance->pid,
					 clock_now() - instance->since);
			}
			continue;
		}
		for (unsigned n = 0; n < svc->socket_count; n++) {
			const struct endpoint *endpoint = svc->sockets[n].listen->address;
			struct buf text = { 0 };

			if (!strcmp(what, "tcpmux")) {
				if (endpoint->kind == ENDPOINT_TCPMUX && endpoint->address)
					buf_addf(out, "%s\r\n", endpoint->address + (endpoint->address[0] == '+'));
			} else if (endpoint_is_inet(endpoint) && endpoint->kind != ENDPOINT_RAW) {
				if (n && svc->sockets[n - 1].listen->address->kind == endpoint->kind &&
				    svc->sockets[n - 1].listen->address->port == endpoint->port)
					continue;
				buf_addf(out, "%s %s %u\n", svc->row->name,
					 endpoint->kind == ENDPOINT_TCP		  ? "tcp"
						 : endpoint->kind == ENDPOINT_UDP ? "udp"
										  : "sctp",
					 clients_port(&svc->sockets[n]));
			} else {
				endpoint_format(endpoint, &text);
				buf_addf(out, "%s %s\n", svc->row->name, buf_string(&text));
				buf_free(&text);
			}
		}
	}
}

/* The service that a client of tcpmux has named gets the connection, which the instance of tcpmux has still. */
static void serve_mux(struct instance *instance, const char *name)
{
	char more[LOG_RATE_LIMIT_MORE];

	LIST_OF(struct svc, svc, link, &superd.services) {
		EACH_SOCKET(socket, svc) {
			const struct endpoint *endpoint = socket->listen->endpoint;
			struct client client = instance->client;

			if (endpoint->kind != ENDPOINT_TCPMUX || !endpoint->address ||
			    strcasecmp(endpoint->address + (endpoint->address[0] == '+'), name) != 0)
				continue;
			instance->client.fd = -1;
			journal_instance(instance); /* its line has the client no longer before another has */
			client.asks_mux = true;
			client.is_counted = false;
			if (svc_bar(svc) < BAR_HELD)
				refuse(svc, &client, REFUSED_CLOSED);
			else
				accept_park(svc, socket, &client, false);
			svc_go_on(svc);
			return;
		}
	}
	send(instance->client.fd, mux_sorry, sizeof(mux_sorry) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (svc_line_is_due(instance->svc, LINE_REFUSED + REFUSED_CLOSED, clock_now(), more))
		svc_say(instance->svc, LEVEL_NOTICE, "refused", "refused %s: no service listens on tcpmux:%s%s",
			*instance->peer ? instance->peer : "a local client", name, more);
	journal_instance(instance);
	close_apart(instance->svc, &instance->client.fd);
}

/* What a builtin has said. */
static void answer_builtin(struct instance *instance, const char *text)
{
	words builtin = instance->row->exec->builtin;
	struct buf answer = { 0 };
	uint64_t in, out;
	int file;

	if (sscanf(text, "in=%" SCNu64 " out=%" SCNu64, &in, &out) == 2) {
		/* Of its only client: a builtin that was taken over fills no log. */
		if (!instance->reported && instance->row->exec->redirect)
			record_traffic(instance->svc, in, out);
		instance->reported = true;
		return;
	}
	if (strncmp(text, "ask ", 4) != 0 || !builtin)
		return;
	text += 4;
	if (!strcmp(builtin[0], "tcpmux") && strcmp(text, "help") != 0) {
		if (instance->client.fd >= 0)
			serve_mux(instance, text);
		return;
	}
	if (!strcmp(builtin[0], "health"))
		facts_write_health(text, &answer);
	else
		list_all(builtin[0], &answer);
	file = memory_file(buf_string(&answer), answer.length);
	fd_message_send(instance->channel, "", 1, &file, file >= 0, MSG_DONTWAIT);
	fd_close(&file);
	buf_free(&answer);
}

/* Answers one message, and takes it only then: the next superd reads what this one dies over. False: there is none. */
bool channel_read(struct instance *instance)
{
	char text[1100];
	ssize_t got = recv(instance->channel, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_PEEK);

	if (got > 0) {
		text[got] = '\0';
		answer_builtin(instance, text);
		journal_flush();
		got = recv(instance->channel, text, sizeof(text), MSG_DONTWAIT);
	}
	if (got > 0)
		return true;
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got < 0 && errno != ECONNRESET) /* it has ended without reading all */
		svc_say(instance->svc, LEVEL_ERROR, "warning", "cannot hear its superd-builtin: %s", strerror(errno));
	io_stop(&instance->channel_io);
	return false;
}

static void on_question(struct io *io)
{
	channel_read(io->data);
}

void channel_begin(struct instance *instance)
{
	io_call(&instance->channel_io, instance->channel, on_question, instance);
}
