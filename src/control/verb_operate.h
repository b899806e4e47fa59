/* The acting verbs: what an operator has done with services (engine/service/operator), begun one after the other, with
 * a line for each as it is done. What was begun goes on when nobody waits for it any more. */
#pragma once

#include "control/session.h"
#include "engine/service/operator.h"

void verb_operate_begin(struct session *session, enum operator_action action);
