/* Makes options of the keys of [Service], except commands, streams and access rules.
 *
 * Some defaults of systemd differ from superd's: a time of 0 is no limit, a stop may take 90 s, a relative PIDFile is
 * in /run. apply_key.c applies the keys that have an option of the same meaning. */
#include <stdio.h>
#include <string.h>

#include "lib/scan.h"
#include "read/systemd/internal.h"

#define PAUSE_LEAST INT64_C(1000)
#define PAUSE_USUAL INT64_C(30000000) /* microseconds, superd's longest pause by default */
#define PAUSE_MOST (INT64_C(86400) * 1000000)

static void set_type(struct unit_builder *builder)
{
	const struct unit_assignment *said = unit_assigned(builder, "Service", "Type");
	const struct unit_assignment *bus = unit_assigned(builder, "Service", "BusName");
	const struct key_row *key = unit_key_find("Service", "Type");
	const char *text = said ? said->value : bus ? "dbus" : "simple";
	struct origin at = said ? unit_place(said, 0) : unit_start(builder->unit);

	builder->type = key_translate(key, &(struct key_said){ "Type", text, at }, builder->pool,
				      builder->reading->diags);
	if (!strcmp(text, "dbus") && !bus)
		unit_refuse(builder, at, "Type=dbus goes with BusName, which is missing");
	else if (!strcmp(text, "dbus"))
		unit_warn(builder, unit_place(said ? said : bus, 0),
			  "Type=dbus is taken as exec: superd does not wait for a name on D-Bus");
	if (!builder->type)
		builder->type = "simple";
	if (strcmp(builder->type, "simple") != 0)
		unit_set(builder, "type", builder->type, at);
}

static int64_t clamp_pause(int64_t span)
{
	return span < PAUSE_LEAST ? PAUSE_LEAST : span > PAUSE_MOST ? PAUSE_MOST : span;
}

/* RestartSec is the first pause before a restart. The longest pause must not be shorter. */
static void set_restart_pauses(struct unit_builder *builder)
{
	const struct unit_assignment *said = unit_assigned(builder, "Service", "RestartSec");
	const struct unit_assignment *most = unit_assigned(builder, "Service", "RestartMaxDelaySec");
	int64_t first = 0, longest = PAUSE_USUAL;
	bool has_first = unit_timespan(builder, said, &first), has_longest = unit_timespan(builder, most, &longest);

	if (has_first)
		unit_set(builder, "backoff_min", unit_span_text(builder, clamp_pause(first)), unit_place(said, 0));
	if (first > longest)
		longest = first;
	else if (!has_longest)
		return;
	unit_set(builder, "backoff_max", unit_span_text(builder, clamp_pause(longest)),
		 unit_place(has_longest ? most : said, 0));
}

/* PIDFile only means something for Type=forking. */
static void set_pid_file(struct unit_builder *builder)
{
	const struct unit_assignment *said = unit_assigned(builder, "Service", "PIDFile");
	const char *text = said && !builder->accepts ? unit_value(builder, said) : NULL;
	const char *path = text && *text != '/' ? pool_textf(builder->pool, "/run/%s", text) : text;

	if (path)
		unit_set(builder, "pid_file", path, unit_place(said, 0));
}

static void set_io_scheduling(struct unit_builder *builder)
{
	static const char *const classes[] = { "none", "realtime", "best-effort", "idle" };
	const struct unit_assignment *class = unit_assigned(builder, "Service", "IOSchedulingClass");
	const struct unit_assignment *priority = unit_assigned(builder, "Service", "IOSchedulingPriority");
	const struct unit_assignment *first = class ? class : priority;
	const char *name = class ? class->value : "best-effort";
	struct origin at;

	if (!first)
		return;
	if (name[0] >= '0' && name[0] <= '3' && !name[1])
		name = classes[name[0] - '0'];
	if (!strcmp(name, "none"))
		return;
	at = unit_place(first, 0);
	if (!strcmp(name, "idle") || !priority)
		unit_set(builder, "io_scheduling", name, at);
	else
		unit_setf(builder, "io_scheduling", at, "%s:%s", name, priority->value);
}

/* LimitNICE: a number with a sign is a nice value, which becomes the kernel's number, see getrlimit(2). */
static void set_limit_nice(struct unit_builder *builder)
{
	const struct unit_assignment *said = unit_assigned(builder, "Service", "LimitNICE");
	struct origin at = said ? unit_place(said, 0) : (struct origin){ 0 };
	int64_t nice;

	if (!said)
		return;
	if (!strchr("+-", said->value[0])) {
		unit_set(builder, "rlimit_nice", said->value, at);
		return;
	}
	if (scan_count(said->value, &nice) || nice < -20 || nice > 19) {
		unit_refuse(builder, at, "LimitNICE: '%s': a nice value is from -20 to +19", said->value);
		return;
	}
	unit_setf(builder, "rlimit_nice", at, "%d", 20 - (int)nice);
}

static bool passes_variable(struct unit_builder *builder, const char *variable)
{
	struct word_list list = unit_collect(builder, "Service", "PassEnvironment", COLLECT_WORDS);
	bool found = false;

	for (size_t n = 0; n < list.count; n++)
		found |= !strcmp(list.words[n], variable);
	word_list_free(&list);
	return found;
}

/* Sets the environment. ExecSearchPath also sets $PATH, unless PassEnvironment or Environment do. */
static void set_environment(struct unit_builder *builder)
{
	const struct unit_assignment *search = unit_assigned(builder, "Service", "ExecSearchPath");
	const char *path = search ? unit_value(builder, search) : NULL;
	struct word_list said = unit_collect(builder, "Service", "Environment", COLLECT_VARIABLES);
	struct word_list list = { .at = said.count || !search ? said.at : search->at, .failed = said.failed };

	path = path ? pool_textf(builder->pool, "PATH=%s", path) : NULL;
	if (path && !passes_variable(builder, "PATH"))
		word_list_add(&list, path, unit_place(search, 0));
	for (size_t n = 0; n < said.count; n++)
		word_list_add(&list, said.words[n], said.places[n]);
	if (list.count)
		unit_set_list(builder, "env", &list);
	word_list_free(&said);
	word_list_free(&list);
}

/* Sets what holds for each unit. As with systemd, the whole group ends with the service unless KillMode says other. */
static void set_unit_defaults(struct unit_builder *builder)
{
	const struct unit_assignment *mode = unit_assigned(builder, "Service", "KillMode");
	struct origin at = unit_start(builder->unit);

	unit_set(builder, "unit_environment", "yes", at);
	if (!mode || !strcmp(mode->value, "control-group") || !strcmp(mode->value, "mixed"))
		unit_set(builder, "kill_rest", "yes", mode ? unit_place(mode, 0) : at);
}

/* In a new root systemd mounts /proc, /sys and /dev unless MountAPIVFS says no, and it enters the root by a mount, not
 * by chroot(2), for every user. */
static void set_kernel_mounts(struct unit_builder *builder)
{
	const struct unit_assignment *root = unit_assigned(builder, "Service", "RootDirectory");

	if (root && !unit_assigned(builder, "Service", "MountAPIVFS"))
		unit_set(builder, "mount_api_vfs", "yes", unit_place(root, 0));
	else if (root && !unit_assigned(builder, "Service", "PrivateMounts"))
		unit_set(builder, "private_mounts", "yes", unit_place(root, 0));
}

/* A DynamicUser has no home directory. */
static void check_home(struct unit_builder *builder)
{
	const struct unit_assignment *folder = unit_assigned(builder, "Service", "WorkingDirectory");
	const char *path = folder ? folder->value + (folder->value[0] == '-') : "";

	if (!strcmp(path, "~") && unit_bool(builder, "Service", "DynamicUser", false))
		unit_refuse(builder, unit_place(folder, 0), "WorkingDirectory=~: a user of DynamicUser has no home");
}

/* Whether the service gets a namespace by this key, whose value may be another word than yes and no. */
static bool is_private(const struct unit_builder *builder, const char *key)
{
	const struct unit_assignment *said = unit_assigned(builder, "Service", key);
	bool truth = true;

	return said && (scan_bool(said->value, &truth) || truth);
}

/* With systemd JoinsNamespaceOf only shares namespaces that the unit has of its own, and with a unit that is there. */
static void check_joined(struct unit_builder *builder)
{
	static const char *const keys[] = { "DynamicUser", "PrivateIPC", "PrivateNetwork", "PrivateTmp" };
	const struct key_row *joins = unit_key_find("Unit", "JoinsNamespaceOf");
	struct word_list list = unit_collect(builder, "Unit", joins->name, COLLECT_WORDS);
	bool shares = false, failed;

	for (size_t n = 0; n < sizeof(keys) / sizeof(*keys); n++)
		shares |= is_private(builder, keys[n]);
	for (size_t n = 0; shares && n < list.count; n++) {
		const struct unit *other = unit_find(builder->reading, builder->folder, list.words[n], &failed);

		if (other && !other->is_masked)
			key_report_lack(joins, joins->name, list.places[n], builder->reading);
		else if (!failed)
			unit_warn(builder, list.places[n], "%s: there is no %s to share namespaces with", joins->name,
				  list.words[n]);
	}
	word_list_free(&list);
}

void unit_build_service(struct unit_builder *builder)
{
	unit_builder_turn(builder, builder->service);
	unit_report_sections(builder, "Service");
	set_type(builder);
	unit_build_commands(builder);
	unit_build_streams(builder);
	unit_build_passed_fds(builder);
	set_environment(builder);
	set_unit_defaults(builder);
	unit_apply_keys(builder, "Service");
	set_restart_pauses(builder);
	set_pid_file(builder);
	set_io_scheduling(builder);
	set_limit_nice(builder);
	set_kernel_mounts(builder);
	check_home(builder);
	check_joined(builder);
	unit_apply_common_keys(builder);
	unit_build_conditions(builder, "condition");
}
