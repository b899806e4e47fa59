/* Reads launchd's property lists: the keys, a job's sockets, program and lifecycle.
 *
 * A broken job must not run at all. superd reports all mistakes of its list and then leaves out the whole job. */
#include "read/launchd/launchd.h"

#include <ctype.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "lib/scan.h"
#include "read/launchd/internal.h"
#include "table/reading/assignment.h"
#include "table/reading/word_list.h"

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
#define MACH "Mach services exist on macOS only"
#define HINT "it tunes how macOS schedules the job"
#define NO_PATH "expected a path that starts with /"
#define TELLS "it only describes the job"

static const struct key_word null_device[] = { { "/dev/null", "null" }, { 0 } };
static const struct key_word low_priority[] = { { "yes", "best-effort:7" }, { "no", NULL }, { 0 } };
static const struct key_word only_yes[] = { { "yes", "yes" }, { "no", NULL }, { 0 } };

static const struct key_row job_keys[] = {
	{ "AbandonProcessGroup", KEY_DONE, APART, .option = "kill_mode", .kinds = BOOL,
	  .reason = "true is process; else kill_rest is set" },
	{ "AssociatedBundleIdentifiers", KEY_HARMLESS, .kinds = STRING | ARRAY, .reason = TELLS },
	{ "BeginTransactionAtShutdown EnablePressuredExit EnableTransactions", KEY_HARMLESS, .kinds = BOOL,
	  .reason = "a program may exit at any time; the next client starts it again" },
	{ "BundleProgram", KEY_REFUSED, .kinds = STRING, .reason = "bundles exist on macOS only; use Program" },
	{ "CFBundleIdentifier ServiceDescription", KEY_HARMLESS, .kinds = STRING, .reason = TELLS },
	{ "Debug", KEY_HARMLESS, .kinds = BOOL, .reason = "use superd's --log-level" },
	{ "DisableASLR", KEY_WARNED, .kinds = BOOL, .reason = "superd leaves the layout of memory to the kernel" },
	{ "Disabled InitGroups", KEY_DONE, .kinds = BOOL },
	{ "DrainMessagesOnCrash", KEY_HARMLESS, .kinds = ANY, .reason = MACH },
	{ "EnableGlobbing", KEY_REFUSED, .kinds = BOOL, .reason = "superd expands no patterns in arguments" },
	{ "EnvironmentVariables", KEY_DONE, APART, .kinds = DICT },
	{ "ExitTimeOut", KEY_DONE, .kinds = INTEGER, .reason = "0 means no limit; the default is 20 s",
	  .zero = "infinity", .absent = "20" },
	{ "GroupName RootDirectory UserName WorkingDirectory", KEY_DONE, .kinds = STRING },
	{ "HardResourceLimits SoftResourceLimits", KEY_DONE, KEYS_IN(LAUNCHD_LIMITS), .option = "rlimit_*",
	  .kinds = DICT },
	{ "HopefullyExitsFirst HopefullyExitsLast IgnoreProcessGroupAtShutdown", KEY_HARMLESS, .kinds = BOOL,
	  .reason = "superd stops all services at the same time" },
	{ "JetsamProperties", KEY_WARNED, .kinds = DICT, .reason = HINT },
	{ "JoinGUISession", KEY_HARMLESS, .kinds = BOOL, .reason = "superd has no login sessions" },
	{ "KeepAlive", KEY_DONE, KEYS_IN(LAUNCHD_KEEP_ALIVE), .option = "start", .kinds = BOOL | DICT,
	  .reason = "true is boot, with restart = always" },
	{ "Label", KEY_DONE, APART, .option = "service", .kinds = STRING, .reason = "the service's name" },
	{ "LaunchEvents", KEY_REFUSED, .kinds = DICT, .reason = BY_ITSELF },
	{ "LaunchOnlyOnce", KEY_WARNED, .kinds = BOOL,
	  .reason = "the next client starts the program again, after a failure once the pause is over" },
	{ "LegacyTimers", KEY_HARMLESS, .kinds = BOOL, .reason = HINT },
	{ "LimitLoadFromHardware LimitLoadToHardware", KEY_REFUSED, .kinds = DICT, .reason = MACHINE },
	{ "LimitLoadFromHosts LimitLoadToHosts", KEY_REFUSED, .kinds = ARRAY, .reason = MACHINE },
	{ "LimitLoadToSessionType", KEY_HARMLESS, .kinds = STRING | ARRAY, .reason = "superd has no login sessions" },
	{ "LowPriorityBackgroundIO LowPriorityIO", KEY_DONE, .option = "io_scheduling", .kinds = BOOL,
	  .reason = "true is best-effort:7", .words = low_priority },
	{ "MachExceptionHandler", KEY_HARMLESS, .kinds = STRING, .reason = MACH },
	{ "MachServices", KEY_WARNED, .kinds = DICT, .reason = MACH },
	{ "MaterializeDatalessFiles", KEY_HARMLESS, .kinds = BOOL, .reason = "dataless files exist on macOS only" },
	{ "MultipleInstances", KEY_WARNED, .kinds = BOOL,
	  .reason = "a service that accepts its own connections runs once" },
	{ "Nice", KEY_DONE, .kinds = INTEGER },
	{ "OnDemand", KEY_DONE, APART, .option = "start", .kinds = BOOL,
	  .reason = "the older form of KeepAlive, inverted" },
	{ "POSIXSpawnType ProcessType", KEY_HARMLESS, .kinds = STRING, .reason = HINT },
	{ "Program", KEY_DONE, APART, .option = "exec", .kinds = STRING,
	  .reason = "the first of ProgramArguments is then argv0" },
	{ "ProgramArguments", KEY_DONE, APART, .kinds = ARRAY,
	  .reason = "superd searches for a program without a slash in /usr/bin, /bin, /usr/sbin and /sbin" },
	{ "QueueDirectories WatchPaths", KEY_REFUSED, .kinds = ARRAY, .reason = BY_ITSELF },
	{ "RunAtLoad", KEY_DONE, APART, .kinds = BOOL,
	  .reason = "true means boot; a job without Sockets and KeepAlive is a oneshot" },
	{ "SHAuthorizationRight", KEY_HARMLESS, .kinds = STRING,
	  .reason = "it controls on macOS who may enable the job" },
	{ "SandboxContainer SandboxProfile", KEY_REFUSED, .kinds = STRING, .reason = SANDBOX },
	{ "SandboxFlags", KEY_REFUSED, .kinds = ANY, .reason = SANDBOX },
	{ "ServiceIPC", KEY_HARMLESS, .kinds = BOOL,
	  .reason = "superd passes the sockets by LISTEN_FDS and LISTEN_FDNAMES" },
	{ "SessionCreate", KEY_HARMLESS, .kinds = BOOL, .reason = "superd starts each instance in its own session" },
	{ "Sockets", KEY_DONE, APART, .option = "socket", .kinds = DICT },
	{ "SpawnConstraint", KEY_REFUSED, .kinds = DICT, .reason = "superd does not check signatures of programs" },
	{ "StandardErrorPath StandardOutPath", KEY_DONE, .kinds = STRING, .reason = "append; /dev/null means null",
	  .words = null_device, .path = "append:", .wrong = NO_PATH },
	{ "StandardInPath", KEY_DONE, .kinds = STRING, .words = null_device, .path = "file:", .wrong = NO_PATH },
	{ "StartCalendarInterval", KEY_REFUSED, .kinds = DICT | ARRAY, .reason = BY_ITSELF },
	{ "StartInterval", KEY_REFUSED, .kinds = INTEGER, .reason = BY_ITSELF },
	{ "StartOnMount", KEY_REFUSED, .kinds = BOOL, .reason = BY_ITSELF },
	{ "ThrottleInterval", KEY_DONE, APART, .kinds = INTEGER,
	  .reason = "the first pause, which doubles; the default is superd's" },
	{ "TimeOut", KEY_DONE, APART, .kinds = INTEGER,
	  .reason = "superd stops the job after this time without connections; 0 means no limit" },
	{ "Umask", KEY_DONE, APART, .kinds = INTEGER | STRING,
	  .reason = "an integer is decimal; a string may be octal" },
	{ "UserEnvironmentVariables", KEY_WARNED, .kinds = DICT,
	  .reason = "it changes other jobs of a login session only" },
	{ "WaitForDebugger", KEY_WARNED, .kinds = BOOL, .reason = "superd starts the program at once" },
	{ "inetdCompatibility", KEY_DONE, KEYS_IN(LAUNCHD_INETD), .option = "pass", .kinds = DICT, .reason = "inetd" },
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
	{ "AfterInitialDemand", KEY_DONE, APART, .option = "start", .kinds = BOOL, .reason = "true is demand" },
	{ "Crashed", KEY_DONE, APART, .option = "restart", .kinds = BOOL,
	  .reason = "true is on-abnormal, false always (warning); start is boot" },
	{ "NetworkState", KEY_HARMLESS, .kinds = BOOL, .reason = "launchd ignores it, too" },
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

const struct key_row *launchd_key_find(const struct key_table *keys, const char *key)
{
	if (!strcmp(key, "InetdCompatibility"))
		key = "inetdCompatibility";
	return key_find(keys, key);
}

/* The forms of property lists. */
#define LOOKED_AT 4096 /* bytes of a text in which its first element stands */

static size_t count_blanks(const struct source_file *source)
{
	size_t count = 0;

	while (count < source->length && source->text[count] && strchr(" \t\r\n", source->text[count]))
		count++;
	return count;
}

static bool is_binary(const struct source_file *source)
{
	return scan_begins_with(source->text, source->length, "bplist");
}

bool plist_recognises(const struct source_file *source)
{
	const char *text = source->text;
	size_t length = source->length, blanks = count_blanks(source);

	if (is_binary(source))
		return true;
	text += blanks;
	length -= blanks;
	if (scan_begins_with(text, length, "<plist") || scan_begins_with(text, length, "<!DOCTYPE plist"))
		return true;
	if (!scan_begins_with(text, length, "<?xml") && !scan_begins_with(text, length, "<!--"))
		return false;
	return memmem(text, length < LOOKED_AT ? length : LOOKED_AT, "<plist", 6);
}

const struct plist *plist_read(struct pool *pool, const struct source_file *source, struct diags *diags)
{
	size_t start = count_blanks(source), length = source->length - start;
	const char *text = source->text + start;

	if (is_binary(source)) {
		diag_error(diags, ((struct origin){ .file = source->file }),
			   "this is a binary property list: superd reads property lists of XML");
		diags_hint(diags, "plistutil -i FILE -o FILE.xml converts it to XML");
		return NULL;
	}
	/* JSON, or an old-style list, which may also begin with a comment or a parenthesis */
	if (length &&
	    (*text == '{' || *text == '(' || scan_begins_with(text, length, "//") ||
	     scan_begins_with(text, length, "/*"))) {
		diag_error(diags, source_origin(source, start),
			   "this is no property list of XML: it looks like JSON, or like the older form");
		diags_hint(diags, "plutil -convert xml1 converts it to XML");
		return NULL;
	}
	return plist_read_xml(pool, source, diags);
}

const struct plist *plist_get(const struct plist *dict, const char *key)
{
	const struct plist *element = dict ? dict->first : NULL;

	while (element && strcmp(element->key, key) != 0)
		element = element->next;
	return element;
}

/* Adds the names of kinds to out: "a string", "an integer or a string". */
static void plist_kinds_describe(unsigned kinds, struct buf *out)
{
	static const char *const names[] = { "a dictionary",  "an array",      "a string", "an integer",
					     "a real number", "true or false", "a date",   "data" };
	const char *between = "";

	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		if (!(kinds & 1u << n))
			continue;
		buf_addf(out, "%s%s", between, names[n]);
		between = " or ";
	}
}

/* A job while its builder is made from its property list. */
struct launchd_job {
	struct draft draft;
	const struct plist *root;  /* the dictionary of the job */
	const char *label;	   /* the key Label */
	const struct plist *inetd; /* inetdCompatibility: the socket is standard input and output; NULL: not set */
	bool accepts;		   /* inetdCompatibility with Wait false: superd accepts */
	size_t sockets;		   /* sockets of the builder so far */
	bool hides_clients;	   /* the address of a client of one socket is unknown */
	struct word_list env;	   /* of EnvironmentVariables and SecureSocketWithKey */
};

/* Functions for all keys of a job: diagnostics, looking up keys, setting options.
 *
 * A key whose value has a wrong kind counts as missing. check_keys reports it once, so callers of find_element
 * need not. */

static void report_unknown_key(struct launchd_job *job, const struct key_table *keys, const struct plist *element)
{
	struct scan_nearest near = scan_nearest_begin(element->key);

	draft_warn(&job->draft, element->key_at, "%s: unknown%s%s, it is left out", element->key,
		   keys->section ? " in " : "", keys->section ? keys->section : "");
	key_nearest_look(&near, keys);
	if (near.word)
		draft_hint(&job->draft, "did you mean '%s'?", near.word);
}

static void report_wrong_kind(struct launchd_job *job, const struct key_row *key, const struct plist *element)
{
	struct buf takes = { 0 }, is = { 0 };

	plist_kinds_describe(key->kinds, &takes);
	plist_kinds_describe(element->kind, &is);
	draft_refuse(&job->draft, element->at, "%s: expected %s, not %s", element->key, buf_string(&takes),
		     buf_string(&is));
	buf_free(&takes);
	buf_free(&is);
}

static bool asks_for_nothing(const struct plist *element)
{
	return (element->kind == PLIST_BOOL && !element->number) ||
		((element->kind == PLIST_DICT || element->kind == PLIST_ARRAY) && !element->first);
}

static void check_keys(struct launchd_job *job, const struct key_table *keys, const struct plist *dict)
{
	for (const struct plist *element = dict->first; element; element = element->next) {
		const struct key_row *key = launchd_key_find(keys, element->key);

		if (!key)
			report_unknown_key(job, keys, element);
		else if (!(key->kinds & (unsigned)element->kind))
			report_wrong_kind(job, key, element);
		else if (key->form == FORM_DICTIONARY)
			check_keys(job, key->keys, element);
		else if (!asks_for_nothing(element))
			key_report_lack(key, element->key, element->key_at, job->draft.reading);
	}
}

static void apply_keys(struct launchd_job *job, const struct key_table *keys, const struct plist *dict, unsigned unfit)
{
	for (const struct plist *element = dict->first; element; element = element->next) {
		const struct key_row *key = launchd_key_find(keys, element->key);
		const char *text = element->kind != PLIST_BOOL ? element->text : element->number ? "yes" : "no";

		if (!key || key->status != KEY_DONE || key->form != FORM_OPTION || key->flags & unfit ||
		    !(key->kinds & (unsigned)element->kind))
			continue;
		if (!*text && !key->words) {
			draft_refuse(&job->draft, element->at, "%s: it is empty", element->key);
			continue;
		}
		text = key_translate(key, &(struct key_said){ element->key, text, element->at }, job->draft.pool,
				     job->draft.diags);
		/* LowPriorityIO and LowPriorityBackgroundIO say the same. */
		if (text && (keys->section || !builder_has(job->draft.builder, key_option(keys, key))))
			draft_set_text(&job->draft, key_option(keys, key), text, element->at);
	}
}

static const struct plist *find_element(const struct key_table *keys, const struct plist *dict, const char *key)
{
	const struct key_row *known = launchd_key_find(keys, key);
	const struct plist *element = plist_get(dict, key);

	return element && known->kinds & (unsigned)element->kind ? element : NULL;
}

static const struct plist *job_value(const struct launchd_job *job, const char *key)
{
	return find_element(&launchd_keys[LAUNCHD_JOB], job->root, key);
}

static bool is_odd(const struct launchd_job *job, const char *key)
{
	return plist_get(job->root, key) && !job_value(job, key);
}

static bool bool_of(const struct plist *said, bool fallback)
{
	return said ? said->number : fallback;
}

static const char *escape_percents(struct launchd_job *job, const char *text)
{
	struct buf plain = { 0 };

	for (; *text; text++) {
		if (*text == '%')
			buf_char(&plain, '%');
		buf_char(&plain, *text);
	}
	return buf_keep(&plain, job->draft.pool);
}

/* Makes sockets of superd.conf of a job's sockets.
 *
 * One socket of a list may become several: one for each address of a host, and without a family one for each family.
 * All of them have the same name in LISTEN_FDNAMES. Only a job whose standard input is the socket has a single socket
 * for both families. */

#define NAME_MOST 255		     /* bytes of a socket's name */
#define PRIVATE "%{runtime}/secure/" /* where sockets of SecureSocketWithKey are */

struct launchd_socket {
	const char *name; /* its LISTEN_FDNAMES entry */
	const struct plist *dict;
	const char *type;   /* stream, dgram or seqpacket */
	const char *family; /* "4", "6", "" for one socket of both families; NULL: the key is not set */
	const char *path;   /* of a unix socket; NULL: it is none */
};

static const struct plist *socket_value(const struct launchd_socket *socket, const char *key)
{
	return find_element(&launchd_keys[LAUNCHD_SOCKETS], socket->dict, key);
}

/* The name of the socket without colons, which separate names in LISTEN_FDNAMES. */
static const char *read_socket_name(struct launchd_job *job, const struct plist *element)
{
	struct buf name = { 0 };
	const char *kept;

	for (const char *c = element->key; *c && name.length < NAME_MOST; c++)
		buf_char(&name, isgraph((unsigned char)*c) && !strchr(":/}", *c) ? *c : '_');
	if (name.data && (!strcmp(buf_string(&name), ".") || !strcmp(buf_string(&name), "..")))
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

/* Whether the type is this one. */
static bool is_type(const struct launchd_socket *socket, const char *type)
{
	return !strcmp(socket->type, type);
}

/* Sets *part to the part of the address that the key is, if it is there. false: it is wrong (reported). */
static bool read_part(struct launchd_job *job, const struct launchd_socket *socket, const char *key, const char **part)
{
	const struct plist *said = socket_value(socket, key);
	const char *text;

	if (!said)
		return true;
	text = key_translate(launchd_key_find(&launchd_keys[LAUNCHD_SOCKETS], key),
			     &(struct key_said){ key, said->text, said->at }, job->draft.pool, job->draft.diags);
	if (text)
		*part = text;
	return text;
}

static bool read_socket_type(struct launchd_job *job, struct launchd_socket *socket)
{
	const struct plist *protocol = socket_value(socket, "SockProtocol");
	const char *usual = "stream";

	if (!read_part(job, socket, "SockProtocol", &usual))
		return false;
	socket->type = usual;
	if (!read_part(job, socket, "SockType", &socket->type))
		return false;
	if (!protocol || is_type(socket, "dgram") == !strcmp(usual, "dgram"))
		return true;
	return draft_refuse(&job->draft, protocol->at,
			    "SockProtocol: %s does not go with SockType %s: TCP is stream, UDP dgram", protocol->text,
			    socket->type);
}

/* Reports keys that only go with another kind of socket: one may have been meant to restrict who may connect. */
static void report_unfit_keys(struct launchd_job *job, const struct launchd_socket *socket, unsigned unfit,
			      const char *reason)
{
	for (const struct plist *element = socket->dict->first; element; element = element->next) {
		const struct key_row *key = launchd_key_find(&launchd_keys[LAUNCHD_SOCKETS], element->key);

		if (key && key->flags & unfit && key->kinds & (unsigned)element->kind && !asks_for_nothing(element))
			draft_warn(&job->draft, element->key_at, "%s is left out: %s", element->key, reason);
	}
}

static bool check_inet_keys(struct launchd_job *job, const struct launchd_socket *socket)
{
	const struct plist *family = socket_value(socket, "SockFamily"), *node = socket_value(socket, "SockNodeName");

	if (family && !strcasecmp(family->text, "Unix"))
		return draft_refuse(&job->draft, family->at, "SockFamily: '%s': SockPathName is missing", family->text);
	report_unfit_keys(job, socket, SOCKET_UNIX, "it goes with SockPathName");
	if (node && (!*node->text || *node->text == '['))
		return draft_refuse(&job->draft, node->at,
				    "SockNodeName: '%s': expected a host or an address, without brackets; without it "
				    "the job listens at every address",
				    node->text);
	if (socket_value(socket, "SockServiceName"))
		return true;
	if (!node && !plist_get(socket->dict, "SockServiceName") && !plist_get(socket->dict, "SockPathName"))
		return draft_refuse(&job->draft, socket->dict->at,
				    "Sockets: it has no address: SockServiceName or SockPathName is missing");
	if (node)
		draft_warn(&job->draft, node->key_at, "SockServiceName is missing: the port is any that is free");
	return node;
}

/* Checks the keys of a unix socket and finds its path. That of SecureSocketWithKey superd makes, and puts it into the
 * named environment variable. false: refused. */
static bool read_unix_keys(struct launchd_job *job, struct launchd_socket *socket, const struct plist *path,
			   const struct plist *secure)
{
	const struct draft *draft = &job->draft;
	const struct plist *family = socket_value(socket, "SockFamily");

	report_unfit_keys(job, socket, SOCKET_INET, "a unix socket has none");
	if (family && strcasecmp(family->text, "Unix") != 0)
		draft_warn(draft, family->key_at, "SockFamily has no effect: with %s it is a unix socket",
			   path ? "SockPathName" : "SecureSocketWithKey");
	if (path && secure)
		return draft_refuse(draft, secure->at,
				    "SecureSocketWithKey: superd chooses its path: it does not go with SockPathName");
	if (path) {
		socket->path = path->text;
		return true;
	}
	if (!*secure->text || strchr(secure->text, '='))
		return draft_refuse(draft, secure->at, "SecureSocketWithKey: '%s' is no name of a variable",
				    secure->text);
	word_list_add(&job->env, pool_textf(draft->pool, "%s=%%{path:%s}", secure->text, socket->name), secure->at);
	job->env.at = secure->at;
	diag_note(draft->diags, secure->at, "%s is set for this job alone, where launchd sets it for all",
		  secure->text);
	socket->path = pool_textf(draft->pool, "%s%s/%s", PRIVATE, job->label, socket->name);
	return true;
}

/* Sets socket_mode. The number may also have the bits of a file type, see inode(7). */
static void set_socket_mode(struct launchd_job *job, const struct launchd_socket *socket, const char *usual)
{
	const struct plist *mode = socket_value(socket, "SockPathMode");
	int64_t number = mode ? mode->number : 0, bits = number & ~(int64_t)S_IFMT;

	if (!mode) {
		draft_set_text(&job->draft, "socket_mode", usual, socket->dict->at);
		return;
	}
	if (number < 0 || bits > 07777) {
		draft_refuse(&job->draft, mode->at, "SockPathMode: %s is no mode", mode->text);
		return;
	}
	if (bits > 0777) {
		draft_warn(&job->draft, mode->at, "SockPathMode: %s is decimal, which is %#o in octal", mode->text,
			   (unsigned)number);
		draft_hint(&job->draft, "0666 is written 438, 0660 432, 0600 384");
	}
	draft_set_textf(&job->draft, "socket_mode", mode->at, "%04o", (unsigned)bits & 0777);
}

static void open_socket(struct launchd_job *job, const struct launchd_socket *socket, const char *endpoint,
			struct origin at)
{
	job->sockets++;
	builder_open_socket(job->draft.builder, socket->name, socket->dict->at);
	draft_set_text(&job->draft, "listen", endpoint, at);
}

static void add_unix_socket(struct launchd_job *job, const struct launchd_socket *socket, const struct plist *path,
			    const struct plist *secure)
{
	const char *kind = is_type(socket, "stream") ? "unix" : is_type(socket, "dgram") ? "unix-dgram" : "seqpacket";
	const struct draft *draft = &job->draft;
	const struct plist *user = job_value(job, "UserName");

	job->hides_clients |= is_type(socket, "dgram");
	open_socket(job, socket, pool_textf(draft->pool, "%s:%s", kind, socket->path), (secure ? secure : path)->at);
	set_socket_mode(job, socket, secure ? "0600" : "0700");
	if (secure && user && !socket_value(socket, "SockPathOwner"))
		draft_set_text(draft, "socket_user", user->text, user->at);
	apply_keys(job, &launchd_keys[LAUNCHD_SOCKETS], socket->dict, SOCKET_INET);
	if (secure)
		draft_set_text(draft, "remove_on_stop", "yes", secure->at);
	builder_close_socket(draft->builder, draft->diags);
}

static void add_inet_socket(struct launchd_job *job, const struct launchd_socket *socket, const char *family,
			    bool is_optional)
{
	const struct plist *node = socket_value(socket, "SockNodeName"),
			   *port = socket_value(socket, "SockServiceName");
	struct origin at = port ? port->at : node ? node->at : socket->dict->at;
	struct buf endpoint = { 0 };

	endpoint_add(&endpoint, is_type(socket, "dgram") ? "udp" : "tcp", family, node ? node->text : NULL,
		     port ? port->text : "0");
	open_socket(job, socket, buf_keep(&endpoint, job->draft.pool), at);
	if (is_optional)
		draft_set_text(&job->draft, "optional", "yes", at);
	apply_keys(job, &launchd_keys[LAUNCHD_SOCKETS], socket->dict, SOCKET_UNIX);
	builder_close_socket(job->draft.builder, job->draft.diags);
}

/* A job whose standard input is the socket can have only one. */
static bool needs_single_socket(const struct launchd_job *job)
{
	return job->inetd && !job->accepts;
}

static void add_inet_sockets(struct launchd_job *job, const struct launchd_socket *socket)
{
	const struct plist *group = socket_value(socket, "MulticastGroup");
	const char *family = socket->family;

	if (is_type(socket, "seqpacket")) {
		draft_refuse(&job->draft, socket_value(socket, "SockType")->at,
			     "SockType: seqpacket goes with SockPathName");
		return;
	}
	if (group && !is_type(socket, "dgram")) {
		draft_refuse(&job->draft, group->at, "MulticastGroup: it goes with SockType dgram");
		return;
	}
	if (group && !family)
		family = strchr(group->text, ':') ? "6" : "4";
	if (family || socket_value(socket, "SockNodeName") || needs_single_socket(job)) {
		add_inet_socket(job, socket, family ? family : "", false);
		return;
	}
	add_inet_socket(job, socket, "4", false);
	add_inet_socket(job, socket, "6", true);
}

static void add_one_socket(struct launchd_job *job, const char *name, const struct plist *dict)
{
	struct launchd_socket socket = { .name = name, .dict = dict };
	const struct plist *path = socket_value(&socket, "SockPathName"),
			   *passive = socket_value(&socket, "SockPassive"),
			   *secure = socket_value(&socket, "SecureSocketWithKey");
	bool good;

	check_keys(job, &launchd_keys[LAUNCHD_SOCKETS], dict);
	good = read_socket_type(job, &socket);
	good &= read_part(job, &socket, "SockFamily", &socket.family);
	if (!bool_of(passive, true)) {
		good = false;
		reading_unsupported(job->draft.reading, passive->key_at,
				    "SockPassive: superd cannot honour it: it listens, and connects no sockets for a "
				    "job");
	}
	good &= path || secure ? read_unix_keys(job, &socket, path, secure) : check_inet_keys(job, &socket);
	if (good && socket.path)
		add_unix_socket(job, &socket, path, secure);
	else if (good)
		add_inet_sockets(job, &socket);
}

/* Adds the socket of a name, or all sockets of an array. */
static void add_sockets_of_name(struct launchd_job *job, const struct plist *entry)
{
	const char *name = read_socket_name(job, entry);

	if (entry->kind == PLIST_DICT) {
		add_one_socket(job, name, entry);
		return;
	}
	if (entry->kind == PLIST_ARRAY && !entry->first)
		draft_refuse(&job->draft, entry->at, "Sockets: %s: the array is empty", entry->key);
	if (entry->kind != PLIST_ARRAY)
		draft_refuse(&job->draft, entry->at, "Sockets: %s: expected a dictionary or an array of them",
			     entry->key);
	for (const struct plist *element = entry->first; element; element = element->next) {
		if (element->kind == PLIST_DICT)
			add_one_socket(job, name, element);
		else
			draft_refuse(&job->draft, element->at,
				     "Sockets: %s: each element of the array must be a dictionary", entry->key);
	}
}

static void build_sockets(struct launchd_job *job)
{
	const struct plist *sockets = job_value(job, "Sockets");

	for (const struct plist *entry = sockets ? sockets->first : NULL; entry; entry = entry->next)
		add_sockets_of_name(job, entry);
	if (needs_single_socket(job) && job->sockets > 1)
		draft_refuse(&job->draft, job->inetd->at,
			     "inetdCompatibility: with Wait true a job has one socket as its standard input, and "
			     "these are %zu",
			     job->sockets);
}

/* The program of a job, its user, limits, environment and standard streams.
 *
 * With both Program and ProgramArguments the arguments begin with argv[0], which may differ from the program's name.
 * Without Program the first argument is the program. */

/* Percent signs of arguments are escaped, because in exec they begin templates; the program's path has none. */
static void set_program(struct launchd_job *job)
{
	static const char *const usual[] = { "/usr/bin", "/bin", "/usr/sbin", "/sbin" }; /* launchd's own PATH */
	const struct draft *draft = &job->draft;
	const struct plist *program = job_value(job, "Program"), *arguments = job_value(job, "ProgramArguments");
	const struct plist *name = arguments ? arguments->first : NULL;
	struct word_list exec = { .at = program ? program->at : arguments ? arguments->at : job->root->at };

	if (!program && !name) {
		if (!is_odd(job, "ProgramArguments") && !is_odd(job, "Program"))
			draft_refuse(draft, job->root->at, "%s: ProgramArguments is missing", job->label);
		return;
	}
	if (program && !*program->text) {
		draft_refuse(draft, program->at, "Program: it is empty");
		return;
	}
	if (program)
		word_list_add(&exec, program->text, program->at);
	for (const struct plist *argument = name; argument; argument = argument->next) {
		if (argument->kind != PLIST_STRING)
			draft_refuse(draft, argument->at, "ProgramArguments: an argument is a string");
		else if (argument != name)
			word_list_add(&exec, escape_percents(job, argument->text), argument->at);
		else if (!program)
			word_list_add(&exec, argument->text, argument->at);
	}
	if (exec.count)
		draft_set_list(draft, "exec", &exec);
	if (program && name && name->kind == PLIST_STRING && strcmp(name->text, program->text) != 0)
		draft_set_text(draft, "argv0", escape_percents(job, name->text), name->at);
	else if (!program && exec.count && !strchr(exec.words[0], '/'))
		draft_set(draft, "exec_search_path",
			  &(struct value){ .words = usual, .count = 4, .is_list = true, .at = exec.at });
	word_list_free(&exec);
}

static void read_environment(struct launchd_job *job)
{
	const struct plist *variables = job_value(job, "EnvironmentVariables");

	if (variables)
		job->env.at = variables->at;
	for (const struct plist *one = variables ? variables->first : NULL; one; one = one->next) {
		const char *value = one->kind == PLIST_STRING ? escape_percents(job, one->text) : NULL;

		if (strchr(one->key, '='))
			draft_refuse(&job->draft, one->key_at,
				     "EnvironmentVariables: '%s': the name of a variable has no =", one->key);
		else if (value)
			word_list_add(&job->env, pool_textf(job->draft.pool, "%s=%s", one->key, value), one->key_at);
		else
			draft_refuse(&job->draft, one->at, "EnvironmentVariables: %s: a variable is a string",
				     one->key);
	}
	if (job->env.count)
		draft_set_list(&job->draft, "env", &job->env);
}

/* Warns of usual umasks written as if an integer were octal: as decimal numbers they mask other bits. */
static void warn_of_octal_umask(struct launchd_job *job, const struct plist *said, int64_t number)
{
	static const char slips[] = { 22, 27, 77 };

	if (!memchr(slips, (int)number, sizeof(slips)))
		return;
	draft_warn(&job->draft, said->at, "Umask: '%s' is decimal, which is %#o in octal", said->text,
		   (unsigned)number);
	draft_hint(&job->draft, "022 is written 18, 027 23, 077 63, or as a string that begins with 0");
}

/* An integer of a property list is decimal; a string is octal if it begins with 0. */
static void set_umask(struct launchd_job *job)
{
	const struct plist *said = job_value(job, "Umask");
	int64_t number = said ? said->number : 0;

	if (!said)
		return;
	if (said->kind == PLIST_STRING && scan_count(said->text, &number))
		number = -1;
	if (number >= 0 && number <= 0777) {
		warn_of_octal_umask(job, said, number);
		draft_set_textf(&job->draft, "umask", said->at, "%04o", (unsigned)number);
		return;
	}
	draft_refuse(&job->draft, said->at, "Umask: '%s': expected at most 511, which is 0777 in octal", said->text);
	if (said->kind == PLIST_INTEGER)
		draft_hint(&job->draft, "an integer is decimal: 022 is written 18, 027 23, 077 63");
}

/* The text of a limit. On macOS the largest number means no limit. */
static const char *resource_limit_text(const struct plist *limit)
{
	if (!limit)
		return "";
	return limit->number == INT64_MAX ? "infinity" : limit->text;
}

/* Sets resource limits. A soft or hard limit that the list does not set stays as superd's. */
static void set_resource_limits(struct launchd_job *job)
{
	const struct key_table *keys = &launchd_keys[LAUNCHD_LIMITS];
	const struct plist *softs = job_value(job, "SoftResourceLimits"), *hards = job_value(job, "HardResourceLimits");
	struct key_list limits = key_list(keys);

	for (size_t n = 0; n < limits.count; n++) {
		const struct plist *soft = find_element(keys, softs, limits.list[n].name);
		const struct plist *hard = find_element(keys, hards, limits.list[n].name), *said = soft ? soft : hard;

		if ((soft && soft->number < 0) || (hard && hard->number < 0))
			draft_refuse(&job->draft, said->at, "%s: a limit is not negative", said->key);
		else if (soft && hard && soft->number > hard->number)
			draft_refuse(&job->draft, soft->at, "%s: the soft limit, %s, is above the hard one, %s",
				     soft->key, soft->text, hard->text);
		else if (said)
			draft_set_textf(&job->draft, limits.list[n].option, said->at, "%s:%s",
					resource_limit_text(soft), resource_limit_text(hard));
	}
}

/* The socket as standard input and output. */
static void set_inetd_compatibility(struct launchd_job *job)
{
	const struct draft *draft = &job->draft;
	const struct plist *instances = find_element(&launchd_keys[LAUNCHD_INETD], job->inetd, "Instances");

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

/* The keys about when a job starts, stops and restarts.
 *
 * KeepAlive, in several forms, decides both when a job starts and after which exits it starts again. A job that
 * restarts after some exit must first start before any client connects. */

#define PAUSE_USUAL 30 /* superd's longest pause, in seconds */
#define PAUSE_MOST 86400

static const struct plist *keep_alive_value(const struct plist *keep_alive, const char *key)
{
	return find_element(&launchd_keys[LAUNCHD_KEEP_ALIVE], keep_alive, key);
}

/* The key that makes the job start without a client; NULL: none. */
static const struct plist *find_start(struct launchd_job *job)
{
	const struct plist *at_load = job_value(job, "RunAtLoad"), *keep_alive = job_value(job, "KeepAlive");
	const struct plist *on_demand = job_value(job, "OnDemand");

	if (bool_of(at_load, false))
		return at_load;
	if (!bool_of(on_demand, true))
		return on_demand;
	if (!keep_alive)
		return NULL;
	if (keep_alive->kind == PLIST_BOOL)
		return keep_alive->number ? keep_alive : NULL;
	if (bool_of(keep_alive_value(keep_alive, "AfterInitialDemand"), false))
		return NULL;
	return keep_alive_value(keep_alive, "SuccessfulExit") || keep_alive_value(keep_alive, "Crashed") ? keep_alive
													 : NULL;
}

/* The value of the option restart; NULL: only the next client starts the job again. */
static const char *find_restart(const struct launchd_job *job)
{
	const struct plist *keep_alive = job_value(job, "KeepAlive"), *success, *crashed;

	if (!bool_of(job_value(job, "OnDemand"), true))
		return "always";
	if (!keep_alive)
		return NULL;
	if (keep_alive->kind == PLIST_BOOL)
		return keep_alive->number ? "always" : NULL;
	success = keep_alive_value(keep_alive, "SuccessfulExit");
	crashed = keep_alive_value(keep_alive, "Crashed");
	if (success && (!crashed || (crashed->number && !success->number)))
		return success->number ? "on-success" : "on-failure";
	if (crashed)
		return crashed->number && !success ? "on-abnormal" : "always";
	return NULL;
}

/* Whether a job without sockets runs once: it does not restart after a clean exit, and no client can start it. */
static bool runs_once(const char *restart)
{
	return !restart || !strcmp(restart, "on-failure") || !strcmp(restart, "on-abnormal");
}

static void set_start(struct launchd_job *job)
{
	const struct plist *keep_alive = job_value(job, "KeepAlive"), *start = find_start(job);
	const struct plist *sockets = job_value(job, "Sockets"), *crashed, *said;
	const char *restart = find_restart(job);

	if (start && job->accepts) {
		draft_warn(&job->draft, start->key_at,
			   "%s is left out: with inetdCompatibility and Wait false each connection has "
			   "an instance of its own",
			   start->key);
		return;
	}
	if (start)
		draft_set_text(&job->draft, "start", "boot", start->at);
	else if ((!sockets || !sockets->first) && !is_odd(job, "Sockets") && !is_odd(job, "KeepAlive") &&
		 !is_odd(job, "RunAtLoad"))
		draft_refuse(&job->draft, job->root->at,
			     "%s: nothing starts it: it has no Sockets, and neither RunAtLoad nor "
			     "KeepAlive",
			     job->label);
	if (start && !job->sockets && runs_once(restart))
		draft_set_text(&job->draft, "type", "oneshot", start->at);
	/* No word of restart means each end but a crash. */
	crashed = keep_alive ? keep_alive_value(keep_alive, "Crashed") : NULL;
	if (crashed && !crashed->number && restart && !strcmp(restart, "always"))
		draft_warn(&job->draft, crashed->key_at,
			   "Crashed is false, but superd restarts the job after a crash, too");
	said = keep_alive ? keep_alive : start;
	if (restart && !job->accepts)
		draft_set_text(&job->draft, "restart", restart, said ? said->at : job->root->at);
}

static void set_stop(struct launchd_job *job)
{
	const struct plist *abandons = job_value(job, "AbandonProcessGroup");

	keys_set_absent(&launchd_keys[LAUNCHD_JOB], job->draft.builder, job->root->at, job->draft.diags);
	if (bool_of(abandons, false))
		draft_set_text(&job->draft, "kill_mode", "process", abandons->at);
	else
		draft_set_text(&job->draft, "kill_rest", "yes", abandons ? abandons->at : job->root->at);
}

/* ThrottleInterval is the first pause before a restart. The longest pause must not be shorter. */
static void set_restart_pause(struct launchd_job *job)
{
	const struct plist *said = job_value(job, "ThrottleInterval");

	if (!said)
		return;
	if (said->number < 0 || said->number > PAUSE_MOST) {
		draft_refuse(&job->draft, said->at, "ThrottleInterval: %" PRId64 ": it is from 0 to %d seconds",
			     said->number, PAUSE_MOST);
		return;
	}
	draft_set_textf(&job->draft, "backoff_min", said->at, said->number ? "%" PRId64 : "1ms", said->number);
	if (said->number > PAUSE_USUAL)
		draft_set_textf(&job->draft, "backoff_max", said->at, "%" PRId64, said->number);
}

/* TimeOut: launchd tells it the job, which then should exit when idle. A job for a single connection does so anyway. */
static void set_idle_exit(struct launchd_job *job)
{
	const struct plist *idle = job_value(job, "TimeOut"), *sockets = job_value(job, "Sockets");
	const char *reason = NULL;

	if (!idle || idle->number <= 0)
		return;
	if (job->accepts)
		reason = "with inetdCompatibility and Wait false an instance ends with its connection";
	else if (!sockets || !sockets->first)
		reason = "without Sockets it has no clients";
	else if (job->hides_clients)
		reason = "the users of a unix datagram socket cannot be counted";
	else if (find_restart(job))
		reason = "KeepAlive has it started again";
	if (reason)
		draft_warn(&job->draft, idle->key_at, "%s is left out: %s", idle->key, reason);
	else
		draft_set_text(&job->draft, "idle_timeout", idle->text, idle->at);
}

/* The value of Label; "?": it is missing or wrong (reported). */
static const char *find_label(struct reading *reading, const struct plist *root, struct origin at)
{
	const struct plist *label = plist_get(root, "Label");

	if (label && label->kind == PLIST_STRING && *label->text)
		return label->text;
	if (!label)
		diag_error(reading->diags, at, "Label is missing: it is the job's name");
	else if (label->kind == PLIST_STRING)
		diag_error(reading->diags, label->at, "Label: it is the job's name, and empty");
	return "?";
}

/* One package writes InetdCompatibility for inetdCompatibility. */
static void accept_other_spelling(struct launchd_job *job)
{
	for (struct plist *element = job->root->first; element; element = element->next) {
		if (strcmp(element->key, "InetdCompatibility") != 0 || plist_get(job->root, "inetdCompatibility"))
			continue;
		draft_warn(&job->draft, element->key_at,
			   "InetdCompatibility is taken for inetdCompatibility, as launchd spells it");
		element->key = "inetdCompatibility";
	}
}

static void build_job(struct launchd_job *job, struct origin at)
{
	const struct plist *output, *wait;

	job->label = find_label(job->draft.reading, job->root, at);
	job->draft.builder = builder_new(job->draft.reading->table, job->label, at);
	builder_set_foreign(job->draft.builder, LAUNCHD);
	builder_set_alone(job->draft.builder);
	accept_other_spelling(job);
	check_keys(job, &launchd_keys[LAUNCHD_JOB], job->root);
	apply_keys(job, &launchd_keys[LAUNCHD_JOB], job->root, 0);
	job->inetd = job_value(job, "inetdCompatibility");
	wait = find_element(&launchd_keys[LAUNCHD_INETD], job->inetd, "Wait");
	job->accepts = job->inetd && !bool_of(wait, false);
	build_sockets(job);
	set_program(job);
	set_inetd_compatibility(job);
	read_environment(job);
	set_umask(job);
	set_resource_limits(job);
	/* Without a path errors go to the client, or where superd logs them. */
	output = job_value(job, "StandardOutPath");
	if (!job_value(job, "StandardErrorPath") && (job->inetd || output))
		draft_set_text(&job->draft, "error", job->inetd ? "socket" : "log",
			       (job->inetd ? job->inetd : output)->at);
	set_start(job);
	set_stop(job);
	set_restart_pause(job);
	set_idle_exit(job);
	word_list_free(&job->env);
}

bool launchd_read_source(struct reading *reading, const struct source_file *source)
{
	struct origin at = { .file = source->file, .line = 1, .column = 1 };
	size_t errors = reading->diags->errors;
	struct launchd_job job = { .draft = { reading, pool_new(), reading->diags, NULL, false } };

	job.root = plist_read(job.draft.pool, source, reading->diags);
	if (job.root && job.root->kind == PLIST_DICT)
		build_job(&job, at);
	else if (job.root)
		diag_error(reading->diags, job.root->at, "a job is a dictionary, <dict>");
	if (job.draft.builder && reading->diags->errors == errors) {
		reading_add(reading, job.draft.builder);
	} else {
		builder_free(job.draft.builder);
		reading_leave_out(reading, at, job.label);
	}
	pool_free(job.draft.pool);
	return true;
}

static bool launchd_read(struct reading *reading, const char *path)
{
	return reading_load(reading, path, source_load_bytes, launchd_read_source);
}

static bool launchd_takes(struct reading *reading, const char *path, const char *name)
{
	size_t length = strlen(name), end = strlen(".plist");

	(void)reading, (void)path;
	return length > end && !strcmp(name + length - end, ".plist");
}

const struct reader reader_launchd = {
	.recognises = plist_recognises,
	.takes = launchd_takes,
	.passes_over = true,
	.read = launchd_read,
};
