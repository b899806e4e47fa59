/* Makes options of the keys of [Service] that are not just one option (those with a `form` in keys.c). Commands are in
 * commands.c, networks in socket.c. build.c applies all others. Where systemd's defaults differ from superd's, the
 * columns of keys.c have them. */
#include "read/systemd/internal.h"

#define PAUSE_LEAST INT64_C(1000)
#define PAUSE_USUAL INT64_C(30000000)   /* microseconds, superd's longest pause by default */
#define PAUSE_MOST (INT64_C(86400) * 1000000)

static const struct unit_assignment *assignment_of(const struct unit_builder *builder, const char *key)
{
	return unit_assigned(builder, "Service", key);
}

static void set_type(struct unit_builder *builder)
{
	const struct unit_assignment *assignment = assignment_of(builder, "Type"),
				     *bus = assignment_of(builder, "BusName");
	const char *text = assignment ? assignment->value : bus ? "dbus" : "simple";
	struct origin at = unit_assignment_at(builder, assignment);

	builder->type = key_translate(unit_key_find("Service", "Type"), &(struct key_assignment){ "Type", text, at },
				      builder->pool, builder->reading->diags);
	if (!strcmp(text, "dbus") && !bus)
		unit_refuse(builder, at, "Type=dbus goes with BusName, which is missing");
	else if (!strcmp(text, "dbus"))
		unit_warn(builder, unit_place(assignment ? assignment : bus, 0),
			  "Type=dbus is taken as exec: superd does not wait for a name on D-Bus");
	if (!builder->type)
		builder->type = "simple";
	if (strcmp(builder->type, "simple") != 0)
		unit_set(builder, "type", builder->type, at);
}

/* Standard streams. The defaults follow each other: if the input is the socket, so is the output, and errors follow the
 * output to the client. Source: systemd.exec(5), "LOGGING AND STANDARD INPUT/OUTPUT". */
struct stream_setting {
	const struct unit_assignment *assignment;       /* NULL: the key is not set */
	const char *word;                               /* superd's; NULL: not set, or refused */
};

/* superd's word; NULL: the text is none of systemd's words. Every kind of log becomes superd's log. */
static const char *stream_meaning(const char *text)
{
	static const char *const same[] = { "null", "inherit", "socket", "fd", NULL };
	static const char *const logs[] = { "journal", "journal+console", "kmsg", "kmsg+console", "syslog",
					    "syslog+console", NULL };
	static const char *const prefixes[] = { "file:", "append:", "truncate:", "fd:" };

	if (words_have(logs, text))
		return "log";
	for (size_t n = 0; n < sizeof(prefixes) / sizeof(*prefixes); n++) {
		if (!strncmp(text, prefixes[n], strlen(prefixes[n])))
			return text;
	}
	return words_have(same, text) ? text : NULL;
}

static struct stream_setting read_stream(struct unit_builder *builder, const char *key)
{
	struct stream_setting stream = { .assignment = assignment_of(builder, key) };
	const char *text = stream.assignment ? unit_value(builder, stream.assignment) : NULL;
	struct origin at = unit_assignment_at(builder, stream.assignment);

	if (!text)
		return stream;
	stream.word = stream_meaning(text);
	if (!stream.word && !strncmp(text, "tty", 3))
		unit_unsupported(builder, at, "%s=%s: superd allocates no terminal", key, text);
	else if (!stream.word)
		unit_refuse(builder, at,
			    "%s: '%s': expected null, inherit, journal, socket, file:PATH, "
			    "append:PATH, truncate:PATH or fd:NAME",
			    key, text);
	return stream;
}

static bool stream_is(const struct stream_setting *stream, const char *word)
{
	return stream->word && !strcmp(stream->word, word);
}

static bool is_unset(const struct stream_setting *stream)
{
	return !stream->word || stream_is(stream, "inherit");
}

static void set_stream(struct unit_builder *builder, const char *option, const char *word,
		       const struct stream_setting *stream)
{
	if (word)
		unit_set(builder, option, word, unit_assignment_at(builder, stream->assignment));
}

static void set_streams(struct unit_builder *builder)
{
	struct stream_setting input = read_stream(builder, "StandardInput");
	struct stream_setting output = read_stream(builder, "StandardOutput");
	struct stream_setting error = read_stream(builder, "StandardError"), *socket = NULL;
	const char *in = input.word, *out = output.word, *err = error.word;

	if (stream_is(&input, "log") || stream_is(&input, "inherit")) {
		unit_refuse(builder, unit_place(input.assignment, 0),
			    "StandardInput: nothing can be read from there: it is null, "
			    "socket, file:PATH or fd:NAME");
		return;
	}
	if (stream_is(&input, "socket")) {
		socket = &input;
		in = NULL;
		out = is_unset(&output) ? "socket" : out;
		err = is_unset(&error) ? out : err;
		if (!strcmp(out, "socket"))
			out = NULL;     /* as it is with pass = inetd */
	} else if (stream_is(&output, "socket")) {
		socket = &output;
		in = in ? in : "null";
		out = NULL;
		err = is_unset(&error) ? "socket" : err;
	} else if (stream_is(&error, "socket")) {
		socket = &error;
		in = in ? in : "null";
		if (is_unset(&output))
			out = out ? "null" : "log";
	} else {
		if (stream_is(&output, "inherit") || (in && !strncmp(in, "fd", 2) && !out))
			out = in ? in : "null";
		if (stream_is(&error, "inherit"))
			err = NULL;
	}
	/* As an output, too, the socket is the only one, and $LISTEN_FDS is not set. */
	unit_set(builder, "pass", socket ? "inetd" : "systemd",
		 unit_assignment_at(builder, socket ? socket->assignment : NULL));
	set_stream(builder, "input", in, &input);
	set_stream(builder, "output", out, &output);
	set_stream(builder, "error", err, &error);
	if (socket == &input && !error.assignment && !strcmp(err, "socket"))
		diag_note(builder->reading->diags, unit_place(input.assignment, 0),
			  "the standard error of %s goes to the client, as with systemd without StandardError",
			  builder->unit->name);
}

/* Sets the environment. ExecSearchPath also sets $PATH, unless PassEnvironment or Environment do. */
static void set_environment(struct unit_builder *builder)
{
	struct word_list search = unit_search_path(builder), passed = { 0 };
	struct word_list set = unit_collect(builder, "Service", "Environment", COLLECT_VARIABLES);
	struct word_list list = { .at = set.count ? set.at : search.at, .failed = set.failed };
	bool sets_path = search.count;
	struct buf path = { 0 };

	if (sets_path)
		passed = unit_collect(builder, "Service", "PassEnvironment", COLLECT_WORDS);
	for (size_t n = 0; n < passed.count; n++)
		sets_path &= strcmp(passed.words[n], "PATH") != 0;
	for (size_t n = 0; n < search.count; n++)
		buf_addf(&path, "%s%s", n ? ":" : "PATH=", search.words[n]);
	if (sets_path)
		word_list_add(&list, pool_text(builder->pool, buf_string(&path)), *search.places);
	for (size_t n = 0; n < set.count; n++)
		word_list_add(&list, set.words[n], set.places[n]);
	if (list.count)
		unit_set_list(builder, "env", &list);
	buf_free(&path);
	word_list_free(&set);
	word_list_free(&passed);
	word_list_free(&search);
	word_list_free(&list);
}

static int64_t clamp_pause(int64_t span)
{
	return span < PAUSE_LEAST ? PAUSE_LEAST : span > PAUSE_MOST ? PAUSE_MOST : span;
}

/* RestartSec is the first pause before a restart. The longest pause must not be shorter. */
static void set_restart_pauses(struct unit_builder *builder)
{
	const struct unit_assignment *assignment = assignment_of(builder, "RestartSec"), *most;
	int64_t first = 0, longest = PAUSE_USUAL;
	bool has_first = unit_timespan(builder, assignment, &first), has_longest;

	most = assignment_of(builder, "RestartMaxDelaySec");
	has_longest = unit_timespan(builder, most, &longest);
	if (has_first)
		unit_set(builder, "backoff_min", unit_span_text(builder, clamp_pause(first)),
			 unit_place(assignment, 0));
	if (has_longest || first > longest)
		unit_set(builder, "backoff_max",
			 unit_span_text(builder, clamp_pause(first > longest ? first : longest)),
			 unit_place(has_longest ? most : assignment, 0));
}

static void set_io_scheduling(struct unit_builder *builder)
{
	static const char *const classes[] = { "none", "realtime", "best-effort", "idle" };
	const struct unit_assignment *class = assignment_of(builder, "IOSchedulingClass");
	const struct unit_assignment *priority = assignment_of(builder, "IOSchedulingPriority");
	const char *name = class ? class->value : "best-effort";
	struct origin at = unit_assignment_at(builder, class ? class : priority);

	if (name[0] >= '0' && name[0] <= '3' && !name[1])
		name = classes[name[0] - '0'];
	if ((!class && !priority) || !strcmp(name, "none"))
		return;
	if (!strcmp(name, "idle") || !priority)
		unit_set(builder, "io_scheduling", name, at);
	else
		unit_setf(builder, "io_scheduling", at, "%s:%s", name, priority->value);
}

/* Keys that say more than an option of the same meaning, or less. */
static void set_other_keys(struct unit_builder *builder)
{
	const struct unit_assignment *pid_file = assignment_of(builder, "PIDFile");
	const struct unit_assignment *root = assignment_of(builder, "RootDirectory"), *home;
	const char *path = pid_file && !builder->pair->accepts ? unit_value(builder, pid_file) : NULL;

	if (path)
		unit_setf(builder, "pid_file", unit_place(pid_file, 0), "%s%s", *path == '/' ? "" : "/run/", path);
	set_io_scheduling(builder);
	/* In a new root systemd mounts /proc, /sys and /dev unless MountAPIVFS says no. */
	if (root && !assignment_of(builder, "MountAPIVFS"))
		unit_set(builder, "mount_api_vfs", "yes", unit_place(root, 0));
	home = assignment_of(builder, "WorkingDirectory");
	if (home && (!strcmp(home->value, "~") || !strcmp(home->value, "-~")) &&
	    unit_bool(builder, "Service", "DynamicUser", false))
		unit_refuse(builder, unit_place(home, 0), "WorkingDirectory=~: a user of DynamicUser has no home");
}

void unit_build_service(struct unit_builder *builder)
{
	const struct unit_assignment *mode;

	unit_builder_turn(builder, builder->pair->service);
	unit_report_sections(builder, "Service");
	set_type(builder);
	unit_build_commands(builder);
	set_streams(builder);
	set_environment(builder);
	unit_set(builder, "unit_environment", "yes", unit_start(builder->unit));
	/* As with systemd, the whole group ends with the service unless KillMode says other. */
	mode = assignment_of(builder, "KillMode");
	if (!mode || !strcmp(mode->value, "control-group") || !strcmp(mode->value, "mixed"))
		unit_set(builder, "kill_leftovers", "yes", unit_assignment_at(builder, mode));
	unit_apply_keys(builder, "Service");
	set_restart_pauses(builder);
	set_other_keys(builder);
	unit_apply_common_keys(builder);
	unit_build_conditions(builder, "condition");
}
