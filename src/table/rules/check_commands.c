/* Rules of the commands beside exec, and of the options for the time after a backend's end.
 *
 * If a service with a socket remains active after its backend's end, its clients wait forever. superd warns of it. */
#include <string.h>

#include "lib/shell_words.h"
#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"
#include "table/words/command_prefix.h"

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

static const struct rule_row rows[] = {
	{ "exec_prefix", NEEDS, .other = "exec" },
	{ "remain_after_exit", NOT_WITH, "accept = yes", .warns = true,
	  .says = "remain_after_exit: with accept = yes a connection whose instance has ended is still counted" },
	{ "restart = on-success or on-failure or on-abnormal or on-watchdog or on-abort or always", NOT_WITH,
	  "accept = yes", .said = true, .warns = true,
	  .says = "restart has no effect with accept = yes: the connection of an ended instance is closed" },
};

void rule_commands(const struct service *service, struct diags *diags)
{
	for (int phase = 0; phase < PHASES; phase++)
		check_phase(service, (enum command_phase)phase, diags);
	check_rows(service, rows, diags);
	if (!service->exec->accept && service->groups->restart->remain_after_exit && service->socket_count &&
	    !service_is_relayed(service))
		diag_warning(diags, service_origin(service, "remain_after_exit"),
			     "%s: remain_after_exit: once the program has ended, clients wait in vain: none of them "
			     "starts it again", service->name);
}
