/* `upgrade`: the program at superd's place takes over, or is asked whether it could. Who waits for it is answered by the
 * superd that has taken over (control/session_transfer), so what is said is so. */
#pragma once

#include "control/session.h"

void verb_upgrade_begin(struct session *session);

bool verb_upgrade_is_pending(const struct session *session);
void verb_upgrade_resume(struct session *session);              /* it was waiting when another superd ended */
void verb_upgrade_answer(struct session *session, const char *from);    /* from: that one's version */
