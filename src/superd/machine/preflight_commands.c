/* Checks the programs of commands besides the main one. An earlier command may install what a later one runs, so a
 * missing program is only a warning. */
#include <string.h>

#include "exec/child/sandbox.h"
#include "lib/shell_words.h"
#include "superd/machine/preflight_internal.h"
#include "table/words/command_prefix.h"

static void check_command(struct preflight *preflight, const struct service *service, const char *option,
			  const char *text)
{
	const char *root = service->groups->environment->root_directory, *wrong;
	struct buf split = { 0 };
	unsigned flags;
	size_t count;

	shell_words_split_into(&split, command_prefix(text, &flags), &count);
	if (*buf_string(&split) == '/' && !(flags & COMMAND_IGNORES_FAILURE) &&
	    !sandbox_covers(service_prepared(service)->sandbox, buf_string(&split)) &&
	    preflight_may_look(preflight, root ? root : buf_string(&split))) {
		bool as_superd = flags & (COMMAND_PRIVILEGED | COMMAND_SAME_IDENTITY);

		wrong = preflight_check_program(preflight, service, buf_string(&split), root,
						as_superd ? NULL : service->account);
		if (wrong)
			preflight_report(preflight, SEVERITY_WARNING, service, option, buf_string(&split), "%s", wrong);
	}
	buf_free(&split);
}

void preflight_commands(struct preflight *preflight, const struct service *service)
{
	for (int phase = 0; phase < PHASES; phase++) {
		words texts = service_commands(service, (enum command_phase)phase);

		for (size_t n = 0; texts && texts[n]; n++)
			check_command(preflight, service, command_option((enum command_phase)phase), texts[n]);
	}
}
