/* What stands in hosts.allow and hosts.deny (hosts_access(5), hosts_options(5)), as far as superd has to know it beside
 * libwrap: files that a rule names, and rules that start a program. */
#pragma once

#include <stdbool.h>

struct hosts_rules {
	bool runs_commands;             /* a rule has spawn, twist or another word that may start a program */
	bool may_twist;                 /* one has the word twist */
	/* A file of names and addresses that a rule has, or that such a file names. false: no more of them are wanted. NULL:
	 * they are of no interest. */
	bool (*on_file)(void *context, const char *path);
	void *context;
};

/* Looks through the text of a table and adds to rules. false: on_file said so, or out of memory. */
bool hosts_rules_read(struct hosts_rules *rules, const char *text);

/* What the rules come to for the clients of one daemon, whoever they are. */
enum hosts_end {
	HOSTS_GO_ON,                    /* no rule is about all of them: the next table has the say */
	HOSTS_ALLOW_ALL,
	HOSTS_MAY_DENY                  /* some, or all, or it can't be known */
};

/* denies: what is said of a rule without a word of its own, as in hosts.deny. HOSTS_MAY_DENY also out of memory. */
enum hosts_end hosts_rules_judge(const char *text, const char *daemon, bool denies);

/* Looks through the text of a file that a rule names, for further ones. */
bool hosts_rules_read_list(struct hosts_rules *rules, const char *text);
