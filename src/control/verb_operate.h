/* The acting verbs: what an operator has done with services (engine/service/operate), begun one after the other, with a line for
 * each as it is done. What was begun goes on when nobody waits for it any more. */
#pragma once

#include "control/session.h"
#include "engine/service/operate.h"

void verb_operate_start(struct session *session);
void verb_operate_stop(struct session *session);
void verb_operate_restart(struct session *session);
void verb_operate_hold(struct session *session);
void verb_operate_release(struct session *session);
void verb_operate_drain(struct session *session);
void verb_operate_freeze(struct session *session);
void verb_operate_thaw(struct session *session);
void verb_operate_enable(struct session *session);
void verb_operate_disable(struct session *session);
void verb_operate_evict(struct session *session);
void verb_operate_refresh(struct session *session);     /* reload NAME */
