/* What a service is, as configured. A service is a row of the table: immutable once the table is sealed, shared by all
 * that run it. Values stand in groups, one struct a group; equal groups of one table are one copy (base/pool), so a row
 * is small however many options there are. The directive table (model/directive) knows the place of every option.
 *
 * All memory belongs to the table's pool. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/diag.h"
#include "model/endpoint.h"

enum pass { PASS_SYSTEMD, PASS_INETD };
enum service_type { TYPE_SIMPLE, TYPE_EXEC, TYPE_NOTIFY, TYPE_FORKING, TYPE_ONESHOT };
enum start { START_DEMAND, START_BOOT };
enum kill_mode { KILL_GROUP, KILL_MIXED, KILL_PROCESS, KILL_NONE };
enum on_failure { FAILURE_RETRY, FAILURE_EXIT };
enum on_remove { REMOVE_FINISH, REMOVE_STOP };
enum overload { OVERLOAD_QUEUE, OVERLOAD_REFUSE };
enum log_kind { LOG_TYPE_SYSLOG, LOG_TYPE_FILE };
enum ipv6_only { IPV6_ONLY_DEFAULT, IPV6_ONLY_NO, IPV6_ONLY_YES };
enum stream_kind { STREAM_LOG, STREAM_SYSLOG, STREAM_FILE, STREAM_APPEND, STREAM_NULL, STREAM_INHERIT, STREAM_SOCKET };
enum tristate { UNSET, NO, YES };

/* What is logged of a connection: bits of log_on_success and log_on_failure, in the order of xinetd's words. */
enum log_on_success {
	SUCCESS_PID = 1 << 0, SUCCESS_HOST = 1 << 1, SUCCESS_USERID = 1 << 2, SUCCESS_EXIT = 1 << 3,
	SUCCESS_DURATION = 1 << 4, SUCCESS_TRAFFIC = 1 << 5
};
enum log_on_failure { FAILURE_HOST = 1 << 0, FAILURE_USERID = 1 << 1, FAILURE_ATTEMPT = 1 << 2 };

#define UNLIMITED INT64_MAX
#define RLIMITS 16

typedef const char *const *words;       /* NULL-terminated, kept; NULL is the empty list */

struct stream {
	unsigned kind;                  /* enum stream_kind */
	const char *path;               /* FILE, APPEND */
};

struct limit {
	int64_t soft, hard;             /* SCAN_INFINITY: RLIM_INFINITY; -1: leave as it is */
};

/* The service's own log (xinetd's log_type). */
struct log_target {
	unsigned kind;                  /* enum log_kind */
	int facility, level;            /* of SYSLOG: LOG_DAEMON …, LOG_INFO … */
	const char *path;               /* of FILE */
	int64_t soft, hard;             /* of FILE, bytes: warned of, never passed; SCAN_INFINITY: no limit */
};

/* So many connections a second, and the pause when there are more (xinetd's cps). */
struct rate {
	int64_t number;                 /* UNLIMITED: no limit */
	int64_t pause;                  /* microseconds */
};

struct what {
	words exec;                     /* argv with the program first; argv[0] may differ by argv0; NULL: one of the next two */
	words builtin;                  /* the name of a small service of superd's own, then its options */
	words redirect;                 /* host and port to connect each client to */
	const char *argv0;
	words exec_search_path;         /* folders in which sys/resolve looks for a program without a slash; NULL: none may be */
	bool accept, disable;
	unsigned pass;                  /* enum pass */
	unsigned type;                  /* enum service_type */
	unsigned start;                 /* enum start */
};

struct socket_options {
	int64_t backlog;
	const char *socket_user, *socket_group;
	mode_t socket_mode, directory_mode;
	words symlinks;
	bool remove_on_stop, optional, non_blocking;
	const char *bind_to_device;
	bool free_bind, transparent, reuse_port;
	unsigned ipv6_only;             /* enum ipv6_only */
	bool keep_alive;
	int64_t keep_alive_time, keep_alive_interval;   /* microseconds, 0: the kernel's */
	int64_t keep_alive_probes;      /* 0: the kernel's */
	bool no_delay;
	int64_t defer_accept;           /* microseconds, 0: off */
	int64_t priority, mark;         /* -1: unset */
	int64_t ip_tos, ip_ttl;         /* -1: unset */
	int64_t receive_buffer, send_buffer;            /* bytes, 0: the kernel's */
	bool broadcast, pass_credentials, pass_packet_info;
	const char *tcp_congestion;
	int64_t pipe_size;              /* bytes, 0: the kernel's */
};

struct who {
	const char *user, *group;       /* names or numbers as written; NULL: superd's own */
	bool groups;                    /* the user's supplementary groups (xinetd's `groups`) */
	words supplementary_groups;
	uint64_t ambient_capabilities;  /* bit CAP_x */
	uint64_t capability_bounding_set;               /* bit CAP_x; all ones: untouched */
	bool no_new_privileges;
};

struct surroundings {
	words env;                      /* NAME=value, later wins, may hold %{fd} templates */
	words passenv;                  /* names taken from superd's own environment */
	words environment_file;         /* paths, "-" in front: may be missing */
	bool tcp_environment;
	mode_t umask;
	int64_t nice;
	const char *working_directory;  /* "~": the user's home; "-" in front: may be missing */
	const char *root_directory;
	struct limit limits[RLIMITS];   /* by RLIMIT_x */
	int64_t oom_score_adjust;       /* INT64_MIN: unset */
	words cpu_affinity;             /* "0", "2-4" */
	const char *io_scheduling;      /* "idle", "best-effort:4", "realtime:0", NULL: unset */
	words runtime_directory, state_directory;       /* relative names */
};

struct streams {
	struct stream input, output, error;
};

struct gate {
	words only_from, no_access;     /* as written (model/access); NULL: anybody, nobody */
	words access_times;             /* "HH:MM-HH:MM" of local time; NULL: always */
	int64_t max_load;               /* thousandths of the load average of a minute; 0: none */
	struct rate cps;
	int64_t trigger_limit_burst;    /* activations in an interval; UNLIMITED */
	int64_t trigger_limit_interval, trigger_limit_pause;    /* microseconds */
	int64_t per_source_cpm;         /* connections a minute from one address; UNLIMITED */
	const char *libwrap;            /* daemon's name for hosts.allow and hosts.deny; NULL: they are not asked */
	const char *banner, *banner_success, *banner_fail;      /* files sent to clients */
	int64_t deny_time;              /* microseconds; -1: no sensor, 0: a sensor that only logs */
	bool id_only;                   /* only clients whose ident server names a user */
	bool intercept;                 /* accept = no: every packet is looked at, not only the first */
	int64_t instances;              /* accept = yes: most at once; UNLIMITED */
	int64_t per_source;             /* the same from one address; UNLIMITED */
	int64_t per_source_prefix;      /* bits of an IPv6 address that make one source; IPv4 is whole */
	unsigned overload;              /* enum overload */
};

struct life {
	int64_t timeout_start, timeout_stop, runtime_max;       /* microseconds, SCAN_INFINITY: none */
	int kill_signal;
	unsigned kill_mode;             /* enum kill_mode */
	const char *pid_file;
	int64_t backoff_min, backoff_max;               /* microseconds */
	unsigned on_failure, on_remove;
};

struct logging {
	const struct log_target *log_type;      /* NULL: superd's own log */
	unsigned log_on_success, log_on_failure;        /* bits */
};

enum option_group {
	GROUP_WHAT, GROUP_SOCKETS, GROUP_WHO, GROUP_SURROUNDINGS, GROUP_STREAMS, GROUP_GATE, GROUP_LIFE, GROUP_LOG, GROUPS
};

/* A user as sys/resolve found it; kept in the pool. */
struct account {
	const char *name, *home, *shell;                /* NULL home and shell: a number without a passwd entry */
	uid_t uid;
	gid_t gid;                      /* `group` where given, else the user's */
	const gid_t *groups;            /* what setgroups gets, kept */
	size_t group_count;
	bool keeps_groups;              /* setgroups is denied to us (a user namespace): superd's own stay */
	bool switches;                  /* ids are to be set at all; false: superd's own user without privileges */
};

/* One socket of a service, in the table's order, which is the order of descriptors. */
struct listen {
	const struct endpoint *endpoint;                /* as written */
	const struct endpoint *address;                 /* with host and port as numbers, by sys/resolve; until then the same */
	const char *name;                               /* its LISTEN_FDNAMES entry */
	const struct socket_options *options;
	struct origin at;
	const struct sock_fprog *filter;                /* whose packets it takes (sys/filter), by sys/resolve; NULL: all */
	const struct sock_fprog *guard;                 /* the same for as long as a backend has it; else superd judges */
	uid_t owner;                                    /* of its node, by sys/resolve; (uid_t)-1: superd's */
	gid_t owner_group;
};

/* Which directive was set, and where. Packed, as a large table has tens of thousands. */
struct mark {
	const char *file;
	unsigned line : 24;             /* SOURCE_MOST bytes have fewer */
	unsigned block : 8;             /* 0: by the service itself; n: in its n-th socket { }, the last value for all beyond */
	unsigned directive : 15;        /* index into directives[] */
	unsigned refused : 1;           /* its value was wrong, which was said: it is as if unset, but not missing */
	unsigned column : 16;           /* at most the last value */
};

/* What fits into a mark's fields. */
enum { MARK_LINE = (1 << 24) - 1, MARK_BLOCK = (1 << 8) - 1, MARK_DIRECTIVE = (1 << 15) - 1, MARK_COLUMN = (1 << 16) - 1 };

static inline unsigned mark_block(size_t number)
{
	return number < MARK_BLOCK ? (unsigned)number : MARK_BLOCK;
}

struct service {
	const char *name;
	struct origin at;
	struct listen *sockets;
	size_t socket_count;
	union {
		const void *group[GROUPS];
		struct {                /* in the order of enum option_group */
			const struct what *what;
			const struct socket_options *socket_defaults;
			const struct who *who;
			const struct surroundings *surroundings;
			const struct streams *streams;
			const struct gate *gate;
			const struct life *life;
			const struct logging *logging;
		};
	};
	const struct mark *marks;       /* what this service's own text set, in that order */
	unsigned mark_count;
	bool is_foreign;                /* of inetd.conf or xinetd.conf: no hint names an option of superd.conf */
	const struct account *account;  /* by sys/resolve; NULL before */
	const struct access *access;    /* only_from and no_access (model/access), by sys/resolve; NULL: anybody */
};

/* The size of each group's struct, by enum option_group. */
extern const size_t group_sizes[GROUPS];

/* Where this service's own text set the directive of this name, also inside a socket { }; NULL when it didn't. */
const struct mark *service_mark(const struct service *service, const char *directive);

/* Whether the service set it to something that was refused, so that nothing can be said of it. */
bool service_is_unclear(const struct service *service, const char *directive);

/* The same as service_mark as a place; the service's own when it didn't set the directive. */
struct origin service_origin(const struct service *service, const char *directive);

/* Whether an inetd's or xinetd's entry has this socket for IPv6 beside the one before it for IPv4: what is wrong with both
 * is said of that one. */
bool listen_is_twin(const struct service *service, const struct listen *listen);

/* Adds a second place to a message: " at FILE:LINE", or nothing when it is unknown. */
void origin_describe(struct origin at, struct buf *out);

/* The same behind what it is about: " (FILE:LINE)". */
void origin_cite(struct origin at, struct buf *out);

/* accept = no: the backend gets the listeners themselves (inetd's and xinetd's "wait"). */
static inline bool service_waits(const struct service *service)
{
	return !service->what->accept;
}
