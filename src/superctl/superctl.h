/* superctl: the command line, what is read from superd and printed, the verbs, and the pages that superd-web serves. */
#pragma once

#include <jansson.h>

#include "lib/lib.h"

/* The exit status; scripts rely on the numbers (superctl(8)). */
enum ctl_status { CTL_DONE, CTL_FAILED, CTL_USAGE, CTL_NOT_ACTIVE, CTL_NO_SUPERD };

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* The command line, parsed. */
struct superctl_options {
	const struct verb *verb;
	const char *const *names;       /* names of services or patterns; part of argv */
	size_t name_count;
	const char *const *hosts;       /* of superd-web: names of this host that a client may use; NULL: any */
	const char *control;            /* path of the control socket, or @NAME; or its name in messages */
	int control_fd;                 /* a connection to it, for superd-web; 0: connect to `control` */
	bool json;                      /* print the lines of the answer as received */
	enum colour colour;
	bool no_wait, check, names_only, failed_only, asleep, awake, follow;
	const char *level;              /* log: the least; NULL: the default level */
	int64_t since;                  /* history, log: microseconds before now; 0: not given */
	int64_t timeout;                /* microseconds; -1: no limit */
	bool waits;                     /* the verb waits for work, as long as --timeout allows */
	bool has_timeout;               /* it was given, be it "infinity" */
	int64_t count;                  /* log: number of lines; 0: not given */
	const char *sort;               /* list: the key; NULL: not given */
};

/* ---- status.c, list.c, history.c, log.c, health.c, metrics.c, act.c, reload.c, page.c ---- */

/* What the verbs do: each sends the request to superd and prints the answer. It returns the exit status, and has printed
 * every error. With --json all print the lines of the answer as received, without the last one, {"done":true}. */
enum ctl_status verb_status(const struct superctl_options *options);
enum ctl_status verb_list(const struct superctl_options *options);
enum ctl_status verb_show(const struct superctl_options *options);
enum ctl_status verb_why(const struct superctl_options *options);
enum ctl_status verb_history(const struct superctl_options *options);
enum ctl_status verb_events(const struct superctl_options *options);
enum ctl_status verb_log(const struct superctl_options *options);
enum ctl_status verb_health(const struct superctl_options *options);
enum ctl_status verb_metrics(const struct superctl_options *options);
enum ctl_status verb_act(const struct superctl_options *options);
enum ctl_status verb_signal(const struct superctl_options *options);
enum ctl_status verb_reload(const struct superctl_options *options);
enum ctl_status verb_diff(const struct superctl_options *options);
enum ctl_status verb_upgrade(const struct superctl_options *options);
enum ctl_status verb_shutdown(const struct superctl_options *options);
enum ctl_status verb_version(const struct superctl_options *options);
enum ctl_status verb_page(const struct superctl_options *options); /* builtin = status; names: own host names */
enum ctl_status verb_metrics_page(const struct superctl_options *options); /* builtin = metrics */

/* ---- options.c ---- */

/* Names of services that a verb takes: none, any number, at least one; at least one, and a signal; or names of verbs. */
enum names_wanted { NAMES_NONE, NAMES_ANY, NAMES_SOME, NAMES_SIGNAL, NAMES_VERBS };

/* The verbs: one table for the command line, --help, hints and dispatch. */
extern const struct verb {
	const char *name;
	enum names_wanted names;
	bool ends;                      /* it ends or pauses something, so it is no hint for a typing error */
	const char *options;            /* words: its own options. Those that no verb has for its own go with every verb */
	const char *help;               /* one line */
	enum ctl_status (*run)(const struct superctl_options *options); /* NULL: help, for superctl_options_parse */
} verbs[];
extern const size_t verb_count;

const struct verb *verb_find(const char *name);         /* NULL: there is no such verb */
/* The verb that an unknown name may mean: of others' verbs, or those that superctl had before, the one that does the same,
 * else a similar one that ends nothing. NULL: none. */
const char *verb_hint(const char *name);

/* Reads argv. false: the program ends with *status, after help, --help, --version, or an error that it has printed. */
bool superctl_options_parse(struct superctl_options *options, int argc, char **argv, enum ctl_status *status);

/* ---- text.c ---- */

/* Reads superd's JSON. A member that is missing or has another type gives the value beside the function. */

/* From now on superctl ends with these last words, static, if a text or a JSON value gets no memory: it has one short
 * job. */
void json_reply_need_memory(const char *words);

/* Parses a line. The caller calls json_decref. NULL: it is no JSON object. */
json_t *json_reply_parse(const char *line, size_t length);

const char *json_reply_text(const json_t *object, const char *key);     /* "" */
bool json_reply_is(const json_t *object, const char *key, const char *text);
bool json_reply_flag(const json_t *object, const char *key);            /* false */
bool json_reply_has_number(const json_t *object, const char *key);
double json_reply_number(const json_t *object, const char *key);        /* 0 */
int json_reply_count(const json_t *object, const char *key);            /* 0 to INT_MAX, rounded down; else 0 */
const json_t *json_reply_list(const json_t *object, const char *key);   /* an array; NULL */
const json_t *json_reply_object(const json_t *object, const char *key); /* an object; NULL */

/* Adds a string, escaped for a terminal; nothing if it is no string. */
void json_reply_show(struct buf *out, const json_t *text);
void json_reply_show_text(struct buf *out, const json_t *object, const char *key);

/* Numbers as people read them. */

typedef const char *human_write(char *out, double number);      /* of lib/units.c, or the next */
const char *clock_write(char out[TIME_TEXT_MOST], double unix_seconds);  /* "16:20:11", with the date if that is not today */
void human_add(struct buf *out, human_write *write, double number);

/* Adds the shortest text that strtod(3) reads back as the same number, always with a point or an exponent, as
 * Prometheus writes numbers: "1.0" "0.005" "1e-05". */
void human_add_float(struct buf *out, double number);

/* Templates: texts with members of superd's answer in them:
 *
 *	{member}        its text, its number without a fraction, or its list: "a, b"; {member.inner}: of an object in it
 *	{member:span}   a number in a unit: span age clock bytes, or ago: "5 s ago (16:20:11)"
 *	{member: word}  "1 word", "3 words"
 *	{?member}       nothing; so if the member is true, a number above 0, or a text, list or object with something in it
 *	{!member}       nothing; so if it is not
 *	{#member}       nothing; so if it is a number
 *	{member=value}  nothing; so if it is this text or number
 *	[...|...]       the first part that is so: in which none of these is missing; or nothing
 */

/* Adds the text of a template. false: a member outside brackets is missing. */
bool template_add(struct buf *out, const json_t *object, const char *template);

double reply_now(const json_t *service);                        /* Unix time of a service's line; 0: unknown */
void template_add_lapse(struct buf *out, double seconds);       /* "230 ms", "5 s": for how long something lasts */
void template_add_ago(struct buf *out, double now, double at);   /* "5 s ago (16:20:11)"; now 0: the time alone */

/* ---- table.c ---- */

/* The terminal or file that superctl writes to: its size, its colours, and the width of text. */

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GREEN, STYLE_YELLOW, STYLE_RED, STYLE_BLUE };

struct screen {
	bool is_terminal;               /* stdout is a terminal */
	bool colours;                   /* escape sequences are allowed */
	bool unicode;                   /* the locale's character set is UTF-8 */
	size_t width;                   /* in characters; 0: no limit */
};

/* Sets the colours by --color, $NO_COLOR (no-color.org) and $TERM. */
void screen_open(struct screen *screen, enum colour colour);

/* Adds the escape sequence of a style. STYLE_PLAIN ends the style before. */
void screen_set(const struct screen *screen, struct buf *out, enum style style);
void screen_add(const struct screen *screen, struct buf *out, enum style style, const char *text);

/* A table of aligned columns. Empty columns are left out, and a line that is too long for the terminal is cut. */

#define COLUMNS_MOST 13

struct column {
	const char *title;
	bool right;                     /* its cells are aligned to the right, as numbers are */
};

struct columns {
	struct column list[COLUMNS_MOST];
	size_t count;                   /* of the columns, at most COLUMNS_MOST */
	size_t widths[COLUMNS_MOST];    /* in columns of the screen: that of the widest cell */
	struct buf text;                /* the cells, each with its NUL */
	struct buf styles;              /* an enum style in a byte for each cell */
	size_t cells;                   /* number of cells so far */
};

void columns_begin(struct columns *columns, const struct column *list, size_t count);    /* copies the list */

/* Adds the next cell, row by row, and empties the buffer, whose text must be visible (buf_visible). */
void columns_add(struct columns *columns, enum style style, struct buf *text);

/* Prints the titles and the rows, each line behind `indent`. */
void columns_print(struct columns *columns, const struct screen *screen, const char *indent, struct buf *out);
size_t columns_rows(const struct columns *columns);
void columns_free(struct columns *columns);

/* ---- describe.c ---- */

/* The words by which people know the states of a service: one table for list, status, why and the status page. The
 * states of the control socket are an interface, and stay as they are. */

struct state_word {
	const char *state;              /* of superd, and "failed" before it if a pause follows a failure */
	const char *word;
	enum style style;
	const char *dot, *plain;        /* the mark with and without Unicode */
	const char *class;              /* of the page: good, sleep, warn or bad */
	bool is_active;                 /* unless it is held, it serves clients, or would serve the next one */
};

#define STATE_WORDS 18

extern const struct state_word state_words[STATE_WORDS];        /* in the order of totals; the last one: unknown */

/* service: any line about it. Needs state and instances, and pause for a service that tries again. */
const struct state_word *state_word_of(const json_t *service);

/* Whether the service serves clients, or would serve the next one. */
bool state_word_is_active(const json_t *service);
void state_word_add_dot(const struct state_word *word, const struct screen *screen, struct buf *out);

/* The fields of a service that several views print: one table for the columns of list and the status page, and for
 * the lines on the page of a service. */

enum field {
	FIELD_MARK, FIELD_NAME, FIELD_STATE, FIELD_ENDPOINTS, FIELD_MEMORY, FIELD_LAST_USED, FIELD_FOR, FIELD_SINCE, FIELD_QUEUE,
	FIELD_INSTANCES, FIELD_STARTS, FIELD_FAILED, FIELD_REFUSED, FIELD_TIME, FIELD_COMMAND, FIELD_FAULT,
	FIELDS,
};

extern const struct field_of_service {
	struct column column;           /* in list */
	const char *name;               /* on the status page; NULL: not there */
	const char *template;           /* its value … */
	enum style style;               /* … and that one's; or what adds it and returns its style */
	enum style (*add)(struct buf *out, const struct screen *screen, const json_t *service);
} fields[FIELDS];

/* Adds the value; nothing if it is unknown or 0. Returns its style. On a terminal long values are shortened. */
enum style field_add(struct buf *out, enum field id, const struct screen *screen, const json_t *service);

/* Adds a cell with a template's text. */
void fields_say(struct columns *columns, enum style style, const json_t *object, const char *template);

/* What superd's answer says about a service, as text for a person: one function for each fact, for status, why, list
 * and the status page. Each adds nothing if superd sent nothing about it. status and why get whole answers; those
 * of list and metrics are shorter, and have the number of instances in the place of the list. */

size_t facts_instances(const json_t *service);                  /* the number of instances */
const json_t *facts_current(const json_t *service);             /* the instance with the sockets; NULL: none */

/* Clients that wait at a listener, and at all of a service: in its accept queue, or accepted without an instance yet.
 * false: unknown. */
bool facts_listener_queue(const json_t *listener, double *waiting);
bool facts_queue(const json_t *service, double *waiting);

/* A sentence about the end of an instance, an object whose members have this prefix: "exit status 1",
 * "signal KILL", a reason. */
#define ENDING_OF(end) \
	"[{" end "reason}|exit status {" end "status}" ENDING_RESULT(end) "|signal {" end "signal}" \
	"[{?" end "core_dumped} (core dumped)]" ENDING_RESULT(end) "|{" end "result}]"
#define ENDING_RESULT(end) \
	"[{" end "result=success}|{" end "result=exit-code}|{" end "result=signal}|{" end "result=core-dump}|" \
	" ({" end "result})]"

/* Adds the endpoints, at most so many of them, and then the number of the others: "+2". */
void facts_add_endpoints(struct buf *out, const json_t *service, size_t most);

void facts_add_relay(struct buf *out, const json_t *instance);

/* Adds "[12]" for a line of the log that a program has printed, "[-]" if its pid is unknown, as the log file has it.
 * superd's own lines have none (false), so that no program's line can pass for one of superd. */
bool facts_add_speaker(struct buf *out, const json_t *line);

/* ---- client.c ---- */

/* A conversation with superd over its control socket: the greeting, a request, and the lines of the answer. */

#define CLIENT_FOREVER (-1)       /* a time: no limit */
#define CLIENT_TIMEOUT 10000      /* milliseconds between two lines, if superd has nothing to wait for */

struct ctl_client {
	const struct superctl_options *options; /* borrowed */
	int fd;                         /* owned; -1: closed */
	struct buf input;               /* bytes that were read: the lines before `start` are taken already, */
	size_t start, scanned;          /* and from it up to `scanned` there is no newline */
	json_t *greeting;               /* superd's first line, owned; NULL: not connected */
	int64_t until;                  /* deadline of the whole conversation, of clock_ms; or CLIENT_FOREVER */
	int64_t timeout;                /* milliseconds between two lines of the answer; or CLIENT_FOREVER */
	bool connection_lost;           /* superd ended the connection in the middle of the answer */
	bool is_late;                   /* superd did not accept, or send a line, in time */
	bool quiet;                     /* failures are not printed; the caller reads `why` and frees it */
	struct buf why;                 /* the last failure, visible text */
};

/* What the conversation prints once a line is handled, to stdout and to stderr; nothing with --json. */
struct reply_text {
	struct buf out, err;
};

/* Called for each line of the answer but the last one, which ends it. false: there are too many. */
typedef bool reply_line(void *context, const json_t *line, struct reply_text *text);

#define LINES_MOST 200000               /* that are kept of an answer */
reply_line client_keep_line;    /* appends it to `context`, a JSON array */

/* All in one: connects, sends a request, reads the answer. verb: as superd has it, with options that are not those of
 * the command line, which are added as far as they mean the same for every verb, and then the names. */
enum ctl_status client_ask(const struct superctl_options *options, const char *verb, reply_line *on_line,
			   void *context);

/* The same until client->until, which the caller has set in an empty struct. It prints no failure:
 * client->why has it. The caller frees that, and the greeting is there until client_close. */
enum ctl_status client_ask_quietly(struct ctl_client *client, const struct superctl_options *options,
				   const char *verb, reply_line *on_line, void *context);

/* The same in steps: connects, reads the greeting, and sends the request. On failure it has printed the reason; client_close
 * follows in any case. */
enum ctl_status client_begin(struct ctl_client *client, const struct superctl_options *options,
			     const char *verb);
enum ctl_status client_open(struct ctl_client *client, const struct superctl_options *options);
enum ctl_status client_send(struct ctl_client *client, const char *verb);

/* Reads the answer to its end. With --json it prints each line before it calls on_line, which may be NULL. */
enum ctl_status client_read(struct ctl_client *client, reply_line *on_line, void *context);

void client_close(struct ctl_client *client);

/* END: end of file; LATE: the deadline has passed; FAILED: see errno. */
enum line_result { LINE_TAKEN, LINE_END, LINE_LATE, LINE_TOO_LONG, LINE_FAILED };

/* Waits for the next line until the time `until` of clock_ms. The line is NUL-terminated, without its newline, and
 * valid until the next call. A last line without a newline is ignored. */
enum line_result client_take_line(struct ctl_client *client, int64_t until, char **line, size_t *length);

/* Connects to a unix socket within `limit` milliseconds. -1 and errno. */
int client_connect(const char *path, int64_t limit);

/* Whether root or this user listens at the socket: any process can take a name in the abstract namespace; a path is as
 * safe as its folder. *uid: the user of the process that called listen(2) (unix(7), SO_PEERCRED). */
bool client_trusts(int fd, uid_t *uid);

/* Writes the buffer to stdout and empties it. false after printing why it failed. */
bool client_print(struct buf *out);

/* ---- why.c ---- */

/* Why a service is in its state, for superctl why and the status page. */

/* Adds the sentences about the service's line of status, each with its end behind it; the first one begins with the
 * state. */
void why_add(struct buf *out, const json_t *service, const char *end);

/* ---- metrics.c ---- */

/* superd's counters as a page for Prometheus, in its text format (prometheus.io, "Exposition formats", version 0.0.4),
 * which all collectors read. */

/* Adds the page. lines: an array of superd's answer to "metrics". */
void metrics_compose(struct buf *out, const json_t *lines);

/* ---- http.c, page.c ---- */

/* Text in HTML and in a URL. Names, messages and reasons come from tables, backends and clients: all of them pass
 * through here. */

/* Adds text for an element or a quoted attribute, visible (buf_visible) and with & < > " ' as references. */
void html_add(struct buf *out, const char *text, size_t length);
void html_text(struct buf *out, const char *text);
void html_lines(struct buf *out, const char *text); /* the same for preformatted text: tabs and line breaks stay */
void html_member(struct buf *out, const json_t *object, const char *key); /* a string member; nothing if it is none */

/* Adds text as a segment of a URL's path: letters, digits, - _ ~ and . stay, others become
 * %HH. */
void html_url(struct buf *out, const char *text);

/* One HTTP request and its response over stdin and stdout, a connection that superd accepted. */

struct http_response {
	int status;                     /* 200; any other status has its reason for a body */
	const char *type;               /* of the body */
	struct buf body;
};

struct http_view {
	const char *name;               /* for messages */
	const char *builtin;            /* its word in superd.conf */
	const char *path;               /* as for http_parse */
	const char *fields;             /* further lines of the head */
	/* Answers a request that is right. Returns the exit status, and has printed why. */
	enum ctl_status (*answer)(const struct superctl_options *options, const struct http_request *request,
				  struct http_response *response);
};

/* Reads a request, and answers it. options->hosts: names that Host may have besides an address and localhost, as a
 * protection against DNS rebinding; NULL: any. A client that sends nothing gets nothing. Then it reads until the client
 * closes its side, for a limited time. That the client has left is no failure. */
enum ctl_status http_serve(const struct http_view *view, const struct superctl_options *options);

/* The style sheet, a file of its own: so the Content-Security-Policy of the pages allows no inline style and no script, and
 * text that slipped through unescaped would run nothing. */
extern const char page_css[];
