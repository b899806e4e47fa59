/* A table on this machine: the accounts, addresses, programs and filters that its names stand for, and whether the
 * machine has what it needs. All of it may block, so it runs while a table is loaded and never in the loop. */
#pragma once

#include "superd/start/start.h"

/* ---- names.c ---- */

/* Asks NSS (nsswitch.conf(5)) and DNS for names. Each is asked for once, however many services have it. */

/* The names of one table while they are looked up. resolver_open to resolver_close. */
struct resolver {
	struct pool *pool;
	struct diags *diags;
	struct lookup_cache *lookups; /* answers to use, and to add to */
	struct lookup_cache *own;     /* made where nobody keeps the answers; NULL: it was not */
	struct lookup_cache *before;  /* set by the caller: answers for the table whose place this one takes; NULL: none */
	struct ptr_map failed;	      /* name, key of its kind -> why there was no answer */

	/* accounts.c */
	struct ptr_map accounts;	   /* struct identity_options, user -> struct account */
	struct ptr_map dynamic;		   /* id as text -> name of the dynamic user that has it */
	bool is_only_checked;		   /* set by the caller: accept users that superd cannot change to */
	struct helper_users *helper_users; /* ids of superd-builtin's services, in the pool; NULL before the first */
	const char *helper_users_wrong;	   /* why superd cannot use its helper users; "": it can; NULL: not tried yet */

	/* access.c */
	struct ptr_map rules;	   /* only_from, no_access -> struct access */
	struct ptr_map probes;	   /* probe_from -> struct access */
	struct ptr_map filters[2]; /* struct access -> struct filter_made; [1]: for IPv4 sockets */
	const char *network;	   /* a name of the rules that could not be looked up … */
	const char *network_wrong; /* … for this reason; NULL: all of them were */

	/* addresses.c: the last error, which is reported once a line */
	struct origin refused_at;
	const char *refused;
};

/* lookups NULL: nobody keeps the answers. */
void resolver_open(struct resolver *resolver, struct pool *pool, struct lookup_cache *lookups, struct diags *diags);
void resolver_close(struct resolver *resolver);

/* Adds an error; always false. */
bool resolver_lacks_memory(struct resolver *resolver, const struct service *service);

/* An answer while it is made: words, each with its NUL. Zeroed: nothing is of this name. */
struct nss_answer {
	struct buf text;
	size_t count;
};

void answer_add(struct nss_answer *answer, const char *word);
void answer_add_number(struct nss_answer *answer, uint32_t number);

/* What is asked for. */
struct ask_kind {
	const char *key;  /* of its answers: "user" */
	const char *note; /* for wait_note */
	const char *form; /* the words of an answer: n: a number, t: a text; the last may be repeated */
	/* Asks: 0, or an errno. */
	int (*call)(const char *key, const char *name, struct nss_answer *answer);
};

/* The answer, which lives as long as lookups; empty: nothing is of this name. NULL with the reason in *wrong: there is no
 * answer. */
words resolver_ask(struct resolver *resolver, const struct ask_kind *kind, const char *name, const char **wrong);

/* ---- accounts.c, names.c ---- */

/* Users and groups: passwd(5), group(5), or other sources. Works without a passwd file. */

/* A user or a group; its texts are in the pool. */
struct found_name {
	const char *wrong; /* NULL: it was found; else why not, as the end of a sentence */
	gid_t gid;
	/* Of a user: */
	const char *name, *home, *shell; /* without an entry `name` is the number, and the others are NULL */
	uid_t uid;
	bool listed; /* it has an entry in NSS */
};

/* Looks up a name or a number. */
struct found_name accounts_user(struct resolver *resolver, const char *text);
struct found_name accounts_group(struct resolver *resolver, const char *text);

/* The same of an option of a service; false: there is none, which is reported. */
bool accounts_need(struct resolver *resolver, const struct service *service, const char *option, const char *text,
		   bool is_group, struct found_name *found);

/* Whether there is a group with this id; its name is in *name, in the pool. */
bool accounts_has_group_id(struct resolver *resolver, gid_t gid, const char **name);

/* Splits user.group, as old inetds write it, at the first dot with an existing user in front and an existing group
 * behind. false: there is none, and *wrong, that of *user, which has the whole name, becomes that of the group if the
 * part in front is a user. */
bool accounts_pair(struct resolver *resolver, const char *text, struct found_name *user, struct found_name *group,
		   const char **wrong);

/* Adds the error "SERVICE: OPTION = TEXT: WRONG" at the option's origin; always false. */
bool accounts_refuse(struct resolver *resolver, const struct service *service, const char *option, const char *text,
		     const char *wrong);

/* The account that a service runs with, in the pool; NULL after adding a diagnostic. may_be_own: a user of its own if it is
 * one of superd's. */
const struct account *accounts_of(struct resolver *resolver, const struct service *service, bool may_be_own);

/* The account of the process that relays for a service whose account is known (superd/relay.c): the service's, if that
 * is not root's. If it relays to a unix socket the service's in any case, as only that user may reach it. Otherwise one
 * with an id of its own, in the pool. NULL in *relay: superd's own, as superd cannot change to another. false after adding
 * a diagnostic. */
bool accounts_of_relay(struct resolver *resolver, const struct service *service, const struct account **relay);

/* The users that superd's helper programs run as: ids from 60578 to 61183, which systemd leaves unused between the
 * users of systemd-homed and the dynamic ones (its UIDS-GIDS), as does dynamic_user. No program shares its id with
 * another: each service of superd-builtin has one, and so have superd-lookup, superd-rpc and superd-filter. Ids in
 * /etc/passwd or /etc/group are skipped; only these files are read, as a directory server may not answer yet. */

#define HELPER_USERS 606
#define OWN_USERS_FIRST 60578u

enum helper_user { HELPER_USER_LOOKUP, HELPER_USER_RPC, HELPER_USER_FILTER };

struct account;
struct service;

/* The ids in use: marked by helper_users_look from the files, then by helper_user_for. taken[n]: OWN_USERS_FIRST +
 * n. */
struct helper_users {
	bool taken[HELPER_USERS];
};

/* The id of a service of superd-builtin: a hash of its name, or the next free one. Beyond 581 such services the rest
 * share the last id. */
uid_t helper_user_for(struct helper_users *users, const char *service);

/* known: false if what is in use could not be read now. */
uid_t helper_user_id(enum helper_user which, bool *known);

/* The account of a helper program; NULL: superd's own, as superd cannot change to another. Lives as long as superd.
 * Any thread may ask. */
const struct account *helper_user_account(enum helper_user which);

/* ---- specifier_values.c ---- */

/* Facts about this machine for the specifiers of unit files (systemd.unit(5)): its names and ids, superd's own user,
 * and the folders of the system or of that user. */

/* Fills in the known values; texts are kept in the pool. lookups: answers to use, and to add to; NULL: none. false: out
 * of memory. */
bool os_info_read(struct specifier_values *machine, struct lookup_cache *lookups, struct pool *pool);

/* The folders to search for units: those in SYSTEMD_UNIT_PATH, else, unless superd is root, a user's own, and the
 * system's. In the pool, NULL-terminated; NULL: out of memory. */
const char *const *os_info_unit_path(const struct specifier_values *machine, struct pool *pool);

/* ---- programs.c ---- */

/* A helper program that superd starts while it reads a table, and talks to by a socket: superd-filter, superd-read. */

struct account;

struct helper_process {
	enum program program;
	int channel; /* -1: it does not run */
	int report;  /* why it could not be started (struct spawn_request); -1: it does not run */
	pid_t pid;   /* 0: it was not started */
	int process; /* its pidfd, as the loop may reap it; -1: none */
};

#define HELPER_PROCESS_NONE(which) \
	{ \
		.program = which, .channel = -1, .report = -1, .process = -1 \
	}

/* Ends it: it ends by itself when its channel is closed, or is killed. */
void helper_process_end(struct helper_process *helper);

/* Starts superd-read, which reads the sources of a table that are not superd.conf. */

struct reader_process {
	struct helper_process helper; /* begins as HELPER_PROCESS_NONE(PROGRAM_READ); the caller ends it */
	bool reads_input;	      /* a source is standard input, which it gets then */
};

/* The callback read_request.start: sets the channel, which is the caller's, and the pid. false: why not is added. */
bool reader_process_start(void *reader, int *channel, pid_t *pid, struct buf *why);

/* The callback read_request.describe_end. */
void reader_process_describe_end(void *reader, struct buf *why);

/* The filters of system calls (seccomp(2)) of a table's services, compiled by superd-filter. Each distinct filter is
 * compiled once, and its services share it. A filter of the table before is taken from there. */

struct sandbox_support;

/* A filter that superd-filter has compiled. */
struct compiled_filter {
	const struct compiled_filter *next;
	const char *request;
	const void *answer; /* as table/service/filter_request.c says; with what follows in it */
	size_t length;
	struct sock_fprog program;
	uint32_t unknown; /* number of words in `calls` that name no system call */
};

/* The filters of one table while it is resolved. filters_open to filters_close. */
struct filters {
	struct table *table;
	const struct compiled_filter *before; /* those of the table before; borrowed */
	struct diags *diags;
	struct helper_process helper; /* superd-filter */
	struct buf failure;	      /* why it is not asked any more, for messages; empty: it is */
};

/* Adds a filter that a superd before has had compiled to a table that is not resolved yet, so that it is not compiled
 * again. One that is wrong is ignored. */
void filters_add(struct table *table, const char *request, const void *answer, size_t length);

/* before: the table whose place this one takes; NULL: none. It must stay until filters_close. */
void filters_open(struct filters *filters, struct table *table, const struct table *before, struct diags *diags);

/* Sets *list to the service's filters: NULL-terminated, in the table's pool, in the order of installing; NULL: it needs
 * none. Adds an error for an unknown system call in a list of denied ones, a warning for one in a list of allowed ones.
 * Waits for superd-filter, some seconds at most. It also needs none if the machine lacks filters, and the table says
 * that they are then skipped; and in a build without libseccomp, where preflight refuses the options. false: a filter
 * could not be made, with a diagnostic. */
bool filters_of_service(struct filters *filters, const struct service *service, struct sandbox_support *support,
			const struct sock_fprog *const **list);

void filters_close(struct filters *filters);

/* ---- access.c ---- */

/* Sets the service's probes, and the rules and filters of its sockets; adds a diagnostic for rules that cannot be
 * enforced. */
void networks_resolve(struct resolver *resolver, struct service *service);

/* ---- addresses.c ---- */

/* Sets listen->address to the endpoint with numbers instead of names; false after adding a diagnostic. */
bool addresses_resolve(struct resolver *resolver, const struct service *service, struct listen *listen);

/* ---- resolve.c ---- */

/* Resolves the names of a table: users and groups (into struct account), owners of sockets, ports of services(5), host
 * names of endpoints, networks of address rules. It uses NSS, which may block, so it runs while a table is loaded and
 * never in the loop. Works without passwd entries for numeric ids, and without a passwd file. */

/* Fills in account, address, owner, access, filter, sandbox and control group settings of every service that is not
 * disabled. Adds an error with the option's origin for each unknown name ("ftp: user = nobdy: there is no such user
 * here"), then for endpoints that turn out to be equal (tcp:http and 80). Names in
 * table->lookups are taken from there, and answers are added to it. before: the table whose place this one takes, for
 * its filters of system calls; NULL: none. */
void resolve_table(struct table *table, const struct table *before, struct diags *diags);

/* ---- check.c ---- */

/* Adds a line for each of the two means that confine superd's own programs, and that this machine lacks. */
void denied_calls_describe(struct buf *out);

/* Checks whether this machine has what a table needs: programs with their interpreters, superd's own programs, privileges
 * for ports and users. Runs after superd/machine/resolve. */

/* What follows. In the last two superd already serves, so that nothing is examined that may block, such as paths below
 * a user's folder. Without a start that would try them, taken ports are a warning. */
/* Whether the files passwd and group give this group to nobody, as Debian's staff, who may write /usr/local. A group that
 * they do not have may have members elsewhere. */
bool group_is_empty(void *context, gid_t group);

enum preflight_for { PREFLIGHT_START, PREFLIGHT_CHECK, PREFLIGHT_RELOAD, PREFLIGHT_COMPARISON };

/* Adds an error for what will certainly fail, and a warning for what may come later. What a start says itself, such as
 * what its user may not do, is left to it. Changes nothing. */
void preflight_table(const struct table *table, enum preflight_for purpose, struct diags *diags);
