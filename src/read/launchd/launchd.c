/* Reads launchd's property lists: the keys, a job's sockets, program and lifecycle.
 *
 * A broken job must not run at all. superd reports the mistakes of its list and then skips the whole job. */
#include "read/launchd/launchd.h"

#include "read/launchd/internal.h"

/* The table of launchd's keys, and functions to look them up.
 *
 * A key that starts a job (at a time, by a file or an event) cannot be ignored, because without it the job would never
 * run. A key that only tunes how macOS treats the job can be ignored. */

#define BOOL PLIST_BOOL
#define INTEGER PLIST_INTEGER
#define STRING PLIST_STRING
#define ARRAY PLIST_ARRAY
#define DICT PLIST_DICT
#define ANY 0xffu
#define APART .form = FORM_APART
#define ADDRESS .form = FORM_ADDRESS, .option = "listen"
#define KEYS_IN(dictionary) .form = FORM_DICTIONARY, .keys = &launchd_keys[dictionary]

#define BY_ITSELF "superd starts jobs on a connection only, not by time, files or events"
#define MACHINE "superd does not compare the machine's name or model"
#define SANDBOX "superd cannot enforce macOS sandboxes"
#define NO_PATH "expected a path that starts with /"
#define PAUSE_USUAL 30 /* superd's longest pause, in seconds */

static const struct key_word null_device[] = { { "/dev/null", "null" }, { 0 } };
static const struct key_word low_priority[] = { { "yes", "best-effort:7" }, { "no", NULL }, { 0 } };
static const struct key_word only_yes[] = { { "yes", "yes" }, { "no", NULL }, { 0 } };

static const struct key_row job_keys[] = {
	{ "AssociatedBundleIdentifiers BeginTransactionAtShutdown CFBundleIdentifier Debug "
	  "DrainMessagesOnCrash EnablePressuredExit EnableTransactions HopefullyExitsFirst "
	  "HopefullyExitsLast IgnoreProcessGroupAtShutdown JoinGUISession LegacyTimers "
	  "MachExceptionHandler MaterializeDatalessFiles POSIXSpawnType ProcessType "
	  "SHAuthorizationRight ServiceDescription ServiceIPC SessionCreate", KEY_HARMLESS, .kinds = ANY },
	{ "AbandonProcessGroup", KEY_DONE, APART, .option = "kill_mode", .kinds = BOOL,
	  .reason = "true is process; else kill_leftovers is set" },
	{ "BundleProgram", KEY_REFUSED, .kinds = STRING, .reason = "bundles exist on macOS only; use Program" },
	{ "DisableASLR", KEY_WARNED, .kinds = BOOL, .reason = "superd leaves the layout of memory to the kernel" },
	{ "Disabled InitGroups", KEY_DONE, .kinds = BOOL },
	{ "EnableGlobbing", KEY_REFUSED, .kinds = BOOL, .reason = "superd expands no patterns in arguments" },
	{ "EnvironmentVariables", KEY_DONE, APART, .kinds = DICT },
	{ "ExitTimeOut", KEY_DONE, .kinds = INTEGER, .reason = "0 means no limit; the default is 20 s",
	  .zero = "infinity", .absent = "20" },
	{ "GroupName RootDirectory UserName WorkingDirectory", KEY_DONE, .kinds = STRING },
	{ "HardResourceLimits SoftResourceLimits", KEY_DONE, KEYS_IN(LAUNCHD_LIMITS), .option = "rlimit_*",
	  .kinds = DICT },
	{ "JetsamProperties", KEY_WARNED, .kinds = DICT, .reason = "it tunes how macOS schedules the job" },
	{ "KeepAlive", KEY_DONE, KEYS_IN(LAUNCHD_KEEP_ALIVE), .option = "start", .kinds = BOOL | DICT,
	  .reason = "true is boot, with restart = always" },
	{ "Label", KEY_DONE, APART, .option = "service", .kinds = STRING, .reason = "the service's name" },
	{ "LaunchEvents", KEY_REFUSED, .kinds = DICT, .reason = BY_ITSELF },
	{ "LaunchOnlyOnce", KEY_WARNED, .kinds = BOOL,
	  .reason = "the next client starts the program again, after a failure once the pause is over" },
	{ "LimitLoadFromHardware LimitLoadToHardware", KEY_REFUSED, .kinds = DICT, .reason = MACHINE },
	{ "LimitLoadFromHosts LimitLoadToHosts", KEY_REFUSED, .kinds = ARRAY, .reason = MACHINE },
	{ "LimitLoadToSessionType", KEY_WARNED, .kinds = STRING | ARRAY,
	  .reason = "superd knows no sessions: the job is loaded for all" },
	{ "LowPriorityBackgroundIO LowPriorityIO", KEY_DONE, .option = "io_scheduling", .kinds = BOOL,
	  .reason = "true is best-effort:7", .words = low_priority },
	{ "MachServices", KEY_WARNED, .kinds = DICT, .reason = "Mach services exist on macOS only" },
	{ "MultipleInstances", KEY_WARNED, .kinds = BOOL,
	  .reason = "a service that accepts its own connections runs once" },
	{ "Nice", KEY_DONE, .kinds = INTEGER },
	{ "OnDemand", KEY_DONE, APART, .option = "start", .kinds = BOOL,
	  .reason = "the older form of KeepAlive, inverted" },
	{ "Program", KEY_DONE, APART, .option = "exec", .kinds = STRING,
	  .reason = "the first of ProgramArguments is then argv0" },
	{ "ProgramArguments", KEY_DONE, APART, .kinds = ARRAY,
	  .reason = "superd searches for a program without a slash in /usr/bin, /bin, /usr/sbin and /sbin" },
	{ "QueueDirectories WatchPaths", KEY_REFUSED, .kinds = ARRAY, .reason = BY_ITSELF },
	{ "RunAtLoad", KEY_DONE, APART, .kinds = BOOL,
	  .reason = "true means boot; a job without Sockets and KeepAlive is a oneshot" },
	{ "SandboxContainer SandboxProfile", KEY_REFUSED, .kinds = STRING, .reason = SANDBOX },
	{ "SandboxFlags", KEY_REFUSED, .kinds = ANY, .reason = SANDBOX },
	{ "Sockets", KEY_DONE, APART, .option = "socket", .kinds = DICT },
	{ "SpawnConstraint", KEY_REFUSED, .kinds = DICT, .reason = "superd does not check signatures of programs" },
	{ "StandardErrorPath StandardOutPath", KEY_DONE, .kinds = STRING, .reason = "append; /dev/null means null",
	  .words = null_device, .path = "append:", .wrong = NO_PATH },
	{ "StandardInPath", KEY_DONE, .kinds = STRING, .words = null_device, .path = "file:", .wrong = NO_PATH },
	{ "StartCalendarInterval", KEY_REFUSED, .kinds = DICT | ARRAY, .reason = BY_ITSELF },
	{ "StartInterval", KEY_REFUSED, .kinds = INTEGER, .reason = BY_ITSELF },
	{ "StartOnMount", KEY_REFUSED, .kinds = BOOL, .reason = BY_ITSELF },
	{ "ThrottleInterval", KEY_DONE, .kinds = INTEGER,
	  .reason = "the first pause, which doubles; the default is superd's", .zero = "1ms" },
	{ "TimeOut", KEY_WARNED, .kinds = INTEGER,
	  .reason = "it is advice to the program; idle_timeout of superd.conf stops one that has no clients" },
	{ "Umask", KEY_DONE, APART, .kinds = INTEGER | STRING,
	  .reason = "an integer is decimal; a string may be octal" },
	{ "UserEnvironmentVariables", KEY_WARNED, .kinds = DICT,
	  .reason = "it changes other jobs of a login session only" },
	{ "WaitForDebugger", KEY_WARNED, .kinds = BOOL, .reason = "superd starts the program at once" },
	{ "InetdCompatibility inetdCompatibility", KEY_DONE, KEYS_IN(LAUNCHD_INETD), .option = "pass", .kinds = DICT,
	  .reason = "inetd" },
};

static const struct key_word families[] = {
	{ "IPv4", "4" }, { "IPv6", "6" }, { "IPv4v6", "" }, { "Unix", "unix" }, { 0 }
};
static const struct key_word protocols[] = { { "TCP", "stream" }, { "UDP", "dgram" }, { 0 } };
static const struct key_word types[] = {
	{ "stream", "stream" }, { "dgram", "dgram" }, { "seqpacket", "seqpacket" }, { 0 }
};

static const struct key_row socket_keys[] = {
	{ "Bonjour Rendezvous", KEY_WARNED, .kinds = BOOL | STRING | ARRAY,
	  .reason = "superd announces nothing by multicast DNS; use a service file of avahi-daemon(8)" },
	{ "MulticastGroup", KEY_DONE, .option = "multicast_group", .kinds = STRING, .flags = SOCKET_INET,
	  .reason = "an address; SockFamily may be missing" },
	{ "ReceivePacketInfo", KEY_DONE, .option = "pass_packet_info", .kinds = BOOL, .flags = SOCKET_INET,
	  .words = only_yes },
	{ "SecureSocketWithKey", KEY_DONE, ADDRESS, .kinds = STRING,
	  .reason = "a path below superd's runtime directory that only the job's user may connect to; "
		    "the variable is set for this job, not for all" },
	{ "SockFamily", KEY_DONE, ADDRESS, .kinds = STRING, .words = families, .folds_case = true,
	  .reason = "IPv4, IPv6, IPv4v6 or Unix; if missing, one socket for each family",
	  .wrong = "expected IPv4, IPv6, IPv4v6 or Unix" },
	{ "SockNodeName", KEY_DONE, ADDRESS, .kinds = STRING, .flags = SOCKET_INET,
	  .reason = "a host; of several addresses the first, with a warning" },
	{ "SockPassive", KEY_DONE, ADDRESS, .kinds = BOOL,
	  .reason = "true; superd refuses false, a socket that connects" },
	{ "SockPathGroup SockPathOwner", KEY_DONE, .kinds = INTEGER | STRING, .flags = SOCKET_UNIX },
	{ "SockPathMode", KEY_DONE, APART, .kinds = INTEGER, .flags = SOCKET_UNIX,
	  .reason = "decimal, without the file type's bits; the default is 0700" },
	{ "SockPathName", KEY_DONE, ADDRESS, .kinds = STRING },
	{ "SockProtocol", KEY_DONE, ADDRESS, .kinds = STRING, .flags = SOCKET_INET, .words = protocols,
	  .folds_case = true, .reason = "TCP or UDP, and must match SockType", .wrong = "expected TCP or UDP" },
	{ "SockServiceName", KEY_DONE, .form = FORM_ADDRESS, .kinds = STRING | INTEGER, .flags = SOCKET_INET },
	{ "SockType", KEY_DONE, ADDRESS, .kinds = STRING, .words = types, .folds_case = true,
	  .reason = "stream, dgram or seqpacket", .wrong = "expected stream, dgram or seqpacket" },
};

static const struct key_row inetd_keys[] = {
	{ "Instances", KEY_DONE, .kinds = INTEGER },
	{ "Wait", KEY_DONE, APART, .kinds = BOOL, .reason = "false is accept = yes" },
};

static const struct key_row keep_alive_keys[] = {
	{ "NetworkState", KEY_HARMLESS, .kinds = ANY },
	{ "AfterInitialDemand", KEY_DONE, APART, .option = "start", .kinds = BOOL, .reason = "true is demand" },
	{ "Crashed", KEY_DONE, APART, .option = "restart", .kinds = BOOL,
	  .reason = "true is on-abnormal, false always (warning); start is boot" },
	{ "OtherJobActive OtherJobEnabled", KEY_WARNED, .kinds = DICT,
	  .reason = "superd starts no job by the state of another" },
	{ "PathState", KEY_WARNED, .kinds = DICT, .reason = "superd does not watch files" },
	{ "SuccessfulExit", KEY_DONE, APART, .option = "restart", .kinds = BOOL,
	  .reason = "true is on-success, false on-failure; start is boot; with Crashed the word that covers both" },
};

/* Of each key the values of both dictionaries become one option (set_resource_limits). */
static const struct key_row limit_keys[] = {
	{ "CPU", KEY_DONE, .option = "rlimit_cpu", .kinds = INTEGER },
	{ "Core", KEY_DONE, .option = "rlimit_core", .kinds = INTEGER },
	{ "Data", KEY_DONE, .option = "rlimit_data", .kinds = INTEGER },
	{ "FileSize", KEY_DONE, .option = "rlimit_fsize", .kinds = INTEGER },
	{ "MemoryLock", KEY_DONE, .option = "rlimit_memlock", .kinds = INTEGER },
	{ "NumberOfFiles", KEY_DONE, .option = "rlimit_nofile", .kinds = INTEGER },
	{ "NumberOfProcesses", KEY_DONE, .option = "rlimit_nproc", .kinds = INTEGER },
	{ "ResidentSetSize", KEY_DONE, .option = "rlimit_rss", .kinds = INTEGER },
	{ "Stack", KEY_DONE, .option = "rlimit_stack", .kinds = INTEGER },
};

#define KEYS(list) list, sizeof(list) / sizeof(*(list))

const struct key_table launchd_keys[LAUNCHD_DICTIONARIES] = {
	[LAUNCHD_JOB] = { LAUNCHD, NULL, "Keys of a job", KEYS(job_keys) },
	[LAUNCHD_SOCKETS] = { LAUNCHD, "Sockets", "Keys of a socket", KEYS(socket_keys) },
	[LAUNCHD_INETD] = { LAUNCHD, "inetdCompatibility", "Keys of inetdCompatibility", KEYS(inetd_keys) },
	[LAUNCHD_KEEP_ALIVE] = { LAUNCHD, "KeepAlive", "Keys of KeepAlive", KEYS(keep_alive_keys) },
	[LAUNCHD_LIMITS] = { LAUNCHD, "SoftResourceLimits", "Keys of SoftResourceLimits and HardResourceLimits",
			     KEYS(limit_keys) },
};

/* The forms of property lists. */
#define LOOKED_AT 4096 /* bytes of a text in which its first element stands */

bool plist_recognises(const struct source_file *source)
{
	size_t blanks = strspn(source->text, " \t\r\n"), length = source->length - blanks;
	const char *text = source->text + blanks;

	if (scan_begins_with(source->text, source->length, "bplist") || scan_begins_with(text, length, "<plist") ||
	    scan_begins_with(text, length, "<!DOCTYPE plist"))
		return true;
	if (!scan_begins_with(text, length, "<?xml") && !scan_begins_with(text, length, "<!--"))
		return false;
	return memmem(text, length < LOOKED_AT ? length : LOOKED_AT, "<plist", 6);
}

const struct plist *plist_read(struct pool *pool, const struct source_file *source, struct diags *diags)
{
	if (!scan_begins_with(source->text, source->length, "bplist"))
		return plist_read_xml(pool, source, diags);
	diag_error(diags, ((struct origin){ .file = source->file }),
		   "this is a binary property list: superd reads property lists of XML");
	diags_hint(diags, "plistutil -i FILE -o FILE.xml converts it to XML");
	return NULL;
}

/* A job while its builder is made from its property list. */
struct launchd_job {
	struct draft draft;
	const struct plist *root;       /* the dictionary of the job */
	const char *label;              /* the key Label */
	const struct plist *inetd;      /* inetdCompatibility: the socket is standard input and output; NULL: not set */
	bool accepts;                   /* inetdCompatibility with Wait false: superd accepts */
	size_t sockets;                 /* sockets of the builder so far */
};

static const struct plist *job_value(const struct launchd_job *job, const char *key)
{
	return plist_get(job->root, key);
}

static bool bool_of(const struct plist *value, bool fallback)
{
	return value ? value->number : fallback;
}

static bool asks_for_nothing(const struct plist *element)
{
	return (element->kind == PLIST_BOOL && !element->number) ||
	       ((element->kind == PLIST_DICT || element->kind == PLIST_ARRAY) && !element->first);
}

/* "an integer or a string" */
static const char *describe_kinds(struct launchd_job *job, unsigned kinds)
{
	static const char *const names[] = {
		"a dictionary", "an array", "a string", "an integer", "a real number", "true or false", "a date", "data"
	};
	struct buf out = { 0 };

	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		if (kinds & 1u << n)
			buf_addf(&out, "%s%s", out.length ? " or " : "", names[n]);
	}
	return buf_keep(&out, job->draft.pool);
}

/* Reports all keys that superd does not apply. false: one has a value of a wrong kind; then nobody may look at any.
 * unfit: of sockets, the flag of keys that do not go with this one. */
static bool check_keys(struct launchd_job *job, const struct key_table *keys, const struct plist *dict, unsigned unfit)
{
	const struct draft *draft = &job->draft;
	bool good = true;

	for (const struct plist *element = dict->first; element; element = element->next) {
		const struct key_row *key = key_find(keys, element->key);
		struct scan_nearest near = scan_nearest_begin(element->key);

		if (!key) {
			draft_warn(draft, element->key_at, "%s: unknown%s%s, it is skipped", element->key,
				   keys->section ? " in " : "", keys->section ? keys->section : "");
			key_nearest_look(&near, keys);
			if (near.word)
				draft_hint(draft, "did you mean '%s'?", near.word);
		} else if (!(key->kinds & (unsigned)element->kind)) {
			good = draft_refuse(draft, element->at, "%s: expected %s, not %s", element->key,
					    describe_kinds(job, key->kinds), describe_kinds(job, element->kind));
		} else if (key->form == FORM_DICTIONARY) {
			good &= check_keys(job, key->keys, element, 0);
		} else if (key->flags & unfit && !asks_for_nothing(element)) {
			draft_warn(draft, element->key_at, "%s is skipped: it goes %s SockPathName", element->key,
				   unfit == SOCKET_UNIX ? "with" : "without");
		} else if (!asks_for_nothing(element)) {
			key_report_lack(key, element->key, element->key_at, draft->reading);
		}
	}
	return good;
}

/* Sets the options of keys that are such. unfit: as for check_keys. */
static void apply_keys(struct launchd_job *job, const struct key_table *keys, const struct plist *dict, unsigned unfit)
{
	const struct draft *draft = &job->draft;

	for (const struct plist *element = dict->first; element; element = element->next) {
		const struct key_row *key = key_find(keys, element->key);
		const char *text = element->kind != PLIST_BOOL ? element->text : element->number ? "yes" : "no";

		if (!key || key->status != KEY_DONE || key->form != FORM_OPTION || key->flags & unfit)
			continue;
		if (!*text && !key->words) {
			draft_refuse(draft, element->at, "%s: it is empty", element->key);
			continue;
		}
		text = key_translate(key, &(struct key_assignment){ element->key, text, element->at }, draft->pool,
				     draft->diags);
		/* LowPriorityIO and LowPriorityBackgroundIO say the same. */
		if (text && (keys->section || !builder_has(draft->builder, key_option(keys, key))))
			draft_set_text(draft, key_option(keys, key), text, element->at);
	}
}

/* Makes sockets of superd.conf of a job's sockets.
 *
 * Without a family a socket becomes one for each family, of the same name in LISTEN_FDNAMES. Only a job whose standard
 * input is the socket has a single socket for both families. */

#define NAME_MOST 255 /* bytes of a socket's name */

/* The name of the socket without colons, which separate names in LISTEN_FDNAMES. */
static const char *read_socket_name(struct launchd_job *job, const struct plist *element)
{
	struct buf name = { 0 };
	const char *kept;

	for (const char *c = element->key; *c && name.length < NAME_MOST; c++)
		buf_char(&name, isgraph((unsigned char)*c) && !strchr(":/}", *c) ? *c : '_');
	if (*element->key == '.')       /* . and .. */
		name.data[0] = '_';
	if (!name.length)
		buf_text(&name, job->label);
	kept = buf_keep(&name, job->draft.pool);
	if (strcmp(kept, element->key) != 0)
		draft_warn(&job->draft, element->key_at,
			   "Sockets: '%s' is called %s in LISTEN_FDNAMES, where names have neither "
			   "blank, colon nor slash",
			   element->key, kept);
	return kept;
}

/* The part of the address that the key is. NULL: it is wrong (reported). */
static const char *read_part(struct launchd_job *job, const struct plist *dict, const char *key, const char *usual)
{
	const struct plist *value = plist_get(dict, key);

	if (!value)
		return usual;
	return key_translate(key_find(&launchd_keys[LAUNCHD_SOCKETS], key),
			     &(struct key_assignment){ key, value->text, value->at }, job->draft.pool,
			     job->draft.diags);
}

static void open_socket(struct launchd_job *job, const char *name, const struct plist *dict, const char *endpoint,
			struct origin at)
{
	job->sockets++;
	builder_open_socket(job->draft.builder, name, dict->at);
	draft_set_text(&job->draft, "listen", endpoint, at);
}

static void close_socket(struct launchd_job *job, const struct plist *dict, unsigned unfit)
{
	apply_keys(job, &launchd_keys[LAUNCHD_SOCKETS], dict, unfit);
	builder_close_socket(job->draft.builder, job->draft.diags);
}

static void add_variable(struct launchd_job *job, const char *assignment, struct origin at)
{
	draft_set(&job->draft, "env",
		  &(struct value){ .words = &assignment, .count = 1, .is_list = true, .append = true, .at = at,
			    .word_at = &at });
}

static void add_unix_socket(struct launchd_job *job, const char *name, const struct plist *dict, const char *type)
{
	const char *kind = !strcmp(type, "stream") ? "unix" : !strcmp(type, "dgram") ? "unix-dgram" : "seqpacket";
	const struct plist *path = plist_get(dict, "SockPathName"), *mode = plist_get(dict, "SockPathMode");
	const struct plist *secure = plist_get(dict, "SecureSocketWithKey"), *user = job_value(job, "UserName");
	int64_t bits = mode ? mode->number & ~(int64_t)S_IFMT : secure ? 0600 : 0700;   /* without its type: inode(7) */
	const struct draft *draft = &job->draft;
	const char *text = path ? path->text : pool_textf(draft->pool, "%%{runtime}/secure/%s/%s", job->label, name);

	open_socket(job, name, dict, pool_textf(draft->pool, "%s:%s", kind, text), (path ? path : secure)->at);
	if (bits < 0 || bits > 07777)
		draft_refuse(draft, mode->at, "SockPathMode: %s is no mode", mode->text);
	else
		draft_set_textf(draft, "socket_mode", mode ? mode->at : dict->at, "%04o", (unsigned)bits & 0777);
	if (secure && user && !plist_get(dict, "SockPathOwner"))
		draft_set_text(draft, "socket_user", user->text, user->at);
	if (!path)
		draft_set_text(draft, "remove_on_stop", "yes", secure->at);
	close_socket(job, dict, SOCKET_INET);
	if (secure)
		add_variable(job, pool_textf(draft->pool, "%s=%%{path:%s}", secure->text, name), secure->at);
}

static void add_inet_socket(struct launchd_job *job, const char *name, const struct plist *dict, const char *type,
			    const char *family, bool is_optional)
{
	const struct plist *node = plist_get(dict, "SockNodeName"), *port = plist_get(dict, "SockServiceName");
	struct origin at = port ? port->at : node->at;
	struct buf endpoint = { 0 };

	endpoint_add(&endpoint, !strcmp(type, "dgram") ? "udp" : "tcp", family, node ? node->text : NULL,
		     port ? port->text : "0");
	open_socket(job, name, dict, buf_keep(&endpoint, job->draft.pool), at);
	if (is_optional)
		draft_set_text(&job->draft, "optional", "yes", at);
	close_socket(job, dict, SOCKET_UNIX);
}

/* family: NULL: the key is not set. */
static void add_inet_sockets(struct launchd_job *job, const char *name, const struct plist *dict, const char *type,
			     const char *family)
{
	const struct draft *draft = &job->draft;
	const struct plist *node = plist_get(dict, "SockNodeName"), *port = plist_get(dict, "SockServiceName");
	const struct plist *group = plist_get(dict, "MulticastGroup");

	if (family && !strcmp(family, "unix")) {
		draft_refuse(draft, plist_get(dict, "SockFamily")->at, "SockFamily: Unix: SockPathName is missing");
	} else if (node && (!*node->text || *node->text == '[')) {
		draft_refuse(draft, node->at, "SockNodeName: '%s': expected a host or an address, without brackets; "
			     "without it the job listens at every address", node->text);
	} else if (!port && !node) {
		draft_refuse(draft, dict->at,
			     "Sockets: it has no address: SockServiceName or SockPathName is missing");
	} else if (!strcmp(type, "seqpacket")) {
		draft_refuse(draft, plist_get(dict, "SockType")->at, "SockType: seqpacket goes with SockPathName");
	} else if (group && strcmp(type, "dgram") != 0) {
		draft_refuse(draft, group->at, "MulticastGroup: it goes with SockType dgram");
	} else {
		if (!port)
			draft_warn(draft, node->key_at, "SockServiceName is missing: the port is any that is free");
		if (group && !family)
			family = strchr(group->text, ':') ? "6" : "4";
		if (!family && (node || (job->inetd && !job->accepts)))
			family = "";
		add_inet_socket(job, name, dict, type, family ? family : "4", false);
		if (!family)
			add_inet_socket(job, name, dict, type, "6", true);
	}
}

static void add_socket(struct launchd_job *job, const char *name, const struct plist *dict)
{
	const struct plist *passive = plist_get(dict, "SockPassive"), *value;
	bool is_unix = plist_get(dict, "SockPathName") || plist_get(dict, "SecureSocketWithKey");
	const char *protocol, *type, *family;
	size_t errors = job->draft.diags->errors;

	if (!check_keys(job, &launchd_keys[LAUNCHD_SOCKETS], dict,
			is_unix ? SOCKET_INET : SOCKET_UNIX))
		return;
	value = is_unix ? NULL : plist_get(dict, "SockProtocol");
	protocol = value ? read_part(job, dict, "SockProtocol", NULL) : "stream";
	type = read_part(job, dict, "SockType", protocol);
	family = read_part(job, dict, "SockFamily", NULL);
	if (value && protocol && type && !strcmp(protocol, "dgram") != !strcmp(type, "dgram"))
		draft_refuse(&job->draft, value->at,
			     "SockProtocol: %s does not go with SockType %s: TCP is stream, UDP dgram", value->text,
			     type);
	if (!bool_of(passive, true))
		draft_refuse(&job->draft, passive->key_at,
			     "SockPassive: superd cannot honour it: it listens, and connects no sockets for a job");
	if (job->draft.diags->errors != errors)
		return;
	if (is_unix)
		add_unix_socket(job, name, dict, type);
	else
		add_inet_sockets(job, name, dict, type, family);
}

static void build_sockets(struct launchd_job *job)
{
	const struct plist *sockets = job_value(job, "Sockets");

	for (const struct plist *entry = sockets ? sockets->first : NULL; entry; entry = entry->next) {
		const char *name = read_socket_name(job, entry);
		const struct plist *one = entry->kind == PLIST_ARRAY ? entry->first : entry;

		do {
			if (one && one->kind == PLIST_DICT)
				add_socket(job, name, one);
			else
				draft_refuse(&job->draft, one ? one->at : entry->at,
					     "Sockets: %s: expected a dictionary or an array of them", entry->key);
			one = one && one != entry ? one->next : NULL;
		} while (one);
	}
	if (job->inetd && !job->accepts && job->sockets > 1)
		draft_refuse(&job->draft, job->inetd->at,
			     "inetdCompatibility: with Wait true a job has one socket as its standard input, and "
			     "these are %zu",
			     job->sockets);
}

/* The program of a job, its environment and limits.
 *
 * With both Program and ProgramArguments the arguments begin with argv[0], which may differ from the program's name.
 * Without Program the first argument is the program. */

static void set_program(struct launchd_job *job)
{
	static const char *const usual[] = { "/usr/bin", "/bin", "/usr/sbin", "/sbin" }; /* launchd's own PATH */
	const struct draft *draft = &job->draft;
	const struct plist *program = job_value(job, "Program"), *arguments = job_value(job, "ProgramArguments");
	const struct plist *name = arguments ? arguments->first : NULL, *first = program ? program : name;
	struct word_list exec = { 0 };

	for (const struct plist *argument = name; argument; argument = argument->next) {
		if (argument->kind != PLIST_STRING)
			draft_refuse(draft, argument->at, "ProgramArguments: an argument is a string");
	}
	if (!first)
		draft_refuse(draft, job->root->at, "%s: ProgramArguments is missing", job->label);
	else if (!*first->text)
		draft_refuse(draft, first->at, "Program: it is empty");
	if (!first || !*first->text)
		return;
	exec.at = program ? program->at : arguments->at;
	word_list_add(&exec, first->text, first->at);
	for (const struct plist *argument = name ? name->next : NULL; argument; argument = argument->next)
		word_list_add(&exec, template_escaped(draft->pool, argument->text), argument->at);
	draft_set_list(draft, "exec", &exec);
	if (program && name && strcmp(name->text, program->text) != 0)
		draft_set_text(draft, "argv0", template_escaped(draft->pool, name->text), name->at);
	else if (!program && !strchr(first->text, '/'))
		draft_set(draft, "exec_search_path",
			  &(struct value){ .words = usual, .count = 4, .is_list = true, .at = exec.at });
	word_list_free(&exec);
}

static void set_environment(struct launchd_job *job)
{
	const struct plist *variables = job_value(job, "EnvironmentVariables");
	const struct draft *draft = &job->draft;

	for (const struct plist *one = variables ? variables->first : NULL; one; one = one->next) {
		if (one->kind != PLIST_STRING)
			draft_refuse(draft, one->at, "EnvironmentVariables: %s: a variable is a string", one->key);
		else
			add_variable(job, template_escaped(draft->pool,
							   pool_textf(draft->pool, "%s=%s", one->key, one->text)),
				     one->key_at);
	}
}

/* An integer of a property list is decimal; a string is octal if it begins with 0. */
static void set_umask(struct launchd_job *job)
{
	const struct plist *value = job_value(job, "Umask");
	int64_t number = value ? value->number : 0;

	if (value && ((value->kind == PLIST_STRING && scan_count(value->text, &number)) || number < 0 || number > 0777))
		draft_refuse(&job->draft, value->at, "Umask: '%s': expected at most 511, which is 0777 in octal",
			     value->text);
	else if (value)
		draft_set_textf(&job->draft, "umask", value->at, "%04o", (unsigned)number);
}

/* The text of a limit. On macOS the largest number means no limit. */
static const char *limit_text(const struct plist *limit)
{
	return !limit ? "" : limit->number == INT64_MAX ? "infinity" : limit->text;
}

/* Sets resource limits. A soft or hard limit that the list does not set stays as superd's. */
static void set_resource_limits(struct launchd_job *job)
{
	const struct plist *softs = job_value(job, "SoftResourceLimits"), *hards = job_value(job, "HardResourceLimits");
	struct key_list limits = key_list(&launchd_keys[LAUNCHD_LIMITS]);

	for (size_t n = 0; n < limits.count; n++) {
		const struct plist *soft = plist_get(softs, limits.list[n].name);
		const struct plist *hard = plist_get(hards, limits.list[n].name), *value = soft ? soft : hard;

		if (value)
			draft_set_textf(&job->draft, limits.list[n].option, value->at, "%s:%s", limit_text(soft),
					limit_text(hard));
	}
}

/* The socket as standard input and output. */
static void set_inetd_compatibility(struct launchd_job *job)
{
	const struct draft *draft = &job->draft;
	const struct plist *instances = plist_get(job->inetd, "Instances");

	if (!job->inetd)
		return;
	draft_set_text(draft, "accept", job->accepts ? "yes" : "no", job->inetd->at);
	draft_set_text(draft, "pass", "inetd", job->inetd->at);
	if (job->accepts)
		apply_keys(job, &launchd_keys[LAUNCHD_INETD], job->inetd, 0);
	else if (instances)
		draft_warn(draft, instances->key_at,
			   "Instances has no effect: with Wait true the job accepts the connections itself");
}

/* What KeepAlive, in its several forms, says: after which ends the job starts again, and so must start before any
 * client connects. NULL: only the next client starts it. */
static const char *find_restart(const struct plist *keep_alive)
{
	const struct plist *success = plist_get(keep_alive, "SuccessfulExit");
	const struct plist *crashed = plist_get(keep_alive, "Crashed");

	if (keep_alive && keep_alive->kind == PLIST_BOOL)
		return keep_alive->number ? "always" : NULL;
	if (success && (!crashed || (crashed->number && !success->number)))
		return success->number ? "on-success" : "on-failure";
	if (crashed)
		return crashed->number && !success ? "on-abnormal" : "always";
	return NULL;
}

static void set_start(struct launchd_job *job)
{
	const struct draft *draft = &job->draft;
	const struct plist *keep_alive = job_value(job, "KeepAlive"), *on_demand = job_value(job, "OnDemand");
	const struct plist *start = job_value(job, "RunAtLoad"), *crashed = plist_get(keep_alive, "Crashed");
	const struct plist *sockets = job_value(job, "Sockets");
	const char *restart = bool_of(on_demand, true) ? find_restart(keep_alive) : "always";

	if (!bool_of(start, false))
		start = !bool_of(on_demand, true) ? on_demand :
			restart && !bool_of(plist_get(keep_alive, "AfterInitialDemand"), false) ? keep_alive : NULL;
	if (start && job->accepts) {
		draft_warn(draft, start->key_at, "%s is skipped: with inetdCompatibility and Wait false each "
						 "connection has an instance of its own", start->key);
		return;
	}
	if (start)
		draft_set_text(draft, "start", "boot", start->at);
	else if (!sockets || !sockets->first)
		draft_refuse(draft, job->root->at,
			     "%s: nothing starts it: it has no Sockets, and neither RunAtLoad nor KeepAlive",
			     job->label);
	/* It runs once: neither a client nor a good end starts it again. */
	if (start && !job->sockets &&
	    (!restart || !strcmp(restart, "on-failure") || !strcmp(restart, "on-abnormal")))
		draft_set_text(draft, "type", "oneshot", start->at);
	if (crashed && !crashed->number && restart && !strcmp(restart, "always"))
		draft_warn(draft, crashed->key_at, "Crashed is false, but superd restarts the job after a crash, too");
	if (restart && !job->accepts)
		draft_set_text(draft, "restart", restart, (keep_alive ? keep_alive : start)->at);
}

static void set_stop(struct launchd_job *job)
{
	const struct plist *abandons = job_value(job, "AbandonProcessGroup");
	const struct plist *pause = job_value(job, "ThrottleInterval");

	keys_set_absent(&launchd_keys[LAUNCHD_JOB], job->draft.builder, job->root->at, job->draft.diags);
	if (bool_of(abandons, false))
		draft_set_text(&job->draft, "kill_mode", "process", abandons->at);
	else
		draft_set_text(&job->draft, "kill_leftovers", "yes", abandons ? abandons->at : job->root->at);
	if (pause && pause->number > PAUSE_USUAL)       /* the longest pause is not shorter than the first */
		draft_set_text(&job->draft, "backoff_max", pause->text, pause->at);
}

static void build_job(struct launchd_job *job, struct origin at)
{
	const struct plist *label = job_value(job, "Label"), *output, *wait;
	const struct draft *draft = &job->draft;

	if (label && label->kind == PLIST_STRING && *label->text)
		job->label = label->text;
	job->draft.builder = builder_new(draft->reading->table,
					 (struct service){ .name = job->label, .at = at, .dialect = LAUNCHD,
							   .is_foreign = true, .is_alone = true });
	if (!check_keys(job, &launchd_keys[LAUNCHD_JOB], job->root, 0))
		return;
	if (!label)
		draft_refuse(draft, at, "Label is missing: it is the job's name");
	else if (!*label->text)
		draft_refuse(draft, label->at, "Label: it is the job's name, and empty");
	apply_keys(job, &launchd_keys[LAUNCHD_JOB], job->root, 0);
	job->inetd = job_value(job, "inetdCompatibility");
	if (!job->inetd)
		job->inetd = job_value(job, "InetdCompatibility");      /* as one package writes it */
	wait = plist_get(job->inetd, "Wait");
	job->accepts = job->inetd && !bool_of(wait, false);
	build_sockets(job);
	set_program(job);
	set_inetd_compatibility(job);
	set_environment(job);
	set_umask(job);
	set_resource_limits(job);
	/* Without a path errors go to the client, or where superd logs them. */
	output = job_value(job, "StandardOutPath");
	if (!job_value(job, "StandardErrorPath") && (job->inetd || output))
		draft_set_text(draft, "error", job->inetd ? "socket" : "log", (job->inetd ? job->inetd : output)->at);
	set_start(job);
	set_stop(job);
}

bool launchd_read_source(struct reading *reading, const struct source_file *source)
{
	struct origin at = { .file = source->file, .line = 1, .column = 1 };
	size_t errors = reading->diags->errors;
	struct launchd_job job = { .draft = { reading, pool_new(), reading->diags, NULL, false }, .label = "?" };

	job.root = plist_read(job.draft.pool, source, reading->diags);
	if (job.root && job.root->kind == PLIST_DICT)
		build_job(&job, at);
	else if (job.root)
		diag_error(reading->diags, job.root->at, "a job is a dictionary, <dict>");
	if (job.draft.builder && reading->diags->errors == errors) {
		reading_add(reading, job.draft.builder);
	} else {
		builder_free(job.draft.builder);
		reading_skip(reading, at, job.draft.builder ? job.label : NULL);
	}
	pool_free(job.draft.pool);
	return true;
}

static bool launchd_takes(struct reading *reading, const char *path, const char *name)
{
	(void)reading, (void)path;
	return scan_ends_with(name, ".plist");
}

const struct reader reader_launchd = {
	.recognises = plist_recognises,
	.takes = launchd_takes,
	.passes_over = true,
	.load = source_load_bytes,
	.read_source = launchd_read_source,
};
