/* Parses hosts.allow and hosts.deny (hosts_access(5), hosts_options(5)) as far as superd-lookup needs it
 * beside libwrap: files that a rule names, and rules that start a program. */
#pragma once

#include <stdbool.h>

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

/* Parses a file that a rule names, for further files. */
bool hosts_rules_read_list(struct hosts_rules *rules, const char *text);
