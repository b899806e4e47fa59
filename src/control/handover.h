/* `upgrade`: the program at superd's place takes over, or is asked whether it could. Who waits for it is answered by the
 * superd that has taken over (control/hand_on), so what is said is so. */
#pragma once

#include "control/session.h"

void handover_begin(struct session *session);

bool handover_is_waited_for(const struct session *session);
void handover_resume(struct session *session);                  /* it was waiting when another superd ended */
void handover_answer(struct session *session, const char *from);        /* from: that one's version */
