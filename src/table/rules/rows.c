/* Rules that a row can say, and the diagnostics of all rules. Ten thousand services are checked against each row, so
 * the options that it names are looked up once. */
#include "table/rules/internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "table/option/option_table.h"
#include "table/option/service_mark.h"

void service_refuse(const struct service *service, const char *option, struct diags *diags, const char *format, ...)
{
	struct origin at = option ? service_origin(service, option) : service->at;
	char message[DIAGS_MESSAGE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	diag_error(diags, at, "%s: %s", service->name, message);
}

void sockets_refuse(const struct service *service, unsigned kinds, const char *says, const char *hint,
		    struct diags *diags)
{
	const char *place = strstr(says, "%s");

	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];
		char text[ENDPOINT_TEXT];

		if (!endpoint_is(listen->endpoint, kinds))
			continue;
		diag_error(diags, listen->at, "%s: %.*s%s%s", service->name, (int)(place - says), says,
			   endpoint_text(listen->endpoint, text), place + 2);
		if (hint)
			service_hint(service, diags, hint);
	}
}

void service_hint(const struct service *service, struct diags *diags, const char *hint)
{
	if (!service->is_foreign)
		diags_hint(diags, "%s", hint);
}

bool text_has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		if ((at == text || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	}
	return false;
}

/* Rules that a row can say. Ten thousand services are checked against each row, so the options that it names are looked
 * up once. */
#define OPTIONS 6                       /* most that a row has for its message */
#define ROWS 64
#define TABLES 20

/* What a row names. */
struct found {
	const struct directive *options[OPTIONS + 1], *other;
	const char *value;              /* " = WORD or WORD" of the option; NULL: none */
};

/* An index of constant tables, each of which is made when it is asked for first. */
static struct {
	struct { const struct rule_row *rows; size_t first; } tables[TABLES];
	size_t table_count, count;
	struct found found[ROWS];
} made;

const char NEEDS[] = "needs", NOT_WITH[] = "does not go with";

static const struct directive *find_option(const char *text)
{
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, " "), text);
	return directive_find(NATIVE, name);
}

/* value: " = WORD or WORD"; NULL: any value but none, or the default. */
static bool field_holds(const struct directive *directive, const char *value, const void *field)
{
	const enum field_kind kind = directive->type->kind;

	if (!value && (kind == FIELD_WORDS || kind == FIELD_TEXT))
		return *(const void *const *)field;
	if (!value)
		return !directive_is_default(directive, field, NULL);
	return text_has_word(value, kind == FIELD_BOOL ? *(const bool *)field ? "yes" : "no"
						       : directive->words[*(const unsigned *)field]);
}

/* Whether a service, or one of its sockets, has the value. */
static bool holds(const struct service *service, const struct directive *directive, const char *value)
{
	bool any = false;

	if (directive->group != GROUP_SOCKETS)
		return field_holds(directive, value, directive_field(directive, service));
	for (size_t n = 0; n < service->socket_count && !any; n++)
		any = field_holds(directive, value, (const char *)service->sockets[n].options + directive->offset);
	return any;
}

static bool other_holds(const struct service *service, const struct rule_row *row, const struct found *found)
{
	if (!strcmp(row->other, "exec"))        /* that it is missing is another rule's */
		return !service_is_builtin(service);
	return holds(service, found->other, strstr(row->other, " = "));
}

/* Reports the row for one of its options, if it is broken. A wrong value is reported already. */
static bool check_row(const struct service *service, const struct rule_row *row, const struct found *found,
		      const struct directive *directive, struct diags *diags)
{
	const char *option = directive->name[NATIVE], *verb = row->warns ? "has no effect without" : row->verb;
	struct buf text = { 0 };

	if ((row->said && !service_mark(service, option)) || !holds(service, directive, found->value) ||
	    other_holds(service, row, found) == (row->verb == NEEDS) ||
	    (row->verb == NEEDS && service_mark(service, row->other)) || service_is_unclear(service, option) ||
	    service_is_unclear(service, found->other->name[NATIVE]))
		return false;
	buf_addf(&text, "%s %s %s", found->value ? row->option : option, verb, row->other);
	if (row->because)
		buf_addf(&text, ": %s", row->because);
	if (row->verb == NOT_WITH && !service_mark(service, option))
		option = found->other->name[NATIVE];
	diags_add(diags, row->warns ? SEVERITY_WARNING : SEVERITY_ERROR, service_origin(service, option), "%s: %s",
		  service->name, row->says ? row->says : buf_string(&text));
	if (row->hint)
		service_hint(service, diags, row->hint);
	buf_free(&text);
	return true;
}

static struct found find_row(const struct rule_row *row)
{
	struct found found = { .other = find_option(row->other), .value = strstr(row->option, " = ") };
	const char *name = row->option;

	for (size_t n = 0; *name && *name != '='; n++) {
		assert(n < OPTIONS);
		found.options[n] = find_option(name);
		name += strcspn(name, " ");
		name += *name == ' ';
	}
	assert(found.options[0] && found.other);
	return found;
}

static const struct found *find_rows(const struct rule_row *rows, size_t count)
{
	size_t n = 0;

	while (n < made.table_count && made.tables[n].rows != rows)
		n++;
	if (n == made.table_count) {
		assert(n < TABLES && made.count + count <= ROWS);
		made.tables[made.table_count++].rows = rows;
		made.tables[n].first = made.count;
		for (size_t row = 0; row < count; row++)
			made.found[made.count++] = find_row(&rows[row]);
	}
	return made.found + made.tables[n].first;
}

bool rows_check(const struct service *service, const struct rule_row *rows, size_t count, struct diags *diags)
{
	const struct found *found = find_rows(rows, count);
	bool broken = false, any = false;

	for (size_t row = 0; row < count; row++) {
		if (rows[row].otherwise && broken)
			continue;
		broken = false;
		for (size_t n = 0; found[row].options[n]; n++)
			broken |= check_row(service, &rows[row], &found[row], found[row].options[n], diags);
		any |= broken;
	}
	return any;
}
