/* Whether hosts.allow or hosts.deny (hosts_access(5)) contain any rule. Without a rule, superd need not ask libwrap. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

/* Both files as they were read last. A zeroed struct has read none. */
struct hosts_access {
	unsigned changes;               /* number of changes seen in either file */
	struct seen_file {
		dev_t device;
		ino_t inode;
		off_t size;
		struct timespec changed;        /* st_ctim */
		bool known, has_rule;           /* the file exists and the fields are valid; it has a rule */
		bool settled;                   /* the file was read well after its last change */
	} files[2];                     /* hosts.allow, hosts.deny */
};

/* Reads the files again if they have changed. A file that cannot be read counts as having rules. */
bool hosts_access_has_rules(struct hosts_access *files);

/* Parses hosts.allow and hosts.deny (hosts_access(5), hosts_options(5)) as far as superd-advise and superd-read need it
 * beside libwrap: files that a rule names, rules that start a program, and daemons of which a client may be denied. */

/* The results of hosts_rules_read; the caller sets on_file and context, and clears the rest. */
struct hosts_rules {
	bool runs_commands;             /* a rule has spawn, twist or another option that may start a program */
	bool may_twist;                 /* a rule has the option twist */
	bool asks_command;              /* a rule has another such option than spawn and twist: a command may decide */
	/* Called for each file of names and addresses that a rule, or such a file, names. false: stop. NULL: files do
	 * not matter. */
	bool (*on_file)(void *context, const char *path);
	void *context;
};

/* Parses the text of hosts.allow or hosts.deny and adds to `rules`. false: on_file stopped it, or out of memory. */
bool hosts_rules_read(struct hosts_rules *rules, const char *text);

/* The effect of a file's rules on all clients of one daemon. */
enum hosts_verdict {
	HOSTS_GO_ON,                    /* no rule decides for all clients: the next file does */
	HOSTS_ALLOW_ALL,                /* every client is allowed */
	HOSTS_MAY_DENY                  /* some or all clients may be denied, or it is not certain */
};

/* denies: whether a rule without an option of its own denies, as in hosts.deny. HOSTS_MAY_DENY also if out of
 * memory. */
enum hosts_verdict hosts_rules_evaluate(const char *text, const char *daemon, bool denies);

/* Whether hosts.allow and hosts.deny may deny some client of this daemon; true if that is not certain. Reads both
 * files. */
bool hosts_rules_may_deny(const char *daemon);

/* Parses a file that a rule names, for further files. */
bool hosts_rules_read_list(struct hosts_rules *rules, const char *text);
