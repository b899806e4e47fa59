/* The types of settings of superd itself. */
#include <string.h>

#include "lib/log/log.h"
#include "table/type/type_internal.h"

/* A daemon leaves the folder that a relative path would begin in. */
static const char *destination_parse(struct parse *parse, void *field)
{
	const char *destination = parse->words[0], *reason = log_sink_refusal(destination);

	if (!reason && !strncmp(destination, "file:", 5) && destination[5] != '/')
		reason = "expected a path that starts with / after file:";
	return reason ? reason : text_keep(parse->pool, destination, field);
}

const struct type type_destination = { .name = "log destination", .kind = FIELD_TEXT, .parse = destination_parse };

static const char *control_refuse(const char *control)
{
	return *control == '/' || (*control == '@' && control[1]) || !strcmp(control, "none")
		? NULL : "expected a path that starts with /, @name, or none";
}

const struct type type_control = { .name = "control socket", .kind = FIELD_TEXT, .refuse = control_refuse };

static const char *fdstore_refuse(const char *where)
{
	return !strcmp(where, "notify") || !strcmp(where, "none") ? NULL : "expected notify or none";
}

const struct type type_fdstore = { .name = "store of sockets", .kind = FIELD_TEXT, .refuse = fdstore_refuse };
