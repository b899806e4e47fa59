/* Stages of a child beside child.c's own. Each takes what its plan asks for: 0, or -1 and errno. A Linux speciality that is
 * asked for where there is none is refused (ENOTSUP). */
#pragma once

struct job;
struct plan;

int stage_cpus(struct job *job);
int stage_io_priority(struct job *job);
int stage_scheduling(struct job *job);          /* policy, priority, slack of timers */
int stage_personality(struct job *job);
int stage_bounding(struct job *job);
int stage_ambient(struct job *job);             /* after the change of user */
int stage_secure_bits(struct job *job);         /* after stage_ambient */
int stage_keyring(struct job *job);             /* keyring_mode, as the user */
int stage_no_new_privileges(struct job *job);

int child_keep_over_user(const struct plan *plan);      /* keeps capabilities over the change of user, if later stages need any */
