/* Stages of a child that are not in child.c. Each applies what the plan asks for: 0, or -1 and errno. If the plan needs
 * a Linux feature that is missing, the stage fails with ENOTSUP. */
#pragma once

struct job;
struct plan;

int stage_hold(struct job *job);                  /* warm = N: waits until it is traced */
int stage_cpus(struct job *job);
int stage_io_priority(struct job *job);
int stage_scheduling(struct job *job);          /* policy, priority, timer slack */
int stage_personality(struct job *job);
int stage_bounding(struct job *job);
int stage_ambient(struct job *job);             /* after the change of user */
int stage_secure_bits(struct job *job);         /* after stage_ambient */
int stage_keyring(struct job *job);             /* keyring_mode, as the user */
int stage_no_new_privileges(struct job *job);
int stage_bind_filter(struct job *job);          /* pass = bind: installs the filter, and sends its descriptor to superd */

/* Keeps capabilities across the change of user, if later stages need any (PR_SET_KEEPCAPS). */
int child_keep_over_user(const struct plan *plan);
