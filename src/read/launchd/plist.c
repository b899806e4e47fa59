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

/* An element that is open and holds others: a dictionary, an array or, at the bottom, <plist> itself. */
struct holder {
	struct plist *element;          /* NULL: <plist> */
	const char *key;                /* the key of the next value; in the pool; NULL: none was read */
	struct origin key_at;
	bool told_of_text;
};

struct xml_parse {
	struct pool *pool;
	struct diags *diags;
	const struct source_file *source;
	XML_Parser parser;
	size_t count;                   /* elements made so far: a small file may nest a huge tree */
	bool stopped;                   /* a limit was reached (reported): reading stops */
	struct holder holders[PLIST_DEPTH + 1];
	size_t depth;                   /* holders that are open */
	size_t skipped;                 /* depth of open elements from a refused one on, whose contents are skipped */
	struct plist *root;
	struct plist *scalar;           /* the element whose text is being read; NULL: none */
	bool reads_key;                 /* the text of a key is being read */
	struct origin at;               /* the start of that key */
	struct buf text;
};

static struct origin current_place(const struct xml_parse *parse)
{
	XML_Index index = XML_GetCurrentByteIndex(parse->parser);

	return source_origin(parse->source, index < 0 ? 0 : (size_t)index);
}

/* Adds an error at the current place. */
#define refuse(parse, ...) diag_error((parse)->diags, current_place(parse), __VA_ARGS__)

static void stop_parser(struct xml_parse *parse)
{
	parse->stopped = true;
	XML_StopParser(parse->parser, XML_FALSE);
}

/* Refuses an element; the parser then skips its contents. */
static void refuse_element(struct xml_parse *parse, const char *name, const char *reason)
{
	refuse(parse, "<%.40s>: %s", name, reason);
	parse->skipped = 1;
}

static void open_holder(struct xml_parse *parse, struct plist *element)
{
	if (parse->depth > PLIST_DEPTH) {
		refuse(parse, "elements are nested more than %d deep", PLIST_DEPTH);
		stop_parser(parse);
		return;
	}
	parse->holders[parse->depth++] = (struct holder){ .element = element };
}

static void report_key_without_value(struct xml_parse *parse, const struct holder *holder)
{
	if (holder->key)
		diag_error(parse->diags, holder->key_at, "%s has no value", holder->key);
}

static void start_key(struct xml_parse *parse, const struct holder *holder)
{
	if (!holder->element || holder->element->kind != PLIST_DICT) {
		refuse_element(parse, "key", "a <key> belongs in a <dict>");
		return;
	}
	report_key_without_value(parse, holder);
	parse->reads_key = true;
	parse->at = current_place(parse);
}

/* Adds the element at the end of its holder. A second element with the same key is reported and not added. */
static void place_value(struct xml_parse *parse, struct holder *holder, struct plist *element)
{
	struct plist *list = holder->element, *other;

	if (!list) {
		parse->root = element;
		return;
	}
	element->key = holder->key;
	element->key_at = holder->key_at;
	holder->key = NULL;
	/* Equal keys are one pointer, because the pool keeps one copy of a text. */
	for (other = list->first; other && list->kind == PLIST_DICT; other = other->next) {
		if (other->key != element->key)
			continue;
		diag_error(parse->diags, element->key_at, "%s occurs twice in one dictionary", element->key);
		diag_note(parse->diags, other->key_at, "%s is here, too", element->key);
		diags_tie(parse->diags);
		return;
	}
	if (list->last)
		list->last->next = element;
	else
		list->first = element;
	list->last = element;
}

static void start_value(struct xml_parse *parse, struct holder *holder, const char *name)
{
	static const struct {
		const char *name;
		enum plist_kind kind;
	} kinds[] = {
		{ "dict", PLIST_DICT },       { "array", PLIST_ARRAY }, { "string", PLIST_STRING },
		{ "integer", PLIST_INTEGER }, { "real", PLIST_REAL },   { "true", PLIST_BOOL },
		{ "false", PLIST_BOOL },      { "date", PLIST_DATE },   { "data", PLIST_DATA },
	};
	struct plist *element;
	size_t n = 0;

	while (n < sizeof(kinds) / sizeof(*kinds) && strcmp(kinds[n].name, name) != 0)
		n++;
	if (n == sizeof(kinds) / sizeof(*kinds)) {
		refuse_element(parse, name, "property lists have no such element");
	} else if (!holder->element && parse->root) {
		refuse_element(parse, name, "a property list has one value");
	} else if (holder->element && holder->element->kind == PLIST_DICT && !holder->key) {
		refuse_element(parse, name, "in a <dict>, a <key> must precede each value");
	} else if (parse->stopped) {
		stop_parser(parse);
	} else if (parse->count++ == PLIST_MOST) {
		refuse(parse, "more than %d elements: this is no job's property list", PLIST_MOST);
		stop_parser(parse);
	} else {
		element = pool_alloc(parse->pool, sizeof(*element));
		*element = (struct plist){ .kind = kinds[n].kind, .at = current_place(parse), .text = "" };
		element->number = !strcmp(name, "true");
		place_value(parse, holder, element);
		if (element->kind == PLIST_DICT || element->kind == PLIST_ARRAY)
			open_holder(parse, element);
		else
			parse->scalar = element;
	}
}

static void XMLCALL on_start_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct xml_parse *parse = context;
	struct holder *holder = parse->depth ? &parse->holders[parse->depth - 1] : NULL;

	(void)attributes;
	if (parse->skipped) {
		parse->skipped++;
	} else if (parse->reads_key || parse->scalar) {
		refuse_element(parse, name, "only text is allowed here");
	} else if (!holder && !strcmp(name, "plist")) {
		open_holder(parse, NULL);
	} else if (!holder) {
		refuse(parse, "this is no property list: its first element is <%.40s>, not <plist>", name);
		stop_parser(parse);
	} else if (!strcmp(name, "key")) {
		start_key(parse, holder);
	} else {
		start_value(parse, holder, name);
	}
}

/* 0660 is decimal in a property list. Returns NULL, or the message about a wrong text. */
static const char *scan_integer(const char *text, int64_t *number)
{
	bool negative = *text == '-';
	const char *digits = text + (negative || *text == '+');
	bool is_hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	size_t end = is_hexadecimal ? 2 + strspn(digits + 2, "0123456789abcdefABCDEF") : strspn(digits, "0123456789");

	if (digits[end] || end == (is_hexadecimal ? 2 : 0))
		return "an integer is a decimal number, or a hexadecimal one after 0x";
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

static void end_scalar(struct xml_parse *parse)
{
	static const char blanks[] = " \t\r\n";
	struct plist *scalar = parse->scalar;
	const char *text = buf_string(&parse->text), *wrong = NULL;
	size_t length = parse->text.length;

	parse->scalar = NULL;
	if (scalar->kind != PLIST_STRING) {
		text += strspn(text, blanks);
		length = strlen(text);
		while (length && strchr(blanks, text[length - 1]))
			length--;
	}
	scalar->text = pool_text_n(parse->pool, text, length);
	if (scalar->kind == PLIST_INTEGER)
		wrong = scan_integer(scalar->text, &scalar->number);
	else if (scalar->kind == PLIST_BOOL && *scalar->text)
		wrong = "<true/> and <false/> are empty";
	if (wrong)
		diag_error(parse->diags, scalar->at, "'%s': %s", scalar->text, wrong);
	else if (scalar->kind == PLIST_INTEGER)
		scalar->text = pool_textf(parse->pool, "%" PRId64, scalar->number);
}

static void XMLCALL on_end_element(void *context, const XML_Char *name)
{
	struct xml_parse *parse = context;
	struct holder *holder = parse->depth ? &parse->holders[parse->depth - 1] : NULL;

	(void)name;
	if (parse->skipped) {
		parse->skipped--;
		return;
	}
	if (parse->scalar) {
		end_scalar(parse);
	} else if (parse->reads_key) {
		holder->key = pool_text_n(parse->pool, buf_string(&parse->text), parse->text.length);
		holder->key_at = parse->at;
		parse->reads_key = false;
	} else if (holder) {
		report_key_without_value(parse, holder);
		parse->depth--;
	}
	buf_clear(&parse->text);
	if (parse->stopped)
		stop_parser(parse);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int length)
{
	struct xml_parse *parse = context;
	struct holder *holder = parse->depth ? &parse->holders[parse->depth - 1] : NULL;

	if (parse->skipped || !holder)
		return;
	if (parse->scalar || parse->reads_key) {
		buf_add(&parse->text, text, (size_t)length);
		return;
	}
	for (; length && strchr(" \t\r\n", *text); text++)
		length--;
	if (!length || holder->told_of_text)
		return;
	refuse(parse, "there is text between elements: '%.*s'", length < 40 ? length : 40, text);
	holder->told_of_text = true;
}

static void XMLCALL on_entity(void *context, const XML_Char *name, int is_parameter, const XML_Char *value, int length,
			      const XML_Char *base, const XML_Char *system, const XML_Char *public_name,
			      const XML_Char *notation)
{
	struct xml_parse *parse = context;

	(void)is_parameter, (void)value, (void)length, (void)base, (void)system, (void)public_name, (void)notation;
	refuse(parse, "the entity %.40s is declared: superd supports no entities", name);
	stop_parser(parse);
}

static void XMLCALL on_skipped(void *context, const XML_Char *name, int is_parameter)
{
	struct xml_parse *parse = context;

	(void)is_parameter;
	refuse(parse, "&%.40s; is unknown: XML has lt, gt, amp, apos and quot", name);
}

const struct plist *plist_read_xml(struct pool *pool, const struct source_file *source, struct diags *diags)
{
	XML_Parser parser = XML_ParserCreate(NULL);
	struct xml_parse parse = { .pool = pool, .diags = diags, .source = source, .parser = parser };
	bool whole;

	if (!parser)
		return memory_ran_out();
	XML_SetUserData(parser, &parse);
	XML_SetElementHandler(parser, on_start_element, on_end_element);
	XML_SetCharacterDataHandler(parser, on_text);
	XML_SetEntityDeclHandler(parser, on_entity);
	XML_SetSkippedEntityHandler(parser, on_skipped);
	whole = XML_Parse(parser, source->text, (int)source->length, XML_TRUE) == XML_STATUS_OK;
	if (!whole && XML_GetErrorCode(parser) == XML_ERROR_NO_MEMORY)
		memory_ran_out();
	if (!whole && !parse.stopped)
		refuse(&parse, "this is no well-formed XML: %s", XML_ErrorString(XML_GetErrorCode(parser)));
	whole &= !parse.stopped;
	XML_ParserFree(parser);
	buf_free(&parse.text);
	if (whole && !parse.root)
		diag_error(diags, ((struct origin){ .file = source->file }), "the property list is empty");
	return whole ? parse.root : NULL;
}
