/* The properties that all starts inherit from superd's own process. Filled in once when superd starts; the strings live
 * as long as the process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "exec/child/plan.h"

struct process_defaults {
	struct {                        /* saved */
		struct rlimit inherited_nofile; /* RLIMIT_NOFILE before superd raised its own, for the main command */
		struct rlimit nofile;   /* the same with a reasonable soft limit, for all services */
	};
	char **environment;             /* superd's own environment, for passenv */
	char oom_score[OOM_SCORE_TEXT]; /* oom_score_adj of backends without oom_score_adjust; "": superd's own */
	bool ignores_hangup;            /* superd was started with SIGHUP ignored, as by nohup(1) */
	struct inherited_signals signals; /* signals before superd reset them, for the main command */
	uint64_t ambient;               /* ambient capabilities that superd was started with, for the main command and for a successor */
	const char *runtime_directory, *state_directory;        /* base folders of these options: /run, /var/lib, … */
	const char *cache_directory, *logs_directory, *configuration_directory;
	const char *control;            /* path of superd's control socket, whose folder no service may have; NULL: none */
};
