/* What superd asks superd-worker, as values that both write and read (lib/record), and what that answers (lib/answer).
 *
 * superd executes superd-worker with the word for one kind of work, and its standard input is the channel to superd. A
 * request is a message with descriptors: the first one is a file with the values. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/record.h"
#include "os/netdiag/conn_count.h"
#include "os/netdiag/own_ports.h"
#include "os/proc/process.h"

#define REQUEST_MOST (256 << 20)        /* bytes of the values: a service may have some million processes and connections */

/* In the other process: waits for the next request, and begins to read its values. *count: descriptors that come with
 * it, at most as many as there is room for in `fds`; they are the caller's. false: there is none. */
bool request_receive(int channel, struct record *request, int *fds, size_t *count);

/* Receives the descriptors that worker_process_pass has sent. false: they are not all there. */
bool request_receive_fds(int channel, int *fds, size_t count);

/* ---- count: clients of listeners ---- */

struct client_count_request {
	struct conn_count *conns;       /* superd's listeners; `probes` and `cookies` are the same in all */
	size_t count;
	uint32_t quiet_after;           /* as in struct conn_count, for all */
	bool by_turn;                   /* the same */
	const pid_t *pids;                  /* processes whose own ports count, too; NULL: none */
	size_t pid_count;
	const struct file_id *known;        /* sockets that are not their own: superd's listeners */
	size_t known_count;
};

/* The sums of all listeners, as in struct conn_count, and the ports of their own. */
struct client_count_answer {
	bool known;                     /* false: the kernel does not tell, or the process did not answer */
	uint32_t count, quiet, moved;
	uint32_t own_count;
	struct conn_count own[OWN_PORTS_MOST];  /* `quiet_after`, `probes` and `cookies` are not set */
};

/* Writes or reads a request; what is read is in the record's pool. */
void count_request_record(struct record *record, struct client_count_request *request);

/* ---- close: descriptors of others, which may hang ---- */

/* No request: a message with each descriptor, and one without when superd has closed its own copy, which is answered. */
struct close_answer {
	uint8_t closed;                 /* 1 */
};

/* ---- restore: options of a listener that a backend held ---- */

/* One request after the other, each with the socket, and an answer to each. */
#define RESTORE_LINES_MOST 1000         /* bytes: of what cannot be set, a line each */

struct restore_answer {
	int error;
	char lines[RESTORE_LINES_MOST];
};

/* Of the listener, only what bind_restore needs. */
struct restore_task;
void restore_task_record(struct record *record, struct restore_task *task);

/* ---- receive: a message with descriptors ---- */

#define RECEIVED_MOST 253               /* descriptors; the kernel sends no more at once (SCM_MAX_FD) */
#define RECEIVED_KIND 40

enum receive_purpose {
	RECEIVE_NOTHING,                /* drop all descriptors */
	RECEIVE_STORED,                 /* pass on sockets, pipes, memfds, eventfds, timerfds and pidfds */
	RECEIVE_PROCESS,                /* return the pid of the one pidfd's process */
};

/* Comes with the socket, whose next message is received. */
struct receive_request {
	enum receive_purpose purpose;
};

/* With the descriptors that are passed on. superd answers by a byte that it has them. */
struct receive_answer {
	pid_t process;
	unsigned refused;
	char kind[RECEIVED_KIND];
};

void receive_request_record(struct record *record, struct receive_request *request);

/* ---- copy: sockets of frozen processes, into an epoll set of superd's ---- */

/* Comes with the epoll set. */
struct socket_watch_request {
	const pid_t *pids;              /* the processes */
	size_t pid_count;
	pid_t relay;                    /* the process that relays clients to them, of which only those are watched; 0: none */
	const struct file_id *known;    /* superd's own listeners, which are not watched */
	size_t known_count;
	struct conn_count *listeners;   /* the same by their addresses; connections from their `probes`, the same in all, are not watched */
	size_t listener_count;
	bool has_ends;                  /* true: connections of listeners are watched even if their clients have closed */
};

struct socket_watch_result {
	uint32_t missed;                /* number of sockets that are not watched */
	bool forbidden;                 /* some are not for lack of rights */
	bool relay_unseen;              /* not all clients of the relay are watched */
};

void socket_watch_request_record(struct record *record, struct socket_watch_request *request);

/* ---- page-out: the memory of frozen processes ---- */

/* Comes with memory.reclaim of the group, if that is open. */
struct page_out_request {
	const pid_t *pids;
	size_t pid_count;
	const char *group;              /* path of their control group; NULL: none */
};

/* A byte before each piece; the last one is an errno, or 0. */
#define PAGE_OUT_PROGRESS 0xff

void page_out_request_record(struct record *record, struct page_out_request *request);

/* ---- output: what backends print ---- */

#define OUTPUT_SLOTS 4096               /* further pipes are read without a slot */

/* Comes with the memory of the slots, if there is any. The end of the channel tells a reader to take no further pipe. */
struct output_request {
	uint32_t slots;
};

void output_request_record(struct record *record, struct output_request *request);

/* Each further message is the number of a slot, -1: none, with a pipe, where to send what it has, and maybe a target
 * to write that to instead. */
#define OUTPUT_FDS_MOST 3

/* State bits of a slot; the bits above count the bytes read. */
enum { SLOT_FREE = 0, SLOT_TAKEN = 1, SLOT_READS = 2, SLOT_BYTES = 4 };
