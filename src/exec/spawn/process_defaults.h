/* What every start takes from superd's own process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "exec/child/plan.h"

struct process_defaults {
	char **environment;             /* superd's own, for passenv */
	struct rlimit inherited_nofile; /* before superd raised its own: the main command's */
	struct rlimit nofile;           /* the same with a sane soft limit, for all services */
	char oom_score[OOM_SCORE_TEXT]; /* of backends that choose none; "": superd's own */
	bool ignores_hangup;            /* superd was started by nohup(1) or the like */
	struct inherited_signals signals; /* before superd reset them: the main command's */
	uint64_t ambient;               /* superd's own ambient capabilities when it was started: the main command's, and a successor's */
	const char *runtime_directory, *state_directory;        /* bases of those options: /run, /var/lib */
	const char *cache_directory, *logs_directory, *configuration_directory;         /* the same */
	const char *control;            /* the path of superd's control socket, whose folder no service is given; NULL: none */
};
