/* superctl version: the versions of both, and with --verbose superd's own privileges. */
#include <stdio.h>

#include "superctl/conversation.h"
#include "superctl/sentence.h"
#include "superctl/views.h"

static bool show_version(void *context, const json_t *line, struct reply_text *text)
{
	const struct superctl_options *options = context;

	(void)sentence_add(&text->out, line,
			   "superd {version}[ (build {build})][, pid {pid}]\n"
			   "[guard, pid {guard}: restarts superd if superd dies\n|"
			   "no guard: no process restarts superd if superd dies\n]");
	if (!options->verbose)
		return true;
	(void)sentence_add(&text->out, line,
			   "[{?posture}superd itself (superd(8), PRIVILEGES)\n"
			   "  uses       [{posture.effective:words}|none]\n"
			   "  may use    [{posture.permitted:words}|none]\n"
			   "  bounds     [{posture.bounding:words}|none]\n"
			   "  [{?posture.dumpable}dumpable|not dumpable], "
			   "[{?posture.no_new_privileges}no_new_privileges|may gain privileges]\n]");
	return true;
}

enum ctl_status view_version(const struct superctl_options *options)
{
	if (!options->json)
		printf("superctl %s\n", PACKAGE_VERSION);
	return conversation_ask(options, "version", show_version, (void *)(size_t)options);
}
