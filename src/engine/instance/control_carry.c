/* Carries a running command over an upgrade: the child, the rest of its time, and the commands after it. */
#include <stdio.h>

#include "base/scan.h"
#include "config/words/command.h"
#include "engine/instance/control.h"
#include "engine/state/carry_value.h"

void control_carry(struct carry *carry, struct control *control)
{
	char key[16];

	if (!control_is_busy(control))
		return;
	ledger_open(&carry->text, "control");
	ledger_add_number(&carry->text, "pid", control->child.pid);
	ledger_add(&carry->text, "phase", command_option(control->phase));
	carry_number(carry, "next", (int64_t)control->next);
	if (control->private_tmp)
		ledger_add_bytes(&carry->text, "private_tmp", &control->private_tmp, sizeof(control->private_tmp));
	if (control->patience != SCAN_INFINITY)
		ledger_add_number(&carry->text, "patience", control->patience);
	carry_timer(carry, "timer", &control->timer);
	carry_number(carry, "late", control->late);
	carry_number(carry, "stopped", control->stopped);
	carry_number(carry, "ignores_failure", control->ignores_failure);
	for (int n = 0; n < CONTROL_FACTS; n++) {
		snprintf(key, sizeof(key), "fact_%d", n);
		carry_text(carry, key, control->facts[n]);
	}
}
