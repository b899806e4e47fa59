/* Writes what is under way around instances and sockets: courses, the commands that run, searches for daemons.
 *
 * A command that runs goes over as the child it is, with the rest of its time and the commands after it. If a
 * program does not run yet, the upgrade waits for its start (engine/upgrade/upgrade_rest), as only this superd gets
 * the report of its child. */
#include "engine/upgrade/carry.h"

#include <stdio.h>

#include "base/scan.h"
#include "config/words/command.h"
#include "engine/accept/guest_course.h"
#include "engine/instance/course.h"
#include "engine/instance/search.h"
#include "engine/service/keeper.h"

/* A client whose program does not run yet still belongs to its course and its listener. */
static void carry_guest(struct carry *carry, const struct guest *guest, bool has_run)
{
	const struct client *client = &guest->client;

	if (client->length)
		ledger_add_bytes(&carry->text, "peer", &client->peer, client->length);
	carry_text(carry, "instance_name", guest->name);
	if (has_run)
		return;
	carry_fd(carry, "client", client->fd);
	carry_number(carry, "progress", guest->progress);
	if (!guest->listener)
		return;
	ledger_add_number(&carry->text, "of", guest->listener->io.fd);
	carry_text(carry, "at", guest->listener->listen->name);
}

void carry_course(struct carry *carry, struct course *course)
{
	const struct guest *guest = guest_of_course(course);

	ledger_open(&carry->text, "course");
	ledger_add_number(&carry->text, "step", course->step);
	carry_number(carry, "checks", course->control.checks);
	carry_text(carry, "invocation", course->invocation);
	carry_number(carry, "has_run", course->has_run);
	carry_number(carry, "main_is_gone", course->main_is_gone);
	carry_number(carry, "waits", course->waits);
	carry_text(carry, "why", course->why.length ? buf_string(&course->why) : NULL);
	if (guest)
		carry_guest(carry, guest, course->has_run);
	control_carry(carry, &course->control);
}

/* The row of the start is not written: the other superd no longer has it. */
void carry_search(struct carry *carry, struct search *search)
{
	static const char *const phases[] = {
		[FIRST] = "first",	 [LOOKING] = "looking",	  [ON_TRIAL] = "on_trial",
		[FOLLOWED] = "followed", [SWEEPING] = "sweeping",
	};
	const struct kin *kin = &search->kin;

	ledger_open(&carry->text, "search");
	ledger_add(&carry->text, "phase", phases[search->phase]);
	ledger_add_real(&carry->text, "since", search->since);
	carry_timer(carry, "timer", &search->timer);
	carry_number(carry, "first", search->first);
	carry_number(carry, "before", search->before);
	carry_number(carry, "status", search->status);
	carry_number(carry, "told_group", search->told_group);
	carry_number(carry, "clear", search->clear);
	ledger_add_number(&carry->text, "born", kin->born);
	ledger_add_bytes(&carry->text, "sockets", kin->sockets, kin->socket_count * sizeof(*kin->sockets));
	for (size_t n = 0; n < kin->known_count; n++)
		ledger_add_number(&carry->text, "known", kin->known[n]);
	for (size_t n = 0; n < search->told_count; n++)
		ledger_add_number(&carry->text, "told", search->told[n]);
}
