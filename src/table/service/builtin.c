/* Options of builtins. */
#include "table/service/service.h"

static const struct builtin_row {
	const char *name;
	bool is_plain, has_hosts;
	const char *options[3];
	const char *wrong;              /* the end of a message about another option */
} rows[] = {
	{ "chargen", true, false, { "bsd", "xinetd" }, "daytime and chargen have the text forms bsd and xinetd" },
	{ "daytime", true, false, { "bsd", "xinetd" }, "daytime and chargen have the text forms bsd and xinetd" },
	{ .name = "discard", .is_plain = true },
	{ .name = "echo", .is_plain = true },
	{ "health", false, true, { "reasons" },
	  "health has the option reasons, and names of hosts, such as health.example.org" },
	{ "metrics", false, true, { NULL },
	  "after metrics and status expected names of hosts, such as { status, www.example.org }" },
	{ .name = "servers" },
	{ .name = "services" },
	{ "status", false, true, { "log" },
	  "after metrics and status expected names of hosts, such as { status, www.example.org }" },
	{ .name = "time", .is_plain = true },
};

static const struct builtin_row *row_of(const char *name)
{
	static const struct builtin_row other = { 0 };

	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		if (!strcmp(rows[n].name, name))
			return &rows[n];
	}
	return &other;
}

bool builtin_is_plain(const char *name)
{
	return row_of(name)->is_plain;
}

const char *builtin_read_options(words builtin, struct builtin_options *out, const char **bad)
{
	const struct builtin_row *row = row_of(builtin[0]);
	words options = builtin + 1;

	*out = (struct builtin_options){
		.xinetd_text = words_have(options, "xinetd"), .reasons = words_have(options, "reasons"),
		.log = words_have(options, "log"), .hosts = row->has_hosts ? options : NULL,
	};
	for (; *options; options++) {
		*bad = *options;
		if (!words_have(row->options, *options) && !(row->has_hosts && text_is_host(*options)))
			return row->wrong ? row->wrong : "it takes no options";
	}
	return NULL;
}
