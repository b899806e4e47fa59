/* What the daemon calls of superd/main, whose own headers include those of the daemon that this one replaces. */
#pragma once

#include <ev.h>

#include "lib/diag.h"
#include "superd/main/options.h"
#include "superd/saved/state_stream.h"
#include "superd/start/plan.h"
#include "table/services/table.h"

enum { EXIT_TABLE = 1, EXIT_START = 2 };

struct load_before {
	const struct table *table;
	bool allows_empty;
};

struct lookup_cache;
struct service_list;
/* What the borrowed command line calls of the daemon. */
int run_superd(struct options *options);
const char *load_previous_table(struct state_stream *from);
void control_setup_find_group(struct options *options, const struct table *table, struct lookup_cache *lookups,
			      struct diags *diags);
/* What the daemon calls of it. */
void load_bases(struct process_defaults *process_defaults, const struct globals *settings);
struct table *load_to_run(struct options *options, struct diags *diags);
struct table *load_again(struct options *options, const struct load_before *before, struct diags *diags);
struct table *load_to_compare(const struct options *options, const struct load_before *before, struct diags *diags);
struct table *load_left_out(const struct options *options, const struct table *before, struct diags *diags);
struct table *load_returned(const struct options *options, char *answer, size_t length, const struct table *before,
			    struct diags *diags);
void load_take_noted(struct options *options);
char *load_print_table(const struct service_list *service_list);
void load_save_printed(const struct options *options, const struct table *table, const char *text,
		       struct state_saver *saver);
void load_save_table(void *options, const struct service_list *service_list, struct state_saver *saver);
struct table *load_previous(struct options *options, struct state_stream *before, struct diags *diags);
bool control_setup_is_free(const struct options *options, struct log *log);
void supervisor_log_diags(struct log *log, const struct diags *diags);
struct state_stream *state_read(const struct options *options);
struct table *state_table(struct options *options, struct state_stream *before);
