/* Rules of the commands beside exec, and of the options for the time after a backend's end.
 *
 * If a service with a socket remains active after its backend's end, its clients wait forever. superd warns of it. */
#include <string.h>

#include "lib/shell_words.h"
#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"
#include "table/words/command_prefix.h"

static void service_warn(const struct service *service, const char *option, struct diags *diags, const char *message)
{
	diag_warning(diags, service_origin(service, option), "%s: %s", service->name, message);
}

/* Checks the program of a command. The type has checked that the text can be split. */
static void check_command_program(const struct service *service, const char *option, const char *text,
				  struct diags *diags)
{
	struct buf split = { 0 };
	const char *program;
	unsigned flags;
	size_t count;

	shell_words_split_into(&split, command_prefix(text, &flags), &count);
	program = buf_string(&split);
	if (*program && *program != '/' && !service->exec->exec_search_path) {
		service_refuse(service, option, diags, "%s: '%s' is no absolute path", option, program);
		service_hint(service, diags,
			     "write the absolute path of the program, or set exec_search_path");
	}
	if (strstr(program, "%{"))
		service_refuse(service, option, diags, "%s: '%s': no %%{ } is replaced in the program's path", option,
			       program);
	buf_free(&split);
}

/* The exit status of such a command is an answer. */
static void check_question(const struct service *service, enum command_phase phase, struct diags *diags)
{
	const char *option = command_option(phase);
	unsigned flags;

	if (phase != PHASE_READY && phase != PHASE_IDLE_UNLESS)
		return;
	for (words text = service_commands(service, phase); text && *text; text++) {
		command_prefix(*text, &flags);
		if (flags & COMMAND_IGNORES_FAILURE)
			service_refuse(service, option, diags,
				       "%s: '-' before the command would turn every answer into a yes", option);
	}
}

static void check_phase(const struct service *service, enum command_phase phase, struct diags *diags)
{
	const char *option = command_option(phase);

	if (!service_commands(service, phase) || service_is_unclear(service, option))
		return;
	for (words text = service_commands(service, phase); text && *text; text++) {
		check_command_program(service, option, *text, diags);
		if (!service_is_unclear(service, "listen"))
			check_templates(service, option, *text, diags);
	}
	check_question(service, phase, diags);
	if (phase >= PHASE_SOCKET_START_PRE && !service->socket_count &&
	    !service_is_unclear(service, "listen"))
		service_refuse(service, option, diags, "%s needs a service with a socket", option);
}

static void check_afterlife(const struct service *service, struct diags *diags)
{
	const struct restart_options *restart = service->groups->restart;

	if (service->exec->accept && restart->remain_after_exit)
		service_warn(
			service, "remain_after_exit", diags,
			"remain_after_exit: with accept = yes a connection whose instance has ended is still counted");
	else if (restart->remain_after_exit && service->socket_count && !service_is_relayed(service))
		service_warn(
			service, "remain_after_exit", diags,
			"remain_after_exit: once the program has ended, clients wait in vain: none of them starts it "
			"again");
	if (service->exec->accept && restart->restart > RESTART_NO && service_mark(service, "restart"))
		service_warn(service, "restart", diags,
			     "restart has no effect with accept = yes: the connection of an ended instance is closed");
}

void rule_commands(const struct service *service, struct diags *diags)
{
	for (int phase = 0; phase < PHASES; phase++)
		check_phase(service, (enum command_phase)phase, diags);
	if (service->groups->commands->exec_prefix && service_is_builtin(service))
		service_refuse(service, "exec_prefix", diags, "exec_prefix needs exec");
	check_afterlife(service, diags);
}
