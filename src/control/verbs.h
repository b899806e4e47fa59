/* Every verb of the protocol: who may ask for it, with what. */
#pragma once

#include "control/session.h"

/* Does what the session's request asks for, or refuses it. */
void verbs_obey(struct session *session);
