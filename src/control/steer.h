/* The acting verbs: what an operator has done with services (engine/service/operate), begun one after the other, with a line for
 * each as it is done. What was begun goes on when nobody waits for it any more. */
#pragma once

#include "control/session.h"
#include "engine/service/operate.h"

void steer_start(struct session *session);
void steer_stop(struct session *session);
void steer_restart(struct session *session);
void steer_hold(struct session *session);
void steer_release(struct session *session);
void steer_drain(struct session *session);
void steer_freeze(struct session *session);
void steer_thaw(struct session *session);
void steer_enable(struct session *session);
void steer_disable(struct session *session);
void steer_evict(struct session *session);
void steer_refresh(struct session *session);            /* reload NAME */
