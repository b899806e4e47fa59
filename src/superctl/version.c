/* superctl version: the versions of both, and superd's own privileges. */
#include "superctl/version.h"

#include <stdio.h>

#include "superctl/conversation.h"
#include "superctl/json_reply.h"
#include "superctl/views.h"

static void add_names(struct buf *out, const char *title, const json_t *names)
{
	size_t n;
	json_t *name;

	buf_addf(out, "  %-10s", title);
	json_array_foreach(names, n, name) {
		buf_char(out, ' ');
		json_reply_show(out, name);
	}
	buf_text(out, json_array_size(names) ? "\n" : " none\n");
}

void version_add_refused(struct buf *out, const json_t *version)
{
	if (!*json_reply_text(version, "reload_refused"))
		return;
	buf_text(out, "\nthe last reload was refused: ");
	json_reply_show_text(out, version, "reload_refused");
	buf_text(out, "; superd uses the previous configuration\n");
}

static void add_posture(struct buf *out, const json_t *version)
{
	const json_t *posture = json_object_get(version, "posture");

	if (!posture)
		return;
	buf_text(out, "superd itself (superd(8), PRIVILEGES)\n");
	add_names(out, "uses", json_object_get(posture, "effective"));
	add_names(out, "may use", json_object_get(posture, "permitted"));
	add_names(out, "bounds", json_object_get(posture, "bounding"));
	buf_text(out, "  ");
	buf_addf(out, "%s, %s\n", json_is_true(json_object_get(posture, "dumpable")) ? "dumpable" : "not dumpable",
		 json_is_true(json_object_get(posture, "no_new_privileges")) ? "no_new_privileges" :
									       "may gain privileges");
}

static void add_guard(struct buf *out, const json_t *version)
{
	if (json_reply_has_number(version, "guard"))
		buf_addf(out, "guard, pid %.0f: restarts superd if superd dies\n",
			 json_reply_number(version, "guard"));
	else
		buf_text(out, "no guard: no process restarts superd if superd dies\n");
}

static bool show_version(void *context, const json_t *line, const char *text)
{
	const struct superctl_options *options = context;
	struct buf out = { 0 };
	bool printed;

	(void)text;
	if (options->json)
		return true;
	buf_text(&out, "superd ");
	json_reply_show_text(&out, line, "version");
	if (*json_reply_text(line, "build")) {
		buf_text(&out, " (build ");
		json_reply_show_text(&out, line, "build");
		buf_char(&out, ')');
	}
	if (json_reply_has_number(line, "pid"))
		buf_addf(&out, ", pid %.0f", json_reply_number(line, "pid"));
	buf_char(&out, '\n');
	add_guard(&out, line);
	add_posture(&out, line);
	printed = conversation_print(&out);
	buf_free(&out);
	return printed;
}

enum ctl_status view_version(const struct superctl_options *options)
{
	if (!options->json)
		printf("superctl %s\n", PACKAGE_VERSION);
	return conversation_ask(options, "version", CONVERSATION_TIMEOUT, show_version, (void *)(size_t)options);
}
