/* Reads XML property lists with expat.
 *
 * A document type may declare entities that expand without end or name files, so every declared entity stops the
 * parser. The rules of property lists, such as a key before each value, are checked here and not with a document type,
 * so that mistakes have a place. */
#include "read/launchd/internal.h"

#include <expat.h>
#include <inttypes.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/memory.h"
#include "lib/scan.h"

/* An element that is open and holds others. */
struct holder {
	struct plist *element; /* NULL: <plist> itself */
	const char *key;       /* the key of the next value; in the pool; NULL: none was read */
	struct origin key_at;
	bool told_of_text;
};

struct xml_parse {
	struct pool *pool;
	struct diags *diags;
	const struct source_file *source;
	size_t count; /* elements made so far: a small file may nest a huge tree */
	bool stopped; /* a limit was reached (reported): reading stops */
	XML_Parser parser;
	struct holder holders[PLIST_DEPTH + 1];
	size_t depth;	/* holders that are open */
	size_t skipped; /* depth of open elements from a refused one on, whose contents are skipped; 0: none */
	struct plist *root;
	struct plist *scalar; /* the element whose text is being read; NULL: none */
	bool reads_key;	      /* the text of a key is being read */
	struct origin at;     /* the start of that element or key */
	struct buf text;
};

/* NULL: there are too many (reported); the parser is stopped. */
static struct plist *new_element(struct xml_parse *parse, enum plist_kind kind, struct origin at)
{
	struct plist *element;

	if (parse->stopped)
		return NULL;
	if (parse->count++ == PLIST_MOST) {
		diag_error(parse->diags, at, "more than %d elements: this is no job's property list", PLIST_MOST);
		parse->stopped = true;
		return NULL;
	}
	element = pool_alloc(parse->pool, sizeof(*element));
	*element = (struct plist){ .kind = kind, .at = at, .text = "" };
	return element;
}

/* Equal keys are one pointer, because the pool keeps one copy of a text. */
static const struct plist *find_same_key(const struct plist *holder, const struct plist *element)
{
	const struct plist *other = holder->kind == PLIST_DICT ? holder->first : NULL;

	while (other && other->key != element->key)
		other = other->next;
	return other;
}

/* Adds it at the end. A second element with the same key is reported and not added. */
static void add_element(struct xml_parse *parse, struct plist *holder, struct plist *element)
{
	const struct plist *other = find_same_key(holder, element);

	if (other) {
		diag_error(parse->diags, element->key_at, "%s occurs twice in one dictionary", element->key);
		diag_note(parse->diags, other->key_at, "%s is here, too", element->key);
		diags_tie(parse->diags);
		return;
	}
	if (holder->last)
		holder->last->next = element;
	else
		holder->first = element;
	holder->last = element;
}

/* 0660 is decimal in a property list. Returns NULL, or the message about a wrong text. */
static const char *scan_integer(const char *text, int64_t *number)
{
	static const char *const wrong = "an integer is a decimal number, or a hexadecimal one after 0x";
	bool negative = *text == '-';
	const char *digits = text + (negative || *text == '+');
	bool is_hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	size_t end = is_hexadecimal ? 2 + strspn(digits + 2, "0123456789abcdefABCDEF") : strspn(digits, "0123456789");

	if (digits[end] || end == (is_hexadecimal ? 2 : 0))
		return wrong;
	while (!is_hexadecimal && digits[0] == '0' && digits[1])
		digits++;
	if (!strcmp(digits, "9223372036854775807")) /* which lists write for no limit, and scan_count has for its own */
		*number = INT64_MAX;
	else if (scan_count(digits, number))
		return "an integer is at most 9223372036854775807";
	if (negative)
		*number = -*number;
	return NULL;
}

static const struct {
	const char *name;
	enum plist_kind kind;
} elements[] = {
	{ "dict", PLIST_DICT },	      { "array", PLIST_ARRAY }, { "string", PLIST_STRING },
	{ "integer", PLIST_INTEGER }, { "real", PLIST_REAL },	{ "true", PLIST_BOOL },
	{ "false", PLIST_BOOL },      { "date", PLIST_DATE },	{ "data", PLIST_DATA },
};

static struct origin current_place(const struct xml_parse *parse)
{
	XML_Index index = XML_GetCurrentByteIndex(parse->parser);

	return source_origin(parse->source, index < 0 ? 0 : (size_t)index);
}

static void stop_parser(struct xml_parse *parse)
{
	parse->stopped = true;
	XML_StopParser(parse->parser, XML_FALSE);
}

/* Refuses an element; the parser then skips its contents. */
static void refuse_element(struct xml_parse *parse, const char *name, const char *reason)
{
	diag_error(parse->diags, current_place(parse), "<%.40s>: %s", name, reason);
	parse->skipped = 1;
}

static struct holder *top_holder(struct xml_parse *parse)
{
	return &parse->holders[parse->depth - 1];
}

static void open_holder(struct xml_parse *parse, struct plist *element)
{
	if (parse->depth > PLIST_DEPTH) {
		diag_error(parse->diags, current_place(parse), "elements are nested more than %d deep", PLIST_DEPTH);
		stop_parser(parse);
		return;
	}
	parse->holders[parse->depth++] = (struct holder){ .element = element };
}

static void start_list(struct xml_parse *parse, const char *name)
{
	if (!strcmp(name, "plist")) {
		open_holder(parse, NULL);
		return;
	}
	diag_error(parse->diags, current_place(parse),
		   "this is no property list: its first element is <%.40s>, not <plist>", name);
	stop_parser(parse);
}

static void start_key(struct xml_parse *parse)
{
	struct holder *holder = top_holder(parse);

	if (!holder->element || holder->element->kind != PLIST_DICT) {
		refuse_element(parse, "key", "a <key> belongs in a <dict>");
		return;
	}
	if (holder->key)
		diag_error(parse->diags, holder->key_at, "%s has no value", holder->key);
	parse->reads_key = true;
	parse->at = current_place(parse);
}

/* false: no value may stand here (reported). */
static bool is_value_allowed(struct xml_parse *parse, const char *name)
{
	const struct holder *holder = top_holder(parse);

	if (!holder->element && parse->root)
		refuse_element(parse, name, "a property list has one value");
	else if (holder->element && holder->element->kind == PLIST_DICT && !holder->key)
		refuse_element(parse, name, "in a <dict>, a <key> must precede each value");
	else
		return true;
	return false;
}

static void place_value(struct xml_parse *parse, struct plist *element)
{
	struct holder *holder = top_holder(parse);

	if (!holder->element) {
		parse->root = element;
		return;
	}
	element->key = holder->key;
	element->key_at = holder->key_at;
	holder->key = NULL;
	add_element(parse, holder->element, element);
}

static void start_value(struct xml_parse *parse, const char *name)
{
	struct plist *element;
	size_t n = 0;

	while (n < sizeof(elements) / sizeof(*elements) && strcmp(elements[n].name, name) != 0)
		n++;
	if (n == sizeof(elements) / sizeof(*elements)) {
		refuse_element(parse, name, "property lists have no such element");
		return;
	}
	if (!is_value_allowed(parse, name))
		return;
	element = new_element(parse, elements[n].kind, current_place(parse));
	if (!element) {
		stop_parser(parse);
		return;
	}
	element->number = !strcmp(name, "true");
	place_value(parse, element);
	if (element->kind == PLIST_DICT || element->kind == PLIST_ARRAY) {
		open_holder(parse, element);
		return;
	}
	parse->scalar = element;
	parse->at = element->at;
}

static void XMLCALL on_start_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct xml_parse *parse = context;

	(void)attributes;
	if (parse->skipped)
		parse->skipped++;
	else if (parse->reads_key || parse->scalar)
		refuse_element(parse, name, "only text is allowed here");
	else if (!parse->depth)
		start_list(parse, name);
	else if (!strcmp(name, "key"))
		start_key(parse);
	else
		start_value(parse, name);
}

/* Removes the blanks around a number. */
static void trim_blanks(struct buf *text)
{
	static const char blanks[] = " \t\r\n";
	size_t start = strspn(buf_string(text), blanks);

	if (!text->length)
		return;
	memmove(text->data, text->data + start, text->length - start + 1);
	text->length -= start;
	while (text->length && strchr(blanks, text->data[text->length - 1]))
		text->data[--text->length] = '\0';
}

static void end_scalar(struct xml_parse *parse)
{
	struct plist *scalar = parse->scalar;
	const char *wrong = NULL;

	if (scalar->kind != PLIST_STRING)
		trim_blanks(&parse->text);
	if (scalar->kind == PLIST_INTEGER) {
		wrong = scan_integer(buf_string(&parse->text), &scalar->number);
		if (!wrong) {
			buf_clear(&parse->text);
			buf_addf(&parse->text, "%" PRId64, scalar->number);
		}
	}
	scalar->text = buf_keep(&parse->text, parse->pool);
	if (scalar->kind == PLIST_BOOL && *scalar->text)
		wrong = "<true/> and <false/> are empty";
	if (wrong)
		diag_error(parse->diags, scalar->at, "'%s': %s", scalar->text, wrong);
	parse->scalar = NULL;
}

static void end_key(struct xml_parse *parse)
{
	struct holder *holder = top_holder(parse);

	holder->key = buf_keep(&parse->text, parse->pool);
	holder->key_at = parse->at;
	parse->reads_key = false;
}

static void end_holder(struct xml_parse *parse)
{
	const struct holder *holder = top_holder(parse);

	if (holder->key)
		diag_error(parse->diags, holder->key_at, "%s has no value", holder->key);
	parse->depth--;
}

static void XMLCALL on_end_element(void *context, const XML_Char *name)
{
	struct xml_parse *parse = context;

	(void)name;
	if (parse->skipped) {
		parse->skipped--;
		return;
	}
	if (parse->scalar)
		end_scalar(parse);
	else if (parse->reads_key)
		end_key(parse);
	else if (parse->depth)
		end_holder(parse);
	buf_clear(&parse->text);
	if (parse->stopped)
		stop_parser(parse);
}

static bool is_blank_text(const char *text, size_t length)
{
	while (length && strchr(" \t\r\n", text[length - 1]))
		length--;
	return !length;
}

static void XMLCALL on_text(void *context, const XML_Char *text, int length)
{
	struct xml_parse *parse = context;
	struct holder *holder = parse->depth ? top_holder(parse) : NULL;

	if (parse->skipped || !holder)
		return;
	if (parse->scalar || parse->reads_key) {
		buf_add(&parse->text, text, (size_t)length);
		return;
	}
	if (holder->told_of_text || is_blank_text(text, (size_t)length))
		return;
	for (; strchr(" \t\r\n", *text); text++)
		length--;
	diag_error(parse->diags, current_place(parse), "there is text between elements: '%.*s'",
		   length < 40 ? length : 40, text);
	holder->told_of_text = true;
}

static void XMLCALL on_entity(void *context, const XML_Char *name, int is_parameter, const XML_Char *value, int length,
			      const XML_Char *base, const XML_Char *system, const XML_Char *public_name,
			      const XML_Char *notation)
{
	struct xml_parse *parse = context;

	(void)is_parameter, (void)value, (void)length, (void)base, (void)system, (void)public_name, (void)notation;
	diag_error(parse->diags, current_place(parse),
		   "the entity %.40s is declared: superd supports no "
		   "entities",
		   name);
	stop_parser(parse);
}

static void XMLCALL on_skipped(void *context, const XML_Char *name, int is_parameter)
{
	struct xml_parse *parse = context;

	(void)is_parameter;
	diag_error(parse->diags, current_place(parse), "&%.40s; is unknown: XML has lt, gt, amp, apos and quot", name);
}

static void report_xml_error(struct xml_parse *parse)
{
	enum XML_Error error = XML_GetErrorCode(parse->parser);

	if (error == XML_ERROR_NO_MEMORY)
		memory_ran_out();
	if (!parse->stopped)
		diag_error(parse->diags, current_place(parse), "this is no well-formed XML: %s",
			   XML_ErrorString(error));
}

static bool parse_document(struct xml_parse *parse)
{
	XML_SetUserData(parse->parser, parse);
	XML_SetElementHandler(parse->parser, on_start_element, on_end_element);
	XML_SetCharacterDataHandler(parse->parser, on_text);
	XML_SetEntityDeclHandler(parse->parser, on_entity);
	XML_SetSkippedEntityHandler(parse->parser, on_skipped);
	if (XML_Parse(parse->parser, parse->source->text, (int)parse->source->length, XML_TRUE) == XML_STATUS_OK)
		return !parse->stopped;
	report_xml_error(parse);
	return false;
}

const struct plist *plist_read_xml(struct pool *pool, const struct source_file *source, struct diags *diags)
{
	struct xml_parse parse = { .pool = pool, .diags = diags, .source = source, .parser = XML_ParserCreate(NULL) };
	bool whole;

	if (!parse.parser)
		return memory_ran_out();
	whole = parse_document(&parse);
	XML_ParserFree(parse.parser);
	buf_free(&parse.text);
	if (whole && !parse.root)
		diag_error(diags, ((struct origin){ .file = source->file }), "the property list is empty");
	return whole ? parse.root : NULL;
}
