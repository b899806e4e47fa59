/* Entering a user namespace. Another process writes its maps: one inside may map only its own ids
 * (user_namespaces(7)). */
#pragma once

struct job;

int userns_enter(struct job *job);      /* after sandbox_prepare_mapper: 0, or -1 and errno */
