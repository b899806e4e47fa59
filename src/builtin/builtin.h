/* superd-builtin: the small services of superd, in an unprivileged process whose time is limited. All of them serve
 * their clients in one loop (builtin/loop.c), which never waits for one of them.
 *
 * superd passes the settings that the program cannot know on the command line: struct settings. */
#pragma once

#include "os/netdiag/netdiag.h"

#define DATAGRAM_MOST (64 << 10)        /* bytes; no datagram is larger */

struct settings {
	const struct builtin *builtin;  /* the service */
	words words;                    /* its name and options, as in the table; borrowed from argv */
	struct builtin_options options; /* the options, parsed */
	int64_t channel;                /* descriptor: a socket to superd, or a file that superd wrote; -1: none */
	int resolver;                   /* redirect: that of target_resolver_begin; -1: none */
	bool relays;                    /* redirect beside exec: the channel is the first socket (builtin/loop.c) */
	int64_t proxy;                  /* redirect: version of the PROXY protocol, 1 or 2; 0: none */
	int64_t flow_timeout;           /* redirect: milliseconds until a silent flow of datagrams ends */
	int64_t idle_timeout;           /* of a connection in the loop without a byte; 0: none */
	int64_t total_timeout;          /* of a connection in the loop; 0: none */
	int64_t per_source;             /* redirect of listeners: most connections of one source; 0: no limit */
	int64_t source_prefix;          /* bits of an IPv6 address that are one source */
	uint16_t *loops;                /* owned: ports, host byte order, whose services answer any datagram (--loop) */
	size_t loop_count;
};

struct builtin_server;
struct connection;

typedef void begin_service(struct builtin_server *server, struct connection *connection);

/* Of a service whose clients ask (struct exchange): more of the request may have come, or its time is over (late); superd
 * has answered by a file, which the service owns, or file -1, has not, for the reason in errno. */
typedef void handle_request(struct builtin_server *server, struct connection *connection, bool late);
typedef void handle_answer(struct builtin_server *server, struct connection *connection, int file);

struct builtin {
	const char *name;
	begin_service *begin;
	handle_request *on_request;
	handle_answer *on_answer;
	enum { REPLY_NONE, REPLY_ECHO, REPLY_CHARGEN, REPLY_DAYTIME, REPLY_TIME } reply; /* to a datagram */
};

/* Prints a line to standard error, which superd logs. */
void builtin_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- what the loop watches ----
 *
 * The descriptors that the loop watches by epoll(7). */

/* A watched descriptor, embedded in its user. */
struct loop_watch {
	enum { WATCH_LISTENER, WATCH_DATAGRAMS, WATCH_CLIENT, WATCH_TARGET, WATCH_PROBE, WATCH_FLOW, WATCH_CHANNEL,
	       WATCH_RESOLVER, WATCH_SIGNAL } kind;
	int fd;                         /* -1: none */
};

/* epoll_ctl(2) for a descriptor. */
bool loop_watch_set(int epoll, int operation, struct loop_watch *watch, uint32_t events);

/* Stops watching, and closes. Only this closes a descriptor that was watched (tests/lint/style): superd, and descriptors
 * 0 to 2, may have copies, which would keep a closed one in the epoll(7), and its next event would name memory that is free
 * by then. -1: nothing. */
void loop_watch_close(int epoll, struct loop_watch *watch);

/* Sends one packet to superd. false and errno. */
bool channel_send(int channel, const char *text, size_t length);

/* Takes the sooner of two numbers of milliseconds; -1 is never. */
void loop_sooner(int64_t *timeout, int64_t other);

/* ---- senders of datagrams ----
 *
 * The sender of a datagram, and whether it gets a reply. The kernel keeps only_from and no_access (os/host/bpf.c). But any
 * host can forge the source address of a datagram, so a reply may hit a host that never asked: a server that replies in
 * turn, a whole network, or the victim of a flood. */

#define REPLIES_A_SECOND 50             /* replies to one source */
#define SOURCES_AT_ONCE 1024

/* Counts replies to each source in a second. Begins zeroed. */
struct replies {
	struct source_counts sources;   /* at most SOURCES_AT_ONCE */
	int64_t second;                 /* of clock_ms; the counts are of this second */
	unsigned refusals_logged;       /* refused senders of this process; only the first are logged */
};

/* Whether bytes of socket_address_bytes are an IPv4 address. */
bool address_is_mapped(const unsigned char bytes[16]);

/* Writes "192.0.2.1 port 7". A mapped IPv4 address is written as IPv4. */
#define SENDER_TEXT (INET6_ADDRSTRLEN + sizeof(" port 2147483647"))
void sender_describe(const struct socket_address *sender, char text[SENDER_TEXT]);

#define SERVICE_PORTS 1024              /* lower ports are those of services */

/* The reason why the sender gets no reply, as the end of a log line; NULL: it may get one. peers: a port that servers
 * of the same protocol on other machines send from, as with NTP and SIP; -1: none. */
const char *sender_refuse(const struct socket_address *sender, int peers, const struct settings *settings);

/* Counts one more reply to this address; all of an IPv6 /64 network count as one source. false: it has had
 * REPLIES_A_SECOND, or too many sources are active. */
bool replies_count(struct replies *replies, const unsigned char bytes[16], int64_t second);

/* Whether the sender gets a reply; logs why not. refusal: of sender_refuse. counts: as replies_count. */
bool replies_allow(struct replies *replies, const struct socket_address *sender, const char *refusal, bool counts);

/* ---- the address that a datagram was sent to ----
 *
 * The address that a datagram was sent to (ip(7), IP_PKTINFO; ipv6(7), IPV6_RECVPKTINFO). The reply must come from the
 * same address, else a client of a machine with several addresses takes it for a stranger's. */

struct pktinfo {
	bool truncated;                 /* the datagram was longer than the buffer (MSG_TRUNC) */
	bool to_many;                   /* the destination is a multicast or broadcast address: no reply comes from it */
	int type;                       /* IP_PKTINFO: v4 is set; IPV6_PKTINFO: v6; 0: the kernel chooses the reply's address */
	struct in_pktinfo v4;
	struct in6_pktinfo v6;
};

void pktinfo_prepare(int fd);           /* sets the option; does nothing on a unix socket */

/* Receives one datagram without waiting. Returns its length, or -1 and errno. */
ssize_t pktinfo_receive(struct pktinfo *pktinfo, int fd, struct socket_address *sender, void *to, size_t size);

/* Sends a reply to the sender. Errors are ignored: any datagram may be lost. */
void pktinfo_send(const struct pktinfo *pktinfo, int fd, const struct socket_address *sender, const void *bytes, size_t length);

/* ---- texts ----
 *
 * The texts of chargen, daytime and time: RFC 864, 867 and 868. */

/* The pattern of chargen, which repeats: a line for each printable character, each line of 72 characters begins one
 * character later. There are 95 lines; xinetd has 93, without blank and tilde. */
#define CHARGEN_LINE 74                 /* bytes, with CR LF */
#define CHARGEN_TURN (95 * CHARGEN_LINE)

size_t chargen_fill(char turn[CHARGEN_TURN], bool xinetd_text);        /* returns the length */

/* Writes "Www Mmm dd hh:mm:ss yyyy\r\n", or xinetd's "20 NOV 2026 05:56:11 UTC\r\n", in local time. Returns the
 * length. */
size_t daytime_text(time_t now, bool xinetd_text, char *out, size_t size);

/* Writes the seconds since 1900 modulo 2^32, in network byte order. */
void time_bytes(time_t now, unsigned char out[4]);

/* ---- one direction of a connection ----
 *
 * One direction of a connection: reads from one socket and writes to another, or to the same (echo). The end of the
 * sender's data ends it. */

/* The buffer of one direction: bytes that were read from one socket and are not yet written to the other. They are read
 * into room that all connections share, and what is left at the end of a turn gets memory. For a connection that moves
 * much data the relay uses a pipe, through which the kernel passes the data on without a copy (splice(2)). */
#define BUFFER_ROOM (64 << 10)          /* bytes; more leaves a processor's cache */

struct relay_buffer {
	char *room;                     /* borrowed, BUFFER_ROOM bytes */
	size_t held;                    /* number of bytes in the buffer */
	const char *bytes;              /* the first of them, unless they are in the pipe */
	bool in_room;                   /* they are in `room` */
	char *own;                      /* owned; NULL: nothing was left */
	const char *text;               /* borrowed; it is held again and again, and nothing is read; NULL: none */
	size_t text_length;
	int pipe[2];                    /* owned; -1: memory is used */
};

struct relay {
	int from, to;                   /* the sender's and the receiver's socket, borrowed; to -1: bytes are dropped */
	struct relay_buffer buffer;
	bool reads_all;                 /* a short read may leave bytes: the sender's end or an urgent byte was reported */
	bool waits;                     /* the last turn ended because a socket was not ready */
	bool is_busy;                   /* the last turn that moved bytes moved many */
	uint64_t moved;                 /* bytes written to `to` */
	bool done;                      /* this direction has ended */
	bool end_passed;                /* the receiver's connection was shut down, as the sender has ended */
	bool broken;                    /* it ended by an error, as a reset, not by end of file */
	bool write_failed;              /* the receiver has refused bytes; the bytes that it has sent are still moved */
};

/* ---- clients that ask ----
 *
 * Clients that ask: health, tcpmux, servers and services. A client sends a request, of which the service knows
 * the end; superd is asked, where only superd knows the answer; the client gets the answer, and its connection ends.
 * Each of the three steps has an end in time, and the request and the answer are bounded, as a client may send and
 * read as slowly as it likes. */

struct exchange {
	enum { EXCHANGE_REQUEST, EXCHANGE_SUPERD, EXCHANGE_ANSWER } step;
	struct buf request;             /* what the client has sent */
	struct buf answer;              /* what it is to get, or the part of `file` that was read */
	size_t sent;                    /* bytes of `answer` that it has got */
	int file;                       /* what it gets behind `answer`; -1: nothing more */
	int kind;                       /* of the request, as the service has found out */
};

/* What is known of a request. */
enum request_state { REQUEST_PARTIAL, REQUEST_COMPLETE, REQUEST_INVALID };

/* Begins with the request, for which the client has time until then. false: out of memory, and the connection has
 * ended. */
bool exchange_begin(struct builtin_server *server, struct connection *connection, int64_t until);

/* The client has time until then. */
void exchange_limit(struct builtin_server *server, struct connection *connection, int64_t until);

/* Reads more of the request, `most` bytes of it in all. Returns the number of bytes; 0: end of file; -1 and errno,
 * EAGAIN if there is nothing. */
ssize_t exchange_read(struct connection *connection, size_t most);

/* Asks superd, which answers within that time: builtin->on_answer is called, with a file or without one. false and errno:
 * superd is not there. */
bool exchange_ask(struct builtin_server *server, struct connection *connection, const char *question, int64_t until);

/* Sends exchange->answer, then exchange->file, and ends the connection. */
void exchange_answer(struct builtin_server *server, struct connection *connection, int64_t until);

/* A socket has become ready. */
void exchange_on_event(struct builtin_server *server, struct connection *connection);

/* superd has answered the only client, with a file, or -1 for the reason `error`. */
void exchange_on_answer(struct builtin_server *server, int file, int error);

/* Goes on with those whose time is over. Returns the milliseconds until the next is due; -1: none. */
int64_t exchanges_end_late(struct builtin_server *server, int64_t now);

/* ---- the target of a redirect ----
 *
 * The target of a redirect: its addresses, and attempts to connect to it that do not wait. */

#define TARGET_ADDRESSES 8

/* What was found for its host and port. */
struct target_answer {
	size_t count;                   /* of the addresses; 0: none, for the reason `why` */
	struct socket_address addresses[TARGET_ADDRESSES];
	char why[128];
};

/* Whether it takes a look-up. port NULL, for a path: it does not. */
bool target_is_name(const char *host, const char *port);

/* Waits for the answer, which may take a minute. */
void target_look_up(const char *host, const char *port, struct target_answer *answer);

/* Starts a process that looks it up, and enters a sandbox of its own: to be called before the sandbox is entered. Returns
 * a socket for packets, at which each byte is answered by a struct target_answer. -1 and errno. */
int target_resolver_begin(const char *host, const char *port);

struct redirect_target {
	const char *host, *port;        /* as in the table; port NULL: host is the path of a unix socket, "@name" an abstract one */
	char name[512];                 /* both, for messages */
	struct socket_address addresses[TARGET_ADDRESSES];
	size_t count;                   /* of the addresses */
	size_t good, good_udp;          /* indices of those that have answered last: connections, datagrams */
	char why[128];                  /* why the last look-up has failed, which was logged; "": it has not */
};

/* Whether it has this address, and at which index. */
bool target_has(const struct redirect_target *target, const struct socket_address *address, size_t *index);

/* Begins to connect a socket of this type to an address, of which it sets the index: one that has answered is the first
 * to be tried, and `tried` are passed over. Returns a non-blocking descriptor, which the caller owns: connected, or about
 * to be. -1 and errno of the last. */
int target_connect(const struct redirect_target *target, int type, size_t tried, size_t *index);

/* Logs that it cannot be connected to. */
void target_log_failure(const struct redirect_target *target, int error);

/* ---- the PROXY protocol ----
 *
 * The header of the PROXY protocol, which passes the address of the client behind a relay to the server
 * (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt). */

#define PROXY_HEADER_MOST 108           /* bytes; version 1 needs up to 107 and a NUL, version 2 fewer */

/* Writes the header for this connection of a client, in version 1 or 2. A client of a unix socket has no address:
 * UNKNOWN, or LOCAL and AF_UNSPEC. -1: superd itself connects, as it looks whether the server answers. Returns the
 * length; 0: the client was reset, so that its address is not known any more. */
size_t proxy_header_write(unsigned version, int connection, char out[PROXY_HEADER_MOST]);

/* ---- connections ----
 *
 * The connections of superd-builtin's loop. A connection has two directions (struct relay): what its client sends
 * goes to the target of a redirect, back to the client (echo) or nowhere, and what the client gets comes from the target
 * or is a text (chargen). Each service begins its connections in its own way (struct builtin); from then on their bytes,
 * idle times and ends are the same. */

enum phase { WAITING, CONNECTING, RELAYING, EXCHANGING, CONNECTION_PHASES };

struct connection {
	struct list link;               /* in the server's list of its phase, or in ->dead */
	struct list again;              /* in server->again, if its turn ended before its sockets were empty */
	struct loop_watch client, target;
	enum phase phase;
	size_t address;                 /* of a target: index of the address that is tried */
	int64_t since;                  /* time when it was accepted */
	int64_t until;                  /* CONNECTING: the next address is tried; else its end, unless bytes move */
	struct exchange *exchange;      /* in EXCHANGING */
	struct relay in, out;           /* in RELAYING: from the client, to the client */
	bool client_reads_all, target_reads_all; /* before RELAYING: relay->reads_all */
	bool client_readable;           /* before RELAYING: bytes or the end of its data were reported */
	uint32_t client_end, target_end; /* EPOLLHUP, EPOLLERR: it takes nothing more; what it has sent may be unread */
	bool served;                    /* it has begun to get what it came for */
	bool tuned;                     /* tune_for_loopback was done, once it had moved much */
	bool counted;                   /* in server->sources, as `source` */
	unsigned char source[SOURCE_SIZE];
};

/* What superd is told about a redirect beside exec. */
struct server_report {
	bool up, busy;
	int error;
	size_t count, flows;
	uint64_t served, received, sent;
};

struct builtin_server {
	const struct settings *settings;
	int epoll;
	struct loop_watch *listeners;   /* owned */
	size_t listener_count;
	bool redirects;                 /* the service is a redirect */
	bool has_streams;               /* one of them accepts connections */
	bool accepts;                   /* connections, and datagrams of a redirect, are taken now */
	struct flows *flows;            /* a redirect's datagrams; NULL: none */
	struct datagrams *datagrams;    /* those of another service; owned; NULL: none */
	struct loop_watch channel, sigterm; /* fd -1: none */
	bool gets_clients;              /* superd has accepted the only one */
	bool retired;                   /* takes no client any more */
	int status;                     /* exit status: 0, or 1 if the only client was not served */
	int64_t blocked;                /* accept4(2) failed: time when it is tried again; 0: it works */
	int64_t hurry;                  /* time of the end, after SIGTERM; 0: none */
	struct source_counts sources;   /* connections by source, for per_source */
	int64_t reported;               /* time of the last report */
	struct server_report report;
	bool report_wanted;             /* superd has asked, or there was none yet */

	/* connections */
	struct list of[CONNECTION_PHASES];      /* by phase */
	struct list dead, again;
	char room[BUFFER_ROOM];         /* struct relay_buffer */
	char text[CHARGEN_TURN];        /* chargen's, once it has a client */
	size_t text_length;
	size_t count, most;             /* connections; most at a time */
	uint64_t served;                /* connections that ever were */
	uint64_t received, sent;        /* bytes of all of them, from clients and to them */

	/* the target of a redirect */
	struct redirect_target target;
	struct loop_watch resolver;     /* settings->resolver */
	bool is_asked;                  /* it has not answered yet */
	int64_t asked;                  /* time of the last question */
	bool up;                        /* it has answered the last attempt; or the service has no target */
	int error;                      /* errno of the last attempt; 0: there was none, or it succeeded */
	int64_t pause;                  /* milliseconds until the next attempt */
	int64_t retry;                  /* time of the next attempt; 0: none is due */
	struct loop_watch probe;        /* a connection to the target without a client; fd -1: none */
	size_t probe_address;
	int64_t probed;                 /* time when it began */
	int64_t looked;                 /* time of the last look for clients that have waited for too long */
};

/* Watches a client's connection or a target's by edges, with EPOLL_CTL_ADD or EPOLL_CTL_MOD. */
bool connection_watch(const struct builtin_server *server, int operation, struct loop_watch *watch);

/* Takes over the client's descriptor. NULL and errno: it stays the caller's. */
struct connection *connection_new(struct builtin_server *server, int fd);

void connection_set_phase(struct builtin_server *server, struct connection *connection, enum phase phase);

/* Puts it into the list at its place by `until`. */
void connection_sort(struct list *list, struct connection *connection);

/* Begins to move bytes: the client's to `to`, those of `from` to the client. -1: its bytes are dropped; nothing is sent
 * to it. */
void connection_open(struct builtin_server *server, struct connection *connection, int to, int from);

/* Runs one direction, or both. */
void connection_run(struct builtin_server *server, struct connection *connection, bool runs_in, bool runs_out);

/* In RELAYING: runs the directions for which these events are. */
void connection_on_event(struct builtin_server *server, struct connection *connection, struct loop_watch *watch,
			 uint32_t events);

/* Shuts down the sending side, and reads the rest of the client's data. If a connection is closed with unread bytes,
 * the kernel resets it, and the client may lose the answer. */
void connection_shut(const struct connection *connection);

/* Events of this turn may still name it, so it is freed after the turn. reset: a client that was not served is reset,
 * unless superd has accepted it. */
void connection_end(struct builtin_server *server, struct connection *connection, bool reset);

/* All of them: runs those whose turn had to end; ends those whose time is over, and returns the milliseconds until the
 * next is due, or -1; ends all; frees those that have ended. */
void connections_run_again(struct builtin_server *server);
int64_t connections_end_idle(struct builtin_server *server, int64_t now);
void connections_end_all(struct builtin_server *server);
void connections_free_dead(struct builtin_server *server);

/* The other's links become those of `to`. */
void connections_take(struct list *from, struct list *to);

/* ---- the services ----
 *
 * The services, as the table in main.c lists them (struct builtin): NAME_begin begins a connection, NAME_on_request reads
 * a request, NAME_on_answer gets superd's answer. */

/* RFC 862, 863, 864, 867, 868: services.c. */
begin_service echo_begin, discard_begin, chargen_begin, answer_begin;

/* servers and services: a list that superd makes. tcpmux has service_list_on_answer send the names of services. */
begin_service service_list_begin;
handle_answer service_list_on_answer;

/* tcpmux (RFC 1078): the client names a service in one line, and superd takes over the connection. */
begin_service tcpmux_begin;
handle_request tcpmux_on_request;

/* superd's health, as an HTTP response or as a plain line. */
begin_service health_begin;
handle_request health_on_request;
handle_answer health_on_answer;

/* ---- flows of datagrams ----
 *
 * Datagrams of a redirect. A client's datagrams are a flow: they go to the target through a socket of their own, and
 * what comes back by it goes to that client. A flow ends after a time without datagrams (redirect_timeout). */

#define FLOWS_MOST 1024                 /* a new client then takes a place of the source that has most */

struct flows;

/* target and settings must outlive it. NULL: out of memory. */
struct flows *flows_new(const struct settings *settings, struct redirect_target *target, int epoll);
void flows_end(struct flows *flows);    /* closes all; their memory stays until flows_expire, as events may name them */
void flows_free(struct flows *flows);

/* The target's addresses may have changed: flows to one that it has no more go on to another. */
void flows_follow(struct flows *flows);

/* Passes datagrams on that wait at a listener, a bounded number of them. */
void flows_send(struct flows *flows, struct loop_watch *listener, int64_t now);

/* Passes back the datagrams that have arrived for a flow. watch: the flow's. */
void flows_receive(struct flows *flows, struct loop_watch *watch, int64_t now);

/* To be called after each turn of the loop: ends flows that were silent for too long, and sends first datagrams again
 * that no server has got yet. Returns the milliseconds until something is due; -1: nothing. */
int64_t flows_expire(struct flows *flows, int64_t now);

size_t flows_count(const struct flows *flows);

/* ---- datagrams ----
 *
 * Serves datagram sockets: echo, discard, chargen, daytime, time. Each reply comes from the address that the request
 * was sent to. */

struct datagrams {
	struct replies replies;         /* number of replies to each source */
	char request[DATAGRAM_MOST], reply[DATAGRAM_MOST];
};

/* Answers the datagrams that wait on a socket, at most BATCH. */
void datagrams_serve(const struct settings *settings, struct datagrams *datagrams, int fd);

/* ---- redirect ----
 *
 * The target of a redirect: clients wait until it is connected, then bytes go both ways.
 *
 * A client that finds the target away is kept for CONNECT_TIMEOUT, and the others stay in the kernel's queue. The
 * loop then tries to connect after pauses, and goes on with all clients once one attempt has succeeded. A target that
 * no program of the service brings (without --relay) has to be there: a client that it refuses is reset at once. */

/* To be called once, before the first client: finds the target, or has the resolver do so. false: that failed, which is
 * logged. */
bool redirect_init(struct builtin_server *server);

/* The resolver has answered, or has ended. */
void redirect_on_answer(struct builtin_server *server);

/* Sets a socket up: without delay, with keepalive. A listener hands its settings on to all that it accepts. */
void redirect_prepare(int fd);

/* Connects a client to the target. */
void redirect_begin(struct builtin_server *server, struct connection *connection);

/* Before RELAYING: an event of the client or of its target. */
void redirect_on_event(struct builtin_server *server, struct connection *connection, struct loop_watch *watch,
		       uint32_t events);

/* Looks whether the target answers, without a client. */
void redirect_begin_probe(struct builtin_server *server);

/* true: it answers. redirect_begin gives the probe's connection to the next client, until redirect_end_probe. */
bool redirect_on_probe(struct builtin_server *server, uint32_t events);
void redirect_end_probe(struct builtin_server *server);

/* Whether it can be tried for another client. */
bool redirect_tries(const struct builtin_server *server);

/* One is passed on, or dropped for want of a target. */
void redirect_note_datagram(struct builtin_server *server);

/* Tries what is due. Returns the milliseconds until the next is; -1: nothing is. */
int64_t redirect_do_due(struct builtin_server *server, int64_t now);

/* ---- tcpmux ----
 *
 * The first line of a tcpmux connection (RFC 1078): the name of a service. */

#define MUX_NAME_MOST 256               /* bytes of a name */

/* Reads of the line what is there, and no byte behind it: those belong to the service. The line ends with LF, or CR LF.
 * COMPLETE: `line` is the name. INVALID: it is no name, is too long, or ended early. PARTIAL: more may come. */
enum request_state tcpmux_read(int connection, struct buf *line);

/* ---- the loop ----
 *
 * The loop of superd-builtin. With accept = no it has the listening sockets, and one process serves many clients; with
 * accept = yes it serves the client that it was started for. It answers datagrams, and relays those of a redirect.
 *
 * With --relay the process belongs to a service with a program of its own (exec beside redirect). It then takes no
 * client before the program has answered, and reports its work to superd over its channel. When superd closes the
 * channel, it takes no more clients, and ends after its last connection. */

/* Serves these sockets, or the one client. Returns the exit status. */
int loop_run(const struct settings *settings, const int *fds, size_t count, bool is_client);
