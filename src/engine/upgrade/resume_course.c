/* Resumes what was under way around instances and sockets (engine/upgrade/carry_course). A command whose end this
 * superd cannot see would be waited for for ever, so it counts as failed. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "engine/instance/control.h"
#include "engine/core/closing.h"
#include "engine/instance/course.h"
#include "engine/instance/daemon.h"
#include "engine/accept/guest_course.h"
#include "engine/service/opening.h"
#include "engine/service/refresh.h"
#include "engine/upgrade/resume.h"
#include "engine/upgrade/resume_instance.h"
#include "engine/service/run.h"
#include "engine/service/run_start.h"
#include "config/words/command.h"

static bool read_phase(struct control *control, const char *option)
{
	for (int phase = 0; option && phase < PHASES; phase++) {
		if (strcmp(command_option((enum command_phase)phase), option) != 0)
			continue;
		control->phase = (enum command_phase)phase;
		return true;
	}
	return false;
}

static void read_control(struct control *control, struct ledger_section *section)
{
	char key[16];

	control->next = (size_t)ledger_number(section, "next", 1, INT32_MAX, 1);
	if (ledger_text(section, "private_tmp"))
		ledger_bytes(section, "private_tmp", &control->private_tmp, sizeof(control->private_tmp));
	control->patience = ledger_number(section, "patience", 1, INT64_MAX, INT64_MAX);
	control->late = ledger_flag(section, "late");
	control->stopped = ledger_flag(section, "stopped");
	control->ignores_failure = ledger_flag(section, "ignores_failure");
	control->fault = (struct fault){ .stage = STAGE_NONE };
	for (int n = 0; n < CONTROL_FACTS; n++) {
		snprintf(key, sizeof(key), "fact_%d", n);
		resume_text(control->facts[n], sizeof(control->facts[n]), ledger_text(section, key));
	}
}

/* A command of an unknown phase, or without memory for it, is left to itself. */
void resume_control(struct resumed *resumed, struct ledger_section *section)
{
	struct control *control = resumed->control;
	struct engine *engine = resumed->keeper->engine;
	pid_t pid = (pid_t)ledger_number(section, "pid", 2, INT32_MAX, 0);

	if (!control || control_is_busy(control) || !pid || !read_phase(control, ledger_text(section, "phase")))
		return;
	read_control(control, section);
	control->child.pid = pid;
	if (!children_add(&engine->children, &control->child)) {
		control->child.pid = 0;
		return;
	}
	list_add(&engine->controls, &control->link);
	if (control->instance)
		control->instance->control = pid;
	resume_timer(engine->loop, &control->timer, section, "timer");
}

static void read_course(struct course *course, struct ledger_section *section)
{
	const char *why = ledger_text(section, "why");

	course->step = (enum course_step)ledger_number(section, "step", COURSE_BEFORE, COURSE_CLEARING, COURSE_READY);
	course->control.checks = ledger_flag(section, "checks");
	course->has_run = ledger_flag(section, "has_run");
	course->main_is_gone = ledger_flag(section, "main_is_gone");
	course->waits = ledger_flag(section, "waits");
	resume_text(course->invocation, sizeof(course->invocation), ledger_text(section, "invocation"));
	if (*course->invocation)
		course->control.invocation = course->invocation;
	if (why)
		buf_text(&course->why, why);
}

static struct listener *find_listener(struct keeper *keeper, int fd, const char *name)
{
	for (unsigned n = 0; n < keeper->listener_count; n++) {
		struct listener *one = &keeper->listeners[n];

		if (fd >= 0 ? one->io.fd == fd : name && one->io.fd < 0 && !strcmp(one->listen->name, name))
			return one;
	}
	return NULL;
}

static void read_guest(struct guest *guest, struct keeper *keeper, struct ledger_section *section)
{
	int of = (int)ledger_number(section, "of", -1, INT_MAX, -1);
	size_t length;
	void *peer = ledger_take_bytes(section, "peer", sizeof(guest->client.peer), &length);

	*guest = (struct guest){ .client = { .fd = resume_fd(section, "client") } };
	guest->progress = (enum progress)ledger_number(section, "progress", FRESH, PASSED, PASSED);
	guest->listener = find_listener(keeper, of, ledger_text(section, "at"));
	resume_text(guest->name, sizeof(guest->name), ledger_text(section, "instance_name"));
	if (!peer)
		return;
	memcpy(&guest->client.peer, peer, length);
	guest->client.length = (socklen_t)length;
	free(peer);
}

void resume_course(struct resumed *resumed, struct ledger_section *section)
{
	struct instance *instance = resumed->instance;
	struct course *course = NULL;
	struct guest guest;

	read_guest(&guest, resumed->keeper, section);
	if (instance && run_owns(instance))
		course = run_resume_course(resumed->keeper, instance);
	else if (instance)
		course = guest_resume_course(resumed->keeper, instance, &guest, ledger_flag(section, "has_run"));
	resumed->control = course ? &course->control : NULL;
	if (course) {
		read_course(course, section);
		return;
	}
	closing_client(resumed->keeper->engine, resumed->keeper->service->name, &guest.client);
	resume_say_loss(resumed->keeper, "what comes behind an instance's end");
}

void resume_opening(struct resumed *resumed, struct ledger_section *section)
{
	resumed->control =
		opening_resume(resumed->keeper, ledger_flag(section, "ends"), ledger_flag(section, "closes"));
}

void resume_refresh(struct resumed *resumed, struct ledger_section *section)
{
	resumed->control = refresh_resume(resumed->keeper, section);
}

static void read_pids(struct ledger_section *section, const char *key, pid_t *pids, size_t most, size_t *count)
{
	for (size_t n = 0; n < section->count && *count < most; n++) {
		struct ledger_entry *entry = &section->entries[n];
		struct ledger_section one = {
			.kind = section->kind, .entries = entry, .count = 1, .ledger = section->ledger
		};
		pid_t pid = strcmp(entry->key, key) ? 0 : (pid_t)ledger_number(&one, key, 2, INT32_MAX, 0);

		if (pid)
			pids[(*count)++] = pid;
	}
}

static enum phase phase_of(const char *name)
{
	return !name || !strcmp(name, "first") ? FIRST
		: !strcmp(name, "on_trial")    ? ON_TRIAL
		: !strcmp(name, "followed")    ? FOLLOWED
		: !strcmp(name, "sweeping")    ? SWEEPING
					       : LOOKING;
}

static void read_search(struct search *search, struct ledger_section *section)
{
	struct kin *kin = &search->kin;
	size_t length;

	search_enter(search, phase_of(ledger_text(section, "phase")));
	search->since = ledger_real(section, "since", search->since);
	search->first = (pid_t)ledger_number(section, "first", 0, INT32_MAX, 0);
	search->before = (pid_t)ledger_number(section, "before", 0, INT32_MAX, 0);
	search->status = (int)ledger_number(section, "status", INT32_MIN, INT32_MAX, 0);
	search->told_group = (pid_t)ledger_number(section, "told_group", 2, INT32_MAX, 0);
	search->clear = ledger_flag(section, "clear");
	kin->born = ledger_number(section, "born", 0, INT64_MAX, kin->born);
	free(kin->sockets);
	kin->sockets = ledger_take_bytes(section, "sockets", 65536 * sizeof(*kin->sockets), &length);
	kin->socket_count = kin->sockets ? length / sizeof(*kin->sockets) : 0;
	read_pids(section, "known", kin->known, KIN_KNOWN, &kin->known_count);
	read_pids(section, "told", search->told, TOLD_MOST, &search->told_count);
}

void resume_search(struct resumed *resumed, struct ledger_section *section)
{
	struct instance *instance = resumed->instance;
	struct search *search = instance && !instance->kin ? daemon_resume(instance, resumed->keeper->table) : NULL;

	if (!search) {
		resume_say_loss(resumed->keeper, "the search for its daemon");
		return;
	}
	read_search(search, section);
	resume_timer(instance->engine->loop, &search->timer, section, "timer");
}
