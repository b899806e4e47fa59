/* Writes and reads lines of fields. As in xdr(3), one function says which fields there are, and either writes or reads
 * them.
 *
 * A tab ends each field. In a text \t is a tab, \n a newline and \\ a backslash; \- is no text. */
#include "read/client/client.h"

#define LIST_MOST 1000000               /* elements of a list */

_Static_assert(sizeof(struct specifier_values) % sizeof(const char *) == 0, "it is texts alone");

struct fields {
	struct buf *out;                /* NULL: it is read */
	char *at;                       /* what is not read yet */
	struct pool *pool;              /* of lists that are read */
	bool is_bad;                    /* a field is missing or wrong */
};

/* The next field, whose end is now a NUL; "" and is_bad: there is none. */
static char *next_field(struct fields *fields)
{
	char *field = fields->at, *end = strchr(field, '\t');

	if (!end) {
		fields->is_bad = true;
		return fields->at + strlen(fields->at);
	}
	*end = '\0';
	fields->at = end + 1;
	return field;
}

static const char escaped[] = "\t\n\\", letters[] = "tn\\";

static void put_text(struct buf *out, const char *text)
{
	const char *which;

	if (!text)
		buf_text(out, "\\-");
	for (; text && *text; text++) {
		which = strchr(escaped, *text);
		if (which)
			buf_char(out, '\\');
		buf_char(out, which ? letters[which - escaped] : *text);
	}
	buf_char(out, '\t');
}

static const char *take_text(struct fields *fields)
{
	char *text = next_field(fields), *to = text;
	const char *which;

	if (!strcmp(text, "\\-"))
		return NULL;
	for (const char *at = text; *at; at++) {
		if (*at == '\\') {
			which = at[1] ? strchr(letters, at[1]) : NULL;
			fields->is_bad |= !which;
			if (!which)
				break;
			*to++ = escaped[which - letters];
			at++;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
	return text;
}

static void pass_text(struct fields *fields, const char **text)
{
	if (fields->out)
		put_text(fields->out, *text);
	else
		*text = take_text(fields);
}

static void pass_number(struct fields *fields, int64_t *number, int64_t least, int64_t most)
{
	const char *field;
	char *end;

	if (fields->out)
		return buf_addf(fields->out, "%lld\t", (long long)*number);
	field = next_field(fields);
	errno = 0;
	*number = strtoll(field, &end, 10);
	fields->is_bad |= end == field || *end || errno || *number < least || *number > most;
	if (fields->is_bad)
		*number = least;
}

static void pass_unsigned(struct fields *fields, unsigned *number)
{
	int64_t passed = *number;

	pass_number(fields, &passed, 0, UINT_MAX);
	*number = (unsigned)passed;
}

static void pass_bool(struct fields *fields, bool *truth)
{
	int64_t number = *truth;

	pass_number(fields, &number, 0, 1);
	*truth = number;
}

static const char *const record_words[RECORDS] = {
	"#source", "#own", "#read", "#diag", "#skipped", "#note", "#end",
};

static void pass_record(struct fields *fields, struct read_record *record)
{
	const char *word = record_words[record->kind];

	pass_text(fields, &word);
	for (record->kind = 0; record->kind < RECORDS && word && strcmp(record_words[record->kind], word) != 0;)
		record->kind++;
	fields->is_bad |= !word || record->kind == RECORDS;
	pass_text(fields, &record->at.file);
	pass_unsigned(fields, &record->at.line);
	pass_unsigned(fields, &record->at.column);
	pass_text(fields, &record->text);
	pass_text(fields, &record->hint);
	pass_unsigned(fields, &record->number);
	pass_bool(fields, &record->flag);
	pass_bool(fields, &record->other);
}

void read_record_write(struct buf *out, struct read_record record)
{
	pass_record(&(struct fields){ .out = out }, &record);
	buf_char(out, '\n');
}

bool read_record_parse(char *text, struct read_record *record)
{
	struct fields fields = { .at = text };

	*record = (struct read_record){ 0 };
	pass_record(&fields, record);
	return !fields.is_bad && !*fields.at;
}

/* The list that is read ends with NULL. */
static void pass_texts(struct fields *fields, const char *const **list, size_t *count)
{
	int64_t all = (int64_t)*count;
	const char **read = NULL, *text;

	pass_number(fields, &all, 0, LIST_MOST);
	if (!fields->out)
		*list = read = pool_alloc(fields->pool, ((size_t)all + 1) * sizeof(*read));
	*count = (size_t)all;
	for (size_t n = 0; n < *count && !fields->is_bad; n++) {
		text = (*list)[n];
		pass_text(fields, &text);
		if (read)
			read[n] = text;
	}
}

static void pass_inetd(struct fields *fields, struct inetd_defaults *inetd)
{
	pass_number(fields, &inetd->rate, INT64_MIN, INT64_MAX);
	pass_number(fields, &inetd->instances, INT64_MIN, INT64_MAX);
	pass_number(fields, &inetd->per_source_rate, INT64_MIN, INT64_MAX);
	pass_number(fields, &inetd->per_source, INT64_MIN, INT64_MAX);
	pass_number(fields, &inetd->backlog, INT64_MIN, INT64_MAX);
	pass_text(fields, &inetd->address);
	pass_bool(fields, &inetd->wrap_external);
	pass_bool(fields, &inetd->wrap_internal);
	pass_bool(fields, &inetd->passes_environment);
	pass_bool(fields, &inetd->tells_addresses);
	pass_text(fields, &inetd->folder);
}

/* Borrows what it writes, and allocates what it reads in the pool. */
static void pass_request(struct fields *fields, struct read_request *request)
{
	struct inetd_defaults inetd = request->inetd ? *request->inetd : (struct inetd_defaults){ .rate = -1 };
	struct specifier_values machine = request->machine ? *request->machine : (struct specifier_values){ 0 };
	const char *texts[sizeof(machine) / sizeof(const char *)];
	int64_t compat = request->compat;
	size_t folders = 0;

	pass_bool(fields, &request->warns_of_unsupported);
	pass_bool(fields, &request->shares_defaults);
	pass_number(fields, &compat, 0, COMPATS);
	request->compat = (enum compat)compat;
	pass_inetd(fields, &inetd);
	if (!fields->out)
		request->inetd = pool_copy(fields->pool, &inetd, sizeof(inetd));
	memcpy(texts, &machine, sizeof(texts));
	for (size_t n = 0; n < sizeof(texts) / sizeof(*texts); n++)
		pass_text(fields, &texts[n]);
	if (!fields->out)
		request->machine = pool_copy(fields->pool, texts, sizeof(texts));
	while (request->unit_path && request->unit_path[folders])
		folders++;
	pass_texts(fields, &request->unit_path, &folders);
	if (!folders)
		request->unit_path = NULL;
	pass_texts(fields, &request->sources, &request->count);
	if (!fields->out)
		request->from = pool_alloc(fields->pool, (request->count + 1) * sizeof(*request->from));
	for (size_t n = 0; n < request->count && !fields->is_bad; n++) {
		pass_text(fields, &request->from[n].file);
		pass_unsigned(fields, &request->from[n].line);
		pass_unsigned(fields, &request->from[n].column);
	}
}

void request_write(struct buf *out, struct read_request request)
{
	pass_request(&(struct fields){ .out = out }, &request);
}

bool request_read(char *text, struct pool *pool, struct read_request *request)
{
	struct fields fields = { .at = text, .pool = pool };

	*request = (struct read_request){ 0 };
	pass_request(&fields, request);
	return !fields.is_bad;
}
